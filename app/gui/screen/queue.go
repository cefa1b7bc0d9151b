package screen

import (
	"strconv"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// waits words a state of an open attempt: its mark, the word for it, the kind of thing it is.
func (c *Ctx) waits(a *pos.Attempt) (kit.State, string, string) {
	switch a.State {
	case pos.LateDeclined:
		return kit.Failed, c.t("迟到拒付"), c.t("先收后送 %s", c.W.Tender(a.Tender))
	case pos.Manual:
		switch {
		case a.Kind == pos.Refund:
			return kit.Failed, c.t("等人处理"), c.t("退货 %s", c.W.Tender(a.Tender))
		case a.Reason == "" && a.Offline:
			return kit.Failed, c.t("等人处理"), c.t("先收后送 %s", c.W.Tender(a.Tender))
		}
		return kit.Failed, c.t("等人处理"), c.t("冲正 %s", c.W.Tender(a.Tender))
	case pos.RefundUnknown:
		return kit.Unsure, c.t("退货待确认"), c.t("退货 %s", c.W.Tender(a.Tender))
	case pos.Unknown, pos.Reversing, pos.Sending:
		if a.Tender == pos.QR {
			return kit.Unsure, c.t("查询中"), c.t("订单 %s", c.W.Tender(a.Tender))
		}
		return kit.Unsure, c.t("冲正中"), c.t("冲正 %s", c.W.Tender(a.Tender))
	case pos.Deferred:
		return kit.Waiting, c.t("等待"), c.t("先收后送 %s", c.W.Tender(a.Tender))
	case pos.ResultDue:
		return kit.Waiting, c.t("等待"), c.t("卡片指令结果")
	case pos.OfflineApproved, pos.Delivering:
		return kit.Waiting, c.t("等待"), c.t("脱机卡 上送")
	}
	return kit.Waiting, c.t("等待"), c.W.Tender(a.Tender)
}

// queue draws what was not delivered to the bank and what waits for a person.
func (c *Ctx) queue(r kit.Rect) {
	u, p := c.u, c.p
	body := c.title(r, c.t("待办"), c.t("没有送达银行的，和等您决定的"),
		kit.Key{Dress: kit.Filled, Label: c.t("全部重发"), Icon: "send", Cap: "F2", Act: act(VerbSend, "")})
	cards, table := body.Top(min(u(92), body.H*0.2), u(12))
	c.queueCards(cards)
	p.Panel(table)
	head, rest := table.Top(u(48), 0)
	foot, rows := rest.Foot(u(58), 0)
	cols := c.queueColumns(table)
	soft := kit.Style{Size: 16, Ink: look.Soft}
	end := kit.Style{Size: 16, Ink: look.Soft, Side: kit.End}
	p.Line(cols.kind, head.Mid(), u(150), c.t("种类"), soft)
	p.Line(cols.amountR-u(120), head.Mid(), u(120), c.t("金额"), end)
	p.Line(cols.age, head.Mid(), u(90), c.t("已等"), soft)
	if cols.triesR > 0 {
		p.Line(cols.triesR-u(80), head.Mid(), u(80), c.t("次数"), end)
	}
	p.Line(cols.state, head.Mid(), u(140), c.t("状态"), soft)
	p.Line(cols.why, head.Mid(), table.Right()-cols.why-u(20), c.t("原因与下一步"), soft)
	p.Rule(table.X+1, head.Bottom(), table.W-2)
	list := c.V.Waiting
	shown := 0
	if len(list) == 0 {
		c.empty(rows, "check", c.t("没有要办的"), c.t("每一笔都已送达银行"))
	} else {
		shown = p.TouchList(rows, "queue", kit.KeyedRow(rows.H, max(u(70), c.L.M.KeyH()+8)), len(list), c.V.First["queue"], func(i int, row kit.Rect) {
			c.queueRow(row, cols, &list[i], i < len(list)-1)
		})
	}
	p.Rule(table.X+1, foot.Y, table.W-2)
	count := c.t("%d 笔 · %d 页", len(list), pages(len(list), shown))
	used := p.Line(foot.X+u(24), foot.Mid(), foot.W-u(48), count, kit.Style{Size: 18, Ink: look.Soft, Side: kit.End})
	p.Line(foot.X+u(24), foot.Mid(), foot.W-u(64)-used, c.t("断电、签退、更新都不会丢失这里的任何一笔。"), kit.Style{Size: 18, Ink: look.Soft})
}

func pages(n, shown int) int {
	if shown <= 0 {
		return 1
	}
	return max(1, (n+shown-1)/shown)
}

type queueColumns struct{ kind, amountR, age, triesR, state, why, keyR, keyW float32 }

// queueColumns gives the columns' places, triesR 0 where that one has no room; the drawn table is 1242 wide.
func (c *Ctx) queueColumns(r kit.Rect) queueColumns {
	k := r.W / 1242
	at := func(v float32) float32 { return r.X + v*k }
	if k < 0.7 { // how often it was tried stands in its record
		return queueColumns{at(24), at(324), at(340), 0, at(440), at(672), r.Right() - c.u(24), max(c.tall(166, 140), 96)}
	}
	return queueColumns{at(24), at(300), at(330), at(486), at(520), at(690), r.Right() - c.u(24), max(c.tall(166, 140), 96)}
}

func (c *Ctx) queueRow(row kit.Rect, cols queueColumns, a *pos.Attempt, rule bool) {
	u, p := c.u, c.p
	state, word, kind := c.waits(a)
	up, down := row.Mid()-max(u(14), 11), row.Mid()+max(u(15), 12)
	used := p.Line(cols.kind, row.Mid(), cols.amountR-cols.kind, i18n.Money(a.Amount), kit.Style{Size: 22, Bold: true, Side: kit.End})
	p.Line(cols.kind, up, cols.amountR-cols.kind-used-u(12), kind, kit.Style{Size: 20, Bold: true, Elide: true})
	p.Line(cols.kind, down, cols.amountR-cols.kind-used-u(12), i18n.Masked(a.MaskedPAN)+a.Order, kit.Style{Size: 16, Ink: look.Soft, Elide: true})
	p.Line(cols.age, row.Mid(), min(u(130), cols.state-cols.age-u(4)), c.W.Span(c.V.Now.Sub(a.Created)), kit.Style{Size: 20})
	if cols.triesR > 0 {
		p.Line(cols.triesR-u(60), row.Mid(), u(60), strconv.Itoa(a.Tries), kit.Style{Size: 20, Side: kit.End})
	}
	p.PillFit(cols.state, row.Mid()-max(u(16), 15), cols.why-cols.state-u(8), state, word)
	room := cols.keyR - cols.keyW - cols.why - u(12)
	why, next := c.queueWhy(a)
	p.Line(cols.why, up, room, why, kit.Style{Size: 20, Elide: true})
	p.Line(cols.why, down, room, next, kit.Style{Size: 18, Ink: look.Soft, Elide: true})
	k := kit.Key{Size: 20, Label: c.t("看记录"), Icon: "list", Act: act(VerbAttempt, a.ID)}
	if state == kit.Failed {
		k = kit.Key{Dress: kit.Tint, Size: 20, Label: c.t("处理"), Icon: "chevron-right", Act: act(VerbDecide, a.ID)}
	}
	k.Cap = p.RowKey()
	at := kit.Rect{X: cols.keyR - cols.keyW, Y: row.Mid() - c.L.M.KeyH()/2, W: cols.keyW, H: c.L.M.KeyH()}
	p.Key(at, c.capped(at, k))
	if rule {
		p.Rule(cols.kind, row.Bottom()-1, cols.keyR-cols.kind)
	}
}

// queueWhy words why an item waits and what comes next.
func (c *Ctx) queueWhy(a *pos.Attempt) (why, next string) {
	switch {
	case a.State == pos.LateDeclined:
		code := a.Code
		if len(code) == 2 {
			code += " "
		} else {
			code = ""
		}
		return code + c.W.Reason(a.Code), c.t("可再送、出收款码或核销")
	case a.State == pos.Manual:
		return c.W.Reason(dashless(a.LastError, "no_answer")), c.t("不再自动发，请看记录决定")
	case a.Tries == 0:
		return c.t("还没有发过"), c.t("前面的送完后自动发")
	}
	return c.W.Reason(dashless(a.LastError, "no_answer")), c.t("稍后自动再发")
}

func dashless(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (c *Ctx) queueCards(r kit.Rect) {
	u, p := c.u, c.p
	v := c.S.Line
	var reversing, late pos.Sums
	persons := false // more than the bank's late refusals waits for somebody
	for i := range c.V.Waiting {
		a := &c.V.Waiting[i]
		switch state, _, _ := c.waits(a); state {
		case kit.Unsure:
			reversing.Gross += a.Amount
			reversing.Count++
		case kit.Failed:
			late.Gross += a.Amount
			late.Count++
			persons = persons || a.State != pos.LateDeclined
		case kit.Calm, kit.Waiting, kit.Busy:
		}
	}
	for i, card := range [...]struct {
		state kit.State
		word  string
		count string
		sum   pos.Amount
	}{
		{kit.Waiting, "待上送", c.t("%d 笔", v.Queued), v.QueuedSum},
		{kit.Unsure, "冲正中", c.t("%d 笔", reversing.Count), reversing.Gross},
		{kit.Failed, map[bool]string{true: "等人处理", false: "迟到拒付"}[persons], c.t("%d 笔", late.Count), late.Gross},
		{kit.Calm, "脱机余量", c.t("还可 %d 笔", v.RoomCount), v.RoomSum},
	} {
		place := r.Cols(4, u(12))[i]
		p.Panel(place)
		state := card.state
		if card.sum == 0 && i < 3 {
			state = kit.Calm
		}
		if i == 3 && c.roomLow() {
			state = kit.Waiting
		}
		p.Mark(state, place.X+u(30), place.Y+place.H*0.3, u(12))
		if word := p.Width(c.t(card.word), kit.Style{Size: 18, Bold: true}); word+p.Width(card.count, kit.Style{Size: 18}) > place.W-u(80) {
			card.count = ""
		}
		used := p.Line(place.X+u(40), place.Y+place.H*0.3, place.W-u(60), card.count, kit.Style{Size: 18, Ink: look.Soft, Side: kit.End})
		p.Line(place.X+u(46), place.Y+place.H*0.3, place.W-u(72)-used, c.t(card.word), kit.Style{Size: 18, Bold: true})
		p.Sum(kit.Rect{X: place.X + u(12), Y: place.Y + place.H*0.71, W: place.W - u(32), H: 0}, i18n.Money(card.sum), kit.Style{Size: 36, Bold: true, Side: kit.End})
	}
}
