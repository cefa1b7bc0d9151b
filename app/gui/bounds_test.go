package gui

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
)

// pane is a window whose canvas says when it has to be painted.
type pane struct {
	fyne.Window
	linen
	inside bool // the context of OpenGL is this window's
	closed bool // it has none any more, or none yet
}

func (p *pane) Canvas() fyne.Canvas { return &p.linen }

func (p *pane) RunWithContext(draw func()) {
	if p.closed {
		return
	}
	p.inside = true
	draw()
	p.inside = false
}

// linen is 200 by 100 units large, two pixels a unit.
type linen struct {
	fyne.Canvas
	stained bool
}

func (*linen) Size() fyne.Size { return fyne.NewSize(200, 100) }

func (*linen) PixelCoordinateForPosition(at fyne.Position) (x, y int) {
	return int(2 * at.X), int(2 * at.Y)
}

func (l *linen) CheckDirtyAndClear() bool {
	was := l.stained
	l.stained = false
	return was
}

func (l *linen) SetDirty() { l.stained = true }

// glass writes down what OpenGL is asked for.
type glass struct {
	name string
	pane *pane
	said []string
	wide int // of the window
}

func (g *glass) renderer() string { return g.name }

func (g *glass) scissor(x, y, w, h int) {
	g.said = append(g.said, fmt.Sprint("scissor ", x, y, w, h, g.pane.inside))
}

func (g *glass) size() (w, h int) { return g.wide, 200 }

func (g *glass) unscissor() { g.said = append(g.said, fmt.Sprint("all ", g.pane.inside)) }

// glazed makes bounds with one window, its surface drawn.
func glazed(t *testing.T, renderer string) (*bounds, *pane, *glass, *kit.Surface, *kit.Page) {
	t.Helper()
	test.NewTempApp(t)
	win := &pane{}
	g := &glass{name: renderer, pane: win}
	p := &bounds{gl: g}
	s := kit.NewSurface()
	page := &kit.Page{L: &look.Look{}}
	s.Draw(page)
	p.add(win, s)
	return p, win, g, s, page
}

// TestOnlyWhatChangedIsPainted draws a window, then a key more.
func TestOnlyWhatChangedIsPainted(t *testing.T) {
	p, win, g, s, page := glazed(t, "llvmpipe (LLVM 15.0.6, 256 bits)")
	p.paints() // nothing to paint
	win.stained = true
	p.paints()
	p.windows[0].sized = time.Now().Add(-dragged)
	if !win.stained {
		t.Error("Fyne will not paint what is dirty")
	}
	more := *page
	more.Items = []kit.Item{{Shape: kit.Box, R: kit.Rect{X: 20, Y: 10, W: 30, H: 40}, Fill: 1}}
	s.Draw(&more)
	p.paints()
	win.stained = true
	p.paints() // nothing of the till's changed: the window was uncovered
	want := []string{"all true", "scissor 34 94 72 92 true", "all true"}
	if !slices.Equal(g.said, want) {
		t.Errorf("it asked for %q, wanted %q", g.said, want)
	}
}

// TestAWindowThatIsDraggedIsNeverBlank: between another size and Fyne's hearing of it, what changed was painted alone, onto a
// buffer that was new and empty.
func TestAWindowThatIsDraggedIsNeverBlank(t *testing.T) {
	p, win, g, s, page := glazed(t, "llvmpipe")
	now := time.Now()
	for i, is := range []struct {
		wide  int
		after time.Duration
		whole bool
	}{{400, 0, true}, {400, dragged, false}, {402, 1, true}, {402, dragged - 1, true}, {402, 1, false}, {400, 1, true}, {402, dragged, true}, {402, dragged, false}} {
		now = now.Add(is.after)
		g.wide, g.said = is.wide, nil
		changed := *page
		changed.Items = []kit.Item{{Shape: kit.Box, R: kit.Rect{X: float32(i), W: 30, H: 40}, Fill: 1}}
		s.Draw(&changed)
		win.stained = true
		p.windows[0].paints(now, g)
		if len(g.said) != 1 || is.whole != (g.said[0] == "all true") {
			t.Fatalf("at %+v it asked for %q", is, g.said)
		}
	}
}

// TestWhatWasNotPaintedStaysStale: a window that could not be painted yet forgot what had changed in it, and had its first
// frame for painted.
func TestWhatWasNotPaintedStaysStale(t *testing.T) {
	p, win, g, s, page := glazed(t, "llvmpipe")
	win.closed, win.stained = true, true
	p.paints()
	if !p.windows[0].all.IsZero() || len(g.said) != 0 {
		t.Fatalf("a window that is not there was painted at %v: %q", p.windows[0].all, g.said)
	}
	win.closed = false
	p.paints()
	p.windows[0].sized = time.Now().Add(-dragged)
	more := *page
	more.Items = []kit.Item{{Shape: kit.Box, R: kit.Rect{X: 20, Y: 10, W: 30, H: 40}, Fill: 1}}
	s.Draw(&more)
	win.closed, win.stained = true, true
	p.paints()
	win.closed = false
	p.paints()
	if want := []string{"all true", "scissor 34 94 72 92 true"}; !slices.Equal(g.said, want) {
		t.Errorf("it asked for %q, wanted %q", g.said, want)
	}
}

// TestAllIsPaintedAgainAfterAWhile has the same key change now and later.
func TestAllIsPaintedAgainAfterAWhile(t *testing.T) {
	p, win, g, s, page := glazed(t, "llvmpipe")
	now := time.Now()
	for i, after := range []time.Duration{0, allEvery - 1, allEvery, 2*allEvery - 1} {
		changed := *page
		changed.Items = []kit.Item{{Shape: kit.Box, R: kit.Rect{X: float32(i), W: 30, H: 40}, Fill: 1}}
		s.Draw(&changed)
		win.stained = true
		p.windows[0].paints(now.Add(after), g)
	}
	if len(g.said) != 4 || g.said[0] != "all true" || g.said[1] == "all true" || g.said[2] != "all true" || g.said[3] == "all true" {
		t.Errorf("it asked for %q", g.said)
	}
}

// TestAGraphicsCardPaintsAll: what its buffers hold after a frame nobody knows.
func TestAGraphicsCardPaintsAll(t *testing.T) {
	p, win, g, s, page := glazed(t, "Mesa Intel(R) UHD Graphics 600 (GLK 2)")
	for i := range 3 {
		changed := *page
		changed.Items = []kit.Item{{Shape: kit.Box, R: kit.Rect{X: float32(i), W: 30, H: 40}, Fill: 1}}
		s.Draw(&changed)
		win.stained = true
		p.paints()
	}
	if slices.ContainsFunc(g.said, func(s string) bool { return s != "all true" }) {
		t.Errorf("it asked for %q", g.said)
	}
	p.remove(win)
	beside := &bounds{card: true}
	beside.add(win, s)
	if len(p.windows)+len(beside.windows) != 0 {
		t.Error("a window is looked after that has gone, or one of a machine with a card")
	}
}
