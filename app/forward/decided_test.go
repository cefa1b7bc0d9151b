package forward

import (
	"errors"
	"testing"

	"tillkeeper/app/pos"
)

// TestADecidedItemIsNeverSentAgain: a deferred sale that was decided while the
// queue waited for its turn once went out anew, because it still had its card
// data. Nothing goes out for an attempt that owes nothing.
func TestADecidedItemIsNeverSentAgain(t *testing.T) {
	w := &owner{f: &Forwarder{}}
	for _, s := range []pos.State{
		pos.LateDeclined, pos.Manual, pos.Delivered, pos.Reversed, pos.Cancelled, pos.Settled, pos.Approved, pos.Declined,
	} {
		a := pos.Attempt{ID: "1", Kind: pos.Sale, Tender: pos.Card, State: s, Deferred: true, Waiting: boxOf("day"), Sealed: boxOf("batch")}
		if r, err := w.request(a); !errors.Is(err, errNothingOwed) {
			t.Errorf("%s: %s goes out (%v)", s, r.Op, err)
		}
	}
}
