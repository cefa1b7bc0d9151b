package screen

import (
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// held draws the baskets on hold in the middle; a touch takes one back.
func (c *Ctx) held(r kit.Rect) {
	u, p := c.u, c.p
	c.middlePanel(r, c.t("取回挂单"), c.t("%d 单", len(c.V.HeldList)))
	body := kit.Rect{X: r.X, Y: r.Y + u(55), W: r.W, H: r.H - u(70)}
	if len(c.V.HeldList) == 0 {
		c.empty(body, "recall", c.t("没有挂起的订单"), c.t("F5 挂单，断电也不会丢"))
		return
	}
	p.TouchList(body, "held", kit.KeyedRow(body.H, u(78)), len(c.V.HeldList), c.V.First["held"], func(i int, row kit.Rect) {
		b := c.V.HeldList[i]
		cover := p.Fill(kit.Rect{X: row.X + 1, Y: row.Y, W: row.W - 2, H: row.H - 1}, look.Surface)
		p.Rule(row.X+u(24), row.Bottom()-1, row.W-u(48))
		end := c.rowEnd(row, act(VerbRecall, b.Ticket))
		amount := p.Line(row.X+u(200), row.Mid(), row.W-u(200)-end, i18n.Money(b.Total), kit.Style{Size: 24, Bold: true, Side: kit.End})
		room := row.W - u(40) - end - amount
		p.Line(row.X+u(24), row.Mid()-u(14), room, c.heldName(b), kit.Style{Size: 20, Bold: true, Elide: true})
		p.Line(row.X+u(24), row.Mid()+u(15), room, goods(b.Lines), kit.Style{Size: 18, Ink: look.Soft, Elide: true})
		p.Row(row, act(VerbRecall, b.Ticket), cover)
	})
}

// rowEnd draws at the right of a row that opens something its shortcut, or an arrow where it has none, and gives the room
// that it takes.
func (c *Ctx) rowEnd(row kit.Rect, a kit.Act) float32 {
	end := max(c.u(64), c.p.CapWidth(kit.AltKey+"8")+c.u(30)) // in every row the same: sums stand under each other
	if c.p.RowCap(row.Right()-c.u(14), row.Mid(), a) == 0 {
		c.p.Icon("chevron-right", row.Right()-c.u(34), row.Mid(), c.u(20), look.Soft)
	}
	return end
}

func (c *Ctx) heldName(b pos.Basket) string {
	name := c.t("挂单 %s", b.Ticket)
	if b.Ticket == "" {
		name = c.t("小票 %s", b.Receipt)
	}
	return join(name, c.t("%s 件", pieces(b.Lines)), b.Note)
}

// goods names the first articles of a basket.
func goods(lines []pos.Line) string {
	names := make([]string, 0, 3)
	for i, l := range lines {
		if i == 3 {
			break
		}
		names = append(names, l.Name)
	}
	return join(names...)
}

// middlePanel draws the panel that takes the place of tiles and pad, with its title.
func (c *Ctx) middlePanel(r kit.Rect, title, caption string) {
	u, p := c.u, c.p
	p.Panel(r)
	p.Line(r.X+u(24), r.Y+u(28), u(300), title, kit.Style{Size: 22, Bold: true})
	p.Line(r.X+u(200), r.Y+u(28), r.W-u(224), caption, kit.Style{Size: 18, Ink: look.Soft, Side: kit.End})
	p.Rule(r.X+1, r.Y+u(54), r.W-2)
}

// empty draws what an empty list says.
func (c *Ctx) empty(r kit.Rect, icon, title, under string) {
	u, p := c.u, c.p
	mx, y := r.X+r.W/2, r.Mid()-u(40)
	if r.H < u(330) { // no room to stand higher than the middle
		y += u(40)
	}
	p.Disc(mx, y-u(50), u(104), look.Sunken)
	p.Icon(icon, mx, y-u(50), u(52), look.Soft)
	p.Line(r.X+u(20), y+u(34), r.W-u(40), title, kit.Style{Size: 24, Bold: true, Side: kit.Centre})
	p.Line(r.X+u(20), y+u(70), r.W-u(40), under, kit.Style{Size: 18, Ink: look.Soft, Side: kit.Centre})
}

// search draws articles found by pinyin initials and the keyboard for them.
func (c *Ctx) search(r kit.Rect) {
	u, p, m := c.u, c.p, c.L.M
	keys, list := r.Foot(3*m.KeyH()+2*m.Gap()+u(24), u(10))
	word := c.V.Letters
	if word == "" {
		word = c.t("按拼音首字母找商品，例如 nfsq")
	}
	c.middlePanel(list, c.t("拼音"), word)
	body := kit.Rect{X: list.X, Y: list.Y + u(55), W: list.W, H: list.H - u(60)}
	if len(c.V.Found) == 0 {
		note := c.t("也可以输入数字或条码")
		if c.V.Letters != "" {
			note = c.t("没有找到，换几个字母")
		}
		c.empty(body, "search", c.t("输入首字母"), note)
	} else {
		c.found(body)
	}
	p.Keyboard(keys.In(u(2), u(10)), act(VerbBack, ""))
}

func (c *Ctx) found(r kit.Rect) {
	u, p := c.u, c.p
	p.TouchList(r, "found", kit.KeyedRow(r.H, u(58)), len(c.V.Found), c.V.First["found"], func(i int, row kit.Rect) {
		a := c.V.Found[i]
		cover := p.Fill(kit.Rect{X: row.X + 1, Y: row.Y, W: row.W - 2, H: row.H - 1}, look.Surface)
		p.Rule(row.X+u(24), row.Bottom()-1, row.W-u(48))
		end := c.rowEnd(row, act(VerbTile, a.SKU))
		amount := p.Line(row.X+u(200), row.Mid(), row.W-u(200)-end, i18n.Money(a.Price), kit.Style{Size: 22, Bold: true, Side: kit.End})
		unit := p.Line(row.X+u(200), row.Mid(), row.W-u(220)-end-amount, join(a.Category, a.Unit), kit.Style{Size: 16, Ink: look.Soft, Side: kit.End})
		p.Line(row.X+u(24), row.Mid(), row.W-u(66)-end-amount-unit, a.Name, kit.Style{Size: 20, Elide: true})
		p.Row(row, act(VerbTile, a.SKU), cover)
	})
}
