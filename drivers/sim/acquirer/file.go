package acquirer

import (
	"encoding/csv"
	"io"
	"time"
)

// FileHeader is the first line of the acquirer's file. Amounts are yuan with two decimals: debits above zero, refunds and voids below; PANs are masked.
var FileHeader = []string{"date", "time", "tid", "mid", "batch", "stan", "rrn", "auth", "kind", "pan", "amount", "original_batch", "original_stan"}

const dayLayout = "2006-01-02"

// WriteFile writes the acquirer's file of a day ("2006-01-02", empty for all days) from the ledger of a host's folder as CSV: every debit, refund and void that was not reversed, in order.
func WriteFile(dir, day string, w io.Writer) error {
	if day != "" {
		if _, err := time.Parse(dayLayout, day); err != nil {
			return err
		}
	}
	entries, err := Ledger(dir)
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	if err := out.Write(FileHeader); err != nil {
		return err
	}
	for _, e := range entries {
		amount := e.signed()
		date := e.Time.Format(dayLayout)
		if amount == 0 || e.State == "reversed" || day != "" && date != day {
			continue
		}
		row := []string{
			date, e.Time.Format("15:04:05"), e.TID, e.MID, e.Batch, e.STAN, e.RRN, e.Auth, e.Kind, e.PAN, yuan(amount), "", "",
		}
		if e.Original > 0 {
			o := entries[e.Original-1]
			row[11], row[12] = o.Batch, o.STAN
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
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
