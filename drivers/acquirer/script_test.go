package acquirer_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

// results is what a card makes of two script commands: the second did not succeed.
const results = "9F36020157DF310A20000000011100000002"

func unhexed(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// scripted is the advice of script results of a payment.
func (s *shop) scripted(of pos.Request, a pos.Reply) pos.Request {
	r := s.about(pos.OpScriptResult, of, a, of.Amount)
	r.Original, r.Advice = of.Op, true
	r.Card.Entry, r.Card.ShortF55 = of.Card.Entry, unhexed(s.t, results)
	return r
}

// TestScriptResultIsTakenOnce: the host takes the results under the number of the payment, the identical
// message again is acknowledged again, money does not move.
func TestScriptResultIsTakenOnce(t *testing.T) {
	for _, name := range []string{"cup-script"} {
		s := open(t, profile(t, name))
		for _, op := range []pos.Operation{pos.OpSale, pos.OpPreauth} {
			paid := s.pay(op, 700)
			a := s.ask(paid, "00")
			before := s.host.Balance(card)
			r := s.scripted(paid, a)
			if got := s.ask(r, "00"); !got.Signed {
				t.Errorf("%s: taken without a MAC", name)
			}
			s.ask(r, "00")
			s.left(before)
			r.STAN, r.Origin.STAN = s.stan(), "900000"
			s.ask(r, "25")
		}
	}
}

// TestScriptResultThatCannotBeWorded: without results, without the payment they belong to, or with a card
// that was not read, nothing leaves.
func TestScriptResultThatCannotBeWorded(t *testing.T) {
	s := open(t, profile(t, "cup-script"))
	paid := s.pay(pos.OpSale, 700)
	a := s.ask(paid, "00")
	for name, spoil := range map[string]func(r *pos.Request){
		"no results":     func(r *pos.Request) { r.Card.ShortF55 = unhexed(t, "9F36020157") },
		"empty results":  func(r *pos.Request) { r.Card.ShortF55 = unhexed(t, "DF3100") },
		"no chip data":   func(r *pos.Request) { r.Card.ShortF55 = nil },
		"not read":       func(r *pos.Request) { r.Card.Entry = "keyed" },
		"of nothing":     func(r *pos.Request) { r.Original = "" },
		"of an echo":     func(r *pos.Request) { r.Original = "echo" },
		"of no trace":    func(r *pos.Request) { r.Origin.STAN = "" },
		"broken results": func(r *pos.Request) { r.Card.ShortF55 = unhexed(t, "DF3105") },
	} {
		r := s.scripted(paid, a)
		spoil(&r)
		if _, err := s.line.Exchange(context.Background(), r); !errors.Is(err, pos.ErrNotSent) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestScriptResultIsReversedNever: it is an advice and has nothing to reverse.
func TestScriptResultIsReversedNever(t *testing.T) {
	s := open(t, profile(t, "cup-script"))
	paid := s.pay(pos.OpSale, 700)
	r := s.scripted(paid, s.ask(paid, "00"))
	s.ask(r, "00")
	if _, err := s.line.Exchange(context.Background(), reverse(r)); !errors.Is(err, pos.ErrUnfit) {
		t.Errorf("%v", err)
	}
}

// TestScriptResultFields are those of the message: the numbers of the payment, DF31, no track, no PIN.
func TestScriptResultFields(t *testing.T) {
	s := open(t, profile(t, "cup-script"))
	paid := s.pay(pos.OpPreauth, 700)
	r := s.scripted(paid, s.ask(paid, "00"))
	r.Card.PIN, r.Card.PINBlock, r.Card.Track2 = true, nil, card+"=30122010000000000"
	m := s.overheard(r)
	want := map[int]string{
		2: card, 3: "030000", 4: "000000000700", 11: r.STAN, 22: "071", 23: "001", 25: "06",
		37: r.Origin.RRN, 49: "156", 55: results, 60: "0000000195160", 61: batch + paid.STAN,
	}
	for id := range 64 {
		if got := m.Get(id); got != want[id] && id != 41 && id != 42 {
			t.Errorf("field %d is %q, want %q", id, got, want[id])
		}
	}
	if m.MTI != "0620" {
		t.Error(m.MTI)
	}
}

// overheard sends a request to a peer that only listens and answers what arrived.
func (s *shop) overheard(r pos.Request) *wire.Message {
	s.t.Helper()
	p := profile(s.t, "cup-script")
	var seen bytes.Buffer
	line := s.tapped(p, pad{s.keys.Port(wire.MAC), s.keys}, &seen)
	defer line.Close()
	if reply, err := line.Exchange(context.Background(), r); err != nil || reply.Code != "00" {
		s.t.Fatalf("%v %s", err, reply.Code)
	}
	body, err := p.ReadFrame(&seen)
	if err != nil {
		s.t.Fatal(err)
	}
	_, m, err := p.Unpack(body)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}
