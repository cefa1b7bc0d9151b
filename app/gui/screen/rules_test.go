package screen_test

import (
	"os"
	"reflect"
	"slices"
	"testing"

	"fyne.io/fyne/v2/test"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// pagesOf keeps the pages of each panel: drawing all of them takes a moment, and the rules below only read.
var pagesOf = map[[2]float32]map[string]*kit.Page{}

// drawn gives every screen on a panel in Chinese, drawn once.
func drawn(t *testing.T, w, h float32) map[string]*kit.Page {
	t.Helper()
	if p := pagesOf[[2]float32{w, h}]; p != nil {
		return p
	}
	p := drawnAnew(t, w, h)
	pagesOf[[2]float32{w, h}] = p
	return p
}

// drawnAnew draws every screen on a panel in Chinese.
func drawnAnew(t *testing.T, w, h float32) map[string]*kit.Page {
	t.Helper()
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*kit.Page{}
	l := look.New(false, look.Fit(w, h, 0), art)
	for _, c := range shows() {
		draw := screen.Draw
		if c.cust {
			draw = screen.Customer
		}
		out[c.name] = draw(screen.Ctx{L: l, W: i18n.Words{Codes: table(t)}, S: &c.s, V: c.v})
	}
	return out
}

func TestDrawingIsPure(t *testing.T) {
	one, two := drawnAnew(t, 1366, 768), drawnAnew(t, 1366, 768)
	for name, p := range one {
		if !reflect.DeepEqual(p.Items, two[name].Items) || !reflect.DeepEqual(p.Hits, two[name].Hits) {
			t.Errorf("%s is drawn differently from the same state", name)
		}
	}
}

// places finds where a verb's keys lie.
func places(p *kit.Page, verb, arg string) (out []kit.Rect) {
	for _, h := range p.Hits {
		if h.Act.Verb == verb && (arg == "" || h.Act.Arg == arg) {
			out = append(out, h.R)
		}
	}
	return out
}

func TestNothingMovesBetweenSteps(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {1920, 1080}, {800, 480}} {
		pages := drawn(t, panel[0], panel[1])
		for _, d := range []string{"7", "0", "00", "."} {
			a, b := places(pages["sale"], kit.VerbDigit, d), places(pages["cash"], kit.VerbDigit, d)
			if len(a) != 1 || len(b) != 1 || a[0] != b[0] {
				t.Errorf("%v: digit %s lies at %v and at %v", panel, d, a, b)
			}
		}
		for _, tender := range []string{"card", "qr", "cash"} {
			a, b := places(pages["sale"], screen.VerbPay, tender), places(pages["cash"], screen.VerbPay, tender)
			if len(a) != 1 || len(b) != 1 || a[0] != b[0] {
				t.Errorf("%v: %s lies at %v and at %v", panel, tender, a, b)
			}
		}
	}
}

func TestKeysAreLargeEnoughForAFinger(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {1920, 1080}, {1280, 800}, {1024, 768}, {1024, 600}, {800, 480}} {
		m := look.Fit(panel[0], panel[1], 0)
		for name, p := range drawn(t, panel[0], panel[1]) {
			for _, h := range p.Hits {
				least := float32(look.KeyMinMM)
				if h.Act.Verb == kit.VerbDigit {
					least = look.DigitMinMM
				}
				if h.Act != (kit.Act{}) && (h.R.H/m.MM < least-0.15 || h.R.W/m.MM < least-0.15) {
					t.Errorf("%v %s: %v is %.1f by %.1f mm", panel, name, h.Act, h.R.W/m.MM, h.R.H/m.MM)
				}
			}
		}
	}
}

func TestKeysNeverTouchEachOther(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {1280, 800}, {1024, 768}, {1024, 600}, {800, 480}} {
		for name, p := range drawn(t, panel[0], panel[1]) {
			for i, a := range p.Hits {
				for _, b := range p.Hits[:i] {
					if a.Act == (kit.Act{}) || b.Act == (kit.Act{}) || a.Late || b.Late {
						continue
					}
					if a.R.X < b.R.Right() && b.R.X < a.R.Right() && a.R.Y < b.R.Bottom() && b.R.Y < a.R.Bottom() {
						t.Errorf("%v %s: %v and %v overlap", panel, name, a.Act, b.Act)
					}
				}
			}
		}
	}
}

func TestEnterStartsNoPayment(t *testing.T) {
	for _, name := range []string{"sale", "sale-empty", "sale-offline", "card-pin", "qr", "outcome-refused", "outcome-unknown"} {
		if a := drawn(t, 1366, 768)[name].Keys["Return"]; a.Verb == screen.VerbPay || a.Verb == screen.VerbConfirm {
			t.Errorf("%s: Enter asks for %v", name, a)
		}
	}
}

func TestTendersHaveTheirKeys(t *testing.T) {
	for _, name := range []string{"sale", "cash", "outcome-refused"} {
		keys := drawn(t, 1366, 768)[name].Keys
		for key, tender := range map[string]pos.Tender{"F1": pos.Card, "F2": pos.QR, "F3": pos.Cash} {
			if keys[key] != (kit.Act{Verb: screen.VerbPay, Arg: string(tender)}) {
				t.Errorf("%s: %s asks for %v", name, key, keys[key])
			}
		}
	}
}

func TestRefusedTenderSaysWhy(t *testing.T) {
	p := drawn(t, 1366, 768)["sale-offline"]
	if len(places(p, screen.VerbPay, "qr")) != 0 {
		t.Error("QR can be touched without the line")
	}
	said := false
	for _, s := range p.Texts {
		said = said || s == "离线时不能扫码"
	}
	if !said {
		t.Errorf("the key does not say why: %q", p.Texts)
	}
}

func TestSheetCoversTheSale(t *testing.T) {
	p := drawn(t, 1366, 768)["sheet"]
	if len(places(p, screen.VerbPay, "")) != 0 || p.Keys["F1"] != (kit.Act{}) {
		t.Error("a payment can be started under the supervisor's sheet")
	}
}

func TestCashSumsAreExact(t *testing.T) {
	for _, c := range []struct {
		due      pos.Amount
		rounding bool
		typed    string
		want     screen.CashSum
	}{
		{18540, false, "", screen.CashSum{Due: 18540, Tendered: 18540}},
		{18540, false, "200", screen.CashSum{Due: 18540, Tendered: 20000, Change: 1460}},
		{18540, true, "", screen.CashSum{Due: 18540, Rounding: -40, Tendered: 18500}},
		{18540, true, "200", screen.CashSum{Due: 18540, Rounding: -40, Tendered: 20000, Change: 1500}},
		{18540, false, "100", screen.CashSum{Due: 18540, Tendered: 10000, Change: -8540}},
	} {
		if got := screen.CashOf(c.due, c.rounding, c.typed); got != c.want {
			t.Errorf("%+v gave %+v", c, got)
		}
	}
}

func TestCountdownOnlyWhereSecondsCount(t *testing.T) {
	p := drawn(t, 1366, 768)["card-pin"]
	found := false
	for _, s := range p.Texts {
		found = found || s == "41"
	}
	if !found {
		t.Error("the seconds left are not shown")
	}
}

// TestTheMeanRoundsHalfUp: 14.00 in three sales are 4.67 each, where a till once said 4.66.
func TestTheMeanRoundsHalfUp(t *testing.T) {
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	s, v := full(), view()
	v.Screen, v.Totals = screen.Today, pos.Totals{Sums: pos.Sums{Net: 1400, Gross: 1400, Count: 3}}
	p := screen.Draw(screen.Ctx{L: look.New(false, look.Fit(1366, 768, 0), art), W: i18n.Words{Codes: table(t)}, S: &s, V: v})
	if !says(p, "3 笔 · 均单 4.67") {
		t.Errorf("the mean is not there: %q", p.Texts)
	}
}

func says(p *kit.Page, text string) bool { return slices.Contains(p.Texts, text) }

func TestTheRoomWarnsBeforeItRunsOut(t *testing.T) {
	if p := drawn(t, 1366, 768)["sale-room-low"]; !says(p, "离线 · 脱机只余 ¥768.50 · 9 笔") || !says(p, "快用完：余 768.50 · 9 笔") {
		t.Errorf("no warning: %q", p.Texts)
	}
	if p := drawn(t, 1366, 768)["sale-offline"]; !says(p, "脱机余 4,871.50 · 47 笔") {
		t.Errorf("a warning too early: %q", p.Texts)
	}
}

func TestASettlementSaysWhyCardAndQRWait(t *testing.T) {
	p := drawn(t, 1366, 768)["sale-settling"]
	if len(places(p, screen.VerbPay, "card"))+len(places(p, screen.VerbPay, "qr")) != 0 || len(places(p, screen.VerbPay, "cash")) != 1 {
		t.Error("card or QR can be touched, or cash cannot")
	}
	if !says(p, "正在结算 · 现金照常") || !says(p, "结算完自动可用") {
		t.Errorf("it does not say why: %q", p.Texts)
	}
}

func TestNothingIsUndoneWithoutItsSum(t *testing.T) {
	for name, sum := range map[string]string{"void-ask": "185.40", "refund-ask": "9.00", "complete-ask": "460.50"} {
		p := drawn(t, 1366, 768)[name]
		yes, no := places(p, screen.VerbYes, ""), places(p, screen.VerbNo, "")
		if len(yes) != 1 || len(no) != 1 || !says(p, sum) {
			t.Fatalf("%s: %d yes, %d no, sum %v", name, len(yes), len(no), says(p, sum))
		}
		if gap := yes[0].X - no[0].Right(); gap < 2*look.Fit(1366, 768, 0).Gap() {
			t.Errorf("%s: the keys lie %.0f apart", name, gap)
		}
		if p.Keys["Return"] != (kit.Act{}) || len(places(p, screen.VerbPay, "")) != 0 {
			t.Errorf("%s: Enter asks for %v", name, p.Keys["Return"])
		}
	}
}

func TestAnItemIsSentFromOnePlaceOnly(t *testing.T) {
	for _, name := range []string{"queue", "record"} {
		if n := len(places(drawn(t, 1366, 768)[name], screen.VerbSend, "")); name == "queue" && n != 1 || name == "record" && n != 0 {
			t.Errorf("%s has %d keys that send", name, n)
		}
	}
}
