package card

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"testing"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
)

// bent is a wire that changes what passes through it.
type bent struct {
	card *slot
	bend func(command, answer []byte) []byte
}

func (b bent) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	answer, err := b.card.Transmit(ctx, apdu)
	if err == nil {
		answer = b.bend(apdu, bytes.Clone(answer))
	}
	return answer, err
}

func bentSession(c Card, combined bool, bend func(command, answer []byte) []byte) reader.Session {
	chip := newChip(c)
	chip.combined = combined
	return reader.NewSession(noDice(), reader.Card{Entry: c.Entry, Wire: bent{&slot{chip: chip}, bend}})
}

func swap(old, replacement string) func(command, answer []byte) []byte {
	from, errFrom := hex.DecodeString(old)
	to, errTo := hex.DecodeString(replacement)
	if errors.Join(errFrom, errTo) != nil || len(from) == 0 {
		panic("test data")
	}
	return func(_, answer []byte) []byte { return bytes.ReplaceAll(answer, from, to) }
}

func signature(flip int) func(command, answer []byte) []byte {
	return func(command, answer []byte) []byte {
		if command[1] == 0x88 && len(answer) > flip {
			answer[flip] ^= 0x10
		}
		return answer
	}
}

// TestAuthenticationFails: a card whose data were changed gets no offline approval, and goes online where that is asked.
func TestAuthenticationFails(t *testing.T) {
	for name, test := range map[string]struct {
		bend func(command, answer []byte) []byte
		tvr  byte
	}{
		"longer life":      {swap("5F2403280630", "5F2403300630"), 0x08},
		"softer action":    {swap("9F0D05FC40008000", "9F0D050000000000"), 0x08},
		"another AIP":      {swap("82027C00", "82027800"), 0x08},
		"static only":      {swap("82027C00", "82025C00"), 0x40 | 0x20 | 0x02},
		"nothing at all":   {swap("82027C00", "82021C00"), 0x80},
		"unknown CA":       {swap("8F01F0", "8F01F1"), 0x08},
		"untouched":        {swap("9F4781", "9F4781"), 0x00},
		"no certificate":   {swap("9F4681", "9F4581"), 0x08 | 0x20},
		"issuer's rest":    {swap("9F320103", "9F320105"), 0x08},
		"signature":        {signature(30), 0x08},
		"signature's head": {signature(6), 0x08},
	} {
		c := base(reader.Contactless, Approve)
		c.PIN = ""
		for _, offline := range []bool{true, false} {
			s := bentSession(c, false, test.bend)
			p := purchase(100)
			p.Offline, p.AllowOffline = offline, true
			got, err := s.Read(context.Background(), p)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			want := byte(reader.ARQC)
			if offline {
				want = reader.AAC
			}
			if test.tvr == 0 {
				want = reader.TC
			}
			if got.TVR[0] != test.tvr || got.ODA != (test.tvr == 0) || got.Cryptogram != want {
				t.Errorf("%s: TVR %X ODA %v cryptogram %02X", name, got.TVR, got.ODA, got.Cryptogram)
			}
		}
	}
}

// TestStatic is a card of the oldest kind: a signature over its data, no key of its own.
func TestStatic(t *testing.T) {
	for _, good := range []bool{true, false} {
		c := base(reader.Contactless, Approve)
		c.PIN = ""
		chip := newChip(c)
		p := chip.files()
		p.aip = []byte{0x5C, 0x00}
		issuer := issuerKey()
		signed := issuer.sign(pad([]byte{0x03, 0x01, 0xDA, 0xC0}, len(issuer.modulus)-22), identity(c), p.aip)
		if !good {
			signed[20] ^= 1
		}
		p.records[place{2, 3}] = template(0x93, signed)
		s := reader.NewSession(noDice(), reader.Card{Entry: c.Entry, Wire: &slot{chip: chip}})
		buy := purchase(100)
		buy.Offline = true
		got, err := s.Read(context.Background(), buy)
		if err != nil || got.ODA != good || (got.Cryptogram == reader.TC) != good || (got.TVR[0] == 0x42) == good || good && got.TVR[0] != 0x02 {
			t.Errorf("%v: %+v %v", good, got, err)
		}
	}
}

// TestIncompleteCryptogram: what failed in Read cannot be finished into an approval.
func TestIncompleteCryptogram(t *testing.T) {
	c := base(reader.Contactless, Approve)
	c.PIN = ""
	s := bentSession(c, false, swap("9F2608", "9F2408"))
	p := purchase(100)
	p.Offline = true
	if _, err := s.Read(context.Background(), p); !errors.Is(err, reader.ErrCardUnreadable) {
		t.Error(err)
	}
	if final, err := s.Finish(context.Background(), reader.Answer{Unreachable: true}); err == nil || final.Cryptogram != reader.AAC {
		t.Errorf("%+v %v", final, err)
	}
}

// TestCombinedFails: a changed cryptogram answer is refused by the terminal even where it says TC.
func TestCombinedFails(t *testing.T) {
	c := base(reader.Contactless, Approve)
	c.PIN = ""
	for name, bend := range map[string]func(command, answer []byte) []byte{
		"counter": swap("9F36020101", "9F36020102"),
		"result":  swap("9F1013070101", "9F1013070102"),
	} {
		s := bentSession(c, true, bend)
		p := purchase(100)
		p.Offline = true
		got, err := s.Read(context.Background(), p)
		if err == nil && (got.Cryptogram != reader.AAC || got.ODA || got.TVR[0] != 0x04) {
			t.Errorf("%s: %+v", name, got)
		}
		if err == nil {
			if final, err := s.Finish(context.Background(), reader.Answer{Unreachable: true}); err != nil || final.Cryptogram != reader.AAC {
				t.Errorf("%s: final %02X %v", name, final.Cryptogram, err)
			}
		}
	}
}

// TestLyingCard: what is no sense ends the dialogue with a named error.
func TestLyingCard(t *testing.T) {
	for name, test := range map[string]struct {
		bend func(command, answer []byte) []byte
		want error
	}{
		"TC for an ARQC":    {swap("9F270180", "9F270140"), reader.ErrCardUnreadable},
		"track of another":  {swap("57116224", "57116225"), reader.ErrCardUnreadable},
		"PAN twice":         {swap("9F4A0182", "5A0162"), reader.ErrCardUnreadable},
		"its own TVR":       {swap("9F4A0182", "950182"), reader.ErrCardUnreadable},
		"no month":          {swap("5F2403280630", "5F2403281330"), reader.ErrCardUnreadable},
		"AFL of file 0":     {swap("940808010100", "940800010100"), reader.ErrCardUnreadable},
		"a record too far":  {swap("9408080101001001", "9408080101001002"), reader.ErrCardUnreadable},
		"unknown AID":       {swap("4F08A0000003330101", "4F08A0000003330201"), reader.ErrNoApplication},
		"one byte":          {func(_, _ []byte) []byte { return []byte{0x90} }, reader.ErrCardRemoved},
		"61 without end":    {func(_, _ []byte) []byte { return []byte{0, 0x61, 0x01} }, reader.ErrCardUnreadable},
		"blocked":           {func(_, _ []byte) []byte { return []byte{0x6A, 0x81} }, reader.ErrNoApplication},
		"nothing is known":  {func(_, _ []byte) []byte { return []byte{0x6D, 0x00} }, reader.ErrNoApplication},
		"length past end":   {swap("6F", "6F81"), reader.ErrCardUnreadable},
		"options not given": {func(c, a []byte) []byte { return pick(c[1] == 0xA8, []byte{0x69, 0x85}, a) }, reader.ErrNoApplication},
	} {
		p := purchase(100)
		p.ForceOnline = true
		_, err := bentSession(base(reader.Contactless, Online), false, test.bend).Read(context.Background(), p)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func pick(first bool, a, b []byte) []byte {
	if first {
		return a
	}
	return b
}

// TestDirectoryMissing: a contact card without PSE is found by the terminal's own list.
func TestDirectoryMissing(t *testing.T) {
	s := bentSession(base(reader.Chip, Online), false, func(command, answer []byte) []byte {
		return pick(bytes.Contains(command, contactDir), []byte{0x6A, 0x82}, answer)
	})
	p := purchase(100)
	p.ForceOnline = true
	if got, err := s.Read(context.Background(), p); err != nil || got.AIDName != "UnionPay Debit" {
		t.Errorf("%+v %v", got, err)
	}
}

func TestBadRequests(t *testing.T) {
	for name, change := range map[string]func(*reader.Purchase){
		"negative": func(p *reader.Purchase) { p.Amount = -1 },
		"too much": func(p *reader.Purchase) { p.Amount = 1_000_000_000_000 },
		"TID":      func(p *reader.Purchase) { p.TID = "1" },
		"STAN":     func(p *reader.Purchase) { p.STAN = "12A" },
	} {
		_, s := connect(t, base(reader.Chip, Online))
		p := purchase(1)
		change(&p)
		if _, err := s.Read(context.Background(), p); !errors.Is(err, reader.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, s := connect(t, base(reader.Chip, Online))
	if _, err := s.Finish(context.Background(), reader.Answer{}); err == nil {
		t.Error("finished before it was read")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.Read(ctx, purchase(1)); !errors.Is(err, reader.ErrCancelled) {
		t.Error(err)
	}
}

// FuzzAnswers replaces one answer of the card and one of the host: nothing may panic, and no approval without the host may
// come out of a card whose data do not verify.
func FuzzAnswers(f *testing.F) {
	f.Add(byte(0), []byte{}, []byte{})
	f.Add(byte(1), unhex("6F0A8408A000000333010101A5009000"), unhex(arpc))
	f.Add(byte(2), unhex("770E82027C009408080101001001030190009000"), unhex("710F9F180400000001860600B0000000AA"))
	f.Add(byte(4), unhex("70819000"), unhex("72819000"))
	f.Add(byte(0x43), unhex("771082020000"+"9F3602000157009F10009F2600"+"9000"), []byte{})
	f.Add(byte(0x47), unhex("70009000"), []byte{})
	f.Add(byte(0x23), unhex("6F0A8408A000000333010101A5009000"), unhex(arpc))
	f.Add(byte(8), unhex("77269F2701409F360200019F26080102030405060708"), unhex("9F"))
	f.Fuzz(func(t *testing.T, at byte, replaced, host []byte) {
		c := base(reader.Contactless, Online)
		c.PIN = ""
		if at&0x40 != 0 {
			c.Traits, c.Offline = Quick, Approve
		}
		if at&0x20 != 0 {
			c.Entry, c.Traits = reader.Chip, Two
		}
		count := byte(0)
		s := bentSession(c, at&0x80 != 0, func(_, answer []byte) []byte {
			count++
			return pick(count == at&0x0F, replaced, answer)
		})
		p := purchase(100)
		p.AllowOffline = true
		got, err := s.Read(context.Background(), p)
		if err != nil {
			return
		}
		if len(got.F55) > 255 || len(got.PAN) > 19 || len(got.Track2) > 37 || got.Cryptogram == reader.TC && !got.ODA {
			t.Errorf("%+v", got)
		}
		if final, err := s.Finish(context.Background(), reader.Answer{Approved: true, Code: "00", F55: host}); err == nil {
			if _, err := emv.Parse(final.F55); err != nil {
				t.Errorf("final F55 %X: %v", final.F55, err)
			}
		}
	})
}

// FuzzChip throws bytes at the simulated chip itself.
func FuzzChip(f *testing.F) {
	f.Add(unhex("00A404000E325041592E5359532E444446303100"), true)
	f.Add(unhex("80AE400001"), false)
	f.Add(unhex("00C0000000"), false)
	f.Fuzz(func(t *testing.T, apdu []byte, contact bool) {
		entry := reader.Contactless
		if contact {
			entry = reader.Chip
		}
		if answer := newChip(base(entry, Online)).answer(apdu); len(answer) < 2 {
			t.Errorf("%X: answer %X", apdu, answer)
		}
	})
}
