package gui

import (
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
	"tillkeeper/app/settle"
)

// TestAScanLeavesASupervisorsPINAsItWas: its digits stayed in the PIN, unseen, and the next one was wrong.
func TestAScanLeavesASupervisorsPINAsItWas(t *testing.T) {
	with(t, func(d *desk) {
		d.run(func() {
			d.ui.openSheet("")
			d.ui.retry = nil
			d.ui.draw()
		})
		d.types("13")
		d.scans(cola, 2*time.Millisecond, fyne.KeyReturn)
		if d.ui.approval != "13" || d.ui.view.Sheet.PIN != 2 {
			t.Errorf("the PIN is %d digits, %d are shown", len(d.ui.approval), d.ui.view.Sheet.PIN)
		}
		d.wants()
	})
}

// TestAScanTakesBackNothingButItself: a settlement that ended while the characters of a scan came was undone on the screen,
// and no other one could be begun.
func TestAScanTakesBackNothingButItself(t *testing.T) {
	with(t, func(d *desk) {
		d.run(func() { d.ui.view.Closing.Running = true })
		for i, r := range cola {
			d.stands(2*time.Millisecond, 0)
			d.rune(r)
			if i == 6 {
				d.run(func() { d.ui.view.Closing = screen.Closing{Known: true, Report: &settle.Report{Batch: "000012"}} })
			}
		}
		d.enter()
		d.wants("scan " + cola + " 1")
		if v := d.ui.view; v.Closing.Running || v.Closing.Report == nil || v.Entry != "" {
			t.Errorf("after the scan %+v, entry %q", v.Closing, v.Entry)
		}
	})
}

// TestAScanChangesNothingThatIsAskedAbout: an article that was scanned under the question changed the sum in it.
func TestAScanChangesNothingThatIsAskedAbout(t *testing.T) {
	with(t, func(d *desk) {
		line := pos.Line{No: 1, Barcode: cola, Name: "可口可乐", Qty: 3000, Price: 300, Total: 900, Unit: "瓶"}
		d.run(func() {
			v := &d.ui.view
			v.Screen, v.Ask = screen.Refund, screen.AskRefund
			v.Undoing = screen.Undoing{Receipt: "000129", Standing: checkout.Standing{Left: 900, Lines: []checkout.StandingLine{{Line: line, Left: 3000}}}, Qty: map[int]pos.Qty{1: 1000}}
			d.ui.draw()
		})
		d.scans(cola, 2*time.Millisecond, fyne.KeyReturn)
		if q := d.ui.view.Undoing.Qty[1]; q != 1000 || d.ui.view.Ask != screen.AskRefund {
			t.Errorf("%d thousandths are given back after the scan, asked %q", q, d.ui.view.Ask)
		}
	})
}

// TestAScanTakesNoAccount: the digits of a scan took an application of the card, and a device that was found.
func TestAScanTakesNoAccount(t *testing.T) {
	with(t, func(d *desk) {
		d.f.set(func(s *checkout.Snapshot) {
			s.Step = checkout.StepCard
			s.Card = &checkout.CardView{Stage: checkout.CardPresent, Choices: []string{"DEBIT", "CREDIT", "TRANSIT"}}
		})
		d.run(func() {})
		d.scans(cola, 2*time.Millisecond, fyne.KeyReturn)
		d.wants()
		d.types("2")
		d.wants("choose 1")
	})
}

// TestPageDownTurnsTheMainList: of two lists the first one was turned, which was that of the files and not of the differences.
func TestPageDownTurnsTheMainList(t *testing.T) {
	with(t, func(d *desk) {
		d.run(func() {
			v := &d.ui.view
			v.Screen = screen.Reconcile
			for range 60 {
				v.Closing.Files = append(v.Closing.Files, "2026-11-21.csv")
				v.Closing.List = append(v.Closing.List, pos.Difference{ID: "1", Class: pos.OursOnly, Ours: 100})
			}
			d.ui.draw()
			d.ui.page(true)
		})
		if first := d.ui.view.First; first["differences"] == 0 || first["files"] != 0 {
			t.Errorf("the lists begin at %v", first)
		}
	})
}

// TestARefusalIsNotLeftInTheOtherLanguage has somebody switch the language after a wrong PIN.
func TestARefusalIsNotLeftInTheOtherLanguage(t *testing.T) {
	with(t, func(d *desk) {
		d.run(func() { d.ui.say(d.ui.words.Why("bad_pin")) })
		d.act(screen.VerbLang, "")
		if d.ui.view.Notice != "" {
			t.Errorf("%q stands on an English screen", d.ui.view.Notice)
		}
	})
}

// TestADigitThatCameLateToTheTillIsNoPartOfAScan: a stall held a finger's digit back until right before the scan, and it
// became the scan's first.
func TestADigitThatCameLateToTheTillIsNoPartOfAScan(t *testing.T) {
	with(t, func(d *desk) {
		d.act(screen.VerbPay, "cash")
		d.types("5")
		d.stands(470*time.Millisecond, 270*time.Millisecond)
		d.rune('9')
		d.stands(110*time.Millisecond, 0)
		for _, r := range cola {
			d.rune(r)
			d.stands(2*time.Millisecond, 0)
		}
		d.enter()
		d.wants("scan " + cola + " 1")
		if d.ui.view.Tendered != "59" {
			t.Errorf("%q is given", d.ui.view.Tendered)
		}
	})
}

// TestASmallPanelsFunctionsUseWhatWasTyped: the functions behind F10 forgot the number, so that a panel of 800 by 480 could
// neither split a sum nor change a price, and the articles behind F11 forgot the quantity.
func TestASmallPanelsFunctionsUseWhatWasTyped(t *testing.T) {
	with(t, func(d *desk) {
		d.types("50")
		d.act(screen.VerbGo, string(screen.More))
		d.act(screen.VerbSplit, "")
		if v := d.ui.view; v.Part != 5000 || v.Screen != screen.Home {
			t.Errorf("the part is %s on screen %q, notice %q", v.Part, v.Screen, v.Notice)
		}
		d.types("12.5")
		d.act(screen.VerbGo, string(screen.More))
		d.act(screen.VerbPrice, "")
		if v := d.ui.view; v.Entry != "" || v.Screen != screen.Home || v.Notice != "" {
			t.Errorf("entry %q on screen %q, notice %q", v.Entry, v.Screen, v.Notice)
		}
		d.f.mu.Lock()
		d.f.calls = nil
		d.f.mu.Unlock()
		d.types("3")
		d.act(screen.VerbTimes, "")
		d.act(screen.VerbGo, string(screen.Quick))
		d.act(screen.VerbTile, "100001")
		d.wants("add 100001 3")
	})
}

// TestASumForTheCardMenuIsNotTypedIntoTheSale: it stood in the entry of the next sale.
func TestASumForTheCardMenuIsNotTypedIntoTheSale(t *testing.T) {
	with(t, func(d *desk) {
		d.act(screen.VerbGo, string(screen.Cards))
		d.types("500")
		d.act(screen.VerbGo, string(screen.Home))
		if d.ui.view.Entry != "" {
			t.Errorf("%q is typed into the sale", d.ui.view.Entry)
		}
	})
}
