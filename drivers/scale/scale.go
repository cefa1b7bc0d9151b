// Package scale reads weights from a scale on a serial line that speaks CAS'
// protocol for cash registers (type 1: ENQ, ACK, DC1).
//
// It promises to give a weight only when the scale calls it stable, its block
// check is right and it is more than nothing; a weight that moves, an empty
// scale, one below zero, one that has too much on it, a unit that is not of
// grams, noise, silence and a pulled cable are told apart. It never guesses: a
// frame that is not understood whole is none.
//
// On the wire (9600 baud, 8 data bits, no parity): the till sends ENQ (05), the
// scale answers ACK (06) or, while it has nothing to say, NAK (15); the till
// sends DC1 (11), the scale answers fifteen bytes: SOH (01), STX (02), status
// "S" stable or "U" not, sign " ", "-" or "F" for too much, six characters of
// weight with a point, two of the unit, the exclusive or of these ten, ETX
// (03), EOT (04). Sources: CAS SW-II and AP-1 manuals, Ohaus Aviator 7000
// service manual 6.1.1.4. Weights are in grams.
package scale

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// The codes of what a scale that works may say.
const (
	Unstable = "scale_unstable"
	Empty    = "scale_empty"
	Negative = "scale_negative"
	Overload = "scale_overload"
	Unit     = "scale_unit"
)

// What a scale that works may say in place of a weight; as a pos.Error, with
// the codes above.
var (
	ErrUnstable = errors.New("the weight does not come to rest")
	ErrEmpty    = errors.New("nothing lies on the scale")
	ErrNegative = errors.New("the scale shows less than nothing")
	ErrOverload = errors.New("too much lies on the scale")
	ErrUnit     = errors.New("the scale does not weigh in grams or kilograms")
)

// The ways in which an exchange fails.
var (
	ErrSilent = errors.New("the scale does not answer")
	ErrNoise  = errors.New("the scale answers noise")
	ErrCheck  = errors.New("the scale's answer is damaged")
)

// errNotReady is NAK: the scale has no weight for now.
var errNotReady = errors.New("the scale is not ready")

// The limits of an exchange.
const (
	answerTime = 400 * time.Millisecond // for ACK, and for the frame: 15 bytes take 16 ms
	quietTime  = 2 * time.Millisecond   // after it the line is taken to be quiet
	mostStale  = 16                     // reads of bytes that nobody asked for
	tries      = 3                      // of what may be a passing fault
	pause      = 100 * time.Millisecond // between two looks
)

// Link is an open line to a scale, as a *port.Line.
type Link interface {
	io.ReadWriteCloser
	SetReadDeadline(t time.Time) error
}

// Opener opens the line.
type Opener func() (Link, error)

// Opts sets a Scale up; zero values take the defaults named.
type Opts struct {
	Pause  time.Duration // between two looks at a weight: 100 ms
	Answer time.Duration // for an answer: 400 ms
}

// Scale is a pos.Scale. Its methods may be called by several goroutines; one
// weighs at a time.
type Scale struct {
	open Opener
	opts Opts
	turn chan struct{} // of one: whose turn it is on the line

	mu     sync.Mutex
	fault  error
	closed bool

	link Link // under turn; nil: not open
}

// New makes a scale on what open gives. The line is opened by the first
// weighing, and again after a failure.
func New(open Opener, o Opts) *Scale {
	if o.Pause == 0 {
		o.Pause = pause
	}
	if o.Answer == 0 {
		o.Answer = answerTime
	}
	return &Scale{open: open, opts: o, turn: make(chan struct{}, 1)}
}

// Weigh waits for a stable weight over zero and gives it in grams, rounded to
// the nearest one. Where the context ends before, the error says what the
// scale said last: Unstable or Empty. Negative, Overload and Unit end the wait
// at once, as do unplugged, offline (no answer), wrong_speed (noise),
// no_permission, busy_elsewhere and device_fault.
func (s *Scale) Weigh(ctx context.Context) (int64, error) {
	if err := s.take(ctx); err != nil {
		return 0, err
	}
	defer s.give()
	grams, err := s.wait(ctx)
	s.note(err)
	return grams, err
}

// wait looks again and again. The caller has the turn.
func (s *Scale) wait(ctx context.Context) (int64, error) {
	var last error
	for bad, same := 0, 0; ; {
		r, err := s.look()
		var word error
		switch {
		case errors.Is(err, errNotReady):
			word = ErrUnstable
			bad, same = 0, 0
		case err != nil:
			if bad++; bad >= tries || port.Gone(err) || !passing(err) {
				return 0, failure(err)
			}
		default:
			bad = 0
			word = r.word()
			if word == nil {
				return r.grams, nil
			}
		}
		if word != nil {
			if lasting(word) {
				if same++; same >= tries || r.stable {
					return 0, said(word)
				}
			} else {
				same = 0
			}
			last = word
		}
		if !sleep(ctx, s.opts.Pause) {
			if last != nil {
				return 0, said(last)
			}
			return 0, failure(errors.Join(err, ctx.Err()))
		}
	}
}

// passing says whether a fault may be gone at the next look.
func passing(err error) bool {
	return errors.Is(err, ErrSilent) || errors.Is(err, ErrNoise) || errors.Is(err, ErrCheck)
}

// lasting says whether somebody has to do something before there is a weight.
func lasting(word error) bool {
	return errors.Is(word, ErrNegative) || errors.Is(word, ErrOverload) || errors.Is(word, ErrUnit)
}

// look asks once for what is on the scale. The caller has the turn.
func (s *Scale) look() (reading, error) {
	if err := s.ready(); err != nil {
		return reading{}, err
	}
	r, err := s.ask()
	if err != nil && !passing(err) && !errors.Is(err, errNotReady) {
		s.drop()
	}
	return r, err
}

// ready has the line open. The caller has the turn.
func (s *Scale) ready() error {
	if s.link != nil {
		return nil
	}
	link, err := s.open()
	if err != nil {
		return err
	}
	s.link = link
	return nil
}

func (s *Scale) drop() {
	if s.link != nil {
		_ = s.link.Close() // it failed already
		s.link = nil
	}
}

// ask is one exchange. The caller has the turn and an open line.
func (s *Scale) ask() (reading, error) {
	if err := s.enquire(); err != nil {
		return reading{}, err
	}
	if _, err := s.link.Write([]byte{dc1}); err != nil {
		return reading{}, err
	}
	var frame [frameLength]byte
	if err := s.read(frame[:]); err != nil {
		return reading{}, err
	}
	return parse(frame)
}

// enquire asks whether the scale has something to say.
func (s *Scale) enquire() error {
	if err := s.hush(); err != nil {
		return err
	}
	if _, err := s.link.Write([]byte{enq}); err != nil {
		return err
	}
	var answer [1]byte
	if err := s.read(answer[:]); err != nil {
		return err
	}
	switch answer[0] {
	case ack:
		return nil
	case nak:
		return errNotReady
	}
	return fmt.Errorf("%w: %#02x in place of ACK", ErrNoise, answer[0])
}

// hush reads what is left of an earlier answer.
func (s *Scale) hush() error {
	var b [64]byte
	for range mostStale {
		if err := s.link.SetReadDeadline(time.Now().Add(quietTime)); err != nil {
			return err
		}
		if _, err := s.link.Read(b[:]); errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: it does not stop", ErrNoise)
}

// read fills b in the time of an answer.
func (s *Scale) read(b []byte) error {
	if err := s.link.SetReadDeadline(time.Now().Add(s.opts.Answer)); err != nil {
		return err
	}
	n, err := io.ReadFull(s.link, b)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && n == 0:
		return ErrSilent
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w: %d bytes of %d", ErrCheck, n, len(b))
	}
	return err
}

// Poll asks the scale whether it is there, which moves nothing. While somebody
// weighs there is nothing to ask.
func (s *Scale) Poll(context.Context) error {
	select {
	case s.turn <- struct{}{}:
	default:
		return nil
	}
	defer s.give()
	if s.isClosed() {
		return nil
	}
	var err error
	for range tries {
		if err = s.ready(); err == nil {
			err = s.enquire()
		}
		if err == nil || errors.Is(err, errNotReady) {
			err = nil
			break
		}
		if !passing(err) {
			s.drop()
			break
		}
	}
	if err != nil {
		err = failure(err)
	}
	s.note(err)
	return err
}

// Condition says how the scale is. What lies on it is no fault.
func (s *Scale) Condition() pos.Condition {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := pos.Condition{Name: "scale", State: "ok"}
	if s.fault != nil {
		c.State, c.Code, c.Detail = "fault", port.Reason(s.fault), s.fault.Error()
	}
	return c
}

// Close closes the line after the weighing that runs.
func (s *Scale) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.turn <- struct{}{}
	defer s.give()
	if s.link == nil {
		return nil
	}
	err := s.link.Close()
	s.link = nil
	return err
}

// take waits for the turn.
func (s *Scale) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.isClosed() {
		s.give()
		return pos.Errorf(port.DeviceFault, "", "the scale is closed")
	}
	return nil
}

func (s *Scale) give() { <-s.turn }

func (s *Scale) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// note keeps a fault of the scale; what it says of a weight is none.
func (s *Scale) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code(err) != "" || errors.Is(err, context.Canceled) {
		err = nil
	}
	s.fault = err
}

// sleep gives false where the context has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}
