package acquirer

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys/dukpt"
)

// dukptProfile is the default profile with PINs under DUKPT of triple DES, the key serial number in field 62.
func dukptProfile(t *testing.T) *wire.Profile {
	t.Helper()
	raw, err := os.ReadFile("../../../assets/profiles/cup.json")
	if err != nil {
		t.Fatal(err)
	}
	const session = `"pin": {"format": 0, "keys": "session", "bypass": true}`
	if !strings.Contains(string(raw), session) {
		t.Fatal("no", session)
	}
	p, err := wire.Parse([]byte(strings.Replace(string(raw), session, `"pin": {"format": 0, "keys": "dukpt-tdes", "ksn_field": 62}`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pinPad is a DUKPT device in the hand of a customer with the PIN 123456.
type pinPad struct {
	t      *testing.T
	device dukpt.Device
}

func newPINPad(t *testing.T, ksn string) *pinPad {
	t.Helper()
	bdk, err := hex.DecodeString(DefaultTMK)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := hex.DecodeString(ksn)
	if err != nil {
		t.Fatal(err)
	}
	initial, err := dukpt.TDESInitialKey(bdk, serial)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dukpt.NewTDES(initial, serial)
	if err != nil {
		t.Fatal(err)
	}
	return &pinPad{t, d}
}

// next is the block of a PIN and its key serial number, in hex.
func (p *pinPad) next(pin string) [2]string {
	p.t.Helper()
	k, err := p.device.Next()
	if err != nil {
		p.t.Fatal(err)
	}
	c, err := desOf(k.PIN)
	if err != nil {
		p.t.Fatal(err)
	}
	plain, err := hex.DecodeString("06" + pin + strings.Repeat("F", 8))
	if err != nil {
		p.t.Fatal(err)
	}
	account, err := hex.DecodeString("0000" + testPAN[len(testPAN)-13:len(testPAN)-1])
	if err != nil {
		p.t.Fatal(err)
	}
	mix(plain, account)
	c.Encrypt(plain, plain)
	return [2]string{strings.ToUpper(hex.EncodeToString(plain)), strings.ToUpper(hex.EncodeToString(k.KSN))}
}

// TestKeySerialNumberOnlyRises: a PIN block sent again, or one of an older key, is a PIN error and no wrong try, also after
// the host came back from its disk; each device has its own counter.
func TestKeySerialNumberOnlyRises(t *testing.T) {
	h, addr := start(t, func(c *Config) { c.Profile = dukptProfile(t) })
	c := dial(t, addr)
	c.p = h.cfg.Profile
	c.signOn()
	first := h.Balance(testPAN)
	n := 0
	pay := func(want string, pin [2]string) {
		t.Helper()
		n++
		m := c.sale(fen(int64(100 + n))[6:], testPAN, 100)
		m.Fields[22], m.Fields[26], m.Fields[53], m.Fields[52], m.Fields[62] = "071", "12", "2600000000000000", pin[0], pin[1]
		c.code(want, m)
	}
	pad, other := newPINPad(t, "FFFF9876543210E00000"), newPINPad(t, "FFFF9876543220E00000")
	older, good := pad.next("123456"), pad.next("123456")
	pay("00", good)
	pay("99", good)  // replayed
	pay("99", older) // held back
	pay("00", other.next("123456"))
	wrong := pad.next("111111")
	pay("55", wrong)
	for range 5 {
		pay("99", wrong) // no try: it would be the fourth
	}
	last := pad.next("123456")
	pay("00", last) // not blocked by the replays
	if err := h.restart(); err != nil {
		t.Fatal(err)
	}
	c.redial()
	c.signOn()
	pay("99", last)
	pay("99", good)
	pay("00", pad.next("123456"))
	if got := first - h.Balance(testPAN); got != 400 {
		t.Errorf("%d fen were taken, want 400", got)
	}
}

// TestSerialTakesTheCounterApart: 21 bits of ten bytes, 32 of twelve.
func TestSerialTakesTheCounterApart(t *testing.T) {
	for text, want := range map[string]struct {
		device  string
		counter uint32
		ok      bool
	}{
		"FFFF9876543210E00001":     {"ffff9876543210e00000", 1, true},
		"FFFF9876543210FFFFFF":     {"ffff9876543210e00000", 1<<21 - 1, true},
		"123456789012345600000001": {"123456789012345600000000", 1, true},
		"1234567890123456FFFFFFFF": {"123456789012345600000000", 1<<32 - 1, true},
		"":                         {}, "FFFF98": {}, "XY": {},
	} {
		if device, counter, ok := serial(text); device != want.device || counter != want.counter || ok != want.ok {
			t.Errorf("%s: %s %d %v", text, device, counter, ok)
		}
	}
}
