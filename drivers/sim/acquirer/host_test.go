package acquirer

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"tillkeeper/drivers/acquirer/wire"
)

const (
	testPIK = "2B7E151628AED2A6ABF7158809CF4F3C"
	testMAK = "8CA64DE9C1B123A7"
	testPAN = "6224242900000113"
	patient = time.Minute // how long a test waits for what must come
	brief   = 150 * time.Millisecond
)

func profile(t testing.TB) *wire.Profile {
	t.Helper()
	p, err := wire.Load(os.DirFS("../../../assets"), "cup")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func accounts(t testing.TB) map[string]Account {
	t.Helper()
	a, err := LoadAccounts(os.DirFS("../../../assets"), "demo/accounts.json")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func vectors(t testing.TB) map[string][]byte {
	t.Helper()
	f, err := os.Open("../../acquirer/wire/testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	out := map[string][]byte{}
	for in := bufio.NewScanner(f); in.Scan(); {
		if w := strings.Fields(in.Text()); len(w) == 2 && w[0] != "mac" {
			raw, err := hex.DecodeString(w[1])
			if err != nil {
				t.Fatal(err)
			}
			out[w[0]] = raw
		}
	}
	return out
}

func TestVectors(t *testing.T) {
	h, addr := start(t, func(c *Config) {
		a := c.Accounts[testPAN]
		a.PIN = "123456"
		c.Accounts[testPAN] = a
	})
	c, v := dial(t, addr), vectors(t)
	if a := c.raw(v["V3"]); a.Get(39) != "77" || c.head.Requirement() != 3 {
		t.Fatalf("not signed on: %s, requirement %d", a.Get(39), c.head.Requirement())
	}
	_, want, err := c.p.Unpack(v["V2"][2:])
	if err != nil {
		t.Fatal(err)
	}
	on := c.raw(v["V1"])
	if on.Get(62) != want.Get(62) || on.Get(60) != want.Get(60) || fmt.Sprint(on.Numbers()) != fmt.Sprint(want.Numbers()) {
		t.Fatalf("%v %v\nwant %v %v", on.Numbers(), on.Fields, want.Numbers(), want.Fields)
	}
	if c.head != c.p.NewHeader().Swapped() {
		t.Errorf("header %X", c.head)
	}
	for _, s := range []struct{ name, like, code string }{
		{"V6", "V7", "25"}, {"V3", "V4", "00"}, {"V3", "V5", "94"}, {"V6", "V7", "00"}, {"V6", "V7", "00"}, {"V8", "V4", "00"}, {"V9", "V5", "25"}, {"V10", "", "25"}, {"V12", "", ""}, {"V13", "", "30"},
	} {
		a := c.raw(v[s.name])
		if a.Get(39) != s.code {
			t.Fatalf("%s: code %q, want %q", s.name, a.Get(39), s.code)
		}
		if a.Has(64) && c.signed(a).Get(64) != a.Get(64) {
			t.Errorf("%s: bad MAC", s.name)
		}
		if s.like == "" {
			continue
		}
		_, like, err := c.p.Unpack(v[s.like][2:])
		if err != nil {
			t.Fatal(err)
		}
		if s.like == "V4" {
			like.Fields[55] = ""
		}
		if fmt.Sprint(a.Numbers()) != fmt.Sprint(like.Numbers()) {
			t.Errorf("%s: fields %v, want %v", s.name, a.Numbers(), like.Numbers())
		}
	}
	items := "03"
	for _, stan := range []string{"000123", "000124", "000126"} {
		items += "00" + stan + "0000" + testPAN + fen(100)
	}
	c.code("00", c.msg("0320", "000130", map[int]string{48: items, 60: "00000001201"}))
	if a := c.raw(v["V13"]); a.Get(39) != "00" {
		t.Fatalf("V13 after three items: %s", a.Get(39))
	}
	if got := charges(t, h); got[key("000123")] != 0 || got[key("000124")] != 100 {
		t.Errorf("%v", got)
	}
}

type step func(t *testing.T, h *Host, c *till, sale *wire.Message)

func answered(t *testing.T, _ *Host, c *till, sale *wire.Message) {
	c.send(sale)
	if a := c.must(); a.Get(39) != "00" || a.Get(11) != sale.Get(11) {
		t.Fatal(a.Fields)
	}
}

func quiet(_ *testing.T, _ *Host, c *till, sale *wire.Message) { c.send(sale); c.silence() }

func ended(_ *testing.T, _ *Host, c *till, sale *wire.Message) { c.send(sale); c.gone(); c.redial() }

var everyFault = map[string]struct {
	rule  string
	do    step
	taken int64
}{
	"drop_request": {`{"fault":"drop_request"}`, quiet, -1},
	"drop_answer":  {`{"fault":"drop_answer"}`, quiet, 700},
	"answer_twice": {`{"fault":"answer_twice"}`, func(t *testing.T, h *Host, c *till, sale *wire.Message) {
		answered(t, h, c, sale)
		if a := c.must(); a.Get(11) != sale.Get(11) {
			t.Fatal(a.Fields)
		}
		c.silence()
	}, 700},
	"answer_late": {`{"fault":"answer_late","delay":"1s"}`, func(t *testing.T, _ *Host, c *till, sale *wire.Message) {
		c.send(sale)
		c.code("00", reversal(sale))
		if a := c.must(); a.MTI != "0210" || a.Get(39) != "00" {
			t.Fatal(a.MTI, a.Fields)
		}
	}, 0},
	"delay": {`{"fault":"delay","delay":"1s"}`, func(t *testing.T, _ *Host, c *till, sale *wire.Message) {
		c.send(sale)
		c.code("25", reversal(sale))
		if a := c.must(); a.MTI != "0210" || a.Get(39) != "00" {
			t.Fatal(a.MTI, a.Fields)
		}
	}, 700},
	"foreign_stan": {`{"fault":"foreign_stan","answer":true}`, func(t *testing.T, h *Host, c *till, sale *wire.Message) {
		c.send(sale)
		if a := c.must(); a.Get(11) != "000008" || c.signed(a).Get(64) != a.Get(64) {
			t.Fatal(a.Fields)
		}
		if a := c.must(); a.Get(11) != "000007" || c.signed(a).Get(64) != a.Get(64) {
			t.Fatal(a.Fields)
		}
	}, 700},
	"corrupt": {`{"fault":"corrupt"}`, func(t *testing.T, _ *Host, c *till, sale *wire.Message) {
		c.send(sale)
		if a, err := c.get(patient); err == nil && c.signed(a).Get(64) == a.Get(64) {
			t.Fatal("nothing is corrupt", a.Fields)
		}
	}, 700},
	"bad_mac": {`{"fault":"bad_mac"}`, func(t *testing.T, _ *Host, c *till, sale *wire.Message) {
		c.send(sale)
		if a := c.must(); !a.Has(64) || c.signed(a).Get(64) == a.Get(64) {
			t.Fatal(a.Fields)
		}
	}, 700},
	"no_mac": {`{"fault":"no_mac"}`, func(t *testing.T, _ *Host, c *till, sale *wire.Message) {
		c.send(sale)
		if a := c.must(); a.Has(64) || a.Get(39) != "00" {
			t.Fatal(a.Fields)
		}
	}, 700},
	"reset":        {`{"fault":"reset"}`, ended, 700},
	"reset before": {`{"fault":"reset","before":true}`, ended, -1},
	"half_frame": {`{"fault":"half_frame"}`, func(t *testing.T, _ *Host, c *till, sale *wire.Message) {
		c.send(sale)
		if _, err := c.get(patient); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatal(err)
		}
		c.redial()
	}, 700},
	"slow_bytes":     {`{"fault":"slow_bytes","delay":"1ms"}`, answered, 700},
	"refuse":         {`{"fault":"refuse","delay":"100ms"}`, ended, -1},
	"restart":        {`{"fault":"restart"}`, ended, 700},
	"restart before": {`{"fault":"restart","before":true}`, ended, -1},
	"code": {`{"fault":"code","code":"96"}`, func(_ *testing.T, _ *Host, c *till, sale *wire.Message) {
		c.code("96", sale)
	}, -1},
	"code taken": {`{"fault":"code","code":"96","taken":true}`, func(_ *testing.T, _ *Host, c *till, sale *wire.Message) {
		c.code("96", sale)
	}, 700},
}

func TestEveryFault(t *testing.T) {
	for name, s := range everyFault {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule := strings.TrimSuffix(s.rule, "}") + `,"mti":"0200","times":1}`
			plan, err := ParsePlan([]byte(`{"seed":7,"rules":[` + rule + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			h, addr := start(t, nil)
			c := dial(t, addr)
			c.signOn()
			if err := h.SetFaults(plan); err != nil {
				t.Fatal(err)
			}
			sale := c.sale("000007", testPAN, 700)
			s.do(t, h, c, sale)
			got, ok := charges(t, h)[key("000007")]
			if !ok {
				got = -1
			}
			if got != s.taken {
				t.Errorf("%d fen charged, want %d", got, s.taken)
			}
			want := "00"
			if s.taken < 0 {
				want = "25"
			}
			c.redial() // keys outlive every fault
			c.code(want, reversal(sale))
			if left := h.Balance(testPAN); left != accounts(t)[testPAN].Balance {
				t.Errorf("%d fen left", left)
			}
		})
	}
}

func TestRefuseIsRefused(t *testing.T) {
	h, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	if err := h.SetLine(false); err != nil {
		t.Fatal(err)
	}
	c.gone()
	if conn, err := net.Dial("tcp", addr); err == nil {
		conn.Close() //nolint:errcheck // the test failed
		t.Fatal("a pulled line took a connection")
	}
	if err := h.SetLine(true); err != nil {
		t.Fatal(err)
	}
	c.redial()
	c.code("00", c.sale("000002", testPAN, 100))
}

func TestPlanErrorsName(t *testing.T) {
	for plan, name := range map[string]string{
		`{"rules":[{"fault":"explode"}]}`:                            "explode",
		`{"rules":[{"fault":"delay","whem":1}]}`:                     "whem",
		`{"rulez":[]}`:                                               "rulez",
		`{"rules":[{"fault":"delay","delay":"soon"}]}`:               "soon",
		`{"rules":[{"fault":"delay","probability":"2"}]}`:            "probability",
		`{"rules":[{"fault":"delay","probability":"often"}]}`:        "often",
		`{"rules":[{"fault":"code"}]}`:                               "code",
		`{"rules":[{"fault":"reset","mti":"02"}]}`:                   "mti",
		`{"rules":[{"fault":"reset","nth":-1}]}`:                     "range",
		`{"rules":[]} {}`:                                            "follows",
		`{"rules":[{"fault":"reset"},{"fault":"reset","every":-3}]}`: "rule 2",
	} {
		if _, err := ParsePlan([]byte(plan)); !errors.Is(err, ErrPlan) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", plan, err)
		}
	}
}

func TestPlanCounts(t *testing.T) {
	half := 0.5
	m := &wire.Message{MTI: "0200", Fields: map[int]string{4: fen(100), 11: "000001", 60: "22000001000"}}
	for name, s := range map[string]struct {
		rule Rule
		want string // of ten requests
	}{
		"all":    {Rule{Fault: Reset}, "xxxxxxxxxx"},
		"nth":    {Rule{Fault: Reset, Nth: 3}, "..x......."},
		"every":  {Rule{Fault: Reset, Every: 4}, "...x...x.."},
		"times":  {Rule{Fault: Reset, Times: 2}, "xx........"},
		"mti":    {Rule{Fault: Reset, MTI: "0400"}, ".........."},
		"type":   {Rule{Fault: Reset, Type: "36"}, ".........."},
		"stan":   {Rule{Fault: Reset, STAN: "000002"}, ".........."},
		"amount": {Rule{Fault: Reset, MaxAmount: 99}, ".........."},
	} {
		p, got := &Plan{Rules: []Rule{s.rule}}, ""
		for range 10 {
			got += map[bool]string{true: "x", false: "."}[p.due(m) != nil]
		}
		if got != s.want {
			t.Errorf("%s: %s, want %s", name, got, s.want)
		}
	}
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		p := &Plan{Seed: 3, Rules: []Rule{{Fault: Reset, Probability: &half}}}
		for range 100 {
			fmt.Fprint(out, p.due(m) != nil)
		}
	}
	if first.String() != second.String() || strings.Count(first.String(), "true") < 25 || strings.Count(first.String(), "false") < 25 {
		t.Errorf("the dice are not repeatable or not fair: %s", first.String())
	}
}
