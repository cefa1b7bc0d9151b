package acquirer

import (
	"encoding/csv"
	"io"
	"time"
)

// FileHeader is the first line of the acquirer's file. Amounts are yuan with two decimals: debits above zero, refunds and voids below; PANs are masked.
var FileHeader = []string{"date", "time", "tid", "mid", "batch", "stan", "rrn", "auth", "kind", "pan", "amount", "original_batch", "original_stan"}

const dayLayout = "2006-01-02"

// The columns of the acquirer's file that planted differences touch.
const (
	colBatch  = 4
	colSTAN   = 5
	colRRN    = 6
	colKind   = 8
	colAmount = 10
	colLast   = 12
)

// WriteFile writes the acquirer's file of a day ("2006-01-02", empty for all days) from the ledger of a host's folder as CSV: every debit, refund and void that was not reversed, in order.
func WriteFile(dir, day string, w io.Writer) error {
	_, err := PlantedFile(dir, day, nil, w)
	return err
}

// PlantedFile is WriteFile with differences planted; it answers what was planted, in the order of the plan.
func PlantedFile(dir, day string, plan []Planting, w io.Writer) ([]Planted, error) {
	if day != "" {
		if _, err := time.Parse(dayLayout, day); err != nil {
			return nil, err
		}
	}
	entries, err := Ledger(dir)
	if err != nil {
		return nil, err
	}
	var rows, reversed [][]string
	for _, e := range entries {
		if e.signed() == 0 || day != "" && e.Time.Format(dayLayout) != day {
			continue
		}
		if row := fileRow(e, entries); e.State == "reversed" {
			reversed = append(reversed, row)
		} else {
			rows = append(rows, row)
		}
	}
	rows, planted, err := plant(plan, rows, reversed)
	if err != nil {
		return nil, err
	}
	out := csv.NewWriter(w)
	if err := out.Write(FileHeader); err != nil {
		return nil, err
	}
	if err := out.WriteAll(rows); err != nil {
		return nil, err
	}
	return planted, out.Error()
}

func fileRow(e Entry, entries []Entry) []string {
	row := []string{
		e.Time.Format(dayLayout), e.Time.Format("15:04:05"), e.TID, e.MID, e.Batch, e.STAN, e.RRN, e.Auth, e.Kind, e.PAN,
		yuan(e.signed()), "", "",
	}
	if e.Original > 0 {
		o := entries[e.Original-1]
		row[colLast-1], row[colLast] = o.Batch, o.STAN
	}
	return row
}

// signed is what the message means to the merchant: debits above zero, refunds and voids below, 0 for what is no money of his.
func (e Entry) signed() int64 {
	switch {
	case e.debit():
		return e.Amount
	case e.Kind == KindRefund, e.Kind == KindVoid, e.Kind == KindCompletionVoid:
		return -e.Amount
	}
	return 0
}
