package acquirer

import (
	"crypto/cipher"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSaleVoidRefund(t *testing.T) {
	h, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	first := h.Balance(testPAN)
	s := c.sale("000010", testPAN, 1000)
	a := c.code("00", s)
	if len(a.Get(37)) != 12 || len(a.Get(38)) != 6 || !strings.HasPrefix(a.Get(63), "CUP") || !strings.Contains(a.Get(63), "SMS1") {
		t.Fatal(a.Fields)
	}
	wrong := c.about("0200", "000011", "23", s, a, 1000)
	wrong.Fields[37] = "000000000001"
	c.code("25", wrong)
	c.code("64", c.about("0200", "000012", "23", s, a, 999))
	void := c.about("0200", "000013", "23", s, a, 1000)
	c.code("00", void)
	c.code("12", c.about("0200", "000014", "23", s, a, 1000))
	if h.Balance(testPAN) != first {
		t.Error("the void gave nothing back")
	}
	c.code("00", reversal(void))
	if got := charges(t, h)[key("000010")]; got != 1000 || h.Balance(testPAN) != first-1000 {
		t.Errorf("after the reversed void %d fen are charged", got)
	}
	part := c.about("0220", "000015", "25", s, a, 400)
	c.code("00", part)
	c.code("94", part)
	c.code("64", c.about("0220", "000016", "25", s, a, 601))
	c.code("12", c.about("0200", "000017", "23", s, a, 1000))
	c.code("00", c.about("0220", "000018", "25", s, a, 600))
	if got := charges(t, h)[key("000010")]; got != 0 || h.Balance(testPAN) != first {
		t.Errorf("%d fen still charged", got)
	}
}

func TestReversalOfEveryState(t *testing.T) {
	h, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	first := h.Balance(testPAN)
	s := c.sale("000020", testPAN, 500)
	a := c.code("00", s)
	c.code("00", c.about("0200", "000021", "23", s, a, 500))
	c.code("00", reversal(s))
	c.code("00", reversal(s))
	other := reversal(s)
	other.Fields[4] = fen(499)
	c.code("64", other)
	refused := c.sale("000022", "6228482900030514", 500)
	c.code("51", refused)
	c.code("00", reversal(refused))
	c.code("94", refused)
	if h.Balance(testPAN) != first {
		t.Errorf("balance %d, was %d", h.Balance(testPAN), first)
	}
}

func TestOvertakenMayBeRefused(t *testing.T) {
	_, addr := start(t, func(c *Config) { c.RefuseOvertaken, c.OriginalNotThere = true, "12" })
	c := dial(t, addr)
	c.signOn()
	s := c.sale("000030", testPAN, 500)
	c.code("12", reversal(s))
	c.code("12", s)
	c.code("00", reversal(s))
}

func TestPreauth(t *testing.T) {
	h, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	first := h.Balance(testPAN)
	pre := c.msg("0100", "000040", map[int]string{2: testPAN, 3: "030000", 4: fen(3000), 22: "072", 25: "06", 49: "156", 60: "10000001000600"})
	a := c.code("00", pre)
	if h.Balance(testPAN) != first-3000 {
		t.Fatal("nothing is held")
	}
	c.code("64", c.about("0200", "000041", "20", pre, a, 3001))
	done := c.about("0200", "000042", "20", pre, a, 2500)
	b := c.code("00", done)
	if h.Balance(testPAN) != first-2500 {
		t.Fatal(h.Balance(testPAN))
	}
	c.code("12", c.about("0100", "000043", "11", pre, a, 3000))
	undo := c.about("0200", "000044", "21", done, b, 2500)
	c.code("00", undo)
	if h.Balance(testPAN) != first-3000 {
		t.Fatal("the hold is not back")
	}
	c.code("00", reversal(undo))
	c.code("00", reversal(done))
	free := c.about("0100", "000045", "11", pre, a, 3000)
	c.code("00", free)
	if h.Balance(testPAN) != first {
		t.Fatal(h.Balance(testPAN))
	}
	c.code("00", reversal(free))
	if h.Balance(testPAN) != first-3000 {
		t.Fatal(h.Balance(testPAN))
	}
}

func TestAccountsAnswer(t *testing.T) {
	all := accounts(t)
	h, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	n := 100
	for pan, a := range all {
		_, want, ok := strings.Cut(a.Name, "-")
		if !ok || len(want) != 2 || want == "10" || want == "55" {
			continue
		}
		n++
		s := c.sale(fmt.Sprintf("%06d", n), pan, 200)
		c.code(strings.ToUpper(want), s)
		_, moved := charges(t, h)[key(s.Get(11))]
		if moved != (success(strings.ToUpper(want)) || upstream(want)) {
			t.Errorf("%s: money moved: %v", a.Name, moved)
		}
		c.code("00", reversal(s))
		if h.Balance(pan) != a.Balance {
			t.Errorf("%s: %d of %d fen left", a.Name, h.Balance(pan), a.Balance)
		}
	}
	if n < 125 {
		t.Errorf("only %d accounts answer a code", n-100)
	}
	s := c.sale("000002", "6228482900015820", 20000)
	if a := c.code("10", s); a.Get(4) != fen(10000) {
		t.Errorf("approved %s", a.Get(4))
	}
	c.code("00", reversal(s))
	if got := h.Balance("6228482900015820"); got != 10000 {
		t.Errorf("%d fen after the reversal of a part", got)
	}
	c.code("00", c.sale("000003", "6299999999999999", 99999))
}

func pinBlock(t *testing.T, pin, pan string) string {
	t.Helper()
	raw := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	left, right := raw(fmt.Sprintf("0%d%s", len(pin), pin+strings.Repeat("F", 14-len(pin)))), raw("0000"+pan[len(pan)-13:len(pan)-1])
	for i := range left {
		left[i] ^= right[i]
	}
	var c cipher.Block
	c, err := desOf(raw(testPIK))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ToUpper(hex.EncodeToString(ecb(c.Encrypt, left)))
}

func TestPINAndBalance(t *testing.T) {
	h, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	if got := pinBlock(t, "123456", testPAN); got != "5F1A4D2B657B4016" {
		t.Fatal(got)
	}
	ask := func(stan, block string) map[int]string {
		m := c.msg("0200", stan, map[int]string{
			2: testPAN, 3: "310000", 22: "051", 25: "00", 26: "12", 49: "156", 52: block, 53: "2600000000000000", 60: "01000001000500",
		})
		return c.ask(m).Fields
	}
	if a := ask("000001", pinBlock(t, "123456", testPAN)); a[39] != "00" || a[54] != "0002156C"+fen(h.Balance(testPAN)) || !strings.Contains(a[63], "SMS0") {
		t.Error(a)
	}
	if a := ask("000002", "0000000000000000"); a[39] != "99" {
		t.Error(a)
	}
	for i, want := range []string{"55", "55", "55", "75", "75"} {
		pin := "111111"
		if i == 4 {
			pin = "123456"
		}
		if a := ask(fmt.Sprintf("%06d", 10+i), pinBlock(t, pin, testPAN)); a[39] != want {
			t.Errorf("try %d: %s, want %s", i, a[39], want)
		}
	}
	raw, err := os.ReadFile(filepath.Join(h.cfg.Dir, outboxName))
	if err != nil || strings.Count(string(raw), "wrong_pin") != 5 || strings.Contains(string(raw), testPAN) {
		t.Errorf("%v %s", err, raw)
	}
}

func TestNotices(t *testing.T) {
	_, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	for i, s := range []struct {
		pan  string
		fen  int64
		says string
	}{{testPAN, 100, "SMS1"}, {"6225882900012433", 100, "SMS0"}, {"6225882900013563", 9999, "SMS0"}, {"6225882900013563", 10000, "SMS1"}} {
		a := c.code("00", c.sale(fmt.Sprintf("%06d", i+1), s.pan, s.fen))
		if got := a.Get(63); len(got) != 63 || strings.TrimSpace(got[23:43]) != s.says {
			t.Errorf("%d: %q", i, got)
		}
	}
}

func TestBadMACAndUnknown(t *testing.T) {
	_, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	s := c.signed(c.sale("000050", testPAN, 100))
	s.Fields[64] = "0011223344556677"
	c.put(s)
	if a := c.must(); a.Get(39) != "A0" || c.head.Requirement() != 3 {
		t.Error(a.Fields)
	}
	c.code("00", c.sale("000050", testPAN, 100)) // the same again is no duplicate
	r := c.signed(reversal(s))
	r.Fields[64] = "0011223344556677"
	c.put(r)
	if a := c.must(); a.Get(39) != "A0" || a.Has(64) {
		t.Error("what does not verify is signed:", a.Fields)
	}
	odd := c.sale("000051", testPAN, 100)
	odd.Fields[3] = "990000"
	c.code("12", odd)
	c.send(c.msg("0520", "000052", map[int]string{60: "00000001000"}))
	c.silence()
	c.code("00", c.msg("0820", "000053", map[int]string{60: "00000001301"}))
	c.code("12", c.msg("0820", "000054", map[int]string{60: "00000001999"}))
	c.code("00", c.msg("0820", "000055", map[int]string{60: "00000001002"}))
	c.code("77", c.sale("000056", testPAN, 100))
	if _, err := c.conn.Write([]byte{0, 25, 0x60, 0, 3, 0, 0, 0x60, 0x31, 0, 0x31, 0, 0, 2, 0, 0x70, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	c.silence() // rejected whole, and the line lives on
	c.signOn()
}

func TestChipAndCode(t *testing.T) {
	_, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	chip := c.sale("000060", testPAN, 100)
	chip.Fields[23], chip.Fields[55] = "001", "9F260895BBE372271DDA7C9F36020157"
	if a := c.code("00", chip); !strings.HasPrefix(a.Get(55), "910A") || !strings.HasSuffix(a.Get(55), "3030") {
		t.Error(a.Get(55))
	}
	up := c.sale("000061", testPAN, 200)
	up.Fields[55], up.Fields[60], up.Fields[63] = "8A025931", "36000001000500", "CUP"
	c.code("00", up)
	c.code("94", up)
	code := c.sale("000062", "", 300)
	delete(code.Fields, 2)
	code.Fields[22], code.Fields[59] = "032", "A3018621234567890123456"
	a := c.code("00", code)
	if a.Has(2) {
		t.Error(a.Fields)
	}
	void := c.about("0200", "000063", "23", code, a, 300)
	delete(void.Fields, 2)
	c.code("00", void)
}

func half(debit, n, credit, k int64) string {
	return fmt.Sprintf("%012d%03d%012d%03d0", debit, n, credit, k)
}

func TestSettlement(t *testing.T) {
	h, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	s := c.sale("000070", testPAN, 1000)
	a := c.code("00", s)
	other := c.sale("000071", testPAN, 500)
	b2 := c.code("00", other)
	gone := c.sale("000072", testPAN, 250)
	c.code("00", gone)
	c.code("00", reversal(gone))
	c.code("00", c.about("0200", "000073", "23", s, a, 1000))
	zero := half(0, 0, 0, 0)
	wrong := c.msg("0500", "000074", map[int]string{48: half(1500, 2, 0, 0) + zero, 49: "156", 60: "00000001201", 63: "001"})
	b := c.ask(wrong)
	if b.Has(39) || b.Get(48) != "000000001500002000000001000001"+"2"+strings.TrimSuffix(zero, "0")+"1" {
		t.Fatal(b.Fields)
	}
	if h.Batch(c.tid, "123456789012345") != "000001" {
		t.Fatal("closed though it does not balance")
	}
	right := c.msg("0500", "000075", map[int]string{48: half(1500, 2, 1000, 1) + zero, 49: "156", 60: "00000001201", 63: "001"})
	for range 2 {
		if b = c.ask(right); b.Get(48)[30] != '1' || b.Get(48)[61] != '1' || b.Has(39) {
			t.Fatal(b.Fields)
		}
	}
	if got := c.signOn().Get(60); got != "00000002003" {
		t.Errorf("F60 of the next sign-on %s", got)
	}
	c.code("22", c.about("0200", "000076", "23", s, a, 1000))
	refund := c.about("0220", "000077", "25", other, b2, 500)
	refund.Fields[60] = "25000002000600"
	c.code("00", refund)
}

func TestUploadClosesTheBatch(t *testing.T) {
	h, addr := start(t, nil)
	c := dial(t, addr)
	c.signOn()
	c.code("00", c.sale("000080", testPAN, 1000))
	item := "00" + "000080" + "0000" + testPAN + fen(1000)
	c.code("00", c.msg("0320", "000081", map[int]string{48: "01" + item, 60: "00000001201"}))
	c.code("30", c.msg("0320", "000082", map[int]string{48: "02" + item, 60: "00000001201"}))
	for range 2 {
		c.code("00", c.msg("0320", "000083", map[int]string{48: "0001", 60: "00000001202"}))
	}
	if got := h.Batch(c.tid, "123456789012345"); got != "000002" {
		t.Error(got)
	}
}
