package card

import (
	"bytes"
	"context"
	"encoding/hex"
	"strings"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
)

// left is a wire that ends when the last record of a quick card was read, as a card that is pulled back does.
type left struct {
	card emv.Transceiver
	last byte // instruction and record after which it is gone
	gone bool
	sent int
}

func (l *left) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	if l.gone {
		return nil, nil
	}
	l.sent++
	answer, err := l.card.Transmit(ctx, apdu)
	l.gone = apdu[1] == l.last && (l.last == 0xA8 || apdu[3]>>3 == 3)
	return answer, err
}

type quickCase struct {
	name, traits string
	offline      string // what the card does
	deck         func(c *Card)
	ask          func(r *emv.Request)
	till         func(t *emv.Terminal)
	bend         func(command, answer []byte) []byte
	heard        int // byte of GET PROCESSING OPTIONS that the card hears wrongly
	code         string
	cryptogram   byte
	reason       string
	pin, oda     bool
	tvr          string
	host         *emv.Host
	last         byte
	ends         string // of the last field 55
}

func quickCases() []quickCase {
	const z = "0000000000"
	alone := func(r *emv.Request) { r.Offline = true }
	return []quickCase{
		{name: "approved, fDDA", offline: Approve, cryptogram: emv.TC, oda: true, tvr: z, host: lost(), last: emv.TC, ends: "8a025931"},
		{name: "approved alone", offline: Approve, ask: alone, cryptogram: emv.TC, oda: true, tvr: z, host: lost(), last: emv.TC, ends: "8a025931"},
		{name: "the till wants the host", offline: Approve, ask: forced, cryptogram: emv.ARQC, tvr: z, host: yes(""), last: emv.TC},
		{
			name: "limits do not hold", offline: Approve, ask: func(r *emv.Request) { r.AllowOffline = false }, cryptogram: emv.ARQC, tvr: z,
			host: lost(), last: emv.AAC,
		},
		{name: "the card wants the host", offline: Online, cryptogram: emv.ARQC, tvr: z, host: &emv.Host{Code: "51"}, last: emv.AAC},
		{name: "it wants the host and there is none", offline: Online, ask: alone, cryptogram: emv.AAC, reason: emv.ReasonOffline, tvr: z},
		{name: "a script has no way to the card", offline: Online, cryptogram: emv.ARQC, tvr: z, host: yes(arpc + script71), last: emv.TC},
		{name: "the card refuses", offline: Decline, cryptogram: emv.AAC, reason: emv.ReasonDeclined, tvr: z},
		{
			name: "wrong signature, alone", offline: Approve, traits: WrongSignature, ask: alone, cryptogram: emv.AAC,
			reason: emv.ReasonAuthenticity, tvr: "0800000000",
		},
		{
			name: "wrong signature, the card goes online", offline: Approve, traits: WrongSignature, bend: swap("9F6C020000", "9F6C022000"),
			cryptogram: emv.ARQC, tvr: "0800000000", host: yes(""), last: emv.TC,
		},
		{
			name: "wrong signature, another interface", offline: Approve, traits: WrongSignature, bend: swap("9F6C020000", "9F6C021000"),
			cryptogram: emv.AAC, reason: emv.ReasonUseChip, tvr: "0800000000",
		},
		{name: "wrong certificate", offline: Approve, traits: WrongCertificate, cryptogram: emv.AAC, reason: emv.ReasonAuthenticity, tvr: "0800000000"},
		{name: "another amount was signed", offline: Approve, heard: 16, cryptogram: emv.AAC, reason: emv.ReasonAuthenticity, tvr: "0800000000"},
		{
			name: "an old signature, version 00", offline: Approve, bend: swap("9F690701", "9F690700"), cryptogram: emv.AAC,
			reason: emv.ReasonAuthenticity, tvr: "0800000000",
		},
		{
			name: "revoked", offline: Approve, traits: Revoked, till: func(t *emv.Terminal) { t.Keys = t.Keys.Revoke(Revocation()) },
			cryptogram: emv.AAC, reason: emv.ReasonAuthenticity, tvr: "0800000000",
		},
		{name: "SDA", offline: Approve, traits: Static, cryptogram: emv.TC, oda: true, tvr: "0200000000"},
		{name: "wrong SDA", offline: Approve, traits: Static + " " + WrongSignature, cryptogram: emv.AAC, reason: emv.ReasonAuthenticity, tvr: "4200000000"},
		{name: "nothing to verify", offline: Approve, traits: Unsigned, cryptogram: emv.AAC, reason: emv.ReasonAuthenticity, tvr: "8000000000"},
	}
}

// quickLimits are dates, limits and cards that lie.
func quickLimits() []quickCase {
	const z = "0000000000"
	alone := func(r *emv.Request) { r.Offline = true }
	return []quickCase{
		{name: "expired", offline: Approve, deck: func(c *Card) { c.Expiry = "2509" }, cryptogram: emv.AAC, reason: emv.ReasonExpired, oda: true, tvr: "0040000000"},
		{
			name: "expired, the card goes online", offline: Approve, deck: func(c *Card) { c.Expiry = "2509" }, bend: swap("9F6C020000", "9F6C020800"),
			cryptogram: emv.ARQC, oda: true, tvr: "0040000000", host: lost(), last: emv.AAC,
		},
		{
			name: "expired, it would go online but is alone", offline: Approve, deck: func(c *Card) { c.Expiry = "2509" },
			bend: swap("9F6C020000", "9F6C020800"), cryptogram: emv.AAC, reason: emv.ReasonExpired, oda: true, tvr: "0040000000", ask: alone,
		},
		{name: "not valid yet", offline: Approve, traits: NotYetValid, cryptogram: emv.AAC, reason: emv.ReasonNotYetValid, oda: true, tvr: "0020000000"},
		{name: "not here", offline: Approve, traits: NotHere, cryptogram: emv.AAC, reason: emv.ReasonNotAccepted, oda: true, tvr: "0010000000"},
		{
			name: "on the exception file", offline: Approve, till: func(t *emv.Terminal) { t.Listed = func(string) bool { return true } },
			cryptogram: emv.AAC, reason: emv.ReasonListed, oda: true, tvr: "1000000000",
		},
		{name: "above the limit", offline: Online, ask: func(r *emv.Request) { r.Amount = 100001 }, cryptogram: emv.ARQC, pin: true, tvr: "0000040000"},
		{
			name: "above the limit, the phone verified", offline: Online, traits: OnDevice, ask: func(r *emv.Request) { r.Amount = 100001 },
			cryptogram: emv.ARQC, tvr: z,
		},
		{
			name: "above the limit, alone", offline: Approve, ask: func(r *emv.Request) { r.Amount, r.Offline = 100001, true }, cryptogram: emv.AAC,
			reason: emv.ReasonOfflinePIN, pin: true, oda: true, tvr: "0000040000",
		},
		{
			name: "a balance", offline: Approve, traits: OnDevice, ask: func(r *emv.Request) { r.Kind, r.Amount = emv.KindBalance, 0 },
			cryptogram: emv.ARQC, pin: true, tvr: "0000040000",
		},
		{
			name: "a TC that was not to be had", offline: Approve, ask: forced, bend: swap("9F10130701010"+"3A0", "9F10130701010"+"390"),
			code: emv.ReasonUnreadable,
		},
		{
			name: "above the limit, the phone verified, alone", offline: Approve, traits: OnDevice,
			ask:        func(r *emv.Request) { r.Amount, r.Offline = 100001, true },
			cryptogram: emv.TC, oda: true, tvr: z,
		},
		{
			name: "the phone says one thing and signs another", offline: Approve, traits: OnDevice, bend: swap("9F6C020080", "9F6C020081"),
			ask: func(r *emv.Request) { r.Amount = 100001 }, cryptogram: emv.ARQC, pin: true, oda: true, tvr: "0000040000",
		},
		{name: "two sequence numbers", offline: Approve, bend: func(command, answer []byte) []byte {
			return pick(command[1] == 0xA8, swap("5F340101", "5F340102")(command, answer), answer)
		}, code: emv.ReasonData},
		{name: "no kind of cryptogram", offline: Online, bend: swap("9F101307010103A0", "9F101307010103B0"), code: emv.ReasonData},
		{name: "a track of another card", offline: Approve, bend: swap("57116224", "57116225"), code: emv.ReasonData},
		{name: "its counter is missing", offline: Online, bend: swap("9F3602", "9F2002"), code: emv.ReasonData},
		{name: "an object twice", offline: Online, bend: swap("9F6C020000", "9F36020101"), code: emv.ReasonData},
	}
}

// misheard is a wire that changes one byte of a command before the card hears it: here the card signs what it heard.
type misheard struct {
	card *slot
	ins  byte
	at   int
}

func (m misheard) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	if apdu[1] == m.ins {
		apdu = bytes.Clone(apdu)
		apdu[m.at] ^= 1
	}
	return m.card.Transmit(ctx, apdu)
}

// TestQuick is the whole of the quick contactless dialogue: what the card decides, what the reader verifies, and that
// nothing is sent to a card that has left the field after its last record.
func TestQuick(t *testing.T) {
	for _, q := range append(quickCases(), quickLimits()...) {
		c := base(tapEntry, q.offline)
		c.Traits = Quick + " " + q.traits
		if q.deck != nil {
			q.deck(&c)
		}
		terminal := noDice()
		if q.till != nil {
			q.till(&terminal)
		}
		var inner emv.Transceiver = &slot{chip: newChip(c)}
		if q.heard > 0 {
			inner = misheard{inner.(*slot), 0xA8, q.heard}
		}
		if q.bend != nil {
			inner = bent{inner.(*slot), q.bend}
		}
		req := emv.Request{
			Amount: 100, Time: noon, STAN: "000123", TID: "12345678", PINLimit: 100000, Contactless: true, AllowOffline: true,
		}
		if q.ask != nil {
			q.ask(&req)
		}
		wire := &left{card: inner, last: 0xB2}
		d := emv.New(terminal, wire)
		got, err := d.First(context.Background(), req)
		if pos.WhyNot(err, "") != q.code {
			t.Errorf("%s: %v", q.name, err)
		}
		if err != nil || q.code != "" {
			continue
		}
		if got.Cryptogram != q.cryptogram || got.Reason != q.reason || got.NeedPIN != q.pin || got.ODA != q.oda ||
			hex.EncodeToString(got.TVR) != q.tvr {
			t.Errorf("%s: cryptogram %02X %q PIN %v ODA %v TVR %X", q.name, got.Cryptogram, got.Reason, got.NeedPIN, got.ODA, got.TVR)
		}
		if !strings.Contains(hex.EncodeToString(got.F55), "95050000000000") { // what the card signed
			t.Errorf("%s: field 55 %X", q.name, got.F55)
		}
		if q.host == nil {
			continue
		}
		sent := wire.sent
		final, err := d.Second(context.Background(), *q.host)
		if err != nil || final.Cryptogram != q.last || !strings.HasSuffix(hex.EncodeToString(final.F55), q.ends) || len(final.Scripts) > 0 {
			t.Errorf("%s: last cryptogram %02X, field 55 %X %v", q.name, final.Cryptogram, final.F55, err)
		}
		if wire.sent != sent {
			t.Errorf("%s: %d commands to a card that has left", q.name, wire.sent-sent)
		}
	}
}

// TestQuickField55 is the reference's field 55 from a quick card, object by object.
func TestQuickField55(t *testing.T) {
	c := base(tapEntry, Online)
	c.Traits = Quick
	_, s := connect(t, c)
	p := purchase(100)
	p.ForceOnline, p.AllowOffline = true, true
	got, err := s.Read(context.Background(), p)
	if err != nil || got.PAN != c.PAN || got.Expiry != "2806" || got.Sequence != "001" || got.Expired {
		t.Fatalf("%+v %v", got, err)
	}
	compare(t, got.F55, unhex(referenceSale))
	compare(t, got.ShortF55, unhex(referenceReversal))
	objects, err := emv.Parse(got.F55)
	if err != nil {
		t.Fatal(err)
	}
	var message []byte
	for _, tag := range []emv.Tag{0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37, 0x82, 0x9F36} {
		v, _ := emv.Find(objects, tag)
		message = append(message, v...)
	}
	data, _ := emv.Find(objects, 0x9F10)
	counter, _ := emv.Find(objects, 0x9F36)
	want := mac(sessionKey(deriveKey(c.PAN, c.Sequence), uint16(counter[0])<<8|uint16(counter[1])), append(message, data[3:7]...))
	if ac, _ := emv.Find(objects, 0x9F26); !bytes.Equal(ac, want) {
		t.Errorf("cryptogram %X, the issuer computes %X", ac, want)
	}
}

// TestQuickReadOnly wants the number only: whatever the card decided, nothing is approved by it.
func TestQuickReadOnly(t *testing.T) {
	for _, offline := range []string{Online, Approve, Decline} {
		for _, traits := range []string{"", WrongSignature, Static} {
			c := base(tapEntry, offline)
			c.Traits = Quick + " " + traits
			_, s := connect(t, c)
			p := purchase(100)
			p.ReadOnly, p.AllowOffline = true, true
			got, err := s.Read(context.Background(), p)
			if err != nil || got.PAN != c.PAN || got.Cryptogram != reader.ARQC || got.Reason != "" || len(got.F55) > 0 || got.NeedPIN {
				t.Errorf("%s %s: %+v %v", offline, traits, got, err)
			}
		}
	}
}

// TestQuickAsks: what the reader requires of the card stands in tag 9F66.
func TestQuickAsks(t *testing.T) {
	for _, test := range []struct {
		amount  int64
		forced  bool
		kind    byte
		wants   byte
		limits  bool
		offline bool
	}{
		{100, false, 0, 0x00, true, false},
		{100000, false, 0, 0x00, true, false},
		{100001, false, 0, 0x40, true, false},
		{100001, true, 0, 0xC0, true, false},
		{100, false, 0, 0x80, false, false},
		{100, false, 0, 0x00, false, true},
		{0, false, emv.KindBalance, 0xC0, true, false},
		{100, false, emv.KindPreauth, 0x80, true, false},
	} {
		c := base(tapEntry, Online)
		c.Traits = Quick
		chip := newChip(c)
		_, err := emv.New(noDice(), &slot{chip: chip}).First(context.Background(), emv.Request{
			Amount: test.amount, Kind: test.kind, Time: noon, TID: "12345678", PINLimit: 100000, Contactless: true,
			ForceOnline: test.forced, AllowOffline: test.limits, Offline: test.offline,
		})
		if want := []byte{0x36, test.wants, 0x00, 0x80}; err != nil || !bytes.Equal(chip.options[:4], want) {
			t.Errorf("%+v: %X %v", test, chip.options[:4], err)
		}
	}
}

// TestQuickDrawn: a payment selected at random asks for the host before the card decides.
func TestQuickDrawn(t *testing.T) {
	c := base(tapEntry, Approve)
	c.Traits = Quick
	terminal := noDice()
	terminal.Selection, terminal.Random = emv.RandomSelection{Target: 99}, zeros{}
	got, err := emv.New(terminal, &slot{chip: newChip(c)}).First(context.Background(), emv.Request{
		Amount: 100, Time: noon, TID: "12345678", PINLimit: 100000, Contactless: true, AllowOffline: true,
	})
	if err != nil || got.Cryptogram != emv.ARQC {
		t.Errorf("%02X %v", got.Cryptogram, err)
	}
}

// TestQuickVersions: a good signature of the version this reader knows is taken, one of another version is not.
func TestQuickVersions(t *testing.T) {
	for version, want := range map[byte]byte{1: emv.TC, 0: emv.AAC, 2: emv.AAC} {
		c := base(tapEntry, Approve)
		c.Traits = Quick
		terminal := noDice()
		terminal.Random = zeros{}
		wire := bent{&slot{chip: newChip(c)}, func(command, answer []byte) []byte {
			if command[1] != 0xB2 || command[3]>>3 != 3 {
				return answer
			}
			related := []byte{version, 1, 2, 3, 4, 0, 0}
			signed := dynamicSignature([]byte{2, 0, 1}, append(unhex("00000000"+"000000000100"+"0156"), related...))
			return append(template(0x9F4B, signed, 0x9F69, related), 0x90, 0x00)
		}}
		got, err := emv.New(terminal, wire).First(context.Background(), emv.Request{
			Amount: 100, Time: noon, TID: "12345678", PINLimit: 100000, Contactless: true, AllowOffline: true,
		})
		if err != nil || got.Cryptogram != want {
			t.Errorf("version %02X: %02X %q %v", version, got.Cryptogram, got.Reason, err)
		}
	}
}
