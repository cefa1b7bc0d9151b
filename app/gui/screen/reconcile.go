package screen

import (
	"strings"

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
	at := key.In(u(16), u(18))
	if c.L.M.W < 1000 {
		get.Icon, get.Form = "", kit.Middle
		get = c.capped(at, get)
	}
	switch {
	case c.V.Busy:
		get.Dress, get.Label = kit.Unavailable, c.t("正在比对")
	case !v.Fetches:
		get.Dress, get.Label, get.Act, get.Cap, get.Sub = kit.Unavailable, c.t("未开通"), kit.Act{}, "", ""
	}
	p.Key(at, get)
	if len(v.Files) == 0 {
		c.empty(rest, "file", c.t("没有文件"), c.t("放进数据夹的 files 里"))
		return
	}
	p.TouchList(kit.Rect{X: rest.X, Y: rest.Y + u(8), W: rest.W, H: rest.H - u(8)}, "files", kit.KeyedRow(rest.H, max(u(60), 48)), len(v.Files), c.V.First["files"], func(i int, row kit.Rect) {
		name := v.Files[i]
		body := p.Fill(kit.Rect{X: row.X + 1, Y: row.Y + 1, W: row.W - 2, H: row.H - 2}, look.Surface)
		if v.Result != nil && v.Result.File == name {
			p.Items[body].Fill = look.ActionSoft
		}
		p.Rule(row.X+u(16), row.Bottom()-1, row.W-u(32))
		end := p.RowCap(row.Right()-u(10), row.Mid(), act(VerbFetch, name))
		left, st := u(52), kit.Style{Size: 18, Elide: true}
		if row.W < 200 { // a name without its end is another file's
			left, name = u(14), strings.TrimSuffix(name, ".csv")
		} else {
			p.Icon("file", row.X+u(30), row.Mid(), u(22), look.Soft)
		}
		p.Line(row.X+left, row.Mid(), row.W-left-u(12)-end, name, st)
		p.Row(row, act(VerbFetch, v.Files[i]), body)
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
		p.Line(place.X+u(36), place.Y+place.H*0.76, place.W-u(54), text, kit.Style{Size: 30, Bold: true, Side: kit.End})
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
	cols := differenceColumns(r)
	p.Line(cols.what, head.Mid(), cols.whatW, c.t("哪里不符"), soft)
	p.Line(cols.ours-cols.sumW, head.Mid(), cols.sumW, c.t("我们的"), end)
	p.Line(cols.theirs-cols.sumW, head.Mid(), cols.sumW, c.t("银行的"), end)
	p.Line(cols.why, head.Mid(), r.Right()-cols.why-u(20), c.t("建议"), soft)
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
		c.difference(row, cols, &list[i])
	})
}

// lowCaps is the scale under which a shortcut has no room beside three lines of text.
const lowCaps = 0.7

// differenceCols are the columns' places: left sides, of the sums the right ones.
type differenceCols struct{ what, whatW, ours, theirs, sumW, why float32 }

// differenceColumns gives the columns' places; the drawn table is 900 wide, a narrow one has more of it for the sums.
func differenceColumns(r kit.Rect) differenceCols {
	k := r.W / 900
	at := func(v float32) float32 { return r.X + v*k }
	if k < 0.75 {
		return differenceCols{at(20), 200 * k, at(382), at(546), 156 * k, at(570)}
	}
	return differenceCols{at(20), 250 * k, at(390), at(515), 120 * k, at(545)}
}

// difference draws what does not match: what it is, ours, theirs, what to do or who decided.
func (c *Ctx) difference(row kit.Rect, cols differenceCols, d *pos.Difference) {
	u, p := c.u, c.p
	cover := p.Fill(kit.Rect{X: row.X + 1, Y: row.Y + 1, W: row.W - 2, H: row.H - 2}, look.Surface)
	p.Rule(cols.what, row.Bottom()-1, row.W-u(40))
	up, down := row.Mid()-max(u(14), 10), row.Mid()+max(u(15), 11)
	p.Line(cols.what, up, cols.whatW, c.class(d.Class), kit.Style{Size: 20, Bold: true, Elide: true})
	p.Line(cols.what, down, cols.whatW, join(c.t("凭证号 %s", dash(d.STAN)), i18n.Masked(d.PAN)), kit.Style{Size: 16, Ink: look.Soft, Elide: true})
	sums, capX := row.Mid(), row.Right()-u(10)
	if c.L.M.S < lowCaps { // the shortcut stands under the sums, for the proposal takes all of its column
		sums, capX = up, cols.theirs
	}
	for j, a := range [...]pos.Amount{d.Ours, d.Theirs} {
		text := i18n.Money(a)
		if a == 0 {
			text = "–"
		}
		right := [...]float32{cols.ours, cols.theirs}[j]
		p.Line(right-cols.sumW, sums, cols.sumW, text, kit.Style{Size: 20, Bold: true, Side: kit.End})
	}
	room := row.Right() - cols.why - u(48)
	if !d.Resolved.IsZero() {
		p.Line(cols.why, up, room, c.t("已处理"), kit.Style{Size: 20, Elide: true})
		p.Line(cols.why, down, room, join(c.name(d.By), d.Reason), kit.Style{Size: 16, Ink: look.Soft, Elide: true})
		return
	}
	text := wrap(c, c.proposal(d), (room-u(2))*1.06, 16, 3)
	for j, s := range text {
		p.Line(cols.why, row.Mid()+(float32(j)-float32(len(text)-1)/2)*max(u(22), 18), room, s, kit.Style{Size: 16, Elide: true})
	}
	if p.CapFor(secondKey(p.RowNo()), capX, row.Bottom()-u(18), act(VerbDiffer, d.ID)) == 0 {
		p.Icon("chevron-right", row.Right()-u(26), row.Mid(), u(20), look.Soft)
	}
	p.Row(row, act(VerbDiffer, d.ID), cover)
}
