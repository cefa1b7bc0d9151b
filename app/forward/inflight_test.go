package forward

import (
	"testing"

	"tillkeeper/app/pos"
)

// TestAnAnswerThatComesWhileItsPaymentEndsIsKept: the table has no place for a
// late answer to what is still being decided, and it was dropped. A late
// approval between the time-out and its commit did not keep the reversal open.
func TestAnAnswerThatComesWhileItsPaymentEndsIsKept(t *testing.T) {
	ctx := t.Context()
	yes := func(a pos.Event) pos.LateReply {
		return pos.LateReply{STAN: a.STAN, Batch: a.Batch, Reply: pos.Reply{Code: "00", Amount: a.Amount, Signed: true}}
	}
	t.Run("a sale", func(t *testing.T) {
		w := newWorld(nil, "")
		first := w.opened()
		w.keep(first, of(first, pos.EvSending))
		w.w.late(ctx, yes(first))
		rev := of(first, pos.EvReversing)
		rev.Reason = "98"
		w.keep(of(first, pos.EvUnknown), rev)
		w.clock.t = w.clock.t.Add(faultPause)
		w.w.lateOnes(ctx)
		if a, _ := w.j.Attempt(first.Attempt); !a.LateApproved {
			t.Errorf("%s without its late approval", a.State)
		}
	})
	t.Run("a deferred sale", func(t *testing.T) {
		w := newWorld(nil, "")
		w.offline(pos.EvDeferred)
		a := w.j.all()[0]
		w.keep(on(a, pos.EvDelivering))
		w.w.late(ctx, yes(w.j.events[a.ID][0]))
		w.keep(reversing(a, "98", "no answer"))
		w.clock.t = w.clock.t.Add(faultPause)
		w.w.lateOnes(ctx)
		if a, _ := w.j.Attempt(a.ID); !a.LateApproved {
			t.Errorf("%s without its late approval", a.State)
		}
	})
	t.Run("a refund", func(t *testing.T) {
		w := newWorld(nil, "")
		sale := w.opened()
		paid := of(sale, pos.EvApproved)
		paid.Approved = sale.Amount
		w.keep(sale, paid)
		back := w.opened()
		back.Kind, back.Amount, back.Original, back.Basket = pos.Refund, sale.Amount, sale.Attempt, ""
		w.keep(back, of(back, pos.EvSending))
		w.w.late(ctx, yes(back))
		w.keep(of(back, pos.EvRefundUnknown))
		w.clock.t = w.clock.t.Add(faultPause)
		w.w.lateOnes(ctx)
		if a, _ := w.j.Attempt(back.Attempt); a.State != pos.Approved {
			t.Errorf("the refund is %s", a.State)
		}
	})
	t.Run("a second copy of the answer", func(t *testing.T) {
		w := newWorld(nil, "")
		first := w.opened()
		w.keep(first, of(first, pos.EvSending))
		w.w.late(ctx, yes(first))
		ok := of(first, pos.EvApproved)
		ok.Approved = first.Amount
		w.keep(ok)
		w.clock.t = w.clock.t.Add(faultPause)
		w.w.lateOnes(ctx)
		if a, _ := w.j.Attempt(first.Attempt); a.State != pos.Approved || len(w.w.lates) != 0 {
			t.Errorf("%s, %d still wait", a.State, len(w.w.lates))
		}
	})
}
