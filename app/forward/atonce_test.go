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
		if got, did := f.atOnce(ctx, func() {}); got != r || did != ok {
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
	if _, ok := f.atOnce(gone, func() {}); ok {
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

// asking is a host whose answer has asked for a sign-on.
type asking struct {
	*memHost
	signed chan struct{}
}

func (h asking) SignOn(ctx context.Context, stan, batch, operator string) (pos.SignOnReply, error) {
	h.signed <- struct{}{}
	return h.memHost.SignOn(ctx, stan, batch, operator)
}

// TestASignOnThatTheHostAskedForIsNotLetWait: an idle till signed on only when the next probe of a broken line was due, 3 s
// later. A till that has signed off does not come back by itself.
func TestASignOnThatTheHostAskedForIsNotLetWait(t *testing.T) {
	for _, off := range []bool{false, true} {
		w, j, clock := queueAt(noon)
		host := asking{w.f.o.Host.(*memHost), make(chan struct{}, 1)}
		w.f.o.Host, w.f.o.Retry, w.probed = host, time.Hour, make(chan error, 1)
		w.state, w.ready, w.lastTry = "online", true, clock.t
		if off {
			if _, err := j.Append(t.Context(), pos.Commit{Settings: map[string]string{pos.SetSignOn: signedOff}}); err != nil {
				t.Fatal(err)
			}
		}
		host.ready = false
		w.housekeep(t.Context())
		if w.probing == off {
			t.Errorf("signed off %v: it signs on at once %v", off, w.probing)
		}
		if w.probing {
			if <-host.signed; <-w.probed != nil || !host.Ready() {
				t.Error("the sign-on was not made")
			}
		}
	}
}
