// Package display shows the customer what is bought, what is due, the code to
// be scanned and how it ended, on a panel that stands on the counter: an
// ST7789 driver of our own on periph's SPI, periph's SSD1306 and Waveshare
// e-paper made restartable, and a Panel over any periph display.Drawer.
//
// The package promises that a sum is shown whole or not at all; that a code
// has whole pixels a module, dark on light, with the four quiet modules of the
// standard (ISO/IEC 18004) wherever they fit; that a code which the panel
// cannot show readably is refused, with the sum and a note in its place; that
// no code of an earlier view stays in sight after one that could be drawn; and
// that only what has changed crosses the bus. It invents no words: they come
// with the view. It keeps one picture, the one that is shown.
//
// A panel on SPI cannot say that it is gone, and one that lost its power
// forgets its registers and its picture. So a panel is set up anew and drawn
// whole after every failure, and while nobody is served once every so often.
//
// Sizes are in pixels, sums in fen.
package display

import (
	"context"
	"errors"
	"image"
	"image/color"
	"io"
	"sync"
	"time"

	periph "periph.io/x/conn/v3/display"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// Restarter is a Drawer that can be set up anew over the same connection, as
// after a loss of power.
type Restarter interface{ Restart() error }

// Sleeper is a Restarter that sleeps until it is set up anew: it keeps its
// picture and takes nothing else.
type Sleeper interface {
	Restarter
	Sleep() error
}

// Opener opens a panel's bus and sets the panel up. A Drawer that is an
// io.Closer is closed before the next one is opened.
type Opener func() (periph.Drawer, error)

// refreshEvery is how long a panel goes at most without being set up anew.
const refreshEvery = 10 * time.Minute

// PanelOpts says how a Panel draws.
type PanelOpts struct {
	Font, Bold []byte           // TrueType; without Font no words are drawn, without Bold they are all regular
	Rotate     int              // clockwise: 0, 90, 180 or 270 degrees
	Dark       bool             // light words on a dark ground where a panel has two colours only; never for a code
	NoCode     string           // the note in place of a code that cannot be shown
	Refresh    time.Duration    // how long a panel goes without being set up anew: 10 min; below 0 never
	Now        func() time.Time // time.Now
}

// Panel is a pos.Display on a Drawer, which nothing else may draw on. Its
// methods may be called by several goroutines.
type Panel struct {
	mu     sync.Mutex
	open   Opener
	opts   PanelOpts
	words  *typeface
	drawer periph.Drawer // nil: not open
	paint  *painter      // of the drawer
	shown  *image.RGBA   // as the panel has it; nil: not known
	last   pos.View      // what it is to show
	ready  time.Time     // when it was set up
	fault  error         // of the last attempt
	asleep bool          // the drawer takes nothing until it is set up anew
	closed bool
}

// New makes a Panel of a drawer that shows codes and no words.
func New(d periph.Drawer) *Panel {
	p, _ := NewPanel(func() (periph.Drawer, error) { return d, nil }, PanelOpts{}) // these options are good
	return p
}

// NewPanel makes a Panel of what open gives. The panel is opened by the first
// Show, and again by every one after a failure. The error is of the options.
func NewPanel(open Opener, o PanelOpts) (*Panel, error) {
	if o.Rotate%90 != 0 || o.Rotate < 0 || o.Rotate > 270 {
		return nil, pos.Errorf("bad_config", "write 0, 90, 180 or 270", "a display cannot be turned by %d degrees", o.Rotate)
	}
	if o.Refresh == 0 {
		o.Refresh = refreshEvery
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &Panel{open: open, opts: o}
	if o.Font != nil {
		t, err := newTypeface(o.Font, o.Bold)
		if err != nil {
			return nil, err
		}
		p.words = t
	}
	return p, nil
}

// Show draws a view. ErrTooLong and ErrNoText say that its code cannot be
// shown and that its sum is; a pos.Error says that the panel failed and why:
// unplugged, no_permission, busy_elsewhere or device_fault.
func (p *Panel) Show(v pos.View) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	p.last = v
	return p.show()
}

var errClosed = pos.Errorf("device_fault", "", "the display is closed")

// Poll tries a panel again that failed, and sets one up anew that has not been
// for long while nobody is served. A supervisor calls it now and then.
func (p *Panel) Poll(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || (p.drawer != nil && p.fault == nil && !p.stale()) {
		return nil
	}
	if err := p.show(); !errors.Is(err, ErrTooLong) && !errors.Is(err, ErrNoText) {
		return err
	}
	return nil
}

// stale says that the panel may be set up anew now. The caller has the lock.
func (p *Panel) stale() bool {
	_, can := p.drawer.(Restarter)
	idle := p.last.State == pos.ViewIdle || p.last.State == ""
	return can && idle && p.opts.Refresh > 0 && p.opts.Now().Sub(p.ready) >= p.opts.Refresh
}

// show draws the last view. The caller has the lock.
func (p *Panel) show() error {
	if p.fault = p.wake(); p.fault != nil {
		return p.fault
	}
	img, code := p.paint.view(p.last, p.opts.NoCode)
	if p.fault = p.put(img); p.fault != nil {
		return p.fault
	}
	return code
}

// wake has the panel open and set up. The caller has the lock.
func (p *Panel) wake() error {
	var err error
	switch r, can := p.drawer.(Restarter); {
	case p.drawer == nil:
		p.drawer, err = p.open()
		if err != nil {
			p.drawer = nil
		}
	case p.fault != nil && !can:
		if c, closes := p.drawer.(io.Closer); closes {
			_ = c.Close() // it failed already
			if p.drawer, err = p.open(); err != nil {
				p.drawer = nil
			}
		}
	case p.fault != nil || p.asleep || p.stale():
		if err = r.Restart(); err != nil {
			if c, closes := p.drawer.(io.Closer); closes {
				_ = c.Close() // the next attempt opens the bus anew
				p.drawer = nil
			}
		}
	default:
		return nil
	}
	p.shown, p.paint, p.asleep = nil, nil, false
	if err != nil {
		return failure("the customer's display", err)
	}
	p.ready = p.opts.Now()
	p.measure()
	return nil
}

// measure finds out what the panel can show. The caller has the lock.
func (p *Panel) measure() {
	size := p.drawer.Bounds().Size()
	if p.opts.Rotate%180 != 0 {
		size = image.Pt(size.Y, size.X)
	}
	p.paint = &painter{size: size, words: p.words, mono: twoColours(p.drawer.ColorModel()), dark: p.opts.Dark}
}

// twoColours says whether a panel has black and white only.
func twoColours(m color.Model) bool {
	for _, grey := range []uint8{0x40, 0xb0} {
		r, g, b, _ := m.Convert(color.Gray{Y: grey}).RGBA()
		if r != g || g != b || (r != 0 && r != 0xffff) {
			return false
		}
	}
	return true
}

// put sends what differs from what is shown. The caller has the lock.
func (p *Panel) put(img *image.RGBA) error {
	img = turned(img, p.opts.Rotate/90)
	old := p.shown
	p.shown = nil // not known until all of it is there
	for _, r := range changes(old, img, p.paint.mono) {
		at := p.drawer.Bounds().Min
		if err := p.drawer.Draw(r.Add(at), img, r.Min); err != nil {
			return failure("display "+p.drawer.String(), err)
		}
	}
	p.shown = img
	return nil
}

// TestPicture draws the picture by which a person judges a panel: its frame,
// its colours, a code and a word. The next view replaces it.
func (p *Panel) TestPicture() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	if p.fault = p.wake(); p.fault == nil {
		p.fault = p.put(p.paint.test())
	}
	return p.fault
}

// Sleep puts a panel that can to sleep until the next view; any other stays as
// it is. A panel that does not take the command has failed.
func (p *Panel) Sleep() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sleep()
}

// sleep is Sleep. The caller has the lock.
func (p *Panel) sleep() error {
	s, can := p.drawer.(Sleeper)
	if !can || p.closed || p.asleep || p.fault != nil {
		return nil
	}
	if err := s.Sleep(); err != nil {
		p.fault = failure("display "+p.drawer.String(), err)
		return p.fault
	}
	p.asleep = true
	return nil
}

// Condition says how the panel is: ok, or fault with its reason.
func (p *Panel) Condition() pos.Condition {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := pos.Condition{Name: "display", State: "ok"}
	if p.fault != nil {
		c.State, c.Code, c.Detail = "fault", port.Reason(p.fault), p.fault.Error()
	}
	return c
}

// Close clears the panel, puts it to sleep where it can, and closes its bus,
// where it has one of its own.
func (p *Panel) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.drawer == nil {
		p.closed = true
		return nil
	}
	err := p.clear()
	p.closed = true
	if p.drawer == nil { // it was asleep and cannot be woken
		return err
	}
	if c, closes := p.drawer.(io.Closer); closes {
		err = errors.Join(err, c.Close())
	}
	p.drawer = nil
	return err
}

// clear leaves an empty picture behind. The caller has the lock.
func (p *Panel) clear() error {
	if p.fault != nil || p.paint == nil {
		return nil
	}
	if p.asleep {
		if err := p.wake(); err != nil {
			return err
		}
	}
	return errors.Join(p.put(p.paint.canvas(plain).done()), p.sleep())
}

// failure gives an error of a bus its reason.
func failure(what string, err error) error {
	var known *pos.Error
	if errors.As(err, &known) {
		return err
	}
	return &pos.Error{Code: port.Reason(err), Message: what + " failed", Remedy: "look at its cable", Err: err}
}
