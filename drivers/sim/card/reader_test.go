package card

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const arpc = "910A0102030405060708" + "3030"

func purchase(amount int64) reader.Purchase {
	return reader.Purchase{
		Amount: amount, Time: noon, STAN: "000123", TID: "12345678", PINLimit: 100000,
	}
}

func base(entry, offline string) Card {
	return Card{
		Name: "c", PAN: "6224242900000113", Expiry: "2806", Sequence: "001", PIN: "123456", Entry: entry, Offline: offline,
		State: Good,
	}
}

func connect(t *testing.T, c Card) (*Reader, reader.Session) {
	t.Helper()
	r := NewReader([]Card{c})
	r.terminal.Selection = emv.RandomSelection{} // no dice here
	t.Cleanup(func() { r.Close() })
	if err := r.Present(c.Name); err != nil {
		t.Fatal(err)
	}
	s, err := r.Connect(context.Background(), purchase(100))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return r, s
}

// TestDialogue runs every value of a deck through the real dialogue.
func TestDialogue(t *testing.T) {
	type last struct {
		cryptogram byte
		arc        string // what F55 ends with
	}
	online := reader.Answer{Approved: true, Code: "00", F55: unhex(arpc)}
	refused := reader.Answer{Code: "51"}
	lost := reader.Answer{Unreachable: true}
	for _, test := range []struct {
		name    string
		offline string
		pin     string
		change  func(*reader.Purchase)
		first   byte
		needPIN [2]bool // contactless, chip
		answer  reader.Answer
		last    last
	}{
		{"forced online, approved", Approve, "", force, reader.ARQC, [2]bool{}, online, last{reader.TC, ""}},
		{"forced online, declined", Approve, "", force, reader.ARQC, [2]bool{}, refused, last{reader.AAC, ""}},
		{"forced online, no 91", Online, "", force, reader.ARQC, [2]bool{}, reader.Answer{Approved: true, Code: "00"}, last{reader.TC, ""}},
		{"forced online, decline card", Decline, "", force, reader.ARQC, [2]bool{}, online, last{reader.TC, ""}},
		{"a bad 91", Online, "", force, reader.ARQC, [2]bool{}, reader.Answer{Approved: true, Code: "00", F55: unhex("910A00000000000000003030")}, last{reader.AAC, ""}},
		{"no limits hold: online", Approve, "", nil, reader.ARQC, [2]bool{}, lost, last{reader.AAC, ""}},
		{"limits hold, approve", Approve, "", allow, reader.TC, [2]bool{}, lost, last{reader.TC, "Y1"}},
		{"limits hold, online", Online, "", allow, reader.ARQC, [2]bool{}, online, last{reader.TC, ""}},
		{"offline, approve", Approve, "", offline, reader.TC, [2]bool{}, lost, last{reader.TC, "Y1"}},
		{"offline, online", Online, "", offline, reader.ARQC, [2]bool{}, lost, last{reader.AAC, ""}},
		{"offline, decline", Decline, "", offline, reader.AAC, [2]bool{}, lost, last{reader.AAC, ""}},
		{"offline, approve_y3", ApproveY3, "", offline, reader.ARQC, [2]bool{}, lost, last{reader.TC, "Y3"}},
		{"forced and allowed, line lost, approve", Approve, "", both, reader.ARQC, [2]bool{}, lost, last{reader.TC, "Y3"}},
		{"forced only, line lost, approve", Approve, "", force, reader.ARQC, [2]bool{}, lost, last{reader.AAC, ""}},
		{"PIN online", Online, "123456", force, reader.ARQC, [2]bool{false, true}, online, last{reader.TC, ""}},
	} {
		for i, entry := range []string{reader.Contactless, reader.Chip} {
			t.Run(test.name+" "+entry, func(t *testing.T) {
				c := base(entry, test.offline)
				c.PIN = test.pin
				_, s := connect(t, c)
				p := purchase(100)
				if test.change != nil {
					test.change(&p)
				}
				got, err := s.Read(context.Background(), p)
				if err != nil {
					t.Fatal(err)
				}
				if got.Cryptogram != test.first || got.NeedPIN != test.needPIN[i] || !got.ODA || got.Expired {
					t.Errorf("read: cryptogram %02X PIN %v ODA %v expired %v TVR %X", got.Cryptogram, got.NeedPIN, got.ODA, got.Expired, got.TVR)
				}
				checkIdentity(t, got, c)
				final, err := s.Finish(context.Background(), test.answer)
				if err != nil {
					t.Fatal(err)
				}
				if final.Cryptogram != test.last.cryptogram {
					t.Errorf("final cryptogram %02X, want %02X", final.Cryptogram, test.last.cryptogram)
				}
				end := append([]byte{0x8A, 2}, test.last.arc...)
				if has := bytes.HasSuffix(final.F55, end); has != (test.last.arc != "") {
					t.Errorf("F55 %X, want the end %q", final.F55, test.last.arc)
				}
				if _, err := s.Finish(context.Background(), test.answer); err == nil {
					t.Error("finished twice")
				}
			})
		}
	}
}

func checkIdentity(t *testing.T, got reader.Read, c Card) {
	t.Helper()
	if got.PAN != c.PAN || got.Expiry != "2806" || got.Sequence != "001" || got.Entry != c.Entry ||
		got.Track2 != "6224242900000113=28062013949031013" || got.AIDName != "UnionPay Debit" {
		t.Errorf("read: %+v", got)
	}
	if got.TVR[0]|got.TVR[1] != 0 {
		t.Errorf("TVR %X", got.TVR)
	}
}

func force(p *reader.Purchase)   { p.ForceOnline = true }
func allow(p *reader.Purchase)   { p.AllowOffline = true }
func offline(p *reader.Purchase) { p.Offline = true }
func both(p *reader.Purchase)    { p.ForceOnline, p.AllowOffline = true, true }

// TestPINOffline: online PIN and no host exclude each other. A chip's list goes on to the signature; contactless above the
// limit has nothing else, so the chip that would approve is asked to refuse.
func TestPINOffline(t *testing.T) {
	for _, test := range []struct {
		entry  string
		amount int64
		pin    bool
		want   byte
	}{
		{reader.Chip, 1, false, reader.TC},
		{reader.Contactless, 100000, false, reader.TC},
		{reader.Contactless, 100001, true, reader.AAC},
	} {
		_, s := connect(t, base(test.entry, Approve))
		p := purchase(test.amount)
		p.Offline = true
		got, err := s.Read(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		if got.NeedPIN != test.pin || got.Cryptogram != test.want {
			t.Errorf("%s %d: PIN %v cryptogram %02X", test.entry, test.amount, got.NeedPIN, got.Cryptogram)
		}
	}
}

// TestPINThenLineLost: a payment for which the PIN was asked is not approved without the host.
func TestPINThenLineLost(t *testing.T) {
	_, s := connect(t, base(reader.Chip, Approve))
	p := purchase(100)
	p.ForceOnline, p.AllowOffline = true, true
	if got, err := s.Read(context.Background(), p); err != nil || !got.NeedPIN {
		t.Fatalf("%+v %v", got, err)
	}
	final, err := s.Finish(context.Background(), reader.Answer{Unreachable: true})
	if err != nil || final.Cryptogram != reader.AAC {
		t.Errorf("%+v %v", final, err)
	}
}

func TestTornAndDamaged(t *testing.T) {
	for _, entry := range []string{reader.Contactless, reader.Chip} {
		c := base(entry, Approve)
		c.PIN, c.State = "", Torn
		for _, f55 := range [][]byte{nil, unhex(arpc)} {
			_, s := connect(t, c)
			p := purchase(100)
			p.ForceOnline = true
			if _, err := s.Read(context.Background(), p); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Finish(context.Background(), reader.Answer{Approved: true, Code: "00", F55: f55}); !errors.Is(err, reader.ErrCardRemoved) {
				t.Errorf("torn %s: %v", entry, err)
			}
		}
		_, s := connect(t, c) // offline it is read in one go
		p := purchase(100)
		p.Offline = true
		if got, err := s.Read(context.Background(), p); err != nil || got.Cryptogram != reader.TC {
			t.Errorf("torn %s offline: %02X %v", entry, got.Cryptogram, err)
		}
		c.State = Damaged
		_, s = connect(t, c)
		if _, err := s.Read(context.Background(), purchase(100)); !errors.Is(err, pos.ErrCardUnreadable) {
			t.Errorf("damaged %s: %v", entry, err)
		}
	}
	c := base(reader.Swipe, Online)
	c.State = Damaged
	_, s := connect(t, c)
	if _, err := s.Read(context.Background(), purchase(100)); !errors.Is(err, reader.ErrCardUnreadable) {
		t.Errorf("damaged stripe: %v", err)
	}
}

func TestSwipe(t *testing.T) {
	for _, pin := range []string{"", "123456"} {
		c := base(reader.Swipe, Online)
		c.PIN = pin
		_, s := connect(t, c)
		got, err := s.Read(context.Background(), purchase(100))
		if err != nil {
			t.Fatal(err)
		}
		if got.Entry != reader.Swipe || got.NeedPIN != (pin != "") || got.PAN != c.PAN || got.Expiry != "2806" ||
			got.Track2[:21] != "6224242900000113=2806" || got.F55 != nil || got.Cryptogram != reader.ARQC {
			t.Errorf("%+v", got)
		}
		final, err := s.Finish(context.Background(), reader.Answer{Approved: true, Code: "00"})
		if err != nil || final.Cryptogram != reader.TC {
			t.Errorf("%+v %v", final, err)
		}
	}
}

func TestExpired(t *testing.T) {
	for _, entry := range []string{reader.Contactless, reader.Chip, reader.Swipe} {
		for expiry, want := range map[string]bool{"2610": true, "2611": false, "1906": true} {
			c := base(entry, Approve)
			c.PIN, c.Expiry = "", expiry
			_, s := connect(t, c)
			p := purchase(100)
			p.Offline = true
			got, err := s.Read(context.Background(), p)
			if err != nil {
				t.Fatal(err)
			}
			if got.Expired != want {
				t.Errorf("%s %s: expired %v", entry, expiry, got.Expired)
			}
			if entry != reader.Swipe && (got.Cryptogram == reader.TC) == want {
				t.Errorf("%s %s: cryptogram %02X", entry, expiry, got.Cryptogram)
			}
		}
	}
}

func TestScripts(t *testing.T) {
	_, s := connect(t, base(reader.Contactless, Online))
	p := purchase(100)
	p.ForceOnline = true
	if _, err := s.Read(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	host := unhex("910A01020304050607083030" +
		"71129F180400000001" + "8609841E000004AABBCCDD"[:22] +
		"72129F180400000002" + "8609847700000411223344"[:22])
	final, err := s.Finish(context.Background(), reader.Answer{Approved: true, Code: "00", F55: host})
	if err != nil {
		t.Fatal(err)
	}
	if want := unhex("20000000011100000002"); !bytes.Equal(final.Scripts, want) {
		t.Errorf("scripts %X, want %X", final.Scripts, want)
	}
	if !bytes.HasSuffix(final.ShortF55, append([]byte{0xDF, 0x31, 10}, final.Scripts...)) {
		t.Errorf("short F55 %X", final.ShortF55)
	}
}

// TestCombined signs the cryptograms themselves (CDA), with and without the host.
func TestCombined(t *testing.T) {
	for _, entry := range []string{reader.Contactless, reader.Chip} {
		c := base(entry, ApproveY3)
		c.PIN = ""
		r := NewReader([]Card{c})
		defer r.Close()
		r.chips["c"].combined = true
		if err := r.Present("c"); err != nil {
			t.Fatal(err)
		}
		s, err := r.Connect(context.Background(), purchase(1))
		if err != nil {
			t.Fatal(err)
		}
		p := purchase(100)
		p.Offline = true
		got, err := s.Read(context.Background(), p)
		if err != nil || !got.ODA || got.Cryptogram != reader.ARQC {
			t.Fatalf("%s: %+v %v", entry, got, err)
		}
		final, err := s.Finish(context.Background(), reader.Answer{Unreachable: true})
		if err != nil || final.Cryptogram != reader.TC || !bytes.HasSuffix(final.F55, []byte("\x8A\x02Y3")) {
			t.Fatalf("%s: %+v %v", entry, final, err)
		}
	}
}

func TestConnectWaitsAndEnds(t *testing.T) {
	r := NewReader([]Card{base(reader.Contactless, Online)})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	connect := func() {
		s, err := r.Connect(ctx, purchase(1))
		if s != nil {
			s.Close()
		}
		done <- err
	}
	go connect()
	if err := r.Present("c"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	go connect()
	cancel()
	if err := <-done; !errors.Is(err, reader.ErrCancelled) || !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	ctx = context.Background()
	go connect()
	if r.State() != "" {
		t.Error("state of an open reader")
	}
	if err := r.Present("nobody"); !errors.Is(err, ErrNoSuchCard) {
		t.Error(err)
	}
	r.Close()
	if err := <-done; !errors.Is(err, reader.ErrCancelled) {
		t.Fatal(err)
	}
	if err := r.Present("c"); !errors.Is(err, reader.ErrCancelled) {
		t.Error("a card on a closed reader")
	}
	if r.State() != "offline" || len(r.Names()) != 1 {
		t.Error("state or names of a closed reader")
	}
}

func TestRemovedCard(t *testing.T) {
	r, s := connect(t, base(reader.Chip, Online))
	p := purchase(100)
	p.ForceOnline = true
	if _, err := s.Read(context.Background(), p); err != nil {
		t.Fatal(err)
	}
	r.Remove()
	if _, err := s.Finish(context.Background(), reader.Answer{Approved: true, Code: "00"}); !errors.Is(err, reader.ErrCardRemoved) {
		t.Error(err)
	}
}

// TestCounterRises: the same card twice gives two counters and two cryptograms.
func TestCounterRises(t *testing.T) {
	r := NewReader([]Card{base(reader.Contactless, Online)})
	defer r.Close()
	var seen [][]byte
	for range 2 {
		if err := r.Present("c"); err != nil {
			t.Fatal(err)
		}
		s, err := r.Connect(context.Background(), purchase(1))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Read(context.Background(), purchase(1))
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, got.F55)
		s.Close()
	}
	if bytes.Equal(seen[0][:11], seen[1][:11]) {
		t.Error("the same cryptogram twice")
	}
	if !bytes.Contains(seen[0], unhex("9F36020101")) || !bytes.Contains(seen[1], unhex("9F36020102")) {
		t.Errorf("counters: %X %X", seen[0], seen[1])
	}
}
