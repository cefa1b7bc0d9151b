package store

import (
	"maps"
	"math/bits"
	"slices"

	"tillkeeper/app/pos"
)

// A paid basket stands for tax and products of its day as far as the money it
// was paid with still counts. Which money that is, is written into the record of
// the basket when it is paid, and again whenever one of its attempts stops or
// starts to count; so what a basket contributes always follows from its record
// alone, and what was taken away comes back to the last fen.

// stake is what an attempt pays of its basket, whichever way the money goes.
func stake(a *folded) pos.Amount {
	w := worth(&a.Attempt)
	return w.Gross + w.Refunds
}

// lost says that nothing of the money counts any more.
func (b *paidBasket) lost() bool { return b.weighed && b.paid > 0 && b.counted <= 0 }

// share scales a part of the basket, rounded half up away from zero.
func (b *paidBasket) share(part int64) int64 {
	if !b.weighed || b.paid <= 0 || b.counted >= b.paid {
		return part
	}
	if b.counted <= 0 {
		return 0
	}
	size, paid := uint64(part), uint64(b.paid)
	if part < 0 {
		size = -size
	}
	high, low := bits.Mul64(size, uint64(b.counted))
	low, carry := bits.Add64(low, paid/2, 0)
	n, _ := bits.Div64(high+carry, low, paid) // fits: counted is less than paid
	if part < 0 {
		return -int64(n)
	}
	return int64(n)
}

// weigh writes down what counts of the baskets that a commit pays, and of paid
// ones whose attempts it changes. It reads those baskets and their attempts,
// nothing else.
func (b *batch) weigh(t *trial) error {
	paid, keys := map[string]bool{}, map[string]bool{}
	for i := range t.events {
		if e := &t.events[i]; e.Type == pos.EvBasketPaid {
			paid[e.Basket], keys[e.Basket] = true, true
		}
	}
	for id, c := range t.attempts {
		if c.now.Basket != "" && stake(&c.now) != t.stakes[id] {
			keys[c.now.Basket] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		c, err := b.basket(t, key)
		if err != nil {
			return err
		}
		if c.now.Key == "" || c.now.day == "" {
			continue
		}
		before, after, err := b.stakes(t, key)
		if err != nil {
			return err
		}
		switch {
		case paid[key]:
			c.now.paid = after
		case !c.now.weighed:
			c.now.weighed, c.now.paid = true, before
		}
		c.now.counted = after
		t.baskets[key] = c
	}
	return nil
}

// stakes adds up the attempts of a basket before and after a commit.
func (b *batch) stakes(t *trial, key string) (before, after pos.Amount, err error) {
	var ids []string
	prefix := pair(key, "")
	err = b.tx.each(bSale, prefix, func(k, _ []byte) error {
		ids = append(ids, string(k[len(prefix):]))
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	for _, id := range slices.Concat(ids, b.paying[key], t.paying[key]) {
		c, err := b.attempt(t, id)
		if err != nil {
			return 0, 0, err
		}
		after += stake(&c.now)
		if had, changed := t.stakes[id]; changed {
			before += had
		} else {
			before += stake(&c.now)
		}
	}
	return before, after, nil
}
