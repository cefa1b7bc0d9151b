package forward

import (
	"context"
	"errors"
	"time"

	"tillkeeper/app/pos"
)

// Forward probes the host and tries everything now, backed-off and manual
// items too, until nothing is left or the context ends. It gives what is left.
//
// An item that the host answered forcedTries times without ending it is left to
// its back-off: the command forces no more of the tries of its life.
func (f *Forwarder) Forward(ctx context.Context) (left int, err error) {
	return f.rounds(ctx, false, func(int) bool { return true })
}

// Once is Forward for somebody who waits: it ends when nothing more is forced,
// and the wait before the repeat after a 12 or 25 is kept.
func (f *Forwarder) Once(ctx context.Context) (left int, err error) {
	last, same := -1, 0
	return f.rounds(ctx, true, func(left int) bool {
		if same++; left != last {
			last, same = left, 0
		}
		return same < forcedTries
	})
}

// rounds tries everything until nothing is left, the context ends, or more says
// that it is enough.
func (f *Forwarder) rounds(ctx context.Context, waits bool, more func(left int) bool) (left int, err error) {
	command := f.commands.Add(1)
	for {
		if err := f.Probe(ctx); err != nil && !errors.Is(err, context.Canceled) {
			f.o.Log.Info("the host did not answer a probe", "error", err)
		}
		c := call{kind: callForward, left: make(chan int, 1), command: command, waits: waits}
		select {
		case f.calls <- c:
		case <-ctx.Done():
			return f.count()
		case <-f.done:
			return f.count()
		}
		select {
		case left := <-c.left:
			if left == 0 || !more(left) {
				return left, nil
			}
		case <-ctx.Done():
			return f.count()
		case <-f.done:
			return f.count()
		}
		select {
		case <-time.After(forwardPause):
		case <-ctx.Done():
			return f.count()
		}
	}
}

// errEnded says that the queue has no owner any more.
var errEnded = errors.New("the queue is closed")

// Deliver tries to deliver one waiting item now; it fails where the item waits
// still, and while a payment is being made.
func (f *Forwarder) Deliver(ctx context.Context, attempt string) error {
	if f.paying.running() {
		return pos.Errorf("payment_running", "wait for its outcome", "attempt %s waits for the end of a payment", attempt)
	}
	if r := f.prepare(ctx, func() {}); !r.Online {
		return pos.Errorf(r.Reason, "try again when the line is back", "attempt %s waits for the line", attempt)
	}
	c := call{kind: callDeliver, left: make(chan int, 1), attempt: attempt}
	select {
	case f.calls <- c:
	case <-ctx.Done():
		return ctx.Err()
	case <-f.done:
		return errEnded
	}
	select {
	case <-c.left:
	case <-ctx.Done():
		return ctx.Err()
	case <-f.done:
		return errEnded
	}
	a, err := f.o.Journal.Attempt(attempt)
	if err == nil && isAdvice(a) {
		err = pos.Errorf("delivery_pending", "try again when the line is back", "attempt %s waits still", attempt)
	}
	return err
}

// Quiet does something in the owner's goroutine while nothing is in the air.
func (f *Forwarder) Quiet(ctx context.Context, do func() error) error {
	c := call{kind: callQuiet, do: do, done: make(chan error, 1)}
	select {
	case f.calls <- c:
	case <-ctx.Done():
		return ctx.Err()
	case <-f.done:
		return errEnded
	}
	select { // once the owner has it, it is done or the till ends
	case err := <-c.done:
		return err
	case <-f.done:
		return errEnded
	}
}

// settling says that a settlement runs: until its close no payment, reversal or
// advice leaves.
func (f *Forwarder) settling() bool { return f.o.Journal.Setting(pos.SetSettling) != "" }

// forwardPause is the wait between two rounds of Forward.
const forwardPause = 200 * time.Millisecond

func (f *Forwarder) count() (int, error) {
	open, err := f.o.Journal.Open()
	n := 0
	for _, a := range open {
		if sendable(a) || a.State == pos.Manual && a.Reason != "" {
			n++
		}
	}
	return n, err
}
