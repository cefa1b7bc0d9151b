package screen

import (
	"strconv"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
)

// smallCounter draws the counter on a panel too narrow for quick articles: order, pad, keys. What the wide panel shows
// above the pad stands behind one key.
func (c *Ctx) smallCounter() {
	m := c.L.M
	gap := m.Gap()
	all := kit.Rect{X: 10, Y: m.Bar() + gap, W: m.W - 20, H: m.H - m.Bar() - 2*gap}
	order, rest := all.Left(snapTo(m.W*0.3775), gap)
	mid, keys := rest.Left(3*snapTo((m.W-20)*0.1013)+2*gap, gap)
	wide := kit.Rect{X: order.X, Y: all.Y, W: mid.Right() - order.X, H: all.H}
	switch {
	case Choosing(c.S) > 0:
		c.choose(wide, c.S.Card)
	case c.S.Step == checkout.StepCard:
		c.smallCard(wide)
	case c.S.Step == checkout.StepQR:
		c.smallCode(wide)
	case c.V.Screen == Search:
		c.search(wide)
	case c.V.Screen == Held:
		c.held(wide)
	case c.V.Screen == Quick:
		c.smallGoods(wide)
	case c.V.Screen == More:
		c.smallMore(wide)
	case c.V.Screen == Weigh:
		c.weigh(order)
		c.smallPad(mid)
	default:
		c.smallOrder(order)
		c.smallPad(mid)
	}
	c.smallKeys(keys)
	c.status()
}

func snapTo(v float32) float32 { return float32(int(v + 0.5)) }

func (c *Ctx) smallOrder(r kit.Rect) {
	p, b := c.p, &c.S.Basket
	p.Panel(r)
	foot, body := r.Foot(118, 0)
	p.Rule(r.X+1, foot.Y, r.W-2)
	c.lineKeys()
	word, off := c.t("应收 · %s 件", pieces(b.Lines)), c.off()
	if b.Paid > 0 {
		word = c.t("还应收")
	}
	due := b.Due()
	ink := look.Ink
	if c.V.Screen == Cash {
		sum := CashOf(c.due(), c.V.Rounding, c.V.Tendered)
		word, off, due, ink = c.t("找零"), c.t("已收 %s", i18n.Money(sum.Tendered)), sum.Change, look.Action
		if sum.Change < 0 {
			word, due, ink = c.t("还差"), -sum.Change, look.Wait
		}
	}
	used := p.Line(foot.X+16, foot.Y+22, foot.W-32, off, kit.Style{Size: 18, Ink: look.Soft, Side: kit.End})
	left := p.Line(foot.X+16, foot.Y+22, foot.W-40-used, word, kit.Style{Size: 18, Ink: look.Soft})
	if len(b.Lines) > 0 && c.V.Screen == Home && !c.paying() && left+used+p.CapWidth("↑ ↓")+40 <= foot.W {
		p.Cap(foot.X+22+left, foot.Y+22, "↑ ↓")
	}
	p.Sum(kit.Rect{X: foot.X + 10, Y: foot.Y + 77, W: foot.W - 24, H: 0}, i18n.Money(due),
		kit.Style{Size: c.L.M.Total(), Exact: true, Bold: true, Ink: ink, Side: kit.End})
	if len(b.Lines) == 0 {
		c.empty(body, "scan", c.t("请扫描商品"), c.t("也可点“快捷”"))
		return
	}
	first, chosen := c.V.First["order"]
	if !chosen {
		first = len(b.Lines)
	}
	p.TouchList(kit.Rect{X: r.X, Y: r.Y + 1, W: r.W, H: body.H - 2}, "order", 54, len(b.Lines), first, func(i int, row kit.Rect) {
		l := b.Lines[i]
		cover := p.Add(kit.Item{Shape: kit.Box, R: kit.Rect{X: row.X + 1, Y: row.Y, W: row.W - 2, H: row.H}, Fill: look.Surface})
		if l.No == c.S.Selected {
			p.Items[cover].Fill = look.ActionSoft
			p.Fill(kit.Rect{X: row.X + 1, Y: row.Y, W: 5, H: row.H}, look.Action)
		} else {
			p.Rule(row.X+14, row.Bottom()-1, row.W-28)
		}
		amount := p.Line(row.X+150, row.Mid()-9, row.W-164, i18n.Money(l.Total), kit.Style{Size: 20, Bold: true, Side: kit.End})
		each := p.Line(row.X+120, row.Mid()+14, row.W-134, i18n.Quantity(l)+" × "+i18n.Money(l.Price), kit.Style{Size: 16, Ink: look.Soft, Side: kit.End})
		p.Line(row.X+16, row.Mid(), row.W-40-max(amount, each), l.Name, kit.Style{Size: 18, Elide: true})
		if c.V.Screen == Home && !c.paying() {
			p.Row(row, act(VerbLine, strconv.Itoa(l.No)), cover)
		}
	})
}

// smallPad draws the entry line and the digits at fifteen millimetres.
func (c *Ctx) smallPad(r kit.Rect) {
	m, p := c.L.M, c.p
	gap := m.Gap()
	entry, pad := r.Top(r.H-4*m.Digit(r.H-m.KeyH()-gap)-4*gap, gap)
	p.Panel(entry)
	text, ink := c.V.Entry, look.Ink
	if c.V.Screen == Cash {
		text = c.V.Tendered
	}
	if text == "" {
		text, ink = "0", look.Soft
	}
	if c.V.Qty != "" {
		text, ink = c.V.Qty+" × "+c.V.Entry, look.Ink
	}
	word, wordInk := c.t("输入"), look.Soft
	if c.V.Notice != "" {
		word, wordInk = c.V.Notice, look.Bad
	}
	typed, said := kit.Style{Size: 28, Bold: true, Ink: ink, Side: kit.End}, kit.Style{Size: 18, Ink: wordInk, Elide: true}
	if c.V.Notice != "" && p.Width(word, said) > entry.W-36-p.Width(text, typed) { // it goes before what is typed
		text = ""
	}
	used := p.Line(entry.X+14, entry.Mid(), entry.W-28, text, typed)
	if room := entry.W - 36 - used; room > 40 { // else what is typed says enough
		p.Line(entry.X+14, entry.Mid(), room, word, said)
	}
	p.Pad(kit.Cells(pad, gap), true)
}

// smallKeys draws what is right of the pad: entry keys, and the tenders in every step.
func (c *Ctx) smallKeys(r kit.Rect) {
	m, p := c.L.M, c.p
	gap := m.Gap()
	row := m.KeyH()
	top := r
	top.H = 3*row + 2*gap
	_, rest := r.Top(top.H, gap)
	rows := top.Rows(3, gap)
	three := rows[0].Cols(3, gap)
	p.Key(three[0], kit.Key{Dress: kit.Flat, Icon: "backspace", Key: "BackSpace", Act: act(VerbBack, "")})
	p.Key(three[1], kit.Key{Dress: kit.Flat, Label: c.t("清"), Size: 20, Sub: "Home", Key: "Home", Act: act(VerbClear, "")})
	p.Key(three[2], kit.Key{Dress: kit.Tint, Icon: "times", Key: "*", Act: act(VerbTimes, "")})
	quick := kit.Key{Label: c.t("快捷"), Icon: "list", Size: 20, Sub: "F11", Key: "F11", Act: act(VerbGo, string(Quick))}
	add := kit.Key{Dress: kit.Tint, Label: c.t("加入"), Icon: "plus", Size: 20, Sub: "Enter", Key: "Return", Act: act(VerbEnter, "")}
	hold := kit.Key{Label: c.t("挂单"), Icon: "hold", Size: 20, Sub: "F5", Key: "F5", Act: act(VerbHold, "")}
	more := kit.Key{Label: c.t("更多"), Icon: "menu", Size: 20, Sub: "F10", Key: "F10", Act: act(VerbGo, string(More))}
	if c.V.Screen != Home && !c.paying() {
		quick = kit.Key{Label: c.t("返回"), Icon: "chevron-left", Size: 20, Sub: "Esc", Key: "Escape", Act: act(VerbGo, string(Home))}
	}
	if c.V.Screen == Cash {
		sum := CashOf(c.due(), c.V.Rounding, c.V.Tendered)
		add = c.confirm(sum)
		add.Form, add.Size, add.Icon = kit.Middle, 20, ""
		if add.Dress == kit.Tint {
			add.Label = c.t("先收")
		}
	}
	if c.V.Screen == Weigh {
		add.Act = act(VerbWeighTyped, "")
	}
	if c.V.Screen == More { // F10 leads on from here, to the menu
		more = kit.Key{Dress: kit.Chosen, Label: more.Label, Icon: more.Icon, Size: more.Size}
	}
	if c.paying() {
		for _, k := range []*kit.Key{&quick, &add, &hold, &more} {
			k.Dress = kit.Unavailable
		}
	}
	away := c.V.Screen == Cash || c.V.Screen == Search || c.V.Screen == Held || c.V.Screen == Weigh
	if len(c.S.Basket.Lines) == 0 || away {
		hold.Dress = kit.Unavailable
	}
	if away {
		more.Dress = kit.Unavailable
	}
	pair := rows[1].Cols(2, gap)
	p.Key(pair[0], quick)
	p.Key(pair[1], add)
	pair = rows[2].Cols(2, gap)
	p.Key(pair[0], hold)
	p.Key(pair[1], more)
	for i, k := range c.tenderKeys() {
		p.Key(rest.Rows(3, gap)[i], k)
	}
}

// smallGoods draws categories and quick articles in place of order and pad.
func (c *Ctx) smallGoods(r kit.Rect) {
	gap := c.L.M.Gap()
	cats, tiles := r.Top(c.L.M.KeyH(), gap)
	names := c.V.Categories[:min(4, len(c.V.Categories))]
	for i, place := range cats.Cols(5, gap) {
		switch {
		case i == 4:
			c.p.Key(place, c.capped(place, kit.Key{Label: c.t("拼音"), Icon: "search", Size: 20, Cap: "F11", Act: act(VerbGo, string(Search))}))
		case i < len(names):
			k := c.categoryKey(names, i)
			k.Size = 20
			c.p.Key(place, c.capped(place, k))
		}
	}
	for i, t := range c.V.Tiles {
		if i >= 4*tileRows {
			break
		}
		place := tiles.Rows(tileRows, gap)[i/4].Cols(4, gap)[i%4]
		c.p.Key(place, kit.Key{Form: kit.Tile, Label: t.Name, Sub: t.Spec, Amount: i18n.Money(t.Price), Cap: leftKey(i/4, i%4), Act: act(VerbTile, t.SKU)})
	}
}

// smallMore draws the functions that have no room beside the pad.
func (c *Ctx) smallMore(r kit.Rect) {
	gap := c.L.M.Gap()
	chosen := c.S.Selected > 0
	line := func(k kit.Key) kit.Key {
		if !chosen {
			k.Dress, k.Sub = kit.Unavailable, c.t("先选一行")
		}
		return k
	}
	scale := kit.Key{Label: c.t("称重"), Icon: "scale", Cap: "End", Act: act(VerbWeigh, "")}
	if !c.weighed() {
		scale = line(scale)
	}
	keys := []kit.Key{
		line(kit.Key{Label: c.t("改价"), Icon: "tag", Cap: "Ins", Key: "Insert", Act: act(VerbPrice, "")}),
		line(kit.Key{Label: c.t("折扣"), Icon: "percent", Cap: "/", Key: "/", Act: act(VerbDiscount, "")}),
		scale,
		line(kit.Key{Label: c.t("删行"), Icon: "trash", Cap: "Del", Key: "Delete", Act: act(VerbDelete, "")}),
	}
	for _, k := range c.functionKeys() {
		if k.Cap == "F5" || k.Cap == "Esc" {
			continue
		}
		k.Form = kit.Middle
		keys = append(keys, k)
	}
	for i, k := range keys {
		place := r.Rows(3, gap)[i/3].Cols(3, gap)[i%3]
		c.p.Key(place, k)
	}
}

func (c *Ctx) smallCard(r kit.Rect) {
	p, v := c.p, c.S.Card
	if v == nil {
		v = &checkout.CardView{}
	}
	w := cardWords[v.Stage]
	if v.Stage == checkout.CardPresent && !v.Again {
		w.how = c.presentHow(v)
	}
	p.Panel(r)
	p.Disc(r.X+62, r.Y+62, 84, look.ActionSoft)
	p.Icon(w.icon, r.X+62, r.Y+62, 50, look.Action)
	p.Line(r.X+120, r.Y+46, r.W-230, c.t(w.now), kit.Style{Size: 28, Bold: true})
	p.Line(r.X+120, r.Y+82, r.W-230, c.t(w.how), kit.Style{Size: 18, Ink: look.Soft})
	c.countdown(r.Right()-58, r.Y+62, 84, v.Began, v.Deadline)
	p.Rule(r.X+1, r.Y+122, r.W-2)
	p.Steps(r.X+14, r.Y+148, r.W-28, 42, c.cardSteps(v)[:4])
	k := kit.Key{Form: kit.Wide, Size: 22, Label: c.t("取消刷卡"), Icon: "cross", Cap: "Esc", Act: act(VerbCancel, "")}
	if v.Stage >= checkout.CardHost {
		k.Form, k.Dress, k.Sub = kit.Middle, kit.Unavailable, c.t("已发给银行，不能取消")
	}
	p.Key(kit.Rect{X: r.X + 14, Y: r.Bottom() - 84, W: 220, H: 70}, k)
	if keys := c.benchKeys(); len(keys) > 0 {
		for i, place := range (kit.Rect{X: r.X + 244, Y: r.Bottom() - 84, W: r.W - 258, H: 70}).Cols(min(3, len(keys)), c.L.M.Gap()) {
			keys[i].Cap = leftKey(0, i)
			p.Key(place, c.capped(place, keys[i]))
		}
		return
	}
	p.Line(r.X+250, r.Bottom()-49, r.W-264, i18n.Masked(v.MaskedPAN), kit.Style{Size: 18, Ink: look.Soft})
}

func (c *Ctx) smallCode(r kit.Rect) {
	p, v := c.p, c.S.QR
	if v == nil {
		v = &checkout.QRView{}
	}
	p.Panel(r)
	side := r.H - 90
	p.QR(kit.Rect{X: r.X + 6, Y: r.Y + 6, W: side, H: side}, Modules(v.Code))
	x := r.X + side + 14
	p.Line(x, r.Y+34, r.Right()-x-12, c.t("请顾客扫码"), kit.Style{Size: 24, Bold: true})
	p.Sum(kit.Rect{X: x, Y: r.Y + 84, W: r.Right() - x - 12, H: 0}, i18n.Money(v.Amount), kit.Style{Size: 40, Bold: true})
	c.countdown(x+50, r.Y+170, 92, v.Began, v.Expires)
	steps := c.codeSteps(v)
	p.Line(x, r.Y+250, r.Right()-x-12, steps[1].Text, kit.Style{Size: 18, Bold: true, Ink: look.OnSoft})
	p.Line(x, r.Y+278, r.Right()-x-12, steps[1].Right, kit.Style{Size: 18, Ink: look.Soft})
	cancel := kit.Key{Form: kit.Wide, Size: 22, Label: c.t("取消"), Icon: "cross", Cap: "Esc", Act: act(VerbCancel, "")}
	check := kit.Key{Dress: kit.Filled, Size: 22, Label: c.t("立即查询"), Icon: "refresh", Cap: "F2", Act: act(VerbCheck, "")}
	if v.Closing {
		cancel.Dress = kit.Unavailable
	}
	p.Key(kit.Rect{X: r.X + 14, Y: r.Bottom() - 78, W: 180, H: 64}, cancel)
	p.Key(kit.Rect{X: r.Right() - 14 - 260, Y: r.Bottom() - 78, W: 260, H: 64}, check)
}
