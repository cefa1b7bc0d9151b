package store_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

var (
	ctx   = context.Background()
	quiet = slog.New(slog.NewTextHandler(io.Discard, nil))
)

func open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	o.Logger = quiet
	s, err := store.Open(o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func must(t testing.TB, s *store.Store, c pos.Commit) []pos.Event {
	t.Helper()
	events, err := s.Append(ctx, c)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return events
}

// created asks for a card payment of 12.50.
func created(s *store.Store, basket string) pos.Event {
	return pos.Event{
		Type: pos.EvCreated, Attempt: s.NextAttempt(), Basket: basket, By: "1001", Kind: pos.Sale, Tender: pos.Card,
		Amount: 1250, Day: "2026-11-22", Hour: 9, Receipt: s.NextReceipt(), STAN: s.NextSTAN(), Batch: "000001",
	}
}

func of(e pos.Event, types ...pos.EventType) []pos.Event {
	var all []pos.Event
	for _, typ := range types {
		if typ == pos.EvCreated {
			all = append(all, e)
			continue
		}
		n := pos.Event{Type: typ, Attempt: e.Attempt}
		switch typ {
		case pos.EvApproved, pos.EvOfflineApproved, pos.EvDeferred:
			n.Approved, n.RRN, n.AuthCode, n.MaskedPAN = e.Amount, "123456789012", "A1B2C3", "622424******0113"
		}
		all = append(all, n)
	}
	return all
}

func TestSaleIsRememberedAcrossOpening(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	key := s.NextBasket()
	e := created(s, key)
	doc := pos.Basket{
		Key: key, State: pos.BasketOpen, Cashier: "1001", Total: 1250, Tax: 144,
		Lines: []pos.Line{{No: 1, SKU: "A1", Name: "tea", Qty: 1000, Price: 1250, Total: 1250}},
	}
	got := must(t, s, pos.Commit{Events: of(e, pos.EvCreated, pos.EvSending), Baskets: []pos.Basket{doc}, Settings: map[string]string{pos.SetBatch: "000001"}})
	if len(got) != 2 || got[0].Seq != 1 || got[1].Seq != 2 || got[0].Time.IsZero() {
		t.Fatalf("events %+v", got)
	}
	if open, _ := s.Open(); len(open) != 1 || open[0].State != pos.Sending {
		t.Fatalf("open %+v", open)
	}
	doc.State, doc.Paid, doc.Attempts = pos.BasketPaid, 1250, []string{e.Attempt}
	events := append(of(e, pos.EvApproved), pos.Event{Type: pos.EvBasketPaid, Basket: key})
	must(t, s, pos.Commit{Events: events, Baskets: []pos.Basket{doc}})
	storetest.Verify(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = open(t, store.Options{Dir: dir})
	if err := s.SafeMode(); err != nil || len(s.Notes()) != 0 {
		t.Fatalf("safe mode %v, notes %v", err, s.Notes())
	}
	a, err := s.Attempt(e.Attempt)
	if err != nil || a.State != pos.Approved || a.Approved != 1250 || a.AuthCode != "A1B2C3" || len(a.Seqs) != 3 {
		t.Fatalf("attempt %+v, %v", a, err)
	}
	if ev, err := s.Events(e.Attempt); err != nil || len(ev) != 3 || ev[2].Type != pos.EvApproved {
		t.Fatalf("events %+v, %v", ev, err)
	}
	for name, find := range map[string]func() ([]pos.Attempt, error){
		"basket":  func() ([]pos.Attempt, error) { return s.OfBasket(key) },
		"receipt": func() ([]pos.Attempt, error) { return s.OfReceipt(e.Receipt) },
		"last4":   func() ([]pos.Attempt, error) { return s.Find(pos.Query{Last4: "0113", ToDay: "2026-11-22"}) },
		"trace": func() ([]pos.Attempt, error) {
			a, err := s.ByTrace("000001", e.STAN)
			return []pos.Attempt{a}, err
		},
	} {
		if as, err := find(); err != nil || len(as) != 1 || as[0].ID != e.Attempt {
			t.Errorf("by %s: %+v, %v", name, as, err)
		}
	}
	for batch, want := range map[string]bool{"000001": true, "00000": false, "000002": false} {
		if used, err := s.BatchUsed(batch); used != want || err != nil {
			t.Errorf("batch %s used: %v, %v", batch, used, err)
		}
	}
	tot, err := s.Totals("2026-11-22")
	want := pos.Sums{Gross: 1250, Net: 1250, Count: 1}
	if err != nil || tot.Sums != want || tot.ByTender[pos.Card] != want || tot.ByHour[9] != want ||
		tot.ByCashier["1001"] != want || tot.Tax != 144 || tot.Baskets != 1 || len(tot.ByProduct) != 1 || tot.ByProduct[0].Amount != 1250 {
		t.Fatalf("totals %+v, %v", tot, err)
	}
	if n := s.NextAttempt(); n != "000000000002" {
		t.Errorf("next attempt %s", n)
	}
	if n := s.NextReceipt(); n != "000002" {
		t.Errorf("next receipt %s", n)
	}
	if n := s.NextSTAN(); n != "000002" {
		t.Errorf("next STAN %s", n)
	}
	storetest.Verify(t, s)
}

func TestTransitionIsRefusedAlone(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	good := created(s, "")
	must(t, s, pos.Commit{Events: of(good, pos.EvCreated, pos.EvSending, pos.EvDeclined)})
	_, err := s.Append(ctx, pos.Commit{Events: of(good, pos.EvApproved), Settings: map[string]string{"x": "y"}})
	if !errors.Is(err, pos.ErrTransition) {
		t.Fatalf("err %v", err)
	}
	if _, err := s.Append(ctx, pos.Commit{Events: of(good, pos.EvCreated)}); !errors.Is(err, pos.ErrTransition) {
		t.Fatalf("a second creation: %v", err)
	}
	if s.Setting("x") != "" {
		t.Error("a refused commit left a setting")
	}
	if seq, _ := s.Head(); seq != 3 {
		t.Errorf("head at %d", seq)
	}
	if _, err := s.Attempt("nobody"); !errors.Is(err, pos.ErrNotFound) {
		t.Errorf("err %v", err)
	}
	storetest.Verify(t, s)
}

func TestManyAtOnceShareFlushesAndNotErrors(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	const people, each = 16, 20
	var wg sync.WaitGroup
	for p := range people {
		wg.Go(func() {
			for range each {
				e := created(s, "")
				types := []pos.EventType{pos.EvCreated, pos.EvSending, pos.EvApproved}
				if p%4 == 0 {
					types = types[1:] // refused: never created
				}
				_, err := s.Append(ctx, pos.Commit{Events: of(e, types...)})
				if (err != nil) != (p%4 == 0) {
					t.Errorf("person %d: %v", p, err)
				}
				if _, err := s.Totals("2026-11-22"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	tot, err := s.Totals("2026-11-22")
	if n := people / 4 * 3 * each; err != nil || tot.Count != n || tot.Gross != pos.Amount(n)*1250 {
		t.Errorf("totals %+v, %v", tot.Sums, err)
	}
	storetest.Verify(t, s)
}

func TestSecondTillIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	_, err := store.Open(store.Options{Dir: dir, Logger: quiet})
	var e *pos.Error
	if !errors.As(err, &e) || e.Code != "data_in_use" {
		t.Fatalf("err %v", err)
	}
	s.Close()
	open(t, store.Options{Dir: dir})
}

func TestSTANPassesLiveAndUsedOnesAndWraps(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	live := created(s, "")
	live.STAN, live.Batch = "999999", "000009"
	used := created(s, "")
	used.STAN = "000001"
	last := created(s, "")
	last.STAN = "999998"
	must(t, s, pos.Commit{Events: of(live, pos.EvCreated), Settings: map[string]string{pos.SetBatch: "000001"}})
	must(t, s, pos.Commit{Events: of(used, pos.EvCreated, pos.EvDeclined)})
	for _, stan := range []string{"400000", "800000", "999998"} { // the circle goes the shorter way
		last.Attempt, last.STAN = s.NextAttempt(), stan
		must(t, s, pos.Commit{Events: of(last, pos.EvCreated, pos.EvDeclined)})
	}
	if n := s.NextSTAN(); n != "000002" {
		t.Errorf("STAN %s, want 000002: 999999 is live, 000001 used", n)
	}
}

func TestBasketsByState(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	for i, state := range []pos.BasketState{pos.BasketOpen, pos.BasketHeld, pos.BasketHeld, pos.BasketCleared} {
		must(t, s, pos.Commit{Baskets: []pos.Basket{{Key: s.NextBasket(), State: state, Total: pos.Amount(i)}}})
	}
	must(t, s, pos.Commit{Baskets: []pos.Basket{{Key: "000000000002", State: pos.BasketOpen}}})
	for range 2 {
		for state, n := range map[pos.BasketState]int{pos.BasketOpen: 2, pos.BasketHeld: 1, pos.BasketCleared: 1, pos.BasketPaid: 0} {
			if got, err := s.Baskets(state); err != nil || len(got) != n {
				t.Errorf("%s: %+v, %v", state, got, err)
			}
		}
		storetest.Verify(t, s)
		s.Close()
		s = open(t, store.Options{Dir: dir})
	}
}

func TestCancelledContextCommitsNothing(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	c, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Append(c, pos.Commit{Events: of(created(s, ""), pos.EvCreated)}); !errors.Is(err, context.Canceled) {
		t.Errorf("err %v", err)
	}
	if seq, _ := s.Head(); seq != 0 {
		t.Errorf("head at %d", seq)
	}
}

func TestPendingAndLateDeclined(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	e := created(s, "")
	must(t, s, pos.Commit{Events: of(e, pos.EvCreated, pos.EvDeferred)})
	tot, _ := s.Totals("2026-11-22")
	want := pos.Sums{Gross: 1250, Net: 1250, Count: 1}
	if tot.Pending != want || tot.Sums != want {
		t.Errorf("totals %+v", tot)
	}
	must(t, s, pos.Commit{Events: of(e, pos.EvDelivering, pos.EvLateDeclined)})
	tot, _ = s.Totals("2026-11-22")
	if tot.Pending != (pos.Sums{}) || tot.Sums != (pos.Sums{}) || tot.LateDeclined != want {
		t.Errorf("totals %+v", tot)
	}
	must(t, s, pos.Commit{Events: of(e, pos.EvResolved)})
	if tot, _ = s.Totals("2026-11-22"); tot.LateDeclined != want {
		t.Errorf("a decision does not undo the refusal: %+v", tot)
	}
	storetest.Verify(t, s)
}

// TestLateDeclinedAfterItsReversalCountsToo: a deferred sale that was answered
// 10, 68, 96 or 98, or five times not at all, is reversed before it is refused late.
func TestLateDeclinedAfterItsReversalCountsToo(t *testing.T) {
	for name, way := range map[string][]pos.EventType{
		"reversed":         {pos.EvDelivering, pos.EvReversing, pos.EvLateDeclined},
		"parked, reversed": {pos.EvDelivering, pos.EvReversing, pos.EvParked, pos.EvLateDeclined},
	} {
		s := open(t, store.Options{Dir: t.TempDir()})
		e := created(s, "")
		must(t, s, pos.Commit{Events: of(e, pos.EvCreated, pos.EvDeferred)})
		must(t, s, pos.Commit{Events: of(e, way[:len(way)-1]...)})
		if tot, _ := s.Totals("2026-11-22"); tot.LateDeclined != (pos.Sums{}) || tot.Sums != (pos.Sums{}) {
			t.Errorf("%s: before it is refused: %+v", name, tot)
		}
		must(t, s, pos.Commit{Events: of(e, pos.EvLateDeclined)})
		want := pos.Sums{Gross: 1250, Net: 1250, Count: 1}
		if tot, _ := s.Totals("2026-11-22"); tot.LateDeclined != want || tot.Sums != (pos.Sums{}) {
			t.Errorf("%s: %+v", name, tot)
		}
		storetest.Verify(t, s)
		found := pos.Event{Type: pos.EvResolved, Attempt: e.Attempt, How: pos.PaidOtherwise}
		must(t, s, pos.Commit{Events: []pos.Event{found}})
		if tot, _ := s.Totals("2026-11-22"); tot.LateDeclined != (pos.Sums{}) {
			t.Errorf("%s: paid otherwise: %+v", name, tot)
		}
		storetest.Verify(t, s)
	}
}

func TestTimeComesFromTheClock(t *testing.T) {
	at := time.Date(1970, 1, 1, 0, 0, 7, 0, time.UTC)
	s := open(t, store.Options{Dir: t.TempDir(), Clock: fixed(at)})
	got := must(t, s, pos.Commit{Events: []pos.Event{{Type: pos.EvSignedIn, By: "1001"}, {Type: pos.EvSignedOut, Time: at.Add(time.Hour)}}})
	if !got[0].Time.Equal(at) || !got[1].Time.Equal(at.Add(time.Hour)) {
		t.Errorf("times %v %v", got[0].Time, got[1].Time)
	}
	storetest.Verify(t, s)
}

type fixed time.Time

func (f fixed) Now() time.Time { return time.Time(f) }
