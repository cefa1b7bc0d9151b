// Package forward is the unattended flow: it sends what is owed to the
// acquirer and to the wallet, reversals first, then uploads and deferred sales
// in the order of the journal, one bad record never blocking the rest. It
// signs on, probes the line, and works on what a crash left behind.
//
// It promises that nothing leaves the queue but by the host's word or a named
// person's recorded decision, that every send is journaled before its first
// byte, and that the queue has one owner at a time: Run's goroutine, or while
// that sleeps the one that asks whether a card may be taken. Every queue, retry
// and wait has a named limit. It never touches the screen or a card.
package forward

import (
	"context"
	"errors"
	"log/slog"
	"math"
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
	lastOnline atomic.Int64  // unix nanoseconds
	skew       atomic.Int64  // host's clock less ours, seconds
	signing    chan struct{} // one sign-on at a time
	signed     atomic.Uint64
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
	f := &Forwarder{o: o, calls: make(chan call, maxCalls), wake: make(chan struct{}, 1), signing: make(chan struct{}, 1), done: make(chan struct{})}
	f.turn.Lock() // until Run sleeps for the first time
	if t, err := time.Parse(time.RFC3339, o.Journal.Setting(pos.SetLastOnline)); err == nil {
		f.lastOnline.Store(t.UnixNano())
	} else {
		f.lastOnline.Store(never)
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

// never stands for the host's last word where it never said one.
const never = math.MinInt64

// begin counts what the till may take without a host that never said a word from
// its first opening. A clock at 1970 cannot say when that is: it counts from when
// the clock was set.
func (f *Forwarder) begin() {
	if now := f.o.Clock.Now(); now.Year() > 1970 {
		f.lastOnline.CompareAndSwap(never, now.UnixNano())
	}
}

// LastOnline is the time of the host's last word, that of the first opening where
// it never said one; far in the past where the clock cannot tell that either.
func (f *Forwarder) LastOnline() time.Time { return time.Unix(0, f.lastOnline.Load()) }

// Heard says whether the line stands and the host's last word is no older.
func (f *Forwarder) Heard(within time.Duration) bool {
	age := f.o.Clock.Now().Sub(f.LastOnline()) // under zero: the clock was set back
	return age >= 0 && age < within && f.o.Host.Link().State == "online"
}

// Link is the state of the line.
func (f *Forwarder) Link() pos.Link { return f.o.Host.Link() }

// Skew is the host's clock less ours, in seconds, at the last sign-on.
func (f *Forwarder) Skew() int64 { return f.skew.Load() }

func (f *Forwarder) heard() { f.lastOnline.Store(f.o.Clock.Now().UnixNano()) }

// probeLimit bounds a probe of a line that was down, before a card payment.
const probeLimit = 2 * time.Second

// Prepare makes the line ready for a card payment: the host is there, keys are
// loaded, and each pending reversal was tried, at most three times.
func (f *Forwarder) Prepare(ctx context.Context) pos.Ready {
	if f.o.Host.Link().State == "offline" {
		probe, cancel := context.WithTimeout(ctx, probeLimit)
		err := f.Probe(probe)
		cancel()
		if err != nil {
			return pos.Ready{Reason: pos.WhyNot(err, "no_line")}
		}
	}
	if !f.ready() {
		if err := f.SignOn(ctx); err != nil {
			f.o.Log.Warn("no sign-on before a card payment", "error", err)
			return pos.Ready{Reason: pos.WhyNot(err, "not_signed_on")}
		}
	}
	if r, ok := f.atOnce(ctx); ok {
		return r
	}
	return f.ask(ctx)
}

// atOnce is ask on the goroutine of its caller, under the owner's turn, where
// the owner sleeps and no reversal has to go first: that saves two hand-overs
// before nearly every card. False means that the owner has to be asked.
func (f *Forwarder) atOnce(ctx context.Context) (r pos.Ready, ok bool) {
	if ctx.Err() != nil || !f.turn.TryLock() {
		return r, false
	}
	defer f.turn.Unlock()
	open, err := f.o.Journal.Open()
	switch {
	case err != nil, slices.ContainsFunc(open, func(a pos.Attempt) bool { return goesFirst(a) || mayReverse(a) }):
		return r, false
	case f.settling():
		return pos.Ready{Reason: "settlement_running"}, true
	}
	return pos.Ready{Online: true}, true
}

// goesFirst says whether an attempt is a reversal that is tried before a new
// card request.
func goesFirst(a pos.Attempt) bool { return isReversal(a) && !byWallet(a) }

// mayReverse says whether an attempt is a deferred sale that may be in the air:
// where its answer is lost it is a reversal.
func mayReverse(a pos.Attempt) bool { return a.Deferred && a.State == pos.Delivering }

func (f *Forwarder) ask(ctx context.Context) pos.Ready {
	c := call{kind: callPrepare, reply: make(chan pos.Ready, 1)}
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

// Probe asks the host for a sign of life, signing on where there are no keys.
func (f *Forwarder) Probe(ctx context.Context) error {
	if !f.ready() {
		err := f.SignOn(ctx)
		if pos.WhyNot(err, "") == "" || errors.Is(err, pos.ErrRefused) {
			return err
		}
		return errors.Join(err, f.echo(ctx)) // the PIN pad is at fault: the line is looked at all the same
	}
	return f.echo(ctx)
}

func (f *Forwarder) echo(ctx context.Context) error {
	err := f.o.Host.Echo(ctx, f.o.Journal.NextSTAN(), f.batch())
	if err == nil {
		f.heard()
	}
	return err
}

// ready says whether the terminal may trade: keys are loaded, and it did not
// sign off since.
func (f *Forwarder) ready() bool {
	return f.o.Host.Ready() && f.o.Journal.Setting(pos.SetSignOn) != signedOff
}

// signedOff stands in pos.SetSignOn after a sign-off.
const signedOff = "off"

// signOffLimit bounds the sign-off of a till that closes.
const signOffLimit = time.Second

// SignOff tells the host that the terminal stops trading, when the till closes
// cleanly and the line is up. That it fails is no loss.
func (f *Forwarder) SignOff(ctx context.Context) {
	host, ok := f.o.Host.(interface {
		SignOff(ctx context.Context, stan, batch string) error
	})
	if !ok || f.settling() || !f.ready() || f.o.Host.Link().State != "online" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, signOffLimit)
	defer cancel()
	// Durable first: keys that the host has dropped are never traded with.
	if _, err := f.o.Journal.Append(ctx, pos.Commit{Settings: map[string]string{pos.SetSignOn: signedOff}}); err != nil {
		f.o.Log.Warn("no sign-off", "error", err)
		return
	}
	if err := host.SignOff(ctx, f.o.Journal.NextSTAN(), f.batch()); err != nil {
		f.o.Log.Info("the sign-off was not answered", "error", err)
	}
}

func (f *Forwarder) batch() string { return pos.OpenBatch(f.o.Journal) }

// SignOn signs on with the host, loads the working keys and takes the batch
// number over where that is permitted. Calls at the same time share one
// sign-on.
func (f *Forwarder) SignOn(ctx context.Context) error {
	before := f.signed.Load()
	select {
	case f.signing <- struct{}{}:
		defer func() { <-f.signing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if f.signed.Load() != before && f.o.Host.Ready() {
		return nil
	}
	stan, batch := f.o.Journal.NextSTAN(), f.batch()
	r, err := f.o.Host.SignOn(ctx, stan, batch, "001")
	if err != nil {
		return err
	}
	f.heard()
	now := f.o.Clock.Now()
	settings := map[string]string{pos.SetSignOn: now.Format(time.RFC3339), pos.SetLastOnline: now.Format(time.RFC3339)}
	if r.Batch != "" && r.Batch != batch {
		used, err := f.o.Journal.BatchUsed(batch)
		theirs, errTheirs := f.o.Journal.BatchUsed(r.Batch)
		switch {
		case err != nil || errTheirs != nil:
			return errors.Join(err, errTheirs)
		case theirs:
			f.o.Log.Warn("the host names a batch that was used before", "ours", batch, "theirs", r.Batch)
		case used:
			f.o.Log.Warn("the host names another batch while this one holds payments", "ours", batch, "theirs", r.Batch)
		case f.settling(), f.batch() != batch:
			f.o.Log.Info("the host names another batch while a settlement closes this one", "ours", batch, "theirs", r.Batch)
		default:
			settings[pos.SetBatch], batch = r.Batch, r.Batch
		}
	}
	if !r.Host.IsZero() {
		f.skew.Store(int64(r.Host.Sub(now) / time.Second))
	}
	e := pos.Event{Type: pos.EvSignOn, STAN: stan, Batch: batch}
	if _, err := f.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{e}, Settings: settings}); err != nil {
		return err
	}
	f.signed.Add(1)
	f.o.Changed()
	return nil
}

// sendable says whether an item is sent by itself.
func sendable(a pos.Attempt) bool {
	switch pos.StateRules[a.State].Due {
	case pos.DueReverse, pos.DueUpload, pos.DueRepeat, pos.DueTell:
		return true
	}
	return false
}
