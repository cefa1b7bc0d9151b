// Package checkout is the attended flow: one basket at a time, commands in,
// immutable snapshots out. It promises that nothing is sent before the journal
// has it, that an answer to a command is given only after what it says is
// durable, and that one goroutine at a time changes the till. It never draws,
// never opens a device or a socket, and knows the host only through its ports.
package checkout

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
	"tillkeeper/app/risk"
	"tillkeeper/app/staff"
)

// Line is the unattended flow as the checkout sees it.
type Line interface {
	// Prepare signs on where needed and tries each pending reversal first, at
	// most three times. Until the context ends no deferred sale leaves, and keys
	// and batch stay as they are.
	Prepare(ctx context.Context) pos.Ready
	SignOn(ctx context.Context) error
	Wake()          // something new is owed
	Link() pos.Link // for the status bar
	// Deliver tries to deliver one waiting item now.
	Deliver(ctx context.Context, attempt string) error
	LastOnline() time.Time
}

// Slip makes the documents that a printer takes.
type Slip interface {
	Sale(b pos.Basket, attempts []pos.Attempt, operator string, again bool) any
	Attempt(a pos.Attempt, operator string) any // refused or unknown
	FollowUp(a pos.Attempt, original *pos.Attempt, lines []pos.Line, operator string, again bool) any
	Balance(a pos.Attempt, left *pos.Amount, notify *bool, operator string) any
}

// Timers bound the attended steps; all are monotonic durations.
type Timers struct {
	Present time.Duration // waiting for a card
	PIN     time.Duration
	QR      time.Duration // life of a wallet order
	Poll    time.Duration // between two queries of an order
	Think   time.Duration // of a simulated customer, beyond a script's
	Choose  time.Duration // for the customer's choice among a card's applications; 0: not asked
}

// DefaultTimers are what a shop starts with.
func DefaultTimers() Timers {
	return Timers{
		Present: 60 * time.Second, PIN: 60 * time.Second, QR: 120 * time.Second, Poll: 3 * time.Second, Think: 3 * time.Second,
		Choose: 20 * time.Second,
	}
}

// ScriptTimers let a script's wallet order be asked for more often than a
// cashier's, and end sooner.
func ScriptTimers() Timers {
	t := DefaultTimers()
	t.Poll, t.QR, t.Think, t.Choose = 50*time.Millisecond, 10*time.Second, 0, 0
	return t
}

// Options are the ports and settings of a session.
type Options struct {
	Journal    pos.Journal
	Host       pos.Acquirer
	Line       Line
	Reader     pos.CardReader
	PINPad     pos.PINPad
	Printer    pos.Printer
	Wallet     pos.Wallet // nil: no QR
	Vault      pos.Vault
	Staff      *staff.List
	Codes      *decline.Table
	Goods      Catalogue
	Slip       Slip
	Shop       Shop
	Tax        pos.TaxMode
	Limits     risk.Limits     // of the shop; the acquirer's win
	Blacklist  *risk.Blacklist // nil: none
	Offline    bool            // cards may approve offline
	Deferred   bool            // sales at the shop's risk
	Clock      pos.Clock
	DayOf      func(time.Time) (day string, hour int)
	Timers     Timers
	Room       func() (pos.Room, error) // of the journal; why it cannot take a card payment now. nil: not asked
	Conditions func() []pos.Condition
	Log        *slog.Logger
}

// Session is the till's attended flow. It implements Face.
type Session struct {
	o        Options
	mu       sync.Mutex // owns everything below it
	operator pos.Operator
	basket   pos.Basket
	selected int
	held     int
	running  *run
	outcome  *Outcome
	last     *LastSale
	owed     LineView // sums of the queue, as of owedAt
	owedAt   time.Time
	pending  bool // a refresh is on its way
	stray    bool // the journal did not take an outcome: decided before the next payment
	closing  int  // settlements that hold card and QR
	filled   fill // the open batch, as it was counted last
	tight    tight
	step     Step
	card     *CardView
	qr       *QRView
	choice   *choice

	version atomic.Uint64
	snap    atomic.Pointer[Snapshot]
	subs    sync.Map // func id -> func(*Snapshot)
	nextSub atomic.Uint64
}

// run is the payment in flight and the ways to end it early.
type run struct {
	cancel context.CancelCauseFunc // ends the waits that a person may end
	user   context.Context
	check  chan struct{} // query the wallet at once
	pay    Pay
	began  time.Time
}

// errCancelled is the cause of a wait that a person ended.
var errCancelled = errors.New("cancelled by the cashier")

// New takes up the open basket, if there is one, and hands out a first
// snapshot.
func New(o Options) (*Session, error) {
	s := &Session{o: o, step: StepSignIn}
	open, err := o.Journal.Baskets(pos.BasketOpen)
	if err != nil {
		return nil, err
	}
	if len(open) > 0 {
		s.basket = open[len(open)-1]
		if err := s.recount(); err != nil {
			return nil, err
		}
	}
	held, err := o.Journal.Baskets(pos.BasketHeld)
	if err != nil {
		return nil, err
	}
	s.held = len(held)
	s.publish()
	return s, nil
}

// Snapshot is the newest one.
func (s *Session) Snapshot() *Snapshot { return s.snap.Load() }

// Look publishes a snapshot of this moment and gives it.
func (s *Session) Look() *Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owedAt = time.Time{}
	s.publish()
	return s.snap.Load()
}

// Subscribe calls f with each new snapshot until it is cancelled.
func (s *Session) Subscribe(f func(*Snapshot)) func() {
	id := s.nextSub.Add(1)
	s.subs.Store(id, f)
	return func() { s.subs.Delete(id) }
}

// Refresh publishes a snapshot with the present state of line and devices soon;
// calls in quick succession share one.
func (s *Session) Refresh() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending {
		return
	}
	s.pending = true
	wait := owedFor - time.Since(s.owedAt)
	time.AfterFunc(max(0, wait)+time.Millisecond, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pending = false
		if s.running == nil {
			if err := s.recount(); err != nil {
				s.o.Log.Error("the payments of the basket cannot be read", "error", err)
			}
		}
		s.publish()
	})
}

// Catalogue gives the goods.
func (s *Session) Catalogue() Catalogue { return s.o.Goods }

// Journal gives the readable part of the journal.
func (s *Session) Journal() Reader { return s.o.Journal }

// publish builds a snapshot. The caller holds mu.
func (s *Session) publish() {
	n := &Snapshot{
		Version: s.version.Add(1), Time: s.o.Clock.Now(), Step: s.step, Shop: s.o.Shop, Operator: s.operator,
		Basket: *s.basket.Clone(), Selected: s.selected, Held: s.held, Line: s.lineView(),
		Outcome: s.outcome, Last: s.last, Refused: map[pos.Tender]string{}, Settling: s.settling(),
	}
	if s.card != nil {
		c := *s.card
		n.Card = &c
	}
	if s.qr != nil {
		q := *s.qr
		n.QR = &q
	}
	if s.o.Conditions != nil {
		n.Devices = s.o.Conditions()
	}
	n.Devices = append(slices.Clip(n.Devices), s.ownConditions()...)
	for _, t := range []pos.Tender{pos.Cash, pos.Card, pos.QR} {
		if e := s.tenderFaultWith(t, n.Line, n.Devices); e != nil {
			n.Refused[t] = e.Code
		}
	}
	s.hand(n)
}

// publishCard is publish where nothing but the card's stage and the basket have
// changed: the rest of the last snapshot is taken over, for a sale shows many
// stages. A changed line is published whole, and a changed device tells of
// itself. The caller holds mu.
func (s *Session) publishCard() {
	had := s.snap.Load()
	if had.Line != s.lineView() {
		s.publish()
		return
	}
	n, c := *had, *s.card
	n.Version, n.Time, n.Card, n.Basket = s.version.Add(1), s.o.Clock.Now(), &c, *s.basket.Clone()
	s.hand(&n)
}

// hand makes a snapshot the newest one.
func (s *Session) hand(n *Snapshot) {
	s.snap.Store(n)
	s.subs.Range(func(_, f any) bool {
		f.(func(*Snapshot))(n)
		return true
	})
}

// settling says that a settlement runs: from its first message to its close no
// payment leaves. The caller holds mu.
func (s *Session) settling() bool {
	return s.closing > 0 || s.o.Journal.Setting(pos.SetSettling) != ""
}

// HoldCards lets no card or wallet payment begin until it is released; it
// fails while a payment runs.
func (s *Session) HoldCards() (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return nil, pos.Errorf("payment_running", "wait for its outcome", "a payment is being made")
	}
	s.closing++
	s.publish()
	var once sync.Once
	return func() {
		once.Do(func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.closing--
			s.publish()
		})
	}, nil
}

// owedFor is how long the sums of the queue are shown before they are added up
// again: with thousands of waiting items that is work.
const owedFor = 100 * time.Millisecond

// lineView is the line as it is now, and what is owed as it was a moment ago.
// The caller holds mu.
func (s *Session) lineView() LineView {
	v := s.o.Line.Link()
	if time.Since(s.owedAt) > owedFor {
		open, err := s.o.Journal.Open()
		if err != nil {
			return LineView{State: v.State, Cause: v.Cause, Since: v.Since}
		}
		s.owed, s.owedAt = s.addUp(open), time.Now()
	}
	o := s.owed
	o.State, o.Cause, o.Since = v.State, v.Cause, v.Since
	return o
}

// addUp gives what is owed and the room that it leaves.
func (s *Session) addUp(open []pos.Attempt) (v LineView) {
	for i := range open {
		switch pos.StateRules[open[i].State].Due {
		case pos.DueUpload:
			v.Queued++
			v.QueuedSum += open[i].Amount
		case pos.DueReverse, pos.DueRepeat:
			v.Reversing++
		case pos.DuePerson:
			v.Persons++
		}
	}
	limits := s.limits()
	sum, count := risk.Room(limits, risk.ExposureOf(open))
	v.RoomSum, v.RoomCount = sum, count
	switch {
	case !s.o.Offline:
		v.OfflineOff = "offline_off"
	case risk.TooLong(limits, s.o.Line.LastOnline(), s.o.Clock.Now()):
		v.OfflineOff = "offline_too_long"
	case sum <= 0:
		v.OfflineOff = "offline_limit_total"
	case count <= 0:
		v.OfflineOff = "offline_limit_count"
	}
	return v
}

// off says whether no device of that name is configured.
func off(devices []pos.Condition, name string) bool {
	for _, c := range devices {
		if c.Name == name {
			return c.State == "off"
		}
	}
	return false
}

// tenderFault says why a tender cannot be used now, whatever the basket.
func (s *Session) tenderFault(t pos.Tender, line LineView) *pos.Error {
	var devices []pos.Condition
	if s.o.Conditions != nil && t == pos.Card {
		devices = s.o.Conditions()
	}
	return s.tenderFaultWith(t, line, devices)
}

// tenderFaultWith is tenderFault where the conditions of the devices are known.
func (s *Session) tenderFaultWith(t pos.Tender, line LineView, devices []pos.Condition) *pos.Error {
	switch t {
	case pos.Cash:
		return nil
	case pos.Card, pos.QR:
		if s.settling() {
			return pos.Errorf("settlement_running", "take cash, or wait until the settlement ends", "a settlement runs: card and QR wait")
		}
	}
	if e := s.batchFault(0); e != nil && t == pos.Card {
		return e
	}
	switch t {
	case pos.Card:
		if s.o.Reader == nil || off(devices, "reader") {
			return pos.Errorf("not_configured", "name a card reader under [devices]", "no card reader is configured")
		}
		if line.State == "offline" && !s.o.Deferred && line.OfflineOff != "" {
			return pos.Errorf(line.OfflineOff, "take cash, or wait for the line", "no card can be taken without the line")
		}
	case pos.QR:
		if s.o.Wallet == nil {
			return pos.Errorf("not_configured", "name a gateway under [wallet]", "no wallet gateway is configured")
		}
		if line.State == "offline" {
			return pos.Errorf("qr_offline", "take cash or a card", "a wallet payment cannot be confirmed without the line")
		}
	default:
		return pos.Errorf("bad_tender", "use cash, card or qr", "there is no tender %q", string(t))
	}
	return nil
}
