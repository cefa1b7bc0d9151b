package headless

import (
	"testing"

	"tillkeeper/app/checkout"
	"tillkeeper/app/pos"
)

// reversed is a till whose only payment was reversed before anybody looked.
type (
	reversed struct{ checkout.Face }
	kept     struct{ nothing }
)

func (reversed) Journal() checkout.Reader { return kept{} }
func (kept) Attempt(id string) (pos.Attempt, error) {
	return pos.Attempt{ID: id, State: pos.Reversed}, nil
}
func (kept) Events(string) ([]pos.Event, error)     { return nil, nil }
func (kept) OfBasket(string) ([]pos.Attempt, error) { return nil, nil }

// TestTheEndOfAPaymentIsToldHoweverSoonItComes: the answer said reversing, and
// the reversal was acknowledged before the next look.
func TestTheEndOfAPaymentIsToldHoweverSoonItComes(t *testing.T) {
	f := &face{Options: Options{Face: reversed{}}}
	told := &teller{f: f, attempts: map[string]pos.State{}}
	told.said(answer{"attempt": answer{"id": "A1", "state": pos.Reversing}})
	told.said(answer{"attempt": answer{"id": "A2", "state": pos.Approved}}) // nothing more comes of it
	told.said(answer{"attempts": 3})
	got := told.payments()
	if len(got) != 1 {
		t.Fatalf("%d events: %v", len(got), got)
	}
	if j, ok := got[0]["attempt"].(answer); !ok || got[0]["event"] != "attempt" || j["id"] != "A1" || j["state"] != pos.Reversed {
		t.Errorf("%v", got[0])
	}
	if again := told.payments(); len(again) != 0 {
		t.Errorf("told twice: %v", again)
	}
}
