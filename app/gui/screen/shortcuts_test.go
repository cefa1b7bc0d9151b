package screen_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/i18n"
)

// walked are the verbs of lists that two keys walk through: a row further away than the next has no key of its own, and
// the two keys ask for the same verb on the same page.
var walked = map[string][]string{
	screen.VerbLine:     {"Up", "Down"},
	screen.VerbDevice:   {"Up", "Down"},
	screen.VerbMore:     {"Up", "Down"},
	screen.VerbLess:     {"Up", "Down"},
	screen.VerbCategory: {"Left", "Right"},
	screen.VerbField:    {"Tab"},
	screen.VerbKeyField: {"Tab"},
}

// arrows walk through a list from above to below; they are printed once, at the list.
var arrows = []string{"Up", "Down"}

// secondWays are what may be touched without a key because keys of the same page lead there, with those keys.
var secondWays = map[kit.Act]string{
	{Verb: screen.VerbAbout}:                            "a pill of the bar is the short way to F10, Alt+L, F2: the devices",
	{Verb: screen.VerbGo, Arg: string(screen.Settings)}: "the badge of the demo is the short way to F10, Alt+L",
}

// signs are the drawings that stand for a key of the keyboard which shows the same sign.
var signs = map[string]string{"BackSpace": "backspace", "+": "plus", "-": "minus", "*": "times"}

// capWords are how a bound key is printed where it is not by its name.
var capWords = map[string]string{"Escape": "Esc", "Return": "Enter", "Delete": "Del", "Insert": "Ins", "Left": "←", "Right": "→"}

// bound gives the keys that ask for what a touch asks for.
func bound(p *kit.Page, a kit.Act) []string {
	var out []string
	for k, b := range p.Keys {
		if b == a {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// printed says whether a key of the keyboard is printed in a rectangle, as a cap, in words or as its sign.
func printed(p *kit.Page, r kit.Rect, key string) bool {
	word := key
	if w := capWords[key]; w != "" {
		word = w
	}
	for _, it := range p.Items {
		if it.R.X < r.X-1 || it.R.Right() > r.Right()+1 || it.R.Mid() < r.Y || it.R.Mid() > r.Bottom() {
			continue
		}
		if it.Shape == kit.Icon && it.Text == signs[key] && it.Text != "" {
			return true
		}
		if it.Shape == kit.Label && (it.Text == word || strings.HasSuffix(it.Text, " "+word)) {
			return true
		}
	}
	return false
}

// keyless gives what may be touched on a page and has no key.
func keyless(p *kit.Page) []kit.Act {
	var out []kit.Act
	for _, h := range p.Hits {
		if h.Act == (kit.Act{}) || len(bound(p, h.Act)) > 0 || walkedThrough(p, h.Act.Verb) {
			continue
		}
		if secondWays[h.Act] != "" || secondWays[kit.Act{Verb: h.Act.Verb}] != "" {
			continue
		}
		out = append(out, h.Act)
	}
	return out
}

// walkedThrough says whether the keys that walk through a verb's list are bound on a page.
func walkedThrough(p *kit.Page, verb string) bool {
	for _, k := range walked[verb] {
		if _, ok := p.Keys[k]; !ok {
			return false
		}
	}
	return walked[verb] != nil
}

// capless gives what may be touched on a page and has a key that is printed nowhere: not on it, nor on another place of
// the page that asks for the same.
func capless(p *kit.Page) []kit.Act {
	var out []kit.Act
	for _, h := range p.Hits {
		keys := bound(p, h.Act)
		if h.Act == (kit.Act{}) || len(keys) == 0 || slices.Equal(walked[h.Act.Verb], arrows) && slices.Contains(p.Texts, "↑ ↓") {
			continue
		}
		if !slices.ContainsFunc(p.Hits, func(o kit.Hit) bool {
			return o.Act == h.Act && slices.ContainsFunc(keys, func(k string) bool { return printed(p, o.R, k) })
		}) {
			out = append(out, h.Act)
		}
	}
	return out
}

// TestEveryActionHasAKey walks over all that may be touched on every drawn page of every panel in both languages.
func TestEveryActionHasAKey(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {1920, 1080}, {1280, 800}, {1024, 768}, {1024, 600}, {800, 480}} {
		for _, english := range []bool{false, true} {
			for name, p := range drawnIn(t, panel[0], panel[1], english) {
				for _, a := range keyless(p) {
					t.Errorf("%v %s (English %v): %v has no key", panel, name, english, a)
				}
			}
		}
	}
}

// TestEveryKeyIsPrinted looks for the cap of every action, on the small panel too, which once left out many.
func TestEveryKeyIsPrinted(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {800, 480}} {
		for _, english := range []bool{false, true} {
			for name, p := range drawnIn(t, panel[0], panel[1], english) {
				for _, a := range capless(p) {
					t.Errorf("%v %s (English %v): the key of %v is not printed", panel, name, english, a)
				}
			}
		}
	}
}

// drawnIn draws every screen on a panel in a language.
func drawnIn(t *testing.T, w, h float32, english bool) map[string]*kit.Page {
	t.Helper()
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*kit.Page{}
	l := look.New(english, look.Fit(w, h, 0), art)
	for _, c := range shows() {
		if !c.cust {
			out[c.name] = screen.Draw(screen.Ctx{L: l, W: i18n.Words{English: english, Codes: table(t)}, S: &c.s, V: c.v})
		}
	}
	return out
}

// named says whether a text is the name of a key.
func named(text string) bool {
	return strings.HasPrefix(text, kit.AltKey) || functionKey.MatchString(text) || slices.Contains([]string{"Esc", "Enter", "Home", "End", "Ins", "Del", "Tab"}, text)
}

var functionKey = regexp.MustCompile(`^F\d+$`)

// keyOf gives the name by which a page binds a key that is printed.
func keyOf(word string) string {
	for key, printed := range capWords {
		if printed == word {
			return key
		}
	}
	return word
}

// claims gives the caps that are printed on what asks for something else than their key does.
func claims(p *kit.Page) []string {
	var out []string
	for _, h := range p.Hits {
		if h.Act == (kit.Act{}) || h.R.H > 200 {
			continue
		}
		for _, it := range p.Items[max(0, h.Body):] { // what was drawn before lies under a question
			if it.Shape != kit.Label || !named(it.Text) || it.R.X < h.R.X-1 || it.R.Right() > h.R.Right()+1 || it.R.Mid() < h.R.Y || it.R.Mid() > h.R.Bottom() {
				continue
			}
			if p.Keys[keyOf(it.Text)] != h.Act {
				out = append(out, it.Text)
			}
		}
	}
	return out
}

// TestNoKeyMeansTwoThings looks for a cap whose key does what another cap of the same page says.
func TestNoKeyMeansTwoThings(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {800, 480}} {
		for name, p := range drawnIn(t, panel[0], panel[1], false) {
			for _, word := range claims(p) {
				t.Errorf("%v %s: %s does something else than what it is printed on", panel, name, word)
			}
		}
	}
}

// TestAnActionWithoutAKeyIsFound draws what the walks above are there to find.
func TestAnActionWithoutAKeyIsFound(t *testing.T) {
	page := func(keys ...kit.Key) *kit.Page {
		p := kit.NewPage(drawnIn(t, 1366, 768, false)["sale"].L)
		for i, k := range keys {
			p.Key(kit.Rect{X: 10, Y: 10 + 110*float32(i), W: 200, H: 100}, k)
		}
		return p
	}
	one := kit.Act{Verb: screen.VerbAttempt, Arg: "1"}
	other := kit.Act{Verb: screen.VerbAttempt, Arg: "2"}
	if got := keyless(page(kit.Key{Label: "x", Act: one})); !slices.Equal(got, []kit.Act{one}) {
		t.Errorf("a key without a shortcut gave %v", got)
	}
	if got := capless(page(kit.Key{Label: "x", Key: "F9", Act: one})); !slices.Equal(got, []kit.Act{one}) {
		t.Errorf("a shortcut that is not printed gave %v", got)
	}
	if got := claims(page(kit.Key{Cap: "Alt+1", Act: one}, kit.Key{Cap: "Alt+1", Act: other})); !slices.Equal(got, []string{"Alt+1"}) {
		t.Errorf("one shortcut for two actions gave %v", got)
	}
	good := page(kit.Key{Cap: "Alt+1", Act: one}, kit.Key{Label: "x", Cap: "F9", Act: other})
	if n := len(keyless(good)) + len(capless(good)) + len(claims(good)); n != 0 {
		t.Errorf("%d complaints about keys that have their caps", n)
	}
}

// TestPlusAndMinusChangeTheChosenLine has the signs of the keyboard on the chosen line of a receipt alone.
func TestPlusAndMinusChangeTheChosenLine(t *testing.T) {
	c := shows()[slices.IndexFunc(shows(), func(c shown) bool { return c.name == "refund" })]
	draw := func(line int) *kit.Page {
		c.v.Undoing.Line = line
		return screen.Draw(screen.Ctx{L: drawnIn(t, 1366, 768, false)["sale"].L, W: i18n.Words{Codes: table(t)}, S: &c.s, V: c.v})
	}
	first, second := draw(0), draw(2)
	if first.Keys["+"].Arg != "1" || first.Keys["Down"] != (kit.Act{Verb: screen.VerbPick, Arg: "2"}) {
		t.Errorf("the first line: + asks for %v, Down for %v", first.Keys["+"], first.Keys["Down"])
	}
	if second.Keys["+"].Arg != "2" || second.Keys["-"].Arg != "2" || second.Keys["Up"] != (kit.Act{Verb: screen.VerbPick, Arg: "1"}) {
		t.Errorf("the second line: + asks for %v, - for %v, Up for %v", second.Keys["+"], second.Keys["-"], second.Keys["Up"])
	}
}
