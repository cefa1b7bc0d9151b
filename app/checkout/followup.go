package checkout

import (
	"errors"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// followUp notes on the original that something of it begins.
func (p *payment) followUp() pos.Event {
	return pos.Event{Type: pos.EvFollowUp, Attempt: p.original.ID, Basket: p.original.Basket, By: p.by, Next: p.id}
}

// success is a yes and what it means for the original, or for the late declined
// sale that it pays for.
func (p *payment) success(yes pos.Event) []pos.Event {
	events := []pos.Event{yes}
	if p.original != nil {
		if !p.created {
			events = append(events, p.followUp())
		}
		if e, ok := pos.Consequence(p.kind, *p.original, yes.Approved); ok {
			e.By = p.by
			events = append(events, e)
		}
	}
	if a := p.settles; a != nil {
		events = append(events, pos.Event{
			Type: pos.EvResolved, Attempt: a.ID, Basket: a.Basket, By: p.by, How: PaidOtherwise, Next: p.id, Text: "payment link",
		})
	}
	return events
}

// again keeps a refund that may have arrived: the identical one is sent until
// somebody answers.
func (p *payment) again(code string) effect {
	e := p.reasoned(pos.EvRefundUnknown, code)
	e.Text = code
	return p.finish(result{kind: OutcomeUnknown, code: code, notify: p.result.notify}, e)
}

// answeredBefore is again where each copy was answered, or never left: none of
// them is what a 94 to the next one would be about.
func (p *payment) answeredBefore(code string) effect {
	eff := p.again(code)
	t := p.reasoned(pos.EvRefundTry, code)
	t.Text = code
	p.end = append(p.end, t)
	eff.events = p.end
	return eff
}

// stepRefund judges the answer to a refund, an advice: it is repeated as it is
// where the outcome is open, and needs no reversal.
func stepRefund(p *payment, in *input) effect {
	switch {
	case in.class == decline.Success && p.reply.Code != "10":
		return approved(p)
	case in.class == decline.Success, in.class == decline.Unknown:
		return p.again(p.reply.Code)
	case in.class == decline.Resign && !p.resent:
		p.resent = true
		return effect{do: doResend}
	case in.class == decline.Resign:
		return p.answeredBefore(p.reply.Code)
	case p.reply.Code == "94": // never sent before: another message has this number
		e := p.answered(pos.EvParked)
		return p.finish(result{kind: OutcomeUnknown, code: "94"}, e)
	}
	return p.finish(refused(p.reply.Code), p.answered(pos.EvDeclined))
}

// stepGiveBack judges what the wallet's gateway says of a refund: idempotent by
// the attempt, so that it is repeated where nobody answered.
func stepGiveBack(p *payment, in *input) effect {
	var refusal *pos.Error
	switch {
	case in.err == nil && in.order.State == pos.WalletRefunded:
		e := p.event(pos.EvApproved)
		e.Approved, e.RRN, e.Wallet = p.amount, in.order.Trade, in.order.Wallet
		return p.finish(result{kind: OutcomeApproved}, p.success(e)...)
	case errors.As(in.err, &refusal):
		return p.finish(refused(refusal.Code), p.reasoned(pos.EvDeclined, refusal.Code))
	case in.notSent:
		return p.finish(refused("qr_offline"), p.reasoned(pos.EvDeclined, "qr_offline"))
	}
	return p.again("no_answer")
}

// request is the message of a payment.
func (p *payment) request() pos.Request {
	r := pos.Request{Op: pos.OperationOf(p.kind), STAN: p.stan, Batch: p.batch, Amount: p.amount, Card: p.card}
	if p.kind == pos.Sale && p.tender == pos.QR {
		r.Op = pos.OpCodeSale
	}
	if o := p.original; o != nil {
		r.Origin, r.AuthCode, r.Org = pos.OriginOf(p.kind, *o), o.AuthCode, o.Org
	}
	return r
}
