package gui

import (
	"io/fs"
	"runtime/debug"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"github.com/go-gl/glfw/v3.3/glfw"
)

const (
	// restLimit is how long the drawing goroutine sleeps when nothing happens: Fyne's caches want to be looked at from
	// time to time.
	restLimit = time.Second
	// spareEvery is how often memory is given back at most.
	spareEvery = 10 * time.Second
	// heedful is the longest sleep soon after a key. A sleep that ended late, as in a process that was stopped, counts for
	// no more than it was to last, and this is less than what lies between two keys of a person (scanGap). It is more than
	// a turn of Fyne's loop, so that the next turn is due at once.
	heedful = 20 * time.Millisecond
)

// moment is when a key was pressed, as far as the till can tell. Fyne hands out no times of events, only the moment at
// which the till comes to handle one, which is late when the till was painting or did not run at all.
type moment struct {
	at    time.Time     // the till handles it
	heard time.Duration // how long until then the till had slept with nothing to handle: between two keys, what passed at least
}

// rest lets the drawing goroutine sleep in the window system until something happens.
//
// Fyne 2.7.4 by itself looks for events 60 times a second (internal/driver/glfw/loop.go): that takes more than a percent
// of a core in an empty window, and a finger waits half a frame, up to a whole one, before anybody looks. So after every
// turn of Fyne's loop in which nothing was posted, a function is put into its queue that waits for the next event
// itself. Fyne's callbacks run inside of that wait, as they do when Fyne looks, and the turn that paints is due at once,
// for the loop's clock has run on meanwhile.
//
// What is posted wakes it: whoever posts announces it first. Fyne's own animations would stand still meanwhile; the till
// has none.
type rest struct {
	wait  func(seconds float64) // for an event of a window; nil is the window system's
	rouse func()                // ends a wait; nil is the window system's

	paints func() // what comes before Fyne paints, in every turn; nil for nothing

	announced atomic.Int32 // functions that were posted and have not run
	asleep    atomic.Bool
	ran       bool // something ran since the last turn; of the drawing goroutine, as the rest is

	painted func() // what comes after Fyne painted, before a sleep; nil for nothing

	began  time.Time     // of the sleep that lasts; zero while awake
	bound  time.Duration // of that sleep
	heard  time.Duration // all sleeps, each for its bound at most
	heeded time.Duration // sleeps are short until heard gets there

	spare  func()    // gives back memory that only the work before a calm needed; nil for none
	worked bool      // something happened since it did
	spared time.Time // when it did
}

// turns gives what Fyne has to call in every turn of its loop, before it paints: an animation, for nothing else is
// called once a turn. This one paints nothing; it asks for a sleep after the turn.
func (r *rest) turns(queue func(func())) *fyne.Animation {
	return &fyne.Animation{
		Duration: time.Hour, RepeatCount: fyne.AnimationRepeatForever, Curve: fyne.AnimationLinear,
		Tick: func(float32) {
			r.ran = false
			if r.paints != nil {
				r.paints()
			}
			queue(r.sleep)
		},
	}
}

// wake ends a sleep and lets none begin until what is announced has run.
func (r *rest) wake() {
	r.announced.Add(1)
	if !r.asleep.Load() {
		return
	}
	if r.rouse == nil {
		glfw.PostEmptyEvent()
		return
	}
	r.rouse()
}

// announce wakes the drawing goroutine for a function that will be queued right after, and gives what is to be queued.
func (r *rest) announce(f func()) func() {
	r.wake()
	return func() {
		r.announced.Add(-1)
		f()
		r.ran = true
	}
}

// sleep waits for an event of a window, for what is announced, or for restLimit. It does not where something ran in this
// turn already, for what that changed has yet to be painted.
func (r *rest) sleep() {
	if r.painted != nil {
		r.painted()
	}
	if r.ran {
		return
	}
	r.asleep.Store(true)
	began, wait := time.Now(), r.wait
	if wait == nil {
		wait = glfw.WaitEventsTimeout
	}
	if r.announced.Load() == 0 {
		r.began, r.bound = began, restLimit
		if r.heard < r.heeded {
			r.bound = heedful
		}
		wait(r.bound.Seconds())
		r.hear(time.Now())
	}
	r.asleep.Store(false)
	r.ran = true
	r.calm(began, time.Now())
}

// hear counts the sleep that lasts, if one does, and ends it: an event is there, and what follows is no sleep.
func (r *rest) hear(now time.Time) {
	if !r.began.IsZero() {
		r.heard += min(now.Sub(r.began), r.bound)
		r.began = time.Time{}
	}
}

// key gives the moment of a key that is handled now, and has the sleeps after it be short for as long as the next one may
// belong to it.
func (r *rest) key() moment {
	now := time.Now()
	r.hear(now)
	r.heeded = r.heard + linkGap
	return moment{now, r.heard}
}

// calm gives memory back when nothing happened in a whole sleep, but something did before it.
func (r *rest) calm(began, now time.Time) {
	switch {
	case now.Sub(began) < restLimit:
		r.worked = true
	case r.worked && now.Sub(r.spared) >= spareEvery && r.spare != nil:
		r.worked, r.spared = false, now
		go r.spare()
	}
}

// spare gives back what the start and the screens before needed: the pages of the embedded faces, and the heap's.
func spare(files fs.FS) {
	if f, ok := files.(interface{ Rest() }); ok {
		f.Rest()
	}
	debug.FreeOSMemory()
}

// rests has a till be told by a rest when it sleeps and when it paints.
func (t *till) rests(r *rest, b *bounds) {
	r.spare = func() { spare(t.parts.Files) }
	r.paints = func() {
		b.paints()
		t.paints()
	}
	r.painted, t.moment = t.painted, r.key
}
