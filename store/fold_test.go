package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

// model is what a journal has to say, folded in memory by pos.Apply alone.
type model struct {
	attempts map[string]pos.Attempt
	events   map[string][]pos.Event
}

// events draws a run of events, some of them not permitted.
func draw(rt *rapid.T, m *model, s *store.Store) []pos.Event {
	types := make([]pos.EventType, 0, len(pos.Table))
	for _, r := range pos.Table {
		types = append(types, r.On)
	}
	slices.Sort(types)
	types = slices.Compact(types)
	var all []pos.Event
	for range rapid.IntRange(1, 4).Draw(rt, "events") {
		if len(m.attempts) == 0 || rapid.IntRange(0, 2).Draw(rt, "new") == 0 {
			kind := rapid.SampledFrom([]pos.Kind{pos.Sale, pos.Refund, pos.Void, pos.Completion}).Draw(rt, "kind")
			all = append(all, pos.Event{
				Type: pos.EvCreated, Attempt: s.NextAttempt(), Kind: kind, Tender: rapid.SampledFrom([]pos.Tender{pos.Cash, pos.Card, pos.QR}).Draw(rt, "tender"),
				Amount: pos.Amount(rapid.IntRange(1, 100_000).Draw(rt, "amount")), By: "1001", Receipt: s.NextReceipt(), STAN: s.NextSTAN(), Batch: "000001",
				Basket: s.NextBasket(), Day: fmt.Sprintf("2026-11-%02d", rapid.IntRange(1, 3).Draw(rt, "day")), Hour: rapid.IntRange(0, 23).Draw(rt, "hour"),
			})
			continue
		}
		ids := make([]string, 0, len(m.attempts))
		for id := range m.attempts {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		id := rapid.SampledFrom(ids).Draw(rt, "attempt")
		var fit []pos.EventType // mostly what may happen
		for _, r := range pos.Table {
			if r.From == m.attempts[id].State {
				fit = append(fit, r.On)
			}
		}
		if len(fit) == 0 || rapid.IntRange(0, 5).Draw(rt, "wild") == 0 {
			fit = types
		}
		e := pos.Event{Type: rapid.SampledFrom(fit).Draw(rt, "type"), Attempt: id}
		if e.Type == pos.EvApproved || e.Type == pos.EvDeferred || e.Type == pos.EvOfflineApproved {
			e.Approved = m.attempts[id].Amount
		}
		all = append(all, e)
	}
	return all
}

// try folds a commit in memory; an error leaves the model as it was.
func (m *model) try(events []pos.Event) (map[string]pos.Attempt, error) {
	next := map[string]pos.Attempt{}
	for _, e := range events {
		a, ok := next[e.Attempt]
		if !ok {
			a = m.attempts[e.Attempt]
		}
		a, err := pos.Apply(a, e)
		if err != nil {
			return nil, err
		}
		next[e.Attempt] = a
	}
	return next, nil
}

func TestStoreIsTheFoldOfItsEvents(t *testing.T) {
	defer store.SetHotCommits(5)()
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		o := store.Options{Dir: dir, Logger: quiet}
		s, err := store.Open(o)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { s.Close() }()
		m := &model{map[string]pos.Attempt{}, map[string][]pos.Event{}}
		for range rapid.IntRange(1, 25).Draw(rt, "commits") {
			events := draw(rt, m, s)
			_, want := m.try(events)
			got, err := s.Append(ctx, pos.Commit{Events: events})
			if (err == nil) != (want == nil) {
				rt.Fatalf("the store says %v, the fold %v", err, want)
			}
			if err == nil {
				next, _ := m.try(got)
				for id, a := range next {
					m.attempts[id] = a
				}
				for _, e := range got {
					m.events[e.Attempt] = append(m.events[e.Attempt], e)
				}
			}
			if rapid.IntRange(0, 9).Draw(rt, "restart") == 0 {
				s.Close()
				if s, err = store.Open(o); err != nil {
					rt.Fatal(err)
				}
			}
		}
		m.compare(rt, s)
		if found, err := s.Check(ctx); err != nil || len(found) > 0 {
			rt.Fatalf("check: %v, %v", found, err)
		}
	})
}

func (m *model) compare(rt *rapid.T, s *store.Store) {
	open := 0
	gross, refunds := map[string]pos.Amount{}, map[string]pos.Amount{}
	for id, want := range m.attempts {
		got, err := s.Attempt(id)
		if err != nil || got.State != want.State || got.Counts() != want.Counts() || !reflect.DeepEqual(got.Seqs, want.Seqs) {
			rt.Fatalf("attempt %+v, want %+v, %v", got, want, err)
		}
		if events, err := s.Events(id); err != nil || len(events) != len(m.events[id]) {
			rt.Fatalf("events %v, %v", events, err)
		}
		if same, err := s.OfBasket(want.Basket); err != nil || len(same) != 1 || same[0].ID != id {
			rt.Fatalf("by basket %v, %v", same, err)
		}
		if want.Open() {
			open++
		}
		switch want.Kind {
		case pos.Refund:
			refunds[want.Day] += want.Counts()
		case pos.Sale, pos.Completion:
			gross[want.Day] += want.Counts()
		}
	}
	if got, _ := s.Open(); len(got) != open {
		rt.Fatalf("%d open, want %d", len(got), open)
	}
	for d := 1; d <= 3; d++ {
		day := fmt.Sprintf("2026-11-%02d", d)
		got, err := s.Totals(day)
		if err != nil || got.Gross != gross[day] || got.Refunds != refunds[day] || got.Net != gross[day]-refunds[day] {
			rt.Fatalf("%s: %+v, want %d and %d, %v", day, got.Sums, gross[day], refunds[day], err)
		}
	}
	found, err := s.Find(pos.Query{FromDay: "2026-11-02", Limit: len(m.attempts) + 1})
	want := 0
	for _, a := range m.attempts {
		if a.Day >= "2026-11-02" {
			want++
		}
	}
	if err != nil || len(found) != want {
		rt.Fatalf("found %d, want %d, %v", len(found), want, err)
	}
	for i := 1; i < len(found); i++ {
		a, b := found[i-1], found[i]
		if a.Day < b.Day || a.Day == b.Day && a.Seqs[0] < b.Seqs[0] {
			rt.Fatalf("%s is before %s", a.ID, b.ID)
		}
	}
}

// TestARefusedCommitLeavesTheOthersOfItsFlush: what a refused commit folded
// before it was refused stands nowhere.
func TestARefusedCommitLeavesTheOthersOfItsFlush(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	key := s.NextBasket()
	a := created(s, key)
	must(t, s, pos.Commit{Events: of(a, pos.EvCreated)})
	took := pos.Basket{Key: key, State: pos.BasketOpen, Total: 1250}
	spoiled := took
	spoiled.Total = 1
	err := s.Together([]pos.Commit{
		{Events: of(a, pos.EvSending), Baskets: []pos.Basket{took}},
		{Events: of(a, pos.EvApproved, pos.EvSending), Baskets: []pos.Basket{spoiled}},
	})
	if !errors.Is(err, pos.ErrTransition) {
		t.Fatal(err)
	}
	look := func(s *store.Store) {
		t.Helper()
		now, err := s.Attempt(a.Attempt)
		if err != nil || now.State != pos.Sending || now.Approved != 0 || len(now.Seqs) != 2 {
			t.Errorf("%+v, %v", now, err)
		}
		if b, err := s.Basket(key); err != nil || b.Total != 1250 {
			t.Errorf("%+v, %v", b, err)
		}
		storetest.Verify(t, s)
	}
	look(s)
	must(t, s, pos.Commit{Events: of(a, pos.EvApproved)})
	if now, err := s.Attempt(a.Attempt); err != nil || now.State != pos.Approved || len(now.Seqs) != 3 {
		t.Errorf("%+v, %v", now, err)
	}
	storetest.Verify(t, s)
}
