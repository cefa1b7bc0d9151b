package rules

import "testing"

// ofDebit and ofCredit are where the usual profile says what it sets for two applications of chips.
const (
	ofDebit  = `"A000000333010101": {"version"`
	ofCredit = `"A000000333010102": {"version"`
)

// TestEachApplicationHasTheAcquirersParameters: the debit application has a floor limit below which its cards may approve; the
// till finds it by the name that the card has.
func TestEachApplicationHasTheAcquirersParameters(t *testing.T) {
	s := withProfile(t, "", ofDebit, `"A000000333010101": {"floor_limit": 2000, "contactless_floor": 2000, "target_percent": 0, "most_percent": 0, "version"`)
	s.OpenUp(t)
	const card = "offline-approve-tap"
	for i, want := range []string{"offline_approved", "offline_approved", "approved"} { // 7.50, 15.00, 22.50 of 20.00
		if a := s.Sale(t, "card", "card", card); a.State != want {
			t.Errorf("payment %d: %s %s", i+1, a.State, a.AnswerCode)
		}
		s.send(t)
	}
	s.agree(t)
}

// TestAFloorLimitOfAnotherApplicationIsNoneOfThisOne: the same card where only the credit application has the limit.
func TestAFloorLimitOfAnotherApplicationIsNoneOfThisOne(t *testing.T) {
	s := withProfile(t, "", ofCredit, `"A000000333010102": {"floor_limit": 2000, "contactless_floor": 2000, "target_percent": 0, "most_percent": 0, "version"`)
	s.OpenUp(t)
	if a := s.Sale(t, "card", "card", "offline-approve-tap"); a.State != "approved" || a.Offline {
		t.Errorf("%s %s", a.State, a.AnswerCode)
	}
	s.agree(t)
}

// TestATapOverTheAcquirersLimitIsAskedForTheChip: nothing is charged, and the cashier reads what to do.
func TestATapOverTheAcquirersLimitIsAskedForTheChip(t *testing.T) {
	s := withProfile(t, "", ofDebit, `"A000000333010101": {"contactless_limit": 500, "version"`)
	s.OpenUp(t)
	if a := s.Sale(t, "card", "card", "ok"); a.State == "approved" || a.AnswerCode != "use_chip" {
		t.Errorf("%s %s", a.State, a.AnswerCode)
	}
	s.agree(t)
}
