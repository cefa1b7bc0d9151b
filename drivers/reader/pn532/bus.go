package pn532

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"tillkeeper/drivers/port"
)

// errSilent: nothing came in the time that was given.
var errSilent = errors.New("pn532: no answer in time")

// bus is one of the three ways to the chip. It is for one goroutine.
type bus interface {
	// wake makes the chip listen; it may be called at any time.
	wake() error
	// write sends one whole frame.
	write(frame []byte) error
	// read gives the next frame that comes before the end; errSilent when none did, errDamaged when one could not be read,
	// the context's error when that ended first. The data holds until the next call. Size is how many bytes the frame may
	// have; a longer one comes too, but later.
	read(ctx context.Context, end time.Time, size int) (frame, error)
	// again asks for the last answer once more: nackFrame, or what the bus has for it.
	again() error
	// flush forgets what has come and was not read.
	flush() error
	close() error
}

// Line is what a serial line must be; *port.Line is one.
type Line interface {
	Read(b []byte) (int, error)
	Write(b []byte) (int, error)
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
	Close() error
}

var _ Line = (*port.Line)(nil)

const (
	writeWait  = time.Second           // a line that takes no byte for so long hangs
	quiet      = 30 * time.Millisecond // a line that stopped in the middle of a frame for so long has lost bytes
	flushReads = 64                    // reads of what has come, at most
	wakeUp     = "\x55\x55"            // the chip wakes at the fifth rising edge (UM0701-02, 7.2.11)
	wakeZeros  = 14                    // and is awake 1.2 ms later, at 115200 baud
	inBuffer   = 2 * maxFrame          // bytes held while a frame is looked for
	noiseLimit = 64 * inBuffer         // bytes of noise in one wait before it is given up
)

// hsu is the high speed UART (6.2.3): frames as they are, after a preamble that wakes.
type hsu struct {
	line Line
	buf  []byte
	in   [inBuffer]byte
}

func newHSU(l Line) *hsu {
	h := &hsu{line: l}
	h.buf = h.in[:0]
	return h
}

func (h *hsu) wake() error {
	b := append([]byte(wakeUp), make([]byte, wakeZeros)...)
	return h.write(b)
}

func (h *hsu) write(b []byte) error {
	if err := h.line.SetWriteDeadline(time.Now().Add(writeWait)); err != nil {
		return err
	}
	_, err := h.line.Write(b)
	return err
}

func (h *hsu) again() error { return h.write(nackFrame) }

func (h *hsu) flush() error {
	h.buf = h.in[:0]
	var b [256]byte
	for range flushReads {
		if err := h.line.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			return err
		}
		if _, err := h.line.Read(b[:]); errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: the line never falls silent", errDamaged)
}

func (h *hsu) close() error { return h.line.Close() }

func (h *hsu) read(ctx context.Context, end time.Time, _ int) (frame, error) {
	w := &watch{line: h.line}
	defer w.stop()
	defer context.AfterFunc(ctx, w.cut)()
	damaged := false
	for noise := 0; noise < noiseLimit; {
		f, done, _, err := parse(h.buf)
		h.buf = h.buf[done:]
		switch {
		case err == nil:
			return f, nil
		case errors.Is(err, errDamaged):
			damaged = true // another frame may begin inside it
			continue
		}
		limit := end
		if q := time.Now().Add(quiet); (damaged || len(h.buf) > 1) && q.Before(end) {
			limit = q
		}
		n, err := h.more(w, limit)
		noise += n
		switch {
		case ctx.Err() != nil:
			return frame{}, ctx.Err()
		case errors.Is(err, os.ErrDeadlineExceeded) && (damaged || len(h.buf) > 1):
			h.buf = h.in[:0]
			return frame{}, errDamaged
		case errors.Is(err, os.ErrDeadlineExceeded):
			return frame{}, errSilent
		case err != nil:
			return frame{}, err
		}
	}
	return frame{}, fmt.Errorf("%w: noise without end", errDamaged)
}

// more reads on behind what is held.
func (h *hsu) more(w *watch, limit time.Time) (int, error) {
	n := copy(h.in[:], h.buf)
	h.buf = h.in[:n]
	if err := w.until(limit); err != nil {
		return 0, err
	}
	got, err := h.line.Read(h.in[n:])
	h.buf = h.in[:n+got]
	if got > 0 {
		return got, nil
	}
	return 0, err
}

// watch ends a read of a line when a context ends, without ever touching the line afterwards.
type watch struct {
	mu   sync.Mutex
	line Line
	over bool
	ends bool
}

func (w *watch) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends = true
	if !w.over {
		_ = w.line.SetReadDeadline(time.Unix(1, 0)) // a line that is closed ends the read by itself
	}
}

func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}

func (w *watch) until(t time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ends {
		t = time.Unix(1, 0)
	}
	return w.line.SetReadDeadline(t)
}
