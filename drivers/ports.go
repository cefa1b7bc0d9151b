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
// often that is looked at: what is just being opened again is waited for.
const (
	readerGrace = 2 * time.Second
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
	go giveUp(ctx, end, own.State)
	session, err := port.Connect(ctx, p)
	var down *pos.Error
	if err != nil && errors.As(context.Cause(ctx), &down) {
		return nil, down
	}
	return session, err
}

// giveUp ends a wait when the state of what is waited for is a reason for too long.
func giveUp(ctx context.Context, end context.CancelCauseFunc, state func() string) {
	tick := time.NewTicker(readerLook)
	defer tick.Stop()
	var since time.Time
	for {
		code := state()
		switch {
		case code == "":
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		case time.Since(since) >= readerGrace:
			end(pos.Errorf(code, "", "no card reader can be used: %s", code))
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
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
