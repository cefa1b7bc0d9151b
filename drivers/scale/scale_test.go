package scale_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/scale"
	sim "tillkeeper/drivers/sim/scale"
)

// quick is a scale that nobody needs to wait for, on a machine that may be busy.
var quick = scale.Opts{Pause: time.Millisecond, Answer: 250 * time.Millisecond}

func open(s *sim.Scale, baud int) scale.Opener {
	return func() (scale.Link, error) {
		l, err := port.OpenLine(s.Path(), baud)
		if err != nil {
			return nil, err
		}
		return l, nil
	}
}

func rig(t *testing.T, baud int, o scale.Opts) (*scale.Scale, *sim.Scale) {
	t.Helper()
	s, err := sim.New()
	if err != nil {
		t.Fatal(err)
	}
	d := scale.New(open(s, baud), o)
	t.Cleanup(func() {
		if err := errors.Join(d.Close(), s.Close()); err != nil && !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	})
	return d, s
}

func bench(t *testing.T) drivertest.ScaleBench {
	t.Helper()
	d, s := rig(t, sim.Baud, quick)
	return drivertest.ScaleBench{
		Scale: d, Condition: d.Condition, Put: s.Put, Move: s.Move, Drop: s.Drop, Unit: s.Unit, Short: time.Second,
		Damage:  func(n int) { s.Fail(sim.Check, n) },
		Silence: func(n int) { s.Fail(sim.Silent, n) },
		Noise:   func(n int) { s.Fail(sim.Noise, n) },
		Unplug: func() {
			if err := s.Unplug(); err != nil {
				t.Error(err)
			}
		},
		Plug: func() {
			if err := s.Plug(); err != nil {
				t.Error(err)
			}
		},
	}
}

func TestScaleConforms(t *testing.T) { drivertest.Scale(t, bench) }

// The planted faults: each is a scale that the suite has to catch.
type (
	hasty  struct{ pos.Scale } // takes what is still in motion
	polite struct {
		pos.Scale
		last atomic.Int64
	} // gives the last weight where there is none
	grumpy struct {
		pos.Scale
		failed atomic.Bool
	} // never tries again
)

func (h hasty) Weigh(ctx context.Context) (int64, error) {
	g, err := h.Scale.Weigh(ctx)
	if errors.Is(err, scale.ErrUnstable) {
		return 693, nil
	}
	return g, err
}

func (p *polite) Weigh(ctx context.Context) (int64, error) {
	g, err := p.Scale.Weigh(ctx)
	if err != nil && p.last.Load() > 0 {
		return p.last.Load(), nil
	}
	p.last.Store(g)
	return g, err
}

func (g *grumpy) Weigh(ctx context.Context) (int64, error) {
	if g.failed.Load() {
		return 0, pos.Errorf("unplugged", "", "failed before")
	}
	w, err := g.Scale.Weigh(ctx)
	g.failed.Store(err != nil)
	return w, err
}

func TestSuiteCatchesPlantedFaults(t *testing.T) {
	for rule, plant := range map[string]func(s pos.Scale) pos.Scale{
		"OnlyAStableWeightCounts":      func(s pos.Scale) pos.Scale { return hasty{s} },
		"WhatIsNoWeightIsTold":         func(s pos.Scale) pos.Scale { return &polite{Scale: s} },
		"ACableThatWasPulledComesBack": func(s pos.Scale) pos.Scale { return &grumpy{Scale: s} },
	} {
		b := bench(t)
		b.Scale = plant(b.Scale)
		if err := drivertest.CheckScale(t.Context(), rule, b); err == nil {
			t.Errorf("%s was not caught", rule)
		}
	}
}

// TestWrongSpeedIsToldFromSilence: a scale at another speed answers noise.
func TestWrongSpeedIsToldFromSilence(t *testing.T) {
	d, s := rig(t, 19200, quick)
	s.Put(500)
	_, err := d.Weigh(t.Context())
	var e *pos.Error
	if !errors.As(err, &e) || e.Code != "wrong_speed" || !errors.Is(err, scale.ErrNoise) {
		t.Errorf("got %v", err)
	}
	if s.Asked() != 0 {
		t.Error("a scale that was not understood was asked for its weight")
	}
}

func TestFaultsOfTheLine(t *testing.T) {
	for fault, code := range map[sim.Fault]string{
		sim.Half: "device_fault", sim.Babble: "wrong_speed", sim.Silent: "offline", sim.Check: "device_fault",
	} {
		d, s := rig(t, sim.Baud, quick)
		s.Put(500)
		s.Fail(fault, -1)
		_, err := d.Weigh(t.Context())
		var e *pos.Error
		if !errors.As(err, &e) || e.Code != code {
			t.Errorf("%s: %v, want %s", fault, err, code)
		}
		if c := d.Condition(); c.State != "fault" || c.Code != code {
			t.Errorf("%s: %+v", fault, c)
		}
		s.Fail(sim.None, 0)
		if g, err := d.Weigh(t.Context()); err != nil || g != 500 {
			t.Errorf("after %s: %d, %v", fault, g, err)
		}
	}
	d, s := rig(t, sim.Baud, quick)
	s.Put(500)
	s.Fail(sim.Busy, 5) // it is not ready yet
	if g, err := d.Weigh(t.Context()); err != nil || g != 500 {
		t.Errorf("after NAK: %d, %v", g, err)
	}
}

func TestPollMovesNothingAndFindsAPulledCable(t *testing.T) {
	d, s := rig(t, sim.Baud, quick)
	s.Put(500)
	poll := func(code string) {
		t.Helper()
		err := d.Poll(t.Context())
		var e *pos.Error
		if got := errors.As(err, &e); (code == "") != (err == nil) || got && e.Code != code {
			t.Errorf("got %v, want %q", err, code)
		}
		if c := d.Condition(); c.Code != code {
			t.Errorf("%+v, want %q", c, code)
		}
	}
	poll("")
	s.Fail(sim.Busy, -1)
	poll("")
	s.Fail(sim.Silent, -1)
	poll("offline")
	s.Fail(sim.None, 0)
	poll("")
	if err := s.Unplug(); err != nil {
		t.Fatal(err)
	}
	poll("unplugged")
	if err := s.Plug(); err != nil {
		t.Fatal(err)
	}
	poll("")
	if s.Asked() != 0 {
		t.Error("a poll asked for a weight")
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Weigh(t.Context()); err == nil {
		t.Error("a closed scale weighed")
	}
	if err := d.Poll(t.Context()); err != nil {
		t.Errorf("a closed scale was polled: %v", err)
	}
}

// wire is a line whose other end is a text.
type wire struct {
	io.Writer
	in *bytes.Reader
}

func (w *wire) Read(b []byte) (int, error) {
	if w.in.Len() == 0 {
		return 0, os.ErrDeadlineExceeded
	}
	return w.in.Read(b)
}
func (w *wire) Close() error                    { return nil }
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// quietWire has nothing to say before it is asked.
type quietWire struct {
	wire
	answers [][]byte
}

func (q *quietWire) Write(b []byte) (int, error) {
	if len(q.answers) > 0 {
		q.in.Reset(q.answers[0])
		q.answers = q.answers[1:]
	}
	return len(b), nil
}

// TestNoBytesMakeAWeight: whatever a scale answers, a weight comes only of a
// frame that is whole, checked, stable and in a unit that is known.
func TestNoBytesMakeAWeight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := []byte{1, 2, 'S', ' ', '0', '1', '.', '2', '3', '5', 'k', 'g', 0, 3, 4}
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			f[rapid.IntRange(0, len(f)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		}
		if rapid.Bool().Draw(t, "checked") {
			f[12] = 0
			for _, b := range f[2:12] {
				f[12] ^= b
			}
		}
		q := &quietWire{answers: [][]byte{{6}, f}}
		q.in = bytes.NewReader(nil)
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		d := scale.New(func() (scale.Link, error) { return q, nil }, scale.Opts{Pause: time.Nanosecond})
		grams, err := d.Weigh(ctx)
		if err != nil {
			return
		}
		check := byte(0)
		for _, b := range f[2:12] {
			check ^= b
		}
		if f[0] != 1 || f[1] != 2 || f[13] != 3 || f[14] != 4 || check != f[12] || f[2] != 'S' || f[3] != ' ' && f[3] != '+' || grams <= 0 {
			t.Fatalf("% x weighs %d g", f, grams)
		}
	})
}

// TestFiguresOfOtherScales: the point stands where the scale has it, and half
// a gram goes up.
func TestFiguresOfOtherScales(t *testing.T) {
	for text, want := range map[string]int64{
		" 1.235kg": 1235, "01.235KG": 1235, "0.2345kg": 235, "0.2344kg": 234, "   350 g": 350, "  12.5 g": 13, "  1235g ": 1235,
		"    2.kg": 2000, "999999kg": 999999000,
		"      kg": -1, " 1 235kg": -1, "1.2.35kg": -1, "-1.235kg": -1, "01.235oz": -1,
	} {
		f := append([]byte{1, 2, 'S', ' '}, text...)
		check := byte(0)
		for _, b := range f[2:] {
			check ^= b
		}
		f = append(f, check, 3, 4)
		var answers [][]byte
		for range 5 {
			answers = append(answers, []byte{6}, f)
		}
		q := &quietWire{answers: answers}
		q.in = bytes.NewReader(nil)
		d := scale.New(func() (scale.Link, error) { return q, nil }, scale.Opts{Pause: time.Nanosecond})
		got, err := d.Weigh(t.Context())
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %d g, %v; want %d", text, got, err, want)
		}
	}
}
