package screen

import (
	"strings"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/pos"
)

// KeyStep is where an entry of the terminal's master key is.
type KeyStep string

// The steps of one component; the second one ends with the whole key.
const (
	KeyWho   KeyStep = "who"   // somebody signs in
	KeyType  KeyStep = "type"  // and types a component
	KeyCheck KeyStep = "check" // and compares its check value with the paper
	KeyWhole KeyStep = "whole" // both compare that of the whole key
	KeyDone  KeyStep = "done"
)

// The numbers that somebody signs in with.
const (
	FieldNumber = "number"
	FieldPIN    = "pin"
)

// HexDigits is the length of a component as it is typed.
const HexDigits = 32

// KeyEntry is what is shown of the entry of a master key: never a digit of it, only how many were typed.
type KeyEntry struct {
	Known  bool // this till takes a key in its window
	Step   KeyStep
	Part   int    // 1 or 2
	Number string // of the staff, as typed
	PIN    int    // digits typed
	Field  string
	People [2]string // who entered a component, by name
	AtPad  bool      // the component is keyed in at the PIN pad
	Typed  int       // digits of the component
	Values [2]string // check values of the components, "" until there is one
	Whole  string    // and of the whole key
	Fault  string    // why the last thing was refused and what to do, "" for nothing
	Busy   bool
}

// The verbs of the key entry.
const (
	VerbHex      = "hex"       // argument: A to F
	VerbKeyField = "key_field" // argument: FieldNumber or FieldPIN
	VerbKeySign  = "key_sign"  // signs in
	VerbKeyTake  = "key_take"  // the component is typed
	VerbKeySame  = "key_same"  // the check value is that of the paper
	VerbKeyOther = "key_other" // it is not
)

// MayEnterKeys says whether a role opens the key entry; the two people sign in by themselves.
func MayEnterKeys(r pos.Role) bool { return r == pos.Supervisor || r == pos.Owner }

// keyRow draws the place of the settings that leads to the key entry.
func (c *Ctx) keyRow(r kit.Rect) {
	u, p := c.u, c.p
	p.Panel(r)
	p.Icon("lock", r.X+u(38), r.Mid(), u(26), look.Soft)
	k := kit.Key{Form: kit.Wide, Size: 20, Label: c.t("开始"), Cap: "F3", Act: act(VerbGo, string(Keys))}
	switch {
	case !c.V.Keying.Known:
		k.Dress, k.Label, k.Cap = kit.Unavailable, c.t("未开通"), ""
	case !MayEnterKeys(c.S.Operator.Role):
		k.Dress, k.Label, k.Cap = kit.Unavailable, c.t("店长才能"), ""
	}
	kw, kh := max(u(150), 110), max(u(50), c.L.M.KeyH())
	p.Key(kit.Rect{X: r.Right() - u(20) - kw, Y: r.Mid() - kh/2, W: kw, H: kh}, k)
	room := r.W - u(66) - u(40) - kw
	p.Line(r.X+u(66), r.Mid()-max(u(14), 11), room, c.t("终端主密钥"), kit.Style{Size: 20, Bold: true, Elide: true})
	p.Line(r.X+u(66), r.Mid()+max(u(15), 12), room, c.t("两个人各输一份"), kit.Style{Size: 16, Ink: look.Soft, Elide: true})
}

// keyEntry draws the entry of the master key: what to do, what was typed as dots, the hex pad, which never moves.
func (c *Ctx) keyEntry(r kit.Rect) {
	k := &c.V.Keying
	back := kit.Key{Label: c.t("返回"), Icon: "chevron-left", Cap: "Esc", Act: act(VerbGo, string(Settings))}
	if k.Part == 2 && k.Step != KeyDone || k.Typed > 0 {
		back.Label = c.t("放弃")
	}
	body := c.title(r, c.t("终端主密钥"), c.keyStepOf(), back)
	main, side, pad := c.workOf(body, 4)
	if main.H >= 6*c.L.M.KeyH() {
		var steps kit.Rect
		steps, main = main.Top(main.H*0.52, c.L.M.Gap())
		c.keySteps(steps)
	}
	c.keyTask(main)
	switch k.Step {
	case KeyType:
		c.keyTyping(side)
	case KeyCheck, KeyWhole:
		c.keyCompare(side)
	case KeyDone:
		c.sideKeys(side, func(at kit.Rect) { c.number(at, c.t("总校验值"), k.Whole, "–", true) },
			kit.Key{Dress: kit.Filled, Size: 22, Label: c.t("完成"), Icon: "check", Cap: "Enter", Act: act(VerbGo, string(Settings))})
	default:
		c.keySigning(side)
	}
	c.hexPad(pad, k.Step == KeyWho && !k.Busy, k.Step == KeyType && !k.Busy && !k.AtPad)
}

// keyStepOf says which of the five steps it is.
func (c *Ctx) keyStepOf() string {
	n := c.keyAt() + 1
	return c.t("第 %d 步，共 %d 步", min(n, keySteps), keySteps)
}

const keySteps = 5

// keyAt counts the steps that are done.
func (c *Ctx) keyAt() int {
	k := &c.V.Keying
	n := 2 * (k.Part - 1)
	switch k.Step {
	case KeyType, KeyCheck:
		n++
	case KeyWhole:
		n = 4
	case KeyDone:
		n = keySteps
	case KeyWho:
	}
	return n
}

// keySteps draws the steps with who did them and the check values.
func (c *Ctx) keySteps(r kit.Rect) {
	k := &c.V.Keying
	c.p.Panel(r)
	steps := []kit.Step{
		{Text: c.t("第一个人登录"), Right: k.People[0]},
		{Text: c.t("输入第一份，核对校验值"), Right: k.Values[0]},
		{Text: c.t("第二个人登录"), Right: k.People[1]},
		{Text: c.t("输入第二份，核对校验值"), Right: k.Values[1]},
		{Text: c.t("核对总校验值"), Right: k.Whole},
	}
	now := c.keyAt()
	for i := range steps {
		switch {
		case i < now:
			steps[i].Stage = kit.Done
		case i == now:
			steps[i].Stage = kit.Now
		}
	}
	pitch := min(c.u(64), (r.H-c.u(60))/(keySteps-1))
	c.p.Steps(r.X+c.u(16), r.Mid()-2*pitch, r.W-c.u(32), pitch, steps)
}

// keyTask draws what to do now in large words, the check value to compare, or why something was refused.
func (c *Ctx) keyTask(r kit.Rect) {
	u, p, k := c.u, c.p, &c.V.Keying
	p.Panel(r)
	person := ""
	if k.Part >= 1 && k.Part <= 2 {
		person = c.short(k.People[k.Part-1], r.W*0.5, kit.Style{Size: 24, Bold: true})
	}
	title, value := "", ""
	var lines []string
	switch k.Step {
	case KeyType:
		title = c.t(map[bool]string{true: "%s：输入第二份", false: "%s：输入第一份"}[k.Part == 2], person)
		lines = []string{c.t("照自己那张纸输 32 位，只显示圆点。"), c.t("另一个人请走开，不要看。")}
		if k.AtPad {
			lines[0] = c.t("照自己那张纸，在密码键盘上输 32 位。")
		}
	case KeyCheck:
		title, value = c.t("这一份的校验值，与纸上的一样吗？"), k.Values[k.Part-1]
		lines = []string{c.t("纸上若只有 6 位，看前 6 位。")}
	case KeyWhole:
		title, value = c.t("总校验值，与纸上的一样吗？"), k.Whole
		lines = []string{c.t("两个人一起看。纸上若只有 6 位，看前 6 位。")}
	case KeyDone:
		title, value = c.t("密钥已经存好"), k.Whole
		lines = []string{c.t("收银机会自动签到，然后就能刷卡。"), c.t("两张纸请分开收好，或交回银行。")}
	default:
		title = c.t(map[bool]string{true: "第二个人：输入工号和密码", false: "第一个人：输入工号和密码"}[k.Part == 2])
		lines = []string{c.t("两个人各拿一张纸，互相不看。"), c.t("要店长或老板，不能是同一个人。")}
	}
	x, w := r.X+u(24), r.W-u(48)
	y := r.Y + max(u(44), 30)
	for _, s := range wrap(c, title, w, 24, 2) {
		p.Line(x, y, w, s, kit.Style{Size: 24, Bold: true})
		y += max(u(36), 28)
	}
	if value != "" {
		y += max(u(26), 16)
		p.Line(x, y, w, groups(value), kit.Style{Size: 54, Bold: true, Ink: look.Action})
		y += max(u(60), 42)
	}
	st := kit.Style{Size: 18, Ink: look.Soft}
	if k.Fault != "" {
		p.Mark(kit.Failed, x+u(8), y, u(12))
		x, w = x+max(u(26), 20), w-max(u(26), 20)
		lines, st = []string{k.Fault}, kit.Style{Size: 18, Bold: true, Ink: look.Bad}
	}
	for _, line := range lines {
		for _, s := range wrap(c, line, w, 18, 3) {
			p.Line(x, y, w, s, st)
			y += max(u(30), 24)
		}
	}
}

// groups writes a check value in its first six digits and the last two apart.
func groups(value string) string {
	if len(value) != 8 {
		return value
	}
	return value[:6] + " " + value[6:]
}

// keySigning draws the number and the PIN of who signs in, and the key.
func (c *Ctx) keySigning(r kit.Rect) {
	k := &c.V.Keying
	name := ""
	for _, s := range c.V.Staff {
		if s.ID == k.Number {
			name = s.Name
		}
	}
	sign := ready(kit.Key{Label: c.t("登录"), Cap: "Enter", Act: act(VerbKeySign, "")}, c.keyMissing())
	gap := c.L.M.Gap()
	number := func(at kit.Rect) {
		c.number(at, join(c.t("工号"), name), k.Number, "–", k.Field == FieldNumber)
		c.p.Touch(at, act(VerbKeyField, FieldNumber), -1, look.None)
	}
	secret := func(at kit.Rect) {
		c.number(at, c.t("密码"), strings.Repeat("•", k.PIN), "–", k.Field == FieldPIN)
		c.p.Touch(at, act(VerbKeyField, FieldPIN), -1, look.None)
	}
	c.p.Keys["Tab"] = act(VerbKeyField, map[bool]string{true: FieldPIN, false: FieldNumber}[k.Field == FieldNumber])
	if r.H >= 3*c.L.M.KeyH()+2*gap {
		rows := r.Rows(3, gap)
		number(rows[0])
		secret(rows[1])
		c.p.Key(rows[2], sign)
		return
	}
	top, low := r.Top((r.H-gap)/2, gap)
	number(top)
	left, right := low.Left(low.W*0.55, gap)
	secret(left)
	if sign.Dress == kit.Filled {
		sign = c.underLow(right, sign)
	} else {
		sign.Sub = ""
	}
	c.p.Key(right, sign)
}

func (c *Ctx) keyMissing() string {
	switch k := &c.V.Keying; {
	case k.Busy:
		return c.t("进行中")
	case k.Number == "":
		return c.t("等工号")
	case k.PIN == 0:
		return c.t("等密码")
	}
	return ""
}

// keyTyping draws the dots of a component with the keys that take it back and take it.
func (c *Ctx) keyTyping(r kit.Rect) {
	k, gap := &c.V.Keying, c.L.M.Gap()
	if k.AtPad {
		c.keyAtPad(r)
		return
	}
	missing := ""
	if k.Busy {
		missing = c.t("进行中")
	} else if n := HexDigits - k.Typed; n > 0 {
		missing = c.t("还差 %d 位", n)
	}
	take := ready(kit.Key{Label: c.t("输完了"), Cap: "Enter", Act: act(VerbKeyTake, "")}, missing)
	clearAll := kit.Key{Dress: kit.Flat, Size: 20, Label: c.t("清空"), Cap: "Home", Act: act(VerbClear, "")}
	back := kit.Key{Dress: kit.Flat, Icon: "backspace", Key: "BackSpace", Act: act(VerbBack, "")}
	if r.H >= 3*c.L.M.KeyH()+2*gap {
		rows := r.Rows(3, gap)
		c.hexDots(rows[0], k.Typed)
		undo := rows[1].Cols(2, gap)
		c.p.Key(undo[0], clearAll)
		c.p.Key(undo[1], back)
		c.p.Key(rows[2], take)
		return
	}
	top, low := r.Top((r.H-gap)/2, gap)
	c.hexDots(top, k.Typed)
	keys := low.Cols(3, gap)
	take.Size = 18
	if missing != "" {
		take.Label, take.Sub = missing, ""
	} else {
		take = c.underLow(keys[2], take)
	}
	c.p.Key(keys[0], c.underLow(keys[0], clearAll))
	c.p.Key(keys[1], back)
	c.p.Key(keys[2], take)
}

// keyAtPad draws the key that has the PIN pad ask for a component once more; while it asks, the key says so.
func (c *Ctx) keyAtPad(r kit.Rect) {
	label, waits := c.t("再输一次"), ""
	if c.V.Keying.Busy {
		label, waits = c.t("等密码键盘"), c.t("进行中")
	}
	again := ready(kit.Key{Label: label, Cap: "Enter", Act: act(VerbKeyTake, "")}, waits)
	rows := r.Rows(max(1, min(3, int(r.H/c.L.M.KeyH()))), c.L.M.Gap())
	c.p.Key(rows[len(rows)-1], again)
}

// hexDots draws how many digits were typed, in eight groups of four, two rows.
func (c *Ctx) hexDots(r kit.Rect, typed int) {
	u, p := c.u, c.p
	p.Box(r, look.Surface, look.Action, 2, u(12))
	const perRow, group = HexDigits / 2, 4
	pitch := (r.W - u(40)) / (perRow + 2)
	for i := range HexDigits {
		row, col := i/perRow, i%perRow
		x := r.X + u(20) + (float32(col)+float32(col/group)*0.6+0.6)*pitch
		y := r.Mid() + (float32(row)-0.5)*min(u(30), r.H*0.42)
		d := min(pitch*0.68, 14)
		if i < typed {
			p.Disc(x, y, d, look.Ink)
		} else {
			p.Hole(x, y, d, 1.5, look.None, look.Soft)
		}
	}
}

// keyCompare draws the answers to the question about a check value, well apart.
func (c *Ctx) keyCompare(r kit.Rect) {
	k := &c.V.Keying
	same := kit.Key{Dress: kit.Filled, Size: 24, Label: c.t("一样"), Icon: "check", Cap: "F12", Act: act(VerbKeySame, "")}
	other := kit.Key{Size: 20, Label: c.t("不一样"), Icon: "cross", Cap: "F8", Act: act(VerbKeyOther, "")}
	if k.Busy {
		same.Dress, other.Dress = kit.Unavailable, kit.Unavailable
	}
	if apart := 2 * c.L.M.Gap(); r.H >= 2*c.L.M.KeyH()+2*apart {
		rows := r.Rows(2, apart)
		c.p.Key(rows[0], same)
		c.p.Key(rows[1], other)
		return
	}
	cols := r.Cols(2, 3*c.L.M.Gap())
	c.p.Key(cols[0], same)
	c.p.Key(cols[1], other)
}

// hexRows are the digits of a number block with the letters beside them.
var hexRows = [4][4]string{{"7", "8", "9", "A"}, {"4", "5", "6", "B"}, {"1", "2", "3", "C"}, {"0", "F", "E", "D"}}

// hexPad draws the pad; while somebody signs in it takes the digits alone and the last key takes one back.
func (c *Ctx) hexPad(r kit.Rect, numbers, letters bool) {
	gap := c.L.M.Gap()
	for i, row := range r.Rows(4, gap) {
		for j, place := range row.Cols(4, gap) {
			d := hexRows[i][j]
			k := kit.Key{Label: d, Size: 30, Act: act(VerbHex, d), Key: d}
			if d < "A" {
				k.Act = kit.Act{Verb: kit.VerbDigit, Arg: d}
			}
			if !letters && (d >= "A" || !numbers) {
				k.Dress = kit.Unavailable
			}
			if numbers && d == "D" {
				k = kit.Key{Dress: kit.Flat, Icon: "backspace", Key: "BackSpace", Act: act(VerbBack, "")}
			}
			c.p.Key(place, k)
		}
	}
}
