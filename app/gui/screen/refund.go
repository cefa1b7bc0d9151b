package screen

import (
	"strconv"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// refund draws what of a receipt goes back: lines with their quantities, or a sum; the reason; the pad.
func (c *Ctx) refund(r kit.Rect) {
	un := &c.V.Undoing
	s := &un.Standing
	body := c.title(r, c.t("退货"), join(c.t("小票 %s", un.Receipt), c.t("还可退 %s", i18n.Money(s.Left))),
		kit.Key{Label: c.t("返回"), Icon: "chevron-left", Cap: "Esc", Act: act(VerbReceipt, un.Receipt)})
	main, side, pad := c.work(body)
	gap, keyH := c.L.M.Gap(), c.L.M.KeyH()
	reasons, lines := main.Foot(2*keyH+gap, gap)
	if main.H < 5*keyH+4*gap { // a low panel: one row of reasons
		reasons, lines = main.Foot(keyH, gap)
	}
	c.refundLines(lines, s)
	if reasons.H > keyH {
		c.chips(reasons, 3, VerbReason, un.Reason, Reasons)
	} else {
		c.chips(reasons, 4, VerbReason, un.Reason, append(append([]choice(nil), Reasons[:3]...), Reasons[5]))
	}
	sum, missing := un.Sum(), ""
	switch {
	case c.V.Busy:
		missing = c.t("进行中")
	case sum <= 0:
		missing = c.t("先选商品或金额")
	case sum > s.Left:
		missing = c.t("最多还可退 %s", i18n.Money(s.Left))
	case un.Reason == "":
		missing = c.t("先选原因")
	}
	give := ready(kit.Key{Label: c.t("退 ¥%s", i18n.Money(sum)), Icon: "refund", Cap: "F7", Act: act(VerbAsk, string(AskRefund))}, missing)
	all := kit.Key{Label: c.t("全部退"), Icon: "list", Cap: "F6", Size: 22, Act: act(VerbAll, "")}
	c.sideKeys(side, func(at kit.Rect) { c.number(at, c.t("金额"), un.Amount, i18n.Money(sum), true) }, give, all)
	c.sumPad(pad)
	c.p.Keys["Home"] = act(VerbClear, "")
}

// refundLines draws a stepper for every line of which something is left.
func (c *Ctx) refundLines(r kit.Rect, s *checkout.Standing) {
	u, p, keyH := c.u, c.p, c.L.M.KeyH()
	p.Panel(r)
	foot, rows := r.Foot(max(u(40), 30), 0)
	hint, used := c.backTo(s, s.CardNeeded), float32(0)
	if len(s.Lines) > 1 {
		used = p.CapAt(foot.Right()-u(16), foot.Mid(), "↑ ↓") + u(8)
	}
	c.notice(foot.X+u(20), foot.Mid(), foot.W-u(40)-used, hint)
	if len(s.Lines) == 0 {
		c.empty(rows, "receipt", c.t("这一笔没有商品"), c.t("请输入要退的金额"))
		return
	}
	p.Rule(r.X+1, foot.Y, r.W-2)
	rowH, at := max(u(70), keyH+8), c.V.Undoing.At()
	p.Keys["Up"] = act(VerbPick, strconv.Itoa(s.Lines[max(0, at-1)].No))
	p.Keys["Down"] = act(VerbPick, strconv.Itoa(s.Lines[min(len(s.Lines)-1, at+1)].No))
	p.TouchList(rows, "refund", rowH, len(s.Lines), c.V.First["refund"], func(i int, row kit.Rect) {
		l := &s.Lines[i]
		more := kit.Key{Icon: "plus", Late: true, Act: act(VerbMore, strconv.Itoa(l.No))}
		less := kit.Key{Icon: "minus", Late: true, Act: act(VerbLess, strconv.Itoa(l.No))}
		if i == at {
			p.Fill(kit.Rect{X: row.X + 1, Y: row.Y + 1, W: row.W - 2, H: row.H - 1}, look.ActionSoft)
			p.Fill(kit.Rect{X: row.X + 1, Y: row.Y + 1, W: u(5), H: row.H - 1}, look.Action)
			more.Key, less.Key = "+", "-"
		}
		if i > 0 {
			p.Rule(row.X+u(20), row.Y, row.W-u(40))
		}
		q := c.V.Undoing.Qty[l.No]
		key := max(u(64), keyH)
		x := row.Right() - u(16) - key
		if q >= l.Left {
			more.Dress = kit.Unavailable
		}
		if q <= 0 {
			less.Dress = kit.Unavailable
		}
		y := row.Mid() - keyH/2
		p.Key(kit.Rect{X: x, Y: y, W: key, H: keyH}, more)
		x -= max(u(96), 62)
		ink := look.Ink
		if q == 0 {
			ink = look.Soft
		}
		p.Line(x, row.Mid(), max(u(96), 62), stepped(q, l), kit.Style{Size: 24, Bold: true, Ink: ink, Side: kit.Centre})
		x -= key
		p.Key(kit.Rect{X: x, Y: y, W: key, H: keyH}, less)
		room := x - row.X - u(36)
		p.Line(row.X+u(20), row.Mid()-max(u(13), 10), room, l.Name, kit.Style{Size: 20, Bold: true, Elide: true})
		note := c.t("还可退 %s", l.Left.String())
		if l.Left <= 0 {
			note = c.t("已全部退")
		}
		p.Line(row.X+u(20), row.Mid()+max(u(15), 11), room, join(i18n.Money(l.Price), note), kit.Style{Size: 16, Ink: look.Soft, Elide: true})
	})
}

func stepped(q pos.Qty, l *checkout.StandingLine) string {
	part := l.Line
	part.Qty = q
	if q == 0 {
		return "0"
	}
	return i18n.Quantity(part)
}
