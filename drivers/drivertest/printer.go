package drivertest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/printer"
	simprinter "tillkeeper/drivers/sim/printer"
)

// PrinterBench is a printer under test and the hand at it.
type PrinterBench struct {
	Open printer.Opener
	Sim  *simprinter.Printer
	Opts printer.Opts // Dir is set by the suite; Poll has to be short

	// Imitates says that the printer calls itself by the name of one that can more:
	// the driver may ask it once for a process id.
	Imitates bool
	Wait     time.Duration // for anything: a minute
	Gone     []string      // what a pulled cable is called on this wire
}

// printerWait bounds a wait of the suite where the bench says nothing.
const printerWait = time.Minute

// bench is one run of one rule.
type printerRun struct {
	*testing.T
	PrinterBench
	mu     sync.Mutex
	events []printer.DrawerEvent
	driver *printer.Printer
}

// Printer runs every rule of a printer on a fresh bench: what is printed, once
// and in order; each fault with its reason, before a job and within one; the
// cable; the drawer; the queue on disk; the test page. A printer that is sent a
// command that it does not know fails.
func Printer(t *testing.T, bench func(t *testing.T) PrinterBench) {
	for name, rule := range map[string]func(*printerRun){
		"jobs in order, once each":      inOrder,
		"a fault before a job":          faultBefore,
		"paper ends within a job":       paperWithin,
		"little paper":                  littlePaper,
		"cable pulled between jobs":     pulledBetween,
		"cable pulled within a job":     pulledWithin,
		"no answer":                     noAnswer,
		"drawer":                        drawerRule,
		"queue outlives the driver":     outlives,
		"sent and not known, then COPY": interrupted,
		"cleared while held":            clearedWhileHeld,
		"test page":                     testPage,
	} {
		t.Run(name, func(t *testing.T) {
			r := &printerRun{T: t, PrinterBench: bench(t)}
			if r.Wait == 0 {
				r.Wait = printerWait
			}
			r.Opts.Dir = t.TempDir()
			r.Opts.DrawerWait = 30 * time.Millisecond
			r.Opts.OnDrawer = func(e printer.DrawerEvent) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.events = append(r.events, e)
			}
			r.start()
			rule(r)
			r.end()
			for _, m := range r.Sim.Misuse() {
				if r.Imitates && strings.HasPrefix(m, "\x1d(H") {
					continue
				}
				t.Errorf("the printer does not know % x", m)
			}
		})
	}
}

func (r *printerRun) start() { r.driver = printer.New(r.Open, r.Opts) }

func (r *printerRun) end() {
	r.Helper()
	if err := r.driver.Close(); err != nil {
		r.Fatal(err)
	}
}

func (r *printerRun) until(what string, ok func() bool) {
	r.Helper()
	end := time.Now().Add(r.Wait)
	for !ok() {
		if time.Now().After(end) {
			r.Fatalf("never: %s; %+v, jobs %+v, slips %q; %s", what, r.driver.State(), r.driver.Jobs(), r.Sim.Slips(), r.Sim)
		}
		time.Sleep(time.Millisecond)
	}
}

func (r *printerRun) reason(reasons ...string) {
	r.Helper()
	r.until(reasons[0], func() bool { return slices.Contains(reasons, r.driver.State().Code) })
}

func (r *printerRun) fine() {
	r.Helper()
	r.until("ok", func() bool { return r.driver.State().State == "ok" })
}

func (r *printerRun) print(numbers ...int) {
	r.Helper()
	for _, n := range numbers {
		if err := r.driver.Print(pos.PrintJob{Number: number(n), Slip: PrinterSlip(n)}); err != nil {
			r.Fatal(err)
		}
	}
}

func (r *printerRun) drain() {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), r.Wait)
	defer cancel()
	if err := r.driver.Drain(ctx); err != nil {
		r.Fatalf("%v; %+v, jobs %+v", err, r.driver.State(), r.driver.Jobs())
	}
}

// paper fails unless exactly these slips were printed.
func (r *printerRun) paper(want ...string) {
	r.Helper()
	if got := r.Sim.Slips(); !slices.Equal(got, want) {
		r.Fatalf("on paper %q, want %q; jobs %+v", got, want, r.driver.Jobs())
	}
}

// last is the slip that was printed last, "" for none.
func (r *printerRun) last() string {
	if got := r.Sim.Slips(); len(got) > 0 {
		return got[len(got)-1]
	}
	return ""
}

func (r *printerRun) states(want ...printer.JobState) {
	r.Helper()
	var got []printer.JobState
	for _, j := range r.driver.Jobs() {
		got = append(got, j.State)
	}
	if !slices.Equal(got, want) {
		r.Fatalf("jobs %+v, want %q", r.driver.Jobs(), want)
	}
}

func number(n int) string { return strconv.Itoa(100000 + n) }

// printerSlip is a slip as the till prints it.
type printerSlip int

// PrinterSlip is a slip with text, sizes, a code and its number, for tests.
func PrinterSlip(n int) printer.Slip { return printerSlip(n) }

// Each hands its lines out.
func (s printerSlip) Each(line func(kind, left, right string, bold, big bool)) {
	line("centre", "惠民便利店", "", true, true)
	line("rule", "", "", false, false)
	for range 4 {
		line("text", "农夫山泉 550ml", "2.00", false, false)
	}
	line("text", "合计", "￥8.00", true, true)
	line("text", "ñ 한", "", false, false)
	line("barcode", number(int(s)), "", false, false)
	line("qr", number(int(s)), "", false, false)
	line("centre", number(int(s)), "", false, false)
	line("cut", "", "", false, false)
}
