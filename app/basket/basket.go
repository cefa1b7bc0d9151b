// Package basket holds the rules of a basket and of the catalogue: quantities,
// discounts, tax, rounding, totals, change, article numbers and the search by
// pinyin initials. It promises to be pure: no I/O but the readers handed to it,
// no clock, no goroutine, no floating point number.
//
// Amounts are fen, quantities thousandths of the unit, rates basis points (1300
// is 13 %). Rounding is half up, away from zero, once a line.
package basket

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"tillkeeper/app/pos"
)

// The limits of a basket. Within them no sum can overflow.
const (
	MaxLines              = 500
	MaxPrice   pos.Amount = 99_999_999    // fen a unit
	MaxQty     pos.Qty    = 9_999_999     // thousandths: 9,999.999
	MaxTotal   pos.Amount = 9_999_999_999 // fen; fits 8583:1987 DE 4
	MaxTaxRate            = 10_000        // basis points
	fullRate              = 10_000        // basis points in the whole
)

// The failures of a basket's rules.
var (
	ErrTooLarge = errors.New("over a limit of the basket")
	ErrQty      = errors.New("not a quantity that can be sold")
	ErrDiscount = errors.New("not a discount that can be given")
	ErrLeft     = errors.New("more than is left to refund")
	ErrNoLine   = errors.New("no such line, or named twice")
)

// ReasonPriceLabel marks the discount of a few fen that brings a weighed line
// to the price printed on its label.
const ReasonPriceLabel = "price_label"

// mulDiv gives a*b/c rounded half up, for a and b of 0 or more and c above 0.
// The product may pass 64 bits, the result may not.
func mulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	lo, carry := bits.Add64(lo, uint64(c)/2, 0)
	q, _ := bits.Div64(hi+carry, lo, uint64(c))
	return int64(q)
}

// Gross is price times quantity in fen, rounded half up. A price or quantity
// outside the limits is refused.
func Gross(price pos.Amount, qty pos.Qty) (pos.Amount, error) {
	if price < 0 || price > MaxPrice {
		return 0, fmt.Errorf("%w: price %s", ErrTooLarge, price)
	}
	if qty <= 0 || qty > MaxQty {
		return 0, fmt.Errorf("%w: %s", ErrQty, qty)
	}
	return pos.Amount(mulDiv(int64(price), int64(qty), int64(pos.One))), nil
}

// ParseQty reads "1" or "0.350" as a quantity above 0 and within the limit.
func ParseQty(s string) (pos.Qty, error) {
	q, err := pos.ParseQty(s)
	if err != nil {
		return 0, err
	}
	if q <= 0 || q > MaxQty {
		return 0, fmt.Errorf("%w: %s", ErrQty, s)
	}
	return q, nil
}

// Tax is the tax in a line's total: the part of it where prices include the
// tax, the sum on top of it where they do not. The rate is in basis points.
func Tax(total pos.Amount, rate int, mode pos.TaxMode) pos.Amount {
	if total < 0 {
		return -Tax(-total, rate, mode)
	}
	base := int64(fullRate)
	if mode != pos.TaxAdded {
		base += int64(rate)
	}
	return pos.Amount(mulDiv(int64(total), int64(rate), base))
}

// NewLine makes the line of an article; its number is given by the basket.
func NewLine(p pos.Product, qty pos.Qty, mode pos.TaxMode) (pos.Line, error) {
	l := pos.Line{
		SKU: p.SKU, Barcode: p.Barcode, Name: p.Name, Category: p.Category, Unit: p.Unit,
		Qty: qty, Price: p.Price, Tax: p.Tax,
	}
	if err := Whole(l, qty); err != nil {
		return pos.Line{}, err
	}
	return Price(l, mode)
}

// Whole refuses a broken quantity of what is sold by the piece.
func Whole(l pos.Line, qty pos.Qty) error {
	if l.Unit != "kg" && qty%pos.One != 0 {
		return fmt.Errorf("%w: %s of %s, which is sold by the piece", ErrQty, qty, l.Name)
	}
	return nil
}

// Price fills Total and TaxSum of a line from its price, quantity, discount
// and rate.
func Price(l pos.Line, mode pos.TaxMode) (pos.Line, error) {
	gross, err := Gross(l.Price, l.Qty)
	if err != nil {
		return l, err
	}
	if l.Discount < 0 || l.Discount > gross {
		return l, fmt.Errorf("%w: %s off %s", ErrDiscount, l.Discount, gross)
	}
	if l.Tax < 0 || l.Tax > MaxTaxRate {
		return l, fmt.Errorf("%w: tax of %d basis points", ErrTooLarge, l.Tax)
	}
	l.Total = gross - l.Discount
	l.TaxSum = Tax(l.Total, l.Tax, mode)
	return l, nil
}

// Sums are the totals of some lines, in fen.
type Sums struct {
	Gross    pos.Amount // before discounts and before added tax
	Discount pos.Amount // 0 or more
	Tax      pos.Amount // sum of the lines' rounded taxes
	Total    pos.Amount // what the customer owes
	Kinds    int        // lines
	Items    int        // pieces; a weighed line counts as one
}

// Totals adds up priced lines.
func Totals(lines []pos.Line, mode pos.TaxMode) Sums {
	var s Sums
	for _, l := range lines {
		s.Gross += l.Total + l.Discount
		s.Discount += l.Discount
		s.Tax += l.TaxSum
		s.Total += l.Total
		if whole := l.Qty / pos.One; l.Unit != "kg" && l.Qty%pos.One == 0 {
			s.Items += int(whole)
		} else {
			s.Items++
		}
	}
	if mode == pos.TaxAdded {
		s.Total += s.Tax
	}
	s.Kinds = len(lines)
	return s
}

// Refresh prices all lines of a basket anew and sets its Total and Tax. On an
// error the basket is left as it was.
func Refresh(b *pos.Basket) error {
	if len(b.Lines) > MaxLines {
		return fmt.Errorf("%w: %d lines", ErrTooLarge, len(b.Lines))
	}
	lines := make([]pos.Line, len(b.Lines))
	for i, l := range b.Lines {
		var err error
		if lines[i], err = Price(l, b.Mode); err != nil {
			return fmt.Errorf("line %d: %w", l.No, err)
		}
	}
	s := Totals(lines, b.Mode)
	if s.Total > MaxTotal {
		return fmt.Errorf("%w: total %s", ErrTooLarge, s.Total)
	}
	b.Lines, b.Total, b.Tax = lines, s.Total, s.Tax
	return nil
}

// Spread shares a discount on the whole basket among its lines in proportion
// to their totals, to the fen: the shares add up to off, and none is above its
// line. It gives what each line has to take off in addition.
func Spread(lines []pos.Line, off pos.Amount) ([]pos.Amount, error) {
	var sum pos.Amount
	for _, l := range lines {
		sum += l.Total
	}
	if off < 0 || off > sum {
		return nil, fmt.Errorf("%w: %s off %s", ErrDiscount, off, sum)
	}
	shares := make([]pos.Amount, len(lines))
	// Rounding the running sum instead of each share makes the shares add up.
	var upTo, given pos.Amount
	for i, l := range lines {
		upTo += l.Total
		if sum > 0 {
			share := pos.Amount(mulDiv(int64(off), int64(upTo), int64(sum))) - given
			shares[i] = min(share, l.Total)
		}
		given += shares[i]
	}
	for i := range lines {
		more := min(off-given, lines[i].Total-shares[i])
		shares[i] += more
		given += more
	}
	return shares, nil
}

// Find gives the index of the line with a number, -1 if there is none.
func Find(lines []pos.Line, no int) int {
	return slices.IndexFunc(lines, func(l pos.Line) bool { return l.No == no })
}
