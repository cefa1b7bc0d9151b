package checkout

import (
	"context"
	"slices"

	"tillkeeper/app/pos"
)

// commit makes the events of a payment durable, with the basket as it then is.
func (s *Session) commit(ctx context.Context, p *payment, eff effect) error {
	events := append([]pos.Event(nil), eff.events...)
	for i := range events {
		if err := s.sealInto(&events[i], p, eff); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	docs, events, err := s.documents(p, events)
	if err != nil {
		return err
	}
	if _, err := s.o.Journal.Append(ctx, pos.Commit{Events: events, Baskets: docs}); err != nil {
		return err
	}
	for i := range docs {
		if docs[i].Key == s.basket.Key {
			s.basket = docs[i]
		}
	}
	return nil
}

// documents gives the baskets as they are after the events of a payment, and
// the events with what follows for them. The caller holds mu.
func (s *Session) documents(p *payment, events []pos.Event) ([]pos.Basket, []pos.Event, error) {
	switch {
	case p.kind == pos.Sale && p.basket != "":
		b := s.basket.Clone()
		if !slices.Contains(b.Attempts, p.id) {
			b.Attempts = append(b.Attempts, p.id)
		}
		for _, e := range events {
			if e.Approved > 0 {
				b.Paid += e.Approved
				b.Rounding += p.rounding
			}
		}
		if len(b.Lines) > 0 && b.Due() <= 0 && b.State == pos.BasketOpen {
			b.State = pos.BasketPaid
			events = append(events, s.basketPaid(p, b))
		}
		return []pos.Basket{*b}, events, nil
	case p.kind == pos.Void:
		return s.afterVoid(p, events)
	case p.kind == pos.Refund:
		return s.afterRefund(p, events)
	}
	return nil, events, nil
}

func (s *Session) basketPaid(p *payment, b *pos.Basket) pos.Event {
	day, hour := s.o.DayOf(s.o.Clock.Now())
	return pos.Event{Type: pos.EvBasketPaid, Basket: b.Key, By: p.by, Receipt: b.Receipt, Amount: b.Paid, Day: day, Hour: hour}
}

// sealInto puts the card's data into the events that carry it, encrypted under
// keys outside the journal.
func (s *Session) sealInto(e *pos.Event, p *payment, eff effect) error {
	if e.Attempt != p.id {
		return nil // of its original
	}
	if eff.seal && e.Type == pos.EvCreated || eff.reseal && e.Type == pos.EvReversing || eff.waiting && e.Type == pos.EvOfflineApproved && p.created {
		box, err := pos.SealCard(s.o.Vault, pos.BatchKey(p.batch), p.id, p.card.Short())
		if err != nil {
			return err
		}
		e.Sealed = box
	}
	if eff.waiting && (e.Type == pos.EvOfflineApproved || e.Type == pos.EvDeferred) {
		box, err := pos.SealCard(s.o.Vault, pos.DayKey(p.day), p.id, p.card)
		if err != nil {
			return err
		}
		e.Waiting = box
	}
	return nil
}
