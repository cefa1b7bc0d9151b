package i18n

import "tillkeeper/app/pos"

// states are the words for where an attempt is.
var states = map[pos.State]string{
	pos.Created: "进行中", pos.Sending: "进行中", pos.Unknown: "结果不明", pos.Reversing: "冲正中", pos.Reversed: "已冲正",
	pos.OfflineApproved: "卡脱机批准", pos.Deferred: "先收下，待上送", pos.Delivering: "正在上送", pos.Delivered: "已上送银行",
	pos.RefundUnknown: "退货没有得到回答", pos.Manual: "等人处理", pos.LateDeclined: "银行事后拒付", pos.Approved: "已批准",
	pos.Declined: "没有批准", pos.Cancelled: "已取消", pos.Settled: "已结算", pos.Voided: "已撤销", pos.Refunded: "已全部退",
	pos.ResultDue: "待告知银行", pos.Told: "已告知银行",
}

// State gives the word for where an attempt is.
func (w Words) State(s pos.State) string { return w.T(states[s]) }

// entries are the words for how a card was read.
var entries = map[string]string{"chip": "插卡", "contactless": "挥卡", "swipe": "刷磁条", "keyed": "未再刷卡", "code": "付款码"}

// Entry gives the word for how a card was read, or what is noted where it has none.
func (w Words) Entry(mode string) string {
	if zh, ok := entries[mode]; ok {
		return w.T(zh)
	}
	return mode
}

// lines are the words for the state of the line.
var lines = map[string]string{"online": "联机", "degraded": "线路不稳", "offline": "离线"}

// Line gives the word for the state of the line.
func (w Words) Line(state string) string { return w.T(lines[state]) }

// causes are the words for what keeps the till from the bank.
var causes = map[string]string{
	"": "原因待查", "network": "店内网络断开", "acquirer": "银行主机没有应答", "keys": "终端密钥未就绪",
	"refused": "银行拒绝签到",
}

// Cause gives the sentence for what keeps the till from the bank.
func (w Words) Cause(cause string) string { return w.T(causes[cause]) }
