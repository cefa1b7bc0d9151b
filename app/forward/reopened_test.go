package forward

import (
	"reflect"
	"testing"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// TestAReversalThatIsOpenedAgainIsTheSameMessage: whatever the batch is by then,
// fields 4, 11, 22, 25, 60 and 61 are those of the original, and field 39 is the
// first reason; 06 only where a deferred sale becomes a person's (adr 005).
func TestAReversalThatIsOpenedAgainIsTheSameMessage(t *testing.T) {
	for _, c := range []struct {
		name     string
		kind     pos.Kind
		deferred bool
		code     string
		class    decline.Class
		reason   string
	}{
		{"sale, late approval", pos.Sale, false, "00", decline.Success, "98"},
		{"sale, late doubt", pos.Sale, false, "96", decline.Unknown, "98"},
		{"void, late approval", pos.Void, false, "00", decline.Success, "98"},
		{"completion, late doubt", pos.Completion, false, "96", decline.Unknown, "98"},
		{"deferred sale, late approval", pos.Sale, true, "00", decline.Success, "98"},
		{"deferred sale, late doubt", pos.Sale, true, "96", decline.Unknown, "06"},
	} {
		w := newWorld(nil, "")
		sale := w.opened()
		yes := of(sale, pos.EvApproved)
		yes.Approved, yes.RRN, yes.AuthCode = sale.Amount, "R1", "A1"
		w.keep(sale, yes)
		first := w.opened()
		first.Kind = c.kind
		if c.kind != pos.Sale {
			first.Original = sale.Attempt
		}
		rev := of(first, pos.EvReversing)
		rev.Reason = "98"
		if c.deferred {
			taken := of(first, pos.EvDeferred)
			taken.Approved, taken.Offline, taken.Waiting = first.Amount, true, boxOf(pos.DayKey(first.Day))
			w.keep(first, taken, of(first, pos.EvDelivering), rev)
		} else {
			w.keep(first, of(first, pos.EvSending), of(first, pos.EvUnknown), rev)
		}
		asked := func() pos.Request {
			a, _ := w.j.Attempt(first.Attempt)
			r, err := w.w.request(a)
			if err != nil || a.State != pos.Reversing {
				t.Fatalf("%s: %s, %v", c.name, a.State, err)
			}
			return r
		}
		want := asked()
		done := of(first, pos.EvReversed)
		done.Flag = true
		w.keep(done)
		w.closeBatch()
		a, _ := w.j.Attempt(first.Attempt)
		e, _ := judgeLate(a, pos.LateReply{Reply: pos.Reply{Code: c.code, RRN: "R9", AuthCode: "A9", Signed: true}}, c.class)
		w.keep(e)
		got := asked()
		if got.Reason != c.reason {
			t.Errorf("%s: reason %s, want %s", c.name, got.Reason, c.reason)
		}
		if got.Reason = want.Reason; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v\nwas %+v", c.name, got, want)
		}
	}
}
