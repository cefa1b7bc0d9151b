package checkout

import (
	"context"
	"errors"
	"strings"
	"time"

	"tillkeeper/app/basket"
	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
	"tillkeeper/app/risk"
	"tillkeeper/app/staff"
)

// Pay takes one payment of the open basket and returns at its committed
// outcome. A second call while one runs is refused.
func (s *Session) Pay(ctx context.Context, ask Pay) (Paid, error) {
	if ask.Tender == pos.QR && s.o.Line.Link().State == "offline" {
		look, looked := context.WithCancel(ctx)
		s.o.Line.Prepare(look) // it may be back, or never have been asked for
		looked()
	}
	s.mu.Lock()
	p, err := s.begin(ask)
	if err != nil {
		s.mu.Unlock()
		return Paid{}, err
	}
	s.publish()
	s.mu.Unlock()
	s.toTheEnd(ctx, p)
	return s.paid(p)
}

// toTheEnd drives a payment to its outcome and shows it. After the host wanted a
// new sign-on it is asked for once more, as a new attempt.
//
// Where others follow at once, the till stays taken for them.
func (s *Session) toTheEnd(ctx context.Context, p *payment, next ...pos.Tender) {
	// A payment outlives the patience of whoever asked for it, and the queue keeps still under it.
	ctx, over := context.WithCancel(context.WithoutCancel(ctx))
	defer over()
	first := new(payment)
	*first = *p
	s.drive(ctx, p)
	if p.result.again && s.o.Line.SignOn(ctx) == nil {
		s.onceMore(first, p)
		*p = *first
		s.drive(ctx, p)
	}
	s.ended(p, next)
}

// onceMore makes a payment that began like another one its new attempt. The till
// stays taken: nobody can begin another payment meanwhile.
func (s *Session) onceMore(first, p *payment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first.id, first.linked = s.o.Journal.NextAttempt(), p.id
	if first.original != nil { // the one that was declined has begun on it
		if o, err := s.o.Journal.Attempt(first.original.ID); err == nil {
			first.original = &o
		}
	}
	if s.card != nil {
		s.card = &CardView{Kind: p.kind, Amount: p.amount, Again: true, Began: s.o.Clock.Now()}
	}
	s.publish()
}

func newRun(ask Pay, now time.Time) *run {
	user, cancel := context.WithCancelCause(context.Background())
	return &run{user: user, cancel: cancel, check: make(chan struct{}, 1), pay: ask, began: now}
}

// begin checks a payment and makes it the running one. The caller holds mu.
func (s *Session) begin(ask Pay) (*payment, error) {
	if err := s.signedIn(); err != nil {
		return nil, err
	}
	if s.running != nil {
		return nil, pos.Errorf("payment_running", "wait for its outcome, or cancel it", "a payment of this basket is being made")
	}
	if s.basket.State != pos.BasketOpen || len(s.basket.Lines) == 0 {
		return nil, pos.Errorf("empty_basket", "scan or add something first", "there is nothing to pay")
	}
	line := s.lineView()
	if ask.Tender == pos.Card {
		line.State = "" // tried anew, and the card has its own word: its attempt tells
	}
	if e := s.tenderFault(ask.Tender, line); e != nil {
		return nil, e
	}
	if ask.Code != "" && !codeFits(ask.Code) {
		return nil, pos.Errorf("bad_code", "scan the payment code on the customer's phone again",
			"a payment code has %d to %d digits", minCode, maxCode)
	}
	if err := s.room(ask.Tender); err != nil {
		return nil, err
	}
	if err := s.recount(); err != nil {
		return nil, err
	}
	amount, err := s.sumOf(ask)
	if err != nil {
		return nil, err
	}
	if e := s.batchFault(amount); e != nil && (ask.Tender == pos.Card || ask.Code != "") {
		return nil, e
	}
	if err := s.settleStray(); err != nil {
		return nil, err
	}
	p := s.newPayment(ask, amount)
	if ask.Tender == pos.Card || ask.Code != "" {
		s.filled.add(amount)
	}
	if ask.Override != nil {
		if _, err := s.o.Staff.Approve(ask.Override.Staff, ask.Override.PIN, staff.SameCardAgain, s.o.Clock.Now()); err != nil {
			return nil, err
		}
		p.override = true
	}
	s.running = newRun(ask, s.o.Clock.Now())
	s.outcome = nil
	switch ask.Tender {
	case pos.Card:
		s.step, s.card = StepCard, &CardView{Kind: pos.Sale, Amount: amount, Began: s.o.Clock.Now()}
	case pos.QR:
		s.step, s.qr = StepQR, &QRView{Amount: amount, Began: s.o.Clock.Now(), Paying: p.keyed}
	}
	return p, nil
}

// sumOf is what a payment is to take of what is due, less what cash is rounded
// down by. The caller holds mu.
func (s *Session) sumOf(ask Pay) (pos.Amount, error) {
	due := s.basket.Due()
	if ask.Rounding != 0 {
		rounded := due + ask.Rounding - s.basket.Rounding
		whole := ask.Amount == 0 || ask.Amount == rounded // a part leaves a rest that may be paid to the fen
		if ask.Tender != pos.Cash || ask.Rounding > 0 || -ask.Rounding >= due || ask.Rounding <= -maxRounding || !whole {
			return 0, pos.Errorf("bad_rounding", "round cash down by less than one yuan, with the payment that ends the sale",
				"rounding %s does not fit", ask.Rounding)
		}
		due = rounded
	}
	amount := ask.Amount
	if amount == 0 {
		amount = due
	}
	switch {
	case amount < 0 || amount > due || due <= 0:
		return 0, pos.Errorf("bad_amount", "name an amount between 0.01 and what is due", "%s does not fit, due is %s", amount, due)
	case ask.Tender == pos.Cash && ask.Tendered != 0 && ask.Tendered < amount:
		return 0, pos.Errorf("too_little", "take more, or pay a part with amount", "%s is less than %s", ask.Tendered, amount)
	case ask.Tendered > basket.MaxTotal: // a barcode scanned into the field
		return 0, pos.Errorf("bad_amount", "name the cash that was given", "%s in cash is more than a sale can be", ask.Tendered)
	}
	return amount, nil
}

// recount adds up what is paid of the open basket: a part that was taken without
// the host, or whose void was not answered, may have ended otherwise since. The
// caller holds mu.
func (s *Session) recount() error {
	if s.basket.State != pos.BasketOpen || len(s.basket.Attempts) == 0 {
		return nil
	}
	of, err := s.o.Journal.OfBasket(s.basket.Key)
	if err != nil {
		return journalFault(err)
	}
	if s.basket.Paid = paidOf(of); s.basket.Paid == 0 {
		s.basket.Rounding = 0
	}
	return nil
}

// paidOf is what the attempts of a basket pay of it.
func paidOf(of []pos.Attempt) (paid pos.Amount) {
	for i := range of {
		switch a := &of[i]; {
		case a.Kind != pos.Sale:
		case goesOn(a): // reversed, then owed again as another attempt
			paid += a.Amount
		default:
			paid += a.Counts()
		}
	}
	return paid
}

// goesOn says that a deferred sale is being reversed and is then deferred again.
func goesOn(a *pos.Attempt) bool {
	reversing := pos.StateRules[a.State].Due == pos.DueReverse || a.State == pos.Manual && a.Reason != ""
	return reversing && a.GoesOn()
}

// A customer's payment code: WeChat Pay and Alipay 18 digits (24 with Alipay's
// longer ones), UnionPay 19.
const (
	minCode = 16
	maxCode = 24
)

func codeFits(code string) bool {
	return len(code) >= minCode && len(code) <= maxCode && strings.Trim(code, "0123456789") == ""
}

// maxRounding bounds the cash rounding: less than one yuan.
const maxRounding pos.Amount = 100

func (s *Session) newPayment(ask Pay, amount pos.Amount) *payment {
	p := &payment{
		id: s.o.Journal.NextAttempt(), basket: s.basket.Key, receipt: s.basket.Receipt, by: s.operator.ID, kind: pos.Sale,
		tender: ask.Tender, amount: amount, code: ask.Code, keyed: ask.Tender == pos.QR && ask.Code != "",
	}
	p.day, p.hour = s.o.DayOf(s.o.Clock.Now())
	if ask.Tender == pos.Cash {
		p.tendered, p.rounding = amount, ask.Rounding
		if ask.Tendered != 0 {
			p.tendered, p.change = ask.Tendered, ask.Tendered-amount
		}
	}
	return p
}

// settleStray decides the attempts whose outcome the journal did not take: they
// are reversed, or refunds repeated, before anything else is charged. The
// caller holds mu; nothing is running.
func (s *Session) settleStray() error {
	if !s.stray {
		return nil
	}
	open, err := s.o.Journal.Open()
	if err != nil {
		return journalFault(err)
	}
	var events []pos.Event
	for _, a := range open {
		events = append(events, pos.Interrupted(a, "journal_fault")...)
	}
	if len(events) > 0 {
		if _, err := s.o.Journal.Append(context.Background(), pos.Commit{Events: events}); err != nil {
			return journalFault(err)
		}
	}
	s.stray = false
	s.o.Line.Wake()
	return nil
}

// drive runs one payment to its end: the core says what to do, the shell does
// it and reports back.
func (s *Session) drive(ctx context.Context, p *payment) {
	sh := &shell{s: s, run: s.running}
	defer sh.close()
	in := input{kind: inStart}
	for eff := p.next(&in); eff.do != doEnd; eff = p.next(&in) {
		in = sh.perform(ctx, p, eff)
	}
}

// paid is the answer of a payment that ended.
func (s *Session) paid(p *payment) (Paid, error) {
	if p.result.failed != nil {
		return Paid{}, journalFault(p.result.failed)
	}
	if p.result.attempt == nil { // it could not be read for the screen
		a, err := s.o.Journal.Attempt(p.id)
		if err != nil {
			return Paid{}, err
		}
		p.result.attempt = &a
	}
	a := *p.result.attempt
	out := Paid{Attempt: a, All: []pos.Attempt{a}, Balance: p.result.left, Notify: p.result.notify}
	b := p.result.basket
	if b == nil {
		out.Receipt = a.Receipt
		return out, nil
	}
	out.Due = b.Due()
	if b.State == pos.BasketPaid {
		out.Receipt, out.Change = b.Receipt, a.Change
	}
	return out, nil
}

// Cancel ends the waits that a person may end: for a card, a PIN, a scan of the
// code. What was sent to the host is never cancelled.
func (s *Session) Cancel() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		s.running.cancel(errCancelled)
	}
}

// CheckQR queries the wallet at once.
func (s *Session) CheckQR() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		select {
		case s.running.check <- struct{}{}:
		default: // a query is on its way already
		}
	}
}

// judge says whether a card may be taken without the host, as sale approved by
// the card and as deferred sale: reasons, "" if it may.
func (s *Session) judge(p *payment, r pos.CardRead, hash string) (verdict, deferral string, err error) {
	open, err := s.o.Journal.Open()
	if err != nil {
		return "", "", err
	}
	v := risk.Offline(s.limits(), risk.ExposureOf(open), risk.Payment{
		Amount: p.amount, CardHash: hash, Entry: r.Entry, PINOnline: r.NeedPIN, Expired: r.Expired,
		Blacklisted: s.o.Blacklist.Has(r.PAN, hash), LastOnline: s.o.Line.LastOnline(), Now: s.o.Clock.Now(),
	})
	verdict, deferral = v, v
	if v == "" && !s.o.Offline {
		verdict = "offline_off"
	}
	if !s.o.Deferred {
		deferral = "no_line"
	}
	return verdict, deferral, nil
}

// sameCard says whether the card has an unacknowledged reversal on this basket.
// The journal need not be asked about a basket that nobody tried to pay yet.
func (s *Session) sameCard(basket, hash string) (bool, error) {
	s.mu.Lock()
	first := basket == "" || basket == s.basket.Key && len(s.basket.Attempts) == 0
	s.mu.Unlock()
	if first {
		return false, nil
	}
	of, err := s.o.Journal.OfBasket(basket)
	if err != nil {
		return false, err
	}
	for i := range of {
		due := pos.StateRules[of[i].State].Due
		if of[i].CardHash == hash && (due == pos.DueReverse || of[i].State == pos.Manual) {
			return true, nil
		}
	}
	return false, nil
}

// pinReason names why there is no PIN block in the till's own codes.
func pinReason(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "pin_timeout"
	case errors.Is(err, pos.ErrNoKeys):
		return "not_signed_on"
	}
	return pos.WhyNot(err, "pin_cancelled")
}

// reasonOf names the failure of a card or its reader: in the driver's own code
// where the till has a text for it that speaks of no host: nothing was sent.
func (s *Session) reasonOf(err error) string {
	var named *pos.Error
	if errors.As(err, &named) {
		switch s.o.Codes.Lookup(named.Code).Class {
		case decline.Retry, decline.NoRetry, decline.Operator, decline.System:
			return named.Code
		case decline.UnknownCode, decline.Success, decline.Unknown, decline.Resign:
		}
	}
	switch {
	case errors.Is(err, pos.ErrCardRemoved):
		return "card_removed"
	case errors.Is(err, pos.ErrCardUnfit):
		return "card_unsupported"
	case errors.Is(err, pos.ErrPINCancelled):
		return "pin_cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		return "card_timeout"
	}
	return "card_unreadable"
}
