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
		draw(first+i, Rect{r.X, r.Y + float32(i)*rowH, r.W, rowH})
	}
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
