package screen_test

import (
	"slices"
	"strings"
	"testing"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
)

// TestSumsStandUnderEachOther: in the rows without a shortcut of their own the sums stood elsewhere than above.
func TestSumsStandUnderEachOther(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {1024, 768}, {800, 480}} {
		right, seen := float32(0), 0
		for _, it := range drawn(t, panel[0], panel[1])["extreme-records"].Items {
			if it.Shape != kit.Label || it.Text != "9,999,999.99" {
				continue
			}
			if seen++; seen > 1 && (it.R.Right()-right > 1 || right-it.R.Right() > 1) {
				t.Errorf("%v: sum %d ends at %.0f, the one above at %.0f", panel, seen, it.R.Right(), right)
			}
			right = it.R.Right()
		}
		if seen < 5 {
			t.Errorf("%v: %d sums", panel, seen)
		}
	}
}

// TestALongNameLeavesTheBarItsRoom: the operator's name pushed the printer's pill out of the bar.
func TestALongNameLeavesTheBarItsRoom(t *testing.T) {
	if p := drawn(t, 1366, 768)["crowd-sale"]; !says(p, "联机") || !says(p, "读卡器") || !says(p, "打印机") {
		t.Errorf("the bar has not all of its pills: %q", p.Texts)
	}
}

// TestManyFaultsAreSaidWhole: the line kept so much of the bar that a device's fault was an ellipsis.
func TestManyFaultsAreSaidWhole(t *testing.T) {
	for _, s := range drawn(t, 1366, 768)["sale-many-faults"].Texts {
		if strings.HasPrefix(s, "…") {
			t.Errorf("a pill says %q", s)
		}
	}
}

// TestTheKeyUnderThePINSaysWhatIsMissing: it asked for the PIN where the name was missing.
func TestTheKeyUnderThePINSaysWhatIsMissing(t *testing.T) {
	pages := drawn(t, 1366, 768)
	for name, want := range map[string]string{"crowd-signin-nobody": "等名字", "crowd-signin": "等密码", "crowd-sheet": "等名字"} {
		if p := pages[name]; !says(p, want) {
			t.Errorf("%s does not say %q: %q", name, want, p.Texts)
		}
	}
}

// TestEveryoneWhoMayApproveCanBeChosen: a sheet had as many names as fit it, and no way to the others.
func TestEveryoneWhoMayApproveCanBeChosen(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {800, 480}} {
		hits := drawn(t, panel[0], panel[1])["crowd-sheet"].Hits
		i := slices.IndexFunc(hits, func(h kit.Hit) bool { return h.Drag == "approvers" })
		if i < 0 || hits[i].Last == 0 {
			t.Fatalf("%v: the names cannot be dragged", panel)
		}
		shown := 0
		for _, h := range hits {
			if h.Act.Verb == screen.VerbApprover {
				shown++
			}
		}
		if shown+hits[i].Last != 8 { // of thirteen people two in three
			t.Errorf("%v: %d names and %d more rows", panel, shown, hits[i].Last)
		}
	}
}

// TestTheSelfTestSaysWhatStillWorks: a printer without paper was said to keep cards and codes back.
func TestTheSelfTestSaysWhatStillWorks(t *testing.T) {
	if p := drawn(t, 1366, 768)["selftest"]; !says(p, "收款照常；小票存下来，恢复后补打。") || says(p, "刷卡在恢复后自动可用。") {
		t.Errorf("without paper: %q", p.Texts)
	}
	if p := drawn(t, 1366, 768)["selftest-stopped"]; !says(p, "现在不能收款") {
		t.Errorf("without a journal: %q", p.Texts)
	}
}

// TestAVoidedSaleIsNotCalledReversed, which another thing is.
func TestAVoidedSaleIsNotCalledReversed(t *testing.T) {
	pages := drawnIn(t, 1366, 768, true)
	if p := pages["outcome-refused-offline"]; !slices.ContainsFunc(p.Texts, func(s string) bool { return strings.HasSuffix(s, "not presented again") }) {
		t.Errorf("the way in which the card was read has no word: %q", p.Texts)
	}
	if p := pages["crowd-voided"]; !says(p, "Voided") || says(p, "Reversed") {
		t.Errorf("a voided sale: %q", p.Texts)
	}
}

// TestAnOrderIsNotHeldWhileItIsPaid: on a small panel the key stayed, and the cash screen stood there without an order.
func TestAnOrderIsNotHeldWhileItIsPaid(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {800, 480}} {
		if p := drawn(t, panel[0], panel[1])["cash"]; len(places(p, screen.VerbHold, "")) != 0 || p.Keys["F5"].Verb == screen.VerbHold {
			t.Errorf("%v: the order can be held", panel)
		}
	}
}
