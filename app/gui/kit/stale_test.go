package kit_test

import (
	"image"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
)

// small is a look of a small panel, quick to paint.
func small(t *testing.T) *look.Look {
	l := *newLook(t, false)
	l.M.W, l.M.H = 120, 80
	return &l
}

// anItem draws one thing that is painted somewhere on a small panel, over others.
func anItem(t *rapid.T) kit.Item {
	at := func(name string, upTo int) float32 { return float32(rapid.IntRange(0, upTo).Draw(t, name)) }
	it := kit.Item{
		Shape: rapid.SampledFrom([]kit.Shape{kit.Box, kit.Box, kit.Label, kit.Icon, kit.Disc, kit.Arc}).Draw(t, "shape"),
		R:     kit.Rect{X: at("x", 80), Y: at("y", 50), W: 8 + at("w", 40), H: 8 + at("h", 30)},
		Fill:  rapid.SampledFrom([]look.Token{look.Surface, look.Ink, look.Press, look.OKSoft}).Draw(t, "fill"),
	}
	switch it.Shape {
	case kit.Box:
		it.Radius, it.RimW = at("radius", 4), at("rim", 2)
		if it.RimW > 0 {
			it.Rim = look.Edge
		}
	case kit.Label:
		it.Text, it.Size, it.R.H = rapid.SampledFrom([]string{"应收", "8.00", "gj"}).Draw(t, "text"), 16, 0
	case kit.Icon:
		it.Text, it.R.H = "card", it.R.W
	case kit.Disc, kit.Arc:
		it.R.H, it.RimW, it.To = it.R.W, 2, 200
	}
	return it
}

// edited changes a drawing here and there: something more, something less, two in other order, one in another place.
func edited(t *rapid.T, items []kit.Item) []kit.Item {
	out := append([]kit.Item(nil), items...)
	for range rapid.IntRange(0, 3).Draw(t, "edits") {
		i := rapid.IntRange(0, len(out)-1).Draw(t, "which")
		switch rapid.IntRange(0, 3).Draw(t, "edit") {
		case 0:
			out[i] = anItem(t)
		case 1:
			out[i], out[0] = out[0], out[i]
		case 2:
			out = append(out, out[i])
		case 3:
			if len(out) > 1 {
				out = append(out[:i:i], out[i+1:]...)
			}
		}
	}
	return out
}

func pageOf(l *look.Look, items []kit.Item) *kit.Page {
	p := kit.NewPage(l)
	p.Items = append(p.Items, items...)
	return p
}

// outside counts the pixels outside of a box in which two pictures differ.
func outside(a, b image.Image, box kit.Rect) (n int) {
	r := a.Bounds()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if !box.Has(float32(x), float32(y)) && a.At(x, y) != b.At(x, y) {
				n++
			}
		}
	}
	return n
}

// TestNothingChangesOutsideOfTheStaleBox edits drawings at random: who paints only the box gets the same picture as who
// paints all.
func TestNothingChangesOutsideOfTheStaleBox(t *testing.T) {
	l := small(t)
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SliceOfN(rapid.Custom(anItem), 1, 5).Draw(t, "before")
		after := edited(t, before)
		s := kit.NewSurface()
		s.Draw(pageOf(l, before))
		if _, whole := s.Stale(); !whole {
			t.Fatal("the first page is not new as a whole")
		}
		s.Draw(pageOf(l, after))
		box, whole := s.Stale()
		if whole {
			t.Fatal("the same look is new as a whole")
		}
		a, b := kit.Picture(pageOf(l, before)), kit.Picture(pageOf(l, after))
		if n := outside(a, b, box); n > 0 {
			t.Fatalf("%d pixels changed outside of %+v", n, box)
		}
		if again, _ := s.Stale(); again != (kit.Rect{}) {
			t.Fatalf("what was told is told again: %+v", again)
		}
	})
}

// forgetful gives the box about what came and what went, and asks not in which order the rest lies.
func forgetful(before, after []kit.Item) (box kit.Rect) {
	take := func(of, from []kit.Item) {
		from = slices.Clone(from)
		for _, it := range of {
			if i := slices.Index(from, it); i >= 0 {
				from = slices.Delete(from, i, i+1)
				continue
			}
			r := it.R.In(-3, -3)
			if box.W > 0 {
				x, y := min(box.X, r.X), min(box.Y, r.Y)
				r = kit.Rect{X: x, Y: y, W: max(box.Right(), r.Right()) - x, H: max(box.Bottom(), r.Bottom()) - y}
			}
			box = r
		}
	}
	take(before, after)
	take(after, before)
	return box
}

// TestABoxThatForgetsTheOrderIsCaught plants the fault: a box about what came and what went only misses two that changed
// places elsewhere. The surface's own box does not.
func TestABoxThatForgetsTheOrderIsCaught(t *testing.T) {
	l := small(t)
	under := kit.Item{Shape: kit.Box, R: kit.Rect{X: 10, Y: 10, W: 30, H: 30}, Fill: look.Ink}
	over := kit.Item{Shape: kit.Box, R: kit.Rect{X: 20, Y: 20, W: 30, H: 30}, Fill: look.Press}
	went := kit.Item{Shape: kit.Box, R: kit.Rect{X: 90, Y: 10, W: 10, H: 10}, Fill: look.Ink}
	came := kit.Item{Shape: kit.Box, R: kit.Rect{X: 90, Y: 30, W: 10, H: 10}, Fill: look.Ink}
	before, after := []kit.Item{under, over, went}, []kit.Item{over, under, came}
	a, b := kit.Picture(pageOf(l, before)), kit.Picture(pageOf(l, after))
	box := forgetful(before, after)
	if !box.Has(95, 15) || !box.Has(95, 35) {
		t.Fatalf("the fault is not the one that was meant: its box is %+v", box)
	}
	if outside(a, b, box) == 0 {
		t.Error("what changed outside of the box passed unseen")
	}
	s := kit.NewSurface()
	s.Draw(pageOf(l, before))
	s.Stale()
	s.Draw(pageOf(l, after))
	if box, _ := s.Stale(); outside(a, b, box) > 0 {
		t.Errorf("the surface makes the same fault: %+v", box)
	}
}

// TestAKeyUnderTheFingerIsStale: what shows the finger, and another size, have to be painted too.
func TestAKeyUnderTheFingerIsStale(t *testing.T) {
	l := small(t)
	p := kit.NewPage(l)
	p.Key(kit.Rect{X: 10, Y: 10, W: 60, H: 40}, kit.Key{Label: "7", Act: kit.Act{Verb: "digit", Arg: "7"}})
	s := kit.NewSurface()
	s.Draw(p)
	s.Stale()
	for _, finger := range []func(){func() { s.MouseDown(mouse(20, 20)) }, func() { s.MouseUp(mouse(20, 20)) }} {
		finger()
		if box, whole := s.Stale(); whole || !box.Has(10, 10) || !box.Has(69, 49) || box.Has(80, 60) {
			t.Errorf("stale are %+v, whole %t", box, whole)
		}
	}
	s.Resize(s.Size().AddWidthHeight(1, 0))
	if _, whole := s.Stale(); !whole {
		t.Error("another size is not new as a whole")
	}
}
