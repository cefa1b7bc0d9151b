package kit

import "tillkeeper/app/gui/look"

// State is a condition that is always shown as shape, word and colour together.
type State uint8

// The states.
const (
	Calm    State = iota // dot: done, ready
	Waiting              // triangle: offline, queued
	Failed               // cross: refused, fault
	Unsure               // ring: unknown
	Busy                 // diamond: in use
)

var (
	stateInk  = [...]look.Token{look.OK, look.Wait, look.Bad, look.Wait, look.Action}
	stateSoft = [...]look.Token{look.Sunken, look.WaitSoft, look.BadSoft, look.WaitSoft, look.ActionSoft}
	stateText = [...]look.Token{look.Ink, look.Wait, look.Bad, look.Wait, look.OnSoft}
)

// Ink gives the colour of a state's mark.
func (s State) Ink() look.Token { return stateInk[s] }

// Ground gives the colour that a state's mark stands on.
func (s State) Ground() look.Token { return stateSoft[s] }

// TextInk gives the colour of a state's words on its own ground.
func (s State) TextInk() look.Token { return stateText[s] }

// Mark draws a state's shape about a middle, d the diameter of its dot at 11 drawn.
func (p *Page) Mark(s State, x, y, d float32) {
	switch s {
	case Calm:
		p.Disc(x, y, d, look.OK)
	case Waiting:
		p.Icon("triangle", x, y-d*0.06, d*1.42, look.Wait)
	case Failed:
		p.Icon("no", x, y, d*1.32, look.Bad)
	case Unsure:
		p.Hole(x, y, d*1.22, max(2, d*0.24), look.None, look.Wait)
	case Busy:
		p.Icon("diamond", x, y, d*1.18, look.Action)
	}
}

// PillWidth gives the width that a pill of a text takes.
func (p *Page) PillWidth(text string) float32 {
	return p.Width(text, Style{Size: 16, Bold: true}) + p.L.M.U(47)
}

// Pill draws a state with its word, its left upper corner at x, y, 32 drawn high, and gives its width.
func (p *Page) Pill(x, y float32, s State, text string) float32 {
	return p.pill(x, y, p.PillWidth(text), s, text)
}

// PillFit draws a pill no wider than room; a longer text ends in an ellipsis.
func (p *Page) PillFit(x, y, room float32, s State, text string) float32 {
	return p.pill(x, y, min(room, p.PillWidth(text)), s, text)
}

func (p *Page) pill(x, y, w float32, s State, text string) float32 {
	u := p.L.M.U
	r := Rect{x, y, w, max(u(32), 30)}
	p.Box(r, s.Ground(), look.None, 0, r.H/2)
	p.Mark(s, x+u(19), r.Mid(), u(11))
	p.Text(Rect{x + u(33), y, w - u(44), r.H}, text, Style{Size: 16, Bold: true, Ink: s.TextInk(), Elide: true})
	return w
}

// Stage is how far a step is.
type Stage uint8

// The stages.
const (
	Ahead  Stage = iota // not begun
	Now                 // going on
	Done                // finished
	Broken              // failed
)

// Step is one line of a named progress.
type Step struct {
	Stage Stage
	Text  string
	Right string // time, sum or remark
}

// Steps draws numbered steps under each other, pitch apart, the first middle at y, within x and w; none of it moves.
func (p *Page) Steps(x, y, w, pitch float32, steps []Step) {
	u := p.L.M.U
	mx := x + u(30)
	for i := range steps {
		mid := y + float32(i)*pitch
		if i > 0 {
			p.Fill(Rect{mx - 1, mid - pitch + u(18), 2, pitch - u(36)}, look.Edge)
		}
	}
	for i, s := range steps {
		mid := y + float32(i)*pitch
		text, right := Style{Size: 20, Ink: look.Soft}, Style{Size: 18, Ink: look.Soft, Side: End}
		if s.Stage == Now {
			p.Box(Rect{x, mid - u(26), w, u(52)}, look.ActionSoft, look.None, 0, u(10))
			text = Style{Size: 20, Bold: true, Ink: look.OnSoft}
			right = Style{Size: 18, Bold: true, Ink: look.OnSoft, Side: End}
		}
		p.StepMark(mx, mid, i+1, s.Stage)
		right.Elide = true // a name; the step itself is said whole
		room := max(w*0.4, w-u(84)-p.Width(s.Text, text))
		used := p.Line(x+w-u(14)-room, mid, room, s.Right, right)
		p.Line(mx+u(30), mid, w-u(84)-used, s.Text, text)
	}
}

// StepMark draws the numbered or ticked disc of a step about a middle.
func (p *Page) StepMark(x, y float32, n int, s Stage) {
	u := p.L.M.U
	num := Style{Size: 18, Bold: true, Ink: look.Soft, Side: Centre}
	switch s {
	case Done:
		p.Disc(x, y, u(28), look.OKSoft)
		p.Icon("check", x, y, u(18), look.OK)
		return
	case Broken:
		p.Disc(x, y, u(28), look.BadSoft)
		p.Icon("no", x, y, u(13), look.Bad)
		return
	case Now:
		p.Disc(x, y, u(28), look.Press)
		num.Ink = look.OnPress
	case Ahead:
		p.Hole(x, y, u(29), 2, look.Surface, look.Edge)
	}
	p.Text(Rect{x - u(14), y, u(28), 0}, digitsOf(n), num)
}

func digitsOf(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return digitsOf(n/10) + string(rune('0'+n%10))
}
