package pos

import "time"

func open(e *Event) Attempt {
	return Attempt{
		ID: e.Attempt, Basket: e.Basket, Receipt: e.Receipt, Kind: e.Kind, Tender: e.Tender,
		Amount: e.Amount, Cashier: e.By, Day: e.Day, Hour: e.Hour, Created: e.Time, Linked: e.Linked,
		Wallet: e.Wallet,
	}
}

// fold carries the facts of an event over; a fact once known is never blanked.
func fold(a *Attempt, e *Event) {
	set := func(to *string, v string) {
		if v != "" {
			*to = v
		}
	}
	set(&a.STAN, e.STAN)
	set(&a.Batch, e.Batch)
	set(&a.RRN, e.RRN)
	set(&a.AuthCode, e.AuthCode)
	set(&a.Org, e.Org)
	set(&a.HostDate, e.HostDate)
	set(&a.MaskedPAN, e.MaskedPAN)
	set(&a.CardHash, e.CardHash)
	set(&a.EntryMode, e.EntryMode)
	set(&a.Order, e.Order)
	if e.Type != EvFollowUp {
		set(&a.Next, e.Next)
	}
	set(&a.Original, e.Original)
	set(&a.Code, e.Code)
	a.PINOnline = a.PINOnline || e.Online
	a.Signature = a.Signature || e.Signature
	a.Flagged = a.Flagged || e.Flag
	if e.Sealed != nil {
		a.Sealed = e.Sealed
	}
	if e.Waiting != nil {
		a.Waiting = e.Waiting
	}
	switch e.Type {
	case EvFollowUp:
		a.Follow = e.Next
	case EvLateApproval:
		a.LateApproved = a.LateApproved || e.Code == ""
		a.Unmatched = time.Time{}
		set(&a.Reason, e.Reason)
	default:
		foldOutcome(a, e)
		foldTry(a, e)
	}
}

// foldOutcome carries over what an event decides about the money.
func foldOutcome(a *Attempt, e *Event) {
	switch e.Type {
	case EvApproved, EvOfflineApproved, EvDeferred:
		a.Approved, a.Tendered, a.Change = e.Approved, e.Tendered, e.Change
		a.Offline = e.Type != EvApproved
		a.Deferred = e.Type == EvDeferred
		a.Chain = e.Chain
		if a.Taken = a.Created; e.Taken != nil {
			a.Taken = *e.Taken
		}
	case EvReversing:
		a.Reason, a.LastError = e.Reason, e.Text
		a.Approved, a.Unmatched = 0, time.Time{}
	case EvRefundFound:
		a.Approved, a.Waiting = e.Approved, nil
	case EvRefundedPart, EvRefundedFull:
		a.Refunded += e.Amount
	case EvResolved:
		a.How, a.Waiting = e.How, nil
	case EvTold:
		a.Waiting = nil
	case EvDelivered, EvReversed, EvDeclined, EvCancelled, EvLateDeclined:
		switch {
		case e.Type != EvDelivered:
			a.Approved = 0
		case e.Approved > 0:
			a.Approved = e.Approved
		}
		if e.Type != EvLateDeclined { // which a person may still send again
			a.Waiting = nil
		}
	}
}

// foldTry counts the sendings and keeps what came of the last one.
func foldTry(a *Attempt, e *Event) {
	switch e.Type {
	case EvRefundUnknown, EvRefundTry:
		a.LastError = e.Text
		switch {
		case e.Code == "", e.Type == EvRefundUnknown && e.Code != SentNever: // sent, or about to be
			a.Tries++
			a.Unanswered++
		case e.Type == EvRefundTry && a.Unanswered > 0:
			a.Unanswered-- // answered, or it never left: it says nothing of an earlier try
		}
	case EvReversalTry, EvDeliveryTry, EvResultTry:
		a.Tries++
		a.LastError = e.Text
		if e.Type == EvReversalTry && e.Reason != "" && a.Unmatched.IsZero() {
			a.Unmatched = e.Time
		}
		if e.Type == EvDeliveryTry && e.Code != "" && a.Unanswered > 0 {
			a.Unanswered-- // answered, or it never left: it says nothing of an earlier try
		}
	case EvDelivering:
		a.Unanswered++
	}
}
