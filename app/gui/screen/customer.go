package screen

import (
	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/pos"
)

// customer draws what the customer sees: lines and sum left, code or outcome right; nothing to touch.
func (c *Ctx) customer() {
	u, p, m, b := c.u, c.p, c.L.M, &c.S.Basket
	p.Fill(kit.Rect{X: 0, Y: 0, W: m.W, H: u(76)}, look.Surface)
	p.Rule(0, u(76), m.W)
	p.Line(u(40), u(39), m.W*0.6, c.shop(), kit.Style{Size: 26, Bold: true})
	p.Line(u(40), u(39), m.W-u(80), c.t("欢迎光临"), kit.Style{Size: 22, Ink: look.Soft, Side: kit.End})
	left := kit.Rect{X: u(28), Y: u(100), W: m.W - u(606), H: m.H - u(128)}
	right := kit.Rect{X: m.W - u(554), Y: u(100), W: u(526), H: m.H - u(128)}
	p.Panel(left)
	rowH := u(86)
	body := kit.Rect{X: left.X, Y: left.Y + u(5), W: left.W, H: left.H - u(174)}
	n := len(b.Lines)
	p.TouchList(body, "", rowH, n, n, func(i int, row kit.Rect) {
		l := b.Lines[i]
		amount := p.Line(row.X+u(300), row.Mid(), row.W-u(332), money(l.Total), kit.Style{Size: 28, Bold: true, Side: kit.End})
		each := p.Line(row.X+u(300), row.Mid(), row.W-u(474), count(l)+" × "+money(l.Price), kit.Style{Size: 20, Ink: look.Soft, Side: kit.End})
		p.Line(row.X+u(32), row.Mid(), row.W-u(210)-max(each, amount-u(100)), l.Name, kit.Style{Size: 26, Elide: true})
		if i < n-1 {
			p.Rule(row.X+u(32), row.Bottom(), row.W-u(64))
		}
	})
	foot, _ := left.Foot(u(169), 0)
	p.Rule(left.X+1, foot.Y, left.W-2)
	if off := c.off(); off != "" {
		p.Line(foot.X+u(32), foot.Y+u(34), foot.W-u(64), off, kit.Style{Size: 22, Ink: look.Soft})
	}
	used := p.Line(foot.X+u(32), foot.Y+u(107), u(200), c.t("应付"), kit.Style{Size: 28, Bold: true})
	p.Sum(kit.Rect{X: foot.X + u(50) + used, Y: foot.Y + u(107), W: foot.W - u(84) - used, H: 0}, money(b.Due()),
		kit.Style{Size: 96, Bold: true, Side: kit.End})
	c.customerSide(right)
}

func (c *Ctx) customerSide(r kit.Rect) {
	u, p := c.u, c.p
	title, under := c.t("欢迎光临"), c.t("请核对商品和金额")
	switch {
	case c.S.Step == checkout.StepOutcome && c.S.Outcome != nil:
		c.customerOutcome(r, c.S.Outcome)
		return
	case c.S.Step == checkout.StepQR && c.S.QR != nil:
		c.customerCode(r, c.S.QR)
		return
	case c.S.Step == checkout.StepCard && c.S.Card != nil:
		w := cardWords[c.S.Card.Stage]
		p.Panel(r)
		p.Disc(r.X+r.W/2, r.Y+r.H*0.36, u(180), look.ActionSoft)
		p.Icon(w.icon, r.X+r.W/2, r.Y+r.H*0.36, u(100), look.Action)
		title, under = c.t(w.now), c.t(w.how)
	default:
		p.Panel(r)
		p.Icon("cart", r.X+r.W/2, r.Y+r.H*0.36, u(110), look.Edge)
	}
	p.Line(r.X+u(20), r.Y+r.H*0.62, r.W-u(40), title, kit.Style{Size: 32, Bold: true, Side: kit.Centre})
	p.Line(r.X+u(20), r.Y+r.H*0.69, r.W-u(40), under, kit.Style{Size: 20, Ink: look.Soft, Side: kit.Centre})
}

func (c *Ctx) customerCode(r kit.Rect, v *checkout.QRView) {
	u, p := c.u, c.p
	p.Panel(r)
	p.Line(r.X+u(20), r.Y+u(36), r.W-u(40), c.t("请扫码付款"), kit.Style{Size: 32, Bold: true, Side: kit.Centre})
	p.Line(r.X+u(20), r.Y+u(73), r.W-u(40), c.t("微信 · 支付宝 · 云闪付"), kit.Style{Size: 20, Ink: look.Soft, Side: kit.Centre})
	p.QR(kit.Rect{X: r.X + u(20), Y: r.Y + u(86), W: r.W - u(40), H: r.H - u(206)}, Modules(v.Code))
	y := r.Bottom() - u(58)
	p.Rule(r.X+u(40), r.Bottom()-u(118), r.W-u(80))
	c.countdown(r.X+u(104), y, u(92), v.Began, v.Expires)
	title := c.t("等待付款")
	if v.Paying {
		title = c.t("请在手机上确认")
	}
	p.Line(r.X+u(176), y-u(14), r.W-u(200), title, kit.Style{Size: 26, Bold: true})
	p.Line(r.X+u(176), y+u(22), r.W-u(200), c.t("付款后请等收银员确认"), kit.Style{Size: 20, Ink: look.Soft})
}

func (c *Ctx) customerOutcome(r kit.Rect, o *checkout.Outcome) {
	u, p, b := c.u, c.p, blocks[o.Kind]
	p.Box(r, b.fill, look.None, 0, u(14))
	p.Disc(r.X+r.W/2, r.Y+r.H*0.3, u(170), look.OnPress)
	p.Icon(b.mark, r.X+r.W/2, r.Y+r.H*0.3, u(110), b.fill)
	under := map[checkout.OutcomeKind]string{
		checkout.OutcomeApproved: "谢谢惠顾", checkout.OutcomeRefused: "没有扣款，请换一种方式", checkout.OutcomeUnknown: "请听收银员说明",
	}[o.Kind]
	white := kit.Style{Size: 48, Bold: true, Ink: look.OnPress, Side: kit.Centre}
	p.Line(r.X+u(20), r.Y+r.H*0.56, r.W-u(40), c.t(b.word), white)
	sum := o.Attempt.Amount
	if o.Attempt.Tender == pos.Cash && o.Change > 0 {
		p.Line(r.X+u(20), r.Y+r.H*0.65, r.W-u(40), c.t("找零"), kit.Style{Size: 22, Ink: look.OnPress, Side: kit.Centre})
		sum = o.Change
	}
	white.Size = 66
	p.Sum(kit.Rect{X: r.X + u(20), Y: r.Y + r.H*0.74, W: r.W - u(40), H: 0}, money(sum), white)
	p.Line(r.X+u(20), r.Y+r.H*0.87, r.W-u(40), c.t(under), kit.Style{Size: 24, Ink: look.OnPress, Side: kit.Centre})
}
