package drivers

import (
	"context"
	"sync"

	"tillkeeper/app/pos"
)

// The ports of the slots.
type (
	readerSlot struct{ *slot }
	scaleSlot  struct{ *slot }
)

func (r readerSlot) Connect(ctx context.Context, p pos.Purchase) (pos.CardSession, error) {
	port, err := in[pos.CardReader](r.slot)
	if err != nil {
		return nil, err
	}
	return port.Connect(ctx, p)
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
