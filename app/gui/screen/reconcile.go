package screen

import (
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
	"tillkeeper/app/recon"
	"tillkeeper/app/settle"
)

// classWords name the classes of a reconciliation, and propose what to do with each.
var classWords = map[pos.DifferenceClass]struct{ word, proposal string }{
	pos.Matched:        {"相符", "没有要做的"},
	pos.OursOnly:       {"只有我们有", "等下一个文件；两天后还没有就问银行"},
	pos.TheirsOnly:     {"失败却扣了款", "顾客可能多付了：退给顾客或请银行退"},
	pos.AmountDiffers:  {"金额不同", "看签购单，按实际金额请银行调账"},
	pos.ReversedInFile: {"冲正了却在文件里", "请银行退给顾客，记下单号"},
}

var classOrder = [...]pos.DifferenceClass{pos.Matched, pos.OursOnly, pos.TheirsOnly, pos.AmountDiffers, pos.ReversedInFile}

func (c *Ctx) class(d pos.DifferenceClass) string { return c.t(classWords[d].word) }

// proposal words what to do about a difference.
func (c *Ctx) proposal(d *pos.Difference) string {
	if text := recon.Say(d.Proposal, c.W.Lang()); text != "" {
		return text
	}
	return c.t(classWords[d.Class].proposal)
}

// reconcile draws the files, the counts of the last comparison and what does not match.
func (c *Ctx) reconcile(r kit.Rect) {
	v := &c.V.Closing
	under := c.t("银行次日的文件")
	if v.Result != nil {
		under = v.Result.File
	}
	body := c.tabs(r, Reconcile, under)
	gap := c.L.M.Gap()
	files, right := body.Left(max(body.W*0.26, 170), gap)
	c.fileList(files)
	counts, list := right.Top(max(c.u(112), 88), gap)
	c.classCounts(counts)
	c.differences(list)
}

func (c *Ctx) fileList(r kit.Rect) {
	u, p, v := c.u, c.p, &c.V.Closing
	p.Panel(r)
	key, rest := r.Foot(c.L.M.KeyH()+u(36), 0)
	p.Rule(r.X+1, key.Y, r.W-2)
	get := kit.Key{Dress: kit.Filled, Form: kit.Wide, Size: 18, Label: c.t("取最新文件"), Icon: "download", Cap: "F9", Act: act(VerbFetch, "")}
	if c.L.M.W < 1000 {
		get.Cap, get.Key, get.Icon, get.Form = "", "F9", "", kit.Middle
	}
	switch {
	case c.V.Busy:
		get.Dress, get.Label = kit.Unavailable, c.t("正在比对")
	case !v.Fetches:
		get.Dress, get.Label, get.Act, get.Cap = kit.Unavailable, c.t("未开通"), kit.Act{}, ""
	}
	p.Key(key.In(u(16), u(18)), get)
	if len(v.Files) == 0 {
		c.empty(rest, "file", c.t("没有文件"), c.t("放进数据夹的 files 里"))
		return
	}
	p.TouchList(kit.Rect{X: rest.X, Y: rest.Y + u(8), W: rest.W, H: rest.H - u(8)}, "files", max(u(60), 48), len(v.Files), c.V.First["files"], func(i int, row kit.Rect) {
		name := v.Files[i]
		body := p.Fill(kit.Rect{X: row.X + 1, Y: row.Y + 1, W: row.W - 2, H: row.H - 2}, look.Surface)
		if v.Result != nil && v.Result.File == name {
			p.Items[body].Fill = look.ActionSoft
		}
		p.Rule(row.X+u(16), row.Bottom()-1, row.W-u(32))
		p.Icon("file", row.X+u(30), row.Mid(), u(22), look.Soft)
		end := p.RowCap(row.Right()-u(10), row.Mid(), act(VerbFetch, name))
		p.Line(row.X+u(52), row.Mid(), row.W-u(64)-end, name, kit.Style{Size: 18, Elide: true})
		p.Row(row, act(VerbFetch, name), body)
	})
}

func (c *Ctx) classCounts(r kit.Rect) {
	u, p, v := c.u, c.p, &c.V.Closing
	for i, class := range classOrder {
		place := r.Cols(len(classOrder), u(12))[i]
		p.Panel(place)
		n, state := 0, kit.Calm
		if v.Result != nil {
			n = classCount(v.Result, class)
		}
		if n > 0 && class != pos.Matched {
			state = kit.Waiting
			if class == pos.TheirsOnly || class == pos.ReversedInFile {
				state = kit.Failed
			}
		}
		for j, s := range wrap(c, c.class(class), place.W-u(22), 16, 2) {
			p.Line(place.X+u(12), place.Y+max(u(24), 15)+float32(j)*max(u(22), 17), place.W-u(18), s, kit.Style{Size: 16, Bold: true})
		}
		text := "–" // nothing is known, so nothing is well either
		if v.Result != nil {
			text = thousands(n)
			p.Mark(state, place.X+u(24), place.Y+place.H*0.76, u(13))
		}
		p.Line(place.X, place.Y+place.H*0.76, place.W-u(18), text, kit.Style{Size: 30, Bold: true, Side: kit.End})
	}
}

// classCount gives how many payments of a comparison are of a class.
func classCount(r *settle.Reconciled, class pos.DifferenceClass) int {
	switch class {
	case pos.Matched:
		return r.Matched
	case pos.OursOnly:
		return r.OursOnly
	case pos.TheirsOnly:
		return r.TheirsOnly
	case pos.AmountDiffers:
		return r.AmountDiffers
	case pos.ReversedInFile:
		return r.ReversedInFile
	}
	return 0
}

func thousands(n int) string {
	s := i18n.Money(pos.Amount(n) * 100)
	return s[:len(s)-3]
}

// differences draws what does not match: ours, theirs, what to do.
func (c *Ctx) differences(r kit.Rect) {
	u, p, list := c.u, c.p, c.V.Closing.List
	p.Panel(r)
	head, rows := r.Top(max(u(46), 32), 0)
	soft := kit.Style{Size: 16, Ink: look.Soft}
	end := kit.Style{Size: 16, Ink: look.Soft, Side: kit.End}
	k := r.W / 900
	at := func(v float32) float32 { return r.X + v*k }
	p.Line(at(20), head.Mid(), at(280)-at(20), c.t("哪里不符"), soft)
	p.Line(at(270), head.Mid(), at(390)-at(270), c.t("我们的"), end)
	p.Line(at(395), head.Mid(), at(515)-at(395), c.t("银行的"), end)
	p.Line(at(545), head.Mid(), r.Right()-at(545)-u(20), c.t("建议"), soft)
	p.Rule(r.X+1, head.Bottom(), r.W-2)
	if len(list) == 0 {
		title, under := c.t("没有要处理的差错"), c.t("每一笔都与银行相符")
		if c.V.Closing.Result == nil {
			title, under = c.t("还没有比对"), c.t("选一个文件，或取最新的")
		}
		c.empty(rows, "check", title, under)
		return
	}
	p.TouchList(rows, "differences", max(u(78), 60), len(list), c.V.First["differences"], func(i int, row kit.Rect) {
		d := &list[i]
		cover := p.Fill(kit.Rect{X: row.X + 1, Y: row.Y + 1, W: row.W - 2, H: row.H - 2}, look.Surface)
		p.Rule(at(20), row.Bottom()-1, row.W-u(40))
		up, down := row.Mid()-max(u(14), 10), row.Mid()+max(u(15), 11)
		p.Line(at(20), up, at(280)-at(20), c.class(d.Class), kit.Style{Size: 20, Bold: true, Elide: true})
		p.Line(at(20), down, at(280)-at(20), join(c.t("凭证号 %s", dash(d.STAN)), i18n.Masked(d.PAN)), kit.Style{Size: 16, Ink: look.Soft, Elide: true})
		for j, a := range [...]pos.Amount{d.Ours, d.Theirs} {
			text := i18n.Money(a)
			if a == 0 {
				text = "–"
			}
			x := [...]float32{270, 395}[j]
			p.Line(at(x), row.Mid(), at(x+120)-at(x), text, kit.Style{Size: 20, Bold: true, Side: kit.End})
		}
		if !d.Resolved.IsZero() {
			p.Line(at(545), up, row.Right()-at(545)-u(48), c.t("已处理"), kit.Style{Size: 20, Elide: true})
			p.Line(at(545), down, row.Right()-at(545)-u(48), join(c.name(d.By), d.Reason), kit.Style{Size: 16, Ink: look.Soft, Elide: true})
			return
		}
		text := wrap(c, c.proposal(d), (row.Right()-at(545)-u(50))*1.06, 16, 3)
		for j, s := range text {
			p.Line(at(545), row.Mid()+(float32(j)-float32(len(text)-1)/2)*max(u(22), 18), row.Right()-at(545)-u(48), s, kit.Style{Size: 16, Elide: true})
		}
		if p.CapFor(secondKey(p.RowNo()), row.Right()-u(10), row.Bottom()-u(18), act(VerbDiffer, d.ID)) == 0 {
			p.Icon("chevron-right", row.Right()-u(26), row.Mid(), u(20), look.Soft)
		}
		p.Row(row, act(VerbDiffer, d.ID), cover)
	})
}
