package gui

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/opening"
)

// jobLimit bounds the commands that wait for the checkout; more are refused with a notice.
const jobLimit = 32

// The end of a window: how long it waits for commands that still run, and how often it gives up what waits for a person.
const (
	endLimit = 5 * time.Second
	endAgain = 100 * time.Millisecond
)

// pump carries snapshots to the drawing goroutine and commands away from it.
type pump struct {
	post     func(func())
	latest   atomic.Pointer[checkout.Snapshot]
	queued   atomic.Bool
	counting atomic.Bool // seconds are on the screen
	jobs     chan func(context.Context)
	wait     sync.WaitGroup
}

// start subscribes to the checkout and begins to work off commands and to count seconds; the result ends all of it, within
// endLimit.
func (t *till) start() (stop func()) {
	ctx, end := context.WithCancel(t.ctx)
	cancel := t.parts.Face.Subscribe(t.offer)
	t.pump.wait.Add(2)
	go func() {
		defer t.pump.wait.Done()
		for {
			select {
			case <-ctx.Done():
				return
			case job := <-t.pump.jobs:
				job(ctx)
			}
		}
	}()
	go func() {
		defer t.pump.wait.Done()
		tick := time.NewTicker(time.Second)
		shown := int64(0)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case at := <-tick.C:
				if minute := at.Unix() / 60; t.pump.counting.Load() || minute != shown {
					shown = minute
					t.pump.post(t.tick)
				}
			}
		}
	}()
	if t.parts.Codes != nil {
		t.pump.wait.Add(1)
		go func() {
			defer t.pump.wait.Done()
			t.codes(ctx)
		}()
	}
	t.opened()
	return func() {
		cancel()
		end()
		t.finish()
	}
}

// finish waits until no command runs any more, endLimit at most. What waits for a person is given up, and again, for a
// payment may just be beginning. What does not end is left, and the log says where it hangs: what it said is durable, it
// draws no more, and the next start of the till takes up what it owes.
func (t *till) finish() {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		t.pump.wait.Wait()
	}()
	go func() { // apart: the checkout is locked while a disk does not answer
		again := time.NewTicker(endAgain)
		defer again.Stop()
		for {
			t.parts.Face.Cancel()
			select {
			case <-ended:
				return
			case <-again.C:
			}
		}
	}()
	limit := time.NewTimer(endLimit)
	defer limit.Stop()
	select {
	case <-ended:
	case <-limit.C:
		slog.Warn("the window is closed and leaves behind what does not end", "limit", endLimit, "where", opening.Stacks())
	}
}

// tick shows the next second, and how far a settlement is.
func (t *till) tick() {
	if t.view.Screen == screen.Settle && (t.view.Closing.Running || t.view.Closing.Open) {
		t.loadClosing()
	}
	t.follow()
	t.forgetIdleKeys()
	t.gearTick()
	t.draw()
}

// codes takes what the scanner device reads, until it is closed.
func (t *till) codes(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case code, open := <-t.parts.Codes:
			if !open {
				return
			}
			t.pump.post(func() { t.deviceScan(code) })
		}
	}
}

// offer takes a snapshot from any goroutine without waiting; only the newest one is drawn.
func (t *till) offer(s *checkout.Snapshot) {
	for {
		old := t.pump.latest.Load()
		if old != nil && old.Version > s.Version {
			return
		}
		if t.pump.latest.CompareAndSwap(old, s) {
			break
		}
	}
	if t.pump.queued.CompareAndSwap(false, true) {
		t.pump.post(func() {
			t.pump.queued.Store(false)
			t.take(t.pump.latest.Load())
		})
	}
}

// do gives the checkout a command; then, back on the drawing goroutine, what came of it is shown.
func (t *till) do(f func(ctx context.Context) error, then func()) {
	job := func(ctx context.Context) {
		err := f(ctx)
		t.pump.post(func() { t.done(err, then) })
	}
	select {
	case t.pump.jobs <- job:
	default:
		t.say(t.words.T("太快了，请等一下"))
	}
}

// quietly reads what a screen shows over and over; a full line of commands or an error leaves what is shown.
func (t *till) quietly(f func(ctx context.Context) error, then func()) {
	job := func(ctx context.Context) {
		if err := f(ctx); err == nil {
			t.pump.post(func() {
				then()
				t.draw()
			})
		}
	}
	select {
	case t.pump.jobs <- job:
	default:
	}
}

// apart runs a payment beside the other commands, because it lasts until its outcome; there is one at a time.
func (t *till) apart(f func(ctx context.Context) error, then func()) {
	if t.view.Busy {
		return
	}
	t.view.Busy = true
	t.pump.wait.Add(1)
	go func() {
		defer t.pump.wait.Done()
		err := f(t.ctx)
		t.pump.post(func() {
			t.view.Busy = false
			t.done(err, then)
		})
	}()
}

// beside runs what lasts beside payments too: cash goes on while a batch is settled.
func (t *till) beside(f func(ctx context.Context) error, then func(error)) {
	t.pump.wait.Add(1)
	go func() {
		defer t.pump.wait.Done()
		err := f(t.ctx)
		t.pump.post(func() { then(err) })
	}()
}
