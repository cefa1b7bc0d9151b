package checkout

import (
	"context"
	"errors"
	"testing"

	"tillkeeper/app/pos"
)

// postman counts what is delivered by hand.
type postman struct {
	Line
	sent []string
}

func (p *postman) Deliver(_ context.Context, attempt string) error {
	p.sent = append(p.sent, attempt)
	return pos.ErrNotSent
}

// TestNothingIsDeliveredForSomebodyWhoMayNotUndoIt: a void or refund of what
// waits began with its delivery, whoever asked, and in the middle of a payment.
func TestNothingIsDeliveredForSomebodyWhoMayNotUndoIt(t *testing.T) {
	ctx, j := context.Background(), journal(t)
	s := drawer(t, j)
	line := &postman{Line: s.o.Line}
	s.o.Line = line
	e := pos.Event{
		Type: pos.EvCreated, Attempt: j.NextAttempt(), Kind: pos.Sale, Tender: pos.Card,
		Amount: 100, Receipt: "000009", Day: shopDay, STAN: "000001", Batch: pos.FirstBatch,
	}
	yes := pos.Event{Type: pos.EvOfflineApproved, Attempt: e.Attempt, Approved: 100, Offline: true}
	if _, err := j.Append(ctx, pos.Commit{Events: []pos.Event{e, yes}}); err != nil {
		t.Fatal(err)
	}
	try := func(when, want string, sent int) {
		t.Helper()
		_, err := s.Void(ctx, Undo{Receipt: "000009"})
		_, again := s.Refund(ctx, RefundAsk{Receipt: "000009"})
		if !refusedWith(err, want) || !refusedWith(again, want) || len(line.sent) != sent {
			t.Errorf("%s: %v and %v, delivered %v", when, err, again, line.sent)
		}
	}
	s.running = newRun(Pay{Tender: pos.Card}, shopNoon)
	try("while a payment is made", "payment_running", 0)
	s.running = nil
	try("with the till to itself", "delivery_pending", 2)
	if err := s.SignOut(ctx); err != nil {
		t.Fatal(err)
	}
	try("with nobody signed in", "not_signed_in", 2)
}

// TestADeferredSaleOfWhichNothingIsAtTheHostIsCancelled: once its sending had
// failed for want of a line, a customer who changed his mind had to wait for the
// line, for the sale to be charged and for its void. In the air it waits.
func TestADeferredSaleOfWhichNothingIsAtTheHostIsCancelled(t *testing.T) {
	never := func(code string) []pos.Event {
		return []pos.Event{{Type: pos.EvDelivering}, {Type: pos.EvDeliveryTry, Code: code}}
	}
	for _, c := range []struct {
		name string
		then []pos.Event
		want string // refused with
	}{
		{"not sent", never("no_line"), ""},
		{"answered with 77", never("77"), ""},
		{"in the air", []pos.Event{{Type: pos.EvDelivering}}, "delivery_pending"},
		{"in the air again", append(never("no_line"), pos.Event{Type: pos.EvDelivering}), "delivery_pending"},
		{"answered with 96", []pos.Event{{Type: pos.EvDelivering}, {Type: pos.EvReversing, Reason: "06", Code: "96"}}, "nothing_left"},
	} {
		ctx, j := context.Background(), journal(t)
		s := drawer(t, j)
		s.operator.Role = pos.Supervisor
		line := &postman{Line: s.o.Line}
		s.o.Line = line
		id := j.NextAttempt()
		events := []pos.Event{{
			Type: pos.EvCreated, Attempt: id, Kind: pos.Sale, Tender: pos.Card, Amount: 100, Receipt: "000009", Day: shopDay,
			STAN: "000001", Batch: pos.FirstBatch,
		}, {Type: pos.EvDeferred, Attempt: id, Approved: 100, Offline: true}}
		for _, e := range c.then {
			e.Attempt = id
			events = append(events, e)
		}
		if _, err := j.Append(ctx, pos.Commit{Events: events}); err != nil {
			t.Fatal(err)
		}
		p, err := s.Void(ctx, Undo{Receipt: "000009"})
		switch {
		case c.want != "" && !refusedWith(err, c.want):
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		case c.want == "" && (err != nil || p.Attempt.State != pos.Cancelled || len(line.sent) > 0):
			t.Errorf("%s: %s, %v, delivered %v", c.name, p.Attempt.State, err, line.sent)
		}
	}
}

// TestNothingInTheAirIsCancelled, whoever saw it before it left: the journal
// refuses that.
func TestNothingInTheAirIsCancelled(t *testing.T) {
	a := pos.Attempt{ID: "9", State: pos.Delivering, Deferred: true, Offline: true, Unanswered: 1}
	for name, b := range map[string]pos.Attempt{"a deferred sale in the air": a, "an offline approval": {ID: "9", State: pos.Delivering, Offline: true}} {
		if err := b.Fold(&pos.Event{Type: pos.EvCancelled, Attempt: "9"}); !errors.Is(err, pos.ErrTransition) || b.State != pos.Delivering {
			t.Errorf("%s: %s, %v", name, b.State, err)
		}
	}
}
