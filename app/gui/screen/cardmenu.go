package screen

import (
	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// CardDo is what the card menu works on.
type CardDo struct {
	Held   []checkout.Standing // pre-authorizations that stand, newest first
	Chosen string              // receipt of the one that is completed or cancelled
}

// chosen gives the pre-authorization that was chosen, nil for none.
func (d *CardDo) chosen() *pos.Attempt {
	for i := range d.Held {
		if d.Held[i].Receipt == d.Chosen {
			return d.Held[i].Held
		}
	}
	return nil
}

// Sum gives what a completion would take: what was typed, or all of it.
func (d *CardDo) Sum(entry string) pos.Amount {
	a := d.chosen()
	if a == nil {
		return 0
	}
	if typed, err := pos.ParseAmount(entry); err == nil && entry != "" {
		return typed
	}
	return a.Approved
}

// cards draws what a card can do besides paying: its balance, pre-authorizations and their ends.
func (c *Ctx) cards(r kit.Rect) {
	u, p, d := c.u, c.p, &c.V.CardDo
	body := c.title(r, c.t("卡业务"), c.t("查余额、预授权、完成和撤销"),
		kit.Key{Label: c.t("查余额"), Icon: "wallet", Cap: "F8", Act: act(VerbBalance, "")})
	main, side, pad := c.work(body)
	p.Panel(main)
	foot, rows := main.Foot(max(u(46), 32), 0)
	if len(d.Held) == 0 {
		c.empty(rows, "card", c.t("没有成立的预授权"), c.t("输入金额，按“预授权”"))
	} else {
		p.TouchList(rows, "held_cards", kit.KeyedRow(rows.H, max(u(72), 50)), len(d.Held), c.V.First["held_cards"], func(i int, row kit.Rect) {
			c.heldCard(row, &d.Held[i])
		})
	}
	p.Rule(main.X+1, foot.Y, main.W-2)
	c.notice(foot.X+u(20), foot.Mid(), foot.W-u(40), c.t("点一笔预授权，或扫它的小票，再完成或撤销"))
	entry, a := c.V.Entry, d.chosen()
	typed, err := pos.ParseAmount(entry)
	if a == nil {
		missing := ""
		if entry == "" || err != nil || typed <= 0 {
			missing = c.t("先输入金额")
		}
		c.sideKeys(side, func(at kit.Rect) { c.number(at, c.t("金额"), entry, "0.00", true) },
			ready(kit.Key{Label: c.t("预授权"), Icon: "lock", Cap: "F4", Act: act(VerbPreauth, "")}, missing))
		c.sumPad(pad)
		return
	}
	sum, missing := d.Sum(entry), ""
	if sum <= 0 || sum > a.Approved {
		missing = c.t("最多 %s", i18n.Money(a.Approved))
	}
	c.sideKeys(side, func(at kit.Rect) { c.number(at, c.t("完成金额"), entry, i18n.Money(a.Approved), true) },
		ready(kit.Key{Label: c.t("完成 ¥%s", i18n.Money(sum)), Icon: "check", Cap: "F4", Act: act(VerbAsk, string(AskFinish))}, missing),
		kit.Key{Label: c.t("撤销预授权"), Icon: "cross", Cap: "F5", Size: 20, Act: act(VerbAsk, string(AskCancel))})
	c.sumPad(pad)
}

func (c *Ctx) heldCard(row kit.Rect, s *checkout.Standing) {
	u, p, a := c.u, c.p, s.Held
	body := p.Fill(kit.Rect{X: row.X + 1, Y: row.Y + 1, W: row.W - 2, H: row.H - 2}, look.Surface)
	ink := look.Ink
	if s.Receipt == c.V.CardDo.Chosen {
		p.Items[body].Fill, ink = look.ActionSoft, look.OnSoft
		p.Fill(kit.Rect{X: row.X + 1, Y: row.Y + 1, W: u(5), H: row.H - 2}, look.Action)
	}
	p.Rule(row.X+u(20), row.Bottom()-1, row.W-u(40))
	end := c.rowEnd(row, act(VerbHeld, s.Receipt))
	sum := p.Line(row.X, row.Mid(), row.W-end, i18n.Money(a.Approved), kit.Style{Size: 24, Bold: true, Ink: ink, Side: kit.End})
	room := row.W - u(40) - end - sum
	p.Line(row.X+u(24), row.Mid()-max(u(13), 10), room, i18n.Masked(a.MaskedPAN), kit.Style{Size: 20, Bold: true, Ink: ink, Elide: true})
	p.Line(row.X+u(24), row.Mid()+max(u(16), 11), room,
		join(c.t("小票 %s", dash(s.Receipt)), a.Created.In(c.V.Now.Location()).Format("01-02 15:04"), c.t("授权码 %s", dash(a.AuthCode))),
		kit.Style{Size: 16, Ink: look.Soft, Elide: true})
	p.Row(row, act(VerbHeld, s.Receipt), body)
}

// askHeld words the question before a pre-authorization ends.
func (c *Ctx) askHeld() question {
	d := &c.V.CardDo
	a := d.chosen()
	if a == nil {
		a = &pos.Attempt{}
	}
	card := join(i18n.Masked(a.MaskedPAN), c.t("小票 %s", dash(d.Chosen)))
	if c.V.Ask == AskFinish {
		return question{
			icon: "check", title: c.t("完成预授权，收这么多？"), sum: d.Sum(c.V.Entry), yes: c.t("确认收款"),
			lines: []string{card, c.t("冻结的 %s 里没收的部分会解冻", i18n.Money(a.Approved))},
		}
	}
	return question{icon: "cross", title: c.t("撤销预授权？"), sum: a.Approved, yes: c.t("确认撤销"), lines: []string{card, c.t("冻结的钱全部解冻")}}
}
