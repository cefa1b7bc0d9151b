package pinpad

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// The waits between two looks at a pad that nobody speaks to.
const (
	pollEvery  = 5 * time.Second        // while it is well
	retryFirst = 500 * time.Millisecond // after a fault, doubled
	retryMost  = 10 * time.Second

	lookWait = replyWait + 500*time.Millisecond // of one look: a payment waits no longer for its turn
)

// sight is the pad's condition as last seen, and who looks.
type sight struct {
	mu      sync.Mutex
	last    pos.Condition
	bare    bool // it said that it has no master key
	changed func(pos.Condition)
	nudge   chan struct{}
	end     context.CancelFunc // of the looking; nil: nobody looks
	ended   chan struct{}
}

// State is the pad's condition as last seen: ok, busy while a person is asked, fault with the reason no_tmk, unplugged, offline, wrong_speed, no_permission, busy_elsewhere or device_fault. It asks nobody; see Watch.
func (p *Pad) State() pos.Condition {
	p.sight.mu.Lock()
	defer p.sight.mu.Unlock()
	return p.sight.last
}

// Nudge has Watch look at once: something was plugged in, say.
func (p *Pad) Nudge() {
	select {
	case p.sight.nudge <- struct{}{}:
	default:
	}
}

// Watch keeps the pad open until Close: it looks every few seconds while nobody speaks to the pad, at once when its line ends or after a Nudge, and opens it again when it was lost, with a growing wait. changed is told of each new State, one after the other; it may be nil. A second Watch takes the place of the first.
func (p *Pad) Watch(changed func(pos.Condition)) {
	p.unwatch()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	p.sight.mu.Lock()
	p.sight.changed, p.sight.end, p.sight.ended = changed, cancel, ended
	p.sight.mu.Unlock()
	go func() {
		defer close(ended)
		p.watch(ctx)
	}()
}

// unwatch ends the looking and waits until it has.
func (p *Pad) unwatch() {
	p.sight.mu.Lock()
	end, ended := p.sight.end, p.sight.ended
	p.sight.end, p.sight.changed = nil, nil
	p.sight.mu.Unlock()
	if end != nil {
		end()
		<-ended
	}
}

func (p *Pad) watch(ctx context.Context) {
	again := retryFirst
	for {
		wait := pollEvery
		if !p.look(ctx) {
			wait, again = again, min(2*again, retryMost)
		} else {
			again = retryFirst
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-p.sight.nudge:
			again = retryFirst
		case <-t.C:
		}
		t.Stop()
	}
}

// look asks the pad how it is, unless somebody speaks to it.
func (p *Pad) look(ctx context.Context) bool {
	select {
	case <-p.turn:
	default:
		return true
	}
	defer func() { p.turn <- struct{}{} }()
	short, cancel := context.WithTimeout(ctx, lookWait)
	defer cancel()
	_, err := p.speak(short, CmdInfo, nil)
	if errors.Is(err, context.DeadlineExceeded) {
		p.note(CmdInfo, nil, ErrOffline)
	}
	return err == nil
}

// note takes what a command came to into the pad's condition.
func (p *Pad) note(cmd byte, data []byte, err error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return // says nothing of the pad
	}
	p.sight.mu.Lock()
	switch {
	case err == nil && cmd == CmdInfo && len(data) == infoBytes:
		p.sight.bare = data[1] != 1
	case err == nil && (cmd == CmdLoad || cmd == CmdComponent && len(data) == 2*kcvBytes):
		p.sight.bare = false
	case errors.Is(err, ErrNoTMK):
		p.sight.bare = true
	}
	c := pos.Condition{Name: "pinpad", State: "ok"}
	var e *pos.Error
	switch {
	case errors.Is(err, errLine) && errors.As(err, &e):
		c.State, c.Code, c.Detail = "fault", e.Code, e.Message
	case p.sight.bare:
		c.State, c.Code, c.Detail = "fault", "no_tmk", "the PIN pad holds no master key"
	}
	p.sight.mu.Unlock()
	p.show(c)
}

// show makes a condition the last one seen and tells of a change.
func (p *Pad) show(c pos.Condition) {
	p.sight.mu.Lock()
	same := reflect.DeepEqual(p.sight.last, c)
	p.sight.last = c
	changed := p.sight.changed
	p.sight.mu.Unlock()
	if !same && changed != nil {
		changed(c)
	}
}

// errLine marks the faults of the line or of the device at its end, against the pad's own refusals.
var errLine = errors.New("the line to the PIN pad")

// fault is a fault of the line: a *pos.Error that is also errLine.
type fault struct{ coded *pos.Error }

// Error gives the sentence.
func (f fault) Error() string { return f.coded.Error() }

// Is tells that it is a fault of the line.
func (f fault) Is(target error) bool { return target == errLine }

// Unwrap gives the error with the code.
func (f fault) Unwrap() error { return f.coded }

// notOpened says why a line could not be opened.
func notOpened(err error) error {
	switch port.Reason(err) {
	case port.NoPermission:
		return ErrNoPermission
	case port.BusyElsewhere:
		return ErrBusyElsewhere
	case port.Offline:
		return ErrOffline
	}
	return ErrUnplugged
}

// Check looks at the pad as deep as it is asked to: internal asks for its state and moves nothing; external and interactive have it beep and show a test picture too.
func (p *Pad) Check(ctx context.Context, level pos.Level) pos.Condition {
	began := time.Now()
	_, err := p.Info(ctx)
	if err == nil && level != pos.CheckInternal {
		_, err = p.do(ctx, CmdBeep, nil)
	}
	c := p.State()
	c.Took = time.Since(began)
	if err != nil && c.State == "ok" {
		c.State, c.Code, c.Detail = "fault", pos.WhyNot(err, port.Reason(err)), err.Error()
	}
	return c
}

// Condition asks the pad and answers its state for the self-test.
func (p *Pad) Condition(ctx context.Context) pos.Condition { return p.Check(ctx, pos.CheckInternal) }
