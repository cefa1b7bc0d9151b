package drivers

import (
	"context"
	"errors"
	"io"
	"path/filepath"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/printer"
	simprinter "tillkeeper/drivers/sim/printer"
)

// The columns that a receipt may be set to.
const (
	minColumns = 24
	maxColumns = 64
)

func (s *Set) openPrinter(_ context.Context, text string) (*unit, error) {
	a, err := parse(Printer, text)
	if err != nil {
		return nil, err
	}
	a.way = s.trail(a)
	columns, err := a.number("columns", 0, minColumns, maxColumns)
	if err != nil {
		return nil, err
	}
	var open func(ctx context.Context) (io.ReadWriteCloser, error)
	end := func() error { return nil }
	if a.scheme == "sim" {
		sim, err := simprinter.New(simprinter.Opts{Dir: s.c.Dir, Font: s.font})
		if err != nil {
			return nil, err
		}
		s.Bench.put(func(h *hands) { h.printer = sim })
		open = func(context.Context) (io.ReadWriteCloser, error) { return sim.Open() }
		end = func() error {
			s.Bench.put(func(h *hands) { h.printer = nil })
			return sim.Close()
		}
	} else if open, err = a.wire(printerBaud); err != nil {
		return nil, err
	}
	dir := filepath.Join(s.c.Dir, "printer")
	if s.c.Look {
		dir = "" // what waits there is the till's to print
	}
	way := newGate(open)
	paper := printer.New(way.pass, printer.Opts{
		Dir: dir, Font: s.font, Columns: columns, Model: a.query.Get("model"),
		OnState: func(pos.Condition) { s.changed() }, OnDrawer: func(printer.DrawerEvent) { s.changed() },
	})
	return &unit{
		port: pos.Printer(paper), state: paper.State, check: paper.Check, nudge: paper.Nudge,
		at: []address{a}, named: paper.Identity,
		// The driver's end goes first: a simulated printer then sees a hang-up.
		close: func() error {
			way.end()
			return errors.Join(paper.Close(), end())
		},
	}, nil
}

// withDrawer is a printer that has a cash drawer.
type withDrawer interface{ Drawer() *printer.Drawer }

// drawer is that of the printer, nil where there is none.
func (s *Set) drawer() *printer.Drawer {
	p, err := in[withDrawer](s.slots[Printer])
	if err != nil {
		return nil
	}
	return p.Drawer()
}

// queue is a printer whose jobs a person can see to.
type queue interface {
	Jobs() []printer.Job
	Reprint(id int) error
	Forget(id int) bool
	Retry()
}

// NewestSlip gives the number of the newest receipt that the printer's queue has taken, "" where nothing is known of it.
func (s *Set) NewestSlip() string {
	q, err := in[interface{ Newest() string }](s.slots[Printer])
	if err != nil {
		return ""
	}
	return q.Newest()
}

// PrintJobs lists what waits for the printer, and what may or may not have been
// printed, oldest first.
func (s *Set) PrintJobs() []pos.Printing {
	q, err := in[queue](s.slots[Printer])
	if err != nil {
		return nil
	}
	var out []pos.Printing
	for _, j := range q.Jobs() {
		out = append(out, pos.Printing{ID: j.ID, Number: j.Number, Copy: j.Copy, State: string(j.State), Reason: j.Reason})
	}
	return out
}

// PrintAgain prints a job once more, with a COPY mark; one that waits is tried
// now.
func (s *Set) PrintAgain(id int) error {
	q, err := in[queue](s.slots[Printer])
	if err != nil {
		return err
	}
	for _, j := range q.Jobs() {
		if j.ID == id && j.State == printer.Queued {
			q.Retry()
			return nil
		}
	}
	return q.Reprint(id)
}

// PrintForget takes a job off the list; a slip can still be printed again from
// its receipt.
func (s *Set) PrintForget(id int) bool {
	q, err := in[queue](s.slots[Printer])
	return err == nil && q.Forget(id)
}
