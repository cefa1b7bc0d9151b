package rules

import (
	"fmt"
	"slices"
	"syscall"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

// closing is what a settlement answers.
type closing struct {
	Till, Host map[string]int64
	Balanced   bool
	Batch      string
	NextBatch  string `json:"next_batch"`
	Uploaded   int
	Empty      bool
}

func (s *shop) settled(t *testing.T) closing {
	t.Helper()
	var c closing
	if err := child.Into(s.Till.Must(t, cmd{"cmd": "settle", "override": supervisor}), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRule10Settlement(t *testing.T) {
	t.Run("reversals, then uploads, then 0500", func(t *testing.T) {
		s, w := tapped(t, brisk, "")
		s.Sale(t, "card", "card", "ok")
		s.waiting(t, "offline-approve")
		s.Cut()
		s.HostUp(t, plan(`{"fault":"drop_answer","mti":"0200","nth":1},{"fault":"drop_request","mti":"0400","times":1}`))
		s.OpenUp(t)
		s.Till.Must(t, cmd{"cmd": "forward", "timeout_ms": 30000})
		lost := s.Sale(t, "card", "card", "second")
		c := s.settled(t)
		if !c.Balanced || c.Till["debit_count"] != c.Host["debit_count"] {
			t.Errorf("%+v (%s)", c, lost.State)
		}
		seen := false
		for _, f := range w.sent("0200", "0220", "0400", "0500") {
			if seen = seen || f.MTI == "0500"; seen && f.MTI != "0500" {
				t.Errorf("%s left after the first 0500", f.MTI)
			}
		}
		s.agree(t)
	})
	t.Run("the 0500 is repeated as it was", func(t *testing.T) {
		s, w := tapped(t, brisk, plan(`{"fault":"drop_answer","mti":"0500","nth":1},{"fault":"drop_request","mti":"0500","nth":2}`))
		s.Sale(t, "card", "card", "ok")
		c := s.settled(t)
		all := w.sent("0500")
		if len(all) != 3 || !alike(all[0], all[1]) || !alike(all[0], all[2]) || !c.Balanced {
			t.Errorf("%d messages, %+v", len(all), c)
		}
		if n := len(s.of(t, "settlement")); n != 1 {
			t.Errorf("the batch was closed %d times", n)
		}
		if c.NextBatch != next(c.Batch) {
			t.Errorf("%s follows %s", c.NextBatch, c.Batch)
		}
	})
	t.Run("a mismatch is uploaded", func(t *testing.T) {
		s, w := tapped(t, brisk, plan(`{"fault":"code","mti":"0200","nth":2,"code":"51","taken":true}`))
		s.Sale(t, "card", "card", "ok")
		s.Sale(t, "card", "card", "second") // declined here, taken there
		c := s.settled(t)
		if c.Balanced || c.Uploaded != 1 || len(w.sent("0320")) != 2 || len(s.of(t, "settlement")) != 1 {
			t.Errorf("%+v, %d uploads", c, len(w.sent("0320")))
		}
	})
	t.Run("card and QR are refused meanwhile, cash goes on", cashGoesOn)
	t.Run("killed while it waits, it goes on by itself", killedWhileItWaits)
	t.Run("a line that falls silent in the moment before it", silentInTheMomentBefore)
	t.Run("an empty batch sends nothing", func(t *testing.T) {
		s, w := tapped(t, brisk, "")
		s.Sale(t, "cash")
		if c := s.settled(t); !c.Empty || len(w.sent("0500")) != 0 {
			t.Errorf("%+v", c)
		}
	})
	t.Run("debit and credit are gross", grossTotals)
}

// next is the batch number that follows.
func next(batch string) string {
	var n int
	if _, err := fmt.Sscan(batch, &n); err != nil {
		return ""
	}
	return fmt.Sprintf("%06d", n+1)
}

func cashGoesOn(t *testing.T) {
	s, w := tapped(t, brisk, plan(`{"fault":"drop_request","mti":"0500"}`))
	sold := s.Sale(t, "card", "card", "ok")
	s.refused(t, "settlement_running", cmd{"cmd": "settle"})
	s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"})
	s.refused(t, "settlement_running", cmd{"cmd": "pay", "tender": "card", "card": "ok"})
	s.refused(t, "settlement_running", cmd{"cmd": "pay", "tender": "qr"})
	s.refused(t, "settlement_running", cmd{"cmd": "refund", "receipt": sold.Receipt, "override": supervisor})
	if a := s.Pay(t, "cash"); a.State != "approved" {
		t.Errorf("cash: %s", a.State)
	}
	before := len(w.sent("0200", "0220", "0400"))
	s.HostUp(t, "")
	s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	s.settled(t)
	s.waitFor(t, sold.ID, "settled")
	if n := len(w.sent("0200", "0220", "0400")); n != before {
		t.Errorf("%d money messages left", n-before)
	}
	if all := w.sent("0500"); slices.ContainsFunc(all, func(f frame) bool { return !alike(f, all[0]) }) {
		t.Error("the 0500 changed")
	}
	if a := s.Sale(t, "card", "card", "ok"); a.State != "approved" || a.Batch == sold.Batch {
		t.Errorf("afterwards: %s in batch %s", a.State, a.Batch)
	}
	s.agree(t)
}

func killedWhileItWaits(t *testing.T) {
	s, w := tapped(t, brisk, plan(`{"fault":"drop_answer","mti":"0500"}`))
	sold := s.Sale(t, "card", "card", "ok")
	s.refused(t, "settlement_running", cmd{"cmd": "settle"})
	s.Cut()
	s.HostUp(t, "")
	s.OpenUp(t)
	s.waitFor(t, sold.ID, "settled")
	if all := w.sent("0500"); len(all) < 2 || !alike(all[0], all[len(all)-1]) {
		t.Errorf("%d messages, or another one", len(all))
	}
	if n := len(s.of(t, "settlement")); n != 1 {
		t.Errorf("the batch was closed %d times", n)
	}
}

// silentInTheMomentBefore: the host spoke so lately that no sign of life is asked for, and then not any more. The totals are
// frozen: cards wait and are told why, cash goes on, and when the line is back it goes on without anybody.
func silentInTheMomentBefore(t *testing.T) {
	s, w := tapped(t, brisk, "")
	var sold attempt
	for try := 0; ; try++ {
		if sold = s.Sale(t, "card", "card", "ok"); sold.State != "approved" {
			t.Fatalf("%s %s", sold.State, sold.AnswerCode)
		}
		s.acquirerStops(t, syscall.SIGSTOP)
		a, err := s.Till.Ask(cmd{"cmd": "settle"})
		if err != nil {
			t.Fatal(err)
		}
		if e, _ := a["error"].(map[string]any); e["code"] == "settlement_running" && e["remedy"] != "" {
			break // frozen
		} else if e["code"] != "no_line" || try == moments {
			t.Fatalf("%v", a)
		}
		s.acquirerStops(t, syscall.SIGCONT) // the machine was slow: it was asked for a sign of life
		s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	}
	s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"})
	s.refused(t, "settlement_running", cmd{"cmd": "pay", "tender": "card", "card": "second"})
	if a := s.Pay(t, "cash"); a.State != "approved" {
		t.Errorf("cash: %s", a.State)
	}
	s.acquirerStops(t, syscall.SIGCONT)
	s.waitFor(t, sold.ID, "settled")
	if all := w.sent("0500"); slices.ContainsFunc(all, func(f frame) bool { return !alike(f, all[0]) }) {
		t.Error("the 0500 changed")
	}
	if n := len(s.of(t, "settlement")); n != 1 {
		t.Errorf("the batch was closed %d times", n)
	}
	if a := s.Sale(t, "card", "card", "second"); a.State != "approved" || a.Batch == sold.Batch {
		t.Errorf("afterwards: %s in batch %s", a.State, a.Batch)
	}
	s.agree(t)
}

// moments is how often the moment before a settlement may be missed.
const moments = 20

// acquirerStops freezes the acquirer's process, or lets it go on.
func (s *shop) acquirerStops(t *testing.T, how syscall.Signal) {
	t.Helper()
	if err := s.Acquirer.Cmd.Process.Signal(how); err != nil {
		t.Fatal(err)
	}
}

func grossTotals(t *testing.T) {
	s := opened(t, brisk, "")
	one, two := s.Sale(t, "card", "card", "ok"), s.Sale(t, "card", "card", "second")
	s.Till.Must(t, cmd{"cmd": "void", "receipt": one.Receipt, "override": supervisor})
	s.Till.Must(t, cmd{"cmd": "refund", "receipt": two.Receipt, "amount": 250, "override": supervisor})
	c := s.settled(t)
	want := map[string]int64{"debit": 1500, "debit_count": 2, "credit": 1000, "credit_count": 2}
	for k, v := range want {
		if c.Till[k] != v || c.Host[k] != v {
			t.Errorf("%s: till %d, host %d, not %d", k, c.Till[k], c.Host[k], v)
		}
	}
	s.Is(t, one.ID, "voided")
	s.Is(t, two.ID, "settled")
	s.agree(t)
}
