// Package settle closes a batch with the acquirer, compares the journal with
// the acquirer's file, and tells the story of one payment.
//
// It promises that the totals of a batch are frozen in one durable commit
// before the first 0500 leaves, that from that commit until the close card and
// wallet wait and no money message leaves, that every message keeps its trace
// number until it is answered, and that whatever was acknowledged is durable
// before the next message: killed anywhere, it goes on at the next item and a
// batch is closed exactly once. It never counts a payment that the host did not
// take, never waits for the printer, never resolves a difference by itself.
//
// Layout: pos.SetSettling holds the settlement that runs (JSON of work),
// SetItems the trace numbers to upload, six digits each, SetClosed the closed
// batches whose key or left out payments still wait (JSON of closed), SetHolds
// the pre-authorizations that outlived their batch (JSON list of attempts),
// SetLast the last settlement (JSON of work). Amounts are fen.
package settle

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
	"tillkeeper/app/recon"
	"tillkeeper/app/staff"
)

// The settings of this flow beside pos.SetSettling.
const (
	SetItems  = "settling_items"
	SetClosed = "closed_batches"
	SetHolds  = "standing_preauths"
	SetLast   = "last_settlement"
)

// Options are the ports and settings of a desk. Journal, Host, Queue, Till,
// Vault and Clock are needed; Print, Slip, Changed, Log, Layout and Fetch
// may be nil.
type Options struct {
	Journal  pos.Journal
	Host     pos.Settler
	Queue    Queue
	Till     Till
	Vault    pos.Vault
	Staff    *staff.List
	Codes    *decline.Table
	TID, MID string
	Operator string                            // DE 63 of the 0500, three digits; "" is DefaultOperator
	Layout   func(pos.FileLayout) recon.Layout // how the acquirer's files are read here; nil: UTF-8 and UTC+8
	Print    func(number string, slip any)
	Slip     Slip
	Clock    pos.Clock
	DayOf    func(time.Time) (day string, hour int)
	SignOn   func(ctx context.Context) error // where the host asks for it in the middle; may be nil
	Changed  func()                          // progress or state changed; must not block
	Log      *slog.Logger
	Fetch    func(ctx context.Context, day string) (io.ReadCloser, error) // the acquirer's file of a day
}

// DefaultOperator is the operator number of a till that names none.
const DefaultOperator = "001"

// Queue is what settling needs of the unattended flow. Quiet runs do in the
// goroutine that owns the queue while nothing is in the air; afterwards the
// queue looks at pos.SetSettling: while it is not empty no reversal, upload or
// refund leaves.
type Queue interface {
	Once(ctx context.Context) (left int, err error) // tries what waits now, and ends when nothing more is to be had
	Quiet(ctx context.Context, do func() error) error
	Heard(within time.Duration) bool // the line stands and the host spoke so lately
	Wake()
}

// Till is what settling needs of the attended flow. HoldCards refuses with
// pos.Error payment_running while a card or wallet payment runs; until release
// none can begin. While pos.SetSettling is not empty the till refuses them by
// itself.
type Till interface {
	HoldCards() (release func(), err error)
}

// Slip makes the documents that are printed.
type Slip interface {
	Settlement(r Report) any
	Story(a pos.Attempt, linked []pos.Attempt, events []pos.Event, differences []pos.Difference, operator string) any
}

// Approval is a supervisor's number and PIN.
type Approval struct{ Staff, PIN string }

// Report is what became of a settlement.
type Report = pos.BatchReport

// The stages of a settlement as Progress names them.
const (
	StageForward = "forward" // what is owed goes first
	StageTotals  = "totals"  // 0500
	StageUpload  = "upload"  // 0320, the payments
	StageEnd     = "end"     // 0320, the count
	StageClosing = "closing" // the journal takes over
)

// waits are the limits of what a desk waits for; tests shorten them.
type waits struct {
	forward time.Duration // for what is owed, before the totals are frozen
	probe   time.Duration // for a sign of life of the host, before that
	try     time.Duration // between two tries within a command
	first   time.Duration // before the first try in the background
	most    time.Duration // between two tries in the background
	tidy    time.Duration // between two looks at closed batches
}

var usual = waits{
	forward: 20 * time.Second, probe: 5 * time.Second, try: time.Second, first: 5 * time.Second, most: 5 * time.Minute, tidy: time.Minute,
}

// The limits of a settlement.
const (
	maxTries  = 3   // of one message within a command
	chunk     = 500 // events of one commit
	maxJoins  = 4   // settlements that a command waits for
	stanWidth = 6
)

// Desk settles and reconciles. It is safe for concurrent use.
type Desk struct {
	o     Options
	waits waits
	wake  chan struct{} // try now
	begun chan struct{} // something runs that Run does not know yet

	tidying sync.Mutex // SetClosed and SetHolds
	files   sync.Mutex // one file at a time

	mu    sync.Mutex
	run   *run
	stage string
	done  int
	of    int
}

// run is a settlement under way that others may join.
type run struct {
	done chan struct{}
	rep  Report
	err  error
}

// New makes a desk; Run goes on with what a crash interrupted.
func New(o Options) *Desk {
	if o.Operator == "" {
		o.Operator = DefaultOperator
	}
	if o.Print == nil {
		o.Print = func(string, any) {}
	}
	if o.Changed == nil {
		o.Changed = func() {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Layout == nil {
		o.Layout = func(l pos.FileLayout) recon.Layout { return recon.Layout{FileLayout: l} }
	}
	return &Desk{o: o, waits: usual, wake: make(chan struct{}, 1), begun: make(chan struct{}, 1)}
}

// Running says whether a settlement is open: until its close card and wallet
// wait.
func (d *Desk) Running() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.run != nil || d.o.Journal.Setting(pos.SetSettling) != ""
}

// Progress gives the stage ("" when nothing runs) and, in StageUpload and
// StageClosing, how many of how many payments are done.
func (d *Desk) Progress() (stage string, done, of int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stage == "" {
		if w, ok := d.load(); ok {
			return w.Stage, w.Uploaded, w.Count
		}
	}
	return d.stage, d.done, d.of
}

func (d *Desk) show(stage string, done, of int) {
	d.mu.Lock()
	d.stage, d.done, d.of = stage, done, of
	d.mu.Unlock()
	d.o.Changed()
}

// enter begins a run, or gives the one to join.
func (d *Desk) enter() (r *run, mine bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.run != nil {
		return d.run, false
	}
	d.run = &run{done: make(chan struct{})}
	return d.run, true
}

func (d *Desk) leave(r *run, rep Report, err error) {
	d.mu.Lock()
	r.rep, r.err = rep, err
	d.run, d.stage, d.done, d.of = nil, "", 0, 0
	d.mu.Unlock()
	close(r.done)
	d.o.Changed()
}

// nudge leaves a word in a channel of one place.
func nudge(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Wake says that the line is back: an interrupted settlement goes on now.
func (d *Desk) Wake() { nudge(d.wake) }
