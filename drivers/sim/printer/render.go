package printer

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"sync"

	"github.com/skip2/go-qrcode"
	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// The head of the printer in dots, 8 to the millimetre.
const (
	headDots80 = 576
	headDots58 = 384
	cellDots   = 12 // of a half-width character
	rowDots    = 24
	pitchDots  = 30 // from row to row
	margin     = 24 // white around the paper in the picture
	fontDots   = 22 // size of the font in a row
	baseDots   = 19 // of the base line in a row
	maxHeight  = 20000
)

// Render draws what a printer of 80 mm would put on paper for the bytes of a
// slip, RenderOn one whose head has so many dots. Font is a TrueType font with the characters of the slip.
func Render(b, ttf []byte) (image.Image, error) {
	return RenderOn(b, ttf, headDots80)
}

// RenderOn draws what a head of so many dots would put on paper.
func RenderOn(b, ttf []byte, dots int) (image.Image, error) {
	f, err := opentype.Parse(ttf)
	if err != nil {
		return nil, fmt.Errorf("font of the receipt: %w", err)
	}
	img, shown, err := render(b, f, dots, nil)
	if err != nil {
		return nil, err
	}
	return img.SubImage(shown), nil
}

// paper is the strip under the head.
type paper struct {
	img    *image.Gray
	width  int
	y      int
	row    []cell
	align  int
	size   int
	bold   bool
	kanji  bool
	module int
	level  qrcode.RecoveryLevel
	qr     string
	bars   struct{ high, wide int }
	font   *sfnt.Font
	faces  map[int]font.Face
	err    error
}

// cell is one character of the row that is being filled.
type cell struct {
	r       rune
	columns int
	size    int
	bold    bool
}

func (c cell) width() int { return c.columns * cellDots * (c.size>>4&7 + 1) }

var renderMu sync.Mutex // opentype fonts and faces are not for two goroutines

// render gives the strip and what of it is the slip. It draws on the strip of an
// earlier slip that nobody needs any more, if there is one of that width.
func render(b []byte, f *sfnt.Font, width int, used *image.Gray) (strip *image.Gray, shown image.Rectangle, err error) {
	renderMu.Lock()
	defer renderMu.Unlock()
	p := &paper{width: width, font: f, faces: map[int]font.Face{}, module: 3, level: qrcode.Low, y: margin, kanji: true}
	p.bars.high, p.bars.wide = 162, 3
	if p.img = used; used == nil || used.Rect.Dx() != width+2*margin {
		p.img = image.NewGray(image.Rect(0, 0, width+2*margin, 1024))
	}
	white(p.img, p.img.Bounds())
	for len(b) > 0 && p.err == nil {
		c, n := next(b, p.kanji)
		if n == 0 {
			break
		}
		p.do(c)
		b = b[n:]
	}
	p.flush(false)
	return p.img, image.Rect(0, 0, width+2*margin, min(p.y+margin, p.img.Rect.Max.Y)), p.err
}

func white(img *image.Gray, r image.Rectangle) {
	draw.Draw(img, r, image.White, image.Point{}, draw.Src)
}

func (p *paper) do(c command) {
	switch c.op {
	case opText:
		p.text(c.data)
	case opFeed:
		p.flush(true)
	case opInit:
		p.align, p.size, p.bold, p.row = 0, 0, false, p.row[:0]
	case opAlign:
		p.align = c.arg % 48
	case opSize:
		p.size = c.arg
	case opBold:
		p.bold = c.arg&1 == 1
	case opLines:
		p.flush(false)
		p.feed(c.arg * pitchDots)
	case opKanji:
		p.kanji = c.arg == 1
	case opRaster:
		p.raster(c)
	case opQRSize:
		p.module = max(1, min(16, c.arg))
	case opQRLevel:
		p.level = qrcode.RecoveryLevel(max(0, min(3, c.arg-48)))
	case opQRStore:
		p.qr = string(c.data)
	case opQRPrint:
		p.drawQR()
	case opBarHigh:
		p.bars.high = c.arg
	case opBarWide:
		p.bars.wide = max(1, min(6, c.arg))
	case opBarcode:
		p.drawBars(c.data)
	}
}

// feed moves the paper, lengthening the picture where needed.
func (p *paper) feed(dots int) {
	p.y += dots
	if p.y > maxHeight {
		p.err = fmt.Errorf("a slip longer than %d dots", maxHeight)
		return
	}
	p.reach(p.y)
}

func (p *paper) reach(y int) {
	if y+margin <= p.img.Rect.Max.Y || y > maxHeight {
		return
	}
	longer := image.NewGray(image.Rect(0, 0, p.img.Rect.Max.X, 2*(y+margin)))
	white(longer, longer.Bounds())
	draw.Draw(longer, p.img.Bounds(), p.img, image.Point{}, draw.Src)
	p.img = longer
}

func (p *paper) text(b []byte) {
	c := cell{r: rune(b[0]), columns: 1, size: p.size, bold: p.bold}
	if len(b) == 2 {
		c.columns, c.r = 2, '?'
		if u, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b); err == nil {
			c.r = []rune(string(u))[0]
		}
	}
	if p.used()+c.width() > p.width {
		p.flush(true)
	}
	p.row = append(p.row, c)
}

func (p *paper) used() int {
	n := 0
	for _, c := range p.row {
		n += c.width()
	}
	return n
}

// left is where something of a width begins under the alignment in force.
func (p *paper) left(width int) int {
	switch p.align {
	case 1:
		return margin + (p.width-width)/2
	case 2:
		return margin + p.width - width
	}
	return margin
}

// flush prints the row; feed says whether an empty row moves the paper too.
func (p *paper) flush(feed bool) {
	if len(p.row) == 0 {
		if feed {
			p.feed(pitchDots)
		}
		return
	}
	tall := 1
	for _, c := range p.row {
		tall = max(tall, c.size&7+1)
	}
	p.reach(p.y + rowDots*tall)
	x := p.left(p.used())
	for _, c := range p.row {
		high := rowDots * (c.size&7 + 1)
		p.glyph(c, image.Rect(x, p.y+rowDots*tall-high, x+c.width(), p.y+rowDots*tall))
		x += c.width()
	}
	p.row = p.row[:0]
	p.feed(rowDots*tall + pitchDots - rowDots)
}

// glyph draws one character into its box; the font is drawn at the larger of
// the two scales and squeezed.
func (p *paper) glyph(c cell, box image.Rectangle) {
	if c.r == ' ' || c.r == 0x3000 {
		return
	}
	scale := max(c.size&7, c.size>>4&7) + 1
	face, err := p.face(scale)
	if err != nil {
		p.err = err
		return
	}
	advance, _ := face.GlyphAdvance(c.r)
	w, h := max(c.columns*cellDots*scale, advance.Ceil()), rowDots*scale
	tile := image.NewGray(image.Rect(0, 0, w, h))
	white(tile, tile.Bounds())
	at := fixed.Point26_6{X: (fixed.I(w) - advance) / 2, Y: fixed.I(baseDots * scale)}
	d := font.Drawer{Dst: tile, Src: image.Black, Face: face, Dot: at}
	d.DrawString(string(c.r))
	if c.bold {
		d.Dot = at.Add(fixed.P(1, 0))
		d.DrawString(string(c.r))
	}
	if box.Dx() == w && box.Dy() == h {
		darken(p.img, box, tile)
		return
	}
	squeezed := image.NewGray(image.Rect(0, 0, box.Dx(), box.Dy()))
	xdraw.ApproxBiLinear.Scale(squeezed, squeezed.Bounds(), tile, tile.Bounds(), xdraw.Src, nil)
	darken(p.img, box, squeezed)
}

// darken keeps the darker of two dots.
func darken(to *image.Gray, box image.Rectangle, from *image.Gray) {
	for y := range box.Dy() {
		for x := range box.Dx() {
			if v := from.GrayAt(x, y); v.Y < to.GrayAt(box.Min.X+x, box.Min.Y+y).Y {
				to.SetGray(box.Min.X+x, box.Min.Y+y, v)
			}
		}
	}
}

func (p *paper) face(scale int) (font.Face, error) {
	if f, ok := p.faces[scale]; ok {
		return f, nil
	}
	f, err := opentype.NewFace(p.font, &opentype.FaceOptions{Size: float64(fontDots * scale), DPI: 72})
	if err != nil {
		return nil, fmt.Errorf("font of the receipt: %w", err)
	}
	p.faces[scale] = f
	return f, nil
}

func (p *paper) raster(c command) {
	p.flush(false)
	p.reach(p.y + c.rows)
	left := p.left(c.wide * 8)
	for y := range c.rows {
		for x := range c.wide * 8 {
			if c.data[y*c.wide+x/8]&(0x80>>(x%8)) != 0 {
				p.img.SetGray(left+x, p.y+y, color.Gray{})
			}
		}
	}
	p.feed(c.rows)
}
