package screen_test

import (
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"tillkeeper/app/decline"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/i18n"
)

func table(t *testing.T) *decline.Table {
	t.Helper()
	a, err := os.Open("../../../assets/codes/answer-codes.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := os.Open("../../../assets/codes/till-reasons.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	out, err := decline.Parse(a, b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// drawTo names a folder that screens are painted into, for looking at; drawOnly the beginnings of their names and drawAt
// the widths of the panels, apart by commas, "" for all; anything in drawTurned paints Chinese on dark, English on light.
const (
	drawTo     = "TILLKEEPER_DRAW_TO"
	drawOnly   = "TILLKEEPER_DRAW_ONLY"
	drawAt     = "TILLKEEPER_DRAW_AT"
	drawTurned = "TILLKEEPER_DRAW_TURNED"
)

func TestEveryScreenFitsItsPanel(t *testing.T) {
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	codes := table(t)
	for _, panel := range [][2]float32{{1366, 768}, {1920, 1080}, {1280, 800}, {1024, 768}, {1024, 600}, {800, 480}} {
		for _, english := range []bool{false, true} {
			l := look.New(english != (os.Getenv(drawTurned) != ""), look.Fit(panel[0], panel[1], 0), art)
			for _, c := range shows() {
				if !wanted(c.name, panel[0]) {
					continue
				}
				draw := screen.Draw
				if c.cust {
					draw = screen.Customer
				}
				p := draw(screen.Ctx{L: l, W: i18n.Words{English: english, Codes: codes}, S: &c.s, V: c.v})
				for _, m := range p.Misfits {
					t.Errorf("%vx%v english %v %s: %q needs %.0f, has %.0f", panel[0], panel[1], english, c.name, m.Text, m.Want, m.Has)
				}
				for _, h := range p.Hits {
					if h.R.X < 0 || h.R.Y < 0 || h.R.Right() > panel[0]+0.5 || h.R.Bottom() > panel[1]+0.5 {
						t.Errorf("%vx%v %s: %v lies outside of the panel", panel[0], panel[1], c.name, h)
					}
				}
				paint(t, l, p, c.name, english)
			}
		}
	}
}

// wanted says whether a screen is drawn: all are, unless somebody looks at some.
func wanted(name string, width float32) bool {
	if at := os.Getenv(drawAt); at != "" && !slices.Contains(strings.Split(at, ","), strconv.Itoa(int(width))) {
		return false
	}
	return slices.ContainsFunc(strings.Split(os.Getenv(drawOnly), ","), func(begin string) bool { return strings.HasPrefix(name, begin) })
}

// paint draws a page into a file when asked to.
func paint(t *testing.T, l *look.Look, p *kit.Page, name string, english bool) {
	t.Helper()
	dir := os.Getenv(drawTo)
	if dir == "" {
		return
	}
	suffix := map[bool]string{true: "-en", false: ""}[english] + map[bool]string{true: "-turned"}[os.Getenv(drawTurned) != ""]
	size := map[float32]string{1366: "", 1920: "-1920", 1280: "-1280", 1024: "-1024", 800: "-800"}[l.M.W] + map[bool]string{true: "-low"}[l.M.H == 600]
	f, err := os.Create(filepath.Join(dir, name+size+suffix+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, kit.Picture(p)); err != nil {
		t.Fatal(err)
	}
}
