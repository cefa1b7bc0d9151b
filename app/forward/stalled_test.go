package forward

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/pos"
)

// deaf is a host that answers an echo and no payment: the front is there, what stands behind it is not. As the real line, it
// is degraded by a request without an answer and online by the next echo.
type deaf struct {
	*memHost
	state    string
	closes   bool // it closes the line on a payment
	reverses bool // it takes reversals
	asked    []time.Time
}

func (h *deaf) Exchange(_ context.Context, r pos.Request) (pos.Reply, error) {
	if h.reverses && r.Op == pos.OpReversal {
		return pos.Reply{Code: "00", Signed: true}, nil
	}
	at := time.Now()
	time.Sleep(10 * time.Second)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked, h.state = append(h.asked, at), "degraded"
	if h.closes {
		h.state = "offline"
	}
	return pos.Reply{}, pos.ErrNoAnswer
}

func (h *deaf) Echo(context.Context, string, string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = "online"
	return nil
}

func (h *deaf) Link() pos.Link {
	h.mu.Lock()
	defer h.mu.Unlock()
	return pos.Link{State: h.state}
}

// stalled runs a till with one attempt for an hour at a host that is deaf.
func stalled(t *testing.T, host *deaf, events ...pos.Event) {
	ctx, stop := context.WithCancel(t.Context())
	j := newMemJournal(time.Now, func(string, ...any) {})
	host.memHost, host.state = newMemHost(&plan{}, j, time.Now, func(string, ...any) {}), "online"
	id := j.NextAttempt()
	for i := range events {
		events[i].Attempt = id
	}
	if _, err := j.Append(ctx, pos.Commit{Events: events}); err != nil {
		t.Fatal(err)
	}
	f := New(Options{
		Journal: j, Host: host, Vault: &memVault{}, Codes: codes, Clock: pos.WallClock{}, DayOf: dayOf, Log: slog.New(slog.DiscardHandler),
	})
	done := make(chan struct{})
	go func() { defer close(done); f.Run(ctx) }()
	time.Sleep(time.Hour)
	synctest.Wait()
	stop()
	<-done
	host.mu.Lock()
	defer host.mu.Unlock()
	for n := 1; n < len(host.asked); n++ {
		if gap, least := host.asked[n].Sub(host.asked[n-1]), usual.Pause(n); gap < least {
			t.Errorf("try %d came %s after the one before, not %s", n+1, gap, least)
		}
	}
}

// TestAnEchoDoesNotEndTheBackOffOfAReversal: each echo that was answered after an unanswered reversal made it due at once.
// Instead of hours, 50 tries took 11 minutes of an acquirer that stalled; then the reversal waited for a person, and the
// customer with it.
func TestAnEchoDoesNotEndTheBackOffOfAReversal(t *testing.T) {
	for _, closes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			host := &deaf{closes: closes}
			stalled(
				t, host,
				pos.Event{Type: pos.EvCreated, Kind: pos.Sale, Tender: pos.Card, Amount: 100, STAN: "900001", Batch: pos.FirstBatch, Sealed: boxOf("batch")},
				pos.Event{Type: pos.EvSending}, pos.Event{Type: pos.EvUnknown}, pos.Event{Type: pos.EvReversing, Reason: "98"},
			)
			if all := host.j.all(); len(all) != 1 || all[0].State != pos.Reversing || len(host.asked) < 10 {
				t.Errorf("it closes the line %v: after an hour, %d tries: %+v", closes, len(host.asked), all)
			}
		})
	}
}

// TestAHostThatStallsDoesNotUseUpTheTriesOfADeferredSale: its five attempts followed one another without a pause; an
// acquirer that was slow for a minute after an outage made a late decline of every waiting sale.
func TestAHostThatStallsDoesNotUseUpTheTriesOfADeferredSale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host, now := &deaf{reverses: true}, time.Now()
		day, _ := dayOf(now)
		stalled(
			t, host,
			pos.Event{Type: pos.EvCreated, Kind: pos.Sale, Tender: pos.Card, Amount: 100, STAN: "900001", Batch: pos.FirstBatch, Sealed: boxOf("batch")},
			pos.Event{Type: pos.EvDeferred, Approved: 100, Offline: true, Waiting: boxOf(pos.DayKey(day)), Taken: &now},
		)
		if all := host.j.all(); len(host.asked) != usual.DeferredTries || all[len(all)-1].State != pos.LateDeclined {
			t.Errorf("after an hour, %d tries: %+v", len(host.asked), all)
		}
	})
}
