package screen

import (
	"strconv"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// catalogue draws the articles of the chosen category or of a search.
func (c *Ctx) catalogue(r kit.Rect) {
	u, p := c.u, c.p
	body := c.title(r, c.t("商品"), c.t("%s 种 · 价格含税", strconv.Itoa(c.V.Products)))
	p.Panel(body)
	side, list := body.Left(max(u(180), 120), 0)
	p.Wall(side.Right(), side.Y+1, side.H-2)
	rowH := kit.KeyedRow(side.H, c.L.M.KeyH()+c.L.M.Gap())
	in := side.In(u(12), u(14))
	p.TouchList(in, "categories", rowH, len(c.V.Categories), c.V.First["categories"], func(i int, row kit.Rect) {
		row.H -= c.L.M.Gap()
		k := kit.Key{Label: c.t(c.V.Categories[i]), Size: 20, Late: true, Cap: p.RowKey(), Act: act(VerbCategory, c.V.Categories[i])}
		if c.V.Categories[i] == c.V.Category {
			k.Dress = kit.Chosen
		}
		p.Key(row, c.capped(row, k))
	})
	list = kit.Rect{X: list.X, Y: list.Y + 1, W: list.W, H: list.H - 2}
	if len(c.V.Found) == 0 {
		c.empty(list, "box", c.t("这一类没有商品"), c.t("选别的类别"))
		return
	}
	p.TouchList(list, "found", u(58), len(c.V.Found), c.V.First["found"], func(i int, row kit.Rect) {
		a := c.V.Found[i]
		p.Rule(row.X+u(24), row.Bottom()-1, row.W-u(48))
		p.Line(row.X+u(24), row.Mid(), row.W*0.44, a.Name, kit.Style{Size: 20, Elide: true})
		p.Line(row.X+row.W*0.5, row.Mid(), row.W*0.22, dash(a.Barcode), kit.Style{Size: 18, Ink: look.Soft})
		p.Line(row.X+row.W*0.72, row.Mid(), row.W*0.1, a.Unit, kit.Style{Size: 18, Ink: look.Soft})
		p.Line(row.X+row.W*0.72, row.Mid(), row.W*0.28-u(24), i18n.Money(a.Price), kit.Style{Size: 22, Bold: true, Side: kit.End})
	})
}

// settings draws the switches of the face and the states of the devices.
func (c *Ctx) settings(r kit.Rect) {
	u, p := c.u, c.p
	body := c.title(r, c.t("设置"), join(c.t("版本 %s", c.V.Version), c.t("终端 %s", c.S.Shop.TID), c.t("商户 %s", c.S.Shop.MID)),
		kit.Key{Label: c.t("签退"), Icon: "lock", Cap: "F12", Act: act(VerbSignOut, "")})
	left, right := body.Left(body.W*0.5-u(6), u(12))
	p.Panel(left)
	top := left.Y + 2
	if left.H >= 480 { // a low panel has no room for a heading
		top = left.Y + u(64)
		p.Line(left.X+u(24), left.Y+u(34), left.W-u(48), c.t("这台收银机"), kit.Style{Size: 22, Bold: true})
		p.Rule(left.X+1, left.Y+u(62), left.W-2)
	}
	lang, theme, line := c.t("中文"), c.t("浅色"), c.t("通")
	if c.W.English {
		lang = "English"
	}
	if c.V.Dark {
		theme = c.t("深色")
	}
	if c.V.Bench.Cut {
		line = c.t("已拔掉")
	}
	paper := c.t("有纸")
	if c.V.Bench.Empty {
		paper = c.t("没有纸")
	}
	rows := [...]struct {
		icon, word, value, key string
		cap                    string
		act                    kit.Act
	}{
		{"globe", "语言", lang, "切换", "F6", act(VerbLang, "")},
		{"moon", "外观", theme, "切换", "F7", act(VerbDark, "")},
		{"plug", "演示：网线", line, "切换", "F8", act(VerbLineCut, "")},
		{"printer", "演示：打印纸", paper, "切换", "F4", act(VerbPaper, "")},
		{"phone", "演示：顾客手机", c.t(walletWords[c.V.Bench.Wallet]), "切换", "F5", act(VerbWallet, "")},
		{"refresh", "自检", c.tested().text, "开始", "F9", act(VerbGo, string(SelfTest))},
	}
	h := min(max(u(78), 60), (left.Bottom()-top-4)/float32(len(rows)))
	kh := min(max(u(50), c.L.M.KeyH()), h-4)
	for i, row := range rows {
		place := kit.Rect{X: left.X, Y: top + float32(i)*h, W: left.W, H: h}
		p.Icon(row.icon, place.X+u(38), place.Mid(), u(26), look.Soft)
		used := p.Line(place.X+u(66), place.Mid(), max(u(160), 112), c.t(row.word), kit.Style{Size: 20, Bold: true})
		kw := max(u(150), 110)
		k := kit.Key{Form: kit.Wide, Size: 20, Label: c.t(row.key), Cap: row.cap, Act: row.act}
		if of := demoOnly[row.act.Verb]; of != "" && (!c.V.Bench.On || c.V.Bench.Real[of]) {
			k.Dress, k.Label = kit.Unavailable, c.t("只在演示里")
		}
		p.Key(kit.Rect{X: place.Right() - u(20) - kw, Y: place.Mid() - kh/2, W: kw, H: kh}, k)
		value := kit.Style{Size: 20, Ink: look.Soft, Elide: true}
		col, end := place.X+u(76)+max(u(160), 112), place.Right()-u(30)-kw
		if col+p.Width(row.value, value) > end { // out of its column rather than cut
			col = max(place.X+u(66)+used+u(14), end-p.Width(row.value, value))
		}
		p.Line(col, place.Mid(), end-col, row.value, value)
		if i < len(rows)-1 {
			p.Rule(place.X+u(24), place.Bottom(), place.W-u(48))
		}
	}
	key, right := right.Foot(max(u(96), c.L.M.KeyH()+14), u(12))
	c.keyRow(key)
	c.deviceList(right)
}

// demoOnly are the verbs of the simulated devices, with the device.
var demoOnly = map[string]string{VerbLineCut: "host", VerbPaper: "printer", VerbWallet: "wallet"}

// deviceList draws every device with its state in words.
func (c *Ctx) deviceList(r kit.Rect) {
	u, p := c.u, c.p
	p.Panel(r)
	head, rest := r.Top(max(u(68), c.L.M.KeyH()+12), 0)
	k := kit.Key{Form: kit.Wide, Size: 20, Label: c.t("试一试 · 换设备"), Cap: "F2", Act: act(VerbGo, string(Devices))}
	switch {
	case !c.V.Gear.Known:
		k.Dress, k.Label, k.Cap = kit.Unavailable, c.t("未开通"), ""
	case !MayChangeDevices(c.S.Operator.Role):
		k.Dress, k.Label, k.Cap = kit.Unavailable, c.t("店长才能"), ""
	}
	kw := min(max(u(280), p.Width(k.Label, kit.Style{Size: 20, Bold: true})+u(70)), head.W*0.62)
	p.Key(kit.Rect{X: head.Right() - u(20) - kw, Y: head.Mid() - max(u(50), c.L.M.KeyH())/2, W: kw, H: max(u(50), c.L.M.KeyH())}, k)
	p.Line(r.X+u(24), head.Mid(), head.W-u(60)-kw, c.t("设备"), kit.Style{Size: 22, Bold: true})
	p.Rule(r.X+1, head.Bottom(), r.W-2)
	list := c.S.Devices
	p.TouchList(kit.Rect{X: rest.X, Y: rest.Y + 2, W: rest.W, H: rest.H - u(6)}, "devices", max(u(58), 44), len(list), c.V.First["devices"], func(i int, row kit.Rect) {
		d := list[i]
		text, state := c.deviceText(d), stateOf(d)
		if first := Caused(list, d); first != "" {
			state, text = kit.Unsure, c.t("先处理%s", c.device(first))
		}
		p.Mark(state, row.X+u(38), row.Mid(), u(13))
		p.Line(row.X+u(66), row.Mid(), u(200), c.t(deviceWords[d.Name]), kit.Style{Size: 20, Bold: true})
		p.Line(row.X+u(280), row.Mid(), row.W-u(304), text, kit.Style{Size: 18, Ink: look.Soft, Elide: true})
		p.Rule(row.X+u(24), row.Bottom(), row.W-u(48))
	})
}

func (c *Ctx) deviceText(d pos.Condition) string {
	if d.State == "busy" {
		return c.t("使用中")
	}
	return c.testText(d)
}
