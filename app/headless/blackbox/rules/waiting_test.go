package rules

import "testing"

func undoWaiting(t *testing.T) {
	t.Run("not yet sent: cancelled, nothing goes out", func(t *testing.T) {
		s := opened(t, brisk+"[offline]\ndeferred = true\n", "")
		s.CloseHost()
		a := s.Sale(t, "card", "card", "second")
		b := s.Sale(t, "card", "card", "ok")
		s.refused(t, "not_sent_yet", cmd{"cmd": "refund", "receipt": a.Receipt, "amount": 1, "override": supervisor})
		for of, how := range map[string]string{a.Receipt: "void", b.Receipt: "refund"} {
			if v := s.Did(t, cmd{"cmd": how, "receipt": of, "override": supervisor}); v.State != "cancelled" {
				t.Errorf("%s: %s", how, v.State)
			}
		}
		s.lineUp(t, "")
		s.agree(t)
		if n := len(s.of(t, "sale")); n != 0 {
			t.Errorf("%d sales went out", n)
		}
	})
	t.Run("not yet sent, a part of the receipt: refused, the cash part stays", func(t *testing.T) {
		s := opened(t, brisk+"[offline]\ndeferred = true\n", "")
		s.CloseHost()
		s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"}) // 7.50
		s.Till.Must(t, cmd{"cmd": "pay", "tender": "cash", "amount": 250, "tendered": 250})
		a := s.Pay(t, "card", "card", "second")
		if a.State != "deferred" || a.Amount != 500 {
			t.Fatalf("%s %d", a.State, a.Amount)
		}
		s.refused(t, "not_sent_yet", cmd{"cmd": "refund", "receipt": a.Receipt, "amount": 500, "override": supervisor})
		s.Is(t, a.ID, "deferred")
		s.lineUp(t, "")
		s.agree(t)
	})
	t.Run("late declined: none", func(t *testing.T) {
		s := opened(t, brisk, "")
		a := s.waiting(t, "late-decline")[0]
		s.lineUp(t, "")
		s.Till.Must(t, cmd{"cmd": "forward", "timeout_ms": 30000})
		s.waitFor(t, a.ID, "late_declined")
		s.refused(t, "late_declined_item", cmd{"cmd": "refund", "receipt": a.Receipt, "override": supervisor})
		s.agree(t)
	})
	t.Run("offline approval: delivered first", func(t *testing.T) {
		s, w := tapped(t, brisk, "")
		a := s.waiting(t, "offline-approve")[0]
		s.refused(t, "delivery_pending", cmd{"cmd": "void", "receipt": a.Receipt, "override": supervisor})
		s.lineUp(t, "")
		v := s.Did(t, cmd{"cmd": "void", "receipt": a.Receipt, "override": supervisor})
		if v.State != "approved" || v.Kind != "void" {
			t.Errorf("%s %s %s", v.Kind, v.State, v.AnswerCode)
		}
		s.Is(t, a.ID, "voided")
		sent := w.sent("0200")
		if n := len(sent); n < 2 || sent[n-2].Get(11) != a.STAN || sent[n-1].Get(3) != "200000" {
			t.Errorf("the order was %v", sent)
		}
		s.agree(t)
	})
}
