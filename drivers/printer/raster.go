package printer

import (
	"image"
	"image/color"
	"image/draw"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// The height of a row of characters in dots, and the size of the font in it.
const (
	rowDots  = 24
	fontDots = 22
)

// glyphs draws characters that the printer has not. The font is read when it
// is first needed.
type glyphs struct {
	mu   sync.Mutex
	ttf  []byte
	font *sfnt.Font
	buf  sfnt.Buffer
	face [2]font.Face // of the sizes 1 and 2
}

// fill makes a text one that can be drawn: what the font has not either becomes
// a question mark of the same width. It says whether anything that the printer
// lacks is gained by drawing.
func (g *glyphs) fill(s string, lacks func(rune) bool) (text string, gain bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.font == nil && g.ttf != nil {
		g.font, _ = opentype.Parse(g.ttf)
		g.ttf = nil
	}
	if g.font == nil {
		return s, false
	}
	text = strings.Map(func(r rune) rune {
		if i, err := g.font.GlyphIndex(&g.buf, r); err == nil && i != 0 {
			gain = gain || lacks(r)
			return r
		}
		if Wide(r) {
			return '？'
		}
		return '?'
	}, s)
	return text, gain
}

// draw makes the dots of one row of text, each character in its columns.
func (g *glyphs) draw(s string, width int, big bool) *image.Gray {
	g.mu.Lock()
	defer g.mu.Unlock()
	scale := 1
	if big {
		scale = 2
	}
	img := image.NewGray(image.Rect(0, 0, width*scale, rowDots*scale))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	if g.face[scale-1] == nil {
		face, err := opentype.NewFace(g.font, &opentype.FaceOptions{Size: float64(fontDots * scale), DPI: 72})
		if err != nil {
			return img
		}
		g.face[scale-1] = face
	}
	d := font.Drawer{Dst: img, Src: image.Black, Face: g.face[scale-1]}
	x := 0
	for _, r := range s {
		d.Dot = fixed.P(x, (rowDots-5)*scale)
		d.DrawString(string(r))
		x += columnsOf(r) * dotsPerColumn * scale
	}
	return img
}

// raster sends a picture in bands with GS v 0. Where its dots would form a
// real-time command one dot is added.
func (e *encoder) raster(img *image.Gray) {
	wide := (min(img.Bounds().Dx(), e.dots) + 7) / 8
	for top := 0; top < img.Bounds().Dy(); top += e.model.Band {
		rows := min(e.model.Band, img.Bounds().Dy()-top)
		data := make([]byte, 0, wide*rows)
		for y := top; y < top+rows; y++ {
			data = append(data, pack(img, y, wide)...)
		}
		head := []byte{0x1d, 'v', '0', 0, byte(wide), byte(wide >> 8), byte(rows), byte(rows >> 8)}
		e.out.Write(head)
		e.out.Write(defuse(data))
	}
}

func pack(img *image.Gray, y, wide int) []byte {
	row := make([]byte, wide)
	for x := range min(img.Bounds().Dx(), wide*8) {
		if img.GrayAt(x, y).Y < 128 {
			row[x/8] |= 0x80 >> (x % 8)
		}
	}
	return row
}

// defuse adds one dot wherever two bytes would be a real-time command.
func defuse(b []byte) []byte {
	for at := RealTime(b); at >= 0; at = RealTime(b) {
		b[at] |= 0x20
	}
	return b
}

// maxLogo bounds the height of a logo in dots.
const maxLogo = 400

// fit makes a picture black and white, at most as wide as the paper: lighter
// than the middle is white, and so is what is transparent.
func (e *encoder) fit(src image.Image) *image.Gray {
	b := src.Bounds()
	img := whitePaper(min(b.Dx(), e.dots), min(b.Dy(), maxLogo))
	over := image.NewRGBA(img.Bounds())
	draw.Draw(over, over.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(over, over.Bounds(), src, b.Min, draw.Over)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			img.Set(x, y, color.GrayModel.Convert(over.At(x, y)))
		}
	}
	return img
}
