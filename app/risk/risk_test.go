package risk

import (
	"testing"
	"time"

	"tillkeeper/app/pos"
)

func TestOfflineAtEveryBoundary(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	l := Default()
	good := Payment{Amount: 100, CardHash: "a", Entry: "chip", LastOnline: now.Add(-time.Hour), Now: now}
	with := func(f func(*Payment)) Payment { p := good; f(&p); return p }
	for _, c := range []struct {
		name string
		x    Exposure
		p    Payment
		want string
	}{
		{"good", Exposure{}, good, ""},
		{"at the payment limit", Exposure{}, with(func(p *Payment) { p.Amount = 50_000 }), ""},
		{"over it", Exposure{}, with(func(p *Payment) { p.Amount = 50_001 }), "offline_limit_payment"},
		{"fills the terminal", Exposure{Sum: 499_900}, good, ""},
		{"over the terminal", Exposure{Sum: 499_901}, good, "offline_limit_total"},
		{"the 50th", Exposure{Count: 49}, good, ""},
		{"the 51st", Exposure{Count: 50}, good, "offline_limit_count"},
		{"the same card", Exposure{ByCard: map[string]int{"a": 1}}, good, "offline_limit_card"},
		{"another card", Exposure{ByCard: map[string]int{"b": 1}}, good, ""},
		{"24 h", Exposure{}, with(func(p *Payment) { p.LastOnline = now.Add(-24 * time.Hour) }), ""},
		{"longer", Exposure{}, with(func(p *Payment) { p.LastOnline = now.Add(-24*time.Hour - 1) }), "offline_too_long"},
		{"swipe", Exposure{}, with(func(p *Payment) { p.Entry = "swipe" }), "offline_swipe"},
		{"keyed", Exposure{}, with(func(p *Payment) { p.Entry = "keyed" }), "offline_swipe"},
		{"PIN", Exposure{}, with(func(p *Payment) { p.PINOnline = true }), "offline_pin"},
		{"expired", Exposure{}, with(func(p *Payment) { p.Expired = true }), "card_expired"},
		{"blacklist", Exposure{}, with(func(p *Payment) { p.Blacklisted = true }), "card_blocked"},
	} {
		if got := Offline(l, c.x, c.p); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestExposure(t *testing.T) {
	x := ExposureOf([]pos.Attempt{
		{State: pos.OfflineApproved, Amount: 100, CardHash: "a"},
		{State: pos.Delivering, Amount: 200, CardHash: "a"},
		{State: pos.Reversing, Amount: 400, CardHash: "b"},
		{State: pos.Reversing, Deferred: true, Amount: 800, CardHash: "c"},
		{State: pos.Approved, Amount: 1600},
		{State: pos.LateDeclined, Amount: 3200, CardHash: "d"},
	})
	if x.Sum != 4300 || x.Count != 4 || x.ByCard["a"] != 2 || x.ByCard["b"] != 0 {
		t.Errorf("%+v", x)
	}
	if sum, n := Room(Limits{PerTerminal: 5000, Count: 3}, x); sum != 700 || n != 0 {
		t.Errorf("room %d %d", sum, n)
	}
}
