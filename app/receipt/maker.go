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
	// Advise gives the sentence of a proposal of the reconciliation, or is nil.
	Advise func(code, lang string) string
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

// FollowUp is the slip of a void, refund, pre-authorization, completion or one
// of their voids; original and lines as in the function FollowUp.
func (m Maker) FollowUp(a pos.Attempt, original *pos.Attempt, lines []pos.Line, operator string, again bool) any {
	return FollowUp(m.Shop, a, original, lines, m.options(operator, again))
}

// Balance is the slip of an inquiry that was answered.
func (m Maker) Balance(a pos.Attempt, balance *pos.Amount, notify *bool, operator string) any {
	return Balance(m.Shop, a, balance, notify, m.options(operator, false))
}

// Bank is the slip for the bank of something that is no longer sent by itself.
func (m Maker) Bank(a pos.Attempt, operator string) any {
	return Bank(m.Shop, a, m.options(operator, false))
}

// Settlement is the slip of a closed batch, or of one that was empty.
func (m Maker) Settlement(r pos.BatchReport) any {
	return Settlement(m.Shop, r, m.options(r.By, false))
}

// Reconciled is the slip of a reconciliation.
func (m Maker) Reconciled(f ReconcileFacts, operator string) any {
	return Reconciled(m.Shop, f, m.Advise, m.options(operator, false))
}

// Story is the slip with everything that is known of one payment.
func (m Maker) Story(a pos.Attempt, linked []pos.Attempt, events []pos.Event, differences []pos.Difference, operator string) any {
	return Story(m.Shop, Case{a, linked, events, differences}, m.options(operator, false), m.speech(m.Lang))
}

// Tell gives the sentences of Story for a screen, in "en" or Chinese. What an
// answer code means is in them where the language is the maker's.
func (m Maker) Tell(lang string, c Case) []string {
	o := m.options("", false)
	if o.Lang = "zh"; lang == "en" {
		o.Lang = "en"
	}
	return Tell(c, o, m.speech(lang))
}

func (m Maker) speech(lang string) Speech {
	s := Speech{Advise: m.Advise}
	if m.Say != nil && (lang == "en") == (m.Lang == "en") {
		s.Reason = func(code string) string {
			reason, _ := m.Say(code)
			return reason
		}
	}
	return s
}
