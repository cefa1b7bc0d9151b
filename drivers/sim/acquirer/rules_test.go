package acquirer

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tillkeeper/drivers/acquirer/wire"
)

// The parts of the tests that every rule needs: a host, a till that signed on, its first balance.
func ready(t *testing.T, change func(*Config)) (*Host, *till, int64) {
	t.Helper()
	h, addr := start(t, change)
	c := dial(t, addr)
	c.signOn()
	return h, c, h.Balance(testPAN)
}

func (c *till) preauth(stan string, amount int64) *wire.Message {
	m := c.sale(stan, testPAN, amount)
	m.MTI, m.Fields[3], m.Fields[25], m.Fields[60] = "0100", "030000", "06", "10000001000600"
	return m
}

func (c *till) codeSale(stan, code string, amount int64) *wire.Message {
	m := c.sale(stan, "", amount)
	delete(m.Fields, 2)
	delete(m.Fields, 14)
	m.Fields[22], m.Fields[59] = "032", fmt.Sprintf("A3%03d%s", len(code), code)
	return m
}

func (c *till) offline(stan string, amount int64) *wire.Message {
	m := c.sale(stan, testPAN, amount)
	m.Fields[55], m.Fields[60], m.Fields[63] = "8A025931", "36000001000500", "CUP"
	return m
}

func (c *till) totals(stan string, debit, n, credit, k int64) *wire.Message {
	return c.msg("0500", stan, map[int]string{48: half(debit, n, credit, k) + half(0, 0, 0, 0), 49: "156", 60: "00000001201", 63: "001"})
}

func (c *till) items(stan string, all ...string) *wire.Message {
	return c.msg("0320", stan, map[int]string{48: fmt.Sprintf("%02d", len(all)) + strings.Join(all, ""), 60: "00000001201"})
}

func item(stan string, amount int64) string { return "00" + stan + "0000" + testPAN + fen(amount) }

func (c *till) end(stan, net string, count int) *wire.Message {
	return c.msg("0320", stan, map[int]string{48: fmt.Sprintf("%04d", count), 60: "00000001" + net})
}

func TestVoidedCompletionLetsThePreauthStandAgain(t *testing.T) {
	h, c, first := ready(t, nil)
	pre := c.preauth("000010", 3000)
	a := c.code("00", pre)
	for n := range 2 {
		done := c.about("0200", fmt.Sprintf("%06d", 11+2*n), "20", pre, a, 3000)
		b := c.code("00", done)
		c.code("12", c.about("0200", fmt.Sprintf("%06d", 31+n), "20", pre, a, 1))
		if n == 0 {
			c.code("00", c.about("0200", "000012", "21", done, b, 3000))
			if h.Balance(testPAN) != first-3000 || charges(t, h)[key("000011")] != 0 {
				t.Fatal("the hold is not what stands")
			}
		}
	}
	if got := charges(t, h)[key("000013")]; got != 3000 {
		t.Errorf("the second completion charges %d", got)
	}
}

func TestReversedPreauthVoidLetsThePreauthStandAgain(t *testing.T) {
	h, c, first := ready(t, nil)
	pre := c.preauth("000010", 3000)
	a := c.code("00", pre)
	void := c.about("0100", "000011", "11", pre, a, 3000)
	c.code("00", void)
	c.code("12", c.about("0200", "000012", "20", pre, a, 3000))
	c.code("00", reversal(void))
	if h.Balance(testPAN) != first-3000 {
		t.Error("the hold is not back")
	}
	c.code("00", c.about("0200", "000013", "20", pre, a, 3000))
}

func TestRefundNamesTheDateOfItsOriginal(t *testing.T) {
	_, c, _ := ready(t, nil)
	s := c.sale("000010", testPAN, 1000)
	a := c.code("00", s)
	m := c.about("0220", "000011", "25", s, a, 100)
	m.Fields[61] = m.Get(61)[:originDigits]
	c.code("30", m)
	m.Fields[61] += "0230"
	c.code("25", m)
	c.code("00", c.about("0220", "000011", "25", s, a, 100))
}

func TestRefundsAreCappedAndNeverReversed(t *testing.T) {
	h, c, first := ready(t, nil)
	s := c.sale("000010", testPAN, 1000)
	a := c.code("00", s)
	refund := c.about("0220", "000011", "25", s, a, 700)
	c.code("00", refund)
	r := reversal(refund)
	r.Fields[4] = fen(700)
	c.code("12", r)
	c.code("64", c.about("0220", "000012", "25", s, a, 301))
	c.code("94", refund)
	c.code("00", c.about("0220", "000013", "25", s, a, 300))
	if h.Balance(testPAN) != first {
		t.Errorf("%d fen are missing", first-h.Balance(testPAN))
	}
}

func TestPaymentCodes(t *testing.T) {
	_, c, _ := ready(t, nil)
	for i, s := range []struct{ code, want string }{
		{"130000000000000018", "00"},
		{"100000000000000001", "00"},
		{"150000000000000001", "00"},
		{"130000000000000051", "51"},
		{"280000000000000018", "00"},
		{"280000000000000062", "62"},
		{"250000000000000000000001", "00"},
		{"6200000000000000018", "00"},
		{"6200000000000000096", "96"},
		{"160000000000000001", "14"},
		{"990000000000000001", "14"},
		{"1300000000000000189", "14"},
		{"310000000000000001", "14"},
	} {
		a := c.code(s.want, c.codeSale(fmt.Sprintf("%06d", i+10), s.code, 100))
		if a.Has(2) {
			t.Errorf("%s: a card number in the answer", s.code)
		}
	}
	m := c.codeSale("000050", "130000000000000018", 100)
	for _, f59 := range []string{"A3019130000000000000018", "A3017130000000000000018", "A4018130000000000000018", "A301813000000000000001X"} {
		m.Fields[59] = f59
		c.code("30", m)
	}
}

func TestBalanceTextHasASign(t *testing.T) {
	if got := balanceText(-1234); got != "0002156D000000001234" {
		t.Error(got)
	}
	if got := balanceText(1234); got != "0002156C000000001234" {
		t.Error(got)
	}
}

func TestRequestNotAsTheProtocolSaysIsRefused(t *testing.T) {
	h, c, first := ready(t, nil)
	s := c.sale("000010", testPAN, 1000)
	a := c.code("00", s)
	sale := func(f map[int]string) *wire.Message {
		m := c.sale("000011", testPAN, 100)
		for id, v := range f {
			if m.Fields[id] = v; v == "" {
				delete(m.Fields, id)
			}
		}
		return m
	}
	void := func(id int) *wire.Message {
		m := c.about("0200", "000012", "23", s, a, 1000)
		delete(m.Fields, id)
		return m
	}
	refund := func(id int, v string) *wire.Message {
		m := c.about("0220", "000013", "25", s, a, 1000)
		if m.Fields[id] = v; v == "" {
			delete(m.Fields, id)
		}
		return m
	}
	upload := c.offline("000014", 100)
	upload.Fields[55] = "8A023030"
	balance := sale(map[int]string{3: "310000", 60: "01000001000600"})
	pre := c.preauth("000015", 100)
	pre.Fields[25] = "00"
	for name, m := range map[string]*wire.Message{
		"condition": sale(map[int]string{25: "06"}), "currency": sale(map[int]string{49: "840"}),
		"amount": sale(map[int]string{4: ""}), "network": sale(map[int]string{60: "22000001201"}),
		"batch": sale(map[int]string{60: "22000000000"}), "entry": sale(map[int]string{22: "992"}),
		"PIN said, none there":  sale(map[int]string{22: "051"}),
		"PIN without its frame": sale(map[int]string{22: "051", 52: "0011223344556677"}),
		"PIN without F53":       sale(map[int]string{22: "051", 26: "12", 52: "0011223344556677"}),
		"PIN without F26":       sale(map[int]string{22: "051", 53: "2600000000000000", 52: "0011223344556677"}),
		"PIN not said":          sale(map[int]string{26: "12", 52: "0011223344556677", 53: "2600000000000000"}),
		"code scan with a card": sale(map[int]string{22: "032"}),
		"void without F38":      void(38), "void without F61": void(61),
		"refund without F63": refund(63, ""), "organisation": refund(63, "C"),
		"upload without Y1": upload, "balance without PIN": balance, "preauth condition": pre,
	} {
		if got := c.ask(m).Get(39); got != "30" {
			t.Errorf("%s: %s, want 30", name, got)
		}
	}
	if h.Balance(testPAN) != first-1000 {
		t.Error("a message that was refused moved money")
	}
}

func TestReversalNotAsTheProtocolSaysIsRefused(t *testing.T) {
	h, c, first := ready(t, nil)
	s := c.sale("000010", testPAN, 1000)
	c.code("00", s)
	for id, v := range map[int]string{39: "17", 26: "12", 35: testPAN + "=28062013", 37: "000000000001", 53: "2600000000000000", 3: "200000", 25: "06", 60: "20000001000600"} {
		r := reversal(s)
		r.Fields[id] = v
		if got := c.ask(r).Get(39); got != "30" {
			t.Errorf("F%d %s: %s, want 30", id, v, got)
		}
	}
	for _, reason := range []string{"98", "A0", "06"} {
		r := reversal(s)
		r.Fields[39] = reason
		c.code("00", r)
	}
	if h.Balance(testPAN) != first {
		t.Error("not reversed")
	}
}

func TestDuplicateIsByTerminalMerchantBatchAndSTAN(t *testing.T) {
	_, c, _ := ready(t, nil)
	s := c.sale("000010", testPAN, 100)
	c.code("00", s)
	c.code("94", s)
	c.code("94", c.sale("000010", "6222022900002265", 999))
	next := c.sale("000010", testPAN, 100)
	next.Fields[60] = "22000002000600"
	c.code("00", next)
	c.tid = "87654321"
	c.signOn()
	c.code("00", c.sale("000010", testPAN, 100))
}

func TestDayLimits(t *testing.T) {
	const pan = "6222022900002265"
	now := time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC)
	clock := &handClock{now: now}
	_, c, _ := ready(t, func(cfg *Config) {
		cfg.Clock = clock
		a := cfg.Accounts[pan]
		a.DayLimit, a.DayCount = 1000, 3
		cfg.Accounts[pan] = a
	})
	c.code("00", c.sale("000010", pan, 600))
	c.code("61", c.sale("000011", pan, 401))
	s := c.sale("000012", pan, 400)
	c.code("00", s)
	c.code("61", c.sale("000013", pan, 1))
	c.code("00", reversal(s)) // what is undone counts no more
	c.code("00", c.sale("000014", pan, 100))
	c.code("00", c.sale("000015", pan, 100))
	c.code("65", c.sale("000016", pan, 1))
	clock.set(now.Add(2 * time.Hour))
	c.code("00", c.sale("000017", pan, 1000))
}

func TestCountOfAllLeavesReversedOut(t *testing.T) {
	const pan = "6222022900002265"
	_, c, _ := ready(t, func(cfg *Config) {
		a := cfg.Accounts[pan]
		a.Count = 1
		cfg.Accounts[pan] = a
	})
	s := c.sale("000010", pan, 600)
	c.code("00", s)
	c.code("00", reversal(s))
	c.code("00", c.sale("000011", pan, 600))
	c.code("65", c.sale("000012", pan, 600))
}

func TestHeldAccountTellsItsBalanceOnly(t *testing.T) {
	h, c, _ := ready(t, nil)
	a := h.Account(testPAN)
	a.State = stateHeld
	h.SetAccount(testPAN, a)
	c.code("01", c.sale("000010", testPAN, 100))
	m := c.balance(t, "000011", "123456")
	if got := c.code("00", m).Get(54); got != balanceText(h.Balance(testPAN)) {
		t.Error(got)
	}
}

func (c *till) balance(t *testing.T, stan, pin string) *wire.Message {
	t.Helper()
	return c.msg("0200", stan, map[int]string{
		2: testPAN, 3: "310000", 22: "051", 25: "00", 26: "12", 49: "156", 52: pinBlock(t, pin, testPAN), 53: "2600000000000000", 60: "01000001000500",
	})
}

func TestMerchantAndTerminalSwitches(t *testing.T) {
	h, c, _ := ready(t, nil)
	const mid = "123456789012345"
	for i, s := range []struct {
		shop Shop
		want string
	}{
		{Shop{Merchants: map[string]Merchant{mid: {Invalid: true}}}, "03"},
		{Shop{Merchants: map[string]Merchant{"other": {Invalid: true}}}, "00"},
		{Shop{Merchants: map[string]Merchant{mid: {Hours: &Window{"00:00", "00:00"}}}}, "58"},
		{Shop{Merchants: map[string]Merchant{mid: {Forbidden: map[string]bool{KindSale: true}}}}, "12"},
		{Shop{Merchants: map[string]Merchant{mid: {Forbidden: map[string]bool{KindRefund: true}}}}, "00"},
		{Shop{Terminals: []string{"00000001"}}, "97"},
		{Shop{Terminals: []string{"00000001", c.tid}}, "00"},
		{Shop{DayChange: &Window{"00:00", "24:00"}}, "90"},
	} {
		h.SetShop(s.shop)
		c.code(s.want, c.sale(fmt.Sprintf("%06d", i+10), testPAN, 100))
		on := c.ask(c.msg("0800", "000001", map[int]string{60: "00000001003", 63: "001"}))
		if want := s.want; want == "03" || want == "97" || want == "90" {
			if on.Get(39) != want || on.Has(62) {
				t.Errorf("sign-on: %s, want %s", on.Get(39), want)
			}
		} else if on.Get(39) != "00" {
			t.Errorf("sign-on: %s", on.Get(39))
		}
	}
}

func TestWithoutSignOnNothingIsSettled(t *testing.T) {
	_, addr := start(t, nil)
	c := dial(t, addr)
	for _, m := range []*wire.Message{c.totals("000010", 0, 0, 0, 0), c.items("000011", item("000001", 100)), c.end("000012", "202", 1), c.sale("000013", testPAN, 1), reversal(c.sale("000014", testPAN, 1))} {
		a := c.ask(m)
		if a.Get(39) != "77" || c.head.Requirement() != 3 {
			t.Errorf("%s: %s, requirement %d", m.MTI, a.Get(39), c.head.Requirement())
		}
	}
}
