package screen

import (
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/pos"
)

// selfTest draws what the machine says of itself: a row a part, and for the first fault what to do.
func (c *Ctx) selfTest() {
	m, p, u := c.L.M, c.p, c.u
	side := u(48)
	c.bigTitle(side, c.t("开机自检"), join(c.shop(), c.t("终端 %s", c.S.Shop.TID), c.t("版本 %s", c.V.Version)))
	bad := -1
	good, follow := 0, 0
	for i, t := range c.V.Tests {
		if isBad(t) && Caused(c.V.Tests, t) == "" {
			if bad < 0 || c.V.Tests[bad].State == "warn" && t.State == "fault" {
				bad = i
			}
			continue
		}
		good++
	}
	state, text := kit.Calm, c.t("%d 项正常", good)
	for _, t := range c.V.Tests { // what only follows from another fault is neither
		if Caused(c.V.Tests, t) != "" {
			good--
			follow++
		}
	}
	if n := len(c.V.Tests) - good - follow; n > 0 {
		state, text = kit.Failed, c.t("%d 项正常，%d 项需要处理", good, n)
	}
	if c.V.Testing {
		state, text = kit.Busy, c.t("正在检测")
	}
	w := p.PillWidth(text)
	p.Pill(m.W-side-w, u(50), state, text)
	top := u(140)
	body := kit.Rect{X: side, Y: top, W: m.W - 2*side, H: m.H - top - u(24)}
	left, right := body.Left(body.W*0.52, u(20))
	c.testRows(left, bad)
	c.testRemedy(right, bad)
}

func isBad(t pos.Condition) bool { return t.State == "fault" || t.State == "warn" }

func (c *Ctx) testRows(r kit.Rect, bad int) {
	u, p := c.u, c.p
	p.Panel(r)
	n := max(9, len(c.V.Tests))
	h := max((r.H-2)/float32(n), u(44))
	p.TouchList(kit.Rect{X: r.X, Y: r.Y + 1, W: r.W, H: r.H - 2}, "tests", h, len(c.V.Tests), c.V.First["tests"], func(i int, row kit.Rect) {
		t := c.V.Tests[i]
		state, ink := kit.Calm, look.Soft
		text := c.testText(t)
		first := Caused(c.V.Tests, t)
		if first != "" { // the cause is told in its own row
			t.State, text = "off", c.t("先处理%s", c.device(first))
		}
		switch t.State {
		case "fault":
			state, ink = kit.Failed, look.Bad
		case "warn":
			state, ink = kit.Waiting, look.Wait
		case "busy":
			state = kit.Busy
		case "off":
			state = kit.Unsure
		}
		if i == bad && t.State == "fault" {
			p.Fill(kit.Rect{X: row.X + 1, Y: row.Y, W: row.W - 2, H: row.H}, look.BadSoft)
			p.Fill(kit.Rect{X: row.X + 1, Y: row.Y, W: u(5), H: row.H}, look.Bad)
		} else if i < len(c.V.Tests)-1 {
			p.Rule(row.X+u(24), row.Bottom(), row.W-u(48))
		}
		p.Mark(state, row.X+u(40), row.Mid(), u(14))
		name := u(190)
		p.Line(row.X+u(68), row.Mid(), name, c.t(deviceWords[t.Name]), kit.Style{Size: 20, Bold: true})
		took := p.Line(row.X, row.Mid(), row.W-u(24), c.W.Took(t.Took), kit.Style{Size: 18, Ink: look.Soft, Side: kit.End})
		p.Line(row.X+u(72)+name, row.Mid(), row.W-u(110)-name-took, text, kit.Style{Size: 20, Bold: isBad(t), Ink: ink, Elide: true})
	})
}

// detailWords are the sentences that a healthy part's figure stands in.
var detailWords = map[string]string{"journal": "完整，%s 条", "clock": "与银行相差 %s 秒", "keys": "已装载，批次 %s"}

// testText words a part's condition.
func (c *Ctx) testText(t pos.Condition) string {
	switch {
	case t.Code != "" && isBad(t):
		return c.W.Reason(t.Code)
	case t.Detail != "" && detailWords[t.Name] != "":
		return c.t(detailWords[t.Name], t.Detail)
	case c.W.Detail(t) != "":
		return c.W.Detail(t)
	case t.State == "off":
		return c.t("没有接")
	case isBad(t):
		return c.t("故障")
	}
	return c.t("正常")
}

// testRemedy draws what to do about the first fault, and the ways on.
func (c *Ctx) testRemedy(r kit.Rect, bad int) {
	u, p := c.u, c.p
	small, rest := r.Foot(max(u(52), c.L.M.KeyH()), u(12))
	again, panel := rest.Foot(max(u(72), c.L.M.KeyH()), u(12))
	p.Panel(panel)
	icon, ink, soft := "check", look.OK, look.OKSoft
	title, under := c.t("可以营业"), c.t("机器和线路都正常")
	steps := []string{c.t("选名字，输入密码"), c.t("扫码或点商品，就可以收款")}
	start := kit.Key{Label: c.t("开始"), Cap: "F12", Act: act(VerbGo, string(Home))}
	if bad >= 0 {
		t := c.V.Tests[bad]
		icon, ink, soft = deviceIcons[t.Name], look.Bad, look.BadSoft
		if t.State == "warn" {
			ink, soft = look.Wait, look.WaitSoft
		}
		if icon == "" {
			icon = "warning"
		}
		title, under = c.filled(t.Name, c.testText(t)), join(c.t(deviceWords[t.Name]), c.W.Detail(t))
		steps = []string{c.W.Remedy(t.Code)}
		start.Label = c.t("先这样开始")
	}
	p.Disc(panel.X+u(64), panel.Y+u(64), u(76), soft)
	p.Icon(icon, panel.X+u(64), panel.Y+u(64), u(42), ink)
	p.Line(panel.X+u(122), panel.Y+u(49), panel.W-u(140), title, kit.Style{Size: 28, Bold: true})
	p.Line(panel.X+u(122), panel.Y+u(86), panel.W-u(140), under, kit.Style{Size: 18, Ink: look.Soft, Elide: true})
	p.Rule(panel.X+u(28), panel.Y+u(124), panel.W-u(56))
	y := panel.Y + u(164)
	for i, s := range steps {
		if s == "" {
			continue
		}
		p.Disc(panel.X+u(44), y, max(u(30), 24), look.ActionSoft)
		p.Line(panel.X+u(29), y, u(30), string(rune('1'+i)), kit.Style{Size: 18, Bold: true, Ink: look.OnSoft, Side: kit.Centre})
		for _, part := range wrap(c, s, panel.W-u(110), 20, 3) {
			p.Line(panel.X+u(74), y, panel.W-u(94), part, kit.Style{Size: 20})
			y += max(u(34), 22)
		}
		y += u(20)
	}
	if bad >= 0 {
		start = c.testWell(panel, bad, start)
	}
	c.testWays(again, small, start, bad)
}

// testWell draws at the foot of the first fault whether one may sell meanwhile, and gives the key that begins.
func (c *Ctx) testWell(panel kit.Rect, bad int, start kit.Key) kit.Key {
	u, p := c.u, c.p
	well := kit.Rect{X: panel.X + u(20), Y: panel.Bottom() - max(u(136), 106), W: panel.W - u(40), H: max(u(116), 92)}
	p.Well(well)
	head, lines := c.t("这样也能营业"), c.goesOn(c.V.Tests[bad].Name)
	switch t := c.V.Tests[bad]; {
	case stopped(c.V.Tests):
		head, lines = c.t("现在不能收款"), []string{c.t("不要动收银文件夹里的任何文件。"), c.t("修好以后再重新启动。")}
		start.Dress, start.Sub, start.Cap = kit.Unavailable, c.t("先处理%s", c.device("journal")), ""
	case t.State == "fault" && (t.Code == "disk_full" || t.Code == "journal_full"):
		head, lines = c.t("现在不能收款"), []string{c.t("腾出空间以后，按“重新检测”。")}
	}
	p.Line(well.X+u(20), well.Y+max(u(28), 20), well.W-u(40), head, kit.Style{Size: 20, Bold: true})
	p.Para(well.X+u(20), well.Y+max(u(60), 47), well.W-u(40), max(u(26), 24), lines, kit.Style{Size: 18, Ink: look.Soft})
	return start
}

// withoutPart is what goes on without a part of the till, and what comes back with it.
var withoutPart = map[string][2]string{
	"printer": {"收款照常；小票存下来，恢复后补打。", ""},
	"drawer":  {"收款照常；钱箱用钥匙开。", ""},
	"scanner": {"收款照常；商品按拼音、类别找，或输入货号。", ""},
	"scale":   {"收款照常；重量可以自己输入。", ""},
	"display": {"收款照常；二维码在这块屏上也有。", ""},
	"pole":    {"收款照常；请把金额告诉顾客。", ""},
	"reader":  {"现金和扫码照常。", "刷卡在恢复后自动可用。"},
	"pinpad":  {"现金和扫码照常。", "要密码的卡在恢复后自动可用。"},
	"keys":    {"现金和扫码照常。", "刷卡在恢复后自动可用。"},
	"host":    {"现金照常；有的卡可以脱机收。", "恢复后自动补送。"},
	"wallet":  {"现金和刷卡照常。", "扫码在恢复后自动可用。"},
	"batch":   {"现金和扫码照常。", "结算以后就能刷卡。"},
}

// goesOn says what goes on without a part, and what comes back with it.
func (c *Ctx) goesOn(part string) []string {
	w, known := withoutPart[part]
	if !known {
		w = [2]string{"收款照常。", ""}
	}
	out := []string{c.t(w[0])}
	if w[1] != "" {
		out = append(out, c.t(w[1]))
	}
	return out
}

// testWays draws the keys under what a test found: the way on and the test again.
func (c *Ctx) testWays(again, small kit.Rect, start kit.Key, bad int) {
	p := c.p
	k := kit.Key{Dress: kit.Filled, Size: 26, Label: c.t("重新检测"), Icon: "refresh", Cap: "Enter", Key: "Return", Act: act(VerbSelfTest, "")}
	if c.V.Testing {
		k.Dress, k.Size, k.Sub = kit.Unavailable, 22, c.t("正在检测")
	} else if bad < 0 {
		k, start = start, k
		k.Dress, k.Size, k.Cap, k.Key = kit.Filled, 26, "Enter", "Return"
		start.Dress, start.Cap, start.Key, start.Size = kit.Plain, "F7", "", 20
	}
	p.Key(again, k)
	if bad < 0 && !c.V.Testing {
		p.Keys["F12"] = act(VerbGo, string(Home))
	}
	start.Form, start.Size = kit.Wide, 20
	switch low := c.L.M.S < 0.7; { // a low key has one line: why is what counts
	case low:
		if start.Sub != "" {
			start.Label, start.Sub, start.Size = start.Sub, "", 18
		}
	case start.Sub != "":
		start.Form, start.Size = kit.Middle, 18
	}
	p.Key(small, start)
}
