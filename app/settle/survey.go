package settle

import (
	"strings"

	"tillkeeper/app/pos"
)

// survey is what the journal says of the open batch.
type survey struct {
	batch  string
	totals pos.BatchTotals
	items  string        // trace numbers of the debits that stand
	left   []pos.Attempt // of the batch, not taken by the host
	owed   int           // items of any batch that the queue would send
	live   int           // payments that are being made
}

func (s survey) leftSum() pos.Amount {
	var sum pos.Amount
	for i := range s.left {
		sum += s.left[i].Amount
	}
	return sum
}

// Preview is what a settlement would send now: the totals of the open batch, and
// the payments that would be left out if nothing changed before.
func (d *Desk) Preview() (pos.BatchTotals, []pos.Attempt, error) {
	s, err := d.survey()
	return s.totals, s.left, err
}

func (d *Desk) survey() (survey, error) {
	s := survey{batch: pos.OpenBatch(d.o.Journal)}
	all, err := d.o.Journal.OfBatch(s.batch)
	if err != nil {
		return s, err
	}
	var items strings.Builder
	for i := range all {
		a := &all[i]
		if a.Batch != s.batch {
			continue // it went on in another batch
		}
		count(&s.totals, a)
		if stands(a) {
			items.WriteString(a.STAN)
		}
	}
	s.items = items.String()
	open, err := d.o.Journal.Open()
	if err != nil {
		return s, err
	}
	for _, a := range open {
		switch due := pos.StateRules[a.State].Due; {
		case due == pos.DueFlow && a.Tender != pos.Cash:
			s.live++
		case due == pos.DueReverse, due == pos.DueUpload, due == pos.DueRepeat, a.State == pos.Manual && a.Reason != "":
			s.owed++
		}
		if due := pos.StateRules[a.State].Due; a.STAN != "" && a.Batch == s.batch && due != pos.DueFlow && due != pos.DueTell {
			s.left = append(s.left, a)
		}
	}
	return s, nil
}

// taken says that the host said yes to an attempt and that this still holds or
// was undone by a message of its own.
func taken(a *pos.Attempt) bool {
	switch a.State {
	case pos.Approved, pos.Delivered, pos.Voided, pos.Refunded, pos.Settled:
		return true
	}
	return false
}

// count adds an attempt to the gross totals: a voided or refunded sale stays a
// debit, its void or refund is a credit; what was reversed, refused or is still
// open counts nowhere.
func count(t *pos.BatchTotals, a *pos.Attempt) {
	if !taken(a) {
		return
	}
	switch a.Kind {
	case pos.Sale, pos.Completion:
		t.Debit += a.Approved
		t.DebitCount++
	case pos.Void, pos.Refund, pos.CompletionVoid:
		t.Credit += a.Approved
		t.CreditCount++
	}
}

// stands says whether a debit is uploaded: it was taken and not voided.
func stands(a *pos.Attempt) bool {
	return taken(a) && a.State != pos.Voided && (a.Kind == pos.Sale || a.Kind == pos.Completion)
}

// settles says whether an attempt becomes settled with its batch.
func settles(a *pos.Attempt) bool {
	if a.State != pos.Approved && a.State != pos.Delivered {
		return false
	}
	switch a.Kind {
	case pos.Sale, pos.Completion, pos.Void, pos.Refund, pos.CompletionVoid:
		return true
	}
	return false
}
