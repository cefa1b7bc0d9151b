package drivers

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/find"
	"tillkeeper/drivers/hotplug"
)

func well() pos.Condition { return pos.Condition{State: "ok"} }

// TestAStormOfEventsIsFewLooks: a hub that is plugged in says hundreds of things,
// and a loose plug never stops.
func TestAStormOfEventsIsFewLooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Set{slots: map[string]*slot{}, news: make(chan struct{}, 1)}
		var nudges atomic.Int32
		s.with(Scale, nil).unit = &unit{state: well, nudge: func() { nudges.Add(1) }}
		events := make(chan hotplug.Event)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.hear(t.Context(), events)
		}()
		plug := hotplug.Event{Action: hotplug.Add, Subsystem: "tty"}
		for range 1000 { // one second long
			events <- plug
			time.Sleep(time.Millisecond)
		}
		time.Sleep(10 * calm)
		if n := nudges.Load(); n < 2 || n > int32(time.Second/calm)+2 {
			t.Errorf("%d looks", n)
		}
		before := nudges.Load()
		events <- hotplug.Event{Action: hotplug.Add, Subsystem: "net"} // no device of a till
		synctest.Wait()
		if n := nudges.Load(); n != before {
			t.Error("a network card is looked at")
		}
		events <- hotplug.Event{Again: true} // some were lost
		synctest.Wait()
		if n := nudges.Load(); n != before+1 {
			t.Errorf("%d looks after the loss of events", n-before)
		}
		time.Sleep(10 * calm)
		if n := nudges.Load(); n != before+1 {
			t.Errorf("%d looks without an event", n-before)
		}
		close(events)
		<-ended
	})
}

// TestASaleAsksNoFilesOfItsDevices: each snapshot searched /sys for what the
// devices are called. What is known is kept until something is plugged in.
func TestASaleAsksNoFilesOfItsDevices(t *testing.T) {
	s := bare(t)
	for _, name := range order {
		if name != Drawer {
			s.with(name, nil)
		}
	}
	at, err := parse(Pole, "serial:/dev/ttyUSB71")
	if err != nil {
		t.Fatal(err)
	}
	at.way = s.trail(at)
	u := &unit{state: well, at: []address{at}}
	s.slots[Pole].url, s.slots[Pole].unit = "serial:/dev/ttyUSB71", u
	root := t.TempDir()
	adapter(t, root, "ttyUSB71", "1-1")
	s.machine = nil // would break down
	if n := len(s.Conditions()); n == 0 {
		t.Fatal("nothing is said")
	}
	s.machine = find.New(root)
	called := func() string {
		for _, d := range s.Devices() {
			if d.Name == Pole {
				return d.Identity
			}
		}
		return "none"
	}
	const name = "0403:6001 A50285BI"
	if got := called(); got != name {
		t.Fatalf("it is called %q", got)
	}
	if err := os.RemoveAll(filepath.Join(root, "sys")); err != nil {
		t.Fatal(err)
	}
	if got := called(); got != name {
		t.Errorf("asked again, it is called %q", got)
	}
	s.nudge()
	if got := called(); got != "" {
		t.Errorf("after a change of what is plugged in it is called %q", got)
	}
}
