package checkout

import (
	"errors"
	"slices"

	"tillkeeper/app/pos"
)

// approval says that what is being made durable is a yes.
func (p *payment) approval() bool {
	return slices.ContainsFunc(p.end, func(e pos.Event) bool { return e.Attempt == p.id && e.Type == pos.EvApproved })
}

func (p *payment) event(t pos.EventType) pos.Event {
	return pos.Event{Type: t, Attempt: p.id, Basket: p.basket, By: p.by}
}

func (p *payment) reasoned(t pos.EventType, code string) pos.Event {
	e := p.event(t)
	e.Code = code
	return e
}

// answered carries the host's words into an event.
func (p *payment) answered(t pos.EventType) pos.Event {
	e := p.event(t)
	e.Code, e.RRN, e.AuthCode = p.reply.Code, p.reply.RRN, p.reply.AuthCode
	e.Org, e.HostDate, e.Text = p.reply.Org, p.reply.HostDate, p.reply.Text
	return e
}

// open is the first event of an attempt.
func (p *payment) open() pos.Event {
	e := p.event(pos.EvCreated)
	e.Kind, e.Tender, e.Amount, e.Receipt, e.Linked = p.kind, p.tender, p.amount, p.receipt, p.linked
	e.Day, e.Hour, e.Text = p.day, p.hour, p.reason
	if o := p.original; o != nil {
		e.Original, e.MaskedPAN, e.CardHash, e.Org = o.ID, o.MaskedPAN, o.CardHash, o.Org
	}
	if p.byHost() {
		e.STAN, e.Batch, e.EntryMode = p.stan, p.batch, p.card.Entry
	}
	if p.tender == pos.Card && !p.keyed {
		e.EntryMode, e.CardHash = p.read.Entry, p.hash
		e.Online = len(p.card.PINBlock) > 0
		e.Signature = (p.read.Signature || p.bypassed) && !e.Online
		if p.read.PAN != "" {
			e.MaskedPAN = Mask(p.read.PAN)
		}
	}
	if p.tender == pos.QR && !p.keyed {
		e.Order = p.id
	}
	return e
}

// Mask shows the first 6 and the last 4 digits of a PAN.
func Mask(pan string) string {
	if len(pan) < 11 {
		return "******"
	}
	return pan[:6] + "******" + pan[len(pan)-4:]
}

// notKept answers a commit that the journal did not take: before anything was
// sent there is nothing to undo; after it the payment is reversed, and if that
// cannot be written either, the start-up does it.
func notKept(p *payment, in *input) effect {
	if in.reason != "" { // nothing was wrong with the journal: the original moved on
		return p.refuse(pos.EvDeclined, in.reason)
	}
	lost := result{kind: OutcomeUnknown, code: "journal_fault", failed: in.err}
	if p.phase == phCommitEnd && p.created && p.approval() {
		if p.kind == pos.Refund || p.tender == pos.QR && p.original != nil {
			p.phase, p.result = phDone, lost // repeated as it is, from the start-up on
			return effect{do: doEnd}
		}
		r := p.event(pos.EvReversing)
		r.Reason, r.Text = "06", "journal_fault"
		p.result, p.end = lost, []pos.Event{r}
		return effect{do: doCommit, events: p.end}
	}
	p.phase, p.result = phDone, lost
	if !p.created {
		p.result.kind = OutcomeRefused
		if errors.Is(in.err, pos.ErrFull) {
			p.result.code = "disk_full"
		}
	}
	return effect{do: doEnd}
}
