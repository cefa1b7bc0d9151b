package display

import (
	"image"
	"image/color"
	"image/draw"

	"tillkeeper/app/pos"
)

// palette is what a picture is painted with. Every pair of ink and paper has
// a contrast over 4.5.
type palette struct{ paper, ink, soft, line color.Color }

func rgb(hex uint32) color.Color {
	return color.RGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff}
}

var (
	plain  = palette{rgb(0xffffff), rgb(0x14202e), rgb(0x54606f), rgb(0xcdd6e0)}
	night  = palette{rgb(0x000000), rgb(0xffffff), rgb(0xffffff), rgb(0xffffff)}
	press  = palette{rgb(0x0b5cad), rgb(0xffffff), rgb(0xe2edf9), rgb(0xffffff)}
	good   = palette{rgb(0x076b42), rgb(0xffffff), rgb(0xdff3e9), rgb(0xffffff)}
	bad    = palette{rgb(0xa82016), rgb(0xffffff), rgb(0xfde9e7), rgb(0xffffff)}
	unsure = palette{rgb(0x94400a), rgb(0xffffff), rgb(0xfdf0dd), rgb(0xffffff)}
	chalk  = palette{rgb(0xffffff), rgb(0x000000), rgb(0x000000), rgb(0x000000)}
)

// painter makes the pictures of one panel.
type painter struct {
	size  image.Point
	words *typeface // nil: codes only
	mono  bool
	dark  bool
}

// canvas is a picture in the making.
type canvas struct {
	*painter
	img *image.RGBA
	palette
}

func (p *painter) canvas(colours palette) canvas {
	switch {
	case p.mono && p.dark:
		colours = night
	case p.mono:
		colours = chalk
	}
	img := image.NewRGBA(image.Rectangle{Max: p.size})
	draw.Draw(img, img.Rect, image.NewUniform(colours.paper), image.Point{}, draw.Src)
	return canvas{p, img, colours}
}

// done is the picture as the panel can show it.
func (c canvas) done() *image.RGBA {
	switch {
	case c.mono && c.paper == night.paper:
		hard(c.img, whiteOnDark)
	case c.mono:
		hard(c.img, whiteOnLight)
	}
	return c.img
}

// view paints a view; the error says that its code cannot be shown, and the
// picture is then of the sum and of the note.
func (p *painter) view(v pos.View, note string) (*image.RGBA, error) {
	if v.State == pos.ViewQR {
		return p.qr(v, note)
	}
	if p.words == nil {
		return p.canvas(plain).done(), nil
	}
	var c canvas
	switch v.State {
	case pos.ViewSale:
		c = p.canvas(plain)
		c.sale(v)
	case pos.ViewPay:
		c = p.canvas(plain)
		c.message(noMark, v)
	case pos.ViewThanks:
		c = p.canvas(good)
		c.message(tick, v)
	case pos.ViewRefused:
		c = p.canvas(bad)
		c.message(cross, v)
	case pos.ViewWait:
		c = p.canvas(unsure)
		c.message(clock, v)
	default:
		c = p.canvas(press)
		c.idle(v)
	}
	return c.done(), nil
}

// wide says whether words go beside each other rather than below.
func (p *painter) wide() bool { return 2*p.size.X >= 3*p.size.Y }

// box is a part of the picture in thousandths of its width and height.
func (p *painter) box(x0, y0, x1, y1 int) image.Rectangle {
	return image.Rect(p.size.X*x0/1000, p.size.Y*y0/1000, p.size.X*x1/1000, p.size.Y*y1/1000)
}

// tall is a part of the height in pixels, but no less than a character needs.
func (p *painter) tall(thousandths int) int { return max(p.size.Y*thousandths/1000, leastSize) }

// leastSize is the smallest size of words in pixels: Han characters need it.
const leastSize = 12

func (c canvas) text(s string, box image.Rectangle, most, rows, align int, bold bool, ink color.Color) {
	if s != "" {
		c.words.set(c.img, s, block{box, c.tall(most), leastSize, rows, align, bold, ink})
	}
}

func (c canvas) money(a pos.Amount, box image.Rectangle, most, align int, ink color.Color) {
	c.words.money(c.img, a, figure{box, c.tall(most), align, ink})
}

func (c canvas) rule(y, x0, x1 int) {
	r := c.box(x0, y, x1, y)
	r.Max.Y = r.Min.Y + max(1, c.size.Y/120)
	draw.Draw(c.img, r, image.NewUniform(c.line), image.Point{}, draw.Src)
}

func (c canvas) idle(v pos.View) {
	if c.wide() {
		c.text(v.Title, c.box(30, 60, 970, 610), 340, 2, 0, true, c.ink)
		c.text(v.Note, c.box(30, 620, 970, 960), 250, 1, 0, false, c.soft)
		return
	}
	c.text(v.Title, c.box(50, 140, 950, 660), 200, 3, 0, true, c.ink)
	c.text(v.Note, c.box(60, 690, 940, 900), 120, 1, 0, false, c.soft)
}

// sale shows the line that was touched last above the running total.
func (c canvas) sale(v pos.View) {
	if c.wide() {
		c.text(v.Line, c.box(30, 20, 610, 310), 235, 2, -1, false, c.ink)
		if v.Line != "" {
			c.money(v.Price, c.box(630, 20, 970, 310), 230, 1, c.soft)
		}
		c.rule(330, 0, 1000)
		c.text(v.Title, c.box(30, 350, 330, 970), 250, 2, -1, false, c.soft)
		c.money(v.Total, c.box(350, 350, 970, 980), 560, 1, c.ink)
		return
	}
	c.text(v.Line, c.box(60, 50, 940, 320), 112, 2, -1, false, c.ink)
	if v.Line != "" {
		price := c.box(60, 335, 940, 465)
		price.Min.Y = max(price.Min.Y, price.Max.Y-price.Dx()/6) // never larger than the total
		c.money(v.Price, price, 130, 1, c.soft)
	}
	c.rule(495, 60, 940)
	c.text(v.Title, c.box(60, 525, 940, 665), 105, 1, -1, false, c.soft)
	c.money(v.Total, c.box(50, 665, 950, 960), 290, 1, c.ink)
}

// message shows what is to be done or how it ended: a mark, a title, a sum,
// a note.
func (c canvas) message(m mark, v pos.View) {
	if c.wide() {
		c.wideMessage(m, v)
		return
	}
	if m == noMark {
		c.text(v.Title, c.box(40, 60, 960, 260), 150, 2, 0, true, c.ink)
		c.money(v.Total, c.box(40, 290, 960, 610), 290, 0, c.ink)
		c.rule(665, 60, 940)
		c.text(v.Note, c.box(60, 690, 940, 960), 110, 3, 0, false, c.soft)
		return
	}
	side := min(c.size.X, c.size.Y)
	drawMark(c.img, m, image.Pt(c.size.X/2, c.size.Y*160/1000), side*115/1000, c.ink, c.paper)
	c.text(v.Title, c.box(40, 285, 960, 450), 140, 2, 0, true, c.ink)
	if v.Total == 0 {
		c.text(v.Note, c.box(60, 500, 940, 920), 115, 4, 0, false, c.soft)
		return
	}
	if v.Note == "" {
		c.money(v.Total, c.box(40, 520, 960, 880), 300, 0, c.ink)
		return
	}
	c.text(v.Note, c.box(50, 455, 950, 715), 95, 3, 0, false, c.soft)
	c.money(v.Total, c.box(40, 715, 960, 965), 260, 0, c.ink)
}

// wideMessage has the mark before the title, the note in full width below
// them and the sum at the bottom.
func (c canvas) wideMessage(m mark, v pos.View) {
	title := c.box(30, 20, 985, 390)
	if m != noMark {
		r := c.size.Y * 165 / 1000
		middle := image.Pt(c.size.Y*40/1000+r, c.size.Y*205/1000)
		beside := title
		beside.Min.X = middle.X + r + c.size.Y*80/1000
		if c.fits(v.Title, beside, 290, 2, true) { // else the words have to do
			title = beside
			drawMark(c.img, m, middle, r, c.ink, c.paper)
		}
	}
	note := c.box(30, 395, 985, 640)
	long := v.Total != 0 && v.Note != "" && !c.fits(v.Note, note, 210, 1, false)
	switch {
	case long && m == noMark: // the sum and what to do
		c.text(v.Note, c.box(30, 10, 985, 530), 210, 2, -1, false, c.ink)
		c.money(v.Total, c.box(30, 540, 970, 985), 560, 1, c.ink)
		return
	case long, v.Total == 0:
		c.text(v.Note, c.box(30, 410, 970, 985), 230, 2, -1, false, c.soft)
	case v.Note == "":
		c.money(v.Total, c.box(30, 420, 970, 980), 480, 1, c.ink)
	default:
		c.text(v.Note, note, 210, 1, -1, false, c.soft)
		c.money(v.Total, c.box(30, 645, 970, 985), 400, 1, c.ink)
	}
	c.text(v.Title, title, 290, 2, -1, true, c.ink)
}

// fits says whether a text is whole in a box.
func (c canvas) fits(s string, box image.Rectangle, most, rows int, bold bool) bool {
	_, _, whole := c.words.fit(s, block{box: box, most: c.tall(most), least: leastSize, rows: rows, bold: bold})
	return whole
}

// qr shows the code with the sum below or beside it.
func (p *painter) qr(v pos.View, note string) (*image.RGBA, error) {
	modules, err := modulesOf(v.QR)
	strip := 0
	if p.words != nil && v.Total != 0 {
		strip = max(leastSize*3/2, p.size.Y*150/1000)
	}
	var code, words image.Rectangle
	var px int
	if err == nil {
		code, words, px, err = place(len(modules), p.size, strip)
	}
	if err != nil {
		c := p.canvas(plain)
		if p.words != nil {
			c.message(noMark, pos.View{Title: v.Title, Total: v.Total, Note: note})
		}
		return c.done(), err
	}
	c := p.canvas(plain)
	draw.Draw(c.img, c.img.Rect, image.White, image.Point{}, draw.Src)
	drawCode(c.img, modules, code.Min, px)
	if words.Empty() {
		return c.done(), nil
	}
	ink := plain.ink
	if p.mono {
		ink = chalk.ink
	}
	if words.Dx() >= words.Dy()*2 || v.Title == "" {
		c.words.money(c.img, v.Total, figure{words.Inset(2), words.Dy(), 0, ink})
		return c.done(), nil
	}
	half := words.Min.Y + words.Dy()/2
	c.words.set(c.img, v.Title, block{image.Rect(words.Min.X+2, words.Min.Y+words.Dy()/8, words.Max.X-4, half), c.tall(190), leastSize, 2, 0, true, ink})
	c.words.money(c.img, v.Total, figure{image.Rect(words.Min.X+2, half, words.Max.X-4, words.Max.Y-words.Dy()/8), c.tall(300), 0, ink})
	return c.done(), nil
}
