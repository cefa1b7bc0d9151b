package acquirer

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ErrPlant means that a difference cannot be planted; the text says which and why.
var ErrPlant = errors.New("acquirer: cannot plant")

// The kinds of difference that a file may have planted.
const (
	PlantDrop     = "drop"     // a line is missing
	PlantCharge   = "charge"   // a debit that the till holds for failed: a trace number that moved nothing here
	PlantAmount   = "amount"   // a debit has one yuan more
	PlantReversed = "reversed" // a debit that was reversed is there all the same
	PlantDouble   = "double"   // a debit is there twice, with a reference number of its own
)

var plantKinds = []string{PlantDrop, PlantCharge, PlantAmount, PlantReversed, PlantDouble}

const plantLimit = 1000 // differences of one kind

// Planting asks for differences of one kind.
type Planting struct {
	Kind  string
	Count int
}

// Planted is one difference that was planted: the line it is about. Amount is that of the file, in yuan.
type Planted struct{ Kind, Batch, STAN, RRN, Amount string }

// ParsePlanting reads "N,KIND,KIND...": N of each kind, of every kind where none is named.
func ParsePlanting(text string) ([]Planting, error) {
	words := strings.Split(text, ",")
	n, err := strconv.Atoi(words[0])
	if err != nil || n < 1 || n > plantLimit {
		return nil, fmt.Errorf("%w: %q is not 1 to %d", ErrPlant, words[0], plantLimit)
	}
	kinds := words[1:]
	if len(kinds) == 0 {
		kinds = plantKinds
	}
	var out []Planting
	for _, k := range kinds {
		if !slices.Contains(plantKinds, k) {
			return nil, fmt.Errorf("%w: kind %q", ErrPlant, k)
		}
		if slices.ContainsFunc(out, func(p Planting) bool { return p.Kind == k }) {
			return nil, fmt.Errorf("%w: %s twice", ErrPlant, k)
		}
		out = append(out, Planting{k, n})
	}
	return out, nil
}

// field is a file while differences are planted; no line gets two.
type field struct {
	rows, reversed [][]string
	touched        map[string]bool // by batch and STAN
	gone           map[int]bool
	more           [][]string
	done           []Planted
}

func plant(plan []Planting, rows, reversed [][]string) ([][]string, []Planted, error) {
	f := &field{rows: rows, reversed: reversed, touched: map[string]bool{}, gone: map[int]bool{}}
	for _, p := range plan {
		for i := range p.Count {
			if err := f.one(p.Kind, i); err != nil {
				return nil, nil, err
			}
		}
	}
	var out [][]string
	if len(plan) == 0 {
		return rows, nil, nil
	}
	for i, row := range rows {
		if !f.gone[i] {
			out = append(out, row)
		}
	}
	out = append(out, f.more...)
	slices.SortStableFunc(out, func(a, b []string) int { return strings.Compare(a[0]+a[1], b[0]+b[1]) })
	return out, f.done, nil
}

// one plants a difference; n numbers those of its kind.
func (f *field) one(kind string, n int) error {
	if kind == PlantReversed {
		if n >= len(f.reversed) {
			return fmt.Errorf("%w: %s: only %d reversed lines", ErrPlant, kind, len(f.reversed))
		}
		f.add(kind, slices.Clone(f.reversed[n]))
		return nil
	}
	i := f.free(kind == PlantDrop)
	if i < 0 {
		return fmt.Errorf("%w: %s: no line left", ErrPlant, kind)
	}
	row := f.rows[i]
	switch kind {
	case PlantCharge: // leaves the line it is made after alone
		stan := f.unused(row[colBatch])
		if stan == "" {
			return fmt.Errorf("%w: %s: no trace number left", ErrPlant, kind)
		}
		made := slices.Clone(row)
		made[colSTAN], made[colRRN] = stan, "9"+row[colRRN][1:]
		f.add(kind, made)
		return nil
	case PlantDrop:
		f.gone[i] = true
	case PlantAmount:
		yuan, fen, _ := strings.Cut(row[colAmount], ".")
		row[colAmount] = strconv.FormatInt(number(yuan)+1, 10) + "." + fen
	case PlantDouble:
		again := slices.Clone(row)
		again[colRRN] = "8" + row[colRRN][1:]
		f.more = append(f.more, again)
	}
	f.note(kind, row)
	return nil
}

func (f *field) add(kind string, row []string) {
	f.more = append(f.more, row)
	f.note(kind, row)
}

func (f *field) note(kind string, row []string) {
	f.touched[row[colBatch]+row[colSTAN]] = true
	f.done = append(f.done, Planted{kind, row[colBatch], row[colSTAN], row[colRRN], row[colAmount]})
}

// free finds a line without a difference: a debit, or any.
func (f *field) free(anyLine bool) int {
	return slices.IndexFunc(f.rows, func(row []string) bool {
		return !f.touched[row[colBatch]+row[colSTAN]] && (anyLine || row[colAmount][0] != '-')
	})
}

// unused finds the first trace number of a batch that moved nothing: the till used it for something else, or for what failed.
func (f *field) unused(batch string) string {
	used := map[int64]bool{}
	low, high := int64(0), int64(0)
	for _, row := range slices.Concat(f.rows, f.reversed, f.more) {
		if n := number(row[colSTAN]); row[colBatch] == batch {
			used[n] = true
			high = max(high, n)
			if low == 0 || n < low {
				low = n
			}
		}
	}
	for n := low + 1; n < high; n++ {
		if !used[n] {
			return fmt.Sprintf("%06d", n)
		}
	}
	if high < 999_999 {
		return fmt.Sprintf("%06d", high+1)
	}
	return ""
}

// printPlanted says what was planted, a line each.
func printPlanted(w io.Writer, all []Planted) error {
	for _, p := range all {
		if _, err := fmt.Fprintf(w, "planted %s batch %s stan %s rrn %s amount %s\n", p.Kind, p.Batch, p.STAN, p.RRN, p.Amount); err != nil {
			return err
		}
	}
	return nil
}
