package checkout

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"tillkeeper/app/pos"
)

// TestOKWithoutAPINGoesToTheIssuer: the message claims no PIN, the slip has a line for the signature, and where nobody answers
// the payment is not taken.
func TestOKWithoutAPINGoesToTheIssuer(t *testing.T) {
	read := pos.CardRead{PAN: "6224242900000113", Entry: "chip", Cryptogram: pos.ARQC, NeedPIN: true}
	afterwards := payment{phase: phPIN, tender: pos.Card, kind: pos.Sale, read: read, online: true}
	waiting := payment{phase: phPresent, tender: pos.Card, kind: pos.Sale, online: true}
	for name, c := range map[string]struct {
		p  payment
		in input
	}{
		"after the reading": {afterwards, input{kind: inPIN, bypassed: true}},
		"while it waits":    {waiting, input{kind: inRead, read: read, asked: true, bypassed: true}},
	} {
		p, eff := step(c.p, c.in)
		if eff.do != doCommit || p.phase != phCommitSend || eff.events[0].Online || !eff.events[0].Signature {
			t.Fatalf("%s: %v in phase %v, %+v", name, eff.do, p.phase, eff.events)
		}
		if r := p.request().Card; r.PIN || r.PINBlock != nil || r.KSN != nil {
			t.Errorf("%s: %+v", name, r)
		}
		p, _ = step(p, input{kind: inCommitted})
		if p, _ = step(p, input{kind: inNoReply, notSent: true, err: pos.ErrNotSent}); p.result.kind != OutcomeRefused {
			t.Errorf("%s: nobody answered and it is %v", name, p.result.kind)
		}
	}
}

// TestPINOfACardThatWaitsIsNotAskedForAgain, and a pad that gives neither a PIN nor says that there is none is one that was cancelled.
func TestPINOfACardThatWaitsIsNotAskedForAgain(t *testing.T) {
	read := pos.CardRead{PAN: "6224242900000113", Entry: "chip", Cryptogram: pos.ARQC, NeedPIN: true}
	for name, c := range map[string]struct {
		in   input
		want phase
		code string
	}{
		"entered":   {input{asked: true, block: make([]byte, 8)}, phCommitSend, ""},
		"not asked": {input{}, phPIN, ""},
		"nothing":   {input{asked: true}, phCommitEnd, "pin_cancelled"},
		"balance":   {input{asked: true, block: make([]byte, 8)}, phCommitSend, ""},
	} {
		p := payment{phase: phPresent, tender: pos.Card, kind: pos.Sale, online: true}
		if name == "balance" {
			p.kind = pos.Balance
		}
		c.in.kind, c.in.read = inRead, read
		p, _ = step(p, c.in)
		if p.phase != c.want || p.result.code != c.code || p.card.PIN != (len(c.in.block) > 0) {
			t.Errorf("%s: phase %v, %q", name, p.phase, p.result.code)
		}
	}
}

// patient is a reader whose chip waits for the PIN, as EMV has it, and a pad on which somebody does something.
type patient struct {
	floorTill
	pos.CardSession

	read   pos.CardRead
	told   *bool          // what the card was told: whether a PIN was entered
	asked  pos.PINRequest // of the pad
	result pos.PINResult
	err    error
}

func (c *patient) Connect(context.Context, pos.Purchase) (pos.CardSession, error) { return c, nil }

func (c *patient) Read(ctx context.Context, p pos.Purchase) (pos.CardRead, error) {
	entered, err := p.PIN(ctx, pos.CardRead{Entry: c.read.Entry, PAN: c.read.PAN})
	if err == nil {
		c.told = &entered
	}
	return c.read, err
}

func (c *patient) PINBlock(_ context.Context, r pos.PINRequest) (pos.PINResult, error) {
	c.asked = r
	return c.result, c.err
}

// TestCardWaitsForItsPIN: what is pressed on the pad is told to the card before it signs, and what does not come ends the
// reading with the pad's reason and the card's number on the attempt.
func TestCardWaitsForItsPIN(t *testing.T) {
	entered, none := true, false
	for name, c := range map[string]struct {
		kind   pos.Kind
		allows bool // the acquirer's profile
		same   bool // a reversal of this card is open on the basket
		pad    pos.PINResult
		err    error
		told   *bool
		bypass bool // the pad was told of the way
		code   string
	}{
		"entered":             {kind: pos.Sale, allows: true, pad: pos.PINResult{Block: make([]byte, 8)}, told: &entered, bypass: true},
		"passed by":           {kind: pos.Sale, allows: true, pad: pos.PINResult{Bypassed: true}, told: &none, bypass: true},
		"not to be passed by": {kind: pos.Sale, pad: pos.PINResult{Bypassed: true}, code: "pin_cancelled"},
		"a balance":           {kind: pos.Balance, allows: true, pad: pos.PINResult{Block: make([]byte, 8)}, told: &entered},
		"cancelled":           {kind: pos.Sale, allows: true, err: pos.ErrPINCancelled, bypass: true, code: "pin_cancelled"},
		"too late":            {kind: pos.Sale, allows: true, err: context.DeadlineExceeded, bypass: true, code: "pin_timeout"},
		"no pad":              {kind: pos.Sale, allows: true, err: &pos.Error{Code: "unplugged"}, bypass: true, code: "unplugged"},
		"same card":           {kind: pos.Sale, allows: true, same: true, code: "same_card_open"},
	} {
		w := &patient{read: pos.CardRead{Entry: "chip", PAN: "6224242900000113", Cryptogram: pos.ARQC, NeedPIN: true}, result: c.pad, err: c.err}
		w.terms = pos.DefaultTerms()
		w.terms.PINBypass = c.allows
		j := &basketOf{floorTill: &w.floorTill}
		if c.same {
			j.of = []pos.Attempt{{ID: "1", State: pos.Reversing, CardHash: "h6224242900000113"}}
		}
		s := &Session{o: Options{
			Journal: j, Host: &w.floorTill, Line: since{last: shopNoon}, Vault: hasher{}, Reader: w, PINPad: w, Clock: w,
			Timers: DefaultTimers(), Log: slog.New(slog.DiscardHandler),
		}}
		p := payment{id: "9", basket: "b", kind: c.kind, tender: pos.Card, amount: 100, day: shopDay, phase: phPresent, online: true}
		in := (&shell{s: s, run: newRun(Pay{}, shopNoon)}).readCard(&p)
		p, eff := step(p, in)
		if p.result.code != c.code || (w.told == nil) != (c.told == nil) || c.told != nil && *w.told != *c.told || w.asked.Bypass != c.bypass {
			t.Errorf("%s: %q, card told %v, pad %+v", name, p.result.code, w.told, w.asked)
		}
		opens := slices.IndexFunc(eff.events, func(e pos.Event) bool { return e.Type == pos.EvCreated })
		if opens < 0 || eff.events[opens].MaskedPAN != "622424******0113" || eff.events[opens].CardHash == "" || eff.events[opens].EntryMode != "chip" {
			t.Errorf("%s: the attempt does not name the card: %+v", name, eff.events)
		}
	}
}

// basketOf is a journal with attempts of the basket.
type basketOf struct {
	*floorTill
	of []pos.Attempt
}

func (b *basketOf) OfBasket(string) ([]pos.Attempt, error) { return b.of, nil }

// TestCardIsNotReadWhereTheJournalCannotSay what was taken of it.
func TestCardIsNotReadWhereTheJournalCannotSay(t *testing.T) {
	w := &mute{}
	w.terms.Risk.FloorLimit = 500
	s := &Session{o: Options{Journal: w, Host: &w.floorTill, Line: since{}, Vault: hasher{}, Clock: w, Timers: DefaultTimers()}}
	p := payment{id: "9", kind: pos.Sale, tender: pos.Card, amount: 100, phase: phPresent, online: true}
	if in := (&shell{s: s, run: newRun(Pay{}, shopNoon)}).readCard(&p); in.kind != inNotKept || !errors.Is(in.err, errMute) {
		t.Errorf("%+v", in)
	}
}

var errMute = errors.New("the journal does not answer")

type mute struct{ floorTill }

func (mute) Find(pos.Query) ([]pos.Attempt, error) { return nil, errMute }
