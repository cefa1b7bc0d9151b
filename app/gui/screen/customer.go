package screen

import (
	"strconv"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// customer draws what the customer sees: lines and sum left, what to do or how it ended right; nothing to touch. It never
// shows a card number, an answer code, a reason, a balance or the cashier's name.
func (c *Ctx) customer() {
	if Idle(c.S) {
		if c.V.CustomerTest.After(c.V.Now) {
			c.customerTest()
			return
		}
		c.customerWelcome()
		return
	}
	u, p, m := c.u, c.p, c.L.M
	p.Fill(kit.Rect{X: 0, Y: 0, W: m.W, H: u(76)}, look.Surface)
	p.Rule(0, u(76), m.W)
	used := p.Line(u(40), u(39), m.W*0.6, c.shop(), kit.Style{Size: 26, Bold: true, Elide: true})
	p.Line(u(60)+used, u(39), m.W-u(100)-used, c.t("欢迎光临"), kit.Style{Size: 22, Ink: look.Soft, Side: kit.End})
	body := kit.Rect{X: u(28), Y: u(100), W: m.W - u(56), H: m.H - u(128)}
	right, left := body.Far(min(u(526), body.H), u(24))
	p.Panel(left)
	if c.aboutGoods() {
		c.customerLines(left)
	} else {
		c.customerKind(left)
	}
	c.customerSide(right)
}

// Idle says whether nobody is being served.
func Idle(s *checkout.Snapshot) bool {
	switch s.Step {
	case checkout.StepSignIn:
		return true
	case checkout.StepSale:
		return len(s.Basket.Lines) == 0
	case checkout.StepCard, checkout.StepQR, checkout.StepOutcome:
	}
	return false
}

// aboutGoods says whether what goes on is about the goods of the order: not a refund, a balance or a hold.
func (c *Ctx) aboutGoods() bool {
	if len(c.S.Basket.Lines) == 0 || c.otherThanSale() != nil {
		return false
	}
	return c.S.Step != checkout.StepOutcome || c.S.Outcome == nil || isSale(c.S.Outcome)
}

// customerWelcome draws the shop's name, calm, and what one can pay with.
func (c *Ctx) customerWelcome() {
	u, p, m := c.u, c.p, c.L.M
	r := kit.Rect{X: u(28), Y: u(28), W: m.W - u(56), H: m.H - u(56)}
	p.Panel(r)
	mid := kit.Style{Size: 66, Bold: true, Side: kit.Centre, Elide: true}
	p.Line(r.X+u(40), r.Y+r.H*0.38, r.W-u(80), c.shop(), mid)
	p.Line(r.X+u(40), r.Y+r.H*0.38+u(86), r.W-u(80), c.t("欢迎光临"), kit.Style{Size: 34, Ink: look.Soft, Side: kit.Centre})
	ways := c.customerWays()
	if len(ways) == 0 {
		return
	}
	p.Rule(r.X+u(80), r.Bottom()-u(150), r.W-u(160))
	st := kit.Style{Size: 22, Ink: look.Soft}
	icon, gap := max(u(32), 24), u(56)
	room := -gap
	for _, w := range ways {
		room += icon + u(12) + p.Width(c.t(w.word), st) + gap
	}
	x := r.X + (r.W-room)/2
	for _, w := range ways {
		p.Icon(w.icon, x+icon/2, r.Bottom()-u(78), icon, look.Soft)
		x += icon + u(12)
		x += p.Line(x, r.Bottom()-u(78), r.W, c.t(w.word), st) + gap
	}
}

type payWay struct{ icon, word string }

// customerWays are the ways of paying that can be used now; none at a till that nobody has opened.
func (c *Ctx) customerWays() []payWay {
	if c.S.Step == checkout.StepSignIn {
		return nil
	}
	var out []payWay
	for _, w := range [...]struct {
		tender pos.Tender
		payWay
	}{{pos.Card, payWay{"card", "银行卡"}}, {pos.QR, payWay{"qr", "微信 · 支付宝 · 云闪付"}}, {pos.Cash, payWay{"cash", "现金"}}} {
		if _, refused := c.S.Refused[w.tender]; !refused {
			out = append(out, w.payWay)
		}
	}
	return out
}

// customerLines draws the goods, newest last, and what they come to.
func (c *Ctx) customerLines(r kit.Rect) {
	u, p, b := c.u, c.p, &c.S.Basket
	foot, body := r.Foot(u(169), 0)
	n := len(b.Lines)
	p.TouchList(kit.Rect{X: body.X, Y: body.Y + u(5), W: body.W, H: body.H - u(5)}, "", max(u(86), 46), n, n, func(i int, row kit.Rect) {
		l := b.Lines[i]
		amount := p.Line(row.X+u(32), row.Mid(), row.W-u(64), i18n.Money(l.Total), kit.Style{Size: 28, Bold: true, Side: kit.End})
		right := row.Right() - u(32) - max(amount, u(110)) - u(28)
		each := p.Line(row.X+u(32), row.Mid(), right-row.X-u(32), i18n.Quantity(l)+" × "+i18n.Money(l.Price), kit.Style{Size: 20, Ink: look.Soft, Side: kit.End})
		p.Line(row.X+u(32), row.Mid(), right-each-u(20)-row.X-u(32), l.Name, kit.Style{Size: 26, Elide: true})
		if i < n-1 {
			p.Rule(row.X+u(32), row.Bottom(), row.W-u(64))
		}
	})
	p.Rule(r.X+1, foot.Y, r.W-2)
	word, sum := c.t("应付"), b.Due()
	switch o := c.S.Outcome; {
	case c.S.Step == checkout.StepOutcome && o != nil && o.Finished:
		word, sum = c.t("合计"), b.Total
	case b.Paid > 0:
		word = c.t("还应付")
	}
	p.Line(foot.X+u(32), foot.Y+u(34), foot.W-u(64), c.t("商品 %s 件", pieces(b.Lines)), kit.Style{Size: 22, Ink: look.Soft})
	p.Line(foot.X+foot.W*0.4, foot.Y+u(34), foot.W*0.6-u(32), c.off(), kit.Style{Size: 22, Ink: look.Soft, Side: kit.End})
	c.customerSum(foot, word, sum)
}

// customerSum draws a word and a large sum at the foot of the left panel.
func (c *Ctx) customerSum(foot kit.Rect, word string, sum pos.Amount) {
	u := c.u
	used := c.p.Line(foot.X+u(32), foot.Y+u(107), foot.W*0.4, word, kit.Style{Size: 28, Bold: true})
	c.p.Sum(kit.Rect{X: foot.X + u(50) + used, Y: foot.Y + u(107), W: foot.W - u(84) - used, H: 0}, i18n.Money(sum),
		kit.Style{Size: 96, Bold: true, Side: kit.End})
}

// customerKind draws what the card is wanted for when that is not the goods.
func (c *Ctx) customerKind(r kit.Rect) {
	kind, sum := pos.Sale, pos.Amount(0)
	switch {
	case c.S.Card != nil:
		kind, sum = c.S.Card.Kind, c.S.Card.Amount
	case c.S.Outcome != nil:
		kind, sum = c.S.Outcome.Attempt.Kind, c.S.Outcome.Attempt.Amount
	case c.S.QR != nil:
		sum = c.S.QR.Amount
	}
	foot, body := r.Foot(c.u(169), 0)
	icon := map[pos.Kind]string{pos.Balance: "wallet", pos.Sale: "cart", "": "cart"}[kind]
	if icon == "" {
		icon = "refund"
	}
	if kind == pos.Preauth || kind == pos.Completion {
		icon = "lock"
	}
	under := c.t("按屏幕右边的提示做")
	if kind == pos.Balance {
		under = c.t("查余额，不会扣款")
	}
	title := c.t("请付款")
	if kind != pos.Sale && kind != "" {
		title = c.kind(kind)
	}
	c.p.Disc(body.X+body.W/2, body.Y+body.H*0.42, c.u(150), look.Sunken)
	c.p.Icon(icon, body.X+body.W/2, body.Y+body.H*0.42, c.u(80), look.Soft)
	c.p.Line(body.X+c.u(20), body.Y+body.H*0.72, body.W-c.u(40), title, kit.Style{Size: 34, Bold: true, Side: kit.Centre})
	c.p.Line(body.X+c.u(20), body.Y+body.H*0.72+c.u(46), body.W-c.u(40), under, kit.Style{Size: 22, Ink: look.Soft, Side: kit.Centre})
	if kind != pos.Balance && sum > 0 {
		c.p.Rule(r.X+1, foot.Y, r.W-2)
		c.customerSum(foot, c.t("金额"), sum)
	}
}

// customerSide draws what the customer does now, or how it ended.
func (c *Ctx) customerSide(r kit.Rect) {
	switch {
	case c.S.Step == checkout.StepOutcome && c.S.Outcome != nil:
		c.customerOutcome(r, c.S.Outcome)
	case c.S.Step == checkout.StepQR && c.S.QR != nil:
		c.customerCode(r, c.S.QR)
	case c.S.Step == checkout.StepCard && c.S.Card != nil && len(c.S.Card.Choices) > 0:
		c.customerChoice(r, c.S.Card.Choices)
	case c.S.Step == checkout.StepCard && c.S.Card != nil:
		c.customerCard(r, c.S.Card)
	case c.V.Screen == Cash:
		c.customerCash(r)
	default:
		c.p.Panel(r)
		c.customerDo(r, "cart", "请核对商品和金额", "有不对的请告诉收银员")
	}
}

// customerDo draws a picture, what to do and how.
func (c *Ctx) customerDo(r kit.Rect, icon, now, how string) {
	u, p := c.u, c.p
	d := min(u(180), r.H*0.34)
	p.Disc(r.X+r.W/2, r.Y+r.H*0.34, d, look.ActionSoft)
	p.Icon(icon, r.X+r.W/2, r.Y+r.H*0.34, d*0.56, look.Action)
	y := r.Y + r.H*0.61
	for _, s := range wrap(c, c.t(now), r.W-u(48), 36, 2) {
		p.Line(r.X+u(16), y, r.W-u(32), s, kit.Style{Size: 36, Bold: true, Side: kit.Centre})
		y += u(48)
	}
	y += u(8)
	for _, s := range wrap(c, c.t(how), r.W-u(48), 22, 2) {
		p.Line(r.X+u(16), y, r.W-u(32), s, kit.Style{Size: 22, Ink: look.Soft, Side: kit.Centre})
		y += max(u(34), 24)
	}
}

// customerStages are, by stage of a card payment, the icon, what the customer does, and how.
var customerStages = [...]struct{ icon, now, how string }{
	checkout.CardPrepare: {"clock", "请稍等", "马上就好"},
	checkout.CardPresent: {"contactless", "请插卡、挥卡或刷卡", "在读卡器上"},
	checkout.CardRead:    {"card", "正在读卡", "请不要拿开卡"},
	checkout.CardPIN:     {"pinpad", "请输入密码", "在密码键盘上输入，按确认键"},
	checkout.CardHost:    {"globe", "正在联系银行", "请不要拿开卡"},
	checkout.CardFinish:  {"card", "正在收尾", "请等提示再拿开卡"},
}

func (c *Ctx) customerCard(r kit.Rect, v *checkout.CardView) {
	w := customerStages[v.Stage]
	if v.Again && v.Stage == checkout.CardPresent {
		w.now, w.how = "请再出示一次卡", "上一次没有扣款"
	}
	if v.Stage == checkout.CardPIN && v.Bypass {
		w.how = noPIN
	}
	c.p.Panel(r)
	if c.aboutGoods() && v.Amount != c.S.Basket.Due() && v.Amount > 0 { // a part of the sum
		c.p.Line(r.X+c.u(20), r.Bottom()-c.u(36), r.W-c.u(40), c.t("这次付 ¥%s", i18n.Money(v.Amount)), kit.Style{Size: 26, Bold: true, Side: kit.Centre})
	}
	c.customerDo(r, w.icon, w.now, w.how)
}

// customerChoice lists the card's applications by their numbers: the customer says which, the cashier presses it.
func (c *Ctx) customerChoice(r kit.Rect, names []string) {
	u, p := c.u, c.p
	p.Panel(r)
	p.Line(r.X+u(20), r.Y+u(56), r.W-u(40), c.t("这张卡有几个账户"), kit.Style{Size: 32, Bold: true, Side: kit.Centre})
	p.Line(r.X+u(20), r.Y+u(100), r.W-u(40), c.t("请告诉收银员用哪一个"), kit.Style{Size: 22, Ink: look.Soft, Side: kit.Centre})
	n := min(len(names), choiceLimit)
	list := kit.Rect{X: r.X + u(32), Y: r.Y + u(136), W: r.W - u(64), H: r.H - u(160)}
	h := min(u(88), list.H/float32(n))
	for i := range n {
		y := list.Y + (float32(i)+0.5)*h
		if i > 0 {
			p.Rule(list.X, y-h/2, list.W)
		}
		d := min(u(52), h*0.8)
		p.Disc(list.X+d/2, y, d, look.ActionSoft)
		p.Line(list.X, y, d, strconv.Itoa(i+1), kit.Style{Size: d * 0.5, Exact: true, Bold: true, Ink: look.OnSoft, Side: kit.Centre})
		p.Line(list.X+d+u(20), y, list.W-d-u(20), names[i], kit.Style{Size: 28, Bold: true, Elide: true})
	}
}

// customerCash draws what was handed over and the change, once it is enough.
func (c *Ctx) customerCash(r kit.Rect) {
	u, p := c.u, c.p
	p.Panel(r)
	sum := CashOf(c.due(), c.V.Rounding, c.V.Tendered)
	if c.V.Tendered == "" || sum.Change < 0 {
		c.customerDo(r, "cash", "现金付款", "请把现金交给收银员")
		return
	}
	y := r.Y + r.H*0.12
	for _, row := range [...]struct {
		word string
		sum  pos.Amount
	}{{"应付", sum.Due}, {"抹零", sum.Rounding}, {"已收", sum.Tendered}} {
		if row.sum == 0 {
			continue
		}
		p.Line(r.X+u(36), y, r.W*0.4, c.t(row.word), kit.Style{Size: 24, Ink: look.Soft})
		p.Line(r.X+r.W*0.4, y, r.W*0.6-u(36), i18n.Money(row.sum), kit.Style{Size: 32, Bold: true, Side: kit.End})
		y += r.H * 0.13
	}
	p.Rule(r.X+u(36), r.Y+r.H*0.49, r.W-u(72))
	p.Line(r.X+u(36), r.Y+r.H*0.58, r.W-u(72), c.t("找零"), kit.Style{Size: 28, Bold: true})
	p.Sum(kit.Rect{X: r.X + u(36), Y: r.Y + r.H*0.76, W: r.W - u(72), H: 0}, i18n.Money(sum.Change),
		kit.Style{Size: 96, Bold: true, Ink: look.Action, Side: kit.End})
}

func (c *Ctx) customerCode(r kit.Rect, v *checkout.QRView) {
	u, p := c.u, c.p
	p.Panel(r)
	icon, title, under := "phone", c.t("等待付款"), c.t("付款后请等收银员确认")
	switch {
	case v.Closing:
		icon, title, under = "clock", c.t("请稍等"), c.t("不要再付款，正在核对")
	case v.Paying:
		title, under = c.t("请在手机上确认"), c.t("付款后请等收银员确认")
	}
	p.Line(r.X+u(20), r.Y+max(u(34), 20), r.W-u(40), c.t("请扫码付款"), kit.Style{Size: 32, Bold: true, Side: kit.Centre})
	p.Line(r.X+u(20), r.Y+max(u(70), 44), r.W-u(40), c.t("微信 · 支付宝 · 云闪付"), kit.Style{Size: 20, Ink: look.Soft, Side: kit.Centre})
	foot, _ := r.Foot(max(u(98), 60), 0)
	square := kit.Rect{X: r.X + u(6), Y: r.Y + max(u(86), 54), W: r.W - u(12), H: foot.Y - r.Y - max(u(88), 56)}
	code := v.Code
	if v.Closing {
		code = "" // nobody pays a code that is being closed
	}
	if p.QR(square, Modules(code)) == 0 {
		p.Icon("qr", square.X+square.W/2, square.Mid(), u(140), look.Edge)
	}
	p.Rule(r.X+u(40), foot.Y, r.W-u(80))
	d := min(u(64), foot.H*0.7)
	if v.Closing || v.Paying || seconds(c.V.Now, v.Expires) == 0 {
		p.Disc(r.X+u(52)+d/2, foot.Mid(), d, look.ActionSoft)
		p.Icon(icon, r.X+u(52)+d/2, foot.Mid(), d*0.56, look.Action)
	} else {
		d = min(u(84), foot.H*0.86)
		c.countdown(r.X+u(44)+d/2, foot.Mid(), d, v.Began, v.Expires)
	}
	x := r.X + u(76) + d
	p.Line(x, foot.Mid()-max(u(18), 14), r.Right()-x-u(20), title, kit.Style{Size: 26, Bold: true})
	p.Line(x, foot.Mid()+max(u(20), 14), r.Right()-x-u(20), under, kit.Style{Size: 20, Ink: look.Soft})
}
