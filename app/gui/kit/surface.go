package kit

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"tillkeeper/app/gui/look"
)

// Surface is the one widget of a window: it shows pages and tells what was touched. All methods belong to the
// goroutine that Fyne draws with.
type Surface struct {
	widget.BaseWidget
	OnAct    func(Act)                    // a key was touched; called on the way down
	OnScroll func(list string, first int) // a list was dragged to another first row
	OnSize   func(w, h float32)           // the window has another size, in units

	page  *Page
	items []Item
	objs  []fyne.CanvasObject
	wheel *wheel
	down  int // index of the hit under the finger, -1 for none
	drag  drag
	stale stale
}

type drag struct {
	hit   Hit
	on    bool
	moved float32
	first int
}

var (
	_ desktop.Mouseable = (*Surface)(nil)
	_ fyne.Draggable    = (*Surface)(nil)
)

// NewSurface makes an empty surface.
func NewSurface() *Surface {
	s := &Surface{down: none}
	s.wheel = newWheel(s)
	s.ExtendBaseWidget(s)
	return s
}

const none = -1

// Resize tells of another size of the window.
func (s *Surface) Resize(size fyne.Size) {
	s.stale.whole = true
	if size == s.Size() {
		return
	}
	s.BaseWidget.Resize(size)
	s.wheel.Resize(size)
	if s.OnSize != nil {
		s.OnSize(size.Width, size.Height)
	}
}

// Page gives the page that is shown, nil before the first.
func (s *Surface) Page() *Page { return s.page }

// Draw replaces the page. Items that were there before keep their canvas objects, so only what changed is painted anew.
func (s *Surface) Draw(p *Page) {
	sameLook := s.page != nil && s.page.L == p.L
	kept := map[Item][]int{}
	if sameLook {
		for i, it := range s.items {
			kept[it] = append(kept[it], i)
		}
	}
	objs := make([]fyne.CanvasObject, len(p.Items))
	last := none // the place that the last item in its old order had
	for i, it := range p.Items {
		if have := kept[it]; len(have) > 0 {
			objs[i], kept[it] = s.objs[have[0]], have[1:]
			if have[0] < last { // what it lay under may lie under it now
				s.stale.add(objs[i])
			}
			last = max(last, have[0])
			continue
		}
		objs[i] = paint(p.L, it)
		s.stale.add(objs[i])
		if i == 0 && p.grounded() {
			objs[i].Hide()
		}
	}
	for _, gone := range kept {
		for _, i := range gone {
			s.stale.add(s.objs[i])
		}
	}
	s.stale.whole = s.stale.whole || !sameLook
	same := sameLook && slices.Equal(s.items, p.Items)
	s.page, s.items, s.objs = p, slices.Clone(p.Items), objs
	s.down = none
	if !same {
		canvas.Refresh(s.wheel)
	}
}

// press shows the finger on a hit.
func (s *Surface) press(i int) {
	s.down = i
	s.tone(i, s.page.Hits[i].Down)
}

// release takes the finger off.
func (s *Surface) release() {
	if s.down != none && s.down < len(s.page.Hits) {
		if b := s.page.Hits[s.down].Body; b >= 0 && b < len(s.page.Items) {
			s.tone(s.down, s.page.Items[b].Fill)
		}
	}
	s.down = none
}

// tone gives the body of a hit another fill.
func (s *Surface) tone(i int, t look.Token) {
	b := s.page.Hits[i].Body
	if b < 0 || b >= len(s.objs) || t == look.None {
		return
	}
	if r, ok := s.objs[b].(*canvas.Rectangle); ok {
		s.items[b].Fill = t
		r.FillColor = s.page.L.Color(t)
		s.stale.add(r)
		canvas.Refresh(r)
	}
}

// at finds the topmost hit at a point that asks for something.
func (s *Surface) at(x, y float32) int {
	if s.page == nil {
		return none
	}
	for i := len(s.page.Hits) - 1; i >= 0; i-- {
		if h := s.page.Hits[i]; h.R.Has(x, y) {
			if h.Act == (Act{}) && h.Drag != "" {
				continue
			}
			return i
		}
	}
	return none
}

// MouseDown answers a finger or a button at once.
func (s *Surface) MouseDown(e *desktop.MouseEvent) {
	i := s.at(e.Position.X, e.Position.Y)
	s.release()
	if i == none || s.page.Hits[i].Act == (Act{}) {
		return
	}
	hit := s.page.Hits[i]
	s.press(i)
	if !hit.Late && s.OnAct != nil {
		page := s.page
		s.OnAct(hit.Act)
		s.again(page, hit)
	}
}

// again shows the finger on the same key of the page that its touch brought.
func (s *Surface) again(before *Page, hit Hit) {
	if s.page == before {
		return
	}
	for i, h := range s.page.Hits {
		if h.R == hit.R && h.Act == hit.Act {
			s.press(i)
			return
		}
	}
}

// MouseUp lets a key go; a row of a list answers now, unless it was dragged.
func (s *Surface) MouseUp(e *desktop.MouseEvent) {
	i, dragged := s.down, s.drag.on
	s.release()
	s.drag = drag{}
	if i == none || dragged || s.page == nil || i >= len(s.page.Hits) {
		return
	}
	if h := s.page.Hits[i]; h.Late && h.R.Has(e.Position.X, e.Position.Y) && s.OnAct != nil {
		s.OnAct(h.Act)
	}
}

// dragFrom is how far a finger may slip, in units, before it drags.
const dragFrom = 8

// Dragged moves the list under the finger by whole rows.
func (s *Surface) Dragged(e *fyne.DragEvent) {
	if s.drag.hit.Drag == "" {
		i := s.list(e.Position.X-e.Dragged.DX, e.Position.Y-e.Dragged.DY)
		if i == none {
			return
		}
		s.drag.hit = s.page.Hits[i]
		s.drag.first = s.drag.hit.First
	}
	s.drag.moved += e.Dragged.DY
	if !s.drag.on && s.drag.moved < dragFrom && s.drag.moved > -dragFrom {
		return
	}
	if !s.drag.on {
		s.drag.on = true
		down := s.down
		s.release()
		s.down = down
	}
	s.scroll(s.drag.hit, s.drag.hit.First-int(snapSigned(s.drag.moved/s.drag.hit.Rows)))
}

// DragEnd forgets the drag.
func (s *Surface) DragEnd() { s.drag = drag{} }

// scrolled moves the list under the pointer by a row a notch.
func (s *Surface) scrolled(e *fyne.ScrollEvent) {
	if i := s.list(e.Position.X, e.Position.Y); i != none {
		h := s.page.Hits[i]
		s.drag.first = h.First
		step := 1
		if e.Scrolled.DY > 0 {
			step = -1
		}
		s.scroll(h, h.First+step)
		s.drag = drag{}
	}
}

func (s *Surface) scroll(h Hit, first int) {
	first = max(0, min(first, h.Last))
	if first != s.drag.first && s.OnScroll != nil {
		s.drag.first = first
		s.OnScroll(h.Drag, first)
	}
}

func (s *Surface) list(x, y float32) int {
	if s.page == nil {
		return none
	}
	for i := len(s.page.Hits) - 1; i >= 0; i-- {
		if h := s.page.Hits[i]; h.Drag != "" && h.R.Has(x, y) {
			return i
		}
	}
	return none
}

func snapSigned(v float32) float32 {
	if v < 0 {
		return -snap(-v)
	}
	return snap(v)
}

// CreateRenderer gives the renderer; Fyne calls it once.
func (s *Surface) CreateRenderer() fyne.WidgetRenderer { return renderer{s} }

type renderer struct{ s *Surface }

// Destroy lets nothing go: there is nothing to let go.
func (r renderer) Destroy() {}

// Layout does nothing: pages lay themselves out.
func (r renderer) Layout(fyne.Size) {}

// MinSize asks for no room: the window decides.
func (r renderer) MinSize() fyne.Size { return fyne.NewSize(1, 1) }

// Objects gives what is on the page, the wheel over it.
func (r renderer) Objects() []fyne.CanvasObject {
	return append(slices.Clip(r.s.objs), r.s.wheel)
}

// Refresh does nothing: what changed was refreshed when it changed.
func (r renderer) Refresh() {}
