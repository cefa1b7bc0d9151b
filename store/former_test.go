package store

import (
	"testing"

	"tillkeeper/app/pos"
)

// TestADeferredSaleThatAnEarlierStoreRefusedIsNotDamaged: one that was refused
// after its reversal was kept with no late sum; check called it damaged.
func TestADeferredSaleThatAnEarlierStoreRefusedIsNotDamaged(t *testing.T) {
	a := folded{Attempt: pos.Attempt{ID: "A001", State: pos.LateDeclined, Amount: 1250, Deferred: true}}
	now := a
	now.late = a.Amount
	if !same(a, now) {
		t.Error("kept by an earlier store: damaged")
	}
	other := now
	other.late = 1
	if same(other, now) {
		t.Error("another late sum is not noticed")
	}
	a.Deferred, now.Deferred = false, false
	if same(a, now) {
		t.Error("an offline approval without its late sum is not noticed")
	}
}
