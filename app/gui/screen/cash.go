package screen

import (
	"strconv"

	"tillkeeper/app/basket"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// CashSum is what a cash payment comes to, in fen.
type CashSum struct {
	Due      pos.Amount // before rounding
	Rounding pos.Amount // 0 or less
	Tendered pos.Amount
	Change   pos.Amount // negative while too little was handed over
}

// CashOf computes a cash payment from what is due and what was typed; nothing typed is exactly the sum.
func CashOf(due pos.Amount, rounding bool, typed string) CashSum {
	s := CashSum{Due: due}
	if rounding {
		s.Rounding = basket.Rounding(due, basket.RoundYuan)
	}
	s.Tendered = due + s.Rounding
	if typed != "" {
		if a, err := pos.ParseAmount(typed); err == nil {
			s.Tendered = a
		}
	}
	s.Change = s.Tendered - due - s.Rounding
	return s
}

// cash draws the middle of a cash payment; pad and tenders keep their places.
func (c *Ctx) cash(g places) {
	sum := CashOf(c.due(), c.V.Rounding, c.V.Tendered)
	gap := c.L.M.Gap()
	quick, top := g.upper.Foot(c.u(71), gap)
	c.cashTop(top, sum)
	c.cashQuick(quick, sum)
	c.cashEntry(g.entry, sum)
	noteKey := func(i int) string { return kit.AltKey + strconv.Itoa(i+1) }
	for i, note := range [...]int{100, 50, 20, 10} {
		n := strconv.Itoa(note)
		c.p.Key(g.cell(0, i), kit.Key{
			Label: n, Icon: "plus", Size: 26, Sub: noteKey(i), Key: noteKey(i), Act: act(VerbNote, n+"00"),
		})
	}
	c.p.Pad(g.pad, true)
	c.p.Key(g.cell(4, 0), kit.Key{Dress: kit.Flat, Icon: "backspace", Key: "BackSpace", Act: act(VerbBack, "")})
	c.p.Key(g.cell(4, 1), kit.Key{Dress: kit.Flat, Label: c.t("清空"), Sub: "Home", Key: "Home", Act: act(VerbClear, "")})
	tall := g.cell(4, 2)
	tall.H = g.cell(4, 3).Bottom() - tall.Y
	c.p.Key(tall, c.confirm(sum))
}

// confirm gives the tall key that takes the money: all of it, or a part when too little was handed over.
func (c *Ctx) confirm(sum CashSum) kit.Key {
	k := kit.Key{
		Dress: kit.Filled, Form: kit.Stack, Label: c.t("收款"), Icon: "check", Sub: "Enter", Key: "Return",
		Act: act(VerbConfirm, ""),
	}
	switch {
	case c.V.Busy:
		k.Dress, k.Sub = kit.Unavailable, c.t("正在记账")
	case sum.Tendered <= 0:
		k.Dress, k.Sub = kit.Unavailable, c.t("先输入金额")
	case sum.Change < 0:
		k.Dress, k.Label, k.Sub = kit.Tint, c.t("先收一部分"), "Enter"
		k.Size = 20
	}
	return k
}

// cashTop draws the sum, what was handed over, the change and the notes to hand out.
func (c *Ctx) cashTop(r kit.Rect, sum CashSum) {
	u, p := c.u, c.p
	p.Panel(r)
	left := kit.Rect{X: r.X + u(22), Y: r.Y, W: u(200), H: r.H}
	for i, row := range [...]struct {
		word string
		sum  pos.Amount
	}{{"应收", sum.Due}, {"抹零", sum.Rounding}} {
		y := r.Y + r.H*(0.215+0.287*float32(i))
		used := p.Line(left.X, y, left.W, c.t(row.word), kit.Style{Size: 20, Ink: look.Soft}) + u(8)
		p.Line(left.X+used, y, left.W-used, i18n.Money(row.sum), kit.Style{Size: 26, Bold: true, Ink: look.Soft, Side: kit.End})
	}
	p.Rule(left.X, r.Y+r.H*0.645, left.W)
	y := r.Y + r.H*0.79
	used := p.Line(left.X, y, left.W, c.t("已收"), kit.Style{Size: 20, Bold: true}) + u(8)
	p.Line(left.X+used, y, left.W-used, i18n.Money(sum.Tendered), kit.Style{Size: 34, Bold: true, Side: kit.End})
	p.Wall(r.X+u(244), r.Y+u(20), r.H-u(40))
	right := kit.Rect{X: r.X + u(266), Y: r.Y, W: r.W - u(294), H: r.H}
	word, ink, shown := c.t("找零"), look.Action, sum.Change
	if sum.Change < 0 {
		word, ink, shown = c.t("还差"), look.Wait, -sum.Change
	}
	p.Line(right.X, r.Y+r.H*0.17, right.W, word, kit.Style{Size: 22, Bold: true})
	p.Sum(kit.Rect{X: right.X, Y: r.Y + r.H*0.465, W: right.W, H: 0}, i18n.Money(shown),
		kit.Style{Size: 108, Bold: true, Ink: ink, Side: kit.End})
	c.notes(kit.Rect{X: right.X, Y: r.Bottom() - u(45), W: r.Right() - right.X - u(22), H: u(34)}, sum.Change)
}

// notes lists the notes and coins to hand out; many of them in smaller letters, so that none is left out.
func (c *Ctx) notes(r kit.Rect, change pos.Amount) {
	if change <= 0 {
		return
	}
	out, _ := basket.Change(change)
	st, pad, gap := kit.Style{Size: 18, Bold: true, Side: kit.Centre}, c.u(12), c.u(8)
	words := make([]string, len(out))
	for _, whole := range []bool{true, false} {
		for i, n := range out {
			words[i] = c.note(n, whole)
		}
		if c.noteRow(words, st, pad, gap) <= r.W {
			break
		}
		st.Size, pad, gap = 17, c.u(8), c.u(5)
	}
	for st.Size > 14 && c.noteRow(words, st, pad, gap) > r.W {
		st.Size--
	}
	x := r.X
	for _, text := range words {
		box := kit.Rect{X: x, Y: r.Y, W: c.p.Width(text, st) + pad, H: r.H}
		c.p.Well(box)
		c.p.Text(box, text, st)
		x += box.W + gap
	}
}

// note words a note or coin and how many of it; a single one may go without its number.
func (c *Ctx) note(n basket.Pieces, whole bool) string {
	switch {
	case n.Count == 1 && !whole && n.Value < 100:
		return c.t("%d角", int(n.Value/10))
	case n.Count == 1 && !whole:
		return c.t("%d元", int(n.Value/100))
	case n.Value < 100:
		return c.t("%d角 × %d", int(n.Value/10), n.Count)
	}
	return c.t("%d元 × %d", int(n.Value/100), n.Count)
}

// noteRow is how wide the notes stand beside each other.
func (c *Ctx) noteRow(words []string, st kit.Style, pad, gap float32) float32 {
	w := -gap
	for _, s := range words {
		w += c.p.Width(s, st) + pad + gap
	}
	return w
}

// cashQuick draws the sums that a customer is likely to hand over.
func (c *Ctx) cashQuick(r kit.Rect, sum CashSum) {
	places, step := r.Cols(basket.QuickCount, c.L.M.Gap()), basket.RoundYuan
	if c.V.Part > 0 && sum.Due == c.V.Part { // a part leaves a rest: nothing is waived yet
		step = basket.RoundNone
	}
	for i, q := range basket.QuickAmounts(sum.Due, step) {
		if i >= len(places) {
			break
		}
		k := kit.Key{Form: kit.Quick, Amount: i18n.Money(q.Amount), Cap: leftKey(0, i), Act: act(VerbGive, strconv.FormatInt(int64(q.Amount), 10))}
		switch q.Kind {
		case basket.QuickExact:
			k.Label = c.t("正好")
		case basket.QuickRounded:
			k.Label, k.Act = c.t("抹零"), act(VerbRound, k.Act.Arg)
		}
		if q.Amount == sum.Tendered && c.V.Tendered != "" {
			k.Dress = kit.Chosen
		}
		c.p.Key(places[i], k)
	}
}

func (c *Ctx) cashEntry(r kit.Rect, sum CashSum) {
	u, p := c.u, c.p
	p.Panel(r)
	used := p.Line(r.X+u(18), r.Mid(), u(140), c.t("收到金额"), kit.Style{Size: 18, Ink: look.Soft})
	bold := kit.Style{Size: 28, Bold: true, Side: kit.End}
	text := c.V.Tendered
	if text == "" {
		text, bold.Ink = i18n.Money(sum.Tendered), look.Soft
	}
	right := p.Line(r.X+u(300), r.Mid(), r.W-u(318), text, bold)
	hint, ink := c.t("输入，点整数，或逐张加纸币"), look.Soft
	if c.V.Notice != "" {
		hint, ink = c.V.Notice, look.Bad
	}
	p.Line(r.X+u(34)+used, r.Mid(), r.W-u(64)-used-right, hint, kit.Style{Size: 18, Ink: ink, Elide: true})
}
