// Package display shows a wallet's QR code to the customer on a panel that
// stands on the counter: an ST7789 driver of our own on periph's SPI, and a
// Panel over any periph display.Drawer. The package promises whole pixels a
// module, dark on light, in the middle of the panel, with the four quiet
// modules of the standard wherever they fit; a code that the panel cannot show
// readably is refused and the panel is cleared, so that no code of an earlier
// sale stays in sight. It never keeps what it shows, and draws no money by
// itself: the amount is on the customer's own phone. Sizes are in pixels.
package display

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"sync"

	"github.com/skip2/go-qrcode"
	periph "periph.io/x/conn/v3/display"

	"tillkeeper/app/pos"
)

// The limits of a readable code.
const (
	fullQuiet  = 4  // modules, ISO/IEC 18004
	leastQuiet = 2  // modules; less reads badly on a panel with a dark frame
	leastPixel = 2  // pixels a module
	mostAcross = 80 // modules over the panel: smaller ones blur at arm's length
)

// ErrTooLong says that a text makes a code that the panel cannot show readably.
var ErrTooLong = errors.New("the code does not fit the display")

// ErrNoText says that there is nothing to show.
var ErrNoText = errors.New("an empty code cannot be shown")

// Panel shows codes on a Drawer. Its methods may be called by several
// goroutines.
type Panel struct {
	mu     sync.Mutex
	drawer periph.Drawer
}

// New makes a Panel of a drawer, which nothing else may draw on.
func New(d periph.Drawer) *Panel { return &Panel{drawer: d} }

// ShowQR shows text as a QR code with correction level M. ErrTooLong and
// ErrNoText leave the panel clear.
func (p *Panel) ShowQR(text string, _ pos.Amount) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	img, err := picture(text, p.drawer.Bounds().Size())
	if err != nil {
		return errors.Join(err, p.clear())
	}
	return p.draw(img)
}

// Clear makes the panel white.
func (p *Panel) Clear() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.clear()
}

func (p *Panel) clear() error {
	return p.draw(blank(p.drawer.Bounds().Size()))
}

func (p *Panel) draw(img image.Image) error {
	if err := p.drawer.Draw(p.drawer.Bounds(), img, image.Point{}); err != nil {
		return fmt.Errorf("display %s: %w", p.drawer, err)
	}
	return nil
}

func blank(size image.Point) *image.Gray {
	img := image.NewGray(image.Rectangle{Max: size})
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	return img
}

// picture draws the code of a text in the middle of a panel of the size given.
func picture(text string, size image.Point) (*image.Gray, error) {
	if text == "" {
		return nil, ErrNoText
	}
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTooLong, err)
	}
	code.DisableBorder = true
	modules := code.Bitmap()
	px, err := modulePixels(len(modules), min(size.X, size.Y))
	if err != nil {
		return nil, err
	}
	img := blank(size)
	left, top := (size.X-px*len(modules))/2, (size.Y-px*len(modules))/2
	for y, row := range modules {
		for x, dark := range row {
			if !dark {
				continue
			}
			at := image.Pt(left+x*px, top+y*px)
			draw.Draw(img, image.Rectangle{Min: at, Max: at.Add(image.Pt(px, px))}, image.NewUniform(color.Gray{}), image.Point{}, draw.Src)
		}
	}
	return img, nil
}

// modulePixels gives the pixels a module for a code of so many modules on a
// side: with the full quiet zone if that fits, else with what is left of it.
func modulePixels(modules, side int) (int, error) {
	least := max(leastPixel, side/mostAcross)
	for quiet := fullQuiet; quiet >= leastQuiet; quiet-- {
		if px := side / (modules + 2*quiet); px >= least {
			return px, nil
		}
	}
	return 0, fmt.Errorf("%w: %d modules on %d pixels", ErrTooLong, modules, side)
}
