package checkout

import (
	"errors"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// phase is where a payment in flight stands.
type phase int

const (
	phPrepare    phase = iota // reversals first, sign-on
	phPresent                 // waiting for a card and its first cryptogram
	phPIN                     // waiting for the PIN block
	phCommitSend              // created and sending are being made durable
	phHost                    // sent, waiting for the answer
	phFinish                  // approved by the host, the card has the last word
	phFinishOff               // no host: the card has the last word
	phCommitEnd               // the outcome is being made durable
	phQROrder                 // the order is being made at the wallet
	phQRWait                  // the customer pays
	phQRClose                 // given up: query and close
	phGiveBack                // the wallet gives money back
	phDone
)

// payment is one attempt in flight. It lives in memory between two commits
// only; the journal decides what it becomes after a crash.
type payment struct {
	id, basket, receipt string
	stan, batch         string
	by, day             string
	hour                int
	tender              pos.Tender
	amount              pos.Amount
	tendered, change    pos.Amount
	rounding            pos.Amount // cash, 0 or less
	code                string     // the customer's payment code
	kind                pos.Kind
	original            *pos.Attempt // what it undoes, refunds or completes
	goods               *pos.Basket  // of a refund: what comes back
	settles             *pos.Attempt // the late declined sale that it pays for
	keyed               bool         // nobody presents a card: its data comes from the vault, or is a payment code
	resent              bool         // signed on and sent again already
	linked, reason      string
	override            bool // a supervisor agreed to the same card

	phase    phase
	online   bool
	unready  string // why not, beyond the line: a reversal that waits, a PIN pad that is gone
	created  bool   // its first event is durable
	read     pos.CardRead
	card     pos.CardData
	passable bool   // OK without a PIN is offered
	asked    bool   // the PIN was asked for while the card was read
	bypassed bool   // OK was pressed without one: the issuer decides
	alone    bool   // the card was let decide although the host can be reached
	hash     string // keyed hash of the PAN
	verdict  string // why it may not be taken offline, "" if it may
	deferral string // why it may not be deferred, "" if it may
	same     bool   // the same card has an open reversal for this basket
	reply    pos.Reply
	end      []pos.Event  // the outcome that is being made durable
	attempt  *pos.Attempt // as its commits left it, nil: to be read
	scripts  []byte       // the card's results of the issuer's scripts
	result   result
}

// result is how a payment ended for the person in front of the till.
type result struct {
	kind   OutcomeKind
	code   string      // answer code or till reason
	notify *bool       // the issuer will send an SMS
	left   *pos.Amount // of a balance inquiry
	again  bool        // sign on, then a new attempt with the card presented again
	failed error       // the journal could not take it; no money was taken

	attempt *pos.Attempt // as it was shown; nil: not read yet
	basket  *pos.Basket  // that it pays, as it was shown; nil: none
}

// inputKind names what the shell reports back to the core.
type inputKind int

const (
	inStart     inputKind = iota
	inReady               // the line was prepared: online, reason
	inRead                // the card spoke: read, hash, verdict, deferral, same, alone, and the PIN where it was asked for
	inCardError           // reason
	inPIN                 // block
	inPINError            // reason; read and hash where the card still waited
	inCommitted           // what was asked for is durable
	inNotKept             // it is not: err
	inReply               // reply
	inNoReply             // err of the exchange
	inFinal               // final
	inTorn                // the card did not finish
	inOrder               // order
	inOrderErr            // notSent or not
	inGiveUp              // cancelled by a person, or expired: reason
)

type input struct {
	kind     inputKind
	online   bool
	reason   string
	card     pos.CardData // of a payment whose card nobody presents
	read     pos.CardRead
	hash     string
	verdict  string
	deferral string
	same     bool
	block    []byte // of the PIN pad
	ksn      []byte // of its key, under DUKPT
	bypassed bool   // OK without a PIN, where that was offered
	asked    bool   // of a reading: block and the like came with it
	alone    bool   // of a reading: the card was let decide
	err      error
	notSent  bool
	reply    pos.Reply
	class    decline.Class // of the answer code
	final    pos.CardFinal
	order    pos.WalletOrder
}

// doing names the one thing that the shell does next.
type doing int

const (
	doNothing  doing = iota
	doPrepare        // reversals first, sign-on if there are no keys
	doCard           // wait for a card, read it
	doPIN            // ask for the PIN
	doCommit         // make the events durable; seal and waiting say what goes with them
	doSend           // the request to the host
	doResend         // sign on, then the same request again
	doGiveBack       // the refund of a wallet order
	doFinish         // tell the card: answer
	doOrder          // make or charge the wallet order
	doPoll           // wait a little, then query
	doClose          // query and close the order
	doEnd
)

// effect is what the shell has to do; it answers with one input.
type effect struct {
	do      doing
	events  []pos.Event
	seal    bool // the first event carries what a reversal needs
	waiting bool // and what an upload needs
	reseal  bool // the reversal carries the card's newest data
	answer  pos.CardAnswer
}

// step is the payment as a pure function: what happened goes in, what is to be
// done comes out. It does no I/O and reads no clock.
func step(p payment, in input) (payment, effect) {
	eff := p.next(&in)
	return p, eff
}

// next is step on a payment that is step's own.
func (p *payment) next(in *input) effect {
	if in.kind == inNotKept {
		return notKept(p, in)
	}
	switch p.phase {
	case phPrepare:
		return stepPrepare(p, in)
	case phPresent, phPIN:
		return stepCard(p, in)
	case phCommitSend:
		return stepSend(p)
	case phHost:
		return stepHost(p, in)
	case phFinish, phFinishOff:
		return stepFinish(p, in)
	case phQROrder, phQRWait, phQRClose:
		return stepQR(p, in)
	case phGiveBack:
		return stepGiveBack(p, in)
	}
	p.phase = phDone // phCommitEnd: the outcome is durable
	return effect{do: doEnd}
}

func stepPrepare(p *payment, in *input) effect {
	switch {
	case in.kind == inStart && p.tender == pos.Cash:
		ok := p.event(pos.EvApproved)
		ok.Approved, ok.Tendered, ok.Change = p.amount, p.tendered, p.change
		return p.finish(result{kind: OutcomeApproved}, append([]pos.Event{p.open()}, p.success(ok)...)...)
	case in.kind == inStart && p.tender == pos.QR && !p.keyed:
		return commitSending(p)
	case in.kind == inStart:
		return effect{do: doPrepare}
	case in.kind == inGiveUp:
		return p.refuse(pos.EvCancelled, in.reason)
	case in.kind == inCardError:
		return p.refuse(pos.EvDeclined, in.reason)
	case !in.online && p.needsHost(in.reason):
		return p.refuse(pos.EvDeclined, in.reason)
	case p.keyed:
		p.card = in.card
		return commitSending(p)
	}
	if p.online = in.online; !p.online && in.reason != "no_line" && in.reason != "not_signed_on" {
		p.unready = in.reason
	}
	p.phase = phPresent
	return effect{do: doCard}
}

// needsHost says that a payment never goes on without the host, for a reason why
// it is not there; without keys, or with wrong ones, there is no trade at all.
func (p *payment) needsHost(why string) bool {
	return p.kind != pos.Sale || p.keyed || why == "no_tmk" || why == "kcv_mismatch"
}

func commitSending(p *payment) effect {
	p.phase = phCommitSend
	events := []pos.Event{p.open(), p.event(pos.EvSending)}
	if p.original != nil {
		events = append(events, p.followUp())
	}
	return effect{do: doCommit, seal: p.byHost(), events: events}
}

func stepSend(p *payment) effect {
	p.created = true
	switch {
	case p.tender == pos.QR && !p.keyed && p.original != nil:
		p.phase = phGiveBack
		return effect{do: doGiveBack}
	case p.tender == pos.QR && !p.keyed:
		p.phase = phQROrder
		return effect{do: doOrder}
	}
	p.phase = phHost
	return effect{do: doSend}
}

func stepHost(p *payment, in *input) effect {
	if in.kind == inNoReply {
		switch {
		case in.notSent && p.resent && p.kind == pos.Refund:
			return p.answeredBefore("no_line")
		case in.notSent && p.kind != pos.Refund && errors.Is(in.err, pos.ErrNoKeys) && !p.resent:
			return p.renew()
		case in.notSent && in.reason != "":
			return p.finish(refused(in.reason), p.reasoned(pos.EvDeclined, in.reason))
		case in.notSent && (p.read.NeedPIN || p.kind != pos.Sale || p.keyed):
			why := pos.WhyNot(in.err, "no_line")
			return p.finish(refused(why), p.reasoned(pos.EvDeclined, why))
		case in.notSent:
			return withoutHost(p)
		case in.reason == "A0":
			return p.unknown("A0", "bad_mac")
		}
		return p.unknown(in.reason, "no_answer")
	}
	p.reply = in.reply
	p.result.notify = in.reply.Notify
	if p.kind == pos.Refund {
		return stepRefund(p, in)
	}
	switch in.class {
	case decline.Success:
		if p.reply.Code == "10" && (p.kind != pos.Sale || p.reply.Amount <= 0 || p.reply.Amount >= p.amount) {
			return p.unknown("06", "amount_differs")
		}
		if p.keyed || p.read.Entry == "swipe" || p.kind == pos.Balance || p.kind == pos.Void {
			return approved(p)
		}
		p.phase = phFinish
		return effect{do: doFinish, answer: pos.CardAnswer{Approved: true, F55: in.reply.F55, Code: in.reply.Code}}
	case decline.Unknown:
		return p.unknown("06", in.reply.Code)
	case decline.Resign:
		eff := p.finish(refused(in.reply.Code), p.answered(pos.EvDeclined))
		p.result.again = true
		return eff
	}
	return p.finish(refused(in.reply.Code), p.answered(pos.EvDeclined))
}

// renew signs on where the host asked for it since the line was prepared: not a
// byte has left. A PIN is under the keys from before (unless it has one of its
// own), so the card is presented again, for a new attempt.
func (p *payment) renew() effect {
	if len(p.card.PINBlock) == 0 || len(p.card.KSN) > 0 {
		p.resent = true
		return effect{do: doResend}
	}
	eff := p.finish(refused("not_signed_on"), p.reasoned(pos.EvDeclined, "not_signed_on"))
	p.result.again = true
	return eff
}

func stepFinish(p *payment, in *input) effect {
	if p.phase == phFinishOff {
		if in.kind == inFinal && in.final.Cryptogram == pos.TC && p.read.ODA {
			p.card.F55, p.card.ShortF55 = in.final.F55, in.final.ShortF55
			return takeOffline(p)
		}
		return takeDeferred(p)
	}
	if in.kind != inFinal || in.final.Cryptogram != pos.TC {
		why := "card_removed"
		if in.kind == inFinal { // it is there, and says no to the host's yes
			why = "card_refused"
		}
		eff := p.unknown("06", why)
		if in.kind == inFinal && len(in.final.ShortF55) > 0 { // with the results of the issuer's scripts
			p.card.ShortF55, eff.reseal = in.final.ShortF55, true
		}
		return eff
	}
	if p.scripts = in.final.Scripts; len(p.scripts) > 0 && len(in.final.ShortF55) > 0 {
		p.card.ShortF55 = in.final.ShortF55 // which holds them
	}
	return approved(p)
}

// approved records the host's yes, for the sum that it named.
func approved(p *payment) effect {
	e := p.answered(pos.EvApproved)
	e.Approved = p.amount
	if p.reply.Code == "10" {
		e.Approved = p.reply.Amount
	}
	e.Scripts = p.scripts
	return p.finish(result{kind: OutcomeApproved, code: p.reply.Code, notify: p.reply.Notify, left: p.reply.Balance}, p.success(e)...)
}

// unknown ends a sent payment whose outcome nobody knows: it is reversed until
// that is acknowledged, and can no longer succeed. A refund is repeated as it
// is; a balance inquiry moved nothing.
func (p *payment) unknown(reason, code string) effect {
	switch p.kind {
	case pos.Refund:
		return p.again(code)
	case pos.Balance:
		if code == "no_answer" || code == "bad_mac" {
			return p.finish(refused("balance_unknown"), p.reasoned(pos.EvDeclined, "balance_unknown"))
		}
		return p.finish(refused(code), p.answered(pos.EvDeclined))
	}
	u := p.reasoned(pos.EvUnknown, code)
	r := p.event(pos.EvReversing)
	r.Reason, r.Text = reason, code
	return p.finish(result{kind: OutcomeUnknown, code: code}, u, r)
}

func refused(code string) result { return result{kind: OutcomeRefused, code: code} }

// finish makes an outcome durable. Events that open the attempt are left out
// once it is open.
func (p *payment) finish(r result, events ...pos.Event) effect {
	if p.created && len(events) > 0 && events[0].Type == pos.EvCreated {
		events = events[1:]
	}
	p.result, p.end, p.phase = r, events, phCommitEnd
	return effect{do: doCommit, events: events}
}

// refuse ends a payment for a reason of the till's own.
func (p *payment) refuse(as pos.EventType, code string) effect {
	return p.finish(refused(code), p.open(), p.reasoned(as, code))
}

// byHost says that the acquirer decides, not a drawer or a wallet's gateway.
func (p *payment) byHost() bool { return p.tender == pos.Card || p.tender == pos.QR && p.keyed }
