package checkout

import (
	"tillkeeper/app/pos"
)

// Standing says what is left of a receipt: what may still be voided, refunded,
// completed or cancelled, and why not.
func (s *Session) Standing(receipt string) (Standing, error) {
	of, err := s.o.Journal.OfReceipt(receipt)
	if err != nil {
		return Standing{}, err
	}
	if len(of) == 0 {
		return Standing{}, pos.Errorf("unknown_receipt", "name the number on the receipt", "there is no receipt %q", receipt)
	}
	of = newest(of)
	st := Standing{Receipt: receipt, Attempts: of}
	if key := of[0].Basket; key != "" {
		if st.Basket, err = s.o.Journal.Basket(key); err != nil {
			return st, err
		}
	}
	for _, l := range st.Basket.Lines {
		st.Lines = append(st.Lines, StandingLine{Line: l, Left: l.Qty - l.Returned})
	}
	batch := pos.OpenBatch(s.o.Journal)
	for i := range of {
		a := &of[i]
		if paysFor(a) {
			st.Left += a.Approved - a.Refunded
			st.CardNeeded = st.CardNeeded || a.Tender == pos.Card && needsCard(a, batch)
		}
		if a.Kind == pos.Preauth && a.State == pos.Approved {
			st.Held = a
		}
	}
	if st.NoVoid, err = s.noVoid(&st, batch); err != nil {
		return st, err
	}
	st.NoRefund, err = s.noRefund(&st)
	return st, err
}

// newest keeps what belongs to the last receipt of a number: numbers begin again
// after 999999.
func newest(of []pos.Attempt) []pos.Attempt {
	base := of[len(of)-1]
	for _, a := range of {
		if a.Kind == pos.Sale && a.Basket != "" || a.Original == "" && a.Linked == "" || a.Kind == pos.Completion {
			base = a
		}
	}
	keep := map[string]bool{base.ID: true}
	var out []pos.Attempt
	for _, a := range of {
		if keep[a.ID] || base.Basket != "" && a.Basket == base.Basket || keep[a.Original] || keep[a.Linked] {
			keep[a.ID] = true
			out = append(out, a)
		}
	}
	return out
}

// paysFor says whether an attempt stands for money that can be given back.
func paysFor(a *pos.Attempt) bool {
	switch a.State {
	case pos.Approved, pos.Delivered, pos.Settled:
		return (a.Kind == pos.Sale || a.Kind == pos.Completion) && a.Approved > a.Refunded
	}
	return false
}

// waiting says whether an attempt was taken without the host and not delivered.
func waiting(a *pos.Attempt) bool { return pos.StateRules[a.State].Due == pos.DueUpload }

// needsCard says whether a follow-up has to read the card again: what is known
// of it ends with its batch.
func needsCard(a *pos.Attempt, batch string) bool {
	return a.Sealed == nil || a.State == pos.Settled || a.Batch != batch
}

// noVoid is the till's reason why a receipt cannot be voided, "" if it can.
func (s *Session) noVoid(st *Standing, batch string) (string, error) {
	today, _ := s.o.DayOf(s.o.Clock.Now())
	found := false
	for i := range st.Attempts {
		a := &st.Attempts[i]
		if open, err := s.followOpen(a); err != nil || open {
			return "follow_up_open", err
		}
		switch {
		case goesOn(a):
			return "delivery_pending", nil
		case waiting(a):
			found = true
		case !paysFor(a):
		case a.State == pos.Settled, a.STAN != "" && a.Batch != batch, a.STAN == "" && a.Day != today:
			return "batch_closed", nil
		case a.Refunded > 0:
			return "refunded_already", nil
		default:
			found = true
		}
	}
	if !found {
		return "nothing_left", nil
	}
	return "", nil
}

// noRefund is the till's reason why nothing of a receipt can be refunded.
func (s *Session) noRefund(st *Standing) (string, error) {
	late := false
	for i := range st.Attempts {
		a := &st.Attempts[i]
		if open, err := s.followOpen(a); err != nil || open {
			return "follow_up_open", err
		}
		if goesOn(a) {
			return "delivery_pending", nil
		}
		if waiting(a) {
			return "", nil // delivered first, or cancelled
		}
		late = late || a.State == pos.LateDeclined
	}
	switch {
	case st.Basket.State == pos.BasketOpen:
		return "not_paid", nil
	case st.Left > 0:
		return "", nil
	case late:
		return "late_declined_item", nil
	}
	return "nothing_left", nil
}

// followOpen says whether a void, refund or completion of an attempt has not
// ended yet.
func (s *Session) followOpen(a *pos.Attempt) (bool, error) {
	if a.Follow == "" {
		return false, nil
	}
	f, err := s.o.Journal.Attempt(a.Follow)
	if err != nil {
		return false, err
	}
	return f.Open() && (f.State != pos.LateDeclined || f.Flagged), nil // flagged: an earlier copy may have been taken
}

// completed gives the completion that stands for a pre-authorization, nil if
// there is none.
func (s *Session) completed(a *pos.Attempt) (*pos.Attempt, error) {
	if a.Follow == "" {
		return nil, nil
	}
	f, err := s.o.Journal.Attempt(a.Follow)
	if err != nil || f.Kind != pos.Completion {
		return nil, err
	}
	switch f.State {
	case pos.Approved, pos.Settled, pos.Refunded:
		return &f, nil
	}
	return nil, nil
}

// refusal is the error of a till reason that stands in the way.
func refusal(code, receipt string) error {
	e := pos.Errorf(code, "see the records of the receipt", "receipt %s: this cannot be done", receipt)
	switch code {
	case "batch_closed":
		e.Message, e.Remedy = "the batch of receipt "+receipt+" is closed", "make a refund instead of a void"
	case "follow_up_open":
		e.Message, e.Remedy = "a void or refund of receipt "+receipt+" is not decided yet", "wait for its outcome"
	case "refunded_already":
		e.Message, e.Remedy = "a part of receipt "+receipt+" is refunded already", "refund the rest"
	case "nothing_left":
		e.Message, e.Remedy = "nothing of receipt "+receipt+" is left to give back", "see its records"
	case "not_paid":
		e.Message, e.Remedy = "receipt "+receipt+" is not paid yet", "void the paid part, or clear the basket"
	case "late_declined_item":
		e.Message, e.Remedy = "the bank refused receipt "+receipt+": nothing was charged", "resolve the item in the queue"
	case "delivery_pending":
		e.Message, e.Remedy = "receipt "+receipt+" is not delivered to the bank yet", "wait for the line; it is delivered first"
	}
	return e
}
