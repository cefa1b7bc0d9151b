package card

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
)

// noDice is the terminal of these tests: nothing is selected at random.
func noDice() emv.Terminal {
	t := Terminal()
	t.Selection = emv.RandomSelection{}
	return t
}

// listener is a slot that counts what it carries, by instruction.
type listener struct {
	emv.Transceiver
	seen map[byte]int
}

func (l listener) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	l.seen[apdu[1]]++
	return l.Transceiver.Transmit(ctx, apdu)
}

func listen(c Card, combined bool) (reader.Session, map[byte]int) {
	chip := newChip(c)
	chip.combined = combined
	seen := map[byte]int{}
	return reader.NewSession(noDice(), reader.Card{Entry: c.Entry, Wire: listener{&slot{chip: chip}, seen}}), seen
}

// TestReadOnly gives a card's data without a cryptogram and without a PIN, whatever the card would have said.
func TestReadOnly(t *testing.T) {
	for _, entry := range []string{reader.Contactless, reader.Chip} {
		for _, offline := range []string{Online, Approve, Decline, ApproveY3} {
			for _, combined := range []bool{false, true} {
				s, seen := listen(base(entry, offline), combined)
				p := purchase(999_999)
				p.ReadOnly, p.Kind, p.Offline = true, 0x20, offline == Approve
				got, err := s.Read(context.Background(), p)
				if err != nil {
					t.Fatal(entry, offline, err)
				}
				if got.PAN != "6224242900000113" || got.Expiry != "2806" || got.Sequence != "001" || got.Entry != entry || got.Track2 == "" {
					t.Errorf("%s %s: %+v", entry, offline, got)
				}
				if len(got.F55)+len(got.ShortF55) > 0 || got.NeedPIN || got.Cryptogram != reader.ARQC || got.Expired || got.ODA == combined {
					t.Errorf("%s %s: %+v", entry, offline, got)
				}
				before := len(seen)
				for i, a := range []reader.Answer{{Approved: true, Code: "00", F55: unhex(arpc)}, {}} {
					final, err := s.Finish(context.Background(), a)
					if i == 0 && (err != nil || final.Cryptogram != reader.TC || len(final.F55)+len(final.Scripts) > 0) {
						t.Errorf("%+v %v", final, err)
					}
					if i == 1 && !errors.Is(err, reader.ErrUnsupported) {
						t.Error("ended twice:", err)
					}
				}
				if seen[0xAE] > 0 || seen[0x82] > 0 || len(seen) != before {
					t.Errorf("%s %s: the card was asked %v", entry, offline, seen)
				}
			}
		}
	}
	for _, a := range []reader.Answer{{Code: "51"}, {Approved: true, Unreachable: true}} {
		s, _ := listen(base(reader.Chip, Online), false)
		p := purchase(1)
		p.ReadOnly = true
		if _, err := s.Read(context.Background(), p); err != nil {
			t.Fatal(err)
		}
		if final, err := s.Finish(context.Background(), a); err != nil || final.Cryptogram != reader.AAC {
			t.Errorf("%+v: %+v %v", a, final, err)
		}
	}
}

// TestReadOnlySwipeAndExpired: a stripe with a PIN asks for none, and an expired card says so.
func TestReadOnlySwipeAndExpired(t *testing.T) {
	for _, entry := range []string{reader.Swipe, reader.Chip} {
		c := base(entry, Online)
		c.Expiry = "2509"
		_, s := connect(t, c)
		p := purchase(100)
		p.ReadOnly = true
		got, err := s.Read(context.Background(), p)
		if err != nil || got.NeedPIN || !got.Expired || got.PAN != c.PAN || len(got.F55) > 0 {
			t.Errorf("%s: %+v %v", entry, got, err)
		}
		if _, err := s.Finish(context.Background(), reader.Answer{Approved: true, Code: "00"}); err != nil {
			t.Error(entry, err)
		}
	}
	c := base(reader.Chip, Online)
	c.State = Damaged
	_, s := connect(t, c)
	p := purchase(100)
	p.ReadOnly = true
	if _, err := s.Read(context.Background(), p); !errors.Is(err, reader.ErrCardUnreadable) {
		t.Error(err)
	}
}

// TestKindsOfPayment: what is no purchase goes online or nowhere, with its own tag 9C; a balance wants the PIN.
func TestKindsOfPayment(t *testing.T) {
	for _, entry := range []string{reader.Contactless, reader.Chip, reader.Swipe} {
		for kind, text := range map[byte]string{0x03: "9C0103", 0x30: "9C0130", 0x31: "9C0131", 0x20: "9C0120"} {
			c := base(entry, Approve)
			c.PIN = ""
			_, s := connect(t, c)
			p := purchase(100)
			p.Kind, p.AllowOffline = kind, true
			if kind == 0x31 {
				p.Amount = 0
			}
			got, err := s.Read(context.Background(), p)
			if err != nil || got.Cryptogram != reader.ARQC || got.NeedPIN != (kind == 0x31) {
				t.Errorf("%s %02X: %+v %v", entry, kind, got, err)
			}
			if entry == reader.Swipe {
				continue
			}
			if !contains(got.F55, text) || kind == 0x31 && !contains(got.F55, "9F0206000000000000") {
				t.Errorf("%s %02X: %X", entry, kind, got.F55)
			}
			final, err := s.Finish(context.Background(), reader.Answer{Unreachable: true})
			if err != nil || final.Cryptogram != reader.AAC {
				t.Errorf("%s %02X without the host: %02X %v", entry, kind, final.Cryptogram, err)
			}
			_, s = connect(t, c)
			p.Offline = true
			if got, err := s.Read(context.Background(), p); err != nil || got.Cryptogram != reader.AAC {
				t.Errorf("%s %02X offline: %02X %v", entry, kind, got.Cryptogram, err)
			}
		}
	}
}

func contains(f55 []byte, text string) bool { return bytes.Contains(f55, unhex(text)) }
