package kit_test

import (
	"os"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
)

func newLook(t *testing.T, dark bool) *look.Look {
	t.Helper()
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	return look.New(dark, look.Fit(1366, 768, 0), art)
}

func mouse(x, y float32) *desktop.MouseEvent {
	return &desktop.MouseEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(x, y)}, Button: desktop.MouseButtonPrimary}
}

func TestKeyAnswersOnTheWayDown(t *testing.T) {
	l := newLook(t, false)
	p := kit.NewPage(l)
	p.Key(kit.Rect{X: 10, Y: 10, W: 120, H: 80}, kit.Key{Label: "7", Size: 34, Act: kit.Act{Verb: "digit", Arg: "7"}})
	p.Key(kit.Rect{X: 140, Y: 10, W: 120, H: 80}, kit.Key{Label: "x", Dress: kit.Unavailable, Act: kit.Act{Verb: "no"}})
	s := kit.NewSurface()
	s.Draw(p)
	var got []kit.Act
	s.OnAct = func(a kit.Act) { got = append(got, a) }
	s.MouseDown(mouse(60, 50))
	if len(got) != 1 || got[0] != (kit.Act{Verb: "digit", Arg: "7"}) {
		t.Fatalf("touch gave %v", got)
	}
	s.MouseUp(mouse(60, 50))
	s.MouseDown(mouse(200, 50))
	s.MouseDown(mouse(600, 500))
	if len(got) != 1 {
		t.Errorf("an unavailable key or the ground answered: %v", got)
	}
}

// wheel gives what takes the mouse wheel over a surface.
func wheel(s *kit.Surface) fyne.Scrollable {
	all := s.CreateRenderer().Objects()
	return all[len(all)-1].(fyne.Scrollable)
}

func TestRowAnswersUnlessDragged(t *testing.T) {
	l := newLook(t, false)
	p := kit.NewPage(l)
	p.TouchList(kit.Rect{X: 0, Y: 0, W: 400, H: 200}, "order", 50, 20, 5, func(i int, r kit.Rect) {
		p.Row(r, kit.Act{Verb: "line", Arg: string(rune('a' + i))}, -1)
	})
	s := kit.NewSurface()
	s.Draw(p)
	var got []kit.Act
	first := -1
	s.OnAct = func(a kit.Act) { got = append(got, a) }
	s.OnScroll = func(list string, f int) { first = f }
	s.MouseDown(mouse(50, 60))
	if len(got) != 0 {
		t.Fatal("a row answered on the way down")
	}
	s.MouseUp(mouse(50, 60))
	if len(got) != 1 || got[0].Arg != "g" {
		t.Fatalf("row gave %v", got)
	}
	s.MouseDown(mouse(50, 150))
	for range 4 {
		s.Dragged(&fyne.DragEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(50, 125)}, Dragged: fyne.Delta{DY: -25}})
	}
	s.MouseUp(mouse(50, 50))
	s.DragEnd()
	if len(got) != 1 || first != 7 {
		t.Errorf("a drag of two rows gave %v, first %d", got, first)
	}
	wheel(s).Scrolled(&fyne.ScrollEvent{PointEvent: fyne.PointEvent{Position: fyne.NewPos(50, 50)}, Scrolled: fyne.Delta{DY: 10}})
	if first != 4 {
		t.Errorf("a notch gave first %d", first)
	}
}

func TestSurfaceKeepsWhatDidNotChange(t *testing.T) {
	l := newLook(t, false)
	draw := func(sum string) *kit.Page {
		p := kit.NewPage(l)
		p.Text(kit.Rect{X: 0, Y: 0, W: 300, H: 40}, "应收", kit.Style{Size: 22})
		p.Sum(kit.Rect{X: 0, Y: 40, W: 300, H: 80}, sum, kit.Style{Size: 76, Bold: true, Side: kit.End})
		return p
	}
	s := kit.NewSurface()
	s.Draw(draw("1.00"))
	before := append([]fyne.CanvasObject(nil), s.CreateRenderer().Objects()...)
	s.Draw(draw("2.00"))
	after := s.CreateRenderer().Objects()
	changed := 0
	for i := range after {
		if after[i] != before[i] {
			changed++
		}
	}
	if changed != 1 {
		t.Errorf("%d objects were made anew for one changed text", changed)
	}
}

// A canvas repaints only for an object that it has painted before: one has to stay whatever else is new.
func TestSurfaceKeepsOneObjectThroughAnotherLook(t *testing.T) {
	s := kit.NewSurface()
	page := func(dark bool) {
		p := kit.NewPage(newLook(t, dark))
		p.Text(kit.Rect{W: 300, H: 40}, "应收", kit.Style{Size: 22})
		s.Draw(p)
	}
	page(false)
	before := s.CreateRenderer().Objects()
	page(true)
	after := s.CreateRenderer().Objects()
	if before[len(before)-1] != after[len(after)-1] {
		t.Error("nothing stayed that the canvas knows")
	}
	if before[len(before)-2] == after[len(after)-2] {
		t.Error("a text of another look was kept")
	}
}

func TestTextThatDoesNotFitIsReported(t *testing.T) {
	l := newLook(t, false)
	p := kit.NewPage(l)
	p.Text(kit.Rect{W: 200, H: 40}, "short", kit.Style{Size: 18})
	if len(p.Misfits) != 0 {
		t.Fatalf("a text that fits was reported: %v", p.Misfits)
	}
	p.Text(kit.Rect{W: 60, H: 40}, "a line that is far too long", kit.Style{Size: 18})
	if len(p.Misfits) != 1 {
		t.Fatalf("misfits: %v", p.Misfits)
	}
	p.Text(kit.Rect{W: 60, H: 40}, "a name that is far too long", kit.Style{Size: 18, Elide: true})
	if len(p.Misfits) != 1 {
		t.Errorf("a name that may be cut was reported: %v", p.Misfits)
	}
	p.Sum(kit.Rect{W: 60, H: 40}, "12,846.50", kit.Style{Size: 66, Bold: true})
	if len(p.Misfits) != 2 {
		t.Errorf("a sum that does not fit was not reported")
	}
}

func TestCodeHasFourQuietModulesAndWholeUnits(t *testing.T) {
	l := newLook(t, true)
	p := kit.NewPage(l)
	grid := make([][]bool, 29)
	for i := range grid {
		grid[i] = make([]bool, 29)
		grid[i][i] = true
	}
	r := kit.Rect{X: 10, Y: 10, W: 411, H: 500}
	unit := p.QR(r, grid)
	if unit != 11 {
		t.Fatalf("a module is %v units", unit)
	}
	white, code := p.Items[1], p.Items[2]
	if white.Fill != look.Paper || code.R.X-white.R.X != 4*unit || code.R.W != 29*unit || code.R.X != float32(int(code.R.X)) {
		t.Errorf("white %+v code %+v", white.R, code.R)
	}
	if p.QR(kit.Rect{W: 20, H: 20}, grid) != 0 {
		t.Error("a code was drawn where it does not fit")
	}
}

func TestShortcutsArePrinted(t *testing.T) {
	l := newLook(t, false)
	p := kit.NewPage(l)
	p.Key(kit.Rect{X: 10, Y: 10, W: 258, H: 124}, kit.Key{Form: kit.Tender, Label: "刷卡", Icon: "card", Cap: "F1", Act: kit.Act{Verb: "card"}})
	if p.Keys["F1"].Verb != "card" {
		t.Errorf("keys: %v", p.Keys)
	}
}
