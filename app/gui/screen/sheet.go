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

// sheet draws the supervisor's PIN over the page.
func (c *Ctx) sheet() {
	u, p, m := c.u, c.p, c.L.M
	w, h := min(m.W-40, max(u(760), 640)), min(m.H-24, max(u(560), 430))
	r := p.Modal(w, h)
	top := r.Y + max(u(40), 26)
	p.Icon("lock", r.X+max(u(40), 30), top, u(30), look.Action)
	p.Line(r.X+max(u(70), 50), top, r.W-u(100), c.t("需要店长授权"), kit.Style{Size: 26, Bold: true})
	under, ink := c.t("店长选名字，输入自己的密码"), look.Soft
	if c.V.Sheet.Note != "" {
		under, ink = c.V.Sheet.Note, look.Bad
	}
	p.Line(r.X+u(24), r.Y+max(u(78), 54), r.W-u(48), under, kit.Style{Size: 18, Ink: ink})
	body := kit.Rect{X: r.X + u(20), Y: r.Y + max(u(104), 76), W: r.W - u(40), H: r.H - max(u(124), 88)}
	left, right := body.Left(body.W*0.44, u(20))
	cancel, tiles := left.Foot(max(u(64), 52), u(12))
	tiles = kit.Rect{X: tiles.X, Y: tiles.Y, W: tiles.W, H: tiles.H}
	for i, s := range c.approvers() {
		place := kit.Rect{X: tiles.X, Y: tiles.Y + float32(i)*(max(u(84), 66)+u(10)), W: tiles.W, H: max(u(84), 66)}
		if place.Bottom() > tiles.Bottom()+1 {
			break
		}
		c.approver(place, s, i+1)
	}
	p.Key(cancel, kit.Key{Label: c.t("取消"), Icon: "cross", Cap: "Esc", Act: act(VerbDismiss, "")})
	dots, pad := right.Top(u(44), 0)
	p.Dots(dots.X+dots.W/2, dots.Mid()-u(6), min(c.V.Sheet.PIN, pinDigits), pinDigits)
	cells := kit.Cells(pad, m.Gap())
	p.Pad(cells, false)
	p.Key(cells[3][0], kit.Key{Dress: kit.Flat, Icon: "backspace", Key: "BackSpace", Act: act(VerbBack, "")})
	k := kit.Key{Dress: kit.Filled, Label: c.t("授权"), Sub: "Enter", Key: "Return", Act: act(VerbApprove, "")}
	if c.V.Sheet.Who == "" || c.V.Sheet.PIN == 0 {
		k.Dress, k.Sub = kit.Unavailable, c.t("等密码")
	}
	p.Key(cells[3][2], k)
}

func (c *Ctx) approver(r kit.Rect, s Staff, n int) {
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
	end := p.AltCap(n, r.Right()-u(10), r.Mid()-max(u(12), 11), act(VerbApprover, s.ID))
	p.Line(x, r.Mid()-max(u(12), 11), r.Right()-x-u(8)-end, s.Name, kit.Style{Size: 22, Bold: true, Ink: ink, Elide: true})
	p.Line(x, r.Mid()+max(u(17), 13), r.Right()-x-u(8), c.W.Role(s.Role), kit.Style{Size: 16, Ink: look.Soft})
	p.Touch(r, act(VerbApprover, s.ID), body, look.PlainDown)
}
