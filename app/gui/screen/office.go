package screen

import (
	"strconv"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
)

// railItems are the back office's screens in the order of the rail. An empty name is not there yet.
var railItems = [...]struct {
	name       Name
	icon, word string
}{
	{Home, "cart", "收银"},
	{Today, "bars", "今日"},
	{Records, "list", "流水"},
	{Queue, "clock", "待办"},
	{"", "drawer", "班次"},
	{Settle, "layout", "对账"},
	{Catalogue, "box", "商品"},
	{Settings, "gear", "设置"},
}

// RailKeys are the shortcuts of the rail from above, with Alt: two rows of the keyboard's right half.
const RailKeys = "YUIOHJKL"

// office draws a back-office screen: rail, title line, panels, status above.
func (c *Ctx) office() {
	m := c.L.M
	rail := kit.Rect{X: 0, Y: m.Bar(), W: c.railWidth(), H: m.H - m.Bar()}
	c.rail(rail)
	margin := c.u(12)
	body := kit.Rect{X: rail.W + c.u(16), Y: m.Bar() + margin, W: m.W - rail.W - c.u(28), H: m.H - m.Bar() - 2*margin}
	switch c.V.Screen {
	case Today:
		c.today(body)
	case Records:
		c.records(body)
	case Record:
		c.record(body)
	case Queue:
		c.queue(body)
	case Catalogue:
		c.catalogue(body)
	case Settings:
		c.settings(body)
	case Keys:
		c.keyEntry(body)
	case Devices:
		c.devicesPage(body)
	default:
		c.moneyPages(body)
	}
	c.status()
}

// railOf gives the place of the rail that a screen belongs to.
func railOf(n Name) Name {
	switch n {
	case Record, Receipt, Refund, Cards:
		return Records
	case Resolve:
		return Queue
	case Reconcile, Differ, Charged, Story:
		return Settle
	case Keys, Devices:
		return Settings
	}
	return n
}

// moneyPages draws the screens on which money is given back, settled and explained.
func (c *Ctx) moneyPages(r kit.Rect) {
	switch c.V.Screen {
	case Receipt:
		c.receipt(r)
	case Refund:
		c.refund(r)
	case Cards:
		c.cards(r)
	case Resolve, Differ:
		c.decide(r)
	case Settle:
		c.settle(r)
	case Reconcile:
		c.reconcile(r)
	case Charged:
		c.charged(r)
	case Story:
		c.story(r)
	}
}

func (c *Ctx) railWidth() float32 {
	return max(c.u(96), 80)
}

func (c *Ctx) rail(r kit.Rect) {
	p := c.p
	p.Fill(r, look.Surface)
	p.Wall(r.W, r.Y, r.H)
	here := railOf(c.V.Screen)
	for i, place := range (kit.Rect{X: r.X, Y: r.Y + c.u(7), W: r.W, H: r.H - c.u(14)}).Rows(len(railItems), 0) {
		item := railItems[i]
		k := place.In(c.u(8), min(c.u(5), place.H*0.05))
		ink, bold, body := look.Soft, false, -1
		if item.name == here && item.name != Home {
			body = p.Box(k, look.ActionSoft, look.None, 0, c.u(10))
			ink, bold = look.OnSoft, true
		} else {
			body = p.Box(k, look.Surface, look.None, 0, c.u(10))
		}
		word := c.t(item.word)
		if item.name == "" && i > 0 {
			c.railAbsent(k, item.icon, word)
			continue
		}
		owed := 0
		if item.name == Queue {
			owed = c.owed()
		}
		c.railPlace(k, item.icon, word, kit.AltKey+RailKeys[i:i+1], owed, kit.Style{Size: 18, Bold: bold, Ink: ink, Side: kit.Centre})
		p.Touch(k, act(VerbGo, string(item.name)), body, look.PlainDown)
		p.Keys[kit.AltKey+RailKeys[i:i+1]] = act(VerbGo, string(item.name))
	}
	p.Keys["Escape"] = act(VerbGo, string(Home))
}

// railPlace draws a place of the rail: icon, word and shortcut under each other; on a low rail the shortcut stands beside
// the icon. A number of what waits is a disc at the icon, or in its place.
func (c *Ctx) railPlace(k kit.Rect, icon, word, shortcut string, owed int, st kit.Style) {
	p, u := c.p, c.u
	size, x, y := max(u(26), 20), k.X+k.W/2, k.Y+k.H*0.22
	low := k.H < 64
	if low {
		size, y = min(20, k.W-p.CapWidth(shortcut)-2), k.Y+k.H*0.27
		x = k.X + 1 + size/2
		p.CapAt(k.Right(), y, shortcut)
		p.Line(k.X, k.Y+k.H*0.76, k.W, word, st)
	} else {
		p.Line(k.X, k.Y+k.H*0.52, k.W, word, st)
		p.Cap(x-p.CapWidth(shortcut)/2, k.Y+k.H*0.82, shortcut)
	}
	switch {
	case owed > 0 && low:
		c.owes(x, y, size, owed)
		return
	case owed > 0:
		if x += u(22); owed > owedMost { // beside the icon, not over it
			x += u(6)
		}
		c.owes(x, y-u(2), u(22), owed)
		x = k.X + k.W/2
	}
	p.Icon(icon, x, y, size, st.Ink)
}

// owedMost is the largest number of what waits that has room at an icon.
const owedMost = 99

// owes draws the number of what waits about a middle, in a disc that is as wide as it has to be.
func (c *Ctx) owes(x, y, d float32, n int) {
	text, st := strconv.Itoa(n), kit.Style{Size: 16, Bold: true, Ink: look.Surface, Side: kit.Centre}
	if n > owedMost {
		text = strconv.Itoa(owedMost) + "+"
	}
	w := max(d, c.p.Width(text, st)+c.u(8))
	c.p.Box(kit.Rect{X: x - w/2, Y: y - d/2, W: w, H: d}, look.Wait, look.None, 0, d/2)
	c.p.Line(x-w/2, y, w, text, st)
}

// short cuts a name so that it fits a width.
func (c *Ctx) short(name string, width float32, st kit.Style) string {
	if c.p.Width(name, st) <= width {
		return name
	}
	runes := []rune(name)
	for n := len(runes) - 1; n > 0; n-- {
		if s := string(runes[:n]) + "…"; c.p.Width(s, st) <= width {
			return s
		}
	}
	return "…"
}

// railAbsent draws a screen that is not there yet, with its reason; a low rail has no room for its icon.
func (c *Ctx) railAbsent(k kit.Rect, icon, word string) {
	st := kit.Style{Size: 18, Ink: look.Soft, Side: kit.Centre}
	small := kit.Style{Size: 14, Ink: look.Soft, Side: kit.Centre}
	if k.H < 64 {
		c.p.Line(k.X, k.Mid()-9, k.W, word, st)
		c.p.Line(k.X, k.Mid()+11, k.W, c.t("未开通"), small)
		return
	}
	c.p.Icon(icon, k.X+k.W/2, k.Mid()-c.u(20), c.u(26), look.Soft)
	c.p.Line(k.X, k.Mid()+c.u(9), k.W, word, st)
	c.p.Line(k.X, k.Mid()+c.u(29), k.W, c.t("未开通"), small)
}

// fit gives the first text that fits a room, or the last.
func (c *Ctx) fit(room float32, st kit.Style, texts ...string) string {
	for _, s := range texts {
		if c.p.Width(s, st) <= room {
			return s
		}
	}
	return texts[len(texts)-1]
}

// owed counts what waits for the bank or for a person.
func (c *Ctx) owed() int { return c.S.Line.Queued + c.S.Line.Reversing + c.S.Line.Persons }

// title draws a back-office screen's title line with its keys at the right, and gives what is below it.
func (c *Ctx) title(r kit.Rect, title, under string, keys ...kit.Key) kit.Rect {
	p, m := c.p, c.L.M
	head, rest := r.Top(max(c.u(48), m.KeyH()), c.u(14))
	right := head.Right()
	for i := len(keys) - 1; i >= 0; i-- {
		k := keys[i]
		k.Form, k.Size = kit.Wide, 20
		w := c.u(170)
		if n := p.Width(k.Label, kit.Style{Size: 20, Bold: true}) + c.u(108); n > w {
			w = n
		}
		p.Key(kit.Rect{X: right - w, Y: head.Y, W: w, H: head.H}, k)
		right -= w + m.Gap()
	}
	used := p.Line(head.X, head.Mid(), (right-head.X)*0.6, title, kit.Style{Size: 30, Bold: true})
	c.under(head.X+used+c.u(18), head.Mid()+c.u(2), right-head.X-used-c.u(24), under)
	return rest
}

// under writes the line beside a title; a refusal takes its place on screens that have no other for it.
func (c *Ctx) under(x, y, w float32, text string) {
	switch c.V.Screen {
	case Receipt, Refund, Cards, Resolve, Differ, Keys:
		c.p.Line(x, y, w, text, kit.Style{Size: 18, Ink: look.Soft, Elide: true})
	default:
		c.notice(x, y, w, text)
	}
}
