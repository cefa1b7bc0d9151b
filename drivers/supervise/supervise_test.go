package supervise_test

import (
	"context"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/supervise"
)

// wire is where a device of these tests is plugged in.
type wire struct {
	mu      sync.Mutex
	opening error         // what an open comes to
	polling error         // what a look comes to
	opens   []time.Time   // when it was tried
	polls   []time.Time   //
	closed  int           // how often
	inUse   int           // opens, looks and uses at the moment
	most    int           // of inUse ever
	gone    chan struct{} // of the newest device
}

func (w *wire) set(opening, polling error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opening, w.polling = opening, polling
}

func (w *wire) enter() {
	w.inUse++
	w.most = max(w.most, w.inUse)
}

func (w *wire) open(context.Context) (*device, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opens = append(w.opens, time.Now())
	if w.opening != nil {
		return nil, w.opening
	}
	w.gone = make(chan struct{})
	return &device{wire: w, gone: w.gone}, nil
}

func (w *wire) counts() (opens, polls, closed int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.opens), len(w.polls), w.closed
}

type device struct {
	wire *wire
	gone chan struct{}
}

func (d *device) Poll(context.Context) error {
	d.wire.mu.Lock()
	defer d.wire.mu.Unlock()
	d.wire.polls = append(d.wire.polls, time.Now())
	return d.wire.polling
}

func (d *device) Close() error {
	d.wire.mu.Lock()
	defer d.wire.mu.Unlock()
	d.wire.closed++
	return nil
}

// waiting is a device that notices its end by itself.
type waiting struct{ *device }

func (d waiting) Gone() <-chan struct{} { return d.gone }
func (d waiting) Err() error            { return syscall.ENODEV }

type told struct {
	mu  sync.Mutex
	all []string
}

func (t *told) changed(c pos.Condition) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all = append(t.all, strings.TrimSuffix(c.State+" "+c.Code, " "))
}

func (t *told) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.all, ", ")
}

func start(t *testing.T, w *wire, o supervise.Options[*device]) (*supervise.Supervisor[*device], *told) {
	t.Helper()
	heard := &told{}
	o.Name, o.Open, o.Changed = "scale", w.open, heard.changed
	s := supervise.New(o)
	synctest.Wait()
	return s, heard
}

func end(t *testing.T, s interface{ Close() error }) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestMissingDeviceIsTriedWithLongerWaitsAndThenOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{opening: syscall.ENOENT}
		s, heard := start(t, w, supervise.Options[*device]{First: time.Second, Most: 8 * time.Second})
		defer end(t, s)
		begin := time.Now()
		time.Sleep(40 * time.Second)
		var at []string
		w.mu.Lock()
		for _, o := range w.opens {
			at = append(at, o.Sub(begin).String())
		}
		w.mu.Unlock()
		if got := strings.Join(at, " "); got != "0s 1s 3s 7s 15s 23s 31s 39s" {
			t.Fatalf("tried at %s", got)
		}
		w.set(nil, nil)
		time.Sleep(8 * time.Second)
		if got := heard.String(); got != "fault unplugged, ok" {
			t.Fatalf("told %q", got)
		}
	})
}

func TestFailedLookClosesAndReopens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s, heard := start(t, w, supervise.Options[*device]{Poll: 5 * time.Second})
		defer end(t, s)
		w.set(syscall.ENOENT, syscall.EIO)
		time.Sleep(6 * time.Second)
		if c := s.Condition(); c.State != "fault" || c.Code != port.Unplugged {
			t.Fatalf("got %+v", c)
		}
		w.set(nil, nil)
		time.Sleep(10 * time.Second)
		if opens, _, closed := w.counts(); closed != 1 || opens < 2 {
			t.Fatalf("opened %d times, closed %d times", opens, closed)
		}
		if got := heard.String(); got != "ok, fault unplugged, fault unplugged, ok" && got != "ok, fault unplugged, ok" {
			t.Fatalf("told %q", got)
		}
	})
}

func TestWhatTheDeviceSaysLeavesItOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{polling: pos.Errorf(port.PaperOut, "", "no paper")}
		s, heard := start(t, w, supervise.Options[*device]{Poll: 30 * time.Second})
		defer end(t, s)
		time.Sleep(31 * time.Second)
		w.set(nil, nil)
		time.Sleep(supervise.LeastPoll)
		if opens, _, closed := w.counts(); opens != 1 || closed != 0 {
			t.Fatalf("opened %d times, closed %d times", opens, closed)
		}
		if got := heard.String(); got != "ok, fault paper_out, ok" {
			t.Fatalf("told %q", got)
		}
	})
}

func TestNothingIsLookedAtMoreOftenThanEveryTwoSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s, _ := start(t, w, supervise.Options[*device]{Poll: time.Millisecond})
		defer end(t, s)
		time.Sleep(time.Minute)
		if _, polls, _ := w.counts(); polls > 30 {
			t.Fatalf("%d looks in a minute", polls)
		}
	})
}

func TestStormOfNudgesIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{opening: syscall.ENOENT}
		s, _ := start(t, w, supervise.Options[*device]{})
		defer end(t, s)
		for range 10_000 {
			s.Nudge()
			time.Sleep(time.Millisecond)
		}
		if opens, _, _ := w.counts(); opens > 120 {
			t.Fatalf("%d opens in 10 s", opens)
		}
	})
}

func TestNudgeOpensSoonAlthoughTheWaitWasLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{opening: syscall.ENOENT}
		s, _ := start(t, w, supervise.Options[*device]{Most: time.Hour})
		defer end(t, s)
		time.Sleep(2 * time.Hour)
		w.set(nil, nil)
		s.Nudge()
		time.Sleep(time.Second)
		if c := s.Condition(); c.State != "ok" {
			t.Fatalf("got %+v", c)
		}
	})
}

func TestPermissionsThatComeAMomentLaterAreNoFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{opening: syscall.ENOENT}
		s, heard := start(t, w, supervise.Options[*device]{})
		defer end(t, s)
		w.set(syscall.EACCES, nil)
		s.Nudge()
		time.Sleep(500 * time.Millisecond)
		w.set(nil, nil)
		time.Sleep(2 * time.Second)
		if got := heard.String(); got != "fault unplugged, ok" {
			t.Fatalf("told %q", got)
		}
	})
}

func TestPermissionsThatDoNotComeAreAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{opening: syscall.ENOENT}
		s, heard := start(t, w, supervise.Options[*device]{})
		defer end(t, s)
		w.set(syscall.EACCES, nil)
		s.Nudge()
		time.Sleep(time.Minute)
		if got := heard.String(); got != "fault unplugged, fault no_permission" {
			t.Fatalf("told %q", got)
		}
	})
}
