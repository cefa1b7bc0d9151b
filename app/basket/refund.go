package basket

import (
	"fmt"

	"tillkeeper/app/pos"
)

// Want is a quantity of one line of a paid basket that comes back.
type Want struct {
	Line int
	Qty  pos.Qty
}

// Return makes the lines of a refund, with negative quantities and sums, and
// the money for them.
func Return(b pos.Basket, wants []Want) (lines []pos.Line, sum pos.Amount, err error) {
	seen := map[int]bool{}
	for _, w := range wants {
		i := Find(b.Lines, w.Line)
		if i < 0 || seen[w.Line] {
			return nil, 0, fmt.Errorf("%w: line %d", ErrNoLine, w.Line)
		}
		seen[w.Line] = true
		line, money, err := RefundOf(b.Lines[i], w.Qty, b.Mode)
		if err != nil {
			return nil, 0, err
		}
		lines = append(lines, line)
		sum += money
	}
	return lines, sum, nil
}

// RefundOf is the refund of a quantity of a paid line, and the money for it.
// Refunds of all parts, of goods and of money alone, add up to the line's total
// (and to its tax, where that was added on top).
func RefundOf(l pos.Line, qty pos.Qty, mode pos.TaxMode) (pos.Line, pos.Amount, error) {
	if qty <= 0 {
		return l, 0, fmt.Errorf("%w: %s", ErrQty, qty)
	}
	if qty > l.Qty-l.Returned {
		return l, 0, fmt.Errorf("%w: %s of %s", ErrLeft, qty, l.Qty-l.Returned)
	}
	part := func(q pos.Qty) pos.Amount { return pos.Amount(mulDiv(int64(l.Total), int64(q), int64(l.Qty))) }
	rest := l.Total - l.ReturnedSum
	back := min(part(l.Returned+qty)-part(l.Returned), rest)
	if qty == l.Qty-l.Returned {
		back = rest
	}
	out := taken(l, back)
	out.Qty = -qty
	money := back
	if mode == pos.TaxAdded {
		money -= out.TaxSum
	}
	return out, money, nil
}

// taken is a line of a refund: money of a paid line and the tax in it, no goods.
func taken(l pos.Line, back pos.Amount) pos.Line {
	out := l
	out.Qty, out.Returned, out.ReturnedSum, out.Discount, out.Total, out.TaxSum = 0, 0, 0, 0, -back, 0
	if l.Total > 0 {
		tax := func(sum pos.Amount) pos.Amount {
			return pos.Amount(mulDiv(int64(l.TaxSum), int64(sum), int64(l.Total)))
		}
		out.TaxSum = tax(l.ReturnedSum) - tax(l.ReturnedSum+back)
	}
	return out
}

// ReturnSum makes the lines of a refund of money without goods: each line gives
// its share of the sum from what is left of it, its quantity stays sold.
func ReturnSum(b pos.Basket, sum pos.Amount) ([]pos.Line, error) {
	left := make([]pos.Line, len(b.Lines))
	for i, l := range b.Lines {
		left[i] = l
		left[i].Total -= l.ReturnedSum
	}
	if b.Mode == pos.TaxAdded { // the money holds the tax, the lines do not
		var tax pos.Amount
		for _, l := range b.Lines {
			tax += l.TaxSum
		}
		if net := sumOf(b.Lines); net+tax > 0 {
			sum = pos.Amount(mulDiv(int64(sum), int64(net), int64(net+tax)))
		}
	}
	shares, err := Spread(left, min(sum, sumOf(left)))
	if err != nil {
		return nil, err
	}
	var lines []pos.Line
	for i, s := range shares {
		if s > 0 {
			lines = append(lines, taken(b.Lines[i], s))
		}
	}
	return lines, nil
}

func sumOf(lines []pos.Line) (sum pos.Amount) {
	for _, l := range lines {
		sum += l.Total
	}
	return sum
}

// Book notes in a paid basket what a refund of it took back.
func Book(b *pos.Basket, refund pos.Basket) {
	for _, r := range refund.Lines {
		if i := Find(b.Lines, r.No); i >= 0 {
			b.Lines[i].Returned -= r.Qty
			b.Lines[i].ReturnedSum -= r.Total
		}
	}
}

// Refunding makes the document of a refund: its lines, what is paid out and the
// tax in it.
func Refunding(of pos.Basket, lines []pos.Line, sum pos.Amount) pos.Basket {
	b := pos.Basket{State: pos.BasketRefund, Lines: lines, Mode: of.Mode, Total: -sum, Of: of.Key}
	for _, l := range lines {
		b.Tax += l.TaxSum
	}
	return b
}

// RefundDocs gives the documents of a refund as they are after a step of it:
// its own, and where it was approved the one whose goods came back; paid says
// that the refund is done.
func RefundDocs(load func(key string) (pos.Basket, error), refund pos.Basket, amount pos.Amount, approved bool) (docs []pos.Basket, paid bool, err error) {
	if !approved {
		return []pos.Basket{refund}, false, nil
	}
	refund.State, refund.Paid = pos.BasketPaid, amount
	docs = []pos.Basket{refund}
	if refund.Of == "" {
		return docs, true, nil
	}
	of, err := load(refund.Of)
	if err != nil {
		return nil, false, err
	}
	of = *of.Clone()
	Book(&of, refund)
	return append(docs, of), true, nil
}

// RefundCommit is what becomes durable when a refund or void that waited is
// approved by the event yes: what it means for its original, its own document
// and the one whose goods came back. Where another refund took what was left of
// the original meanwhile, the event is flagged for the acquirer's file.
func RefundCommit(j pos.Journal, a pos.Attempt, yes pos.Event, day string, hour int) (pos.Commit, error) {
	var c pos.Commit
	o, err := j.Attempt(a.Original)
	if err != nil {
		return c, err
	}
	e, ok := pos.Consequence(a.Kind, o, a.Amount)
	if _, fits := pos.Lookup(o.State, e.Type); !ok || !fits || a.Amount > o.Approved-o.Refunded {
		yes.Flag = true
		return pos.Commit{Events: []pos.Event{yes}}, nil
	}
	c.Events = []pos.Event{yes, e}
	if a.Kind != pos.Refund || a.Basket == "" {
		return c, nil
	}
	doc, err := j.Basket(a.Basket)
	if err != nil {
		return c, err
	}
	if c.Baskets, _, err = RefundDocs(j.Basket, doc, a.Amount, true); err != nil {
		return c, err
	}
	c.Events = append(c.Events, pos.Event{
		Type: pos.EvBasketPaid, Basket: doc.Key, By: a.Cashier, Receipt: a.Receipt, Amount: a.Amount, Day: day, Hour: hour,
	})
	return c, nil
}
