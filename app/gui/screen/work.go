package screen

import (
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// Ask names the question that covers a screen before something that cannot be taken back.
type Ask string

// The questions.
const (
	AskNothing Ask = ""
	AskVoid    Ask = "void"
	AskRefund  Ask = "refund"
	AskCancel  Ask = "cancel_auth"
	AskFinish  Ask = "complete"
	AskSettle  Ask = "settle"
	AskDecide  Ask = "decide"
)

// The verbs of the screens on which money is given back, settled and explained.
const (
	VerbAsk     = "ask" // argument: an Ask
	VerbYes     = "yes"
	VerbNo      = "no"
	VerbReceipt = "receipt" // argument: a number, "" looks for one
	VerbMore    = "more"    // one more of a line, argument its number
	VerbLess    = "less"
	VerbPick    = "pick"   // the line that + and - change, argument its number
	VerbAll     = "all"    // all that is left
	VerbReason  = "reason" // argument: one of the reasons
	VerbHeld    = "held"   // a pre-authorization, argument its receipt
	VerbBalance = "balance"
	VerbPreauth = "preauth"
	VerbDecide  = "decide"   // argument: an attempt
	VerbHow     = "how"      // argument: a way to end an item
	VerbLink    = "pay_link" // the customer pays a late declined sale by code
	VerbFetch   = "fetch"    // argument: a file, "" gets the newest
	VerbDiffer  = "differ"   // argument: a difference
	VerbWindow  = "window"   // argument: days back
	VerbHour    = "hour"     // argument: +1 or -1
	VerbField   = "field"    // argument: which number the digits go to
	VerbStory   = "story"    // argument: an attempt
	VerbSlip    = "slip"     // prints the story
)

// work splits the room under a title for a screen that types a number: what is worked on, the number with its keys, and
// the pad, which lies at the right in every one of these screens.
func (c *Ctx) work(r kit.Rect) (main, side, pad kit.Rect) { return c.workOf(r, 3) }

// workOf is work with a pad of so many columns.
func (c *Ctx) workOf(r kit.Rect, columns float32) (main, side, pad kit.Rect) {
	m := c.L.M
	gap := m.Gap()
	column, main := r.Far(max(c.u(340*columns/3), columns*m.Mil(look.DigitMinMM)+(columns-1)*gap), gap)
	digit := m.Digit(r.H)
	if above := r.H - 4*digit - 4*gap; above >= 3*m.KeyH() {
		digit = min(digit, m.Mil(look.DigitMM)+1)
		pad, side = column.Foot(4*digit+3*gap, gap)
		return main, side, pad
	}
	side, main = main.Foot(2*m.KeyH()+gap, gap)
	pad, _ = column.Top(4*digit+3*gap, 0)
	return main, side, pad
}

// sumPad draws the digits with a point and a backspace.
func (c *Ctx) sumPad(r kit.Rect) {
	cells := kit.Cells(r, c.L.M.Gap())
	c.p.Pad(cells, false)
	c.p.Key(cells[3][0], kit.Key{Label: ".", Size: 34, Key: ".", Act: kit.Act{Verb: kit.VerbDigit, Arg: "."}})
	c.p.Key(cells[3][2], kit.Key{Dress: kit.Flat, Icon: "backspace", Key: "BackSpace", Act: act(VerbBack, "")})
}

// number draws what the digits go to, or with Tab would.
func (c *Ctx) number(r kit.Rect, word, value, empty string, chosen bool) {
	u, p := c.u, c.p
	rim, width := look.Line, float32(1)
	if chosen {
		rim, width = look.Action, 2
	}
	p.Box(r, look.Surface, rim, width, u(12))
	ink := look.Ink
	if value == "" {
		value, ink = empty, look.Soft
	}
	used := p.Line(r.X+u(16), r.Mid(), r.W-u(32), value, kit.Style{Size: 28, Bold: true, Ink: ink, Side: kit.End})
	room := r.W - u(44) - used
	st := kit.Style{Size: 18, Ink: look.Soft, Elide: true}
	if w := p.CapWidth("Tab"); !chosen && p.Width(word, st)+w+u(10) <= room {
		p.Cap(r.X+u(26)+p.Width(word, st), r.Mid(), "Tab")
	}
	if room >= u(60) { // else a long number says enough
		p.Line(r.X+u(16), r.Mid(), room, word, st)
	}
}

// sideKeys draws the number and its keys: under each other where there is room, else the keys in one row.
func (c *Ctx) sideKeys(r kit.Rect, number func(kit.Rect), keys ...kit.Key) {
	m := c.L.M
	gap := m.Gap()
	n := len(keys)
	if r.H >= float32(n+1)*m.KeyH()+float32(n)*gap {
		rows := r.Rows(n+1, gap)
		number(rows[0])
		for i, k := range keys {
			c.p.Key(rows[i+1], k)
		}
		return
	}
	top, rest := r.Top(m.KeyH(), gap)
	number(top)
	for i, k := range keys {
		c.p.Key(rest.Cols(n, gap)[i], k)
	}
}

// choice is one of a few that are chosen from.
type choice struct{ arg, word string }

// chips draws choices as keys in columns, with the letters of the keyboard's left half; the chosen one has a rim.
func (c *Ctx) chips(r kit.Rect, columns int, verb, chosen string, list []choice) {
	gap := c.L.M.Gap()
	rows := (len(list) + columns - 1) / columns
	places := r.Rows(rows, gap)
	words := make([]string, len(list))
	for i, ch := range list {
		words[i] = c.t(ch.word)
	}
	for i, ch := range list {
		k := kit.Key{Label: words[i], Size: 18, Cap: leftKey(i/columns, i%columns), Act: act(verb, ch.arg)}
		if ch.arg == chosen {
			k.Dress = kit.Chosen
		}
		place := places[i/columns].Cols(columns, gap)[i%columns]
		c.p.Key(place, c.capped(place, k, words...))
	}
}

// notice draws why the last command was refused, else a hint, on one line.
func (c *Ctx) notice(x, y, w float32, hint string) {
	if c.V.Notice == "" {
		c.p.Line(x, y, w, hint, kit.Style{Size: 18, Ink: look.Soft, Elide: true})
		return
	}
	c.p.Mark(kit.Failed, x+c.u(8), y, c.u(11))
	c.p.Line(x+c.u(24), y, w-c.u(24), c.V.Notice, kit.Style{Size: 18, Ink: look.Bad, Elide: true})
}

// ready dresses the key that does the thing, or makes it rest with the reason.
func ready(k kit.Key, missing string) kit.Key {
	k.Dress, k.Form, k.Size = kit.Filled, kit.Middle, 22
	if missing != "" {
		k.Dress, k.Sub, k.Act, k.Cap = kit.Unavailable, missing, kit.Act{}, ""
	}
	return k
}

// question is what a confirmation says: what will be done, with how much, what follows, and the word on the key.
type question struct {
	icon, title string
	sum         pos.Amount
	noSum       bool
	lines       []string
	yes         string
}

// ask covers the page with the question that is open.
func (c *Ctx) ask() {
	var q question
	switch c.V.Ask {
	case AskVoid, AskRefund:
		q = c.askUndo()
	case AskCancel, AskFinish:
		q = c.askHeld()
	case AskSettle:
		q = c.askSettle()
	case AskDecide:
		q = c.askDecide()
	default:
		return
	}
	u, p, m := c.u, c.p, c.L.M
	w, h := min(m.W-40, max(u(640), 560)), max(u(400), 330)
	r := p.Modal(w, h)
	x, inner := r.X+u(36), r.W-u(72)
	p.Icon(q.icon, x+u(14), r.Y+u(52), u(34), look.Action)
	p.Line(x+u(46), r.Y+u(52), inner-u(46), q.title, kit.Style{Size: 28, Bold: true})
	y := r.Y + u(104)
	if !q.noSum {
		p.Sum(kit.Rect{X: x, Y: r.Y + h*0.32, W: inner, H: 0}, i18n.Money(q.sum), kit.Style{Size: 66, Bold: true})
		y = r.Y + h*0.5
	}
	for i, s := range q.lines {
		p.Line(x, y+float32(i)*max(u(32), 24), inner, s, kit.Style{Size: 18, Ink: look.Soft})
	}
	keys := kit.Rect{X: x, Y: r.Bottom() - max(u(104), 78), W: inner, H: max(u(72), 56)}.Cols(2, max(u(60), m.Gap()))
	p.Key(keys[0], kit.Key{Label: c.t("先不做"), Icon: "cross", Cap: "Esc", Size: 22, Act: act(VerbNo, "")})
	yes := kit.Key{Dress: kit.Filled, Label: q.yes, Cap: "F12", Size: 22, Act: act(VerbYes, "")}
	if !q.noSum {
		yes.Sub = kit.Yen + i18n.Money(q.sum)
	}
	if c.V.Busy {
		yes.Dress, yes.Sub, yes.Cap = kit.Unavailable, c.t("进行中"), ""
	}
	p.Key(keys[1], yes)
}
