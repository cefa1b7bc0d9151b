package pinpad

import (
	"context"
	"errors"
	"sync"
	"time"

	"tillkeeper/app/pos"
)

// KeyingWait is how long a person has at the pad's keypad for one component.
const KeyingWait = 5 * time.Minute

// How the entry of a component ends without one; both begin the whole entry anew.
var (
	// ErrComponentCancelled means that somebody ended the entry, at the pad or at the till.
	ErrComponentCancelled error = &pos.Error{Code: "component_cancelled", Message: "the entry of the key was ended", Remedy: "begin again with the first component", Err: ErrCancelled}
	// ErrComponentTimeout means that nobody keyed the component in.
	ErrComponentTimeout error = &pos.Error{Code: "component_timeout", Message: "no component was keyed in at the PIN pad in time", Remedy: "begin again with the first component", Err: ErrTimeout}
	// ErrTypedHere means that a component was typed at the till; it is forgotten and did not reach the pad.
	ErrTypedHere error = &pos.Error{Code: "component_at_pad", Message: "the components are keyed in at the PIN pad", Remedy: "type it at the PIN pad, not here"}
)

// Ceremony has the terminal master key keyed in at the pad itself: two people, a component of 32 hexadecimal digits each.
// The till says who it is and is told check values; no digit of a component passes through it. One entry is under way at a
// time.
type Ceremony struct {
	pad  *Pad
	wait time.Duration

	mu     sync.Mutex
	person string             // who keyed the first component in; "": none waits
	stop   context.CancelFunc // of the component that is being keyed in; nil: none is
}

// Ceremony begins a key entry at the pad; the pad asks for nothing until First.
func (p *Pad) Ceremony() *Ceremony { return &Ceremony{pad: p, wait: KeyingWait} }

// AtPad is true: nothing is typed at the till, a face sends the person to the pad and calls First or Second with nothing.
func (c *Ceremony) AtPad() bool { return true }

// First has person key the first component in at the pad, waits for it, KeyingWait at most, and answers its check value. An
// earlier first one is forgotten. typed has to be empty; it is overwritten. Errors: ErrEntry within the words for its reason
// (the entry goes on), ErrComponentCancelled, ErrComponentTimeout, ErrTypedHere, or what is wrong with the pad.
func (c *Ceremony) First(person string, typed []byte) (kcv [4]byte, err error) {
	ctx, err := c.begin(1, person, typed)
	if err != nil {
		return kcv, err
	}
	kcv, _, err = c.pad.Component(ctx, 1, person)
	return kcv, c.end(1, person, err)
}

// Second does the same with the second component, from another person, and answers the check value of the whole key too,
// which the pad then uses: sign on. After any refusal but a mistyped component the entry begins anew.
func (c *Ceremony) Second(person string, typed []byte) (kcv, whole [4]byte, err error) {
	ctx, err := c.begin(2, person, typed)
	if err != nil {
		return kcv, whole, err
	}
	kcv, whole, err = c.pad.Component(ctx, 2, person)
	return kcv, whole, c.end(2, person, err)
}

// Cancel ends the component that is being keyed in and has the next one be a first one; the pad forgets one that it holds
// after some minutes by itself. It does not wait for the pad.
func (c *Ceremony) Cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.person = ""
	if c.stop != nil {
		c.stop()
	}
}

// begin tells whether the pad may ask for this component now; nobody is sent there in vain.
func (c *Ceremony) begin(number int, person string, typed []byte) (context.Context, error) {
	defer clear(typed)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(typed) > 0:
		return nil, ErrTypedHere
	case person == "":
		return nil, entryError([]byte{EntryPerson})
	case c.stop != nil:
		return nil, &pos.Error{Code: "component_order", Message: "a component is being keyed in", Remedy: "finish it at the PIN pad, or give it up"}
	case number == 2 && c.person == "":
		return nil, entryError([]byte{EntryOrder})
	case number == 2 && c.person == person:
		return nil, entryError([]byte{EntryPerson})
	}
	ctx, stop := context.WithTimeout(context.Background(), c.wait)
	c.stop = stop
	return ctx, nil
}

// end takes what a component came to.
func (c *Ceremony) end(number int, person string, err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop()
	c.stop = nil
	var e *pos.Error
	switch {
	case err == nil && number == 1:
		c.person = person
	case err != nil && errors.Is(err, ErrEntry) && errors.As(err, &e) && retyped[e.Code]: // what waits goes on waiting
	default:
		c.person = ""
	}
	switch {
	case errors.Is(err, ErrCancelled):
		return ErrComponentCancelled
	case errors.Is(err, ErrTimeout):
		return ErrComponentTimeout
	}
	return err
}

// retyped are the refusals after which the same component is keyed in again.
var retyped = map[string]bool{"component_length": true, "component_parity": true, "component_person": true}
