package screen_test

import (
	"os"
	"testing"

	"fyne.io/fyne/v2/test"

	"tillkeeper/app/gui/look"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// TestNothingIsWaivedOfAPart: the cents of a part could be waived, and the screen promised a change that the till did not give.
func TestNothingIsWaivedOfAPart(t *testing.T) {
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	for part, want := range map[pos.Amount]int{0: 1, 1050: 0} {
		s, v := full(), view()
		v.Screen, v.Part = screen.Cash, part
		p := screen.Draw(screen.Ctx{L: look.New(false, look.Fit(1366, 768, 0), art), W: i18n.Words{Codes: table(t)}, S: &s, V: v})
		if got := len(places(p, screen.VerbRound, "")); got != want {
			t.Errorf("with a part of %s the screen offers to waive the cents %d times, not %d", part, got, want)
		}
	}
}
