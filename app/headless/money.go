package headless

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"tillkeeper/app/checkout"
	"tillkeeper/app/pos"
	"tillkeeper/app/settle"
)

// undo is the command of a void, a cancellation and a completion.
type undo struct {
	head
	Receipt  string      `json:"receipt"`
	Amount   *pos.Amount `json:"amount"`
	Card     string      `json:"card"`
	Override *approval   `json:"override"`
}

func (f *face) undo(line []byte) (undo, error) {
	var c undo
	if err := read(line, &c); err != nil {
		return c, err
	}
	if c.Receipt == "" {
		return c, missing("receipt", `"000001", the number on the receipt`)
	}
	return c, positive("amount", c.Amount)
}

func positive(key string, v *pos.Amount) error {
	if v != nil && *v <= 0 {
		return pos.Errorf("bad_amount", "give fen above zero", "%s of %d does not fit", key, *v)
	}
	return nil
}

func noKey(cmd, key string, given bool) error {
	if given {
		return pos.Errorf("unknown_key", "leave it out", "%s has no key %q", cmd, key)
	}
	return nil
}

// paid is the answer of a payment that is no sale.
func (f *face) paid(p checkout.Paid, err error) (answer, error) {
	if err != nil {
		return nil, err
	}
	a := answer{"receipt": p.Receipt}
	if a["attempt"], err = f.attemptJSON(p.Attempt); err != nil {
		return nil, err
	}
	if len(p.All) > 1 {
		all, err := f.attemptList(p.All)
		if err != nil {
			return nil, err
		}
		a["attempts"] = all["attempts"]
	}
	return a, nil
}

func void(f *face, ctx context.Context, line []byte) (answer, error) {
	c, err := f.undo(line)
	if err == nil {
		err = noKey("void", "amount", c.Amount != nil)
	}
	if err != nil {
		return nil, err
	}
	if c.Card != "" {
		if err := f.Bench.Present(c.Card); err != nil {
			return nil, err
		}
		defer f.Bench.Clear()
	}
	return f.paid(f.Face.Void(ctx, checkout.Undo{Receipt: c.Receipt, Card: c.Card != "", Override: c.Override.override()}))
}

// refundLine is a quantity of a line that comes back.
type refundLine struct {
	Line int    `json:"line"`
	Qty  string `json:"qty"`
}

func refund(f *face, ctx context.Context, line []byte) (answer, error) {
	var c struct {
		head
		Receipt  string        `json:"receipt"`
		Lines    *[]refundLine `json:"lines"`
		Amount   *pos.Amount   `json:"amount"`
		Card     string        `json:"card"`
		Reason   string        `json:"reason"`
		Override *approval     `json:"override"`
	}
	if err := read(line, &c); err != nil {
		return nil, err
	}
	if c.Receipt == "" {
		return nil, missing("receipt", `"000001", the number on the receipt`)
	}
	if err := positive("amount", c.Amount); err != nil {
		return nil, err
	}
	ask := checkout.RefundAsk{Receipt: c.Receipt, Reason: c.Reason, Override: c.Override.override()}
	if c.Amount != nil {
		ask.Amount = *c.Amount
	}
	if c.Lines == nil {
		c.Lines = &[]refundLine{}
	} else if len(*c.Lines) == 0 {
		return nil, pos.Errorf("bad_refund", "name the lines that come back, or an amount", "the list of lines is empty")
	}
	for _, l := range *c.Lines {
		q, err := quantity(l.Qty)
		if err != nil {
			return nil, err
		}
		ask.Lines = append(ask.Lines, checkout.RefundLine{Line: l.Line, Qty: q})
	}
	if c.Card != "" {
		ask.Card = true
		if err := f.Bench.Present(c.Card); err != nil {
			return nil, err
		}
		defer f.Bench.Clear()
	}
	return f.paid(f.Face.Refund(ctx, ask))
}

// withCard is the command of an operation for which a card is presented.
type withCard struct {
	head
	Amount *pos.Amount `json:"amount"`
	Card   string      `json:"card"`
	PIN    *string     `json:"pin"`
	Bypass bool        `json:"bypass"`
}

// presented runs an operation with a card on the reader.
func (f *face) presented(c withCard, do func() (checkout.Paid, error)) (checkout.Paid, error) {
	if c.Card == "" {
		return checkout.Paid{}, missing("card", `"ok", a card of the deck`)
	}
	hand := customer{c.Card, c.PIN, c.Bypass}
	if err := f.present(hand); err != nil {
		return checkout.Paid{}, err
	}
	defer f.Bench.Clear()
	defer f.presentAgain(hand)()
	return do()
}

func balance(f *face, ctx context.Context, line []byte) (answer, error) {
	var c withCard
	err := read(line, &c)
	if err == nil {
		err = errors.Join(noKey("balance", "amount", c.Amount != nil), noKey("balance", "bypass", c.Bypass))
	}
	if err != nil {
		return nil, err
	}
	p, err := f.presented(c, func() (checkout.Paid, error) { return f.Face.Balance(ctx) })
	a, err := f.paid(p, err)
	if err != nil {
		return nil, err
	}
	a["balance"], a["sms"] = p.Balance, p.Notify
	return a, nil
}

func preauth(f *face, ctx context.Context, line []byte) (answer, error) {
	var c withCard
	if err := read(line, &c); err != nil {
		return nil, err
	}
	if c.Amount == nil {
		return nil, missing("amount", "100000, in fen")
	}
	if err := positive("amount", c.Amount); err != nil {
		return nil, err
	}
	p, err := f.presented(c, func() (checkout.Paid, error) { return f.Face.Preauth(ctx, *c.Amount) })
	return f.paid(p, err)
}

func complete(f *face, ctx context.Context, line []byte) (answer, error) {
	c, err := f.undo(line)
	if err == nil {
		err = noKey("complete", "override", c.Override != nil)
	}
	if err != nil {
		return nil, err
	}
	ask := checkout.Completing{Receipt: c.Receipt}
	if c.Amount != nil {
		ask.Amount = *c.Amount
	}
	return f.paid(f.Face.Complete(ctx, ask))
}

func cancel(f *face, ctx context.Context, line []byte) (answer, error) {
	c, err := f.undo(line)
	if err == nil {
		err = noKey("cancel", "amount", c.Amount != nil)
	}
	if err != nil {
		return nil, err
	}
	return f.paid(f.Face.CancelAuth(ctx, checkout.Undo{Receipt: c.Receipt, Override: c.Override.override()}))
}

func resolve(f *face, ctx context.Context, line []byte) (answer, error) {
	var c struct {
		head
		Attempt  string    `json:"attempt"`
		How      string    `json:"how"`
		Reason   string    `json:"reason"`
		Override *approval `json:"override"`
	}
	if err := read(line, &c); err != nil {
		return nil, err
	}
	if c.Attempt == "" {
		return nil, missing("attempt", "an item of the queue")
	}
	a, err := f.Face.Resolve(ctx, checkout.Resolving{Attempt: c.Attempt, How: c.How, Reason: c.Reason, Override: c.Override.override()})
	if err != nil {
		return nil, err
	}
	j, err := f.attemptJSON(a)
	return answer{"attempt": j}, err
}

// settleLimit bounds one settlement; it goes on by itself after that.
const settleLimit = maxWait

func settleBatch(f *face, ctx context.Context, line []byte) (answer, error) {
	var c struct {
		head
		Override *approval `json:"override"`
	}
	if err := read(line, &c); err != nil {
		return nil, err
	}
	by, err := f.signedIn()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, settleLimit)
	defer stop()
	var o *settle.Approval
	if v := c.Override.override(); v != nil {
		o = &settle.Approval{Staff: v.Staff, PIN: v.PIN}
	}
	r, err := f.Desk.Settle(ctx, by, o)
	if err != nil {
		return nil, err
	}
	return answer{
		"till": r.Till, "host": r.Host, "balanced": r.Balanced, "batch": r.Batch, "next_batch": r.Next, "left_out": inShort(r.LeftOut),
		"uploaded": r.Uploaded, "untaken": inShort(r.Untaken), "empty": r.Empty,
	}, nil
}

// inShort are the payments that a settlement names.
func inShort(list []pos.Attempt) []answer {
	out := make([]answer, 0, len(list))
	for _, a := range list {
		out = append(out, answer{"attempt": a.ID, "kind": kindOf(a), "state": a.State, "amount": a.Amount, "stan": a.STAN, "batch": a.Batch})
	}
	return out
}

func (f *face) signedIn() (pos.Operator, error) {
	by := f.Face.Snapshot().Operator
	if by.ID == "" {
		return by, pos.Errorf("not_signed_in", "sign in with staff number and PIN", "nobody is signed in")
	}
	return by, nil
}

func reconcile(f *face, ctx context.Context, line []byte) (answer, error) {
	var c struct {
		head
		File string `json:"file"`
		Day  string `json:"day"` // fetched from the acquirer
	}
	if err := read(line, &c); err != nil {
		return nil, err
	}
	if (c.File == "") == (c.Day == "") {
		return nil, missing("file", `"/media/stick/2026-11-21.csv", the acquirer's file, or a "day" that is fetched, one of the two`)
	}
	by, err := f.signedIn()
	if err != nil {
		return nil, err
	}
	var r settle.Reconciled
	if c.Day != "" {
		r, err = f.Desk.ReconcileDay(ctx, by, c.Day)
	} else {
		r, err = f.reconcileFile(ctx, by, c.File)
	}
	if err != nil {
		return nil, err
	}
	list := r.Differences
	if list == nil {
		list = []pos.Difference{}
	}
	return answer{
		"lines": r.Lines, "matched": r.Matched, "ours_only": r.OursOnly, "theirs_only": r.TheirsOnly, "amount_differs": r.AmountDiffers,
		"reversed_in_file": r.ReversedInFile, "others": r.Others, "ignored": r.Ignored, "first": r.First, "last": r.Last, "differences": list,
	}, nil
}

// reconcileFile compares with a file of this machine.
func (f *face) reconcileFile(ctx context.Context, by pos.Operator, name string) (settle.Reconciled, error) {
	bad := func(err error) error {
		return &pos.Error{Code: "file_missing", Message: "the acquirer's file cannot be opened", Remedy: "check its path and rights", Err: err}
	}
	in, err := os.Open(name)
	if err != nil {
		return settle.Reconciled{}, bad(err)
	}
	if info, err := in.Stat(); err != nil || info.IsDir() {
		return settle.Reconciled{}, errors.Join(bad(err), in.Close())
	}
	defer in.Close()
	return f.Desk.Reconcile(ctx, by, filepath.Base(name), in)
}

func check(f *face, ctx context.Context, line []byte) (answer, error) {
	if err := read(line, &struct{ head }{}); err != nil {
		return nil, err
	}
	findings, err := f.Check(ctx)
	return answer{"findings": append([]string{}, findings...)}, err
}
