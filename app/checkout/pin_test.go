package checkout

import (
	"context"
	"fmt"
	"testing"

	"tillkeeper/app/pos"
)

// TestPINThatDoesNotComeSaysWhy: what is wrong with the PIN pad is told from a customer who gave up.
func TestPINThatDoesNotComeSaysWhy(t *testing.T) {
	for want, err := range map[string]error{
		"pin_cancelled": pos.ErrPINCancelled,
		"pin_timeout":   context.DeadlineExceeded,
		"not_signed_on": pos.ErrNoKeys,
		"unplugged":     fmt.Errorf("the line: %w", &pos.Error{Code: "unplugged"}),
		"no_tmk":        &pos.Error{Code: "no_tmk"},
		"no_pinpad":     &pos.Error{Code: "no_pinpad"},
	} {
		if got := pinReason(err); got != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
}

// TestUnsentPaymentSaysThatThePINPadIsGone: a request that could not be signed was never sent; the reason is the pad's, and a
// payment that may go without the host still may.
func TestUnsentPaymentSaysThatThePINPadIsGone(t *testing.T) {
	gone := fmt.Errorf("%w: no MAC: %w", pos.ErrNotSent, &pos.Error{Code: "unplugged"})
	for _, c := range []struct {
		p    payment
		err  error
		want string
		do   doing
	}{
		{payment{kind: pos.Preauth}, gone, "unplugged", doCommit},
		{payment{kind: pos.Sale, read: pos.CardRead{NeedPIN: true}}, gone, "unplugged", doCommit},
		{payment{kind: pos.Sale, keyed: true}, gone, "unplugged", doCommit},
		{payment{kind: pos.Sale, keyed: true}, pos.ErrNotSent, "no_line", doCommit},
		{payment{kind: pos.Sale, read: pos.CardRead{Entry: "chip"}}, gone, "", doFinish},
	} {
		c.p.phase, c.p.tender, c.p.created = phHost, pos.Card, true
		got, eff := step(c.p, input{kind: inNoReply, notSent: true, err: c.err})
		if eff.do != c.do || got.result.code != c.want {
			t.Errorf("%s: %q and %v, want %q and %v", c.p.kind, got.result.code, eff.do, c.want, c.do)
		}
	}
}

// TestPINBlockTravelsWithItsKSN: under DUKPT the key's number goes where the block goes, and neither stays in what outlives the payment.
func TestPINBlockTravelsWithItsKSN(t *testing.T) {
	p := payment{phase: phPIN, tender: pos.Card, kind: pos.Sale, read: pos.CardRead{PAN: "6224242900000113"}}
	p, _ = step(p, input{kind: inPIN, block: make([]byte, 16), ksn: make([]byte, 12)})
	r := p.request()
	if len(r.Card.PINBlock) != 16 || len(r.Card.KSN) != 12 || !r.Card.PIN {
		t.Errorf("%+v", r.Card)
	}
	if short := r.Card.Short(); short.PINBlock != nil || short.KSN != nil || !short.PIN {
		t.Errorf("%+v", short)
	}
}

// TestCompletionTakesThePartOfThePreauthorizationThatTheAcquirerPermits, rounded down.
func TestCompletionTakesThePartOfThePreauthorizationThatTheAcquirerPermits(t *testing.T) {
	for _, c := range []struct {
		percent    int
		held, most pos.Amount
	}{{100, 1000, 1000}, {115, 1000, 1150}, {115, 99, 113}, {50, 99, 49}, {200, 999_999_999_999, 1_999_999_999_998}} {
		if got := (pos.Terms{CompletionPercent: c.percent}).Most(c.held); got != c.most {
			t.Errorf("%d%% of %s: %s, want %s", c.percent, c.held, got, c.most)
		}
	}
}

// TestNoBlockIsNoPIN: a pad that lets a customer pass the PIN by gives no block; a message that says "PIN
// entered" without one never leaves.
func TestNoBlockIsNoPIN(t *testing.T) {
	for _, in := range []input{{kind: inPIN}, {kind: inPIN, block: []byte{}}, {kind: inPIN, ksn: make([]byte, 10)}} {
		p := payment{phase: phPIN, tender: pos.Card, kind: pos.Sale, read: pos.CardRead{PAN: "6224242900000113", NeedPIN: true}}
		p, eff := step(p, in)
		if eff.do != doCommit || p.phase != phCommitEnd || p.result.code != "pin_cancelled" || p.card.PIN {
			t.Errorf("%+v: %v in phase %v as %q", in, eff.do, p.phase, p.result.code)
		}
	}
}

// TestCardThatWasPulledAfterTheApprovalIsReversed whatever the reader calls it: an unplugged reader has its
// own codes, and some of them are a refusal before the message left.
func TestCardThatWasPulledAfterTheApprovalIsReversed(t *testing.T) {
	for _, err := range []error{
		pos.ErrCardRemoved, pos.ErrCardUnreadable, context.DeadlineExceeded, fmt.Errorf("%w: %w", pos.ErrNotSent, pos.ErrCardRemoved),
		&pos.Error{Code: "unplugged"}, &pos.Error{Code: "cancelled"}, &pos.Error{Code: "00"}, &pos.Error{Code: "card_declined"},
	} {
		p := payment{
			phase: phFinish, tender: pos.Card, kind: pos.Sale, created: true,
			read: pos.CardRead{Entry: "chip"}, reply: pos.Reply{Code: "00"},
		}
		p, _ = step(p, input{kind: inTorn, err: err})
		if n := len(p.end); n != 2 || p.end[1].Type != pos.EvReversing || p.end[1].Reason != "06" || p.result.kind != OutcomeUnknown {
			t.Errorf("%v: %+v", err, p.end)
		}
	}
}

// TestWithoutGoodKeysNoCardIsTaken: a terminal that was never set up, and one whose host sends keys that do not match their check
// values, refuse to trade; one that cannot reach the host may still ask the card.
func TestWithoutGoodKeysNoCardIsTaken(t *testing.T) {
	for reason, want := range map[string]doing{
		"no_tmk": doCommit, "kcv_mismatch": doCommit, "no_line": doCard, "not_signed_on": doCard, "unplugged": doCard, "reversal_pending": doCard, "host_refused": doCard,
	} {
		p, eff := step(payment{tender: pos.Card, kind: pos.Sale}, input{kind: inReady, reason: reason})
		if eff.do != want || want == doCommit && p.result.code != reason {
			t.Errorf("%s: %v as %q", reason, eff.do, p.result.code)
		}
		p.deferral = "no_line"
		if takeDeferred(&p); want == doCard && reason != "not_signed_on" && p.result.code != reason {
			t.Errorf("%s is told as %q", reason, p.result.code)
		}
	}
}
