package recon

import "tillkeeper/app/pos"

// The proposals: what a person should do about a difference.
const (
	AskAcquirer      = "ask_acquirer"       // ours only: where did it go
	AskRefund        = "ask_refund"         // ours only: the customer's money did not go back
	AskUpload        = "ask_upload"         // ours only: an upload that was acknowledged
	WaitNextFile     = "wait_next_file"     // so late in the day that it may be in the next file
	SendReversal     = "send_reversal"      // charged, its reversal is still owed
	ClaimReversal    = "claim_reversal"     // charged, though its reversal was acknowledged
	RefundCustomer   = "refund_customer"    // failed here, but charged
	BookAsCharged    = "book_as_charged"    // the acquirer took it after all
	ClaimDuplicate   = "claim_duplicate"    // two lines for one payment
	FindPayment      = "find_payment"       // a line that the till knows nothing of
	ReleaseHold      = "release_hold"       // a hold was charged
	ReturnSurplus    = "return_surplus"     // the customer was charged more than here
	ClaimShortfall   = "claim_shortfall"    // the shop is credited less than here
	ReturnRest       = "return_rest"        // the customer was given back less than here
	ClaimOverpayment = "claim_overpayment"  // the customer was given back more than here
	LookAgain        = "look_again"         // not decided yet when the file was read
	ClaimVoid        = "claim_failed_void"  // a void that failed here stands there
	ClaimGiven       = "claim_given_refund" // a refund that failed here stands there
)

// texts has the sentences of each, in Chinese and in English.
var texts = map[string][2]string{
	AskAcquirer: {"凭参考号询问收单行：我方已成功，文件中没有。", "Ask the acquirer with the reference number: approved here, not in the file."},
	AskRefund: {
		"退款未入账：凭参考号询问收单行，客户的钱还没有退回。",
		"The refund is not booked: ask the acquirer with the reference number; the customer's money has not gone back.",
	},
	AskUpload: {
		"收单行已确认上送但文件中没有：凭小票请收单行补入账。",
		"The upload was acknowledged but is not booked: ask the acquirer to book it, with the receipt.",
	},
	WaitNextFile: {"接近日切，可能在下一份文件中：等下一份文件再对。", "Close to the change of day: it may be in the next file. Wait for that one."},
	SendReversal: {"已扣款而冲正未确认：再次发送冲正。", "Charged while its reversal is not acknowledged: send the reversal again."},
	ClaimReversal: {
		"冲正已被确认却仍入账：凭冲正记录请收单行更正。",
		"Booked although its reversal was acknowledged: the acquirer corrects it; show the acknowledgement.",
	},
	RefundCustomer: {
		"此处失败但已扣款：退还客户，或请收单行撤账。",
		"Failed here, but charged: give the customer the money back, or have the acquirer take the charge back.",
	},
	BookAsCharged:  {"收单行已入账：按文件记为已收（或已退），并关闭待办。", "The acquirer has booked it: book it as in the file and close the open item."},
	ClaimDuplicate: {"同一笔在文件中出现两次：请收单行撤去一笔。", "The same payment is in the file twice: the acquirer takes one of them back."},
	FindPayment: {
		"本机没有此笔记录：核对小票与其他终端，再询问收单行。",
		"This till has no record of it: look at slips and other terminals, then ask the acquirer.",
	},
	ReleaseHold: {"预授权被当作消费入账：请收单行撤账。", "A hold was booked as a charge: the acquirer takes it back."},
	ReturnSurplus: {
		"客户被多扣：退还差额，或请收单行更正。",
		"The customer was charged too much: give the difference back, or have the acquirer correct it.",
	},
	ClaimShortfall:   {"入账少于我方：凭小票请收单行补足。", "Less was booked than here: claim the rest from the acquirer with the receipt."},
	ReturnRest:       {"退给客户的少于我方：请收单行补退差额。", "The customer got back less than here: the acquirer returns the rest."},
	ClaimOverpayment: {"退给客户的多于我方：请收单行更正。", "The customer got back more than here: the acquirer corrects it."},
	LookAgain:        {"读文件时此笔尚未结束：稍后重新对账。", "Not decided yet when the file was read: reconcile again later."},
	ClaimVoid: {
		"撤销在此失败而文件已撤：请收单行更正，或重新收款。",
		"The void failed here but is booked: the acquirer corrects it, or the payment is taken again.",
	},
	ClaimGiven: {
		"退款在此失败而文件已退：按文件记账，勿再退款。",
		"The refund failed here but is booked: book it as in the file and do not refund again.",
	},
}

// Say gives the sentence of a proposal in "en", else in Chinese; "" for a code
// that is no proposal.
func Say(code, lang string) string {
	if lang == "en" {
		return texts[code][1]
	}
	return texts[code][0]
}

// lateHour is the hour of the day from which on a payment may be in the next
// day's file: acquirers cut their day before midnight.
const lateHour = 23

// facts is what a proposal depends on.
type facts struct {
	known        bool // an attempt of ours was found
	again        bool // another line stands for it already
	kind         pos.Kind
	stands       standing
	offline      bool
	how          string
	late         bool // created close to the change of day
	mine, theirs int64
}

func (f *facts) ours(o *record) {
	f.known, f.kind, f.stands, f.how = true, kinds[o.kind], o.stands, hows[o.how]
	f.offline = o.flags&isOffline != 0
	f.late = o.flags&isLate != 0
}

// Proposal gives the code of what to do about a difference between an attempt
// of ours and a line of theirs; either may be nil where the class has none. Of
// ours only it supposes that the payment is of the file's last day.
func Proposal(class pos.DifferenceClass, ours *pos.Attempt, theirs *Line) string {
	var f facts
	if ours != nil {
		f = facts{known: true, kind: ours.Kind, stands: standingOf(ours), offline: ours.Offline, how: ours.How}
		f.late = ours.Created.Hour() >= lateHour
		f.mine = booked(ours)
		f.again = class == pos.TheirsOnly && (f.stands == stands || f.stands == waits)
	}
	if theirs != nil {
		f.theirs = int64(theirs.Amount)
	}
	return f.propose(class)
}

func (f *facts) propose(class pos.DifferenceClass) string {
	switch class {
	case pos.OursOnly:
		return f.missing()
	case pos.AmountDiffers:
		return f.differs()
	case pos.ReversedInFile:
		return ClaimReversal
	case pos.TheirsOnly:
		return f.surplus()
	}
	return ""
}

func (f *facts) missing() string {
	switch {
	case f.late:
		return WaitNextFile
	case f.kind == pos.Refund:
		return AskRefund
	case f.offline:
		return AskUpload
	}
	return AskAcquirer
}

func (f *facts) differs() string {
	switch more := f.theirs > f.mine; {
	case credit(f.kind) && more:
		return ReturnRest
	case credit(f.kind):
		return ClaimOverpayment
	case more:
		return ReturnSurplus
	}
	return ClaimShortfall
}

func (f *facts) surplus() string {
	switch {
	case !f.known:
		return FindPayment
	case f.again:
		return ClaimDuplicate
	case f.stands == never:
		return ReleaseHold
	case f.stands == running:
		return LookAgain
	case f.stands == owed:
		return SendReversal
	case f.stands == parked:
		return BookAsCharged
	}
	switch f.how {
	case "written_off", "as_in_file", "refunded":
		return BookAsCharged
	}
	switch f.kind {
	case pos.Void, pos.CompletionVoid:
		return ClaimVoid
	case pos.Refund:
		return ClaimGiven
	}
	return RefundCustomer
}
