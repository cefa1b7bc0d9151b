package emv

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"
)

// published reads the published keys, whose checksums the loader verifies.
func published(t testing.TB) CATable {
	t.Helper()
	f, err := os.Open("testdata/ca-published.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := LoadCA(f)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// transcripts reads the published transcripts: name to bytes.
func transcripts(t testing.TB) map[string][]byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/transcripts.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for line := range strings.Lines(string(raw)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), " = "); ok && !strings.HasPrefix(line, "#") {
			out[name] = bytesOf(t, value)
		}
	}
	return out
}

// of2014 is a terminal of the country and the day of the published transcripts.
func of2014(t testing.TB, card Transceiver, random []byte, day time.Time) *Dialogue {
	t.Helper()
	terminal := DefaultTerminal()
	terminal.Country, terminal.Currency, terminal.Type = 0x0643, 0x0643, 0x23
	terminal.Keys, terminal.Random = published(t), bytes.NewReader(random)
	d := New(terminal, card)
	d.req = Request{Kind: 0x50, Time: day, STAN: "1", TID: "12345678", AllowOffline: true}
	if err := d.terminalData(); err != nil {
		t.Fatal(err)
	}
	return d
}

// load keeps the signed record of a transcript as a card's.
func load(t testing.TB, d *Dialogue, static []byte, aid, profile string, index byte) {
	t.Helper()
	d.static = static
	d.data[tagDFName], d.data[tagAIP], d.data[tagCAIndex] = bytesOf(t, aid), bytesOf(t, profile), []byte{index}
	objects, err := Parse(static)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.keep(objects); err != nil {
		t.Fatal(err)
	}
}

// TestPublishedStaticCard verifies a Visa card of 2008 from the scheme's key 01 to its signed data (SDA).
func TestPublishedStaticCard(t *testing.T) {
	said := transcripts(t)
	check := func(bend func(d *Dialogue)) bool {
		d := of2014(t, nil, make([]byte, 4), time.Date(2008, 6, 1, 0, 0, 0, 0, time.UTC))
		load(t, d, bytes.Clone(said["static.data"]), "A0000000031010", "5C00", 1)
		d.data[tagIssuerCert], d.data[tagIssuerRemainder] = bytes.Clone(said["static.issuer_certificate"]), said["static.issuer_remainder"]
		d.data[tagIssuerExponent], d.data[tagStaticSignature] = []byte{3}, said["static.signature"]
		d.data[tagStaticTags] = []byte{byte(tagAIP)}
		bend(d)
		if err := d.authenticate(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d.authentic != (d.tvr[0] == 0x02) || d.authentic == (d.tvr[0] == 0x42) || d.tsi[0] != 0x80 {
			t.Errorf("TVR %X TSI %X", d.tvr, d.tsi)
		}
		if d.authentic != (len(d.data[tagAuthData]) == 2) {
			t.Errorf("data authentication code %X", d.data[tagAuthData])
		}
		return d.authentic
	}
	if !check(func(*Dialogue) {}) {
		t.Error("the published card does not verify")
	}
	for name, bend := range map[string]func(d *Dialogue){
		"signed data":        func(d *Dialogue) { d.static[5] ^= 1 },
		"issuer certificate": func(d *Dialogue) { d.data[tagIssuerCert][40] ^= 1 },
		"another PAN":        func(d *Dialogue) { d.data[tagPAN] = bytesOf(t, "5276550013234599") },
		"a later day":        func(d *Dialogue) { d.req.Time = time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC) },
		"revoked": func(d *Dialogue) {
			ca, _ := d.terminal.Keys.find(d.data[tagDFName], 1, d.req.Time)
			body, _ := ca.recover(d.data[tagIssuerCert], 0x02, d.data[tagIssuerRemainder], []byte{3})
			d.terminal.Keys = d.terminal.Keys.Revoke(Revocation{[5]byte(d.data[tagDFName][:5]), 1, [3]byte(body[7:10])})
		},
	} {
		if check(bend) {
			t.Errorf("%s: verifies all the same", name)
		}
	}
}

// TestAKnownIssuerIsJudgedAnew: what is remembered of an issuer's certificate lets
// no other certificate through, no card of another bank, no day and no revocation.
func TestAKnownIssuerIsJudgedAnew(t *testing.T) {
	said := transcripts(t)
	day := time.Date(2008, 6, 1, 0, 0, 0, 0, time.UTC)
	known := of2014(t, nil, make([]byte, 4), day).terminal.Keys
	issuer := func(bend func(d *Dialogue)) error {
		d := of2014(t, nil, make([]byte, 4), day)
		d.terminal.Keys = known
		load(t, d, bytes.Clone(said["static.data"]), "A0000000031010", "5C00", 1)
		d.data[tagIssuerCert], d.data[tagIssuerRemainder] = bytes.Clone(said["static.issuer_certificate"]), bytes.Clone(said["static.issuer_remainder"])
		d.data[tagIssuerExponent] = []byte{3}
		bend(d)
		_, err := d.recoverIssuerKey()
		return err
	}
	for range 2 {
		if err := issuer(func(*Dialogue) {}); err != nil || len(known.issuers.seen) != 1 {
			t.Fatalf("%v, %d remembered", err, len(known.issuers.seen))
		}
	}
	for name, bend := range map[string]func(d *Dialogue){
		"certificate": func(d *Dialogue) { d.data[tagIssuerCert][40] ^= 1 },
		"remainder":   func(d *Dialogue) { d.data[tagIssuerRemainder][0] ^= 1 },
		"exponent":    func(d *Dialogue) { d.data[tagIssuerExponent] = []byte{5} },
		"cut elsewhere": func(d *Dialogue) {
			rest := d.data[tagIssuerRemainder]
			d.data[tagIssuerCert], d.data[tagIssuerRemainder] = append(d.data[tagIssuerCert], rest[0]), rest[1:]
		},
		"cut before the exponent": func(d *Dialogue) {
			rest := d.data[tagIssuerRemainder]
			d.data[tagIssuerRemainder], d.data[tagIssuerExponent] = rest[:len(rest)-1], []byte{rest[len(rest)-1], 3}
		},
		"another index": func(d *Dialogue) { d.data[tagCAIndex] = []byte{5} },
		"another PAN":   func(d *Dialogue) { d.data[tagPAN] = bytesOf(t, "5276550013234599") },
		"a later day":   func(d *Dialogue) { d.req.Time = time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC) },
		"revoked": func(d *Dialogue) {
			for _, body := range known.issuers.seen {
				d.terminal.Keys = known.Revoke(Revocation{[5]byte(d.data[tagDFName][:5]), 1, [3]byte(body[7:10])})
			}
		},
	} {
		if issuer(bend) == nil {
			t.Errorf("%s: taken all the same", name)
		}
	}
	if len(known.issuers.seen) != 1 {
		t.Errorf("%d are remembered", len(known.issuers.seen))
	}
}

// TestIssuersAreRememberedUpToALimit: a card that makes certificates up fills no
// memory, for only those are kept that a CA signed.
func TestIssuersAreRememberedUpToALimit(t *testing.T) {
	said := transcripts(t)
	d := of2014(t, nil, make([]byte, 4), time.Date(2008, 6, 1, 0, 0, 0, 0, time.UTC))
	seen := d.terminal.Keys.issuers.seen
	for i := range maxIssuers {
		seen[certificate{rest: string(rune(i))}] = nil
	}
	load(t, d, bytes.Clone(said["static.data"]), "A0000000031010", "5C00", 1)
	d.data[tagIssuerCert], d.data[tagIssuerRemainder] = said["static.issuer_certificate"], said["static.issuer_remainder"]
	d.data[tagIssuerExponent] = []byte{3}
	if _, err := d.recoverIssuerKey(); err != nil || len(seen) != 1 {
		t.Errorf("%v, %d are remembered", err, len(seen))
	}
}

// chain puts the certificates of the second published card into a dialogue.
func chain(t testing.TB, d *Dialogue, said map[string][]byte) {
	t.Helper()
	load(t, d, bytes.Clone(said["dynamic.data"]), "A0000000041010", "3900", 5)
	d.data[tagIssuerCert], d.data[tagIssuerRemainder] = said["dynamic.issuer_certificate"], said["dynamic.issuer_remainder"]
	d.data[tagIssuerExponent], d.data[tagCardExponent] = []byte{3}, []byte{3}
	d.data[tagCardCert] = said["dynamic.card_certificate"]
}

// once is a card that gives one answer.
type once []byte

func (o once) Transmit(context.Context, []byte) ([]byte, error) {
	return append(bytes.Clone(o), 0x90, 0x00), nil
}

// TestPublishedDynamicCard verifies a Mastercard of 2014 from the scheme's key 05 down to its signature over a challenge of
// zeros (DDA).
func TestPublishedDynamicCard(t *testing.T) {
	said := transcripts(t)
	for name, bend := range map[string]func(d *Dialogue, answer []byte){
		"": func(*Dialogue, []byte) {}, "challenge": func(d *Dialogue, _ []byte) { d.data[tagUnpredictable] = []byte{0, 0, 0, 1} },
		"signature": func(_ *Dialogue, answer []byte) { answer[40] ^= 1 },
		"data":      func(d *Dialogue, _ []byte) { d.static[10] ^= 1 },
		"AIP":       func(d *Dialogue, _ []byte) { d.data[tagAIP] = []byte{0x38, 0} },
	} {
		answer := Append(nil, tagResponse1, said["dynamic.signature"])
		d := of2014(t, once(answer), said["dynamic.challenge"], time.Date(2014, 9, 25, 0, 0, 0, 0, time.UTC))
		chain(t, d, said)
		bend(d, answer)
		ok, err := d.dynamic(t.Context())
		if err != nil || ok != (name == "") {
			t.Errorf("%q: verifies %v %v", name, ok, err)
		}
		if ok && len(d.data[tagDynamicNumber]) == 0 {
			t.Error("no dynamic number kept")
		}
	}
}

// TestPublishedCombinedCard replays the first GENERATE AC of the same card: the CDOL1 data that the terminal fills in are
// those of the transcript, cardholder verification included, and the signature over everything exchanged verifies (CDA).
func TestPublishedCombinedCard(t *testing.T) {
	said := transcripts(t)
	for name, bend := range map[string]func(d *Dialogue, answer []byte){
		"": func(*Dialogue, []byte) {}, "counter": func(_ *Dialogue, answer []byte) { answer[11] ^= 1 },
		"asked":     func(d *Dialogue, _ []byte) { d.cdol1Data[3] ^= 1 },
		"options":   func(d *Dialogue, _ []byte) { d.pdolData = []byte{0} },
		"signature": func(_ *Dialogue, answer []byte) { answer[60] ^= 1 },
	} {
		objects := said["combined.said"] // 9F27, 9F36, 9F10; the signature stands between the second and the third
		inside := append(bytes.Clone(objects[:9]), Append(nil, tagDynamicSig, said["combined.signature"])...)
		answer := Append(nil, tagResponse2, append(inside, objects[9:]...))
		d := of2014(t, once(answer), said["combined.random"], time.Date(2014, 9, 25, 0, 0, 0, 0, time.UTC))
		chain(t, d, said)
		if err := d.run(t.Context(), d.authenticate, d.restrict, d.verifyCardholder); err != nil {
			t.Fatal(err)
		}
		if d.cda == nil || d.tvr != [5]byte{} || d.tsi[0] != 0xC0 || !d.signature {
			t.Fatalf("TVR %X TSI %X signature %v", d.tvr, d.tsi, d.signature)
		}
		list, err := ParseDOL(d.data[tagCDOL1])
		if err != nil {
			t.Fatal(err)
		}
		d.cdol1Data = d.fill(list)
		if want := said["combined.asked"]; !bytes.Equal(d.cdol1Data, want) {
			t.Fatalf("CDOL1 data %X, published %X", d.cdol1Data, want)
		}
		bend(d, answer)
		got, err := d.generate(t.Context(), TC, d.cdol1Data, d.cdol1Data)
		if good := name == ""; err != nil || (got == TC) != good || d.authentic != good || (d.tvr[0] == 0x04) == good {
			t.Errorf("%q: %02X authentic %v TVR %X %v", name, got, d.authentic, d.tvr, err)
		}
		if name == "" && (len(d.data[tagCryptogram]) != 8 || len(d.data[tagDynamicNumber]) == 0) {
			t.Errorf("cryptogram %X, number %X", d.data[tagCryptogram], d.data[tagDynamicNumber])
		}
	}
}
