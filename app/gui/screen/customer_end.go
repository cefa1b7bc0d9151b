package screen

import (
	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// customerSaid are the words of an outcome for the customer, and what to do: never why.
func customerSaid(o *checkout.Outcome) said {
	switch o.Kind {
	case checkout.OutcomeUnknown:
		return said{customerWaits, "不要再付款，请听收银员说明"}
	case checkout.OutcomeRefused:
		if !isSale(o) {
			return said{"没有办成", "请问收银员"}
		}
		return said{"没有付成", "没有扣款，请问收银员"}
	case checkout.OutcomeApproved:
	}
	switch o.Attempt.Kind {
	case pos.Balance:
		return said{"查好了", "余额请看收银员出示的小票"}
	case pos.Void, pos.Refund, pos.CompletionVoid:
		if o.Attempt.Tender == pos.Cash {
			return said{"退款", "请收好现金"}
		}
		return said{"退款", "钱会原路退回"}
	case pos.Preauth:
		return said{"已冻结", "还没有扣款"}
	case pos.PreauthVoid:
		return said{"已解冻", "没有扣款"}
	}
	if o.Due > 0 {
		return said{"已收到", "请付剩下的部分"}
	}
	if o.Attempt.Tender == pos.Cash && o.Change > 0 {
		return said{"谢谢惠顾", "请收好找零和小票"}
	}
	return said{"谢谢惠顾", "请收好小票"}
}

// customerWaits is the word for a customer while nobody knows how it ended.
const customerWaits = "请稍等"

// customerNow gives the words for a customer of how an unknown outcome ended meanwhile, and whether it was done; false
// while nobody knows.
func (c *Ctx) customerNow(o *checkout.Outcome) (w said, done, ended bool) {
	a := c.followed(o)
	k, ended := c.knownNow(o)
	switch {
	case o.Kind == checkout.OutcomeUnknown && a.State == pos.LateDeclined:
		return said{"没有办成", "请问收银员"}, false, true
	case !ended:
		return said{}, false, false
	case k.fill == look.OKFill && a.Kind == pos.Refund && a.Tender == pos.Card:
		return said{"退款已办好", "钱会原路退回；到账时间由发卡银行定。"}, true, true
	case k.fill == look.OKFill:
		now := *o
		now.Kind, now.Attempt = checkout.OutcomeApproved, *a
		return customerSaid(&now), true, true
	case !isSale(o):
		return said{"没有办成", "请问收银员"}, false, true
	case a.Tender == pos.QR && a.State == pos.Cancelled:
		return said{"没有付成", "没有扣款，请问收银员"}, false, true
	case a.Tender == pos.QR:
		return said{"没有付成", "如已扣款，会原路退回"}, false, true
	case a.State == pos.Cancelled: // a person decided: the bank said nothing
		return said{"没有付成", "请问收银员"}, false, true
	}
	return said{"没有付成", "银行已经冲正，钱会原路退回"}, false, true
}

func (c *Ctx) customerOutcome(r kit.Rect, o *checkout.Outcome) {
	u, p, b := c.u, c.p, blocks[o.Kind]
	if o.Kind == checkout.OutcomeUnknown {
		b.mark = "clock"
	}
	w, good := customerSaid(o), o.Kind == checkout.OutcomeApproved
	if s, done, ended := c.customerNow(o); ended {
		if w, good = s, done; good {
			b = blocks[checkout.OutcomeApproved]
		}
	}
	if !good && w.word != customerWaits { // a refusal is nobody's business: no block that the whole shop sees
		p.Panel(r)
		c.customerDo(r, "question", w.word, w.line)
		return
	}
	p.Box(r, b.fill, look.None, 0, u(14))
	d := min(u(170), r.H*0.3)
	p.Disc(r.X+r.W/2, r.Y+r.H*0.25, d, look.OnPress)
	p.Icon(b.mark, r.X+r.W/2, r.Y+r.H*0.25, d*0.65, b.fill)
	white := kit.Style{Size: 48, Bold: true, Ink: look.OnPress, Side: kit.Centre}
	p.Line(r.X+u(20), r.Y+r.H*0.5, r.W-u(40), c.t(w.word), white)
	for i, s := range wrap(c, c.t(w.line), r.W-u(48), 24, 2) {
		p.Line(r.X+u(20), r.Y+r.H*0.88+float32(i)*max(u(34), 24), r.W-u(40), s, kit.Style{Size: 24, Ink: look.OnPress, Side: kit.Centre})
	}
	word, sum, known := c.customerFigure(o)
	if !known {
		return
	}
	p.Line(r.X+u(20), r.Y+r.H*0.61, r.W-u(40), word, kit.Style{Size: 24, Ink: look.OnPress, Side: kit.Centre})
	white.Size = 72
	p.Sum(kit.Rect{X: r.X + u(20), Y: r.Y + r.H*0.73, W: r.W - u(40), H: 0}, i18n.Money(sum), white)
}

// customerFigure gives the figure of an outcome and its word: the change, what is still to be paid, or the sum.
func (c *Ctx) customerFigure(o *checkout.Outcome) (word string, sum pos.Amount, known bool) {
	a := &o.Attempt
	switch {
	case a.Kind == pos.Balance:
		return "", 0, false
	case o.Kind == checkout.OutcomeApproved && a.Tender == pos.Cash && o.Change > 0:
		return c.t("找零"), o.Change, true
	case o.Kind == checkout.OutcomeApproved && isSale(o) && o.Due > 0:
		return c.t("还应付"), o.Due, true
	case o.Kind == checkout.OutcomeApproved && isSale(o):
		return c.t("已付款"), a.Approved, true
	}
	return c.t("金额"), a.Amount, a.Amount > 0
}

// customerTest draws what shows that the window is whole: its corners, the shop's name, a sum, a code.
func (c *Ctx) customerTest() {
	u, p, m := c.u, c.p, c.L.M
	r := kit.Rect{X: u(28), Y: u(28), W: m.W - u(56), H: m.H - u(56)}
	p.Panel(r)
	for _, x := range [...]float32{0, m.W - u(28)} {
		for _, y := range [...]float32{0, m.H - u(28)} {
			p.Fill(kit.Rect{X: x, Y: y, W: u(28), H: u(28)}, look.Action)
		}
	}
	left, right := r.Left(r.W*0.55, 0)
	p.Line(left.X+u(20), left.Y+left.H*0.32, left.W-u(40), c.shop(), kit.Style{Size: 48, Bold: true, Side: kit.Centre, Elide: true})
	p.Line(left.X+u(20), left.Y+left.H*0.46, left.W-u(40), c.t("这是测试图"), kit.Style{Size: 30, Ink: look.Soft, Side: kit.Centre})
	p.Sum(kit.Rect{X: left.X + u(20), Y: left.Y + left.H*0.66, W: left.W - u(40), H: 0}, "888.88", kit.Style{Size: 96, Bold: true, Side: kit.Centre})
	p.QR(right.In(u(40), u(60)), Modules("TILLKEEPER TEST"))
}
