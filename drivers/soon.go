package drivers

import (
	"context"
	"fmt"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/pcsc"
)

// soon is a card reader that is being opened. Its first look takes a moment, two
// seconds where a daemon says nothing, and a till that starts does not wait for
// it: until then it is busy, and who wants a card waits.
type soon struct {
	ready chan struct{} // closed when r is there
	r     reader.Reader
	watch func(pos.CardSession, error) (pos.CardSession, error) // of what each wait came to; nil: nobody
}

func openSoon(watch func(pos.CardSession, error) (pos.CardSession, error), open func() reader.Reader) *soon {
	s := &soon{ready: make(chan struct{}), watch: watch}
	go func() {
		defer close(s.ready)
		s.r = open()
	}()
	return s
}

// there gives the reader, nil while it is being opened.
func (s *soon) there() reader.Reader {
	select {
	case <-s.ready:
		return s.r
	default:
		return nil
	}
}

func (s *soon) Connect(ctx context.Context, p pos.Purchase) (pos.CardSession, error) {
	select {
	case <-s.ready:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", reader.ErrCancelled, ctx.Err())
	}
	session, err := s.r.Connect(ctx, p)
	if s.watch != nil {
		session, err = s.watch(session, err)
	}
	return session, err
}

// UID is the serial number of the next contactless card, where the reader tells
// it.
func (s *soon) UID(ctx context.Context) ([]byte, error) {
	select {
	case <-s.ready:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", reader.ErrCancelled, ctx.Err())
	}
	if r, ok := s.r.(reader.UIDReader); ok {
		return r.UID(ctx)
	}
	return nil, reader.ErrUnsupported
}

// State is empty while it is not known.
func (s *soon) State() string {
	if r := s.there(); r != nil {
		return r.State()
	}
	return ""
}

// Condition is busy while it is not known.
func (s *soon) Condition() pos.Condition {
	if r := s.there(); r != nil {
		return conditionOf(placed{Reader: r})
	}
	return pos.Condition{State: "busy"}
}

// Check waits for the opening, then asks the reader.
func (s *soon) Check(ctx context.Context, level pos.Level) pos.Condition {
	select {
	case <-s.ready:
		return checked(ctx, placed{Reader: s.r}, level)
	case <-ctx.Done():
		return s.Condition()
	}
}

func (s *soon) Nudge() {
	if n, ok := s.there().(interface{ Nudge() }); ok {
		n.Nudge()
	}
}

// Identity is what the reader calls itself, "" where it does not.
func (s *soon) Identity() string {
	if own, ok := s.there().(interface{ Identity() string }); ok {
		return own.Identity()
	}
	return ""
}

// Readers are those of a daemon.
func (s *soon) Readers() []pcsc.State {
	if own, ok := s.there().(interface{ Readers() []pcsc.State }); ok {
		return own.Readers()
	}
	return nil
}

// Close waits for the opening, which has its own end.
func (s *soon) Close() error {
	<-s.ready
	return s.r.Close()
}
