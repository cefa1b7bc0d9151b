package store_test

import (
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

const day = "2026-11-22"

// sold is a basket of two lines, 10.01 and 2.50, paid by cards and cash.
func sold(t testing.TB, s *store.Store, deferred pos.Amount, cash pos.Amount) (pos.Basket, pos.Event, pos.Event) {
	t.Helper()
	key := s.NextBasket()
	doc := pos.Basket{
		Key: key, State: pos.BasketPaid, Total: 1251, Tax: 145, Paid: deferred + cash,
		Lines: []pos.Line{
			{No: 1, SKU: "A1", Name: "Green Tea", Qty: 1000, Price: 1001, Total: 1001},
			{No: 2, SKU: "B2", Name: "乌龙茶", Qty: 3000, Price: 83, Total: 250},
		},
	}
	card := created(s, key)
	card.Amount = deferred
	var events []pos.Event
	if deferred > 0 {
		events = of(card, pos.EvCreated, pos.EvDeferred)
	}
	note := created(s, key)
	note.Amount, note.Tender, note.STAN, note.Batch = cash, pos.Cash, "", ""
	if cash > 0 {
		events = append(events, of(note, pos.EvCreated, pos.EvApproved)...)
	}
	must(t, s, pos.Commit{Events: append(events, pos.Event{Type: pos.EvBasketPaid, Basket: key, Day: day}), Baskets: []pos.Basket{doc}})
	return doc, card, note
}

func wantDay(t testing.TB, s *store.Store, what string, tax pos.Amount, baskets int, products map[string]pos.ProductSums) {
	t.Helper()
	tot, err := s.Totals(day)
	got := map[string]pos.ProductSums{}
	for _, p := range tot.ByProduct {
		got[p.SKU] = pos.ProductSums{Qty: p.Qty, Amount: p.Amount}
	}
	if err != nil || tot.Tax != tax || tot.Baskets != baskets || !reflect.DeepEqual(got, products) {
		t.Errorf("%s: tax %d, %d baskets, %v, want %d, %d, %v; %v", what, tot.Tax, tot.Baskets, got, tax, baskets, products, err)
	}
	storetest.Verify(t, s)
}

func TestLateDeclinedMoneyLeavesTaxAndProducts(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	full := map[string]pos.ProductSums{"A1": {Qty: 1000, Amount: 1001}, "B2": {Qty: 3000, Amount: 250}}
	_, card, _ := sold(t, s, 1251, 0)
	wantDay(t, s, "sold", 145, 1, full)
	must(t, s, pos.Commit{Events: of(card, pos.EvDelivering, pos.EvLateDeclined)})
	wantDay(t, s, "refused late", 0, 0, map[string]pos.ProductSums{})
	s.Close()
	s = open(t, store.Options{Dir: dir})
	back := of(card, pos.EvDelivered)
	back[0].Approved = 1251
	must(t, s, pos.Commit{Events: back})
	wantDay(t, s, "taken after all", 145, 1, full)
	must(t, s, pos.Commit{Events: of(card, pos.EvFollowUp)})
	must(t, s, pos.Commit{Events: of(card, pos.EvVoided)})
	wantDay(t, s, "voided", 0, 0, map[string]pos.ProductSums{})
}

func TestPartOfTheMoneyLeavesItsShare(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	_, card, _ := sold(t, s, 500, 751)
	must(t, s, pos.Commit{Events: of(card, pos.EvDelivering)})
	must(t, s, pos.Commit{Events: of(card, pos.EvLateDeclined)})
	// 751 of 1251: 145 -> 87.04, 1001 -> 600.92, 250 -> 150.08, 1000 -> 600.3, 3000 -> 1800.9
	wantDay(t, s, "a part", 87, 1, map[string]pos.ProductSums{"A1": {Qty: 600, Amount: 601}, "B2": {Qty: 1801, Amount: 150}})
	back := of(card, pos.EvDelivered)
	back[0].Approved = 500
	must(t, s, pos.Commit{Events: back})
	wantDay(t, s, "again", 145, 1, map[string]pos.ProductSums{"A1": {Qty: 1000, Amount: 1001}, "B2": {Qty: 3000, Amount: 250}})
}

func TestDeferredSaleGoesOnInTheNextAttempt(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	doc, card, _ := sold(t, s, 1251, 0)
	next := created(s, doc.Key)
	next.Amount = 1251
	must(t, s, pos.Commit{Events: append(of(card, pos.EvCancelled), of(next, pos.EvCreated, pos.EvDeferred)...)})
	full := map[string]pos.ProductSums{"A1": {Qty: 1000, Amount: 1001}, "B2": {Qty: 3000, Amount: 250}}
	wantDay(t, s, "gone on", 145, 1, full)
	doc.Attempts = append(doc.Attempts, next.Attempt) // a later writing of the document changes nothing
	must(t, s, pos.Commit{Baskets: []pos.Basket{doc}})
	wantDay(t, s, "written again", 145, 1, full)
	must(t, s, pos.Commit{Events: of(next, pos.EvDelivering, pos.EvLateDeclined)})
	wantDay(t, s, "refused", 0, 0, map[string]pos.ProductSums{})
}

func TestRefundBasketTakesItsLinesAway(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	_, card, _ := sold(t, s, 1251, 0)
	back := created(s, s.NextBasket())
	back.Kind, back.Amount, back.Original = pos.Refund, 250, card.Attempt
	doc := pos.Basket{
		Key: back.Basket, State: pos.BasketPaid, Total: -250, Tax: -29, Paid: -250,
		Lines: []pos.Line{{No: 1, SKU: "B2", Name: "乌龙茶", Qty: -3000, Price: 83, Total: -250}},
	}
	events := append(of(back, pos.EvCreated, pos.EvSending, pos.EvApproved), pos.Event{Type: pos.EvBasketPaid, Basket: back.Basket, Day: day})
	must(t, s, pos.Commit{Events: append(events, pos.Event{Type: pos.EvDelivering, Attempt: card.Attempt}), Baskets: []pos.Basket{doc}})
	wantDay(t, s, "refunded", 116, 1, map[string]pos.ProductSums{"A1": {Qty: 1000, Amount: 1001}})
	if a, err := s.Attempt(back.Attempt); err != nil || a.Original != card.Attempt {
		t.Errorf("the refund is of %q, %v", a.Original, err)
	}
}

func TestManyCommitsInOneFlushWeighTheirBaskets(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	key := s.NextBasket()
	a, b := created(s, key), created(s, key)
	doc := pos.Basket{Key: key, State: pos.BasketPaid, Tax: 100, Total: 2500}
	batch := []pos.Commit{
		{Events: of(a, pos.EvCreated, pos.EvDeferred)},
		{Events: append(of(b, pos.EvCreated, pos.EvApproved), pos.Event{Type: pos.EvBasketPaid, Basket: key, Day: day}), Baskets: []pos.Basket{doc}},
		{Events: of(a, pos.EvLateDeclined)},
	}
	if err := s.Together(batch); err != nil {
		t.Fatal(err)
	}
	wantDay(t, s, "one of two", 50, 1, map[string]pos.ProductSums{})
}

func TestShareIsExactHalfUp(t *testing.T) {
	for _, c := range []struct{ part, counted, paid, want int64 }{
		{145, 751, 1251, 87},
		{1, 1, 2, 1},
		{-1, 1, 2, -1},
		{1, 1, 3, 0},
		{5, 0, 10, 0},
		{5, 12, 10, 5},
		{5, 3, 0, 5},
		{math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64, math.MaxInt64 - 1},
		{math.MinInt64, 1, 2, math.MinInt64 / 2},
	} {
		if got := store.Share(c.part, c.counted, c.paid); got != c.want {
			t.Errorf("%d x %d/%d is %d, want %d", c.part, c.counted, c.paid, got, c.want)
		}
	}
}

func TestWhatWasTakenAwayComesBackExactly(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	defer storetest.Verify(t, s)
	rapid.Check(t, func(rt *rapid.T) {
		before, _ := s.Totals(day)
		cash := pos.Amount(rapid.IntRange(0, 3000).Draw(rt, "cash"))
		_, card, _ := sold(t, s, pos.Amount(rapid.IntRange(1, 3000).Draw(rt, "card")), cash)
		whole, _ := s.Totals(day)
		must(t, s, pos.Commit{Events: of(card, pos.EvDelivering, pos.EvLateDeclined)})
		part, _ := s.Totals(day)
		if want := before.Baskets; cash == 0 && (part.Baskets != want || part.Tax != before.Tax || !reflect.DeepEqual(part.ByProduct, before.ByProduct)) {
			rt.Fatalf("something is left: %+v, %+v", before, part)
		}
		if part.Tax > whole.Tax || part.Tax < before.Tax {
			rt.Fatalf("tax %d, %d, %d", before.Tax, part.Tax, whole.Tax)
		}
		back := of(card, pos.EvDelivered)
		back[0].Approved = card.Amount
		must(t, s, pos.Commit{Events: back})
		again, _ := s.Totals(day)
		if again.Tax != whole.Tax || again.Baskets != whole.Baskets || !reflect.DeepEqual(again.ByProduct, whole.ByProduct) {
			rt.Fatalf("%+v, %+v", whole, again)
		}
	})
}

func TestSharesThatDoNotFollowAreFound(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	doc, _, _ := sold(t, s, 500, 751)
	if err := s.Forge(doc.Key, 750); err != nil {
		t.Fatal(err)
	}
	found, err := s.Check(ctx)
	if err != nil || len(found) == 0 || found[0].Code != "totals_differ" {
		t.Errorf("found %v, %v", found, err)
	}
}
