package drivers

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/find"
)

// TestTheDevicesPageNamesTheCause: it showed what the driver said, in English, and what was found by a check nowhere.
func TestTheDevicesPageNamesTheCause(t *testing.T) {
	s := bare(t)
	s.machine = find.New("/")
	missing := filepath.Join(t.TempDir(), "ttyUSB7")
	for _, name := range order {
		if name != Drawer {
			s.with(name, nil)
		}
	}
	all := map[string]*slot{Pole: s.with(Pole, s.openPole), Reader: s.with(Reader, s.openReaders)}
	for name, url := range map[string]string{Pole: "serial:" + missing, Reader: "pcsc:?socket=" + missing + ", pn532+serial:" + missing} {
		if err := all[name].put(t.Context(), url); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		for _, sl := range all {
			if err := sl.shut(); err != nil {
				t.Error(err)
			}
		}
	}()
	is := func(name string, whole func(c pos.Condition) bool) {
		t.Helper()
		var c pos.Condition
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
			for _, d := range s.Devices() {
				if d.Name == name {
					c = d.Condition
				}
			}
			if c.State == "fault" && whole(c) {
				return
			}
		}
		t.Errorf("the page has %+v", c)
	}
	is(Pole, func(c pos.Condition) bool {
		return c.Code == "unplugged" && c.Detail == "" && len(c.Found) == 1 && c.Found[0].Args[0] == missing
	})
	is(Reader, func(c pos.Condition) bool {
		return len(c.Found) == 2 && c.Found[0].At == "pcsc:" && len(c.Mend) > 0
	})
}

// TestACauseIsNotSearchedForAllTheTime: the page asks every second, and the search reads what every program has open.
func TestACauseIsNotSearchedForAllTheTime(t *testing.T) {
	s := bare(t)
	searched := 0
	u := &unit{}
	u.behind = func(context.Context) pos.Condition {
		searched++
		return pos.Condition{State: "fault", Code: "unplugged"}
	}
	fault := pos.Condition{Name: Pole, State: "fault", Code: "unplugged"}
	for range 100 {
		if c := s.behind(t.Context(), u, fault); c.Name != Pole {
			t.Fatalf("%+v", c)
		}
	}
	s.plugs.Add(1)
	s.behind(t.Context(), u, fault)
	fault.Code = "busy_elsewhere"
	s.behind(t.Context(), u, fault)
	s.behind(t.Context(), u, pos.Condition{Name: Pole, State: "ok"})
	if searched != 3 {
		t.Errorf("searched %d times for three causes", searched)
	}
}
