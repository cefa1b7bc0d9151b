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

// maxKept is how many slips wait while the printer is being changed.
const maxKept = 256

// printerSlot keeps the slips that come while the printer is being changed, and
// hands them to the new one: none is lost in between.
type printerSlot struct {
	*slot
	keeping sync.Mutex
	kept    []pos.PrintJob
}

func newPrinterSlot(s *slot) *printerSlot {
	p := &printerSlot{slot: s}
	s.filled = p.hand
	return p
}

// Print without a printer is no error: the slip can be printed again once
// there is one.
func (p *printerSlot) Print(job pos.PrintJob) error {
	p.using.RLock()
	defer p.using.RUnlock()
	port, err := in[pos.Printer](p.slot)
	if err == nil {
		return port.Print(job)
	}
	if !p.changing() {
		return nil
	}
	p.keeping.Lock()
	defer p.keeping.Unlock()
	if len(p.kept) >= maxKept {
		return pos.Errorf("printer_queue_full", "see to the printer, then reprint", "%d slips wait for the printer that is being changed", maxKept)
	}
	p.kept = append(p.kept, job)
	return nil
}

// hand gives the slips that were kept to the printer that is there now.
func (p *printerSlot) hand(u *unit) {
	p.keeping.Lock()
	kept := p.kept
	p.kept = nil
	p.keeping.Unlock()
	if u == nil {
		return // a till without a printer
	}
	for _, job := range kept {
		if err := u.port.(pos.Printer).Print(job); err != nil && p.log != nil {
			p.log.Warn("a slip was not taken by the printer", "number", job.Number, "error", err)
		}
	}
}

func (p *printerSlot) Kick() error {
	port, err := in[pos.Printer](p.slot)
	if err != nil {
		return nil //nolint:nilerr // a till without a drawer
	}
	return port.Kick()
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
