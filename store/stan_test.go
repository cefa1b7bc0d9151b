package store_test

import (
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/store"
)

// bare is a card payment that has no trace number of its own.
func bare(s *store.Store, stan string) pos.Event {
	return pos.Event{
		Type: pos.EvCreated, Attempt: s.NextAttempt(), By: "1001", Kind: pos.Sale, Tender: pos.Card, Amount: 1250,
		Day: "2026-11-22", Hour: 9, Receipt: s.NextReceipt(), STAN: stan, Batch: "000001",
	}
}

func wantSTANs(t *testing.T, s *store.Store, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := s.NextSTAN(); got != w {
			t.Errorf("STAN %s, want %s", got, w)
		}
	}
}

// TestTraceNumbersFoundFreeAheadMayBeTakenMeanwhile: several numbers are looked at in one read; a commit may bring one of
// them that was not handed out.
func TestTraceNumbersFoundFreeAheadMayBeTakenMeanwhile(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	wantSTANs(t, s, "000001")
	e := bare(s, "")
	sending := of(e, pos.EvSending)[0]
	sending.STAN = "000005"
	must(t, s, pos.Commit{Events: []pos.Event{e, sending}})
	wantSTANs(t, s, "000002", "000003", "000004", "000006")
	must(t, s, pos.Commit{Events: of(bare(s, "000009"), pos.EvCreated, pos.EvDeclined)}) // the numbers go on after it
	must(t, s, pos.Commit{Events: of(e, pos.EvDeclined)})
	wantSTANs(t, s, "000010")
}

// TestTraceNumbersFoundFreeAheadEndWithTheirCircle: what was free behind 999990 says nothing of 000002.
func TestTraceNumbersFoundFreeAheadEndWithTheirCircle(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	for _, stan := range []string{"000002", "400000", "800000", "999990"} { // the circle goes the shorter way
		must(t, s, pos.Commit{Events: of(bare(s, stan), pos.EvCreated, pos.EvDeclined)})
	}
	wantSTANs(t, s, "999991")
	must(t, s, pos.Commit{Events: of(bare(s, "000001"), pos.EvCreated, pos.EvDeclined)})
	wantSTANs(t, s, "000003")
	must(t, s, pos.Commit{Settings: map[string]string{pos.SetBatch: "000002"}, Events: []pos.Event{{Type: pos.EvSignedIn, By: "1001"}}})
	wantSTANs(t, s, "000004", "000005")
	must(t, s, pos.Commit{Settings: map[string]string{pos.SetBatch: "000001"}, Events: []pos.Event{{Type: pos.EvSignedIn, By: "1001"}}})
	for range 20 { // past what was looked at in one read
		s.NextSTAN()
	}
	wantSTANs(t, s, "000026")
}
