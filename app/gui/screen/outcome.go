package screen

import (
	"strings"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// blocks are, by outcome, the fill, the mark, the word and the line under it.
var blocks = map[checkout.OutcomeKind]struct {
	fill             look.Token
	mark, word, line string
}{
	checkout.OutcomeApproved: {look.OKFill, "check", "收款成功", "银行已批准"},
	checkout.OutcomeRefused:  {look.BadFill, "cross", "没有收款", "这张卡没有付成"},
	checkout.OutcomeUnknown:  {look.WaitFill, "question", "结果不明", "银行没有及时回答"},
}

// outcome fills the screen with how a payment ended: shape, word and sum left, what to do right.
func (c *Ctx) outcome() {
	o := c.S.Outcome
	if o == nil {
		o = &checkout.Outcome{Kind: checkout.OutcomeUnknown}
	}
	m := c.L.M
	block := kit.Rect{X: 0, Y: 0, W: c.blockWidth(), H: m.H}
	right := kit.Rect{X: block.W + c.u(40), Y: c.u(40), W: m.W - block.W - c.u(80), H: m.H - c.u(70)}
	c.block(block, o)
	switch o.Kind {
	case checkout.OutcomeApproved:
		c.approved(right, o)
	case checkout.OutcomeRefused:
		c.refused(right, o)
	case checkout.OutcomeUnknown:
		c.unknown(right, o)
	}
}

func (c *Ctx) blockWidth() float32 { return c.u(600) }

// block draws the coloured side.
func (c *Ctx) block(r kit.Rect, o *checkout.Outcome) {
	u, p, b, w := c.u, c.p, blocks[o.Kind], blockWords(o)
	if k, ended := c.knownNow(o); ended {
		b.mark, b.fill, w = k.mark, k.fill, k.said
	} else if s, parked := c.refundParked(o); parked {
		w = s
	}
	p.Fill(r, b.fill)
	white := kit.Style{Size: 18, Ink: look.OnPress}
	p.Line(r.X+u(28), r.Y+u(34), r.W*0.6, c.shop(), white)
	p.Line(r.X, r.Y+u(34), r.W-u(28), c.V.Now.Format("15:04"), kit.Style{Size: 18, Bold: true, Ink: look.OnPress, Side: kit.End})
	k := min(r.H/768, r.W/600)
	mx, y := r.X+r.W/2, func(v float32) float32 { return r.Y + v*r.H/768 }
	p.Disc(mx, y(214), 192*k, look.OnPress)
	p.Icon(b.mark, mx, y(214), 124*k, b.fill)
	line := func(at, size float32, bold bool, text string) {
		p.Line(r.X+u(16), y(at), r.W-u(32), text,
			kit.Style{Size: max(18, size*k), Exact: true, Bold: bold, Ink: look.OnPress, Side: kit.Centre})
	}
	line(386, 64, true, c.t(w.word))
	line(446, 24, false, c.t(w.line))
	if o.Kind == checkout.OutcomeApproved && o.Attempt.Tender == pos.Cash && o.Change > 0 {
		line(494, 22, true, c.t("找零"))
	}
	if sum, known := blockSum(o); known {
		p.Sum(kit.Rect{X: r.X + u(16), Y: y(558), W: r.W - u(32), H: 0}, i18n.Money(sum),
			kit.Style{Size: 96 * k, Exact: true, Bold: true, Ink: look.OnPress, Side: kit.Centre})
	}
	line(650, 20, false, c.outcomeFoot(o))
}

func (c *Ctx) outcomeFoot(o *checkout.Outcome) string {
	if !isSale(o) {
		return c.kindFoot(o)
	}
	switch o.Kind {
	case checkout.OutcomeApproved:
		if o.Due > 0 {
			return c.t("还应收 ¥%s，请选方式", i18n.Money(o.Due))
		}
		if o.Attempt.Tender == pos.Cash {
			return c.t("收 %s · 应收 %s", i18n.Money(o.Attempt.Tendered), i18n.Money(o.Attempt.Approved))
		}
		return join(c.W.Tender(o.Attempt.Tender), i18n.Masked(o.Attempt.MaskedPAN))
	case checkout.OutcomeRefused:
		return c.t("顾客没有被扣款 · 订单和金额已保留")
	}
	return c.t("这一笔不会算作已收款")
}

// approved draws the details, the receipt's state and the next sale.
func (c *Ctx) approved(r kit.Rect, o *checkout.Outcome) {
	u, p, gap := c.u, c.p, c.u(12)
	next, rest := r.Foot(u(136), gap)
	three, rest := rest.Foot(u(100), gap)
	keyH := max(u(60), c.L.M.KeyH())
	slip, detail := rest.Foot(max(u(95), keyH+10), gap)
	c.details(detail, o)
	p.Panel(slip)
	state, title, under := c.slipNow()
	p.Mark(state, slip.X+u(42), slip.Mid(), u(15))
	reprint := kit.Rect{X: slip.Right() - u(209), Y: slip.Mid() - keyH/2, W: u(191), H: keyH}
	room := reprint.X - slip.X - u(84)
	p.Line(slip.X+u(72), slip.Mid()-u(15), room, title, kit.Style{Size: 22, Bold: true})
	p.Line(slip.X+u(72), slip.Mid()+u(18), room, under, kit.Style{Size: 18, Ink: look.Soft})
	p.Key(reprint, c.printing(o, kit.Key{Form: kit.Wide, Size: 20, Label: c.t("重打"), Icon: "printer", Cap: "F9"}))
	for i, k := range [...]kit.Key{
		{Label: c.t("手机小票"), Icon: "phone", Sub: c.t("未开通"), Dress: kit.Unavailable},
		c.printing(o, kit.Key{Label: c.t("打印存根"), Icon: "file", Sub: c.t("商户联"), Cap: "F7"}),
		{Label: c.t("查这一笔"), Icon: "search", Sub: c.t("记录"), Cap: "F8", Act: act(VerbAttempt, o.Attempt.ID)},
	} {
		if c.L.M.S < 0.7 { // no room for the icon and the second line; a reason stays
			k.Icon, k.Size = "", 18
			if k.Dress != kit.Unavailable {
				k.Form, k.Sub = kit.Wide, ""
			}
		}
		p.Key(three.Cols(3, gap)[i], k)
	}
	k := kit.Key{Dress: kit.Filled, Size: 40, Label: c.t("下一单"), Sub: c.t("扫描商品也会自动开始"), Cap: "Enter", Key: "Return", Act: act(VerbNext, "")}
	if !isSale(o) {
		k.Label = c.t("回到收银")
	}
	if o.Due > 0 {
		k.Label, k.Sub = c.t("继续收款"), c.t("还应收 ¥%s", i18n.Money(o.Due))
	}
	p.Key(next, k)
}

// printing lets a key print the receipt again, where there is one.
func (c *Ctx) printing(o *checkout.Outcome, k kit.Key) kit.Key {
	if o.Attempt.Receipt == "" {
		k.Dress, k.Cap = kit.Unavailable, ""
		if k.Sub != "" {
			k.Sub = c.t("没有小票")
		}
		return k
	}
	k.Act = act(VerbReprint, o.Attempt.Receipt)
	return k
}

// details lists what the bank and the till call this payment.
func (c *Ctx) details(r kit.Rect, o *checkout.Outcome) {
	u, p, a := c.u, c.p, &o.Attempt
	p.Panel(r)
	title := c.t("付款明细")
	if !isSale(o) {
		title = c.t("明细")
	}
	p.Line(r.X+u(28), r.Y+u(36), r.W-u(56), title, kit.Style{Size: 22, Bold: true})
	p.Rule(r.X+1, r.Y+u(68), r.W-2)
	rows := [][2]string{{c.t("小票"), a.Receipt}}
	switch a.Tender {
	case pos.Card:
		rows = append([][2]string{
			{c.t("卡"), join(i18n.Masked(a.MaskedPAN), c.W.Entry(a.EntryMode))},
			{c.t("授权码"), a.AuthCode},
			{c.t("参考号"), a.RRN},
			{c.t("凭证号 / 批次"), a.STAN + " / " + a.Batch},
		}, rows...)
	case pos.QR:
		rows = append([][2]string{{c.t("订单号"), a.Order}, {c.t("金额"), i18n.Money(a.Approved)}}, rows...)
		if a.Wallet != "" {
			rows = append([][2]string{{c.t("钱包"), a.Wallet}}, rows...)
		}
	case pos.Cash:
		rows = append([][2]string{
			{c.t("应收"), i18n.Money(a.Approved)}, {c.t("已收"), i18n.Money(a.Tendered)}, {c.t("找零"), i18n.Money(o.Change)},
		}, rows...)
	}
	c.facts(kit.Rect{X: r.X + u(28), Y: r.Y + u(69), W: r.W - u(56), H: r.H - u(72)}, rows, 51)
}

// facts draws pairs of word and value under each other, at most pitch apart.
func (c *Ctx) facts(r kit.Rect, rows [][2]string, pitch float32) {
	h := min(c.u(pitch), r.H/float32(len(rows)))
	for i, row := range rows {
		y := r.Y + (float32(i)+0.5)*h
		used := c.p.Line(r.X, y, r.W*0.5, row[0], kit.Style{Size: 18, Ink: look.Soft})
		value := row[1]
		if strings.Trim(value, " /") == "" {
			value = "–"
		}
		c.p.Line(r.X+used+c.u(12), y, r.W-used-c.u(12), value, kit.Style{Size: 20, Side: kit.End, Elide: true})
		if i < len(rows)-1 {
			c.p.Rule(r.X, r.Y+float32(i+1)*h, r.W)
		}
	}
}

// refused draws the reason, the remedy and the other ways of paying.
func (c *Ctx) refused(r kit.Rect, o *checkout.Outcome) {
	u, p, gap := c.u, c.p, c.u(12)
	foot, rest := r.Foot(max(u(64), c.L.M.KeyH()), u(16))
	cards, rest := rest.Foot(u(164), 0)
	title, panel := rest.Foot(u(56), 0)
	p.Panel(panel)
	x, w := panel.X+u(28), panel.W-u(56)
	c.drawWhy(x, panel.Y, w, o)
	p.Rule(x, panel.Y+u(124), w)
	p.Line(x, panel.Y+u(156), w, c.t("怎么办"), kit.Style{Size: 18, Ink: look.Soft})
	for i, text := range wrap(c, c.W.Remedy(o.Code), w-u(34), 20, 3) {
		y := panel.Y + u(194) + float32(i)*max(u(36), 24)
		if i == 0 {
			p.Icon("chevron-right", x+u(10), y, u(18), look.Action)
		}
		p.Line(x+u(30), y, w-u(30), text, kit.Style{Size: 20, Bold: i == 0})
	}
	p.Rule(x, panel.Bottom()-u(91), w)
	a := &o.Attempt
	soft := kit.Style{Size: 18, Ink: look.Soft}
	p.Line(x, panel.Bottom()-u(30)-max(u(30), 22), w, join(c.W.Tender(a.Tender), i18n.Masked(a.MaskedPAN), c.W.Entry(a.EntryMode)), soft)
	p.Line(x, panel.Bottom()-u(30), w, join(c.t("凭证号 %s", dash(a.STAN)), o.At.In(c.V.Now.Location()).Format("15:04:05"), c.t("已记入流水，可查可打")), soft)
	heading := c.t("接下来")
	if isSale(o) {
		heading = c.t("改用其他方式收取")
		c.offers(cards, o)
	} else {
		c.goOn(cards, o)
	}
	p.Line(title.X, title.Bottom()-u(24), title.W, heading, kit.Style{Size: 22, Bold: true})
	back, balance, slip := c.backWord(o), "wallet", "printer"
	if c.L.M.S < 0.7 {
		back, balance, slip = c.t("返回"), "", ""
	}
	for i, k := range [...]kit.Key{
		{Label: back, Icon: "chevron-left", Cap: "Esc", Act: act(VerbNext, "")},
		{Label: c.t("查余额"), Icon: balance, Cap: "F8", Act: act(VerbBalance, "")},
		{Label: c.t("打印说明"), Icon: slip, Cap: "F9", Act: act(VerbReprint, a.ID)},
	} {
		k.Form, k.Size = kit.Wide, 20
		p.Key(foot.Cols(3, gap)[i], k)
	}
}

// backWord names the key that leaves an outcome.
func (c *Ctx) backWord(o *checkout.Outcome) string {
	if isSale(o) {
		return c.t("回到订单")
	}
	return c.t("回到收银")
}

func dash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// offers draws the next ways of paying with the sum kept, the proposal filled.
func (c *Ctx) offers(r kit.Rect, o *checkout.Outcome) {
	due := o.Due
	if due == 0 {
		due = o.Attempt.Amount
	}
	for i, t := range order(o.Offer) {
		k := kit.Key{
			Form: kit.Card, Dress: kit.Tint, Label: c.W.Tender(t), Icon: tenderIcons[t], Cap: tenderCaps[t],
			Amount: i18n.Money(due), Act: act(VerbPay, string(t)),
		}
		if t == pos.Card {
			k.Label = c.t(c.cardWord(o))
		}
		offered := i < len(o.Offer)
		if offered && i == 0 {
			k.Dress = kit.Filled
		}
		if why, no := c.S.Refused[t]; no {
			k.Dress, k.Amount, k.Note = kit.Unavailable, "", wrap(c, c.W.Reason(why), r.Cols(3, c.u(12))[i].W-c.u(36), 18, 2)
		} else if !offered {
			k.Dress = kit.Plain
		}
		c.p.Key(r.Cols(3, c.u(12))[i], k)
	}
}

// order gives all tenders, the offered ones first.
func order(offer []pos.Tender) []pos.Tender {
	out := append([]pos.Tender(nil), offer...)
	for _, t := range [...]pos.Tender{pos.QR, pos.Cash, pos.Card} {
		seen := false
		for _, have := range out {
			seen = seen || have == t
		}
		if !seen {
			out = append(out, t)
		}
	}
	return out[:3]
}

// unknown draws what happens by itself, what to tell the customer, and what can be done now.
func (c *Ctx) unknown(r kit.Rect, o *checkout.Outcome) {
	u, p, gap, a := c.u, c.p, c.u(12), c.followed(o)
	foot, rest := r.Foot(max(u(64), c.L.M.KeyH()), u(16))
	cards, rest := rest.Foot(u(164), 0)
	title, rest := rest.Foot(u(56), 0)
	say, self := rest.Foot(u(179), u(14))
	p.Panel(self)
	w := c.owedNow(o, a)
	k, ended := c.knownNow(o)
	if ended {
		w = owed{mark: kit.Calm, icon: "check", ink: look.OK, heading: k.title, lines: k.self, say: k.say}
		_, w.state = c.outcomeOf(a)
	}
	p.Icon(w.icon, self.X+u(44), self.Y+u(38), u(26), w.ink)
	wide := p.PillWidth(w.state)
	p.Pill(self.Right()-u(23)-wide, self.Y+u(22), w.mark, w.state)
	p.Line(self.X+u(72), self.Y+u(38), self.W-u(110)-wide, c.t(w.heading), kit.Style{Size: 22, Bold: true})
	size := c.oneSize(self.W-u(56), 20, w.lines[:])
	for i, s := range w.lines {
		p.Line(self.X+u(28), self.Y+max(u(84), 60)+float32(i)*max(u(40), 25), self.W-u(56), c.t(s), kit.Style{Size: size, Exact: true})
	}
	p.Panel(say)
	p.Icon("user", say.X+u(44), say.Y+u(38), u(26), look.Action)
	p.Line(say.X+u(72), say.Y+u(38), say.W-u(100), c.t("请对顾客说"), kit.Style{Size: 22, Bold: true})
	p.Box(kit.Rect{X: say.X + u(28), Y: say.Y + u(64), W: u(5), H: u(96)}, look.Action, look.None, 0, 2)
	size = c.oneSize(say.W-u(76), 20, w.say[:])
	for i, s := range w.say {
		p.Line(say.X+u(48), say.Y+u(84)+float32(i)*max(u(34), 22), say.W-u(76), c.t(s), kit.Style{Size: size, Exact: true})
	}
	head := p.Line(title.X, title.Bottom()-u(24), title.W, c.t("现在可以做的"), kit.Style{Size: 22, Bold: true})
	if isSale(o) {
		soft := kit.Style{Size: 18, Ink: look.Soft, Side: kit.End}
		if note := c.t("同一张卡要店长授权，直到撤销确认"); !ended && p.Width(note, soft) <= title.W-head-gap {
			p.Line(title.X, title.Bottom()-u(24), title.W, note, soft)
		}
		c.offers(cards, o)
	} else {
		c.goOn(cards, o)
	}
	for i, k := range [...]kit.Key{
		{Label: c.t("打印银行查询单"), Icon: "printer", Cap: "F9", Act: act(VerbReprint, a.ID)},
		{Label: c.backWord(o), Icon: "chevron-left", Cap: "Esc", Act: act(VerbNext, "")},
	} {
		k.Form, k.Size = kit.Wide, 20
		p.Key(foot.Cols(2, gap)[i], k)
	}
}
