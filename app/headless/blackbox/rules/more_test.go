package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// waiting are offline approvals that wait for the line.
func (s *shop) waiting(t *testing.T, cards ...string) (all []attempt) {
	t.Helper()
	s.LineDown(t)
	for _, card := range cards {
		a := s.Sale(t, "card", "card", card)
		if a.State != "offline_approved" {
			t.Fatalf("card %s: %s %s", card, a.State, a.AnswerCode)
		}
		all = append(all, a)
	}
	return all
}

// lineUp brings the host back with a plan.
func (s *shop) lineUp(t *testing.T, rules string) {
	t.Helper()
	s.HostUp(t, plan(rules))
	s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
}

func TestRule07UploadsAndAdvices(t *testing.T) {
	t.Run("00 means delivered", func(t *testing.T) {
		s := opened(t, brisk, "")
		a := s.waiting(t, "offline-approve")[0]
		s.lineUp(t, "")
		s.agree(t)
		s.Is(t, a.ID, "delivered")
	})
	t.Run("94 too, where it was sent before", func(t *testing.T) {
		s, w := tapped(t, brisk, "")
		a := s.waiting(t, "offline-approve")[0]
		s.lineUp(t, `{"fault":"drop_answer","type":"36","nth":1}`)
		s.agree(t)
		s.Is(t, a.ID, "delivered")
		up := w.sent("0200")
		if n := len(up); n < 2 || !alike(up[n-1], up[n-2]) {
			t.Errorf("the upload was not repeated as it was: %v", up)
		}
	})
	t.Run("94 to a first sending is a person's", func(t *testing.T) {
		s := opened(t, brisk, "")
		a := s.waiting(t, "offline-approve")[0]
		s.lineUp(t, `{"fault":"code","type":"36","code":"94","nth":1}`)
		s.Till.Must(t, cmd{"cmd": "forward", "timeout_ms": 30000})
		s.waitFor(t, a.ID, "manual")
		s.same(t)
	})
	t.Run("77 signs on, the same STAN again", func(t *testing.T) {
		s, w := tapped(t, brisk, "")
		a := s.waiting(t, "offline-approve")[0]
		ons := len(w.sent("0800"))
		s.lineUp(t, `{"fault":"code","type":"36","code":"77","nth":1}`)
		s.agree(t)
		s.Is(t, a.ID, "delivered")
		up := w.sent("0200")
		if n := len(up); n < 2 || !alike(up[n-1], up[n-2]) || len(w.sent("0800")) <= ons {
			t.Errorf("%d uploads, %d sign-ons", len(up), len(w.sent("0800")))
		}
	})
	t.Run("another code stops that item and lets the others pass", func(t *testing.T) {
		s := opened(t, brisk, "")
		all := s.waiting(t, "offline-approve", "late-decline", "offline-approve-tap")
		s.lineUp(t, "")
		s.Till.Must(t, cmd{"cmd": "forward", "timeout_ms": 30000})
		s.waitFor(t, all[0].ID, "delivered")
		s.waitFor(t, all[1].ID, "late_declined")
		s.waitFor(t, all[2].ID, "delivered")
		a := s.Did(t, cmd{"cmd": "resolve", "attempt": all[1].ID, "how": "send_again", "reason": "the customer asks", "override": supervisor})
		if a.Linked != all[1].ID || a.STAN == all[1].STAN {
			t.Errorf("sent again as %s, STAN %s after %s", a.Linked, a.STAN, all[1].STAN)
		}
		s.Is(t, all[1].ID, "cancelled")
		s.agree(t)
	})
	t.Run("a deferred sale whose answer is lost", deferredAgain)
	t.Run("a deferred sale answered 10", func(t *testing.T) {
		s := opened(t, brisk+"[offline]\ndeferred = true\n", "")
		s.CloseHost()
		s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "60"})
		a := s.Pay(t, "card", "card", "partial-10")
		if a.State != "deferred" {
			t.Fatalf("%s %s", a.State, a.AnswerCode)
		}
		s.lineUp(t, "")
		s.agree(t)
		s.Is(t, a.ID, "late_declined")
	})
	t.Run("void or refund of a waiting item", undoWaiting)
}

func deferredAgain(t *testing.T) {
	s := opened(t, brisk+"[offline]\ndeferred = true\n", "")
	s.CloseHost()
	a := s.Sale(t, "card", "card", "second")
	if a.State != "deferred" {
		t.Fatalf("%s %s", a.State, a.AnswerCode)
	}
	s.lineUp(t, `{"fault":"drop_answer","mti":"0200","nth":1}`)
	s.agree(t)
	s.Is(t, a.ID, "reversed")
	var next []attempt
	for _, n := range s.Find(t) {
		if n.Linked == a.ID {
			next = append(next, n)
		}
	}
	if len(next) != 1 || next[0].STAN == a.STAN || next[0].State != "delivered" {
		t.Errorf("it goes on as %v", next)
	}
}

func TestRule08NobodySellsTheSameBasketAgain(t *testing.T) {
	t.Run("a second tap is refused", func(t *testing.T) {
		s := opened(t, "[host]\ntimeout = \"20s\"\n", plan(`{"fault":"delay","mti":"0200","delay":"500ms"}`))
		s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"})
		pay := `{"cmd":"pay","tender":"card","card":"ok"}`
		if err := s.Till.Send(pay + "\n" + pay); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			a, err := s.Till.Answer()
			if err != nil || a["ok"] != (i == 0) {
				t.Errorf("tap %d: %v %v", i+1, a, err)
			}
		}
		s.agree(t)
		if n := len(s.of(t, "sale")); n != 1 {
			t.Errorf("%d sales", n)
		}
	})
	lost := plan(`{"fault":"drop_answer","mti":"0200","nth":1},{"fault":"code","kind":"reversal","code":"96"}`)
	t.Run("after the time-out cash pays", func(t *testing.T) {
		s := opened(t, brisk, lost)
		a := s.Sale(t, "card", "card", "ok")
		if c := s.Pay(t, "cash"); c.State != "approved" {
			t.Errorf("cash: %s", c.State)
		}
		s.lineUp(t, "")
		s.agree(t)
		if got := s.State(t, a.ID); got.State != "reversed" || got.Has("approved") {
			t.Errorf("it succeeded after all: %s", got.State)
		}
	})
	t.Run("the same card needs a supervisor", func(t *testing.T) {
		s := opened(t, brisk, lost)
		s.Sale(t, "card", "card", "ok")
		if a := s.Pay(t, "card", "card", "ok"); a.State != "declined" || a.AnswerCode != "same_card_open" {
			t.Errorf("the same card: %s %s", a.State, a.AnswerCode)
		}
		if a := s.Pay(t, "card", "card", "ok", "override", supervisor); a.State != "approved" {
			t.Errorf("with a supervisor: %s %s", a.State, a.AnswerCode)
		}
		s.lineUp(t, "")
		s.agree(t)
	})
	t.Run("another card does not", func(t *testing.T) {
		s := opened(t, brisk, lost)
		s.Sale(t, "card", "card", "ok")
		if a := s.Pay(t, "card", "card", "second"); a.State != "approved" {
			t.Errorf("%s %s", a.State, a.AnswerCode)
		}
		s.lineUp(t, "")
		s.agree(t)
	})
}

func TestRule09ApprovedByTheHostButNotFinishedHere(t *testing.T) {
	t.Run("the card is pulled away", func(t *testing.T) {
		s := opened(t, brisk, "")
		a := s.Sale(t, "card", "card", "torn")
		if a.State != "reversing" && a.State != "reversed" {
			t.Errorf("%s", a.State)
		}
		s.agree(t)
		if got := s.State(t, a.ID); got.State != "reversed" || got.Reason != "06" {
			t.Errorf("%s, reason %s", got.State, got.Reason)
		}
	})
	t.Run("a printer failure is not a failed sale", func(t *testing.T) {
		s := opened(t, brisk, "")
		s.Cut()
		name := filepath.Join(s.Data, "printer.bin")
		if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if err := os.Mkdir(name, 0o700); err != nil {
			t.Fatal(err)
		}
		s.OpenUp(t)
		a := s.Sale(t, "card", "card", "ok")
		if a.State != "approved" || a.Receipt == "" {
			t.Errorf("%s %s", a.State, a.AnswerCode)
		}
		s.agree(t)
	})
}

func TestRule11OnStartEveryAttemptLeftSendingIsReversing(t *testing.T) {
	s := opened(t, "[host]\ntimeout = \"20s\"\nreversal_repeat = \"200ms\"\n", plan(`{"fault":"drop_answer","mti":"0200"}`))
	s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"})
	if err := s.Till.Send(`{"cmd":"pay","tender":"card","card":"ok"}`); err != nil {
		t.Fatal(err)
	}
	child.Until(t, func() bool { return len(s.of(t, "sale")) == 1 })
	s.Cut()
	s.CloseHost()
	s.OpenUp(t)
	all := s.Find(t, "state", "reversing")
	if len(all) != 1 {
		t.Fatalf("%d attempts are reversing", len(all))
	}
	if a := s.Pay(t, "cash"); a.State != "approved" {
		t.Errorf("cash waits for the line: %s", a.State)
	}
	s.Cut()
	s.OpenUp(t)
	s.Is(t, all[0].ID, "reversing")
	s.HostUp(t, "")
	s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	if a := s.Sale(t, "card", "card", "ok"); a.State != "approved" {
		t.Errorf("%s %s", a.State, a.AnswerCode)
	}
	s.Is(t, all[0].ID, "reversed") // before the first card sale
	s.agree(t)
}

func TestRule12ShownAgainAtEachOpening(t *testing.T) {
	s := opened(t, brisk, "")
	all := s.waiting(t, "late-decline", "offline-approve")
	s.lineUp(t, fmt.Sprintf(`{"fault":"code","stan":%q,"code":"94","nth":1}`, all[1].STAN))
	s.Till.Must(t, cmd{"cmd": "forward", "timeout_ms": 30000})
	s.waitFor(t, all[0].ID, "late_declined")
	s.waitFor(t, all[1].ID, "manual")
	for range 3 {
		if q := s.Queue(t); len(q) != 2 || q[0].Attempt != all[0].ID || q[1].Attempt != all[1].ID {
			t.Errorf("the work list is %v", q)
		}
		if err := s.CloseTill(); err != nil {
			t.Fatal(err)
		}
		s.OpenUp(t)
	}
	for _, a := range all {
		s.Till.Must(t, cmd{"cmd": "resolve", "attempt": a.ID, "how": "written_off", "reason": "the owner pays", "override": supervisor})
	}
	if q := s.Queue(t); len(q) != 0 {
		t.Errorf("resolved, and the work list is %v", q)
	}
	s.agree(t)
}

func TestRule13ARefundWithNoAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		plan string
		more int
	}{
		"the answer is lost":       {`{"fault":"drop_answer","mti":"0220","nth":1}`, 1},
		"the request is lost":      {`{"fault":"drop_request","mti":"0220","nth":1}`, 1},
		"both are lost":            {`{"fault":"drop_answer","mti":"0220","nth":1},{"fault":"drop_request","mti":"0220","nth":2}`, 2},
		"an answer with a bad MAC": {`{"fault":"bad_mac","mti":"0220","nth":1}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, w := tapped(t, brisk, plan(c.plan))
			sold := s.Sale(t, "card", "card", "ok")
			a := s.Did(t, cmd{"cmd": "refund", "receipt": sold.Receipt, "amount": 300, "override": supervisor})
			if a.State != "refund_unknown" && a.State != "approved" {
				t.Fatalf("%s %s", a.State, a.AnswerCode)
			}
			s.Till.Must(t, cmd{"cmd": "forward", "timeout_ms": 30000})
			s.Is(t, a.ID, "approved")
			sent := w.sent("0220")
			if len(sent) < 1+c.more {
				t.Fatalf("%d refunds were sent", len(sent))
			}
			for _, f := range sent[1:] {
				if !alike(f, sent[0]) {
					t.Error("the repeat is not the same message")
				}
			}
			if n := len(s.of(t, "refund")); n != 1 || len(w.sent("0400")) != 0 {
				t.Errorf("%d refunds in the ledger, %d reversals", n, len(w.sent("0400")))
			}
			s.agree(t)
		})
	}
	t.Run("for too long: a person decides", refundForAPerson)
	t.Run("over a restart", func(t *testing.T) {
		s, w := tapped(t, "[host]\ntimeout = \"20s\"\n", plan(`{"fault":"drop_answer","mti":"0220","nth":1}`))
		sold := s.Sale(t, "card", "card", "ok")
		if err := s.Till.Send(fmt.Sprintf(`{"cmd":"refund","receipt":%q,"override":{"staff":"2001","pin":"135790"}}`, sold.Receipt)); err != nil {
			t.Fatal(err)
		}
		child.Until(t, func() bool { return len(s.of(t, "refund")) == 1 })
		s.Cut()
		s.OpenUp(t)
		s.agree(t)
		s.Is(t, sold.ID, "refunded")
		if sent := w.sent("0220"); len(sent) < 2 || !alike(sent[0], sent[1]) {
			t.Errorf("%d refunds were sent", len(sent))
		}
	})
}

// refundForAPerson: nobody ever answers it. After the profile's tries it waits for a person, is to be looked for in the file,
// bars a second refund, and sent again it is the same message: it is given back once.
func refundForAPerson(t *testing.T) {
	s, _ := ownProfile(t, "timeout = \"4s\"\n",
		`"reversal_tries": 50`, `"reversal_tries": 3`, `"backoff_first_ms": 5000`, `"backoff_first_ms": 20`, `"backoff_most_ms": 300000`, `"backoff_most_ms": 50`)
	s.HostUp(t, plan(`{"fault":"drop_answer","mti":"0220"}`))
	s.OpenUp(t)
	sold := s.Sale(t, "card", "card", "ok")
	a := s.Did(t, cmd{"cmd": "refund", "receipt": sold.Receipt, "amount": 300, "override": supervisor})
	parked := s.waitFor(t, a.ID, "manual")
	if !parked.Flagged || parked.Times("parked") != 1 || parked.Times("refund_try") != 2 {
		t.Errorf("%+v", parked)
	}
	if q := s.Queue(t); len(q) != 1 || q[0].Kind != "refund" || q[0].State != "manual" {
		t.Errorf("the queue shows %+v", q)
	}
	s.refused(t, "follow_up_open", cmd{"cmd": "refund", "receipt": sold.Receipt, "amount": 100, "override": supervisor})
	s.Cut()
	s.HostUp(t, "")
	s.OpenUp(t)
	s.Is(t, a.ID, "manual")
	again := s.Did(t, cmd{"cmd": "resolve", "attempt": a.ID, "how": "send_again", "reason": "the bank has no word of it", "override": supervisor})
	if again.ID != a.ID || again.STAN != a.STAN {
		t.Errorf("%+v went out for %+v", again, a)
	}
	if done := s.waitFor(t, a.ID, "approved"); done.Times("refund_again") != 1 {
		t.Errorf("%+v", done)
	}
	if n := len(s.of(t, "refund")); n != 1 {
		t.Errorf("%d refunds in the ledger", n)
	}
	s.agree(t)
}
