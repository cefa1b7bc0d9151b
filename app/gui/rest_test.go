package gui

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/checkout"
)

// turn is what Fyne does 60 times a second when nothing sleeps: the animation, then the painting of what is dirty.
type turn struct {
	rest    rest
	queue   []func()
	tick    func(float32)
	dirty   bool
	painted int
	slept   int
}

func newTurn(event func(t *turn)) *turn {
	t := &turn{}
	t.rest.wait = func(float64) {
		if t.dirty {
			return // counted as a sleep below: a dirty window would have stayed as it was
		}
		t.slept++
		event(t)
	}
	t.tick = t.rest.turns(func(f func()) { t.queue = append(t.queue, f) }).Tick
	return t
}

func (t *turn) paints() {
	t.tick(0)
	if t.dirty {
		t.painted++
	}
	t.dirty = false
}

func (t *turn) runs() {
	queue := t.queue
	t.queue = nil
	for _, f := range queue {
		f()
	}
}

func TestTheWindowSleepsWhenNothingHappens(t *testing.T) {
	turn := newTurn(func(*turn) {})
	for range 3 {
		turn.paints()
		turn.runs()
	}
	if turn.slept != 3 {
		t.Fatalf("it slept %d times in 3 turns", turn.slept)
	}
}

// TestWhatAnEventChangedIsPaintedBeforeTheNextSleep has two sleeps in the queue at once, as Fyne's queue may: the second
// one must not wait over what the event of the first one changed.
func TestWhatAnEventChangedIsPaintedBeforeTheNextSleep(t *testing.T) {
	turn := newTurn(func(t *turn) { t.dirty = true })
	turn.paints()
	turn.paints()
	turn.runs()
	if turn.slept != 1 || !turn.dirty {
		t.Fatalf("it slept %d times, dirty %t", turn.slept, turn.dirty)
	}
	turn.paints()
	if turn.painted != 1 {
		t.Fatalf("painted %d times", turn.painted)
	}
}

func TestWhatAPostedFunctionChangedIsPaintedBeforeTheNextSleep(t *testing.T) {
	turn := newTurn(func(*turn) {})
	turn.queue = append(turn.queue, turn.rest.announce(func() { turn.dirty = true }))
	turn.runs()
	turn.rest.sleep()
	if turn.slept != 0 {
		t.Fatal("it slept over what has to be painted")
	}
	turn.paints()
	turn.runs()
	if turn.painted != 1 || turn.slept != 1 {
		t.Fatalf("painted %d times, slept %d times", turn.painted, turn.slept)
	}
}

func TestNothingSleepsWhileSomethingIsAnnounced(t *testing.T) {
	turn := newTurn(func(*turn) {})
	f := turn.rest.announce(func() {})
	turn.paints()
	turn.runs()
	if turn.slept != 0 {
		t.Fatal("it slept over what was announced")
	}
	f()
	turn.paints()
	turn.runs()
	if turn.slept != 1 {
		t.Fatal("it sleeps no more")
	}
}

func TestWhoPostsEndsASleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rest
		awake := make(chan struct{})
		r.wait = func(float64) { <-awake }
		r.rouse = func() { close(awake) }
		go func() {
			time.Sleep(time.Minute)
			r.announce(func() {})
		}()
		r.sleep()
		if r.announced.Load() != 1 {
			t.Fatal("it woke by itself")
		}
		r.announce(func() {}) // awake: nobody has to be roused
	})
}

// TestATillIsToldWhenItsPageWasPainted has the till work on in the turn that paints: it is told all the same.
func TestATillIsToldWhenItsPageWasPainted(t *testing.T) {
	with(t, func(d *desk) {
		d.run(func() { d.blind = true })
		step2(d.f, checkout.StepOutcome)
		synctest.Wait()
		d.run(func() {
			turn := newTurn(func(*turn) {})
			d.ui.rests(&turn.rest, &bounds{})
			turn.runs()
			if turn.rest.sleep(); !d.ui.shown.at.IsZero() {
				t.Error("what nobody painted counts as painted")
			}
			turn.paints()
			turn.rest.announce(func() {})()
			turn.runs()
			if d.ui.shown.at.IsZero() {
				t.Error("nobody told that it was painted")
			}
			if m := d.ui.moment(); m.heard != turn.rest.heard || turn.rest.heeded != m.heard+linkGap {
				t.Error("the till takes the time of a key elsewhere")
			}
		})
	})
}

// TestASleepThatEndedLateCountsForItsBound stops the process in a sleep after a key: how long it was stopped is not how long
// there was no key.
func TestASleepThatEndedLateCountsForItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rest
		stopped := time.Duration(0)
		r.wait = func(seconds float64) { time.Sleep(time.Duration(seconds*1e9) + stopped) }
		sleeps := func() {
			r.ran = false
			r.sleep()
		}
		first := r.key()
		stopped = 10 * time.Second
		sleeps()
		time.Sleep(time.Hour) // painting
		second := r.key()
		if heard := second.heard - first.heard; heard != heedful || heedful >= scanGap || second.at.Sub(first.at) < time.Hour {
			t.Fatalf("it counts %v of %v", heard, second.at.Sub(first.at))
		}
		stopped = 0
		for range 2 * linkGap / heedful {
			sleeps()
		}
		if third := r.key(); third.heard-second.heard < 2*linkGap {
			t.Fatalf("it counts %v of %v", third.heard-second.heard, third.at.Sub(second.at))
		}
	})
}

// TestAfterAKeySleepsAreShortForAWhile: only short ones tell how long the till listened.
func TestAfterAKeySleepsAreShortForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rest
		var bounds []time.Duration
		r.wait = func(seconds float64) {
			bounds = append(bounds, time.Duration(seconds*1e9))
			time.Sleep(bounds[len(bounds)-1])
		}
		r.key()
		for range 10 {
			r.ran = false
			r.sleep()
		}
		for i, b := range bounds {
			want := heedful
			if time.Duration(i)*heedful >= linkGap {
				want = restLimit
			}
			if b != want {
				t.Fatalf("sleeps of %v", bounds)
			}
		}
	})
}

// TestAKeyEndsTheSleepThatItCameIn: what the till does after it, in the same wait, is no sleep.
func TestAKeyEndsTheSleepThatItCameIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rest
		var keys []moment
		r.wait = func(float64) {
			time.Sleep(5 * time.Millisecond)
			keys = append(keys, r.key())
			time.Sleep(time.Second) // what the key asked for
			keys = append(keys, r.key())
		}
		r.sleep()
		if keys[0].heard != 5*time.Millisecond || keys[1].heard != keys[0].heard || r.heard != keys[0].heard {
			t.Fatalf("%v and %v", keys, r.heard)
		}
	})
}

func TestMemoryIsGivenBackInACalmAfterWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		given := 0
		r := rest{spare: func() { given++ }}
		sleeps := func(d time.Duration) {
			began := time.Now()
			time.Sleep(d)
			r.calm(began, time.Now())
			synctest.Wait()
		}
		sleeps(restLimit)
		if given != 0 {
			t.Fatal("given back without work before it")
		}
		sleeps(restLimit / 2)
		sleeps(restLimit)
		sleeps(restLimit)
		if given != 1 {
			t.Fatalf("given back %d times", given)
		}
		sleeps(restLimit / 2)
		sleeps(restLimit)
		if given != 1 {
			t.Fatal("given back too often")
		}
		time.Sleep(spareEvery)
		sleeps(restLimit)
		if given != 2 {
			t.Fatalf("given back %d times", given)
		}
	})
}

// TestFilesThatCannotRestAreLeftAlone: the assets of a test are a folder.
func TestFilesThatCannotRestAreLeftAlone(*testing.T) { spare(os.DirFS(".")) }
