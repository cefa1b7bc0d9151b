package checkout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// shell does what the core of one payment says: it waits for the card, the
// customer and the host, and makes commits.
type shell struct {
	s       *Session
	run     *run
	session pos.CardSession
	pin     *input // what came of the PIN for which a card waited
}

func (sh *shell) close() {
	if sh.session != nil {
		if err := sh.session.Close(); err != nil {
			sh.s.o.Log.Warn("the card session did not close", "error", err)
		}
	}
}

// perform does one effect and reports one input.
func (sh *shell) perform(ctx context.Context, p *payment, eff effect) (in input) {
	switch eff.do {
	case doPrepare:
		in = sh.prepare(ctx, p)
	case doCard:
		in = sh.readCard(p)
	case doPIN:
		in = sh.pinAfter(p)
	case doCommit:
		in = sh.keep(ctx, p, eff)
	case doSend:
		sh.stage(CardHost, sh.s.o.Host.Timeout(), p)
		in = sh.send(ctx, p)
	case doResend:
		if err := sh.s.o.Line.SignOn(ctx); err != nil {
			return input{kind: inNoReply, notSent: true, err: err}
		}
		in = sh.send(ctx, p)
	case doGiveBack:
		in = sh.giveBack(ctx, p)
	case doFinish:
		in = sh.finish(ctx, eff.answer)
	case doOrder:
		in = sh.order(ctx, p)
	case doPoll:
		in = sh.poll(ctx, p)
	case doClose:
		in = sh.giveUpOrder(ctx, p)
	}
	return in
}

func (sh *shell) prepare(ctx context.Context, p *payment) input {
	sh.stage(CardPrepare, 0, nil)
	r := sh.s.o.Line.Prepare(ctx)
	if sh.given() {
		return input{kind: inGiveUp, reason: "cancelled"}
	}
	// Only now: a sign-on may have opened another batch.
	p.batch, p.stan = pos.OpenBatch(sh.s.o.Journal), sh.s.o.Journal.NextSTAN()
	if p.stan == "" {
		return input{kind: inGiveUp, reason: "no_trace_number"}
	}
	in := input{kind: inReady, online: r.Online, reason: r.Reason}
	if p.keyed {
		var err error
		if in.card, err = sh.s.kept(p); err != nil {
			sh.s.o.Log.Error("the data of a card cannot be read", "attempt", p.id, "error", err)
			return input{kind: inCardError, reason: "card_needed"}
		}
	}
	return in
}

// keep makes the events of an effect durable.
func (sh *shell) keep(ctx context.Context, p *payment, eff effect) input {
	err := sh.s.commit(ctx, p, eff)
	if moved := (movedOn{}); errors.As(err, &moved) {
		return input{kind: inNotKept, reason: moved.reason}
	}
	if err != nil {
		sh.s.o.Log.Error("the journal did not take a payment", "attempt", p.id, "error", err)
		return input{kind: inNotKept, err: err}
	}
	return input{kind: inCommitted}
}

// cardKinds are the transaction types that a card is told (tag 9C, the first two
// digits of DE 3).
var cardKinds = map[pos.Kind]byte{pos.Sale: 0x00, pos.Preauth: 0x03, pos.Refund: 0x20, pos.Balance: 0x31}

// kept is the card of a payment for which nobody presents one: of the original,
// from its box, or the code that the customer shows.
func (s *Session) kept(p *payment) (pos.CardData, error) {
	o := p.original
	if o == nil {
		return pos.CardData{Entry: "code", Code: p.code}, nil
	}
	if o.Tender == pos.QR { // a payment code is used once; the original is named by its numbers
		return pos.CardData{Entry: "keyed"}, nil
	}
	c, err := pos.OpenCard(s.o.Vault, o.Sealed, o.ID)
	if err != nil {
		return c, err
	}
	return pos.CardData{PAN: c.PAN, Expiry: c.Expiry, Sequence: c.Sequence, Code: c.Code, Entry: "keyed"}, nil
}

// giveBack asks the wallet's gateway to refund an order, whole or in part.
func (sh *shell) giveBack(ctx context.Context, p *payment) input {
	o, err := sh.s.o.Wallet.Refund(ctx, p.original.Order, p.id, p.amount)
	return input{kind: inOrder, order: o, err: err, notSent: errors.Is(err, pos.ErrNotSent)}
}

func (sh *shell) given() bool { return sh.run.user.Err() != nil }

// stage shows what is being done and how long it may take.
func (sh *shell) stage(st CardStage, limit time.Duration, p *payment) {
	s := sh.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.card == nil {
		return
	}
	c := *s.card
	c.Stage, c.Began, c.Deadline = st, s.o.Clock.Now(), time.Time{}
	if limit > 0 {
		c.Deadline = c.Began.Add(limit)
	}
	if p != nil && p.read.PAN != "" {
		c.MaskedPAN, c.Entry = Mask(p.read.PAN), p.read.Entry
	}
	c.Bypass = st == CardPIN && p != nil && p.passable
	s.card = &c
	s.publishCard()
}

func (sh *shell) send(ctx context.Context, p *payment) input {
	s := sh.s
	reply, err := s.o.Host.Exchange(ctx, p.request())
	switch {
	case err == nil:
		class := s.o.Codes.Lookup(reply.Code).Class
		switch {
		case s.o.Host.Reversible(reply.Code):
			class = decline.Unknown
		case class == decline.Unknown: // not so in this profile
			class = decline.NoRetry
		}
		return input{kind: inReply, reply: reply, class: class}
	case errors.Is(err, pos.ErrUnfit):
		s.o.Log.Error("a request that cannot be worded", "attempt", p.id, "error", err)
		return input{kind: inNoReply, notSent: true, reason: "cannot_be_sent", err: err}
	case errors.Is(err, pos.ErrNotSent), errors.Is(err, pos.ErrNoKeys), errors.Is(err, pos.ErrLineBusy):
		return input{kind: inNoReply, notSent: true, err: err}
	case errors.Is(err, pos.ErrBadMAC):
		return input{kind: inNoReply, reason: "A0", err: err}
	case errors.Is(err, pos.ErrNoAnswer):
		return input{kind: inNoReply, reason: "98", err: err}
	}
	return input{kind: inNoReply, reason: "06", err: err}
}

// finishLimit bounds the card's last word.
const finishLimit = 10 * time.Second

func (sh *shell) finish(ctx context.Context, a pos.CardAnswer) input {
	sh.stage(CardFinish, 0, nil)
	ctx, cancel := context.WithTimeout(ctx, finishLimit)
	defer cancel()
	final, err := sh.session.Finish(ctx, a)
	if err != nil {
		sh.s.o.Log.Info("the card did not finish", "error", err)
		return input{kind: inTorn, err: err}
	}
	return input{kind: inFinal, final: final}
}

// ended shows the outcome, prints what is to be printed and wakes the
// unattended flow. The payment keeps what was shown for its answer.
func (s *Session) ended(p *payment, next []pos.Tender) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running.cancel(nil)
	s.running, s.card, s.qr = nil, nil, nil
	if len(next) > 0 && p.result.kind == OutcomeApproved {
		s.running = newRun(Pay{Tender: next[0]}, s.o.Clock.Now())
	}
	s.stray = s.stray || p.result.failed != nil
	s.owedAt = time.Time{} // this payment counts
	a, err := s.attempt(p)
	if err != nil {
		s.o.Log.Error("an attempt that just ended cannot be read", "attempt", p.id, "error", err)
		a = pos.Attempt{ID: p.id, Kind: p.kind, Tender: p.tender, Amount: p.amount, Basket: p.basket}
	} else {
		p.result.attempt = &a
	}
	sold := p.kind == pos.Sale && p.basket != ""
	done := sold && s.basket.State == pos.BasketPaid
	out := &Outcome{
		Kind: p.result.kind, Attempt: a, Code: p.result.code, Change: p.change,
		Finished: done || !sold, At: s.o.Clock.Now(), Balance: p.result.left, Notify: p.result.notify,
	}
	if sold {
		out.Due, out.Offer = s.basket.Due(), s.offer(*p)
		b := s.basket
		p.result.basket = &b
	}
	s.outcome, s.step = out, StepOutcome
	if p.result.kind == OutcomeApproved && p.tender == pos.Cash {
		if err := s.o.Printer.Kick(); err != nil {
			s.o.Log.Warn("the drawer did not open", "error", err)
		}
	}
	s.slips(*p, a, done)
	s.publish()
	if p.owes(&a) || p.tender != pos.Cash && s.owed.any() {
		s.o.Line.Wake()
	}
}

// owes says whether a payment may have changed what is owed to the host: a sale
// that was simply approved or refused has not, and nobody need be woken for it.
func (p *payment) owes(a *pos.Attempt) bool {
	if p.tender == pos.Cash {
		return false
	}
	return p.kind != pos.Sale || p.settles != nil || p.result.failed != nil || len(p.scripts) > 0 || a.State == "" || a.Open()
}

// attempt is a payment's attempt as its last commit left it. Where a commit
// failed the journal says what it kept.
func (s *Session) attempt(p *payment) (pos.Attempt, error) {
	if p.attempt != nil && p.result.failed == nil {
		return *p.attempt, nil
	}
	return s.o.Journal.Attempt(p.id)
}

// slips prints what a payment that ended calls for. The caller holds mu.
func (s *Session) slips(p payment, a pos.Attempt, done bool) {
	switch {
	case done:
		s.printSale(s.basket, s.operator.Name, false)
		s.last = &LastSale{Receipt: s.basket.Receipt, Tender: p.tender, Total: s.basket.Paid, Change: p.change, At: s.o.Clock.Now()}
	case p.kind == pos.Sale:
		if p.result.kind == OutcomeUnknown && p.created {
			s.print("unknown-"+a.Receipt, s.o.Slip.Attempt(a, s.operator.Name)) // its receipt may be to come
		}
	case p.kind == pos.Balance:
		if p.result.kind == OutcomeApproved {
			s.print(a.Receipt, s.o.Slip.Balance(a, p.result.left, p.result.notify, s.operator.Name))
		}
	case p.result.kind != OutcomeRefused:
		var goods []pos.Line
		if p.goods != nil {
			goods = p.goods.Lines
		}
		s.print(a.Receipt, s.o.Slip.FollowUp(a, p.original, goods, s.operator.Name, false))
	}
}

// offer names the tenders to propose after an outcome.
func (s *Session) offer(p payment) []pos.Tender {
	if p.result.kind == OutcomeApproved && s.basket.Due() <= 0 {
		return nil
	}
	var out []pos.Tender
	line := s.lineView()
	for _, t := range s.o.Codes.Lookup(p.result.code).Offer {
		if s.tenderFault(pos.Tender(t), line) == nil {
			out = append(out, pos.Tender(t))
		}
	}
	if len(out) == 0 {
		out = []pos.Tender{pos.Cash}
	}
	return out
}

// printSale prints the receipt of a basket. What stands on it is read when its turn has come.
func (s *Session) printSale(b pos.Basket, by string, again bool) {
	sold := *b.Clone()
	job := pos.PrintJob{Number: b.Receipt, Copy: again, Make: func() (any, error) {
		of, err := s.o.Journal.OfBasket(sold.Key)
		if err != nil {
			return nil, fmt.Errorf("the attempts of receipt %s: %w", sold.Receipt, err)
		}
		return s.o.Slip.Sale(sold, of, by, again), nil
	}}
	if err := s.o.Printer.Print(job); err != nil {
		s.o.Log.Warn("a receipt was not taken by the printer", "receipt", b.Receipt, "error", err)
	}
}

func (s *Session) print(number string, slip any) {
	if err := s.o.Printer.Print(pos.PrintJob{Number: number, Slip: slip}); err != nil {
		s.o.Log.Warn("a slip was not taken by the printer", "receipt", number, "error", err)
	}
}
