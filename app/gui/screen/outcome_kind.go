package screen

import (
	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// said is the word of an outcome and the line under it.
type said struct{ word, line string }

// kindSaid are the words of outcomes that are not about a sale.
var kindSaid = map[checkout.OutcomeKind]map[pos.Kind]said{
	checkout.OutcomeApproved: {
		pos.Void:           {"撤销成功", "银行已确认，钱会原路退回"},
		pos.Refund:         {"退货成功", "银行已确认，钱会原路退回"},
		pos.Balance:        {"余额", "银行已回答"},
		pos.Preauth:        {"预授权成功", "金额已冻结，还没有收款"},
		pos.PreauthVoid:    {"预授权已撤销", "冻结已解除"},
		pos.Completion:     {"预授权已完成", "钱已收下，其余解冻"},
		pos.CompletionVoid: {"已撤销完成", "银行已确认，钱会原路退回"},
	},
	checkout.OutcomeRefused: {
		pos.Void:           {"没有撤销", "原来的收款不变"},
		pos.Refund:         {"没有退款", "钱还没有退给顾客"},
		pos.Balance:        {"没有查到", "没有收款，也没有扣款"},
		pos.Preauth:        {"没有冻结", "这张卡没有冻结金额"},
		pos.PreauthVoid:    {"没有撤销", "冻结不变"},
		pos.Completion:     {"没有收款", "冻结不变，可再完成一次"},
		pos.CompletionVoid: {"没有撤销", "原来的收款不变"},
	},
	checkout.OutcomeUnknown: {
		pos.Void:           {"结果不明", "撤销没有得到回答"},
		pos.Refund:         {"退货处理中", "银行还没有回答，会再问"},
		pos.Balance:        {"没有查到", "银行没有及时回答"},
		pos.Preauth:        {"结果不明", "预授权没有得到回答"},
		pos.PreauthVoid:    {"结果不明", "撤销没有得到回答"},
		pos.Completion:     {"结果不明", "完成没有得到回答"},
		pos.CompletionVoid: {"结果不明", "撤销没有得到回答"},
	},
}

// isSale says whether an outcome is about a payment for goods.
func isSale(o *checkout.Outcome) bool { return o.Attempt.Kind == pos.Sale || o.Attempt.Kind == "" }

// blockWords gives the word of an outcome and the line under it.
func blockWords(o *checkout.Outcome) said {
	a := &o.Attempt
	if s, ok := kindSaid[o.Kind][a.Kind]; ok {
		if o.Kind == checkout.OutcomeApproved && (a.Kind == pos.Refund || a.Kind == pos.Void) {
			switch a.Tender {
			case pos.Cash:
				s.line = "请把现金退给顾客"
			case pos.QR:
				s.line = "钱会原路退回顾客的钱包"
			case pos.Card:
			}
		}
		if a.Kind == pos.Balance && o.Notify != nil {
			s.line = map[bool]string{true: "发卡银行会发短信通知顾客", false: "发卡银行不会发短信"}[*o.Notify]
		}
		return s
	}
	b := blocks[o.Kind]
	s := said{b.word, b.line}
	if a.Tender == pos.QR {
		s.line = map[checkout.OutcomeKind]string{
			checkout.OutcomeApproved: "钱包已付款", checkout.OutcomeRefused: "这次扫码没有付成", checkout.OutcomeUnknown: "钱包没有及时回答",
		}[o.Kind]
	}
	if a.Offline && o.Kind == checkout.OutcomeApproved {
		s.line = "卡已脱机批准，联机后自动上送"
	}
	if o.Kind != checkout.OutcomeApproved && a.Tender == pos.Card {
		s.line = cardLine(o, s.line)
	}
	if a.Deferred {
		s = said{"已收下，待上送", "银行还没有批准，联机后自动上送"}
	}
	if a.Tender == pos.Cash {
		s.line = "现金已入账"
	}
	return s
}

// codeTorn is the reason of a card that was taken away before it was done.
const codeTorn = "card_removed"

// cardLine says under the word of a card's outcome what everybody could see to happen, and the usual line otherwise.
func cardLine(o *checkout.Outcome, usual string) string {
	switch o.Code {
	case codeTorn:
		return "卡拿开得太早"
	case "card_timeout":
		return "没有等到卡"
	case "cancelled", "pin_cancelled", "pin_bypassed":
		return "没有做完，已取消"
	case "pin_timeout":
		return "没有等到密码"
	}
	if readerFaults[o.Code] {
		return "没有读到卡"
	}
	return usual
}

// readerFaults are the reasons that lie with the reader or the PIN pad and not with the card.
var readerFaults = map[string]bool{
	"unplugged": true, "offline": true, "busy_elsewhere": true, "no_permission": true, "daemon_down": true, "no_reader": true,
	"device_fault": true, "wrong_speed": true, "no_pinpad": true, "pinpad_refused": true, "two_cards": true,
}

// cardWord names the key that takes a card again: the same one where it was not the card's fault, another one otherwise.
func (c *Ctx) cardWord(o *checkout.Outcome) string {
	if o.Kind == checkout.OutcomeRefused && (readerFaults[o.Code] || c.mayRetry(o.Code)) {
		return "再刷一次"
	}
	return "换一张卡"
}

// drawWhy draws why a payment was refused: large on one line beside the answer code, or on two lines in the caption's room.
func (c *Ctx) drawWhy(x, y, w float32, o *checkout.Outcome) {
	u, p, text := c.u, c.p, c.whyRefused(o)
	soft, bold := kit.Style{Size: 18, Ink: look.Soft}, kit.Style{Size: 36, Bold: true}
	code := ""
	if len(o.Code) == 2 {
		code = c.t("应答码 %s", o.Code)
	}
	least := bold
	least.Size = 27
	if room := w - p.Width(code, soft) - u(10); p.Width(text, least) <= room {
		p.Line(x, y+u(44), w, c.t("原因"), soft)
		soft.Side = kit.End
		used := p.Line(x, y+u(85), w, code, soft)
		p.Line(x, y+u(85), w-used-u(10), text, bold)
		return
	}
	soft.Side, bold.Size = kit.End, 28
	used := p.Line(x, y+u(44), w, code, soft)
	for i, s := range wrap(c, text, w-used-u(10), 28, 2) {
		p.Line(x, y+u(44)+float32(i)*u(44), w-used-u(10), s, bold)
	}
}

// whyRefused words the reason of a refusal; one that lies with a device names it.
func (c *Ctx) whyRefused(o *checkout.Outcome) string {
	text := c.W.Reason(o.Code)
	if o.Attempt.Tender != pos.Card || !readerFaults[o.Code] {
		return text
	}
	device := "reader"
	for _, d := range c.S.Devices {
		if d.Name == "pinpad" && isBad(d) && d.Code == o.Code {
			device = d.Name
		}
	}
	return c.filled(device, text)
}

// blockSum gives the sum that fills an outcome; a balance that is not known has none.
func blockSum(o *checkout.Outcome) (pos.Amount, bool) {
	a := &o.Attempt
	switch {
	case a.Kind == pos.Balance:
		if o.Balance == nil {
			return 0, false
		}
		return *o.Balance, true
	case o.Kind == checkout.OutcomeApproved && a.Tender == pos.Cash && o.Change > 0:
		return o.Change, true
	case o.Kind == checkout.OutcomeApproved:
		return a.Approved, true
	}
	return a.Amount, true
}

// kindFoot is the last line of an outcome that is not about a sale.
func (c *Ctx) kindFoot(o *checkout.Outcome) string {
	a := &o.Attempt
	switch {
	case o.Kind == checkout.OutcomeApproved && a.Kind == pos.Balance:
		return join(i18n.Masked(a.MaskedPAN), c.t("请只给持卡人看"))
	case o.Kind == checkout.OutcomeApproved:
		return join(c.W.Tender(a.Tender), i18n.Masked(a.MaskedPAN))
	case o.Kind == checkout.OutcomeUnknown && a.Kind == pos.Refund:
		return c.t("不要再退一次")
	case a.Kind == pos.Balance:
		return c.t("可以再查一次")
	}
	return c.t("已记入流水，可查可打")
}

// goOn draws what can be done after an outcome that is not about a sale.
func (c *Ctx) goOn(r kit.Rect, o *checkout.Outcome) {
	a := &o.Attempt
	first := kit.Key{Dress: kit.Filled, Size: 26, Label: c.t("回到小票"), Icon: "receipt", Cap: "F7", Act: act(VerbReceipt, a.Receipt)}
	switch {
	case a.Kind == pos.Balance || a.Kind == pos.Preauth || a.Kind == pos.PreauthVoid || a.Kind == pos.Completion:
		first.Label, first.Icon, first.Cap, first.Act = c.t("卡业务"), "wallet", "F7", act(VerbGo, string(Cards))
	case a.Receipt == "":
		first.Label, first.Act = c.t("找一张小票"), act(VerbReceipt, "")
	}
	cols := r.Cols(2, c.u(12))
	c.p.Key(cols[0], first)
	c.p.Key(cols[1], kit.Key{Dress: kit.Tint, Size: 26, Label: c.t("查这一笔"), Icon: "search", Cap: "F6", Act: act(VerbAttempt, a.ID)})
}

// unknownWords are what happens by itself and what to tell the customer after no answer.
func unknownWords(a *pos.Attempt) (self, say [3]string) {
	self = [3]string{"已向银行发出撤销（冲正），没有确认就一直重发。", "断电、重启、签退都不会丢；确认后这里和小票会写明。", "不用在这里等，可以先用别的方式收款。"}
	say = [3]string{"银行没有回答这一笔，我们已经通知银行撤销。", "如果手机显示扣款，钱会原路退回；时间由发卡银行定。", "单子上有银行查询要用的号码。"}
	switch a.Kind {
	case pos.Refund:
		self[0], self[2] = "同一笔退货会一直再问，银行只会退一次。", "不用在这里等；有了结果，记录里会写明。"
		say[0], say[1] = "退货已经交给银行，还没有得到回答。", "银行确认后钱会原路退回；时间由发卡银行定。"
	case pos.Void, pos.CompletionVoid, pos.PreauthVoid:
		self[0], self[2] = "已把这次撤销收回（冲正），没有确认就一直重发。", "确认后原来那一笔仍然有效，可以再撤销一次。"
		say[0], say[1] = "撤销没有得到银行的回答，原来的付款暂时不变。", "我们确认后会再撤销；不会多扣您的钱。"
	case pos.Preauth:
		self[2] = "不用在这里等，可以换一张卡再做。"
		say[1] = "如果手机显示冻结，会自动解冻；时间由发卡银行定。"
	case pos.Completion:
		self[2] = "确认后预授权仍然成立，可以再完成一次。"
	default:
		if a.Tender == pos.QR {
			self[0] = "正在向钱包查询；没有付就关闭这张订单。"
		}
	}
	return self, say
}
