package checkout

import (
	"errors"
	"fmt"
	"testing"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// TestKeysThatAreGoneAreFetchedBeforeThePaymentIsGivenUp: the host asked for a
// sign-on while the card was presented, and the payment went on without the host
// or was refused, although the line stood. A PIN block is under the keys from
// before: the card is presented again.
func TestKeysThatAreGoneAreFetchedBeforeThePaymentIsGivenUp(t *testing.T) {
	gone := input{kind: inNoReply, notSent: true, err: fmt.Errorf("%w", pos.ErrNoKeys)}
	at := func(kind pos.Kind, c pos.CardData) payment {
		return payment{
			id: "9", phase: phHost, kind: kind, tender: pos.Card, amount: 100,
			created: true, card: c, read: pos.CardRead{Entry: "chip", NeedPIN: c.PIN},
		}
	}
	for _, kind := range []pos.Kind{pos.Sale, pos.Preauth, pos.Void, pos.Completion} {
		p, eff := step(at(kind, pos.CardData{}), gone)
		if eff.do != doResend {
			t.Errorf("%s without a PIN: %v", kind, eff.do)
		}
		if _, eff = step(p, gone); eff.do == doResend {
			t.Errorf("%s: it never ends", kind)
		}
		if _, eff = step(at(kind, pos.CardData{PIN: true, PINBlock: make([]byte, 8), KSN: make([]byte, 10)}), gone); eff.do != doResend {
			t.Errorf("%s with a PIN under a key of its own: %v", kind, eff.do)
		}
		p, eff = step(at(kind, pos.CardData{PIN: true, PINBlock: make([]byte, 8)}), gone)
		if eff.do != doCommit || !p.result.again || p.end[0].Type != pos.EvDeclined || p.end[0].Code != "not_signed_on" {
			t.Errorf("%s with a PIN: %v, again %v, %+v", kind, eff.do, p.result.again, p.end)
		}
	}
	if _, eff := step(at(pos.Sale, pos.CardData{}), input{kind: inNoReply, notSent: true, err: pos.ErrNotSent}); eff.do != doFinish {
		t.Errorf("without a line the card has the last word: %v", eff.do)
	}
}

// TestARefundWhoseEveryCopyWasAnsweredWasNotSent: the first copy was answered
// with 77, the second one too, or it never left. It counted as one that nobody
// answered, and a 94 to the next one, a collision of trace numbers, made the
// refund done.
func TestARefundWhoseEveryCopyWasAnsweredWasNotSent(t *testing.T) {
	resign := input{kind: inReply, class: decline.Resign, reply: pos.Reply{Code: "77"}}
	for _, c := range []struct {
		name string
		then input
		want int
	}{
		{"77 again", resign, 0},
		{"not sent", input{kind: inNoReply, notSent: true, err: pos.ErrNotSent}, 0},
		{"no answer", input{kind: inNoReply, reason: "98", err: pos.ErrNoAnswer}, 1},
		{"96", input{kind: inReply, class: decline.Unknown, reply: pos.Reply{Code: "96"}}, 1},
	} {
		p := payment{id: "9", phase: phHost, kind: pos.Refund, tender: pos.Card, amount: 100, created: true}
		p, eff := step(p, resign)
		if eff.do != doResend {
			t.Fatalf("%s: %v", c.name, eff.do)
		}
		p, _ = step(p, c.then)
		a := pos.Attempt{ID: "9", State: pos.Sending, Kind: pos.Refund}
		var err error
		for _, e := range p.end {
			var wrong error
			if a, wrong = pos.Apply(a, e); wrong != nil {
				err = errors.Join(err, wrong)
			}
		}
		if err != nil || a.State != pos.RefundUnknown || a.Unanswered != c.want || a.Tries != 1 {
			t.Errorf("%s: %s after %d tries, %d without an answer, %v", c.name, a.State, a.Tries, a.Unanswered, err)
		}
	}
}
