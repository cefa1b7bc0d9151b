package look_test

import (
	"os"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"tillkeeper/app/gui/look"
)

func art(t *testing.T) *look.Art {
	t.Helper()
	a, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestEveryTokenHasAColourInBothPalettes(t *testing.T) {
	for _, dark := range []bool{false, true} {
		l := look.New(dark, look.Fit(1366, 768, 0), art(t))
		for _, token := range look.Tokens() {
			if l.Color(token).A != 0xff {
				t.Errorf("dark %v: %v is not opaque", dark, token)
			}
		}
	}
}

func TestTextStandsOutFromItsGround(t *testing.T) {
	const least = 450
	for _, dark := range []bool{false, true} {
		l := look.New(dark, look.Fit(1366, 768, 0), art(t))
		for _, p := range look.Pairs() {
			if got := look.Contrast(l.Color(p.Text), l.Color(p.On)); got < least {
				t.Errorf("dark %v: %v on %v has contrast %d, wants %d", dark, p.Text, p.On, got, least)
			}
		}
	}
}

func TestContrastOfBlackOnWhite(t *testing.T) {
	l := look.New(false, look.Fit(1366, 768, 0), art(t))
	white := l.Color(look.Paper)
	if got := look.Contrast(white, white); got != 100 {
		t.Errorf("white on white: %d", got)
	}
	black := white
	black.R, black.G, black.B = 0, 0, 0
	if got := look.Contrast(black, white); got < 2095 || got > 2101 {
		t.Errorf("black on white: %d", got)
	}
}

func TestSizesComeFromMillimetres(t *testing.T) {
	for _, c := range []struct {
		w, h float32
		room float32 // what a screen leaves for the digits
	}{{800, 480, 360}, {1024, 600, 400}, {1024, 768, 350}, {1280, 800, 360}, {1366, 768, 350}, {1920, 1080, 500}} {
		m := look.Fit(c.w, c.h, 0)
		digit := m.Digit(c.room) / m.MM
		if digit < look.DigitMinMM-0.1 || digit > look.DigitMM+0.3 {
			t.Errorf("%vx%v: digit key of %.1f mm", c.w, c.h, digit)
		}
		if key := m.KeyH() / m.MM; key < look.KeyMinMM-0.1 {
			t.Errorf("%vx%v: key of %.1f mm", c.w, c.h, key)
		}
		if gap := m.Gap() / m.MM; gap < look.GapMM-0.15 {
			t.Errorf("%vx%v: gap of %.1f mm", c.w, c.h, gap)
		}
		if m.Total() < 64 {
			t.Errorf("%vx%v: total of %v", c.w, c.h, m.Total())
		}
		if m.T(18) < 18 {
			t.Errorf("%vx%v: body of %v", c.w, c.h, m.T(18))
		}
	}
}

func TestReferencePanelIsAsDrawn(t *testing.T) {
	m := look.Fit(1366, 768, 0)
	if m.U(12) != 12 || m.T(76) != 76 || m.Gap() != 10 || m.KeyH() != 48 || m.Bar() != 50 || m.Digit(350) != 80 {
		t.Errorf("%+v gap %v key %v bar %v digit %v", m, m.Gap(), m.KeyH(), m.Bar(), m.Digit(350))
	}
}

func TestIconIsRecolouredAndKept(t *testing.T) {
	test.NewTempApp(t)
	l := look.New(false, look.Fit(1366, 768, 0), art(t))
	a := l.Icon("triangle", look.Wait)
	if a == nil || !strings.Contains(string(a.Content()), "#9a3f06") {
		t.Fatalf("icon is %v", a)
	}
	if l.Icon("triangle", look.Wait) != a {
		t.Error("the same icon was made twice")
	}
	if l.Icon("triangle", look.Bad) == a {
		t.Error("another colour gave the same icon")
	}
	if l.Icon("nosuch", look.Bad) != nil {
		t.Error("an unknown icon was made")
	}
}

func TestBoldFallsBackForARuneItLacks(t *testing.T) {
	test.NewTempApp(t)
	a := art(t)
	l := look.New(false, look.Fit(1366, 768, 0), a)
	if len(a.Missing("收银", true)) != 0 {
		t.Fatal("the bold cut lacks common characters")
	}
	rare := "囍"
	if len(a.Missing(rare, true)) == 0 {
		rare = "㙍"
	}
	if l.Face(rare, true) == l.Face("收银", true) {
		t.Error("a rune outside of the bold cut is drawn with it")
	}
}

func TestExtentGrowsWithText(t *testing.T) {
	test.NewTempApp(t)
	l := look.New(false, look.Fit(1366, 768, 0), art(t))
	one, base := l.Extent("1", 34, true)
	two, _ := l.Extent("11", 34, true)
	if one <= 0 || base <= 0 || two < 2*one-1 || two > 2*one+1 {
		t.Errorf("digits are not tabular: %v %v base %v", one, two, base)
	}
}
