package screen

import (
	"slices"
	"strconv"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// order draws the open basket: its lines, what is off, the sum.
func (c *Ctx) order(r kit.Rect) {
	u, p, b := c.u, c.p, &c.S.Basket
	p.Panel(r)
	head, body := r.Top(u(54), 0)
	used := p.Line(head.X+u(18), head.Y+u(28), u(200), c.t("当前订单"), kit.Style{Size: 22, Bold: true})
	if len(b.Lines) > 0 && c.V.Screen == Home && !c.paying() {
		used += p.Cap(head.X+u(28)+used, head.Y+u(28), "↑ ↓") + u(8)
	}
	caption := c.t("小票 %s", b.Receipt)
	if b.Receipt == "" {
		caption = ""
	}
	if n := len(b.Lines); n > 0 {
		caption = join(c.t("%d 种", n), caption)
	}
	p.Line(head.X+u(30)+used, head.Y+u(28), head.W-u(48)-used, caption, kit.Style{Size: 16, Ink: look.Soft, Side: kit.End})
	p.Rule(r.X+1, head.Bottom(), r.W-2)
	c.lineKeys()
	foot, body := body.Foot(u(152), 0)
	c.sum(foot)
	body = c.bench(body)
	if v := c.otherThanSale(); v != nil {
		c.nowDoing(body, v)
		return
	}
	if len(b.Lines) == 0 {
		c.nothingYet(body)
		return
	}
	rowH := u(66)
	first, chosen := c.V.First["order"]
	if !chosen {
		first = len(b.Lines)
	}
	body.Y++
	p.TouchList(body, "order", rowH, len(b.Lines), first, func(i int, row kit.Rect) {
		c.orderLine(b.Lines[i], row)
	})
}

// lineKeys lets the arrows go from one line of the order to the next.
func (c *Ctx) lineKeys() {
	n := len(c.S.Basket.Lines)
	if n == 0 || c.paying() || c.V.Screen != Home {
		return
	}
	at := slices.IndexFunc(c.S.Basket.Lines, func(l pos.Line) bool { return l.No == c.S.Selected })
	up, down := at-1, at+1
	if at < 0 {
		up, down = n-1, n-1
	}
	c.p.Keys["Up"] = act(VerbLine, strconv.Itoa(c.S.Basket.Lines[max(0, up)].No))
	c.p.Keys["Down"] = act(VerbLine, strconv.Itoa(c.S.Basket.Lines[min(n-1, down)].No))
}

// otherThanSale gives what a card is doing besides paying for goods, nil for nothing.
func (c *Ctx) otherThanSale() *checkout.CardView {
	v := c.S.Card
	if c.S.Step != checkout.StepCard || v == nil || v.Kind == pos.Sale || v.Kind == "" {
		return nil
	}
	return v
}

// nowDoing draws in place of the lines what the card is wanted for.
func (c *Ctx) nowDoing(r kit.Rect, v *checkout.CardView) {
	icon := map[pos.Kind]string{pos.Refund: "refund", pos.Balance: "wallet", pos.Preauth: "lock", pos.Completion: "check"}[v.Kind]
	if icon == "" {
		icon = "cross"
	}
	under := c.t("订单保留，做完接着收")
	if len(c.S.Basket.Lines) == 0 {
		under = c.t("做完就可以收下一单")
	}
	c.empty(r, icon, c.kind(v.Kind), under)
}

func (c *Ctx) orderLine(l pos.Line, row kit.Rect) {
	u, p := c.u, c.p
	body := p.Fill(kit.Rect{X: row.X + 1, Y: row.Y, W: row.W - 2, H: row.H}, look.Surface)
	selected := l.No == c.S.Selected && c.V.Screen == Home && !c.paying()
	if selected {
		p.Items[body].Fill = look.ActionSoft
		p.Fill(kit.Rect{X: row.X + 1, Y: row.Y, W: u(5), H: row.H}, look.Action)
	} else {
		p.Rule(row.X+u(18), row.Bottom()-1, row.W-u(36))
	}
	bold := kit.Style{Size: 22, Bold: true, Side: kit.End}
	p.Line(row.X+u(8), row.Mid(), u(64), i18n.Quantity(l), bold)
	p.Icon("times", row.X+u(84), row.Mid(), u(13), look.Soft)
	amount := p.Line(row.X+u(200), row.Mid(), row.W-u(218), i18n.Money(l.Total), bold)
	room := row.W - u(104) - u(26) - amount
	p.Line(row.X+u(104), row.Y+u(22), room, l.Name, kit.Style{Size: 20, Elide: true})
	small := c.t("单价 %s", i18n.Money(l.Price))
	if l.Discount > 0 {
		small = join(small, c.t("优惠 -%s", i18n.Money(l.Discount)))
	}
	p.Line(row.X+u(104), row.Y+u(46), room, small, kit.Style{Size: 16, Ink: look.Soft, Elide: true})
	if !c.paying() && c.V.Screen == Home {
		p.Row(row, act(VerbLine, strconv.Itoa(l.No)), body)
	}
}

// sum draws the foot of the order: pieces, what is off or already paid, the sum that is due.
func (c *Ctx) sum(r kit.Rect) {
	u, p, b := c.u, c.p, &c.S.Basket
	p.Rule(r.X+1, r.Y, r.W-2)
	soft := kit.Style{Size: 18, Ink: look.Soft}
	p.Line(r.X+u(18), r.Y+u(25), u(150), c.t("商品 %s 件", pieces(b.Lines)), soft)
	soft.Side = kit.End
	p.Line(r.X+u(168), r.Y+u(25), r.W-u(186), c.off(), soft)
	word, ink := c.t("应收"), look.Ink
	if b.Paid > 0 {
		word = c.t("还应收")
	}
	if len(b.Lines) == 0 {
		ink = look.Soft
	}
	due := b.Due()
	if v := c.otherThanSale(); v != nil {
		word, due, ink = c.kind(v.Kind), v.Amount, look.Ink
		if v.Kind == pos.Balance {
			p.Line(r.X+u(18), r.Y+u(92), r.W-u(36), c.t("查余额，不会扣款"), kit.Style{Size: 22, Bold: true})
			return
		}
	}
	y := r.Y + u(92)
	used := p.Line(r.X+u(18), y, u(120), word, kit.Style{Size: 22, Bold: true, Ink: ink})
	size := c.L.M.Total()
	sum := kit.Style{Size: size, Exact: true, Bold: true, Ink: ink, Side: kit.End}
	p.Sum(kit.Rect{X: r.X + u(24) + used, Y: y, W: r.W - u(44) - used, H: 0}, i18n.Money(due), sum)
}

// off words what has been taken off or paid.
func (c *Ctx) off() string {
	b := &c.S.Basket
	if b.Paid > 0 {
		return c.t("已付 %s", i18n.Money(b.Paid))
	}
	var off pos.Amount
	for _, l := range b.Lines {
		off += l.Discount
	}
	if off == 0 {
		return ""
	}
	return c.t("优惠 -%s", i18n.Money(off))
}

// pieces counts what lies on the counter: a weighed line is one piece.
func pieces(lines []pos.Line) string {
	n := 0
	for _, l := range lines {
		if l.Unit == "kg" || l.Qty%pos.One != 0 {
			n++
			continue
		}
		n += int(l.Qty / pos.One)
	}
	return strconv.Itoa(n)
}

// nothingYet draws the empty order: the hint to scan and the last sale.
func (c *Ctx) nothingYet(r kit.Rect) {
	u, p := c.u, c.p
	mx := r.X + r.W/2
	y := r.Y + u(113)
	p.Disc(mx, y, u(124), look.Sunken)
	p.Icon("scan", mx, y, u(66), look.Soft)
	mid := kit.Style{Size: 26, Bold: true, Side: kit.Centre}
	p.Line(r.X+u(12), y+u(97), r.W-u(24), c.t("请扫描商品"), mid)
	hint := kit.Style{Size: 18, Ink: look.Soft, Side: kit.Centre}
	p.Line(r.X+u(12), y+u(133), r.W-u(24), c.t("也可点快捷键，或输入货号后按“加入”"), hint)
	last := c.S.Last
	if last == nil {
		return
	}
	well, _ := r.Foot(u(114), 0)
	well = kit.Rect{X: r.X + u(14), Y: well.Y - u(14), W: r.W - u(28), H: u(114)}
	p.Well(well)
	p.Mark(kit.Calm, well.X+u(24), well.Y+u(28), u(11))
	amount := kit.Style{Size: 18, Bold: true, Side: kit.End}
	used := p.Line(well.X+u(100), well.Y+u(28), well.W-u(118), i18n.Money(last.Total), amount)
	p.Line(well.X+u(40), well.Y+u(28), well.W-u(66)-used,
		join(c.t("上一单"), c.W.Tender(last.Tender), last.At.In(c.V.Now.Location()).Format("15:04")),
		kit.Style{Size: 18, Bold: true})
	key := kit.Rect{X: well.X + u(12), Y: well.Bottom() - u(60), W: u(184), H: c.L.M.KeyH()}
	p.Key(key, kit.Key{
		Form: kit.Wide, Size: 18, Label: c.t("重打小票"), Icon: "printer", Cap: "F9", Act: act(VerbReprint, last.Receipt),
	})
	if last.Change > 0 {
		p.Line(key.Right()+u(16), key.Mid(), u(72), c.t("找零"), kit.Style{Size: 18, Ink: look.Soft})
		p.Line(key.Right()+u(70), key.Mid(), well.Right()-key.Right()-u(88), i18n.Money(last.Change),
			kit.Style{Size: 24, Bold: true, Side: kit.End})
	}
}
