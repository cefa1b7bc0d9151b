package gui

import (
	"context"
	"strconv"
	"strings"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
)

// digit types into what the screen asks for; on an outcome it begins the next sale.
func (t *till) digit(d string) {
	v := &t.view
	v.Notice = ""
	switch {
	case v.Sheet.Open:
		if d != "." && len(t.approval)+len(d) <= pinLimit {
			t.approval += d
			v.Sheet.PIN = len(t.approval)
		}
	case v.Ask != screen.AskNothing:
	case v.Screen == screen.SelfTest:
	case v.Screen == screen.Keys:
		t.keyDigit(d)
	case t.snap.Step == checkout.StepSignIn:
		if d != "." && len(t.pin)+len(d) <= pinLimit {
			t.pin += d
			v.PIN = len(t.pin)
		}
	case v.Screen == screen.Search:
		t.letters(v.Letters + d)
	case screen.Choosing(t.snap) > 0:
		if n, err := strconv.Atoi(d); err == nil && n > 0 && len(d) == 1 {
			t.chooseAccount(strconv.Itoa(n - 1))
		}
	case v.Screen == screen.Devices:
		if p := t.surface.Page(); p != nil && p.Keys[d].Verb == screen.VerbUse {
			t.gearAct(p.Keys[d])
		}
	case v.Screen == screen.Weigh:
		v.Entry = typed(v.Entry, d, entryLimit, 3)
	case v.Screen == screen.Home || v.Screen == screen.Quick || v.Screen == screen.More:
		t.next(nil)
		v.Entry = typed(v.Entry, d, entryLimit, 3)
	default:
		if s, limit, decimals := t.field(); s != nil {
			*s = typed(*s, d, limit, decimals)
			t.fieldTyped()
		}
	}
}

// last4Digits is how many digits of a card's number a customer is asked for.
const last4Digits = 4

// field gives what the digits of a screen go to, its longest and its decimals; nil where they go nowhere.
func (t *till) field() (s *string, limit, decimals int) {
	v := &t.view
	switch v.Screen {
	case screen.Cash:
		return &v.Tendered, amountLimit, 2
	case screen.Records:
		return &v.Entry, entryLimit, 3
	case screen.Receipt:
		if v.Undoing.Receipt == "" {
			return &v.Entry, entryLimit, 3
		}
	case screen.Refund:
		return &v.Undoing.Amount, amountLimit, 2
	case screen.Cards:
		return &v.Entry, amountLimit, 2
	case screen.Resolve, screen.Differ:
		return &v.Decide.Number, entryLimit, 0
	case screen.Charged:
		if v.Claim.Field == screen.FieldLast4 {
			return &v.Claim.Last4, last4Digits, 0
		}
		return &v.Claim.Amount, amountLimit, 2
	}
	return nil, 0, 0
}

// fieldTyped reads again what a screen finds by its number.
func (t *till) fieldTyped() {
	switch t.view.Screen {
	case screen.Records:
		t.loadRecords()
	case screen.Receipt:
		t.loadReceipts()
	case screen.Refund:
		t.view.Undoing.Qty = nil
	case screen.Charged:
		t.loadClaim()
	}
}

// chooseAccount takes one of the card's applications.
func (t *till) chooseAccount(arg string) {
	i, err := strconv.Atoi(arg)
	if err != nil || i < 0 || i >= screen.Choosing(t.snap) {
		return
	}
	face := t.parts.Face
	t.beside(func(ctx context.Context) error { return face.Choose(ctx, i) }, func(err error) {
		if err != nil {
			t.say(t.explain(err))
		}
	})
}

// typed appends digits to a number: one point, so many decimals after it.
func typed(s, d string, limit, decimals int) string {
	if d == "." {
		if decimals == 0 || strings.Contains(s, ".") {
			return s
		}
		if s == "" {
			s = "0"
		}
	}
	if len(s)+len(d) > limit {
		return s
	}
	if _, frac, point := strings.Cut(s, "."); point && len(frac)+len(d) > decimals {
		return s
	}
	return s + d
}

func (t *till) backspace() {
	v := &t.view
	cut := func(s string) string { return s[:max(0, len(s)-1)] }
	s, _, _ := t.field()
	switch {
	case v.Sheet.Open:
		t.approval = cut(t.approval)
		v.Sheet.PIN = len(t.approval)
	case v.Screen == screen.Keys:
		t.keyBack()
	case t.snap.Step == checkout.StepSignIn:
		t.pin = cut(t.pin)
		v.PIN = len(t.pin)
	case v.Screen == screen.Search:
		t.letters(cut(v.Letters))
	case s != nil:
		*s = cut(*s)
		t.fieldTyped()
	case v.Entry == "":
		v.Qty = ""
	default:
		v.Entry = cut(v.Entry)
	}
	v.Notice = ""
}

func (t *till) clear() {
	v := &t.view
	if v.Screen == screen.Keys {
		t.keyClear()
		return
	}
	v.Entry, v.Qty, v.Tendered, v.Notice, v.Rounding, v.Part = "", "", "", "", false, 0
	if v.Screen == screen.Charged {
		v.Claim.Last4 = ""
	}
	if v.Screen == screen.Search {
		t.letters("")
		return
	}
	if s, _, _ := t.field(); s != nil {
		*s = ""
		t.fieldTyped()
	}
	if v.Screen == screen.Charged {
		v.Claim.Amount, v.Claim.Field = "", screen.FieldAmount
	}
}
