package checkout

import (
	"context"
	"errors"
	"slices"

	"tillkeeper/app/basket"
	"tillkeeper/app/pos"
	"tillkeeper/app/staff"
)

// ways are the decisions that a person may record.
var ways = []string{SendAgain, WrittenOff, PaidOtherwise, RefundedSo, AsInFile}

// Resolve records a named person's decision about an item that waits for one.
// Sent again, a parked reversal is owed as before, and so is a refund that the
// bank may have taken; a sale or refund that the bank refused becomes a new
// attempt with a new trace number.
func (s *Session) Resolve(ctx context.Context, r Resolving) (pos.Attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayResolve(r); err != nil {
		return pos.Attempt{}, err
	}
	a, err := s.o.Journal.Attempt(r.Attempt)
	switch {
	case err != nil:
		return a, &pos.Error{Code: "unknown_attempt", Message: "there is no attempt " + r.Attempt, Remedy: "see the queue", Err: err}
	case pos.StateRules[a.State].Due != pos.DuePerson:
		return a, pos.Errorf("not_open", "only a manual or late declined item is resolved", "attempt %s is %s", a.ID, a.State)
	}
	commit, id, err := s.decided(a, r)
	if err != nil {
		return a, err
	}
	if _, err := s.o.Journal.Append(ctx, commit); err != nil {
		return a, journalFault(err)
	}
	s.owedAt = s.owedAt.AddDate(-1, 0, 0) // counted anew
	s.o.Line.Wake()
	s.publish()
	return s.o.Journal.Attempt(id)
}

func (s *Session) mayResolve(r Resolving) error {
	if err := s.mayChange(); err != nil { // a payment may be about the same money
		return err
	}
	switch {
	case s.settling() && r.How != WrittenOff && r.How != PaidOtherwise: // it would change the batch that is being closed
		return pos.Errorf("settlement_running", "wait until the settlement ends", "a settlement runs")
	case !slices.Contains(ways, r.How):
		return pos.Errorf("bad_how", "use send_again, written_off, paid_otherwise, refunded or as_in_file", "there is no way %q", r.How)
	case r.Reason == "":
		return pos.Errorf("reason_missing", "say why in a few words", "a decision needs a reason")
	}
	return s.allowed(staff.Resolve, r.Override)
}

// decided gives what becomes durable, and the attempt that the item goes on as.
func (s *Session) decided(a pos.Attempt, r Resolving) (pos.Commit, string, error) {
	by := s.operator.ID
	if r.Override != nil {
		by = r.Override.Staff
	}
	e := pos.Event{Type: pos.EvResolved, Attempt: a.ID, Basket: a.Basket, By: by, How: r.How, Text: r.Reason}
	switch {
	case r.How == SendAgain && a.State == pos.Manual && a.Reason != "":
		e.Type = pos.EvSendAgain
	case r.How == SendAgain && a.State == pos.Manual && a.Flagged && givesBack(a): // the same once more: it is given back once
		e.Type = pos.EvRefundAgain
	case r.How == SendAgain:
		return s.anew(a, e)
	case r.How == AsInFile && givesBack(a):
		return s.found(a, e)
	case r.How == RefundedSo && givesBack(a):
		return s.handedBack(a, e)
	case r.How == AsInFile && a.Offline && a.Code != "10" && (a.State == pos.LateDeclined || a.Reason == ""):
		e.Type, e.Approved = pos.EvDelivered, a.Amount // the bank has it: booked as charged
	}
	return pos.Commit{Events: []pos.Event{e}}, a.ID, nil
}

// givesBack says whether an item is a refund, or the void of a wallet payment,
// which is repeated like one.
func givesBack(a pos.Attempt) bool {
	return a.Kind == pos.Refund || a.Kind == pos.Void && (a.State == pos.LateDeclined || a.Reason == "")
}

// handedBack ends a refund that the bank did not make and the shop made itself:
// the money is out of the drawer, and the receipt has that much less left.
func (s *Session) handedBack(a pos.Attempt, e pos.Event) (pos.Commit, string, error) {
	var refused *pos.Error
	switch err := s.stillOwed(a); {
	case errors.As(err, &refused) && refused.Code == "too_much": // nothing is left to hand back any more
		return pos.Commit{Events: []pos.Event{e}}, a.ID, nil
	case err != nil:
		return pos.Commit{}, a.ID, err
	}
	day, hour := s.o.DayOf(s.o.Clock.Now())
	cash := a
	cash.ID, cash.Kind, cash.Tender = s.o.Journal.NextAttempt(), pos.Refund, pos.Cash
	first := pos.Event{
		Type: pos.EvCreated, Attempt: cash.ID, Basket: a.Basket, Receipt: a.Receipt, Kind: pos.Refund, Tender: pos.Cash, Amount: a.Amount,
		By: e.By, Day: day, Hour: hour, Linked: a.ID, Original: a.Original, Text: e.Text,
	}
	yes := pos.Event{Type: pos.EvApproved, Attempt: cash.ID, Basket: a.Basket, By: e.By, Approved: a.Amount, Tendered: a.Amount}
	c, err := basket.RefundCommit(s.o.Journal, cash, yes, day, hour)
	if err != nil {
		return c, a.ID, journalFault(err)
	}
	e.Next = cash.ID
	c.Events = append(append([]pos.Event{first}, c.Events...), e)
	return c, cash.ID, nil
}

// found takes a refund as done that the acquirer's file has.
func (s *Session) found(a pos.Attempt, e pos.Event) (pos.Commit, string, error) {
	e.Type, e.Approved = pos.EvRefundFound, a.Amount
	day, hour := s.o.DayOf(s.o.Clock.Now())
	c, err := basket.RefundCommit(s.o.Journal, a, e, day, hour)
	if err != nil {
		return c, a.ID, journalFault(err)
	}
	return c, a.ID, nil
}

// anew ends an item and takes it on as a new attempt with a trace number of the
// open batch.
func (s *Session) anew(a pos.Attempt, e pos.Event) (pos.Commit, string, error) {
	if a.Flagged {
		return pos.Commit{}, "", pos.Errorf("look_in_file",
			"compare with the acquirer's file; if it is not there, take the payment anew and resolve this as paid otherwise",
			"the bank may have taken an earlier copy of attempt %s", a.ID)
	}
	if err := s.stillOwed(a); err != nil {
		return pos.Commit{}, "", err
	}
	id, stan, batch := s.o.Journal.NextAttempt(), s.o.Journal.NextSTAN(), pos.OpenBatch(s.o.Journal)
	if stan == "" {
		return pos.Commit{}, "", pos.Errorf("no_trace_number", "settle the batch", "every trace number of batch %s is in use", batch)
	}
	day, _ := s.o.DayOf(s.o.Clock.Now())
	first := pos.Event{
		Type: pos.EvCreated, Attempt: id, Basket: a.Basket, Receipt: a.Receipt, Kind: a.Kind, Tender: a.Tender, Amount: a.Amount,
		By: a.Cashier, Day: a.Day, Hour: a.Hour, Linked: a.ID, Original: a.Original, STAN: stan, Batch: batch,
		MaskedPAN: a.MaskedPAN, CardHash: a.CardHash, EntryMode: a.EntryMode, Org: a.Org, Online: a.PINOnline,
	}
	next := pos.Event{Type: pos.EvDeferred, Attempt: id, Basket: a.Basket, Approved: a.Amount, Offline: true}
	box := a.Waiting
	if !a.Deferred {
		next.Type = pos.EvOfflineApproved
	}
	if a.Kind == pos.Refund {
		box = a.Sealed
	}
	card, err := pos.OpenCard(s.o.Vault, box, a.ID)
	if err != nil {
		return pos.Commit{}, "", &pos.Error{
			Code: "card_needed", Message: "what is needed of the card is gone",
			Remedy: "take the payment again with the card, then resolve this as paid otherwise", Err: err,
		}
	}
	if first.Sealed, err = pos.SealCard(s.o.Vault, pos.BatchKey(batch), id, card.Short()); err != nil {
		return pos.Commit{}, "", journalFault(err)
	}
	events := []pos.Event{first}
	if a.Kind == pos.Refund {
		again := pos.Event{Type: pos.EvRefundUnknown, Attempt: id, Basket: a.Basket, Code: pos.SentNever}
		guard := pos.Event{Type: pos.EvFollowUp, Attempt: a.Original, By: e.By, Next: id}
		events = append(events, pos.Event{Type: pos.EvSending, Attempt: id, Basket: a.Basket}, again, guard)
	} else {
		if next.Waiting, err = pos.SealCard(s.o.Vault, pos.DayKey(day), id, card); err != nil {
			return pos.Commit{}, "", journalFault(err)
		}
		events = append(events, next)
	}
	e.Next = id
	return pos.Commit{Events: append(events, e)}, id, nil
}

// unpaidPart says why a late declined sale cannot be charged again: its basket
// was paid otherwise.
func (s *Session) unpaidPart(a pos.Attempt) error {
	if a.Basket == "" {
		return nil
	}
	b, err := s.o.Journal.Basket(a.Basket)
	if err != nil {
		return journalFault(err)
	}
	of, err := s.o.Journal.OfBasket(a.Basket)
	if err != nil {
		return journalFault(err)
	}
	back := func(o pos.Attempt) bool { // after this one was taken: before, a part was paid otherwise
		later := len(o.Seqs) > 0 && len(a.Seqs) > 0 && o.Seqs[len(o.Seqs)-1] > a.Seqs[0]
		return b.State == pos.BasketPaid && later && (o.State == pos.Voided || o.Refunded > 0)
	}
	if b.State == pos.BasketCleared || slices.ContainsFunc(of, back) {
		return pos.Errorf("not_open", "write it off", "the goods of receipt %s were not sold, or came back", a.Receipt)
	}
	if paidOf(of)+a.Amount > b.Total+b.Rounding {
		return pos.Errorf("too_much", "resolve it as paid otherwise", "receipt %s was paid otherwise", a.Receipt)
	}
	return nil
}

// stillOwed says why an item cannot be sent again: the money was paid, or given
// back, otherwise, or is about to be.
func (s *Session) stillOwed(a pos.Attempt) error {
	if !givesBack(a) {
		return s.unpaidPart(a)
	}
	o, err := s.o.Journal.Attempt(a.Original)
	if err != nil {
		return journalFault(err)
	}
	open, err := s.followOpen(&o)
	switch {
	case err != nil:
		return journalFault(err)
	case open && o.Follow != a.ID:
		return refusal("follow_up_open", o.Receipt)
	case !paysFor(&o) || a.Amount > o.Approved-o.Refunded:
		return pos.Errorf("too_much", "resolve it as refunded otherwise", "receipt %s has not that much left to give back", o.Receipt)
	}
	return nil
}

// PayLink lets the customer pay a late declined sale by wallet: paid, it
// resolves the item.
func (s *Session) PayLink(ctx context.Context, attempt string) (Paid, error) {
	s.mu.Lock()
	p, err := s.beginPayLink(attempt)
	s.mu.Unlock()
	if err != nil {
		return Paid{}, err
	}
	s.toTheEnd(ctx, &p)
	return s.paid(&p)
}

func (s *Session) beginPayLink(attempt string) (payment, error) {
	if err := s.mayChange(); err != nil {
		return payment{}, err
	}
	a, err := s.o.Journal.Attempt(attempt)
	switch {
	case err != nil:
		return payment{}, &pos.Error{Code: "unknown_attempt", Message: "there is no attempt " + attempt, Remedy: "see the queue", Err: err}
	case a.Flagged:
		return payment{}, pos.Errorf("look_in_file", "compare with the acquirer's file first",
			"the bank may have taken an earlier copy of attempt %s", a.ID)
	case a.State != pos.LateDeclined || a.Kind != pos.Sale:
		return payment{}, pos.Errorf("not_open", "only a late declined sale is paid so", "attempt %s is %s", a.ID, a.State)
	}
	if e := s.tenderFault(pos.QR, s.lineView()); e != nil {
		return payment{}, e
	}
	if err := s.unpaidPart(a); err != nil {
		return payment{}, err
	}
	if err := s.room(pos.QR); err != nil {
		return payment{}, err
	}
	if err := s.settleStray(); err != nil {
		return payment{}, err
	}
	p := payment{
		id: s.o.Journal.NextAttempt(), receipt: a.Receipt, by: s.operator.ID, kind: pos.Sale, tender: pos.QR, amount: a.Amount,
		settles: &a, linked: a.ID,
	}
	p.day, p.hour = s.o.DayOf(s.o.Clock.Now())
	s.busyWith(pos.QR)
	s.step, s.qr = StepQR, &QRView{Amount: a.Amount, Began: s.o.Clock.Now()}
	s.publish()
	return p, nil
}
