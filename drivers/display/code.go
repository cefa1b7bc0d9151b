package display

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"

	"github.com/skip2/go-qrcode"
)

// The limits of a readable code.
const (
	fullQuiet  = 4  // modules, ISO/IEC 18004
	leastQuiet = 2  // modules; less reads badly on a panel with a dark frame
	leastPixel = 2  // pixels a module
	mostAcross = 80 // modules over the panel: smaller ones blur at arm's length
	roomyPixel = 4  // pixels a module from which on a code may give room to the amount
)

// ErrTooLong says that a text makes a code that the panel cannot show readably.
var ErrTooLong = errors.New("the code does not fit the display")

// ErrNoText says that there is nothing to show.
var ErrNoText = errors.New("an empty code cannot be shown")

// modulesOf makes the code of a text with correction level M, true where it is
// dark, without a quiet zone.
func modulesOf(text string) ([][]bool, error) {
	if text == "" {
		return nil, ErrNoText
	}
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTooLong, err)
	}
	code.DisableBorder = true
	return code.Bitmap(), nil
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

// place says where a code of so many modules goes on a panel: the square of
// its dark and light modules and the room that is left for words, which begins
// outside the quiet zone. Without words the code is in the middle.
func place(modules int, size image.Point, strip int) (code, words image.Rectangle, px int, err error) {
	side := min(size.X, size.Y)
	if px, err = modulePixels(modules, side); err != nil {
		return code, words, px, err
	}
	whole := image.Rectangle{Max: size}
	if strip > 0 {
		code, words = whole, whole
		quiet := modules + 2*fullQuiet
		beside := max(size.Y, px*quiet)
		switch small := min(size.X, size.Y-strip) / quiet; {
		case size.X-beside >= strip:
			code.Max.X, words.Min.X = beside, beside
		case small >= roomyPixel || small == px:
			px = small
			words.Min.Y = max(px*quiet, size.Y-2*strip)
			code.Max.Y = words.Min.Y
		default:
			words = image.Rectangle{}
		}
	} else {
		code = whole
	}
	code.Min = code.Min.Add(image.Pt((code.Dx()-px*modules)/2, (code.Dy()-px*modules)/2))
	code.Max = code.Min.Add(image.Pt(px*modules, px*modules))
	return code, words, px, nil
}

// drawCode draws the modules of a code, black on the white that is there.
func drawCode(img draw.Image, modules [][]bool, at image.Point, px int) {
	black := image.NewUniform(color.Gray{})
	for y, row := range modules {
		for x, dark := range row {
			if dark {
				p := at.Add(image.Pt(x*px, y*px))
				draw.Draw(img, image.Rectangle{Min: p, Max: p.Add(image.Pt(px, px))}, black, image.Point{}, draw.Src)
			}
		}
	}
}
