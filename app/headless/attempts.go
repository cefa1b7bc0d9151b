package headless

import (
	"context"
	"time"

	"tillkeeper/app/pos"
)

// attemptJSON is an attempt as a script sees it, with its events.
func (f *face) attemptJSON(a pos.Attempt) (answer, error) {
	events, err := f.Face.Journal().Events(a.ID)
	if err != nil {
		return nil, err
	}
	list := make([]map[string]any, 0, len(events))
	for _, e := range events {
		m, err := eventJSON(e)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	out := answer{
		"id": a.ID, "basket": a.Basket, "receipt": a.Receipt, "kind": a.Kind, "tender": a.Tender, "state": a.State,
		"amount": a.Amount, "approved": a.Approved, "refunded_amount": a.Refunded, "stan": a.STAN, "rrn": a.RRN,
		"auth_code": a.AuthCode, "batch": a.Batch, "answer_code": a.Code, "answer_text": "", "remedy": "",
		"offer": []string{}, "masked_pan": a.MaskedPAN, "entry_mode": a.EntryMode, "offline": a.Offline,
		"linked": "", "time": a.Created.Format(time.RFC3339Nano), "events": list,
	}
	if a.Code != "" {
		e := f.Codes.Lookup(a.Code)
		out["answer_text"], out["remedy"] = e.Text(f.Lang), e.Action(f.Lang)
		switch a.State {
		case pos.Reversed, pos.RefundUnknown:
			code := string(a.State)
			switch a.Kind {
			case pos.Void, pos.PreauthVoid, pos.CompletionVoid:
				code = "void_" + code
			}
			out["remedy"] = f.Codes.Lookup(code).Action(f.Lang)
		}
		if a.State != pos.Approved && a.State != pos.Delivered {
			out["offer"] = append([]string{}, e.Offer...)
		}
	}
	if a.Reason != "" {
		out["reversal_reason"] = a.Reason
	}
	if out["linked"], err = f.linked(a); err != nil {
		return nil, err
	}
	if a.Flagged {
		out["flagged"] = true // to be looked for in the acquirer's file
	}
	if a.Tender == pos.Cash {
		out["tendered"], out["change"] = a.Tendered, a.Change
	}
	return out, nil
}

// linked names the attempt that one goes on with, undoes, refunds or completes;
// of a sale that was tried anew, the one before it for the same basket.
func (f *face) linked(a pos.Attempt) (string, error) {
	switch {
	case a.Linked != "":
		return a.Linked, nil
	case a.Original != "" || a.Kind != pos.Sale || a.Basket == "":
		return a.Original, nil
	}
	all, err := f.Face.Journal().OfBasket(a.Basket)
	if err != nil {
		return "", err
	}
	var last pos.Attempt
	for i := range all {
		if all[i].ID == a.ID {
			break
		}
		if all[i].Kind == pos.Sale {
			last = all[i]
		}
	}
	if last.Offline || !tookNothing(last.State) {
		return "", nil
	}
	return last.ID, nil
}

// tookNothing says whether a state is one of a payment that took no money.
func tookNothing(s pos.State) bool {
	switch s {
	case pos.Declined, pos.Unknown, pos.Reversing, pos.Reversed, pos.Cancelled, pos.Manual:
		return true
	}
	return false
}

func (f *face) attemptList(list []pos.Attempt) (answer, error) {
	out := make([]answer, 0, len(list))
	for _, a := range list {
		j, err := f.attemptJSON(a)
		if err != nil {
			return nil, err
		}
		out = append(out, j)
	}
	return answer{"attempts": out}, nil
}

func attempt(f *face, _ context.Context, line []byte) (answer, error) {
	var c struct {
		head
		Attempt string `json:"attempt"`
		Basket  string `json:"basket"`
		Receipt string `json:"receipt"`
	}
	if err := read(line, &c); err != nil {
		return nil, err
	}
	var (
		list []pos.Attempt
		err  error
	)
	switch j := f.Face.Journal(); {
	case c.Attempt != "":
		var a pos.Attempt
		if a, err = j.Attempt(c.Attempt); err == nil {
			list = []pos.Attempt{a}
		}
	case c.Basket != "":
		list, err = j.OfBasket(c.Basket)
	case c.Receipt != "":
		list, err = j.OfReceipt(c.Receipt)
	default:
		return nil, missing("attempt", "an attempt, a basket or a receipt")
	}
	if err != nil {
		return nil, err
	}
	return f.attemptList(list)
}
