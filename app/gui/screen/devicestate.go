package screen

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/pos"
)

// gearRest draws what there is to know of a device at rest: how the last test ended, what to do about a fault, the slips
// that wait, and at the foot the key that takes the device out of use or back.
func (c *Ctx) gearRest(r kit.Rect, d pos.Device) {
	gap := c.L.M.Gap()
	foot, r := r.Foot(c.L.M.KeyH(), gap)
	c.gearFoot(foot, d)
	g := &c.V.Gear
	if res := g.Result; res.What != "" && res.Name == d.Name && !c.saidAbove(res, d) {
		var top kit.Rect
		top, r = r.Top(max(c.u(84), 60), gap)
		if res.What == DoUse { // a device may need a moment to come up
			res.Cond = d.Condition
		}
		c.gearResult(top, res, absent(d))
	}
	if d.Name == "printer" && len(g.Slips) > 0 {
		c.gearSlips(r, g.Slips)
		return
	}
	c.gearRemedy(r, d)
}

// saidAbove says whether the head of a low panel says what the result would: then the remedy takes its room.
func (c *Ctx) saidAbove(res Result, d pos.Device) bool {
	return c.L.M.S < 0.8 && isBad(d.Condition) && isBad(res.Cond) && (res.Cond.Code == d.Condition.Code || res.What == DoUse) && c.W.Technical(d.Condition) != ""
}

// gearResult draws how the last test ended, and what it showed.
func (c *Ctx) gearResult(r kit.Rect, res Result, gone bool) {
	u, p := c.u, c.p
	state := stateOf(res.Cond)
	if gone {
		state = kit.Calm
	}
	ground := state.Ground()
	if state == kit.Calm {
		ground = look.OKSoft
	}
	p.Box(r, ground, look.None, 0, u(10))
	title := map[string]string{
		string(pos.CheckInternal): "自检通过", string(pos.CheckExternal): "试过了，正常", string(pos.CheckInteractive): "收到了", DoUse: "换好了",
	}[res.What]
	under := c.W.Detail(res.Cond)
	if state != kit.Calm {
		title = "没有通过"
		if res.What == DoUse {
			title = "换上了，但还不能用"
		}
		under = c.deviceText(res.Cond)
	}
	if gone && res.What == DoUse {
		title, under = "已停用", c.t("收银照常；随时可以换回来")
	}
	if under == "" {
		under = c.t(map[bool]string{true: "请看它有没有反应", false: "没有发现问题"}[res.What == string(pos.CheckExternal) && res.Name != "reader"])
	}
	icon, ink := "check", look.OK
	if state != kit.Calm {
		icon, ink = "warning", state.Ink()
	}
	p.Icon(icon, r.X+u(36), r.Mid(), max(u(32), 22), ink)
	x, room := r.X+u(70), r.W-u(84)
	textInk := look.Ink
	p.Line(x, r.Mid()-max(u(15), 12), room, c.t(title), kit.Style{Size: 20, Bold: true, Ink: textInk})
	p.Line(x, r.Mid()+max(u(15), 13), room, under, kit.Style{Size: 18, Ink: textInk, Elide: true})
}

// gearRemedy draws what to do about a fault in steps, or that there is nothing to do.
func (c *Ctx) gearRemedy(r kit.Rect, d pos.Device) {
	u, p := c.u, c.p
	all := c.V.Gear.conditions()
	title, lines := c.t("不用处理"), []string{c.t("出了毛病这里会写怎么办；收银不会停。")}
	note := "" // of whoever knows machines: the driver's own sentence with the command that helps
	cond := d.Condition
	switch first := Caused(all, cond); {
	case d.Name == "customer":
		lines = []string{c.t("打开后，把窗口移到朝着顾客的那块屏上。它只显示商品、金额、二维码和结果。")}
		title = c.t("顾客看到什么")
	case d.URL == "":
		title, lines = c.t("还没有设置"), []string{c.t("插好线、打开电源，按“找设备”，再按“用这个”。")}
	case first != "":
		title = begin(c.t("先处理%s", c.device(first)))
		lines = []string{c.t("那台好了它就好了。")}
		if d.Name == "drawer" {
			lines = []string{c.t("它接在那台设备上，那台好了它就好了。")}
		}
	case isBad(cond):
		title, lines = c.t("怎么办"), nil
		if s := c.remedyHere(cond.Code); s != "" {
			lines = append(lines, s)
		}
		note = c.W.Technical(cond)
		if detail := c.W.Detail(cond); note == "" && detail != d.URL {
			note = detail
		}
	}
	p.Well(r)
	y, pitch := r.Y+max(u(32), 20), max(u(28), 23)
	if note == "" || c.L.M.S >= 0.8 { // else the remedy needs no title
		p.Line(r.X+u(20), y, r.W-u(40), title, kit.Style{Size: 20, Bold: true})
		y += max(u(36), 26)
	}
	for _, s := range lines {
		for _, part := range wrap(c, s, r.W-u(44), 18, max(1, min(3, int((r.Bottom()-y)/pitch)))) {
			if y > r.Bottom()-pitch/2 {
				return
			}
			p.Line(r.X+u(20), y, r.W-u(40), part, kit.Style{Size: 18, Ink: look.Soft, Elide: true})
			y += pitch
		}
	}
	c.gearNote(kit.Rect{X: r.X + u(20), Y: y - pitch/2, W: r.W - u(40), H: r.Bottom() - y + pitch/2}, note)
}

// remediesHere are the remedies of faults whose usual sentence sends the reader to the page that this is.
var remediesHere = map[string]string{
	"busy_elsewhere": "关掉占用它的程序", "no_permission": "开通使用它的权限", "wrong_speed": "改成设备自己的波特率",
}

func (c *Ctx) remedyHere(code string) string {
	if zh := remediesHere[code]; zh != "" {
		return c.t(zh)
	}
	return c.W.Remedy(code)
}

// gearNote draws a driver's own sentence for whoever knows machines, in the driver's language and whole: smaller rather
// than cut, for a command that lacks its end helps nobody.
func (c *Ctx) gearNote(r kit.Rect, note string) {
	if note == "" {
		return
	}
	c.p.Rule(r.X, r.Y+c.u(4), r.W)
	title := c.t("技术说明：")
	for size := c.L.M.T(16); ; size-- {
		pitch := float32(int(size*1.3 + 0.5))
		head := kit.Style{Size: size, Exact: true, Bold: true, Ink: look.Soft}
		indent := c.p.Width(title, head) + size/3
		lines := wrapExact(c, note, indent, r.W, size)
		room := max(1, int((r.H-c.u(4)-size/2)/pitch))
		if len(lines) > room && size > leastText {
			continue
		}
		y := r.Y + c.u(6) + pitch*0.7
		c.p.Line(r.X, y, indent, title, head)
		for i, s := range lines[:min(len(lines), room)] {
			if i == room-1 && len(lines) > room {
				s += " …"
			}
			c.p.Line(r.X+indent, y, r.W-indent, s, kit.Style{Size: size, Exact: true, Elide: true})
			indent, y = 0, y+pitch
		}
		return
	}
}

// wrapExact breaks a sentence into lines of a width in units, the first one indented: at spaces and between Chinese
// characters, a word that is longer than a line inside it.
func wrapExact(c *Ctx, text string, indent, width, size float32) (out []string) {
	st := kit.Style{Size: size, Exact: true}
	line, room := "", width-indent
	next := func(s string) {
		out, room = append(out, strings.TrimSpace(s)), width
	}
	for _, word := range breaks(text) {
		if c.p.Width(strings.TrimSpace(line+word), st) <= room {
			line += word
			continue
		}
		if line != "" {
			next(line)
		}
		for line = word; c.p.Width(strings.TrimSpace(line), st) > room; {
			cut := len(line) - 1
			for cut > 1 && (c.p.Width(line[:cut], st) > room || !utf8.RuneStart(line[cut])) {
				cut--
			}
			next(line[:cut])
			line = line[cut:]
		}
	}
	return append(out, strings.TrimSpace(line))
}

// firstWide is the first of the characters between which a line may be broken.
const firstWide = 0x2e80

// breaks parts a text where a line may be broken: behind a space, and on both sides of a Chinese character, where no mark
// of punctuation begins a line.
func breaks(text string) (out []string) {
	from, last := 0, ' '
	for i, r := range text {
		wide := r >= firstWide || last >= firstWide
		if i > from && (last == ' ' || wide && r != ' ' && last != '（' && !strings.ContainsRune("。，、；：？！”）", r)) {
			out, from = append(out, text[from:i]), i
		}
		last = r
	}
	return append(out, text[from:])
}

var slipWords = map[string]string{"queued": "等着打印", "sent": "正在打印", "unknown": "不知道打出来没有"}

// gearSlips lists the slips that wait or of which nobody knows, each with the key that prints it again as a copy.
func (c *Ctx) gearSlips(r kit.Rect, list []pos.Printing) {
	u, p := c.u, c.p
	p.Well(r)
	h := max(u(60), c.L.M.KeyH()+4)
	p.TouchList(r, "slips", h, len(list), c.V.First["slips"], func(i int, row kit.Rect) {
		s := list[i]
		if i > 0 {
			p.Rule(row.X+u(14), row.Y, row.W-u(28))
		}
		state := kit.Waiting
		switch s.State {
		case "unknown":
			state = kit.Unsure
		case "sent":
			state = kit.Busy
		}
		p.Mark(state, row.X+u(26), row.Mid(), max(u(13), 10))
		kw, kh := max(u(150), 112), c.L.M.KeyH()
		k := kit.Key{Form: kit.Wide, Size: 18, Label: c.t("再打一份"), Cap: secondKey(p.RowNo()), Act: act(VerbSlipAgain, strconv.Itoa(s.ID)), Late: true}
		switch s.State {
		case "queued":
			k.Label = c.t("现在试")
		case "sent":
			k.Dress, k.Label = kit.Unavailable, c.t("请等一下")
		}
		at := kit.Rect{X: row.Right() - u(10) - kw, Y: row.Mid() - kh/2, W: kw, H: kh}
		p.Key(at, c.capped(at, k, c.t("再打一份")))
		x, room := row.X+u(48), row.W-u(48)-u(24)-kw
		name := c.t("小票 %s", s.Number)
		if s.Number == "" {
			name = c.t("测试页")
		}
		if s.Copy {
			name = join(name, c.t("副本"))
		}
		p.Line(x, row.Mid()-max(u(13), 11), room, name, kit.Style{Size: 18, Bold: true, Elide: true})
		p.Line(x, row.Mid()+max(u(13), 12), room, join(c.t(slipWords[s.State]), c.slipWhy(s)), kit.Style{Size: 16, Ink: look.Soft, Elide: true})
	})
}

// slipWhy words why a slip waits.
func (c *Ctx) slipWhy(s pos.Printing) string {
	if s.Reason == "" || !c.W.KnowsWhy(s.Reason) {
		return ""
	}
	return c.W.Reason(s.Reason)
}

// gearFoot draws the keys that take a device out of use or back, and at the printer the one that forgets what waits.
func (c *Ctx) gearFoot(r kit.Rect, d pos.Device) {
	p, g, gap := c.p, &c.V.Gear, c.L.M.Gap()
	cols := r.Cols(2, gap)
	off := kit.Key{Form: kit.Wide, Size: 18, Label: c.t("停用这台"), Cap: "F9", Act: act(VerbUnuse, d.Name)}
	switch {
	case d.Name == "customer" && g.Second:
		off.Label, off.Act = c.t("关上顾客屏"), act(VerbSecond, "")
	case d.Name == "customer":
		off.Dress, off.Label, off.Act = kit.Filled, c.t("打开顾客屏"), act(VerbSecond, "")
	case g.Before != "":
		off.Label, off.Act = c.t("换回刚才的"), act(VerbUseBefore, d.Name)
	case d.URL == "":
		return
	}
	if d.Name == "customer" && g.Second {
		k := kit.Key{Form: kit.Wide, Size: 18, Label: c.t("占满那块屏"), Cap: "F4", Act: act(VerbSecondFull, "")}
		if g.Full {
			k.Label = c.t("还原成窗口")
		}
		p.Key(cols[0], k)
	}
	waiting := 0
	for _, s := range g.Slips {
		if s.State == "queued" {
			waiting++
		}
	}
	if d.Name == "printer" && waiting > 0 {
		k := kit.Key{Form: kit.Wide, Size: 18, Label: c.t("不打了：清掉 %d 张", waiting), Cap: "Del", Key: "Delete", Act: act(VerbSlipsClear, "")}
		if g.Doing.What != "" {
			k.Dress = kit.Unavailable
		}
		p.Key(cols[0], c.capped(cols[0], k))
	}
	if g.Doing.What != "" {
		off.Dress = kit.Unavailable
	}
	p.Key(cols[1], off)
}

// foundRow is what stands in the list of what could be used.
type foundRow struct {
	found pos.Found
	index int
}

// foundRows are what was found, what fits the chosen device first.
func (c *Ctx) foundRows(d pos.Device) []foundRow {
	var own, others []foundRow
	for i, f := range c.V.Gear.Found {
		if f.Name == d.Name {
			own = append(own, foundRow{f, i})
		} else {
			others = append(others, foundRow{f, i})
		}
	}
	return append(own, others...)
}

// gearFound lists what is plugged in, each with the key that takes it and its digit.
func (c *Ctx) gearFound(r kit.Rect, d pos.Device) {
	u, p := c.u, c.p
	rows := c.foundRows(d)
	if len(rows) == 0 {
		p.Well(r)
		c.empty(r, "search", c.t("没有找到可用的设备"), c.t("插好线、打开电源，再找一次"))
		return
	}
	h := max(u(72), c.L.M.KeyH()+8)
	using := map[string]string{}
	for _, dev := range c.V.Gear.List {
		if dev.Condition.State != "fault" { // one that does not work may be another one by now: it is chosen anew
			using[dev.Name] = dev.URL
		}
	}
	p.Well(r)
	p.TouchList(r, "plugged", h, len(rows), c.V.First["plugged"], func(i int, row kit.Rect) {
		f := rows[i].found
		if i > 0 {
			p.Rule(row.X+u(14), row.Y, row.W-u(28))
		}
		p.Icon(deviceIcons[f.Name], row.X+u(34), row.Mid(), max(u(28), 20), look.Soft)
		kw, kh := max(u(136), 112), c.L.M.KeyH()
		k := kit.Key{Form: kit.Wide, Size: 18, Label: c.t("用这个"), Act: act(VerbUse, strconv.Itoa(rows[i].index)), Late: true}
		if i < choiceLimit {
			k.Cap = strconv.Itoa(i + 1)
		}
		if using[f.Name] == f.URL {
			k = kit.Key{Size: 18, Dress: kit.Unavailable, Label: c.t("正在用")}
		}
		p.Key(kit.Rect{X: row.Right() - u(14) - kw, Y: row.Mid() - kh/2, W: kw, H: kh}, k)
		x, room := row.X+u(64), row.W-u(64)-u(30)-kw
		label := f.Label
		if label == "" {
			label = f.URL
		}
		p.Line(x, row.Mid()-max(u(14), 11), room, label, kit.Style{Size: 18, Bold: true, Elide: true})
		p.Line(x, row.Mid()+max(u(14), 12), room, join(c.t("可作%s", c.device(f.Name)), f.Identity), kit.Style{Size: 16, Ink: look.Soft, Elide: true})
	})
}
