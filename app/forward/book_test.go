package forward

import (
	"fmt"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// booking is what the host keeps of one batch and STAN.
type booking struct {
	op            pos.Operation
	batch, stan   string
	amount, asked pos.Amount
	charged       int      // how often it was taken
	of            *booking // what it voids, refunds or completes
	foreign       bool     // somebody else's: a collision
	reversed      bool
	voided        bool
	completed     bool
	refunded      pos.Amount
}

func (b *booking) stands() bool { return b != nil && !b.reversed && !b.voided }

func (b *booking) debit() bool {
	switch b.op {
	case pos.OpSale, pos.OpCodeSale, pos.OpDeferred, pos.OpOfflineUpload, pos.OpCompletion:
		return true
	}
	return false
}

// net is what the customer's account was charged by it, before refunds.
func (b *booking) net() pos.Amount {
	if b.stands() && (b.debit() || b.foreign) {
		return b.amount
	}
	return 0
}

// relate carries what stands over to the original.
func (b *booking) relate(sign pos.Amount) {
	switch {
	case b.of == nil:
	case b.op == pos.OpRefund:
		b.of.refunded += sign * b.amount
	case b.op == pos.OpCompletion:
		b.of.completed = sign > 0
	default:
		b.of.voided = sign > 0
		if b.of.op == pos.OpCompletion {
			b.of.of.completed = sign < 0
		}
	}
}

// judge says no to a follow-up that does not fit its original. A refund of more
// than is left is taken: the till has to know by itself, and the audit tells.
func (h *memHost) judge(r pos.Request) (*booking, string) {
	if r.Origin == (pos.Origin{}) {
		return nil, ""
	}
	o := h.books[r.Origin.Batch+"/"+r.Origin.STAN]
	switch {
	case o == nil || o.reversed || o.foreign:
		return nil, "25"
	case o.voided, o.completed && r.Op != pos.OpRefund:
		return nil, "12"
	case r.Op == pos.OpRefund:
		return o, ""
	case r.Op == pos.OpCompletion && r.Amount <= o.amount:
		return o, ""
	case r.Op != pos.OpPreauthVoid && h.closed[o.batch]:
		return nil, "22"
	case o.refunded > 0:
		return nil, "12"
	case r.Amount != o.amount:
		return nil, "64"
	}
	return o, ""
}

// receive is the host itself.
func (h *memHost) receive(r pos.Request) pos.Reply {
	b := h.books[keyOf(r)]
	reply := pos.Reply{Code: "00", Amount: r.Amount, RRN: "R" + r.STAN, AuthCode: "A" + r.STAN, Signed: true}
	if r.Op == pos.OpReversal {
		return h.reverse(r, b, reply)
	}
	if r.Op == pos.OpScriptResult {
		h.scripts(r)
		return reply
	}
	if b == nil && h.clash && r.Op == pos.OpRefund {
		h.clash = false
		h.tell("the host knows %s from another till", keyOf(r))
		b = &booking{op: pos.OpSale, batch: "elsewhere", amount: 77, asked: 77, charged: 1, foreign: true}
		h.books[keyOf(r)] = b
	}
	if b != nil {
		reply.Code = "94"
		return reply
	}
	of, no := h.judge(r)
	if no != "" {
		reply.Code = no
		return reply
	}
	taken := true
	reply, taken = h.mood(r, reply)
	if r.Op == pos.OpRefund || r.Op == pos.OpOfflineUpload { // a second copy hears what the first one did
		if was := h.refused[keyOf(r)]; was != "" {
			reply.Code, taken = was, false
		} else if no := codes.Lookup(reply.Code).Class; !taken && no != decline.Resign && no != decline.Unknown && no != decline.Success {
			h.refused[keyOf(r)] = reply.Code
		}
	}
	if !taken || r.Op == pos.OpBalance {
		return reply
	}
	b = &booking{op: r.Op, batch: r.Batch, stan: r.STAN, amount: reply.Amount, asked: r.Amount, charged: 1, of: of}
	h.books[keyOf(r)] = b
	b.relate(1)
	return reply
}

// scripts takes the results of an issuer's scripts: one message for a payment, the same again as it was.
func (h *memHost) scripts(r pos.Request) {
	of := r.Origin.Batch + "/" + r.Origin.STAN
	b, was := h.books[of], h.told[of]
	if b == nil || b.asked != r.Amount || len(r.Card.ShortF55) == 0 || r.Original == "" || was != "" && was != keyOf(r) {
		h.faults = append(h.faults, fmt.Sprintf("script results %s of %s do not fit", keyOf(r), of))
	}
	h.told[of] = keyOf(r)
}

// mood is the host's word on a request that fits: by the plan, or as the case
// under test wants it.
func (h *memHost) mood(r pos.Request, reply pos.Reply) (pos.Reply, bool) {
	if s := h.force; s != nil {
		if s.code == "94" && r.Op == pos.OpRefund {
			h.books[keyOf(r)] = &booking{op: pos.OpSale, batch: "elsewhere", amount: 77, asked: 77, charged: 1, foreign: true}
		}
		if s.code != "" {
			reply.Code = s.code
			if s.code == "10" {
				reply.Amount = r.Amount / 2
			}
			return reply, s.taken && (s.code != "10" || r.Op != pos.OpRefund)
		}
		return reply, true
	}
	fate := h.plan.pick(12)
	if r.Op == pos.OpOfflineUpload && fate != 8 && fate != 5 {
		fate = 0
	}
	switch fate {
	case 5:
		reply.Code = "51"
		return reply, false
	case 6:
		if r.Op != pos.OpRefund {
			reply.Code, reply.Amount = "10", r.Amount/2
		}
	case 7:
		reply.Code = []string{"68", "96", "98"}[h.plan.pick(3)]
		return reply, h.plan.pick(2) == 1
	case 8:
		reply.Code = []string{"77", "A0", "99"}[h.plan.pick(3)]
		return reply, false
	case 9:
		reply.Code = []string{"12", "25", "94", "05"}[h.plan.pick(4)]
		if r.Op == pos.OpDeferred || r.Op == pos.OpRefund {
			reply.Code = "05"
		}
		return reply, false
	}
	return reply, true
}

func (h *memHost) reverse(r pos.Request, b *booking, reply pos.Reply) pos.Reply {
	if r.Original == pos.OpRefund || r.Original == pos.OpOfflineUpload {
		h.faults = append(h.faults, fmt.Sprintf("a reversal of the %s %s: it is sent again as it is, never reversed", r.Original, keyOf(r)))
	}
	if s := h.force; s != nil && s.code != "" {
		reply.Code = s.code
		return reply
	}
	switch h.plan.pick(9) {
	case 6:
		reply.Code = "77"
		return reply
	case 7:
		reply.Code = "30"
		return reply
	case 8:
		reply.Code = "96"
		return reply
	}
	if b == nil {
		reply.Code = []string{"25", "12"}[h.plan.pick(2)]
		h.said[keyOf(r)] = true
		return reply
	}
	if r.Amount != b.asked {
		h.faults = append(h.faults, fmt.Sprintf("the reversal of %s names %s, asked was %s", keyOf(r), r.Amount, b.asked))
	}
	if !b.reversed {
		b.reversed = true
		b.relate(-1)
	}
	h.said[keyOf(r)] = true
	return reply
}

// totals are those of a batch, gross.
func (h *memHost) totals(batch string) (t pos.BatchTotals) {
	for _, b := range h.books {
		switch {
		case b.batch != batch || b.reversed:
		case b.debit():
			t.Debit += b.amount
			t.DebitCount++
		case b.op == pos.OpVoid, b.op == pos.OpRefund, b.op == pos.OpCompletionVoid:
			t.Credit += b.amount
			t.CreditCount++
		}
	}
	return t
}
