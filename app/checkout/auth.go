package checkout

import (
	"context"

	"tillkeeper/app/pos"
)

// Balance asks the issuer what is on a card. It moves nothing, is printed, and
// the amount is kept nowhere.
func (s *Session) Balance(ctx context.Context) (Paid, error) {
	return s.withCard(ctx, pos.Balance, 0)
}

// Preauth has the issuer hold an amount for a later completion.
func (s *Session) Preauth(ctx context.Context, amount pos.Amount) (Paid, error) {
	if amount <= 0 || amount > maxPreauth {
		return Paid{}, pos.Errorf("bad_amount", "name an amount between 0.01 and 1,000,000.00", "%s does not fit", amount)
	}
	return s.withCard(ctx, pos.Preauth, amount)
}

// maxPreauth bounds a pre-authorization, fen.
const maxPreauth pos.Amount = 100_000_000

// withCard runs a payment without a basket for which a card is presented.
func (s *Session) withCard(ctx context.Context, k pos.Kind, amount pos.Amount) (Paid, error) {
	s.mu.Lock()
	p, err := s.beginWithCard(k, amount)
	s.mu.Unlock()
	if err != nil {
		return Paid{}, err
	}
	s.toTheEnd(ctx, &p)
	return s.paid(&p)
}

func (s *Session) beginWithCard(k pos.Kind, amount pos.Amount) (payment, error) {
	if err := s.mayChange(); err != nil {
		return payment{}, err
	}
	if e := s.tenderFault(pos.Card, LineView{}); e != nil {
		return payment{}, e
	}
	if err := s.room(pos.Card); err != nil {
		return payment{}, err
	}
	if err := s.settleStray(); err != nil {
		return payment{}, err
	}
	p := payment{
		id: s.o.Journal.NextAttempt(), receipt: s.o.Journal.NextReceipt(), by: s.operator.ID, kind: k, tender: pos.Card, amount: amount,
	}
	p.day, p.hour = s.o.DayOf(s.o.Clock.Now())
	s.busyWith(pos.Card)
	s.show(p)
	return p, nil
}

// Complete charges a pre-authorization, for at most what it holds.
func (s *Session) Complete(ctx context.Context, c Completing) (Paid, error) {
	s.mu.Lock()
	p, err := s.beginCompletion(c)
	s.mu.Unlock()
	if err != nil {
		return Paid{}, err
	}
	s.toTheEnd(ctx, &p)
	return s.paid(&p)
}

func (s *Session) beginCompletion(c Completing) (payment, error) {
	if err := s.mayUndo("", nil); err != nil {
		return payment{}, err
	}
	st, err := s.Standing(c.Receipt)
	if err != nil {
		return payment{}, err
	}
	held, done, err := s.heldBy(st)
	switch {
	case err != nil:
		return payment{}, err
	case done != nil:
		return payment{}, pos.Errorf("already_completed", "cancel the completion first",
			"the pre-authorization of receipt %s is completed", c.Receipt)
	}
	if c.Amount == 0 {
		c.Amount = held.Approved
	}
	if most := s.o.Host.Terms().Most(held.Approved); c.Amount < 0 || c.Amount > most {
		return payment{}, pos.Errorf("bad_amount", "name at most what may be taken",
			"%s does not fit, %s is held and %s may be taken", c.Amount, held.Approved, most)
	}
	if e := s.batchFault(c.Amount); e != nil {
		return payment{}, e
	}
	s.filled.add(c.Amount)
	p := s.follow(pos.Completion, *held, c.Amount)
	p.receipt = s.o.Journal.NextReceipt()
	return p, s.begun(p)
}

// heldBy gives the pre-authorization of a receipt that stands, and the
// completion that stands for it.
func (s *Session) heldBy(st Standing) (held, done *pos.Attempt, err error) {
	if st.Held == nil {
		return nil, nil, pos.Errorf("no_preauth", "name the receipt of a pre-authorization that stands", "receipt %s holds nothing", st.Receipt)
	}
	open, err := s.followOpen(st.Held)
	if err != nil {
		return nil, nil, err
	}
	if open {
		return nil, nil, refusal("follow_up_open", st.Receipt)
	}
	done, err = s.completed(st.Held)
	return st.Held, done, err
}

// begun makes the till busy with a follow-up. The caller holds mu.
func (s *Session) begun(p payment) error {
	if err := s.usable(*p.original); err != nil {
		return err
	}
	if err := s.settleStray(); err != nil {
		return err
	}
	s.busyWith(p.tender)
	s.show(p)
	return nil
}

// CancelAuth cancels a completion, named by its own receipt or by that of its
// pre-authorization, or else the pre-authorization.
func (s *Session) CancelAuth(ctx context.Context, u Undo) (Paid, error) {
	s.mu.Lock()
	p, err := s.beginCancel(u)
	s.mu.Unlock()
	if err != nil {
		return Paid{}, err
	}
	s.toTheEnd(ctx, &p)
	return s.paid(&p)
}

func (s *Session) beginCancel(u Undo) (payment, error) {
	if err := s.mayUndo("", nil); err != nil {
		return payment{}, err
	}
	st, err := s.Standing(u.Receipt)
	if err != nil {
		return payment{}, err
	}
	done := completionOf(st)
	var held *pos.Attempt
	if done == nil {
		if held, done, err = s.heldBy(st); err != nil {
			return payment{}, err
		}
	}
	var p payment
	switch {
	case done == nil:
		p = s.follow(pos.PreauthVoid, *held, held.Approved)
	case done.State == pos.Settled, done.Batch != pos.OpenBatch(s.o.Journal):
		return payment{}, refusal("batch_closed", u.Receipt)
	case done.Refunded > 0:
		return payment{}, refusal("refunded_already", u.Receipt)
	default:
		if open, err := s.followOpen(done); err != nil || open {
			return payment{}, refusal("follow_up_open", u.Receipt)
		}
		p = s.follow(pos.CompletionVoid, *done, done.Approved)
	}
	p.receipt = u.Receipt
	return p, s.begun(p)
}

// completionOf gives the completion of a receipt that stands, nil if it has
// none.
func completionOf(st Standing) *pos.Attempt {
	for i := range st.Attempts {
		if a := &st.Attempts[i]; a.Kind == pos.Completion && (a.State == pos.Approved || a.State == pos.Settled) {
			return a
		}
	}
	return nil
}
