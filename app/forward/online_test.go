package forward

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/app/risk"
)

// monotonic says whether a time outlives a clock that is set.
func monotonic(t time.Time) bool { return strings.Contains(t.String(), " m=") }

// onDisk is the clock as a journal gives it back.
func onDisk() time.Time { return time.Now().Round(0) }

func openAt(t *testing.T, now func() time.Time) (*owner, *memJournal) {
	t.Helper()
	j := newMemJournal(now, still)
	f := New(Options{
		Journal: j, Host: newMemHost(&plan{}, j, now, still), Vault: &memVault{},
		Clock: pos.WallClock{}, DayOf: dayOf, Log: slog.New(slog.DiscardHandler),
	})
	return &owner{f: f, items: map[string]*item{}}, j
}

// TestSettingTheClockParksNoReversal: the 24 h of a reversal and the wait after
// a 12 or 25 counted by the wall clock. Set forward, it gave every reversal to a
// person, and ended one before the delayed original could have arrived.
func TestSettingTheClockParksNoReversal(t *testing.T) {
	ago := time.Duration(0)
	w, j := openAt(t, func() time.Time { return onDisk().Add(-ago) })
	keep := func(events ...pos.Event) {
		if _, err := j.Append(t.Context(), pos.Commit{Events: events}); err != nil {
			t.Fatal(err)
		}
		w.reload()
	}
	first := pos.Event{
		Type: pos.EvCreated, Attempt: "A001", Kind: pos.Sale, Tender: pos.Card, Amount: 100, STAN: "000001", Batch: pos.FirstBatch,
	}
	rev := of(first, pos.EvReversing)
	rev.Reason = "98"
	keep(first, of(first, pos.EvSending), of(first, pos.EvUnknown), rev)
	since := w.items["A001"].a.Since
	if !monotonic(since) || monotonic(w.items["A001"].a.Unmatched) {
		t.Errorf("it is a reversal since %s, not found since %s", since, w.items["A001"].a.Unmatched)
	}
	try := of(first, pos.EvReversalTry)
	try.Reason = "25"
	keep(try)
	if a := w.items["A001"].a; !monotonic(a.Unmatched) || a.Since != since {
		t.Errorf("not found since %s, a reversal since %s, before %s", a.Unmatched, a.Since, since)
	}
	ago = time.Hour
	old := first
	old.Attempt, old.STAN = "A002", "000002"
	rev.Attempt = old.Attempt
	keep(old, of(old, pos.EvSending), of(old, pos.EvUnknown), rev)
	if a := w.items["A002"].a; monotonic(a.Since) {
		t.Errorf("what an earlier run left is on the clock of this one: %s", a.Since)
	}
}

// TestTheHostsLastWordOutlivesASetClock: it was kept without the monotonic
// clock, and a till whose clock was set took no card, or would for years.
func TestTheHostsLastWordOutlivesASetClock(t *testing.T) {
	w, j := openAt(t, onDisk)
	if !monotonic(w.f.LastOnline()) {
		t.Errorf("the first opening is %s", w.f.LastOnline())
	}
	w.f.heard()
	if !monotonic(w.f.LastOnline()) {
		t.Errorf("the host's last word is %s", w.f.LastOnline())
	}
	w.rememberOnline(t.Context())
	if monotonic(w.remembered) || j.Setting(pos.SetLastOnline) == "" {
		t.Errorf("the journal has %q, %s", j.Setting(pos.SetLastOnline), w.remembered)
	}
}

// TestAClockThatWasNeverSetBeginsNothing: a first opening at the year in which a
// board wakes up was kept, and once the clock was set the till took no card.
func TestAClockThatWasNeverSetBeginsNothing(t *testing.T) {
	for _, year := range []int{1970, 1980, 2000, 2015, 2019} {
		w, j, clock := queueAt(time.Date(year, 1, 1, 0, 5, 0, 0, time.UTC))
		w.rememberOnline(t.Context())
		if !w.f.LastOnline().IsZero() || j.Setting(pos.SetLastOnline) != "" {
			t.Errorf("in %d it counts from %s", year, w.f.LastOnline())
		}
		clock.t = noon
		if w.rememberOnline(t.Context()); risk.TooLong(risk.Default(), w.f.LastOnline(), clock.t) || !same(j.Setting(pos.SetLastOnline), noon) {
			t.Errorf("after %d, once the clock is set, it counts from %s", year, w.f.LastOnline())
		}
	}
}
