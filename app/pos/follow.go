package pos

// Interrupted gives the events that decide an attempt which was left between
// its first commit and its outcome: what was only begun is cancelled, what may
// have been sent is reversed, or repeated where the rule of its kind says so. A
// balance inquiry moved nothing.
func Interrupted(a Attempt, why string) []Event {
	e := Event{Attempt: a.ID, Basket: a.Basket, Code: why}
	r := Event{Type: EvReversing, Attempt: a.ID, Basket: a.Basket, Reason: "98", Text: why}
	switch {
	case a.State == Created:
		e.Type = EvCancelled
		return []Event{e}
	case a.State == Unknown:
		return []Event{r}
	case a.State != Sending:
		return nil
	case a.Kind == Balance:
		e.Type = EvDeclined
		return []Event{e}
	case a.Kind == Refund, a.Tender == QR && a.Original != "" && a.STAN == "":
		e.Type, e.Code, e.Text = EvRefundUnknown, "", why
		return []Event{e}
	}
	e.Type = EvUnknown
	return []Event{e, r}
}

// The ways in which a person ends an open item.
const (
	SendAgain     = "send_again"
	WrittenOff    = "written_off"
	PaidOtherwise = "paid_otherwise"
	RefundedSo    = "refunded"
	AsInFile      = "as_in_file"
)

// SentNever is the code of a refund that waits for its first sending.
const SentNever = "send_again"

// Consequence is the event of an original when a void, refund or completion of
// it was approved for an amount; false where it has none.
func Consequence(kind Kind, original Attempt, amount Amount) (Event, bool) {
	e := Event{Attempt: original.ID, Basket: original.Basket}
	switch kind {
	case Void, PreauthVoid, CompletionVoid:
		e.Type = EvVoided
	case Refund:
		e.Type, e.Amount = EvRefundedPart, amount
		if original.Refunded+amount >= original.Approved {
			e.Type = EvRefundedFull
		}
	default:
		return Event{}, false
	}
	return e, true
}

// OriginOf names an original in the message of a kind that is about it.
func OriginOf(kind Kind, o Attempt) Origin {
	out := Origin{Batch: o.Batch, STAN: o.STAN, RRN: o.RRN, AuthCode: o.AuthCode}
	if kind != Refund {
		return out
	}
	if out.Date = o.HostDate; out.Date == "" { // its answer was lost: the shop's date
		out.Date = o.Created.Format("0102")
	}
	return out
}

// OperationOf is the row of the transaction table that a kind of attempt asks
// the host for; "" where nobody asks it.
func OperationOf(k Kind) Operation {
	switch k {
	case Sale:
		return OpSale
	case Void:
		return OpVoid
	case Refund:
		return OpRefund
	case Balance:
		return OpBalance
	case Preauth:
		return OpPreauth
	case PreauthVoid:
		return OpPreauthVoid
	case Completion:
		return OpCompletion
	case CompletionVoid:
		return OpCompletionVoid
	case ScriptResult:
		return OpScriptResult
	}
	return ""
}
