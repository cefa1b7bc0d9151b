package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"

	"tillkeeper/app/pos"
)

// daySums are the rolled up sums of a business day without its products.
type daySums struct {
	All       pos.Sums                `json:"all"`
	Tax       pos.Amount              `json:"tax"`
	Baskets   int                     `json:"baskets"`
	Late      pos.Sums                `json:"late"`
	ByTender  map[pos.Tender]pos.Sums `json:"by_tender"`
	ByHour    map[int]pos.Sums        `json:"by_hour"`
	ByCashier map[string]pos.Sums     `json:"by_cashier"`
}

func newDaySums() *daySums {
	return &daySums{
		ByTender: map[pos.Tender]pos.Sums{}, ByHour: map[int]pos.Sums{}, ByCashier: map[string]pos.Sums{},
	}
}

func plus(a, b pos.Sums) pos.Sums {
	return pos.Sums{
		Gross: a.Gross + b.Gross, Refunds: a.Refunds + b.Refunds, Net: a.Net + b.Net, Count: a.Count + b.Count,
	}
}

func merge[K comparable](to, from map[K]pos.Sums) {
	for k, v := range from {
		count(to, k, v)
	}
}

// count adds sums to those of one key; a key that stands for nothing is gone.
func count[K comparable](to map[K]pos.Sums, k K, v pos.Sums) {
	if sum := plus(to[k], v); sum == (pos.Sums{}) {
		delete(to, k)
	} else {
		to[k] = sum
	}
}

func (d *daySums) add(o *daySums) {
	d.All = plus(d.All, o.All)
	d.Late = plus(d.Late, o.Late)
	d.Tax += o.Tax
	d.Baskets += o.Baskets
	merge(d.ByTender, o.ByTender)
	merge(d.ByHour, o.ByHour)
	merge(d.ByCashier, o.ByCashier)
}

func (d *daySums) zero() bool {
	return d.All == (pos.Sums{}) && d.Late == (pos.Sums{}) && d.Tax == 0 && d.Baskets == 0 &&
		len(d.ByTender)+len(d.ByHour)+len(d.ByCashier) == 0
}

// worth is what one attempt stands for: sales and completions in gross, refunds
// in refunds, other kinds nowhere. Voiding is a state of the original.
func worth(a *pos.Attempt) pos.Sums {
	n := a.Counts()
	if n == 0 {
		return pos.Sums{}
	}
	switch a.Kind {
	case pos.Sale, pos.Completion:
		return pos.Sums{Gross: n, Net: n, Count: 1}
	case pos.Refund:
		return pos.Sums{Refunds: n, Net: -n, Count: 1}
	}
	return pos.Sums{}
}

func times(s pos.Sums, sign int) pos.Sums {
	n := pos.Amount(sign)
	return pos.Sums{Gross: n * s.Gross, Refunds: n * s.Refunds, Net: n * s.Net, Count: sign * s.Count}
}

// delta is what a batch changes in the rollups.
type delta struct {
	days     map[string]*daySums
	products map[string]pos.ProductSums // by key of the bucket
}

func newDelta() delta { return delta{map[string]*daySums{}, map[string]pos.ProductSums{}} }

func (d delta) day(day string) *daySums {
	if d.days[day] == nil {
		d.days[day] = newDaySums()
	}
	return d.days[day]
}

// attempt adds (sign 1) or takes away (sign -1) what an attempt counts for.
func (d delta) attempt(a *folded, sign int) {
	if a.late != 0 {
		late := pos.Sums{Gross: a.late, Net: a.late, Count: 1}
		to := d.day(a.Day)
		to.Late = plus(to.Late, times(late, sign))
	}
	w := times(worth(&a.Attempt), sign)
	if w == (pos.Sums{}) {
		return
	}
	to := d.day(a.Day)
	to.All = plus(to.All, w)
	count(to.ByTender, a.Tender, w)
	count(to.ByHour, a.Hour, w)
	count(to.ByCashier, a.Cashier, w)
}

// basket adds or takes away the tax and the products of a paid basket, as far
// as its money counts.
func (d delta) basket(b *paidBasket, sign int) {
	if b.day == "" || b.State != pos.BasketPaid || b.lost() {
		return
	}
	to := d.day(b.day)
	to.Tax += pos.Amount(sign) * pos.Amount(b.share(int64(b.Tax)))
	if b.Of == "" && b.Total >= 0 { // a refund is no sale
		to.Baskets += sign
	}
	for _, l := range b.Lines {
		key := string(pair(b.day, l.SKU))
		p := d.products[key]
		p.SKU, p.Name, p.Unit = l.SKU, l.Name, l.Unit
		p.Qty += pos.Qty(sign) * pos.Qty(b.share(int64(l.Qty)))
		p.Amount += pos.Amount(sign) * pos.Amount(b.share(int64(l.Total)))
		d.products[key] = p
	}
}

// write adds the delta to what was there before the batch.
func (d delta) write(b *batch) error {
	tx := b.tx
	for _, day := range slices.Sorted(maps.Keys(d.days)) {
		if d.days[day].zero() {
			continue
		}
		sums, err := b.warm.day(tx, day)
		if err != nil {
			return err
		}
		sums.add(d.days[day])
		b.days[day] = sums
		body, err := encodeDay(sums)
		if err != nil {
			return err
		}
		tx.put(bTotal, dayCell(day), body)
	}
	for _, key := range slices.Sorted(maps.Keys(d.products)) {
		if d.products[key].Qty == 0 && d.products[key].Amount == 0 {
			continue
		}
		if err := addProduct(tx, []byte(key), d.products[key]); err != nil {
			return err
		}
	}
	return nil
}

// dayCell is the key of a day's sums; a day without a name has one too.
func dayCell(day string) []byte { return append([]byte(day), 0) }

func readDay(tx *snap, day string) (*daySums, error) {
	sums := newDaySums()
	rest, err := tx.get(bTotal, dayCell(day))
	if err != nil || rest == nil {
		return sums, err
	}
	if err := json.Unmarshal(rest, sums); err != nil {
		return sums, damaged(bTotal, []byte(day), err)
	}
	return sums, nil
}

func addProduct(tx *snap, key []byte, p pos.ProductSums) error {
	rest, err := tx.get(bProduct, key)
	if err != nil {
		return err
	}
	if rest != nil {
		had, err := decodeProduct(key, rest)
		if err != nil {
			return err
		}
		p.Qty += had.Qty
		p.Amount += had.Amount
	}
	if p.Qty == 0 && p.Amount == 0 {
		tx.del(bProduct, key)
	} else {
		tx.put(bProduct, key, encodeProduct(p))
	}
	return nil
}

func encodeProduct(p pos.ProductSums) []byte {
	b := binary.AppendVarint(nil, int64(p.Qty))
	b = binary.AppendVarint(b, int64(p.Amount))
	b = append(append(b, p.Unit...), 0)
	return append(b, p.Name...)
}

func decodeProduct(key, rest []byte) (pos.ProductSums, error) {
	bad := damaged
	_, sku, ok := bytes.Cut(key, []byte{0})
	qty, n := binary.Varint(rest)
	if !ok || n <= 0 {
		return pos.ProductSums{}, bad(bProduct, key, nil)
	}
	amount, m := binary.Varint(rest[n:])
	if m <= 0 {
		return pos.ProductSums{}, bad(bProduct, key, nil)
	}
	unit, name, ok := bytes.Cut(rest[n+m:], []byte{0})
	if !ok {
		return pos.ProductSums{}, bad(bProduct, key, nil)
	}
	return pos.ProductSums{
		SKU: string(sku), Name: string(name), Unit: string(unit), Qty: pos.Qty(qty), Amount: pos.Amount(amount),
	}, nil
}

// Totals gives a business day in sums, read from its rollups; Pending comes
// from the open attempts.
func (s *Store) Totals(day string) (pos.Totals, error) {
	t := pos.Totals{Day: day}
	err := s.view(func(tx *snap) error {
		sums, err := readDay(tx, day)
		if err != nil {
			return err
		}
		t.Sums, t.Tax, t.Baskets, t.LateDeclined = sums.All, sums.Tax, sums.Baskets, sums.Late
		t.ByTender, t.ByHour, t.ByCashier = sums.ByTender, sums.ByHour, sums.ByCashier
		return tx.each(bProduct, pair(day, ""), func(k, rest []byte) error {
			p, err := decodeProduct(k, rest)
			t.ByProduct = append(t.ByProduct, p)
			return err
		})
	})
	if err != nil {
		return pos.Totals{}, err
	}
	slices.SortStableFunc(t.ByProduct, func(a, b pos.ProductSums) int { return cmp.Compare(b.Amount, a.Amount) })
	t.Pending = s.pending(day)
	return t, nil
}

// pending sums what was taken on a day and is not yet delivered.
func (s *Store) pending(day string) pos.Sums {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum pos.Sums
	for _, a := range s.open {
		if a.Day == day && pos.StateRules[a.State].Due == pos.DueUpload {
			sum = plus(sum, worth(a))
		}
	}
	return sum
}
