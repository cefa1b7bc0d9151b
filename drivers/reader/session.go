package reader

import (
	"context"
	"fmt"
	"math"

	"tillkeeper/app/pos"
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
	return &chipSession{terminal: t, card: c}
}

type chipSession struct {
	terminal emv.Terminal
	card     Card
	dialogue *emv.Dialogue // nil before Read
	closed   bool
}

func (s *chipSession) Read(ctx context.Context, p Purchase) (Read, error) {
	if s.closed {
		return Read{}, fmt.Errorf("%w: the session is closed", ErrCardRemoved)
	}
	if s.dialogue == nil {
		s.dialogue = emv.New(held(s.terminal, p.Risk), s.card.Wire)
	}
	ask := emv.Request{
		Amount: p.Amount, Kind: p.Kind, Time: p.Time, STAN: p.STAN, TID: p.TID,
		Contactless: s.card.Entry == Contactless,
		ForceOnline: p.ForceOnline, Offline: p.Offline, AllowOffline: p.AllowOffline, PINLimit: p.PINLimit,
		ReadOnly: p.ReadOnly, Choose: p.Choose,
	}
	if p.PIN != nil {
		ask.PIN = func(ctx context.Context, pan string) (bool, error) {
			return p.PIN(ctx, Read{Entry: s.card.Entry, PAN: pan})
		}
	}
	r, err := s.dialogue.First(ctx, ask)
	if err != nil {
		return Read{}, err
	}
	return Read{
		Entry: s.card.Entry, PAN: r.PAN, Expiry: r.Expiry, Sequence: r.Sequence, Track2: r.Track2,
		F55: r.F55, ShortF55: r.ShortF55, Cryptogram: r.Cryptogram, NeedPIN: r.NeedPIN, ODA: r.ODA,
		AID: r.AID, AIDName: r.AIDName, TVR: r.TVR, Expired: r.Expired, Signature: r.Signature, Reason: r.Reason,
	}, nil
}

// held is a terminal that holds a card against what this payment goes by. A card of which nothing more may be taken without
// the host counts as if it had used the whole floor limit up.
func held(t emv.Terminal, r *pos.CardRisk) emv.Terminal {
	if r == nil {
		return t
	}
	t.FloorLimit, t.Log, t.Listed = r.FloorLimit, nil, nil
	t.Selection = emv.RandomSelection{
		Target: r.Selection.Target, Most: r.Selection.Most, Threshold: int64(r.Selection.Threshold), Floor: r.FloorLimit,
	}
	if r.History == nil {
		return t
	}
	t.Listed = func(pan string) bool { return r.History(pan).Listed }
	t.Log = func(pan string) int64 {
		h := r.History(pan)
		if h.Full {
			return math.MaxInt64 // more than the floor limit of any application
		}
		return int64(h.Earlier)
	}
	return t
}

func (s *chipSession) Finish(ctx context.Context, a Answer) (Final, error) {
	if s.closed {
		return Final{}, fmt.Errorf("%w: the session is closed", ErrCardRemoved)
	}
	if s.dialogue == nil {
		return Final{}, fmt.Errorf("%w: nothing was read", ErrUnsupported)
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
