package checkout

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// way is one way through an operation about an original, or without goods.
type way struct {
	p     payment
	eff   effect
	a, o  pos.Attempt
	yes   bool // the host or the wallet did it
	maybe bool // nobody knows
	sends int
	n     int
	kept  bool // every commit was
}

// maxFollow bounds a way.
const maxFollow = 8

func (w way) next(t *testing.T, in input) way {
	t.Helper()
	if w.eff.do == doCommit && in.kind == inCommitted {
		for _, e := range w.eff.events {
			to := &w.a
			if e.Attempt == w.o.ID && w.o.ID != "" {
				to = &w.o
			}
			got, err := pos.Apply(*to, e)
			if err != nil {
				t.Fatalf("%v", err)
			}
			*to = got
		}
	}
	w.kept = w.kept && in.kind != inNotKept
	switch {
	case in.kind == inReply:
		w.yes, w.maybe = in.class == decline.Success, in.class == decline.Unknown
	case in.kind == inNoReply && !in.notSent:
		w.maybe = true
	case w.eff.do == doGiveBack:
		w.yes = in.err == nil && in.order.State == pos.WalletRefunded
		w.maybe = !w.yes && !in.notSent
	}
	w.n++
	w.p, w.eff = step(w.p, in)
	if d := w.eff.do; d == doSend || d == doGiveBack || d == doResend {
		w.sends++
		if w.a.State != pos.Sending {
			t.Fatalf("rule 1: something leaves while the journal says %q", w.a.State)
		}
	}
	return w
}

func followAnswers(eff effect) []input {
	switch eff.do {
	case doPrepare:
		return append(answers(eff), input{kind: inCardError, reason: "card_needed"})
	case doGiveBack:
		return []input{
			{kind: inOrder, order: pos.WalletOrder{State: pos.WalletRefunded}},
			{kind: inOrder, order: pos.WalletOrder{State: pos.WalletPaid}},
			{kind: inOrder, err: pos.ErrNotSent, notSent: true},
			{kind: inOrder, err: pos.ErrNoAnswer},
		}
	}
	return answers(eff)
}

func walkFollow(t *testing.T, w way, ended func(way)) int {
	t.Helper()
	if w.eff.do == doEnd {
		ended(w)
		return 1
	}
	if w.n > maxFollow {
		return 0
	}
	n := 0
	for _, in := range followAnswers(w.eff) {
		n += walkFollow(t, w.next(t, in), ended)
	}
	return n
}

// follows are the operations: kind and tender, and whether the card is known.
var follows = []struct {
	name   string
	kind   pos.Kind
	tender pos.Tender
	of     pos.Kind
	keyed  bool
}{
	{"void", pos.Void, pos.Card, pos.Sale, true},
	{"void of a scanned code", pos.Void, pos.QR, pos.Sale, true},
	{"void by wallet", pos.Void, pos.QR, pos.Sale, false},
	{"void of cash", pos.Void, pos.Cash, pos.Sale, false},
	{"refund", pos.Refund, pos.Card, pos.Sale, true},
	{"refund with the card", pos.Refund, pos.Card, pos.Sale, false},
	{"refund by wallet", pos.Refund, pos.QR, pos.Sale, false},
	{"refund in cash", pos.Refund, pos.Cash, pos.Sale, false},
	{"pre-authorization", pos.Preauth, pos.Card, "", false},
	{"its void", pos.PreauthVoid, pos.Card, pos.Preauth, true},
	{"completion", pos.Completion, pos.Card, pos.Preauth, true},
	{"void of a completion", pos.CompletionVoid, pos.Card, pos.Completion, true},
	{"balance", pos.Balance, pos.Card, "", false},
	{"a scanned code", pos.Sale, pos.QR, "", true},
}

func beginning(i int) way {
	f := follows[i]
	w := way{kept: true, p: payment{
		id: "A002", by: "1", kind: f.kind, tender: f.tender, amount: 1000, tendered: 1000, stan: "000002", batch: "000001", keyed: f.keyed,
	}}
	if f.of != "" {
		w.o = pos.Attempt{
			ID: "A001", Kind: f.of, Tender: f.tender, State: pos.Approved, Amount: 1000, Approved: 1000, STAN: "000001", Batch: "000001", CardHash: "h",
		}
		original := w.o
		w.p.original = &original
	}
	return w
}

// longest bounds a random way; a wallet may be asked as often as one likes.
const longest = 60

// TestPaymentHistories goes random ways, longer than those that are enumerated.
func TestPaymentHistories(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, len(follows)-1).Draw(rt, "operation")
		w := beginning(i).next(t, input{kind: inStart})
		for ; w.eff.do != doEnd && w.n < longest; w = w.next(t, rapid.SampledFrom(followAnswers(w.eff)).Draw(rt, "input")) {
		}
		if w.eff.do != doEnd {
			return
		}
		if why := wrongEnd(w); why != "" {
			rt.Fatalf("%s: %s; it ends %q, its original %q", follows[i].name, why, w.a.State, w.o.State)
		}
	})
}

// TestEveryWayThroughEveryOperation: void, refund, pre-authorization,
// completion, their voids, balance and a scanned code, with every answer, every
// fault and every commit that is not kept: rules 1, 4, 9 and 13, and what each
// end means for its original.
func TestEveryWayThroughEveryOperation(t *testing.T) {
	total := 0
	for i, f := range follows {
		w := beginning(i)
		n := walkFollow(t, w.next(t, input{kind: inStart}), func(w way) {
			if why := wrongEnd(w); why != "" {
				t.Fatalf("%s: %s; it ends %q, its original %q, the screen says %s %s", f.name, why, w.a.State, w.o.State, w.p.result.kind, w.p.result.code)
			}
		})
		if n < 2 {
			t.Errorf("%s has only %d ways", f.name, n)
		}
		total += n
	}
	t.Logf("%d ways through %d operations", total, len(follows))
}

// wrongEnd says what is wrong with the end of a way.
func wrongEnd(w way) string {
	s, repeats := w.a.State, w.p.kind == pos.Refund || w.p.tender == pos.QR && w.p.original != nil && !w.p.keyed
	open := []pos.State{pos.Sending, pos.Reversing}
	switch {
	case repeats:
		open = []pos.State{pos.Sending, pos.RefundUnknown}
	case w.p.kind == pos.Balance:
		open = []pos.State{pos.Declined, pos.Sending}
	}
	switch {
	case w.maybe && !slices.Contains(open, s):
		return "nobody knows, and it is decided"
	case w.maybe && w.kept && s == pos.Sending:
		return "left sending though the journal takes everything"
	case repeats && (s == pos.Reversing || w.a.Reason != ""):
		return "a refund is reversed"
	case s == pos.Reversing && w.a.Reason == "":
		return "a reversal without a reason"
	case w.yes && (s == pos.Declined && w.p.kind != pos.Balance || s == pos.Cancelled || s == pos.None):
		return "the host said yes and it is refused"
	case s == pos.Approved && w.p.tender != pos.Cash && !w.yes:
		return "approved by nobody"
	case (w.p.result.kind == OutcomeApproved) != (s == pos.Approved):
		return "screen and journal differ"
	case w.p.result.kind == OutcomeRefused && w.maybe && w.p.kind != pos.Balance:
		return "refused on the screen while nobody knows"
	}
	return wrongOriginal(w)
}

// wrongOriginal: an original changes with the approval of its follow-up, and
// with nothing else.
func wrongOriginal(w way) string {
	if w.p.original == nil {
		return ""
	}
	want := pos.Approved
	if w.a.State == pos.Approved {
		switch w.p.kind {
		case pos.Void, pos.PreauthVoid, pos.CompletionVoid:
			want = pos.Voided
		case pos.Refund:
			want = pos.Refunded
		}
	}
	switch {
	case w.o.State != want:
		return "the original should be " + string(want)
	case (w.a.State == pos.Approved || w.a.State == pos.Reversing || w.a.State == pos.RefundUnknown || w.a.State == pos.Sending) && w.o.Follow != w.a.ID:
		return "the original does not know of it"
	}
	return ""
}
