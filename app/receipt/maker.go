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

// Attempt is the slip of a payment whose outcome nobody knows: the numbers that
// a bank asks for.
func (m Maker) Attempt(a pos.Attempt, operator string) any {
	return Unknown(m.Shop, a, m.options(operator, false))
}
