package kit

import "tillkeeper/app/gui/look"

// Dress is how a key looks, and so what it means.
type Dress uint8

// The dresses.
const (
	Plain       Dress = iota // white with a rim
	Filled                   // blue: the thing to do
	Tint                     // pale blue: second rank
	Chosen                   // pale blue with a blue rim: it is so now
	Flat                     // grey: backspace, clear
	Unavailable              // ground with a rim, soft text, and the reason on the key
)

// Form is where things stand on a key.
type Form uint8

// The forms.
const (
	Middle Form = iota // icon and label in the middle, Sub under them, keycap in the corner
	Wide               // icon and label in the middle of what the keycap at the right leaves
	Tender             // icon and label above, Note lines, sum at the lower right
	Corner             // icon above, label below, keycap in the corner, Sub at the lower right
	Tile               // label above, Sub and bare amount below
	Stack              // Icon above Label above Sub, all in the middle
	Card               // icon above, label, sum at the lower right: tenders of an outcome
	Quick              // label and keycap in one line above, Amount in the middle below
)

// Key is what a key shows and asks for. A key with a Reason, or dressed Unavailable, asks for nothing.
type Key struct {
	Dress  Dress
	Form   Form
	Label  string
	Sub    string   // second line or unit
	Note   []string // reason or remark under the label, two lines at most
	Cap    string   // printed shortcut
	Key    string   // shortcut bound when it differs from what is printed
	Icon   string
	Amount string  // sum with currency sign (Tender, Card) or bare (Tile)
	Size   float32 // drawn size of the label, 0 for the form's own
	Late   bool    // answers when the finger leaves
	Act    Act
}

// wear is the colouring of a dress.
type wear struct {
	fill, rim, ink, sub, cap, capInk, down look.Token
	rimW                                   float32
}

var wears = [...]wear{
	Plain:       {look.Surface, look.Edge, look.Ink, look.Soft, look.Sunken, look.Soft, look.PlainDown, 1},
	Filled:      {look.Press, look.None, look.OnPress, look.OnPress, look.PressCap, look.OnPress, look.PressDown, 0},
	Tint:        {look.ActionSoft, look.None, look.OnSoft, look.OnSoft, look.Surface, look.OnSoft, look.TintDown, 0},
	Chosen:      {look.ActionSoft, look.Action, look.OnSoft, look.OnSoft, look.Surface, look.OnSoft, look.TintDown, 2},
	Flat:        {look.Sunken, look.None, look.Ink, look.Soft, look.Surface, look.Soft, look.PlainDown, 0},
	Unavailable: {look.Ground, look.Edge, look.Soft, look.Soft, look.Quiet, look.Soft, look.Quiet, 1},
}

// Key draws a key and lets it be touched; its keycap becomes its shortcut.
func (p *Page) Key(r Rect, k Key) {
	w := wears[k.Dress]
	body := p.Box(r, w.fill, w.rim, w.rimW, p.L.M.U(12))
	switch k.Form {
	case Middle, Wide:
		p.middle(r, k, w)
	case Tender:
		p.tender(r, k, w)
	case Corner:
		p.corner(r, k, w)
	case Tile:
		p.tile(r, k, w)
	case Stack:
		p.stack(r, k, w)
	case Card:
		p.card(r, k, w)
	case Quick:
		p.quick(r, k, w)
	}
	if k.Dress == Unavailable || k.Act == (Act{}) {
		return
	}
	p.Hits = append(p.Hits, Hit{R: r, Act: k.Act, Body: body, Down: w.down, Late: k.Late})
	name := k.Cap
	if k.Key != "" {
		name = k.Key
	}
	switch name {
	case "":
		return
	case "Esc":
		name = "Escape"
	case "Enter":
		name = "Return"
	}
	p.Keys[name] = k.Act
}

// keycap draws the printed shortcut with its right upper corner at x, y and gives its width.
func (p *Page) keycap(x, y float32, k Key, w wear) float32 {
	if k.Cap == "" {
		return 0
	}
	st := Style{Size: 15, Bold: true, Ink: w.capInk, Side: Centre}
	width := p.CapWidth(k.Cap)
	r := Rect{x - width, y, width, p.L.M.U(22)}
	p.Box(r, w.cap, look.None, 0, p.L.M.U(6))
	p.Text(r, k.Cap, st)
	return width
}

// middle draws icon and label as one group in the middle; Wide leaves the keycap its place at the right.
func (p *Page) middle(r Rect, k Key, w wear) {
	u := p.L.M.U
	st := Style{Size: k.Size, Bold: true, Ink: w.ink}
	if st.Size == 0 {
		st.Size = 22
	}
	room := r.In(u(6), 0)
	if k.Cap != "" && r.H < 58 && k.Form != Wide {
		k.Form, k.Sub = Wide, ""
	}
	if k.Form == Wide && k.Cap != "" {
		used := p.keycap(r.Right()-u(8), r.Mid()-u(11), k, w)
		room.W -= used + u(2)
	} else {
		p.keycap(r.Right()-u(8), r.Y+u(8), k, w)
	}
	y, suby := r.Mid(), float32(0)
	if k.Sub != "" {
		y, suby = r.Mid()-max(u(10), 9)*min(1.6, st.Size/22), r.Mid()+max(u(15), 12)*min(1.8, st.Size/22)
	}
	icon, gap := p.iconSize(k, st.Size), u(10)
	if k.Icon == "" {
		icon, gap = 0, 0
	}
	if k.Label == "" {
		gap = 0
	}
	text := min(p.Width(k.Label, st), room.W-icon-gap)
	x := room.X + (room.W-icon-gap-text)/2
	if k.Icon != "" {
		p.Icon(k.Icon, x+icon/2, y, icon, w.ink)
	}
	p.Line(x+icon+gap, y, text+1, k.Label, st)
	if k.Sub != "" {
		size := float32(16)
		if st.Size >= 34 {
			size = 20
		}
		sub := Style{Size: size, Ink: w.sub, Side: Centre}
		p.Line(room.X, suby, room.W, k.Sub, sub)
	}
}

func (p *Page) iconSize(k Key, label float32) float32 {
	if k.Label == "" {
		return p.L.M.U(32)
	}
	if label >= 22 {
		return p.L.M.U(24)
	}
	return p.L.M.U(22)
}

// tender draws a way of paying: what it is, remarks, the sum.
func (p *Page) tender(r Rect, k Key, w wear) {
	u := p.L.M.U
	icon := u(32)
	y := r.Y + u(36)
	if p.L.M.Compact {
		icon, y = 26, r.Y+24
	}
	capW := p.keycap(r.Right()-u(11), r.Y+min(u(12), r.H*0.12), k, w)
	x := r.X + u(18)
	p.Icon(k.Icon, x+icon/2, y, icon, w.ink)
	size := float32(26)
	if p.L.M.Compact {
		size = 21
	}
	p.Line(x+icon+u(12), y, r.Right()-x-icon-u(12)-u(16)-capW, k.Label, Style{Size: size, Bold: true, Ink: w.ink})
	note := Style{Size: 18, Ink: w.sub}
	if !p.L.M.Compact {
		p.Para(r.X+u(20), r.Y+u(71), r.W-u(36), u(27), k.Note, note)
	} else if len(k.Note) > 0 && k.Amount == "" {
		p.Line(r.X+18, r.Bottom()-20, r.W-30, k.Note[0], Style{Size: 16, Ink: w.sub})
	}
	if k.Amount == "" {
		return
	}
	sum, foot := Style{Size: 32, Bold: true, Ink: w.ink, Side: End}, u(27)
	if len(k.Note) > 0 {
		sum.Size, foot = 30, u(24)
	}
	if p.L.M.Compact {
		sum.Size, foot = 25, 20
	}
	p.Sum(Rect{r.X + u(12), r.Bottom() - foot, r.W - u(30), 0}, k.Amount, sum)
}

// corner draws a function: icon above, words below.
func (p *Page) corner(r Rect, k Key, w wear) {
	u := p.L.M.U
	p.keycap(r.Right()-u(8), r.Y+u(10), k, w)
	p.Icon(k.Icon, r.X+u(26), r.Y+u(26), u(24), w.ink)
	sub := Style{Size: 16, Ink: w.sub, Side: End}
	y := r.Bottom() - u(24)
	used := float32(0)
	if k.Sub != "" {
		used = p.Width(k.Sub, sub) + u(4)
		p.Line(r.X+u(12), y, r.W-u(24), k.Sub, sub)
	}
	p.Line(r.X+u(14), y, r.W-u(22)-used, k.Label, Style{Size: 20, Bold: true, Ink: w.ink})
}

// tile draws a quick article: name, unit, bare price. Its keycap has a band of its own above the name, where the tile is
// high enough for three lines.
func (p *Page) tile(r Rect, k Key, w wear) {
	u := p.L.M.U
	pad := u(12)
	upper, lower := r.Y+r.H*0.29, r.Bottom()-r.H*0.29
	if k.Cap != "" && r.H >= max(u(82), 82) {
		p.keycap(r.Right()-u(6), r.Y+u(5), k, w)
		upper, lower = r.Y+r.H*0.5, r.Bottom()-r.H*0.2
	}
	p.Line(r.X+pad, upper, r.W-2*pad, k.Label, Style{Size: 20, Bold: true, Ink: w.ink, Elide: true})
	amount := Style{Size: 18, Bold: true, Ink: w.ink, Side: End}
	used := p.Line(r.X+pad, lower, r.W-2*pad, k.Amount, amount)
	if room := r.W - 2*pad - used - u(4); room > u(18) {
		p.Line(r.X+pad, lower, room, k.Sub, Style{Size: 16, Ink: w.sub, Elide: true})
	}
}

// stack draws a tall key: icon, label and second line under each other.
func (p *Page) stack(r Rect, k Key, w wear) {
	u := p.L.M.U
	size := k.Size
	if size == 0 {
		size = 24
	}
	y := r.Mid() + u(17)
	p.keycap(r.Right()-u(8), r.Y+u(8), k, w)
	if k.Sub != "" {
		p.Line(r.X+u(6), y+u(32), r.W-u(12), k.Sub, Style{Size: 16, Ink: w.sub, Side: Centre})
	}
	p.Icon(k.Icon, r.X+r.W/2, y-u(44), u(40), w.ink)
	p.Line(r.X+u(6), y, r.W-u(12), k.Label, Style{Size: size, Bold: true, Ink: w.ink, Side: Centre})
}

// card draws a way of paying on an outcome screen.
func (p *Page) card(r Rect, k Key, w wear) {
	u := p.L.M.U
	p.keycap(r.Right()-u(11), r.Y+u(12), k, w)
	icon := u(34)
	p.Icon(k.Icon, r.X+u(20)+icon/2, r.Y+r.H*0.235, icon, w.ink)
	mid := r.Y + r.H*0.515
	p.Line(r.X+u(20), mid, r.W-u(36), k.Label, Style{Size: 26, Bold: true, Ink: w.ink})
	if k.Amount != "" {
		p.Sum(Rect{r.X + u(12), r.Bottom() - u(31), r.W - u(30), 0}, k.Amount, Style{Size: 30, Bold: true, Ink: w.ink, Side: End})
		return
	}
	pitch := max(u(24), 19)
	for i, s := range k.Note {
		p.Line(r.X+u(20), r.Bottom()-u(31)-float32(len(k.Note)-1-2*i)*pitch/2, r.W-u(36), s, Style{Size: 18, Ink: w.sub, Elide: true})
	}
}

// quick draws a sum that is likely to be handed over: a word where it has one, the keycap beside it, the sum under them.
// Beside a long word the keycap has no room: it stands under the sum where the key is high enough.
func (p *Page) quick(r Rect, k Key, w wear) {
	u := p.L.M.U
	upper, lower := r.Y+u(19), r.Bottom()-r.H*0.3
	word := Style{Size: 18, Bold: true, Ink: w.ink}
	switch room := r.W - u(20) - p.CapWidth(k.Cap); {
	case p.Width(k.Label, word) <= room:
		p.keycap(r.Right()-u(7), upper-u(11), k, w)
	case r.H >= 66:
		upper, lower = r.Y+r.H*0.19, r.Y+r.H*0.52
		p.Line(r.X+u(4), r.Y+r.H*0.84, r.W-u(8), k.Cap, Style{Size: 15, Ink: w.sub, Side: Centre})
	}
	p.Line(r.X+u(9), upper, r.W-u(16), k.Label, word)
	p.Line(r.X+u(4), lower, r.W-u(8), k.Amount, Style{Size: 24, Bold: true, Ink: w.ink, Side: Centre})
}
