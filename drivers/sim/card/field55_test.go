package card

import (
	"bytes"
	"context"
	"testing"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
)

// The field 55 of the profile's reference sale and reversal.
const (
	referenceSale = "9F260895BBE372271DDA7C9F2701809F101307010103A00000010A010000000000ED538FE49F37047F9F349E9F3602015795" +
		"0500000000009A032603019C01009F02060000000001005F2A02015682027C009F1A0201569F03060000000000009F3303E0E1C8" +
		"9F34031F00009F3501229F1E0831323334353637388408A0000003330101019F090200209F410400000123"
	referenceReversal = "950500000000009F1E0831323334353637389F101307010103A00000010A010000000000ED538FE49F36020157"
)

// changes are the objects that differ from payment to payment: cryptogram, MAC in the issuer's data, random, counter, date.
var changes = map[emv.Tag]bool{0x9F26: true, 0x9F37: true, 0x9F36: true, 0x9A: true}

// TestReferenceField55: a contactless sale at the simulated card gives the reference's field 55, object by object.
func TestReferenceField55(t *testing.T) {
	_, s := connect(t, base(reader.Contactless, Online))
	p := purchase(100)
	p.ForceOnline, p.AllowOffline = true, true
	got, err := s.Read(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, got.F55, unhex(referenceSale))
	compare(t, got.ShortF55, unhex(referenceReversal))
}

func compare(t *testing.T, got, want []byte) {
	t.Helper()
	g, err := emv.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := emv.Parse(want)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || len(g) != len(w) {
		t.Fatalf("%X\n%X", got, want)
	}
	for i := range g {
		a, b := g[i].Value, w[i].Value
		if g[i].Tag == 0x9F10 { // its last four bytes are a MAC
			a, b = a[:15], b[:15]
		}
		if g[i].Tag != w[i].Tag || len(a) != len(b) || !changes[g[i].Tag] && !bytes.Equal(a, b) {
			t.Errorf("object %d: %s %X, want %s %X", i, g[i].Tag, a, w[i].Tag, b)
		}
	}
}

// TestCryptogram computes the application cryptogram of a field 55 again, as an issuer does.
func TestCryptogram(t *testing.T) {
	for _, entry := range []string{reader.Contactless, reader.Chip} {
		c := base(entry, Online)
		_, s := connect(t, c)
		p := purchase(12345)
		p.ForceOnline = true
		got, err := s.Read(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
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
			t.Errorf("%s: cryptogram %X, want %X", entry, ac, want)
		}
	}
}

func TestCreditCard(t *testing.T) {
	c := base(reader.Chip, Online)
	c.PAN = "6250947000000014"
	_, s := connect(t, c)
	p := purchase(100)
	p.ForceOnline = true
	got, err := s.Read(context.Background(), p)
	if err != nil || got.AIDName != "UnionPay Credit" || !bytes.Contains(got.F55, unhex("8408A000000333010102")) || !got.ODA {
		t.Errorf("%+v %v", got, err)
	}
}

// TestLengthsOfPAN: every length a deck may have goes through certificate, track and cryptogram.
func TestLengthsOfPAN(t *testing.T) {
	for n := 12; n <= 19; n++ {
		for _, entry := range []string{reader.Contactless, reader.Chip, reader.Swipe} {
			c := base(entry, Approve)
			c.PIN, c.PAN = "", "6224242900000113456"[:n]
			_, s := connect(t, c)
			p := purchase(100)
			p.AllowOffline = true
			got, err := s.Read(context.Background(), p)
			if err != nil || got.PAN != c.PAN || got.ODA != (entry != reader.Swipe) || got.Track2[:n+5] != c.PAN+"=2806" {
				t.Errorf("%d %s: %+v %v", n, entry, got, err)
			}
		}
	}
}

// BenchmarkRead is the dialogue up to the first cryptogram by the kind of card. own-ns/op is our share of it: without what
// the simulated chip computes.
func BenchmarkRead(b *testing.B) {
	for _, kind := range []struct{ entry, traits string }{
		{reader.Contactless, ""}, {reader.Contactless, Quick}, {reader.Contactless, Combined}, {reader.Chip, ""},
	} {
		b.Run(kind.entry+kind.traits, func(b *testing.B) {
			c := base(kind.entry, Approve)
			c.PIN, c.Traits = "", kind.traits
			r := NewReader([]Card{c})
			defer r.Close()
			r.terminal.Selection = emv.RandomSelection{}
			p := purchase(100)
			p.AllowOffline = true
			for b.Loop() {
				if r.chips[c.Name].counter > 0xFF00 {
					r.chips[c.Name].counter = firstCounter
				}
				if err := r.Present(c.Name); err != nil {
					b.Fatal(err)
				}
				s, err := r.Connect(context.Background(), p)
				if err != nil {
					b.Fatal(err)
				}
				if got, err := s.Read(context.Background(), p); err != nil || !got.ODA {
					b.Fatal(got.ODA, err)
				}
				s.Close()
			}
			b.ReportMetric(float64(b.Elapsed()-r.Computed())/float64(b.N), "own-ns/op")
		})
	}
}
