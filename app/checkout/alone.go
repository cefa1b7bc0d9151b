package checkout

import (
	"cmp"

	"tillkeeper/app/pos"
)

// withoutHost lets a chip or contactless card decide again, now that it is
// known that nobody else can. One that has approved below the acquirer's floor
// limit is only asked for its word.
func withoutHost(p *payment) effect {
	if p.read.Entry == "swipe" {
		return takeDeferred(p)
	}
	p.phase = phFinishOff
	return effect{do: doFinish, answer: pos.CardAnswer{Unreachable: true}}
}

// takeOffline records what the card approved, if the shop's limits hold.
func takeOffline(p *payment) effect {
	if p.verdict != "" {
		return p.refuse(pos.EvDeclined, p.verdict)
	}
	e := p.event(pos.EvOfflineApproved)
	e.Approved, e.Offline = p.amount, true
	eff := p.finish(result{kind: OutcomeApproved}, p.open(), e)
	eff.seal, eff.waiting = true, true
	return eff
}

// takeDeferred records a sale at the shop's risk, if the owner allows it.
func takeDeferred(p *payment) effect {
	if why := p.deferral; why != "" {
		if why == "no_line" {
			why = cmp.Or(p.unready, why)
		}
		return p.refuse(pos.EvDeclined, why)
	}
	e := p.event(pos.EvDeferred)
	e.Approved, e.Offline = p.amount, true
	eff := p.finish(result{kind: OutcomeApproved}, p.open(), e)
	eff.seal, eff.waiting = true, true
	return eff
}
