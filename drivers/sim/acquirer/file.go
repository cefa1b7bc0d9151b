package acquirer

import (
	"io"
	"time"

	"tillkeeper/app/pos"
)

const dayLayout = "2006-01-02"

// The columns of a row, in the order of pos.FileColumns, that are written by the layout or touched by planted differences.
const (
	colDate   = 0
	colTime   = 1
	colBatch  = 4
	colSTAN   = 5
	colRRN    = 6
	colKind   = 8
	colAmount = 10
	colLast   = 12
)

// WriteFile writes the acquirer's file of a day ("2006-01-02", empty for all days) from the ledger of a host's folder as a layout has it: every debit, refund and void that was not reversed, in order; PANs are masked.
func WriteFile(dir, day string, l pos.FileLayout, w io.Writer) error {
	_, err := PlantedFile(dir, day, nil, l, w)
	return err
}

// PlantedFile is WriteFile with differences planted; it answers what was planted, in the order of the plan.
func PlantedFile(dir, day string, plan []Planting, l pos.FileLayout, w io.Writer) ([]Planted, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
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
	return planted, writeRows(rows, l, w)
}

// fileRow is a row as the differences are planted in it: amounts in yuan with two decimals, debits above zero, refunds and voids below.
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
