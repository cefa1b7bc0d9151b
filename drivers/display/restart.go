package display

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"sync"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
	"periph.io/x/devices/v3/ssd1306"
	v2 "periph.io/x/devices/v3/waveshare2in13v2"
	v3 "periph.io/x/devices/v3/waveshare2in13v3"
	v4 "periph.io/x/devices/v3/waveshare2in13v4"

	periph "periph.io/x/conn/v3/display"
)

// SSD1306 is periph's driver of the small monochrome panel, set up anew with
// Restart. It sends what has changed of its pages.
type SSD1306 struct {
	periph.Drawer
	start func() (periph.Drawer, error)
}

// NewSSD1306 sets up a panel of 128x64 on I2C, at address 0x3C.
func NewSSD1306(b i2c.Bus) (*SSD1306, error) {
	d := &SSD1306{start: func() (periph.Drawer, error) { return ssd1306.NewI2C(b, &ssd1306.DefaultOpts) }}
	return d, d.Restart()
}

// Restart sets the panel up as after a loss of power.
func (d *SSD1306) Restart() error {
	dev, err := d.start()
	if err != nil {
		return fmt.Errorf("ssd1306: %w", err)
	}
	d.Drawer = dev
	return nil
}

// The e-paper panels of 2.13 inches, 250x122 across.
const (
	Waveshare2in13v2 = "waveshare2in13v2"
	Waveshare2in13v3 = "waveshare2in13v3"
	Waveshare2in13v4 = "waveshare2in13v4"
)

// mostBusy bounds a refresh: a full one takes about two seconds, a partial one
// a third of one.
const mostBusy = 10 * time.Second

// wholeEvery is how many refreshes go by from one that clears the panel of
// ghosts to the next, where the driver can refresh in part.
const wholeEvery = 8

// epaper is what the three drivers have in common.
type epaper interface {
	periph.Drawer
	Init() error
	Sleep() error
}

// Waveshare is e-paper of 2.13 inches: black and white, read from its long
// side, seconds for a refresh. Its controller's line "busy" is waited for with
// a limit. A PaperDisplay spares it refreshes and puts it to sleep between them.
type Waveshare struct {
	epaper
	busy    *patience
	partial func(on bool) error // nil: full refreshes only
	draws   int
	asleep  bool
	frame   *image.RGBA // what is drawn, where the driver can only draw all of it; nil: it can draw a part
}

// NewWaveshare connects a panel of one of the three models and sets it up. cs
// may be nil where the bus selects the chip by itself.
func NewWaveshare(model string, p spi.Port, dc, cs, reset gpio.PinOut, busy gpio.PinIn) (*Waveshare, error) {
	if p == nil || dc == nil || reset == nil || busy == nil {
		return nil, fmt.Errorf("%s: a port and the pins dc, reset and busy are needed", model)
	}
	if cs == nil {
		cs = selected{gpio.INVALID}
	}
	w := &Waveshare{busy: &patience{PinIn: busy, most: mostBusy, now: time.Now}}
	var err error
	switch model {
	case Waveshare2in13v2:
		o := v2.EPD2in13v2
		o.Origin = v2.TopRight
		var d *v2.Dev
		if d, err = v2.New(p, dc, cs, reset, w.busy, &o); err == nil {
			w.epaper, w.partial = d, func(on bool) error { return d.SetUpdateMode(v2.PartialUpdate(on)) }
		}
	case Waveshare2in13v3: // its driver's partial mode writes a part of the waveform only: not used
		o := v3.EPD2in13v3
		o.Origin = v3.TopRight
		w.epaper, err = v3.New(p, dc, cs, reset, w.busy, &o)
	case Waveshare2in13v4: // its driver sets no window: a part lands in the wrong place
		o := v4.EPD2in13v4
		o.Origin = v4.TopRight
		var d *v4.Dev
		if d, err = v4.New(p, dc, cs, reset, w.busy, &o); err == nil {
			w.epaper, w.frame = d, image.NewRGBA(d.Bounds())
			draw.Draw(w.frame, w.frame.Rect, image.White, image.Point{}, draw.Src)
		}
	default:
		return nil, fmt.Errorf("%q is no e-paper panel of this version", model)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", model, err)
	}
	return w, w.Restart()
}

// errAsleep: what is sent to a controller in deep sleep is lost without a sign.
var errAsleep = errors.New("e-paper: the panel sleeps and was not woken")

// Sleep sends the controller into deep sleep (command 10, mode 1): charge pump,
// clock and commands are off, the picture stays, and only its reset line wakes it
// (Solomon Systech, SSD1680 rev 0.14, 8: deep sleep mode).
func (w *Waveshare) Sleep() error {
	if w.asleep {
		return nil
	}
	if err := w.epaper.Sleep(); err != nil {
		return fmt.Errorf("e-paper: %w", err)
	}
	w.asleep = true
	return nil
}

// Restart resets the panel, which wakes it, and loads its waveform.
func (w *Waveshare) Restart() error {
	w.draws, w.asleep = 0, false
	w.busy.rest()
	if err := w.Init(); err != nil {
		return fmt.Errorf("e-paper: %w", err)
	}
	return w.busy.fault()
}

// Draw draws and refreshes the panel, which takes seconds.
func (w *Waveshare) Draw(r image.Rectangle, src image.Image, from image.Point) error {
	if w.asleep {
		return errAsleep
	}
	w.busy.rest()
	if w.partial != nil && w.draws%wholeEvery <= 1 { // 0: all of it, 1 and on: in part
		if err := w.partial(w.draws%wholeEvery == 1); err != nil {
			return err
		}
	}
	w.draws++
	if w.frame != nil {
		draw.Draw(w.frame, r, src, from, draw.Src)
		r, src, from = w.frame.Rect, w.frame, image.Point{}
	}
	if err := w.epaper.Draw(r, src, from); err != nil {
		return err
	}
	return w.busy.fault()
}

// ColorModel is black and white.
func (w *Waveshare) ColorModel() color.Model { return w.epaper.ColorModel() }

// patience is a busy line that is waited for no longer than most: after it the
// line reads as idle, so that the driver ends, and fault tells.
type patience struct {
	gpio.PinIn
	most time.Duration
	now  func() time.Time

	mu    sync.Mutex
	since time.Time // of the wait; zero: none
	stuck bool
}

// Read is high while the panel is busy and patience lasts.
func (p *patience) Read() gpio.Level {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.stuck || p.PinIn.Read() == gpio.Low:
		p.since = time.Time{}
		return gpio.Low
	case p.since.IsZero():
		p.since = p.now()
	case p.now().Sub(p.since) > p.most:
		p.stuck = true
		return gpio.Low
	}
	return gpio.High
}

func (p *patience) rest() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stuck, p.since = false, time.Time{}
}

func (p *patience) fault() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stuck {
		return fmt.Errorf("the panel is still busy after %s", p.most)
	}
	return nil
}

// selected stands for the chip-select pin where the bus has one of its own.
type selected struct{ gpio.PinIO }

// Out does nothing.
func (selected) Out(gpio.Level) error { return nil }

// PWM does nothing.
func (selected) PWM(gpio.Duty, physic.Frequency) error { return nil }
