package screen

import (
	"strconv"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// cardWords are, by stage, the icon, what to do now, and how.
var cardWords = [...]struct{ icon, now, how string }{
	checkout.CardPrepare: {"send", "正在准备", "先处理上一笔没有结果的交易"},
	checkout.CardPresent: {"contactless", "请顾客插卡、挥卡或刷卡", "卡要放到读完为止"},
	checkout.CardRead:    {"card", "正在读卡", "请不要拔卡"},
	checkout.CardPIN:     {"pinpad", "请顾客输入密码", "在密码键盘上输入，按确认键"},
	checkout.CardHost:    {"globe", "正在联系银行", "请不要拔卡，不要重复刷卡"},
	checkout.CardFinish:  {"card", "银行已回答，正在收尾", "请等提示再拔卡"},
}

// noPIN is what a customer may do whose card has no PIN.
const noPIN = "无密码请直接按确认"

// patience is after how long a step that has no deadline shows the seconds that it has taken.
const patience = 5 * time.Second

// card draws the middle of a card payment: what to do now, the seconds, the steps, the way out.
func (c *Ctx) card(r kit.Rect) {
	u, p := c.u, c.p
	v := c.S.Card
	if v == nil {
		v = &checkout.CardView{}
	}
	w := cardWords[v.Stage]
	p.Panel(r)
	head, body := r.Top(u(196), 0)
	p.Rule(r.X+1, head.Bottom(), r.W-2)
	p.Disc(head.X+u(94), head.Mid(), u(132), look.ActionSoft)
	p.Icon(w.icon, head.X+u(94), head.Mid(), u(78), look.Action)
	now, how := w.now, w.how
	if v.Again && v.Stage == checkout.CardPresent {
		now, how = "请再出示一次卡", "终端刚重新签到，上一次没有扣款"
	}
	if v.Stage == checkout.CardPresent && !v.Again {
		how = c.presentHow(v)
	}
	if v.Stage == checkout.CardPIN && v.Bypass {
		how = noPIN
	}
	x, room := head.X+u(184), head.W-u(184)-u(150)
	p.Line(x, head.Y+u(64), room, c.t(now), kit.Style{Size: 34, Bold: true})
	p.Line(x, head.Y+u(108), room, c.t(how), kit.Style{Size: 20, Ink: look.Soft})
	if v.MaskedPAN != "" {
		p.Line(x, head.Y+u(142), room, join(c.W.Entry(v.Entry), i18n.Masked(v.MaskedPAN)), kit.Style{Size: 18, Ink: look.Soft})
	}
	c.countdown(head.Right()-u(80), head.Mid(), u(108), v.Began, v.Deadline)
	foot, body := body.Foot(u(157), 0)
	p.Steps(body.X+u(22), body.Y+u(44), body.W-u(44), c.stepPitch(body.H, 5), c.cardSteps(v))
	c.cardFoot(foot, v)
}

// stepPitch gives the distance between steps: as drawn, less where the panel is low.
func (c *Ctx) stepPitch(h float32, n int) float32 {
	return min(c.u(58), (h-c.u(60))/float32(n-1))
}

// countdown draws the seconds left until a deadline, or after a while the seconds gone where there is none.
func (c *Ctx) countdown(x, y, d float32, began, deadline time.Time) {
	if left := seconds(c.V.Now, deadline); left > 0 {
		c.p.Ring(x, y, d, left, max(left, int(deadline.Sub(began)/time.Second)), c.t("秒"))
		return
	}
	if gone := c.V.Now.Sub(began); !began.IsZero() && gone >= patience {
		c.p.Ring(x, y, d, int(gone/time.Second), 0, c.t("秒"))
	}
}

// presentHow says what the card is wanted for.
func (c *Ctx) presentHow(v *checkout.CardView) string {
	switch v.Kind {
	case pos.Refund:
		return "退货：请出示付款的那张卡"
	case pos.Balance:
		return "查余额，不会扣款"
	case pos.Preauth:
		return "预授权：只冻结，不收款"
	}
	return cardWords[checkout.CardPresent].how
}

// cardSteps names the five steps of a card payment as they stand now.
func (c *Ctx) cardSteps(v *checkout.CardView) []kit.Step {
	steps := []kit.Step{
		{Text: c.t("准备线路")}, {Text: c.t("读卡")}, {Text: c.t("顾客输入密码")}, {Text: c.t("联系银行")}, {Text: c.t("打印小票，可以开始下一单")},
	}
	now := [...]int{
		checkout.CardPrepare: 0, checkout.CardPresent: 1, checkout.CardRead: 1, checkout.CardPIN: 2, checkout.CardHost: 3, checkout.CardFinish: 3,
	}[v.Stage]
	for i := range steps[:now] {
		steps[i].Stage = kit.Done
	}
	steps[now].Stage, steps[now].Right = kit.Now, c.t("进行中")
	if v.Stage > checkout.CardPrepare && v.Kind != pos.Balance {
		steps[0].Text, steps[0].Right = c.t("金额已送到读卡器"), "¥"+i18n.Money(v.Amount)
	}
	if v.Kind != pos.Sale && v.Kind != "" {
		steps[0].Right, steps[4].Text = join(c.kind(v.Kind), steps[0].Right), c.t("打印小票")
	}
	switch {
	case v.Stage == checkout.CardPresent:
		steps[1].Text = c.t("等顾客出示卡")
	case v.Stage == checkout.CardRead:
		steps[1].Text = c.t("正在读卡")
	case v.Stage > checkout.CardRead && v.Entry != "":
		steps[1].Text = c.t("已读卡（%s）", c.W.Entry(v.Entry))
	}
	return steps
}

// cardFoot draws what happens at the deadline and the key that gives up, where that is still possible.
func (c *Ctx) cardFoot(r kit.Rect, v *checkout.CardView) {
	u, p := c.u, c.p
	p.Rule(r.X+1, r.Y, r.W-2)
	promise := c.t("到时没有输入会自动取消，顾客不会被扣款。")
	if v.Stage <= checkout.CardPresent {
		promise = c.t("到时没有出示卡会自动取消，顾客不会被扣款。")
	}
	k := kit.Key{Size: 24, Label: c.t("取消刷卡"), Icon: "cross", Cap: "Esc", Act: act(VerbCancel, "")}
	lines := []string{c.t("取消后金额保留，"), c.t("可改用右边的其他方式。")}
	if c.otherThanSale() != nil {
		lines = []string{c.t("取消后什么都不变，"), c.t("也不会有钱进出。")}
	}
	if v.Stage >= checkout.CardHost {
		promise = c.t("没有回答就自动撤销，顾客不会被多扣款。")
		k.Dress, k.Size, k.Sub = kit.Unavailable, 22, c.t("已发给银行，不能取消")
		lines = []string{c.t("银行最多等 %s 秒，", strconv.Itoa(seconds(v.Began, v.Deadline))), c.t("到时这里会写明结果。")}
		if v.Deadline.IsZero() {
			lines[0] = c.t("银行正在处理，")
		}
	}
	p.Line(r.X+u(36), r.Y+u(32), r.W-u(60), promise, kit.Style{Size: 18, Ink: look.Soft})
	key := kit.Rect{X: r.X + u(18), Y: r.Bottom() - u(96), W: u(240), H: u(78)}
	p.Key(key, k)
	p.Para(key.Right()+u(24), key.Y+u(26), r.Right()-key.Right()-u(40), u(26), lines, kit.Style{Size: 18, Ink: look.Soft})
}
