package screen_test

import (
	"fmt"
	"strconv"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
	"tillkeeper/app/settle"
)

// longPerson is as long a name as a shop writes into its list of staff.
const longPerson = "阿卜杜热合曼·买买提艾力江 Alexandra-Konstantina Papadopoulou"

// hugeSum is more than any shop takes: eight digits before the point.
const hugeSum = pos.Amount(9999999999)

// crowded are the screens with more people, rows and longer names than fit, and with nothing in them at all.
func crowded() []shown {
	var out []shown
	add := func(name string, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		f(&s, &v)
		out = append(out, shown{name, s, v, false})
	}
	add("crowd-signin", func(s *checkout.Snapshot, v *screen.View) {
		s.Step, s.Operator = checkout.StepSignIn, pos.Operator{}
		staffed(v, 13)
		v.Who = v.Staff[1].ID
	})
	add("crowd-signin-nobody", func(s *checkout.Snapshot, v *screen.View) {
		s.Step, s.Operator = checkout.StepSignIn, pos.Operator{}
	})
	add("crowd-sheet", func(_ *checkout.Snapshot, v *screen.View) {
		staffed(v, 13)
		v.Sheet = screen.Sheet{Open: true}
	})
	add("crowd-sale", func(s *checkout.Snapshot, _ *screen.View) {
		s.Operator.Name, s.Shop.Name, s.Shop.NameEN = longPerson, longName, "The Peace Road Convenience Store and Grocery of Chang'an"
		s.Shop.Demo = true
		s.Basket.Lines, s.Basket.Total = nil, hugeSum
		for i := range 320 {
			l := line(i+1, longName, 9999, 999999, hugeSum, "盒")
			l.Discount = 99
			s.Basket.Lines = append(s.Basket.Lines, l)
		}
		s.Selected = 318
	})
	add("crowd-cash", func(s *checkout.Snapshot, v *screen.View) {
		s.Basket.Total = 1234567890
		v.Screen, v.Tendered = screen.Cash, "99999999.9"
	})
	add("crowd-card", func(s *checkout.Snapshot, _ *screen.View) {
		s.Basket.Total, s.Step = hugeSum, checkout.StepCard
		s.Card = &checkout.CardView{Amount: hugeSum, Stage: checkout.CardHost, Began: now, Deadline: now.Add(time.Minute), MaskedPAN: "6222021234******1234"}
	})
	add("crowd-outcome", func(s *checkout.Snapshot, _ *screen.View) {
		a := attempt(pos.Approved)
		a.Tender, a.Amount, a.Approved, a.Tendered = pos.Cash, hugeSum, hugeSum, hugeSum
		s.Step, s.Outcome = checkout.StepOutcome, &checkout.Outcome{Kind: checkout.OutcomeApproved, Attempt: a, At: now}
	})
	add("crowd-held", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen = screen.Held
		for i := range 40 {
			v.HeldList = append(v.HeldList, pos.Basket{Ticket: strconv.Itoa(i + 1), Total: hugeSum, Lines: s.Basket.Lines, Note: longPerson})
		}
		s.Basket = pos.Basket{}
	})
	for name, of := range map[string]screen.Name{"small-quick": screen.Quick, "small-more": screen.More} {
		add(name, func(_ *checkout.Snapshot, v *screen.View) { v.Screen = of })
	}
	add("crowd-voided", func(_ *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Attempt = screen.Record, attempt(pos.Voided)
		v.Events = []pos.Event{{Seq: 48201, Type: pos.EvVoided, Time: now}}
	})
	add("outcome-refused-offline", func(s *checkout.Snapshot, _ *screen.View) {
		s.Step, s.Line.State, s.Refused[pos.QR] = checkout.StepOutcome, "offline", "qr_offline"
		a := attempt(pos.Voided)
		a.EntryMode = "keyed"
		s.Outcome = &checkout.Outcome{Kind: checkout.OutcomeRefused, Attempt: a, Code: "no_line", Offer: []pos.Tender{pos.Cash}, At: now}
	})
	add("empty-held", func(s *checkout.Snapshot, v *screen.View) { v.Screen, s.Basket, s.Held = screen.Held, pos.Basket{}, 0 })
	return append(append(out, crowdedOffice()...), emptyOffice()...)
}

// staffed fills the list of staff with people of long names, every third of whom may approve.
func staffed(v *screen.View, n int) {
	v.Staff = nil
	for i := range n {
		role := [...]pos.Role{pos.Cashier, pos.Supervisor, pos.Owner}[i%3]
		v.Staff = append(v.Staff, screen.Staff{ID: strconv.Itoa(1001 + i), Name: strconv.Itoa(i+1) + " " + longPerson, Role: role})
		v.Names[strconv.Itoa(1001+i)] = longPerson
	}
}

// crowdedOffice are the back office's screens with as much as they may have to show.
func crowdedOffice() []shown {
	var out []shown
	add := func(name string, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		s.Operator = pos.Operator{ID: "1001", Name: longPerson, Role: pos.Owner}
		staffed(&v, 4)
		v.Closing.Known = true
		f(&s, &v)
		out = append(out, shown{name, s, v, false})
	}
	add("crowd-today", func(s *checkout.Snapshot, v *screen.View) {
		today(s, v)
		s.Line.Queued, s.Line.Reversing, s.Line.Persons = 912, 45, 88
		v.Totals.Net, v.Totals.Count, v.SameTime = hugeSum, 99999, hugeSum/3
		v.Totals.ByTender[pos.Card] = pos.Sums{Net: hugeSum, Count: 99999}
		v.Totals.ByCashier = map[string]pos.Sums{"1001": {Net: hugeSum, Count: 99999}, "1002": {Net: -hugeSum, Count: 1}}
		v.Totals.ByProduct = []pos.ProductSums{{Name: longName, Qty: 9999999000, Unit: "盒", Amount: hugeSum}}
		v.Totals.Pending, v.Totals.LateDeclined = pos.Sums{Count: 912, Gross: hugeSum}, pos.Sums{Count: 88, Gross: hugeSum}
	})
	add("crowd-queue", func(s *checkout.Snapshot, v *screen.View) {
		v.Screen = screen.Queue
		s.Line.Queued, s.Line.QueuedSum, s.Line.Reversing, s.Line.Persons = 412, hugeSum, 45, 88
		for i := range 545 {
			a := attempt([...]pos.State{pos.LateDeclined, pos.Manual, pos.Reversing, pos.OfflineApproved, pos.Deferred}[i%5])
			a.Amount, a.Tries, a.Code, a.LastError, a.Created = hugeSum/88, 1234, "51", "no_answer", now.Add(-70*24*time.Hour)
			v.Waiting = append(v.Waiting, a)
		}
	})
	add("crowd-record", func(_ *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Attempt = screen.Record, attempt(pos.Reversing)
		v.Attempt.Amount, v.Attempt.Approved = hugeSum, 0
		for i := range 240 {
			v.Events = append(v.Events, pos.Event{Seq: uint64(9998201 + i), Type: pos.EvReversalTry, Time: now, STAN: "000487", Code: "no_answer"})
		}
	})
	return append(out, crowdedBooks()...)
}

// crowdedBooks are those on which much is decided, settled and told.
func crowdedBooks() []shown {
	var out []shown
	add := func(name string, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		s.Operator = pos.Operator{ID: "1001", Name: longPerson, Role: pos.Owner}
		staffed(&v, 4)
		v.Closing.Known = true
		f(&s, &v)
		out = append(out, shown{name, s, v, false})
	}
	add("crowd-reconcile", func(_ *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Closing.Fetches, v.Closing.Result = screen.Reconcile, true, compared()
		v.Closing.Result.Matched, v.Closing.Result.TheirsOnly = 1234567, 4321
		for i := range 60 {
			v.Closing.Files = append(v.Closing.Files, fmt.Sprintf("settlement-of-the-peace-road-2026-%02d-%02d.csv", 1+i/28, 1+i%28))
		}
		for i := range 200 {
			d := differences()[i%4]
			d.ID, d.Ours, d.Theirs = strconv.Itoa(i), hugeSum, hugeSum-1
			v.Closing.List = append(v.Closing.List, d)
		}
		d := &v.Closing.List[1]
		d.Resolved, d.By, d.Reason = now, "1001", "银行电话确认 · 20261122000001"
	})
	add("crowd-difference", func(_ *checkout.Snapshot, v *screen.View) {
		v.Screen, v.Decide = screen.Differ, screen.Decide{Difference: differences()[0], How: checkout.RefundedSo, Reason: "shop_loss", Number: "123456789012345678"}
		v.Decide.Difference.Ours, v.Decide.Difference.Theirs, v.Ask = hugeSum, hugeSum/2, screen.AskDecide
	})
	add("crowd-settle", func(_ *checkout.Snapshot, v *screen.View) {
		r := report(false)
		r.Till = pos.BatchTotals{Debit: hugeSum, DebitCount: 99999, Credit: hugeSum / 7, CreditCount: 8888}
		for range 90 {
			r.LeftOut = append(r.LeftOut, r.LeftOut[0])
		}
		v.Screen, v.Closing.Report = screen.Settle, r
	})
	add("crowd-story", func(_ *checkout.Snapshot, v *screen.View) {
		t := &settle.Story{Attempt: attempt(pos.Approved), Differences: differences()}
		t.Attempt.Amount, t.Attempt.Approved = hugeSum, hugeSum
		for i := range 60 {
			t.Events = append(t.Events, pos.Event{Seq: uint64(i + 1), Type: pos.EvReversalTry, Time: now, Code: "no_answer", STAN: "000487"})
		}
		v.Screen, v.Claim = screen.Story, screen.Claim{Tale: t}
	})
	add("crowd-keys", func(_ *checkout.Snapshot, v *screen.View) {
		v.Screen = screen.Keys
		v.Keying = screen.KeyEntry{Known: true, Step: screen.KeyType, Part: 2, People: [2]string{longPerson, longPerson}, Values: [2]string{"82E13665"}, Typed: 7}
	})
	add("crowd-keys-who", func(_ *checkout.Snapshot, v *screen.View) {
		v.Screen = screen.Keys
		v.Keying = screen.KeyEntry{Known: true, Step: screen.KeyWho, Part: 2, Number: "1001", Field: screen.FieldNumber, People: [2]string{longPerson}, Values: [2]string{"82E13665"}}
	})
	return out
}

// emptyOffice are the back office's screens of a till that has sold nothing yet.
func emptyOffice() []shown {
	var out []shown
	for _, name := range []screen.Name{screen.Records, screen.Receipt, screen.Catalogue, screen.Settle, screen.Devices, screen.Record, screen.Story} {
		s, v := full(), view()
		s.Operator = pos.Operator{ID: "9001", Name: "孙丽", Role: pos.Owner}
		s.Basket, s.Last, s.Held, s.Devices = pos.Basket{}, nil, 0, nil
		v.Screen = name
		out = append(out, shown{"empty-" + string(name), s, v, false})
	}
	return out
}
