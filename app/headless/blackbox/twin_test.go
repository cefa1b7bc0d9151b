package blackbox

import (
	"fmt"
	"slices"
	"testing"

	"tillkeeper/app/staff"
)

// hashed is the Argon2id text of a PIN at a cost that suits a test.
func hashed(pin string) string {
	text, err := staff.Hash(pin, staff.Cost{Passes: 1, KiB: 64, Threads: 1})
	if err != nil {
		panic(err)
	}
	return text
}

// twins falsifies good books one way after the other, each of which the check
// has to find; it gives the ways that it does not.
func twins(good books) []string {
	var out []string
	for name, spoil := range map[string]func(*books) bool{
		"a charge doubled": func(b *books) bool {
			i := slices.IndexFunc(b.ledger, func(e entry) bool { return e.Net > 0 })
			if i >= 0 {
				b.ledger[i].Net *= 2
			}
			return i >= 0
		},
		"a reversal removed": func(b *books) bool {
			i := slices.IndexFunc(b.ledger, func(e entry) bool { return e.State == "reversed" && e.Kind == "sale" })
			if i >= 0 {
				b.ledger[i].State, b.ledger[i].Net = "approved", b.ledger[i].Amount
			}
			return i >= 0
		},
		"a wallet that paid, and nobody knows": func(b *books) bool {
			i := slices.IndexFunc(b.attempts, func(a attempt) bool { return a.Tender == "qr" && a.State == "approved" })
			if i >= 0 {
				b.attempts[i].State = "declined"
			}
			return i >= 0
		},
		"an attempt dropped": func(b *books) bool {
			i := slices.IndexFunc(b.attempts, func(a attempt) bool { return a.Tender == "card" && a.State == "approved" })
			if i >= 0 {
				b.attempts = slices.Delete(b.attempts, i, i+1)
			}
			return i >= 0
		},
		"an approval forgotten": func(b *books) bool {
			i := slices.IndexFunc(b.attempts, func(a attempt) bool { return a.Tender == "card" && a.State == "approved" })
			if i >= 0 {
				b.attempts[i].State = "declined"
			}
			return i >= 0
		},
		"a payment left open": func(b *books) bool {
			i := slices.IndexFunc(b.attempts, func(a attempt) bool { return a.State == "reversed" })
			if i >= 0 {
				b.attempts[i].State = "reversing"
			}
			return i >= 0
		},
		"a total too high": func(b *books) bool { b.totals.gross++; return true },
		"a promise broken": func(b *books) bool { b.seen["999999999999"] = "approved"; return true },
		"a basket paid twice": func(b *books) bool {
			i := slices.IndexFunc(b.attempts, func(a attempt) bool { return counted[a.State] })
			if i < 0 {
				return false
			}
			b.baskets[b.attempts[i].Basket] = basket{total: b.attempts[i].Approved - 1}
			return true
		},
	} {
		bad := good.copy()
		if !spoil(&bad) {
			out = append(out, fmt.Sprintf("these books have nothing to try %q on", name))
		} else if len(bad.faults()) <= len(good.faults()) {
			out = append(out, fmt.Sprintf("%s is not found", name))
		}
	}
	return out
}

func (b books) copy() books {
	c := b
	c.ledger, c.attempts = slices.Clone(b.ledger), slices.Clone(b.attempts)
	c.seen, c.baskets = map[string]string{}, map[string]basket{}
	for k, v := range b.seen {
		c.seen[k] = v
	}
	for k, v := range b.baskets {
		c.baskets[k] = v
	}
	return c
}

// goodBooks is a small day on which both sides agree.
func goodBooks() books {
	return books{
		ledger: []entry{
			{Batch: "000001", STAN: "000001", Kind: "sale", State: "approved", Amount: 300, Net: 300},
			{Batch: "000001", STAN: "000002", Kind: "sale", State: "reversed", Amount: 500},
			{Batch: "000001", STAN: "000002", Kind: "reversal", State: "done", Amount: 500},
			{Batch: "000001", STAN: "000003", Kind: "offline_sale", State: "approved", Amount: 200, Net: 200},
		},
		attempts: []attempt{
			{ID: "1", Basket: "b1", Tender: "card", State: "approved", Amount: 300, Approved: 300, Batch: "000001", STAN: "000001"},
			{ID: "2", Basket: "b2", Tender: "card", State: "reversed", Amount: 500, Batch: "000001", STAN: "000002"},
			{ID: "3", Basket: "b2", Tender: "card", State: "delivered", Amount: 200, Approved: 200, Batch: "000001", STAN: "000003"},
			{ID: "4", Basket: "b2", Tender: "cash", State: "approved", Amount: 300, Approved: 300},
			{ID: "5", Basket: "b3", Tender: "qr", State: "approved", Amount: 100, Approved: 100},
		},
		orders:  map[string]order{"5": {Number: "5", State: "paid", Amount: 100}},
		baskets: map[string]basket{"b1": {300}, "b2": {500}, "b3": {100}},
		totals:  tallies{gross: 900, tender: map[string]int64{"card": 500, "cash": 300, "qr": 100}},
		seen:    map[string]string{"1": "approved", "2": "reversing", "3": "offline_approved", "4": "approved"},
	}
}

// Test_the_check_finds_falsified_books is the planted bug of the kill loop.
func Test_the_check_finds_falsified_books(t *testing.T) {
	good := goodBooks()
	for _, f := range good.faults() {
		t.Error(f)
	}
	for _, f := range twins(good) {
		t.Error(f)
	}
}
