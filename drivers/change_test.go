package drivers

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/app/receipt"
	"tillkeeper/drivers/find"
	"tillkeeper/drivers/keys"
	"tillkeeper/drivers/pinpad"
	simpad "tillkeeper/drivers/sim/pinpad"
	simprinter "tillkeeper/drivers/sim/printer"
)

// bare is a set without devices, to try one opener.
func bare(t *testing.T) *Set {
	t.Helper()
	return &Set{
		Bench: &Bench{}, machine: find.New("/"), slots: map[string]*slot{},
		c: Config{Dir: t.TempDir(), English: true, Log: slog.New(slog.DiscardHandler)},
	}
}

func (s *Set) with(name string, open func(context.Context, string) (*unit, error)) *slot {
	s.slots[name] = &slot{name: name, open: open}
	return s.slots[name]
}

func slip(number string) pos.PrintJob {
	return pos.PrintJob{Number: number, Slip: receipt.Document{Number: number, Lines: []receipt.Line{
		{Kind: "text", Left: number}, {Kind: "qr", Left: number}, {Kind: "cut"},
	}}}
}

// plugged is a simulated printer on a serial line.
func plugged(t *testing.T, o simprinter.Opts) (p *simprinter.Printer, url string) {
	t.Helper()
	o.Dir = t.TempDir()
	p, err := simprinter.New(o)
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(o.Dir, "line")
	if err := p.Pty(link); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, "serial:" + link + "?baud=9600"
}

// TestNoSlipIsLostWhileThePrinterIsChanged: between the old printer and the new
// one there is none, and a slip that came then was taken for one of a till
// without a printer.
func TestNoSlipIsLostWhileThePrinterIsChanged(t *testing.T) {
	s := bare(t)
	sl := s.with(Printer, s.openPrinter)
	port := newPrinterSlot(sl)
	s.Printer = port
	a, urlA := plugged(t, simprinter.Opts{})
	b, urlB := plugged(t, simprinter.Opts{})
	if err := sl.put(t.Context(), urlA); err != nil {
		t.Fatal(err)
	}
	const slips = 60
	var want []string
	changed := make(chan error, 1)
	go func() {
		var errs []error
		for i := range 5 {
			errs = append(errs, sl.put(t.Context(), []string{urlB, urlA}[i%2]))
		}
		changed <- errors.Join(errs...)
	}()
	for i := range slips {
		number := "R" + strconv.Itoa(100+i)
		want = append(want, number)
		if err := port.Print(slip(number)); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-changed; err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Drain(ctx); err != nil {
		t.Fatal(err)
	}
	// What a change cut short may or may not be on paper, and is said to be so.
	got := slices.DeleteFunc(append(a.Slips(), b.Slips()...), func(n string) bool { return strings.HasPrefix(n, "slip-") }) // the torn end of one
	for _, j := range s.PrintJobs() {
		if j.State == "unknown" && !slices.Contains(got, j.Number) {
			got = append(got, j.Number)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("printed or said to be unknown: %v, not %v", got, want)
	}
	if err := sl.shut(); err != nil {
		t.Fatal(err)
	}
	if err := sl.put(t.Context(), urlA); !errors.Is(err, errEnded) {
		t.Errorf("a closed slot was filled: %v", err)
	}
}

// TestADeviceThatClosesBadlyIsReplaced: a pole whose cable is out cannot be
// cleared, and its slot stayed empty when another one was chosen.
func TestADeviceThatClosesBadlyIsReplaced(t *testing.T) {
	sl := &slot{name: Scale, open: func(_ context.Context, url string) (*unit, error) {
		return &unit{
			port: pos.Scale(weight(len(url))), state: func() pos.Condition { return pos.Condition{State: "ok"} },
			close: func() error { return errors.New("the line is gone") },
		}, nil
	}}
	for _, url := range []string{"cas:/1", "cas:/22"} {
		if err := sl.put(t.Context(), url); err != nil {
			t.Fatal(err)
		}
	}
	if g, err := (scaleSlot{sl}).Weigh(t.Context()); g != int64(len("cas:/22")) || err != nil {
		t.Errorf("weighs %d, %v", g, err)
	}
}

// late shows after it is let go.
type late struct {
	mu   sync.Mutex
	last pos.View
	hold chan struct{} // nil: at once
	at   chan struct{} // told when a view waits
}

func (l *late) Show(v pos.View) error {
	if l.hold != nil {
		select {
		case l.at <- struct{}{}:
		default:
		}
		<-l.hold
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = v
	return nil
}

// TestANewDisplayNeverKeepsAnOlderView: a display that was put in while a view
// came could end up with the one before it, a sum or a code that is not due.
func TestANewDisplayNeverKeepsAnOlderView(t *testing.T) {
	for round := range 300 {
		panel := &late{hold: make(chan struct{}), at: make(chan struct{}, 1)}
		sl := &slot{name: QR, open: func(context.Context, string) (*unit, error) {
			return &unit{port: pos.Display(panel), state: func() pos.Condition { return pos.Condition{State: "ok"} }}, nil
		}}
		d := newDisplaySlot(sl)
		if err := d.Show(pos.View{State: pos.ViewQR, QR: "old"}); err != nil {
			t.Fatal(err)
		}
		var both sync.WaitGroup
		both.Go(func() { _ = sl.put(t.Context(), "sim:") })
		if round%2 == 0 {
			<-panel.at // the old view is on its way to the new display
		}
		both.Go(func() { _ = d.Show(pos.View{State: pos.ViewSale, Total: 1}) })
		close(panel.hold)
		both.Wait()
		if panel.last.State != pos.ViewSale {
			t.Fatalf("round %d: shows %+v", round, panel.last)
		}
	}
}

// drawing is a panel in the middle of a refresh: it answers nothing until it is
// done.
type drawing struct{ done chan struct{} }

func (d drawing) Show(pos.View) error { <-d.done; return nil }
func (d drawing) Poll(context.Context) error {
	<-d.done
	return nil
}

func (d drawing) Condition() pos.Condition {
	<-d.done
	return pos.Condition{Name: "display", State: "ok"}
}
func (d drawing) Close() error { return nil }

// TestADisplayThatDrawsDoesNotHoldUpTheSale: the condition of a display waited
// for its refresh, two seconds on e-paper, and the sale asks for it at each step.
func TestADisplayThatDrawsDoesNotHoldUpTheSale(t *testing.T) {
	s := bare(t)
	d := drawing{done: make(chan struct{})}
	u := s.displayUnit(address{device: QR, scheme: "sim"}, d, d.Show, nil, nil)
	go func() { _ = u.port.(pos.Display).Show(pos.View{State: pos.ViewSale}) }()
	if c := u.state(); c.State == "fault" { // it would hang here
		t.Errorf("%+v", c)
	}
	close(d.done)
	if err := u.close(); err != nil {
		t.Error(err)
	}
}

// TestSilentDevicesAreLookedAtTogether: three devices whose looks end only when
// all three have begun.
func TestSilentDevicesAreLookedAtTogether(t *testing.T) {
	s := bare(t)
	for _, name := range order {
		if name != Drawer {
			s.slots[name] = &slot{name: name}
		}
	}
	var begun sync.WaitGroup
	silent := []string{PINPad, Pole, Scale}
	begun.Add(len(silent))
	for _, name := range silent {
		s.slots[name].url = "serial:/nowhere"
		s.slots[name].unit = &unit{
			state: func() pos.Condition { return pos.Condition{State: "ok"} },
			check: func(context.Context, pos.Level) pos.Condition {
				begun.Done()
				begun.Wait()
				return pos.Condition{State: "fault", Code: "no_tmk"}
			},
		}
	}
	for _, c := range s.Self(t.Context()) {
		if slices.Contains(silent, c.Name) && c.Code != "no_tmk" {
			t.Errorf("%+v", c)
		}
	}
}

// serialPad is a real pad's protocol on a pseudo terminal.
func serialPad(t *testing.T, tmk string) (sim *simpad.Sim, url string) {
	t.Helper()
	dir := t.TempDir()
	store, err := keys.OpenPad(filepath.Join(dir, "pad.key"), tmk)
	if err != nil {
		t.Fatal(err)
	}
	sim = simpad.New(store)
	cable := sim.SerialCable(filepath.Join(dir, "pad"), padBaud)
	path, err := cable.Plug(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cable.Pull)
	return sim, "serial:" + path
}

const testTMK = "0123456789ABCDEFFEDCBA9876543210"

// TestALateCommandDoesNotTakeTheLineFromTheNewPad: a pad's driver opens its line
// again for each command, and one that came late took the line from the driver
// that had been put in its place.
func TestALateCommandDoesNotTakeTheLineFromTheNewPad(t *testing.T) {
	s := bare(t)
	sl := s.with(PINPad, s.openPad)
	_, url := serialPad(t, testTMK)
	if err := sl.put(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	old := sl.now().port.(interface {
		HasKeys(ctx context.Context) (bool, error)
	})
	if _, err := old.HasKeys(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := sl.put(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := old.HasKeys(t.Context()); err == nil {
		t.Error("a pad that was taken out answers")
	}
	if err := sl.put(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if _, err := (padSlot{sl}).HasKeys(t.Context()); err != nil {
		t.Errorf("the new one: %v", err)
	}
	if err := sl.shut(); err != nil {
		t.Fatal(err)
	}
}

// TestAChangeOfThePadEndsItsEntry: nobody keys anything in, and the change of the
// pad does not wait for it.
func TestAChangeOfThePadEndsItsEntry(t *testing.T) {
	s := bare(t)
	sl := s.with(PINPad, s.openPad)
	sim, url := serialPad(t, testTMK)
	if err := sl.put(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	pad, err := in[*pinpad.Pad](sl)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		_, _, err := pad.Component(t.Context(), 1, "9001")
		ended <- err
	}()
	for !sim.WaitingComponent() {
		select {
		case err := <-ended:
			t.Fatalf("the entry ended by itself: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	if err := sl.put(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("a component was entered by nobody")
	}
	if err := sl.shut(); err != nil {
		t.Fatal(err)
	}
}
