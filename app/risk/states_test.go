package risk

import (
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// TestEveryStateIsJudged goes through the state machine's own list, so that a
// new state is a failure here until somebody has decided about it.
func TestEveryStateIsJudged(t *testing.T) {
	atRisk := map[pos.State]bool{
		pos.OfflineApproved: true, pos.Deferred: true, pos.Delivering: true, pos.Manual: true, pos.LateDeclined: true,
		pos.Created: false, pos.Sending: false, pos.Unknown: false, pos.Reversing: false, pos.RefundUnknown: false,
		pos.Approved: false, pos.Declined: false, pos.Reversed: false, pos.Delivered: false, pos.Voided: false,
		pos.Refunded: false, pos.Settled: false, pos.Cancelled: false, pos.ResultDue: false, pos.Told: false, // no money
	}
	for s := range pos.StateRules {
		want, decided := atRisk[s]
		if !decided {
			t.Errorf("nobody decided about %q", s)
		}
		if x := ExposureOf([]pos.Attempt{{State: s, Amount: 7}}); x.Count == 1 != want || x.Sum == 7 != want {
			t.Errorf("%s: %+v", s, x)
		}
	}
	for _, s := range []pos.State{pos.Reversing, pos.Unknown} {
		if x := ExposureOf([]pos.Attempt{{State: s, Deferred: true, Amount: 7}}); x.Count != 1 {
			t.Errorf("a deferred sale that is %s is not at stake", s)
		}
	}
	if x := ExposureOf([]pos.Attempt{{State: pos.Deferred, Amount: 7}}); len(x.ByCard) != 0 {
		t.Error("a payment without a card counts against one", x)
	}
}

func TestAClockThatCannotSay(t *testing.T) {
	last := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for now, want := range map[time.Time]string{
		last.Add(-time.Hour):                        "",
		last.Add(-24 * time.Hour):                   "",
		last.Add(-24*time.Hour - 1):                 "offline_too_long",
		time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC): "offline_too_long",
		last.AddDate(1, 0, 0):                       "offline_too_long",
	} {
		if got := Offline(Default(), Exposure{}, Payment{Amount: 1, Entry: "chip", LastOnline: last, Now: now}); got != want {
			t.Errorf("%s: %q, want %q", now, got, want)
		}
	}
	if got := Offline(Default(), Exposure{}, Payment{Amount: 1, Entry: "chip", Now: last}); got != "offline_too_long" {
		t.Errorf("never online: %q", got)
	}
}

func TestTheFirstReasonIsTheOneThatCannotChange(t *testing.T) {
	all := Payment{Amount: 1 << 40, CardHash: "a", Entry: "swipe", PINOnline: true, Expired: true, Blacklisted: true, Now: time.Unix(1<<31, 0)}
	x := Exposure{Sum: 1 << 40, Count: 1 << 20, ByCard: map[string]int{"a": 9}}
	fixes := []func(){
		func() { all.Blacklisted = false }, func() { all.Expired = false }, func() { all.Entry = "contactless" },
		func() { all.PINOnline = false }, func() { all.LastOnline = all.Now }, func() { all.Amount = 1 },
		func() { all.CardHash = "b" }, func() { x.Count = 0 }, func() { x.Sum = 0 },
	}
	for i, want := range []string{
		"card_blocked", "card_expired", "offline_swipe", "offline_pin", "offline_too_long", "offline_limit_payment",
		"offline_limit_card", "offline_limit_count", "offline_limit_total", "",
	} {
		if got := Offline(Default(), x, all); got != want {
			t.Errorf("step %d: %q, want %q", i, got, want)
		}
		if i < len(fixes) {
			fixes[i]()
		}
	}
}
