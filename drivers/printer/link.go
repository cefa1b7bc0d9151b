package printer

import (
	"bytes"
	"errors"
	"io"
	"os"
	"time"
)

// event is one answer of the printer: a status byte or a finished job.
type event struct {
	status byte
	done   string // process id of GS ( H, "" for a status byte
}

// maxEvents bounds the answers that nobody has looked at yet.
const maxEvents = 64

// link is an open connection with a goroutine that reads answers.
type link struct {
	conn   io.ReadWriteCloser
	events chan event
	gone   chan struct{} // closed when reading has ended
	err    error         // why, after gone
}

func newLink(conn io.ReadWriteCloser) *link {
	l := &link{conn: conn, events: make(chan event, maxEvents), gone: make(chan struct{})}
	go l.read()
	return l
}

func (l *link) read() {
	defer close(l.gone)
	var rest []byte
	buf := make([]byte, 256)
	for {
		n, err := l.conn.Read(buf)
		rest = l.take(append(rest, buf[:n]...))
		if err != nil {
			l.err = err
			return
		}
	}
}

// take hands out the answers in b and gives back what is not complete.
func (l *link) take(b []byte) []byte {
	for len(b) > 0 {
		switch {
		case b[0] == 0x37 && len(b) < 7 && (len(b) == 1 || b[1] == 0x22) && !bytes.Contains(b, []byte{0}):
			return b
		case len(b) >= 7 && b[0] == 0x37 && b[1] == 0x22 && b[6] == 0:
			l.offer(event{done: string(b[2:6])})
			b = b[7:]
		case ValidStatus(b[0]):
			l.offer(event{status: b[0]})
			b = b[1:]
		default:
			b = b[1:]
		}
	}
	return nil
}

// offer drops an answer that nobody takes: the next question asks again.
func (l *link) offer(e event) {
	select {
	case l.events <- e:
	default:
	}
}

// errFull says that the printer takes no more bytes for now.
var errFull = errors.New("the printer takes no more data")

// write sends b, waiting at most the time given; n bytes are out.
func (l *link) write(b []byte, wait time.Duration) (n int, err error) {
	type deadliner interface{ SetWriteDeadline(time.Time) error }
	if d, ok := l.conn.(deadliner); ok && d.SetWriteDeadline(time.Now().Add(wait)) == nil {
		defer func() { _ = d.SetWriteDeadline(time.Time{}) }()
	}
	n, err = l.conn.Write(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = errFull
	}
	return n, err
}

func (l *link) close() {
	_ = l.conn.Close()
	<-l.gone
}
