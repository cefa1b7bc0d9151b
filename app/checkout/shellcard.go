package checkout

import (
	"context"
	"errors"

	"tillkeeper/app/pos"
)

// errNoPIN ends the dialogue of a card that waits for a PIN which does not come;
// what it was is in shell.pin.
var errNoPIN = errors.New("no PIN for the card that waits")

// purchase is what the card is told, and whether it may approve while the host
// can be reached.
func (sh *shell) purchase(p *payment) (ask pos.Purchase, alone bool, err error) {
	s := sh.s
	held, alone, err := s.cardRisk(p)
	decides := p.online && s.o.Host.Terms().Risk.Highest() > 0 && p.kind == pos.Sale
	ask = pos.Purchase{
		Amount: int64(p.amount), Time: s.o.Clock.Now(), STAN: p.stan, TID: s.o.Shop.TID, ForceOnline: p.online && !decides,
		Offline: !p.online, AllowOffline: s.o.Offline, PINLimit: int64(s.o.Host.Terms().ContactlessNoPIN),
		Kind: cardKinds[p.kind], ReadOnly: p.kind == pos.Refund || p.kind == pos.Void, Risk: held,
	}
	if decides {
		ask.AllowOffline = alone // limits that do not hold are a floor that is passed
	}
	if p.online && !ask.ReadOnly {
		ask.PIN = func(_ context.Context, c pos.CardRead) (bool, error) { return sh.pinOf(p, c) }
	}
	if s.o.Timers.Choose > 0 {
		ask.Choose = sh.ask
	}
	return ask, alone, err
}

func (sh *shell) readCard(p *payment) input {
	s := sh.s
	ask, alone, err := sh.purchase(p)
	if err != nil {
		return input{kind: inNotKept, err: err}
	}
	ctx, cancel := context.WithTimeout(sh.run.user, s.o.Timers.Present)
	defer cancel()
	sh.stage(CardPresent, s.o.Timers.Present, nil)
	session, err := s.o.Reader.Connect(ctx, ask)
	if err != nil {
		return sh.cardError(err)
	}
	sh.session = session
	sh.stage(CardRead, 0, nil)
	ctx, end := context.WithTimeout(sh.run.user, s.o.Timers.Present+s.o.Timers.PIN) // the card may wait for the PIN
	defer end()
	read, err := session.Read(ctx, ask)
	switch {
	case err != nil && sh.pin != nil && sh.pin.kind != inPIN:
		return *sh.pin
	case err != nil:
		return sh.cardError(err)
	}
	in := input{kind: inRead}
	if sh.pin != nil {
		in = *sh.pin
		in.kind, in.asked = inRead, true
	}
	in.read, in.hash = read, s.o.Vault.CardHash(read.PAN)
	if h := ask.Risk.History(read.PAN); alone { // whatever a reader with a kernel of its own makes of it
		in.alone = !h.Full && !h.Listed && p.amount+h.Earlier < s.o.Host.Terms().Risk.FloorOf(read)
	}
	if in.verdict, in.deferral, err = s.judge(p, read, in.hash); err == nil {
		in.same, err = s.sameCard(p.basket, in.hash)
	}
	if err != nil {
		return input{kind: inNotKept, err: err}
	}
	return in
}

// pinOf has the PIN entered while the card waits for it, so that what the card
// signs says whether one was. false is a customer who has none.
func (sh *shell) pinOf(p *payment, c pos.CardRead) (entered bool, err error) {
	q := *p
	q.read, q.card.PAN, q.passable = c, c.PAN, true
	hash := sh.s.o.Vault.CardHash(c.PAN)
	same, err := sh.s.sameCard(p.basket, hash)
	var in input
	switch {
	case err != nil:
		in = input{kind: inNotKept, err: err}
	case same && !p.override: // refused anyway: nobody types a PIN for that
		in = input{kind: inPINError, reason: "same_card_open"}
	default:
		in = sh.askPIN(&q)
	}
	in.read, in.hash = c, hash
	if sh.pin = &in; in.kind != inPIN {
		return false, errNoPIN
	}
	sh.stage(CardRead, 0, &q)
	return !in.bypassed, nil
}

// pinAfter has the PIN entered that nobody asked for while the card was read.
// Only then is there a second payment on the stack.
//
//go:noinline
func (sh *shell) pinAfter(p *payment) input {
	q := *p
	q.passable = p.read.Entry == "swipe" // a chip has signed by now that one was entered
	return sh.askPIN(&q)
}

func (sh *shell) cardError(err error) input {
	if sh.given() {
		return input{kind: inGiveUp, reason: "cancelled"}
	}
	sh.s.o.Log.Info("a card could not be read", "error", err)
	return input{kind: inCardError, reason: sh.s.reasonOf(err)}
}

// askPIN has the customer enter a PIN on the pad. OK without one is a way where
// the payment is passable and the acquirer lets the issuer decide; what somebody
// owns is told to nobody without a PIN.
func (sh *shell) askPIN(p *payment) input {
	s := sh.s
	ctx, cancel := context.WithTimeout(sh.run.user, s.o.Timers.PIN)
	defer cancel()
	t := s.o.Host.Terms()
	p.passable = p.passable && t.PINBypass && p.kind != pos.Balance
	sh.stage(CardPIN, s.o.Timers.PIN, p)
	pin, err := s.o.PINPad.PINBlock(ctx, pos.PINRequest{
		PAN: p.card.PAN, Amount: p.amount, Format: t.PINFormat, Keys: t.PINKeys, Bypass: p.passable,
	})
	if err != nil {
		if sh.given() {
			return input{kind: inGiveUp, reason: "cancelled"}
		}
		s.o.Log.Info("no PIN was entered", "error", err)
		return input{kind: inPINError, reason: pinReason(err)}
	}
	if len(pin.Block) == 0 && !p.passable { // passed by, and that is no way here
		return input{kind: inPINError, reason: "pin_cancelled"}
	}
	return input{kind: inPIN, block: pin.Block, ksn: pin.KSN, bypassed: pin.Bypassed && p.passable}
}
