package forward

import (
	"testing"

	"tillkeeper/app/pos"
)

// TestWhatAPersonDecidedMeanwhileKeepsNothingElse: the answer to a parked
// reversal landed after somebody had ended it, and the journal took none of what
// had landed with it. A deferred sale that the host had taken was reversed then
// and charged anew.
func TestWhatAPersonDecidedMeanwhileKeepsNothingElse(t *testing.T) {
	ctx := t.Context()
	w := newWorld(nil, "")
	first := w.opened()
	rev := of(first, pos.EvReversing)
	rev.Reason = "98"
	w.keep(first, of(first, pos.EvSending), of(first, pos.EvUnknown), rev, of(first, pos.EvParked))
	w.offline(pos.EvDeferred)
	sale := w.j.all()[1]
	w.w.upload(ctx, []*item{w.w.items[sale.ID]})
	taken := <-w.w.results
	w.keep(pos.Event{Type: pos.EvResolved, Attempt: first.Attempt, By: "2001", How: pos.WrittenOff})
	w.w.items[first.Attempt].flying = true
	w.w.settle(ctx, []outcome{{id: first.Attempt, reply: pos.Reply{Code: "00", Signed: true}}, taken})
	if got := states(w); got != "cancelled delivered " {
		t.Errorf("%s", got)
	}
	if len(w.w.items) != 0 {
		t.Errorf("%d items are still in the queue", len(w.w.items))
	}
}
