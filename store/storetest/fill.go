package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/store"
)

// The shop that Fill invents.
const (
	EventsPerSale = 4   // what Fill writes into the log for one sale
	salesPerDay   = 600 // of the invented shop
	fillBatch     = 500 // sales that share a commit
	articles      = 200
	cashiers      = 4
)

// FirstDay is the business day of the first sale of Fill.
var FirstDay = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Day gives the business day of the i-th sale of Fill, from 0.
func Day(i int) string { return FirstDay.AddDate(0, 0, i/salesPerDay).Format(time.DateOnly) }

// Fill appends n finished sales, EventsPerSale events each, cash, card and QR
// over as many business days as they need, many a commit.
func Fill(t testing.TB, s *store.Store, n int) {
	t.Helper()
	for from := 0; from < n; from += fillBatch {
		var c pos.Commit
		for i := from; i < min(n, from+fillBatch); i++ {
			add(&c, Sale(s, i))
		}
		if _, err := s.Append(context.Background(), c); err != nil {
			t.Fatalf("filling: %v", err)
		}
	}
}

func add(to *pos.Commit, c pos.Commit) {
	to.Events = append(to.Events, c.Events...)
	to.Baskets = append(to.Baskets, c.Baskets...)
}

// Sale makes the whole commit of the i-th sale: created, sending (or created
// and approved for cash, with the drawer), approved, basket paid.
func Sale(s *store.Store, i int) pos.Commit {
	tender := [...]pos.Tender{pos.Card, pos.QR, pos.Cash, pos.Card, pos.QR}[i%5]
	at := FirstDay.AddDate(0, 0, i/salesPerDay).Add(8*time.Hour + time.Duration(i%salesPerDay)*time.Minute)
	id, key, receipt := s.NextAttempt(), s.NextBasket(), s.NextReceipt()
	by := fmt.Sprintf("%d", 1001+i%cashiers)
	doc := pos.Basket{Key: key, Receipt: receipt, State: pos.BasketPaid, Cashier: by, Mode: pos.TaxIncluded, Attempts: []string{id}}
	for l := range 1 + i%4 {
		article := (i*7 + l*13) % articles
		price := pos.Amount(350 + article*25)
		doc.Lines = append(doc.Lines, pos.Line{
			No: l + 1, SKU: fmt.Sprintf("SKU%04d", article), Barcode: fmt.Sprintf("69012345%05d", article),
			Name: fmt.Sprintf("article %d", article), Unit: "pc", Qty: pos.One, Price: price, Tax: 1300,
			Total: price, TaxSum: price * 1300 / 11300,
		})
		doc.Total += price
		doc.Tax += price * 1300 / 11300
	}
	doc.NextLine, doc.Paid = len(doc.Lines)+1, doc.Total
	created := pos.Event{
		Type: pos.EvCreated, Time: at, Attempt: id, Basket: key, By: by, Kind: pos.Sale, Tender: tender,
		Amount: doc.Total, Day: at.Format(time.DateOnly), Hour: at.Hour(), Receipt: receipt,
	}
	middle := pos.Event{Type: pos.EvSending, Time: at, Attempt: id}
	approved := pos.Event{Type: pos.EvApproved, Time: at.Add(2 * time.Second), Attempt: id, Approved: doc.Total}
	switch tender {
	case pos.Cash:
		middle = pos.Event{Type: pos.EvReprinted, Time: at, By: by}
		approved.Tendered = doc.Total + 500
		approved.Change = 500
	case pos.QR:
		created.Wallet = "wechat"
		approved.Order = "T" + id
	case pos.Card:
		created.STAN, created.Batch = fmt.Sprintf("%06d", 1+i%999999), fmt.Sprintf("%06d", 1+i/salesPerDay)
		approved.RRN, approved.AuthCode, approved.Org = id, fmt.Sprintf("%06X", i%0xFFFFFF), "CUP"
		approved.MaskedPAN, approved.EntryMode = fmt.Sprintf("622424******%04d", i%10000), "contactless"
		approved.CardHash = fmt.Sprintf("%064x", i)
	}
	paid := pos.Event{Type: pos.EvBasketPaid, Time: approved.Time, Basket: key, By: by, Day: created.Day, Receipt: receipt}
	return pos.Commit{Events: []pos.Event{created, middle, approved, paid}, Baskets: []pos.Basket{doc}}
}
