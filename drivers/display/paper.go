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
	drowsy = 10 * time.Second
)

// PaperOpts is the pace of a PaperDisplay.
type PaperOpts struct {
	Settle time.Duration // how long a view waits for a newer one: 300 ms; a code never waits
	Rest   time.Duration // between two refreshes: 1 s
	Sleep  time.Duration // how long it stays awake for the next one: 10 s; woken it is drawn whole
}

// PaperDisplay shows views on a panel that takes seconds for a refresh: Show
// gives at once, the newest view wins, and what would be out of date before it
// could be read is not drawn at all: lines of a sale and steps of a payment.
// While goods are taken the panel shows what it does when idle. It is a
// pos.Display; its goroutine ends with Close. A panel that nobody has drawn on
// for a while is put to sleep.
type PaperDisplay struct {
	panel *Panel
	opts  PaperOpts
	ask   chan struct{} // of one: a view waits
	stir  chan struct{} // of one: the panel was drawn on from elsewhere
	done  chan struct{}
	end   sync.Once
	group sync.WaitGroup

	mu   sync.Mutex
	next pos.View
	idle pos.View // the last idle view
	err  error    // of the last refresh, told once

	other bool // the test picture is in sight, not the view drawn last

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
	if o.Sleep == 0 {
		o.Sleep = drowsy
	}
	d := &PaperDisplay{panel: p, opts: o, ask: make(chan struct{}, 1), stir: make(chan struct{}, 1), done: make(chan struct{})}
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
	first, awake := true, true
	sleep := time.NewTimer(d.opts.Sleep)
	defer sleep.Stop()
	for {
		select {
		case <-d.done:
			return
		case <-d.stir:
			if !awake {
				awake = true
				sleep.Reset(d.opts.Sleep)
			}
			continue
		case <-sleep.C:
			awake = false
			d.doze()
			continue
		case <-d.ask:
		}
		v, n, other := d.newest()
		if v.State != pos.ViewQR {
			if !d.pause(d.opts.Settle) {
				return
			}
			v, n, other = d.newest()
		}
		if !first && !other && v == shown && d.panel.Condition().State == "ok" {
			d.note(n, nil)
			continue
		}
		err := d.panel.Show(v)
		shown, first, awake = v, false, true
		d.note(n, err)
		sleep.Reset(d.opts.Sleep)
		if !d.pause(d.opts.Rest) {
			return
		}
	}
}

// doze puts the panel to sleep; that it does not take that is told with the next
// view, and by its condition.
func (d *PaperDisplay) doze() {
	if err := d.panel.Sleep(); err != nil {
		d.mu.Lock()
		d.err = err
		d.mu.Unlock()
	}
}

// stirred has a panel that was drawn on from elsewhere sleep again later.
func (d *PaperDisplay) stirred(err error) error {
	select {
	case d.stir <- struct{}{}:
	default: // that is known
	}
	return err
}

// newest is the view to be drawn and its number, and whether the panel shows
// something else than a view.
func (d *PaperDisplay) newest() (v pos.View, number int, other bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.next, d.told, d.other
}

// note says that a view is in sight, or why it is not.
func (d *PaperDisplay) note(number int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drawn, d.other = number, false
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
func (d *PaperDisplay) Poll(ctx context.Context) error { return d.stirred(d.panel.Poll(ctx)) }

// TestPicture is that of the panel.
func (d *PaperDisplay) TestPicture() error {
	err := d.panel.TestPicture()
	d.mu.Lock()
	d.other = true
	d.mu.Unlock()
	return d.stirred(err)
}

// Condition is that of the panel.
func (d *PaperDisplay) Condition() pos.Condition { return d.panel.Condition() }

// Close ends the goroutine, clears the panel, puts it to sleep and closes its bus.
func (d *PaperDisplay) Close() error {
	d.end.Do(func() { close(d.done) })
	d.group.Wait()
	return d.panel.Close()
}
