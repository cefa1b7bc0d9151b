package gui

import (
	"strings"
	"time"
	"unicode"

	"fyne.io/fyne/v2"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
)

// What tells a scanner from fingers.
const (
	scanGap   = 35 * time.Millisecond  // a scanner's characters come closer than this
	linkGap   = 150 * time.Millisecond // and still belong together when a busy machine delivers them late
	scanLeast = 6                      // they are at least as many
	scanLimit = 256                    // and at most
	scanLate  = 4                      // one in so many may have been delivered late
)

// burst is what came in so fast that a scanner may have sent it.
type burst struct {
	text   string
	fast   int // gaps under scanGap
	last   time.Time
	before screen.View // what the view was before its first character
	pin    string
	held   rune // an operator that waits until it is known not to belong to a scan
	turn   uint64
}

// scanned says whether an Enter or Tab at a moment ends a scan.
func (b *burst) scanned(at time.Time) bool {
	n := len(b.text)
	return n >= scanLeast && at.Sub(b.last) < linkGap && b.fast >= n-1-n/scanLate
}

// typedRune takes a character of the keyboard or of the scanner.
func (t *till) typedRune(r rune) { t.runeAt(r, time.Now()) }

func (t *till) runeAt(r rune, at time.Time) {
	if t.view.Screen == screen.Keys { // a component of a key is never kept to tell whether it was a scan
		t.burst = burst{turn: t.burst.turn + 1}
		t.typedNow(r)
		t.draw()
		return
	}
	b := &t.burst
	gap := at.Sub(b.last)
	if b.text == "" || gap >= linkGap || len(b.text) >= scanLimit {
		t.letHeldGo()
		*b = burst{before: t.view, pin: t.pin, turn: b.turn}
	} else if gap < scanGap {
		b.fast++
	} else {
		t.letHeldGo()
	}
	b.text += string(r)
	b.last = at
	b.turn++
	turn := b.turn
	if strings.ContainsRune("*/+-", r) {
		b.held = r
	} else {
		t.typedNow(r)
	}
	// The picture waits for the end of a burst: a slow panel that paints every character of a scan would tear it apart.
	time.AfterFunc(scanGap, func() {
		t.pump.post(func() {
			if t.burst.turn == turn {
				t.letHeldGo()
				t.draw()
			}
		})
	})
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
		t.digit(string(r))
	case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
		switch t.view.Screen {
		case screen.Search:
			t.letters(t.view.Letters + strings.ToLower(string(r)))
		case screen.Keys:
			t.hexTyped(strings.ToUpper(string(r)))
		}
	}
}

// typedKey takes a named key.
func (t *till) typedKey(e *fyne.KeyEvent) { t.keyAt(e.Name, time.Now()) }

// tab takes the Tab that ends a scan or changes the field; Fyne gives every other key to typedKey.
func (t *till) tab(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyTab {
		t.typedKey(e)
	}
}

func (t *till) keyAt(name fyne.KeyName, at time.Time) {
	if name == fyne.KeyEnter {
		name = fyne.KeyReturn
	}
	if name == fyne.KeyReturn || name == fyne.KeyTab {
		b := t.burst
		t.burst = burst{turn: b.turn + 1}
		if b.scanned(at) {
			t.takeScan(b)
			return
		}
		t.burst.held = b.held
		t.letHeldGo()
		t.draw()
	}
	switch name {
	case fyne.KeyPageUp, fyne.KeyPageDown:
		t.page(name == fyne.KeyPageDown)
	default:
		t.press(keyNames(name))
	}
}

// deviceScan uses a code that a scanner of its own read: the same that a wedge's does on the same screen.
func (t *till) deviceScan(code string) {
	code = strings.TrimSpace(code)
	if code == "" || len(code) > scanLimit || strings.IndexFunc(code, unicode.IsControl) >= 0 || t.view.Screen == screen.Keys {
		return
	}
	t.acted = time.Now()
	t.useScan(code)
}

// takeScan takes back what the characters of a scan had typed, and uses the code.
func (t *till) takeScan(b burst) {
	now := t.view
	t.view = b.before
	t.view.First, t.view.Busy, t.view.Tests, t.view.Testing = now.First, now.Busy, now.Tests, now.Testing
	t.view.Gear, t.view.Weighing = now.Gear, now.Weighing
	t.pin = b.pin
	t.useScan(b.text)
}

// useScan uses a code where the screen has a use for one.
func (t *till) useScan(code string) {
	if t.view.Sheet.Open {
		t.draw()
		return
	}
	switch t.snap.Step {
	case checkout.StepSignIn, checkout.StepCard, checkout.StepQR:
		t.draw()
		return
	case checkout.StepSale, checkout.StepOutcome:
	}
	t.scan(code)
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
