package screen_test

import (
	"os"
	"testing"

	"fyne.io/fyne/v2/test"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/i18n"
)

func TestEveryRuneOfTheTextsIsInTheFaces(t *testing.T) {
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for zh, en := range i18n.All() {
		for _, text := range []string{zh, en} {
			for _, bold := range []bool{false, true} {
				if missing := art.Missing(text, bold); len(missing) > 0 {
					t.Errorf("bold %v lacks %q of %q", bold, string(missing), text)
				}
			}
		}
		seen++
	}
	if seen < 900 {
		t.Errorf("only %d texts were found", seen)
	}
	l := look.New(false, look.Fit(1366, 768, 0), art)
	for _, c := range shows() {
		p := screen.Draw(screen.Ctx{L: l, W: i18n.Words{Codes: table(t)}, S: &c.s, V: c.v})
		for _, text := range p.Texts {
			if missing := art.Missing(text, false); len(missing) > 0 {
				t.Errorf("%s: the face lacks %q of %q", c.name, string(missing), text)
			}
		}
		for _, it := range p.Items {
			if it.Shape == kit.Icon && !art.HasIcon(it.Text) {
				t.Errorf("%s: there is no icon %q", c.name, it.Text)
			}
		}
	}
}
