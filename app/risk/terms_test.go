package risk

import (
	"maps"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// TestTheAcquirersLimitsWin where it names some; what it leaves out is the shop's.
func TestTheAcquirersLimitsWin(t *testing.T) {
	shop := Limits{PerPayment: 1, PerTerminal: 2, Count: 3, PerCard: 4, StopAfter: 5}
	if got := Under(shop, pos.RiskTerms{FloorLimit: 9}); got != shop {
		t.Errorf("nothing named: %+v", got)
	}
	theirs := pos.RiskTerms{PerPayment: 11, PerTerminal: 12, Count: 13, PerCard: 14, StopAfter: 15 * time.Second}
	if got, want := Under(shop, theirs), (Limits{11, 12, 13, 14, 15 * time.Second}); got != want {
		t.Errorf("%+v", got)
	}
}

// TestLogOfTheSameCard: what stands or is open counts once, by card; what was undone, asked of the bank or paid without a card does not.
func TestLogOfTheSameCard(t *testing.T) {
	a := func(id string, amount pos.Amount, state pos.State, card string, offline bool) pos.Attempt {
		return pos.Attempt{ID: id, Amount: amount, State: state, CardHash: card, Offline: offline}
	}
	open := []pos.Attempt{
		a("1", 1, pos.OfflineApproved, "a", true), a("2", 2, pos.Delivering, "a", true), a("3", 4, pos.LateDeclined, "b", true),
	}
	today := []pos.Attempt{
		open[0], a("4", 8, pos.Delivered, "a", true), a("5", 16, pos.Settled, "a", true),
		a("6", 32, pos.Voided, "a", true), a("7", 64, pos.Approved, "a", false), a("8", 128, pos.Cancelled, "a", true),
		a("9", 256, pos.Delivered, "", true), a("10", 512, pos.Declined, "a", true),
	}
	if got, want := Logged(open, today), map[string]pos.Amount{"a": 27, "b": 4}; !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
