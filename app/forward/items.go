package forward

import (
	"slices"
	"strings"
	"time"

	"tillkeeper/app/pos"
)

// item is one thing that is owed, as the owner of the queue sees it.
type item struct {
	a      pos.Attempt
	next   time.Time // not before
	flying bool      // an exchange is out
	resign int       // sign-ons for the present send
	forced bool      // a person sends it now
	felled bool      // the line went down under its last exchange
	unread int       // times in a row that what it needs could not be read

	command  uint64 // the Forward that last sent it
	answered int    // answers in that Forward that did not end it

	state pos.State // of which owed speaks
	owed  pos.Due
}

// owes is what is due for the item: a long queue is asked for each message.
func (it *item) owes() pos.Due {
	if it.state != it.a.State {
		it.state, it.owed = it.a.State, pos.StateRules[it.a.State].Due
	}
	return it.owed
}

// add takes an item up at its place.
func (w *owner) add(it *item) {
	it.a = w.timed(pos.Attempt{}, it.a)
	w.items[it.a.ID] = it
	at, _ := w.place(it.a.ID)
	w.line = slices.Insert(w.line, at, it)
	w.count(it, 1)
}

// put gives an item what the journal has of it now.
func (w *owner) put(it *item, a pos.Attempt) {
	w.count(it, -1)
	it.a = w.timed(it.a, a)
	w.count(it, 1)
}

// ofThisRun is how long ago by the clock something may be that happened while the
// till runs and is read for the first time.
const ofThisRun = time.Minute

// timed puts what has just happened to an attempt on the monotonic clock: the
// journal has the wall clock's word only, and setting that would park every
// reversal, or end one before the delayed original has arrived. What an earlier
// run left is as the clock has it.
func (w *owner) timed(was, is pos.Attempt) pos.Attempt {
	now := w.f.o.Clock.Now()
	at := func(was, is time.Time) time.Time {
		if was.Round(0).Equal(is.Round(0)) {
			return was
		}
		if age := now.Round(0).Sub(is.Round(0)); age >= 0 && age < ofThisRun {
			return now.Add(-age)
		}
		return is
	}
	is.Since, is.Unmatched = at(was.Since, is.Since), at(was.Unmatched, is.Unmatched)
	return is
}

// drop forgets an item that is not open any more.
func (w *owner) drop(id string) {
	it, ok := w.items[id]
	if !ok {
		return
	}
	delete(w.items, id)
	if at, ok := w.place(id); ok {
		w.line = slices.Delete(w.line, at, at+1)
	}
	w.count(it, -1)
}

// place finds the place of an item in the line.
func (w *owner) place(id string) (int, bool) {
	return slices.BinarySearchFunc(w.line, id, func(it *item, id string) int { return strings.Compare(it.a.ID, id) })
}

// count notes that a reversal came or went.
func (w *owner) count(it *item, by int) {
	if it.owes() == pos.DueReverse {
		w.reversals += by
	}
}
