package kit

import "fyne.io/fyne/v2"

// stale is where a surface does not look as it was painted last: a box about everything that came, went or changed.
type stale struct {
	box   Rect
	whole bool
}

// fringe is how far soft edges and rounding may reach over the rectangle of an object, in units.
const fringe = 3

// add takes in what an object covers.
func (s *stale) add(o fyne.CanvasObject) {
	at, size := o.Position(), o.Size()
	s.box = s.box.about(Rect{at.X, at.Y, size.Width, size.Height}.In(-fringe, -fringe))
}

// about gives the smallest rectangle about two; an empty one counts for nothing.
func (r Rect) about(o Rect) Rect {
	if r.W <= 0 || r.H <= 0 {
		return o
	}
	x, y := min(r.X, o.X), min(r.Y, o.Y)
	return Rect{x, y, max(r.Right(), o.Right()) - x, max(r.Bottom(), o.Bottom()) - y}
}

// Stale gives the box, in units, outside of which the surface looks as it did when it was asked last; whole says that there
// is no such box, as after another size or look. It is for who is about to paint it.
func (s *Surface) Stale() (box Rect, whole bool) {
	box, whole = s.stale.box, s.stale.whole || s.page == nil
	s.stale = stale{}
	return box, whole
}
