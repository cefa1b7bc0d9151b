package gui

import (
	"context"
	"fmt"
	"io"

	"tillkeeper/app/checkout"
	"tillkeeper/app/pos"
	"tillkeeper/app/settle"
)

// by words an approval.
func by(o *checkout.Override) string {
	if o == nil {
		return ""
	}
	return " by " + o.Staff + " " + o.PIN
}

func (f *fake) Standing(receipt string) (checkout.Standing, error) {
	if f.standing.Receipt != receipt {
		return checkout.Standing{}, pos.Errorf("unknown_receipt", "", "no receipt %s", receipt)
	}
	return f.standing, nil
}

func (f *fake) Void(_ context.Context, u checkout.Undo) (checkout.Paid, error) {
	return checkout.Paid{}, f.note("void %s%s", u.Receipt, by(u.Override))
}

func (f *fake) Refund(_ context.Context, r checkout.RefundAsk) (checkout.Paid, error) {
	what := r.Amount.String()
	if len(r.Lines) > 0 {
		what = fmt.Sprint(r.Lines)
	}
	return checkout.Paid{}, f.note("refund %s %s %s%s", r.Receipt, what, r.Reason, by(r.Override))
}

func (f *fake) Balance(context.Context) (checkout.Paid, error) {
	return checkout.Paid{}, f.note("balance")
}

func (f *fake) Preauth(_ context.Context, a pos.Amount) (checkout.Paid, error) {
	return checkout.Paid{}, f.note("preauth %s", a)
}

func (f *fake) Complete(_ context.Context, c checkout.Completing) (checkout.Paid, error) {
	return checkout.Paid{}, f.note("complete %s %s", c.Receipt, c.Amount)
}

func (f *fake) CancelAuth(_ context.Context, u checkout.Undo) (checkout.Paid, error) {
	return checkout.Paid{}, f.note("cancel auth %s%s", u.Receipt, by(u.Override))
}

func (f *fake) Resolve(_ context.Context, r checkout.Resolving) (pos.Attempt, error) {
	return pos.Attempt{}, f.note("resolve %s %s %s%s", r.Attempt, r.How, r.Reason, by(r.Override))
}

func (f *fake) PayLink(_ context.Context, attempt string) (checkout.Paid, error) {
	return checkout.Paid{}, f.note("link %s", attempt)
}

// closing is a desk that writes down what it was asked.
type closing struct {
	Closing
	f       *fake
	hold    chan struct{} // a settlement waits for it
	running bool
	last    *settle.Report
}

func (c *closing) Settle(_ context.Context, who pos.Operator, o *settle.Approval) (settle.Report, error) {
	if c.hold != nil {
		<-c.hold
	}
	approved := ""
	if o != nil {
		approved = " by " + o.Staff + " " + o.PIN
	}
	return settle.Report{Batch: "000012", Next: "000013", Balanced: true}, c.f.note("settle %s%s", who.ID, approved)
}

func (c *closing) Running() bool                { return c.running }
func (c *closing) Progress() (string, int, int) { return settle.StageUpload, 16, 31 }
func (c *closing) Last() (settle.Report, bool) {
	if c.last == nil {
		return settle.Report{}, false
	}
	return *c.last, true
}

func (c *closing) Preview() (pos.BatchTotals, []pos.Attempt, error) {
	return pos.BatchTotals{Debit: 5900, DebitCount: 2}, nil, nil
}

func (c *closing) Reconcile(_ context.Context, who pos.Operator, name string, r io.Reader) (settle.Reconciled, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return settle.Reconciled{}, err
	}
	return settle.Reconciled{File: name}, c.f.note("reconcile %s %s %s", who.ID, name, b)
}

func (c *closing) Differences(bool) ([]pos.Difference, error) {
	return []pos.Difference{{ID: "d1", Class: pos.TheirsOnly}}, nil
}

func (c *closing) ResolveDifference(_ context.Context, who pos.Operator, o *settle.Approval, id, how, reason string) (pos.Difference, error) {
	return pos.Difference{}, c.f.note("difference %s %s %s %s", id, how, reason, who.ID)
}

func (c *closing) Story(attempt string) (settle.Story, error) {
	return settle.Story{Attempt: pos.Attempt{ID: attempt}}, nil
}

func (c *closing) PrintStory(attempt string, who pos.Operator) error {
	return c.f.note("story %s %s", attempt, who.ID)
}
