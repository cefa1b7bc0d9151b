package pn532

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"

	"tillkeeper/app/pos"
)

// State is empty while the reader is well, else why it is not: unplugged, offline, wrong_speed, no_permission,
// busy_elsewhere, device_fault. Closed it is offline.
func (r *Reader) State() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return "offline"
	case r.fault != nil:
		return r.fault.Code
	}
	return ""
}

// Condition is State with its sentence and what to do.
func (r *Reader) Condition() pos.Condition {
	c := pos.Condition{Name: "reader", State: "ok", Code: r.State()}
	if c.Code == "" {
		return c
	}
	c.State = "fault"
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fault != nil {
		c.Detail, c.Remedy = r.fault.Error(), r.fault.Remedy
		var other *otherSpeed
		if errors.As(r.fault, &other) {
			c.Found = []pos.Remark{pos.Say("chip_speed", strconv.Itoa(other.configured), strconv.Itoa(other.found))}
			c.Mend = []pos.Remark{pos.Say("write_baud", strconv.Itoa(other.found))}
		}
	}
	return c
}

// Identity names the chip by what it said of itself, "PN532 firmware 1.6"; empty until it was open once.
func (r *Reader) Identity() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.identity
}

// Check looks closely: internal asks the chip who it is, external sends a long line test there and back, interactive waits
// for a card too and tells nothing of it. A reader that is in use is as State says.
func (r *Reader) Check(ctx context.Context, level pos.Level) pos.Condition {
	if level == pos.CheckInteractive {
		if t, err := r.wait(ctx); err == nil {
			r.letGo()
			return pos.Condition{Name: "reader", State: "ok", Found: []pos.Remark{found(t)}}
		}
		return r.Condition()
	}
	select {
	case r.turn <- struct{}{}:
		r.see()
		if level == pos.CheckExternal && r.State() == "" {
			r.line(ctx)
		}
		<-r.turn
	default:
	}
	c := r.Condition()
	if c.State == "ok" {
		c.Detail = r.Identity()
	}
	return c
}

// found says what kind of card there was.
func found(t *target) pos.Remark {
	if t.payment {
		return pos.Say("card_pays")
	}
	return pos.Say("card_number")
}

// lineTest is the length of the line test: an extended frame.
const lineTest = 260

// line sends the communication line test of Diagnose (UM0701-02, 7.2.1). The caller has the turn.
func (r *Reader) line(ctx context.Context) {
	if !take(ctx, r.io) {
		return
	}
	defer func() { <-r.io }()
	if r.chip == nil {
		return
	}
	sent := make([]byte, lineTest)
	for i := range sent {
		sent[i] = byte(i)
	}
	got, err := r.chip.command(ctx, plainWait, cmdDiagnose, sent...)
	if err == nil && !bytes.Equal(got, sent) {
		err = fmt.Errorf("%w: the line test came back changed", errDamaged)
	}
	if err != nil && ctx.Err() == nil {
		_ = r.lost(err) // Condition tells
	}
}

// Nudge says that something was plugged in: a reader that is lost is tried now.
func (r *Reader) Nudge() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}
