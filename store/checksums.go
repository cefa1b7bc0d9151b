package store

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"tillkeeper/app/pos"
)

// checkDifferences decodes each and looks the attempt up that it is about.
func (i *inspection) checkDifferences() error {
	return i.each(bDiffer, func(k, rest []byte) error {
		d, err := decodeDifference(k, rest)
		switch {
		case err != nil:
			return i.report("record_damaged", bDiffer, "%v", err)
		case d.Attempt != "" && i.tx.raw(bAttempt, []byte(d.Attempt)) == nil:
			return i.report("index_dangles", bDiffer, "%q leads to no attempt %q", k, d.Attempt)
		}
		return nil
	})
}

// checkTotals adds every attempt and basket up again.
func (i *inspection) checkTotals() error {
	sums := newDelta()
	money := map[string]pos.Amount{} // by basket
	err := i.each(bAttempt, func(k, rest []byte) error {
		a, err := decodeAttempt(k, rest)
		if err == nil {
			sums.attempt(&a, 1)
			money[a.Basket] += stake(&a)
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = i.each(bBasket, func(k, rest []byte) error {
		b, err := decodeBasket(k, rest)
		if err != nil {
			return i.report("record_damaged", bBasket, "%v", err)
		}
		if live := i.tx.raw(bLive, k) != nil; live != isLive(b.Basket) {
			return i.report("index_differs", bLive, "basket %s is %s", b.Key, b.State)
		}
		if b.weighed && b.counted != money[b.Key] {
			if err := i.report("totals_differ", bBasket+"/"+b.Key, "%d fen count, its attempts say %d", b.counted, money[b.Key]); err != nil {
				return err
			}
		}
		sums.basket(&b, 1)
		return nil
	})
	if err != nil {
		return err
	}
	return i.compareTotals(sums)
}

func (i *inspection) compareTotals(sums delta) error {
	err := i.each(bTotal, func(k, _ []byte) error {
		sums.day(string(bytes.TrimSuffix(k, []byte{0})))
		return nil
	})
	if err != nil {
		return err
	}
	for _, day := range slices.Sorted(maps.Keys(sums.days)) {
		kept, err := readDay(i.tx, day)
		if err != nil || !reflect.DeepEqual(kept, sums.days[day]) {
			if err := i.report("totals_differ", bTotal+"/"+day, "kept %+v, added up %+v", kept, sums.days[day]); err != nil {
				return err
			}
		}
	}
	err = i.each(bProduct, func(k, rest []byte) error {
		kept, err := decodeProduct(k, rest)
		p := sums.products[string(k)]
		delete(sums.products, string(k))
		if err != nil || kept.Qty != p.Qty || kept.Amount != p.Amount {
			return i.report("totals_differ", fmt.Sprintf("%s/%q", bProduct, k), "kept %+v, added up %+v", kept, p)
		}
		return nil
	})
	for key, p := range sums.products {
		if err == nil && (p.Qty != 0 || p.Amount != 0) {
			err = i.report("totals_differ", fmt.Sprintf("%s/%q", bProduct, key), "not kept: %+v", p)
		}
	}
	return err
}
