// Package scale is a simulated scale on a pseudo terminal that speaks CAS'
// protocol for cash registers, with the hand that puts goods on it and every
// fault that a scale or its cable may have. It promises to answer a question
// and to say nothing unasked, and to answer noise to a till that speaks at
// another speed. Weights are in grams; its own figures are 00.000 kg.
package scale

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"tillkeeper/drivers/port"
)

// Baud is the speed that the scale speaks.
const Baud = 9600

// most is what the scale can weigh, in grams.
const most = 30_000

// Fault is what is wrong with the scale or its line.
type Fault string

// The faults.
const (
	None   Fault = ""
	Silent Fault = "silent" // it is switched off
	Busy   Fault = "busy"   // it answers NAK
	Check  Fault = "check"  // its block check is wrong
	Half   Fault = "half"   // its frame breaks off
	Noise  Fault = "noise"  // it answers what nobody understands
	Babble Fault = "babble" // it never stops
)

// Scale is the simulated scale. Its methods may be called by several
// goroutines.
type Scale struct {
	mu     sync.Mutex
	far    *port.Line // nil: unplugged
	path   string
	grams  int64
	stable bool
	unit   string
	fault  Fault
	times  int // how often the fault still comes; below 0: always
	asked  int
	moves  int // answers that are not stable before the next one is
	group  sync.WaitGroup
}

// New makes a scale with nothing on it, plugged in.
func New() (*Scale, error) {
	s := &Scale{stable: true, unit: "kg"}
	return s, s.Plug()
}

// Path is the scale's end of the cable, "" while it is unplugged.
func (s *Scale) Path() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.path
}

// Plug puts the cable in.
func (s *Scale) Plug() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.far != nil {
		return nil
	}
	far, path, err := port.Pty()
	if err != nil {
		return err
	}
	s.far, s.path = far, path
	s.group.Go(func() { s.serve(far) })
	return nil
}

// Unplug pulls the cable out.
func (s *Scale) Unplug() error {
	s.mu.Lock()
	far := s.far
	s.far, s.path = nil, ""
	s.mu.Unlock()
	if far == nil {
		return nil
	}
	err := far.Close()
	s.group.Wait()
	return err
}

// Close unplugs the scale; nothing of it runs after.
func (s *Scale) Close() error {
	if err := s.Unplug(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// Put sets what lies on the scale; below zero it was tared with more on it.
func (s *Scale) Put(grams int64) { s.set(func() { s.grams, s.stable, s.moves = grams, true, 0 }) }

// Move has something lie on the scale that never comes to rest.
func (s *Scale) Move(grams int64) { s.set(func() { s.grams, s.stable = grams, false }) }

// Drop puts goods on the scale so that it comes to rest after so many answers,
// each of another weight.
func (s *Scale) Drop(grams int64, moves int) {
	s.set(func() { s.grams, s.stable, s.moves = grams, true, moves })
}

// Unit sets the two characters of the unit: "kg", " g", "lb".
func (s *Scale) Unit(unit string) { s.set(func() { s.unit = unit }) }

// Fail sets a fault that comes so many times, below 0 until the next Fail.
func (s *Scale) Fail(f Fault, times int) { s.set(func() { s.fault, s.times = f, times }) }

// Asked counts the questions for a weight.
func (s *Scale) Asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *Scale) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// serve answers until the line is closed. A read that fails because nobody has
// the other end open is no end.
func (s *Scale) serve(far *port.Line) {
	b := make([]byte, 16)
	for {
		n, err := far.Read(b)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		for _, c := range b[:n] {
			if answer := s.answer(far, c); len(answer) > 0 {
				if _, err := far.Write(answer); errors.Is(err, os.ErrClosed) {
					return
				}
			}
		}
		if err != nil && !s.still(far) {
			return
		}
	}
}

// nobody is the wait while no till has the cable: the read of a pseudo terminal
// fails at once then.
const nobody = 20 * time.Millisecond

// still waits a moment and says whether the line is still the scale's.
func (s *Scale) still(far *port.Line) bool {
	time.Sleep(nobody)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.far == far
}

// The bytes of the protocol.
const (
	soh, stx, etx, eot = 0x01, 0x02, 0x03, 0x04
	enq, ack, dc1, nak = 0x05, 0x06, 0x11, 0x15
)

// babbled is how much a scale says that never stops, each time it is asked.
const babbled = 2048

// answer is what a byte is answered.
func (s *Scale) answer(far *port.Line, c byte) []byte {
	baud, err := far.Speed()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil || baud != Baud {
		return []byte{0xf8, 0x00, 0x9e}
	}
	switch c {
	case enq:
		switch s.hit(Silent, Busy, Noise, Babble) {
		case Silent:
			return nil
		case Busy:
			return []byte{nak}
		case Noise:
			return []byte("?\xf0\x8e")
		case Babble:
			return make([]byte, babbled)
		}
		return []byte{ack}
	case dc1:
		s.asked++
		f := s.frame()
		switch s.hit(Check, Half) {
		case Check:
			f[12] ^= 0x20
		case Half:
			f = f[:7]
		}
		return f
	}
	return nil
}

// hit says whether the fault is one of some, and counts it. The caller has the
// lock.
func (s *Scale) hit(some ...Fault) Fault {
	for _, f := range some {
		if f == s.fault && s.times != 0 {
			s.times--
			return f
		}
	}
	return None
}

// frame is the answer to DC1. The caller has the lock.
func (s *Scale) frame() []byte {
	status, sign, grams := byte('S'), byte(' '), s.grams
	if s.moves > 0 {
		status, grams = 'U', grams+int64(s.moves)*7-20
		s.moves--
	}
	if !s.stable {
		status = 'U'
	}
	if grams < 0 {
		sign, grams = '-', -grams
	}
	figures := fmt.Sprintf("%02d.%03d", grams/1000, grams%1000)
	if s.unit == " g" || s.unit == "g " {
		figures = fmt.Sprintf("%6d", grams)
	}
	if grams > most {
		sign, figures = 'F', "99.999"
	}
	f := append([]byte{soh, stx, status, sign}, figures...)
	f = append(f, s.unit...)
	check := byte(0)
	for _, b := range f[2:] {
		check ^= b
	}
	return append(f, check, etx, eot)
}
