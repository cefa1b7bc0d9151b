package rules

import (
	"path/filepath"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// ofRisk is what the usual profile says of payments that a card may decide on: that there are none.
const ofRisk = `"floor_limit": 0, "target_percent": 10, "most_percent": 50`

// send has what waits delivered.
func (s *shop) send(t *testing.T) {
	t.Helper()
	s.Till.Must(t, cmd{"cmd": "forward", "timeout_ms": 30000})
}

// TestFloorLimitLetsACardDecideWithTheLineUp: below the acquirer's floor limit a card that approves is taken at once and
// uploaded; with what was taken of the same card before, or when it wants a PIN, the bank is asked.
func TestFloorLimitLetsACardDecideWithTheLineUp(t *testing.T) {
	s := withProfile(t, "", ofRisk, `"floor_limit": 2000, "target_percent": 0, "most_percent": 0`)
	s.OpenUp(t)
	const card = "offline-approve-tap"
	for i, want := range []string{"offline_approved", "offline_approved", "approved"} { // 7.50, 15.00, 22.50 of 20.00
		a := s.Sale(t, "card", "card", card)
		if a.State != want || a.Offline != (want == "offline_approved") {
			t.Errorf("payment %d: %s %s", i+1, a.State, a.AnswerCode)
		}
		s.send(t)
		if want == "offline_approved" {
			s.Is(t, a.ID, "delivered")
		}
	}
	for _, other := range []string{"offline-approve-2", "ok"} { // a PIN, and one that wants the bank
		if a := s.Sale(t, "card", "card", other); a.State != "approved" || a.Offline {
			t.Errorf("%s: %s %s", other, a.State, a.AnswerCode)
		}
	}
	s.agree(t)
	if n := len(s.of(t, "offline_sale")); n != 2 {
		t.Errorf("%d uploads", n)
	}
	if n := len(s.of(t, "sale")); n != 3 {
		t.Errorf("%d sales", n)
	}
}

// TestOneOpenItemACardHoldsWithTheLineUp: a payment that nobody has delivered yet counts, also where the floor limit would hold.
func TestOneOpenItemACardHoldsWithTheLineUp(t *testing.T) {
	s := withProfile(t, "", ofRisk, `"floor_limit": 5000, "target_percent": 0, "most_percent": 0, "per_payment": 1000`)
	s.OpenUp(t)
	const card = "offline-approve-tap"
	s.LineDown(t)
	if a := s.Sale(t, "card", "card", card); a.State != "offline_approved" {
		t.Fatalf("%s %s", a.State, a.AnswerCode)
	}
	if a := s.Sale(t, "card", "card", card); a.State != "declined" || a.AnswerCode != "offline_limit_card" {
		t.Errorf("a second one: %s %s", a.State, a.AnswerCode)
	}
	s.Till.Must(t, cmd{"cmd": "clear"})
	s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "2"})
	if a := s.Pay(t, "card", "card", "offline-approve-2"); a.State != "declined" || a.AnswerCode != "offline_limit_payment" {
		t.Errorf("above the acquirer's limit of a payment: %s %s", a.State, a.AnswerCode)
	}
	s.Till.Must(t, cmd{"cmd": "clear"})
	s.HostUp(t, "")
	s.agree(t)
}

// TestRandomSelectionAsksTheBank: where the acquirer draws every payment below its floor limit, none is the card's to decide;
// where the line is down being drawn forbids nothing, and being over the floor does.
func TestRandomSelectionAsksTheBank(t *testing.T) {
	s := withProfile(t, "", ofRisk, `"floor_limit": 1000, "target_percent": 99, "most_percent": 99`)
	s.OpenUp(t)
	const card = "offline-approve-tap"
	for range 3 {
		if a := s.Sale(t, "card", "card", card); a.State != "approved" || a.Offline {
			t.Errorf("%s %s", a.State, a.AnswerCode)
		}
	}
	s.LineDown(t)
	if a := s.Sale(t, "card", "card", card); a.State != "offline_approved" {
		t.Errorf("alone: %s %s", a.State, a.AnswerCode)
	}
	s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "2"})
	if a := s.Pay(t, "card", "card", "offline-approve"); a.State != "declined" || a.AnswerCode != "offline_declined" {
		t.Errorf("over the floor, alone: %s %s", a.State, a.AnswerCode)
	}
	s.Till.Must(t, cmd{"cmd": "clear"})
	s.HostUp(t, "")
	s.agree(t)
	if n := len(s.of(t, "offline_sale")); n != 1 {
		t.Errorf("%d uploads", n)
	}
}

// TestBlacklistedCardIsNeverTheCardsToDecide: the bank is asked while it can be, and without it the card is refused.
func TestBlacklistedCardIsNeverTheCardsToDecide(t *testing.T) {
	s := withProfile(t, "[offline]\nblacklist = \"list.txt\"\n", ofRisk, `"floor_limit": 5000, "target_percent": 0, "most_percent": 0`)
	child.Put(t, filepath.Join(s.Dir, "list.txt"), "6222602900006786 # the card of this test\n")
	s.OpenUp(t)
	const card = "offline-approve-tap"
	if a := s.Sale(t, "card", "card", card); a.State != "approved" || a.Offline {
		t.Errorf("%s %s", a.State, a.AnswerCode)
	}
	s.LineDown(t)
	if a := s.Sale(t, "card", "card", card); a.State != "declined" || a.AnswerCode != "card_blocked" {
		t.Errorf("alone: %s %s", a.State, a.AnswerCode)
	}
	s.Till.Must(t, cmd{"cmd": "clear"})
	s.HostUp(t, "")
	s.agree(t)
}
