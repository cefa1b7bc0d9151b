package rules

import (
	"os"
	"path/filepath"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
)

func Test_pain_7_a_printer_that_stops_and_no_reprint(t *testing.T) {
	s := opened(t, brisk, "")
	s.Cut()
	name := filepath.Join(s.Data, "printer.bin")
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(name, 0o700); err != nil { // nothing can be printed any more
		t.Fatal(err)
	}
	s.OpenUp(t)
	a := s.Sale(t, "card", "card", "ok")
	if a.State != "approved" {
		t.Fatalf("%s %s", a.State, a.AnswerCode)
	}
	s.Cut()
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
	s.OpenUp(t)
	s.Till.Must(t, cmd{"cmd": "reprint", "receipt": a.Receipt})
	child.Until(t, func() bool {
		f, err := os.Stat(name)
		return err == nil && f.Size() > 0
	})
	s.agree(t)
}

func Test_pain_10_closing_hangs_or_skips_sales(t *testing.T) {
	s := opened(t, brisk, "")
	var sold []attempt
	for range 5 {
		sold = append(sold, s.Sale(t, "card", "card", "ok"))
	}
	s.HostUp(t, plan(`{"fault":"drop_answer","mti":"0500","nth":1}`))
	s.Till.Must(t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	c := s.settled(t)
	if !c.Balanced || c.Till["debit_count"] != 5 || c.Host["debit_count"] != 5 || c.Till["debit"] != 5*750 {
		t.Errorf("%+v", c)
	}
	for _, a := range sold {
		s.Is(t, a.ID, "settled")
	}
	if a := s.Sale(t, "card", "card", "ok"); a.State != "approved" || a.Batch != c.NextBatch {
		t.Errorf("the next day: %s in batch %s", a.State, a.Batch)
	}
	s.agree(t)
}

func Test_pain_15_the_same_receipt_refunded_twice(t *testing.T) {
	t.Run("in full, then again", func(t *testing.T) {
		s := opened(t, brisk, "")
		a := s.Sale(t, "card", "card", "ok")
		back := cmd{"cmd": "refund", "receipt": a.Receipt, "override": supervisor}
		if r := s.Did(t, back); r.State != "approved" {
			t.Fatalf("%s %s", r.State, r.AnswerCode)
		}
		s.refused(t, "nothing_left", back)
		s.refused(t, "nothing_left", cmd{"cmd": "void", "receipt": a.Receipt, "override": supervisor})
		s.agree(t)
		if n := len(s.of(t, "refund")); n != 1 {
			t.Errorf("%d refunds", n)
		}
	})
	t.Run("in parts, beyond what is left", func(t *testing.T) {
		s := opened(t, brisk, "")
		a := s.Sale(t, "card", "card", "ok")
		s.Till.Must(t, cmd{"cmd": "refund", "receipt": a.Receipt, "amount": 500, "override": supervisor})
		s.refused(t, "too_much", cmd{"cmd": "refund", "receipt": a.Receipt, "amount": 251, "override": supervisor})
		s.refused(t, "refunded_already", cmd{"cmd": "void", "receipt": a.Receipt, "override": supervisor})
		s.Till.Must(t, cmd{"cmd": "refund", "receipt": a.Receipt, "amount": 250, "override": supervisor})
		s.Is(t, a.ID, "refunded")
		s.agree(t)
	})
	t.Run("while the first is not answered", func(t *testing.T) {
		s := opened(t, brisk, plan(`{"fault":"drop_answer","mti":"0220","times":3}`))
		a := s.Sale(t, "card", "card", "ok")
		back := cmd{"cmd": "refund", "receipt": a.Receipt, "amount": 300, "override": supervisor}
		if r := s.Did(t, back); r.State != "refund_unknown" {
			t.Fatalf("%s %s", r.State, r.AnswerCode)
		}
		s.refused(t, "follow_up_open", back)
		s.agree(t)
		if n := len(s.of(t, "refund")); n != 1 {
			t.Errorf("%d refunds", n)
		}
	})
}
