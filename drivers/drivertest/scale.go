package drivertest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// ScaleBench is a scale under test and the hand that puts goods on it. Every check gets a fresh one.
type ScaleBench struct {
	Scale     pos.Scale
	Condition func() pos.Condition
	Put       func(grams int64)            // lays goods on it, at rest
	Move      func(grams int64)            // goods that never come to rest
	Drop      func(grams int64, moves int) // goods that come to rest after so many looks
	Unit      func(unit string)            // the unit that it weighs in: kg, " g", lb
	Damage    func(times int)              // its answers are damaged so many times, below 0 always
	Silence   func(times int)              // it does not answer so many times
	Noise     func(times int)              // it answers noise
	Unplug    func()
	Plug      func()
	Short     time.Duration // a wait in which a weight that is there is found, and one that is not there is not
}

// scalePatience bounds a weighing that has to end.
const scalePatience = time.Minute

// Scale runs the conformance suite on a scale: one subtest a rule, each on a fresh bench that open makes and cleans up.
func Scale(t *testing.T, open func(t *testing.T) ScaleBench) {
	for _, c := range scaleChecks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(t.Context(), open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// CheckScale runs one rule of the suite without a test around it and gives what was found: what a planted fault is tried on.
func CheckScale(ctx context.Context, rule string, b ScaleBench) error {
	for _, c := range scaleChecks {
		if c.name == rule {
			return c.check(ctx, b)
		}
	}
	panic("the suite has no rule " + rule)
}

var scaleChecks = []struct {
	name  string
	check func(ctx context.Context, b ScaleBench) error
}{
	{"AWeightIsWhatLiesThere", stableWeights},
	{"OnlyAStableWeightCounts", onlyStable},
	{"WhatIsNoWeightIsTold", noWeights},
	{"AGramIsAGramInEveryUnit", units},
	{"APassingFaultIsPassedOver", passingFaults},
	{"AFaultThatStaysIsTold", stayingFaults},
	{"ACableThatWasPulledComesBack", scaleUnplugged},
	{"TheEndOfTheWaitEndsIt", scaleCancelled},
}

func (b ScaleBench) weigh(ctx context.Context, wait time.Duration) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return b.Scale.Weigh(ctx)
}

func (b ScaleBench) want(ctx context.Context, grams int64) error {
	got, err := b.weigh(ctx, scalePatience)
	if err != nil || got != grams {
		return fmt.Errorf("weighed %d g, %v; want %d", got, err, grams)
	}
	return nil
}

func (b ScaleBench) refused(ctx context.Context, wait time.Duration, code string) error {
	got, err := b.weigh(ctx, wait)
	var e *pos.Error
	if err == nil || !errors.As(err, &e) || e.Code != code || got != 0 {
		return fmt.Errorf("weighed %d g, %v; want %s", got, err, code)
	}
	return nil
}

func (b ScaleBench) is(state, code string) error {
	if c := b.Condition(); c.State != state || c.Code != code {
		return fmt.Errorf("condition %+v, want %s %s", c, state, code)
	}
	return nil
}

func stableWeights(ctx context.Context, b ScaleBench) error {
	for _, grams := range []int64{1, 2, 350, 999, 1000, 1001, 12_345, 30_000} {
		b.Put(grams)
		if err := b.want(ctx, grams); err != nil {
			return err
		}
	}
	return b.is("ok", "")
}

func onlyStable(ctx context.Context, b ScaleBench) error {
	for _, grams := range []int64{20, 1500} {
		b.Drop(grams, 4)
		if err := b.want(ctx, grams); err != nil {
			return err
		}
	}
	b.Move(700)
	if err := b.refused(ctx, b.Short, "scale_unstable"); err != nil {
		return err
	}
	return b.is("ok", "")
}

func noWeights(ctx context.Context, b ScaleBench) error {
	b.Put(420)
	if err := b.want(ctx, 420); err != nil {
		return err
	}
	b.Put(0)
	if err := b.refused(ctx, b.Short, "scale_empty"); err != nil {
		return err
	}
	b.Put(-35)
	if err := b.refused(ctx, scalePatience, "scale_negative"); err != nil {
		return err
	}
	b.Put(31_000)
	if err := b.refused(ctx, scalePatience, "scale_overload"); err != nil {
		return err
	}
	b.Put(400)
	if err := b.want(ctx, 400); err != nil {
		return err
	}
	return b.is("ok", "")
}

func units(ctx context.Context, b ScaleBench) error {
	for _, unit := range []string{"kg", "KG", " g", "g "} {
		b.Unit(unit)
		b.Put(1235)
		if err := b.want(ctx, 1235); err != nil {
			return fmt.Errorf("%q: %w", unit, err)
		}
	}
	b.Unit("lb")
	return b.refused(ctx, scalePatience, "scale_unit")
}

func passingFaults(ctx context.Context, b ScaleBench) error {
	for i, fail := range []func(int){b.Damage, b.Silence, b.Noise} {
		b.Put(int64(500 + i))
		fail(1)
		if err := b.want(ctx, int64(500+i)); err != nil {
			return err
		}
	}
	return b.is("ok", "")
}

func stayingFaults(ctx context.Context, b ScaleBench) error {
	b.Put(250)
	for _, f := range []struct {
		set  func(int)
		code string
	}{{b.Damage, "device_fault"}, {b.Silence, "offline"}, {b.Noise, "wrong_speed"}} {
		f.set(-1)
		if err := b.refused(ctx, scalePatience, f.code); err != nil {
			return err
		}
		if err := b.is("fault", f.code); err != nil {
			return err
		}
		f.set(0)
		if err := b.want(ctx, 250); err != nil {
			return err
		}
	}
	return b.is("ok", "")
}

func scaleUnplugged(ctx context.Context, b ScaleBench) error {
	for round := range int64(3) {
		b.Put(100 + round)
		if err := b.want(ctx, 100+round); err != nil {
			return err
		}
		b.Unplug()
		for range 2 {
			if err := b.refused(ctx, scalePatience, "unplugged"); err != nil {
				return err
			}
		}
		if err := b.is("fault", "unplugged"); err != nil {
			return err
		}
		b.Plug()
	}
	b.Put(77)
	return b.want(ctx, 77)
}

func scaleCancelled(ctx context.Context, b ScaleBench) error {
	b.Put(0)
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 2)
	for range 2 { // the second one waits for its turn
		go func() {
			_, err := b.weigh(ctx, scalePatience)
			ended <- err
		}()
	}
	cancel()
	for range 2 {
		select {
		case err := <-ended:
			if err == nil {
				return errors.New("nothing was weighed as something")
			}
		case <-time.After(scalePatience / 2):
			return errors.New("a weighing goes on that nobody waits for")
		}
	}
	return b.is("ok", "")
}
