package blackbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

// falsified are ways to spoil good books; false: there is nothing to try it on.
var falsified = map[string]func(*books) bool{
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
		i := slices.IndexFunc(b.attempts, func(a attempt) bool { return a.Tender == "qr" && a.Kind == "sale" && a.State == "approved" })
		if i >= 0 {
			b.attempts[i].State = "declined"
		}
		return i >= 0
	},
	"an attempt dropped": func(b *books) bool {
		i := slices.IndexFunc(b.attempts, stood)
		if i >= 0 {
			b.attempts = slices.Delete(b.attempts, i, i+1)
		}
		return i >= 0
	},
	"an approval forgotten": func(b *books) bool {
		i := slices.IndexFunc(b.attempts, stood)
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
	"a void that the till does not know": func(b *books) bool {
		i := slices.IndexFunc(b.attempts, func(a attempt) bool { return a.Tender == "card" && a.Kind == "sale" && a.State == "voided" })
		if i >= 0 {
			b.attempts[i].State = "approved"
		}
		return i >= 0
	},
	"a refund for more": func(b *books) bool {
		i := slices.IndexFunc(b.ledger, func(e entry) bool { return e.Kind == "refund" && e.State != "reversed" })
		if i >= 0 {
			b.ledger[i].Amount++
		}
		return i >= 0
	},
	"a total too high": func(b *books) bool { b.totals.gross++; return true },
	"a promise broken": func(b *books) bool { b.seen["999999999999"] = "approved"; return true },
	"a basket paid twice": func(b *books) bool {
		i := slices.IndexFunc(b.attempts, func(a attempt) bool { return counted[a.State] && a.Kind == "sale" })
		if i < 0 {
			return false
		}
		b.baskets[b.attempts[i].Basket] = basket{total: b.attempts[i].Approved - 1}
		return true
	},
}

// twins falsifies good books one way after the other, each of which the check
// has to find; it gives the ways that it does not.
func twins(good books) []string {
	var out []string
	for name, spoil := range falsified {
		bad := good.copy()
		if !spoil(&bad) {
			out = append(out, fmt.Sprintf("these books have nothing to try %q on", name))
		} else if len(bad.faults()) <= len(good.faults()) {
			out = append(out, fmt.Sprintf("%s is not found", name))
		}
	}
	return out
}

// stood is a sale by card that stands.
func stood(a attempt) bool {
	return a.Tender == "card" && a.Kind == "sale" && (a.State == "approved" || a.State == "settled")
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
			{Seq: 1, Batch: "000001", STAN: "000001", Kind: "sale", State: "approved", Amount: 300, Net: 300},
			{Seq: 2, Batch: "000001", STAN: "000002", Kind: "sale", State: "reversed", Amount: 500},
			{Seq: 3, Batch: "000001", STAN: "000002", Kind: "reversal", State: "done", Amount: 500},
			{Seq: 4, Batch: "000001", STAN: "000003", Kind: "offline_sale", State: "approved", Amount: 200, Net: 200},
			{Seq: 5, Batch: "000001", STAN: "000004", Kind: "sale", State: "voided", Amount: 400},
			{Seq: 6, Batch: "000001", STAN: "000005", Kind: "void", State: "approved", Amount: 400, Original: 5},
			{Seq: 7, Batch: "000001", STAN: "000006", Kind: "refund", State: "approved", Amount: 100, Net: -100, Original: 1},
		},
		attempts: []attempt{
			{ID: "1", Basket: "b1", Kind: "sale", Tender: "card", State: "approved", Amount: 300, Approved: 300, Refunded: 100, Batch: "000001", STAN: "000001"},
			{ID: "2", Basket: "b2", Kind: "sale", Tender: "card", State: "reversed", Amount: 500, Batch: "000001", STAN: "000002"},
			{ID: "3", Basket: "b2", Kind: "sale", Tender: "card", State: "delivered", Amount: 200, Approved: 200, Batch: "000001", STAN: "000003"},
			{ID: "4", Basket: "b2", Kind: "sale", Tender: "cash", State: "approved", Amount: 300, Approved: 300},
			{ID: "5", Basket: "b3", Kind: "sale", Tender: "qr", State: "approved", Amount: 100, Approved: 100},
			{ID: "6", Basket: "b4", Kind: "sale", Tender: "card", State: "voided", Amount: 400, Approved: 400, Batch: "000001", STAN: "000004"},
			{ID: "7", Kind: "void", Tender: "card", State: "approved", Amount: 400, Approved: 400, Batch: "000001", STAN: "000005"},
			{ID: "8", Kind: "refund", Tender: "card", State: "approved", Amount: 100, Approved: 100, Batch: "000001", STAN: "000006"},
		},
		orders:  map[string]order{"5": {Number: "5", State: "paid", Amount: 100}},
		baskets: map[string]basket{"b1": {300}, "b2": {500}, "b3": {100}},
		totals:  tallies{gross: 900, net: 800, refunds: 100, tender: map[string]int64{"card": 500, "cash": 300, "qr": 100}},
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

// forge writes one line into the acquirer's own ledger, on disk: a sale that
// the till has as reversed is charged after all. It gives what is wrong if the
// comparison does not see that.
func (l *loop) forge(good books) error {
	i := slices.IndexFunc(good.attempts, func(a attempt) bool { return a.Tender == "card" && a.State == "reversed" && a.Kind == "sale" })
	if i < 0 {
		return errors.New("no sale was reversed: nothing to forge")
	}
	a := good.attempts[i]
	l.CloseHost()
	name := filepath.Join(l.Host, "ledger.jsonl")
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	lines := bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
	line, err := json.Marshal(map[string]any{
		"seq": len(lines) + 1, "time": time.Now(), "tid": "12345678", "mid": "123456789012345", "batch": a.Batch, "stan": a.STAN,
		"mti": "0200", "kind": "sale", "amount": a.Amount, "code": "00", "state": "approved",
	})
	if err != nil {
		return err
	}
	if err := os.WriteFile(name, append(raw, append(line, '\n')...), 0o600); err != nil {
		return err
	}
	bad := good.copy()
	if bad.ledger, err = l.Ledger(); err != nil {
		return err
	}
	was, found := good.faults(), bad.faults()
	if len(bad.ledger) != len(lines)+1 || len(found) <= len(was) || !strings.Contains(strings.Join(found, ";"), "attempt "+a.ID) {
		return fmt.Errorf("STAN %s was charged after its reversal, and the comparison says %q", a.STAN, found)
	}
	return nil
}
