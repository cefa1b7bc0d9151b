// Package forward is the unattended flow: it sends what is owed to the
// acquirer and to the wallet, reversals first, then uploads and deferred sales
// in the order of the journal, one bad record never blocking the rest. It
// signs on, probes the line, and works on what a crash left behind.
//
// It promises that nothing leaves the queue but by the host's word or a named
// person's recorded decision, that every send is journaled before its first
// byte, that the queue has one owner at a time (Run's goroutine, or while that
// sleeps the one that asks whether a card may be taken), and that keys, batch
// and queue stay as they are under a payment that is being made. Every queue,
// retry and wait has a named limit. It never touches the screen or a card.
package forward

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// Options are the ports and settings of the forwarder.
type Options struct {
	Journal pos.Journal
	Host    pos.Acquirer
	Wallet  pos.Wallet // nil: no QR
	Vault   pos.Vault
	Codes   *decline.Table
	Clock   pos.Clock
	DayOf   func(time.Time) (day string, hour int)
	Changed func()            // the view or the queue changed; must not block
	Parked  func(pos.Attempt) // an item now waits for a person; must not block
	Probe   time.Duration     // between two probes of a quiet line
	Retry   time.Duration     // between two probes of a line that is down
	Log     *slog.Logger
}

// The waits between two probes of the line. Two probes without an answer (10 s
// each) make an outage: its cause is known within 40 s.
const (
	DefaultProbe = 15 * time.Second
	DefaultRetry = 3 * time.Second
)

// Forwarder is the unattended flow. Run owns the queue; the other methods talk
// to it by messages, Prepare only where it has to.
type Forwarder struct {
	o          Options
	calls      chan call
	turn       sync.Mutex // held by Run but while it sleeps, and by whoever does its work meanwhile
	wake       chan struct{}
	lastOnline atomic.Pointer[time.Time] // nil: never, and no beginning either
	skew       atomic.Int64              // host's clock less ours, seconds
	signing    chan struct{}             // one sign-on at a time
	signed     atomic.Uint64
	paying     payments
	commands   atomic.Uint64 // of Forward
	done       chan struct{}
}

type callKind int

const (
	callPrepare callKind = iota
	callForward
	callDeliver
	callQuiet
)

type call struct {
	kind    callKind
	reply   chan pos.Ready
	claim   func() // of a prepare: begins the payment, before the reply
	left    chan int
	command uint64 // of a forward: which one, over its rounds
	waits   bool   // of a forward: the wait before a repeat is kept
	attempt string
	do      func() error
	done    chan error
}

// maxCalls bounds the calls that wait for the owner.
const maxCalls = 16

// New makes a forwarder; Run starts it.
func New(o Options) *Forwarder {
	if o.Probe == 0 {
		o.Probe = DefaultProbe
	}
	if o.Retry == 0 {
		o.Retry = DefaultRetry
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Parked == nil {
		o.Parked = func(pos.Attempt) {}
	}
	f := &Forwarder{
		o: o, calls: make(chan call, maxCalls), wake: make(chan struct{}, 1), signing: make(chan struct{}, 1), done: make(chan struct{}),
	}
	f.turn.Lock() // until Run sleeps for the first time
	if t, err := time.Parse(time.RFC3339, o.Journal.Setting(pos.SetLastOnline)); err == nil {
		f.lastOnline.Store(&t)
	} else {
		f.begin()
	}
	return f
}

// Recover decides what a crash left in flight, in one commit: what may have
// been sent is reversed, what was only begun is cancelled. It comes before the
// first sale.
func Recover(ctx context.Context, j pos.Journal) (int, error) {
	open, err := j.Open()
	if err != nil {
		return 0, err
	}
	var events []pos.Event
	for _, a := range open {
		events = append(events, pos.Interrupted(a, "power_cut")...)
		if a.State == pos.Delivering && stray(a) {
			events = append(events, reversing(a, "98", "power_cut"))
		}
	}
	if len(events) == 0 {
		return 0, nil
	}
	_, err = j.Append(ctx, pos.Commit{Events: events})
	return len(events), err
}

// Wake says that something new is owed.
func (f *Forwarder) Wake() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Link is the state of the line.
func (f *Forwarder) Link() pos.Link { return f.o.Host.Link() }

// Skew is the host's clock less ours, in seconds, at the last sign-on.
func (f *Forwarder) Skew() int64 { return f.skew.Load() }

// probeLimit bounds a probe of a line that was down, before a card payment.
const probeLimit = 2 * time.Second

// Prepare makes the line ready for a card payment: the host is there, keys are
// loaded, and each pending reversal was tried, at most three times. Whatever it
// says, until the context ends the queue changes nothing under the payment: see
// payments.
func (f *Forwarder) Prepare(ctx context.Context) pos.Ready {
	return f.prepare(ctx, func() { f.claim(ctx) })
}

// prepare is Prepare where claim says what begins with its answer.
func (f *Forwarder) prepare(ctx context.Context, claim func()) pos.Ready {
	if f.o.Host.Link().State == "offline" {
		probe, cancel := context.WithTimeout(ctx, probeLimit)
		err := f.Probe(probe)
		cancel()
		if err != nil {
			claim()
			return pos.Ready{Reason: pos.WhyNot(err, "no_line")}
		}
	}
	if !f.ready() {
		err := errPaying
		if !f.paying.running() {
			err = f.SignOn(ctx)
		}
		if err != nil {
			f.o.Log.Warn("no sign-on before a card payment", "error", err)
			claim()
			return pos.Ready{Reason: pos.WhyNot(err, "not_signed_on")}
		}
	}
	if r, ok := f.atOnce(ctx, claim); ok {
		return r
	}
	return f.ask(ctx, claim)
}

// atOnce is ask on the goroutine of its caller, under the owner's turn, where
// the owner sleeps and no reversal has to go first: that saves two hand-overs
// before nearly every card. False means that the owner has to be asked.
func (f *Forwarder) atOnce(ctx context.Context, claim func()) (r pos.Ready, ok bool) {
	if ctx.Err() != nil || !f.turn.TryLock() {
		return r, false
	}
	defer f.turn.Unlock()
	open, err := f.o.Journal.Open()
	switch {
	case err != nil, slices.ContainsFunc(open, func(a pos.Attempt) bool { return goesFirst(a) || mayReverse(a) }):
		return r, false
	case f.settling():
		r = pos.Ready{Reason: "settlement_running"}
	default:
		r = pos.Ready{Online: true}
	}
	claim()
	return r, true
}

// goesFirst says whether an attempt is a reversal that is tried before a new
// card request.
func goesFirst(a pos.Attempt) bool { return isReversal(a) && !byWallet(a) }

// mayReverse says whether an attempt is a deferred sale that may be in the air:
// where its answer is lost it is a reversal.
func mayReverse(a pos.Attempt) bool { return a.Deferred && a.State == pos.Delivering }

func (f *Forwarder) ask(ctx context.Context, claim func()) pos.Ready {
	c := call{kind: callPrepare, reply: make(chan pos.Ready, 1), claim: claim}
	select {
	case f.calls <- c:
	case <-ctx.Done():
		return pos.Ready{Reason: "no_line"}
	case <-f.done:
		return pos.Ready{Reason: "no_line"}
	}
	select {
	case r := <-c.reply:
		return r
	case <-ctx.Done():
	case <-f.done:
	}
	return pos.Ready{Reason: "no_line"}
}

// sendable says whether an item is sent by itself.
func sendable(a pos.Attempt) bool {
	switch pos.StateRules[a.State].Due {
	case pos.DueReverse, pos.DueUpload, pos.DueRepeat, pos.DueTell:
		return true
	}
	return false
}
