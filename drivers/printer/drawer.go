package printer

import (
	"context"
	"time"

	"tillkeeper/app/pos"
)

// DrawerEvent is what the cash drawer did.
type DrawerEvent struct {
	Open  bool
	Since time.Duration // how long it has been open
	Alert bool          // longer than Opts.DrawerWait
}

// drawer is what is known of the drawer from the level of its sensor.
type drawer struct {
	seen    bool // a level has been read
	level   bool
	moved   bool // both levels have been read: there is a sensor
	opened  time.Time
	alerted bool
}

// sense takes a level of the sensor; the caller has mu. It gives what to tell.
func (p *Printer) sense(level bool, now time.Time) (e DrawerEvent, tell bool) {
	d := &p.drawer
	moved := d.seen && level != d.level
	d.seen, d.level, d.moved = true, level, d.moved || moved
	open := level != p.lowIsOpen()
	switch {
	case !open:
		d.alerted, d.opened = false, time.Time{}
	case d.opened.IsZero():
		d.opened = now
	}
	if moved {
		return DrawerEvent{Open: open}, true
	}
	if since := now.Sub(d.opened); open && d.moved && !d.alerted && since >= p.o.DrawerWait {
		d.alerted = true
		return DrawerEvent{Open: true, Since: since, Alert: true}, true
	}
	return DrawerEvent{}, false
}

func (p *Printer) lowIsOpen() bool { return p.o.DrawerLow || !p.form.Model.DrawerHigh }

// kickGood is how long a wish for the drawer stands while the printer takes no
// data: an older one is dropped, later it would open before nobody. It stands
// as long as data go out, however slowly.
const kickGood = 5 * time.Second

// took notes that the printer takes data, for the first time since moved: the
// older wishes lapse where that is too long ago.
func (p *Printer) took(moved time.Time) {
	if now := time.Now(); now.Sub(moved) > kickGood {
		p.lapsed = now.Add(-kickGood)
	}
}

// kick opens the drawer, where the wish for that still stands: in order with the
// data, at once where nothing is printed.
func (p *Printer) kick(wished time.Time) {
	if wished.Before(p.lapsed) {
		return
	}
	cmd := cmdKick
	if p.State().State == "fault" {
		cmd = cmdKickNow
	}
	if _, err := p.link.write(cmd, p.o.Answer); err != nil {
		p.silent(err)
	}
}

// Kick opens the drawer; it fails at once when there is no way to the printer.
func (p *Printer) Kick() error {
	p.mu.Lock()
	linked, cond := p.linked, p.fault
	p.mu.Unlock()
	if !linked {
		return pos.Errorf(cond.Code, "open the drawer with its key", "the drawer cannot be opened: the printer is not there")
	}
	select {
	case p.kicks <- time.Now():
	default: // so many wait that it will open
	}
	return nil
}

// Drawer gives the cash drawer at this printer.
func (p *Printer) Drawer() *Drawer { return &Drawer{p: p} }

// Drawer is a cash drawer that is opened through a printer. It is a pos.Drawer.
type Drawer struct{ p *Printer }

// Kick opens the drawer.
func (d *Drawer) Kick() error { return d.p.Kick() }

// Open says whether the drawer is open. It is known once its sensor has moved:
// a drawer without one always shows the same level.
func (d *Drawer) Open() (open, known bool) {
	d.p.mu.Lock()
	defer d.p.mu.Unlock()
	known = d.p.linked && d.p.drawer.seen && d.p.drawer.moved
	return known && d.p.drawer.level != d.p.lowIsOpen(), known
}

// State gives the condition of the drawer: that of the way to it, and whether it
// stays open.
func (d *Drawer) State() pos.Condition {
	d.p.mu.Lock()
	defer d.p.mu.Unlock()
	c := pos.Condition{Name: "drawer", State: "ok"}
	switch {
	case !d.p.linked:
		c.State, c.Code, c.Found = "fault", d.p.fault.Code, []pos.Remark{pos.Say("on_printer")}
	case d.p.drawer.alerted:
		c.State, c.Code = "warn", DrawerOpen
	}
	return c
}

// Check looks at the drawer: internal moves nothing, external opens it and waits
// until its sensor says so, interactive then waits until it was pushed shut.
func (d *Drawer) Check(ctx context.Context, level pos.Level) pos.Condition {
	if level == pos.CheckInternal {
		return d.State()
	}
	if err := d.Kick(); err != nil {
		return d.State()
	}
	short, cancel := context.WithTimeout(ctx, 2*d.p.o.Poll+2*d.p.o.Answer)
	defer cancel()
	opened := d.p.await(short, func() bool { return d.p.drawer.moved && d.p.drawer.level != d.p.lowIsOpen() })
	if opened && level == pos.CheckInteractive {
		if d.p.await(ctx, func() bool { return d.p.drawer.level == d.p.lowIsOpen() }) {
			return d.State()
		}
		return pos.Condition{Name: "drawer", State: "warn", Code: DrawerOpen}
	}
	c := d.State()
	if open, known := d.Open(); c.State == "ok" && !(open && known) {
		c.Found = []pos.Remark{pos.Say("drawer_told")}
	}
	return c
}

// await waits until ok, asked with mu held, or the end of the context.
func (p *Printer) await(ctx context.Context, ok func() bool) bool {
	for {
		p.mu.Lock()
		is, change := ok(), p.change
		p.mu.Unlock()
		if is {
			return true
		}
		select {
		case <-change:
		case <-p.done:
			return false
		case <-ctx.Done():
			return false
		}
	}
}
