package gui

import (
	"context"
	"strconv"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// money does what concerns a payment.
func (t *till) money(a kit.Act) {
	v := &t.view
	switch a.Verb {
	case screen.VerbPay:
		t.tender(pos.Tender(a.Arg))
	case screen.VerbSplit:
		t.leaveMore()
		t.split()
	case screen.VerbGive, screen.VerbRound:
		if n, err := strconv.ParseInt(a.Arg, 10, 64); err == nil {
			v.Tendered = pos.Amount(n).String()
			if due := t.due(); a.Verb == screen.VerbRound || pos.Amount(n) == due {
				v.Rounding = a.Verb == screen.VerbRound
			}
		}
	case screen.VerbNote:
		if n, err := strconv.ParseInt(a.Arg, 10, 64); err == nil {
			have, _ := pos.ParseAmount(v.Tendered)
			v.Tendered = (have + pos.Amount(n)).String()
		}
	case screen.VerbConfirm:
		t.confirm()
	case screen.VerbCancel:
		t.parts.Face.Cancel()
	case screen.VerbCheck:
		t.parts.Face.CheckQR()
	case screen.VerbNext:
		t.next(nil)
	}
}

// due is the sum that the next payment is about.
func (t *till) due() pos.Amount {
	due := t.snap.Basket.Due()
	if t.view.Part > 0 && t.view.Part < due {
		return t.view.Part
	}
	return due
}

// leave says whether there is an outcome that has to be left, once for each.
func (t *till) leave() bool {
	if t.snap.Step != checkout.StepOutcome || t.leaving {
		return false
	}
	t.leaving = true
	return true
}

// next leaves the outcome if there is one, then does something more.
func (t *till) next(then func()) {
	face := t.parts.Face
	if !t.leave() {
		return
	}
	t.do(func(ctx context.Context) error { return face.Next(ctx) }, then)
}

// tender begins a payment by card or QR, or opens the cash screen; from an outcome it leaves that first.
func (t *till) tender(tender pos.Tender) {
	if t.snap.Step == checkout.StepOutcome {
		t.next(func() {
			if t.snap.Step == checkout.StepOutcome {
				t.take(t.parts.Face.Snapshot())
			}
			if t.snap.Step == checkout.StepSale {
				t.tender(tender)
			}
		})
		return
	}
	if t.snap.Step != checkout.StepSale || t.snap.Basket.Due() <= 0 {
		return
	}
	if tender == pos.Cash {
		t.view.Screen, t.view.Tendered, t.view.Rounding, t.view.Notice = screen.Cash, "", false, ""
		t.view.Entry, t.view.Qty = "", ""
		return
	}
	t.pay(checkout.Pay{Tender: tender, Amount: t.view.Part})
}

// pay runs a payment to its outcome.
func (t *till) pay(p checkout.Pay) {
	face := t.parts.Face
	t.long(p.Tender == pos.QR, func(ctx context.Context, o *checkout.Override) error {
		p := p
		p.Override = o
		_, err := face.Pay(ctx, p)
		return err
	}, nil)
}

// long runs a command that lasts until an outcome and may want a supervisor; then something follows.
func (t *till) long(code bool, run func(context.Context, *checkout.Override) error, then func()) {
	t.view.Notice, t.retry, t.after = "", run, then
	hands, how := t.parts.Bench, t.view.Bench.Wallet
	t.apart(func(ctx context.Context) error {
		if hands != nil {
			defer hands.Clear()
			if code && how != "" {
				if err := hands.Wallet(how); err != nil {
					return err
				}
			}
		}
		return run(ctx, nil)
	}, then)
}

// split sets the part of the sum that is paid next; without a number it pays all again.
func (t *till) split() {
	v := &t.view
	if v.Entry == "" {
		if v.Part > 0 {
			v.Part = 0
			return
		}
		t.say(t.words.T("先输入这次要收的金额"))
		return
	}
	a, err := pos.ParseAmount(v.Entry)
	if due := t.snap.Basket.Due(); err != nil || a <= 0 || a >= due {
		t.say(t.words.T("要小于应收金额 %s", i18n.Money(due)))
		return
	}
	v.Part, v.Entry, v.Notice = a, "", ""
}

// confirm takes the cash: the whole sum with change, or as much as was handed over.
func (t *till) confirm() {
	if t.view.Screen != screen.Cash {
		return
	}
	sum := screen.CashOf(t.due(), t.view.Rounding, t.view.Tendered)
	if sum.Tendered <= 0 {
		return
	}
	p := checkout.Pay{Tender: pos.Cash, Amount: t.view.Part, Tendered: sum.Tendered, Rounding: sum.Rounding}
	if sum.Change < 0 {
		p.Amount, p.Rounding = sum.Tendered, 0
	}
	t.pay(p)
}
