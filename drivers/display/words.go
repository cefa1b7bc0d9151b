package display

import (
	"fmt"
	"image"
	"image/color"
	"strings"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// The limits of what is drawn of a text.
const (
	mostRunes = 120 // of a text; the rest would not fit any panel
	mostFaces = 48  // sizes kept ready; past it they are made anew
)

// noGlyph stands for a character that no font has.
const noGlyph = '□'

// typeface draws words in a regular and a bold cut. A character that the bold
// one lacks is taken from the regular one.
type typeface struct {
	regular, bold *sfnt.Font
	buf           sfnt.Buffer
	faces         map[cut]font.Face
}

// cut is a size, in pixels, of one of the fonts.
type cut struct {
	of   *sfnt.Font
	size int
}

func newTypeface(regular, bold []byte) (*typeface, error) {
	f, err := opentype.Parse(regular)
	if err != nil {
		return nil, fmt.Errorf("the font of the display: %w", err)
	}
	t := &typeface{regular: f, bold: f, faces: map[cut]font.Face{}}
	if bold != nil {
		if t.bold, err = opentype.Parse(bold); err != nil {
			return nil, fmt.Errorf("the bold font of the display: %w", err)
		}
	}
	return t, nil
}

// style is how a text is set; size is in pixels.
type style struct {
	size int
	bold bool
	ink  color.Color
}

// glyph gives the face that has a character, and the character that it has.
func (t *typeface) glyph(s style, r rune) (font.Face, rune) {
	order := []*sfnt.Font{t.regular}
	if s.bold {
		order = []*sfnt.Font{t.bold, t.regular}
	}
	for _, c := range []rune{r, noGlyph, '?'} {
		for _, f := range order {
			if i, err := f.GlyphIndex(&t.buf, c); err == nil && i != 0 {
				return t.face(cut{f, s.size}), c
			}
		}
	}
	return t.face(cut{order[0], s.size}), ' '
}

func (t *typeface) face(c cut) font.Face {
	if f := t.faces[c]; f != nil {
		return f
	}
	if len(t.faces) >= mostFaces {
		clear(t.faces)
	}
	// The options are good and NewFace has no other way to fail.
	f, _ := opentype.NewFace(c.of, &opentype.FaceOptions{Size: float64(c.size), DPI: 72})
	t.faces[c] = f
	return f
}

// width is that of a text in pixels.
func (t *typeface) width(text string, s style) int {
	var sum fixed.Int26_6
	for _, r := range text {
		f, c := t.glyph(s, r)
		a, _ := f.GlyphAdvance(c)
		sum += a
	}
	return sum.Ceil()
}

// draw sets a text from a point on its baseline on.
func (t *typeface) draw(img *image.RGBA, text string, s style, x, base int) {
	d := font.Drawer{Dst: img, Src: image.NewUniform(s.ink), Dot: fixed.P(x, base)}
	for _, r := range text {
		f, c := t.glyph(s, r)
		d.Face = f
		d.DrawString(string(c))
	}
}

// printable drops what is no character of a line and bounds its length.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
	if r := []rune(text); len(r) > mostRunes {
		text = string(r[:mostRunes])
	}
	return strings.TrimSpace(text)
}

// lines breaks a text into at most so many lines of a width: between words,
// and between any two Han characters. What does not fit ends in an ellipsis,
// and whole is false.
func (t *typeface) lines(text string, s style, width, most int) (out []string, whole bool) {
	rest := []rune(printable(text))
	for len(rest) > 0 && len(out) < most {
		n := t.fits(rest, s, width)
		if n == len(rest) {
			return append(out, string(rest)), true
		}
		if len(out) == most-1 {
			break
		}
		n = max(1, breakAt(rest, n))
		out = append(out, strings.TrimSpace(string(rest[:n])))
		rest = []rune(strings.TrimSpace(string(rest[n:])))
	}
	if len(rest) == 0 {
		return out, true
	}
	dots := "..."
	if rest[0] > 0x2e7f {
		dots = "…"
	}
	n := t.fits(rest, s, width-t.width(dots, s))
	return append(out, strings.TrimSpace(string(rest[:n]))+dots), false
}

// fits counts the characters from the start of a text that a width takes.
func (t *typeface) fits(text []rune, s style, width int) int {
	var sum fixed.Int26_6
	for i, r := range text {
		f, c := t.glyph(s, r)
		a, _ := f.GlyphAdvance(c)
		if sum += a; sum.Ceil() > width {
			return i
		}
	}
	return len(text)
}

// breakAt gives the last place before n where a line may end.
func breakAt(text []rune, n int) int {
	for i := n; i > 0; i-- {
		if text[i] == ' ' || (text[i] > 0x2e7f && !unicode.IsPunct(text[i])) || text[i-1] == ' ' || text[i-1] > 0x2e7f && !unicode.IsPunct(text[i]) {
			return i
		}
	}
	return n
}

// block is a text set into a box: the largest size between two that shows it
// whole in so many lines, else the smallest and an ellipsis.
type block struct {
	box         image.Rectangle
	most, least int // size
	rows        int
	align       int // -1 left, 0 middle, 1 right
	bold        bool
	ink         color.Color
}

// leading is the height of a line of text, in hundredths of its size.
const leading = 128

// inOneRow is how small, in hundredths of the size that it would have in more
// rows, a text is for the sake of fewer.
const inOneRow = 85

// cutSize is the size, in hundredths of the least one, of a text that has to be
// cut anyway.
const cutSize = 117

// set draws a text into a block, in the middle of its height.
func (t *typeface) set(img *image.RGBA, text string, b block) {
	s, rows, _ := t.fit(text, b)
	step := s.size * leading / 100
	// Han characters stand 0.12 below the baseline and 0.88 above it.
	base := b.box.Min.Y + (b.box.Dy()-step*len(rows))/2 + (step-s.size)/2 + s.size*88/100
	for _, row := range rows {
		x := b.box.Min.X
		if free := b.box.Dx() - t.width(row, s); b.align >= 0 {
			x += free * (1 + b.align) / 2
		}
		t.draw(img, row, s, x, base)
		base += step
	}
}

// fit finds the size and the rows of a text: few rows before large letters,
// within reason. Where whole is false not all of it is there.
func (t *typeface) fit(text string, b block) (s style, rows []string, whole bool) {
	s = style{bold: b.bold, ink: b.ink}
	best := 0
	for n := 1; n <= b.rows; n++ {
		for size := b.most; size >= b.least && size*inOneRow/100 > best; size-- {
			if n > 1 && size*leading*n/100 > b.box.Dy() {
				continue
			}
			s.size = size
			if out, all := t.lines(text, s, b.box.Dx(), n); all {
				rows, best = out, size
				break
			}
		}
	}
	if best > 0 {
		s.size = best
		return s, t.even(text, s, b.box.Dx(), rows), true
	}
	s.size = min(b.most, b.least*cutSize/100)
	rows, whole = t.lines(text, s, b.box.Dx(), min(b.rows, max(1, b.box.Dy()*100/(s.size*leading))))
	return s, rows, whole
}

// even breaks a text anew so that its rows are about as long as each other.
func (t *typeface) even(text string, s style, width int, rows []string) []string {
	if len(rows) < 2 {
		return rows
	}
	for w := width - s.size/4; w > width/3; w -= max(1, s.size/4) {
		out, whole := t.lines(text, s, w, len(rows))
		if !whole {
			break
		}
		rows = out
	}
	return rows
}
