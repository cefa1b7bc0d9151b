package basket

import (
	"slices"

	"tillkeeper/app/pos"
)

// Denominations are the notes and coins of the yuan that a drawer holds, in
// fen, largest first.
var Denominations = []pos.Amount{10000, 5000, 2000, 1000, 500, 100, 50, 10}

// Step is what a cash sum is rounded down to, in fen.
type Step pos.Amount

// The steps of cash rounding.
const (
	RoundNone Step = 1
	RoundJiao Step = 10  // down to 0.10
	RoundYuan Step = 100 // down to 1.00
)

// Rounding is what comes off a sum paid in cash, 0 or less, in fen. It never
// rounds a sum above 0 down to nothing.
func Rounding(due pos.Amount, step Step) pos.Amount {
	if step <= RoundNone || due < pos.Amount(step) {
		return 0
	}
	return -(due % pos.Amount(step))
}

// Pieces is a number of notes or coins of one value.
type Pieces struct {
	Value pos.Amount // fen
	Count int
}

// Change breaks a sum into the fewest notes and coins, largest first. Rest is
// what no coin in use can pay, below 0.10; a sum of 0 or less gives nothing.
func Change(sum pos.Amount) (out []Pieces, rest pos.Amount) {
	if sum <= 0 {
		return nil, 0
	}
	for _, d := range Denominations {
		if n := sum / d; n > 0 {
			out = append(out, Pieces{Value: d, Count: int(n)})
			sum -= n * d
		}
	}
	return out, sum
}

// Counted adds up notes and coins, in fen.
func Counted(ps []Pieces) pos.Amount {
	var sum pos.Amount
	for _, p := range ps {
		sum += p.Value * pos.Amount(p.Count)
	}
	return sum
}

// QuickKind says what a quick amount is.
type QuickKind string

// The kinds of quick amounts.
const (
	QuickExact   QuickKind = "exact"   // what is due
	QuickRounded QuickKind = "rounded" // what is due, rounded down
	QuickNotes   QuickKind = "notes"   // what a customer is likely to hand over
)

// Quick is a sum that a customer is likely to hand over, in fen.
type Quick struct {
	Kind   QuickKind
	Amount pos.Amount
}

// QuickCount is how many quick amounts a tender panel has room for.
const QuickCount = 5

// QuickAmounts gives at most QuickCount sums for what is due: the exact one,
// the one rounded down where that differs, then what notes make, rising.
func QuickAmounts(due pos.Amount, step Step) []Quick {
	if due <= 0 {
		return nil
	}
	out := []Quick{{QuickExact, due}}
	if off := Rounding(due, step); off < 0 {
		out = append(out, Quick{QuickRounded, due + off})
	}
	const hundred = 10000 // the largest note
	var sums []pos.Amount
	for _, note := range []pos.Amount{500, 1000, 2000, 5000, hundred} {
		sums = append(sums, (due/note+1)*note)
		if due%note == 0 {
			sums[len(sums)-1] = due
		}
	}
	up := (due + hundred - 1) / hundred * hundred
	sums = append(sums, up+hundred, up+2*hundred)
	slices.Sort(sums)
	for _, s := range slices.Compact(sums) {
		if s > due && len(out) < QuickCount {
			out = append(out, Quick{QuickNotes, s})
		}
	}
	return out
}
