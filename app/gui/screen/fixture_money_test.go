package screen_test

import (
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
	"tillkeeper/app/recon"
	"tillkeeper/app/settle"
)

// bought is a receipt of five lines paid by card, one bottle of it given back.
func bought() checkout.Standing {
	s := full()
	b := s.Basket
	b.Receipt, b.State, b.Paid = "000129", pos.BasketPaid, b.Total
	b.Lines = append([]pos.Line(nil), b.Lines...)
	b.Lines[0].Returned = pos.One
	st := checkout.Standing{Receipt: "000129", Basket: b, Left: 18340}
	for _, l := range b.Lines {
		st.Lines = append(st.Lines, checkout.StandingLine{Line: l, Left: l.Qty - l.Returned})
	}
	sale := attempt(pos.Approved)
	sale.Kind, sale.Refunded, sale.Follow = pos.Sale, 200, "000000000490"
	back := attempt(pos.Approved)
	back.ID, back.Kind, back.Amount, back.Approved, back.Original = "000000000490", pos.Refund, 200, 200, sale.ID
	st.Attempts = []pos.Attempt{sale, back}
	return st
}

// hold is a receipt of a pre-authorization that stands.
func hold(receipt string, sum pos.Amount) checkout.Standing {
	a := attempt(pos.Approved)
	a.Kind, a.Receipt, a.Amount, a.Approved = pos.Preauth, receipt, sum, sum
	return checkout.Standing{Receipt: receipt, Attempts: []pos.Attempt{a}, Held: &a, NoVoid: "nothing_left", NoRefund: "nothing_left"}
}

func differences() []pos.Difference {
	return []pos.Difference{
		{ID: "1", Class: pos.TheirsOnly, STAN: "000487", PAN: "622202******1234", Theirs: 18540, Proposal: recon.RefundCustomer, Found: now},
		{ID: "2", Class: pos.OursOnly, STAN: "000491", PAN: "621483******0917", Ours: 4550, Proposal: recon.AskAcquirer, Found: now},
		{ID: "3", Class: pos.AmountDiffers, STAN: "000502", PAN: "622848******5512", Ours: 6100, Theirs: 6000, Proposal: recon.ClaimShortfall, Found: now},
		{ID: "4", Class: pos.ReversedInFile, STAN: "000511", PAN: "622588******7021", Theirs: 5200, Proposal: recon.ClaimReversal, Found: now},
	}
}

func report(balanced bool) *settle.Report {
	r := &settle.Report{
		Batch: "000012", Next: "000013", Balanced: balanced, Ended: now,
		Till: pos.BatchTotals{Debit: 298940, DebitCount: 31, Credit: 1350, CreditCount: 1},
	}
	if r.Host = r.Till; !balanced {
		r.Host.Debit, r.Host.DebitCount, r.Uploaded = 293340, 30, 31
		r.LeftOut = []pos.Attempt{attempt(pos.Reversing), attempt(pos.LateDeclined)}
	}
	return r
}

func compared() *settle.Reconciled {
	return &settle.Reconciled{File: "2026-11-21.csv", Report: recon.Report{Lines: 31, Matched: 1203, OursOnly: 1, TheirsOnly: 1, AmountDiffers: 1, ReversedInFile: 1}}
}

// moneyBack are the screens of voids, refunds and holds.
func moneyBack() []shown {
	var out []shown
	add := func(name string, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		f(&s, &v)
		out = append(out, shown{name, s, v, false})
	}
	add("receipt-find", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Entry = screen.Receipt, "185.4"
		for _, st := range []pos.State{pos.Approved, pos.Refunded, pos.Reversed, pos.Declined, pos.Approved, pos.Approved, pos.Approved, pos.Approved} {
			v.Found2 = append(v.Found2, attempt(st))
		}
	})
	add("receipt-missing", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Undoing.Missing = screen.Receipt, "000777"
	})
	add("receipt", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Undoing = screen.Receipt, screen.Undoing{Receipt: "000129", Standing: bought()}
		v.Undoing.Standing.NoVoid = "refunded_already"
	})
	add("receipt-hold", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Undoing = screen.Receipt, screen.Undoing{Receipt: "000140", Standing: hold("000140", 50000)}
	})
	add("refund", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Undoing = screen.Refund, screen.Undoing{Receipt: "000129", Standing: bought(), Reason: "faulty"}
		v.Undoing.Qty = map[int]pos.Qty{2: 2000}
		v.Undoing.Standing.CardNeeded = true
	})
	add("refund-notice", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Undoing = screen.Refund, screen.Undoing{Receipt: "000129", Standing: bought(), Amount: "999"}
		v.Notice = "撤销或退货还没有结果"
	})
	add("refund-ask", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Undoing = screen.Refund, screen.Undoing{Receipt: "000129", Standing: bought(), Reason: "faulty"}
		v.Undoing.Qty, v.Ask = map[int]pos.Qty{2: 2000}, screen.AskRefund
	})
	add("void-ask", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Undoing, v.Ask = screen.Receipt, screen.Undoing{Receipt: "000129", Standing: bought()}, screen.AskVoid
	})
	add("void-sheet", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Undoing = screen.Receipt, screen.Undoing{Receipt: "000129", Standing: bought()}
		v.Sheet = screen.Sheet{Open: true, Who: "2001", PIN: 2}
	})
	add("cards", func(s *checkout.Snapshot, v *screen.View) { v.Screen, v.Entry = screen.Cards, "500" })
	add("cards-held", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Entry = screen.Cards, "460.5"
		v.CardDo = screen.CardDo{Held: []checkout.Standing{hold("000140", 50000), hold("000133", 120000)}, Chosen: "000140"}
	})
	add("complete-ask", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Entry, v.Ask = screen.Cards, "460.5", screen.AskFinish
		v.CardDo = screen.CardDo{Held: []checkout.Standing{hold("000140", 50000)}, Chosen: "000140"}
	})
	add("card-balance", func(s *checkout.Snapshot, v *screen.View) {
		s.Step, s.Basket = checkout.StepCard, pos.Basket{}
		s.Card = &checkout.CardView{Kind: pos.Balance, Stage: checkout.CardPresent, Began: now.Add(-4 * time.Second), Deadline: now.Add(56 * time.Second)}
	})
	add("card-refund", func(s *checkout.Snapshot, v *screen.View) {
		s.Step, s.Basket = checkout.StepCard, pos.Basket{}
		s.Card = &checkout.CardView{Kind: pos.Refund, Amount: 900, Stage: checkout.CardPresent, Began: now.Add(-4 * time.Second), Deadline: now.Add(56 * time.Second)}
	})
	return append(out, otherOutcomes()...)
}

// otherOutcomes are the outcomes that are not about a sale.
func otherOutcomes() []shown {
	var out []shown
	add := func(name string, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		f(&s, &v)
		out = append(out, shown{name, s, v, false})
	}
	for _, k := range []struct {
		name  string
		kind  checkout.OutcomeKind
		does  pos.Kind
		state pos.State
		code  string
	}{
		{"outcome-void", checkout.OutcomeApproved, pos.Void, pos.Approved, "00"},
		{"outcome-void-refused", checkout.OutcomeRefused, pos.Void, pos.Declined, "12"},
		{"outcome-void-unknown", checkout.OutcomeUnknown, pos.Void, pos.Reversing, "no_answer"},
		{"outcome-refund", checkout.OutcomeApproved, pos.Refund, pos.Approved, "00"},
		{"outcome-refund-refused", checkout.OutcomeRefused, pos.Refund, pos.Declined, "61"},
		{"outcome-refund-pending", checkout.OutcomeUnknown, pos.Refund, pos.RefundUnknown, "no_answer"},
		{"outcome-balance", checkout.OutcomeApproved, pos.Balance, pos.Approved, "00"},
		{"outcome-balance-refused", checkout.OutcomeRefused, pos.Balance, pos.Declined, "55"},
		{"outcome-preauth", checkout.OutcomeApproved, pos.Preauth, pos.Approved, "00"},
		{"outcome-preauth-unknown", checkout.OutcomeUnknown, pos.Preauth, pos.Reversing, "no_answer"},
		{"outcome-completion", checkout.OutcomeApproved, pos.Completion, pos.Approved, "00"},
		{"outcome-preauth-void", checkout.OutcomeApproved, pos.PreauthVoid, pos.Approved, "00"},
	} {
		add(k.name, func(s *checkout.Snapshot, v *screen.View) {
			s.Step = checkout.StepOutcome
			a := attempt(k.state)
			a.Kind = k.does
			s.Outcome = &checkout.Outcome{Kind: k.kind, Attempt: a, Code: k.code, At: now}
			if k.does == pos.Balance && k.kind == checkout.OutcomeApproved {
				sum, sms := pos.Amount(862533), true
				s.Outcome.Balance, s.Outcome.Notify = &sum, &sms
			}
		})
	}
	return out
}

// books are the screens of decisions, settlement, files and stories.
func books() []shown {
	var out []shown
	add := func(name string, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		s.Operator = pos.Operator{ID: "9001", Name: "孙丽", Role: pos.Owner}
		v.Closing.Known = true
		f(&s, &v)
		out = append(out, shown{name, s, v, false})
	}
	late := func(v *screen.View) {
		a := attempt(pos.LateDeclined)
		a.Code, a.Created = "51", now.Add(-49*time.Hour)
		v.Screen, v.Decide = screen.Resolve, screen.Decide{Attempt: a, How: checkout.PaidOtherwise, Reason: "customer_came", Number: "20261122"}
	}
	add("resolve-late", func(s *checkout.Snapshot, v *screen.View) { late(v) })
	add("resolve-manual", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Decide = screen.Resolve, screen.Decide{Attempt: attempt(pos.Manual)}
		v.Decide.Attempt.Reason = "98"
	})
	add("resolve-ask", func(s *checkout.Snapshot, v *screen.View) {
		late(v)
		v.Ask = screen.AskDecide
	})
	add("settle", func(s *checkout.Snapshot, v *screen.View) { v.Screen = screen.Settle })
	before := screen.Preview{Totals: report(true).Till, Left: report(false).LeftOut}
	add("settle-before", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Closing.Report, v.Closing.Preview = screen.Settle, report(true), before
		v.Closing.Preview.Left = nil
	})
	add("settle-before-left", func(s *checkout.Snapshot, v *screen.View) { v.Screen, v.Closing.Preview = screen.Settle, before })
	add("settle-ask", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Ask, v.Closing.Preview = screen.Settle, screen.AskSettle, before
	})
	add("settle-ask-empty", func(s *checkout.Snapshot, v *screen.View) { v.Screen, v.Ask = screen.Settle, screen.AskSettle })
	add("settle-running", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, s.Settling = screen.Settle, true
		v.Closing.Running, v.Closing.Open = true, true
		v.Closing.Stage, v.Closing.Done, v.Closing.Of = settle.StageUpload, 16, 31
	})
	add("settle-stopped", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, s.Settling, v.Closing.Open = screen.Settle, true, true
		v.Closing.Stage = settle.StageTotals
	})
	add("settle-refused", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Closing.Fault = screen.Settle, "payment_running"
	})
	add("settle-balanced", func(s *checkout.Snapshot, v *screen.View) { v.Screen, v.Closing.Report = screen.Settle, report(true) })
	add("settle-untaken", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Closing.Report = screen.Settle, report(false)
		v.Closing.Report.Untaken = []pos.Attempt{attempt(pos.Settled)}
	})
	add("settle-differs", func(s *checkout.Snapshot, v *screen.View) { v.Screen, v.Closing.Report = screen.Settle, report(false) })
	add("sale-settling", func(s *checkout.Snapshot, v *screen.View) {
		s.Settling = true
		s.Refused = map[pos.Tender]string{pos.Card: "settlement_running", pos.QR: "settlement_running"}
	})
	add("sale-room-low", func(s *checkout.Snapshot, v *screen.View) {
		s.Line = checkout.LineView{State: "offline", Cause: "network", Since: now.Add(-3 * time.Hour), Queued: 41, QueuedSum: 423150, RoomSum: 76850, RoomCount: 9}
		s.Refused[pos.QR] = "qr_offline"
	})
	return append(append(out, explained()...), secrets()...)
}

// explained are the screens of the acquirer's files and of claims.
func explained() []shown {
	var out []shown
	add := func(name string, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		s.Operator = pos.Operator{ID: "9001", Name: "孙丽", Role: pos.Owner}
		v.Closing.Known = true
		f(&s, &v)
		out = append(out, shown{name, s, v, false})
	}
	add("reconcile", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Closing.Files = screen.Reconcile, []string{"2026-11-21.csv", "2026-11-20.csv", "2026-11-19.csv"}
		v.Closing.Fetches, v.Closing.Result, v.Closing.List = true, compared(), differences()
	})
	add("reconcile-empty", func(s *checkout.Snapshot, v *screen.View) { v.Screen = screen.Reconcile })
	add("difference", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Decide = screen.Differ, screen.Decide{Difference: differences()[0], How: checkout.RefundedSo}
	})
	add("charged", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Claim = screen.Charged, screen.Claim{Amount: "185.40", Last4: "1234", Field: screen.FieldLast4, Days: 1, Hour: 14}
		for _, st := range []pos.State{pos.Reversed, pos.Declined, pos.Approved} {
			v.Claim.Found = append(v.Claim.Found, attempt(st))
		}
	})
	add("charged-empty", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Claim = screen.Charged, screen.Claim{Field: screen.FieldAmount, Hour: screen.AnyHour}
	})
	tale := func(v *screen.View, files []pos.Difference) {
		t := &settle.Story{Attempt: attempt(pos.Reversed), Differences: files}
		for i, e := range []pos.EventType{pos.EvCreated, pos.EvSending, pos.EvUnknown, pos.EvReversing, pos.EvReversalTry, pos.EvReversed} {
			t.Events = append(t.Events, pos.Event{Seq: uint64(48201 + i), Type: e, Time: now.Add(time.Duration(i) * 7 * time.Second), Amount: 18540, STAN: "000487"})
		}
		v.Screen, v.Claim = screen.Story, screen.Claim{Tale: t}
	}
	add("story", func(s *checkout.Snapshot, v *screen.View) { tale(v, nil) })
	add("story-resolved", func(s *checkout.Snapshot, v *screen.View) {
		d := differences()[0]
		d.Resolved, d.How, d.By = now, checkout.RefundedSo, "1002"
		tale(v, []pos.Difference{d})
	})
	add("story-charged", func(s *checkout.Snapshot, v *screen.View) { tale(v, differences()[3:]) })
	return out
}
