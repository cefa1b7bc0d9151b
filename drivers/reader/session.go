package reader

import (
	"context"
	"fmt"

	"tillkeeper/drivers/reader/emv"
)

// Card is what a driver hands over when a chip is powered: its wire, and how to let it go. Release may be nil.
type Card struct {
	Entry   Entry // Contactless or Chip
	Wire    emv.Transceiver
	Release func() error
}

// NewSession is the session of a powered chip, contact or contactless, on a terminal t.
func NewSession(t emv.Terminal, c Card) Session {
	return &chipSession{dialogue: emv.New(t, c.Wire), card: c}
}

type chipSession struct {
	dialogue *emv.Dialogue
	card     Card
	closed   bool
}

func (s *chipSession) Read(ctx context.Context, p Purchase) (Read, error) {
	if s.closed {
		return Read{}, fmt.Errorf("%w: the session is closed", ErrCardRemoved)
	}
	r, err := s.dialogue.First(ctx, emv.Request{
		Amount: p.Amount, Kind: p.Kind, Time: p.Time, STAN: p.STAN, TID: p.TID,
		Contactless: s.card.Entry == Contactless,
		ForceOnline: p.ForceOnline, Offline: p.Offline, AllowOffline: p.AllowOffline, PINLimit: p.PINLimit,
		ReadOnly: p.ReadOnly, Choose: p.Choose,
	})
	if err != nil {
		return Read{}, err
	}
	return Read{
		Entry: s.card.Entry, PAN: r.PAN, Expiry: r.Expiry, Sequence: r.Sequence, Track2: r.Track2,
		F55: r.F55, ShortF55: r.ShortF55, Cryptogram: r.Cryptogram, NeedPIN: r.NeedPIN, ODA: r.ODA,
		AIDName: r.AIDName, TVR: r.TVR, Expired: r.Expired, Signature: r.Signature, Reason: r.Reason,
	}, nil
}

func (s *chipSession) Finish(ctx context.Context, a Answer) (Final, error) {
	if s.closed {
		return Final{}, fmt.Errorf("%w: the session is closed", ErrCardRemoved)
	}
	o, err := s.dialogue.Second(ctx, emv.Host{Approved: a.Approved, Code: a.Code, F55: a.F55, Unreachable: a.Unreachable})
	if err != nil {
		return Final{}, err
	}
	return Final{Cryptogram: o.Cryptogram, Reason: o.Reason, Scripts: o.Scripts, F55: o.F55, ShortF55: o.ShortF55}, nil
}

func (s *chipSession) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	if s.card.Release == nil {
		return nil
	}
	return s.card.Release()
}
