package gui

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"fyne.io/fyne/v2"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// sold puts a paid receipt of three bottles and a pack into the fake's journal.
func (d *desk) sold() {
	lines := []pos.Line{
		{No: 1, Name: "农夫山泉", Barcode: "6921168002344", Qty: 3 * pos.One, Price: 200, Total: 600},
		{No: 2, Name: "面", Qty: pos.One, Price: 450, Total: 450},
	}
	st := checkout.Standing{Receipt: "000129", Left: 1050, Basket: pos.Basket{Key: "k", Receipt: "000129", State: pos.BasketPaid, Mode: pos.TaxIncluded, Total: 1050, Lines: lines}}
	for _, l := range lines {
		st.Lines = append(st.Lines, checkout.StandingLine{Line: l, Left: l.Qty})
	}
	d.f.standing = st
}

// receipt opens the receipt as its printed code does.
func (d *desk) receipt() {
	d.sold()
	d.act(screen.VerbReceipt, "")
	d.scans("000129", 2*time.Millisecond, fyne.KeyReturn)
	if d.ui.view.Screen != screen.Receipt || d.ui.view.Undoing.Receipt != "000129" {
		d.t.Fatalf("the scan of a receipt opened %q %q", d.ui.view.Screen, d.ui.view.Undoing.Receipt)
	}
}

func TestAReceiptIsVoidedAfterAQuestionWithItsSum(t *testing.T) {
	with(t, func(d *desk) {
		d.receipt()
		d.key(fyne.KeyF8)
		d.wants()
		if d.ui.view.Ask != screen.AskVoid {
			t.Fatalf("asked %q", d.ui.view.Ask)
		}
		d.key(fyne.KeyEscape)
		d.key(fyne.KeyReturn)
		d.wants()
		d.key(fyne.KeyF8)
		d.key(fyne.KeyReturn) // Enter alone never does it
		d.wants()
		d.key(fyne.KeyF12)
		d.wants("void 000129")
	})
}

func TestLinesAreRefundedUpToWhatIsLeft(t *testing.T) {
	with(t, func(d *desk) {
		d.receipt()
		d.act(screen.VerbGo, string(screen.Refund))
		for range 4 {
			d.scans("6921168002344", 2*time.Millisecond, fyne.KeyReturn)
		}
		d.act(screen.VerbLess, "1")
		if got := d.ui.view.Undoing.Sum(); got != 400 {
			t.Errorf("two bottles are %s", got)
		}
		d.key(fyne.KeyF7)
		if d.ui.view.Ask != screen.AskNothing {
			t.Error("asked without a reason")
		}
		d.act(screen.VerbReason, "faulty")
		d.key(fyne.KeyF7)
		d.f.fail["refund 000129 [{1 2}] 质量问题"] = pos.Errorf("needs_supervisor", "", "no")
		d.act(screen.VerbYes, "")
		d.types("135790")
		d.key(fyne.KeyReturn)
		d.wants("refund 000129 [{1 2}] 质量问题", "refund 000129 [{1 2}] 质量问题 by 2001 135790")
	})
}

func TestPlusMinusAndArrowsChooseWhatIsRefunded(t *testing.T) {
	with(t, func(d *desk) {
		d.receipt()
		d.act(screen.VerbGo, string(screen.Refund))
		chosen := func(when string, one, two pos.Qty) {
			t.Helper()
			if q := d.ui.view.Undoing.Qty; q[1] != one || q[2] != two {
				t.Errorf("%s: %v", when, q)
			}
		}
		for _, c := range [...]struct {
			key      string
			one, two pos.Qty
		}{{"+", pos.One, 0}, {"+", 2 * pos.One, 0}, {"-", pos.One, 0}} {
			d.types(c.key)
			time.Sleep(linkGap)
			synctest.Wait()
			chosen(c.key, c.one, c.two)
		}
		d.key(fyne.KeyDown)
		d.types("+")
		time.Sleep(linkGap)
		synctest.Wait()
		chosen("the second line", pos.One, pos.One)
		d.scans("A+B-C+D+E", 2*time.Millisecond, fyne.KeyReturn)
		chosen("a code with signs", pos.One, pos.One)
		d.run(func() { d.ui.press("Alt+W") })
		if got := d.ui.view.Undoing.Reason; got != "faulty" {
			t.Errorf("Alt and W gave the reason %q", got)
		}
		d.run(func() { d.ui.press("Alt+O") })
		if d.ui.view.Screen != screen.Queue {
			t.Errorf("Alt and O went to %q", d.ui.view.Screen)
		}
	})
}

func TestASumIsRefundedInsteadOfLines(t *testing.T) {
	with(t, func(d *desk) {
		d.receipt()
		d.act(screen.VerbGo, string(screen.Refund))
		d.act(screen.VerbMore, "2")
		d.types("10.51")
		d.act(screen.VerbReason, "other")
		d.key(fyne.KeyF7)
		if d.ui.view.Ask != screen.AskNothing {
			t.Error("more than is left may be asked for")
		}
		d.key(fyne.KeyBackspace)
		d.key(fyne.KeyF7)
		d.act(screen.VerbYes, "")
		d.wants("refund 000129 10.50 其他原因")
	})
}

func TestAShortNumberAndAnArticleFindAReceipt(t *testing.T) {
	with(t, func(d *desk) {
		d.sold()
		d.key(fyne.KeyF7)
		d.types("129")
		d.key(fyne.KeyReturn)
		if d.ui.view.Undoing.Receipt != "000129" {
			t.Errorf("129 opened %q", d.ui.view.Undoing.Receipt)
		}
		d.key(fyne.KeyEscape)
		d.scans("6921168002344", 2*time.Millisecond, fyne.KeyReturn)
		if d.ui.view.Found2[0].Reason != "农夫山泉" {
			t.Errorf("searched %+v", d.ui.view.Found2[0])
		}
		d.scans("000777", 2*time.Millisecond, fyne.KeyReturn)
		if d.ui.view.Undoing.Missing != "000777" {
			t.Errorf("missing %q", d.ui.view.Undoing.Missing)
		}
		d.wants()
	})
}

func TestBalanceAndPreauthorizationFromTheCardMenu(t *testing.T) {
	with(t, func(d *desk) {
		d.key(fyne.KeyF8)
		d.key(fyne.KeyF8)
		d.wants("balance")
		d.types("500")
		d.key(fyne.KeyF4)
		d.wants("preauth 500.00")
		held := pos.Attempt{ID: "9", Kind: pos.Preauth, Approved: 50000}
		d.f.standing = checkout.Standing{Receipt: "000140", Held: &held}
		d.scans("000140", 2*time.Millisecond, fyne.KeyReturn)
		d.types("460.5")
		d.key(fyne.KeyF4)
		d.act(screen.VerbYes, "")
		d.wants("complete 000140 460.50")
		d.key(fyne.KeyF5)
		d.act(screen.VerbYes, "")
		d.wants("cancel auth 000140")
	})
}

func TestADecisionCarriesItsReasonAndNumber(t *testing.T) {
	with(t, func(d *desk) {
		d.act(screen.VerbDecide, "1")
		d.key(fyne.KeyF12)
		if d.ui.view.Ask != screen.AskNothing {
			t.Error("asked without a way")
		}
		d.act(screen.VerbHow, checkout.PaidOtherwise)
		d.act(screen.VerbReason, "customer_came")
		d.types("77")
		d.key(fyne.KeyF12)
		d.act(screen.VerbYes, "")
		d.wants("resolve 1 paid_otherwise 顾客已来补付 · 77")
		if d.ui.view.Screen != screen.Queue {
			t.Errorf("it went on at %q", d.ui.view.Screen)
		}
	})
}

func TestCashGoesOnWhileABatchIsSettled(t *testing.T) {
	with(t, func(d *desk) {
		d.f.closing.hold = make(chan struct{})
		d.act(screen.VerbGo, string(screen.Settle))
		d.key(fyne.KeyF12)
		d.act(screen.VerbYes, "")
		d.key(fyne.KeyEscape)
		d.key(fyne.KeyF3)
		d.types("200")
		d.key(fyne.KeyReturn)
		d.wants("pay cash amount 0.00 tendered 200.00 rounding 0.00 code ")
		close(d.f.closing.hold)
		synctest.Wait()
		d.wants("settle 1001")
		if r := d.ui.view.Closing.Report; r == nil || r.Next != "000013" {
			t.Errorf("the report is %+v", r)
		}
	})
}

func TestASettlementThatLeavesSomethingOutWantsASupervisor(t *testing.T) {
	with(t, func(d *desk) {
		d.f.fail["settle 1001"] = pos.Errorf("items_left", "", "no")
		d.f.fail["settle 1001 by 2001 111111"] = pos.Errorf("bad_pin", "", "no")
		d.act(screen.VerbGo, string(screen.Settle))
		d.key(fyne.KeyF12)
		d.act(screen.VerbYes, "")
		for _, pin := range []string{"111111", "135790"} {
			if !d.ui.view.Sheet.Open || d.ui.view.Sheet.Note == "" {
				t.Fatal("no sheet, or no reason on it")
			}
			d.types(pin)
			d.key(fyne.KeyReturn)
		}
		d.wants("settle 1001", "settle 1001 by 2001 111111", "settle 1001 by 2001 135790")
		if d.ui.view.Sheet.Open || d.ui.view.Closing.Report == nil {
			t.Error("the sheet stayed, or there is no report")
		}
	})
}

func TestAFileIsComparedAndADifferenceResolved(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"2026-11-20.csv", "2026-11-21.csv", "readme.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	with(t, func(d *desk) {
		d.ui.parts.FilesDir = dir
		d.act(screen.VerbGo, string(screen.Reconcile))
		if got := d.ui.view.Closing.Files; len(got) != 2 || got[0] != "2026-11-21.csv" {
			t.Fatalf("files %q", got)
		}
		d.act(screen.VerbFetch, "2026-11-21.csv")
		d.wants("reconcile 1001 2026-11-21.csv x")
		d.act(screen.VerbDiffer, "d1")
		d.act(screen.VerbHow, checkout.RefundedSo)
		d.act(screen.VerbReason, "in_file")
		d.key(fyne.KeyF12)
		d.act(screen.VerbYes, "")
		d.wants("difference d1 refunded 对账文件里有 1001")
		d.act(screen.VerbFetch, "../2026-11-19.csv")
		if d.ui.view.Notice == "" {
			t.Error("a file outside of the folder was taken")
		}
		d.wants()
	})
}

func TestAClaimIsFoundBySumLastDigitsAndHour(t *testing.T) {
	with(t, func(d *desk) {
		d.act(screen.VerbGo, string(screen.Charged))
		d.types("185.4")
		d.act(screen.VerbField, screen.FieldLast4)
		d.types("1234")
		d.act(screen.VerbWindow, "1")
		found := d.ui.view.Claim.Found
		if len(found) != 1 || found[0].Amount != 18540 || found[0].Reason != "1234" {
			t.Fatalf("found %+v", found)
		}
		now := d.ui.now()
		if want := time.Date(now.Year(), now.Month(), now.Day()-1, 0, 0, 0, 0, time.UTC); !found[0].Created.Equal(want) {
			t.Errorf("searched from %v, want %v", found[0].Created, want)
		}
		d.act(screen.VerbHour, "-1")
		if h := d.ui.view.Claim.Hour; h != 23 || len(d.ui.view.Claim.Found) != 0 {
			t.Errorf("hour %d, found %d", h, len(d.ui.view.Claim.Found))
		}
		d.act(screen.VerbStory, "1")
		d.key(fyne.KeyF9)
		d.wants("story 1 1001")
		d.key(fyne.KeyEscape)
		if d.ui.view.Screen != screen.Charged {
			t.Errorf("Esc went to %q", d.ui.view.Screen)
		}
	})
}
