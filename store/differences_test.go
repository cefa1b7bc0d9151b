package store_test

import (
	"path/filepath"
	"reflect"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

func TestDifferencesUntilResolved(t *testing.T) {
	for name, hot := range map[string]int{"layers": 64, "moved": 0} {
		back := store.SetHotCommits(hot)
		dir := t.TempDir()
		s := open(t, store.Options{Dir: dir})
		id := sell(t, s)
		at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
		first := pos.Difference{ID: "20261122-2", Class: pos.AmountDiffers, Attempt: id, Ours: 1250, Theirs: 1200, Found: at, File: "f"}
		second := pos.Difference{ID: "20261122-1", Class: pos.TheirsOnly, Theirs: 100, Found: at.Add(time.Second), Time: at}
		must(t, s, pos.Commit{Events: []pos.Event{{Type: pos.EvReconciled, By: "1001"}}, Differences: []pos.Difference{second, first}})
		wantDifferences(t, s, name+": both", false, first, second)
		second.Resolved, second.By, second.How = at.Add(time.Hour), "1002", "refunded"
		must(t, s, pos.Commit{Events: []pos.Event{{Type: pos.EvDifferenceResolved, By: "1002"}}, Differences: []pos.Difference{second}})
		for range 2 {
			wantDifferences(t, s, name+": one", false, first)
			wantDifferences(t, s, name+": all", true, first, second)
			storetest.Verify(t, s)
			s.Close()
			s = open(t, store.Options{Dir: dir})
		}
		if _, err := s.Append(ctx, pos.Commit{Differences: []pos.Difference{{File: "f"}}}); err == nil {
			t.Error("a difference without an id was taken")
		}
		back()
	}
}

func wantDifferences(t *testing.T, s *store.Store, what string, all bool, want ...pos.Difference) {
	t.Helper()
	got, err := s.Differences(all)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s: %+v, want %+v, %v", what, got, want, err)
	}
}

func TestDifferenceOfNoAttemptIsFound(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	must(t, s, pos.Commit{Differences: []pos.Difference{{ID: "1", Attempt: "000000000009"}}})
	if found, err := s.Check(ctx); err != nil || len(found) != 1 || found[0].Code != "index_dangles" {
		t.Errorf("found %v, %v", found, err)
	}
}

func TestJournalOfTheFormerLayoutIsExtended(t *testing.T) {
	for name, hot := range map[string]int{"layers": 64, "moved": 0} {
		back := store.SetHotCommits(hot)
		dir := t.TempDir()
		s := open(t, store.Options{Dir: dir})
		doc, card, _ := sold(t, s, 1251, 0)
		if err := s.FormerLayout(doc.Key); err != nil {
			t.Fatal(err)
		}
		s.Close()
		withoutDifferences(t, dir)
		for range 2 {
			s = open(t, store.Options{Dir: dir})
			if err := s.SafeMode(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			storetest.Verify(t, s)
			wantDifferences(t, s, name, true)
			s.Close()
		}
		s = open(t, store.Options{Dir: dir})
		must(t, s, pos.Commit{Differences: []pos.Difference{{ID: "1"}}})
		wantDifferences(t, s, name, true, pos.Difference{ID: "1"})
		must(t, s, pos.Commit{Events: of(card, pos.EvDelivering, pos.EvLateDeclined)})
		wantDay(t, s, name+": refused late", 0, 0, map[string]pos.ProductSums{})
		s.Close()
		back()
	}
}

// withoutDifferences takes the bucket away as no store of this layout does.
func withoutDifferences(t *testing.T, dir string) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(dir, "journal.db"), 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("difference")) })
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLostBucketOfDifferencesIsNotMadeAnew(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	must(t, s, pos.Commit{Differences: []pos.Difference{{ID: "1"}}})
	s.Close()
	withoutDifferences(t, dir)
	wantSafe(t, open(t, store.Options{Dir: dir}), "record_damaged")
}
