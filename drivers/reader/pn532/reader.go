package pn532

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
)

// The defaults of Options.
const (
	DefaultPoll  = 100 * time.Millisecond
	DefaultCheck = 2 * time.Second
)

// Limits of the reader.
const (
	retryFirst = 250 * time.Millisecond // after a failed opening, then twice as long each time
	retryMost  = 5 * time.Second
	restarts   = 3               // in a row, within one wait for a card
	offWait    = 2 * time.Second // for the field to be off when nobody waits for it
)

// Options are what a reader may be given.
type Options struct {
	Terminal emv.Terminal  // of the payments
	Poll     time.Duration // between two searches for a card; 0 is DefaultPoll
	Check    time.Duration // between two looks whether an idle chip is still there; 0 is DefaultCheck
}

// Reader is a PN532 as a reader of contactless cards. All methods may be called from any goroutine; those who wait for a
// card are served one after another, the next when the session of the one before is closed.
type Reader struct {
	open Opener
	o    Options

	ctx   context.Context // ends with Close
	end   context.CancelFunc
	kick  chan struct{}
	ended chan struct{} // keep has ended
	turn  chan struct{} // held by who waits for a card, then by its session
	io    chan struct{} // held by who speaks to the chip

	chip    *chip // nil: not open; under io
	current *slot // the card in a session; under io
	speed   int   // at which a silent chip was found, 0: not looked for or not found; under io
	looked  bool  // for the speed; under io

	mu       sync.Mutex
	fault    *pos.Error // nil: well
	closed   bool
	identity string
}

var _ reader.Reader = (*Reader)(nil)

// New makes a reader, tries once to open it and keeps it open from then on: what is lost is opened again by itself, first
// after a quarter of a second, then after up to five.
func New(open Opener, o Options) *Reader {
	if o.Poll <= 0 {
		o.Poll = DefaultPoll
	}
	if o.Check <= 0 {
		o.Check = DefaultCheck
	}
	r := &Reader{
		open: open, o: o, kick: make(chan struct{}, 1), ended: make(chan struct{}), turn: make(chan struct{}, 1), io: make(chan struct{}, 1),
	}
	r.ctx, r.end = context.WithCancel(context.Background())
	_ = r.ready(r.ctx) // State tells
	go r.keep()
	return r
}

// keep looks after a reader that nobody uses.
func (r *Reader) keep() {
	defer close(r.ended)
	pause := retryFirst
	for {
		wait := r.o.Check
		if r.State() != "" {
			wait, pause = pause, min(2*pause, retryMost)
		} else {
			pause = retryFirst
		}
		t := time.NewTimer(wait)
		select {
		case <-r.ctx.Done():
			t.Stop()
			return
		case <-r.kick:
			t.Stop()
			pause = retryFirst
		case <-t.C:
		}
		select {
		case r.turn <- struct{}{}:
			r.see()
			<-r.turn
		default: // whoever uses it sees for himself
		}
	}
}

// see opens the chip or looks whether it is still there.
func (r *Reader) see() {
	if !take(r.ctx, r.io) {
		return
	}
	defer func() { <-r.io }()
	if r.chip == nil {
		if r.start(r.ctx) == nil || !r.silent() || r.looked {
			return
		}
		r.looked = true
		if r.speed = r.open.find(r.ctx); r.speed != 0 {
			r.note(wrongSpeed(r.open.baud, r.speed))
		}
		return
	}
	if err := r.chip.check(r.ctx); err != nil {
		_ = r.lost(err)
	}
}

func (r *Reader) silent() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fault != nil && r.fault.Code == "offline"
}

// ready makes sure that the chip is open.
func (r *Reader) ready(ctx context.Context) error {
	if !take(ctx, r.io) {
		return r.cancelled(ctx)
	}
	defer func() { <-r.io }()
	if r.chip != nil {
		return nil
	}
	return r.start(ctx)
}

// start opens the chip; the caller holds io.
func (r *Reader) start(ctx context.Context) error {
	b, err := r.open.open()
	if err != nil {
		return r.note(explain(err))
	}
	c := &chip{bus: b}
	if err := c.start(ctx); err != nil {
		_ = b.close() // what it was for has failed already
		if ctx.Err() != nil {
			return r.cancelled(ctx) // that is no fault of the reader
		}
		if r.speed != 0 && !port.Gone(err) {
			return r.note(wrongSpeed(r.open.baud, r.speed))
		}
		return r.note(explain(err))
	}
	r.chip, r.speed, r.looked = c, 0, false
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault, r.identity = nil, c.identity
	return nil
}

// lost gives the chip up after an error of the way to it; the caller holds io.
func (r *Reader) lost(cause error) error {
	if r.chip != nil {
		_ = r.chip.bus.close() // it is lost already
		r.chip = nil
	}
	r.current = nil
	select {
	case r.kick <- struct{}{}:
	default:
	}
	return r.note(explain(cause))
}

// note keeps why the reader is not well. What its own end brought about is no fault.
func (r *Reader) note(e *pos.Error) error {
	if r.ctx.Err() != nil {
		return fmt.Errorf("%w: the reader is closed", reader.ErrCancelled)
	}
	if e.Code == "unplugged" {
		r.speed, r.looked = 0, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = e
	return e
}

// take takes one of the two locks; false when ctx ended first.
func take(ctx context.Context, lock chan struct{}) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case lock <- struct{}{}:
		return true
	}
}

func (r *Reader) cancelled(ctx context.Context) error {
	if r.ctx.Err() != nil {
		return fmt.Errorf("%w: the reader is closed", reader.ErrCancelled)
	}
	return fmt.Errorf("%w: %w", reader.ErrCancelled, ctx.Err())
}

// Connect waits for a payment card and takes it. Waiting, it searches every Poll, with the field on; nothing is on the air
// before and after. A card without ISO 14443-4 is pos.ErrCardUnfit, two at once are ErrTwoCards; a reader that cannot be
// used is a *pos.Error at once, its code that of State.
func (r *Reader) Connect(ctx context.Context, _ reader.Purchase) (reader.Session, error) {
	t, err := r.wait(ctx)
	if err != nil {
		return nil, err
	}
	if !t.payment {
		r.letGo()
		return nil, fmt.Errorf("%w: it is a card without payment, such as a member card", pos.ErrCardUnfit)
	}
	s := &slot{reader: r, number: t.number}
	r.io <- struct{}{}
	if r.chip != nil {
		r.current = s
	}
	<-r.io
	return reader.NewSession(r.o.Terminal, reader.Card{Entry: reader.Contactless, Wire: s, Release: s.release}), nil
}

// UID waits for any card of ISO 14443 A and tells its number, 4, 7 or 10 bytes: a member card's. A card whose number
// changes each time is pos.ErrCardUnfit.
func (r *Reader) UID(ctx context.Context) ([]byte, error) {
	t, err := r.wait(ctx)
	if err != nil {
		return nil, err
	}
	r.letGo()
	return t.member()
}

// wait searches until there is a card. It has the turn then, and the field is on; else neither.
func (r *Reader) wait(ctx context.Context) (*target, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	if !take(ctx, r.turn) {
		return nil, r.cancelled(ctx)
	}
	failed := 0
	for {
		t, err := r.search(ctx)
		switch {
		case err == nil && t != nil:
			return t, nil
		case err == nil:
			failed = 0
			err = sleep(ctx, r.o.Poll)
		case errors.Is(err, errRestart):
			if failed++; failed <= restarts {
				continue
			}
		}
		if err != nil {
			r.letGo()
			if ctx.Err() != nil {
				return nil, r.cancelled(ctx)
			}
			return nil, err
		}
	}
}

// errRestart: the chip was lost in a search; opened again it may be well.
var errRestart = errors.New("the card reader was lost while it searched")

func (r *Reader) search(ctx context.Context) (*target, error) {
	if err := r.ready(ctx); err != nil {
		return nil, err
	}
	if !take(ctx, r.io) {
		return nil, r.cancelled(ctx)
	}
	defer func() { <-r.io }()
	if r.chip == nil {
		return nil, errRestart
	}
	t, err := r.chip.search(ctx)
	if err == nil || ctx.Err() != nil || ofCard(err) {
		return t, err
	}
	return nil, fmt.Errorf("%w: %w", errRestart, r.lost(err))
}

// ofCard says whether an error is a card's, and not the reader's.
func ofCard(err error) bool {
	return errors.Is(err, pos.ErrCardRemoved) || errors.Is(err, pos.ErrCardUnreadable) || errors.Is(err, pos.ErrCardUnfit)
}

// letGo ends a hold of the reader: field off, and the next one's turn.
func (r *Reader) letGo() {
	r.io <- struct{}{}
	r.current = nil
	if r.chip != nil {
		ctx, cancel := context.WithTimeout(r.ctx, offWait)
		if err := r.chip.field(ctx, false); err != nil && r.ctx.Err() == nil {
			_ = r.lost(err) // State tells
		}
		cancel()
	}
	<-r.io
	<-r.turn
}

// Close ends the reader, whoever waits on it and the session that has its card, and leaves the field off.
func (r *Reader) Close() error {
	r.mu.Lock()
	first := !r.closed
	r.closed = true
	r.mu.Unlock()
	r.end()
	<-r.ended
	if !first {
		return nil
	}
	r.io <- struct{}{}
	defer func() { <-r.io }()
	r.current = nil
	if r.chip == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), offWait)
	defer cancel()
	off := r.chip.field(ctx, false)
	if port.Gone(off) {
		off = nil // with the chip the field is gone too
	}
	err := errors.Join(off, r.chip.bus.close())
	r.chip = nil
	return err
}
