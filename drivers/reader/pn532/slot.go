package pn532

import (
	"context"
	"fmt"

	"tillkeeper/drivers/reader"
)

// slot is the wire to the card in a session.
type slot struct {
	reader *Reader
	number byte
}

// Transmit carries one APDU to the card and its answer back.
func (s *slot) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	r := s.reader
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	if !take(ctx, r.io) {
		return nil, r.cancelled(ctx)
	}
	defer func() { <-r.io }()
	if r.chip == nil || r.current != s {
		return nil, fmt.Errorf("%w: the reader has let it go", reader.ErrCardRemoved)
	}
	got, err := r.chip.exchange(ctx, s.number, apdu)
	switch {
	case err == nil || ofCard(err):
		return got, err
	case ctx.Err() != nil:
		return nil, r.cancelled(ctx)
	}
	return nil, fmt.Errorf("%w: %w", reader.ErrCardRemoved, r.lost(err))
}

func (s *slot) release() error {
	s.reader.letGo()
	return nil
}
