package checkout

import (
	"errors"

	"tillkeeper/app/pos"
)

// stepQR drives a wallet order: made, shown, asked for until it is paid,
// refused or given up; given up means queried and closed, and what the gateway
// then says is what counts.
func stepQR(p *payment, in *input) effect {
	if in.kind == inGiveUp {
		p.phase, p.result.code = phQRClose, in.reason
		return effect{do: doClose}
	}
	if in.kind == inOrderErr {
		return qrError(p, in)
	}
	switch in.order.State {
	case pos.WalletPaid:
		e := p.event(pos.EvApproved)
		e.Approved, e.RRN, e.Wallet = p.amount, in.order.Trade, in.order.Wallet
		return p.finish(result{kind: OutcomeApproved}, p.success(e)...)
	case pos.WalletRefused:
		return p.finish(refused("qr_refused"), p.reasoned(pos.EvDeclined, "qr_refused"))
	case pos.WalletClosed, pos.WalletRefunded:
		code := p.result.code
		if code == "" {
			code = "qr_expired"
		}
		return p.finish(refused(code), p.reasoned(pos.EvCancelled, code))
	}
	if p.phase == phQRClose { // the gateway would not close it: somebody is paying
		return p.unknown("98", "qr_unknown")
	}
	p.phase = phQRWait
	return effect{do: doPoll}
}

func qrError(p *payment, in *input) effect {
	var refusal *pos.Error // of the gateway, which made no order
	switch {
	case p.phase == phQROrder && errors.As(in.err, &refusal):
		return p.finish(refused(refusal.Code), p.reasoned(pos.EvDeclined, refusal.Code))
	case p.phase == phQROrder && in.notSent:
		return p.finish(refused("qr_offline"), p.reasoned(pos.EvDeclined, "qr_offline"))
	case p.phase == phQROrder, p.phase == phQRWait:
		p.phase = phQRWait // asked again until it expires
		return effect{do: doPoll}
	}
	return p.unknown("98", "no_answer")
}
