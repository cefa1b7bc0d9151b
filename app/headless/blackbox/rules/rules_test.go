package rules

import (
	"fmt"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// brisk is how long the till waits for an answer that is lost: longer than any disk keeps the acquirer from one.
const brisk = "[host]\ntimeout = \"4s\"\nreversal_repeat = \"200ms\"\n"

func plan(rules string) string { return `{"rules":[` + rules + `]}` }

// waitFor polls until an attempt is in a state.
func (s *shop) waitFor(t *testing.T, id, state string) attempt {
	t.Helper()
	child.Until(t, func() bool { return s.State(t, id).State == state })
	return s.State(t, id)
}

func TestRule01JournalBeforeTheFirstByte(t *testing.T) {
	s := opened(t, "[host]\ntimeout = \"20s\"\nreversal_repeat = \"200ms\"\n", plan(`{"fault":"drop_answer","mti":"0200","nth":1}`))
	s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"})
	if err := s.Till.Send(`{"cmd":"pay","tender":"card","card":"ok"}`); err != nil {
		t.Fatal(err)
	}
	child.Until(t, func() bool { return len(s.of(t, "sale")) == 1 })
	s.Cut() // the host has it: so the journal had it before
	line := s.of(t, "sale")[0]
	s.OpenUp(t)
	all := s.Find(t)
	if len(all) != 1 || all[0].STAN != line.STAN || all[0].Batch != line.Batch {
		t.Fatalf("the host has STAN %s, the journal %v", line.STAN, all)
	}
	a := s.State(t, all[0].ID)
	if !a.Has("created") || !a.Has("sending") || !a.Has("reversing") {
		t.Errorf("the intent to reverse was not durable: %v", a.Events)
	}
	s.agree(t)
	s.Is(t, a.ID, "reversed")
}

func TestRule02ANewSTANForEveryAttempt(t *testing.T) {
	t.Run("kept even if nothing was sent", func(t *testing.T) {
		s := opened(t, brisk, "")
		first := s.Sale(t, "card", "card", "ok")
		s.LineDown(t) // a declined attempt that sent nothing
		s.HostUp(t, "")
		s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
		second := s.Sale(t, "card", "card", "ok")
		seen := map[string]bool{}
		n := 0
		for _, a := range s.Find(t) {
			if seen[a.Batch+a.STAN] && a.STAN != "" {
				t.Errorf("STAN %s twice", a.STAN)
			}
			seen[a.Batch+a.STAN] = true
			n++
		}
		if n != 3 || first.STAN >= second.STAN {
			t.Errorf("%d attempts, STAN %s then %s", n, first.STAN, second.STAN)
		}
		s.agree(t)
	})
	t.Run("a reversal keeps the original's", func(t *testing.T) {
		s, w := tapped(t, brisk, plan(`{"fault":"drop_answer","mti":"0200","nth":1}`))
		a := s.Sale(t, "card", "card", "ok")
		s.agree(t)
		for _, f := range w.sent("0400") {
			if f.Get(11) != a.STAN {
				t.Errorf("the reversal of STAN %s has %s", a.STAN, f.Get(11))
			}
		}
		if len(w.sent("0400")) == 0 {
			t.Error("nothing was reversed")
		}
	})
}

func TestRule03OneFinancialRequestOutstanding(t *testing.T) {
	t.Run("one at a time", func(t *testing.T) {
		s, w := tapped(t, brisk, "")
		for range 4 {
			s.Sale(t, "card", "card", "ok")
		}
		s.Till.Must(t, cmd{"cmd": "refund", "receipt": s.Find(t)[0].Receipt, "override": supervisor})
		open := 0
		for _, f := range w.all() {
			switch f.MTI {
			case "0200", "0220", "0400":
				if open++; open > 1 {
					t.Error("a second financial request left before the first was answered")
				}
			case "0210", "0230", "0410":
				open--
			}
		}
	})
	t.Run("pending reversals go first", func(t *testing.T) {
		s, w := tapped(t, brisk, plan(`{"fault":"drop_answer","mti":"0200","nth":1},{"fault":"drop_request","mti":"0400","times":2}`))
		lost := s.Sale(t, "card", "card", "ok")
		if a := s.Pay(t, "card", "card", "second"); a.State != "approved" {
			t.Fatalf("the second card: %s %s", a.State, a.AnswerCode)
		}
		s.Is(t, lost.ID, "reversed")
		var order []string
		for _, f := range w.sent("0200", "0400") {
			order = append(order, f.MTI)
		}
		if n := len(order); n < 4 || order[0] != "0200" || order[n-1] != "0200" || order[n-2] != "0400" {
			t.Errorf("the order was %v", order)
		}
		s.agree(t)
	})
}

func TestRule04UnknownMeansReverse(t *testing.T) {
	for name, c := range map[string]struct{ plan, reason string }{
		"no answer is 98":                {`{"fault":"drop_answer","mti":"0200","nth":1}`, "98"},
		"a bad MAC is A0":                {`{"fault":"bad_mac","mti":"0200","nth":1}`, "A0"},
		"no MAC is A0":                   {`{"fault":"no_mac","mti":"0200","nth":1}`, "A0"},
		"an upstream time-out is 06":     {`{"fault":"code","mti":"0200","nth":1,"code":"68","taken":true}`, "06"},
		"a reset of the line is no 0210": {`{"fault":"reset","mti":"0200","nth":1}`, "98"},
	} {
		t.Run(name, func(t *testing.T) {
			s, w := tapped(t, brisk, plan(c.plan))
			a := s.Sale(t, "card", "card", "ok")
			if a.State != "reversing" && a.State != "reversed" {
				t.Fatalf("it is %s", a.State)
			}
			s.agree(t)
			got := s.State(t, a.ID)
			if got.State != "reversed" || got.Reason != c.reason {
				t.Errorf("%s, reason %q", got.State, got.Reason)
			}
			rev := w.sent("0400")
			if len(rev) == 0 || rev[0].Get(39) != c.reason || rev[0].Get(4) != fmt.Sprintf("%012d", a.Amount) {
				t.Errorf("the reversals are %v", rev)
			}
			for _, f := range rev {
				for _, n := range []int{35, 36, 37, 52, 53, 26} {
					if f.Has(n) {
						t.Errorf("a reversal with field %d", n)
					}
				}
			}
		})
	}
	t.Run("25 is repeated once, then reversed and flagged", func(t *testing.T) {
		s, w := tapped(t, brisk, plan(`{"fault":"drop_request","mti":"0200","nth":1}`))
		a := s.waitFor(t, s.Sale(t, "card", "card", "ok").ID, "reversed")
		if n := len(w.sent("0400")); n != 2 || !a.Flagged {
			t.Errorf("%d reversals, flagged %v", n, a.Flagged)
		}
		s.agree(t)
	})
	t.Run("after a change of batch it is manual, until a person decides", afterTheBatch)
	t.Run("a late approval reopens it", func(t *testing.T) {
		s := opened(t, brisk, plan(`{"fault":"answer_late","mti":"0200","nth":1,"delay":"12s"}`))
		a := s.Sale(t, "card", "card", "ok")
		s.waitFor(t, a.ID, "reversed")
		child.Until(t, func() bool { return s.State(t, a.ID).Has("late_approval") })
		got := s.waitFor(t, a.ID, "reversed")
		if got.Times("reversed") != 2 {
			t.Errorf("reversed %d times: %v", got.Times("reversed"), got.Events)
		}
		s.agree(t)
	})
	t.Run("the amount as asked, also after a partial approval", func(t *testing.T) {
		s, w := tapped(t, brisk, plan(`{"fault":"drop_answer","mti":"0200","nth":1}`))
		s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "100"})
		a := s.Pay(t, "card", "card", "partial-10")
		s.agree(t)
		if rev := w.sent("0400"); len(rev) == 0 || rev[0].Get(4) != fmt.Sprintf("%012d", a.Amount) {
			t.Errorf("asked %d, reversed %v", a.Amount, rev)
		}
		s.Is(t, a.ID, "reversed")
	})
	t.Run("answered and not acknowledged, the new sale goes on", notAcknowledged)
}

// afterTheBatch: a reversal that outlives its batch and that the host knows
// nothing of is a person's.
func afterTheBatch(t *testing.T) {
	s := opened(t, brisk, plan(`{"fault":"drop_request","mti":"0200","nth":2},{"fault":"drop_request","mti":"0400"}`))
	s.Sale(t, "card", "card", "ok")
	lost := s.Sale(t, "card", "card", "second")
	if lost.State != "reversing" {
		t.Fatalf("%s", lost.State)
	}
	s.Till.Must(t, cmd{"cmd": "clear"})
	var r struct {
		Balanced bool
		LeftOut  []struct{ Attempt string } `json:"left_out"`
	}
	s.refused(t, "items_left", cmd{"cmd": "settle"})
	if err := child.Into(s.Till.Must(t, cmd{"cmd": "settle", "override": supervisor}), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.LeftOut) != 1 || r.LeftOut[0].Attempt != lost.ID || !r.Balanced {
		t.Errorf("the settlement is %+v", r)
	}
	s.HostUp(t, "")
	s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	s.Till.Must(t, cmd{"cmd": "forward", "timeout_ms": 5000}) // after so many tries its back-off is minutes
	got := s.waitFor(t, lost.ID, "manual")
	if got.Batch != lost.Batch {
		t.Errorf("it changed its batch from %s to %s", lost.Batch, got.Batch)
	}
	if q := s.Queue(t); len(q) != 1 || q[0].Attempt != lost.ID {
		t.Errorf("the queue is %v", q)
	}
	s.refused(t, "reason_missing", cmd{"cmd": "resolve", "attempt": lost.ID, "how": "as_in_file", "override": supervisor})
	s.Till.Must(t, cmd{"cmd": "resolve", "attempt": lost.ID, "how": "send_again", "reason": "the bank asks for it", "override": supervisor})
	s.waitFor(t, lost.ID, "manual") // and again 25
	a := s.Did(t, cmd{"cmd": "resolve", "attempt": lost.ID, "how": "as_in_file", "reason": "not in the file", "override": supervisor})
	last := a.Events[len(a.Events)-1]
	if a.State != "cancelled" || last.By != "2001" || last.Text != "not in the file" {
		t.Errorf("%s by %q: %q", a.State, last.By, last.Text)
	}
	s.agree(t)
}

func TestRule05AnAnswerIsOursOnlyIfItMatches(t *testing.T) {
	t.Run("somebody else's first, then ours", func(t *testing.T) {
		s := opened(t, brisk, plan(`{"fault":"foreign_stan","mti":"0200","answer":true}`))
		if a := s.Sale(t, "card", "card", "ok"); a.State != "approved" {
			t.Errorf("%s %s", a.State, a.AnswerCode)
		}
		s.agree(t)
	})
	t.Run("only somebody else's", func(t *testing.T) {
		s := opened(t, brisk, plan(`{"fault":"foreign_stan","mti":"0200","nth":1}`))
		a := s.Sale(t, "card", "card", "ok")
		if a.Approved != 0 || a.State == "approved" {
			t.Errorf("%s over %d", a.State, a.Approved)
		}
		s.agree(t)
		s.Is(t, a.ID, "reversed")
	})
	t.Run("answered twice", func(t *testing.T) {
		s := opened(t, brisk, plan(`{"fault":"answer_twice","mti":"0200"}`))
		for range 3 {
			if a := s.Sale(t, "card", "card", "ok"); a.State != "approved" {
				t.Errorf("%s %s", a.State, a.AnswerCode)
			}
		}
		s.agree(t)
	})
	t.Run("a corrupt byte", func(t *testing.T) {
		s := opened(t, brisk, plan(`{"fault":"corrupt","mti":"0200","nth":1}`))
		a := s.Sale(t, "card", "card", "ok")
		s.agree(t)
		s.Is(t, a.ID, "reversed")
	})
}

func TestRule06ALateAnswerNeverRevives(t *testing.T) {
	for name, fault := range map[string]string{
		"an approval":                    `{"fault":"answer_late","mti":"0200","nth":1,"delay":"6s"},{"fault":"drop_request","mti":"0400","times":2}`,
		"while nothing is acknowledged":  `{"fault":"answer_late","mti":"0200","nth":1,"delay":"6s"},{"fault":"code","kind":"reversal","code":"96","times":2}`,
		"after the host acknowledged it": `{"fault":"answer_late","mti":"0200","nth":1,"delay":"8s"}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, brisk, plan(fault))
			a := s.Sale(t, "card", "card", "ok")
			child.Until(t, func() bool { return s.State(t, a.ID).Has("late_approval") })
			s.agree(t)
			got := s.waitFor(t, a.ID, "reversed")
			if got.Has("approved") || got.Approved != 0 {
				t.Errorf("it was revived: %v", got.Events)
			}
		})
	}
}

func notAcknowledged(t *testing.T) {
	s, w := tapped(t, brisk, plan(`{"fault":"drop_answer","mti":"0200","nth":1},{"fault":"code","kind":"reversal","code":"96"}`))
	lost := s.Sale(t, "card", "card", "ok")
	before := len(w.sent("0400"))
	if a := s.Pay(t, "card", "card", "second"); a.State != "approved" {
		t.Errorf("the second card: %s %s", a.State, a.AnswerCode)
	}
	s.Is(t, lost.ID, "reversing")
	if n := len(w.sent("0400")) - before; n < 1 || n > 3 {
		t.Errorf("the reversal was tried %d times before the new request", n)
	}
	s.HostUp(t, "")
	s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	s.agree(t)
	s.Is(t, lost.ID, "reversed")
}
