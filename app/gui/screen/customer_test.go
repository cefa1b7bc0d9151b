package screen_test

import (
	"image"
	"os"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/i18n"
	"tillkeeper/app/pos"
)

// hiddenFrom lists what of a snapshot is not the customer's business, or not for everybody who stands in the shop.
func hiddenFrom(s *checkout.Snapshot, w i18n.Words) []string {
	out := []string{s.Operator.Name, s.Shop.TID, s.Shop.MID}
	if s.Card != nil && s.Card.MaskedPAN != "" {
		out = append(out, s.Card.MaskedPAN[:6], s.Card.MaskedPAN[len(s.Card.MaskedPAN)-4:])
	}
	if o := s.Outcome; o != nil {
		for _, code := range []string{o.Code} {
			if reason := w.Reason(code); code != "" && code != "00" {
				out = append(out, reason, w.Remedy(code))
			}
		}
		if a := o.Attempt; a.MaskedPAN != "" {
			out = append(out, a.MaskedPAN[:6], a.MaskedPAN[len(a.MaskedPAN)-4:], a.STAN, a.RRN, a.AuthCode)
		}
		if o.Balance != nil {
			out = append(out, "1,234.56", o.Balance.String())
		}
	}
	return out
}

// leaks lists the secrets that a page tells.
func leaks(p *kit.Page, hidden []string) (out []string) {
	all := strings.Join(p.Texts, "\n")
	for _, s := range hidden {
		if s != "" && strings.Contains(all, s) {
			out = append(out, s)
		}
	}
	return out
}

func TestTheCustomerSeesNothingOfTheCashiers(t *testing.T) {
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	for _, english := range []bool{false, true} {
		w := i18n.Words{English: english, Codes: table(t)}
		l := look.New(false, look.Fit(1024, 600, 0), art)
		pages := 0
		for _, c := range customerPages() {
			p := screen.Customer(screen.Ctx{L: l, W: w, S: &c.s, V: c.v})
			for _, s := range leaks(p, hiddenFrom(&c.s, w)) {
				t.Errorf("%s, english %v, tells %q", c.name, english, s)
			}
			if len(p.Keys) > 0 {
				t.Errorf("%s has keys: %v", c.name, p.Keys)
			}
			for _, h := range p.Hits {
				if h.Act != (kit.Act{}) {
					t.Errorf("%s can be touched: %v", c.name, h.Act)
				}
			}
			for _, m := range p.Misfits {
				t.Errorf("%s, english %v: %q needs %.0f, has %.0f", c.name, english, m.Text, m.Want, m.Has)
			}
			pages++
		}
		if pages < 15 {
			t.Fatalf("only %d pages", pages)
		}
	}
}

// TestTheCashiersPagesLeak is the twin: the cashier's own pages of the same states do tell these things.
func TestTheCashiersPagesLeak(t *testing.T) {
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	w := i18n.Words{Codes: table(t)}
	l := look.New(false, look.Fit(1366, 768, 0), art)
	for _, c := range customerPages() {
		if !slices.Contains([]string{"customer-pin", "customer-refused", "customer-balance-done", "customer-thanks"}, c.name) {
			continue
		}
		if p := screen.Draw(screen.Ctx{L: l, W: w, S: &c.s, V: c.v}); len(leaks(p, hiddenFrom(&c.s, w))) == 0 {
			t.Errorf("%s: nothing was found on the cashier's page", c.name)
		}
	}
}

// TestTheCustomersCodeCanBeScanned reads the code out of the painted window on every panel, in both palettes, for short
// and for long texts.
func TestTheCustomersCodeCanBeScanned(t *testing.T) {
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"weixin://wxpay/bizpayurl?pr=AbCdEfGhIj", "https://qr.alipay.com/" + strings.Repeat("bax0", 20)} {
		for _, panel := range [][2]float32{{1366, 768}, {1024, 600}, {800, 480}} {
			for _, dark := range []bool{false, true} {
				s := full()
				s.Step, s.QR = checkout.StepQR, &checkout.QRView{Amount: 18540, Code: text, Began: now, Expires: now}
				l := look.New(dark, look.Fit(panel[0], panel[1], 0), art)
				p := screen.Customer(screen.Ctx{L: l, W: i18n.Words{Codes: table(t)}, S: &s, V: view()})
				if got := scanned(t, kit.Picture(p)); got != text {
					t.Errorf("%v dark %v: %q was read", panel, dark, got)
				}
			}
		}
	}
}

func scanned(t *testing.T, img image.Image) string {
	t.Helper()
	bits, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	out, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		return err.Error()
	}
	return out.GetText()
}

// TestAClosingCodeIsTakenAway: nobody pays a code that is being closed.
func TestAClosingCodeIsTakenAway(t *testing.T) {
	for _, item := range drawn(t, 1366, 768)["customer-qr-closing"].Items {
		if item.Shape == kit.Code {
			t.Error("the code is still there")
		}
	}
}

// TestTheCauseComesBeforeTheConsequence: a drawer behind a printer that is not there is not a fault of its own, an open
// one is.
func TestTheCauseComesBeforeTheConsequence(t *testing.T) {
	list := []pos.Condition{{Name: "printer", State: "fault", Code: "unplugged"}, {Name: "drawer", State: "fault", Code: "offline"}}
	if got := screen.Caused(list, list[1]); got != "printer" {
		t.Errorf("the drawer's cause is %q", got)
	}
	if got := screen.Caused(list, list[0]); got != "" {
		t.Errorf("the printer's cause is %q", got)
	}
	list[1] = pos.Condition{Name: "drawer", State: "warn", Code: "drawer_open"}
	if got := screen.Caused(list, list[1]); got != "" {
		t.Errorf("an open drawer is put down to the %s", got)
	}
	p := drawn(t, 1366, 768)["selftest-chain"]
	if !says(p, "先处理打印机") || !says(p, "9 项正常，2 项需要处理") {
		t.Errorf("the self-test says %q", p.Texts)
	}
}

// TestTheBarKeepsRoomForTheLine: however many devices are not well, the state of the line is said.
func TestTheBarKeepsRoomForTheLine(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {1024, 768}, {800, 480}} {
		p := drawn(t, panel[0], panel[1])["sale-many-faults"]
		line, more := false, false
		for _, s := range p.Texts {
			line = line || strings.HasPrefix(s, "离线")
			more = more || strings.HasPrefix(s, "另 ")
		}
		if !line || !more {
			t.Errorf("%v: line %v, the rest as a number %v: %q", panel, line, more, p.Texts)
		}
	}
}
