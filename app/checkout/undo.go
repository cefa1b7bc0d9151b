package checkout

import (
	"context"
	"errors"

	"tillkeeper/app/pos"
	"tillkeeper/app/staff"
)

// part is what one attempt of a receipt gives back.
type part struct {
	of     pos.Attempt
	amount pos.Amount
}

// Void undoes a receipt of the open batch. What was deferred and has not left
// is cancelled, and nothing goes out for it; what the card approved offline is
// delivered first. A receipt over several tenders is voided one by one.
func (s *Session) Void(ctx context.Context, u Undo) (Paid, error) {
	if err := s.deliverFirst(ctx, u.Receipt); err != nil {
		return Paid{}, err
	}
	parts, gone, err := s.voidParts(ctx, u)
	if err != nil {
		return Paid{}, err
	}
	return s.giveBack(ctx, parts, gone, func(p part) payment {
		k := pos.Void
		if p.of.Kind == pos.Completion {
			k = pos.CompletionVoid
		}
		n := s.follow(k, p.of, p.amount)
		n.receipt = p.of.Receipt
		n.keyed = n.keyed && (p.of.Tender != pos.Card || !u.Card)
		return n
	})
}

// voidParts checks a void, cancels what never left, and gives what is to be
// undone at the host, the wallet or the drawer.
func (s *Session) voidParts(ctx context.Context, u Undo) (parts []part, gone []pos.Attempt, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayUndo(staff.VoidSale, u.Override); err != nil {
		return nil, nil, err
	}
	st, err := s.Standing(u.Receipt)
	if err != nil {
		return nil, nil, err
	}
	if st.NoVoid != "" {
		return nil, nil, refusal(st.NoVoid, u.Receipt)
	}
	var events []pos.Event
	for i := range st.Attempts {
		a := st.Attempts[i]
		switch {
		case a.Unsent():
			events = append(events, pos.Event{Type: pos.EvCancelled, Attempt: a.ID, Basket: a.Basket, By: s.operator.ID, Code: "voided_unsent"})
			gone = append(gone, a)
		case waiting(&a):
			return nil, nil, refusal("delivery_pending", u.Receipt)
		case paysFor(&a):
			parts = append(parts, part{a, a.Approved})
		}
	}
	for _, p := range parts {
		if err := s.usable(p.of); err != nil {
			return nil, nil, err
		}
	}
	if len(events) > 0 {
		if err := s.cancelled(ctx, events, gone); err != nil {
			return nil, nil, err
		}
	}
	return parts, gone, s.take(parts)
}

// cancelled makes durable that deferred sales never leave, and takes their money
// out of an open basket. The caller holds mu.
func (s *Session) cancelled(ctx context.Context, events []pos.Event, gone []pos.Attempt) error {
	var docs []pos.Basket
	for i := range gone {
		b, ok, err := s.unpaid(gone[i].Basket, gone[i].Approved)
		if err != nil {
			return journalFault(err)
		}
		if ok {
			docs = append(docs, b)
		}
	}
	switch _, err := s.o.Journal.Append(ctx, pos.Commit{Events: events, Baskets: docs}); {
	case errors.Is(err, pos.ErrTransition): // the queue has begun to send it
		return refusal("delivery_pending", gone[0].Receipt)
	case err != nil:
		return journalFault(err)
	}
	for i := range docs {
		if docs[i].Key == s.basket.Key {
			s.basket = docs[i]
		}
	}
	for i := range gone {
		a, err := s.o.Journal.Attempt(gone[i].ID)
		if err != nil {
			return err
		}
		gone[i] = a
	}
	s.o.Line.Wake()
	s.publish()
	return nil
}

// unpaid is the basket of an attempt whose money went back while it is open or
// held; false where it is neither.
func (s *Session) unpaid(key string, money pos.Amount) (pos.Basket, bool, error) {
	if key == "" {
		return pos.Basket{}, false, nil
	}
	b, err := s.o.Journal.Basket(key)
	if err != nil || b.State != pos.BasketOpen && b.State != pos.BasketHeld {
		return b, false, err
	}
	b.Paid -= money
	if b.Paid == 0 {
		b.Rounding = 0
	}
	return b, true, nil
}

// afterVoid gives the baskets as they are after the events of a void.
func (s *Session) afterVoid(p *payment, events []pos.Event) ([]pos.Basket, []pos.Event, error) {
	for _, e := range events {
		if e.Type != pos.EvVoided {
			continue
		}
		b, ok, err := s.unpaid(p.original.Basket, p.original.Approved)
		if err != nil || !ok {
			return nil, events, err
		}
		return []pos.Basket{b}, events, nil
	}
	return nil, events, nil
}

// mayUndo checks who asks and whether the till is free. The caller holds mu.
func (s *Session) mayUndo(p staff.Permission, o *Override) error {
	if err := s.mayChange(); err != nil {
		return err
	}
	if p == "" {
		return nil
	}
	return s.allowed(p, o)
}

// usable says why the tender of an original cannot be used now. The caller
// holds mu.
func (s *Session) usable(a pos.Attempt) error {
	if a.Tender != pos.Cash && s.settling() {
		return pos.Errorf("settlement_running", "take cash, or wait until the settlement ends", "a settlement runs: card and QR wait")
	}
	if a.Tender == pos.QR && a.STAN == "" && s.o.Wallet == nil {
		return pos.Errorf("not_configured", "name a gateway under [wallet]", "no wallet gateway is configured")
	}
	return s.room(a.Tender)
}

// room says why the journal has no room for a payment of a tender.
func (s *Session) room(t pos.Tender) error {
	if s.o.Room == nil || t == pos.Cash {
		return nil
	}
	if _, err := s.o.Room(); err != nil {
		return &pos.Error{
			Code: "disk_full", Message: "the journal has no room for a payment",
			Remedy: "free space on the disk, then try again", Err: err,
		}
	}
	return nil
}

// take makes the till busy with what is to be given back. The caller holds mu.
func (s *Session) take(parts []part) error {
	if len(parts) == 0 {
		return nil
	}
	if err := s.settleStray(); err != nil {
		return err
	}
	s.busyWith(parts[0].of.Tender)
	return nil
}

// busyWith makes a payment of a tender the running one. The caller holds mu.
func (s *Session) busyWith(t pos.Tender) {
	s.running = newRun(Pay{Tender: t}, s.o.Clock.Now())
	s.outcome = nil
}

// show names the payment that runs on the screen. The caller holds mu.
func (s *Session) show(p payment) {
	if p.tender == pos.Card {
		s.step, s.card = StepCard, &CardView{Kind: p.kind, Amount: p.amount, Began: s.o.Clock.Now()}
	}
	s.publish()
}

// giveBack runs one payment a part, in order, until one is not approved.
func (s *Session) giveBack(ctx context.Context, parts []part, gone []pos.Attempt, make func(part) payment) (Paid, error) {
	out := Paid{All: gone}
	if n := len(gone); n > 0 {
		out.Attempt, out.Receipt = gone[n-1], gone[n-1].Receipt
	}
	for i, p := range parts {
		s.mu.Lock()
		n := make(p)
		s.show(n)
		s.mu.Unlock()
		var next []pos.Tender
		if i+1 < len(parts) {
			next = []pos.Tender{parts[i+1].of.Tender}
		}
		s.toTheEnd(ctx, &n, next...)
		paid, err := s.paid(&n)
		if err != nil {
			s.mu.Lock()
			s.running = nil
			s.mu.Unlock()
			return paid, err
		}
		all := append(out.All, paid.Attempt)
		out = paid
		out.All = all
		if n.result.kind != OutcomeApproved {
			break
		}
	}
	return out, nil
}

// follow is a payment about an original.
func (s *Session) follow(k pos.Kind, o pos.Attempt, amount pos.Amount) payment {
	p := payment{
		id: s.o.Journal.NextAttempt(), by: s.operator.ID, kind: k, tender: o.Tender, amount: amount,
		original: &o, keyed: o.STAN != "" && o.Tender != pos.Cash,
	}
	p.day, p.hour = s.o.DayOf(s.o.Clock.Now())
	if o.Tender == pos.Cash {
		p.tendered = amount
	}
	return p
}

// deliverFirst delivers what the card approved offline, and what is on its way,
// before it is undone.
func (s *Session) deliverFirst(ctx context.Context, receipt string) error {
	s.mu.Lock()
	err := s.mayChange()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	of, err := s.o.Journal.OfReceipt(receipt)
	if err != nil {
		return err
	}
	for i := range of {
		if of[i].State != pos.OfflineApproved && of[i].State != pos.Delivering || of[i].Unsent() {
			continue
		}
		if err := s.o.Line.Deliver(ctx, of[i].ID); err != nil {
			return refusal("delivery_pending", receipt)
		}
	}
	return nil
}
