package drivers

import (
	"context"
	"errors"
	"sync"
	"time"

	"tillkeeper/app/pos"
)

// The ports of the slots.
type (
	readerSlot struct{ *slot }
	scaleSlot  struct{ *slot }
)

// How long no reader may be of use before the wait for a card is given up, and how
// often that is looked at, while one is and while none is: what is just being
// opened again is waited for.
const (
	readerGrace = 2 * time.Second
	readerCalm  = 500 * time.Millisecond
	readerLook  = 100 * time.Millisecond
)

// Connect waits for a card. While no reader can be used nobody waits for one: a
// pos.Error then has the reason at once, and the customer pays otherwise.
func (r readerSlot) Connect(ctx context.Context, p pos.Purchase) (pos.CardSession, error) {
	port, err := in[pos.CardReader](r.slot)
	if err != nil {
		return nil, err
	}
	own, ok := port.(interface{ State() string })
	if !ok {
		return port.Connect(ctx, p)
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	stop := giveUp(end, own.State)
	defer stop()
	session, err := port.Connect(ctx, p)
	var down *pos.Error
	if err != nil && errors.As(context.Cause(ctx), &down) {
		return nil, down
	}
	return session, err
}

// giveUp ends a wait when the state of what is waited for is a reason for too long,
// unless it is stopped before. A card that is there at once wakes nobody for it.
func giveUp(end context.CancelCauseFunc, state func() string) (stop func()) {
	w := &patience{end: end, state: state}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note()
	w.timer = time.AfterFunc(w.pause(), w.look)
	return w.stop
}

// patience is a wait for a reader that can be used.
type patience struct {
	end   context.CancelCauseFunc
	state func() string

	mu    sync.Mutex
	over  bool
	since time.Time // when the reason was first seen, zero: there is none
	timer *time.Timer
}

// note looks at the state and gives its reason once that has stood too long. The
// caller holds mu.
func (w *patience) note() (code string) {
	code = w.state()
	switch {
	case code == "":
		w.since = time.Time{}
	case w.since.IsZero():
		w.since = time.Now()
	case time.Since(w.since) >= readerGrace:
		return code
	}
	return ""
}

// pause is the time to the next look. The caller holds mu.
func (w *patience) pause() time.Duration {
	if w.since.IsZero() {
		return readerCalm
	}
	return readerLook
}

// look is what the timer does.
func (w *patience) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	if code := w.note(); code != "" {
		w.over = true
		w.end(pos.Errorf(code, "", "no card reader can be used: %s", code))
		return
	}
	w.timer.Reset(w.pause())
}

func (w *patience) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	w.timer.Stop()
}

// displaySlot shows the newest view on a new display too. Views are shown one
// after the other, so that a new display never keeps an older one.
type displaySlot struct {
	*slot
	turn sync.Mutex
	last pos.View
}

func newDisplaySlot(s *slot) *displaySlot {
	d := &displaySlot{slot: s}
	s.filled = func(u *unit) {
		if u == nil {
			return
		}
		d.turn.Lock()
		defer d.turn.Unlock()
		if d.last.State != "" {
			_ = u.port.(pos.Display).Show(d.last) // its condition tells of a fault
		}
	}
	return d
}

// Show keeps the view for a display that comes later.
func (d *displaySlot) Show(v pos.View) error {
	d.turn.Lock()
	defer d.turn.Unlock()
	d.last = v
	port, err := in[pos.Display](d.slot)
	if err != nil {
		return nil //nolint:nilerr // nothing to show on
	}
	return port.Show(v)
}

func (s scaleSlot) Weigh(ctx context.Context) (int64, error) {
	port, err := in[pos.Scale](s.slot)
	if err != nil {
		return 0, err
	}
	return port.Weigh(ctx)
}
