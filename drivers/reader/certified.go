package reader

import (
	"context"
	"fmt"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader/emv"
)

// Kernel is a certified reader's own EMV kernel: it runs the whole card dialogue in the device and hands over data objects
// in BER-TLV, as these readers do. Every method may answer with ErrCardRemoved, ErrCardUnreadable, pos.ErrCardUnfit or a
// pos.Error; a pos.Purchase is all it is told. Objects that are wanted from Start: 57 (or 5A and 5F24), 9F27, 95, 9F34, and
// what field 55 of the profile has; from Complete: 9F27, and 95, 9F10, 9F26, 9F36 and DF31 where they changed.
type Kernel interface {
	Start(ctx context.Context, p Purchase) (tlv []byte, err error)
	Complete(ctx context.Context, a Answer) (tlv []byte, err error)
	Close() error
}

// NewCertified is the session of a certified reader: the same port, its TLV. Field 55 is put together from the objects in
// the profile's order, as for the built-in dialogue; what is decided about the card was decided in the device.
func NewCertified(entry Entry, k Kernel) Session { return &certified{entry: entry, kernel: k} }

type certified struct {
	entry  Entry
	kernel Kernel
	facts  emv.Facts
	only   bool
	read   bool
	ended  bool
	closed bool
}

func (s *certified) Read(ctx context.Context, p Purchase) (Read, error) {
	if s.closed || s.read {
		return Read{}, fmt.Errorf("%w: read already", ErrUnsupported)
	}
	s.read, s.only = true, p.ReadOnly
	tlv, err := s.kernel.Start(ctx, p)
	if err != nil {
		return Read{}, lost(ctx, err)
	}
	if s.facts, err = emv.ReadFacts(nil, tlv); err != nil {
		return Read{}, err
	}
	f := s.facts
	r := Read{
		Entry: s.entry, PAN: f.PAN, Expiry: f.Expiry, Sequence: f.Sequence, Track2: f.Track2, AID: f.AID, AIDName: f.AIDName, TVR: f.TVR,
		Cryptogram: f.Cryptogram, NeedPIN: f.NeedPIN, Signature: f.Signature, ODA: f.ODA, Expired: f.Expired, Reason: f.Reason,
		F55: f.F55, ShortF55: f.ShortF55,
	}
	if p.ReadOnly {
		r.F55, r.ShortF55, r.NeedPIN, r.Signature, r.Cryptogram, r.Reason = nil, nil, false, false, ARQC, ""
	}
	return r, nil
}

func (s *certified) Finish(ctx context.Context, a Answer) (Final, error) {
	if s.closed || !s.read || s.ended || s.facts.PAN == "" {
		return Final{}, fmt.Errorf("%w: nothing was read, or ended already", ErrUnsupported)
	}
	s.ended = true
	if s.only {
		if a.Approved && !a.Unreachable {
			return Final{Cryptogram: TC}, nil
		}
		return Final{Cryptogram: AAC}, nil
	}
	arc := ""
	if s.facts.Cryptogram == ARQC {
		tlv, err := s.kernel.Complete(ctx, a)
		if err != nil {
			return Final{}, lost(ctx, err)
		}
		if s.facts, err = emv.ReadFacts(&s.facts, tlv); err != nil {
			return Final{}, err
		}
		if a.Unreachable {
			arc = "Y3"
		}
	} else {
		arc = "Y1"
	}
	f := s.facts
	if f.Cryptogram == TC && arc != "" {
		f.F55 = emv.Append(f.F55, 0x8A, []byte(arc))
	}
	final := Final{Cryptogram: f.Cryptogram, Scripts: f.Scripts, F55: f.F55, ShortF55: f.ShortF55}
	switch {
	case f.Cryptogram != AAC:
	case arc == "Y1", a.Approved && !a.Unreachable: // the card's own word
		final.Reason = f.Reason
	case a.Unreachable:
		final.Reason = emv.ReasonOffline
	}
	return final, nil
}

// lost names an error of a kernel that has no name of ours: the time ran out, or the card is gone.
func lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ErrCancelled, ctx.Err())
	}
	if pos.WhyNot(err, "") != "" {
		return err
	}
	return emv.Coded(err)
}

func (s *certified) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	return s.kernel.Close()
}
