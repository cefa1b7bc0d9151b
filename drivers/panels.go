package drivers

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	periph "periph.io/x/conn/v3/display"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/display"
	"tillkeeper/drivers/pole"
	"tillkeeper/drivers/port"
	simdisplay "tillkeeper/drivers/sim/display"
	simpole "tillkeeper/drivers/sim/pole"
	"tillkeeper/drivers/supervise"
)

// screen is a display as the till keeps it: shown to, looked at, closed.
type screen interface {
	pos.Display
	Condition() pos.Condition
	Poll(ctx context.Context) error
	Close() error
}

// screenPoll is the time between two looks at a display that shows the same.
const screenPoll = 10 * time.Second

// displayUnit has a display looked at: one that lost its power, or came back,
// shows again what it should. first shows a view and waits for it, test draws
// the test picture.
func (s *Set) displayUnit(a address, bare screen, first func(pos.View) error, test func() error, end func() error) *unit {
	d := &watched{screen: bare, changed: s.changed}
	look := supervise.New(supervise.Options[screen]{
		Name: conditionName(a.device), Poll: screenPoll, Log: s.c.Log, Changed: func(pos.Condition) { s.changed() },
		Open: func(ctx context.Context) (screen, error) { return open{d}, d.Poll(ctx) }, // so that one that is missing is never well in between
	})
	return &unit{
		port: pos.Display(d), at: []address{a}, nudge: look.Nudge,
		state: func() pos.Condition {
			if c := d.Condition(); c.State == "fault" {
				return c
			}
			return look.Condition()
		},
		check: func(ctx context.Context, level pos.Level) pos.Condition {
			switch {
			case level != pos.CheckInternal:
				if err := test(); err != nil {
					return fault(err)
				}
			case !d.shown.Load(): // nothing was shown yet: it may not even be open
				if err := first(pos.View{State: pos.ViewIdle}); err != nil {
					return fault(err)
				}
			}
			return look.Look(ctx)
		},
		close: func() error {
			err := look.Close()
			if bad := d.Close(); err == nil {
				err = bad
			}
			if end != nil {
				if bad := end(); err == nil {
					err = bad
				}
			}
			return err
		},
	}
}

// watched is a display that tells when its condition changes. It keeps the
// condition: the display's own waits for what it draws, which takes seconds on
// e-paper, and whoever asks is in the middle of a sale.
type watched struct {
	screen
	changed func()
	shown   atomic.Bool // something was, well or not

	telling sync.Mutex // one look at a time, so that none is overtaken by an older one
	mu      sync.Mutex
	last    pos.Condition // zero: not looked at yet
}

// Show shows, and tells whether that brought a fault or ended one.
func (w *watched) Show(v pos.View) error {
	w.shown.Store(true)
	err := w.screen.Show(v)
	w.tell()
	return err
}

// Poll looks, and tells the same.
func (w *watched) Poll(ctx context.Context) error {
	err := w.screen.Poll(ctx)
	w.tell()
	return err
}

// Condition is that of the last view or look; it waits for nothing.
func (w *watched) Condition() pos.Condition {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last
}

func (w *watched) tell() {
	w.telling.Lock()
	defer w.telling.Unlock()
	c := w.screen.Condition()
	w.mu.Lock()
	same := c.State == w.last.State && c.Code == w.last.Code
	w.last = c
	w.mu.Unlock()
	if !same {
		w.changed()
	}
}

// open is a display that its own driver opens again: the supervisor only looks.
type open struct{ screen }

func (open) Close() error { return nil }

func (s *Set) openPanel(_ context.Context, text string) (*unit, error) {
	a, err := parse(QR, text)
	if err != nil {
		return nil, err
	}
	turn, err := a.number("rotate", 0, 0, 270)
	if err != nil {
		return nil, err
	}
	o := display.PanelOpts{Font: s.font, Bold: s.bold, Rotate: turn, NoCode: "请看收银屏", Dark: a.scheme == "ssd1306+i2c"}
	if s.c.English {
		o.NoCode = "see the till's screen"
	}
	var opener display.Opener
	end := func() error { return nil }
	switch a.scheme {
	case "sim":
		panel, err := simdisplay.New(filepath.Join(s.c.Dir, "qr.png"))
		if err != nil { // a panel without a picture is no end of the till
			return dead(err), nil
		}
		s.Bench.put(func(h *hands) { h.panel = panel })
		opener = func() (periph.Drawer, error) { return display.NewST7789(panel.Port(), panel.DC(), nil) }
		end = func() error {
			s.Bench.put(func(h *hands) { h.panel = nil })
			return nil
		}
	case "st7789+spi":
		opener = withHost(display.OpenST7789(a.path, a.query.Get("dc"), a.query.Get("reset"), display.Opts{}))
	case "ssd1306+i2c":
		opener = withHost(display.OpenSSD1306(a.path))
	default:
		model, _, _ := strings.Cut(a.scheme, "+")
		opener = withHost(display.OpenWaveshare(model, a.path, a.query.Get("dc"), a.query.Get("cs"), a.query.Get("reset"), a.query.Get("busy")))
	}
	panel, err := display.NewPanel(opener, o)
	if err != nil {
		return nil, pos.Errorf("bad_config", "write rotate=0, 90, 180 or 270", "devices.%s: %v", QR, err)
	}
	if strings.HasPrefix(a.scheme, "waveshare") {
		slow := display.NewPaperDisplay(panel, display.PaperOpts{})
		return s.displayUnit(a, slow, panel.Show, slow.TestPicture, end), nil
	}
	return s.displayUnit(a, panel, panel.Show, panel.TestPicture, end), nil
}

// withHost opens the board's buses and pins first.
func withHost(open display.Opener) display.Opener {
	return func() (periph.Drawer, error) {
		if err := board(); err != nil {
			return nil, err
		}
		return open()
	}
}

// darkness is a display that cannot be had.
type darkness struct{ err error }

func (d darkness) Show(pos.View) error { return d.err }

func dead(err error) *unit {
	return &unit{
		port: pos.Display(darkness{err}),
		state: func() pos.Condition {
			return pos.Condition{State: "fault", Code: port.DeviceFault, Detail: err.Error()}
		},
	}
}

func (s *Set) openPole(_ context.Context, text string) (*unit, error) {
	a, err := parse(Pole, text)
	if err != nil {
		return nil, err
	}
	name := a.query.Get("model")
	if name == "" {
		name = pole.Default
	}
	model, err := pole.Named(name)
	if err != nil {
		return nil, err
	}
	speed, err := a.baud(smallBaud)
	if err != nil {
		return nil, err
	}
	end := func() error { return nil }
	if a.scheme == "sim" {
		sim, err := simpole.New(simpole.Opts{File: filepath.Join(s.c.Dir, "pole.txt")})
		if err != nil {
			return nil, err
		}
		a.path, end = sim.Path(), sim.Close
	}
	a.way = s.trail(a)
	p := pole.New(func() (pole.Link, error) { return a.line(speed) }, model)
	return s.displayUnit(a, p, p.Show, p.TestRows, end), nil
}
