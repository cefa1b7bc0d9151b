package screen_test

import (
	"strconv"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
	"tillkeeper/app/settle"
)

// What an order may come to: the longest names of a catalogue, sums of seven digits, as many lines as nobody buys.
const (
	longName = "精选长白山野生黑木耳礼盒装（含说明书与提手袋）2500g×12 超值家庭分享组合"
	mostSum  = pos.Amount(999999999)
)

// extremes are the screens at the ends of what they may have to show, and outcomes that went on by themselves.
func extremes() []shown {
	var out []shown
	add := func(name string, cust bool, f func(s *checkout.Snapshot, v *screen.View)) {
		s, v := full(), view()
		f(&s, &v)
		out = append(out, shown{name, s, v, cust})
	}
	vast := func(s *checkout.Snapshot, lines int) {
		s.Basket.Lines, s.Basket.Total = nil, mostSum
		for i := range lines {
			s.Basket.Lines = append(s.Basket.Lines, line(i+1, longName+strconv.Itoa(i), 999*pos.One, 999999, 99899900, "盒"))
		}
		s.Selected = lines
	}
	add("extreme-sale", false, func(s *checkout.Snapshot, v *screen.View) {
		vast(s, 200)
		for i := range v.Tiles {
			v.Tiles[i] = screen.Tile{SKU: strconv.Itoa(i), Name: longName, Spec: "2500g×12 礼盒", Price: 9999999}
		}
		v.Notice = "没有这个条码，可按拼音查找"
		v.Entry, v.Qty = "123456789012345678", "999"
	})
	add("extreme-one", false, func(s *checkout.Snapshot, _ *screen.View) {
		s.Basket.Lines, s.Basket.Total, s.Held = s.Basket.Lines[2:3], 5890, 1
		s.Selected = 3
	})
	add("extreme-cash", false, func(s *checkout.Snapshot, v *screen.View) {
		vast(s, 200)
		v.Screen, v.Tendered = screen.Cash, "9999999.99"
	})
	add("extreme-coins", false, func(s *checkout.Snapshot, v *screen.View) {
		s.Basket.Total = 1120
		v.Screen, v.Tendered = screen.Cash, "200"
	})
	add("extreme-card", false, func(s *checkout.Snapshot, _ *screen.View) {
		vast(s, 200)
		s.Step = checkout.StepCard
		s.Card = &checkout.CardView{Amount: mostSum, Stage: checkout.CardPresent, Began: now, Deadline: now.Add(time.Minute)}
	})
	add("extreme-qr", false, func(s *checkout.Snapshot, _ *screen.View) {
		vast(s, 200)
		s.Step = checkout.StepQR
		s.QR = &checkout.QRView{Amount: mostSum, Code: "https://pay.example/order/000000000487", Began: now, Expires: now.Add(time.Minute)}
	})
	add("extreme-outcome", false, func(s *checkout.Snapshot, _ *screen.View) {
		a := attempt(pos.Approved)
		a.Amount, a.Approved = mostSum, mostSum
		s.Step, s.Outcome = checkout.StepOutcome, &checkout.Outcome{Kind: checkout.OutcomeApproved, Attempt: a, At: now}
	})
	add("extreme-refused", false, func(s *checkout.Snapshot, _ *screen.View) {
		a := attempt(pos.Declined)
		a.Amount = mostSum
		s.Step = checkout.StepOutcome
		s.Outcome = &checkout.Outcome{Kind: checkout.OutcomeRefused, Attempt: a, Code: "61", Offer: []pos.Tender{pos.QR, pos.Cash, pos.Card}, At: now, Due: mostSum}
	})
	farEnds(add, vast)
	outcomes(add)
	return out
}

// farEnds are the office and the customer's window at their ends.
func farEnds(add func(string, bool, func(*checkout.Snapshot, *screen.View)), vast func(*checkout.Snapshot, int)) {
	add("extreme-customer", true, func(s *checkout.Snapshot, _ *screen.View) { vast(s, 200) })
	add("extreme-today", false, func(s *checkout.Snapshot, v *screen.View) {
		today(s, v)
		v.Totals.Net, v.Totals.Count, v.SameTime = mostSum, 1, mostSum-100
		v.Totals.ByTender = map[pos.Tender]pos.Sums{pos.Card: {Net: mostSum, Count: 1}}
		v.Totals.ByProduct = []pos.ProductSums{{Name: longName, Qty: 99999000, Unit: "盒", Amount: mostSum}}
	})
	add("extreme-records", false, func(_ *checkout.Snapshot, v *screen.View) {
		v.Screen = screen.Records
		for i := range 200 {
			a := attempt(pos.Settled)
			a.Amount, a.Approved, a.Created = mostSum, mostSum, now.Add(-time.Duration(i)*time.Hour)
			v.Found2 = append(v.Found2, a)
		}
	})
	add("extreme-receipt", false, func(s *checkout.Snapshot, v *screen.View) {
		vast(s, 200)
		v.Screen = screen.Receipt
		st := checkout.Standing{Receipt: "000129", Basket: s.Basket, Left: mostSum, Attempts: []pos.Attempt{attempt(pos.Approved)}}
		for _, l := range s.Basket.Lines {
			st.Lines = append(st.Lines, checkout.StandingLine{Line: l})
		}
		v.Undoing = screen.Undoing{Receipt: "000129", Standing: st}
	})
}

// outcomes are those that go on by themselves after they came up.
func outcomes(add func(string, bool, func(*checkout.Snapshot, *screen.View))) {
	unknown := func(kind pos.Kind, tender pos.Tender, now2 pos.State) func(*checkout.Snapshot, *screen.View) {
		return func(s *checkout.Snapshot, v *screen.View) {
			a := attempt(pos.Reversing)
			a.Kind, a.Tender = kind, tender
			s.Step = checkout.StepOutcome
			s.Outcome = &checkout.Outcome{Kind: checkout.OutcomeUnknown, Attempt: a, Code: "no_answer", Offer: []pos.Tender{pos.QR, pos.Cash, pos.Card}, At: now}
			a.State, a.Tries = now2, 1
			v.Followed.Attempt = a
		}
	}
	add("outcome-reversed", false, unknown(pos.Sale, pos.Card, pos.Reversed))
	add("outcome-reversed-void", false, unknown(pos.Void, pos.Card, pos.Reversed))
	add("outcome-reversed-hold", false, unknown(pos.Preauth, pos.Card, pos.Reversed))
	add("outcome-closed-code", false, unknown(pos.Sale, pos.QR, pos.Cancelled))
	add("outcome-refund-decided", false, unknown(pos.Refund, pos.Card, pos.Approved))
	add("outcome-still-unknown", false, unknown(pos.Sale, pos.Card, pos.Reversing))
	add("outcome-given-up", false, unknown(pos.Sale, pos.Card, pos.Cancelled))
	add("outcome-parked", false, unknown(pos.Sale, pos.Card, pos.Manual))
	add("outcome-refund-parked", false, unknown(pos.Refund, pos.Card, pos.Manual))
	add("outcome-refund-late", false, unknown(pos.Refund, pos.Card, pos.LateDeclined))
	add("customer-reversed", true, unknown(pos.Sale, pos.Card, pos.Reversed))
	add("customer-reversed-void", true, unknown(pos.Void, pos.Card, pos.Reversed))
	add("customer-reversed-code", true, unknown(pos.Sale, pos.QR, pos.Reversed))
	add("customer-closed-code", true, unknown(pos.Sale, pos.QR, pos.Cancelled))
	add("customer-given-up", true, unknown(pos.Sale, pos.Card, pos.Cancelled))
	add("customer-refund-done", true, unknown(pos.Refund, pos.Card, pos.Approved))
	add("customer-refund-late", true, unknown(pos.Refund, pos.Card, pos.LateDeclined))
	add("customer-parked", true, unknown(pos.Sale, pos.Card, pos.Manual))
	for _, slip := range []string{"printed", "unknown"} {
		add("outcome-slip-"+slip, false, func(s *checkout.Snapshot, v *screen.View) {
			s.Step, s.Outcome = checkout.StepOutcome, &checkout.Outcome{Kind: checkout.OutcomeApproved, Attempt: attempt(pos.Approved), At: now}
			v.Followed.Slip = slip
		})
	}
	add("sale-settled-narrow", false, func(s *checkout.Snapshot, v *screen.View) {
		v.Closing.Report = &settle.Report{Batch: "000012", Next: "000013", Ended: now.Add(-time.Minute)}
		s.Devices = []pos.Condition{{Name: "reader", State: "fault", Code: "unplugged"}, {Name: "printer", State: "fault", Code: "paper_out"}, {Name: "scanner", State: "ok"}}
	})
	add("sale-settled-failed", false, func(_ *checkout.Snapshot, v *screen.View) {
		v.Closing.Report = &settle.Report{Batch: "000012", Next: "000013", Ended: now.Add(-time.Minute), Balanced: true}
		v.Closing.Fault = "offline"
	})
	add("sale-notice-typed", false, func(_ *checkout.Snapshot, v *screen.View) {
		v.Entry, v.Notice = "123456789012345678", "先输入数量"
	})
	for name, balanced := range map[string]bool{"sale-settled": true, "sale-settled-differs": false} {
		add(name, false, func(_ *checkout.Snapshot, v *screen.View) {
			v.Closing.Report = &settle.Report{Batch: "000012", Next: "000013", Ended: now.Add(-time.Minute), Balanced: balanced}
		})
	}
}
