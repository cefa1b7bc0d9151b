package screen

import (
	"slices"
	"strings"
	"time"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/pos"
)

// Gear is the devices page: what there is, which device is looked at, and what is being done with it.
type Gear struct {
	Known  bool         // there is somebody to ask
	List   []pos.Device // as it was last told
	Chosen string       // name of the device that is looked at
	Before string       // what the chosen device was before it was changed, "" for nothing
	Doing  Doing
	Result Result
	Found  []pos.Found
	Looked bool           // Found is shown: something was looked for
	Slips  []pos.Printing // that wait for the printer or are in doubt, oldest first
	Second bool           // the customer's window is open
	Full   bool           // and fills its panel
}

// Doing is what runs with a device; the zero value is nothing.
type Doing struct {
	What  string // a pos.Level, DoFind or DoUse
	Name  string // of the device, "" for all
	Since time.Time
	Until time.Time // when it is given up
}

// What runs besides the checks.
const (
	DoFind = "find"
	DoUse  = "use"
)

// Result is how the last thing done with a device ended.
type Result struct {
	What string // as in Doing
	Name string
	Cond pos.Condition
}

// The verbs of the devices page.
const (
	VerbAbout      = "about"       // argument: a device that is not well, touched in the bar
	VerbDevice     = "device"      // argument: a device's name
	VerbTest       = "device_test" // argument: a pos.Level
	VerbFind       = "device_find"
	VerbUse        = "device_use"  // argument: index in Gear.Found
	VerbUnuse      = "device_off"  // no such device from now on
	VerbUseBefore  = "device_back" // what it was before it was changed
	VerbStop       = "device_stop" // ends what runs
	VerbSecond     = "second"      // the customer's window, on or off
	VerbSecondFull = "second_full" // the customer's window fills its panel, or not
	VerbSlipAgain  = "slip_again"  // argument: a print job
	VerbSlipsClear = "slips_clear" // forgets what waits
)

// MayChangeDevices says whether a role may open the devices page.
func MayChangeDevices(r pos.Role) bool { return r == pos.Supervisor || r == pos.Owner }

// deviceIcons are the drawings of devices and other parts of the till.
var deviceIcons = map[string]string{
	"reader": "contactless", "pinpad": "pinpad", "printer": "printer", "qr": "qr", "display": "qr", "pole": "pole", "scanner": "scanner",
	"scale": "scale", "drawer": "drawer", "customer": "monitor", "journal": "file", "disk": "box", "clock": "clock", "keys": "lock",
	"host": "globe", "downloads": "globe", "wallet": "wallet", "batch": "upload",
}

// doings are, by device, the word of the external test, and what a person does for the interactive one.
var doings = map[string]struct{ test, hand string }{
	"reader":   {"测线路", "请插卡、挥卡或刷卡"},
	"pinpad":   {"显示一行字", "请随便按 4 个数字，再按确认"},
	"printer":  {"打印测试页", ""},
	"qr":       {"显示测试图", ""},
	"pole":     {"显示测试字", ""},
	"scanner":  {"", "请扫一个条码"},
	"scale":    {"读一次", "请放一样东西到秤上"},
	"drawer":   {"弹开钱箱", "请把钱箱推上"},
	"customer": {"显示测试图", ""},
}

// runs are the words of what runs.
var runs = map[string]string{
	string(pos.CheckInternal): "正在自检，什么都不会动", string(pos.CheckExternal): "正在试", string(pos.CheckInteractive): "等您动手",
	DoFind: "正在找接上的设备", DoUse: "正在换设备",
}

// Caused gives the device that has to be put right first, because another one hangs on it; "" for a device that has a
// cause of its own. The drawer hangs on the printer, the line to the host on the journal: without trace numbers nothing is
// sent.
func Caused(list []pos.Condition, d pos.Condition) string {
	if d.Name == "host" && d.State == "fault" && stopped(list) {
		return "journal"
	}
	if d.Name != "drawer" || d.Code == "drawer_open" || d.State != "fault" && d.State != "warn" {
		return ""
	}
	for _, other := range list {
		if other.Name == "printer" && other.State == "fault" && (other.Code == d.Code || d.Code == "offline" || d.Code == "unplugged") {
			return other.Name
		}
	}
	return ""
}

// stopped says whether the journal is such that nothing can be sold; a full one is not.
func stopped(list []pos.Condition) bool {
	return slices.ContainsFunc(list, func(c pos.Condition) bool {
		return c.Name == "journal" && c.State == "fault" && c.Code != "journal_full"
	})
}

// stateOf gives the shape of a condition.
func stateOf(d pos.Condition) kit.State {
	switch d.State {
	case "fault":
		return kit.Failed
	case "warn":
		return kit.Waiting
	case "busy":
		return kit.Busy
	case "off":
		return kit.Unsure
	}
	return kit.Calm
}

// devicesPage draws the devices left and what can be done with the chosen one right.
func (c *Ctx) devicesPage(r kit.Rect) {
	g := &c.V.Gear
	find := kit.Key{Label: c.t("找设备"), Icon: "search", Cap: "F5", Act: act(VerbFind, "")}
	back := kit.Key{Label: c.t("返回"), Icon: "chevron-left", Cap: "Esc", Act: act(VerbGo, string(Settings))}
	switch {
	case !g.Known:
		find.Dress = kit.Unavailable
	case g.Doing.What != "":
		find.Dress = kit.Unavailable
		back.Label, back.Icon, back.Act = c.t("停下"), "cross", act(VerbStop, "")
	}
	body := c.title(r, c.t("设备"), c.t("换设备马上生效，不用重启"), find, back)
	left, right := body.Left(body.W*0.43, c.u(12))
	c.deviceRows(left)
	i := g.index()
	if i < 0 {
		c.p.Panel(right)
		c.empty(right, "plug", c.t("没有可以设置的设备"), c.t("这台收银机的设备写在配置里"))
		return
	}
	c.deviceDetail(right, g.List[i])
}

// index finds the chosen device, -1 for none.
func (g *Gear) index() int {
	for i, d := range g.List {
		if d.Name == g.Chosen {
			return i
		}
	}
	return min(0, len(g.List)-1)
}

func (g *Gear) conditions() []pos.Condition {
	out := make([]pos.Condition, len(g.List))
	for i, d := range g.List {
		out[i] = d.Condition
	}
	return out
}

// usualDevices is the number of rows that the list has its height for, so that none moves when a device comes or goes.
const usualDevices = 9

// deviceRows lists the devices; the arrows go from one to the next.
func (c *Ctx) deviceRows(r kit.Rect) {
	u, p, g := c.u, c.p, &c.V.Gear
	p.Panel(r)
	all := g.conditions()
	at := g.index()
	h := max(u(62), c.L.M.KeyH(), min((r.H-u(8))/float32(max(usualDevices, len(g.List))), u(80)))
	p.TouchList(kit.Rect{X: r.X, Y: r.Y + u(3), W: r.W, H: r.H - u(5)}, "gear", h, len(g.List), c.V.First["gear"], func(i int, row kit.Rect) {
		d := g.List[i]
		body := p.Box(kit.Rect{X: row.X + u(6), Y: row.Y + 2, W: row.W - u(16), H: row.H - 4}, look.Surface, look.None, 0, u(10))
		name, text := look.Ink, look.Soft
		if i == at {
			p.Items[body].Fill = look.ActionSoft
			name, text = look.OnSoft, look.OnSoft
		} else if i < len(g.List)-1 {
			p.Rule(row.X+u(24), row.Bottom()-1, row.W-u(48))
		}
		p.Icon(deviceIcons[d.Name], row.X+u(40), row.Mid(), max(u(28), 20), text)
		c.gearMark(d, row.Right()-u(32), row.Mid(), max(u(14), 11))
		x := row.X + u(72)
		room := row.W - u(72) - u(56)
		room -= p.RowCap(row.Right()-u(50), row.Mid(), act(VerbDevice, d.Name))
		p.Line(x, row.Mid()-max(u(13), 11), room, c.t(deviceWords[d.Name]), kit.Style{Size: 20, Bold: true, Ink: name})
		p.Line(x, row.Mid()+max(u(15), 12), room, c.gearText(all, d), kit.Style{Size: 16, Ink: text, Elide: true})
		p.Row(row, act(VerbDevice, d.Name), body)
	})
	if n := len(g.List); n > 1 {
		p.Keys["Up"] = act(VerbDevice, g.List[max(0, at-1)].Name)
		p.Keys["Down"] = act(VerbDevice, g.List[min(n-1, at+1)].Name)
	}
}

// gearText words how a device is: its own cause, or the device that has to be put right first.
func (c *Ctx) gearText(all []pos.Condition, d pos.Device) string {
	if d.Name == "customer" && stateOf(d.Condition) != kit.Failed {
		return c.t(map[bool]string{true: "正在显示", false: "没有打开"}[c.V.Gear.Second])
	}
	if absent(d) {
		return c.t("没有设置")
	}
	if first := Caused(all, d.Condition); first != "" {
		return c.t("先处理%s", c.device(first))
	}
	if d.Condition.State == "" || d.Condition.State == "ok" {
		return join(c.t("正常"), c.W.Detail(d.Condition))
	}
	return c.deviceText(d.Condition)
}

// urlText words where a device is: the demo's in words, the rest by its URL.
func (c *Ctx) urlText(url string) string {
	switch {
	case url == "":
		return c.t("没有设置")
	case strings.HasPrefix(url, "sim:"):
		return c.t("演示用的模拟设备")
	}
	return url
}

// deviceDetail draws a device: how it is, the three tests, and under them what is going on.
func (c *Ctx) deviceDetail(r kit.Rect, d pos.Device) {
	u, p, gap := c.u, c.p, c.L.M.Gap()
	p.Panel(r)
	head, rest := r.Top(max(u(112), 76), 0)
	c.deviceHead(head, d)
	in := rest.In(u(16), 0)
	keys, area := in.Top(max(u(64), c.L.M.KeyH()), max(u(14), 8))
	for i, k := range c.testKeys(d) {
		if place := keys.Cols(3, gap)[i]; k.Dress != kit.Unavailable {
			p.Key(place, c.underLow(place, k))
		} else {
			p.Key(place, k)
		}
	}
	area.H -= u(14)
	switch g := &c.V.Gear; {
	case g.Doing.What != "" && (g.Doing.What == string(pos.CheckInteractive) || c.V.Now.Sub(g.Doing.Since) >= time.Second):
		c.gearDoing(area, d)
	case g.Looked:
		c.gearFound(area, d)
	default:
		c.gearRest(area, d)
	}
}

func (c *Ctx) deviceHead(r kit.Rect, d pos.Device) {
	u, p := c.u, c.p
	state := stateOf(d.Condition)
	ground, ink := look.OKSoft, look.OK
	switch {
	case absent(d):
		ground, ink, state = look.Sunken, look.Soft, kit.Calm
	case state != kit.Calm:
		ground, ink = state.Ground(), state.Ink()
	}
	disc := min(u(72), r.H*0.7)
	p.Disc(r.X+u(20)+disc/2, r.Mid(), disc, ground)
	p.Icon(deviceIcons[d.Name], r.X+u(20)+disc/2, r.Mid(), disc*0.56, ink)
	x := r.X + u(40) + disc
	room := r.Right() - x - u(16)
	up, mid, down := r.Mid()-max(u(26), 22), r.Mid()+max(u(6), 2), r.Mid()+max(u(32), 24)
	used := p.Line(x, up, room, c.t(deviceWords[d.Name]), kit.Style{Size: 26, Bold: true})
	text := c.gearText(c.V.Gear.conditions(), d)
	at := c.urlText(d.URL)
	if d.Name == "customer" {
		at = c.t("第二块屏上的窗口")
	}
	mark, st := max(u(13), 10), kit.Style{Size: 20, Bold: state != kit.Calm, Ink: headInk(state), Elide: true}
	c.gearMark(d, x+used+u(22), up, mark)
	if p.Width(text, st) > room-used-u(38) && p.Width(text, kit.Style{Size: 18, Bold: true}) <= room { // a line of its own
		st.Size = 18
		p.Line(x, mid, room, text, st)
		p.Line(x, down, room, join(at, d.Identity), kit.Style{Size: 16, Ink: look.Soft, Elide: true})
		return
	}
	p.Line(x+used+u(38), up, room-used-u(38), text, st)
	p.Line(x, mid, room, at, kit.Style{Size: 18, Ink: look.Soft, Elide: true})
	p.Line(x, down, room, d.Identity, kit.Style{Size: 16, Ink: look.Soft, Elide: true})
}

// absent says whether there is no such device on purpose.
func absent(d pos.Device) bool {
	return d.URL == "" && (d.Condition.State == "off" || d.Condition.State == "")
}

// gearMark draws a device's state; one that is not there on purpose is no question, so its ring is grey.
func (c *Ctx) gearMark(d pos.Device, x, y, size float32) {
	if absent(d) {
		c.p.Hole(x, y, size*1.1, 2, look.None, look.Soft)
		return
	}
	c.p.Mark(stateOf(d.Condition), x, y, size)
}

func headInk(s kit.State) look.Token {
	if s == kit.Calm {
		return look.Soft
	}
	return s.Ink()
}

// testKeys are the three depths of a look at a device.
func (c *Ctx) testKeys(d pos.Device) [3]kit.Key {
	g := &c.V.Gear
	words := doings[d.Name]
	out := [3]kit.Key{
		{Label: c.t("自检"), Cap: "F6", Act: act(VerbTest, string(pos.CheckInternal))},
		{Label: c.t(words.test), Cap: "F7", Act: act(VerbTest, string(pos.CheckExternal))},
		{Label: c.t("动手试"), Cap: "F8", Act: act(VerbTest, string(pos.CheckInteractive))},
	}
	for i := range out {
		k := &out[i]
		k.Size = 18
		why := ""
		switch {
		case g.Doing.What == k.Act.Arg && g.Doing.Name == d.Name:
			k.Dress, k.Act = kit.Chosen, kit.Act{}
		case g.Doing.What != "":
			why = "请等一下"
		case d.Name == "customer" && !g.Second:
			why = "先打开"
		case d.URL == "" && d.Name != "customer":
			why = "没有设置"
		case i == 2 && words.hand == "":
			why = "不用动手"
		case i == 1 && words.test == "":
			k.Label, why = c.t("试一下"), "动手试就行"
		}
		if why != "" {
			k.Dress, k.Sub, k.Cap = kit.Unavailable, c.t(why), ""
		}
	}
	return out
}

// gearDoing draws what runs: its word, the seconds left after a while, and how to stop it.
func (c *Ctx) gearDoing(r kit.Rect, d pos.Device) {
	u, p, g := c.u, c.p, &c.V.Gear
	p.Well(r)
	now, how := c.t(runs[g.Doing.What]), c.t("收银照常，可以先去收银")
	icon := "clock"
	switch g.Doing.What {
	case string(pos.CheckInteractive):
		now, icon = c.t(doings[d.Name].hand), deviceIcons[d.Name]
		how = c.t("试着玩的，不会收钱")
	case string(pos.CheckExternal):
		now, icon = c.t("正在试：%s", c.t(doings[d.Name].test)), deviceIcons[d.Name]
	case DoFind:
		icon = "search"
	}
	disc := min(u(110), r.H*0.42)
	x, y := r.X+r.W/2, r.Y+r.H*0.34
	gone := c.V.Now.Sub(g.Doing.Since)
	if left := seconds(c.V.Now, g.Doing.Until); left > 0 && (gone >= patience || g.Doing.What == string(pos.CheckInteractive)) {
		p.Ring(x, y, disc, left, max(left, int(g.Doing.Until.Sub(g.Doing.Since)/time.Second)), c.t("秒"))
	} else {
		p.Disc(x, y, disc, look.ActionSoft)
		p.Icon(icon, x, y, disc*0.55, look.Action)
	}
	p.Line(r.X+u(16), r.Y+r.H*0.7, r.W-u(32), now, kit.Style{Size: 24, Bold: true, Side: kit.Centre})
	p.Line(r.X+u(16), r.Y+r.H*0.7+max(u(36), 26), r.W-u(32), how, kit.Style{Size: 18, Ink: look.Soft, Side: kit.Centre})
}
