package kit

import "tillkeeper/app/gui/look"

// VerbDigit is the verb of a digit key; its argument is "0".."9", "00" or ".".
const VerbDigit = "digit"

// digits are in the order of a cash register and of a keyboard's number block: 7-8-9 above.
var digits = [4][3]string{{"7", "8", "9"}, {"4", "5", "6"}, {"1", "2", "3"}, {"0", "00", "."}}

// Pad draws the digits in three columns and four rows of the given cells: for sums with double zero and point, for a
// secret with the zero in the middle of the last row, whose other two keys are left to the screen.
func (p *Page) Pad(cells [4][3]Rect, sums bool) {
	if !sums {
		p.Key(cells[3][1], Key{Label: "0", Size: 34, Act: Act{VerbDigit, "0"}, Key: "0"})
	}
	for row := range digits {
		for col, d := range digits[row] {
			if !sums && row == 3 {
				continue
			}
			p.Key(cells[row][col], Key{Label: d, Size: 34, Act: Act{VerbDigit, d}, Key: d})
		}
	}
}

// Cells splits a rectangle into four rows of three.
func Cells(r Rect, gap float32) (out [4][3]Rect) {
	for i, row := range r.Rows(4, gap) {
		copy(out[i][:], row.Cols(3, gap))
	}
	return out
}

// VerbLetter is the verb of a letter key; its argument is the small letter.
const VerbLetter = "letter"

var letters = [...]string{"qwertyuiop", "asdfghjkl", "zxcvbnm"}

// Keyboard draws the letters for searching by pinyin initials; back is what the key beside the last row asks for.
func (p *Page) Keyboard(r Rect, back Act) {
	gap := p.L.M.Gap()
	w := (r.W - 9*gap) / 10
	for i, row := range r.Rows(3, gap) {
		x := r.X + float32(10-len(letters[i]))*(w+gap)/2
		if i == 2 {
			x = r.X + (w + gap)
		}
		for _, c := range letters[i] {
			letter := string(c)
			p.Key(Rect{x, row.Y, w, row.H}, Key{Label: letter, Size: 24, Act: Act{VerbLetter, letter}, Key: letter})
			x += w + gap
		}
		if i == 2 {
			p.Key(Rect{x, row.Y, r.Right() - x, row.H}, Key{Dress: Flat, Icon: "backspace", Key: "BackSpace", Act: back})
		}
	}
}

// Dots draws how many of max secret digits were typed, about a middle.
func (p *Page) Dots(x, y float32, typed, limit int) {
	u := p.L.M.U
	pitch := u(38)
	x -= pitch * float32(limit-1) / 2
	for i := range limit {
		if i < typed {
			p.Disc(x, y, u(20), look.Ink)
		} else {
			p.Hole(x, y, u(21), 2, look.None, look.Soft)
		}
		x += pitch
	}
}
