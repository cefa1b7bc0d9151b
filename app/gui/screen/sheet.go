package screen

import (
	"unicode/utf8"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/pos"
)

// Sheet is the supervisor's PIN over the sale: the only thing besides an outcome that covers it.
type Sheet struct {
	Open bool
	Who  string // chosen supervisor
	PIN  int    // digits typed
	Note string // why the last PIN was refused, "" for none
}

// The sheet's verbs.
const (
	VerbApprover = "approver"
	VerbApprove  = "approve"
	VerbDismiss  = "dismiss"
)

// approvers are the people who may approve.
func (c *Ctx) approvers() []Staff {
	var out []Staff
	for _, s := range c.V.Staff {
		if s.Role == pos.Supervisor || s.Role == pos.Owner {
			out = append(out, s)
		}
	}
	return out
}

// sheet draws the supervisor's PIN over the page: on a low panel what it is about stands in the column of the names, so
// that the digits keep their size.
func (c *Ctx) sheet() {
	u, p, m := c.u, c.p, c.L.M
	w, h := min(m.W-40, max(u(760), 640)), min(m.H-24, max(u(560), 430))
	r := p.Modal(w, h)
	body := kit.Rect{X: r.X + u(20), Y: r.Y + max(u(104), 76), W: r.W - u(40), H: r.H - max(u(124), 88)}
	left, right := body.Left(body.W*0.44, u(20))
	dots := max(u(44), 26)
	if right.H-dots < 4*m.Mil(look.DigitMinMM)+3*m.Gap() {
		right.Y, right.H = r.Y+12, r.H-24
		left.Y, left.H = r.Y+12+c.sheetHead(left.X+2, r.Y+32, left.W), 0
		left.H = r.Bottom() - 12 - left.Y
	} else {
		c.sheetHead(r.X+u(26), r.Y+max(u(40), 26), r.W-u(48))
	}
	cancel, tiles := left.Foot(max(u(64), 52), u(12))
	c.approverTiles(tiles)
	p.Key(cancel, kit.Key{Label: c.t("取消"), Icon: "cross", Cap: "Esc", Act: act(VerbDismiss, "")})
	row, pad := right.Top(dots, 0)
	p.Dots(row.X+row.W/2, row.Mid()-u(6), min(c.V.Sheet.PIN, pinDigits), pinDigits)
	cells := kit.Cells(pad, m.Gap())
	p.Pad(cells, false)
	p.Key(cells[3][0], kit.Key{Dress: kit.Flat, Icon: "backspace", Key: "BackSpace", Act: act(VerbBack, "")})
	k := kit.Key{Dress: kit.Filled, Label: c.t("授权"), Sub: "Enter", Key: "Return", Act: act(VerbApprove, "")}
	p.Key(cells[3][2], c.waitsFor(k, c.V.Sheet.Who, c.V.Sheet.PIN))
}

// sheetHead draws what the sheet asks for, or why the last PIN was refused, and gives its height.
func (c *Ctx) sheetHead(x, y, w float32) float32 {
	u, p := c.u, c.p
	p.Icon("lock", x+u(14), y, u(30), look.Action)
	p.Line(x+max(u(44), 30), y, w-max(u(44), 30), c.t("需要店长授权"), kit.Style{Size: 26, Bold: true})
	under, ink := c.t("店长选名字，输入自己的密码"), look.Soft
	if c.V.Sheet.Note != "" {
		under, ink = c.V.Sheet.Note, look.Bad
	}
	lines := wrap(c, under, w, 18, 2)
	p.Para(x-u(2), y+max(u(38), 30), w, 22, lines, kit.Style{Size: 18, Ink: ink})
	return max(u(38), 30) + 42 + 22*float32(len(lines)-1)
}

// approverTiles lists who may approve.
func (c *Ctx) approverTiles(r kit.Rect) {
	list := c.approvers()
	h, gap := max(c.u(84), 66), max(c.u(10), 8)
	r.H += gap
	rows, _ := kit.Shown(r.H, h+gap, len(list))
	c.p.TouchList(r, "approvers", h+gap, len(list), c.V.First["approvers"], func(i int, row kit.Rect) {
		row.H = h
		if len(list) > rows { // beside the mark that says so
			row.W -= c.u(12)
		}
		c.approver(row, list[i], len(list) > rows)
	})
}

func (c *Ctx) approver(r kit.Rect, s Staff, drags bool) {
	u, p := c.u, c.p
	fill, rim, rimW, ink := look.Surface, look.Edge, float32(1), look.Ink
	if s.ID == c.V.Sheet.Who {
		fill, rim, rimW, ink = look.ActionSoft, look.Action, 2, look.OnSoft
	}
	body := p.Box(r, fill, rim, rimW, u(12))
	d := min(u(52), r.H-16)
	p.Disc(r.X+u(16)+d/2, r.Mid(), d, look.ActionSoft)
	first, _ := utf8.DecodeRuneInString(s.Name)
	p.Line(r.X+u(16), r.Mid(), d, string(first), kit.Style{Size: d * 0.42, Exact: true, Bold: true, Ink: look.OnSoft, Side: kit.Centre})
	x := r.X + u(30) + d
	end := p.RowCap(r.Right()-u(10), r.Mid()-max(u(12), 11), act(VerbApprover, s.ID))
	p.Line(x, r.Mid()-max(u(12), 11), r.Right()-x-u(8)-end, s.Name, kit.Style{Size: 22, Bold: true, Ink: ink, Elide: true})
	p.Line(x, r.Mid()+max(u(17), 13), r.Right()-x-u(8), join(c.W.Role(s.Role), s.ID), kit.Style{Size: 16, Ink: look.Soft, Elide: true})
	p.Touch(r, act(VerbApprover, s.ID), body, look.PlainDown)
	p.Hits[len(p.Hits)-1].Late = drags // in a list that a finger drags, it answers when the finger leaves
}
