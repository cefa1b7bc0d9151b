package screen_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/look"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/i18n"
)

func TestNewScreensHaveKeysForFingers(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {1920, 1080}, {1024, 600}, {800, 480}} {
		m := look.Fit(panel[0], panel[1], 0)
		for name, p := range drawn(t, panel[0], panel[1]) {
			if !strings.HasPrefix(name, "devices") && !strings.HasPrefix(name, "weigh") && !strings.HasPrefix(name, "card-choose") {
				continue
			}
			for _, h := range p.Hits {
				if h.Act == (kit.Act{}) {
					continue
				}
				least := float32(look.KeyMinMM)
				if h.Act.Verb == kit.VerbDigit {
					least = look.DigitMinMM
				}
				bar := h.Act.Verb == screen.VerbAbout // the height of the bar
				if h.R.W/m.MM < least-0.15 || h.R.H/m.MM < least-0.15 && !bar {
					t.Errorf("%v %s: %v is %.1f by %.1f mm", panel, name, h.Act, h.R.W/m.MM, h.R.H/m.MM)
				}
			}
		}
	}
}

// TestTheCommandIsShownWhole: a command that lacks its end helps nobody, so the technical note is written smaller rather
// than cut; it once was not shown in Chinese at all.
func TestTheCommandIsShownWhole(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {1024, 600}, {800, 480}} {
		pages := drawn(t, panel[0], panel[1])
		for name, command := range map[string]string{
			"devices-daemon_down":    "sudo systemctl enable --now pcscd.socket",
			"devices-no_permission":  "sudo usermod -aG plugdev till",
			"devices-busy_elsewhere": "sudo modprobe -r pn533_usb",
		} {
			if all := strings.Join(pages[name].Texts, " "); !strings.Contains(all, command) || !strings.Contains(all, "技术说明：") {
				t.Errorf("%v %s: %q is not in %q", panel, name, command, pages[name].Texts)
			}
		}
		for name, said := range map[string]string{"devices-daemon_down": "没有运行", "devices-no_permission": "而该组也无权使用", "devices-busy_elsewhere": "占用了读卡器"} {
			if all := strings.Join(pages[name].Texts, ""); !strings.Contains(all, said) {
				t.Errorf("%v %s does not say %q in Chinese: %q", panel, name, said, pages[name].Texts)
			}
			for _, line := range pages[name].Texts {
				if strings.IndexAny(line, "，。；：）") == 0 {
					t.Errorf("%v %s: a line begins with its punctuation: %q", panel, name, line)
				}
			}
		}
		for _, cashier := range []string{"outcome-refused-daemon_down", "selftest-chain", "sale-many-faults"} {
			if all := strings.Join(pages[cashier].Texts, " "); strings.Contains(all, "sudo") || strings.Contains(all, "技术说明") {
				t.Errorf("%s shows a cashier a command", cashier)
			}
		}
	}
}

// TestATornCardIsCalledTorn: the block once said only that the card had not paid, and the customer was told that the bank
// had not answered.
func TestATornCardIsCalledTorn(t *testing.T) {
	pages := drawn(t, 1366, 768)
	for _, name := range []string{"outcome-torn", "outcome-refused-card_removed"} {
		if !says(pages[name], "卡拿开得太早") || says(pages[name], "银行没有及时回答") || says(pages[name], "这张卡没有付成") {
			t.Errorf("%s: %q", name, pages[name].Texts)
		}
	}
	if p := pages["outcome-torn"]; !says(p, "银行批准了，但卡拿开得太早；我们已经通知银行撤销。") || says(p, "银行没有回答这一笔，我们已经通知银行撤销。") {
		t.Errorf("the customer is told something else: %q", p.Texts)
	}
}

func TestAFaultNamesItsDevice(t *testing.T) {
	pages := drawn(t, 1366, 768)
	for name, text := range map[string]string{
		"outcome-refused-unplugged": "读卡器没有接上", "outcome-refused-no_permission": "没有使用读卡器的权限", "sale-many-faults": "读卡器没有接上",
		"selftest-chain": "打印机没有接上",
	} {
		if !says(pages[name], text) {
			t.Errorf("%s does not say %q: %q", name, text, pages[name].Texts)
		}
	}
	if p := pages["outcome-refused-unplugged"]; !says(p, "没有读到卡") || !says(p, "再刷一次") {
		t.Errorf("a reader's fault blames the card: %q", p.Texts)
	}
	if p := pages["outcome-refused-chip_blocked"]; !says(p, "换一张卡") {
		t.Errorf("a blocked chip is to be presented again: %q", p.Texts)
	}
}

// TestTheCardKeySaysThatItsReaderIsDown: the key of cards said that all was ready while the service of the reader was down.
// It is tried all the same: the outcome has the reason and the other ways of paying.
func TestTheCardKeySaysThatItsReaderIsDown(t *testing.T) {
	for _, panel := range [][2]float32{{1366, 768}, {1024, 600}, {800, 480}} {
		pages := drawn(t, panel[0], panel[1])
		ready := func(name string) (n int) {
			for _, s := range pages[name].Texts {
				if s == "联机就绪" {
					n++
				}
			}
			return n
		}
		if n := ready("sale-reader-down-empty"); n != 1 { // the wallet's
			t.Errorf("%v: %d keys are ready in %q", panel, n, pages["sale-reader-down-empty"].Texts)
		}
		for _, name := range []string{"sale-reader-down", "sale-reader-down-empty"} {
			if n := strings.Count(strings.Join(pages[name].Texts, "|"), "读卡服务没有运行"); n < 2 && (panel[0] > 800 || ready(name) > 0) { // the bar says it too
				t.Errorf("%v %s: the key says nothing: %q", panel, name, pages[name].Texts)
			}
		}
		if len(places(pages["sale-reader-down"], screen.VerbPay, "card")) != 1 {
			t.Errorf("%v: F1 answers nothing", panel)
		}
	}
}

// TestTheDemosPINKeysAreThoseOfTheSimulatedPad: they were shown for a pad of its own too, where they did nothing.
func TestTheDemosPINKeysAreThoseOfTheSimulatedPad(t *testing.T) {
	pages := drawn(t, 1366, 768)
	if len(places(pages["card-pin-pad"], screen.VerbPIN, "123456")) != 0 || len(places(pages["card-pin-demo"], screen.VerbPIN, "123456")) != 1 {
		t.Error("the keys do not follow the pad")
	}
}

// TestManyAccountsArePaged: nine applications do not have nine millimetres each on the smallest panel.
func TestManyAccountsArePaged(t *testing.T) {
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	l := look.New(false, look.Fit(800, 480, 0), art)
	all := shows()
	i := slices.IndexFunc(all, func(c shown) bool { return c.name == "card-choose-many" })
	seen := map[string]bool{}
	for first := range 2 {
		c := all[i]
		c.v.First = map[string]int{"choices": first}
		p := screen.Draw(screen.Ctx{L: l, W: i18n.Words{Codes: table(t)}, S: &c.s, V: c.v})
		if len(places(p, screen.VerbTurn, "")) != 1 {
			t.Error("there is no key that turns the page")
		}
		for _, h := range p.Hits {
			if h.Act.Verb == screen.VerbChoose {
				seen[h.Act.Arg] = true
			}
		}
	}
	if len(seen) != 9 {
		t.Errorf("%d of 9 accounts have a key", len(seen))
	}
	if p := drawn(t, 1366, 768)["card-choose-many"]; len(places(p, screen.VerbChoose, "")) != 9 || len(places(p, screen.VerbTurn, "")) != 0 {
		t.Error("a wide panel pages what it has room for")
	}
}

// TestRowsAndTilesPrintTheirKeys: what is printed is bound, and what is bound belongs to what it is printed on.
func TestRowsAndTilesPrintTheirKeys(t *testing.T) {
	pages := drawn(t, 1366, 768)
	for name, want := range map[string]map[string]string{
		"sale":    {"Alt+Q": screen.VerbTile, "Alt+V": screen.VerbTile, "Up": screen.VerbLine, "Down": screen.VerbLine},
		"held":    {"Alt+1": screen.VerbRecall, "Alt+2": screen.VerbRecall},
		"search":  {"Alt+1": screen.VerbTile, "Alt+2": screen.VerbTile},
		"records": {"Alt+1": screen.VerbAttempt, "Alt+9": screen.VerbAttempt},
		"signin":  {"Alt+1": screen.VerbStaff, "Alt+6": screen.VerbStaff},
		"devices": {"Alt+1": screen.VerbDevice, "Alt+9": screen.VerbDevice},
	} {
		p := pages[name]
		for key, verb := range want {
			if p.Keys[key].Verb != verb {
				t.Errorf("%s: %s asks for %v, want %s", name, key, p.Keys[key], verb)
			}
			if strings.HasPrefix(key, kit.AltKey) && !says(p, key) {
				t.Errorf("%s does not print %s", name, key)
			}
		}
		for _, text := range p.Texts {
			if strings.HasPrefix(text, kit.AltKey) && p.Keys[text] == (kit.Act{}) {
				t.Errorf("%s prints %s, which does nothing", name, text)
			}
		}
	}
}

// TestEveryReasonFitsItsPlace draws a refusal for every answer code and reason of the till.
func TestEveryReasonFitsItsPlace(t *testing.T) {
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	all, codes := shows(), table(t)
	i := slices.IndexFunc(all, func(c shown) bool { return c.name == "outcome-refused-card_removed" })
	for _, panel := range [][2]float32{{1366, 768}, {800, 480}} {
		for _, english := range []bool{false, true} {
			l := look.New(false, look.Fit(panel[0], panel[1], 0), art)
			for _, code := range reasonCodes(t) {
				s, o := all[i].s, *all[i].s.Outcome
				o.Code, s.Outcome = code, &o
				p := screen.Draw(screen.Ctx{L: l, W: i18n.Words{English: english, Codes: codes}, S: &s, V: all[i].v})
				for _, m := range p.Misfits {
					t.Errorf("%v english %v %s: %q needs %.0f, has %.0f", panel, english, code, m.Text, m.Want, m.Has)
				}
			}
		}
	}
}

// TestEveryFaultOfAReaderFitsTheCardKey is the same for the key of cards.
func TestEveryFaultOfAReaderFitsTheCardKey(t *testing.T) {
	test.NewTempApp(t)
	art, err := look.Load(os.DirFS("../../../assets"))
	if err != nil {
		t.Fatal(err)
	}
	all, codes := shows(), table(t)
	for _, name := range []string{"sale-reader-down", "sale-reader-down-empty"} {
		i := slices.IndexFunc(all, func(c shown) bool { return c.name == name })
		for _, panel := range [][2]float32{{1366, 768}, {1024, 768}, {800, 480}} {
			for _, english := range []bool{false, true} {
				l := look.New(false, look.Fit(panel[0], panel[1], 0), art)
				for _, code := range []string{
					"unplugged", "offline", "busy_elsewhere", "no_permission", "daemon_down", "no_reader", "device_fault", "wrong_speed", "no_tmk", "not_configured",
				} {
					s := all[i].s
					s.Devices = slices.Clone(s.Devices)
					s.Devices[0].Code = code
					p := screen.Draw(screen.Ctx{L: l, W: i18n.Words{English: english, Codes: codes}, S: &s, V: all[i].v})
					for _, m := range p.Misfits {
						t.Errorf("%s %v english %v %s: %q needs %.0f, has %.0f", name, panel, english, code, m.Text, m.Want, m.Has)
					}
				}
			}
		}
	}
}

// reasonCodes lists the first column of the two tables.
func reasonCodes(t *testing.T) (out []string) {
	t.Helper()
	for _, name := range []string{"answer-codes", "till-reasons"} {
		b, err := os.ReadFile("../../../assets/codes/" + name + ".tsv")
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n")[1:] {
			out = append(out, line[:strings.IndexByte(line, '\t')])
		}
	}
	if len(out) < 150 {
		t.Fatalf("only %d codes were found", len(out))
	}
	return out
}

// TestOKWithoutAPINIsSaid where it is a way: to the cashier, to the customer, and as a key of the demo's hands.
func TestOKWithoutAPINIsSaid(t *testing.T) {
	pages := drawn(t, 1366, 768)
	const hint = "无密码请直接按确认"
	for page, said := range map[string]bool{"card-pin-or-ok": true, "customer-pin-or-ok": true, "card-pin": false, "customer-pin": false} {
		if says(pages[page], hint) != said {
			t.Errorf("%s: %q", page, pages[page].Texts)
		}
	}
	for page, want := range map[string]int{"card-pin-or-ok": 1, "card-pin-demo": 0} {
		if n := len(places(pages[page], screen.VerbBypass, "")); n != want {
			t.Errorf("%s has %d keys for it", page, n)
		}
	}
}
