package kit

import "tillkeeper/app/gui/look"

// Shown gives how many rows of a height a list of h units shows, and the largest first row that makes sense for n.
func Shown(h, rowH float32, n int) (rows, last int) {
	rows = max(1, int(h/rowH))
	return rows, max(0, n-rows)
}

// TouchList draws the rows of a list that a finger drags and a wheel turns, row by row: n rows of rowH units from the
// row first on, each drawn by draw. It gives the number of rows that fit. A mark at the right says where in the list
// one is when not all of it fits.
func (p *Page) TouchList(r Rect, id string, rowH float32, n, first int, draw func(i int, row Rect)) int {
	rows, last := Shown(r.H, rowH, n)
	first = max(0, min(first, last))
	p.Hits = append(p.Hits, Hit{R: r, Drag: id, Rows: rowH, First: first, Last: last, Body: none})
	for i := range min(rows, n-first) {
		p.row = i + 1
		draw(first+i, Rect{r.X, r.Y + float32(i)*rowH, r.W, rowH})
	}
	p.row = 0
	if last > 0 {
		h := max(p.L.M.U(24), r.H*float32(rows)/float32(n))
		y := r.Y + (r.H-h)*float32(first)/float32(last)
		p.Box(Rect{r.Right() - p.L.M.U(6), y, p.L.M.U(4), h}, look.Edge, look.None, 0, p.L.M.U(2))
	}
	return rows
}

// Row lets a row of a list be touched; it answers when the finger leaves, so that a drag is not a choice.
func (p *Page) Row(r Rect, a Act, body int) {
	p.Hits = append(p.Hits, Hit{R: r, Act: a, Late: true, Body: body, Down: look.PlainDown})
}

// RowNo gives which row in sight is drawn, from 1; 0 outside of lists.
func (p *Page) RowNo() int { return p.row }

// rowKeys is how many rows of a list have a shortcut: Alt and a digit, the tenth one 0.
const rowKeys = 10

// KeyedRow gives the height of a row in a list of h units, drawn as it is or so much higher that every row in sight has a
// shortcut.
func KeyedRow(h, drawn float32) float32 { return max(drawn, h/(rowKeys+0.99)) }

// RowKey gives the shortcut of the row that is drawn, Alt and its digit for the first ten in sight, "" for none.
func (p *Page) RowKey() string { return rowKey(p.row) }

func rowKey(n int) string {
	if n < 1 || n > rowKeys {
		return ""
	}
	return AltKey + string(rune('0'+n%rowKeys))
}

// AltKey begins the name of a shortcut that is pressed together with Alt.
const AltKey = "Alt+"

// RowCap gives the row that is drawn its shortcut, as AltCap does.
func (p *Page) RowCap(x, mid float32, a Act) float32 { return p.AltCap(p.row, x, mid, a) }

// AltCap gives the n-th of what is in sight, from 1, its shortcut, Alt and its digit for the first ten (a digit alone
// belongs to the amount), and prints it with its right side at x, about a middle. It gives the room that this takes, 0
// where there is none.
func (p *Page) AltCap(n int, x, mid float32, a Act) float32 {
	return p.CapFor(rowKey(n), x, mid, a)
}

// CapFor binds a shortcut, "" for none, and prints it as AltCap does.
func (p *Page) CapFor(name string, x, mid float32, a Act) float32 {
	if name == "" {
		return 0
	}
	p.Keys[name] = a
	return p.CapAt(x, mid, name) + p.L.M.U(10)
}

// Modal covers everything drawn so far against touch and gives the frame of a sheet of w by h in the middle; keys of
// the page below are forgotten.
func (p *Page) Modal(w, h float32) Rect {
	m := p.L.M
	p.Hits, p.Keys = nil, map[string]Act{}
	r := Rect{snap((m.W - w) / 2), snap((m.H - h) / 2), w, h}
	p.Box(r.In(-3, -3), look.Edge, look.None, 0, m.U(17))
	p.Panel(r)
	return r
}

// CapWidth gives how wide a printed shortcut is.
func (p *Page) CapWidth(text string) float32 {
	return max(p.L.M.U(30), p.Width(text, Style{Size: 15, Bold: true})+p.L.M.U(12))
}

// Cap prints a shortcut that stands beside a title, from x to the right about a middle, and gives its width.
func (p *Page) Cap(x, mid float32, text string) float32 {
	return p.CapAt(x+p.CapWidth(text), mid, text)
}

// CapAt prints a shortcut with its right side at x, about a middle, and gives its width.
func (p *Page) CapAt(x, mid float32, text string) float32 {
	return p.keycap(x, mid-p.L.M.U(11), Key{Cap: text}, wears[Plain])
}
