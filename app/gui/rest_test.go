package gui

import (
	"os"
	"testing"
	"testing/synctest"
	"time"
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
