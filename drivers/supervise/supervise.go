// Package supervise keeps one device open: it opens it, looks at it now and
// then, waits and opens it again when it has gone, and says how it is. One
// goroutine a device does this; whoever needs the device borrows it with With,
// one at a time.
//
// It promises that a device that is missing or broken is a condition with a
// reason of the closed list (drivers/port) and never an end of the till; that a
// device is used by one at a time, so that an open, a look and a use never meet;
// that nothing is looked at more often than every two seconds unless somebody
// asks; and that after Close nothing of it runs.
//
// Waits: after a failed open First, doubled up to Most; a Nudge (something was
// plugged in) begins again with a tenth of a second, because the permissions of
// a new device come a moment after it, and while they may still come a missing
// permission or another program that tries the device out is not published.
//
// A panic of a driver is a fault of the program and is not hidden. In a use
// (With) it goes on to the caller, after the device was closed. In the
// supervisor's own goroutine (open, poll, close) it must not take the till and
// its payments with it: it is logged as an error with its stack, without the
// value unless the runtime made it (a value could hold a card), the condition
// becomes device_fault, and after the third one the device stays shut until
// Replace, so that nothing fails in circles unseen.
package supervise

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// Device is an open device as its driver gives it.
type Device interface {
	// Poll looks whether the device is well, without moving anything. Its error
	// carries a reason: one that the device itself says (paper_out) leaves it
	// open, any other closes it and has it opened again.
	Poll(ctx context.Context) error
	Close() error
}

// Waiter is a device that notices by itself that it has gone. Gone is closed
// then, and Err says why.
type Waiter interface {
	Gone() <-chan struct{}
	Err() error
}

// The limits of every supervisor.
const (
	LeastPoll  = 2 * time.Second        // nothing is looked at more often by itself
	leastGap   = 200 * time.Millisecond // between two looks that are asked for
	settleStep = 100 * time.Millisecond // the first wait after a nudge
	settleTime = 3 * time.Second        // so long permissions may take to come
	openLimit  = 15 * time.Second       // of one open
	pollLimit  = 10 * time.Second       // of one look
	closeLimit = 5 * time.Second        // Close waits so long for a driver that hangs
	maxPanics  = 3                      // then the device stays shut
)

// The ways in which a supervisor itself refuses.
var (
	ErrClosed   = errors.New("the device was closed")
	ErrReplaced = errors.New("another device has taken its place")
	ErrStuck    = errors.New("the driver does not let go of the device")
	errPanic    = errors.New("the driver has failed: the log says where")
)

// Options sets a supervisor up. Zero durations take the defaults.
type Options[D Device] struct {
	Name    string                               // of the device in conditions: reader, printer ...
	Open    func(ctx context.Context) (D, error) // nil: not configured, until Replace
	Poll    time.Duration                        // between two looks: 5 s; at least LeastPoll; negative: never, the device is a Waiter
	First   time.Duration                        // wait after the first failure: 1 s
	Most    time.Duration                        // longest wait: 30 s
	Changed func(pos.Condition)                  // told of each change, one at a time, in order; must not call Look, Replace or Close
	Log     *slog.Logger                         // nil: nothing is logged
}

// Supervisor keeps one device open. Its methods may be called from anywhere.
type Supervisor[D Device] struct {
	o       Options[D]
	ctx     context.Context
	stop    context.CancelCauseFunc
	done    chan struct{}
	tried   chan struct{} // closed when the first open has ended
	turn    chan struct{} // holds one token: whoever took it may use what is guarded by it
	nudges  chan struct{}
	lost    chan struct{} // a use has closed the device
	asks    chan chan struct{}
	changes chan change[D]

	// Guarded by turn.
	open func(ctx context.Context) (D, error)
	dev  D
	is   bool  // dev is open
	why  error // why it is not

	mu     sync.Mutex
	cond   pos.Condition
	ending context.CancelCauseFunc // of the use that runs
	out    error                   // why every use has to end, nil: it need not

	// Of the supervisor's goroutine alone.
	waiter  Waiter // the open device, where it notices its end by itself
	wait    time.Duration
	panics  int
	last    time.Time // of the last open or look
	settles time.Time // until then permissions may come
}

type change[D Device] struct {
	open func(ctx context.Context) (D, error)
	done chan struct{}
}

// New starts a supervisor; it opens the device at once, in its own goroutine.
func New[D Device](o Options[D]) *Supervisor[D] {
	defaults(&o)
	s := &Supervisor[D]{
		o: o, open: o.Open, done: make(chan struct{}), tried: make(chan struct{}), turn: make(chan struct{}, 1), nudges: make(chan struct{}, 1),
		lost: make(chan struct{}, 1), asks: make(chan chan struct{}), changes: make(chan change[D]),
		wait: o.First, cond: pos.Condition{Name: o.Name, State: "busy"},
	}
	s.ctx, s.stop = context.WithCancelCause(context.Background())
	s.turn <- struct{}{}
	go s.run()
	return s
}

func defaults[D Device](o *Options[D]) {
	if o.Poll == 0 {
		o.Poll = 5 * time.Second
	}
	if o.Poll > 0 {
		o.Poll = max(o.Poll, LeastPoll)
	}
	if o.First <= 0 {
		o.First = time.Second
	}
	if o.Most <= 0 {
		o.Most = 30 * time.Second
	}
	o.Most = max(o.Most, o.First)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Changed == nil {
		o.Changed = func(pos.Condition) {}
	}
}

// Reason gives the reason of the closed list that an error stands for, "" for
// nil (drivers/port).
func Reason(err error) string { return port.Reason(err) }

// Condition says how the device is, by what is known. "busy" is before the
// first open has ended.
func (s *Supervisor[D]) Condition() pos.Condition {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cond
}

// With lends the open device to use, alone; it waits for its turn, and for the
// end of the first open, until ctx ends. The context that use is given ends also
// when the device is replaced or closed. An error of use that means that the
// device has gone closes it and has it opened again. While it is not open the
// error is a pos.Error with the reason.
func (s *Supervisor[D]) With(ctx context.Context, use func(ctx context.Context, d D) error) error {
	select {
	case <-s.tried:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.ctx.Done():
		return ErrClosed
	}
	if err := s.take(ctx); err != nil {
		return err
	}
	if !s.is {
		err := s.why
		s.turn <- struct{}{}
		return err
	}
	inner, end := context.WithCancelCause(ctx)
	s.setEnding(end)
	err := errPanic // what stands if use does not return
	defer func() {
		s.setEnding(nil)
		end(nil)
		if errors.Is(err, errPanic) || port.Gone(err) && ctx.Err() == nil {
			s.shut(err)
			wake(s.lost)
		}
		s.turn <- struct{}{}
	}()
	err = use(inner, s.dev)
	if cause := context.Cause(inner); err != nil && cause != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w (%w)", cause, err)
	}
	return err
}

// take takes the turn.
func (s *Supervisor[D]) take(ctx context.Context) error {
	if s.ctx.Err() != nil {
		return ErrClosed
	}
	select {
	case <-s.turn:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.ctx.Done():
		return ErrClosed
	}
}

func (s *Supervisor[D]) setEnding(end context.CancelCauseFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending = end
	if end != nil && s.out != nil {
		end(s.out)
	}
}

// evict ends the use that runs, and each that begins, until relent.
func (s *Supervisor[D]) evict(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = cause
	if s.ending != nil {
		s.ending(cause)
	}
}

func (s *Supervisor[D]) relent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = nil
}

// Nudge says that something was plugged in or taken out: a device that is shut
// is tried now and again soon, one that is open is looked at.
func (s *Supervisor[D]) Nudge() { wake(s.nudges) }

// Look looks at the device now, or tries to open it, and says how it is then.
// The end of ctx ends the wait, not the look. A device in use is not disturbed.
func (s *Supervisor[D]) Look(ctx context.Context) pos.Condition {
	answer := make(chan struct{})
	select {
	case s.asks <- answer:
		select {
		case <-answer:
		case <-ctx.Done():
		case <-s.done:
		}
	case <-ctx.Done():
	case <-s.done:
	}
	return s.Condition()
}

// Replace takes another device from now on: the use that runs is ended, the old
// device closed, the new one opened. nil stands for none. It returns when the
// first open of the new one has ended, well or not, or with ctx.
func (s *Supervisor[D]) Replace(ctx context.Context, open func(ctx context.Context) (D, error)) error {
	c := change[D]{open: open, done: make(chan struct{})}
	select {
	case s.changes <- c:
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.done:
		return ErrClosed
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.done:
		return ErrClosed
	}
}

// Close ends the use that runs, closes the device and ends the supervisor. A
// driver that does not let go within five seconds is left behind: ErrStuck.
func (s *Supervisor[D]) Close() error {
	s.stop(ErrClosed)
	s.evict(ErrClosed)
	t := time.NewTimer(closeLimit)
	defer t.Stop()
	select {
	case <-s.done:
		return nil
	case <-t.C:
		return ErrStuck
	}
}

// shut closes the device. The caller has the turn.
func (s *Supervisor[D]) shut(why error) {
	s.why = s.absent(why)
	if !s.is {
		return
	}
	s.is = false
	dev := s.dev
	var none D
	s.dev = none
	if err := guard(s.o.Log, s.o.Name, dev.Close); err != nil && !errors.Is(err, fs.ErrClosed) {
		s.o.Log.Debug("closing a device", "device", s.o.Name, "error", err)
	}
}

// absent is what those get who want a device that is not open.
func (s *Supervisor[D]) absent(why error) error {
	return &pos.Error{Code: port.Reason(why), Message: fmt.Sprintf("the %s is not open", s.o.Name), Err: why}
}

// says are the reasons that come out of a device that is there and speaks.
var says = []string{
	port.PaperOut, port.PaperLow, port.CoverOpen, port.Cutter, port.Overheated, port.DrawerOpen,
	port.CardRemoved, port.CardUnreadable, port.NoReader, port.NotConfigured,
}

func stays(err error) bool { return err == nil || slices.Contains(says, port.Reason(err)) }

// condition makes a condition of what was found.
func (s *Supervisor[D]) condition(err error) pos.Condition {
	c := pos.Condition{Name: s.o.Name, State: "fault", Code: port.Reason(err)}
	switch c.Code {
	case "":
		c.State = "ok"
	case port.PaperLow, port.DrawerOpen, port.CardRemoved, port.CardUnreadable:
		c.State = "warn"
	case port.NotConfigured:
		c.State = "off"
	}
	if err != nil {
		c.Detail = err.Error()
	}
	return c
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // one is waiting already
	}
}
