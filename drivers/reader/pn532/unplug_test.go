package pn532_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/pn532"
	sim "tillkeeper/drivers/sim/pn532"
)

// link is a stable name of a terminal that changes, as under /dev/serial/by-id.
func link(t *testing.T, name, path string) {
	t.Helper()
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.Symlink(path, name); err != nil {
		t.Fatal(err)
	}
}

func TestUnpluggedReaderIsToldAndTakenAgain(t *testing.T) {
	c := sim.New()
	name := filepath.Join(t.TempDir(), "usb-1a86_USB_Serial-if00-port0")
	r := pn532.New(pn532.SerialPort(name, pn532.DefaultBaud), quick)
	if r.State() != "unplugged" {
		t.Errorf("before it was there: %q", r.State())
	}
	for range 3 {
		h, err := c.Serve()
		if err != nil {
			t.Fatal(err)
		}
		link(t, name, h.Path())
		r.Nudge()
		until(t, "found", func() bool { return r.State() == "" })
		c.Put(payment())
		if err := pay(r, good().PAN); err != nil {
			t.Fatal(err)
		}
		c.Remove()
		waiting := connect(r)
		searches := c.Counts().Searches
		until(t, "a search", func() bool { return c.Counts().Searches > searches })
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-waiting; port.Reason(err) != "unplugged" {
			t.Errorf("the wait: %v", err)
		}
		if r.State() != "unplugged" {
			t.Errorf("state %q", r.State())
		}
		c.Reset()
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestUnpluggedInASessionEndsIt(t *testing.T) {
	c := sim.New()
	h, err := c.Serve()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "usb-1a86_USB_Serial-if00-port0")
	link(t, name, h.Path())
	r := pn532.New(pn532.SerialPort(name, pn532.DefaultBaud), quick)
	c.Put(payment())
	s, err := r.Connect(context.Background(), drivertest.ReaderPurchase())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(name), h.Close()); err != nil { // the next pty of this machine may be called as this one was
		t.Fatal(err)
	}
	if _, err := s.Read(context.Background(), drivertest.ReaderPurchase()); !errors.Is(err, reader.ErrCardRemoved) || r.State() != "unplugged" {
		t.Errorf("state %q, %v", r.State(), err)
	}
	if err := errors.Join(s.Close(), r.Close()); err != nil {
		t.Error(err)
	}
}

func TestUnpluggedBusIsToldAndTakenAgain(t *testing.T) {
	c := sim.New()
	i, s := c.I2C(), c.SPI(0)
	for name, way := range map[string]struct {
		o      pn532.Opener
		unplug func(bool)
	}{"I2C": {pn532.I2C(i.Open), i.Unplug}, "SPI": {pn532.SPI(s.Open), s.Unplug}} {
		c.Reset()
		r := pn532.New(way.o, quick)
		way.unplug(true)
		until(t, name+" missed", func() bool { return r.State() == "unplugged" })
		way.unplug(false)
		r.Nudge()
		until(t, name+" found", func() bool { return r.State() == "" })
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestWrongSpeedIsToldWithTheRightOne(t *testing.T) {
	c := sim.New()
	c.Baud(9600)
	h, err := c.Serve()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	r := pn532.New(pn532.SerialPort(h.Path(), pn532.DefaultBaud), quick)
	defer r.Close()
	until(t, "the speed is found", func() bool { return r.State() == "wrong_speed" })
	if d := r.Condition().Detail; !strings.Contains(d, "9600") {
		t.Errorf("detail %q", d)
	}
	c.Baud(115200)
	until(t, "well at the configured speed", func() bool { return r.State() == "" })
}

func TestReaderThatAnotherProgramHasIsBusy(t *testing.T) {
	c := sim.New()
	h, err := c.Serve()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	other, err := port.OpenLine(h.Path(), pn532.DefaultBaud)
	if err != nil {
		t.Fatal(err)
	}
	r := pn532.New(pn532.SerialPort(h.Path(), pn532.DefaultBaud), quick)
	defer r.Close()
	if r.State() != "busy_elsewhere" {
		t.Errorf("state %q", r.State())
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, "it is let go", func() bool { return r.State() == "" })
}

func TestPathThatIsNoSerialLineIsAFault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := pn532.New(pn532.SerialPort(path, pn532.DefaultBaud), quick)
	if c := r.Condition(); c.Code != "device_fault" || c.Detail == "" {
		t.Errorf("condition %+v", c)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	h, err := sim.New().Serve()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	r = pn532.New(pn532.SerialPort(h.Path(), 10), quick)
	if c := r.Condition(); c.Code != "wrong_speed" {
		t.Errorf("condition %+v", c)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestEndOfTheContextWhileTheChipIsOpenedIsNoFault(t *testing.T) {
	onEvery(t, func(t *testing.T, c *sim.Chip, r *pn532.Reader) {
		c.Faulty(func(f *sim.Faults) { f.Delay = time.Hour })
		until(t, "it is missed", func() bool { return r.State() == "offline" })
		ctx, cancel := context.WithCancel(context.Background())
		got := make(chan error, 1)
		before := c.Counts().Commands
		go func() {
			_, err := r.Connect(ctx, drivertest.ReaderPurchase())
			got <- err
		}()
		until(t, "it is opened", func() bool { return c.Counts().Commands > before })
		cancel()
		if err := <-got; !errors.Is(err, reader.ErrCancelled) && port.Reason(err) != "offline" {
			t.Errorf("connect: %v", err)
		}
		if s := r.State(); s != "offline" {
			t.Errorf("state %q", s)
		}
		c.Faulty(func(f *sim.Faults) { f.Delay = 0 })
		r.Nudge()
		until(t, "well", func() bool { return r.State() == "" })
	})
}
