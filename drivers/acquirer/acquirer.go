// Package acquirer is the line to the acquirer's host: it makes messages of
// requests, keeps one connection open, matches answers and judges their MAC.
//
// Promise: a request is reported as not sent only when not one byte of it can
// have left. An answer is ours only if its MTI is ten higher and fields 3, 4
// (except after a partial approval), 11, 41 and 42 match; everything else is
// logged and the wait goes on. One financial request is outstanding, advices
// have a window of their own where the profile says so. Every queue, wait and
// retry has a named limit. No card number, track, PIN block or key is ever
// logged or put into an error. It decides nothing about money: what an unknown
// outcome means is the flows' matter. Over a network it speaks TLS 1.3 with
// certificates on both sides, or not at all where the profile wants that.
//
// A request is worded by its row of the profile's transaction table. A void, a
// refund, a completion or their void names its original by pos.Origin and takes
// the entry mode "keyed" where the card was not read again. A reversal is its
// original worded once more, less what the profile drops, and it is refused for
// operations that are not reversed. Settlement, upload and sign-off take the
// place of a live sale; they need no keys unless the profile says so.
//
// Layout on the wire: see package wire. Amounts are minor units (fen), times
// are monotonic durations.
package acquirer

import (
	"context"
	"crypto/tls"
	"log/slog"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

// The limits of the line.
const (
	maxWaiters   = 64                           // requests that wait for an answer on one connection
	maxQueued    = 256                          // requests that wait for a place
	maxLate      = 256                          // late answers that wait for the forwarder
	maxUnjudged  = 64                           // late answers that wait for their MAC to be checked
	maxBadFrames = 32                           // messages in a row that cannot be read, then the connection is closed
	maxReopen    = 1                            // reopenings of a dead connection for one request
	maxWrongMACs = 3                            // answers in a row whose MAC is wrong: sign on again
	maxMisses    = 2                            // unanswered requests in a row: offline
	placeWaits   = 4                            // answer times that a request waits for a place
	keyLimit     = 2 * time.Second              // the first look at the keys
	macLimit     = 5 * time.Second              // checking one answer
	lateLimit    = 2 * time.Minute              // waiting for the holder of the keys to check a late one: longer than a PIN entry
	lateAgain    = 200 * time.Millisecond       // between two askings
	repeatAfter  = 60 * time.Second             // where neither settings nor profile name the wait
	echoOp       = "echo"                       // row of the transaction table
	signOnOp     = "sign_on"                    // row of the transaction table
	signOffOp    = "sign_off"                   // row of the transaction table
	settleOp     = "settlement"                 // row of the transaction table
	uploadOp     = "upload"                     // row of the transaction table
	uploadEndOp  = "upload_end"                 // row of the transaction table: the totals were equal
	uploadNotOp  = "upload_end_unbalanced"      // row of the transaction table: they were not
	currency     = "156"                        // field 49
	defaultOrg   = "CUP"                        // field 63.1 of an upload whose organisation is not known
	pinSecurity  = "2600000000000000"           // field 53 with a PIN under a double-length key
	pinSingle    = "2000000000000000"           // under a single-length one
	singlePIK    = "001"                        // network code of the sign-on that brings such a key
	pinLength    = "12"                         // field 26 with a PIN
	needSignOn   = 3                            // processing requirement of an answer's header
	codeTag      = "A3"                         // of the customer's payment code in field 59
	codeMost     = 512                          // characters of a payment code
	classSettle  = '5'                          // second digit of an MTI: settlement
	classUpload  = '3'                          // second digit of an MTI: batch upload
	offlineARC   = "\x8A\x02Y1"                 // data object of an offline approval
	offlineTag   = "8A"                         // its tag
	scriptsTag   = "DF31"                       // results of the issuer's scripts, five bytes each
	netTCP       = "tcp"                        // every line
	gone         = "the line was closed"        // detail
	noContact    = "no contact since the start" // detail
)

// Keys is the holder of the working keys: a PIN pad or the key store behind its port.
type Keys interface {
	LoadKeys(ctx context.Context, f62 []byte, layout string) error
	MAC(ctx context.Context, algorithm string, data []byte) ([8]byte, error)
	HasKeys(ctx context.Context) (bool, error)
}

// Options are the settings of a line. Address is host:port; Timeout and ReversalRepeat of 0 take the
// profile's. TLS (see MutualTLS) makes it a line of TLS 1.3; without it the line is plain TCP, which a
// profile with mutual_tls allows to this machine only. A Dial takes the place of both.
type Options struct {
	Address        string
	Profile        *wire.Profile
	TID, MID       string
	Keys           Keys
	Timeout        time.Duration
	ReversalRepeat time.Duration
	Clock          pos.Clock
	Log            *slog.Logger
	TLS            *tls.Config
	Dial           func(ctx context.Context, network, addr string) (net.Conn, error)
	// Asked is told each time what an answer's header asks the terminal to load: parameters, ca_keys,
	// card_parameters or blacklist. It must not block and may be nil.
	Asked func(what string)
}

// Link is the line to one host for one terminal; it implements pos.Acquirer and may be used by many goroutines.
type Link struct {
	o       Options
	p       *wire.Profile
	live    *places
	advice  *places
	dialing chan struct{}
	judging chan *wire.Message
	late    chan pos.LateReply
	ctx     context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup

	mu        sync.Mutex
	line      *line // the connection kept open
	old       *line // the one before, read for late answers only
	lines     map[*line]bool
	trading   sync.RWMutex // held for reading by every exchange, for writing by a sign-on
	redialled time.Time    // of the last opening that nobody asked for
	closed    bool
	health    health
	keys      health // since when there are keys, or none
	ready     bool
	asked     bool         // by the host, for a sign-on that was not tried since
	wrongMACs int          // answers in a row
	wanted    map[int]bool // processing requirements that were heard: each is logged once
}

var (
	_ pos.Acquirer = (*Link)(nil)
	_ pos.Settler  = (*Link)(nil)
)

// New makes the line; the connection is opened at the first request. It asks the keys' holder once, for at
// most two seconds, whether working keys are loaded.
func New(o Options) *Link {
	if o.Clock == nil {
		o.Clock = pos.WallClock{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Dial = dialer(o)
	if o.Timeout <= 0 {
		o.Timeout = o.Profile.Timers.Answer()
	}
	if o.ReversalRepeat <= 0 {
		o.ReversalRepeat = time.Duration(o.Profile.Timers.ReversalRepeatMS) * time.Millisecond
	}
	if o.ReversalRepeat <= 0 {
		o.ReversalRepeat = repeatAfter
	}
	l := &Link{
		o: o, p: o.Profile, dialing: make(chan struct{}, 1), lines: map[*line]bool{}, wanted: map[int]bool{},
		judging: make(chan *wire.Message, maxUnjudged), late: make(chan pos.LateReply, maxLate),
	}
	l.live = newPlaces(1)
	l.advice = l.live
	if n := o.Profile.Repeat.Window; n > 1 {
		l.advice = newPlaces(n)
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.health = health{state: offline, cause: causeNetwork, detail: noContact, since: o.Clock.Now()}
	l.keys.since = o.Clock.Now()
	ctx, cancel := context.WithTimeout(l.ctx, keyLimit)
	defer cancel()
	has, err := o.Keys.HasKeys(ctx)
	if err != nil {
		o.Log.Warn("the holder of the keys did not answer", "error", err)
	}
	l.ready = has && err == nil
	l.work.Go(l.judgeLate)
	return l
}

// Close ends every connection and every wait; a request after it is not sent.
func (l *Link) Close() error {
	l.mu.Lock()
	l.closed = true
	lines := make([]*line, 0, len(l.lines))
	for ln := range l.lines {
		lines = append(lines, ln)
	}
	l.mu.Unlock()
	l.cancel()
	for _, ln := range lines {
		ln.fail(net.ErrClosed)
	}
	l.work.Wait()
	return nil
}

// Ready tells whether working keys are loaded, as far as the line has heard; it asks nobody.
func (l *Link) Ready() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ready
}

// Window is how many advices may be outstanding at once.
func (l *Link) Window() int { return max(1, l.p.Repeat.Window) }

// Late gives the answers to sales, voids and uploads that nobody waits for any more. Late answers to
// reversals are only logged: the repeat brings another.
func (l *Link) Late() <-chan pos.LateReply { return l.late }

// Reversible tells whether an answer code leaves the outcome unknown (68 96 98 in the default profile).
func (l *Link) Reversible(code string) bool { return l.p.Codes.IsUnknown(code) }

// Timeout is how long one answer is waited for, counted from the write.
func (l *Link) Timeout() time.Duration { return l.o.Timeout }

// ReversalRepeat is the wait before the repeat of a reversal that was answered 12 or 25.
func (l *Link) ReversalRepeat() time.Duration { return l.o.ReversalRepeat }

// Repeats are the profile's rules of what is sent again; a rule that it does not
// name is the usual one.
func (l *Link) Repeats() pos.Repeats {
	r, t, n := pos.DefaultRepeats(), l.p.Timers, l.p.Repeat
	for _, v := range []struct {
		to *time.Duration
		ms int64
	}{{&r.First, t.BackoffFirstMS}, {&r.Most, t.BackoffMostMS}, {&r.GiveUp, t.ReversalGiveUpMS}, {&r.DeferredGiveUp, t.DeferredGiveUpMS}} {
		if v.ms > 0 {
			*v.to = time.Duration(v.ms) * time.Millisecond
		}
	}
	for _, v := range []struct {
		to *int
		n  int
	}{{&r.Tries, n.ReversalTries}, {&r.BeforeSale, n.BeforeSale}, {&r.DeferredTries, n.DeferredTries}} {
		if v.n > 0 {
			*v.to = v.n
		}
	}
	r.MayPass = n.SaleMayPassUnacknowledged
	return r
}

// floors are the floor limits of the applications, in the order of their
// names; none where all have the same.
func (l *Link) floors() []pos.Floor {
	var out []pos.Floor
	for _, aid := range slices.Sorted(maps.Keys(l.p.Applications)) {
		if f, own := l.p.Floors(l.p.Applications[aid]); own {
			out = append(out, pos.Floor{AID: aid, Chip: pos.Amount(f.Chip), Tap: pos.Amount(f.Tap)})
		}
	}
	return out
}

// Terms are the profile's rules of sums and PINs, and of what a till takes by
// itself.
func (l *Link) Terms() pos.Terms {
	r := l.p.Risk
	_, tells := l.p.Transactions[string(pos.OpScriptResult)]
	return pos.Terms{
		CompletionPercent: l.p.Limits.CompletionPercent, ContactlessNoPIN: pos.Amount(l.p.Limits.ContactlessNoPIN),
		PINFormat: byte(l.p.PIN.Format), PINKeys: l.p.PIN.KeysOrSession(), //nolint:gosec // 0, 3 or 4
		PINBypass: l.p.PIN.Bypass, ScriptResults: tells,
		Risk: pos.RiskTerms{
			FloorLimit: pos.Amount(r.FloorLimit), Floors: l.floors(),
			Selection:  pos.Selection{Target: r.TargetPercent, Most: r.MostPercent, Threshold: pos.Amount(r.Threshold)},
			PerPayment: pos.Amount(r.PerPayment), PerTerminal: pos.Amount(r.PerTerminal), Count: r.Count, PerCard: r.PerCard,
			StopAfter: r.StopAfter(),
		},
	}
}
