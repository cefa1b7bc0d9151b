package store_test

import (
	"errors"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

// TestEachVisitsAllThatFindGives: over more attempts than one transaction looks
// at, those of the hot layers with them, and while the visitor writes.
func TestEachVisitsAllThatFindGives(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	const sales = 2300
	storetest.Fill(t, s, sales)
	must(t, s, storetest.Sale(s, sales))
	for _, q := range []pos.Query{
		{},
		{Limit: 1},
		{Limit: 1500},
		{FromDay: storetest.Day(700), ToDay: storetest.Day(1300)},
		{State: pos.Approved, FromDay: storetest.Day(1800)},
		{ToDay: "2025-12-31"},
		{Last4: "0003"},
	} {
		whole := q
		if q.Limit == 0 {
			whole.Limit = 10 * sales
		}
		want, err := s.Find(whole)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		err = s.Each(q, func(a pos.Attempt) error {
			if n >= len(want) || a.ID != want[n].ID || a.State != want[n].State {
				t.Fatalf("%+v: the attempt %d is %s", q, n, a.ID)
			}
			n++
			return nil
		})
		if err != nil || n != len(want) || q == (pos.Query{}) && n != sales+1 {
			t.Errorf("%+v: %d attempts of %d, %v", q, n, len(want), err)
		}
	}
	seen := map[string]int{}
	err := s.Each(pos.Query{}, func(a pos.Attempt) error {
		if seen[a.ID]++; len(seen)%500 == 0 {
			must(t, s, storetest.Sale(s, sales+len(seen)))
		}
		return nil
	})
	if err != nil || len(seen) != sales+1 {
		t.Errorf("%d attempts beside a writer, %v", len(seen), err)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was visited %d times", id, n)
		}
	}
}

func TestEachEndsWithTheVisitorsError(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	storetest.Fill(t, s, 5)
	enough, n := errors.New("enough"), 0
	err := s.Each(pos.Query{}, func(pos.Attempt) error {
		if n++; n == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != 3 {
		t.Errorf("%d visits, %v", n, err)
	}
	s.Close()
	if err := s.Each(pos.Query{}, func(pos.Attempt) error { return nil }); err == nil {
		t.Error("a closed journal was walked")
	}
}

// BenchmarkEachAt1M walks over every attempt of a journal of 1,000,000 records.
func BenchmarkEachAt1M(b *testing.B) {
	s, sales := largeJournal(b)
	n := 0
	for b.Loop() {
		n = 0
		if err := s.Each(pos.Query{}, func(pos.Attempt) error { n++; return nil }); err != nil || n < sales {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/attempt")
}
