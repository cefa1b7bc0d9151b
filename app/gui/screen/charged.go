package screen

import (
	"slices"
	"strconv"
	"time"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
	"tillkeeper/app/settle"
)

// The numbers that a claim is looked for by.
const (
	FieldAmount = "amount"
	FieldLast4  = "last4"
)

// AnyHour looks at whole days.
const AnyHour = -1

// Claim is the search for the payment of a customer who says that a failed sale was charged.
type Claim struct {
	Amount, Last4 string
	Field         string // where the digits go
	Days          int    // days back: 0 today, 1 yesterday, 3, 7
	Hour          int    // of the shop's day, AnyHour for all
	Found         []pos.Attempt
	Searched      bool
	Tale          *settle.Story
	Back          Name // where the story was opened from
}

var windows = []choice{{"0", "当天"}, {"1", "昨天"}, {"3", "近 3 天"}, {"7", "近 7 天"}}

// charged draws the search by sum, time and last four digits, and the candidates.
func (c *Ctx) charged(r kit.Rect) {
	u, p, q := c.u, c.p, &c.V.Claim
	body := c.tabs(r, Charged, c.t("顾客说没买成却被扣了款"))
	main, side, pad := c.work(body)
	gap, keyH := c.L.M.Gap(), c.L.M.KeyH()
	top, list := main.Top(keyH, gap)
	days, hour := top.Left(top.W*0.62, gap)
	if top.W >= 4*130 {
		c.chips(days, 4, VerbWindow, strconv.Itoa(q.Days), windows)
	} else { // a low panel: one key goes through the windows
		days, hour = top.Left(top.W*0.4, gap)
		i := slices.IndexFunc(windows, func(ch choice) bool { return ch.arg == strconv.Itoa(q.Days) })
		next := windows[(i+1)%len(windows)].arg
		p.Key(days, c.capped(days, kit.Key{
			Dress: kit.Chosen, Size: 18, Label: c.t(windows[max(i, 0)].word), Icon: "calendar", Cap: leftKey(0, 0), Act: act(VerbWindow, next),
		}))
	}
	c.hourStep(hour)
	p.Panel(list)
	switch {
	case q.Amount == "" && q.Last4 == "":
		c.empty(list, "search", c.t("输入金额或卡号后四位"), c.t("再选是哪一天、大约几点"))
	case len(q.Found) == 0:
		c.empty(list, "search", c.t("没有这样的付款"), c.t("放宽时间，或只输入金额"))
	default:
		p.TouchList(list.In(0, u(6)), "claims", kit.KeyedRow(list.H, max(u(72), 50)), len(q.Found), c.V.First["claims"], func(i int, row kit.Rect) {
			c.claimRow(row, &q.Found[i])
		})
	}
	fields := side.Rows(2, gap)
	if side.H >= 3*keyH+2*gap {
		fields = side.Rows(3, gap)
		p.Key(fields[2], kit.Key{Dress: kit.Flat, Label: c.t("清空"), Icon: "cross", Cap: "Home", Size: 22, Act: act(VerbClear, "")})
	}
	for i, f := range [...]struct{ field, word, value string }{{FieldAmount, "金额", q.Amount}, {FieldLast4, "卡号后四位", q.Last4}} {
		c.number(fields[i], c.t(f.word), f.value, "–", q.Field == f.field)
		p.Touch(fields[i], act(VerbField, f.field), -1, look.None)
	}
	c.sumPad(pad)
	p.Keys["Home"] = act(VerbClear, "")
	p.Keys["Tab"] = act(VerbField, map[bool]string{true: FieldAmount, false: FieldLast4}[q.Field == FieldLast4])
}

// hourStep draws the hour between its two keys.
func (c *Ctx) hourStep(r kit.Rect) {
	gap := c.L.M.Gap()
	key := c.L.M.KeyH()
	left, rest := r.Left(key, gap)
	right, mid := rest.Far(key, gap)
	c.p.Key(left, kit.Key{Icon: "minus", Key: "-", Act: act(VerbHour, "-1")})
	c.p.Key(right, kit.Key{Icon: "plus", Key: "+", Act: act(VerbHour, "1")})
	text, st := c.t("全天"), kit.Style{Size: 18, Bold: true, Side: kit.Centre}
	if h := c.V.Claim.Hour; h != AnyHour {
		text = c.fit(mid.W, st, c.t("%d 点前后", h), strconv.Itoa(h)+":00")
	}
	c.p.Text(mid, text, st)
}

func (c *Ctx) claimRow(row kit.Rect, a *pos.Attempt) {
	u, p := c.u, c.p
	cover := p.Fill(kit.Rect{X: row.X + 1, Y: row.Y + 1, W: row.W - 2, H: row.H - 2}, look.Surface)
	p.Rule(row.X+u(20), row.Bottom()-1, row.W-u(40))
	state, word := c.outcomeOf(a)
	end := c.rowEnd(row, act(VerbStory, a.ID))
	used := p.Line(row.X, row.Mid(), row.W-end, i18n.Money(sumOf(a)), kit.Style{Size: 22, Bold: true, Side: kit.End})
	pill := row.Right() - end - u(18) - used - p.PillWidth(word)
	p.Pill(pill, row.Mid()-max(u(16), 15), state, word)
	room := pill - row.X - u(30)
	at := a.Created.In(c.V.Now.Location())
	p.Line(row.X+u(20), row.Mid()-max(u(14), 11), room, join(at.Format("01-02 15:04:05"), c.W.Tender(a.Tender)), kit.Style{Size: 20, Bold: true, Elide: true})
	p.Line(row.X+u(20), row.Mid()+max(u(15), 11), room, join(i18n.Masked(a.MaskedPAN)+a.Wallet, c.t("凭证号 %s", dash(a.STAN))), kit.Style{Size: 16, Ink: look.Soft, Elide: true})
	p.Row(row, act(VerbStory, a.ID), cover)
}

// verdict says in plain words how it stands with a payment: the mark, the sentence, what to tell the customer.
func (c *Ctx) verdict(t *settle.Story) (kit.State, string, []string) {
	a := &t.Attempt
	for i := range t.Differences {
		d := &t.Differences[i]
		switch {
		case d.Class != pos.TheirsOnly && d.Class != pos.ReversedInFile:
		case d.Resolved.IsZero():
			return kit.Failed, c.t("银行的文件里记了扣款"), []string{c.t("顾客可能真的多付了。"), c.t("老板会按文件处理，钱退回原卡。")}
		default: // somebody decided
			say := []string{c.t("银行的文件里记了扣款，已经处理。")}
			for _, w := range differenceWays {
				if w.arg == d.How {
					say = append(say, join(c.t("处理：%s", c.t(w.word)), c.name(d.By)))
				}
			}
			return kit.Calm, c.t("多扣的已经处理"), say
		}
	}
	switch a.State {
	case pos.Reversed:
		return kit.Calm, c.t("已撤销，银行已确认"), []string{c.t("我们没有收到这笔钱。"), c.t("扣了的钱会原路退回，时间由发卡银行定。")}
	case pos.Declined, pos.Cancelled:
		return kit.Calm, c.t("没有收款"), []string{c.t("这一笔没有成功，银行没有批准。"), c.t("如有扣款提示，请凭单子问发卡银行。")}
	case pos.Approved, pos.Delivered, pos.Settled, pos.OfflineApproved, pos.Deferred, pos.Delivering:
		return kit.Calm, c.t("收款成功，不是多扣"), []string{c.t("小票 %s 就是这一笔。", dash(a.Receipt)), c.t("东西已经卖出，钱收了一次。")}
	case pos.Voided, pos.Refunded:
		return kit.Calm, c.t("已退给顾客"), []string{c.t("这一笔已经撤销或退货。"), c.t("钱会原路退回，时间由发卡银行定。")}
	case pos.Manual, pos.LateDeclined:
		return kit.Failed, c.t("还要人处理"), []string{c.t("这一笔在待办里，老板会处理。"), c.t("请留下顾客的电话。")}
	}
	return kit.Unsure, c.t("正在撤销，还没确认"), []string{c.t("收银机一直在通知银行撤销。"), c.t("没有确认之前不会算作已收款。")}
}

// story draws the whole story of one payment in plain words, and the key that prints it.
func (c *Ctx) story(r kit.Rect) {
	u, p, t := c.u, c.p, c.V.Claim.Tale
	if t == nil {
		t = &settle.Story{}
	}
	a, back := &t.Attempt, c.V.Claim.Back
	if back == Home {
		back = Charged
	}
	body := c.title(r, c.t("这一笔的经过"), join(a.Created.In(c.V.Now.Location()).Format("01-02 15:04:05"), c.W.Tender(a.Tender), i18n.Masked(a.MaskedPAN)),
		kit.Key{Label: c.t("返回"), Icon: "chevron-left", Cap: "Esc", Act: act(VerbGo, string(back))})
	left, right := body.Left(body.W*0.42, u(12))
	p.Panel(left)
	state, word, say := c.verdict(t)
	ground := state.Ground()
	if state == kit.Calm {
		ground = look.OKSoft
	}
	h := max(u(150), 104)
	p.Add(kit.Item{Shape: kit.Box, R: kit.Rect{X: left.X + 1, Y: left.Y + 1, W: left.W - 2, H: h}, Fill: ground, Radius: u(13), CutBottom: true})
	p.Mark(state, left.X+u(36), left.Y+h*0.25, u(16))
	p.Line(left.X+u(60), left.Y+h*0.25, left.W-u(80), word, kit.Style{Size: 24, Bold: true})
	p.Sum(kit.Rect{X: left.X + u(24), Y: left.Y + h*0.68, W: left.W - u(48), H: 0}, i18n.Money(sumOf(a)), kit.Style{Size: 54, Bold: true, Side: kit.End})
	key, rest := left.Foot(max(u(72), c.L.M.KeyH())+u(32), 0)
	y := left.Y + h + max(u(36), 24)
	p.Line(left.X+u(24), y, left.W-u(48), c.t("请对顾客说"), kit.Style{Size: 18, Ink: look.Soft})
	for _, s := range say {
		for _, text := range wrap(c, s, left.W-u(48), 20, 2) {
			y += max(u(34), 24)
			p.Line(left.X+u(24), y, left.W-u(48), text, kit.Style{Size: 20})
		}
	}
	facts := y + max(u(30), 18)
	if room := rest.Bottom() - facts - u(8); room > 4*22 {
		c.facts(kit.Rect{X: left.X + u(24), Y: facts, W: left.W - u(48), H: room}, [][2]string{
			{c.t("凭证号 / 批次"), a.STAN + " / " + a.Batch}, {c.t("参考号"), a.RRN}, {c.t("小票"), a.Receipt}, {c.t("收银员"), c.name(a.Cashier)},
		}, 46)
	}
	k := kit.Key{Dress: kit.Filled, Size: 22, Label: c.t("打印给顾客"), Icon: "printer", Cap: "F9", Act: act(VerbSlip, a.ID)}
	if a.ID == "" {
		k.Dress, k.Label, k.Cap = kit.Unavailable, c.t("不能打印"), ""
	}
	p.Key(key.In(u(20), u(16)), k)
	c.timeline(right, t)
}

// timeline draws what happened in order, and what the acquirer's files say at its end.
func (c *Ctx) timeline(r kit.Rect, t *settle.Story) {
	u, p := c.u, c.p
	p.Panel(r)
	n := len(t.Events) + max(1, len(t.Differences))
	pitch := max(u(66), 46)
	x := r.X + u(170)
	if r.W < 450 {
		x = r.X + 96
	}
	p.TouchList(r.In(0, u(10)), "tale", pitch, n, c.V.First["tale"], func(i int, row kit.Rect) {
		at, state, text, note := time.Time{}, kit.Unsure, c.t("还没有对账文件"), c.t("次日的文件会写明银行怎么记")
		switch f := i - len(t.Events); {
		case f < 0:
			e := t.Events[i]
			at = e.Time
			state, text = c.told(e)
			note = c.eventNote(e)
		case f < len(t.Differences):
			d := &t.Differences[f]
			at, state, text, note = d.Found, kit.Waiting, c.t("对账文件：%s", c.class(d.Class)), c.proposal(d)
			if d.Class == pos.Matched || !d.Resolved.IsZero() {
				state = kit.Calm
			}
		}
		if !at.IsZero() {
			p.Line(r.X+u(20), row.Mid(), x-r.X-u(44), at.In(c.V.Now.Location()).Format("15:04:05"), kit.Style{Size: 18, Ink: look.Soft})
		}
		p.Mark(state, x, row.Mid(), u(14))
		up, notes := max(u(13), 11), wrap(c, note, (r.Right()-x-u(50))*1.06, 16, 2)
		switch {
		case len(notes) > 1:
			up = max(u(21), 16)
		case note == "":
			up = 0
		}
		p.Line(x+u(30), row.Mid()-up, r.Right()-x-u(50), text, kit.Style{Size: 20, Bold: true, Elide: true})
		for j, s := range notes {
			p.Line(x+u(30), row.Mid()-up+max(u(28), 22)+float32(j)*max(u(20), 15), r.Right()-x-u(50), s, kit.Style{Size: 16, Ink: look.Soft, Elide: true})
		}
	})
}
