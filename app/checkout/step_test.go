package checkout

import (
	"errors"
	"testing"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

var errFull = errors.New("the disk is full")

// answers are the inputs that the shell may give to an effect.
func answers(eff effect) []input {
	switch eff.do {
	case doPrepare:
		return []input{{kind: inReady, online: true}, {kind: inReady, reason: "no_line"}, {kind: inGiveUp, reason: "cancelled"}}
	case doCard:
		return cardInputs()
	case doPIN:
		return []input{
			{kind: inPIN, block: make([]byte, 8)},
			{kind: inPIN, bypassed: true},
			{kind: inPIN},
			{kind: inPINError, reason: "pin_cancelled"},
			{kind: inGiveUp, reason: "cancelled"},
		}
	case doCommit:
		return []input{{kind: inCommitted}, {kind: inNotKept, err: errFull}}
	case doSend, doResend:
		return hostInputs()
	case doFinish:
		return []input{
			{kind: inFinal, final: pos.CardFinal{Cryptogram: pos.TC}}, {kind: inFinal, final: pos.CardFinal{Cryptogram: pos.AAC}}, {kind: inTorn},
		}
	case doOrder, doPoll, doClose:
		return walletInputs(eff.do)
	}
	return nil
}

func cardInputs() []input {
	in := []input{{kind: inCardError, reason: "card_unreadable"}, {kind: inGiveUp, reason: "cancelled"}, {kind: inNotKept, err: errFull}}
	for _, cryptogram := range []byte{pos.TC, pos.ARQC, pos.AAC} {
		for _, entry := range []string{"chip", "contactless", "swipe"} {
			for i := range 32 {
				x := input{kind: inRead, hash: "h", read: pos.CardRead{
					PAN: "6222020000001234", Entry: entry, Cryptogram: cryptogram, NeedPIN: i&1 != 0, ODA: i&2 != 0,
				}}
				if i&4 != 0 {
					x.verdict = "offline_off"
				}
				if i&8 != 0 {
					x.deferral = "no_line"
				}
				x.same = i&16 != 0
				in = append(in, x)
				if x.alone = cryptogram != pos.AAC && i&^3 == 0; x.alone { // below a floor limit, and with the PIN asked for on the way
					in = append(in, x)
					x.asked = true
					in = append(in, x)
					x.bypassed = true
					in = append(in, x)
					x.bypassed, x.block = false, make([]byte, 8)
					in = append(in, x)
				}
			}
		}
	}
	return in
}

func hostInputs() []input {
	in := []input{{kind: inNoReply, notSent: true, err: pos.ErrNotSent}, {kind: inNoReply, notSent: true, err: pos.ErrNoKeys}}
	for _, reason := range []string{"98", "A0", "06"} {
		in = append(in, input{kind: inNoReply, reason: reason, err: pos.ErrNoAnswer})
	}
	for code, class := range map[string]decline.Class{
		"00": decline.Success, "51": decline.NoRetry, "55": decline.Retry, "05": decline.Operator, "30": decline.System,
		"68": decline.Unknown, "77": decline.Resign, "ZZ": decline.UnknownCode,
	} {
		in = append(in, input{kind: inReply, class: class, reply: pos.Reply{Code: code, Amount: 1000}})
	}
	for _, part := range []pos.Amount{-1, 0, 400, 1000, 1001} {
		in = append(in, input{kind: inReply, class: decline.Success, reply: pos.Reply{Code: "10", Amount: part}})
	}
	return in
}

func walletInputs(do doing) []input {
	in := []input{{kind: inOrderErr}}
	for _, s := range []pos.WalletState{
		pos.WalletWaiting, pos.WalletPaying, pos.WalletPaid, pos.WalletRefused, pos.WalletClosed, pos.WalletRefunded,
	} {
		in = append(in, input{kind: inOrder, order: pos.WalletOrder{State: s}})
	}
	switch do {
	case doOrder:
		in = append(in, input{kind: inOrderErr, notSent: true})
	case doPoll:
		in = append(in, input{kind: inGiveUp, reason: "cancelled"}, input{kind: inGiveUp, reason: "qr_expired"})
	}
	return in
}

// trail is one way through a payment: what the core decided, and what the
// journal, the host and the card know of it.
type trail struct {
	p      payment
	eff    effect
	a      pos.Attempt
	yes    bool // the host or the wallet took the money
	maybe  bool // nobody knows whether it did
	sent   bool
	torn   bool
	part   pos.Amount
	unkept int
	polls  int
}

func leaves(d doing) bool { return d == doSend || d == doResend }

// next feeds one input and keeps the books.
func (tr trail) next(t *testing.T, in input) trail {
	if tr.eff.do == doCommit && in.kind == inCommitted {
		for _, e := range tr.eff.events {
			var err error
			if tr.a, err = pos.Apply(tr.a, e); err != nil {
				t.Fatalf("%v", err)
			}
		}
	}
	switch {
	case in.kind == inNotKept:
		tr.unkept++
	case leaves(tr.eff.do) && in.kind == inReply:
		tr.yes = in.class == decline.Success
		tr.maybe = in.class == decline.Unknown
		if tr.part = 1000; in.reply.Code == "10" {
			tr.part = in.reply.Amount
		}
	case leaves(tr.eff.do):
		tr.maybe = !in.notSent
	case in.kind == inOrder:
		tr.yes = in.order.State == pos.WalletPaid
		tr.maybe = in.order.State == pos.WalletWaiting || in.order.State == pos.WalletPaying
		tr.part = 1000
	case in.kind == inOrderErr:
		tr.maybe = !in.notSent
	}
	tr.torn = tr.torn || in.kind == inTorn || in.kind == inFinal && in.final.Cryptogram != pos.TC
	tr.polls++
	tr.p, tr.eff = step(tr.p, in)
	if d := tr.eff.do; d == doSend || d == doOrder {
		if tr.a.State != pos.Sending {
			t.Fatalf("rule 1: something leaves while the journal says %q", tr.a.State)
		}
		if tr.sent {
			t.Fatal("an attempt is sent twice")
		}
		tr.sent = true
	}
	return tr
}

// maxInputs bounds a way; a wallet could be asked for ever.
const maxInputs = 9

// walk goes every way and gives how many there are.
func walk(t *testing.T, tr trail, ended func(trail)) int {
	if tr.eff.do == doEnd {
		ended(tr)
		return 1
	}
	if tr.polls > maxInputs {
		return 0
	}
	n := 0
	for _, in := range answers(tr.eff) {
		n += walk(t, tr.next(t, in), ended)
	}
	return n
}

func everyWay(t *testing.T, tender pos.Tender, ended func(trail)) int {
	t.Helper()
	n := 0
	for _, override := range []bool{false, true} {
		tr := trail{p: payment{
			id: "A001", basket: "B001", tender: tender, amount: 1000, tendered: 1000, stan: "000001", batch: "000001", override: override,
		}}
		n += walk(t, tr.next(t, input{kind: inStart}), ended)
	}
	return n
}

// TestRule1JournalBeforeTheFirstByte goes every way through every payment: no
// event is refused by the table and nothing leaves before it is durable.
func TestRule1JournalBeforeTheFirstByte(t *testing.T) {
	for tender, least := range map[pos.Tender]int{pos.Cash: 4, pos.Card: 5000, pos.QR: 1000} {
		if n := everyWay(t, tender, func(trail) {}); n < least {
			t.Errorf("%s has only %d ways", tender, n)
		}
	}
}

// TestRule4UnknownMeansReverse: what the host may have taken and nobody knows
// of is owed a reversal, or left sending for the start to reverse.
func TestRule4UnknownMeansReverse(t *testing.T) {
	for _, tender := range []pos.Tender{pos.Card, pos.QR} {
		everyWay(t, tender, func(tr trail) {
			s := tr.a.State
			switch {
			case tr.maybe && s != pos.Reversing && s != pos.Sending:
				t.Fatalf("%s: nobody knows, and it ends %q", tender, s)
			case tr.maybe && tr.unkept == 0 && s == pos.Sending:
				t.Fatalf("%s: left sending though the journal takes everything", tender)
			case s == pos.Reversing && tr.a.Reason == "":
				t.Fatalf("%s: a reversal without a reason", tender)
			}
		})
	}
}

// TestNobodyPaysForASaleThatFailed: what counts in the journal is what the host
// took, and no more.
func TestNobodyPaysForASaleThatFailed(t *testing.T) {
	for _, tender := range []pos.Tender{pos.Card, pos.QR} {
		everyWay(t, tender, func(tr trail) {
			s := tr.a.State
			done := s == pos.Declined || s == pos.Cancelled || s == pos.None
			switch {
			case tr.yes && done:
				t.Fatalf("%s: the money was taken, and it ends %q", tender, s)
			case s == pos.Approved && (!tr.yes || tr.a.Approved != tr.part):
				t.Fatalf("%s: %s counted, %s taken %v", tender, tr.a.Approved, tr.part, tr.yes)
			case s == pos.Approved && (tr.a.Approved <= 0 || tr.a.Approved > tr.a.Amount):
				t.Fatalf("code 10: %s of %s counted", tr.a.Approved, tr.a.Amount)
			case s == pos.Approved && tr.torn:
				t.Fatalf("rule 9: the card did not finish and it ends approved")
			case tr.a.Offline && (tr.yes || tr.maybe):
				t.Fatalf("%s: taken without the host after it was sent", tender)
			}
		})
	}
}

// TestRule9CommitThatFails: the person is never told yes, and never told no
// where the host may have taken the money.
func TestRule9CommitThatFails(t *testing.T) {
	for _, tender := range []pos.Tender{pos.Cash, pos.Card, pos.QR} {
		everyWay(t, tender, func(tr trail) {
			kind := tr.p.result.kind
			switch {
			case kind == OutcomeApproved && !pos.StateRules[tr.a.State].Counted:
				t.Fatalf("%s: approved on the screen, %q in the journal", tender, tr.a.State)
			case kind != OutcomeApproved && pos.StateRules[tr.a.State].Counted:
				t.Fatalf("%s: %q in the journal, not approved on the screen", tender, tr.a.State)
			case kind == OutcomeRefused && (tr.yes || tr.maybe):
				t.Fatalf("%s: refused on the screen while money may be taken", tender)
			case tr.unkept > 0 && tr.p.result.failed == nil && kind == OutcomeApproved && tr.p.phase != phDone:
				t.Fatalf("%s: a failed commit was forgotten", tender)
			}
		})
	}
}

// TestRule8SameCardNeedsASupervisor until its reversal is acknowledged.
func TestRule8SameCardNeedsASupervisor(t *testing.T) {
	everyWay(t, pos.Card, func(tr trail) {
		if tr.p.same && !tr.p.override && (tr.sent || tr.a.Offline) {
			t.Fatal("the same card was charged again without a supervisor")
		}
	})
}

// TestOfflineNeedsTheCardsYes and the shop's limits; a deferred sale needs the
// owner's.
func TestOfflineNeedsTheCardsYes(t *testing.T) {
	everyWay(t, pos.Card, func(tr trail) {
		switch s := tr.a.State; {
		case s == pos.OfflineApproved && (tr.torn || !tr.p.read.ODA || tr.p.verdict != ""):
			t.Fatalf("taken offline: torn %v, authenticated %v, verdict %q", tr.torn, tr.p.read.ODA, tr.p.verdict)
		case s == pos.Deferred && tr.p.deferral != "":
			t.Fatalf("deferred in spite of %q", tr.p.deferral)
		case tr.p.read.Cryptogram == pos.AAC && tr.p.read.Entry == "chip" && pos.StateRules[s].Counted:
			t.Fatal("a card that refuses is a sale")
		}
	})
}
