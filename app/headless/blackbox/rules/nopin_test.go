package rules

import (
	"encoding/hex"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/drivers/acquirer/wire"
)

// object is an object of a request's field 55, hex.
func object(t *testing.T, f frame, tag string) string {
	t.Helper()
	raw, err := hex.DecodeString(f.Get(55))
	if err != nil {
		t.Fatal(err)
	}
	items, err := wire.ParseTLV(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		if it.Tag == tag {
			return hex.EncodeToString(it.Value)
		}
	}
	return ""
}

// TestOKWithoutAPIN: the customer of a card that wants a PIN and has none presses OK; the message says so in every place, and
// the issuer decides. Where the card knows no other way it decides itself, and a balance is told to nobody without a PIN.
func TestOKWithoutAPIN(t *testing.T) {
	s, w := tapped(t, "", "")
	last := func(mti string) frame {
		t.Helper()
		all := w.sent(mti)
		if len(all) == 0 {
			t.Fatalf("no %s was sent", mti)
		}
		return all[len(all)-1]
	}
	without := func(what string, f frame, entry, tvr, cvm string) {
		t.Helper()
		if f.Get(22) != entry || f.Has(26) || f.Has(52) || f.Has(53) {
			t.Errorf("%s: entry mode %s, PIN fields %v %v %v", what, f.Get(22), f.Has(26), f.Has(52), f.Has(53))
		}
		if entry[:2] == "05" && (object(t, f, "95") != tvr || object(t, f, "9F34") != cvm) {
			t.Errorf("%s: TVR %s, CVM results %s", what, object(t, f, "95"), object(t, f, "9F34"))
		}
	}
	if a := s.Sale(t, "card", "card", "credit-no-pin"); a.State != "approved" { // the deck's holder presses OK
		t.Errorf("a card without a PIN: %s %s", a.State, a.AnswerCode)
	}
	without("a card without a PIN", last("0200"), "052", "0000080000", "1e0300")

	for card, entry := range map[string]string{"chip": "052", "swipe": "022"} {
		if a := s.Sale(t, "card", "card", card, "bypass", true); a.State != "declined" || a.AnswerCode != "55" {
			t.Errorf("%s, whose account has a PIN: %s %s", card, a.State, a.AnswerCode)
		}
		without(card, last("0200"), entry, "0000080000", "1e0300")
		if a := s.Pay(t, "card", "card", card); a.State != "approved" {
			t.Errorf("%s, with it: %s %s", card, a.State, a.AnswerCode)
		}
		f := last("0200")
		if f.Get(22) != entry[:2]+"1" || !f.Has(52) || entry == "052" && object(t, f, "95") != "0000040000" {
			t.Errorf("%s, with it: entry mode %s", card, f.Get(22))
		}
	}

	sent := len(w.sent("0200"))
	for card, want := range map[string]string{"pin-only": "holder_not_verified", "ok": "pin_cancelled"} { // the tap is above 1,000.00
		s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "150"})
		if a := s.Pay(t, "card", "card", card, "bypass", true); a.State != "declined" || a.AnswerCode != want || a.MaskedPAN == "" {
			t.Errorf("%s: %s %s %q", card, a.State, a.AnswerCode, a.MaskedPAN)
		}
		s.Till.Must(t, cmd{"cmd": "clear"})
	}
	if a := s.Did(t, cmd{"cmd": "balance", "card": "credit-no-pin"}); a.State != "declined" || a.AnswerCode != "pin_cancelled" {
		t.Errorf("a balance: %s %s", a.State, a.AnswerCode)
	}
	s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"})
	if a := s.Pay(t, "card", "card", "chip", "pin", ""); a.State != "declined" || a.AnswerCode != "pin_cancelled" {
		t.Errorf("cancelled: %s %s", a.State, a.AnswerCode)
	}
	s.refused(t, "unknown_key", cmd{"cmd": "pay", "tender": "card", "card": "chip", "pin": "123456", "bypass": true})
	s.refused(t, "unknown_key", cmd{"cmd": "balance", "card": "chip", "bypass": true})
	s.Till.Must(t, cmd{"cmd": "clear"})
	if n := len(w.sent("0200")); n != sent {
		t.Errorf("%d messages too many", n-sent)
	}

	if a := s.Did(t, cmd{"cmd": "preauth", "amount": 5000, "card": "credit-no-pin"}); a.State != "approved" {
		t.Errorf("a pre-authorization: %s %s", a.State, a.AnswerCode)
	}
	without("a pre-authorization", last("0100"), "052", "0000080000", "1e0300")
	s.agree(t)
}

// TestOKWithoutAPINIsTheAcquirersToAllow: where its profile does not, OK without a PIN is a customer who gives up.
func TestOKWithoutAPINIsTheAcquirersToAllow(t *testing.T) {
	s := withProfile(t, "", `, "bypass": true`, ``)
	s.OpenUp(t)
	if a := s.Sale(t, "card", "card", "credit-no-pin"); a.State != "declined" || a.AnswerCode != "pin_cancelled" {
		t.Errorf("%s %s", a.State, a.AnswerCode)
	}
}

// TestOKWithoutAPINOnARealPad: the pad of its own, at the far end of a serial line, is told that OK alone is a way.
func TestOKWithoutAPINOnARealPad(t *testing.T) {
	p := withPad(t, true, nil)
	p.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"})
	for _, c := range []struct {
		card, state, code string
	}{{"ok", "declined", "pin_cancelled"}, {"credit-no-pin", "approved", "00"}} { // a tap has signed by the time of the PIN
		if err := p.Till.Send(`{"cmd":"pay","tender":"card","card":"` + c.card + `"}`); err != nil {
			t.Fatal(err)
		}
		<-p.asked
		p.sim.Bypass()
		answer, err := p.Till.Answer()
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Attempt attempt }
		if err := child.Into(answer, &got); err != nil || got.Attempt.State != c.state || got.Attempt.AnswerCode != c.code {
			t.Errorf("%s: %s %s %v", c.card, got.Attempt.State, got.Attempt.AnswerCode, err)
		}
	}
	p.agree(t)
}
