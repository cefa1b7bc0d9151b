package display_test

import (
	"errors"
	"image"
	"testing"
	"time"

	periph "periph.io/x/conn/v3/display"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/display"
	sim "tillkeeper/drivers/sim/display"
)

// soon is the pace of e-paper that goes to sleep at once.
var soon = display.PaperOpts{Settle: time.Microsecond, Rest: time.Microsecond, Sleep: time.Microsecond}

// until waits for what has to come.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !is(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

// TestPaperSleepsBetweenRefreshes: command 10 01 behind every view, and the reset line and the whole setting up before the next
// one, on the three panels; the picture stays meanwhile, and no byte is lost on a panel that sleeps.
func TestPaperSleepsBetweenRefreshes(t *testing.T) {
	t.Parallel()
	for _, model := range []string{display.Waveshare2in13v2, display.Waveshare2in13v3, display.Waveshare2in13v4} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			r, s := paper(t, model, display.PanelOpts{})
			d := display.NewPaperDisplay(r.panel, soon)
			t.Cleanup(func() { _ = d.Close() })
			for i, v := range []pos.View{views["zh"][0], code(wechat), views["zh"][6]} {
				if err := d.Show(v); err != nil {
					t.Fatal(err)
				}
				d.Wait()
				until(t, "it does not sleep", s.Asleep)
				if s.Sleeps() != i+1 || s.Refreshes() < i+1 {
					t.Errorf("view %d: asleep %d times, %d refreshes", i, s.Sleeps(), s.Refreshes())
				}
				want, _ := paper(t, model, display.PanelOpts{})
				show(t, want, v)
				if sight(r.look()) != sight(want.look()) {
					t.Errorf("view %d: asleep it shows something else", i)
				}
			}
			if n := s.Dropped(); n != 0 {
				t.Errorf("%d bytes were sent to a panel that sleeps or was not set up", n)
			}
			if err := d.Close(); err != nil || !s.Asleep() || s.Dropped() != 0 {
				t.Errorf("closed it stays awake: %v, %d bytes lost", err, s.Dropped())
			}
			if got := read(r.look()); got != "" {
				t.Errorf("closed it still shows %q", got)
			}
		})
	}
}

// insomniac forgets to wake its panel: the planted fault.
type insomniac struct{ *display.Waveshare }

func (insomniac) Restart() error { return nil }

// TestAPanelThatIsNotWokenIsNoticed: what is drawn on a panel that sleeps is an error of the driver, and lost bytes to the model.
func TestAPanelThatIsNotWokenIsNoticed(t *testing.T) {
	s := sim.NewPaper()
	w, err := display.NewWaveshare(display.Waveshare2in13v4, s.Port(), s.DC(), nil, s.Reset(), s.Busy())
	if err != nil {
		t.Fatal(err)
	}
	p := worded(t, func() (periph.Drawer, error) { return insomniac{w}, nil }, display.PanelOpts{})
	if err := p.Show(views["zh"][0]); err != nil {
		t.Fatal(err)
	}
	if err := p.Sleep(); err != nil || !s.Asleep() {
		t.Fatal(err)
	}
	if err := p.Show(views["zh"][2]); err == nil {
		t.Error("a view was taken that nobody sees")
	}
	raw, _ := paper(t, display.Waveshare2in13v4, display.PanelOpts{})
	show(t, raw, views["zh"][0])
	for range 2 { // twice is once
		if err := w.Sleep(); err != nil {
			t.Error(err)
		}
	}
	if s.Sleeps() != 1 {
		t.Errorf("sent to sleep %d times", s.Sleeps())
	}
	if err := w.Draw(w.Bounds(), image.White, image.Point{}); err == nil {
		t.Error("drawn on a panel that sleeps")
	}
	if s.Dropped() != 0 {
		t.Errorf("%d bytes were lost", s.Dropped())
	}
}

// TestAPanelPulledOutWhileItSleepsIsAFault at the next view, is tried again, and shows it when it is back.
func TestAPanelPulledOutWhileItSleepsIsAFault(t *testing.T) {
	r, s := paper(t, display.Waveshare2in13v3, display.PanelOpts{})
	show(t, r, views["zh"][0])
	if err := r.panel.Sleep(); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	var e *pos.Error
	if err := r.panel.Show(views["zh"][2]); !errors.As(err, &e) || e.Code != "unplugged" {
		t.Errorf("pulled out: %v", err)
	}
	if err := r.panel.Sleep(); err != nil || s.Sleeps() != 1 {
		t.Errorf("a panel that failed is sent to sleep: %v", err)
	}
	s.Revive()
	if err := r.panel.Poll(t.Context()); err != nil {
		t.Error(err)
	}
	want, _ := paper(t, display.Waveshare2in13v3, display.PanelOpts{})
	show(t, want, views["zh"][2])
	if sight(r.look()) != sight(want.look()) {
		t.Error("back again it does not show the view")
	}
	s.Kill()
	if err := r.panel.Sleep(); !errors.As(err, &e) || e.Code != "unplugged" || r.panel.Condition().State != "fault" {
		t.Errorf("it does not take the command: %v", err)
	}
	s.Revive()
	show(t, r, views["zh"][0])
	if err := r.panel.Sleep(); err != nil {
		t.Error(err)
	}
	s.Kill()
	if err := r.panel.Close(); err == nil {
		t.Error("closed, pulled out and asleep: nothing is said")
	}
	if err := r.panel.Close(); err != nil {
		t.Error(err)
	}
}

// TestTheViewComesBackAfterTheTestPicture: the same view again was not drawn, because it was the last one.
func TestTheViewComesBackAfterTheTestPicture(t *testing.T) {
	r, s := paper(t, display.Waveshare2in13v4, display.PanelOpts{})
	d := display.NewPaperDisplay(r.panel, soon)
	t.Cleanup(func() { _ = d.Close() })
	tell := func() {
		t.Helper()
		if err := d.Show(views["zh"][0]); err != nil {
			t.Fatal(err)
		}
		d.Wait()
	}
	tell()
	idle := sight(r.look())
	if err := d.TestPicture(); err != nil {
		t.Fatal(err)
	}
	if sight(r.look()) == idle {
		t.Fatal("no test picture")
	}
	until(t, "it does not sleep behind the test picture", s.Asleep)
	tell()
	if sight(r.look()) != idle {
		t.Error("the test picture stays")
	}
	n := s.Refreshes()
	tell()
	if s.Refreshes() != n {
		t.Error("the same view is drawn twice")
	}
}
