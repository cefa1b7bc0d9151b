package checkout

import (
	"context"
	"slices"

	"tillkeeper/app/pos"
)

// commit makes the events of a payment durable, with the basket as it then is.
func (s *Session) commit(ctx context.Context, p *payment, eff effect) error {
	events := append([]pos.Event(nil), eff.events...)
	if b := pos.OpenBatch(s.o.Journal); p.byHost() && !p.created && p.batch != "" && b != p.batch {
		p.batch, p.stan = b, s.o.Journal.NextSTAN() // a sign-on opened another one while a card was waited for
		if p.stan == "" {
			return movedOn{"no_trace_number"}
		}
		for i := range events {
			if events[i].Attempt == p.id && events[i].Type == pos.EvCreated {
				events[i].Batch, events[i].STAN = p.batch, p.stan
			}
		}
	}
	for i := range events {
		if err := s.sealInto(&events[i], p, eff); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	events, err := s.aboutOriginal(p, events)
	if err != nil {
		return err
	}
	if events, err = s.settled(p, events); err != nil {
		return err
	}
	docs, events, err := s.documents(p, events)
	if err != nil {
		return err
	}
	events = s.scriptResult(p, events)
	done, err := s.o.Journal.Append(ctx, pos.Commit{Events: events, Baskets: docs})
	if err != nil {
		return err
	}
	p.fold(done)
	for i := range docs {
		if docs[i].Key == s.basket.Key {
			s.basket = docs[i]
		}
	}
	return nil
}

// fold keeps what the journal made of the payment's own events, so that its
// attempt need not be read again for the outcome.
func (p *payment) fold(done []pos.Event) {
	a, ok := new(pos.Attempt), true
	if p.attempt != nil {
		*a = *p.attempt
	}
	for i := range done {
		if done[i].Attempt == p.id && ok {
			ok = a.Fold(&done[i]) == nil
		}
	}
	if p.attempt = nil; ok && a.ID == p.id {
		p.attempt = a
	}
}

// scriptResult adds to an approval that the host is owed what the card made of
// its issuer's scripts: an attempt of its own, without money, that the queue
// sends when nothing else is owed. No sale waits for it, and none fails by it.
// The caller holds mu.
func (s *Session) scriptResult(p *payment, events []pos.Event) []pos.Event {
	if len(p.scripts) == 0 || !p.approval() || p.phase != phCommitEnd || !s.o.Host.Terms().ScriptResults {
		return events
	}
	stan := s.o.Journal.NextSTAN()
	if stan == "" {
		s.o.Log.Warn("no trace number for the results of an issuer's scripts", "attempt", p.id)
		return events
	}
	id := s.o.Journal.NextAttempt()
	card := p.card.Short()
	box, err := pos.SealCard(s.o.Vault, pos.DayKey(p.day), id, card)
	if err != nil {
		s.o.Log.Error("the results of an issuer's scripts cannot be sealed and are not told", "attempt", p.id, "error", err)
		return events
	}
	return append(events, pos.Event{
		Type: pos.EvCreated, Attempt: id, Kind: pos.ScriptResult, Tender: p.tender, By: p.by, Day: p.day, Hour: p.hour,
		STAN: stan, Batch: pos.OpenBatch(s.o.Journal), Original: p.id, MaskedPAN: Mask(p.card.PAN), EntryMode: p.card.Entry,
	}, pos.Event{Type: pos.EvResultDue, Attempt: id, Waiting: box, Scripts: p.scripts})
}

// movedOn says that an original changed between the plan of a follow-up and its
// first commit: nothing of the plan holds any more.
type movedOn struct{ reason string }

func (m movedOn) Error() string { return "the original changed meanwhile: " + m.reason }

// aboutOriginal looks at the original as it is now: a follow-up begins only
// where it stands as it was planned, and what an approval means for it is asked
// anew. The caller holds mu.
func (s *Session) aboutOriginal(p *payment, events []pos.Event) ([]pos.Event, error) {
	begins := slices.ContainsFunc(events, func(e pos.Event) bool { return e.Type == pos.EvFollowUp })
	at := slices.IndexFunc(events, func(e pos.Event) bool { return e.Attempt == p.id && e.Type == pos.EvApproved })
	if p.original == nil || !begins && at < 0 {
		return events, nil
	}
	now, err := s.o.Journal.Attempt(p.original.ID)
	if err != nil {
		return nil, err
	}
	was := p.original
	if begins && (now.State != was.State || now.Follow != was.Follow || now.Refunded != was.Refunded) {
		return nil, movedOn{"follow_up_open"}
	}
	p.original = &now
	if begins {
		return events, nil
	}
	yes := events[at]
	out := append(slices.Clone(events[:at]), p.success(yes)...)
	last := len(out) - 1
	if _, fits := pos.Lookup(now.State, out[last].Type); out[last].Attempt == now.ID && (!fits || yes.Approved > now.Approved-now.Refunded) {
		if p.kind != pos.Refund && p.byHost() {
			return nil, pos.ErrTransition // a void can still be reversed
		}
		out = out[:last] // another one took what was left meanwhile: looked for in the acquirer's file
		out[at].Flag = true
	}
	return out, nil
}

// settled leaves the late declined sale that a payment settles alone where the
// host approved it late meanwhile: its reversal goes on and the payment stands.
func (s *Session) settled(p *payment, events []pos.Event) ([]pos.Event, error) {
	if p.settles == nil {
		return events, nil
	}
	now, err := s.o.Journal.Attempt(p.settles.ID)
	if err != nil {
		return nil, err
	}
	if _, fits := pos.Lookup(now.State, pos.EvResolved); fits {
		return events, nil
	}
	return slices.DeleteFunc(slices.Clone(events), func(e pos.Event) bool { return e.Attempt == now.ID && e.Type == pos.EvResolved }), nil
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
				if p.rounding != 0 { // in place of an earlier one, as it was agreed
					b.Rounding = p.rounding
				}
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
	again := eff.reseal && e.Type == pos.EvReversing || eff.waiting && e.Type == pos.EvOfflineApproved && p.created
	if again || eff.seal && e.Type == pos.EvCreated {
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
