package checkout

import (
	"cmp"

	"tillkeeper/app/pos"
)

func stepCard(p *payment, in *input) effect {
	if in.kind == inRead || in.read.PAN != "" {
		p.read, p.hash = in.read, in.hash
	}
	switch in.kind {
	case inRead:
		p.verdict, p.deferral, p.same, p.alone, p.asked = in.verdict, in.deferral, in.same, in.alone, in.asked
		p.card = pos.CardData{
			PAN: in.read.PAN, Expiry: in.read.Expiry, Sequence: in.read.Sequence, Track2: in.read.Track2,
			F55: in.read.F55, ShortF55: in.read.ShortF55, Entry: in.read.Entry, Fallback: in.read.Fallback,
		}
		if in.asked && !p.pinned(in) {
			return p.refuse(pos.EvDeclined, "pin_cancelled")
		}
		return afterRead(p)
	case inPIN:
		if !p.pinned(in) {
			return p.refuse(pos.EvDeclined, "pin_cancelled")
		}
		return commitSending(p)
	case inGiveUp:
		return p.refuse(pos.EvCancelled, in.reason)
	}
	return p.refuse(pos.EvDeclined, in.reason)
}

// pinned takes what the pad gave. No block is a PIN passed by, which is good
// only where that was offered: DE 22 would claim a PIN that DE 52 does not hold.
func (p *payment) pinned(in *input) bool {
	if p.bypassed = in.bypassed && len(in.block) == 0; p.bypassed {
		return true
	}
	p.card.PINBlock, p.card.KSN, p.card.PIN = in.block, in.ksn, len(in.block) > 0
	return p.card.PIN
}

func afterRead(p *payment) effect {
	switch {
	case p.original != nil && p.original.CardHash != p.hash:
		return p.refuse(pos.EvDeclined, "other_card")
	case p.kind == pos.Void: // read only to see that it is the one that paid
		p.card = pos.CardData{PAN: p.card.PAN, Expiry: p.card.Expiry, Sequence: p.card.Sequence, Entry: "keyed"}
		return commitSending(p)
	case p.kind == pos.Refund: // only what outlives it sealed: the repeat is identical
		p.card = p.card.Short()
		return commitSending(p)
	case p.same && !p.override:
		return p.refuse(pos.EvDeclined, "same_card_open")
	case p.read.Cryptogram == pos.AAC && p.read.NeedPIN && !p.online:
		why := cmp.Or(p.unready, "offline_pin")
		return p.refuse(pos.EvDeclined, why)
	case p.read.Cryptogram == pos.AAC && p.read.Entry != "swipe":
		why := cmp.Or(p.read.Reason, "card_declined")
		return p.refuse(pos.EvDeclined, why)
	case p.alone && p.kind == pos.Sale && p.read.Cryptogram == pos.TC && p.read.ODA && !p.read.NeedPIN && p.verdict == "":
		return withoutHost(p) // below the acquirer's floor limit the card decides
	case p.online && !p.asked && (p.read.NeedPIN || p.kind == pos.Balance):
		p.phase = phPIN
		return effect{do: doPIN}
	case p.online:
		return commitSending(p)
	case p.read.Cryptogram == pos.TC && p.verdict != "":
		return p.refuse(pos.EvDeclined, p.verdict)
	}
	return withoutHost(p)
}
