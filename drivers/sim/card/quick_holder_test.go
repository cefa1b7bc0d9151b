package card

import (
	"context"
	"encoding/hex"
	"testing"

	"tillkeeper/drivers/reader/emv"
)

// TestQuickHolder is the cardholder verification of quick cards, by their qualifiers (9F6C) and the limit: what is asked of the
// customer, and what field 55 says of it.
func TestQuickHolder(t *testing.T) {
	const below, above = 100, 100001
	for name, c := range map[string]struct {
		own     string // 9F6C
		amount  int64
		signs   bool // 9F69 repeats the qualifiers
		offline string
		traits  string
		pin     bool // one is entered, where one is asked for
		want    byte
		needPIN bool
		sign    bool
		cvr     string // 9F34
		tvr     string // of the result; the message carries zeros: the card signed none
	}{
		"nothing below the limit":                {"0000", below, true, Online, "", true, emv.ARQC, false, false, "1f0000", "0000000000"},
		"PIN above it":                           {"0000", above, true, Online, "", true, emv.ARQC, true, false, "020000", "0000040000"},
		"no PIN above it":                        {"0000", above, true, Online, "", false, emv.ARQC, true, false, "020001", "0000080000"},
		"the card wants a PIN below the limit":   {"8000", below, true, Online, "", true, emv.ARQC, true, false, "020000", "0000040000"},
		"PIN before the phone's word":            {"8080", above, true, Online, "", true, emv.ARQC, true, false, "020000", "0000040000"},
		"the phone verified":                     {"0080", above, true, Online, "", true, emv.ARQC, false, false, "1f0000", "0000000000"},
		"the phone verified, below":              {"0080", below, true, Online, "", true, emv.ARQC, false, false, "1f0000", "0000000000"},
		"signature":                              {"4000", below, true, Online, "", true, emv.ARQC, false, true, "1e0000", "0000000000"},
		"PIN above the limit, not the signature": {"4000", above, true, Online, "", true, emv.ARQC, true, false, "020000", "0000040000"},
		"PIN before signature":                   {"C000", above, true, Online, "", true, emv.ARQC, true, false, "020000", "0000040000"},
		"the phone before signature":             {"4080", above, true, Online, "", true, emv.ARQC, false, false, "1f0000", "0000000000"},
		"it says so and signs something else":    {"0080", above, false, Approve, "", true, emv.ARQC, true, false, "020000", "0000040000"},
		"it says so, approves and signs nothing": {"0080", above, true, Approve, Static, true, emv.ARQC, true, false, "020000", "0200040000"},
		"it approves, a PIN is wanted, none":     {"0000", above, true, Approve, "", false, emv.ARQC, true, false, "020001", "0000080000"},
	} {
		card := base(tapEntry, c.offline)
		card.Traits = Quick + " " + c.traits
		own := unhex(c.own)
		chip := &slot{chip: newChip(card)}
		wire := bent{chip, func(command, answer []byte) []byte {
			if c.signs && command[1] == 0xB2 && command[3]>>3 == 3 && c.traits == "" {
				related := append([]byte{1, 1, 2, 3, 4}, own...)
				o := chip.chip.options[4:]
				signed := append(append(append(append([]byte{}, o[25:29]...), o[:6]...), o[19:21]...), related...)
				return append(template(0x9F4B, dynamicSignature([]byte{2, 0, 1}, signed), 0x9F69, related), 0x90, 0x00)
			}
			return swap("9F6C020000", "9F6C02"+c.own)(command, answer)
		}}
		asked := 0
		got, err := emv.New(noDice(), wire).First(context.Background(), emv.Request{
			Amount: c.amount, Time: noon, TID: "12345678", PINLimit: 100000, Contactless: true, AllowOffline: true,
			PIN: func(_ context.Context, pan string) (bool, error) {
				if asked++; pan != card.PAN {
					t.Errorf("%s: asked for another card", name)
				}
				return c.pin, nil
			},
		})
		if err != nil || got.Cryptogram != c.want || got.NeedPIN != c.needPIN || got.Signature != c.sign || hex.EncodeToString(got.TVR) != c.tvr {
			t.Errorf("%s: %02X PIN %v signature %v TVR %x %v", name, got.Cryptogram, got.NeedPIN, got.Signature, got.TVR, err)
			continue
		}
		if want := map[bool]int{true: 1}[c.needPIN]; asked != want {
			t.Errorf("%s: asked %d times", name, asked)
		}
		if cvr, tvr := toldOf(t, got.F55); cvr != c.cvr || tvr != "0000000000" {
			t.Errorf("%s: field 55 says %s and %s", name, cvr, tvr)
		}
	}
}

// toldOf is what field 55 says of the customer, and of the verification.
func toldOf(t *testing.T, f55 []byte) (cvr, tvr string) {
	t.Helper()
	objects, err := emv.Parse(f55)
	if err != nil {
		t.Fatal(err)
	}
	how, _ := emv.Find(objects, 0x9F34)
	what, _ := emv.Find(objects, 0x95)
	return hex.EncodeToString(how), hex.EncodeToString(what)
}

// TestQuickFloor: what was taken of a card before is known only when its number is; with it a payment that the card has approved
// reaches the floor limit, and the host decides.
func TestQuickFloor(t *testing.T) {
	for _, c := range []struct {
		floor, log int64
		alone      bool
		want       byte
		tvr        string
	}{
		{0, 0, false, emv.TC, "0000000000"},
		{101, 0, false, emv.TC, "0000000000"},
		{100, 0, false, emv.ARQC, "0000000000"}, // asked for before the card decides
		{300, 199, false, emv.TC, "0000000000"},
		{300, 200, false, emv.ARQC, "0000008000"},
		{300, 300, false, emv.ARQC, "0000008000"},
		{300, 199, true, emv.TC, "0000000000"},
		{300, 200, true, emv.AAC, "0000008000"},
	} {
		card := base(tapEntry, Approve)
		card.Traits = Quick
		terminal := noDice()
		terminal.FloorLimit, terminal.Log = c.floor, func(string) int64 { return c.log }
		got, err := emv.New(terminal, &slot{chip: newChip(card)}).First(context.Background(), emv.Request{
			Amount: 100, Time: noon, TID: "12345678", PINLimit: 100000, Contactless: true, AllowOffline: true, Offline: c.alone,
		})
		if err != nil || got.Cryptogram != c.want || hex.EncodeToString(got.TVR) != c.tvr {
			t.Errorf("%+v: %02X %x %v", c, got.Cryptogram, got.TVR, err)
		}
	}
}
