package blackbox

import (
	"fmt"
	"slices"

	"tillkeeper/app/headless/blackbox/child"
)

// basket is what was asked for a basket, as far as the till said it.
type basket struct{ total int64 }

// tallies is the evening of a till.
type tallies struct {
	gross, net, refunds, pending, lateDeclined int64
	tender                                     map[string]int64
}

// order is what the wallet says of one order.
type order struct {
	Number, State    string
	Amount, Refunded int64
}

// books is everything that two sides say of the same payments.
type books struct {
	ledger   []entry
	attempts []attempt
	orders   map[string]order // by number, which is the attempt's
	baskets  map[string]basket
	totals   tallies
	seen     map[string]string // attempt to the state that its answer carried
}

var counted = map[string]bool{
	"approved": true, "delivered": true, "offline_approved": true, "deferred": true, "delivering": true, "settled": true, "refunded": true,
}

// debits are the kinds whose money the shop takes.
var debits = map[string]bool{"sale": true, "completion": true}

var undecided = map[string]bool{
	"created": true, "sending": true, "unknown": true, "reversing": true, "delivering": true, "offline_approved": true, "deferred": true,
	"manual": true, "refund_unknown": true,
}

// paid is what the customer's wallet paid in the end.
func (o order) paid() int64 {
	if o.State == "paid" || o.State == "refunded" {
		return o.Amount - o.Refunded
	}
	return 0
}

type key struct{ batch, stan string }

// faults compares the two sides when nothing is owed any more; an empty list
// means that nobody is charged twice, for nothing, or without being charged.
func (b books) faults() []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	charged := map[key]int64{}
	for _, e := range b.ledger {
		if moves(e) {
			charged[key{e.Batch, e.STAN}] += e.Net
		}
	}
	known := map[key]attempt{}
	byID := map[string]attempt{}
	perBasket := map[string]int64{}
	perTender := map[string]int64{}
	var all, late, back int64
	for _, a := range b.attempts {
		byID[a.ID] = a
		if undecided[a.State] {
			say("attempt %s is still %s (%s %s STAN %s)", a.ID, a.State, a.Tender, a.AnswerCode, a.STAN)
		}
		var stands int64
		switch {
		case counted[a.State] && a.Kind == "refund":
			stands = -a.Approved
			back += a.Approved
		case counted[a.State] && debits[a.Kind]:
			stands = a.Approved
			all += a.Approved
			perBasket[a.Basket] += a.Approved
			perTender[a.Tender] += a.Approved
		}
		if a.Late() && a.Kind == "sale" {
			late += a.Amount
		}
		if a.Tender == "qr" {
			if paid := b.orders[a.ID].paid(); a.Kind == "sale" && paid != stands-a.Refunded {
				say("attempt %s (%s): the wallet has %d, the till has %d", a.ID, a.State, paid, stands)
			}
		}
		if a.Tender != "card" {
			continue
		}
		if a.STAN == "" {
			continue
		}
		k := key{a.Batch, a.STAN}
		if other, twice := known[k]; twice {
			say("attempts %s and %s share batch %s STAN %s", other.ID, a.ID, k.batch, k.stan)
		}
		known[k] = a
		if charged[k] != stands {
			say("attempt %s (%s, STAN %s): the customer is charged %d, the till has %d", a.ID, a.State, a.STAN, charged[k], stands)
		}
	}
	for k, n := range charged {
		if _, ok := known[k]; !ok && n != 0 {
			say("the acquirer charges %d for batch %s STAN %s, the till knows nothing of it", n, k.batch, k.stan)
		}
	}
	for name, n := range perBasket {
		if t, ok := b.baskets[name]; ok && n > t.total {
			say("basket %s: %d was taken for a total of %d", name, n, t.total)
		}
	}
	b.promises(byID, say)
	b.lines(say)
	b.sums(all, back, late, perTender, say)
	return out
}

// sums compares the totals of the day with what the attempts say.
func (b books) sums(all, back, late int64, perTender map[string]int64, say func(format string, args ...any)) {
	if b.totals.refunds != back {
		say("totals say %d refunded, the attempts say %d", b.totals.refunds, back)
	}
	if b.totals.net != all-back {
		say("totals say %d net, the attempts say %d", b.totals.net, all-back)
	}
	if b.totals.gross != all {
		say("totals say %d, the attempts say %d", b.totals.gross, all)
	}
	for tender, n := range perTender {
		if b.totals.tender[tender] != n {
			say("totals say %d by %s, the attempts say %d", b.totals.tender[tender], tender, n)
		}
	}
	if b.totals.lateDeclined != late {
		say("totals say %d late declined, the attempts say %d", b.totals.lateDeclined, late)
	}
}

// keeps names the states that an attempt may have in the end, by the state that
// its answer carried. What is not named stays as it was said.
var keeps = map[string][]string{
	"reversing": {"reversed"}, "unknown": {"reversed"}, "refund_unknown": {"approved", "settled", "late_declined"},
	"approved":         {"approved", "settled", "voided", "refunded"},
	"delivered":        {"delivered", "settled", "voided", "refunded"},
	"offline_approved": {"delivered", "late_declined", "settled", "voided", "refunded", "cancelled"},
	"delivering":       {"delivered", "late_declined", "settled", "voided", "refunded", "cancelled"},
}

// promises holds what was seen on standard output against what was found.
func (b books) promises(byID map[string]attempt, say func(string, ...any)) {
	for id, state := range b.seen {
		may := keeps[state]
		if may == nil {
			may = []string{state}
		}
		if a, ok := byID[id]; !ok {
			say("attempt %s was answered %s and is lost", id, state)
		} else if !slices.Contains(may, a.State) {
			say("attempt %s was answered %s and is now %s", id, state, a.State)
		}
	}
}

// read asks the till and the acquirer for their books of a day.
func (s *shop) read() (books, error) {
	b := books{seen: map[string]string{}, baskets: map[string]basket{}}
	var err error
	if b.ledger, err = s.Ledger(); err != nil {
		return b, err
	}
	if b.orders, err = s.orders(); err != nil {
		return b, err
	}
	found, err := s.Till.Ask(cmd{"cmd": "find", "limit": 100000})
	if err != nil {
		return b, err
	}
	if err := child.Into(found["attempts"], &b.attempts); err != nil {
		return b, err
	}
	totals, err := s.Till.Ask(cmd{"cmd": "totals"})
	if err != nil {
		return b, err
	}
	var t struct {
		Gross, Net, Refunds, Pending int64
		LateDeclined                 int64                     `json:"late_declined"`
		ByTender                     map[string]map[string]any `json:"by_tender"`
	}
	if err := child.Into(totals, &t); err != nil {
		return b, err
	}
	b.totals = tallies{gross: t.Gross, net: t.Net, refunds: t.Refunds, pending: t.Pending, lateDeclined: t.LateDeclined, tender: map[string]int64{}}
	for name, sums := range t.ByTender {
		var n struct{ Gross int64 }
		if err := child.Into(sums, &n); err != nil {
			return b, err
		}
		b.totals.tender[name] = n.Gross
	}
	return b, nil
}
