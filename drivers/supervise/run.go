package supervise

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"runtime/debug"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// never is the wait of what only an event ends.
const never = time.Duration(1<<63 - 1)

// run is the supervisor's goroutine.
func (s *Supervisor[D]) run() {
	defer close(s.done)
	wait := s.step()
	close(s.tried)
	for {
		timer := time.NewTimer(wait)
		var gone <-chan struct{}
		if s.waiter != nil {
			gone = s.waiter.Gone()
		}
		var told chan struct{} // somebody waits for the end of the step
		select {
		case <-s.ctx.Done():
			timer.Stop()
			s.evict(ErrClosed)
			<-s.turn // never given back: nobody uses the device from now on
			s.shut(ErrClosed)
			return
		case <-timer.C:
			wait = s.step()
		case <-gone:
			wait = s.hangup(s.waiter.Err())
		case <-s.lost:
			wait = s.mourn()
		case <-s.nudges:
			wait = s.nudged()
		case told = <-s.asks:
			s.pause()
			wait = s.step()
		case c := <-s.changes:
			wait, told = s.replace(c.open), c.done
		}
		timer.Stop()
		if told != nil {
			close(told)
		}
	}
}

// step opens the device that is shut or looks at the one that is open, and
// gives the time until the next step.
func (s *Supervisor[D]) step() time.Duration {
	if s.panics >= maxPanics {
		return never
	}
	select {
	case <-s.turn:
	default: // in use: who uses it will see by himself what is wrong
		return s.between(nil)
	}
	is, err := s.is, error(nil)
	if is {
		err = s.look()
	} else {
		err = s.tryOpen()
	}
	s.last = time.Now()
	if err != nil && (!s.is || !stays(err)) {
		s.waiter = nil
		s.shut(err)
	}
	open := s.is
	s.turn <- struct{}{}
	if s.ctx.Err() != nil {
		return never
	}
	s.publish(err)
	switch {
	case errors.Is(err, errPanic):
		s.panics++
		return s.later()
	case open:
		s.wait = s.o.First
		return s.between(err)
	case is:
		return s.afterLoss()
	case port.Reason(err) == port.NotConfigured:
		return never
	}
	return s.later()
}

// between is the time between two looks at an open device; one that complains
// is looked at as often as is allowed, so that its cure shows soon.
func (s *Supervisor[D]) between(err error) time.Duration {
	switch {
	case s.o.Poll < 0:
		return never
	case err != nil:
		return min(s.o.Poll, LeastPoll)
	}
	return s.o.Poll
}

// later is the wait after a failed open; the next one is twice as long.
func (s *Supervisor[D]) later() time.Duration {
	wait := s.wait
	s.wait = min(2*s.wait, s.o.Most)
	return wait
}

// afterLoss is the wait after an open device was lost: short once, for a line
// that only broke.
func (s *Supervisor[D]) afterLoss() time.Duration {
	s.wait = s.o.First
	return settleStep
}

// tryOpen opens the device. The caller has the turn.
func (s *Supervisor[D]) tryOpen() error {
	if s.open == nil {
		return pos.Errorf(port.NotConfigured, "", "no %s is configured", s.o.Name)
	}
	ctx, cancel := context.WithTimeout(s.ctx, openLimit)
	defer cancel()
	return guard(s.o.Log, s.o.Name, func() error {
		dev, err := s.open(ctx)
		if err != nil {
			return err
		}
		s.dev, s.is = dev, true
		s.waiter, _ = any(dev).(Waiter)
		return nil
	})
}

// look polls the device. The caller has the turn.
func (s *Supervisor[D]) look() error {
	if s.o.Poll < 0 && s.waiter != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, pollLimit)
	defer cancel()
	return guard(s.o.Log, s.o.Name, func() error { return s.dev.Poll(ctx) })
}

// hangup closes a device that has noticed that it is gone.
func (s *Supervisor[D]) hangup(err error) time.Duration {
	s.waiter = nil
	if err == nil {
		err = port.ErrHangup
	}
	s.evict(err)
	if s.take(s.ctx) != nil {
		return never
	}
	s.relent()
	if !s.is { // a use was faster
		s.turn <- struct{}{}
		return s.mourn()
	}
	s.shut(err)
	s.turn <- struct{}{}
	s.publish(err)
	return s.afterLoss()
}

// mourn tells of a device that a use has closed.
func (s *Supervisor[D]) mourn() time.Duration {
	if s.take(s.ctx) != nil {
		return never
	}
	is, why := s.is, s.why
	s.turn <- struct{}{}
	if is {
		return s.between(nil) // opened again in the meantime
	}
	s.waiter = nil
	s.publish(errors.Unwrap(why))
	return s.afterLoss()
}

// nudged tries now, and soon again.
func (s *Supervisor[D]) nudged() time.Duration {
	s.pause()
	s.settles = time.Now().Add(settleTime)
	s.wait = settleStep
	return s.step()
}

// replace takes another device.
func (s *Supervisor[D]) replace(open func(ctx context.Context) (D, error)) time.Duration {
	s.evict(ErrReplaced)
	if s.take(s.ctx) != nil {
		return never
	}
	s.relent()
	s.waiter = nil
	s.shut(ErrReplaced)
	s.open = open
	s.turn <- struct{}{}
	s.panics, s.wait, s.settles = 0, s.o.First, time.Time{}
	return s.step()
}

// pause keeps what is asked for from being done all the time.
func (s *Supervisor[D]) pause() {
	t := time.NewTimer(time.Until(s.last.Add(leastGap)))
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.ctx.Done():
	}
}

// publish makes a condition of what a step came to.
func (s *Supervisor[D]) publish(err error) {
	c := s.condition(err)
	s.mu.Lock()
	old := s.cond
	settling := time.Now().Before(s.settles) && old.State == "fault" && (c.Code == port.NoPermission || c.Code == port.BusyElsewhere)
	if !settling {
		s.cond = c
	}
	s.mu.Unlock()
	if settling || reflect.DeepEqual(c, old) {
		return
	}
	s.o.Log.Info("device", "name", c.Name, "state", c.State, "code", c.Code, "detail", c.Detail)
	s.o.Changed(c)
}

// guard calls a driver in the supervisor's goroutine. See the package comment
// for what becomes of its panics.
func guard(log *slog.Logger, name string, call func() error) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		what := fmt.Sprintf("%T", v)
		if e, ok := v.(runtime.Error); ok {
			what = e.Error()
		}
		log.Error("a driver has failed", "device", name, "panic", what, "stack", string(debug.Stack()))
		err = errPanic
	}()
	return call()
}
