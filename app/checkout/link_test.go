package checkout

import (
	"context"
	"testing"

	"tillkeeper/app/pos"
)

// TestALinkIsPaidThoughItsItemIsReversedMeanwhile: the host approved a late
// declined sale late while the customer paid it by code. The decision about it
// did not fit any more, the commit was refused and the customer's payment, in
// the till's words a fault of the journal, was given back.
func TestALinkIsPaidThoughItsItemIsReversedMeanwhile(t *testing.T) {
	ctx, j := context.Background(), journal(t)
	s := drawer(t, j)
	about := func(id string, types ...pos.EventType) (all []pos.Event) {
		for _, typ := range types {
			all = append(all, pos.Event{Type: typ, Attempt: id, Kind: pos.Sale, Tender: pos.Card, Amount: 100, Day: shopDay})
		}
		return all
	}
	keep := func(events []pos.Event) {
		t.Helper()
		if _, err := j.Append(ctx, pos.Commit{Events: events}); err != nil {
			t.Fatal(err)
		}
	}
	for _, reopened := range []bool{false, true} {
		id := j.NextAttempt()
		keep(about(id, pos.EvCreated, pos.EvDeferred, pos.EvDelivering, pos.EvLateDeclined))
		a, err := j.Attempt(id)
		if err != nil {
			t.Fatal(err)
		}
		p := payment{id: j.NextAttempt(), kind: pos.Sale, tender: pos.QR, amount: 100, day: shopDay, by: "1001", settles: &a, linked: id}
		begin := pos.Event{Type: pos.EvCreated, Attempt: p.id, Kind: pos.Sale, Tender: pos.QR, Amount: 100, Day: shopDay}
		keep([]pos.Event{begin, {Type: pos.EvSending, Attempt: p.id}})
		p.created = true
		if reopened {
			keep(about(id, pos.EvLateApproval))
		}
		if err := s.commit(ctx, &p, effect{events: p.success(pos.Event{Type: pos.EvApproved, Attempt: p.id, Approved: 100})}); err != nil {
			t.Errorf("reopened %v: %v", reopened, err)
		}
		want := map[bool]pos.State{false: pos.Cancelled, true: pos.Reversing}[reopened]
		if now, err := j.Attempt(id); err != nil || now.State != want {
			t.Errorf("reopened %v: the item is %s, %v", reopened, now.State, err)
		}
		if paid, err := j.Attempt(p.id); err != nil || paid.State != pos.Approved {
			t.Errorf("reopened %v: the payment is %s, %v", reopened, paid.State, err)
		}
	}
}
