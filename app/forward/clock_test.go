package forward

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
	"tillkeeper/app/risk"
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

// same says whether a text is a time, in whatever zone.
func same(text string, want time.Time) bool {
	got, err := time.Parse(time.RFC3339, text)
	return err == nil && got.Equal(want)
}

// TestAClockThatWasSetBackHoldsNoReversal: the repeat after a 12 or 25 once waited until the clock had caught up with the
// first one, a year where it had been a year ahead, and the customer's money with it.
func TestAClockThatWasSetBackHoldsNoReversal(t *testing.T) {
	for name, ahead := range map[string]time.Duration{
		"a minute and more": 61 * time.Second, "a day": 24 * time.Hour, "a year": 365 * 24 * time.Hour,
	} {
		a := inState(pos.Reversing)
		a.Unmatched = noon.Add(ahead)
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
	a.Unmatched = noon.Add(-time.Second)
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
	if got := j.Setting(pos.SetLastOnline); !same(got, noon) {
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
	yes := pos.LateReply{Reply: pos.Reply{Code: "00", Signed: true}}
	if e, ok := judgeLate(upload, yes, decline.Success); !ok || e.Type != pos.EvDelivered {
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

// TestATillThatNeverReachedItsHostCountsFromItsFirstOpening: it declined every offline approval with offline_too_long, a
// second after its first start: its host's last word was of 1970. A clock at 1970 begins nothing; a restart changes nothing.
func TestATillThatNeverReachedItsHostCountsFromItsFirstOpening(t *testing.T) {
	ctx := context.Background()
	tooLong := func(f *Forwarder) bool { return risk.TooLong(risk.Default(), f.LastOnline(), f.o.Clock.Now()) }
	w, j, clock := queueAt(time.Unix(300, 0))
	if w.rememberOnline(ctx); !tooLong(w.f) || j.Setting(pos.SetLastOnline) != "" {
		t.Errorf("at 1970 it counts from %v, kept %q", w.f.LastOnline(), j.Setting(pos.SetLastOnline))
	}
	clock.t = noon
	if w.rememberOnline(ctx); tooLong(w.f) || !w.f.LastOnline().Equal(noon) {
		t.Errorf("once the clock is set it counts from %v", w.f.LastOnline())
	}
	for after, want := range map[time.Duration]bool{time.Second: false, 23 * time.Hour: false, 25 * time.Hour: true} {
		clock.t = noon.Add(after)
		again := New(w.f.o)
		if again.LastOnline().Unix() != noon.Unix() || tooLong(again) != want {
			t.Errorf("%v later, after a restart, it counts from %v, too long %v", after, again.LastOnline(), tooLong(again))
		}
	}
	clock.t = noon
	w.f.heard()
	if first := New(Options{Journal: newMemJournal(clock.Now, still), Host: w.f.o.Host, Clock: clock}); tooLong(first) {
		t.Error("a new till takes nothing")
	}
}

// full is a journal that takes no settings for a while.
type full struct {
	*memJournal
	until *int
}

func (j full) Append(ctx context.Context, c pos.Commit) ([]pos.Event, error) {
	if *j.until--; *j.until >= 0 {
		return nil, pos.ErrNotCommitted
	}
	return j.memJournal.Append(ctx, c)
}

// TestTheFirstOpeningIsKeptThoughTheJournalWasFull: what the journal did not take was never offered again until the host
// spoke, and every restart without it began to count anew.
func TestTheFirstOpeningIsKeptThoughTheJournalWasFull(t *testing.T) {
	w, j, clock := queueAt(noon)
	tries := 1
	w.f.o.Journal = full{j, &tries}
	for range 120 {
		w.rememberOnline(context.Background())
		clock.t = clock.t.Add(time.Second)
	}
	if got := j.Setting(pos.SetLastOnline); !same(got, noon) || tries != -1 {
		t.Errorf("the journal has %q, asked again %d times", got, -tries)
	}
}

// TestASecond25EndsAReversalWhateverCameBetween: no answer, or a 68, between two of them made the second one the first
// again, and the reversal stayed open until the change of batch gave it to a person.
func TestASecond25EndsAReversalWhateverCameBetween(t *testing.T) {
	type said struct {
		code string
		err  error
	}
	for name, between := range map[string][]said{
		"nothing": nil, "no answer": {{"", pos.ErrNoAnswer}}, "68": {{"68", nil}},
		"both, and a sign-on": {{"", pos.ErrBadMAC}, {"68", nil}, {"77", nil}},
	} {
		a, now := inState(pos.Reversing), noon
		try := func(s said) {
			for _, e := range reverse(a, s.code, s.err, now).events {
				e.Time = now
				var err error
				if a, err = pos.Apply(a, e); err != nil {
					t.Fatal(err)
				}
			}
			now = now.Add(time.Minute)
		}
		for _, s := range append([]said{{"25", nil}}, between...) {
			if try(s); a.State != pos.Reversing {
				t.Fatalf("%s: %+v ends it", name, s)
			}
		}
		doubted := a
		if try(said{"12", nil}); a.State != pos.Reversed || !a.Flagged {
			t.Errorf("%s: the second one leaves it %s, flagged %v", name, a.State, a.Flagged)
		}
		for code, class := range map[string]decline.Class{"00": decline.Success, "96": decline.Unknown} {
			e, _ := judgeLate(doubted, pos.LateReply{Reply: pos.Reply{Code: code, Signed: true}}, class)
			if b, err := pos.Apply(doubted, e); err != nil || !b.Unmatched.IsZero() || b.LateApproved != (code == "00") {
				t.Errorf("%s: after a late %s it is not found since %v, %v", name, code, b.Unmatched, err)
			}
		}
	}
	old := pos.Event{Type: pos.EvReversalTry, Attempt: "A001", Text: "the host answered 25"}
	if a, err := pos.Apply(inState(pos.Reversing), old); err != nil || !a.Unmatched.IsZero() || a.LastError != old.Text {
		t.Errorf("a journal from before folds into %+v, %v", a, err)
	}
}

// TestAReversalThatIsOpenedAgainKeepsItsReason: a late approval made 98 of A0 and of 06, and the repeat was another message.
// A deferred sale that had failed for good was charged anew by it.
func TestAReversalThatIsOpenedAgainKeepsItsReason(t *testing.T) {
	for _, s := range []pos.State{pos.Reversing, pos.Reversed, pos.Manual, pos.Cancelled, pos.LateDeclined} {
		for _, reason := range []string{"98", "A0", "06"} {
			for code, class := range map[string]decline.Class{"00": decline.Success, "96": decline.Unknown} {
				for _, deferred := range []bool{false, true} {
					a := inState(s)
					a.Reason, a.Deferred = reason, deferred
					e, ok := judgeLate(a, pos.LateReply{Reply: pos.Reply{Code: code, Signed: true}}, class)
					b, err := pos.Apply(a, e)
					if !ok || err != nil || e.Type == pos.EvLateApproval && b.State != pos.Reversing {
						continue
					}
					person := deferred && s != pos.Reversing && (class == decline.Unknown || s == pos.LateDeclined)
					if e.Type == pos.EvLateApproval && (b.Reason != reason && !person || b.GoesOn() && (person || reason == "06")) {
						t.Errorf("%s %s, deferred %v, late %s: reason %s, charged anew %v", s, reason, deferred, code, b.Reason, b.GoesOn())
					}
				}
			}
		}
	}
}
