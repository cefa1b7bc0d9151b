package screen

import (
	"slices"
	"strings"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// shop gives the shop's name in the face's language.
func (c *Ctx) shop() string {
	if c.W.English && c.S.Shop.NameEN != "" {
		return c.S.Shop.NameEN
	}
	return c.S.Shop.Name
}

// status draws the bar above every working screen: shop, state of line and devices, operator, time.
func (c *Ctx) status() {
	m, p := c.L.M, c.p
	bar := kit.Rect{X: 0, Y: 0, W: m.W, H: m.Bar()}
	p.Fill(bar, look.Surface)
	p.Rule(0, bar.H, m.W)
	x, right := c.u(16), m.W-c.u(16)
	if m.Compact {
		x, right = 12, m.W-12
	}
	size := float32(20)
	if m.Compact {
		size = 18
	}
	clock := kit.Style{Size: size, Bold: true, Side: kit.End}
	right -= p.Text(kit.Rect{X: 0, Y: 0, W: right, H: bar.H}, c.V.Now.Format("15:04"), clock) + c.u(16)
	if name := c.S.Operator.Name; name != "" {
		room := c.tall(200, 110)
		right -= p.Text(kit.Rect{X: right - room, Y: 0, W: room, H: bar.H}, name, kit.Style{Size: 18, Side: kit.End, Elide: true}) + c.u(6)
		if !m.Compact {
			p.Icon("user", right-c.u(10), bar.Mid(), c.u(20), look.Soft)
			right -= c.u(22)
		}
		right -= c.u(14)
	}
	x += p.Text(kit.Rect{X: x, Y: 0, W: c.u(260), H: bar.H}, c.shop(), kit.Style{Size: size, Bold: true, Elide: true}) + c.u(12)
	if !m.Compact {
		caption := kit.Style{Size: 16, Ink: look.Soft}
		x += p.Text(kit.Rect{X: x, Y: 0, W: c.u(200), H: bar.H}, c.t("终端 %s", c.S.Shop.TID), caption) + c.u(10)
	}
	if c.S.Shop.Demo && !m.Compact {
		w := c.badge(x, bar.Mid(), c.t("演示密钥"))
		if c.S.Step == checkout.StepSale && c.V.Bench.On {
			p.Touch(kit.Rect{X: x, Y: 0, W: w, H: max(bar.H, m.KeyH())}, act(VerbGo, string(Settings)), -1, look.None)
		}
		x += w + c.u(10)
	}
	c.pills(x, right, bar.Mid()-max(c.u(32), 30)/2)
}

// badge draws a quiet remark about a middle height and gives its width.
func (c *Ctx) badge(x, y float32, text string) float32 {
	st := kit.Style{Size: 15, Bold: true, Ink: look.Soft, Side: kit.Centre}
	w := c.p.Width(text, st) + c.u(16)
	r := kit.Rect{X: x, Y: y - c.u(12), W: w, H: c.u(24)}
	c.p.Box(r, look.Surface, look.Edge, 1, c.u(6))
	c.p.Text(r, text, st)
	return w
}

type pill struct {
	state kit.State
	text  string
	name  string // of the device, "" for the line
}

// pills draws the line's and the devices' states from the right; the line takes what room they leave.
func (c *Ctx) pills(left, right, y float32) {
	gap := c.u(8)
	if c.L.M.Compact {
		gap = 6
	}
	least := c.p.PillWidth(c.t("离线"))
	if c.S.Line.State == "offline" && !c.S.Settling { // cause and what is owed go before the devices that are well
		least = c.p.PillWidth(c.line(right - left).text)
	}
	devices := c.unwell(c.devices(), right-left-least, gap)
	devices = c.fewer(devices, right-left-c.p.PillWidth(c.t("离线")), gap)
	least = min(least, max(c.p.PillWidth(c.t("离线")), right-left-c.pillsWidth(devices, gap))) // the line has fewer words for more faults
	for i := len(devices) - 1; i >= 0; i-- {
		w := min(c.p.PillWidth(devices[i].text), right-left-least-gap)
		c.p.PillFit(right-w, y, w, devices[i].state, devices[i].text)
		if d := devices[i]; d.name != "" && d.state != kit.Calm && d.state != kit.Busy && c.S.Step == checkout.StepSale {
			c.p.Touch(kit.Rect{X: right - w, Y: 0, W: w, H: max(c.L.M.Bar(), c.L.M.KeyH())}, act(VerbAbout, d.name), -1, look.None)
		}
		right -= w + gap
	}
	line := c.line(right - left)
	w := min(c.p.PillWidth(line.text), right-left)
	c.p.PillFit(right-w, y, w, line.state, line.text)
}

// line words the state of the line in as many words as fit.
func (c *Ctx) line(room float32) pill {
	v := c.S.Line
	if c.S.Settling {
		return pill{state: kit.Busy, text: c.t("正在结算 · 现金照常")}
	}
	switch v.State {
	case "online":
		if v.Queued+v.Reversing == 0 {
			return c.settledPill(room)
		}
		return pill{state: kit.Waiting, text: c.t("联机 · 正在补送 %d 笔", v.Queued+v.Reversing)}
	case "degraded":
		return pill{state: kit.Waiting, text: c.t("线路不稳")}
	}
	since := c.t("离线 %s", c.W.Span(c.V.Now.Sub(v.Since)))
	cause := c.W.Cause(v.Cause)
	owed := ""
	if v.Queued > 0 {
		owed = c.t("待上送 %d 笔 ¥%s", v.Queued, i18n.Money(v.QueuedSum))
	}
	if c.roomLow() {
		left := c.roomLeft()
		for _, text := range []string{join(c.t("离线"), left), left, c.t("离线 · 只余 %d 笔", v.RoomCount)} {
			if c.p.PillWidth(text) <= room {
				return pill{state: kit.Waiting, text: text}
			}
		}
	}
	for _, text := range []string{join(since, cause, owed), join(c.t("离线"), cause, owed), join(since, owed), join(since, cause), since} {
		if c.p.PillWidth(text) <= room {
			return pill{state: kit.Waiting, text: text}
		}
	}
	return pill{state: kit.Waiting, text: c.t("离线")}
}

// settledShown is how long the bar says that the batch was closed: a settlement may end behind the sale.
const settledShown = 10 * time.Minute

// settledPill words a line that is well, and a settlement that has just ended, unless one after it failed.
func (c *Ctx) settledPill(room float32) pill {
	rep := c.V.Closing.Report
	if rep == nil || rep.Empty || c.V.Closing.Fault != "" || c.V.Now.Sub(rep.Ended) >= settledShown {
		return pill{state: kit.Calm, text: c.t("联机")}
	}
	out := pill{state: kit.Calm, text: c.t("联机 · 已结算，总额一致")}
	if !rep.Balanced {
		out = pill{state: kit.Waiting, text: c.t("联机 · 已结算，总额不一致")}
	}
	if c.p.PillWidth(out.text) > room {
		out.text = c.t(map[bool]string{true: "已结算", false: "总额不一致"}[rep.Balanced])
	}
	return out
}

// roomFifths is how much of the room without the line has to be used, in fifths, before the till warns.
const roomFifths = 4

// roomLow says whether so much was taken without the line that the room runs out soon.
func (c *Ctx) roomLow() bool {
	v := &c.S.Line
	if v.Queued == 0 || v.State == "online" {
		return false
	}
	sum, count := v.QueuedSum+max(v.RoomSum, 0), v.Queued+max(v.RoomCount, 0)
	return v.QueuedSum*5 >= sum*roomFifths || v.Queued*5 >= count*roomFifths
}

// roomLeft words what may still be taken without the line.
func (c *Ctx) roomLeft() string {
	v := &c.S.Line
	if v.OfflineOff != "" {
		return c.W.Reason(v.OfflineOff)
	}
	return c.t("脱机只余 ¥%s · %d 笔", i18n.Money(v.RoomSum), v.RoomCount)
}

// join writes parts with a dot between them, leaving empty ones out.
func join(parts ...string) string {
	out := ""
	for _, s := range parts {
		if s == "" {
			continue
		}
		if out != "" {
			out += " · "
		}
		out += s
	}
	return out
}

var deviceWords = map[string]string{
	"reader": "读卡器", "printer": "打印机", "pinpad": "密码键盘", "display": "二维码屏", "qr": "二维码屏", "pole": "客显", "customer": "顾客屏", "scanner": "扫码枪", "drawer": "钱箱",
	"wallet": "钱包", "journal": "交易日志", "disk": "磁盘", "clock": "时钟", "keys": "密钥", "host": "银行线路", "downloads": "终端更新", "scale": "电子秤", "batch": "批次",
}

// unwell leaves out the pills of devices that are well until the rest leaves the line its room.
func (c *Ctx) unwell(list []pill, room, gap float32) []pill {
	for i := len(list) - 1; i >= 0 && c.pillsWidth(list, gap) > room; i-- {
		if list[i].state == kit.Calm {
			list = slices.Delete(list, i, i+1)
		}
	}
	return list
}

func (c *Ctx) pillsWidth(list []pill, gap float32) (w float32) {
	for _, d := range list {
		w += c.p.PillWidth(d.text) + gap
	}
	return w
}

// fewer tells the last pills as a number until the rest leaves the line its room.
func (c *Ctx) fewer(list []pill, room, gap float32) []pill {
	width := func() float32 { return c.pillsWidth(list, gap) }
	more := 0
	for len(list) > 1 && width() > room {
		if more > 0 {
			list = list[:len(list)-1]
		}
		more++
		list[len(list)-1] = pill{state: kit.Waiting, text: c.t("另 %d 台要处理", more), name: list[len(list)-1].name}
	}
	return list
}

// devices words the reader and the printer always, every other device only when it is not well; what is only the
// consequence of another device's fault is not said here.
func (c *Ctx) devices() []pill {
	var out []pill
	for _, d := range c.S.Devices {
		if Caused(c.S.Devices, d) != "" {
			continue
		}
		name := c.t(deviceWords[d.Name])
		always := d.Name == "reader" || d.Name == "printer"
		switch d.State {
		case "ok", "":
			if always {
				out = append(out, pill{state: kit.Calm, text: name, name: d.Name})
			}
		case "busy":
			out = append(out, pill{state: kit.Busy, text: c.t("%s 使用中", name)})
		case "warn":
			out = append(out, pill{state: kit.Waiting, text: c.named(d.Name, c.W.Reason(d.Code)), name: d.Name})
		case "off":
		default:
			out = append(out, pill{state: kit.Failed, text: c.named(d.Name, c.fault(d)), name: d.Name})
		}
	}
	return out
}

// named words a device's fault with its name, before a sentence that does not name it.
func (c *Ctx) named(device, fault string) string {
	name, text := c.t(deviceWords[device]), c.filled(device, fault)
	if text != fault || strings.Contains(strings.ToLower(fault), strings.ToLower(name)) {
		return text
	}
	if c.W.English {
		return name + ": " + within(fault)
	}
	return name + " " + fault
}

// within writes an English word or sentence as it stands inside of another one; an abbreviation stays.
func within(s string) string {
	first, rest := s[:min(1, len(s))], s[min(1, len(s)):] // English only
	if word, _, _ := strings.Cut(rest, " "); word != strings.ToLower(word) {
		return s
	}
	return strings.ToLower(first) + rest
}

// device names a device inside of a sentence.
func (c *Ctx) device(name string) string {
	if c.W.English {
		return within(c.t(deviceWords[name]))
	}
	return c.t(deviceWords[name])
}

// filled puts a device's name in the place of the word "device" of a sentence.
func (c *Ctx) filled(device, fault string) string {
	name, word := c.device(device), "设备"
	if c.W.English {
		word = "device"
	}
	if name == "" {
		return fault
	}
	return strings.Replace(fault, word, name, 1)
}

func (c *Ctx) fault(d pos.Condition) string {
	if d.Code != "" {
		return c.W.Reason(d.Code)
	}
	return c.t("故障")
}

// places are the three columns of the counter and the pad's cells.
type places struct {
	order, mid, tenders kit.Rect
	cols                []kit.Rect // the five columns of the middle, whole height
	upper               kit.Rect   // categories and tiles
	entry               kit.Rect   // the entry line
	rows                []kit.Rect // the four rows of the pad
	pad                 [4][3]kit.Rect
}

// counterPlaces computes the grid of a wide panel.
func (c *Ctx) counterPlaces() places {
	m := c.L.M
	gap, margin := m.Gap(), m.Margin()
	all := kit.Rect{X: margin, Y: m.Bar() + margin, W: m.W - 2*margin, H: m.H - m.Bar() - 2*margin}
	var g places
	var rest kit.Rect
	g.order, rest = all.Left(c.u(424), gap)
	g.tenders, g.mid = rest.Far(c.u(258), gap)
	entry := m.KeyH()
	upper := max(c.u(276), 5*m.KeyH()+4*(gap-1)) // five categories
	digit := m.Digit(all.H - upper - entry - 2*gap)
	pad, rest := g.mid.Foot(4*digit+3*gap, gap)
	g.entry, g.upper = rest.Foot(entry, gap)
	g.cols = g.mid.Cols(5, gap)
	g.rows = pad.Rows(4, gap)
	for row := range g.rows {
		for col := range 3 {
			g.pad[row][col] = g.cell(col+1, row)
		}
	}
	return g
}

// cell gives the key place in a column (0 to 4) and a row (0 to 3) of the pad.
func (g *places) cell(col, row int) kit.Rect {
	return kit.Rect{X: g.cols[col].X, Y: g.rows[row].Y, W: g.cols[col].W, H: g.rows[row].H}
}

// paying says whether a payment runs that keeps the other keys back.
func (c *Ctx) paying() bool {
	return c.S.Step == checkout.StepCard || c.S.Step == checkout.StepQR
}

// due gives the sum that the tenders show.
func (c *Ctx) due() pos.Amount {
	due := c.S.Basket.Due()
	if c.V.Part > 0 && c.V.Part < due {
		return c.V.Part
	}
	return due
}
