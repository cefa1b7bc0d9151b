package gui

import (
	"strings"
	"time"
	"unicode"

	"fyne.io/fyne/v2"

	"tillkeeper/app/basket"
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
	seamLimit = 3                      // and so often the till itself may have stood still between two of them
	heldTries = 3                      // an operator waits so often for a scan to go on
)

// burst is what came in so fast that a scanner may have sent it.
type burst struct {
	text   string
	fast   int // gaps under scanGap
	last   moment
	before screen.View // what the view was before its first character
	pin    string
	seams  []seam
	held   string // operators that wait until it is known that they belong to no scan
	turn   uint64
}

// seam is where the till stood still between two characters, so that nobody knows how long there was none: one scan may
// have been cut in two there, or a scan may have come after what a finger typed.
type seam struct {
	at, fast int         // characters and gaps under scanGap before it
	before   screen.View // what the view was then
	pin      string
}

// scanned says whether an Enter or Tab at a moment ends a scan.
func (b *burst) scanned(m moment) bool {
	n := len(b.text)
	return n >= scanLeast && m.heard-b.last.heard < linkGap && b.fast >= n-1-n/scanLate
}

// sewn says whether what comes after the till stood still may belong to what came before, which then is not a finger's:
// its own characters came as fast as a scanner's.
func (b *burst) sewn() bool {
	n := len(b.text)
	return len(b.seams) < seamLimit && n-1-len(b.seams)-b.fast <= n/scanLate
}

// after gives what of a burst came after a seam, as if it had begun there.
func (b *burst) after(s seam) burst {
	return burst{text: b.text[s.at:], fast: b.fast - s.fast, last: b.last, before: s.before, pin: s.pin}
}

// typedRune takes a character of the keyboard or of the scanner.
func (t *till) typedRune(r rune) { t.runeAt(r, t.moment()) }

func (t *till) runeAt(r rune, m moment) {
	if t.view.Screen == screen.Keys { // a component of a key is never kept to tell whether it was a scan
		t.burst = burst{turn: t.burst.turn + 1}
		t.typedNow(r)
		t.draw()
		return
	}
	b := &t.burst
	gap, heard := m.at.Sub(b.last.at), m.heard-b.last.heard
	stood := gap >= linkGap && heard < linkGap
	switch {
	case b.text == "" || heard >= linkGap || len(b.text) >= scanLimit || stood && !b.sewn():
		t.letHeldGo()
		*b = burst{before: t.view, pin: t.pin, turn: b.turn}
	case stood:
		if len(b.text) == 1 {
			t.letHeldGo() // a finger's, more likely
		}
		b.seams = append(b.seams, seam{at: len(b.text), fast: b.fast, before: t.view, pin: t.pin})
	case gap < scanGap:
		b.fast++
	default:
		t.letHeldGo()
	}
	b.text += string(r)
	b.last = m
	b.turn++
	if strings.ContainsRune("*/+-", r) {
		b.held += string(r)
	} else {
		t.typedNow(r)
	}
	t.settles(b.turn, heldTries)
}

// settles shows what was typed, and does what a waiting operator asks for, once a burst has ended: a slow panel that
// paints every character of a scan would tear it apart. Where the till stood still meanwhile, an operator waits again, for
// the rest of a scan may be there and not yet handled.
func (t *till) settles(turn uint64, tries int) {
	from := t.moment().heard
	time.AfterFunc(scanGap, func() {
		t.pump.post(func() {
			if t.burst.turn != turn {
				return
			}
			if t.burst.held != "" && tries > 1 && t.moment().heard-from < scanGap {
				t.settles(turn, tries-1)
				return
			}
			t.letHeldGo()
			t.draw()
		})
	})
}

// letHeldGo does what waiting operators ask for.
func (t *till) letHeldGo() {
	held := t.burst.held
	t.burst.held = ""
	for _, r := range held {
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
func (t *till) typedKey(e *fyne.KeyEvent) { t.keyAt(e.Name, t.moment()) }

// tab takes the Tab that ends a scan or changes the field; Fyne gives every other key to typedKey.
func (t *till) tab(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyTab {
		t.typedKey(e)
	}
}

func (t *till) keyAt(name fyne.KeyName, m moment) {
	if name == fyne.KeyEnter {
		name = fyne.KeyReturn
	}
	if name == fyne.KeyReturn || name == fyne.KeyTab {
		b := t.burst
		t.burst = burst{turn: b.turn + 1}
		if b, ok := t.scanIn(b, m); ok {
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

// scanIn finds the scan that an Enter or Tab ends. Where the till stood still, the code that the shop or the wallets know
// tells whether the scan began before; where none is known it did, so that no part of it stays behind as if it were typed.
func (t *till) scanIn(b burst, m moment) (burst, bool) {
	whole := b.scanned(m)
	if whole && (len(b.seams) == 0 || t.knows(b.text)) {
		return b, true
	}
	for _, s := range b.seams {
		if part := b.after(s); part.scanned(m) && t.knows(part.text) {
			return part, true
		}
	}
	if whole {
		return b, true
	}
	for _, s := range b.seams {
		if part := b.after(s); part.scanned(m) {
			return part, true
		}
	}
	return b, false
}

// knows says whether a code is an article's, a label's or a payment's.
func (t *till) knows(code string) bool {
	if _, ok := t.parts.Face.Catalogue().ByBarcode(code); ok {
		return true
	}
	return basket.ValidEAN(code) || paymentCode(code)
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
	if p == nil || len(name) == 1 && !strings.Contains("*/+-", name) {
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
