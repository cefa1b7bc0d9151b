package gui

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// heldLimit bounds the pre-authorizations that are offered for completion.
const heldLimit = 50

// giveBack does what concerns voids, refunds and what a card can do besides paying.
func (t *till) giveBack(a kit.Act) {
	v := &t.view
	un := &v.Undoing
	switch a.Verb {
	case screen.VerbAsk:
		v.Ask, v.Notice = screen.Ask(a.Arg), ""
	case screen.VerbNo:
		v.Ask = screen.AskNothing
	case screen.VerbYes:
		t.yes()
	case screen.VerbReceipt:
		t.openReceipt(a.Arg)
	case screen.VerbMore:
		t.step(a.Arg, 1)
	case screen.VerbLess:
		t.step(a.Arg, -1)
	case screen.VerbPick:
		t.pick(a.Arg)
	case screen.VerbAll:
		un.Qty, un.Amount = map[int]pos.Qty{}, ""
		for _, l := range un.Standing.Lines {
			un.Qty[l.No] = l.Left
		}
	case screen.VerbReason:
		if v.Screen == screen.Refund {
			un.Reason = a.Arg
		} else {
			v.Decide.Reason = a.Arg
		}
	case screen.VerbHeld:
		t.chooseHeld(a.Arg)
	case screen.VerbBalance:
		t.balance()
	case screen.VerbPreauth:
		sum, err := pos.ParseAmount(v.Entry)
		if err != nil || sum <= 0 {
			t.say(t.words.T("先输入金额"))
			return
		}
		face := t.parts.Face
		t.long(false, func(ctx context.Context, _ *checkout.Override) error {
			_, err := face.Preauth(ctx, sum)
			return err
		}, nil)
	}
}

// balance asks a card for its balance; from an outcome it leaves that first.
func (t *till) balance() {
	face := t.parts.Face
	if t.snap.Step == checkout.StepOutcome {
		t.next(func() {
			t.take(face.Snapshot())
			if t.snap.Step == checkout.StepSale {
				t.balance()
			}
		})
		return
	}
	t.long(false, func(ctx context.Context, _ *checkout.Override) error {
		_, err := face.Balance(ctx)
		return err
	}, nil)
}

// pick makes a line of the receipt the one that + and - change, and brings it into sight.
func (t *till) pick(arg string) {
	no, err := strconv.Atoi(arg)
	if err != nil {
		return
	}
	t.view.Undoing.Line = no
	t.uncover("refund", t.view.Undoing.At())
}

// step changes how many of a line come back; of what is weighed all or nothing.
func (t *till) step(arg string, by int) {
	no, err := strconv.Atoi(arg)
	if err != nil {
		return
	}
	un := &t.view.Undoing
	un.Line = no
	if un.Qty == nil {
		un.Qty = map[int]pos.Qty{}
	}
	for _, l := range un.Standing.Lines {
		if l.No != no {
			continue
		}
		one := pos.One
		if l.Left%pos.One != 0 {
			one = l.Left
		}
		un.Qty[no] = max(0, min(l.Left, un.Qty[no]+one*pos.Qty(by)))
		un.Amount = ""
	}
}

// openReceipt shows a receipt and what may be undone of it; "" or an unknown number looks for one.
func (t *till) openReceipt(number string) {
	t.next(nil)
	v := &t.view
	found := v.Found2
	looking := v.Screen == screen.Receipt && v.Undoing.Receipt == ""
	if number == "" {
		v.Screen, v.Undoing, v.Entry, v.Notice = screen.Receipt, screen.Undoing{}, "", ""
		t.loadReceipts()
		return
	}
	if n, err := strconv.Atoi(number); err == nil && len(number) < numberDigits {
		padded := strconv.Itoa(n)
		number = strings.Repeat("0", numberDigits-len(padded)) + padded
	}
	var s checkout.Standing
	missing := false
	t.do(func(context.Context) (err error) {
		s, err = t.parts.Face.Standing(number)
		var e *pos.Error
		if missing = errors.As(err, &e) && e.Code == "unknown_receipt"; missing {
			return nil
		}
		return err
	}, func() {
		if missing {
			if looking && len(found) == 1 && found[0].Receipt != "" && found[0].Receipt != number {
				t.openReceipt(found[0].Receipt)
				return
			}
			v.Screen, v.Undoing = screen.Receipt, screen.Undoing{Missing: number}
			return
		}
		v.Screen, v.Entry = screen.Receipt, ""
		v.Undoing = screen.Undoing{Receipt: number, Standing: s}
		v.First["lines"], v.First["attempts"], v.First["refund"] = 0, 0, 0
	})
}

// loadReceipts finds the receipts that the typed number may mean; nothing typed finds the latest.
func (t *till) loadReceipts() {
	t.view.Undoing.Missing = ""
	t.find(query(t.view.Entry), "receipts")
}

// scanInOffice uses a scan on the screens where it names a record, a receipt or a line of it.
func (t *till) scanInOffice(code string) bool {
	v := &t.view
	switch v.Screen {
	case screen.Records:
		if p, ok := t.parts.Face.Catalogue().ByBarcode(code); ok {
			v.Entry = ""
			t.find(pos.Query{Text: p.Name, Limit: recordLimit}, "records")
			return true
		}
		v.Entry = code
		t.loadRecords()
	case screen.Receipt:
		if p, ok := t.parts.Face.Catalogue().ByBarcode(code); ok {
			v.Undoing = screen.Undoing{}
			t.find(pos.Query{Text: p.Name, Limit: recordLimit}, "receipts")
			return true
		}
		t.openReceipt(code)
	case screen.Refund:
		for _, l := range v.Undoing.Standing.Lines {
			if l.Barcode == code {
				t.step(strconv.Itoa(l.No), 1)
			}
		}
	case screen.Cards:
		t.chooseHeld(code)
	case screen.Resolve, screen.Differ, screen.Settle, screen.Reconcile, screen.Charged, screen.Story:
	default:
		return false
	}
	return true
}

// yes does what the open question is about.
func (t *till) yes() {
	v, face := &t.view, t.parts.Face
	asked := v.Ask
	v.Ask = screen.AskNothing
	receipt := v.Undoing.Receipt
	again := func() { // nothing came up: show how the receipt stands now
		if t.snap.Step == checkout.StepSale {
			t.openReceipt(receipt)
		}
	}
	switch asked {
	case screen.AskVoid:
		undo := face.Void
		if completed(v.Undoing.Standing) {
			undo = face.CancelAuth
		}
		t.long(false, func(ctx context.Context, o *checkout.Override) error {
			_, err := undo(ctx, checkout.Undo{Receipt: receipt, Override: o})
			return err
		}, again)
	case screen.AskRefund:
		ask := checkout.RefundAsk{Receipt: receipt, Card: true, Reason: t.words.T(screen.ReasonWord(v.Undoing.Reason))}
		if ask.Lines = v.Undoing.Lines(); len(ask.Lines) == 0 && v.Undoing.Amount != "" {
			ask.Amount = v.Undoing.Sum()
		}
		t.long(false, func(ctx context.Context, o *checkout.Override) error {
			ask := ask
			ask.Override = o
			_, err := face.Refund(ctx, ask)
			return err
		}, again)
	case screen.AskFinish:
		c := checkout.Completing{Receipt: v.CardDo.Chosen, Amount: v.CardDo.Sum(v.Entry)}
		t.long(false, func(ctx context.Context, _ *checkout.Override) error {
			_, err := face.Complete(ctx, c)
			return err
		}, nil)
	case screen.AskCancel:
		held := v.CardDo.Chosen
		t.long(false, func(ctx context.Context, o *checkout.Override) error {
			_, err := face.CancelAuth(ctx, checkout.Undo{Receipt: held, Override: o})
			return err
		}, nil)
	case screen.AskSettle:
		t.settle(nil)
	case screen.AskDecide:
		t.decided()
	case screen.AskNothing:
	}
}

// completed says whether a receipt is that of a completion.
func completed(s checkout.Standing) bool {
	for i := range s.Attempts {
		if s.Attempts[i].Kind == pos.Completion {
			return true
		}
	}
	return false
}

// loadCards finds the pre-authorizations that stand.
func (t *till) loadCards() {
	face := t.parts.Face
	var held []checkout.Standing
	t.do(func(context.Context) error {
		list, err := face.Journal().Find(pos.Query{State: pos.Approved, Limit: pos.DefaultLimit})
		if err != nil {
			return err
		}
		for i := range list {
			if list[i].Kind != pos.Preauth || len(held) == heldLimit {
				continue
			}
			s, err := standing(face, list[i].Receipt)
			if err != nil {
				return err
			}
			if s.Held != nil {
				held = append(held, s)
			}
		}
		return nil
	}, func() {
		t.view.CardDo.Held = held
	})
}

// standing reads a receipt; a pre-authorization that was completed holds nothing more.
func standing(face checkout.Face, receipt string) (checkout.Standing, error) {
	s, err := face.Standing(receipt)
	if err != nil || s.Held == nil || s.Held.Follow == "" {
		return s, err
	}
	f, err := face.Journal().Attempt(s.Held.Follow)
	if err == nil && f.Kind == pos.Completion && (f.Open() || pos.StateRules[f.State].Counted) {
		s.Held = nil
	}
	return s, err
}

// chooseHeld takes a pre-authorization by its receipt, off the list or read from its slip.
func (t *till) chooseHeld(receipt string) {
	v := &t.view
	v.Screen, v.Entry = screen.Cards, ""
	if v.CardDo.Chosen == receipt {
		v.CardDo.Chosen = ""
		return
	}
	var s checkout.Standing
	t.do(func(context.Context) (err error) {
		s, err = standing(t.parts.Face, receipt)
		if err == nil && s.Held == nil {
			err = pos.Errorf("no_preauth", "name the receipt of a pre-authorization that stands", "receipt %s holds nothing", receipt)
		}
		return err
	}, func() {
		list := []checkout.Standing{s}
		for _, h := range v.CardDo.Held {
			if h.Receipt != receipt {
				list = append(list, h)
			}
		}
		v.CardDo.Held, v.CardDo.Chosen = list, receipt
	})
}
