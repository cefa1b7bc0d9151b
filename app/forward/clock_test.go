package forward

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

func still(string, ...any) {}

// queueAt is an owner of the queue over a journal and a host in memory, and its clock.
func queueAt(t time.Time) (*owner, *memJournal, *memClock) {
	clock := &memClock{t: t}
	j := newMemJournal(clock.Now, still)
	host := newMemHost(&plan{}, j, clock.Now, still)
	f := New(Options{Journal: j, Host: host, Vault: &memVault{}, Clock: clock, DayOf: dayOf, Log: slog.New(slog.DiscardHandler)})
	return &owner{f: f, items: map[string]*item{}}, j, clock
}

// TestAClockThatWasSetBackHoldsNoReversal: the repeat after a 12 or 25 once waited until the clock had caught up with the
// first one, a year where it had been a year ahead, and the customer's money with it.
func TestAClockThatWasSetBackHoldsNoReversal(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"a minute and more": 61 * time.Second, "a day": 24 * time.Hour, "a year": 365 * 24 * time.Hour} {
		a := inState(pos.Reversing)
		a.LastError, a.Updated = "the host answered 25", noon.Add(ahead)
		if got := events(reverse(a, "25", nil, noon)); got != "reversal_try reversed " {
			t.Errorf("%s: the repeat came to %q", name, got)
		}
		w, _, _ := queueAt(noon)
		repeat := w.f.o.Host.ReversalRepeat()
		if it := w.taken(a); it.next.Sub(noon) > repeat {
			t.Errorf("%s: after a restart it waits %v", name, it.next.Sub(noon))
		}
	}
	w, _, _ := queueAt(noon)
	a := inState(pos.Reversing)
	a.LastError, a.Updated = "the host answered 12", noon.Add(-time.Second)
	if left := w.taken(a).next.Sub(noon); left != w.f.o.Host.ReversalRepeat()-time.Second {
		t.Errorf("with a good clock %v is left of the wait", left)
	}
}

// TestTheHostsLastWordIsKeptAfterTheClockWasSetBack: until the clock had caught up no word was kept, and a till that was
// started again without a line took no card.
func TestTheHostsLastWordIsKeptAfterTheClockWasSetBack(t *testing.T) {
	w, j, clock := queueAt(noon.AddDate(1, 0, 0))
	w.f.heard()
	w.rememberOnline(context.Background())
	clock.t = noon
	w.f.heard()
	w.rememberOnline(context.Background())
	if got := j.Setting(pos.SetLastOnline); got != noon.Format(time.RFC3339) {
		t.Errorf("the journal has %s", got)
	}
}

// TestALateApprovalOfALateDeclinedSaleIsReversed: it was only noted, and the customer stayed charged for a sale that the
// shop had written down as refused.
func TestALateApprovalOfALateDeclinedSaleIsReversed(t *testing.T) {
	a := inState(pos.LateDeclined)
	a.Deferred, a.Offline, a.Code, a.Approved, a.Reason = true, true, "51", 0, ""
	e, ok := judgeLate(a, pos.LateReply{Reply: pos.Reply{Code: "00", Signed: true}}, decline.Success)
	if !ok || e.Type != pos.EvLateApproval {
		t.Fatalf("the approval is %s, %v", e.Type, ok)
	}
	open, err := pos.Apply(a, e)
	if err != nil || open.State != pos.Reversing || !open.LateApproved {
		t.Fatalf("%+v, %v", open, err)
	}
	v := reverse(open, "00", nil, noon)
	if got := events(v); got != "late_declined " || v.linked {
		t.Errorf("its reversal comes to %q, charged anew %v: a person had it", got, v.linked)
	}
	upload := inState(pos.LateDeclined)
	upload.Offline, upload.Reason = true, ""
	if e, ok := judgeLate(upload, pos.LateReply{Reply: pos.Reply{Code: "00", Signed: true}}, decline.Success); !ok || e.Type != pos.EvDelivered {
		t.Errorf("what the card approved is %s, %v", e.Type, ok)
	}
}

// used is a journal whose batch has no trace number left.
type used struct{ *memJournal }

func (used) NextSTAN() string { return "" }

// TestADeferredSaleWithoutATraceNumberSaysSo: it said that keys were missing.
func TestADeferredSaleWithoutATraceNumberSaysSo(t *testing.T) {
	w, j, _ := queueAt(noon)
	w.f.o.Journal = used{j}
	a := inState(pos.Reversing)
	a.Deferred, a.Taken = true, noon
	got := w.goOn(a, []pos.Event{acknowledged(a, pos.Reply{Code: "00"})}, noon)
	if len(got) != 1 || got[0].Type != pos.EvLateDeclined || got[0].Code != "no_trace_number" {
		t.Errorf("%+v", got)
	}
}
