package drivers

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/keys"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/scanner"
	simpad "tillkeeper/drivers/sim/pinpad"
	simpole "tillkeeper/drivers/sim/pole"
	simprinter "tillkeeper/drivers/sim/printer"
	simscale "tillkeeper/drivers/sim/scale"
	simscanner "tillkeeper/drivers/sim/scanner"
)

// plugs is how often each cable is pulled and put back; TILLKEEPER_ROUNDS sets more.
const plugs = 8

// cable is a device at the end of a serial line, at the same path each time.
type cable struct {
	name     string
	open     func(s *Set) func(context.Context, string) (*unit, error)
	url      string
	in, out  func() error
	inMidUse func(s *Set) error // something that is under way when the cable is pulled; it has to end by itself
	used     func(s *Set) error // something that the device does when it is back
}

// linked gives a device without a lasting path one.
func linked(t *testing.T, plug, unplug func() error, path func() (string, error)) (link string, in, out func() error) {
	t.Helper()
	link = filepath.Join(t.TempDir(), "line")
	in = func() error {
		if err := plug(); err != nil {
			return err
		}
		to, err := path()
		if err != nil {
			return err
		}
		return os.Symlink(to, link)
	}
	out = func() error {
		if err := os.Remove(link); err != nil {
			return err
		}
		return unplug()
	}
	return link, in, out
}

func cables(t *testing.T) []cable {
	t.Helper()
	paper, urlPaper := plugged(t, simprinter.Opts{})
	weights, err := simscale.New()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := simpole.New(simpole.Opts{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = weights.Close(), rows.Close() })
	for _, err := range []error{weights.Unplug(), rows.Unplug()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	said := func(path func() string) func() (string, error) { return func() (string, error) { return path(), nil } }
	codes := &simscanner.Serial{}
	atScale, scaleIn, scaleOut := linked(t, weights.Plug, weights.Unplug, said(weights.Path))
	atPole, poleIn, poleOut := linked(t, rows.Plug, rows.Unplug, said(rows.Path))
	atScanner, scannerIn, scannerOut := linked(t, codes.Plug, codes.Unplug, codes.Path)
	nothing := func(*Set) error { return nil }
	return []cable{
		{
			name: Printer, url: urlPaper, open: func(s *Set) func(context.Context, string) (*unit, error) { return s.openPrinter },
			in: func() error { paper.SetPlugged(true); return nil }, out: func() error { paper.SetPlugged(false); return nil },
			inMidUse: nothing, used: nothing,
		},
		{
			name: Scale, url: "cas:" + atScale, open: func(s *Set) func(context.Context, string) (*unit, error) { return s.openScale },
			in: scaleIn, out: scaleOut, used: nothing,
			inMidUse: func(s *Set) error { // nothing lies on it: the weighing waits
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				if _, err := (scaleSlot{s.slots[Scale]}).Weigh(ctx); err == nil || ctx.Err() != nil {
					return fmt.Errorf("the weighing that was under way: %w", err)
				}
				return nil
			},
		},
		{
			name: Pole, url: "serial:" + atPole, open: func(s *Set) func(context.Context, string) (*unit, error) { return s.openPole },
			in: poleIn, out: poleOut, inMidUse: nothing,
			used: func(s *Set) error {
				return newDisplaySlot(s.slots[Pole]).Show(pos.View{State: pos.ViewIdle, Title: "x"})
			},
		},
		{
			name: Scanner, url: "serial:" + atScanner, open: func(s *Set) func(context.Context, string) (*unit, error) { return s.openScanner },
			in: scannerIn, out: scannerOut, inMidUse: nothing,
			used: func(s *Set) error {
				if err := codes.Scan("6901234567892"); err != nil {
					return err
				}
				select {
				case <-s.scans.Codes():
					return nil
				case <-time.After(time.Minute):
					return fmt.Errorf("the code does not come")
				}
			},
		},
	}
}

// padCable is the line of a PIN pad.
func padCable(t *testing.T) cable {
	t.Helper()
	dir := t.TempDir()
	store, err := keys.OpenPad(filepath.Join(dir, "pad.key"), testTMK)
	if err != nil {
		t.Fatal(err)
	}
	line := simpad.New(store).SerialCable(filepath.Join(dir, "pad"), padBaud)
	t.Cleanup(line.Pull)
	return cable{
		name: PINPad, url: "serial:" + filepath.Join(dir, "pad"), open: func(s *Set) func(context.Context, string) (*unit, error) { return s.openPad },
		in:  func() error { _, err := line.Plug(context.Background()); return err },
		out: func() error { line.Pull(); return nil }, used: func(*Set) error { return nil },
		inMidUse: func(s *Set) error { // nobody presses a key: the entry waits
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if _, err := (padSlot{s.slots[PINPad]}).PINBlock(ctx, pos.PINRequest{PAN: padTest}); err == nil || ctx.Err() != nil {
				return fmt.Errorf("the entry that was under way: %w", err)
			}
			return nil
		},
	}
}

// held counts what a process may leak: files and goroutines.
func held(t *testing.T) (files, goroutines int) {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all), runtime.NumGoroutine()
}

// becomesState waits until a slot's device is so, and has it looked at now and then as an event of the kernel would.
func becomesState(t *testing.T, sl *slot, state string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); sl.condition().State != state; time.Sleep(time.Millisecond) {
		sl.now().nudge()
		if time.Now().After(end) {
			t.Fatalf("%s: %+v, want %s", sl.name, sl.condition(), state)
		}
	}
}

// round pulls a device's cable while it is used, and puts it back.
func (c cable) round(t *testing.T, s *Set, sl *slot) {
	t.Helper()
	under := make(chan error, 1)
	go func() { under <- c.inMidUse(s) }()
	if err := c.out(); err != nil {
		t.Fatal(err)
	}
	becomesState(t, sl, "fault")
	if err := <-under; err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	if err := c.in(); err != nil {
		t.Fatal(err)
	}
	becomesState(t, sl, "ok")
	if err := c.used(s); err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
}

// TestCablesPulledAndPutBackLeaveNothingBehind: no file stays open, no goroutine waits for a line that is gone, and whatever
// was under way ends.
func TestCablesPulledAndPutBackLeaveNothingBehind(t *testing.T) {
	rounds := plugs
	if text := os.Getenv("TILLKEEPER_ROUNDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			t.Fatalf("TILLKEEPER_ROUNDS=%q is no number of rounds", text)
		}
		rounds = n
	}
	for _, c := range append(cables(t), padCable(t)) {
		s := bare(t)
		s.scans = scanner.New(scanner.Options{})
		t.Cleanup(func() { _ = s.scans.Close() })
		if c.name != Printer { // that one is in
			if err := c.in(); err != nil {
				t.Fatal(err)
			}
		}
		sl := s.with(c.name, c.open(s))
		if err := sl.put(t.Context(), c.url); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = sl.shut() })
		becomesState(t, sl, "ok")
		for range 3 { // what is made once is made now
			c.round(t, s, sl)
		}
		files, goroutines := held(t)
		for range rounds {
			c.round(t, s, sl)
		}
		if f, g := rest(t, files, goroutines, time.Minute); f > 0 || g > 0 {
			buf := make([]byte, 1<<20)
			t.Fatalf("%s: %d files and %d goroutines more after %d rounds\n%s", c.name, f, g, rounds, buf[:runtime.Stack(buf, true)])
		}
	}
}

// rest is what is held more than before, when nothing more of it goes: a line that was closed may be on its way out.
func rest(t *testing.T, files, goroutines int, patience time.Duration) (int, int) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		f, g := held(t)
		if f, g = max(f-files, 0), max(g-goroutines, 0); f+g == 0 || time.Now().After(end) {
			return f, g
		}
	}
}

// leaks are planted at once: more than what other tests leave that is on its way out and ends meanwhile.
const leaks = 64

// TestALeakIsNoticed is the planted bug: lines that are not closed, and somebody who waits for each for ever.
func TestALeakIsNoticed(t *testing.T) {
	files, goroutines := held(t)
	var open []io.Closer
	var waiting sync.WaitGroup
	for range leaks {
		far, path, err := port.Pty()
		if err != nil {
			t.Fatal(err)
		}
		line, err := port.OpenLine(path, 9600)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, far, line)
		waiting.Go(func() { _, _ = line.Read(make([]byte, 1)) })
	}
	if f, g := rest(t, files, goroutines, time.Millisecond); f == 0 || g == 0 {
		t.Errorf("%d files and %d goroutines are noticed", f, g)
	}
	for _, c := range open {
		_ = c.Close()
	}
	waiting.Wait()
	if f, g := rest(t, files, goroutines, time.Minute); f > 0 || g > 0 {
		t.Errorf("%d files and %d goroutines stay", f, g)
	}
}
