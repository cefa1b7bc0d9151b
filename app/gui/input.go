package gui

import (
	"strings"
	"time"

	"fyne.io/fyne/v2"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
)

// What tells a scanner from fingers.
const (
	scanGap   = 35 * time.Millisecond // a scanner's characters come closer than this
	scanLeast = 6                     // and are at least as many
	scanLimit = 256                   // and at most
)

// burst is what came in so fast that a scanner may have sent it.
type burst struct {
	text   string
	last   time.Time
	before screen.View // what the view was before its first character
	pin    string
	held   rune // an operator that waits until it is known not to belong to a scan
	turn   uint64
}

// typedRune takes a character of the keyboard or of the scanner.
func (t *till) typedRune(r rune) { t.runeAt(r, time.Now()) }

func (t *till) runeAt(r rune, at time.Time) {
	b := &t.burst
	if b.text == "" || at.Sub(b.last) >= scanGap || len(b.text) >= scanLimit {
		t.letHeldGo()
		*b = burst{before: t.view, pin: t.pin, turn: b.turn}
	}
	b.text += string(r)
	b.last = at
	b.turn++
	if strings.ContainsRune("*/+-", r) {
		b.held = r
		turn := b.turn
		time.AfterFunc(scanGap, func() {
			t.pump.post(func() {
				if t.burst.turn == turn {
					t.letHeldGo()
				}
			})
		})
		return
	}
	t.typedNow(r)
}

// letHeldGo does what a waiting operator asks for.
func (t *till) letHeldGo() {
	if r := t.burst.held; r != 0 {
		t.burst.held = 0
		t.press(string(r))
	}
}

// typedNow does what a character asks for.
func (t *till) typedNow(r rune) {
	switch {
	case r >= '0' && r <= '9' || r == '.':
		t.act(kit.Act{Verb: kit.VerbDigit, Arg: string(r)})
	case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
		if t.view.Screen == screen.Search {
			t.act(kit.Act{Verb: kit.VerbLetter, Arg: strings.ToLower(string(r))})
		}
	}
}

// typedKey takes a named key.
func (t *till) typedKey(e *fyne.KeyEvent) { t.keyAt(e.Name, time.Now()) }

func (t *till) keyAt(name fyne.KeyName, at time.Time) {
	if name == fyne.KeyEnter {
		name = fyne.KeyReturn
	}
	if name == fyne.KeyReturn || name == fyne.KeyTab {
		b := t.burst
		t.burst = burst{turn: b.turn + 1}
		if len(b.text) >= scanLeast && at.Sub(b.last) < scanGap {
			t.scanned(b)
			return
		}
	}
	switch name {
	case fyne.KeyPageUp, fyne.KeyPageDown:
		t.page(name == fyne.KeyPageDown)
	default:
		t.press(keyNames(name))
	}
}

// scanned takes back what the characters of a scan had typed, and uses the code.
func (t *till) scanned(b burst) {
	now := t.view
	t.view = b.before
	t.view.First, t.view.Busy, t.view.Tests, t.view.Testing = now.First, now.Busy, now.Tests, now.Testing
	t.pin = b.pin
	switch t.snap.Step {
	case checkout.StepSignIn, checkout.StepCard, checkout.StepQR:
		t.draw()
		return
	case checkout.StepSale, checkout.StepOutcome:
	}
	t.scan(b.text)
}

// keyNames turns Fyne's name of a key into the one that pages bind.
func keyNames(name fyne.KeyName) string {
	switch name {
	case fyne.KeyBackspace:
		return "BackSpace"
	case fyne.KeyEscape:
		return "Escape"
	case fyne.KeyInsert:
		return "Insert"
	case fyne.KeyDelete:
		return "Delete"
	}
	return string(name)
}

// press does what a printed shortcut asks for. Digits and letters come as characters, never from here.
func (t *till) press(name string) {
	p := t.surface.Page()
	if p == nil || len(name) == 1 && !strings.Contains("*/", name) {
		return
	}
	if a, ok := p.Keys[name]; ok {
		t.act(a)
	}
}

// page turns the longest list of the screen.
func (t *till) page(down bool) {
	p := t.surface.Page()
	if p == nil {
		return
	}
	for _, h := range p.Hits {
		if h.Drag == "" || h.Last == 0 {
			continue
		}
		step := max(1, int(h.R.H/h.Rows)-1)
		if !down {
			step = -step
		}
		t.view.First[h.Drag] = max(0, min(h.Last, h.First+step))
		t.draw()
		return
	}
}
