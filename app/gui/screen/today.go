package screen

import (
	"fmt"
	"slices"
	"strconv"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// today draws the owner's day: one number first, last week right under it, then where and who, then what needs a person.
func (c *Ctx) today(r kit.Rect) {
	gap := c.u(12)
	body := c.title(r, c.t("今日"), join(c.W.Date(c.V.Now), c.t("截至 %s", c.V.Now.Format("15:04"))))
	k := body.H / 632
	top, rest := body.Top(264*k, gap)
	foot, mid := rest.Foot(112*k, gap)
	cols := top.Cols(3, gap)
	c.net(cols[0])
	c.hours(kit.Rect{X: cols[1].X, Y: top.Y, W: top.Right() - cols[1].X, H: top.H})
	cols = mid.Cols(3, gap)
	c.byTender(cols[0])
	c.byCashier(cols[1])
	c.byProduct(cols[2])
	c.owedPanels(foot.Cols(3, gap))
}

// net draws the day's net against the same moment a week ago.
func (c *Ctx) net(r kit.Rect) {
	u, p, t := c.u, c.p, &c.V.Totals
	p.Panel(r)
	x, w := r.X+u(24), r.W-u(48)
	head := p.Line(x, r.Y+r.H*0.13, w, c.t("净额"), kit.Style{Size: 20, Bold: true, Ink: look.Soft}) + u(16)
	each, soft18 := mean(t.Net, t.Count), kit.Style{Size: 18, Ink: look.Soft, Side: kit.End}
	count := c.t("%d 笔", t.Count)
	p.Line(x+head, r.Y+r.H*0.13, w-head, c.fit(w-head, soft18, join(count, c.t("均单 %s", i18n.Money(each))), count), soft18)
	p.Sum(kit.Rect{X: x, Y: r.Y + r.H*0.37, W: w, H: 0}, i18n.Money(t.Net), kit.Style{Size: 68, Bold: true})
	box := kit.Rect{X: r.X + u(20), Y: r.Y + r.H*0.568, W: r.W - u(40), H: r.H * 0.174}
	diff := t.Net - c.V.SameTime
	soft, ink, icon := look.OKSoft, look.OK, "arrow-up"
	if diff < 0 {
		soft, ink, icon = look.WaitSoft, look.Wait, "arrow-down"
	}
	if c.V.SameTime == 0 {
		p.Box(box, look.Sunken, look.None, 0, u(10))
		st := kit.Style{Size: 18, Ink: look.Soft}
		p.Line(box.X+u(16), box.Mid(), box.W-u(32), c.fit(box.W-u(32), st, c.t("上周同一天没有记录"), "–"), st)
		return
	}
	p.Box(box, soft, look.None, 0, u(10))
	p.Icon(icon, box.X+u(23), box.Mid(), u(20), ink)
	st := kit.Style{Size: 18, Bold: true, Ink: ink, Side: kit.End}
	used := p.Line(box.X, box.Mid(), box.W-u(14), signed(diff), st)
	st.Side = kit.Start
	room := box.W - u(66) - used
	rise := percent(diff, c.V.SameTime)
	p.Line(box.X+u(42), box.Mid(), room, c.fit(room, st, c.t("比上周同时 %s", rise), rise, ""), st)
	y := r.Y + r.H*0.875
	used = p.Line(x, y, w, i18n.Money(c.V.SameTime), kit.Style{Size: 26, Bold: true, Ink: look.Soft, Side: kit.End})
	st = kit.Style{Size: 18, Ink: look.Soft}
	day := c.W.DayShort(c.V.Now)
	p.Line(x, y, w-used-u(10), c.fit(w-used-u(10), st, c.t("上%s同时", day), c.t("上%s", day)), st)
}

// mean gives the sum of one of n, rounded half up to a fen.
func mean(sum pos.Amount, n int) pos.Amount {
	if n <= 0 {
		return 0
	}
	if sum < 0 {
		return -mean(-sum, n)
	}
	return (2*sum + pos.Amount(n)) / (2 * pos.Amount(n))
}

func signed(a pos.Amount) string {
	if a > 0 {
		return "+" + i18n.Money(a)
	}
	return i18n.Money(a)
}

// percent writes a part of a whole in tenths of a percent, in integers throughout.
func percent(part, whole pos.Amount) string {
	if whole == 0 {
		return ""
	}
	sign := "+"
	if part < 0 {
		sign, part = "-", -part
	}
	tenths := (part*2000/whole + 1) / 2
	return fmt.Sprintf("%s%d.%d %%", sign, int64(tenths/10), int64(tenths%10))
}

// The hours that the chart shows at least.
const (
	firstHour = 7
	lastHour  = 22
)

func (c *Ctx) hours(r kit.Rect) {
	u, p := c.u, c.p
	p.Panel(r)
	x, w := r.X+u(24), r.W-u(48)
	p.Line(x, r.Y+r.H*0.13, w/2, c.t("按小时"), kit.Style{Size: 20, Bold: true})
	from, to, best := firstHour, lastHour, -1
	for _, t := range []pos.Totals{c.V.Totals, c.V.LastWeek} {
		for h, s := range t.ByHour {
			if s.Net != 0 {
				from, to = min(from, h), max(to, h)
			}
		}
	}
	var hours []kit.Hour
	for h := from; h <= to; h++ {
		now := c.V.Totals.ByHour[h].Net
		if now > 0 && (best < 0 || now > c.V.Totals.ByHour[best].Net) {
			best = h
		}
		hours = append(hours, kit.Hour{
			Word: strconv.Itoa(h), Value: int64(now), Ghost: int64(c.V.LastWeek.ByHour[h].Net), Now: h == c.V.Now.Hour(),
		})
	}
	if best >= 0 {
		at, y := x, r.Y+r.H*0.235
		if r.H < 220 { // a low panel: beside the title
			at, y = x+p.Width(c.t("按小时"), kit.Style{Size: 20, Bold: true})+u(24), r.Y+r.H*0.13
		}
		st := kit.Style{Size: 16, Ink: look.Soft}
		p.Line(at, y, w/2, c.fit(w*0.42, st, c.t("最忙 %d 时 %s", best, i18n.Money(c.V.Totals.ByHour[best].Net)), strconv.Itoa(best)+":00"), st)
	}
	right := r.Right() - u(24)
	for _, l := range [...]struct {
		token look.Token
		word  string
	}{{look.Ghost, c.t("上%s", c.W.DayShort(c.V.Now))}, {look.Action, c.t("今天")}} {
		right -= p.Line(x, r.Y+r.H*0.13, right-x, l.word, kit.Style{Size: 16, Ink: look.Soft, Side: kit.End}) + u(22)
		p.Box(kit.Rect{X: right, Y: r.Y + r.H*0.13 - u(7), W: u(14), H: u(14)}, l.token, look.None, 0, u(3))
		right -= u(20)
	}
	p.Bars(kit.Rect{X: x, Y: r.Y + r.H*0.285, W: w, H: r.H*0.715 - u(1)}, hours)
}

func (c *Ctx) byTender(r kit.Rect) {
	u, p := c.u, c.p
	p.Panel(r)
	x, w := r.X+u(24), r.W-u(48)
	p.Line(x, r.Y+r.H*0.14, w, c.t("收款方式"), kit.Style{Size: 20, Bold: true})
	order := []pos.Tender{pos.QR, pos.Card, pos.Cash}
	slices.SortStableFunc(order, func(a, b pos.Tender) int {
		return int(c.V.Totals.ByTender[b].Net - c.V.Totals.ByTender[a].Net)
	})
	for i, t := range order {
		s := c.V.Totals.ByTender[t]
		y := r.Y + r.H*(0.34+0.229*float32(i))
		amount := p.Line(x, y, w, i18n.Money(s.Net), kit.Style{Size: 20, Bold: true, Side: kit.End})
		used := p.Line(x, y, w-amount, c.W.Tender(t), kit.Style{Size: 18, Bold: true})
		c.counted(x+used+u(18), y, w-amount-used-u(28), s.Count, 16)
		p.HBar(kit.Rect{X: x, Y: y + u(17), W: w, H: u(8)}, int64(s.Net), int64(c.V.Totals.Net))
	}
}

// counted writes how many sales there were, where there is room for it.
func (c *Ctx) counted(x, y, room float32, n int, size float32) {
	st := kit.Style{Size: size, Ink: look.Soft}
	if text := c.t("%d 笔", n); c.p.Width(text, st) <= room {
		c.p.Line(x, y, room, text, st)
	}
}

func (c *Ctx) byCashier(r kit.Rect) {
	u, p := c.u, c.p
	p.Panel(r)
	x, w := r.X+u(24), r.W-u(48)
	p.Line(x, r.Y+r.H*0.14, w, c.t("收银员"), kit.Style{Size: 20, Bold: true})
	ids := make([]string, 0, len(c.V.Totals.ByCashier))
	for id := range c.V.Totals.ByCashier {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		if d := c.V.Totals.ByCashier[b].Net - c.V.Totals.ByCashier[a].Net; d != 0 {
			return int(d)
		}
		return len(a) - len(b)
	})
	pitch := r.H * 0.229
	for i, id := range ids[:min(3, len(ids))] {
		s := c.V.Totals.ByCashier[id]
		y := r.Y + r.H*0.36 + float32(i)*pitch
		amount := p.Line(x, y, w, i18n.Money(s.Net), kit.Style{Size: 20, Bold: true, Side: kit.End})
		used := max(u(54), p.Line(x, y, w-amount-u(10), c.name(id), kit.Style{Size: 18, Bold: true, Elide: true}))
		c.counted(x+used+u(12), y, w-amount-used-u(24), s.Count, 17)
		if i < min(3, len(ids))-1 {
			p.Rule(x, y+pitch/2, w)
		}
	}
	if len(ids) == 0 {
		p.Line(x, r.Mid(), w, c.t("今天还没有收款"), kit.Style{Size: 18, Ink: look.Soft})
	}
}

func (c *Ctx) byProduct(r kit.Rect) {
	u, p := c.u, c.p
	p.Panel(r)
	x, w := r.X+u(24), r.W-u(48)
	p.Line(x, r.Y+r.H*0.14, w, c.t("卖得最多"), kit.Style{Size: 20, Bold: true})
	list := c.V.Totals.ByProduct
	list = list[:min(4, len(list))]
	pitch := r.H * 0.173
	for i, s := range list {
		y := r.Y + r.H*0.335 + float32(i)*pitch
		sum := max(u(88), p.Line(x, y, w, i18n.Money(s.Amount), kit.Style{Size: 20, Bold: true, Side: kit.End})+u(10))
		small := kit.Style{Size: 16, Ink: look.Soft, Side: kit.End}
		count := p.Line(x, y, w-sum, c.fit((w-sum)*0.5, small, s.Qty.String()+" "+s.Unit, s.Qty.String(), ""), small)
		p.Line(x, y, w-sum-u(12)-count, s.Name, kit.Style{Size: 18, Elide: true})
		if i < len(list)-1 {
			p.Rule(x, y+pitch/2, w)
		}
	}
	if len(list) == 0 {
		p.Line(x, r.Mid(), w, c.t("今天还没有收款"), kit.Style{Size: 18, Ink: look.Soft})
	}
}

// owedPanels draw what waits, what the bank refused afterwards, and whether all is in step.
func (c *Ctx) owedPanels(r []kit.Rect) {
	t := &c.V.Totals
	pending := owedPanel{kit.Calm, c.t("没有待上送"), c.t("都已送到银行"), ""}
	if t.Pending.Count > 0 {
		pending = owedPanel{kit.Waiting, c.t("待上送 %d 笔", t.Pending.Count), c.t("自动发送中"), i18n.Money(t.Pending.Gross)}
	}
	late := owedPanel{kit.Calm, c.t("没有迟到拒付"), c.t("没有要您决定的"), ""}
	if t.LateDeclined.Count > 0 {
		late = owedPanel{kit.Failed, c.t("迟到拒付 %d 笔", t.LateDeclined.Count), c.t("需要您决定"), i18n.Money(t.LateDeclined.Gross)}
	}
	line := c.line(c.u(1000))
	sync := owedPanel{kit.Calm, c.t("同步正常"), c.t("线路联机，流水校验一致"), ""}
	if c.S.Line.State == "online" && line.state != kit.Calm {
		sync = owedPanel{kit.Waiting, c.t("正在补送"), c.t("先冲正，再按顺序上送"), ""}
	} else if line.state != kit.Calm {
		sync = owedPanel{line.state, line.text, c.t("现金照常，恢复后自动补送"), ""}
	}
	for i, o := range [...]owedPanel{pending, late, sync} {
		c.owedPanel(r[i], o)
	}
}

type owedPanel struct {
	state        kit.State
	title, under string
	sum          string
}

func (c *Ctx) owedPanel(r kit.Rect, o owedPanel) {
	u, p := c.u, c.p
	body := p.Panel(r)
	p.Mark(o.state, r.X+u(40), r.Mid(), u(16))
	p.Icon("chevron-right", r.Right()-u(30), r.Mid(), u(22), look.Soft)
	used := float32(0)
	if o.sum != "" {
		used = p.Line(r.X+u(68), r.Y+r.H*0.375, r.W-u(120), o.sum, kit.Style{Size: 22, Bold: true, Side: kit.End}) + u(10)
	}
	p.Line(r.X+u(68), r.Y+r.H*0.365, r.W-u(120)-used, o.title, kit.Style{Size: 22, Bold: true, Ink: o.state.Ink(), Elide: true})
	p.Line(r.X+u(68), r.Y+r.H*0.65, r.W-u(120), o.under, kit.Style{Size: 18, Ink: look.Soft, Elide: true})
	p.Touch(r, act(VerbGo, string(Queue)), body, look.PlainDown)
}
