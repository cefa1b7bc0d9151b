package screen

import (
	"unicode/utf8"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
)

// pinDigits is how many places the PIN's dots show; a longer PIN fills the last.
const pinDigits = 6

// signIn draws the tiles of the staff, the PIN pad and the state of the machine.
func (c *Ctx) signIn() {
	m, p, u := c.L.M, c.p, c.u
	side := u(48)
	if m.Compact {
		side = 12
	}
	footH := u(94)
	if m.Compact {
		footH = 58
	}
	all := kit.Rect{X: 0, Y: 0, W: m.W, H: m.H}
	foot, body := all.Foot(footH, 0)
	body = body.In(side, 0)
	c.signInFoot(foot, side)
	if m.Compact {
		pad, tiles := kit.Rect{X: m.W - 12 - 280, Y: 6, W: 280, H: body.H - 12}, kit.Rect{X: 12, Y: 10, W: m.W - 24 - 290, H: body.H - 20}
		c.pinPanel(pad)
		c.staffTiles(tiles)
		return
	}
	c.bigTitle(side, c.shop(), join(c.t("终端 %s", c.S.Shop.TID), c.W.Date(c.V.Now), c.t("营业日 %s", c.V.Now.Format("01-02"))))
	p.Line(body.X, u(67), body.W, c.V.Now.Format("15:04"), kit.Style{Size: 60, Bold: true, Side: kit.End})
	pad := kit.Rect{X: body.Right() - u(470), Y: u(140), W: u(470), H: body.H - u(140) - u(31)}
	c.pinPanel(pad)
	p.Line(body.X, u(162), u(400), c.t("谁在收银？"), kit.Style{Size: 22, Bold: true})
	c.staffTiles(kit.Rect{X: body.X, Y: u(192), W: pad.X - body.X - u(48), H: body.H - u(192) - u(38)})
}

// bigTitle draws the heading of a screen without a status bar.
func (c *Ctx) bigTitle(x float32, title, under string) {
	c.p.Line(x, c.u(58), c.L.M.W*0.6, title, kit.Style{Size: 30, Bold: true, Elide: true})
	c.p.Line(x, c.u(100), c.L.M.W*0.7, under, kit.Style{Size: 18, Ink: look.Soft, Elide: true})
}

// staffTiles draws two columns of people, three rows a page.
func (c *Ctx) staffTiles(r kit.Rect) {
	gap := c.u(12)
	rowH := (r.H + gap) / 3
	rows := (len(c.V.Staff) + 1) / 2
	drags := rows > 3
	c.p.TouchList(kit.Rect{X: r.X, Y: r.Y, W: r.W, H: r.H + gap + 1}, "staff", rowH, rows, c.V.First["staff"], func(i int, row kit.Rect) {
		row.H -= gap
		if drags { // beside the mark that says so
			row.W -= c.u(14)
		}
		for j, place := range row.Cols(2, gap) {
			if n := 2*i + j; n < len(c.V.Staff) {
				c.staffTile(place, c.V.Staff[n], 2*(c.p.RowNo()-1)+j+1)
				c.p.Hits[len(c.p.Hits)-1].Late = drags // it answers when the finger leaves
			}
		}
	})
}

func (c *Ctx) staffTile(r kit.Rect, s Staff, n int) {
	u, p := c.u, c.p
	fill, rim, rimW, disc, ink, name := look.Surface, look.Edge, float32(1), look.ActionSoft, look.OnSoft, look.Ink
	if s.ID == c.V.Who {
		fill, rim, rimW, disc, ink, name = look.ActionSoft, look.Action, 2, look.Press, look.OnPress, look.OnSoft
	}
	body := p.Box(r, fill, rim, rimW, u(12))
	d := min(u(84), r.H*0.6)
	if c.L.M.Compact {
		d = 48
	}
	mx := r.X + u(24) + d/2
	if c.L.M.Compact {
		mx = r.X + 10 + d/2
	}
	p.Disc(mx, r.Mid(), d, disc)
	first, _ := utf8.DecodeRuneInString(s.Name)
	p.Line(mx-d/2, r.Mid(), d, string(first), kit.Style{Size: d * 0.4, Exact: true, Bold: true, Ink: ink, Side: kit.Centre})
	x := mx + d/2 + u(20)
	if c.L.M.Compact {
		x = mx + d/2 + 8
	}
	room := r.Right() - x - u(10)
	dy := min(u(21), r.H*0.2)
	p.Line(x, r.Mid()-dy, room, s.Name, kit.Style{Size: 26, Bold: true, Ink: name, Elide: true})
	p.Line(x, r.Mid()+dy, room, join(c.W.Role(s.Role), s.ID), kit.Style{Size: 16, Ink: look.Soft, Elide: true})
	p.Touch(r, act(VerbStaff, s.ID), body, look.PlainDown)
	p.AltCap(n, r.Right()-u(10), r.Y+u(20), act(VerbStaff, s.ID))
}

// pinPanel draws the dots and the same pad as at the counter.
func (c *Ctx) pinPanel(r kit.Rect) {
	u, p, m := c.u, c.p, c.L.M
	p.Panel(r)
	title, ink := c.t("请先选名字"), look.Ink
	for _, s := range c.V.Staff {
		if s.ID == c.V.Who {
			bold := kit.Style{Size: 22, Bold: true}
			title = c.t("%s，请输入密码", c.short(s.Name, r.W-u(24)-p.Width(c.t("%s，请输入密码", ""), bold), bold))
		}
	}
	if c.V.Notice != "" {
		title, ink = c.V.Notice, look.Bad
	}
	head := u(111)
	if m.Compact {
		head = 58
	}
	p.Line(r.X+u(12), r.Y+head*0.33, r.W-u(24), title, kit.Style{Size: 22, Bold: true, Ink: ink, Side: kit.Centre})
	p.Dots(r.X+r.W/2, r.Y+head*0.75, min(c.V.PIN, pinDigits), pinDigits)
	pad := kit.Rect{X: r.X + u(19), Y: r.Y + head, W: r.W - u(38), H: r.H - head - u(18)}
	if m.Compact {
		pad = kit.Rect{X: r.X + 10, Y: r.Y + head, W: r.W - 20, H: r.H - head - 6}
	}
	cells := kit.Cells(pad, m.Gap())
	p.Pad(cells, false)
	p.Key(cells[3][0], kit.Key{Dress: kit.Flat, Icon: "backspace", Key: "BackSpace", Act: act(VerbBack, "")})
	k := kit.Key{Dress: kit.Filled, Label: c.t("登录"), Sub: "Enter", Key: "Return", Size: 24, Act: act(VerbSignIn, "")}
	p.Key(cells[3][2], c.waitsFor(k, c.V.Who, c.V.PIN))
}

// waitsFor makes the key under a PIN rest until there are a name and digits, and says which is missing.
func (c *Ctx) waitsFor(k kit.Key, who string, digits int) kit.Key {
	switch {
	case who == "":
		k.Dress, k.Sub = kit.Unavailable, c.t("等名字")
	case digits == 0:
		k.Dress, k.Sub = kit.Unavailable, c.t("等密码")
	}
	return k
}

// signInFoot draws the state of the machine and what needs no name.
func (c *Ctx) signInFoot(r kit.Rect, side float32) {
	u, p, m := c.u, c.p, c.L.M
	p.Fill(r, look.Surface)
	p.Rule(0, r.Y, m.W)
	keys := []kit.Key{
		{Label: c.t("自检"), Icon: "refresh", Cap: "F7", Act: act(VerbGo, string(SelfTest))},
		{Label: c.t(map[bool]string{true: "浅色", false: "深色"}[c.V.Dark]), Icon: "sun", Cap: "F8", Act: act(VerbDark, "")},
		{Label: map[bool]string{true: "中文", false: "English"}[c.W.English], Icon: "globe", Cap: "F9", Act: act(VerbLang, "")},
	}
	w, h, gap := u(170), min(u(58), r.H-u(20)), u(12)
	if m.Compact {
		w, h, gap = 124, 48, 8
	}
	right := r.Right() - side
	for i := len(keys) - 1; i >= 0; i-- {
		keys[i].Form, keys[i].Size = kit.Wide, 20
		if m.Compact {
			keys[i].Icon = ""
		}
		p.Key(kit.Rect{X: right - w, Y: r.Mid() - h/2, W: w, H: h}, keys[i])
		right -= w + gap
	}
	x, y := side, r.Mid()-u(16)
	line := c.line(u(320))
	for _, s := range append([]pill{c.tested(), line}, c.waitingPill()...) {
		if m.Compact && x > 200 {
			break
		}
		x += p.PillFit(x, y, right-x, s.state, s.text) + u(10)
	}
}

// tested words the result of the self-test.
func (c *Ctx) tested() pill {
	bad := 0
	for _, t := range c.V.Tests {
		if t.State == "fault" || t.State == "warn" {
			bad++
		}
	}
	switch {
	case c.V.Testing:
		return pill{state: kit.Busy, text: c.t("正在自检")}
	case len(c.V.Tests) == 0:
		return pill{state: kit.Unsure, text: c.t("还没有自检")}
	case bad > 0:
		return pill{state: kit.Failed, text: c.t("自检 %d 项要处理", bad)}
	}
	return pill{state: kit.Calm, text: c.t("自检通过")}
}

func (c *Ctx) waitingPill() []pill {
	if c.S.Line.Queued == 0 || c.S.Line.State == "offline" {
		return nil
	}
	return []pill{{state: kit.Waiting, text: c.t("待上送 %d 笔 ¥%s", c.S.Line.Queued, i18n.Money(c.S.Line.QueuedSum))}}
}
