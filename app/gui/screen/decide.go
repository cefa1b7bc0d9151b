package screen

import (
	"strconv"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// Decide is a decision in the making about an open item or a difference.
type Decide struct {
	Attempt    pos.Attempt
	Difference pos.Difference
	How        string // one of the ways
	Reason     string // of Grounds
	Number     string // of a letter, a transfer or a call: digits, may be ""
}

// Grounds are why a person decides as it does, as the journal keeps them.
var Grounds = []choice{
	{"bank_told", "银行电话确认"},
	{"customer_came", "顾客已来补付"},
	{"paid_transfer", "顾客已转账"},
	{"in_file", "对账文件里有"},
	{"cannot_reach", "联系不上顾客"},
	{"shop_loss", "店里承担"},
}

type way struct{ arg, word, note string }

// ways gives how an item in a state may end.
func ways(a *pos.Attempt) []way {
	if a.Kind == pos.Refund {
		return refundWays(a)
	}
	if a.State == pos.LateDeclined {
		return []way{
			{checkout.SendAgain, "再送一次", "新的一笔，与原来的相连"},
			{checkout.PaidOtherwise, "已另外收款", "顾客用别的方式付了"},
			{checkout.WrittenOff, "核销", "钱收不回来，记为损失"},
		}
	}
	again := way{checkout.SendAgain, "再发一次", "同样的报文再发给银行"}
	if a.Reason == "" { // its number was another message's: it goes out under a new one
		again = way{checkout.SendAgain, "再送一次", "新的一笔，与原来的相连"}
	}
	return []way{
		again,
		{checkout.RefundedSo, "银行已退给顾客", "银行说这笔已退回"},
		{checkout.AsInFile, "以对账文件为准", "次日文件里怎么记就怎么算"},
		{checkout.WrittenOff, "核销", "不再追，记为损失"},
	}
}

// refundWays give how a refund that nobody confirmed, or that the bank refused, may end.
func refundWays(a *pos.Attempt) []way {
	again := way{checkout.SendAgain, "再送一次", "新的一笔，与原来的相连"}
	if a.State == pos.Manual && a.Flagged { // the bank may have a copy: it is given back once
		again = way{checkout.SendAgain, "再发一次", "同样的报文再发给银行"}
	}
	return []way{
		again,
		{checkout.AsInFile, "对账文件里有", "银行已退给顾客"},
		{checkout.RefundedSo, "已退现金", "店里从钱箱退给了顾客"},
		{checkout.WrittenOff, "核销", "不再追，记为损失"},
	}
}

// differenceWays give how a difference may end.
var differenceWays = []way{
	{checkout.AsInFile, "以对账文件为准", "文件里的数是对的"},
	{checkout.RefundedSo, "退给顾客", "已退款或请银行退款"},
	{checkout.PaidOtherwise, "银行会补", "已请银行调账"},
	{checkout.WrittenOff, "核销", "差额记为损失"},
}

// decide draws an open item or a difference: the facts, the ways out, the reason, a number, who decides.
func (c *Ctx) decide(r kit.Rect) {
	differs := c.V.Screen == Differ
	d := &c.V.Decide
	back, title, list := Queue, c.t("处理"), ways(&d.Attempt)
	keys := []kit.Key{}
	if differs {
		back, title, list = Reconcile, c.t("处理差错"), differenceWays
	} else if d.Attempt.State == pos.LateDeclined {
		link := kit.Key{Label: c.t("收款码"), Icon: "qr", Cap: "F2", Act: act(VerbLink, d.Attempt.ID)}
		if c.S.Line.State == "offline" || c.V.Busy {
			link.Dress, link.Label, link.Act = kit.Unavailable, c.t("离线时不能扫码"), kit.Act{}
		}
		keys = append(keys, link)
	}
	keys = append(keys, kit.Key{Label: c.t("返回"), Icon: "chevron-left", Cap: "Esc", Act: act(VerbGo, string(back))})
	body := c.title(r, title, c.decideNote(differs), keys...)
	main, side, pad := c.work(body)
	gap, keyH := c.L.M.Gap(), c.L.M.KeyH()
	low := main.H < 6*keyH
	if differs {
		if !low {
			var facts kit.Rect
			facts, main = main.Top(max(c.u(190), 3*keyH), gap)
			c.differenceFacts(facts)
		}
	} else if !low {
		var facts kit.Rect
		facts, main = main.Top(max(c.u(190), 3*keyH), gap)
		c.decideFacts(facts)
	}
	rows := (len(list) + 1) / 2
	how, rest := main.Top(float32(rows)*(keyH+c.u(16))+float32(rows-1)*gap, gap)
	if low {
		how, rest = main.Top(float32(rows)*keyH+float32(rows-1)*gap, gap)
	}
	c.waysOut(how, list, low)
	c.grounds(rest, low)
	c.decideSide(side, differs)
	c.sumPad(pad)
}

// decideNote names what is decided.
func (c *Ctx) decideNote(differs bool) string {
	if differs {
		x := &c.V.Decide.Difference
		return join(c.class(x.Class), i18n.Money(x.Ours)+" / "+i18n.Money(x.Theirs), c.t("凭证号 %s", dash(x.STAN)))
	}
	a := &c.V.Decide.Attempt
	_, word, kind := c.waits(a)
	return join(kind, i18n.Money(a.Amount), word)
}

// waysOut draws the ways as keys in two columns.
func (c *Ctx) waysOut(r kit.Rect, list []way, low bool) {
	gap := c.L.M.Gap()
	rows := (len(list) + 1) / 2
	for i, w := range list {
		k := kit.Key{Label: c.t(w.word), Sub: c.t(w.note), Size: 20, Cap: kit.AltKey + strconv.Itoa(i+1), Act: act(VerbHow, w.arg)}
		if low {
			k.Sub = ""
		}
		if w.arg == c.V.Decide.How {
			k.Dress = kit.Chosen
		}
		place := r.Rows(rows, gap)[i/2].Cols(2, gap)[i%2]
		c.p.Key(place, c.capped(place, k))
	}
}

// grounds draws the reasons as keys.
func (c *Ctx) grounds(r kit.Rect, low bool) {
	keyH, gap := c.L.M.KeyH(), c.L.M.Gap()
	columns, rows := 3, float32(2)
	if !low && r.H-c.u(36) >= rows*keyH+gap {
		head, rest := r.Top(c.u(36), 0)
		c.notice(head.X+c.u(4), head.Mid(), head.W, c.t("为什么？"))
		r = rest
	}
	h := min(max(keyH, c.u(60)), (r.H-gap)/rows)
	c.chips(kit.Rect{X: r.X, Y: r.Y, W: r.W, H: rows*h + gap}, columns, VerbReason, c.V.Decide.Reason, Grounds)
}

func (c *Ctx) decideSide(r kit.Rect, differs bool) {
	d := &c.V.Decide
	missing := ""
	switch {
	case c.V.Busy:
		missing = c.t("进行中")
	case d.How == "":
		missing = c.t("先选怎么处理")
	case d.Reason == "":
		missing = c.t("先选原因")
	}
	k := ready(kit.Key{Label: c.t("决定"), Icon: "check", Cap: "F12", Act: act(VerbAsk, string(AskDecide))}, missing)
	c.sideKeys(r, func(at kit.Rect) { c.number(at, c.t("单号（可不填）"), d.Number, "–", true) }, k)
}

// decideFacts draws what is known of an open item.
func (c *Ctx) decideFacts(r kit.Rect) {
	u, p, a := c.u, c.p, &c.V.Decide.Attempt
	p.Panel(r)
	why, next := c.queueWhy(a)
	left, right := r.In(u(24), u(8)).Left(r.W*0.52, u(40))
	c.facts(left, [][2]string{
		{c.t("卡"), i18n.Masked(a.MaskedPAN) + a.Order}, {c.t("凭证号 / 批次"), a.STAN + " / " + a.Batch}, {c.t("原因"), why},
	}, 60)
	c.facts(right, [][2]string{{c.t("金额"), i18n.Money(a.Amount)}, {c.t("已等"), c.W.Span(c.V.Now.Sub(a.Created))}, {c.t("下一步"), next}}, 60)
}

// askDecide words the question before a decision.
func (c *Ctx) askDecide() question {
	d := &c.V.Decide
	q := question{icon: "check", title: c.t("这样决定？"), sum: d.Attempt.Amount, yes: c.t("确认")}
	list := ways(&d.Attempt)
	if c.V.Screen == Differ {
		list, q.sum = differenceWays, max(d.Difference.Ours, d.Difference.Theirs)
	}
	for _, w := range list {
		if w.arg == d.How {
			q.lines = append(q.lines, c.t(w.word)+" – "+c.t(w.note))
		}
	}
	for _, g := range Grounds {
		if g.arg == d.Reason {
			q.lines = append(q.lines, join(c.t(g.word), d.Number), c.t("由 %s 决定", c.short(c.S.Operator.Name, c.u(380), kit.Style{Size: 18})))
		}
	}
	return q
}

// GroundWords gives the reason of a decision as the journal keeps it: its word in Chinese and the number.
func GroundWords(arg, number string) string {
	for _, g := range Grounds {
		if g.arg == arg {
			return join(g.word, number)
		}
	}
	return number
}

// differenceFacts draws ours beside theirs and what the till proposes.
func (c *Ctx) differenceFacts(r kit.Rect) {
	u, p, x := c.u, c.p, &c.V.Decide.Difference
	p.Panel(r)
	cols := r.In(u(24), u(14)).Cols(3, u(20))
	for i, f := range [...]struct {
		word string
		sum  pos.Amount
	}{{"我们的", x.Ours}, {"银行的", x.Theirs}, {"相差", x.Theirs - x.Ours}} {
		p.Line(cols[i].X, cols[i].Y+u(24), cols[i].W, c.t(f.word), kit.Style{Size: 18, Ink: look.Soft})
		text := i18n.Money(f.sum)
		if i == 2 {
			text = signed(f.sum)
		}
		p.Line(cols[i].X, cols[i].Y+u(70), cols[i].W, text, kit.Style{Size: 34, Bold: true})
	}
	for i, s := range wrap(c, c.t("建议：%s", c.proposal(x)), r.W-u(48), 20, 2) {
		p.Line(r.X+u(24), r.Bottom()-max(u(60), 42)+float32(i)*max(u(30), 21), r.W-u(48), s, kit.Style{Size: 20, Bold: true, Ink: look.OnSoft})
	}
}
