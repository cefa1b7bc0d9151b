package screen

import (
	"time"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// records draws the attempts found, newest first; a touch opens one.
func (c *Ctx) records(r kit.Rect) {
	u, p := c.u, c.p
	under := c.t("最近的在上面；扫小票条码，或输入金额、卡号后四位、凭证号")
	if c.V.Entry != "" {
		under = c.t("查找：%s", c.V.Entry)
	}
	keys := []kit.Key{{Label: c.t("退货 · 撤销"), Icon: "refund", Cap: "F7", Act: act(VerbReceipt, "")}}
	if c.V.Entry != "" {
		keys = append(keys, kit.Key{Label: c.t("清空"), Icon: "cross", Cap: "Home", Act: act(VerbClear, "")})
	}
	body := c.title(r, c.t("流水"), under, keys...)
	p.Panel(body)
	list := c.V.Found2
	foot, rows := body.Foot(u(50), 0)
	shown := 0
	if len(list) == 0 {
		c.empty(rows, "list", c.t("没有记录"), c.t("收一笔款，这里就有一行"))
	} else {
		rows.Y++
		shown = p.TouchList(rows, "records", kit.KeyedRow(rows.H, max(u(58), c.L.M.KeyH())), len(list), c.V.First["records"], func(i int, row kit.Rect) {
			c.recordRow(row, &list[i])
		})
	}
	p.Rule(body.X+1, foot.Y, body.W-2)
	p.Line(foot.X+u(24), foot.Mid(), foot.W-u(48), c.t("%d 笔 · %d 页", len(list), pages(len(list), shown)), kit.Style{Size: 18, Ink: look.Soft, Side: kit.End})
}

func (c *Ctx) recordRow(row kit.Rect, a *pos.Attempt) {
	u, p := c.u, c.p
	cover := p.Fill(kit.Rect{X: row.X + 1, Y: row.Y, W: row.W - 2, H: row.H - 1}, look.Surface)
	p.Rule(row.X+u(24), row.Bottom()-1, row.W-u(48))
	state, word := c.outcomeOf(a)
	k := row.W / 1242
	at := func(v float32) float32 { return row.X + v*k }
	p.Line(at(24), row.Mid(), at(130)-at(24), c.moment(a.Created), kit.Style{Size: 18, Ink: look.Soft})
	p.Line(at(140), row.Mid(), at(280)-at(140), c.recordKind(a), kit.Style{Size: 20, Bold: true, Elide: true})
	p.Line(at(290), row.Mid(), at(390)-at(290), a.Receipt, kit.Style{Size: 18, Ink: look.Soft})
	p.Line(at(400), row.Mid(), at(640)-at(400), i18n.Masked(a.MaskedPAN)+a.Wallet, kit.Style{Size: 18, Ink: look.Soft, Elide: true})
	p.PillFit(at(650), row.Mid()-max(u(16), 15), at(850)-at(650), state, word)
	sum := a.Approved
	if sum == 0 {
		sum = a.Amount
	}
	end := row.Right() - c.rowEnd(row, act(VerbAttempt, a.ID))
	used := p.Line(at(860), row.Mid(), end-at(860), i18n.Money(sum), kit.Style{Size: 22, Bold: true, Side: kit.End})
	if room := min(at(1010), end-used-u(12)) - at(860); room > u(40) {
		p.Line(at(860), row.Mid(), room, c.name(a.Cashier), kit.Style{Size: 18, Ink: look.Soft, Elide: true})
	}
	p.Row(row, act(VerbAttempt, a.ID), cover)
}

// moment writes a time of today with its seconds, another day's with its date.
func (c *Ctx) moment(at time.Time) string {
	at = at.In(c.V.Now.Location())
	if at.Format(time.DateOnly) != c.V.Now.Format(time.DateOnly) {
		return at.Format("01-02 15:04")
	}
	return at.Format("15:04:05")
}

func (c *Ctx) name(id string) string {
	if n := c.V.Names[id]; n != "" {
		return n
	}
	return id
}

// record draws one attempt: what it is left, what happened to it right.
func (c *Ctx) record(r kit.Rect) {
	u, p, a := c.u, c.p, &c.V.Attempt
	head, rest := r.Top(max(u(48), c.L.M.KeyH()), u(14))
	back := kit.Rect{X: head.X, Y: head.Y, W: u(170), H: head.H}
	p.Key(back, kit.Key{Form: kit.Wide, Size: 20, Label: c.t("返回"), Icon: "chevron-left", Cap: "Esc", Act: act(VerbGo, string(Records))})
	used := p.Line(back.Right()+u(18), head.Mid(), u(300), join(c.W.Tender(a.Tender), c.kind(a.Kind)), kit.Style{Size: 30, Bold: true})
	p.Line(back.Right()+u(36)+used, head.Mid()+u(2), head.Right()-back.Right()-u(40)-used,
		join(a.Created.In(c.V.Now.Location()).Format("01-02 15:04:05"), c.t("小票 %s", dash(a.Receipt)), c.name(a.Cashier)),
		kit.Style{Size: 18, Ink: look.Soft, Elide: true})
	left, right := rest.Left(rest.W*0.378, u(12))
	c.recordFacts(left, a)
	c.recordEvents(right)
}

func (c *Ctx) recordFacts(r kit.Rect, a *pos.Attempt) {
	u, p := c.u, c.p
	p.Panel(r)
	state, word := c.outcomeOf(a)
	ground, ink := state.Ground(), state.Ink()
	if state == kit.Calm {
		ground = look.OKSoft
	}
	h := u(126)
	p.Add(kit.Item{Shape: kit.Box, R: kit.Rect{X: r.X + 1, Y: r.Y + 1, W: r.W - 2, H: h}, Fill: ground, Radius: u(13), CutBottom: true})
	p.Mark(state, r.X+u(38), r.Y+u(36), u(16))
	p.Line(r.X+u(62), r.Y+u(36), r.W-u(80), word, kit.Style{Size: 22, Bold: true, Ink: ink})
	sum := a.Approved
	if sum == 0 {
		sum = a.Amount
	}
	note := c.recordNote(a)
	p.Line(r.X+u(26), r.Y+u(92), r.W*0.4, note, kit.Style{Size: 18, Elide: true})
	p.Sum(kit.Rect{X: r.X + r.W*0.4, Y: r.Y + u(88), W: r.W*0.6 - u(24), H: 0}, i18n.Money(sum), kit.Style{Size: 50, Bold: true, Side: kit.End})
	high, low := max(u(52), c.L.M.KeyH()), max(u(48), c.L.M.KeyH())
	foot, _ := r.Foot(high+low+u(38), 0)
	rows := [][2]string{
		{c.t("卡"), i18n.Masked(a.MaskedPAN)},
		{c.t("读法"), c.W.Entry(a.EntryMode)},
		{c.t("凭证号（流水号）"), a.STAN},
		{c.t("批次"), a.Batch},
		{c.t("授权码"), a.AuthCode},
		{c.t("终端号"), c.S.Shop.TID},
		{c.t("商户号"), c.S.Shop.MID},
		{c.t("银行参考号"), a.RRN},
	}
	if r.H-h-foot.H < float32(len(rows))*22 { // a low panel: what a bank asks for
		rows = [][2]string{{c.t("卡"), join(i18n.Masked(a.MaskedPAN), c.W.Entry(a.EntryMode))}, {c.t("凭证号 / 批次"), a.STAN + " / " + a.Batch}, rows[4], rows[5], rows[7]}
	}
	switch a.Tender {
	case pos.QR:
		rows = [][2]string{{c.t("钱包"), a.Wallet}, {c.t("订单号"), a.Order}, {c.t("终端号"), c.S.Shop.TID}}
		if a.Wallet == "" {
			rows = rows[1:]
		}
	case pos.Cash:
		rows = [][2]string{{c.t("已收"), i18n.Money(a.Tendered)}, {c.t("找零"), i18n.Money(a.Change)}, {c.t("终端号"), c.S.Shop.TID}}
	case pos.Card:
	}
	c.facts(kit.Rect{X: r.X + u(24), Y: r.Y + h + u(4), W: r.W - u(48), H: r.H - h - foot.H - u(8)}, rows, 46)
	p.Rule(r.X+1, foot.Y, r.W-2)
	k := kit.Key{Dress: kit.Filled, Form: kit.Wide, Size: 20, Label: c.t("重打小票"), Icon: "printer", Cap: "F9", Act: act(VerbReprint, a.Receipt)}
	if a.Receipt == "" {
		k.Dress, k.Act = kit.Unavailable, kit.Act{}
		k.Label = c.t("没有小票")
	}
	p.Key(kit.Rect{X: r.X + u(18), Y: foot.Y + u(14), W: r.W - u(36), H: high}, k)
	two := kit.Rect{X: r.X + u(18), Y: foot.Y + high + u(24), W: r.W - u(36), H: low}.Cols(2, u(10))
	undo := kit.Key{Form: kit.Wide, Size: 20, Label: c.t("退货 · 撤销"), Icon: "refund", Act: act(VerbReceipt, a.Receipt), Cap: "F7"}
	if c.L.M.S < 0.7 {
		undo.Icon = ""
	}
	if a.Receipt == "" {
		undo.Dress, undo.Icon, undo.Label, undo.Cap, undo.Act = kit.Unavailable, "", c.t("没有收款"), "", kit.Act{}
	}
	p.Key(two[0], c.capped(two[0], undo))
	look := kit.Key{Form: kit.Wide, Size: 20, Label: c.t("说明"), Icon: "info", Cap: "F8", Act: act(VerbStory, a.ID)}
	if a.State == pos.Manual || a.State == pos.LateDeclined {
		look = kit.Key{Form: kit.Wide, Dress: kit.Tint, Size: 20, Label: c.t("处理"), Icon: "chevron-right", Cap: "F8", Act: act(VerbDecide, a.ID)}
	}
	p.Key(two[1], c.capped(two[1], look))
}

func (c *Ctx) recordNote(a *pos.Attempt) string {
	switch a.State {
	case pos.Declined, pos.LateDeclined:
		return c.W.Reason(a.Code)
	case pos.Reversed, pos.Cancelled:
		return c.t("顾客不应被扣款")
	case pos.Unknown, pos.Reversing, pos.Sending:
		return c.t("正在向银行撤销")
	}
	return ""
}

func (c *Ctx) recordEvents(r kit.Rect) {
	u, p := c.u, c.p
	p.Panel(r)
	p.Line(r.X+u(24), r.Y+u(34), r.W/2, c.t("经过"), kit.Style{Size: 20, Bold: true})
	list := c.V.Events
	if n := len(list); n > 0 {
		p.Line(r.X+u(24), r.Y+u(34), r.W-u(48), c.t("日志 %d – %d · 校验一致", list[0].Seq, list[n-1].Seq), kit.Style{Size: 16, Ink: look.Soft, Side: kit.End})
	}
	p.Rule(r.X+1, r.Y+u(60), r.W-2)
	rows := kit.Rect{X: r.X, Y: r.Y + u(65), W: r.W, H: r.H - u(72)}
	pitch := max(u(66), 48)
	x := r.X + u(150)
	p.TouchList(rows, "events", pitch, len(list), c.V.First["events"], func(i int, row kit.Rect) {
		e := list[i]
		mark, text := c.told(e)
		if row.Bottom()+u(20) < rows.Bottom() && i < len(list)-1 {
			p.Fill(kit.Rect{X: x - 1, Y: row.Mid() + u(16), W: 2, H: pitch - u(32)}, look.Edge)
		}
		p.Line(r.X+u(24), row.Mid(), u(110), e.Time.In(c.V.Now.Location()).Format("15:04:05"), kit.Style{Size: 18, Ink: look.Soft})
		p.Mark(mark, x, row.Mid(), u(14))
		note, up := c.eventNote(e), max(u(13), 11)
		if note == "" {
			up = 0
		}
		p.Line(x+u(34), row.Mid()-up, r.Right()-x-u(54), text, kit.Style{Size: 20, Bold: true, Elide: true})
		p.Line(x+u(34), row.Mid()+max(u(15), 12), r.Right()-x-u(54), note, kit.Style{Size: 18, Ink: look.Soft, Elide: true})
	})
}

// eventNote words what an event carries.
func (c *Ctx) eventNote(e pos.Event) string {
	code := ""
	if e.Code != "" {
		code = c.W.Reason(e.Code)
		if len(e.Code) == 2 {
			code = e.Code + " " + code
		}
	}
	stan, receipt := "", ""
	if e.STAN != "" {
		stan = c.t("凭证号 %s", e.STAN)
	}
	if e.Receipt != "" {
		receipt = c.t("小票 %s", e.Receipt)
	}
	return join(stan, receipt, c.W.Entry(e.EntryMode), code)
}
