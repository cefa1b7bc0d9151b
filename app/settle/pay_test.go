package settle

import (
	"context"

	"tillkeeper/app/pos"
)

// keep appends events as the flows do.
func (r *rig) keep(events ...pos.Event) {
	r.t.Helper()
	_, err := r.store.Append(context.Background(), pos.Commit{Events: events})
	r.must(err)
}

func (r *rig) attempt(id string) pos.Attempt {
	r.t.Helper()
	a, err := r.store.Attempt(id)
	r.must(err)
	return a
}

func (r *rig) signOn() {
	r.t.Helper()
	r.must(r.forward.SignOn(context.Background()))
}

// created is the first event of a card payment, sealed as the flows seal it.
func (r *rig) created(kind pos.Kind, amount pos.Amount, original string) pos.Event {
	r.t.Helper()
	id, batch := r.store.NextAttempt(), pos.OpenBatch(r.store)
	box, err := pos.SealCard(r.vault, pos.BatchKey(batch), id, card().Short())
	r.must(err)
	day, hour := dayOf(r.clock.Now())
	return pos.Event{
		Type: pos.EvCreated, Attempt: id, Basket: r.store.NextBasket(), Receipt: r.store.NextReceipt(), Kind: kind, Tender: pos.Card,
		Amount: amount, Day: day, Hour: hour, STAN: r.store.NextSTAN(), Batch: batch, Original: original,
		MaskedPAN: "622424******0113", Sealed: box,
	}
}

func of(first pos.Event, t pos.EventType) pos.Event {
	return pos.Event{Type: t, Attempt: first.Attempt, Basket: first.Basket}
}

var operations = map[pos.Kind]pos.Operation{
	pos.Sale: pos.OpSale, pos.Void: pos.OpVoid, pos.Refund: pos.OpRefund, pos.Preauth: pos.OpPreauth, pos.Completion: pos.OpCompletion,
}

// pay makes a payment with the host and journals it as the attended flow does.
func (r *rig) pay(kind pos.Kind, amount pos.Amount, original string) string {
	r.t.Helper()
	e := r.created(kind, amount, original)
	r.keep(e, of(e, pos.EvSending))
	ask := pos.Request{
		Op: operations[kind], STAN: e.STAN, Batch: e.Batch, Amount: amount, Org: "CUP",
		Card: card(),
	}
	var o pos.Attempt
	if original != "" {
		o = r.attempt(original)
		ask.Origin = pos.Origin{Batch: o.Batch, STAN: o.STAN, Date: o.HostDate, RRN: o.RRN, AuthCode: o.AuthCode}
		ask.AuthCode = o.AuthCode
	}
	a, err := r.link.Exchange(context.Background(), ask)
	r.must(err)
	if a.Code != "00" {
		r.t.Fatalf("%s of %s: the host answered %s", kind, amount, a.Code)
	}
	yes := of(e, pos.EvApproved)
	yes.Approved, yes.Code, yes.RRN, yes.AuthCode, yes.HostDate = amount, a.Code, a.RRN, a.AuthCode, a.HostDate
	events := []pos.Event{yes}
	switch {
	case kind == pos.Void:
		events = append(events, pos.Event{Type: pos.EvVoided, Attempt: o.ID, Basket: o.Basket})
	case kind == pos.Refund && o.Refunded+amount == o.Approved:
		events = append(events, pos.Event{Type: pos.EvRefundedFull, Attempt: o.ID, Basket: o.Basket, Amount: amount})
	case kind == pos.Refund:
		events = append(events, pos.Event{Type: pos.EvRefundedPart, Attempt: o.ID, Basket: o.Basket, Amount: amount})
	case kind == pos.Completion:
		events = append(events, pos.Event{Type: pos.EvFollowUp, Attempt: o.ID, Basket: o.Basket, Next: e.Attempt})
	}
	r.keep(events...)
	return e.Attempt
}

func (r *rig) sell(amount pos.Amount) string { r.t.Helper(); return r.pay(pos.Sale, amount, "") }

// lose is a sale that the host booked, whose answer was lost and whose reversal
// is owed.
func (r *rig) lose(amount pos.Amount) string {
	r.t.Helper()
	e := r.created(pos.Sale, amount, "")
	r.keep(e, of(e, pos.EvSending))
	_, err := r.link.Exchange(context.Background(), pos.Request{Op: pos.OpSale, STAN: e.STAN, Batch: e.Batch, Amount: amount, Card: card()})
	r.must(err)
	r.owe(e)
	return e.Attempt
}

// owe journals that a payment has no answer.
func (r *rig) owe(e pos.Event) {
	r.t.Helper()
	unknown, back := of(e, pos.EvUnknown), of(e, pos.EvReversing)
	unknown.Code, back.Reason = "no_answer", "98"
	r.keep(unknown, back)
}

func card() pos.CardData {
	f55 := []byte("\x9f\x26\x08\x01\x02\x03\x04\x05\x06\x07\x08\x9f\x27\x01\x40\x95\x05\x00\x00\x00\x00\x00\x9f\x36\x02\x00\x01")
	return pos.CardData{PAN: pan, Expiry: "2806", Sequence: "001", Entry: "contactless", F55: f55, ShortF55: f55[len(f55)-5:]}
}

// offline is a sale that the card approved and that waits for its upload.
func (r *rig) offline(amount pos.Amount) string {
	r.t.Helper()
	e := r.created(pos.Sale, amount, "")
	yes := of(e, pos.EvOfflineApproved)
	yes.Approved, yes.Offline = amount, true
	day, _ := dayOf(r.clock.Now())
	box, err := pos.SealCard(r.vault, pos.DayKey(day), e.Attempt, card())
	r.must(err)
	yes.Waiting = box
	r.keep(e, yes)
	return e.Attempt
}

// unheard makes a sale at the host that the journal does not have, so that the
// totals differ.
func (r *rig) unheard(amount pos.Amount) {
	r.t.Helper()
	a, err := r.link.Exchange(context.Background(), pos.Request{
		Op: pos.OpSale, STAN: "990001", Batch: pos.OpenBatch(r.store), Amount: amount, Org: "CUP",
		Card: card(),
	})
	r.must(err)
	if a.Code != "00" {
		r.t.Fatalf("the host answered %s", a.Code)
	}
}

// maxTurns bounds what a test asks again on a slow machine, where an answer may
// come after a time that was made short.
const maxTurns = 50

// settle wants the batch closed.
func (r *rig) settle() Report {
	r.t.Helper()
	rep, err := r.desk.Settle(context.Background(), supervisor, nil)
	for n := 0; n < maxTurns && (codeOf(err) == "no_line" || codeOf(err) == "settlement_running"); n++ {
		rep, err = r.desk.Settle(context.Background(), supervisor, nil)
	}
	r.must(err)
	return rep
}

// freeze wants a settlement that nobody answers.
func (r *rig) freeze(by pos.Operator) {
	r.t.Helper()
	_, err := r.desk.Settle(context.Background(), by, nil)
	for n := 0; n < maxTurns && codeOf(err) == "no_line"; n++ {
		_, err = r.desk.Settle(context.Background(), by, nil)
	}
	r.wantCode(err, "settlement_running")
}

func (r *rig) wantState(want pos.State, ids ...string) {
	r.t.Helper()
	for _, id := range ids {
		if a := r.attempt(id); a.State != want {
			r.t.Errorf("attempt %s is %s, want %s", id, a.State, want)
		}
	}
}

func (r *rig) wantCode(err error, code string) {
	r.t.Helper()
	if codeOf(err) != code {
		r.t.Fatalf("error %v, want %s", err, code)
	}
}
