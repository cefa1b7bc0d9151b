package reader

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tillkeeper/app/pos"
)

// again is the pause after which a reader that cannot be used is tried again while others wait for a card.
const again = time.Second

// severity orders the reasons for which a reader cannot be used, the worst first: what a hand has to put right comes before
// what may come back by itself.
var severity = []string{
	"device_fault", "wrong_speed", "no_permission", "busy_elsewhere", "daemon_down", "unplugged", "offline", "no_reader", "not_configured",
}

// UIDReader is a reader that tells the serial number of the next contactless card, 4, 7 or 10 bytes (ISO 14443-3).
type UIDReader interface {
	UID(ctx context.Context) ([]byte, error)
}

// Many makes several readers one: all of them wait, the first card wins, and the others stop waiting before its session is
// handed out. A card that cannot be taken ends the wait of all, as it does on one reader. A reader that cannot be used is
// tried again while another one waits, and is an error only when none can be used. State is empty while one of them is
// well, else that of the worst. It tells serial numbers when one of them does. Close closes all. One reader stays itself;
// none at all is a reader that is not configured.
func Many(readers ...Reader) Reader {
	if len(readers) == 1 {
		return readers[0]
	}
	m := &many{all: slices.Clone(readers)}
	for _, r := range m.all {
		if _, ok := r.(UIDReader); ok {
			return &manyUID{m}
		}
	}
	return m
}

type many struct{ all []Reader }

// manyUID is many where one of them knows serial numbers.
type manyUID struct{ *many }

// Connect waits on every reader.
func (m *many) Connect(ctx context.Context, p Purchase) (Session, error) {
	return race(ctx, m.all, func(ctx context.Context, r Reader) (Session, error) { return r.Connect(ctx, p) }, Session.Close)
}

// UID waits on every reader that knows serial numbers.
func (m *manyUID) UID(ctx context.Context) ([]byte, error) {
	able := slices.DeleteFunc(slices.Clone(m.all), func(r Reader) bool { _, ok := r.(UIDReader); return !ok })
	return race(ctx, able, func(ctx context.Context, r Reader) ([]byte, error) { return r.(UIDReader).UID(ctx) }, func([]byte) error { return nil })
}

// outcome is what a wait on one reader came to. Device says that it is the reader which failed, and that it will be tried again.
type outcome[T any] struct {
	got    T
	err    error
	device bool
}

// race waits on every reader at once and gives what the first of them got. It returns when all of them have ended; what
// came behind the first is dropped. Whoever gave up while one of them took a card has it, as on one reader.
func race[T any](ctx context.Context, readers []Reader, wait func(context.Context, Reader) (T, error), drop func(T) error) (T, error) {
	var none T
	if len(readers) == 0 {
		return none, pos.Errorf("not_configured", "name a card reader under [devices]", "no card reader is configured")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan outcome[T])
	for _, r := range readers {
		go func() { persist(ctx, r, wait, results) }()
	}
	var first outcome[T]
	won := false
	for running := len(readers); running > 0; {
		o := <-results
		if !o.device {
			running--
		}
		switch {
		case won && o.err == nil && errors.Is(first.err, ErrCancelled):
			first = o // a card was taken before all had given up: too late
		case won && o.err == nil:
			_ = drop(o.got) // it lets go of a card that nobody wants
		case !won && (!o.device || State(readers...) != ""):
			first, won = o, true
			cancel()
		}
	}
	return first.got, first.err
}

// persist waits on one reader, again and again while it cannot be used, and tells the last outcome as the end.
func persist[T any](ctx context.Context, r Reader, wait func(context.Context, Reader) (T, error), results chan<- outcome[T]) {
	for {
		got, err := wait(ctx, r)
		o := outcome[T]{got: got, err: err}
		if err == nil || ctx.Err() != nil || r.State() == "" || errors.Is(err, ErrCancelled) {
			results <- o
			return
		}
		o.device = true
		results <- o
		t := time.NewTimer(again)
		select {
		case <-ctx.Done():
			t.Stop()
			results <- outcome[T]{err: fmt.Errorf("%w: %w", ErrCancelled, ctx.Err())}
			return
		case <-t.C:
		}
	}
}

// State is empty while one reader is well, else the worst of them.
func (m *many) State() string { return State(m.all...) }

// State is empty while one of the readers is well, else the reason of the worst; not_configured where there is none.
func State(readers ...Reader) string {
	worst, rank := "not_configured", len(severity)
	for _, r := range readers {
		code := r.State()
		if code == "" {
			return ""
		}
		if at := max(slices.Index(severity, code), 0); at < rank {
			worst, rank = code, at
		}
	}
	return worst
}

// Close closes every reader.
func (m *many) Close() error {
	var errs []error
	for _, r := range m.all {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}
