package screen

import (
	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/pos"
)

// Followed is what became of the payment on the screen since its outcome came up.
type Followed struct {
	Attempt pos.Attempt // as it is now, zero where nothing was read
	Slip    string      // state of its newest slip as pos.Printing has it, "" where nothing is known
}

// known is how an attempt of unknown outcome ended: its word, and the lines that say it to the cashier and the customer.
type known struct {
	said
	mark      string
	fill      look.Token
	title     string
	self, say [3]string
}

// knownNow gives how an unknown outcome ended meanwhile, false while nobody knows.
func (c *Ctx) knownNow(o *checkout.Outcome) (known, bool) {
	a := &c.V.Followed.Attempt
	if o.Kind != checkout.OutcomeUnknown || a.ID == "" || a.ID != o.Attempt.ID {
		return known{}, false
	}
	const slip = "单子上有银行查询要用的号码。"
	k := known{mark: "refund", fill: look.WaitFill}
	switch a.State {
	case pos.Reversed, pos.Cancelled:
		person := a.State == pos.Cancelled && a.Tender != pos.QR // who gave its reversal up
		k.said = said{"没有收款", blockWords(o).line}                // why it was unknown; the panel beside says how it ended
		if s, ok := kindSaid[checkout.OutcomeRefused][a.Kind]; ok {
			k.said = s
		}
		k.title = "银行已确认冲正"
		k.self = [3]string{"这一笔没有算作已收款，也不会再算。", "流水里写明了经过，可查可打。", ""}
		k.say = [3]string{"银行已经撤销了这一笔。", "如果手机显示扣款，钱会原路退回；时间由发卡银行定。", slip}
		if person {
			k.title, k.say[0], k.say[1] = "已由人处理", "这一笔店里已经处理了。", "如果手机显示扣款，请拿单子问发卡银行。"
		}
		switch {
		case a.Kind == pos.Preauth:
			k.self[0] = "这次没有做成，什么都没有变。"
			k.say[1] = "如果手机显示冻结，会自动解冻；时间由发卡银行定。"
		case !isSale(o):
			k.self[0] = "这次没有做成，什么都没有变。"
			k.say[0], k.say[1] = "这次没有做成，什么都没有变。", "不会多扣您的钱。"
		case a.Tender == pos.QR:
			k.title = "订单已关闭"
			k.say[0] = "这张订单没有支付，已关闭。"
		}
	case pos.Approved, pos.Delivered:
		k.mark, k.fill = "check", look.OKFill
		k.said, k.title = said{doneWord(a.Kind), "银行已确认"}, "有结果了"
		k.self = [3]string{"流水里写明了经过，可查可打。", "", ""}
		k.say = [3]string{"这一笔已经做好了。", slip, ""}
	default:
		return known{}, false
	}
	return k, true
}

// owed is what an unknown outcome still owes and who sees to it.
type owed struct {
	mark       kit.State
	icon       string
	ink        look.Token
	state      string // in words of the face
	heading    string
	lines, say [3]string
}

// owedNow gives what an outcome that nobody knows yet still owes, by how its attempt stands now.
func (c *Ctx) owedNow(o *checkout.Outcome, a *pos.Attempt) owed {
	w := owed{mark: kit.Unsure, icon: "refresh", ink: look.Wait, state: c.t("冲正中"), heading: "收银机正在自动处理"}
	w.lines, w.say = unknownWords(a)
	if o.Code == codeTorn && isSale(o) {
		w.say[0] = "银行批准了，但卡拿开得太早；我们已经通知银行撤销。"
	}
	switch {
	case a.State == pos.RefundUnknown:
		w.state = c.t("退货待确认")
	case isParked(a):
		w.icon, w.heading = "warning", "等人处理"
		w.mark, w.state = c.outcomeOf(a)
		w.lines = [3]string{"在“待办”里由店长决定。", "流水里写明了经过，可查可打。", ""}
		if a.State == pos.LateDeclined {
			w.say[0], w.say[1] = "银行没有同意，店长会处理。", "不会多扣您的钱。"
		}
	case a.Tries > 0:
		w.state = c.t("冲正中 · 第 %d 次", a.Tries)
	}
	return w
}

// isParked says whether an attempt goes on only when a person decides.
func isParked(a *pos.Attempt) bool { return a.State == pos.Manual || a.State == pos.LateDeclined }

// followed gives an outcome's attempt as it stands now.
func (c *Ctx) followed(o *checkout.Outcome) *pos.Attempt {
	if f := &c.V.Followed.Attempt; f.ID == o.Attempt.ID && f.ID != "" {
		return f
	}
	return &o.Attempt
}

// refundParked gives the words of a refund of which the bank says no more, false for everything else.
func (c *Ctx) refundParked(o *checkout.Outcome) (said, bool) {
	a := c.followed(o)
	switch {
	case o.Kind != checkout.OutcomeUnknown || a.Kind != pos.Refund:
	case a.State == pos.Manual:
		return said{"结果不明", "银行没有回答，等人处理"}, true
	case a.State == pos.LateDeclined:
		return kindSaid[checkout.OutcomeRefused][pos.Refund], true
	}
	return said{}, false
}

// slipNow gives the mark and the two lines about an outcome's receipt.
func (c *Ctx) slipNow() (state kit.State, title, under string) {
	d, bad := c.badPrinter()
	switch {
	case c.V.Followed.Slip == "printed":
		return kit.Calm, c.t("小票已打印"), c.t("没看到？按“重打”")
	case bad:
		return kit.Failed, c.named(d.Name, c.fault(d)), c.t("这笔已记账；恢复后自动打印")
	case c.V.Followed.Slip == "unknown":
		return kit.Unsure, begin(c.t("不知道打出来没有")), c.t("看一眼打印机；没有就按“重打”")
	}
	return kit.Busy, c.t("小票正在打印"), c.t("不用等：现在就可以开始下一单")
}

// badPrinter gives the printer's condition when it cannot print.
func (c *Ctx) badPrinter() (pos.Condition, bool) {
	for _, d := range c.S.Devices {
		if d.Name == "printer" && isBad(d) {
			return d, true
		}
	}
	return pos.Condition{}, false
}
