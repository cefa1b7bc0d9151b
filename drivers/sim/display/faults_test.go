package display_test

import (
	"errors"
	"image/color"
	"syscall"
	"testing"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	"tillkeeper/drivers/sim/display"
)

func TestDeadPanelIsDarkUntilItIsSetUp(t *testing.T) {
	p, w, path := connect(t)
	w.wake()
	w.window(0, 0, 0, 0)
	w.send(0x2c, 0xff, 0xff)
	if onFile(t, path, 0, 0) != white {
		t.Fatal("no light")
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	if onFile(t, path, 0, 0) != black {
		t.Error("a panel that was pulled out shines")
	}
	if err := w.conn.Tx([]byte{0x29}, nil); !errors.Is(err, display.ErrDead) || !errors.Is(err, syscall.ENODEV) {
		t.Errorf("its bus: %v", err)
	}
	if err := w.dc.Out(true); !errors.Is(err, display.ErrDead) {
		t.Errorf("its pin: %v", err)
	}
	if err := p.Revive(); err != nil {
		t.Fatal(err)
	}
	w.send(0x29)
	if onFile(t, path, 0, 0) != black {
		t.Error("it shines before it was woken")
	}
	w.wake()
	if got := onFile(t, path, 3, 3); got == black {
		t.Error("its RAM came up empty: nobody would notice that it was not drawn")
	}
	if err := p.PowerCut(); err != nil || onFile(t, path, 3, 3) != black {
		t.Errorf("without power it shines, %v", err)
	}
}

func TestOLEDTakesPagesAndIsDarkWhenOff(t *testing.T) {
	o := display.NewOLED()
	bus := o.Bus()
	tx := func(w ...byte) {
		t.Helper()
		if err := bus.Tx(0x3c, w, nil); err != nil {
			t.Fatal(err)
		}
	}
	lit := func(x, y int) bool { return color.GrayModel.Convert(o.Image().At(x, y)).(color.Gray).Y > 0 }
	tx(0x00, 0xa1, 0xc8, 0xb2, 0x03, 0x11) // page 2, column 0x13
	tx(0x40, 0x81)                         // its first and its last row
	if lit(0x13, 16) {
		t.Error("a panel that is off shines")
	}
	tx(0x00, 0xaf)
	if !lit(0x13, 16) || !lit(0x13, 23) || lit(0x13, 17) {
		t.Error("the bits of a page are not where they belong")
	}
	tx(0x77, 1)
	if o.Dropped() != 2 {
		t.Errorf("%d bytes dropped", o.Dropped())
	}
	if err := bus.Tx(0x3d, []byte{0}, nil); !errors.Is(err, display.ErrDead) {
		t.Errorf("another address: %v", err)
	}
	o.Kill()
	if err := bus.Tx(0x3c, []byte{0}, nil); !errors.Is(err, display.ErrDead) {
		t.Errorf("pulled out: %v", err)
	}
	o.Revive()
	if lit(0x13, 16) {
		t.Error("back again it shines by itself")
	}
}

func TestPaperChangesWithARefreshAndKeepsItsPicture(t *testing.T) {
	p := display.NewPaper()
	c, err := p.Port().Connect(physic.MegaHertz, spi.Mode0, 8)
	if err != nil {
		t.Fatal(err)
	}
	send := func(cmd byte, data ...byte) {
		t.Helper()
		for i, part := range [][]byte{{cmd}, data} {
			if err := errors.Join(p.DC().Out(i == 1), c.Tx(part, nil)); err != nil {
				t.Fatal(err)
			}
		}
	}
	black := func(x, y int) bool { return color.GrayModel.Convert(p.Image().At(x, y)).(color.Gray).Y == 0 }
	send(0x22, 0xc7)
	send(0x20)
	if p.Refreshes() != 0 || p.Dropped() != 1 {
		t.Errorf("it was refreshed without being set up: %d times", p.Refreshes())
	}
	send(0x01, 0xf9, 0, 0)
	send(0x44, 1, 1)
	send(0x45, 5, 0, 6, 0)
	send(0x4e, 1)
	send(0x4f, 5, 0)
	send(0x24, 0x7f, 0xfe)
	if black(8, 5) {
		t.Error("it changed without a refresh")
	}
	send(0x22, 0xc7)
	send(0x20)
	if !p.Busy().Read() {
		t.Error("a refresh takes no time")
	}
	if !black(8, 5) || !black(15, 6) || black(9, 5) {
		t.Error("the window's rows are not where they belong")
	}
	for p.Busy().Read() {
	}
	p.Kill()
	if err := c.Tx([]byte{0x20}, nil); !errors.Is(err, display.ErrDead) || !black(8, 5) {
		t.Errorf("pulled out: %v, or no picture", err)
	}
	p.Revive()
	send(0x10, 1)
	before := p.Dropped()
	send(0x24, 0)
	send(0x12)
	if p.Dropped() != before+3 || p.Refreshes() != 1 || !p.Asleep() || p.Sleeps() != 1 || p.Busy().Read() == gpio.Low || !black(8, 5) {
		t.Errorf("asleep: %d bytes dropped, %d refreshes, asleep %v", p.Dropped()-before, p.Refreshes(), p.Asleep())
	}
	if err := errors.Join(p.Reset().Out(false), p.Reset().Out(true)); err != nil || p.Asleep() || p.Busy().Read() == gpio.High {
		t.Errorf("its reset line does not wake it: %v", err)
	}
	send(0x22, 0xc7)
	send(0x20)
	if p.Refreshes() != 1 {
		t.Error("awake again it needs no setting up")
	}
	send(0x01, 0xf9, 0, 0)
	send(0x22, 0xc7)
	send(0x20)
	if p.Refreshes() != 2 || !black(8, 5) {
		t.Error("set up again its RAM is lost")
	}
}
