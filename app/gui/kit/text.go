package kit

import (
	"strings"

	"tillkeeper/app/gui/look"
)

// Side says where a text stands in its box.
type Side uint8

// The sides.
const (
	Start Side = iota
	Centre
	End
)

// Style is how a text is written.
type Style struct {
	Size  float32    // drawn size; the page scales it to the panel
	Bold  bool       // heavier cut
	Ink   look.Token // colour, None for Ink
	Side  Side
	Elide bool // may end in an ellipsis without being a misfit: names from the catalogue
	Exact bool // Size is in units already
}

// Sizes below which nothing is written, and how far a text may shrink before it counts as too wide.
const (
	leastSize   = 14
	leastFigure = 12 // a sum of seven digits on a key of a small panel
	shrinkFrom  = 0.72
)

func (p *Page) size(st Style) float32 {
	if st.Exact {
		return st.Size
	}
	return p.L.M.T(st.Size)
}

// Width gives the width of a text in units.
func (p *Page) Width(s string, st Style) float32 {
	w, _ := p.L.Extent(s, p.size(st), st.Bold)
	return w
}

// Text writes a line in the optical middle of a box and gives its width. A line that is too wide shrinks, then ends in
// an ellipsis and is reported.
func (p *Page) Text(r Rect, s string, st Style) float32 {
	size := p.size(st)
	return p.write(r, r.Mid()+0.37*size, s, st)
}

// Line writes a line whose optical middle is at y, from x to the right, w wide at most.
func (p *Page) Line(x, y, w float32, s string, st Style) float32 {
	return p.Text(Rect{x, y, w, 0}, s, st)
}

// write puts a line on a baseline.
func (p *Page) write(r Rect, baseline float32, s string, st Style) float32 {
	if s == "" {
		return 0
	}
	size := p.size(st)
	w, base := p.L.Extent(s, size, st.Bold)
	if w > r.W+0.5 {
		s, size = p.squeeze(r.W, s, size, st)
		w, base = p.L.Extent(s, size, st.Bold)
	}
	x := r.X
	switch st.Side {
	case Centre:
		x += (r.W - w) / 2
	case End:
		x += r.W - w
	case Start:
	}
	ink := st.Ink
	if ink == look.None {
		ink = look.Ink
	}
	p.Texts = append(p.Texts, s)
	p.Add(Item{Shape: Label, R: Rect{snap(x), snap(baseline - base), w, 0}, Fill: ink, Text: s, Size: size, Bold: st.Bold})
	return w
}

// squeeze makes a line fit: smaller down to a bound, then shorter.
func (p *Page) squeeze(room float32, s string, size float32, st Style) (string, float32) {
	floor := max(leastSize, size*shrinkFrom)
	switch {
	case isFigure(s): // a figure that lacks its end is another figure
		floor = leastFigure
	case st.Elide:
		floor = max(leastSize, size*0.8)
	}
	for size-1 >= floor {
		size--
		if w, _ := p.L.Extent(s, size, st.Bold); w <= room+0.5 {
			return s, size
		}
	}
	if !st.Elide {
		w, _ := p.L.Extent(s, size, st.Bold)
		p.Misfits = append(p.Misfits, Misfit{Text: s, Want: w, Has: room})
	}
	runes := []rune(s)
	for n := len(runes) - 1; n > 0; n-- {
		cut := string(runes[:n]) + "…"
		if w, _ := p.L.Extent(cut, size, st.Bold); w <= room {
			return cut, size
		}
	}
	return "…", size
}

// isFigure says whether a text is a number, a sum or a product of two.
func isFigure(s string) bool { return strings.Trim(s, "0123456789.,-+× "+Yen) == "" }

// Para writes lines under each other, pitch units from middle to middle, the first middle at y.
func (p *Page) Para(x, y, w, pitch float32, lines []string, st Style) {
	for i, s := range lines {
		p.Line(x, y+float32(i)*pitch, w, s, st)
	}
}

// Yen is the currency sign of sums on screen, half-width.
const Yen = "¥"

// Sum writes a sum with its currency sign at 62 % of the figures on the same baseline, in the optical middle of a box. A
// sum too wide for it shrinks as far as it has to: it is never cut.
func (p *Page) Sum(r Rect, amount string, st Style) {
	size := p.size(st)
	for {
		w, _ := p.L.Extent(amount, size, st.Bold)
		if w+p.yen(size, st.Bold) <= r.W || size-1 < leastSize {
			break
		}
		size--
	}
	w, _ := p.L.Extent(amount, size, st.Bold)
	sign := p.yen(size, st.Bold)
	if w+sign > r.W+0.5 {
		p.Misfits = append(p.Misfits, Misfit{Text: Yen + amount, Want: w + sign, Has: r.W})
	}
	x := r.X
	switch st.Side {
	case Centre:
		x += (r.W - w - sign) / 2
	case End:
		x += r.W - w - sign
	case Start:
	}
	base := r.Mid() + 0.37*size
	st.Side, st.Exact = Start, true
	st.Size = yenShare * size
	p.write(Rect{x, 0, sign, 0}, base, Yen, st)
	st.Size = size
	p.write(Rect{x + sign, 0, w + 1, 0}, base, amount, st)
}

const (
	yenShare = 0.62 // size of the currency sign against the figures
	yenGap   = 0.06 // distance to the figures against their size
)

// yen gives the room that the sign takes before figures of a size.
func (p *Page) yen(size float32, bold bool) float32 {
	w, _ := p.L.Extent(Yen, yenShare*size, bold)
	return w + yenGap*size
}

func snap(v float32) float32 { return float32(int(v + 0.5)) }
