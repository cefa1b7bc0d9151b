package drivertest

import (
	"context"
	"slices"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/printer"
)

func inOrder(r *printerRun) {
	r.print(1, 2, 3, 4, 5)
	r.drain()
	r.paper(number(1), number(2), number(3), number(4), number(5))
	for _, j := range r.driver.Jobs() {
		if j.State != printer.Printed {
			r.Errorf("%+v", j)
		}
	}
	if s := r.driver.State(); s.State != "ok" || s.Name != "printer" {
		r.Errorf("%+v", s)
	}
}

func faultBefore(r *printerRun) {
	r.fine()
	var want []string
	for i, f := range []struct {
		reason string
		set    func(bool)
	}{
		{printer.PaperOut, func(on bool) { r.Sim.SetPaper(!on) }},
		{printer.CoverOpen, r.Sim.SetCover},
		{printer.Cutter, r.Sim.SetCutter},
		{printer.Overheated, r.Sim.SetHot},
		{printer.Offline, r.Sim.SetOffline},
	} {
		f.set(true)
		r.reason(f.reason)
		r.print(i)
		r.until("the job says why", func() bool {
			j := r.driver.Jobs()
			return j[len(j)-1].State == printer.Queued && j[len(j)-1].Reason == f.reason
		})
		r.paper(want...)
		f.set(false)
		r.drain()
		want = append(want, number(i))
		r.paper(want...)
		r.fine()
	}
	r.Sim.Latch(true)
	r.Sim.SetCutter(true)
	r.reason(printer.Cutter)
	r.Sim.SetCutter(false)
	r.driver.Retry() // the scrap is out, and the printer waits to be told
	r.fine()
}

func paperWithin(r *printerRun) {
	r.fine()
	r.Sim.RunOut(3)
	r.print(1, 2)
	r.reason(printer.PaperOut)
	r.states(printer.Sent, printer.Queued)
	r.paper()
	r.Sim.SetPaper(true)
	r.drain()
	r.paper(number(1), number(2))
	r.states(printer.Printed, printer.Printed)
}

func littlePaper(r *printerRun) {
	r.Sim.SetLow(true)
	r.reason(printer.PaperLow)
	if s := r.driver.State(); s.State != "warn" {
		r.Errorf("%+v", s)
	}
	r.print(1)
	r.drain()
	r.paper(number(1))
}

func pulledBetween(r *printerRun) {
	r.fine()
	r.Sim.SetPlugged(false)
	r.reason(r.Gone...)
	r.print(1)
	if err := r.driver.Kick(); err == nil {
		r.Error("the drawer of a printer that is not there was opened")
	}
	r.states(printer.Queued)
	r.Sim.SetPlugged(true)
	r.driver.Nudge()
	r.drain()
	r.paper(number(1))
	r.fine()
}

func pulledWithin(r *printerRun) {
	r.fine()
	// Well after the questions that come before a job, well before its end.
	r.Sim.PullAfter(250)
	r.print(1)
	r.reason(r.Gone...)
	r.until("decided", func() bool { return r.driver.Jobs()[0].State == printer.Unknown })
	r.Sim.SetPlugged(true)
	r.driver.Nudge()
	r.fine()
	r.print(2)
	r.drain()
	r.states(printer.Unknown, printer.Printed)
	if got := r.Sim.Slips(); slices.Contains(got, number(1)) {
		r.Errorf("%q: the unknown slip was printed anew", got)
	}
	if err := r.driver.Reprint(r.driver.Jobs()[0].ID); err != nil {
		r.Fatal(err)
	}
	r.drain()
	if r.last() != number(1)+"-copy" {
		r.Errorf("%q: no copy", r.Sim.Slips())
	}
	r.states(printer.Printed, printer.Printed)
}

func noAnswer(r *printerRun) {
	r.fine()
	r.Sim.SetMute(true)
	r.until("offline", func() bool {
		c := r.driver.State().Code
		return c == printer.Offline || c == printer.BusyElsewhere
	})
	r.print(1)
	r.states(printer.Queued)
	r.Sim.SetMute(false)
	r.drain()
	r.paper(number(1))
}

func drawerRule(r *printerRun) {
	d := r.driver.Drawer()
	r.fine()
	if _, known := d.Open(); known {
		r.Error("a drawer that never moved is known")
	}
	for _, paper := range []bool{true, false} {
		r.Sim.SetPaper(paper)
		r.until("seen", func() bool { return (r.driver.State().State == "ok") == paper })
		if err := d.Kick(); err != nil {
			r.Fatal(err)
		}
		r.until("open", func() bool { open, known := d.Open(); return open && known })
		r.until("it stays open", func() bool { return d.State().Code == printer.DrawerOpen })
		r.Sim.CloseDrawer()
		r.until("shut", func() bool { open, known := d.Open(); return !open && known })
		if s := d.State(); s.State != "ok" || s.Name != "drawer" {
			r.Errorf("%+v", s)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var got []bool
	for _, e := range r.events {
		got = append(got, e.Open)
		if e.Alert && e.Since < r.Opts.DrawerWait {
			r.Errorf("an alert after %v", e.Since)
		}
	}
	if want := []bool{true, true, false, true, true, false}; !slices.Equal(got, want) {
		r.Errorf("told %+v", r.events)
	}
	var _ pos.Drawer = d
}

func outlives(r *printerRun) {
	r.Sim.SetCover(true)
	r.reason(printer.CoverOpen)
	r.print(1, 2, 3)
	r.end()
	r.start()
	r.until("all three", func() bool { return len(r.driver.Jobs()) == 3 })
	r.states(printer.Queued, printer.Queued, printer.Queued)
	r.Sim.SetCover(false)
	r.drain()
	r.paper(number(1), number(2), number(3))
	r.end()
	r.start()
	if j := r.driver.Jobs(); len(j) != 0 {
		r.Errorf("printed jobs are still in the file: %+v", j)
	}
}

func interrupted(r *printerRun) {
	r.fine()
	r.Sim.RunOut(3)
	r.print(1, 2)
	r.reason(printer.PaperOut)
	r.end()
	r.start()
	r.states(printer.Unknown, printer.Queued)
	r.Sim.SetPaper(true) // the printer itself goes on with what it holds
	r.drain()
	originals := 0
	for _, s := range r.Sim.Slips() {
		if s == number(1) {
			originals++
		}
	}
	if originals > 1 || !slices.Contains(r.Sim.Slips(), number(2)) {
		r.Errorf("on paper: %q", r.Sim.Slips())
	}
	for _, j := range r.driver.Jobs() {
		if j.State == printer.Unknown {
			if err := r.driver.Reprint(j.ID); err != nil {
				r.Fatal(err)
			}
		}
	}
	r.drain()
	got := r.Sim.Slips()
	if !slices.Contains(got, number(1)) && !slices.Contains(got, number(1)+"-copy") {
		r.Errorf("slip 1 is nowhere: %q", got)
	}
}

func clearedWhileHeld(r *printerRun) {
	r.fine()
	r.Sim.RunOut(3)
	r.print(1, 2, 3)
	r.reason(printer.PaperOut)
	if n := r.driver.Clear(); n != 2 {
		r.Errorf("%d were cleared, want 2", n)
	}
	r.until("dropped", func() bool {
		j := r.driver.Jobs()
		return len(j) == 1 && j[0].Reason == printer.Dropped && r.Sim.Recovered() == 1
	})
	r.Sim.SetPaper(true)
	r.fine()
	r.print(4)
	r.drain()
	got := r.Sim.Slips()
	if slices.Contains(got, number(1)) || r.last() != number(4) {
		r.Errorf("on paper: %q", got)
	}
}

func testPage(r *printerRun) {
	ctx, cancel := context.WithTimeout(context.Background(), r.Wait)
	defer cancel()
	r.fine()
	if c := r.driver.Check(ctx, pos.CheckInternal); c.State != "ok" || len(r.driver.Jobs()) != 0 {
		r.Errorf("internal: %+v", c)
	}
	if c := r.driver.Check(ctx, pos.CheckExternal); c.State != "ok" {
		r.Errorf("external: %+v", c)
	}
	if got := r.Sim.Slips(); len(got) != 1 {
		r.Errorf("on paper: %q", got)
	}
	if c := r.driver.Drawer().Check(ctx, pos.CheckExternal); c.State == "fault" {
		r.Errorf("drawer: %+v", c)
	}
	r.Sim.SetPaper(false)
	if c := r.driver.Check(ctx, pos.CheckInternal); c.Code != printer.PaperOut {
		r.Errorf("internal without paper: %+v", c)
	}
}
