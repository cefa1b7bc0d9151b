package screen

import (
	"slices"
	"strconv"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
	"tillkeeper/app/settle"
)

// Closing is what the screens of settlement and reconciliation show.
type Closing struct {
	Known    bool           // there is a close of the batch on this till
	Running  bool           // this till's command is under way
	Open     bool           // begun and not closed: it goes on by itself
	Stage    string         // of package settle
	Done, Of int            // payments of the upload that went out, and of how many
	Report   *settle.Report // the last one, nil for none
	Preview  Preview        // of the open batch
	Fault    string         // code why the last try stopped, "" for none
	Files    []string
	Fetches  bool // the file can be fetched from the acquirer
	Result   *settle.Reconciled
	List     []pos.Difference
}

// Preview is what a settlement would send now.
type Preview struct {
	Totals pos.BatchTotals
	Left   []pos.Attempt // would be left out
}

// previews says whether the screen shows the open batch instead of the last settlement.
func (v *Closing) previews() bool {
	t := &v.Preview.Totals
	return !v.Running && !v.Open && t.DebitCount+t.CreditCount+len(v.Preview.Left) > 0
}

// askSettle words the question before a settlement, with the till's totals and what would be left out.
func (c *Ctx) askSettle() question {
	v := &c.V.Closing
	q := question{icon: "layout", title: c.t("现在结算？"), noSum: true, yes: c.t("开始结算")}
	if t := &v.Preview.Totals; v.previews() {
		q.noSum, q.sum = false, t.Debit-t.Credit
		q.lines = append(q.lines, c.t("收款 %d 笔 %s，退货与撤销 %d 笔 %s", t.DebitCount, i18n.Money(t.Debit), t.CreditCount, i18n.Money(t.Credit)))
		if n := len(v.Preview.Left); n > 0 {
			q.lines = append(q.lines, c.t("%d 笔还没送完：先送，送不完要店长同意", n))
		}
	}
	q.lines = append(q.lines, c.t("结算时刷卡和扫码暂停，现金照常。"))
	if q.noSum {
		q.lines = append(q.lines, c.t("中断了会从停下的地方接着做。"))
	}
	return q
}

// tabs draws the title with the three keys that the place of the rail leads to.
func (c *Ctx) tabs(r kit.Rect, here Name, under string) kit.Rect {
	head, rest := r.Top(max(c.u(48), c.L.M.KeyH()), c.u(14))
	gap := c.L.M.Gap()
	w := min(c.u(212), (head.W*0.66-2*gap)/3)
	x := head.Right() - 3*w - 2*gap
	for i, t := range [...]struct {
		name      Name
		word, key string
	}{{Settle, "结算", "F2"}, {Reconcile, "对账文件", "F3"}, {Charged, "多扣款查询", "F4"}} {
		k := kit.Key{Label: c.t(t.word), Cap: t.key, Form: kit.Wide, Size: 18, Act: act(VerbGo, string(t.name))}
		if t.name == here {
			k.Dress = kit.Chosen
		}
		place := kit.Rect{X: x + float32(i)*(w+gap), Y: head.Y, W: w, H: head.H}
		if w < 190 {
			k.Form = kit.Middle
			k = c.capped(place, k)
		}
		c.p.Key(place, k)
	}
	used := c.p.Line(head.X, head.Mid(), x-head.X-gap, c.t("对账"), kit.Style{Size: 30, Bold: true})
	c.under(head.X+used+c.u(18), head.Mid()+c.u(2), x-head.X-used-c.u(30), under)
	return rest
}

// settle draws the close of the batch: before, while it runs, after.
func (c *Ctx) settle(r kit.Rect) {
	v := &c.V.Closing
	under := ""
	if v.Report != nil {
		under = join(c.t("上次 %s", v.Report.Ended.In(c.V.Now.Location()).Format("01-02 15:04")), c.t("批次 %s", v.Report.Batch))
	}
	body := c.tabs(r, Settle, under)
	gap := c.L.M.Gap()
	left, right := body.Left(body.W*0.56, gap)
	keyH := max(c.u(84), c.L.M.KeyH()+8)
	key, rest := right.Foot(keyH, gap)
	c.settleTotals(left)
	if v.Running || v.Open {
		c.settleProgress(rest)
	} else {
		c.leftOut(rest)
	}
	c.settleKey(key)
}

func (c *Ctx) settleKey(r kit.Rect) {
	v := &c.V.Closing
	k := kit.Key{Dress: kit.Filled, Size: 26, Label: c.t("结算"), Sub: c.t("先送完待上送的，再对总额"), Cap: "F12", Act: act(VerbAsk, string(AskSettle))}
	switch {
	case !v.Known:
		k.Dress, k.Sub, k.Cap = kit.Unavailable, c.t("未开通"), ""
	case v.Running:
		k.Dress, k.Label, k.Sub, k.Cap = kit.Unavailable, c.t("正在结算"), c.t("现金照常收"), ""
	case v.Open || c.S.Settling:
		k.Label, k.Sub = c.t("接着结算"), c.t("从停下的地方接着做")
	case c.S.Line.State == "offline":
		k.Dress, k.Sub, k.Cap = kit.Unavailable, c.t("离线，恢复后再结算"), ""
	}
	c.p.Key(r, k)
}

// settleTotals draws the till's sums beside the host's.
func (c *Ctx) settleTotals(r kit.Rect) {
	u, p, rep := c.u, c.p, c.V.Closing.Report
	p.Panel(r)
	head, rest := r.Top(max(u(112), 76), 0)
	state, word, under, fill := c.howSettled()
	p.Add(kit.Item{Shape: kit.Box, R: kit.Rect{X: r.X + 1, Y: r.Y + 1, W: r.W - 2, H: head.H - 1}, Fill: fill, Radius: u(13), CutBottom: true})
	p.Mark(state, head.X+u(40), head.Mid(), u(18))
	p.Line(head.X+u(72), head.Mid()-max(u(16), 12), head.W-u(96), word, kit.Style{Size: 26, Bold: true})
	p.Line(head.X+u(72), head.Mid()+max(u(22), 14), head.W-u(96), under, kit.Style{Size: 18, Ink: look.Soft, Elide: true})
	cols := rest.In(u(24), u(10)).Rows(5, 0)
	soft := kit.Style{Size: 18, Ink: look.Soft, Side: kit.End}
	till, host := rest.X+rest.W*0.62, rest.Right()-u(24)
	p.Line(rest.X, cols[0].Mid(), till-rest.X, c.t("收银机"), soft)
	p.Line(till, cols[0].Mid(), host-till, c.t("银行"), soft)
	p.Rule(rest.X+u(24), cols[0].Bottom(), rest.W-u(48))
	var a, b pos.BatchTotals
	compared, known := rep != nil && !c.V.Closing.previews(), rep != nil || c.V.Closing.previews()
	if compared {
		a, b = rep.Till, rep.Host
	} else {
		a = c.V.Closing.Preview.Totals
	}
	for i, f := range [...]struct {
		word       string
		ours, bank string
		same       bool
	}{
		{"收款金额", i18n.Money(a.Debit), i18n.Money(b.Debit), a.Debit == b.Debit},
		{"收款笔数", strconv.Itoa(a.DebitCount), strconv.Itoa(b.DebitCount), a.DebitCount == b.DebitCount},
		{"退货与撤销", i18n.Money(a.Credit), i18n.Money(b.Credit), a.Credit == b.Credit},
		{"退货与撤销笔数", strconv.Itoa(a.CreditCount), strconv.Itoa(b.CreditCount), a.CreditCount == b.CreditCount},
	} {
		row := cols[i+1]
		ours, bank := f.ours, f.bank
		if !known {
			ours = "–"
		}
		if !compared {
			bank = "–"
		}
		st := kit.Style{Size: 24, Bold: true, Side: kit.End}
		p.Line(rest.X+rest.W*0.36, row.Mid(), till-rest.X-rest.W*0.36, ours, st)
		if compared && !f.same {
			st.Ink = look.Wait
			p.Mark(kit.Waiting, till+u(24), row.Mid(), u(12))
		}
		p.Line(till+u(36), row.Mid(), host-till-u(36), bank, st)
		p.Line(rest.X+u(24), row.Mid(), rest.W*0.36-u(24), c.t(f.word), kit.Style{Size: 18, Ink: look.Soft})
		if i < 3 {
			p.Rule(rest.X+u(24), row.Bottom(), rest.W-u(48))
		}
	}
}

// howSettled says in words how the batch stands.
func (c *Ctx) howSettled() (state kit.State, word, under string, fill look.Token) {
	rep := c.V.Closing.Report
	switch {
	case c.V.Closing.Running:
		return kit.Busy, c.t("正在结算"), c.t("刷卡和扫码暂停，现金照常"), look.ActionSoft
	case c.V.Closing.Open || c.S.Settling:
		return kit.Waiting, c.t("停下了，会自动接着做"), c.t("银行还没有应答；也可现在接着做"), look.WaitSoft
	case c.V.Closing.Fault != "":
		return kit.Waiting, c.t("没有结算"), c.why(c.V.Closing.Fault), look.WaitSoft
	case c.V.Closing.previews():
		return kit.Calm, c.t("这一批次还没有结算"), c.t("银行的总额，结算时才知道"), look.Sunken
	case rep != nil && rep.Empty:
		return kit.Calm, c.t("没有要结算的"), c.t("这一批次里没有卡的交易"), look.Sunken
	case rep != nil && rep.Balanced:
		return kit.Calm, c.t("总额一致"), c.t("下一批次 %s", dash(rep.Next)), look.OKSoft
	case rep != nil && len(rep.Untaken) > 0:
		return kit.Waiting, c.t("总额不一致，已逐笔上送"), c.t("银行收下 %d 笔，拒收 %d 笔；看对账文件", rep.Uploaded, len(rep.Untaken)), look.WaitSoft
	case rep != nil:
		return kit.Waiting, c.t("总额不一致，已逐笔上送"), c.t("银行已收齐 %d 笔；差额看对账文件", rep.Uploaded), look.WaitSoft
	}
	return kit.Calm, c.t("还没有结算"), c.t("一天结束时结算一次"), look.Sunken
}

// stages are the steps of a settlement in their order; the end of the upload belongs to the upload.
var stages = []string{settle.StageForward, settle.StageTotals, settle.StageUpload, settle.StageClosing}

// settleProgress draws how far a settlement is.
func (c *Ctx) settleProgress(r kit.Rect) {
	u, p, v := c.u, c.p, &c.V.Closing
	p.Panel(r)
	steps := []kit.Step{{Text: c.t("冲正和上送")}, {Text: c.t("对总额")}, {Text: c.t("逐笔上送")}, {Text: c.t("开新批次")}}
	now := slices.Index(stages, v.Stage)
	if v.Stage == settle.StageEnd {
		now = 2
	}
	for i := range steps {
		switch {
		case i < now:
			steps[i].Stage = kit.Done
		case i == now:
			steps[i].Stage, steps[i].Right = kit.Now, c.t("进行中")
		}
	}
	if v.Of > 0 && now >= 2 {
		steps[now].Right = c.t("%d / %d", v.Done, v.Of)
	}
	pitch := min(max(u(72), 44), (r.H-u(110))/3)
	p.Steps(r.X+u(16), r.Y+u(60), r.W-u(32), pitch, steps)
	p.Line(r.X+u(24), r.Bottom()-u(30), r.W-u(48), c.t("断电也会从停下的地方接着做"), kit.Style{Size: 18, Ink: look.Soft, Elide: true})
}

// leftOut draws what a settlement does not contain, and why; before one, what would be in its way.
func (c *Ctx) leftOut(r kit.Rect) {
	u, p, rep := c.u, c.p, c.V.Closing.Report
	p.Panel(r)
	head, rows := r.Top(max(u(54), 36), 0)
	p.Rule(r.X+1, head.Bottom(), r.W-2)
	var left, untaken []pos.Attempt
	title := ""
	switch previews := c.V.Closing.previews(); {
	case previews && len(c.V.Closing.Preview.Left) > 0:
		left = c.V.Closing.Preview.Left
		title = c.t("现在结算会漏下 %d 笔", len(left))
	case rep != nil && !previews:
		left, untaken = slices.Concat(rep.LeftOut, rep.Untaken), rep.Untaken
		if title = c.t("没有算进去的 %d 笔", len(rep.LeftOut)); len(untaken) > 0 {
			title = c.t("请核对 %d 笔", len(left))
		}
	default:
		p.Line(head.X+u(20), head.Mid(), head.W-u(40), c.t("结算之前"), kit.Style{Size: 20, Bold: true})
		v := c.S.Line
		c.facts(rows.In(u(20), u(6)), [][2]string{
			{c.t("待上送"), c.t("%d 笔", v.Queued)}, {c.t("冲正中"), c.t("%d 笔", v.Reversing)}, {c.t("等人处理"), c.t("%d 笔", v.Persons)},
		}, 64)
		return
	}
	p.Line(head.X+u(20), head.Mid(), head.W-u(40), title, kit.Style{Size: 20, Bold: true})
	if len(left) == 0 {
		c.empty(rows, "check", c.t("全部算进去了"), c.t("没有漏下的"))
		return
	}
	p.TouchList(rows, "left_out", kit.KeyedRow(rows.H, max(u(66), 48)), len(left), c.V.First["left_out"], func(i int, row kit.Rect) {
		a := &left[i]
		cover := p.Fill(kit.Rect{X: row.X + 1, Y: row.Y + 1, W: row.W - 2, H: row.H - 2}, look.Surface)
		p.Rule(row.X+u(20), row.Bottom()-1, row.W-u(40))
		end := c.rowEnd(row, act(VerbAttempt, a.ID))
		sum := p.Line(row.X, row.Mid(), row.W-end, i18n.Money(a.Amount), kit.Style{Size: 20, Bold: true, Side: kit.End})
		room := row.W - u(36) - end - sum
		_, why := c.outcomeOf(a)
		if i >= len(left)-len(untaken) {
			why = c.t("银行没有收下上送")
		}
		p.Line(row.X+u(20), row.Mid()-max(u(13), 10), room, why, kit.Style{Size: 20, Bold: true, Elide: true})
		p.Line(row.X+u(20), row.Mid()+max(u(15), 11), room, join(c.t("凭证号 %s", dash(a.STAN)), i18n.Masked(a.MaskedPAN)), kit.Style{Size: 16, Ink: look.Soft, Elide: true})
		p.Row(row, act(VerbAttempt, a.ID), cover)
	})
}
