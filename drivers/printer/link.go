package printer

import (
	"errors"
	"io"
	"os"
	"time"

	"tillkeeper/drivers/port"
)

// maxEvents bounds the answers that nobody has looked at yet.
const maxEvents = 64

// link is an open connection with a goroutine that reads answers.
type link struct {
	conn    io.ReadWriteCloser
	blind   bool
	answers answers
	events  chan event
	gone    chan struct{} // closed when reading has ended
	err     error         // why, after gone

	// Of the printer's goroutine.
	asked  bool // who it is was asked on this connection
	spoke  bool // a status has come
	silent int  // looks in a row without an answer
	late   int  // questions whose answer did not come in time
	fences int  // GS r sent and not answered
}

// newLink reads answers, unless blind: then nothing is read, because a way back
// that does not work may end every read at once.
func newLink(conn io.ReadWriteCloser, blind bool) *link {
	l := &link{conn: conn, blind: blind, events: make(chan event, maxEvents), gone: make(chan struct{})}
	if !blind {
		go l.read()
	}
	return l
}

func (l *link) read() {
	defer close(l.gone)
	buf := make([]byte, 256)
	for {
		n, err := l.conn.Read(buf)
		l.answers.take(buf[:n], l.offer)
		if err != nil {
			l.err = err
			return
		}
	}
}

// offer drops an answer that nobody takes: the next question asks again.
func (l *link) offer(e event) {
	if e.kind == saysGarbage {
		return
	}
	select {
	case l.events <- e:
	default:
	}
}

// shared says whether others may hold the session of this connection.
func (l *link) shared() bool {
	_, tcp := l.conn.(*port.TCP)
	return tcp
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
	if !l.blind {
		<-l.gone
	}
}
