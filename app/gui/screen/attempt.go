package screen

import (
	"fmt"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// outcomeOf gives the mark and the word of an attempt's state for people.
func (c *Ctx) outcomeOf(a *pos.Attempt) (kit.State, string) {
	switch a.State {
	case pos.Approved, pos.Delivered, pos.Settled:
		return kit.Calm, c.t(doneWord(a.Kind))
	case pos.Declined:
		return kit.Failed, c.t(undoneWord(a.Kind))
	case pos.Cancelled:
		return kit.Failed, c.t("已取消")
	case pos.Reversed:
		return kit.Unsure, c.t("已冲正")
	case pos.Voided:
		return kit.Calm, c.t("已撤销")
	case pos.Refunded:
		return kit.Calm, c.t("已全部退")
	case pos.RefundUnknown:
		return kit.Unsure, c.t("退货待确认")
	case pos.LateDeclined:
		return kit.Failed, c.t("迟到拒付")
	case pos.Manual:
		return kit.Failed, c.t("等人处理")
	case pos.OfflineApproved, pos.Deferred, pos.Delivering:
		return kit.Waiting, c.t("已收，待上送")
	case pos.ResultDue:
		return kit.Waiting, c.t("待告知银行")
	case pos.Told:
		return kit.Calm, c.t("已告知银行")
	case pos.Created, pos.Sending:
		return kit.Busy, c.t("进行中")
	}
	return kit.Unsure, c.t("结果不明")
}

// doneWord says what is so after an attempt of a kind was approved.
func doneWord(k pos.Kind) string {
	switch k {
	case pos.Void, pos.CompletionVoid, pos.PreauthVoid:
		return "撤销成功"
	case pos.Refund:
		return "已退款"
	case pos.Balance:
		return "已查询"
	case pos.Preauth:
		return "已冻结"
	}
	return "已收款"
}

// undoneWord says what is so after an attempt of a kind was refused.
func undoneWord(k pos.Kind) string {
	switch k {
	case pos.Void, pos.CompletionVoid, pos.PreauthVoid:
		return "没有撤销"
	case pos.Refund:
		return "没有退款"
	case pos.Balance:
		return "没有查到"
	case pos.Preauth:
		return "没有冻结"
	}
	return "没有收款"
}

// recordKind names tender and kind of an attempt; a sale by its tender alone.
func (c *Ctx) recordKind(a *pos.Attempt) string {
	if a.Kind == pos.Sale || a.Kind == "" {
		return c.W.Tender(a.Tender)
	}
	return c.kind(a.Kind)
}

// why gives the sentence of a code.
func (c *Ctx) why(code string) string { return c.W.Why(code) }

// eventWords are, by event, its mark and its sentence.
var eventWords = map[pos.EventType]struct {
	state kit.State
	text  string
}{
	pos.EvCreated: {kit.Calm, "记入日志，金额 %s"}, pos.EvSending: {kit.Calm, "请求发给银行"}, pos.EvApproved: {kit.Calm, "已批准"},
	pos.EvDeclined: {kit.Failed, "没有批准"}, pos.EvCancelled: {kit.Failed, "已取消"}, pos.EvUnknown: {kit.Unsure, "没有得到回答"},
	pos.EvReversing: {kit.Unsure, "按规则撤销（冲正）"}, pos.EvReversalTry: {kit.Waiting, "冲正没有得到确认"},
	pos.EvReversed: {kit.Calm, "银行已确认冲正"}, pos.EvParked: {kit.Failed, "不再自动发，等人处理"}, pos.EvSendAgain: {kit.Waiting, "再发一次"},
	pos.EvResolved: {kit.Calm, "已由人决定"}, pos.EvOfflineApproved: {kit.Waiting, "卡脱机批准"}, pos.EvDeferred: {kit.Waiting, "先收下，待上送"},
	pos.EvDelivering: {kit.Waiting, "正在上送"}, pos.EvDeliveryTry: {kit.Waiting, "上送没有得到回答"}, pos.EvDelivered: {kit.Calm, "已上送银行"},
	pos.EvLateDeclined: {kit.Failed, "银行事后拒付"}, pos.EvLateAnswer: {kit.Unsure, "回答来得太晚"}, pos.EvLateApproval: {kit.Unsure, "撤销后才来的批准"},
	pos.EvResealed: {kit.Calm, "换日重新加密"}, pos.EvSettled: {kit.Calm, "已结算"}, pos.EvPrinted: {kit.Calm, "小票已打印"},
	pos.EvReprinted: {kit.Calm, "小票已重打"}, pos.EvBasketPaid: {kit.Calm, "整单付清"},
	pos.EvRefundUnknown: {kit.Unsure, "退货没有得到回答"}, pos.EvRefundTry: {kit.Waiting, "同一笔退货再问一次"}, pos.EvRefundAgain: {kit.Waiting, "再发一次"},
	pos.EvFollowUp: {kit.Calm, "开始撤销或退货"}, pos.EvVoided: {kit.Calm, "已撤销"}, pos.EvRefundedPart: {kit.Calm, "退了一部分"},
	pos.EvRefundedFull: {kit.Calm, "已全部退"}, pos.EvResultDue: {kit.Waiting, "卡片执行发卡行指令的结果，待告知银行"},
	pos.EvResultTry: {kit.Waiting, "正在告知银行"}, pos.EvTold: {kit.Calm, "已告知银行"},
}

// told gives the mark and the sentence of an event.
func (c *Ctx) told(e pos.Event) (kit.State, string) {
	w, known := eventWords[e.Type]
	if !known {
		return kit.Calm, string(e.Type)
	}
	text := c.t(w.text)
	if e.Type == pos.EvCreated {
		text = fmt.Sprintf(text, i18n.Money(e.Amount))
	}
	return w.state, text
}
