// Package risk decides whether a payment may be taken without the host: the
// shop's limits against what is open already. It is a pure function over the
// words of the trade; amounts are fen.
package risk

import (
	"cmp"
	"time"

	"tillkeeper/app/pos"
)

// Limits bound what a till takes without the host; the acquirer's parameters
// win over the shop's.
type Limits struct {
	PerPayment  pos.Amount
	PerTerminal pos.Amount // open offline sum
	Count       int        // open offline payments
	PerCard     int        // open ones of a card
	StopAfter   time.Duration
}

// Default gives the limits that hold where nobody set others: 500.00 a
// payment, 5,000.00 and 50 payments a terminal, one a card, 24 h.
func Default() Limits {
	return Limits{
		PerPayment: 50_000, PerTerminal: 500_000, Count: 50, PerCard: 1, StopAfter: 24 * time.Hour,
	}
}

// Exposure is what the shop has at stake: offline approvals and deferred sales
// that nobody has confirmed, and what a person still has to decide.
type Exposure struct {
	Sum    pos.Amount
	Count  int
	ByCard map[string]int // keyed hash -> open payments
}

// Under gives the limits that hold where the acquirer named some: its own in
// place of the shop's, the shop's where it says nothing.
func Under(l Limits, t pos.RiskTerms) Limits {
	return Limits{
		PerPayment: cmp.Or(t.PerPayment, l.PerPayment), PerTerminal: cmp.Or(t.PerTerminal, l.PerTerminal),
		Count: cmp.Or(t.Count, l.Count), PerCard: cmp.Or(t.PerCard, l.PerCard), StopAfter: cmp.Or(t.StopAfter, l.StopAfter),
	}
}

// Logged is the log of what was taken of each card without the host, by keyed
// hash (EMV Book 3, 10.6.1): what stands or is still open counts, what was
// undone does not. An attempt that is in several lists counts once.
func Logged(lists ...[]pos.Attempt) map[string]pos.Amount {
	out, seen := map[string]pos.Amount{}, map[string]bool{}
	for _, list := range lists {
		for i := range list {
			a := &list[i]
			if !a.Offline || a.CardHash == "" || seen[a.ID] || !atStake(a) && !pos.StateRules[a.State].Counted {
				continue
			}
			seen[a.ID] = true
			out[a.CardHash] += a.Amount
		}
	}
	return out
}

// ExposureOf adds up the open attempts.
func ExposureOf(open []pos.Attempt) Exposure {
	x := Exposure{ByCard: map[string]int{}}
	for i := range open {
		a := &open[i]
		if !atStake(a) {
			continue
		}
		x.Sum += a.Amount
		x.Count++
		if a.CardHash != "" {
			x.ByCard[a.CardHash]++
		}
	}
	return x
}

// atStake says whether a payment may come to the shop's loss; money that goes back does not.
func atStake(a *pos.Attempt) bool {
	if a.Kind == pos.Refund {
		return false
	}
	switch a.State {
	case pos.OfflineApproved, pos.Deferred, pos.Delivering, pos.Manual, pos.LateDeclined:
		return true
	case pos.Reversing, pos.Unknown:
		return a.Deferred
	}
	return false
}

// Payment is what is asked about.
type Payment struct {
	Amount      pos.Amount
	CardHash    string
	Entry       string // chip contactless swipe
	PINOnline   bool   // needs a PIN that only the issuer can check
	Expired     bool
	Blacklisted bool
	LastOnline  time.Time
	Now         time.Time
}

// Offline says why a payment may not be taken without the host, as a reason of
// the till's own table; "" if it may.
func Offline(l Limits, x Exposure, p Payment) string {
	switch {
	case p.Blacklisted:
		return "card_blocked"
	case p.Expired:
		return "card_expired"
	case p.Entry != "chip" && p.Entry != "contactless":
		return "offline_swipe"
	case p.PINOnline:
		return "offline_pin"
	case TooLong(l, p.LastOnline, p.Now):
		return "offline_too_long"
	case p.Amount > l.PerPayment:
		return "offline_limit_payment"
	case x.ByCard[p.CardHash] >= l.PerCard:
		return "offline_limit_card"
	case x.Count >= l.Count:
		return "offline_limit_count"
	case x.Sum+p.Amount > l.PerTerminal:
		return "offline_limit_total"
	}
	return ""
}

// TooLong says whether the till has been without the host's word for so long
// that it stops taking cards by itself, or its clock cannot say.
func TooLong(l Limits, last, now time.Time) bool { return apart(now, last) > l.StopAfter }

// apart is how far two moments lie from each other. A clock that stands far
// before the last answer of the host (1970 after a dead battery) cannot say how
// long the till has been alone, so it counts like one far after it.
func apart(a, b time.Time) time.Duration {
	if a.Before(b) {
		a, b = b, a
	}
	return a.Sub(b)
}

// Room is what may still be taken: sum and count, neither below zero.
func Room(l Limits, x Exposure) (pos.Amount, int) {
	return max(0, l.PerTerminal-x.Sum), max(0, l.Count-x.Count)
}
