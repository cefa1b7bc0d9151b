package scanner_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/scanner"
	sim "tillkeeper/drivers/sim/scanner"
	"tillkeeper/drivers/supervise"
)

var _ pos.Scanner = (*scanner.Scanner)(nil)

const patience = time.Minute

// device is one simulated scanner.
type device interface {
	Plug() error
	Unplug() error
	Scan(code string) error
}

// bench sets a simulated scanner below the real driver and its supervisor.
func bench(t testing.TB, d device, o scanner.Options, open func(s *scanner.Scanner) func(context.Context) (*scanner.Reading, error)) drivertest.ScannerBench {
	t.Helper()
	states := make(chan string, 100)
	s := scanner.New(o)
	if err := d.Plug(); err != nil {
		t.Fatal(err)
	}
	sup := supervise.New(supervise.Options[*scanner.Reading]{
		Name: "scanner", Open: open(s), Poll: -1, Changed: func(c pos.Condition) { states <- c.State },
	})
	until := func(state string) error {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		for {
			select {
			case got := <-states:
				if got == state {
					return nil
				}
			case <-timer.C:
				return errors.New("the scanner never became " + state)
			}
		}
	}
	if err := until("ok"); err != nil {
		t.Fatal(err)
	}
	return drivertest.ScannerBench{
		Scanner: s, Scan: d.Scan,
		Unplug: func() error { return errors.Join(d.Unplug(), until("fault")) },
		Plug: func() error {
			err := d.Plug()
			sup.Nudge()
			return errors.Join(err, until("ok"))
		},
		Close: func() error { return errors.Join(sup.Close(), s.Close(), d.Unplug()) },
	}
}

func serialBench(t testing.TB, o scanner.Options) drivertest.ScannerBench {
	d := &sim.Serial{}
	b := bench(t, d, o, func(s *scanner.Scanner) func(context.Context) (*scanner.Reading, error) {
		return func(ctx context.Context) (*scanner.Reading, error) {
			path, err := d.Path()
			if err != nil {
				return nil, err
			}
			return s.Opener(scanner.Serial(path, 9600))(ctx)
		}
	})
	b.Half = func(part string) error { return d.Send([]byte(part)) }
	return b
}

func keyboardBench(t testing.TB, o scanner.Options) drivertest.ScannerBench {
	d := &sim.Keyboard{}
	b := bench(t, d, o, func(s *scanner.Scanner) func(context.Context) (*scanner.Reading, error) {
		return s.Opener(scanner.Keyboard(d.Open))
	})
	b.Half, b.Flood = half(d), 64<<10 // 9 MiB of events
	return b
}

func half(d interface{ Send(b []byte) error }) func(string) error {
	return func(part string) error {
		keys, err := sim.Keys(part)
		if err != nil {
			return err
		}
		return d.Send(keys)
	}
}

func TestSerialScannerKeepsToThePort(t *testing.T) {
	drivertest.Scanner(t, func(t testing.TB) drivertest.ScannerBench { return serialBench(t, scanner.Options{}) })
}

func TestKeyboardScannerKeepsToThePort(t *testing.T) {
	drivertest.Scanner(t, func(t testing.TB) drivertest.ScannerBench { return keyboardBench(t, scanner.Options{}) })
}

// faulty is a scanner with a planted fault between the driver and the suite.
type faulty struct {
	codes chan string
}

func (f *faulty) Codes() <-chan string { return f.codes }

// TestSuiteNoticesPlantedFaults puts faults behind the driver, one at a time.
func TestSuiteNoticesPlantedFaults(t *testing.T) {
	for name, plant := range map[string]func(code string) []string{
		"loses the first digit":    func(c string) []string { return []string{c[1:]} },
		"gives a code twice":       func(c string) []string { return []string{c, c} },
		"gives a code in parts":    func(c string) []string { return []string{c[:len(c)/2], c[len(c)/2:]} },
		"makes capitals small":     func(c string) []string { return []string{strings.ToLower(c)} },
		"suppresses the same code": suppressor(),
		"mixes two codes":          mixer(),
	} {
		err := drivertest.ScannerFault(t, func(t testing.TB) drivertest.ScannerBench {
			b := serialBench(t, scanner.Options{})
			b.Patience = 300 * time.Millisecond
			f, from := &faulty{make(chan string, 10_000)}, b.Scanner
			go func() {
				defer close(f.codes)
				for code := range from.Codes() {
					for _, c := range plant(code) {
						f.codes <- c
					}
				}
			}()
			b.Scanner = f
			return b
		})
		if err == nil {
			t.Errorf("a scanner that %s passes", name)
		}
	}
}

func suppressor() func(string) []string {
	last := ""
	return func(c string) []string {
		if c == last {
			return nil
		}
		last = c
		return []string{c}
	}
}

func mixer() func(string) []string {
	held := ""
	return func(c string) []string {
		if held == "" && c != "9780201379624" {
			held = c
			return nil
		}
		c, held = held+c, ""
		return []string{c}
	}
}

func take(t *testing.T, s *scanner.Scanner, n int) []string {
	t.Helper()
	var got []string
	end := time.After(patience)
	for range n {
		select {
		case c := <-s.Codes():
			got = append(got, c)
		case <-end:
			t.Fatalf("only %q", got)
		}
	}
	return got
}

// open opens a serial scanner without a supervisor.
func open(t *testing.T, o scanner.Options) (*scanner.Scanner, *sim.Serial) {
	t.Helper()
	d := &sim.Serial{}
	if err := d.Plug(); err != nil {
		t.Fatal(err)
	}
	path, err := d.Path()
	if err != nil {
		t.Fatal(err)
	}
	s := scanner.New(o)
	if _, err := s.Opener(scanner.Serial(path, 9600))(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = s.Close(), d.Unplug() })
	return s, d
}

func TestPrefixAndSuffixAreTakenOff(t *testing.T) {
	s, d := open(t, scanner.Options{Prefix: "]E0", Suffix: "~"})
	for _, code := range []string{"]E06901028075831~", "6901028075831", "]E0~"} {
		if err := d.Scan(code); err != nil {
			t.Fatal(err)
		}
	}
	_ = d.Scan("end")
	if got := take(t, s, 3); !slices.Equal(got, []string{"6901028075831", "6901028075831", "end"}) {
		t.Fatalf("got %q", got)
	}
}

func TestTextInChineseIsRead(t *testing.T) {
	s, d := open(t, scanner.Options{})
	for _, b := range []string{"矿泉水\r", "\xbf\xf3\xc8\xaa\xcb\xae\r\n", "\x02110\x03", "01069\x1d10AB\r"} {
		if err := d.Send([]byte(b)); err != nil {
			t.Fatal(err)
		}
	}
	if got := take(t, s, 4); !slices.Equal(got, []string{"矿泉水", "矿泉水", "110", "01069\x1d10AB"}) {
		t.Fatalf("got %q", got)
	}
}

func TestSilenceEndsACodeWhereItIsToldTo(t *testing.T) {
	s, d := open(t, scanner.Options{Idle: 20 * time.Millisecond})
	for _, code := range []string{"111", "222"} {
		if err := d.Send([]byte(code)); err != nil {
			t.Fatal(err)
		}
		if got := take(t, s, 1); got[0] != code {
			t.Fatalf("got %q", got)
		}
	}
}

func TestCodesThatNobodyTakesAreDroppedWholeAndCounted(t *testing.T) {
	s, d := open(t, scanner.Options{})
	const over = 10
	for range scanner.MostWaiting + over {
		if err := d.Scan("6901028075831"); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(patience); s.Lost() < over; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d lost", s.Lost())
		}
	}
	for _, c := range take(t, s, scanner.MostWaiting) {
		if c != "6901028075831" {
			t.Fatalf("got %q", c)
		}
	}
}

func TestSecondProgramCannotHaveTheKeys(t *testing.T) {
	d := &sim.Keyboard{}
	s := scanner.New(scanner.Options{})
	defer s.Close()
	if _, err := s.Opener(scanner.Keyboard(d.Open))(t.Context()); port.Reason(err) != port.Unplugged {
		t.Fatalf("got %v", err)
	}
	_ = d.Plug()
	if _, err := s.Opener(scanner.Keyboard(d.Open))(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Opener(scanner.Keyboard(d.Open))(t.Context()); !errors.Is(err, syscall.EBUSY) || port.Reason(err) != port.BusyElsewhere {
		t.Fatalf("got %v", err)
	}
}

// midway is a keyboard that is opened while it types a code.
type midway struct{ scanner.KeyWire }

func (midway) Midway() bool { return true }

// TestTheTailOfACodeIsNone: a scanner that was opened while it typed gave the rest of the code as a whole one.
func TestTheTailOfACodeIsNone(t *testing.T) {
	d := &sim.Keyboard{}
	_ = d.Plug()
	s := scanner.New(scanner.Options{})
	defer s.Close()
	if _, err := s.Opener(scanner.Keyboard(func() (scanner.KeyWire, error) {
		w, err := d.Open()
		return midway{w}, err
	}))(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"780201379624", "9780201379624"} {
		if err := d.Scan(code); err != nil {
			t.Fatal(err)
		}
	}
	if got := take(t, s, 1); got[0] != "9780201379624" || s.Lost() != 1 {
		t.Errorf("got %q, %d lost", got, s.Lost())
	}
}

// TestOnlyAnInputDeviceIsOpenedAsOne asks the kernel of this machine.
func TestOnlyAnInputDeviceIsOpenedAsOne(t *testing.T) {
	far, pty, err := port.Pty()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	s := scanner.New(scanner.Options{})
	defer s.Close()
	for path, want := range map[string]string{
		pty: port.DeviceFault, "/dev/null": port.DeviceFault, "/dev/input/event999": port.Unplugged, t.TempDir(): port.DeviceFault,
	} {
		if _, err := s.Opener(scanner.Evdev(path))(t.Context()); port.Reason(err) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestClosedStreamOpensNothing(t *testing.T) {
	s, d := open(t, scanner.Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path, _ := d.Path()
	if _, err := s.Opener(scanner.Serial(path, 9600))(t.Context()); err == nil {
		t.Fatal("opened")
	}
	if _, ok := <-s.Codes(); ok {
		t.Fatal("a code")
	}
}

// TestReadingThatIsOverSaysWhy pulls the plug of a reading without a supervisor.
func TestReadingThatIsOverSaysWhy(t *testing.T) {
	d := &sim.Keyboard{}
	_ = d.Plug()
	s := scanner.New(scanner.Options{})
	defer s.Close()
	r, err := s.Opener(scanner.Keyboard(d.Open))(t.Context())
	if err != nil || r.Poll(t.Context()) != nil {
		t.Fatal(err, r.Poll(t.Context()))
	}
	_ = d.Unplug()
	<-r.Gone()
	if !errors.Is(r.Err(), syscall.ENODEV) || !errors.Is(r.Poll(t.Context()), syscall.ENODEV) {
		t.Fatalf("got %v", r.Err())
	}
	if err := r.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		t.Fatal(err)
	}
}
