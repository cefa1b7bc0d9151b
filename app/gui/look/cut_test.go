package look

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"io/fs"
	"math"
	"os"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/software"
	"fyne.io/fyne/v2/test"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

func art(t *testing.T) *Art {
	t.Helper()
	a, err := Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// drawn gives the picture of a text as Fyne draws it.
func drawn(text string, in fyne.Resource) image.Image {
	t := canvas.NewText(text, light[Ink])
	t.TextSize, t.FontSource = 32, in
	return software.Render(t, test.Theme())
}

func same(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return false
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if a.At(x, y) != b.At(x, y) {
				return false
			}
		}
	}
	return true
}

func TestACutDrawsWhatTheWholeFaceDraws(t *testing.T) {
	test.NewTempApp(t)
	a := art(t)
	for _, f := range []*family{&a.regular, &a.bold} {
		whole := f.cuts[len(f.cuts)-1]
		for _, text := range []string{"¥185.40", "收银员：请刷卡、插卡或挥卡…", "Refused · AVAWATo.", "草莓 1L × 2", "（１２３）「￥」—→"} {
			if !same(drawn(text, f.cuts[0]), drawn(text, whole)) {
				t.Errorf("%q differs in %s", text, f.cuts[0].Name())
			}
		}
		if text := "馄饨"; !same(drawn(text, f.cuts[1]), drawn(text, whole)) {
			t.Errorf("%q differs in %s", text, f.cuts[1].Name())
		}
		if text := "馄饨"; same(drawn(text, f.cuts[0]), drawn(text, whole)) {
			t.Errorf("%s has outlines that it should have dropped", f.cuts[0].Name())
		}
	}
}

// TestEveryCharacterOfACutIsWhole compares each outline, whatever a text is made of.
func TestEveryCharacterOfACutIsWhole(t *testing.T) {
	a := art(t)
	for _, f := range []*family{&a.regular, &a.bold} {
		whole := outlines(t, f.cuts[len(f.cuts)-1])
		for i, c := range f.cuts[:len(f.cuts)-1] {
			small, n := outlines(t, c), 0
			for r := rune(0); r < 0x10000; r++ {
				if !f.have[i].has(r) {
					continue
				}
				n++
				at, mask, from, adv, ok := small.Glyph(fixed.Point26_6{}, r)
				size := at.Size()
				var is []byte
				for y := range size.Y {
					for x := range size.X {
						_, _, _, v := mask.At(from.X+x, from.Y+y).RGBA()
						is = append(is, byte(v>>8))
					}
				}
				at2, mask, from, adv2, ok2 := whole.Glyph(fixed.Point26_6{}, r)
				var want []byte
				for y := range size.Y {
					for x := range size.X {
						_, _, _, v := mask.At(from.X+x, from.Y+y).RGBA()
						want = append(want, byte(v>>8))
					}
				}
				if at != at2 || adv != adv2 || ok != ok2 || !bytes.Equal(is, want) {
					t.Fatalf("%q differs in %s", r, c.Name())
				}
			}
			if n < 3755 {
				t.Errorf("%s has %d characters", c.Name(), n)
			}
		}
	}
}

func outlines(t *testing.T, r fyne.Resource) font.Face {
	t.Helper()
	f, err := opentype.Parse(r.Content())
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: 16, DPI: 72})
	if err != nil {
		t.Fatal(err)
	}
	return face
}

func TestATextGetsTheSmallestCutThatHasIt(t *testing.T) {
	a := art(t)
	for text, want := range map[string]string{
		"刷卡":         "common-NotoSansSC-Regular.ttf",
		"shop 1":     "common-NotoSansSC-Regular.ttf",
		"馄饨":         "national-NotoSansSC-Regular.ttf",
		"喆":          "NotoSansSC-Regular.ttf",
		"\U0001F600": "NotoSansSC-Regular.ttf",
	} {
		if got := a.face(text, false).Name(); got != want {
			t.Errorf("%q is drawn in %s, not %s", text, got, want)
		}
	}
	if got := a.face("刷卡", true).Name(); got != "common-NotoSansSC-Bold.ttf" {
		t.Errorf("bold is %s", got)
	}
	if got := a.face("喆", true).Name(); got != "NotoSansSC-Regular.ttf" {
		t.Errorf("what bold lacks is drawn in %s", got)
	}
	sizes := []int{len(a.regular.cuts[0].Content()), len(a.regular.cuts[1].Content()), len(a.regular.cuts[2].Content())}
	if sizes[0] > sizes[2]/4 || sizes[1] > sizes[2]/2 {
		t.Errorf("the cuts take %v bytes", sizes)
	}
}

func TestADamagedFaceIsNotCut(t *testing.T) {
	whole, err := fs.ReadFile(os.DirFS("../../../assets"), "fonts/NotoSansSC-Bold.ttf")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 11, 12, 100, 5000, len(whole) - 1} {
		if _, err := cut(whole[:n], glyphs{}); !errors.Is(err, ErrArt) {
			t.Errorf("%d bytes of it: %v", n, err)
		}
	}
	if _, err := cut(whole, glyphs{}); err != nil {
		t.Error(err)
	}
}

// TestAComposedOutlineNamesItsParts reads one with a part placed by bytes and one by words, scaled twice over.
func TestAComposedOutlineNamesItsParts(t *testing.T) {
	outline := append([]byte{0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0},
		0, partMore|partScale, 0, 7, 1, 1, 0x40, 0,
		0, partMore|partWords|partScaleX, 0, 8, 0, 1, 0, 1, 0x40, 0, 0x40, 0,
		0, partMore|partMatrix, 0, 9, 1, 1, 1, 0, 1, 0, 1, 0, 1, 0,
		0, 0, 0, 10, 1, 1)
	got := parts(outline)
	if len(got) != 4 || got[0] != 7 || got[1] != 8 || got[2] != 9 || got[3] != 10 {
		t.Errorf("its parts are %v", got)
	}
	if len(parts([]byte{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9})) != 0 {
		t.Error("a plain outline has parts")
	}
}

// TestAWindowIsClearedInTheGroundItself does what Fyne does with the colour that it clears a window to.
func TestAWindowIsClearedInTheGroundItself(t *testing.T) {
	for v := range 256 {
		r, g, b, _ := cleared(color.NRGBA{uint8(v), uint8(v), uint8(v), 255}).RGBA()
		const fynes = 255 * 255
		if got := math.Round(255 * float64(float32(r)/fynes)); r != g || g != b || got != float64(v) {
			t.Errorf("%d is cleared to %v", v, got)
		}
	}
}
