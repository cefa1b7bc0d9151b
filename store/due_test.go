package store_test

import (
	"encoding/json"
	"errors"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/store"
)

// TestWhatIsDueIsTheSameInMemoryAndInTheFile: attempts for which something is
// due are not read for an answer, so what is answered has to be what the file
// has, and what was handed out may be written to, but for the boxes.
func TestWhatIsDueIsTheSameInMemoryAndInTheFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	var ids []string
	for _, way := range [][]pos.EventType{
		{pos.EvCreated, pos.EvSending},
		{pos.EvCreated, pos.EvSending, pos.EvUnknown, pos.EvReversing},
		{pos.EvCreated, pos.EvOfflineApproved, pos.EvDelivering},
		{pos.EvCreated, pos.EvSending, pos.EvApproved},
	} {
		e := created(s, "")
		for _, typ := range way {
			must(t, s, pos.Commit{Events: of(e, typ)})
		}
		ids = append(ids, e.Attempt)
	}
	said := func(s *store.Store) (all []string) {
		t.Helper()
		put := func(a pos.Attempt) {
			text, err := json.Marshal(a)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(text))
		}
		for _, id := range ids {
			a, err := s.Attempt(id)
			if err != nil {
				t.Fatal(err)
			}
			put(a)
			for i := range a.Seqs {
				a.Seqs[i] = 0
			}
		}
		due, err := s.Open()
		if err != nil || len(due) != 3 {
			t.Fatalf("%d are open, %v", len(due), err)
		}
		for _, a := range due {
			a.Seqs = append(a.Seqs, 0)
			put(a)
		}
		return all
	}
	first := said(s)
	again := said(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if _, err := s.Attempt(id); !errors.Is(err, pos.ErrSafeMode) {
			t.Errorf("a closed journal says of attempt %s: %v", id, err)
		}
	}
	file := said(open(t, store.Options{Dir: dir}))
	for i := range first {
		if first[i] != again[i] || first[i] != file[i] {
			t.Errorf("%s\nonce more %s\nin the file %s", first[i], again[i], file[i])
		}
	}
}
