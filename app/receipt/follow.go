package receipt

import "tillkeeper/app/pos"

// FollowUp is the slip of a void, refund, pre-authorization, completion or one
// of their voids: what was asked for, how it ended, what it is about and what
// the customer may expect. Original is the attempt that it undoes, refunds or
// completes, nil if there is none; lines are the goods of a refund.
func FollowUp(s Shop, a pos.Attempt, original *pos.Attempt, lines []pos.Line, o Options) Document {
	p := newPage(numberOf(&a), o)
	p.head(s, o)
	ended := outcomeOf(&a)
	p.title(p.say["title_"+string(a.Kind)])
	p.strong(p.say["ended_"+ended])
	if a.Kind == pos.Refund {
		p.maybeBold(p.say["refund_receipt"], a.Receipt)
	} else {
		p.maybeBold(p.say["receipt"], a.Receipt)
	}
	p.where(s, o)
	p.rule()
	for _, l := range lines {
		p.article(l)
	}
	if len(lines) > 0 {
		p.rule()
	}
	p.add(Line{Kind: Text, Left: p.say["amount_"+string(a.Kind)], Right: yuan(moved(&a)), Bold: true, Big: true})
	p.pair(p.say["tender"], p.tenderName(&a))
	p.known("  "+p.say["order"], a.Order)
	p.pair("  "+p.say["attempt"], a.ID)
	p.card(&a)
	if original != nil {
		p.original(original, a.Kind)
	}
	p.rule()
	for _, w := range p.expect(&a, ended) {
		p.text(w)
	}
	p.signature(&a, ended)
	p.rule()
	return p.foot(o, false)
}

// numberOf names the slip of an attempt: its receipt, else the attempt itself.
func numberOf(a *pos.Attempt) string {
	if a.Receipt != "" {
		return a.Receipt
	}
	return a.ID
}

func moved(a *pos.Attempt) pos.Amount {
	if a.Approved > 0 {
		return a.Approved
	}
	return a.Amount
}

// The ways in which a follow-up may have ended, as its slip says it.
const (
	endedDone    = "done"
	endedUnknown = "unknown" // being reversed by itself
	endedRepeats = "repeats" // the identical refund goes out again by itself
	endedPerson  = "person"  // somebody has to decide
	endedNot     = "not"     // nothing was done
)

func outcomeOf(a *pos.Attempt) string {
	switch a.State {
	case pos.Approved, pos.Settled, pos.Delivered, pos.Voided, pos.Refunded:
		return endedDone
	case pos.RefundUnknown:
		return endedRepeats
	case pos.Manual, pos.LateDeclined:
		return endedPerson
	case pos.Declined, pos.Cancelled, pos.Reversed:
		return endedNot
	}
	return endedUnknown
}

// expect says in sentences what the customer may expect.
func (p *page) expect(a *pos.Attempt, ended string) []string {
	kind := string(a.Kind)
	switch ended {
	case endedDone:
		if a.Kind == pos.Refund {
			return []string{p.say["refund_by_"+string(a.Tender)]}
		}
		return []string{p.say["after_"+kind]}
	case endedRepeats:
		return []string{p.say["refund_repeats"], p.say["refund_once"], p.say["unknown_keep"]}
	case endedPerson:
		return []string{p.say["person_decides"], p.say["unknown_keep"]}
	case endedNot:
		return []string{p.say["not_done"]}
	}
	return []string{p.say["follow_unknown"], p.say["follow_before_"+kind], p.say["unknown_keep"]}
}

// original prints what the follow-up is about.
func (p *page) original(a *pos.Attempt, of pos.Kind) {
	p.rule()
	p.bold(p.say["original"], yuan(moved(a)))
	p.known("  "+p.say["receipt"], a.Receipt)
	if !a.Created.IsZero() {
		p.pair("  "+p.say["time"], p.time(a.Created))
	}
	p.known("  "+p.say["attempt"], a.ID)
	p.known("  "+p.say["stan"], a.STAN)
	p.known("  "+p.say["batch"], a.Batch)
	p.known("  "+p.say["rrn"], a.RRN)
	p.known("  "+p.say["auth"], a.AuthCode)
	p.known("  "+p.say["order"], a.Order)
	if left := a.Approved - a.Refunded; of == pos.Refund && a.Refunded > 0 && left >= 0 {
		p.pair("  "+p.say["refunded_so_far"], yuan(a.Refunded))
		p.pair("  "+p.say["refund_left"], yuan(left))
	}
}

// signature leaves room for a name where a card is credited or charged without
// a PIN.
func (p *page) signature(a *pos.Attempt, ended string) {
	if a.Tender != pos.Card || a.PINOnline || ended != endedDone {
		return
	}
	p.add(Line{Kind: Blank})
	p.pair(p.say["signature"], "____________________")
}

// Balance is the slip of an inquiry that was answered. Notify says whether the
// issuer will send an SMS; nil: not said. It says that it is no payment.
func Balance(s Shop, a pos.Attempt, balance *pos.Amount, notify *bool, o Options) Document {
	p := newPage(a.ID, o)
	p.head(s, o)
	p.title(p.say["title_balance"])
	p.strong(p.say["balance_no_payment"])
	p.where(s, o)
	p.rule()
	if balance != nil {
		p.add(Line{Kind: Text, Left: p.say["available"], Right: yuan(*balance), Bold: true, Big: true})
	} else {
		p.text(p.say["balance_not_said"])
	}
	p.pair("  "+p.say["attempt"], a.ID)
	p.trace(&a)
	if a.PINOnline {
		p.text("  " + p.say["pin_entered"])
	}
	p.rule()
	word := "sms_not_said"
	if notify != nil && *notify {
		word = "sms_yes"
	} else if notify != nil {
		word = "sms_no"
	}
	p.pair(p.say["sms"], p.say[word])
	p.rule()
	return p.foot(o, false)
}

// Bank is the slip that goes to the bank with a payment, void, refund or upload
// that the till has stopped sending by itself: every number that a bank asks
// for, what it is asked, and room for its answer.
func Bank(s Shop, a pos.Attempt, o Options) Document {
	p := newPage(a.ID, o)
	p.head(s, o)
	p.title(p.say["title_bank"])
	p.strong(p.say["bank_subtitle"])
	p.where(s, o)
	p.rule()
	p.bold(p.kindName(a.Kind), yuan(a.Amount))
	p.pair("  "+p.say["taken_at"], p.time(a.Created))
	p.known("  "+p.say["host_date"], dashed(a.HostDate))
	p.pair("  "+p.say["attempt"], a.ID)
	p.known("  "+p.say["receipt"], a.Receipt)
	p.trace(&a)
	p.known("  "+p.say["answer"], a.Code)
	p.known("  "+p.say["reversal_reason"], a.Reason)
	p.rule()
	about := aboutOf(&a)
	p.text(p.say["bank_what_"+about])
	p.maybe(p.say["stopped_at"], p.time(a.Since), !a.Since.IsZero())
	p.rule()
	p.bold(p.say["bank_asks"], "")
	for _, n := range []string{"1", "2", "3"} {
		p.text(n + ". " + p.say["bank_ask_"+about+n])
	}
	p.add(Line{Kind: Blank})
	p.pair(p.say["bank_clerk"], "____________________")
	p.add(Line{Kind: Blank})
	p.pair(p.say["bank_date"], "____________________")
	p.rule()
	return p.foot(o, false)
}

// aboutOf says what a bank is asked about: a reversal, a refund or an upload.
func aboutOf(a *pos.Attempt) string {
	switch {
	case a.Kind == pos.Refund:
		return "refund"
	case a.Kind == pos.Void || a.Kind == pos.PreauthVoid || a.Kind == pos.CompletionVoid:
		return "void"
	case a.Approved > 0 || a.State == pos.LateDeclined:
		return "upload"
	}
	return "reversal"
}

// dashed writes a host's date MMDD as MM-DD.
func dashed(d string) string {
	if len(d) != 4 {
		return d
	}
	return d[:2] + "-" + d[2:]
}
