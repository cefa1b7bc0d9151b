package forward

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func inState(s pos.State) pos.Attempt {
	return pos.Attempt{
		ID: "A001", State: s, Tender: pos.Card, Batch: "000001", STAN: "000007", Amount: 1000, Approved: 1000,
		Created: noon, Since: noon, Updated: noon, Reason: "98", Waiting: boxOf("day"), Sealed: boxOf("batch"),
	}
}

func events(v verdict) string {
	s := ""
	for _, e := range v.events {
		s += string(e.Type) + " "
	}
	return s
}

func reverse(a pos.Attempt, code string, err error, now time.Time) verdict {
	return judgeReversal(usual, a, pos.Reply{Code: code, Signed: true}, err, "000001", time.Minute, now)
}

// TestRule4UnknownMeansReverse: reasons, acknowledgement, repeat, parking.
func TestRule4UnknownMeansReverse(t *testing.T) {
	for err, want := range map[error]string{pos.ErrNoAnswer: "98", pos.ErrBadMAC: "A0", context.Canceled: "06"} {
		if got, left := unanswered(err); got != want || !left {
			t.Errorf("%v is reason %q, %v", err, got, left)
		}
	}
	for _, err := range []error{pos.ErrNotSent, pos.ErrNoKeys, pos.ErrLineBusy} {
		if _, left := unanswered(fmt.Errorf("wrapped: %w", err)); left {
			t.Errorf("%v counts as sent", err)
		}
	}
	a := inState(pos.Reversing)
	again := a
	again.Unmatched = noon.Add(-time.Minute)
	early := again
	early.Unmatched = noon.Add(-time.Second)
	late := again
	late.LateApproved = true
	tried := a
	tried.Tries = usual.Tries - 1
	old := a
	old.Batch = "000000"
	for name, c := range map[string]struct {
		a    pos.Attempt
		code string
		err  error
		now  time.Time
		want string
	}{
		"acknowledged by 00":             {a, "00", nil, noon, "reversed "},
		"no answer keeps it":             {a, "", pos.ErrNoAnswer, noon, "reversal_try "},
		"not sent is no try":             {a, "", pos.ErrNotSent, noon, ""},
		"a first 25 waits":               {a, "25", nil, noon, "reversal_try "},
		"a second one ends it":           {again, "25", nil, noon, "reversal_try reversed "},
		"a second one too early":         {early, "25", nil, noon, ""},
		"not once an approval came":      {late, "25", nil, noon, "reversal_try "},
		"a second 12 after a change":     {old, "12", nil, noon, "reversal_try parked "},
		"another code keeps it":          {a, "30", nil, noon, "reversal_try "},
		"the fiftieth try parks it":      {tried, "30", nil, noon, "reversal_try parked "},
		"so does a day":                  {a, "", pos.ErrNotSent, noon.Add(usual.GiveUp), "parked "},
		"a manual one is parked no more": {inState(pos.Manual), "", pos.ErrNoAnswer, noon.Add(usual.GiveUp), "reversal_try "},
	} {
		if got := events(reverse(c.a, c.code, c.err, c.now)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if v := reverse(again, "25", nil, noon); !v.events[1].Flag {
		t.Error("a reversal that nobody knew is not looked for in the file")
	}
	if v := reverse(a, "25", nil, noon); v.again != time.Minute {
		t.Errorf("the repeat comes after %v", v.again)
	}
}

// TestRule4BackOff: 5 s doubling to 5 min.
func TestRule4BackOff(t *testing.T) {
	for n, want := range map[int]time.Duration{0: 5, 1: 5, 2: 10, 3: 20, 6: 160, 7: 300, 50: 300, 1 << 30: 300} {
		if got := usual.Pause(n); got != want*time.Second {
			t.Errorf("try %d waits %v", n, got)
		}
	}
}

// TestRule6LateAnswerNeverRevives: in no state does a late answer lead to a
// sale that counts, but for an upload that the card approved.
func TestRule6LateAnswerNeverRevives(t *testing.T) {
	for s := range pos.StateRules {
		for _, deferred := range []bool{false, true} {
			a := inState(s)
			a.Deferred, a.Offline = deferred, deferred
			for code, class := range map[string]decline.Class{"00": decline.Success, "51": decline.NoRetry} {
				e, ok := judgeLate(a, pos.LateReply{Reply: pos.Reply{Code: code, Signed: true}}, class)
				if !ok {
					continue
				}
				to, err := pos.Apply(a, e)
				if err != nil {
					t.Errorf("%s: %v", s, err)
				}
				if pos.StateRules[to.State].Counted && !pos.StateRules[s].Counted {
					t.Errorf("a late %s revives %s as %s", code, s, to.State)
				}
				if reversal := s == pos.Reversing || s == pos.Reversed || s == pos.Manual; reversal && code == "00" && !to.LateApproved {
					t.Errorf("a late approval in %s leaves %s not reopened", s, to.State)
				}
			}
		}
	}
	unsigned := pos.LateReply{Reply: pos.Reply{Code: "00"}}
	if e, _ := judgeLate(inState(pos.Reversed), unsigned, decline.Success); e.Type != pos.EvLateAnswer {
		t.Errorf("an approval without a MAC is %s", e.Type)
	}
}

// TestRule7Uploads: 00 is delivered, 94 only where it was sent before, another
// code stops the item.
func TestRule7Uploads(t *testing.T) {
	for _, c := range []struct {
		code string
		sent int
		err  error
		want string
		sign bool
	}{
		{"00", 1, nil, "delivered ", false},
		{"94", 1, nil, "parked ", false},
		{"94", 2, nil, "delivered ", false},
		{"51", 1, nil, "late_declined ", false},
		{"10", 1, nil, "late_declined ", false},
		{"77", 1, nil, "delivery_try ", true},
		{"A0", 1, nil, "delivery_try ", true},
		{"", 1, pos.ErrNoAnswer, "delivery_try ", false},
		{"", 1, pos.ErrBadMAC, "delivery_try ", false},
		{"", 1, pos.ErrNotSent, "delivery_try ", false},
	} {
		a := inState(pos.Delivering)
		a.Offline, a.Unanswered = true, c.sent
		v := judgeUpload(usual, a, pos.Reply{Code: c.code, Signed: true}, c.err, codes.Lookup(c.code).Class)
		if events(v) != c.want || v.resign != c.sign {
			t.Errorf("%s %v: %q resign %v", c.code, c.err, events(v), v.resign)
		}
	}
	a := inState(pos.Delivering)
	a.Unanswered = 1
	for err, want := range map[error]int{pos.ErrNotSent: 0, pos.ErrNoAnswer: 1} {
		v := judgeUpload(usual, a, pos.Reply{}, err, "")
		if b, _ := pos.Apply(a, v.events[0]); b.Unanswered != want {
			t.Errorf("%v leaves %d sends without an answer", err, b.Unanswered)
		}
	}
}

// TestRule7DeferredSales: a lost answer is reversed, then deferred again; 10
// and the open codes become late declines.
func TestRule7DeferredSales(t *testing.T) {
	for _, c := range []struct {
		code, want, reason string
		err                error
	}{
		{"00", "delivered ", "", nil},
		{"10", "reversing ", "06", nil},
		{"96", "reversing ", "06", nil},
		{"51", "late_declined ", "", nil},
		{"94", "parked ", "", nil},
		{"77", "delivery_try ", "", nil},
		{"", "reversing ", "98", pos.ErrNoAnswer},
		{"", "reversing ", "A0", pos.ErrBadMAC},
		{"", "delivery_try ", "", pos.ErrNoKeys},
	} {
		a := inState(pos.Delivering)
		a.Offline, a.Deferred, a.Unanswered = true, true, 1
		v := judgeDeferred(usual, a, pos.Reply{Code: c.code, Signed: true}, c.err, codes.Lookup(c.code).Class)
		if events(v) != c.want || v.events[0].Reason != c.reason {
			t.Errorf("%s %v: %q %q", c.code, c.err, events(v), v.events[0].Reason)
		}
	}
	for _, code := range []string{"10", "68", "96", "98"} { // never charged again by itself
		part := inState(pos.Reversing)
		part.Deferred, part.Code, part.Reason = true, code, "06"
		if v := reverse(part, "00", nil, noon); events(v) != "late_declined " || v.linked || v.events[0].Code != code {
			t.Errorf("one answered %s: %q linked %v", code, events(v), v.linked)
		}
	}
	lost := inState(pos.Reversing)
	lost.Deferred = true
	if v := reverse(lost, "00", nil, noon); events(v) != "reversed " || !v.linked {
		t.Errorf("a lost one: %q linked %v", events(v), v.linked)
	}
	lost.Next = "A002"
	if v := reverse(lost, "00", nil, noon); v.linked {
		t.Error("a deferred sale goes on twice")
	}
}

// TestRule11StartReversesWhatWasLeft and cancels what had not begun.
func TestRule11StartReversesWhatWasLeft(t *testing.T) {
	w := newWorld(nil, "")
	sent, begun := w.opened(), w.opened()
	w.keep(sent, of(sent, pos.EvSending), begun)
	if n, err := Recover(context.Background(), w.j); err != nil || n != 3 {
		t.Fatalf("%d events, %v", n, err)
	}
	for id, want := range map[string]pos.State{sent.Attempt: pos.Reversing, begun.Attempt: pos.Cancelled} {
		if a, _ := w.j.Attempt(id); a.State != want {
			t.Errorf("%s is %s", id, a.State)
		}
	}
	if n, err := Recover(context.Background(), w.j); err != nil || n != 0 {
		t.Errorf("a second start decides %d again, %v", n, err)
	}
}

// TestJudgesEmitOnlyWhatTheTablePermits tries every code and fault in every
// state that is sent.
func TestJudgesEmitOnlyWhatTheTablePermits(t *testing.T) {
	answers := append(codes.Codes(), "ZZ")
	faults := []error{pos.ErrNotSent, pos.ErrNoAnswer, pos.ErrBadMAC, pos.ErrNoKeys, pos.ErrLineBusy, context.Canceled}
	tried := 0
	try := func(a pos.Attempt, v verdict) {
		tried++
		for _, e := range v.events {
			var err error
			if a, err = pos.Apply(a, e); err != nil {
				t.Error(err)
			}
		}
	}
	for _, a := range variants() {
		for _, code := range answers {
			r := pos.Reply{Code: code, Signed: true}
			class := codes.Lookup(code).Class
			judgeAll(a, r, nil, class, try)
		}
		for _, err := range faults {
			judgeAll(a, pos.Reply{}, err, "", try)
		}
	}
	if tried < 5000 {
		t.Errorf("only %d were tried", tried)
	}
}

func judgeAll(a pos.Attempt, r pos.Reply, err error, class decline.Class, try func(pos.Attempt, verdict)) {
	switch {
	case isReversal(a) || a.State == pos.Manual:
		try(a, judgeReversal(usual, a, r, err, "000001", time.Minute, noon))
		try(a, judgeReversal(usual, a, r, err, "000002", time.Minute, noon.Add(usual.GiveUp)))
	case a.State == pos.RefundUnknown:
		try(a, judgeRefund(usual, a, r, err, class, noon))
		try(a, judgeRefund(usual, a, r, err, class, noon.Add(usual.GiveUp)))
	case a.Deferred:
		try(a, judgeDeferred(usual, a, r, err, class))
	default:
		try(a, judgeUpload(usual, a, r, err, class))
	}
}

// variants are attempts in every state that something is sent in.
func variants() []pos.Attempt {
	var out []pos.Attempt
	for _, s := range []pos.State{pos.Reversing, pos.Manual, pos.Delivering, pos.RefundUnknown} {
		for i := range 64 {
			a := inState(s)
			a.Deferred, a.LateApproved = i&1 != 0, i&2 != 0
			if i&4 != 0 {
				a.Code = "10"
			}
			if i&8 != 0 {
				a.Unmatched = noon.Add(-time.Minute)
			}
			if i&16 != 0 {
				a.Tries = usual.Tries
			}
			if i&32 != 0 {
				a.Unanswered = 2
			}
			a.Offline = a.Deferred || s == pos.Delivering
			out = append(out, a)
		}
	}
	return out
}
