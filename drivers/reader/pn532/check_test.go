package pn532_test

import (
	"context"
	"os"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/reader/pn532"
	sim "tillkeeper/drivers/sim/pn532"
)

func TestCheckLooksAsDeepAsItIsTold(t *testing.T) {
	onEvery(t, func(t *testing.T, c *sim.Chip, r *pn532.Reader) {
		ctx := context.Background()
		for _, level := range []pos.Level{pos.CheckInternal, pos.CheckExternal} {
			if got := r.Check(ctx, level); got.State != "ok" || got.Detail != "PN532 firmware 1.6" || c.Field() {
				t.Errorf("%s: %+v", level, got)
			}
		}
		if c.Counts().Extended == 0 {
			t.Error("the line test was short")
		}
		c.Put(payment())
		if got := r.Check(ctx, pos.CheckInteractive); got.State != "ok" || len(got.Found) == 0 || c.Field() {
			t.Errorf("interactive: %+v", got)
		}
		c.Faulty(func(f *sim.Faults) { f.Damage = 1000 })
		if got := r.Check(ctx, pos.CheckExternal); got.State != "fault" || got.Code != "offline" || got.Remedy == "" {
			t.Errorf("damaged: %+v", got)
		}
		c.Faulty(func(f *sim.Faults) { f.Damage = 0 })
		until(t, "well again", func() bool { return r.State() == "" })
		s, err := r.Connect(ctx, drivertest.ReaderPurchase())
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Check(ctx, pos.CheckExternal); got.State != "ok" || !c.Field() {
			t.Errorf("in a session: %+v", got)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// open counts the descriptors of this process.
func open(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestFailedOpeningsLeaveNothingOpen(t *testing.T) {
	c := sim.New()
	c.Firmware(0x33)
	h, err := c.Serve()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	r := pn532.New(pn532.SerialPort(h.Path(), pn532.DefaultBaud), quick)
	before := open(t)
	for range 30 {
		if _, err := r.Connect(context.Background(), drivertest.ReaderPurchase()); err == nil {
			t.Fatal("a session with another chip")
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if after := open(t); after > before+3 { // others of the process may have some
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}
