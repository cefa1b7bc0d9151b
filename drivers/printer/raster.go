package printer

import (
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// maxBand bounds the rows of one raster command: small buffers hold no more.
const maxBand = 128

// The height of a row of characters in dots, and the size of the font in it.
const (
	rowDots  = 24
	fontDots = 22
)

// glyphs draws characters that the printer has not. The font is read when it
// is first needed.
type glyphs struct {
	ttf  []byte
	font *sfnt.Font
	buf  sfnt.Buffer
}

// has says whether the font can draw every character of a text.
func (g *glyphs) has(s string) bool {
	if g.font == nil && g.ttf != nil {
		g.font, _ = opentype.Parse(g.ttf)
		g.ttf = nil
	}
	if g.font == nil {
		return false
	}
	for _, r := range s {
		if i, err := g.font.GlyphIndex(&g.buf, r); err != nil || i == 0 {
			return false
		}
	}
	return true
}

// draw makes the dots of one row of text, each character in its columns.
func (g *glyphs) draw(s string, width int, big bool) *image.Gray {
	scale := 1
	if big {
		scale = 2
	}
	img := image.NewGray(image.Rect(0, 0, width*scale, rowDots*scale))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	face, err := opentype.NewFace(g.font, &opentype.FaceOptions{Size: float64(fontDots * scale), DPI: 72})
	if err != nil {
		return img
	}
	d := font.Drawer{Dst: img, Src: image.Black, Face: face}
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
	wide := (img.Bounds().Dx() + 7) / 8
	for top := 0; top < img.Bounds().Dy(); top += maxBand {
		rows := min(maxBand, img.Bounds().Dy()-top)
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
	for x := range img.Bounds().Dx() {
		if img.At(x, y).(color.Gray).Y < 128 {
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
