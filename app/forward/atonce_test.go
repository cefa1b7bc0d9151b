package forward

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// TestPrepareDoesTheOwnersWorkOnlyWhileItSleeps: whoever pays by card answers
// for the queue under its owner's turn, and not where a reversal has to go first.
func TestPrepareDoesTheOwnersWorkOnlyWhileItSleeps(t *testing.T) {
	ctx := t.Context()
	j := newMemJournal(time.Now, func(string, ...any) {})
	f := New(Options{
		Journal: j, Host: newMemHost(nil, j, time.Now, func(string, ...any) {}), Clock: pos.WallClock{}, DayOf: dayOf,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	keep := func(c pos.Commit) {
		t.Helper()
		if _, err := j.Append(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	want := func(when string, r pos.Ready, ok bool) {
		t.Helper()
		if got, did := f.atOnce(ctx); got != r || did != ok {
			t.Errorf("%s: %+v, %v, not %+v, %v", when, got, did, r, ok)
		}
	}
	want("before there is an owner", pos.Ready{}, false)
	f.turn.Unlock() // as an owner that sleeps
	want("nothing is owed", pos.Ready{Online: true}, true)

	keep(pos.Commit{Settings: map[string]string{pos.SetSettling: "{}"}})
	want("a settlement runs", pos.Ready{Reason: "settlement_running"}, true)
	keep(pos.Commit{Settings: map[string]string{pos.SetSettling: ""}})

	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, ok := f.atOnce(gone); ok {
		t.Error("somebody who is gone was answered")
	}

	id := j.NextAttempt()
	e := pos.Event{Type: pos.EvCreated, Attempt: id, Kind: pos.Sale, Tender: pos.Card, Amount: 100, STAN: "000001", Batch: pos.FirstBatch}
	keep(pos.Commit{Events: []pos.Event{
		e, {Type: pos.EvSending, Attempt: id}, {Type: pos.EvUnknown, Attempt: id}, {Type: pos.EvReversing, Attempt: id, Reason: "98"},
	}})
	want("a reversal is owed", pos.Ready{}, false)
	keep(pos.Commit{Events: []pos.Event{{Type: pos.EvReversed, Attempt: id, Code: "00"}}})
	want("it was acknowledged", pos.Ready{Online: true}, true)

	f.turn.Lock() // its owner is awake again
	want("the owner works", pos.Ready{}, false)
	f.Run(gone)
	want("after the owner's end", pos.Ready{}, false)
}
