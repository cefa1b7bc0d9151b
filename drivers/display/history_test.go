package display_test

import (
	"image"
	"path/filepath"
	"testing"
	"time"

	"periph.io/x/conn/v3"
	periph "periph.io/x/conn/v3/display"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
	"pgregory.net/rapid"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/display"
	sim "tillkeeper/drivers/sim/display"
)

// TestOnlyChangesCross: a digit of the total costs a small part of a frame,
// the same view nothing, and what the panel has is what a fresh one would.
func TestOnlyChangesCross(t *testing.T) {
	s, err := sim.New(filepath.Join(t.TempDir(), "qr.png"))
	if err != nil {
		t.Fatal(err)
	}
	bus := &counter{}
	d, err := display.NewST7789(counted{s.Port(), bus}, s.DC(), fast())
	if err != nil {
		t.Fatal(err)
	}
	p := worded(t, func() (periph.Drawer, error) { return d, nil }, display.PanelOpts{})
	v := views["zh"][1]
	cost := func(v pos.View) int {
		before := bus.bytes
		if err := p.Show(v); err != nil {
			t.Fatal(err)
		}
		return bus.bytes - before
	}
	whole := cost(v)
	if again := cost(v); again != 0 {
		t.Errorf("the same view cost %d bytes", again)
	}
	v.Total++
	if digit := cost(v); digit == 0 || digit*20 > whole {
		t.Errorf("a digit cost %d bytes of %d", digit, whole)
	}
	v.Line, v.Price, v.Total = "农夫山泉 550ml", 200, v.Total+200
	if line := cost(v); line == 0 || line*2 > whole {
		t.Errorf("another line cost %d bytes of %d", line, whole)
	}
	fresh := colour(t, display.PanelOpts{})
	show(t, fresh, v)
	if n := differs(s.Image(), fresh.look()); n != 0 {
		t.Errorf("%d pixels differ from a fresh panel's", n)
	}
}

// counter counts the bytes on a bus.
type counter struct {
	spi.Conn
	bytes int
}

func (c *counter) MaxTxSize() int { return c.Conn.(conn.Limits).MaxTxSize() }

func (c *counter) Tx(w, r []byte) error {
	c.bytes += len(w)
	return c.Conn.Tx(w, r)
}

type counted struct {
	spi.PortCloser
	c *counter
}

func (p counted) Connect(f physic.Frequency, m spi.Mode, bits int) (spi.Conn, error) {
	c, err := p.PortCloser.Connect(f, m, bits)
	p.c.Conn = c
	return p.c, err
}

// TestAnyHistoryLooksAsAFreshPanel: whatever was shown before, of whatever
// texts, the last view looks as it does on a panel that shows nothing else.
func TestAnyHistoryLooksAsAFreshPanel(t *testing.T) {
	t.Parallel()
	var worn, fresh [2]rig
	for i, make := range []func() rig{
		func() rig { return colour(t, display.PanelOpts{}) }, func() rig { return oled(t, display.PanelOpts{Rotate: 180}) },
	} {
		worn[i], fresh[i] = make(), make()
	}
	states := []string{pos.ViewIdle, pos.ViewSale, pos.ViewPay, pos.ViewQR, pos.ViewThanks, pos.ViewRefused, pos.ViewWait, "no state"}
	view := rapid.Custom(func(t *rapid.T) pos.View {
		return pos.View{
			State: rapid.SampledFrom(states).Draw(t, "state"), Title: rapid.String().Draw(t, "title"),
			Line: rapid.String().Draw(t, "line"), Note: rapid.String().Draw(t, "note"), QR: rapid.StringN(0, 60, 400).Draw(t, "qr"),
			Price: pos.Amount(rapid.Int64().Draw(t, "price")), Total: pos.Amount(rapid.Int64().Draw(t, "total")),
		}
	})
	rapid.Check(t, func(rt *rapid.T) {
		i := min(1, rapid.IntRange(0, 3).Draw(rt, "panel")) // the small one more often: it is the quicker one
		v := view.Draw(rt, "before")
		_ = worn[i].panel.Show(v)
		v = view.Draw(rt, "view")
		a := worn[i].panel.Show(v)
		fresh[i].kill()
		_ = fresh[i].panel.Show(views["zh"][0])
		_ = fresh[i].panel.Show(views["zh"][1]) // one of them is not what it shows
		fresh[i].revive()
		b := fresh[i].panel.Show(v)
		if (a == nil) != (b == nil) {
			rt.Fatalf("%v and %v", a, b)
		}
		if n := differs(worn[i].look(), fresh[i].look()); n != 0 {
			rt.Fatalf("%d pixels differ", n)
		}
	})
}

// TestEveryDigitOfASumIsInSight: sums that differ in one digit, the first or
// the last, look different in every state and on every panel.
func TestEveryDigitOfASumIsInSight(t *testing.T) {
	e, _ := paper(t, display.Waveshare2in13v4, display.PanelOpts{})
	tall, _ := paper(t, display.Waveshare2in13v4, display.PanelOpts{Rotate: 90})
	for name, r := range map[string]rig{
		"st7789": colour(t, display.PanelOpts{}), "oled": oled(t, display.PanelOpts{}), "e-paper": e, "e-paper upright": tall,
	} {
		for _, v := range views["zh"][1:] {
			if name == "oled" && v.State == pos.ViewWait {
				continue // not to pay again is more important there
			}
			seen := map[string]pos.Amount{}
			for _, a := range []pos.Amount{123456789, 123456780, 923456789, 123456189, -123456789, 1, 9, 10} {
				v.Total = a
				_ = r.panel.Show(v)
				img := sight(r.look())
				if b, is := seen[img]; is {
					t.Errorf("%s: %s: %s looks as %s", name, v.State, a, b)
				}
				seen[img] = a
			}
		}
	}
}

func TestTurnedPanelsShowTheSame(t *testing.T) {
	for _, v := range views["zh"] {
		want := sight(func() image.Image { r := colour(t, display.PanelOpts{}); show(t, r, v); return r.look() }())
		for _, degrees := range []int{90, 180, 270} {
			r := colour(t, display.PanelOpts{Rotate: degrees})
			show(t, r, v)
			if sight(r.look()) != want {
				t.Errorf("%s turned by %d", v.State, degrees)
			}
		}
	}
	if _, err := display.NewPanel(nil, display.PanelOpts{Rotate: 45}); err == nil {
		t.Error("45 degrees were taken")
	}
	if _, err := display.NewPanel(nil, display.PanelOpts{Font: []byte("no font")}); err == nil {
		t.Error("no font was taken")
	}
}

// TestPowerLossHealsWhileNobodyIsServed: SPI says nothing of a panel without
// power, so it is set up anew now and then, but not in front of a customer.
func TestPowerLossHealsWhileNobodyIsServed(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	r := colour(t, display.PanelOpts{Now: func() time.Time { return now }})
	idle, sale := views["zh"][0], views["zh"][1]
	show(t, r, idle)
	want := sight(r.look())
	r.cut()
	for _, v := range []pos.View{sale, idle} {
		if err := r.panel.Show(v); err != nil {
			t.Fatal(err)
		}
	}
	if sight(r.look()) == want {
		t.Fatal("the model gave a panel without power its picture")
	}
	now = now.Add(10 * time.Minute)
	_ = r.panel.Show(sale)
	if err := r.panel.Poll(t.Context()); err != nil || sight(r.look()) == want {
		t.Errorf("set up anew in front of a customer, %v", err)
	}
	if err := r.panel.Show(idle); err != nil || sight(r.look()) != want {
		t.Error("idle after ten minutes: still dark")
	}
	r.cut()
	now = now.Add(10 * time.Minute)
	if err := r.panel.Poll(t.Context()); err != nil || sight(r.look()) != want {
		t.Errorf("polled after ten minutes: still dark, %v", err)
	}
}

func TestPollBringsBackWhatWasToBeShown(t *testing.T) {
	for name, r := range map[string]rig{"st7789": colour(t, display.PanelOpts{}), "oled": oled(t, display.PanelOpts{})} {
		v := views["zh"][4]
		show(t, r, v)
		want := sight(r.look())
		r.kill()
		_ = r.panel.Show(views["zh"][2])
		if err := r.panel.Show(v); err == nil {
			t.Fatalf("%s: a dead panel took a view", name)
		}
		if err := r.panel.Poll(t.Context()); err == nil {
			t.Errorf("%s: a dead panel came back", name)
		}
		r.revive()
		if err := r.panel.Poll(t.Context()); err != nil || sight(r.look()) != want {
			t.Errorf("%s: %v, or another picture", name, err)
		}
		if c := r.panel.Condition(); c.State != "ok" {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestPictureForThePersonWhoJudges(t *testing.T) {
	e, _ := paper(t, display.Waveshare2in13v3, display.PanelOpts{})
	for name, r := range map[string]rig{"st7789": colour(t, display.PanelOpts{}), "oled": oled(t, display.PanelOpts{}), "paper": e} {
		if err := r.panel.TestPicture(); err != nil {
			t.Fatal(err)
		}
		golden(t, "test-"+name, r.look())
		if got := read(r.look()); got != "TILLKEEPER" {
			t.Errorf("%s: read %q", name, got)
		}
		show(t, r, views["zh"][0])
		if got := read(r.look()); got != "" {
			t.Errorf("%s: %q is still there", name, got)
		}
	}
}
