package store

import (
	"errors"
	"maps"
	"slices"
	"time"

	"tillkeeper/app/pos"
)

// foldable holds the types of events that pos.Table speaks of. An event of
// another type is logged and changes no attempt.
var foldable = func() map[pos.EventType]bool {
	m := map[pos.EventType]bool{}
	for _, r := range pos.Table {
		m[r.On] = true
	}
	return m
}()

// folds says whether an event changes an attempt.
func folds(e *pos.Event) bool { return e.Attempt != "" && foldable[e.Type] }

// apply folds one event and keeps what the host refused late.
func apply(a *folded, e *pos.Event) error {
	taken, deferred := a.Counts(), a.Deferred
	if err := a.Fold(e); err != nil {
		return err
	}
	switch {
	case e.Type != pos.EvLateDeclined:
	case deferred && taken == 0: // it stood as reversing before: answered 10, 68, 96 or 98, or never
		a.late = a.Amount
	default:
		a.late += taken
	}
	if a.State != pos.LateDeclined && a.How != pos.WrittenOff && e.How != "" || a.State == pos.Delivered {
		a.late = 0 // it goes on, was paid otherwise, or was taken after all
	}
	return nil
}

// change is an old and a new document; the old one is zero if there was none.
type change[T any] struct {
	old, now T
	known    bool // the old one is in the file
}

// batch is the state of the commits that share one flush.
type batch struct {
	tx       *snap
	now      time.Time
	head     head
	entries  []entry
	first    uint64 // sequence of entries[0]
	attempts map[string]*change[folded]
	baskets  map[string]*change[paidBasket]
	paying   map[string][]string // new attempts by basket
	settings map[string]string
	differs  map[string]pos.Difference
	days     map[string]*daySums // as they are after it
	warm     *warm
}

func newBatch(tx *snap, h head, now time.Time, w *warm) *batch {
	return &batch{
		tx: tx, now: now, head: h, first: h.Seq + 1, warm: w, days: map[string]*daySums{},
		paying: map[string][]string{}, settings: map[string]string{}, differs: map[string]pos.Difference{},
	}
}

// joined adds changes to others, without copying them if there are none.
func joined[T any](to, more map[string]T) map[string]T {
	if len(to) == 0 {
		return more
	}
	maps.Copy(to, more)
	return to
}

// trial is one commit before it is accepted.
type trial struct {
	head     head
	events   []pos.Event
	entries  []entry
	attempts map[string]*change[folded]
	baskets  map[string]*change[paidBasket]
	paying   map[string][]string
	stakes   map[string]pos.Amount // of the attempts before it
}

// add validates a commit against everything before it and takes it up; a
// refused one leaves the batch as it was.
func (b *batch) add(c pos.Commit) ([]pos.Event, error) {
	t := trial{
		head: b.head, attempts: map[string]*change[folded]{}, baskets: map[string]*change[paidBasket]{},
		paying: map[string][]string{}, stakes: map[string]pos.Amount{},
		events: make([]pos.Event, 0, len(c.Events)), entries: make([]entry, 0, len(c.Events)),
	}
	for i := range c.Events {
		t.events = append(t.events, c.Events[i])
		if err := b.addEvent(&t, &t.events[i]); err != nil {
			return nil, err
		}
	}
	for i := range c.Baskets {
		if err := b.addBasket(&t, c.Baskets[i]); err != nil {
			return nil, err
		}
	}
	for _, d := range c.Differences {
		if d.ID == "" {
			return nil, pos.Errorf("difference_without_id", "this is a fault of the program", "a difference needs an id")
		}
	}
	for i := range t.events {
		if t.events[i].Type != pos.EvBasketPaid {
			continue
		}
		if err := b.pay(&t, &t.events[i]); err != nil {
			return nil, err
		}
	}
	if err := b.weigh(&t); err != nil {
		return nil, err
	}
	b.head = t.head
	b.entries = append(b.entries, t.entries...)
	b.attempts = joined(b.attempts, t.attempts)
	b.baskets = joined(b.baskets, t.baskets)
	for key, ids := range t.paying {
		b.paying[key] = append(b.paying[key], ids...)
	}
	maps.Copy(b.settings, c.Settings)
	for _, d := range c.Differences {
		b.differs[d.ID] = d
	}
	return t.events, nil
}

// addEvent takes up one event and says in it which one it is and when it was.
func (b *batch) addEvent(t *trial, e *pos.Event) error {
	e.Seq = t.head.Seq + 1
	if e.Time.IsZero() {
		e.Time = b.now
	}
	if folds(e) {
		c, err := b.attempt(t, e.Attempt)
		if err != nil {
			return err
		}
		if _, seen := t.attempts[e.Attempt]; !seen {
			t.stakes[e.Attempt] = stake(&c.now)
		}
		fresh := c.now.ID == ""
		if err := apply(&c.now, e); err != nil {
			return err
		}
		if fresh && c.now.Basket != "" {
			t.paying[c.now.Basket] = append(t.paying[c.now.Basket], e.Attempt)
		}
		t.attempts[e.Attempt] = c
	}
	body, err := encodeEvent(e)
	if err != nil {
		return err
	}
	t.head.Seq = e.Seq
	t.head.Chain = link(t.head.Chain, body)
	t.entries = append(t.entries, entry{t.head.Chain, body})
	return nil
}

// attempt finds an attempt in the trial, the batch or the file. What it gives is
// the trial's own: the batch stays as it was if the commit is refused.
func (b *batch) attempt(t *trial, id string) (*change[folded], error) {
	return find(t.attempts, b.attempts, b.warm.attempts, id, func() (folded, error) { return readAttempt(b.tx, id) })
}

// basket is attempt for a basket.
func (b *batch) basket(t *trial, key string) (*change[paidBasket], error) {
	return find(t.baskets, b.baskets, b.warm.baskets, key, func() (paidBasket, error) { return readBasket(b.tx, key) })
}

func find[T any](trial, batch map[string]*change[T], warm map[string]*T, key string, read func() (T, error)) (*change[T], error) {
	if c, ok := trial[key]; ok {
		return c, nil
	}
	c := new(change[T])
	if had, ok := batch[key]; ok {
		*c = *had
		return c, nil
	}
	if doc, ok := warm[key]; ok {
		c.old, c.now, c.known = *doc, *doc, true
		return c, nil
	}
	var err error
	if c.old, err = read(); errors.Is(err, pos.ErrNotFound) {
		return c, nil
	}
	c.now, c.known = c.old, err == nil
	return c, err
}

func (b *batch) addBasket(t *trial, doc pos.Basket) error {
	if doc.Key == "" {
		return pos.Errorf("basket_without_key", "this is a fault of the program", "a basket needs a key")
	}
	c, err := b.basket(t, doc.Key)
	if err != nil {
		return err
	}
	c.now.Basket = *doc.Clone()
	t.baskets[doc.Key] = c
	return nil
}

// pay notes the business day on which a basket was paid in full.
func (b *batch) pay(t *trial, e *pos.Event) error {
	c, err := b.basket(t, e.Basket)
	if err != nil {
		return err
	}
	if c.now.Key == "" {
		return nil // a paid event without its document counts nothing
	}
	c.now.day = e.Day
	if c.now.day == "" && len(c.now.Attempts) > 0 {
		last, err := b.attempt(t, c.now.Attempts[len(c.now.Attempts)-1])
		if err != nil {
			return err
		}
		c.now.day = last.now.Day
	}
	if c.now.day == "" {
		c.now.day = e.Time.Format(time.DateOnly)
	}
	c.now.weighed, c.now.paid = true, 0 // weigh says with how much
	t.baskets[e.Basket] = c
	return nil
}

// flush writes everything of the batch into the transaction.
func (b *batch) flush(n counters) (head, error) {
	for i, e := range b.entries {
		b.tx.put(bLog, seqKey(b.first+uint64(i)), e.rest())
	}
	sums := newDelta()
	for _, id := range slices.Sorted(maps.Keys(b.attempts)) {
		c := b.attempts[id]
		sums.attempt(&c.old, -1)
		sums.attempt(&c.now, +1)
		if err := b.putAttempt(c); err != nil {
			return b.head, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(b.baskets)) {
		c := b.baskets[key]
		sums.basket(&c.old, -1)
		sums.basket(&c.now, +1)
		if err := b.putBasket(c); err != nil {
			return b.head, err
		}
	}
	if err := sums.write(b); err != nil {
		return b.head, err
	}
	for k, v := range b.settings {
		b.tx.put(bSetting, []byte(k), []byte(v))
	}
	for id, d := range b.differs {
		if err := putDifference(b.tx, id, d); err != nil {
			return b.head, err
		}
	}
	h := b.head
	h.counters = n
	h.Commit++
	putHead(b.tx, h)
	return h, nil
}

// putAttempt writes an attempt and its entries in the indexes.
func (b *batch) putAttempt(c *change[folded]) error {
	a, old := &c.now, &c.old
	body, err := encodeAttempt(a)
	if err != nil {
		return err
	}
	b.tx.put(bAttempt, []byte(a.ID), body)
	if !c.known {
		if a.Receipt != "" {
			b.tx.put(bReceipt, pair(a.Receipt, a.ID), nil)
		}
		if a.Basket != "" {
			b.tx.put(bSale, pair(a.Basket, a.ID), nil)
		}
		b.tx.put(bDay, dayKey(a.Day, a.Seqs[0]), []byte(a.ID))
	}
	if a.STAN != "" && (a.STAN != old.STAN || a.Batch != old.Batch) {
		b.tx.put(bTrace, pair(a.Batch, a.STAN), []byte(a.ID))
	}
	was := c.known && old.Open()
	switch {
	case a.Open() && !was:
		b.tx.put(bOpen, seqKey(a.Seqs[0]), []byte(a.ID))
	case was && !a.Open():
		b.tx.del(bOpen, seqKey(a.Seqs[0]))
	}
	return nil
}

// isLive says whether a basket is one that is worked on.
func isLive(b pos.Basket) bool { return b.State == pos.BasketOpen || b.State == pos.BasketHeld }

func (b *batch) putBasket(c *change[paidBasket]) error {
	body, err := encodeBasket(&c.now)
	if err != nil {
		return err
	}
	key := []byte(c.now.Key)
	b.tx.put(bBasket, key, body)
	switch was := c.known && isLive(c.old.Basket); {
	case isLive(c.now.Basket) && !was:
		b.tx.put(bLive, key, nil)
	case was && !isLive(c.now.Basket):
		b.tx.del(bLive, key)
	}
	return nil
}
