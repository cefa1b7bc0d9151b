package store

import "maps"

// warmLimit bounds how many documents of each kind are kept warm.
const warmLimit = 256

// warm holds documents as the last commits left them, so that the next commit
// need not decode them again. It belongs to whoever holds Store.lead, takes over
// only what is durable, and readers never see it.
type warm struct {
	attempts map[string]*folded
	baskets  map[string]*paidBasket
	days     map[string]*daySums
}

func newWarm() *warm {
	return &warm{map[string]*folded{}, map[string]*paidBasket{}, map[string]*daySums{}}
}

// take keeps what a batch made durable.
func (w *warm) take(b *batch) {
	for id, c := range b.attempts {
		keep(w.attempts, id, &c.now)
	}
	for key, c := range b.baskets {
		keep(w.baskets, key, &c.now)
	}
	for day, sums := range b.days {
		keep(w.days, day, sums)
	}
}

// keep puts a document in and makes room if there is none.
func keep[T any](in map[string]T, key string, v T) {
	if len(in) >= warmLimit {
		clear(in)
	}
	in[key] = v
}

// day gives sums that may be changed.
func (w *warm) day(tx *snap, day string) (*daySums, error) {
	had, ok := w.days[day]
	if !ok {
		return readDay(tx, day)
	}
	sums := *had
	sums.ByTender, sums.ByHour, sums.ByCashier = maps.Clone(had.ByTender), maps.Clone(had.ByHour), maps.Clone(had.ByCashier)
	return &sums, nil
}
