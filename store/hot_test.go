package store_test

import (
	"path/filepath"
	"slices"
	"testing"

	bolt "go.etcd.io/bbolt"

	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

// oneByOne is a journal of n sales, one a commit, closed.
func oneByOne(t *testing.T, n int) (dir string, ids []string) {
	t.Helper()
	dir = t.TempDir()
	s := open(t, store.Options{Dir: dir})
	for range n {
		ids = append(ids, sell(t, s))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, ids
}

// past changes the file of a closed journal past it.
func past(t *testing.T, dir string, change func(*bolt.Tx) error) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(dir, "journal.db"), 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(change); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func hotNames(tx *bolt.Tx) (names []string) {
	_ = tx.ForEach(func(name []byte, _ *bolt.Bucket) error {
		if len(name) >= 3 && string(name[:3]) == "hot" {
			names = append(names, string(name))
		}
		return nil
	})
	return names
}

func TestFourCommitsShareALeaf(t *testing.T) {
	dir, _ := oneByOne(t, 10)
	past(t, dir, func(tx *bolt.Tx) error {
		if got, want := hotNames(tx), []string{"hot", "hot4", "hot8"}; !slices.Equal(got, want) {
			t.Errorf("%q instead of %q", got, want)
		}
		for _, name := range hotNames(tx) {
			if s := tx.Bucket([]byte(name)).Stats(); s.BranchPageN != 0 || s.KeyN > 4 {
				t.Errorf("%s has %d keys and %d branch pages", name, s.KeyN, s.BranchPageN)
			}
		}
		return nil
	})
	defer store.SetHotCommits(10)()
	s := open(t, store.Options{Dir: dir})
	sell(t, s) // moves all
	storetest.Verify(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	past(t, dir, func(tx *bolt.Tx) error {
		if got := hotNames(tx); !slices.Equal(got, []string{"hot"}) {
			t.Errorf("%q is left", got)
		}
		return nil
	})
}

func TestAJournalWithAllLayersInOneBucketGoesOn(t *testing.T) {
	dir, ids := oneByOne(t, 10)
	past(t, dir, func(tx *bolt.Tx) error {
		all := tx.Bucket([]byte("hot"))
		for _, name := range hotNames(tx)[1:] {
			err := tx.Bucket([]byte(name)).ForEach(all.Put)
			if err == nil {
				err = tx.DeleteBucket([]byte(name))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	s := open(t, store.Options{Dir: dir})
	for range 3 {
		ids = append(ids, sell(t, s))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, store.Options{Dir: dir})
	for _, id := range ids {
		if _, err := s.Attempt(id); err != nil {
			t.Error(err)
		}
	}
	storetest.Verify(t, s)
}

func TestLayersThatAreGoneAreNoticed(t *testing.T) {
	for name, code := range map[string]string{"hot": "record_damaged", "hot4": "record_damaged", "hot8": "journal_behind"} {
		dir, _ := oneByOne(t, 10)
		past(t, dir, func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte(name)) })
		s := open(t, store.Options{Dir: dir})
		wantSafe(t, s, code)
	}
}
