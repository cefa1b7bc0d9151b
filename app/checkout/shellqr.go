package checkout

import (
	"context"
	"errors"
	"time"

	"tillkeeper/app/pos"
)

// order makes the order at the wallet.
func (sh *shell) order(ctx context.Context, p *payment) input {
	s := sh.s
	o, err := s.o.Wallet.Create(ctx, p.id, p.amount, s.o.Shop.Name, s.o.Timers.QR)
	if err != nil {
		return input{kind: inOrderErr, err: err, notSent: errors.Is(err, pos.ErrNotSent)}
	}
	sh.showOrder(o, p)
	return input{kind: inOrder, order: o}
}

func (sh *shell) showOrder(o pos.WalletOrder, p *payment) {
	s := sh.s
	s.mu.Lock()
	defer s.mu.Unlock()
	q := *s.qr
	if o.Code != "" {
		q.Code = o.Code
	}
	if q.Expires.IsZero() {
		q.Expires = s.o.Clock.Now().Add(s.o.Timers.QR)
	}
	q.Paying = o.State == pos.WalletPaying
	s.qr = &q
	s.publish()
}

// poll waits until the next query is due, somebody asks for one, the order
// expires or is cancelled; then it queries.
func (sh *shell) poll(ctx context.Context, p *payment) input {
	s := sh.s
	left := s.o.Timers.QR - s.o.Clock.Now().Sub(sh.run.began)
	if left <= 0 {
		return input{kind: inGiveUp, reason: "qr_expired"}
	}
	wait := time.NewTimer(min(s.o.Timers.Poll, left))
	defer wait.Stop()
	select {
	case <-sh.run.user.Done():
		return input{kind: inGiveUp, reason: "cancelled"}
	case <-sh.run.check:
	case <-wait.C:
	}
	o, err := s.o.Wallet.Query(ctx, p.id)
	if err != nil {
		return input{kind: inOrderErr, err: err}
	}
	sh.showOrder(o, p)
	return input{kind: inOrder, order: o}
}

// giveUpOrder queries once more, then closes: an order that was paid in the
// last moment is a payment.
func (sh *shell) giveUpOrder(ctx context.Context, p *payment) input {
	s := sh.s
	s.mu.Lock()
	if s.qr != nil {
		q := *s.qr
		q.Closing = true
		s.qr = &q
		s.publish()
	}
	s.mu.Unlock()
	o, err := s.o.Wallet.Query(ctx, p.id)
	if err == nil && (o.State == pos.WalletPaid || o.State == pos.WalletRefused) {
		return input{kind: inOrder, order: o}
	}
	if o, err = s.o.Wallet.Close(ctx, p.id); err != nil {
		return input{kind: inOrderErr, err: err}
	}
	return input{kind: inOrder, order: o}
}
