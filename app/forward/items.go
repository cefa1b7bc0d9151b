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
	w.items[it.a.ID] = it
	at, _ := w.place(it.a.ID)
	w.line = slices.Insert(w.line, at, it)
	w.count(it, 1)
}

// put gives an item what the journal has of it now.
func (w *owner) put(it *item, a pos.Attempt) {
	w.count(it, -1)
	it.a = a
	w.count(it, 1)
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
