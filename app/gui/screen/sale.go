package screen

import (
	"slices"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// counter draws the screens on which one sells: order left, the step in the middle, tenders right, status above.
func (c *Ctx) counter() {
	if c.L.M.Compact {
		c.smallCounter()
		return
	}
	g := c.counterPlaces()
	c.order(g.order)
	c.tenders(g.tenders)
	switch {
	case Choosing(c.S) > 0:
		c.choose(g.mid, c.S.Card)
	case c.S.Step == checkout.StepCard:
		c.card(g.mid)
	case c.S.Step == checkout.StepQR:
		c.code(g.mid)
	case c.V.Screen == Cash:
		c.cash(g)
	case c.V.Screen == Search:
		c.search(g.mid)
	case c.V.Screen == Held:
		c.held(g.mid)
	default:
		c.sale(g)
	}
	c.status()
}

// sale draws the middle at rest: categories, tiles, entry line, functions and pad.
func (c *Ctx) sale(g places) {
	if c.V.Screen == Weigh {
		c.weigh(g.upper)
	} else {
		c.goods(g)
	}
	c.entryLine(g.entry)
	c.functions(g)
	c.p.Pad(g.pad, true)
	c.entryKeys(g)
}

// tileRows is how many rows of quick articles stand above the pad.
const tileRows = 3

// LeftKeys are the shortcuts of quick articles, sums and reasons: a letter with Alt, of the keyboard's left half, whose
// rows of five lie as the keys lie on the screen. The right half belongs to the rail.
const LeftKeys = "QWERTASDFGZXCVB"

// leftKey gives the shortcut of a key in a row and a column of the screen, "" outside of three rows of five.
func leftKey(row, col int) string {
	if row < 0 || row >= 3 || col < 0 || col >= 5 {
		return ""
	}
	i := 5*row + col
	return kit.AltKey + LeftKeys[i:i+1]
}

// secondKey gives the shortcut of a row of the second list of a page, whose first has the digits.
func secondKey(row int) string { return leftKey((row-1)/5, (row-1)%5) }

// goods draws the categories in the first column and the quick articles in the other four.
func (c *Ctx) goods(g places) {
	p, gap := c.p, c.L.M.Gap()
	names := c.V.Categories
	if len(names) > 4 {
		names = names[:4]
	}
	for i, r := range (kit.Rect{X: g.cols[0].X, Y: g.upper.Y, W: g.cols[0].W, H: g.upper.H}).Rows(5, gap-1) {
		if i == 4 {
			p.Key(r, c.capped(r, kit.Key{Label: c.t("拼音"), Icon: "search", Cap: "F11", Key: "F11", Act: act(VerbGo, string(Search))}))
			continue
		}
		if i >= len(names) {
			continue
		}
		p.Key(r, c.capped(r, c.categoryKey(names, i)))
	}
	for i, t := range c.V.Tiles {
		col, row := i%4, i/4
		if row >= tileRows {
			break
		}
		r := kit.Rect{X: g.cols[col+1].X, Y: g.upper.Y, W: g.cols[col+1].W, H: g.upper.H}.Rows(tileRows, gap)[row]
		p.Key(r, kit.Key{
			Form: kit.Tile, Label: t.Name, Sub: t.Spec, Amount: i18n.Money(t.Price), Cap: leftKey(row, col), Act: act(VerbTile, t.SKU),
		})
	}
}

// categoryKey gives the key of a category; the two beside the chosen one have the arrows.
func (c *Ctx) categoryKey(names []string, i int) kit.Key {
	k := kit.Key{Label: c.t(names[i]), Act: act(VerbCategory, names[i])}
	chosen := slices.Index(names, c.V.Category)
	switch {
	case i == chosen:
		k.Dress = kit.Chosen
	case chosen >= 0 && i == (chosen+len(names)-1)%len(names):
		k.Cap, k.Key = "←", "Left"
	case chosen >= 0 && i == (chosen+1)%len(names):
		k.Cap, k.Key = "→", "Right"
	}
	return k
}

// twoLines is the height in units from which a key has room for a label and a line under it.
const twoLines = 46

// capped prints a key's shortcut beside the label, or under it where there is no room beside; without either the shortcut
// works all the same. Keys that stand together give all their labels, so that they look alike.
func (c *Ctx) capped(r kit.Rect, k kit.Key, alike ...string) kit.Key {
	if k.Cap == "" {
		return k
	}
	size := k.Size
	if size == 0 {
		size = 22
	}
	label := float32(0)
	for _, s := range append(alike, k.Label) {
		label = max(label, c.p.Width(s, kit.Style{Size: size, Bold: true}))
	}
	need := label + c.p.Width(k.Cap, kit.Style{Size: 15, Bold: true}) + c.u(44)
	if need <= r.W {
		k.Form = kit.Wide
		if need+c.u(36) > r.W {
			k.Icon = ""
		}
		return k
	}
	if k.Key == "" {
		k.Key = k.Cap
	}
	if k.Sub == "" && r.H >= twoLines {
		k.Sub = k.Cap
	}
	k.Cap = ""
	return k
}

// underLow prints a low key's shortcut beside the label or under it; a high key has it in its corner.
func (c *Ctx) underLow(r kit.Rect, k kit.Key) kit.Key {
	if r.H >= 58 {
		return k
	}
	return c.capped(r, k)
}

// entryLine draws what has been typed and what it is for.
func (c *Ctx) entryLine(r kit.Rect) {
	u, p := c.u, c.p
	p.Panel(r)
	soft := kit.Style{Size: 18, Ink: look.Soft}
	x := r.X + u(18)
	x += p.Line(x, r.Mid(), u(100), c.t("输入"), soft) + u(16)
	hint, ink := c.entryHint(), look.Soft
	if c.V.Notice != "" {
		hint, ink = c.V.Notice, look.Bad
		p.Mark(kit.Failed, x+u(8), r.Mid(), u(11))
		x += u(24)
	}
	right := r.Right() - u(18)
	bold := kit.Style{Size: 28, Bold: true, Side: kit.End}
	room := u(220)
	switch {
	case c.V.Entry != "":
		right -= p.Line(right-room, r.Mid(), room, c.V.Entry, bold)
		if c.V.Qty != "" {
			p.Icon("times", right-u(24), r.Mid(), u(24), look.Ink)
			right -= u(44)
			right -= p.Line(right-room, r.Mid(), room, c.V.Qty, bold)
		}
	case c.V.Qty != "":
		p.Icon("times", right-u(14), r.Mid(), u(24), look.Ink)
		right -= u(34)
		right -= p.Line(right-room, r.Mid(), room, c.V.Qty, bold)
	default:
		bold.Ink = look.Soft
		right -= p.Line(right-room, r.Mid(), room, "0", bold)
	}
	p.Line(x, r.Mid(), right-x-u(12), hint, kit.Style{Size: 18, Ink: ink, Elide: true})
}

func (c *Ctx) entryHint() string {
	switch {
	case c.V.Screen == Weigh:
		return c.t("公斤数，例如 1.25")
	case c.V.Qty != "" && c.V.Entry == "":
		return c.t("下一件商品的数量；直接扫码或点商品")
	case c.V.Part > 0:
		return c.t("组合付：先收 ¥%s，请选方式", i18n.Money(c.V.Part))
	case c.V.Entry != "":
		return c.t("数量、金额，或货号后按“加入”")
	case len(c.S.Basket.Lines) > 0:
		return c.t("扫码、点商品，或输入数量")
	}
	return ""
}

// functions draws the column left of the digits: what happens to the chosen line.
func (c *Ctx) functions(g places) {
	chosen := c.S.Selected > 0
	for i, f := range [...]struct{ label, icon, sub, key, verb string }{
		{"改价", "tag", "Ins", "Insert", VerbPrice},
		{"折扣", "percent", "小键盘 /", "/", VerbDiscount},
		{"称重", "scale", "End", "End", VerbWeigh},
		{"删行", "trash", "Del", "Delete", VerbDelete},
	} {
		k := kit.Key{Label: c.t(f.label), Icon: f.icon, Sub: c.t(f.sub), Key: f.key, Act: act(f.verb, "")}
		if c.V.Screen == Weigh {
			k.Dress, k.Sub = kit.Unavailable, c.t("正在称")
		} else if !chosen && (f.verb != VerbWeigh || !c.weighed()) {
			k.Dress, k.Sub = kit.Unavailable, c.t("先选一行")
		}
		c.p.Key(g.cell(0, i), k)
	}
}

// entryKeys draws the column right of the digits: what happens to the entry.
func (c *Ctx) entryKeys(g places) {
	p := c.p
	p.Key(g.cell(4, 0), kit.Key{Dress: kit.Flat, Icon: "backspace", Key: "BackSpace", Act: act(VerbBack, "")})
	p.Key(g.cell(4, 1), kit.Key{Dress: kit.Flat, Label: c.t("清空"), Sub: "Home", Key: "Home", Act: act(VerbClear, "")})
	p.Key(g.cell(4, 2), kit.Key{
		Dress: kit.Tint, Label: c.t("数量"), Icon: "times", Sub: c.t("小键盘 *"), Key: "*", Act: act(VerbTimes, ""),
	})
	add := kit.Key{Dress: kit.Tint, Label: c.t("加入"), Icon: "plus", Sub: "Enter", Key: "Return", Act: act(VerbEnter, "")}
	if c.V.Screen == Weigh {
		add.Act = act(VerbWeighTyped, "")
	}
	p.Key(g.cell(4, 3), add)
}

// tenders draws the ways of paying and the functions under them.
func (c *Ctx) tenders(r kit.Rect) {
	gap := c.L.M.Gap()
	three, rest := r.Top(max(c.u(392), r.H*0.565), gap)
	for i, k := range c.tenderKeys() {
		c.p.Key(three.Rows(3, gap)[i], k)
	}
	six := rest.Rows(3, gap)
	for i, k := range c.functionKeys() {
		c.p.Key(six[i/2].Cols(2, gap)[i%2], k)
	}
}

// tenderKeys gives the three ways of paying as they stand now.
func (c *Ctx) tenderKeys() [3]kit.Key {
	var out [3]kit.Key
	for i, t := range [...]pos.Tender{pos.Card, pos.QR, pos.Cash} {
		k := kit.Key{
			Form: kit.Tender, Dress: kit.Filled, Label: c.W.Tender(t), Icon: tenderIcons[t], Cap: tenderCaps[t],
			Amount: i18n.Money(c.due()), Act: act(VerbPay, string(t)),
		}
		if t == pos.Cash {
			k.Dress = kit.Tint
		}
		out[i] = c.tenderNow(t, k)
	}
	return out
}

// tenderNow dresses a way of paying for the step and the state of the line.
func (c *Ctx) tenderNow(t pos.Tender, k kit.Key) kit.Key {
	running := map[checkout.Step]pos.Tender{checkout.StepCard: pos.Card, checkout.StepQR: pos.QR}[c.S.Step]
	refused, why := c.S.Refused[t]
	fault := c.tenderFault(t)
	switch {
	case running == t:
		k.Dress, k.Act = kit.Chosen, kit.Act{}
		if v := c.S.Card; v != nil && t == pos.Card && v.Kind != pos.Sale && v.Kind != "" {
			k.Label, k.Amount = c.kind(v.Kind), i18n.Money(v.Amount)
			if v.Kind == pos.Balance {
				k.Amount = ""
			}
		}
	case running != "":
		word := c.W.Tender(running)
		return rest(k, c.t("%s进行中", word), c.t("先取消%s", c.way(running)))
	case why && c.S.Settling:
		k = rest(k, c.t("正在结算"), c.t("结算完自动可用"))
	case len(c.S.Basket.Lines) == 0 && len(fault) > 0:
		k = rest(k, fault...)
		k.Label = c.t("%s不可用", c.way(t))
	case len(c.S.Basket.Lines) == 0:
		ready := map[pos.Tender]string{pos.Card: "联机就绪", pos.QR: "联机就绪", pos.Cash: "现金就绪"}[t]
		if c.S.Line.State != "online" && t != pos.Cash {
			ready = "离线"
		}
		return rest(k, c.t(ready), c.t("等待商品"))
	case why:
		note := append(wrap(c, c.W.Reason(refused), c.L.M.U(222), 17, 2), c.t("恢复后自动可用"))
		if c.L.M.Compact && len(note) > 2 { // one line only: half a sentence says nothing
			note = note[2:]
		}
		k = rest(k, note[:min(2, len(note))]...)
		k.Label = c.t("%s不可用", c.way(t))
	case c.V.Screen == Cash && t == pos.Cash:
		k.Dress = kit.Chosen
	case c.V.Screen == Cash:
		k.Dress = kit.Plain
	case len(fault) > 0: // it is tried all the same, and ends with the reason and the other ways of paying
		k.Dress, k.Note, k.Amount = kit.Plain, fault, ""
	case c.S.Line.State == "offline" && t == pos.Card:
		k.Note = []string{c.t("脱机余 %s · %d 笔", i18n.Money(c.S.Line.RoomSum), c.S.Line.RoomCount)}
		if c.roomLow() {
			k.Note = []string{c.t("快用完：余 %s · %d 笔", i18n.Money(c.S.Line.RoomSum), c.S.Line.RoomCount)}
		}
	case c.S.Line.State == "offline" && t == pos.Cash:
		k.Note = []string{c.t("不受影响")}
	}
	return k
}

// way names a way of paying inside of a sentence.
func (c *Ctx) way(t pos.Tender) string {
	if c.W.English {
		return within(c.W.Tender(t))
	}
	return c.W.Tender(t)
}

// tenderFault gives the lines that say which device a way of paying cannot do without is not well, and why; none where all
// are.
func (c *Ctx) tenderFault(t pos.Tender) []string {
	if t != pos.Card {
		return nil
	}
	for _, name := range [...]string{"reader", "pinpad"} {
		for _, d := range c.S.Devices {
			if d.Name != name || d.State != "fault" && (d.State != "off" || name == "pinpad") { // without a pad some cards go through
				continue
			}
			room := map[bool]int{true: 1, false: 2}[c.L.M.Compact]
			lines := wrap(c, c.named(name, c.fault(d)), c.L.M.U(222), 17, room+1)
			if len(lines) > room { // half a sentence says nothing; the bar has it whole
				lines = []string{join(c.t(deviceWords[name]), c.t("故障"))}
			}
			return lines
		}
	}
	return nil
}

// rest makes a key unavailable, with its reason.
func rest(k kit.Key, note ...string) kit.Key {
	k.Dress, k.Note, k.Amount = kit.Unavailable, note, ""
	return k
}

// functionKeys gives the six functions under the tenders.
func (c *Ctx) functionKeys() []kit.Key {
	has := len(c.S.Basket.Lines) > 0
	held := ""
	if c.S.Held > 0 {
		held = c.t("%d 单", c.S.Held)
	}
	keys := []kit.Key{
		{Label: c.t("组合付"), Icon: "split", Cap: "F4", Act: act(VerbSplit, "")},
		{Label: c.t("挂单"), Icon: "hold", Cap: "F5", Act: act(VerbHold, "")},
		{Label: c.t("取单"), Icon: "recall", Cap: "F6", Sub: held, Act: act(VerbGo, string(Held))},
		{Label: c.t("退货"), Icon: "refund", Cap: "F7", Act: act(VerbReceipt, "")},
		{Label: c.t("卡业务"), Icon: "wallet", Cap: "F8", Act: act(VerbGo, string(Cards))},
		{Label: c.t("菜单"), Icon: "menu", Cap: "F10", Act: act(VerbGo, string(Today))},
	}
	away := c.paying() || c.V.Screen == Cash || c.V.Screen == Search || c.V.Screen == Held || c.V.Screen == Weigh
	for i := range keys {
		keys[i].Form = kit.Corner
		empty := !has && i < 2 || i == 2 && (has || c.S.Held == 0)
		if away || empty || keys[i].Act == (kit.Act{}) {
			keys[i].Dress = kit.Unavailable
		}
	}
	if away && !c.paying() {
		keys[5] = kit.Key{Form: kit.Corner, Label: c.t("返回"), Icon: "chevron-left", Cap: "Esc", Act: act(VerbGo, string(Home))}
	}
	return keys
}
