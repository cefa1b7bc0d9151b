package screen

import (
	"slices"

	"tillkeeper/app/basket"
	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// Undoing is the receipt that is looked at, and what of it is to be given back.
type Undoing struct {
	Receipt  string // "" while one is looked for
	Missing  string // what was looked for in vain
	Standing checkout.Standing
	Qty      map[int]pos.Qty // by number of its line
	Line     int             // number of the line that + and - change, 0 for the first
	Amount   string          // typed; "" takes the lines, or all that is left
	Reason   string          // of Reasons
}

// Reasons are why goods come back, as the journal keeps them.
var Reasons = []choice{
	{"changed_mind", "不想要了"},
	{"faulty", "质量问题"},
	{"wrong_article", "拿错商品"},
	{"wrong_price", "价格不对"},
	{"double_charge", "重复收款"},
	{"other", "其他原因"},
}

// kindWords name what an attempt does.
var kindWords = map[pos.Kind]string{
	pos.Sale: "销售", pos.Void: "撤销", pos.Refund: "退货", pos.Balance: "查余额", pos.Preauth: "预授权",
	pos.PreauthVoid: "撤销预授权", pos.Completion: "预授权完成", pos.CompletionVoid: "撤销完成",
	pos.ScriptResult: "卡片指令结果",
}

// kind names what an attempt does.
func (c *Ctx) kind(k pos.Kind) string {
	if w := kindWords[k]; w != "" {
		return c.t(w)
	}
	return c.t("销售")
}

// Lines gives the chosen lines in their order.
func (u *Undoing) Lines() []checkout.RefundLine {
	var out []checkout.RefundLine
	for _, l := range u.Standing.Lines {
		if q := u.Qty[l.No]; q > 0 {
			out = append(out, checkout.RefundLine{Line: l.No, Qty: q})
		}
	}
	return out
}

// At gives the place of the line that + and - change, -1 where there are no lines.
func (u *Undoing) At() int {
	at := slices.IndexFunc(u.Standing.Lines, func(l checkout.StandingLine) bool { return l.No == u.Line })
	return max(at, min(0, len(u.Standing.Lines)-1))
}

// Sum gives what the choice gives back: the typed amount, the chosen lines, or all that is left.
func (u *Undoing) Sum() pos.Amount {
	if u.Amount != "" {
		a, err := pos.ParseAmount(u.Amount)
		if err != nil {
			return 0
		}
		return a
	}
	var wants []basket.Want
	for _, l := range u.Lines() {
		wants = append(wants, basket.Want{Line: l.Line, Qty: l.Qty})
	}
	if len(wants) == 0 {
		return u.Standing.Left
	}
	_, sum, err := basket.Return(u.Standing.Basket, wants)
	if err != nil {
		return 0
	}
	return min(sum, u.Standing.Left)
}

// receipt draws one receipt, or the search for one.
func (c *Ctx) receipt(r kit.Rect) {
	if c.V.Undoing.Receipt == "" {
		c.findReceipt(r)
		return
	}
	s := &c.V.Undoing.Standing
	body := c.title(r, c.t("小票 %s", c.V.Undoing.Receipt), c.standingWord(s),
		kit.Key{Label: c.t("另一张"), Icon: "search", Cap: "F6", Act: act(VerbReceipt, "")})
	left, right := body.Left(body.W*0.56, c.L.M.Gap())
	c.standingLines(left, s)
	facts, keys := right.Top(max(right.H-c.undoKeysHeight()-c.L.M.Gap(), 0), c.L.M.Gap())
	c.standingAttempts(facts, s)
	c.undoKeys(keys, s)
	c.p.Keys["Escape"] = act(VerbReceipt, "")
}

// standingWord says in one sentence where a receipt stands.
func (c *Ctx) standingWord(s *checkout.Standing) string {
	switch {
	case s.Held != nil:
		return c.t("预授权成立，可完成或撤销")
	case s.Left > 0:
		return c.t("还可退 %s", i18n.Money(s.Left))
	case s.NoRefund != "":
		return c.why(s.NoRefund)
	}
	return ""
}

// findReceipt draws what was found and the pad for a number; a scan does the same at once.
func (c *Ctx) findReceipt(r kit.Rect) {
	u, p := c.u, c.p
	body := c.title(r, c.t("退货 · 撤销"), c.t("扫小票上的码最快；也可扫商品"))
	main, side, pad := c.work(body)
	p.Panel(main)
	foot, rows := main.Foot(max(u(46), 32), 0)
	list := c.V.Found2
	if len(list) == 0 {
		title, under := c.t("没有记录"), c.t("扫小票上的码，或输入号码")
		if c.V.Undoing.Missing != "" {
			title = c.t("没有找到 %s", c.V.Undoing.Missing)
		}
		c.empty(rows, "receipt", title, under)
	} else {
		p.TouchList(rows, "receipts", kit.KeyedRow(rows.H, max(u(66), 48)), len(list), c.V.First["receipts"], func(i int, row kit.Rect) {
			c.foundReceipt(row, &list[i])
		})
	}
	p.Rule(main.X+1, foot.Y, main.W-2)
	c.notice(foot.X+u(20), foot.Mid(), foot.W-u(40), c.t("小票号、凭证号、参考号、金额或卡号后四位"))
	c.sideKeys(side, func(at kit.Rect) { c.number(at, c.t("号码或金额"), c.V.Entry, "", true) },
		kit.Key{Dress: kit.Tint, Label: c.t("打开小票"), Icon: "receipt", Cap: "Enter", Size: 22, Act: act(VerbReceipt, c.V.Entry)},
		kit.Key{Dress: kit.Flat, Label: c.t("清空"), Icon: "cross", Cap: "Home", Size: 22, Act: act(VerbClear, "")})
	c.sumPad(pad)
}

func (c *Ctx) foundReceipt(row kit.Rect, a *pos.Attempt) {
	u, p := c.u, c.p
	cover := p.Fill(kit.Rect{X: row.X + 1, Y: row.Y + 1, W: row.W - 2, H: row.H - 2}, look.Surface)
	p.Rule(row.X+u(20), row.Bottom()-1, row.W-u(40))
	state, word := c.outcomeOf(a)
	end := c.rowEnd(row, act(VerbReceipt, a.Receipt))
	used := p.Line(row.X, row.Mid(), row.W-end, i18n.Money(sumOf(a)), kit.Style{Size: 22, Bold: true, Side: kit.End})
	pill := row.Right() - end - u(18) - used - p.PillWidth(word)
	p.Pill(pill, row.Mid()-max(u(16), 15), state, word)
	room := pill - row.X - u(30)
	p.Line(row.X+u(20), row.Mid()-max(u(14), 11), room, join(c.t("小票 %s", dash(a.Receipt)), c.W.Tender(a.Tender)), kit.Style{Size: 20, Bold: true, Elide: true})
	p.Line(row.X+u(20), row.Mid()+max(u(15), 11), room, join(a.Created.In(c.V.Now.Location()).Format("01-02 15:04"), i18n.Masked(a.MaskedPAN)+a.Wallet),
		kit.Style{Size: 16, Ink: look.Soft, Elide: true})
	if a.Receipt != "" {
		p.Row(row, act(VerbReceipt, a.Receipt), cover)
	}
}

// sumOf gives the sum by which people know an attempt.
func sumOf(a *pos.Attempt) pos.Amount {
	if a.Approved != 0 {
		return a.Approved
	}
	return a.Amount
}

// standingLines draws the goods of a receipt and what of them is left.
func (c *Ctx) standingLines(r kit.Rect, s *checkout.Standing) {
	u, p := c.u, c.p
	p.Panel(r)
	head, rest := r.Top(max(u(54), 36), 0)
	used := p.Line(head.X+u(20), head.Mid(), head.W-u(40), c.t("%d 种", len(s.Lines)), kit.Style{Size: 16, Ink: look.Soft, Side: kit.End})
	p.Line(head.X+u(20), head.Mid(), head.W-u(60)-used, c.t("商品"), kit.Style{Size: 22, Bold: true})
	p.Rule(r.X+1, head.Bottom(), r.W-2)
	foot, rows := rest.Foot(max(u(74), 52), 0)
	if len(s.Lines) == 0 {
		c.empty(rows, "receipt", c.t("这一笔没有商品"), c.t("只有金额"))
	} else {
		p.TouchList(rows, "lines", max(u(60), 44), len(s.Lines), c.V.First["lines"], func(i int, row kit.Rect) {
			l := &s.Lines[i]
			p.Rule(row.X+u(20), row.Bottom()-1, row.W-u(40))
			sum := p.Line(row.X, row.Mid(), row.W-u(20), i18n.Money(l.Total), kit.Style{Size: 20, Bold: true, Side: kit.End})
			room := row.W - u(56) - sum
			p.Line(row.X+u(20), row.Mid()-max(u(12), 10), room, l.Name, kit.Style{Size: 20, Elide: true})
			note := i18n.Quantity(l.Line) + " × " + i18n.Money(l.Price)
			if l.Left < l.Qty {
				note = join(note, c.t("还可退 %s", l.Left.String()))
			}
			p.Line(row.X+u(20), row.Mid()+max(u(15), 11), room, note, kit.Style{Size: 16, Ink: look.Soft, Elide: true})
		})
	}
	p.Rule(r.X+1, foot.Y, r.W-2)
	used = p.Line(foot.X+u(20), foot.Mid(), u(200), c.t("合计"), kit.Style{Size: 20, Bold: true})
	p.Sum(kit.Rect{X: foot.X + u(40) + used, Y: foot.Mid(), W: foot.W - u(60) - used, H: 0}, i18n.Money(c.standingSum(s)),
		kit.Style{Size: 40, Bold: true, Side: kit.End})
}

func (c *Ctx) standingSum(s *checkout.Standing) pos.Amount {
	if s.Basket.Total > 0 {
		return s.Basket.Total + s.Basket.Rounding
	}
	for i := range s.Attempts {
		if a := &s.Attempts[i]; a.Kind == pos.Sale || a.Kind == pos.Preauth || a.Kind == pos.Completion {
			return sumOf(a)
		}
	}
	return s.Left
}

// standingAttempts draws how a receipt was paid and what was done to it since; a touch opens one.
func (c *Ctx) standingAttempts(r kit.Rect, s *checkout.Standing) {
	u, p := c.u, c.p
	p.Panel(r)
	rows := kit.Rect{X: r.X, Y: r.Y + u(6), W: r.W, H: r.H - u(12)}
	p.TouchList(rows, "attempts", kit.KeyedRow(rows.H, max(u(66), 48)), len(s.Attempts), c.V.First["attempts"], func(i int, row kit.Rect) {
		a := &s.Attempts[i]
		cover := p.Fill(kit.Rect{X: row.X + 1, Y: row.Y + 1, W: row.W - 2, H: row.H - 2}, look.Surface)
		p.Rule(row.X+u(20), row.Bottom()-1, row.W-u(40))
		state, word := c.outcomeOf(a)
		p.Mark(state, row.X+u(30), row.Mid(), u(13))
		end := c.rowEnd(row, act(VerbAttempt, a.ID))
		sum := p.Line(row.X, row.Mid(), row.W-end, i18n.Money(sumOf(a)), kit.Style{Size: 20, Bold: true, Side: kit.End})
		room := row.W - u(56) - end - sum
		p.Line(row.X+u(50), row.Mid()-max(u(13), 10), room, join(c.kind(a.Kind), c.W.Tender(a.Tender)), kit.Style{Size: 20, Bold: true, Elide: true})
		p.Line(row.X+u(50), row.Mid()+max(u(15), 11), room, join(word, a.Created.In(c.V.Now.Location()).Format("01-02 15:04"), i18n.Masked(a.MaskedPAN)),
			kit.Style{Size: 16, Ink: look.Soft, Elide: true})
		p.Row(row, act(VerbAttempt, a.ID), cover)
	})
}

func (c *Ctx) undoKeysHeight() float32 { return 3*max(c.u(62), c.L.M.KeyH()) + 2*c.L.M.Gap() }

// undoKeys draws what may be done to a receipt; what may not rests with its reason.
func (c *Ctx) undoKeys(r kit.Rect, of *checkout.Standing) {
	p, s := c.p, *of
	rows := r.Rows(3, c.L.M.Gap())
	if s.Held != nil {
		s.NoVoid = "hold_only"
		p.Key(rows[0], kit.Key{Dress: kit.Tint, Size: 22, Label: c.t("完成或撤销预授权"), Icon: "card", Cap: "F8", Act: act(VerbHeld, s.Receipt)})
	} else {
		back := kit.Key{Dress: kit.Tint, Size: 22, Label: c.t("退货"), Icon: "refund", Cap: "F7", Act: act(VerbGo, string(Refund))}
		p.Key(rows[0], c.refusing(back, s.NoRefund, "不能退货"))
	}
	void := kit.Key{Size: 22, Label: c.t("整单撤销"), Icon: "cross", Cap: "F8", Act: act(VerbAsk, string(AskVoid))}
	if s.Held != nil {
		void.Cap = "F7"
	}
	p.Key(rows[1], c.refusing(void, s.NoVoid, "不能撤销"))
	p.Key(rows[2], kit.Key{Size: 22, Label: c.t("重打小票"), Icon: "printer", Cap: "F9", Act: act(VerbReprint, s.Receipt)})
}

// refusing makes a key rest with the reason of a code, if there is one.
func (c *Ctx) refusing(k kit.Key, code, word string) kit.Key {
	if code == "" {
		return k
	}
	k.Dress, k.Label, k.Sub, k.Size, k.Cap, k.Act = kit.Unavailable, c.t(word), c.why(code), 20, "", kit.Act{}
	return k
}

// askUndo words the question before a void or a refund.
func (c *Ctx) askUndo() question {
	un := &c.V.Undoing
	if c.V.Ask == AskVoid {
		return question{
			icon: "cross", title: c.t("撤销整张小票？"), sum: c.standingSum(&un.Standing), yes: c.t("确认撤销"),
			lines: []string{c.t("小票 %s", un.Receipt), c.backTo(&un.Standing, false)},
		}
	}
	return question{
		icon: "refund", title: c.t("退给顾客？"), sum: un.Sum(), yes: c.t("确认退货"),
		lines: []string{join(c.t("小票 %s", un.Receipt), c.reason(un.Reason)), c.backTo(&un.Standing, un.Standing.CardNeeded)},
	}
}

func (c *Ctx) reason(arg string) string { return c.t(ReasonWord(arg)) }

// ReasonWord gives the Chinese word of a reason, "" for none.
func ReasonWord(arg string) string {
	for _, ch := range Reasons {
		if ch.arg == arg {
			return ch.word
		}
	}
	return ""
}

// backTo says which way the money goes back.
func (c *Ctx) backTo(s *checkout.Standing, card bool) string {
	if card {
		return c.t("退到原卡：请顾客出示付款的那张卡")
	}
	for i := range s.Attempts {
		switch a := &s.Attempts[i]; {
		case a.Kind != pos.Sale || !pos.StateRules[a.State].Counted:
		case a.Tender == pos.Card:
			return c.t("退到原卡，不用再刷卡")
		case a.Tender == pos.QR:
			return c.t("原路退回顾客的钱包")
		case a.Tender == pos.Cash:
			return c.t("退现金：钱箱会打开")
		}
	}
	return c.t("原路退回")
}
