package display_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	periph "periph.io/x/conn/v3/display"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpioreg"
	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/i2c/i2creg"
	"periph.io/x/conn/v3/spi"
	"periph.io/x/conn/v3/spi/spireg"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/display"
	sim "tillkeeper/drivers/sim/display"
)

// TestPaperIsSparedRefreshes: lines of a sale and steps of a payment cost
// nothing, and of many views the newest is drawn.
func TestPaperIsSparedRefreshes(t *testing.T) {
	r, s := paper(t, display.Waveshare2in13v4, display.PanelOpts{})
	d := slow(t, r)
	all := views["zh"]
	tell := func(v pos.View) {
		if err := d.Show(v); err != nil {
			t.Fatal(err)
		}
	}
	tell(all[0])
	d.Wait()
	idle := sight(r.look())
	before := s.Refreshes()
	for i := range 50 {
		v := all[1]
		v.Total = pos.Amount(i)
		tell(v)
	}
	d.Wait()
	if n := s.Refreshes() - before; n != 0 {
		t.Errorf("%d refreshes for the lines of a sale", n)
	}
	tell(all[2])
	d.Wait()
	paid := s.Refreshes()
	for _, note := range []string{"正在读卡", "正在联系银行"} {
		v := all[2]
		v.Note = note
		tell(v)
		d.Wait()
	}
	if n := s.Refreshes() - paid; n != 0 {
		t.Errorf("%d refreshes for the steps of a payment", n)
	}
	tell(all[3])
	d.Wait()
	if got := read(r.look()); got != wechat {
		t.Errorf("read %q", got)
	}
	tell(all[1]) // goods again: the code must not stay
	d.Wait()
	if sight(r.look()) != idle {
		t.Error("a sale after a code does not show the idle picture")
	}
	for _, v := range all {
		tell(v)
	}
	d.Wait()
	want, _ := paper(t, display.Waveshare2in13v4, display.PanelOpts{})
	show(t, want, all[6])
	if sight(r.look()) != sight(want.look()) {
		t.Error("the newest view is not the one that is shown")
	}
}

// TestPaperThatStaysBusyIsAFault: the driver below waits for ever, the panel
// does not.
func TestPaperThatStaysBusyIsAFault(t *testing.T) {
	s := sim.NewPaper()
	w, err := display.NewWaveshare(display.Waveshare2in13v3, s.Port(), s.DC(), nil, s.Reset(), s.Busy())
	if err != nil {
		t.Fatal(err)
	}
	w.SetPatience(time.Minute) // a busy machine is no fault
	p := worded(t, func() (periph.Drawer, error) { return w, nil }, display.PanelOpts{})
	if err := p.Show(views["zh"][0]); err != nil {
		t.Fatal(err)
	}
	s.Stick()
	w.SetPatience(5 * time.Millisecond)
	if err := p.Show(views["zh"][2]); err == nil {
		t.Error("a panel that stays busy took a view")
	}
	if c := p.Condition(); c.Code != "device_fault" {
		t.Errorf("%+v", c)
	}
	s.Revive()
	w.SetPatience(time.Minute)
	if err := p.Show(views["zh"][2]); err != nil {
		t.Error(err)
	}
	if _, err := display.NewWaveshare("waveshare9in7", s.Port(), s.DC(), nil, s.Reset(), s.Busy()); err == nil {
		t.Error("a panel that nobody makes was taken")
	}
}

// line is a pin of a model under a name in the register.
type line struct {
	gpio.PinIO
	name string
	out  gpio.PinOut
	in   gpio.PinIn
}

func (l *line) Name() string                      { return l.name }
func (l *line) String() string                    { return l.name }
func (l *line) Out(v gpio.Level) error            { return l.out.Out(v) }
func (l *line) Read() gpio.Level                  { return l.in.Read() }
func (l *line) In(p gpio.Pull, e gpio.Edge) error { return l.in.In(p, e) }
func (l *line) WaitForEdge(d time.Duration) bool  { return l.in.WaitForEdge(d) }

var names atomic.Int64

// TestOpensByNames opens panels through periph's registers, loses them and
// opens their buses anew.
func TestOpensByNames(t *testing.T) {
	s, err := sim.New(filepath.Join(t.TempDir(), "qr.png"))
	if err != nil {
		t.Fatal(err)
	}
	o, e := sim.NewOLED(), sim.NewPaper()
	n := fmt.Sprint(names.Add(1))
	opened := 0
	reg := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	reg(spireg.Register("TillA"+n, nil, -1, func() (spi.PortCloser, error) { opened++; return s.Port(), nil }))
	reg(spireg.Register("TillB"+n, nil, -1, func() (spi.PortCloser, error) { return e.Port(), nil }))
	reg(i2creg.Register("TillC"+n, nil, -1, func() (i2c.BusCloser, error) { return o.Bus(), nil }))
	reg(gpioreg.Register(&line{PinIO: gpio.INVALID, name: "TILLDC" + n, out: s.DC()}))
	reg(gpioreg.Register(&line{PinIO: gpio.INVALID, name: "TILLDD" + n, out: e.DC()}))
	reg(gpioreg.Register(&line{PinIO: gpio.INVALID, name: "TILLRST" + n, out: e.Reset()}))
	reg(gpioreg.Register(&line{PinIO: gpio.INVALID, name: "TILLBUSY" + n, in: e.Busy()}))
	for name, c := range map[string]struct {
		open         display.Opener
		kill, revive func()
	}{
		"st7789": {display.OpenST7789("TillA"+n, "TILLDC"+n, "", *fast()), must(t, s.Kill), must(t, s.Revive)},
		"oled":   {display.OpenSSD1306("TillC" + n), o.Kill, o.Revive},
		"paper":  {display.OpenWaveshare(display.Waveshare2in13v4, "TillB"+n, "TILLDD"+n, "", "TILLRST"+n, "TILLBUSY"+n), e.Kill, e.Revive},
	} {
		p := worded(t, c.open, display.PanelOpts{})
		for range 2 {
			if err := p.Show(views["zh"][2]); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			c.kill()
			for _, v := range views["zh"][4:6] {
				var e *pos.Error
				if err := p.Show(v); !errors.As(err, &e) || e.Code != "unplugged" {
					t.Errorf("%s: pulled out: %v", name, err)
				}
			}
			c.revive()
		}
		if err := p.Show(views["zh"][0]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := p.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := p.Show(views["zh"][0]); err == nil {
			t.Errorf("%s: a closed panel took a view", name)
		}
	}
	if opened < 3 {
		t.Errorf("the bus was opened %d times", opened)
	}
	for _, open := range []display.Opener{
		display.OpenST7789("TillNone", "TILLDC"+n, "", *fast()), display.OpenSSD1306("TillNone"),
		display.OpenST7789("TillA"+n, "TILLNOPIN", "", *fast()), display.OpenWaveshare(display.Waveshare2in13v2, "TillNone", "", "", "", ""),
	} {
		var e *pos.Error
		if err := worded(t, open, display.PanelOpts{}).Show(pos.View{}); !errors.As(err, &e) || e.Code != "unplugged" {
			t.Errorf("a place that is not there: %v", err)
		}
	}
}

func TestClosedPanelShowsNoCode(t *testing.T) {
	r := colour(t, display.PanelOpts{})
	show(t, r, code(wechat))
	for range 2 {
		if err := r.panel.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(r.look()); got != "" {
		t.Errorf("%q can still be paid", got)
	}
}

// TestAPanelWithoutItsPinsIsRefused: e-paper without the name of its busy line took the till down with its first view.
func TestAPanelWithoutItsPinsIsRefused(t *testing.T) {
	s := sim.NewPaper()
	for _, model := range []string{display.Waveshare2in13v2, display.Waveshare2in13v3, display.Waveshare2in13v4} {
		for name, open := range map[string]func() (*display.Waveshare, error){
			"dc": func() (*display.Waveshare, error) {
				return display.NewWaveshare(model, s.Port(), nil, nil, s.Reset(), s.Busy())
			},
			"reset": func() (*display.Waveshare, error) {
				return display.NewWaveshare(model, s.Port(), s.DC(), nil, nil, s.Busy())
			},
			"busy": func() (*display.Waveshare, error) {
				return display.NewWaveshare(model, s.Port(), s.DC(), nil, s.Reset(), nil)
			},
			"port": func() (*display.Waveshare, error) {
				return display.NewWaveshare(model, nil, s.DC(), nil, s.Reset(), s.Busy())
			},
		} {
			if w, err := open(); err == nil || w != nil {
				t.Errorf("%s without %s: %v", model, name, err)
			}
		}
	}
}

// TestNoNameIsNotTheFirstBus: to periph an empty name is the first bus that was registered, which may be another device's.
func TestNoNameIsNotTheFirstBus(t *testing.T) {
	e := sim.NewPaper()
	opened, n := "", fmt.Sprint(names.Add(1))
	pin := "TILLPIN" + n
	err := errors.Join(
		i2creg.Register("AFirst"+n, nil, -1, func() (i2c.BusCloser, error) { opened = "I2C"; return sim.NewOLED().Bus(), nil }),
		spireg.Register("AFirst"+n, nil, -1, func() (spi.PortCloser, error) { opened = "SPI"; return e.Port(), nil }),
		gpioreg.Register(&line{PinIO: gpio.INVALID, name: pin, out: e.DC(), in: e.Busy()}),
	)
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]display.Opener{
		"ST7789": display.OpenST7789("", pin, "", display.Opts{}), "SSD1306": display.OpenSSD1306(""),
		"e-paper": display.OpenWaveshare(display.Waveshare2in13v2, "", pin, "", pin, pin),
	} {
		if d, err := open(); pos.WhyNot(err, "") != "unplugged" || d != nil || opened != "" {
			t.Errorf("%s: opened %q, %v", name, opened, err)
		}
	}
}
