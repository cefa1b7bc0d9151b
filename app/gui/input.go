package gui

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"fyne.io/fyne/v2"

	"tillkeeper/app/basket"
	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
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
	slowLimit = 3                      // so many of the first ones may be a finger's, which came late to the till and close to them
	heldTries = 3                      // an operator waits so often for a scan to go on
)

// burst is what came in so fast that a scanner may have sent it.
type burst struct {
	text   string
	fast   int // gaps under scanGap
	last   moment
	before typing // what had been typed before its first character
	seams  []seam
	slow   []seam // where one of the first characters came slowly
	held   string // operators and digits that act at once, which wait until it is known that they belong to no scan
	turn   uint64
}

// typing is what characters change, so that those of a scan can be taken back: the view, of which only that is taken, and
// the digits that no view has.
type typing struct {
	view          screen.View
	pin, approval string
}

// seam is where the till stood still between two characters, so that nobody knows how long there was none: one scan may
// have been cut in two there, or a scan may have come after what a finger typed.
type seam struct {
	at, fast int    // characters and gaps under scanGap before it
	before   typing // what had been typed then
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
	return burst{text: b.text[s.at:], fast: b.fast - s.fast, last: b.last, before: s.before}
}

func (t *till) typing() typing { return typing{t.view, t.pin, t.approval} }

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
		*b = burst{before: t.typing(), turn: b.turn}
	case stood:
		if len(b.text) == 1 {
			t.letHeldGo() // a finger's, more likely
		}
		b.seams = append(b.seams, seam{at: len(b.text), fast: b.fast, before: t.typing()})
	case gap < scanGap:
		b.fast++
	default:
		t.letHeldGo()
		if len(b.text) <= slowLimit {
			b.slow = append(b.slow, seam{at: len(b.text), fast: b.fast, before: t.typing()})
		}
	}
	b.text += string(r)
	b.last = m
	b.turn++
	if operator(r) || t.actsAtOnce(r) {
		b.held += string(r)
	} else {
		t.typedNow(r)
	}
	t.settles(b.turn, heldTries)
}

// operator says whether a character does something instead of being typed.
func operator(r rune) bool { return strings.ContainsRune("*/+-", r) }

// actsAtOnce says whether a digit does something on this screen that no scan may do: it takes an account of the card, or a
// device that was found.
func (t *till) actsAtOnce(r rune) bool {
	return r >= '0' && r <= '9' && (screen.Choosing(t.snap) > 0 || t.view.Screen == screen.Devices)
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
		if operator(r) {
			t.press(string(r))
			continue
		}
		t.typedNow(r)
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
	} else if t.burst.text != "" && asks(name) { // it is asked of what was typed, which may not be painted yet
		t.letHeldGo()
		t.burst = burst{turn: t.burst.turn + 1}
		t.draw()
	}
	switch name {
	case fyne.KeyPageUp, fyne.KeyPageDown:
		t.page(name == fyne.KeyPageDown)
	default:
		t.press(keyNames(name))
	}
}

// asks says whether a key asks for something by itself: it is no character, and no Shift of one, which a scan may have.
func asks(name fyne.KeyName) bool {
	switch name {
	case fyne.KeyEscape, fyne.KeyBackspace, fyne.KeyInsert, fyne.KeyDelete, fyne.KeyHome, fyne.KeyEnd,
		fyne.KeyUp, fyne.KeyDown, fyne.KeyLeft, fyne.KeyRight:
		return true
	}
	return len(name) > 1 && name[0] == 'F'
}

// scanIn finds the scan that an Enter or Tab ends. Where the till stood still, or the first characters came slowly, the code
// that the shop or the wallets know tells where the scan began; where none is known it began with the first, so that no part
// of it stays behind as if it were typed.
func (t *till) scanIn(b burst, m moment) (burst, bool) {
	whole := b.scanned(m)
	if whole && (len(b.seams)+len(b.slow) == 0 || t.knows(b.text)) {
		return b, true
	}
	for _, s := range append(slices.Clone(b.seams), b.slow...) {
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

// takeScan takes back what the characters of a scan had typed, and uses the code. What came to be besides stays: a batch
// may have been settled, or a list been read, while the characters came.
func (t *till) takeScan(b burst) {
	v, was := &t.view, &b.before.view
	v.Entry, v.Qty, v.Tendered, v.Notice = was.Entry, was.Qty, was.Tendered, was.Notice
	v.Letters, v.Found, v.Found2 = was.Letters, was.Found, was.Found2
	v.Undoing.Amount, v.Undoing.Qty, v.Decide.Number = was.Undoing.Amount, was.Undoing.Qty, was.Decide.Number
	v.Claim.Amount, v.Claim.Last4 = was.Claim.Amount, was.Claim.Last4
	v.PIN, v.Sheet.PIN, t.pin, t.approval = was.PIN, was.Sheet.PIN, b.before.pin, b.before.approval
	t.useScan(b.text)
}

// useScan uses a code where the screen has a use for one.
func (t *till) useScan(code string) {
	if t.view.Sheet.Open || t.view.Ask != screen.AskNothing { // it would change what is asked about
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
	if p == nil || len(name) == 1 && !operator(rune(name[0])) {
		return
	}
	if a, ok := p.Keys[name]; ok {
		t.act(a)
	}
}

// page turns the list of the screen that takes the most room, of those that show only a part.
func (t *till) page(down bool) {
	p := t.surface.Page()
	if p == nil {
		return
	}
	var main kit.Hit
	for _, h := range p.Hits {
		if h.Drag != "" && h.Last > 0 && h.R.W*h.R.H > main.R.W*main.R.H {
			main = h
		}
	}
	if main.Drag == "" {
		return
	}
	step := max(1, int(main.R.H/main.Rows)-1)
	if !down {
		step = -step
	}
	t.view.First[main.Drag] = max(0, min(main.Last, main.First+step))
	t.draw()
}
