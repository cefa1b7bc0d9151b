package gui

import (
	"context"
	"errors"
	"slices"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// weighLimit is how long the till waits for a stable weight.
const weighLimit = 20 * time.Second

// weighMost is the largest weight that is believed, in grams.
const weighMost = 1_000_000

// weighing is the article on the scale: of an article number, of a line, or the next one.
type weighing struct {
	sku  string
	line int
	turn int // what an earlier try still answers is dropped
	stop context.CancelFunc
}

// scaleAct does what concerns the scale.
func (t *till) scaleAct(a kit.Act) {
	if t.view.Screen != screen.Weigh {
		return
	}
	switch a.Verb {
	case screen.VerbWeighAgain:
		t.askScale()
	case screen.VerbWeighTyped:
		q, err := pos.ParseQty(t.view.Entry)
		if err != nil || q <= 0 {
			t.say(t.words.T("数量不对"))
			return
		}
		t.view.Entry = ""
		t.weighed(q)
	}
}

// hasScale says whether a scale is configured now; one that does not work is one too, and says why.
func (t *till) hasScale() bool {
	return t.parts.Weigh != nil && slices.ContainsFunc(t.snap.Devices, func(d pos.Condition) bool { return d.Name == "scale" && d.State != "off" })
}

// weigh asks the scale for an article's weight; it says whether there is a scale to ask.
func (t *till) weigh(sku string, line int, name string) bool {
	if !t.hasScale() {
		return false
	}
	t.weighing.sku, t.weighing.line = sku, line
	t.view.Screen, t.view.Weighing.What = screen.Weigh, name
	t.view.Entry, t.view.Notice = "", ""
	t.askScale()
	return true
}

// weighLine weighs the chosen line where it is sold by weight, else the next article.
func (t *till) weighLine() bool {
	for _, l := range t.snap.Basket.Lines {
		if l.No == t.snap.Selected && screen.ByWeight(l.Unit) {
			return t.weigh("", l.No, l.Name)
		}
	}
	return t.weigh("", 0, "")
}

// askScale waits for a stable weight away from the drawing goroutine.
func (t *till) askScale() {
	t.stopScale()
	turn := t.weighing.turn
	w := &t.view.Weighing
	w.Code, w.Since = "", t.now()
	w.Until = w.Since.Add(weighLimit)
	ctx, cancel := context.WithTimeout(t.ctx, weighLimit)
	t.weighing.stop = cancel
	var grams int64
	t.beside(func(context.Context) (err error) {
		defer cancel()
		grams, err = t.parts.Weigh(ctx)
		return err
	}, func(err error) {
		if t.weighing.turn != turn || t.view.Screen != screen.Weigh {
			return
		}
		if err != nil || grams <= 0 || grams > weighMost {
			w.Code, w.Since, w.Until = weighCode(err), time.Time{}, time.Time{}
			t.draw()
			return
		}
		t.weighed(pos.Qty(grams)) // thousandths of a kilogram
		t.draw()
	})
}

// stopScale gives up what the scale is asked.
func (t *till) stopScale() {
	t.weighing.turn++
	if t.weighing.stop != nil {
		t.weighing.stop()
		t.weighing.stop = nil
	}
}

// weighCode is the reason why a weight did not come.
func weighCode(err error) string {
	var e *pos.Error
	if errors.As(err, &e) && e.Code != "" {
		return e.Code
	}
	return codeNoAnswer
}

// weighed takes a weight in kilograms for what lies on the scale.
func (t *till) weighed(q pos.Qty) {
	face, sku, line := t.parts.Face, t.weighing.sku, t.weighing.line
	t.stopScale()
	t.view.Screen = screen.Home
	switch {
	case sku != "":
		t.do(func(ctx context.Context) error {
			_, err := face.Add(ctx, sku, q)
			return err
		}, nil)
	case line > 0:
		t.do(func(ctx context.Context) error {
			_, err := face.Edit(ctx, checkout.Edit{Line: line, Qty: &q, Reason: screen.VerbWeigh})
			return err
		}, nil)
	default:
		t.view.Qty = q.String()
	}
}

// sellByWeight weighs an article that is sold by weight and has no quantity yet, before it is added.
func (t *till) sellByWeight(p pos.Product, known bool) bool {
	return known && p.Weighed() && t.view.Qty == "" && t.weigh(p.SKU, 0, p.Name)
}
