package acquirer

import (
	"encoding/hex"
	"errors"
	"os"
	"sync"
	"testing"

	"tillkeeper/drivers/acquirer/wire"
)

// keysOf unwraps what a sign-on brought, as the till of that profile does.
func keysOf(t *testing.T, p *wire.Profile, network, f62 string) *terminal {
	t.Helper()
	tmk, err := hex.DecodeString(DefaultTMK)
	if err != nil {
		t.Fatal(err)
	}
	h := &Host{tmk: tmk}
	h.cfg.Profile = p
	term := &terminal{Network: network, F62: f62}
	if err := h.unwrap(term); err != nil {
		t.Fatal(err)
	}
	return term
}

// TestEveryMACAlgorithm signs on and pays under each algorithm that the wire knows, with keys of each length that it takes.
func TestEveryMACAlgorithm(t *testing.T) {
	const single, double = "pik16 kcv4 mak8 zero8 kcv4", "pik16 kcv4 mak16 kcv4"
	done := 0
	for _, name := range wire.Algorithms() {
		for _, layout := range []string{single, double} {
			if layout == single && name != wire.MACECB && name != wire.MACX99 {
				continue // these take 16 bytes
			}
			t.Run(name+" "+layout, func(t *testing.T) {
				p := *profile(t)
				p.MAC.Algorithm = name
				p.Keys.Layouts = map[string]string{"003": layout}
				h, addr := start(t, func(c *Config) { c.Profile, c.Random = &p, nil })
				c := dial(t, addr)
				c.p = &p
				c.mak = keysOf(t, &p, "003", c.signOn().Get(62)).mak
				s := c.sale("000010", testPAN, 100)
				c.code("00", s)
				c.code("00", reversal(s))
				bad := c.signed(c.sale("000011", testPAN, 100))
				bad.Fields[4] = fen(101) // the amount is under the MAC
				c.put(bad)
				if a := c.must(); a.Get(39) != "A0" {
					t.Errorf("a changed amount was answered %s", a.Get(39))
				}
				if h.Balance(testPAN) != accounts(t)[testPAN].Balance {
					t.Error("money moved")
				}
			})
			done++
		}
	}
	if done < 6 {
		t.Errorf("only %d", done)
	}
}

// FuzzRequest throws bodies at the host as they come off the wire: it refuses what is malformed, answers the rest, and never panics.
func FuzzRequest(f *testing.F) {
	p, err := wire.Load(os.DirFS("../../../assets"), "cup")
	if err != nil {
		f.Fatal(err)
	}
	for _, raw := range vectors(f) {
		f.Add(raw[2:])
	}
	h, err := New(Config{Dir: f.TempDir(), Profile: p, Random: &known{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := h.Close(); err != nil {
			f.Error(err)
		}
	})
	tid := &wire.Message{MTI: "0800", Fields: map[int]string{11: "000001", 41: "12345678", 42: "123456789012345", 60: "00000001003"}}
	if _, err := h.signOn(tid); err != nil {
		f.Fatal(err)
	}
	before := make(chan struct{})
	close(before)
	f.Fuzz(func(t *testing.T, body []byte) {
		head, m, r, _ := h.receive(body)
		if m == nil {
			return
		}
		if term := h.signedOn(m); term != nil && p.NeedsMAC(m.MTI) { // signed, so that the fuzzer gets behind the MAC
			if mac, err := h.mac(term, m); err == nil {
				m.Fields[64] = mac
			}
		}
		a, err := h.handle(m, r, turn{before: before, mine: make(chan struct{}), once: &sync.Once{}})
		if err != nil {
			t.Fatalf("%s: %v", m.MTI, err)
		}
		if a == nil {
			return
		}
		if a.m.MTI[2] != m.MTI[2]+1 || a.m.Get(11) != m.Get(11) {
			t.Fatalf("%s answered by %s", m.MTI, a.m.MTI)
		}
		if _, err := h.bytes(head, a); err != nil {
			t.Fatalf("%s: the answer cannot be packed: %v", m.MTI, err)
		}
	})
}

// FuzzSwitches: no plan and no control file panics, and what was refused changed nothing.
func FuzzSwitches(f *testing.F) {
	for _, w := range Ways() {
		f.Add([]byte(w.Switch))
	}
	for _, s := range []string{
		`{"seed":1,"rules":[{"fault":"drop_answer","mti":"0200","nth":3,"probability":"0.5"}]}`, `{"rules":[{"answer":"55","kind":"refund"}]}`,
		`{"faults":null,"latency":"1ms","accounts":{"6222":{"state":"lost","script":"72"}}}`, `{"shop":{"windows":[{"from":"22:00","until":"06:00"}]}}`, `{"rules":[{"answer":true}]}`,
	} {
		f.Add([]byte(s))
	}
	h, err := New(Config{Dir: f.TempDir(), Profile: profile(f), Random: &known{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := h.Close(); err != nil {
			f.Error(err)
		}
	})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if p, err := ParsePlan(raw); err == nil && p.check() != nil || err != nil && !errors.Is(err, ErrPlan) {
			t.Errorf("%v", err)
		}
		before := h.shop.RiskFrom
		var c control
		if strictJSON(raw, &c) != nil || c.Line != nil { // the line has no port here
			return
		}
		if err := h.Control(raw); err != nil && (!errors.Is(err, ErrControl) || h.shop.RiskFrom != before) {
			t.Errorf("%v", err)
		}
	})
}
