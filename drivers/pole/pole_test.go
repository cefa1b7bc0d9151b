package pole_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/pole"
	"tillkeeper/drivers/port"
	sim "tillkeeper/drivers/sim/pole"
)

// kinds are the simulated poles that the models are for.
var kinds = map[string]sim.Opts{
	"cd5220": {}, "cd5220-gb2312": {Chinese: true}, "escpos": {Epson: true}, "escpos-gb2312": {Epson: true, Chinese: true}, "led8": {Digits: true},
}

// tally is a line that counts what it took.
type tally struct {
	pole.Link
	sent *atomic.Int64
	copy *bytes.Buffer // nil: nothing is kept
}

func (l tally) Write(b []byte) (int, error) {
	n, err := l.Link.Write(b)
	l.sent.Add(int64(n))
	if l.copy != nil {
		l.copy.Write(b[:n])
	}
	return n, err
}

// rig is a pole above the model of one.
type rig struct {
	pole *pole.Pole
	sim  *sim.Pole
	sent atomic.Int64
	copy bytes.Buffer
}

// settle waits until everything that was sent has been seen.
func (r *rig) settle() {
	for end := time.Now().Add(time.Minute); int64(r.sim.Seen()) < r.sent.Load() && time.Now().Before(end); {
		time.Sleep(200 * time.Microsecond)
	}
}

func open(t *testing.T, model string) *rig {
	t.Helper()
	m, err := pole.Named(model)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sim.New(kinds[model])
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{sim: s}
	r.pole = pole.New(func() (pole.Link, error) {
		l, err := port.OpenLine(s.Path(), sim.Baud)
		if err != nil {
			return nil, err
		}
		return tally{l, &r.sent, &r.copy}, nil
	}, m)
	t.Cleanup(func() {
		if err := errors.Join(r.pole.Close(), s.Close()); err != nil && !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	})
	return r
}

func (r *rig) shows(t *testing.T, v pos.View) []string {
	t.Helper()
	if err := r.pole.Show(v); err != nil {
		t.Fatal(err)
	}
	r.settle()
	return r.sim.Rows()
}

func bench(t *testing.T, model string) drivertest.DisplayBench {
	r := open(t, model)
	must := func(f func() error) func() {
		return func() {
			if err := f(); err != nil {
				t.Error(err)
			}
		}
	}
	return drivertest.DisplayBench{
		Display: r.pole, Condition: r.pole.Condition, Settle: r.settle, Kill: must(r.sim.Unplug), Revive: must(r.sim.Plug),
		Reads:   func(text string) bool { return strings.Contains(strings.Join(r.sim.Rows(), "\n"), text) },
		Picture: func() string { return strings.Join(r.sim.Rows(), "\n") },
		Reasons: []string{"unplugged"},
	}
}

func TestPolesConform(t *testing.T) {
	for model := range kinds {
		if model == "led8" {
			continue // eight digits look the same in several states
		}
		t.Run(model, func(t *testing.T) {
			drivertest.Display(t, func(t *testing.T) drivertest.DisplayBench { return bench(t, model) })
		})
	}
}

// dumb never sends the second row.
type dumb struct{ *pole.Pole }

func (d dumb) Show(v pos.View) error {
	v.Total = 0
	return d.Pole.Show(v)
}

// proud never opens a line again.
type proud struct {
	*pole.Pole
	failed atomic.Bool
}

func (p *proud) Show(v pos.View) error {
	if p.failed.Load() {
		return errors.New("failed before")
	}
	err := p.Pole.Show(v)
	p.failed.Store(err != nil)
	return err
}

func TestSuiteCatchesPlantedFaults(t *testing.T) {
	for rule, plant := range map[string]func(p *pole.Pole) pos.Display{
		"EveryStateIsShown":          func(p *pole.Pole) pos.Display { return dumb{p} },
		"ADeadOneSaysSoAndComesBack": func(p *pole.Pole) pos.Display { return &proud{Pole: p} },
	} {
		b := bench(t, "cd5220")
		b.Display = plant(b.Display.(*pole.Pole))
		if err := drivertest.CheckDisplay(rule, b); err == nil {
			t.Errorf("%s was not caught", rule)
		}
	}
}

// TestRowsOfEveryState is what a customer reads.
func TestRowsOfEveryState(t *testing.T) {
	zh := []pos.View{
		{State: pos.ViewIdle, Title: "和平路便利店", Note: "欢迎光临"},
		{State: pos.ViewSale, Title: "合计", Line: "蒙牛纯牛奶 250ml×12", Price: 5890, Total: 18540},
		{State: pos.ViewPay, Title: "请付款", Total: 18540, Note: "请插卡、挥卡或刷卡"},
		{State: pos.ViewQR, Title: "请扫码支付", Total: 18540},
		{State: pos.ViewThanks, Title: "谢谢惠顾", Total: 1460, Note: "找零"},
		{State: pos.ViewRefused, Title: "支付未成功", Total: 18540, Note: "请换一种方式付款"},
		{State: pos.ViewWait, Title: "结果待确认", Total: 18540, Note: "请勿再次付款，请问收银员"},
	}
	en := []pos.View{
		{State: pos.ViewIdle, Title: "Peace Road Shop", Note: "Welcome"},
		{State: pos.ViewSale, Title: "Total", Line: "Mengniu milk 250 ml, box of 12", Price: 5890, Total: 1234567},
		{State: pos.ViewPay, Title: "Please pay", Total: 18540, Note: "Insert, tap or swipe your card"},
		{State: pos.ViewThanks, Title: "Thank you", Total: 18540},
		{State: pos.ViewRefused, Title: "Not paid", Note: "Please pay another way"},
		{State: pos.ViewWait, Title: "Waiting for the bank", Total: 18540, Note: "Do not pay again; ask the cashier"},
	}
	for _, c := range []struct {
		models string
		views  []pos.View
		want   []string
	}{
		{"cd5220-gb2312 escpos-gb2312", zh, []string{
			"    和平路便利店    |      欢迎光临      ",
			"蒙牛纯牛奶     58.90|合计          185.40",
			"请付款        185.40|请插卡、挥卡或刷卡  ",
			"请扫码支付    185.40|                    ",
			"谢谢惠顾            |找零           14.60",
			"支付未成功    185.40|请换一种方式付款    ",
			"结果待确认    185.40|请勿再次付款        ",
		}},
		{"cd5220 escpos", zh, []string{
			"                    |      WELCOME       ",
			"250ml12        58.90|TOTAL         185.40",
			"PLEASE PAY    185.40|                    ",
			"SCAN TO PAY   185.40|                    ",
			"THANK YOU           |CHANGE         14.60",
			"NOT PAID      185.40|                    ",
			"PLEASE WAIT   185.40|                    ",
		}},
		{"cd5220 escpos escpos-gb2312", en, []string{
			"  Peace Road Shop   |      Welcome       ",
			"Mengniu milk   58.90|Total       12345.67",
			"Please pay    185.40|Insert, tap or swipe",
			"Thank you           |              185.40",
			"Not paid            |Please pay another  ",
			"Waiting for the bank|Do not pay    185.40",
		}},
		{"led8", zh, []string{"         ", "185.40   ", "185.40   ", "185.40   ", "14.60    ", "185.40   ", "185.40   "}},
	} {
		for _, model := range strings.Fields(c.models) {
			r := open(t, model)
			for i, v := range c.views {
				if got := strings.Join(r.shows(t, v), "|"); got != c.want[i] {
					t.Errorf("%s %s:\n%q, want\n%q", model, v.State, got, c.want[i])
				}
			}
			if unknown, spilled := r.sim.Faults(); unknown != 0 || spilled != 0 {
				t.Errorf("%s: %d commands unknown, %d characters fell off", model, unknown, spilled)
			}
		}
	}
}

func TestPowerLossHeals(t *testing.T) {
	r := open(t, "escpos-gb2312")
	idle := pos.View{State: pos.ViewIdle, Title: "和平路便利店"}
	want := strings.Join(r.shows(t, idle), "|")
	for name, heal := range map[string]func() error{
		"idle": func() error { return r.pole.Show(idle) },
		"poll": func() error { return r.pole.Poll(t.Context()) },
	} {
		r.sim.PowerCut()
		if err := heal(); err != nil {
			t.Fatal(err)
		}
		r.settle()
		if got := strings.Join(r.sim.Rows(), "|"); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestPollFindsAPulledCableAndComesBack(t *testing.T) {
	r := open(t, "cd5220")
	v := pos.View{State: pos.ViewPay, Title: "Please pay", Total: 18540}
	want := strings.Join(r.shows(t, v), "|")
	if err := r.sim.Unplug(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var e *pos.Error
		if err := r.pole.Poll(t.Context()); !errors.As(err, &e) || e.Code != "unplugged" {
			t.Errorf("got %v", err)
		}
	}
	if err := r.sim.Plug(); err != nil {
		t.Fatal(err)
	}
	if err := r.pole.Poll(t.Context()); err != nil {
		t.Error(err)
	}
	r.settle()
	if got := strings.Join(r.sim.Rows(), "|"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if c := r.pole.Condition(); c.State != "ok" {
		t.Errorf("%+v", c)
	}
}

func TestRowsForThePersonWhoJudges(t *testing.T) {
	for model, want := range map[string]string{
		"cd5220": "12345678901234567890|  TILLKEEPER 0.00   ", "cd5220-gb2312": "12345678901234567890|检测 TILLKEEPER 0.00", "led8": "12345678 ",
	} {
		r := open(t, model)
		if err := r.pole.TestRows(); err != nil {
			t.Fatal(err)
		}
		r.settle()
		if got := strings.Join(r.sim.Rows(), "|"); got != want {
			t.Errorf("%s: %q, want %q", model, got, want)
		}
	}
}

func TestClosedPoleIsDark(t *testing.T) {
	r := open(t, "cd5220")
	r.shows(t, pos.View{State: pos.ViewPay, Title: "Please pay", Total: 18540})
	for range 2 {
		if err := r.pole.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r.settle()
	if got := strings.TrimSpace(strings.Join(r.sim.Rows(), "")); got != "" {
		t.Errorf("%q is still there", got)
	}
	if err := r.pole.Show(pos.View{}); err == nil {
		t.Error("a closed pole took a view")
	}
	if _, err := pole.Named("nixie"); err == nil {
		t.Error("a pole that nobody makes was taken")
	}
}

// TestAnotherSpeedShowsRubbish is the simulator's promise: a test that passes
// on it has set the speed.
func TestAnotherSpeedShowsRubbish(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pole.txt")
	s, err := sim.New(sim.Opts{File: file})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, baud := range []int{19200, 9600} { // what is readable stays, so it comes last
		readable := baud == 9600
		l, err := port.OpenLine(s.Path(), baud)
		if err != nil {
			t.Fatal(err)
		}
		r := rig{sim: s}
		before := s.Seen()
		n, err := l.Write([]byte("\x1b@\x1bQATOTAL\r"))
		r.sent.Store(int64(before + n))
		r.settle()
		text, bad := os.ReadFile(file)
		if err := errors.Join(err, bad, l.Close()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(text), "TOTAL"); got != readable {
			t.Errorf("%d baud: %q", baud, text)
		}
	}
}
