package screen

import (
	"strconv"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
)

// The verbs of the choice.
const (
	VerbChoose = "choose" // takes one of a card's applications, argument its index
	VerbTurn   = "turn"   // turns a list's page, back again from its end; argument the list
)

// choiceList is the list of a card's applications, where they do not all fit.
const choiceList = "choices"

// choiceLimit is how many of a card's applications have a key: the digits 1 to 9.
const choiceLimit = 9

// Choosing gives how many of the card's applications the customer may choose from now, 0 when nothing is asked.
func Choosing(s *checkout.Snapshot) int {
	if s.Step != checkout.StepCard || s.Card == nil || len(s.Card.Choices) == 0 {
		return 0
	}
	return min(len(s.Card.Choices), choiceLimit)
}

// choose draws the card's applications as keys, each with the digit that takes it. The first is what the card prefers,
// and none is taken when nobody answers.
func (c *Ctx) choose(r kit.Rect, v *checkout.CardView) {
	u, p := c.u, c.p
	n := Choosing(c.S)
	p.Panel(r)
	small := c.L.M.Compact
	head, body := r.Top(c.tall(122, 92), 0)
	p.Rule(r.X+1, head.Bottom(), r.W-2)
	d := c.tall(84, 60)
	p.Disc(head.X+u(20)+d/2, head.Mid(), d, look.ActionSoft)
	p.Icon("card", head.X+u(20)+d/2, head.Mid(), d*0.58, look.Action)
	x, room := head.X+u(40)+d, head.W-u(60)-d-c.tall(130, 90)
	p.Line(x, head.Mid()-c.tall(20, 17), room, c.t("问顾客用哪个账户"), kit.Style{Size: 30, Bold: true})
	p.Line(x, head.Mid()+c.tall(22, 18), room, c.t("不选就不收款"), kit.Style{Size: 18, Ink: look.Soft})
	c.countdown(head.Right()-c.tall(70, 50), head.Mid(), d, v.Began, v.Deadline)
	foot, body := body.Foot(c.tall(106, 76), 0)
	p.Rule(r.X+1, foot.Y, r.W-2)
	p.Key(kit.Rect{X: foot.X + u(14), Y: foot.Y + u(13), W: u(240), H: foot.H - u(26)},
		kit.Key{Size: 22, Label: c.t("取消刷卡"), Icon: "cross", Cap: "Esc", Act: act(VerbCancel, "")})
	if !small {
		p.Line(foot.X+u(274), foot.Mid(), foot.W-u(290), c.t("顾客屏上也有这些名字和数字"), kit.Style{Size: 18, Ink: look.Soft})
	}
	c.choices(body.In(u(14), c.tall(14, 10)), foot, v.Choices[:n])
}

// choices draws the keys of the applications in one or two columns; where nine millimetres do not fit for all of them,
// the rows are paged, with a key of their own that turns them. A digit takes an application on either page.
func (c *Ctx) choices(grid, foot kit.Rect, names []string) {
	p, gap, n := c.p, c.L.M.Gap(), len(names)
	cols := 1
	if n > 4 || c.L.M.Compact && n > 3 {
		cols = 2
	}
	rows := (n + cols - 1) / cols
	fit := max(1, min(rows, int((grid.H+gap)/(c.L.M.KeyH()+gap))))
	h := min(c.tall(104, 74), (grid.H-gap*float32(fit-1))/float32(fit))
	place := kit.Rect{X: grid.X, Y: grid.Y, W: grid.W, H: (h+gap)*float32(fit) + 0.5}
	size := float32(32 - 6*cols)
	p.TouchList(place, choiceList, h+gap, rows, c.V.First[choiceList], func(row int, r kit.Rect) {
		r.H = h
		for col, at := range r.Cols(cols, gap) {
			if i := row*cols + col; i < n {
				c.choiceKey(at, i, names[i], size, fit < rows)
			}
		}
	})
	if fit == rows {
		return
	}
	turn := kit.Key{Form: kit.Wide, Size: 20, Label: c.t("看其余的"), Cap: "PgDn", Act: act(VerbTurn, choiceList)}
	if c.V.First[choiceList] > 0 {
		turn.Label, turn.Cap = c.t("看前面的"), "PgUp"
	}
	p.Key(kit.Rect{X: foot.Right() - c.u(14) - c.u(200), Y: foot.Y + c.u(13), W: c.u(200), H: foot.H - c.u(26)}, turn)
}

// tall scales a drawn distance, and gives the other one on a compact panel.
func (c *Ctx) tall(wide, compact float32) float32 {
	if c.L.M.Compact {
		return compact
	}
	return c.u(wide)
}

// choiceKey draws an application: its digit, its name as the card has it.
func (c *Ctx) choiceKey(r kit.Rect, i int, name string, size float32, late bool) {
	u, p := c.u, c.p
	digit := strconv.Itoa(i + 1)
	fill, ink := look.Surface, look.Ink
	if i == 0 {
		fill, ink = look.ActionSoft, look.OnSoft
	}
	body := p.Box(r, fill, look.Edge, 1, u(12))
	d := min(u(54), r.H*0.64)
	p.Disc(r.X+u(20)+d/2, r.Mid(), d, look.Press)
	p.Line(r.X+u(20), r.Mid(), d, digit, kit.Style{Size: d * 0.5, Exact: true, Bold: true, Ink: look.OnPress, Side: kit.Centre})
	if size < 26 && c.L.M.Compact {
		size = 17
	}
	p.Line(r.X+u(32)+d, r.Mid(), r.W-u(40)-d, name, kit.Style{Size: size, Bold: true, Ink: ink, Elide: true})
	p.Touch(r, act(VerbChoose, strconv.Itoa(i)), body, look.TintDown)
	p.Keys[digit] = act(VerbChoose, strconv.Itoa(i))
	p.Hits[len(p.Hits)-1].Late = late // in a list that a finger drags, the key answers when the finger leaves
}
