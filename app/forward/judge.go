package forward

import (
	"errors"
	"time"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// The limits of delivery that no profile sets.
const (
	forcedTries   = 3 // of an item in one Forward, where the host answers
	maxResignings = 2 // sign-ons for one send
)

// verdict is what one send of an item came to: events to make durable, and when
// to try again if the item stays.
type verdict struct {
	events   []pos.Event
	again    time.Duration // 0 with resign: at once
	resign   bool          // sign on, then the same once more
	answered bool          // the host spoke
	linked   bool          // a deferred sale goes on as a new attempt
}

func on(a pos.Attempt, t pos.EventType) pos.Event {
	return pos.Event{Type: t, Attempt: a.ID, Basket: a.Basket}
}

// unanswered names how an exchange ended without a reply: reversal reason, and
// whether a byte may have left.
func unanswered(err error) (reason string, left bool) {
	switch {
	case errors.Is(err, pos.ErrNotSent), errors.Is(err, pos.ErrNoKeys), errors.Is(err, pos.ErrLineBusy):
		return "", false
	case errors.Is(err, pos.ErrBadMAC):
		return "A0", true
	case errors.Is(err, pos.ErrNoAnswer):
		return "98", true
	}
	return "06", true
}

// judgeReversal says what a try of a reversal came to. batch is the open one,
// repeat the profile's wait before the repeat after a 12 or 25, none where a
// person sends it.
func judgeReversal(u pos.Repeats, a pos.Attempt, r pos.Reply, err error, batch string, repeat time.Duration, now time.Time) verdict {
	if err != nil {
		if _, left := unanswered(err); !left {
			return aged(u, a, now, verdict{again: u.Pause(a.Tries + 1)})
		}
		e := on(a, pos.EvReversalTry)
		e.Text = err.Error()
		return aged(u, a, now, verdict{events: []pos.Event{e}, again: u.Pause(a.Tries + 1)})
	}
	switch {
	case r.Code == "00":
		return verdict{events: []pos.Event{acknowledged(a, r)}, answered: true, linked: a.GoesOn()}
	case r.Code == "77", r.Code == "99", r.Code == "A0":
		e := on(a, pos.EvReversalTry)
		e.Text = "the host answered " + r.Code
		return aged(u, a, now, verdict{events: []pos.Event{e}, resign: true, answered: true, again: u.Pause(a.Tries + 1)})
	}
	e := on(a, pos.EvReversalTry)
	e.Text = "the host answered " + r.Code
	v := verdict{events: []pos.Event{e}, answered: true, again: u.Pause(a.Tries + 1)}
	if r.Code != "12" && r.Code != "25" || a.LateApproved {
		return aged(u, a, now, v)
	}
	v.events[0].Reason = r.Code
	if a.Batch != batch && a.State == pos.Manual {
		return v // a person has it in hand
	}
	if a.Batch != batch {
		p := on(a, pos.EvParked)
		p.Code = r.Code
		v.events = append(v.events, p)
		return v
	}
	if a.Unmatched.IsZero() { // the delayed original may still arrive: once more
		v.again = repeat
		return v
	}
	if left := untilRepeat(a, repeat, now); left > 0 && left <= repeat { // asked too early: it proves nothing
		return verdict{again: left, answered: true}
	} // more than the whole wait: the clock was set back since, and cannot say
	done := acknowledged(a, r)
	done.Flag = true
	v.events = append(v.events, done)
	v.linked = a.GoesOn()
	return v
}

// aged adds the parking of a reversal that was tried for too long.
func aged(u pos.Repeats, a pos.Attempt, now time.Time, v verdict) verdict {
	tries := a.Tries + len(v.events)
	if a.State != pos.Manual && (tries >= u.Tries || now.Sub(a.Since) >= u.GiveUp) {
		v.events = append(v.events, on(a, pos.EvParked))
	}
	return v
}

// acknowledged ends a reversal. A deferred sale that the host answered in part or
// with an open outcome, or that a person had, becomes the owner's.
func acknowledged(a pos.Attempt, r pos.Reply) pos.Event {
	t := pos.EvReversed
	if forPerson(a) {
		t = pos.EvLateDeclined
	}
	e := on(a, t)
	e.Text = r.Code
	if t == pos.EvLateDeclined {
		e.Code = a.Code
	}
	return e
}

// forPerson says that the host answered a deferred sale, with 10 or with a code
// that leaves the outcome open, and nobody has ended it yet: it is never charged
// again by itself.
func forPerson(a pos.Attempt) bool {
	return a.Deferred && a.Next == "" && a.How == "" && !a.GoesOn()
}

// stray says that a deferred sale left and nobody waits for its answer any
// more: it is reversed, never sent again under its number.
func stray(a pos.Attempt) bool { return a.Deferred && a.State == pos.Delivering && a.Unanswered > 0 }

// judgeUpload says what a send of an offline approval came to.
func judgeUpload(u pos.Repeats, a pos.Attempt, r pos.Reply, err error, class decline.Class) verdict {
	e := on(a, pos.EvDeliveryTry)
	if err != nil {
		e.Text = err.Error()
		if _, left := unanswered(err); !left {
			e.Code = "no_line"
		}
		return verdict{events: []pos.Event{e}, again: u.Pause(a.Tries + 1)}
	}
	switch {
	case r.Code == "94" && a.Unanswered <= 1: // this send is the only one without an answer
		p := on(a, pos.EvParked)
		p.Code = r.Code
		return verdict{events: []pos.Event{p}, answered: true}
	case r.Code == "94", class == decline.Success && r.Code != "10":
		return verdict{events: []pos.Event{delivered(a, r)}, answered: true}
	case class == decline.Unknown: // taken or not: the identical message again will tell
		e.Text = "the host answered " + r.Code
		return verdict{events: []pos.Event{e}, answered: true, again: u.Pause(a.Tries + 1)}
	case class == decline.Resign:
		e.Code, e.Text = r.Code, "the host answered "+r.Code
		return verdict{events: []pos.Event{e}, resign: true, answered: true, again: u.Pause(a.Tries + 1)}
	}
	return verdict{events: []pos.Event{lateDeclined(a, r)}, answered: true}
}

// judgeDeferred says what a send of a deferred sale came to.
func judgeDeferred(u pos.Repeats, a pos.Attempt, r pos.Reply, err error, class decline.Class) verdict {
	if err != nil {
		reason, left := unanswered(err)
		if !left {
			return judgeUpload(u, a, r, err, class)
		}
		return verdict{events: []pos.Event{reversing(a, reason, err.Error())}}
	}
	switch {
	case class == decline.Success && r.Code == "10":
		e := reversing(a, "06", "partly approved")
		e.Code = r.Code
		return verdict{events: []pos.Event{e}, answered: true}
	case class == decline.Success:
		return verdict{events: []pos.Event{delivered(a, r)}, answered: true}
	case class == decline.Unknown:
		e := reversing(a, "06", "the host answered "+r.Code)
		e.Code = r.Code
		return verdict{events: []pos.Event{e}, answered: true}
	case class == decline.Resign, r.Code == "94":
		return judgeUpload(u, a, r, nil, class)
	}
	return verdict{events: []pos.Event{lateDeclined(a, r)}, answered: true}
}

func delivered(a pos.Attempt, r pos.Reply) pos.Event {
	return numbered(on(a, pos.EvDelivered), r)
}

// numbered carries the host's numbers over. The numbers of a 94 are those of the
// refused duplicate, not of the message that was taken before.
func numbered(e pos.Event, r pos.Reply) pos.Event {
	if e.Code = r.Code; r.Code != "94" {
		e.RRN, e.AuthCode, e.Org, e.HostDate = r.RRN, r.AuthCode, r.Org, r.HostDate
	}
	return e
}

// lateDeclined is the host's no to what the shop took. Where an earlier copy of
// the message was never answered, that one may have been taken: it is looked for
// in the acquirer's file.
func lateDeclined(a pos.Attempt, r pos.Reply) pos.Event {
	e := on(a, pos.EvLateDeclined)
	e.Code, e.RRN = r.Code, r.RRN
	e.Flag = a.Unanswered > 1
	return e
}

func reversing(a pos.Attempt, reason, text string) pos.Event {
	e := on(a, pos.EvReversing)
	e.Reason, e.Text = reason, text
	return e
}

// judgeLate journals an answer after its time. It never revives a sale: a good
// approval keeps the reversal open, or opens it again.
func judgeLate(a pos.Attempt, l pos.LateReply, class decline.Class) (pos.Event, bool) {
	t := pos.EvLateAnswer
	upload := a.Offline && !a.Deferred // the card said yes: there is nothing to reverse
	// Money may have moved; a reversal that the host acknowledged by 00 stands
	// whatever came before it.
	undone := a.State == pos.Reversed || a.State == pos.LateDeclined && a.Reason != ""
	open := class == decline.Success || class == decline.Unknown && (!undone || a.Flagged)
	if open && l.Reply.Signed && !upload && a.Kind != pos.Refund {
		t = pos.EvLateApproval
	}
	if upload && class == decline.Success && l.Reply.Signed && known(a.State, pos.EvDelivered) && a.Reason == "" {
		e := delivered(a, l.Reply)
		e.Approved = a.Amount
		return e, true
	}
	if _, ok := pos.Lookup(a.State, t); !ok {
		if t = pos.EvLateAnswer; !known(a.State, t) {
			return pos.Event{}, false
		}
	}
	e := on(a, t)
	e.Text = "late answer " + l.Reply.Code
	if open && l.Reply.Signed { // the numbers of a refusal are not those of what was taken
		e.RRN = l.Reply.RRN
	}
	if t == pos.EvLateApproval && a.State != pos.Reversing {
		e.Reason = reopening(a, class)
	}
	if t == pos.EvLateApproval && class == decline.Unknown {
		e.Code = l.Reply.Code // no approval: a 12 or 25 may still end the reversal
	}
	return e, true
}

// reopening is the reason of a reversal that a late answer opens again, "" where
// it keeps the one that it was sent with: a reversal repeats itself. A deferred
// sale that would be charged again though a person had it, or the answer leaves
// the outcome open, takes 06: it goes to a person.
func reopening(a pos.Attempt, class decline.Class) string {
	person := class == decline.Unknown || a.State == pos.LateDeclined
	switch {
	case person && (a.Reason == "" || a.GoesOn()):
		return "06"
	case a.Reason == "":
		return "98"
	}
	return ""
}

func known(s pos.State, t pos.EventType) bool {
	_, ok := pos.Lookup(s, t)
	return ok
}
