package gui

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
	"tillkeeper/app/settle"
)

// TestATouchNeverOvertakesAKey: a quantity typed right before a touch counted for the next article but one.
func TestATouchNeverOvertakesAKey(t *testing.T) {
	with(t, func(d *desk) {
		d.at = d.at.Add(time.Second)
		d.run(func() { d.ui.runeAt('3', d.now()) })
		d.at = d.at.Add(5 * time.Millisecond)
		d.run(func() {
			d.ui.runeAt('*', d.now())
			d.ui.act(kit.Act{Verb: screen.VerbTile, Arg: "100001"})
		})
		d.wants("add 100001 3")
		if v := d.view(); v.Qty != "" || v.Entry != "" {
			t.Errorf("%q and %q are left", v.Qty, v.Entry)
		}
	})
}

// TestAHeldOrderTakesWhatWasTypedAlong: the quantity typed for an order that was put aside counted in the next one.
func TestAHeldOrderTakesWhatWasTypedAlong(t *testing.T) {
	with(t, func(d *desk) {
		d.types("3*12")
		d.act(screen.VerbHold, "")
		d.wants("hold")
		if v := d.view(); v.Qty != "" || v.Entry != "" {
			t.Errorf("%q and %q are left", v.Qty, v.Entry)
		}
	})
}

// TestAnOrderThatIsNotHeldKeepsWhatWasTyped: a refused hold lost it.
func TestAnOrderThatIsNotHeldKeepsWhatWasTyped(t *testing.T) {
	with(t, func(d *desk) {
		d.f.fail["hold"] = errors.New("the disk is full")
		d.types("3*12")
		d.act(screen.VerbHold, "")
		d.wants("hold")
		if v := d.view(); v.Qty != "3" || v.Entry != "12" {
			t.Errorf("%q and %q are left", v.Qty, v.Entry)
		}
	})
}

// ends brings an outcome onto the screen.
func (d *desk) ends(o checkout.Outcome) {
	d.f.set(func(s *checkout.Snapshot) { s.Step, s.Outcome = checkout.StepOutcome, &o })
	synctest.Wait()
}

// TestAnUnknownOutcomeSaysWhenTheBankConfirmed: the screen promised it and never did.
func TestAnUnknownOutcomeSaysWhenTheBankConfirmed(t *testing.T) {
	with(t, func(d *desk) {
		state := func(s pos.State) {
			d.f.mu.Lock()
			d.f.records.state = s
			d.f.mu.Unlock()
			time.Sleep(2 * time.Second)
			synctest.Wait()
		}
		d.ends(checkout.Outcome{Kind: checkout.OutcomeUnknown, Code: "no_answer", Attempt: pos.Attempt{ID: "7", Tender: pos.Card, Amount: 18540, State: pos.Reversing}})
		state(pos.Reversing)
		if !d.shows("结果不明") || d.shows("银行已确认冲正") {
			t.Fatal("what nobody knows yet is told")
		}
		state(pos.Reversed)
		if d.shows("结果不明") || !d.shows("银行已确认冲正") || !d.shows("没有收款") {
			t.Fatal("the confirmation is not told")
		}
		state(pos.Reversing) // an approval came after all
		if !d.shows("结果不明") || d.shows("银行已确认冲正") {
			t.Fatal("a reversal that was taken up again is told as confirmed")
		}
		state(pos.Reversed)
		d.ends(checkout.Outcome{Kind: checkout.OutcomeApproved, Attempt: pos.Attempt{ID: "9", Tender: pos.Card, Approved: 100}})
		if v := d.view(); v.Followed.Attempt.ID != "" {
			t.Fatalf("of the last payment is left: %+v", v.Followed)
		}
		d.ends(checkout.Outcome{Kind: checkout.OutcomeUnknown, Code: "no_answer", Attempt: pos.Attempt{ID: "8", Tender: pos.Card, Amount: 100, State: pos.Reversing}})
		state(pos.Reversing)
		if !d.shows("结果不明") {
			t.Fatal("the end of the last payment is told of this one")
		}
	})
}

// TestAReceiptIsSaidToBePrinted: the screen said for ever that it was being printed.
func TestAReceiptIsSaidToBePrinted(t *testing.T) {
	withGear(t, func(d *desk, b *bag) {
		job := func(s string) {
			b.mu.Lock()
			b.jobs = []pos.Printing{{ID: 1, Number: "000129", State: "printed"}, {ID: 2, Number: "000129", State: s}}
			b.mu.Unlock()
			time.Sleep(2 * time.Second)
			synctest.Wait()
		}
		d.ends(checkout.Outcome{Kind: checkout.OutcomeApproved, Attempt: pos.Attempt{ID: "7", Tender: pos.Card, Approved: 100, Receipt: "000129"}})
		job("sent")
		if !d.shows("小票正在打印") {
			t.Fatal("a slip that is being printed is not said to be")
		}
		job("unknown")
		if !d.shows("不知道打出来没有") {
			t.Fatal("a slip in doubt is not said to be")
		}
		job("printed")
		if !d.shows("小票已打印") {
			t.Fatal("a printed slip is not said to be")
		}
		job("sent") // the copy, which the queue has before the command is done
		d.act(screen.VerbReprint, "000129")
		if !d.shows("小票正在打印") {
			t.Fatal("a copy is not said to be printed")
		}
	})
}

// TestACopyIsFollowedAfterAnOlderReading: what was read between the touch and its command said that the slip was printed, and
// nothing was read after it.
func TestACopyIsFollowedAfterAnOlderReading(t *testing.T) {
	withGear(t, func(d *desk, b *bag) {
		job := func(s string) {
			b.mu.Lock()
			b.jobs = []pos.Printing{{ID: 1, Number: "000129", State: s}}
			b.mu.Unlock()
		}
		job("sent")
		d.ends(checkout.Outcome{Kind: checkout.OutcomeApproved, Attempt: pos.Attempt{ID: "7", Tender: pos.Card, Approved: 100, Receipt: "000129"}})
		time.Sleep(2 * time.Second)
		d.f.onReprint = func() { job("sent") }
		d.run(func() {
			job("printed")
			d.ui.follow()
			d.ui.act(kit.Act{Verb: screen.VerbReprint, Arg: "000129"})
		})
		d.wants("reprint 000129")
		if !d.shows("小票正在打印") {
			t.Fatal("a copy is not said to be printed")
		}
	})
}

// TestASettlementThatEndsBehindTheSaleIsTold: its end was on the settlement's own page only.
func TestASettlementThatEndsBehindTheSaleIsTold(t *testing.T) {
	with(t, func(d *desk) {
		d.f.set(func(s *checkout.Snapshot) { s.Settling = true })
		synctest.Wait()
		d.f.closing.last = &settle.Report{Batch: "000012", Next: "000013", Balanced: true, Ended: d.ui.now()}
		d.f.set(func(s *checkout.Snapshot) { s.Settling = false })
		synctest.Wait()
		if !d.shows("联机 · 已结算，总额一致") {
			t.Fatal("nobody at the sale is told")
		}
		time.Sleep(11 * time.Minute)
		if d.shows("联机 · 已结算，总额一致") || !d.shows("联机") {
			t.Fatal("it is told for ever")
		}
	})
}
