package forward

import (
	"testing"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// TestALateApprovalOfWhatAPersonEndedIsOnlyReversed: a deferred sale that the
// customer had paid otherwise came back to the shop as late declined once the
// reversal of its late approval was acknowledged, and could be paid again.
func TestALateApprovalOfWhatAPersonEndedIsOnlyReversed(t *testing.T) {
	for _, how := range []string{pos.PaidOtherwise, pos.WrittenOff} {
		for _, reason := range []string{"", "98", "06"} {
			a := inState(pos.Cancelled)
			a.Deferred, a.How, a.Reason = true, how, reason
			late, ok := judgeLate(a, pos.LateReply{Reply: pos.Reply{Code: "00", Signed: true}}, decline.Success)
			b, err := pos.Apply(a, late)
			if !ok || err != nil || b.State != pos.Reversing || b.GoesOn() {
				t.Fatalf("%s %s: %s, goes on %v, %v", how, reason, b.State, b.GoesOn(), err)
			}
			v := judgeReversal(usual, b, pos.Reply{Code: "00", Signed: true}, nil, b.Batch, 0, noon)
			if v.linked || len(v.events) != 1 || v.events[0].Type != pos.EvReversed {
				t.Errorf("%s %s: %+v", how, reason, v)
			}
		}
	}
}

// strict is a host whose acquirer lets no sale pass a reversal that was not
// acknowledged.
type strict struct{ lossy }

func (strict) Repeats() pos.Repeats {
	u := usual
	u.MayPass = false
	return u
}

// TestAnAcknowledgedReversalHoldsNoCardWhereNothingMayPass: the item that had
// ended was tried three times more, and the card was refused.
func TestAnAcknowledgedReversalHoldsNoCardWhereNothingMayPass(t *testing.T) {
	w := newWorld(nil, "")
	w.plan.end()
	h := strict{lossy{Acquirer: w.host, landing: make(chan struct{}), reversed: make(chan string, 8)}}
	w.w.f.o.Host = h
	first := w.opened()
	lost := of(first, pos.EvReversing)
	lost.Reason = "98"
	w.keep(first, of(first, pos.EvSending), of(first, pos.EvUnknown), lost)
	w.w.reload()
	if r := w.w.prepare(t.Context()); r != (pos.Ready{Online: true}) || len(h.reversed) != 1 {
		t.Errorf("%+v after %d reversals", r, len(h.reversed))
	}
}

// TestALateDoubtDoesNotReopenWhatTheHostUndid: a second copy of a 96 took a
// deferred sale whose reversal had its 00 out of the person's list.
func TestALateDoubtDoesNotReopenWhatTheHostUndid(t *testing.T) {
	doubt := pos.LateReply{Reply: pos.Reply{Code: "96", Signed: true}}
	for _, s := range []pos.State{pos.Reversed, pos.LateDeclined} {
		a := inState(s)
		a.Deferred, a.Reason = true, "06"
		if e, ok := judgeLate(a, doubt, decline.Unknown); !ok || e.Type != pos.EvLateAnswer {
			t.Errorf("%s: %s", s, e.Type)
		}
		a.Flagged = true // it ended by 12 or 25
		if e, ok := judgeLate(a, doubt, decline.Unknown); !ok || e.Type != pos.EvLateApproval {
			t.Errorf("%s, flagged: %s", s, e.Type)
		}
	}
}
