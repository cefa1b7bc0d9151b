package receipt

import (
	"time"

	"tillkeeper/app/pos"
)

// Maker makes the slips of one till.
type Maker struct {
	Shop Shop
	Lang string // zh-Hans en
	Demo bool   // the keys lie in a plain file: said on every slip
	Now  func() time.Time
	Say  func(code string) (reason, remedy string) // what an answer code means, in Lang
}

func (m Maker) options(operator string, again bool) Options {
	lang := "zh"
	if m.Lang == "en" {
		lang = "en"
	}
	return Options{Lang: lang, Copy: again, Demo: m.Demo, Operator: operator, Time: m.Now()}
}

// Sale is the receipt of a paid basket.
func (m Maker) Sale(b pos.Basket, of []pos.Attempt, operator string, again bool) any {
	return Sale(m.Shop, b, of, m.options(operator, again))
}

// Attempt is the slip of a payment that was refused, with the reason, or whose
// outcome nobody knows, with the numbers that a bank asks for.
func (m Maker) Attempt(a pos.Attempt, operator string) any {
	if m.Say != nil && (a.State == pos.Declined || a.State == pos.Cancelled) {
		reason, remedy := m.Say(a.Code)
		return Declined(m.Shop, a, reason, remedy, m.options(operator, false))
	}
	return Unknown(m.Shop, a, m.options(operator, false))
}
