package kit

import (
	"strings"

	"tillkeeper/app/gui/look"
)

// Hour is one pair of bars: this day's value, the ghost of the same hour last week, and the word under them. Values
// are minor units of money; only their ratio is drawn.
type Hour struct {
	Word  string
	Value int64
	Ghost int64
	Now   bool // the hour that is running: its word is heavier
}

// Bars draws an hour chart in a rectangle: bars above a base line, words below it.
func (p *Page) Bars(r Rect, hours []Hour) {
	if len(hours) == 0 {
		return
	}
	u := p.L.M.U
	words := u(40)
	base := r.Bottom() - words
	top := int64(1)
	for _, h := range hours {
		top = max(top, h.Value, h.Ghost)
	}
	pitch := r.W / float32(len(hours))
	bar := min(u(17), pitch*0.36)
	height := func(v int64) float32 {
		if v <= 0 {
			return 0
		}
		return max(2, snap(float32(v)/float32(top)*(base-r.Y)))
	}
	for i, h := range hours {
		mid := r.X + (float32(i)+0.5)*pitch
		if v := height(h.Value); v > 0 {
			p.Add(Item{Shape: Box, R: Rect{snap(mid - bar - 1.5), base - v, bar, v}, Fill: look.Action, Radius: u(3)})
		}
		if v := height(h.Ghost); v > 0 {
			p.Add(Item{Shape: Box, R: Rect{snap(mid + 1.5), base - v, bar, v}, Fill: look.Ghost, Radius: u(3)})
		}
		st := Style{Size: 17, Ink: look.Soft, Side: Centre}
		if h.Now {
			st = Style{Size: 17, Bold: true, Side: Centre}
		}
		p.Line(mid-pitch/2, base+words/2, pitch, h.Word, st)
	}
	p.Rule(r.X, base, r.W)
}

// HBar draws a part of a whole as a flat bar; part and whole are minor units of money.
func (p *Page) HBar(r Rect, part, whole int64) {
	p.Box(r, look.Sunken, look.None, 0, r.H/2)
	if whole <= 0 || part <= 0 {
		return
	}
	w := max(r.H, snap(r.W*float32(part)/float32(whole)))
	p.Box(Rect{r.X, r.Y, min(w, r.W), r.H}, look.Action, look.None, 0, r.H/2)
}

// Ring draws a countdown about a middle: what is left of limit seconds, the number, and the unit under it. The ring
// is full at limit and is redrawn only when a page with another number is shown.
func (p *Page) Ring(x, y, d float32, left, limit int, unit string) {
	u := p.L.M.U
	thick := d * 0.083
	whole := Rect{x - d/2, y - d/2, d, d}
	p.Add(Item{Shape: Disc, R: whole, Fill: look.Line})
	if limit > 0 && left > 0 {
		to := 360 * float32(min(left, limit)) / float32(limit)
		p.Add(Item{Shape: Arc, R: whole, Fill: look.Press, RimW: thick, From: 0, To: to})
	}
	p.Disc(x, y, d-2*thick, look.Surface)
	size := d * 0.39
	p.Line(x-d/2, y-u(7), d, digitsOf(max(left, 0)), Style{Size: size, Exact: true, Bold: true, Side: Centre})
	p.Line(x-d/2, y+d*0.235, d, unit, Style{Size: 16, Ink: look.Soft, Side: Centre})
}

// quiet is how many white modules stand around a code that a camera reads.
const quiet = 4

// QR draws a code of modules (true is dark) in the largest whole number of units a module, with four white modules
// around it, in the middle of r; ink on white in both palettes. It gives the size of a module in units, 0 if the code
// does not fit.
func (p *Page) QR(r Rect, modules [][]bool) float32 {
	n := len(modules)
	if n == 0 {
		return 0
	}
	unit := float32(int(min(r.W, r.H) / float32(n+2*quiet)))
	if unit < 1 {
		return 0
	}
	var b strings.Builder
	for _, row := range modules {
		for _, on := range row {
			b.WriteByte('0' + bit(on))
		}
		b.WriteByte('\n')
	}
	white := unit * float32(n+2*quiet)
	x, y := snap(r.X+(r.W-white)/2), snap(r.Y+(r.H-white)/2)
	p.Box(Rect{x, y, white, white}, look.Paper, look.None, 0, p.L.M.U(6))
	side := unit * float32(n)
	p.Add(Item{
		Shape: Code, R: Rect{x + quiet*unit, y + quiet*unit, side, side}, Fill: look.Paper, Rim: look.Print,
		Text: b.String(),
	})
	return unit
}

func bit(on bool) byte {
	if on {
		return 1
	}
	return 0
}
