package screen

import (
	"time"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
)

// Weigh is the screen on which an article lies on the scale; the pad stays where it is and takes a typed weight.
const Weigh Name = "weigh"

// The verbs of the weighing.
const (
	VerbWeighAgain = "weigh_again"
	VerbWeighTyped = "weigh_typed" // what was typed is the weight in kilograms
)

// Weighing is what lies on the scale.
type Weighing struct {
	Scale bool      // there is one
	What  string    // the article's name, "" for the next one
	Since time.Time // of the present try, zero when it ended
	Until time.Time
	Code  string // reason why it came to nothing, "" for none
}

// weigh draws what to do at the scale in place of the quick articles.
func (c *Ctx) weigh(r kit.Rect) {
	u, p, w := c.u, c.p, &c.V.Weighing
	small := c.L.M.Compact
	p.Panel(r)
	foot, body := r.Foot(c.L.M.KeyH()+c.tall(36, 24), 0)
	d := c.tall(112, 84)
	icon, ink, ground := "scale", look.Action, look.ActionSoft
	title, under := c.t("请放到秤上"), []string{c.t("稳了就自动记下"), c.t("也可直接输入公斤数")}
	if w.Code != "" {
		icon, ink, ground = "warning", look.Wait, look.WaitSoft
		title, under[0] = c.filled("scale", c.W.Reason(w.Code)), c.W.Remedy(w.Code)
	}
	name := w.What
	if name == "" {
		name = c.t("下一件商品")
	}
	x, y := body.X+c.tall(30, 18)+d/2, body.Mid()
	if small {
		x, y = body.X+body.W/2, body.Y+14+d/2
	}
	gone := c.V.Now.Sub(w.Since)
	if left := seconds(c.V.Now, w.Until); left > 0 && w.Code == "" && gone >= patience {
		p.Ring(x, y, d, left, max(left, int(w.Until.Sub(w.Since)/time.Second)), c.t("秒"))
	} else {
		p.Disc(x, y, d, ground)
		p.Icon(icon, x, y, d*0.56, ink)
	}
	if small {
		mid := kit.Style{Size: 24, Bold: true, Side: kit.Centre}
		p.Line(r.X+10, y+d/2+26, r.W-20, title, mid)
		p.Line(r.X+10, y+d/2+54, r.W-20, name, kit.Style{Size: 20, Side: kit.Centre, Elide: true})
		lines := append(wrap(c, under[0], r.W-36, 18, 2), under[1])
		for i, s := range lines {
			p.Line(r.X+10, y+d/2+84+float32(i)*24, r.W-20, s, kit.Style{Size: 18, Ink: look.Soft, Side: kit.Centre, Elide: true})
		}
	} else {
		left, room := body.X+u(60)+d, body.W-u(80)-d
		p.Line(left, y-u(44), room, title, kit.Style{Size: 32, Bold: true})
		p.Line(left, y, room, name, kit.Style{Size: 22, Elide: true})
		for i, s := range under {
			p.Line(left, y+u(36)+float32(i)*u(26), room, s, kit.Style{Size: 18, Ink: look.Soft, Elide: true})
		}
	}
	c.weighKeys(foot.In(c.tall(18, 10), c.tall(18, 12)))
}

func (c *Ctx) weighKeys(r kit.Rect) {
	cols := r.Cols(2, c.L.M.Gap())
	c.p.Key(cols[0], kit.Key{Form: kit.Wide, Size: 20, Label: c.t("不称了"), Cap: "Esc", Act: act(VerbGo, string(Home))})
	again := kit.Key{Form: kit.Wide, Size: 20, Label: c.t("再称一次"), Cap: "End", Act: act(VerbWeighAgain, "")}
	if c.V.Weighing.Code == "" {
		again.Dress, again.Label, again.Cap = kit.Unavailable, c.t("正在称"), ""
	}
	if c.V.Entry != "" {
		again = kit.Key{Form: kit.Wide, Size: 20, Dress: kit.Filled, Label: c.t("用 %s 公斤", c.V.Entry), Cap: "Enter", Key: "Return", Act: act(VerbWeighTyped, "")}
		if c.L.M.Compact {
			again.Form = kit.Middle
			again = c.capped(cols[1], again)
		}
	}
	c.p.Key(cols[1], again)
}

// weighed says whether the scale may be asked: for the chosen line if it is sold by weight, else for the next article.
func (c *Ctx) weighed() bool { return c.V.Weighing.Scale && c.V.Entry == "" }

// ByWeight says whether an article is sold by the kilogram.
func ByWeight(unit string) bool { return unit == "kg" }
