package display

import (
	"image"
	"image/color"
	"strings"

	"golang.org/x/image/math/fixed"

	"tillkeeper/app/pos"
)

// yen is the sign before a sum of money, in three fifths of the figure's size.
const yen = "¥"

// figure is a sum of money in a box: tabular, so that a digit stays where it
// is while others change, and always whole.
type figure struct {
	box   image.Rectangle
	most  int // size of the digits in pixels
	align int // -1 left, 0 middle, 1 right
	ink   color.Color
}

// leastFigure is the smallest size of digits, in pixels.
const leastFigure = 8

// money draws a sum and gives false where the box is too small for all of it:
// nothing is drawn then, as a part of a sum is another sum.
func (t *typeface) money(img *image.RGBA, a pos.Amount, f figure) bool {
	text := grouped(a)
	size := min(f.most, f.box.Dy()*100/80)
	for size > leastFigure && t.moneyWidth(text, size) > f.box.Dx() {
		size--
	}
	wide := t.moneyWidth(text, size)
	if size < leastFigure || wide > f.box.Dx() {
		return false
	}
	x := f.box.Min.X
	if f.align >= 0 {
		x += (f.box.Dx() - wide) * (1 + f.align) / 2
	}
	// Digits are 0.733 high and stand on the baseline.
	base := f.box.Min.Y + (f.box.Dy()+size*73/100)/2
	small := style{size: yenSize(size), bold: true, ink: f.ink}
	t.draw(img, yen, small, x, base)
	x += t.width(yen, small) + size/20
	s := style{size: size, bold: true, ink: f.ink}
	pen := fixed.I(x)
	for _, r := range text {
		t.draw(img, string(r), s, pen.Round(), base)
		pen += t.advance(r, s)
	}
	return true
}

// yenSize is that of the sign before digits of a size: below 11 pixels its
// strokes run together.
func yenSize(digits int) int { return max(digits*3/5, min(digits, 11)) }

// advance is the step after a character of a sum: that of the widest digit
// for every digit.
func (t *typeface) advance(r rune, s style) fixed.Int26_6 {
	if r < '0' || r > '9' {
		f, c := t.glyph(s, r)
		a, _ := f.GlyphAdvance(c)
		return a
	}
	var most fixed.Int26_6
	for d := '0'; d <= '9'; d++ {
		f, c := t.glyph(s, d)
		if a, _ := f.GlyphAdvance(c); a > most {
			most = a
		}
	}
	return most
}

func (t *typeface) moneyWidth(text string, size int) int {
	s := style{size: size, bold: true}
	var sum fixed.Int26_6
	for _, r := range text {
		sum += t.advance(r, s)
	}
	return sum.Ceil() + t.width(yen, style{size: yenSize(size), bold: true}) + size/20
}

// grouped writes a sum with two decimals and a comma every three digits.
func grouped(a pos.Amount) string {
	text, sign := a.String(), ""
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		text, sign = rest, "-"
	}
	whole, cents, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + whole + "." + cents
}
