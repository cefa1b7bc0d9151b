package display

import (
	"context"
	"sync"
	"time"

	"tillkeeper/app/pos"
)

// The pace of e-paper where PaperOpts has none.
const (
	settle = 300 * time.Millisecond
	rest   = time.Second
)

// PaperOpts is the pace of a PaperDisplay.
type PaperOpts struct {
	Settle time.Duration // how long a view waits for a newer one: 300 ms; a code never waits
	Rest   time.Duration // between two refreshes: 1 s
}

// PaperDisplay shows views on a panel that takes seconds for a refresh: Show
// gives at once, the newest view wins, and what would be out of date before it
// could be read is not drawn at all: lines of a sale and steps of a payment.
// While goods are taken the panel shows what it does when idle. It is a
// pos.Display; its goroutine ends with Close.
type PaperDisplay struct {
	panel *Panel
	opts  PaperOpts
	ask   chan struct{} // of one: a view waits
	done  chan struct{}
	end   sync.Once
	group sync.WaitGroup

	mu   sync.Mutex
	next pos.View
	idle pos.View // the last idle view
	err  error    // of the last refresh, told once

	told, drawn int // views so far: by Show, and which of them is in sight
}

// NewPaperDisplay paces a panel, which nothing else may use.
func NewPaperDisplay(p *Panel, o PaperOpts) *PaperDisplay {
	if o.Settle == 0 {
		o.Settle = settle
	}
	if o.Rest == 0 {
		o.Rest = rest
	}
	d := &PaperDisplay{panel: p, opts: o, ask: make(chan struct{}, 1), done: make(chan struct{})}
	d.group.Go(d.run)
	return d
}

// Show notes a view to be drawn. The error is that of an earlier one.
func (d *PaperDisplay) Show(v pos.View) error {
	d.mu.Lock()
	d.next = d.worth(v)
	d.told++
	err := d.err
	d.err = nil
	d.mu.Unlock()
	select {
	case d.ask <- struct{}{}:
	default: // one is waiting already and will find the newest
	}
	return err
}

// worth makes the view that is worth a refresh. The caller has the lock.
func (d *PaperDisplay) worth(v pos.View) pos.View {
	switch v.State {
	case pos.ViewSale:
		return d.idle
	case pos.ViewPay:
		v.Note = "" // its steps change faster than the panel
	case pos.ViewQR:
		v.Note = ""
	case pos.ViewIdle:
		d.idle = v
	}
	return v
}

func (d *PaperDisplay) run() {
	var shown pos.View
	first := true
	for {
		select {
		case <-d.done:
			return
		case <-d.ask:
		}
		v, n := d.newest()
		if v.State != pos.ViewQR {
			if !d.pause(d.opts.Settle) {
				return
			}
			v, n = d.newest()
		}
		if !first && v == shown && d.panel.Condition().State == "ok" {
			d.note(n, nil)
			continue
		}
		err := d.panel.Show(v)
		shown, first = v, false
		d.note(n, err)
		if !d.pause(d.opts.Rest) {
			return
		}
	}
}

// newest is the view to be drawn and its number.
func (d *PaperDisplay) newest() (pos.View, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.next, d.told
}

// note says that a view is in sight, or why it is not.
func (d *PaperDisplay) note(number int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drawn = number
	if err != nil {
		d.err = err
	}
}

// pause gives false where the display was closed meanwhile.
func (d *PaperDisplay) pause(t time.Duration) bool {
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-d.done:
		return false
	case <-timer.C:
		return true
	}
}

// Poll is that of the panel.
func (d *PaperDisplay) Poll(ctx context.Context) error { return d.panel.Poll(ctx) }

// TestPicture is that of the panel.
func (d *PaperDisplay) TestPicture() error { return d.panel.TestPicture() }

// Condition is that of the panel.
func (d *PaperDisplay) Condition() pos.Condition { return d.panel.Condition() }

// Close ends the goroutine, clears the panel and closes its bus.
func (d *PaperDisplay) Close() error {
	d.end.Do(func() { close(d.done) })
	d.group.Wait()
	return d.panel.Close()
}
