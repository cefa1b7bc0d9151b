// Package scanner drives barcode scanners: those that are a keyboard (USB HID),
// read from evdev and grabbed, so that their keys go nowhere else; and those
// that are a serial line. Any number of them feed one stream of codes.
//
// On the wire: evdev is struct input_event of the kernel (linux/input.h): two
// longs of time, type u16, code u16, value s32, in the machine's order; EV_KEY
// with 1 for pressed, 0 for released, 2 for repeated. A code ends with Enter or
// Tab. A serial scanner sends bytes, a code ends with CR, LF, Tab or ETX; text
// is UTF-8 or else GB18030.
//
// It promises that a code is given whole and once or not at all: digits of two
// scanners never mix; what was begun when a scanner went away, what the kernel
// has lost a part of (SYN_DROPPED) and what is longer than any code is dropped
// up to its end, and counted. Two scans of the same code are two codes, however
// fast they follow: two bottles of one kind are two bottles, and a scanner that
// must not read twice is set up so by its own codes. Repeated keys are no scans.
// No code is ever written to the log, because a customer's payment code is one.
package scanner

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tillkeeper/drivers/port"
)

// The limits of a scanner.
const (
	LongestCode = 7089 // bytes: the most digits that a QR code holds (ISO/IEC 18004)
	MostWaiting = 256  // codes that nobody has taken yet
	chunk       = 4096 // bytes of one read
)

// Options sets the stream of codes up. The zero value suits a scanner as it
// comes out of its box.
type Options struct {
	Prefix, Suffix string        // what the scanner puts around a code, taken off where it is there
	Idle           time.Duration // a silence that ends a code too, for a scanner that sends no end; 0: only its end does
	Log            *slog.Logger  // nil: nothing is logged
}

// Wire is an open way to a scanner.
type Wire interface {
	io.ReadCloser
	SetReadDeadline(t time.Time) error
}

// Source is a scanner that can be opened: Evdev, Serial.
type Source struct {
	open     func() (Wire, error)
	keyboard bool
}

// At is a scanner whose path place gives anew each time that it is opened; at is
// Evdev, or Serial at a speed. An error of place says that there is none.
func At(place func() (string, error), at func(path string) Source) Source {
	return Source{keyboard: at("").keyboard, open: func() (Wire, error) {
		path, err := place()
		if err != nil {
			return nil, err
		}
		return at(path).open()
	}}
}

// Scanner is the stream of codes of all scanners of a till. It implements the
// till's port.
type Scanner struct {
	o     Options
	codes chan string
	lost  atomic.Int64
	given atomic.Int64

	mu     sync.Mutex
	closed bool
	all    map[*Reading]bool
}

// New makes a stream without a scanner.
func New(o Options) *Scanner {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Scanner{o: o, codes: make(chan string, MostWaiting), all: map[*Reading]bool{}}
}

// Codes gives the codes, each once. It is closed with the scanner.
func (s *Scanner) Codes() <-chan string { return s.codes }

// Lost counts the codes that were begun and not given: without an end, with a
// gap, too long, or more than anybody took.
func (s *Scanner) Lost() int64 { return s.lost.Load() }

// Given counts the codes that were given.
func (s *Scanner) Given() int64 { return s.given.Load() }

// Close ends every reading and the stream.
func (s *Scanner) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	var all []*Reading
	for r := range s.all {
		all = append(all, r)
	}
	s.mu.Unlock()
	for _, r := range all {
		_ = r.Close()
	}
	close(s.codes)
	return nil
}

// Opener gives what opens a source and has its codes come out of the stream,
// for a supervisor. Each call is a new reading: nothing of the one before is
// left in it.
func (s *Scanner) Opener(src Source) func(ctx context.Context) (*Reading, error) {
	return func(context.Context) (*Reading, error) {
		w, err := src.open()
		if err != nil {
			return nil, err
		}
		r := &Reading{s: s, wire: w, gone: make(chan struct{})}
		r.code.done = r.give
		r.code.lost = func() { s.lost.Add(1) }
		r.decode = (&bytesOf{}).feed
		if src.keyboard {
			r.decode = newKeyboard(eventSize).feed
		}
		if m, ok := w.(interface{ Midway() bool }); ok && m.Midway() {
			r.code.spoil() // up to its end
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed {
			_ = w.Close()
			return nil, io.ErrClosedPipe
		}
		s.all[r] = true
		go r.run()
		return r, nil
	}
}

// Reading is one open scanner. It is a device for a supervisor, which need not
// look at it: it notices by itself when the scanner has gone.
type Reading struct {
	s      *Scanner
	wire   Wire
	code   assembly
	decode func(b []byte, to *assembly)
	gone   chan struct{}
	err    error
	once   sync.Once
}

// Poll says whether the scanner is still there.
func (r *Reading) Poll(context.Context) error {
	select {
	case <-r.gone:
		return r.err
	default:
		return nil
	}
}

// Gone is closed when the scanner has gone or was closed.
func (r *Reading) Gone() <-chan struct{} { return r.gone }

// Err says why, after Gone.
func (r *Reading) Err() error { return r.err }

// Close lets the scanner go, and its keys go to the window again.
func (r *Reading) Close() error {
	var err error
	r.once.Do(func() { err = r.wire.Close() })
	<-r.gone
	return err
}

// run reads until the scanner goes.
func (r *Reading) run() {
	defer func() {
		if r.code.begun() {
			r.s.lost.Add(1)
		}
		r.s.mu.Lock()
		delete(r.s.all, r)
		r.s.mu.Unlock()
		close(r.gone)
	}()
	b := make([]byte, chunk)
	for {
		n, err := r.wire.Read(b)
		r.decode(b[:n], &r.code)
		switch {
		case err == nil:
		case r.s.o.Idle > 0 && isTimeout(err):
			r.code.end()
		default:
			r.err = err
			return
		}
		if r.s.o.Idle > 0 {
			until := time.Time{}
			if r.code.begun() {
				until = time.Now().Add(r.s.o.Idle)
			}
			if err := r.wire.SetReadDeadline(until); err != nil {
				r.err = err
				return
			}
		}
	}
}

func isTimeout(err error) bool { return port.Reason(err) == port.Offline }

// give puts a whole code into the stream.
func (r *Reading) give(code string) {
	code = strings.TrimPrefix(code, r.s.o.Prefix)
	code = strings.TrimSuffix(code, r.s.o.Suffix)
	if code == "" {
		return
	}
	select {
	case r.s.codes <- code:
		r.s.given.Add(1)
	default:
		r.s.lost.Add(1)
		r.s.o.Log.Warn("nobody takes the codes that are scanned", "waiting", MostWaiting)
	}
}

// assembly is the code that is being received.
type assembly struct {
	buf    []byte
	broken bool // a part of it is missing, or it is too long: nothing of it is given
	done   func(code string)
	lost   func()
}

// begun says whether a part of a code is there.
func (a *assembly) begun() bool { return len(a.buf) > 0 || a.broken }

// add appends a piece of a code.
func (a *assembly) add(b ...byte) {
	if a.broken {
		return
	}
	if len(a.buf)+len(b) > LongestCode {
		a.spoil()
		return
	}
	a.buf = append(a.buf, b...)
}

// spoil gives up the code up to its end.
func (a *assembly) spoil() {
	a.buf, a.broken = a.buf[:0], true
}

// end ends the code.
func (a *assembly) end() {
	code, broken := string(a.buf), a.broken
	a.buf, a.broken = a.buf[:0], false
	switch {
	case broken:
		a.lost()
	case code != "":
		a.done(asText(code))
	}
}
