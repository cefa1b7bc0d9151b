package headless

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"tillkeeper/app/checkout"
	"tillkeeper/app/pos"
)

// teller says between two answers what changed without a command: the line and
// what waits for it, a device, a payment that goes on by itself. It says the
// newest state of each; what came and went between two looks is not told, but for
// the end of a payment that an answer told of.
type teller struct {
	f        *face
	wake     chan struct{} // holds one
	line     lineSeen
	devices  map[string]pos.Condition
	attempts map[string]pos.State // those for which something is due
}

// lineSeen is what is told of the line.
type lineSeen struct {
	State, Cause               string
	Queued, Reversing, Persons int
}

func seen(v checkout.LineView) lineSeen {
	return lineSeen{State: v.State, Cause: v.Cause, Queued: v.Queued, Reversing: v.Reversing, Persons: v.Persons}
}

// newTeller is a teller who knows how things stand: only what changes is told.
func newTeller(f *face) *teller {
	t := &teller{f: f, wake: make(chan struct{}, 1), devices: map[string]pos.Condition{}, attempts: map[string]pos.State{}}
	t.changes()
	return t
}

// run tells until ctx ends. It takes the turn for each look, so no event stands
// inside of a command and its answer.
func (t *teller) run(ctx context.Context, enc *json.Encoder) {
	defer t.f.Face.Subscribe(func(*checkout.Snapshot) {
		select {
		case t.wake <- struct{}{}:
		default: // a look is due already
		}
	})()
	for {
		select {
		case <-t.wake:
		case <-ctx.Done():
			return
		}
		select {
		case t.f.turn <- struct{}{}:
		case <-ctx.Done():
			return
		}
		var err error
		for _, e := range t.changes() {
			if err = enc.Encode(e); err != nil {
				break
			}
		}
		<-t.f.turn
		if err != nil {
			return // whoever reads has gone: the next answer ends the face
		}
	}
}

// changes gives what is different from the last look.
func (t *teller) changes() []answer {
	s := t.f.Face.Snapshot()
	var out []answer
	if now := seen(s.Line); now != t.line {
		t.line = now
		out = append(out, answer{
			"event": "line", "link": now.State, "cause": now.Cause, "queued": now.Queued, "reversing": now.Reversing, "persons": now.Persons,
		})
	}
	for _, c := range s.Devices {
		if old, known := t.devices[c.Name]; !known || old.State != c.State || old.Code != c.Code {
			t.devices[c.Name] = c
			out = append(out, answer{"event": "device", "device": c.Name, "state": c.State, "code": c.Code})
		}
	}
	return append(out, t.payments()...)
}

// payments gives the payments that wait for something, or did at the last look,
// and are in another state since.
func (t *teller) payments() (out []answer) {
	journal := t.f.Face.Journal()
	open, err := journal.Open()
	if err != nil {
		return nil // safe mode; commands say so
	}
	now := make(map[string]pos.State, len(open))
	for _, a := range open {
		now[a.ID] = a.State
		if t.attempts[a.ID] != a.State {
			out = append(out, t.payment(a)...)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.attempts)) {
		if _, still := now[id]; still {
			continue
		}
		a, err := journal.Attempt(id)
		if err != nil {
			return nil
		}
		out = append(out, t.payment(a)...)
	}
	t.attempts = now
	return out
}

// said takes note of the payment of an answer: what becomes of it is told,
// however soon.
func (t *teller) said(a answer) {
	j, _ := a["attempt"].(answer) //nolint:errcheck // most answers have none
	id, named := j["id"].(string)
	state, known := j["state"].(pos.State)
	if named && known && pos.StateRules[state].Due != pos.DueNothing {
		t.attempts[id] = state
	}
}

func (t *teller) payment(a pos.Attempt) []answer {
	j, err := t.f.attemptJSON(a)
	if err != nil {
		return nil
	}
	return []answer{{"event": "attempt", "attempt": j}}
}
