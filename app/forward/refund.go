package forward

import (
	"context"
	"time"

	"tillkeeper/app/basket"
	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// judgeRefund says what the repeat of a refund came to. The try was journaled
// before it left; one that was answered without a decision is taken back. After
// the tries or the hours of a reversal a person decides.
func judgeRefund(u pos.Repeats, a pos.Attempt, r pos.Reply, err error, class decline.Class, now time.Time) verdict {
	again := verdict{again: u.Pause(a.Tries)}
	e := on(a, pos.EvRefundTry)
	if err != nil {
		if _, left := unanswered(err); !left {
			e.Code, e.Text = "no_line", err.Error()
			again.events = []pos.Event{e}
		}
		return outworn(u, a, now, again)
	}
	again.answered = true
	switch {
	case r.Code == "94" && a.Unanswered <= 1: // never sent before: another message has this number
		p := on(a, pos.EvParked)
		p.Code = r.Code
		return verdict{events: []pos.Event{p}, answered: true}
	case r.Code == "94", class == decline.Success && r.Code != "10":
		return verdict{events: []pos.Event{refunded(a, r)}, answered: true}
	case class == decline.Unknown, r.Code == "10":
		return outworn(u, a, now, again)
	case class == decline.Resign:
		e.Code, e.Text = r.Code, "the host answered "+r.Code
		again.events, again.resign = []pos.Event{e}, true
		return outworn(u, a, now, again)
	}
	return verdict{events: []pos.Event{lateDeclined(a, r)}, answered: true}
}

// outworn adds the parking of a refund that was repeated for too long. One that
// may have been taken is flagged: it is looked for in the acquirer's file, and
// what a person sends again is the same message.
func outworn(u pos.Repeats, a pos.Attempt, now time.Time, v verdict) verdict {
	if a.Tries < u.Tries && now.Sub(a.Since) < u.GiveUp {
		return v
	}
	p := on(a, pos.EvParked)
	p.Flag = a.Unanswered > len(v.events) // an event says of this try that it was answered, or never left
	v.events = append(v.events, p)
	return v
}

// refundsAgain takes up refunds that were repeated for too long: somebody has
// everything sent. They go out as they were.
func (w *owner) refundsAgain(ctx context.Context) {
	for _, it := range w.ordered(func(it *item) bool { return it.a.State == pos.Manual && it.a.Reason == "" && it.a.Flagged }) {
		if it.a.Kind != pos.Refund && !byWallet(it.a) {
			continue
		}
		if _, err := w.f.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{on(it.a, pos.EvRefundAgain)}}); err != nil {
			w.fault(err, nil)
			return
		}
		w.refresh(it.a.ID)
	}
}

func refunded(a pos.Attempt, r pos.Reply) pos.Event {
	e := numbered(on(a, pos.EvApproved), r)
	e.Approved = a.Amount
	return e
}

// withRefunds adds what the approved refunds and voids among events mean for
// their originals and baskets.
func (f *Forwarder) withRefunds(events []pos.Event) (pos.Commit, error) {
	c := pos.Commit{}
	for _, e := range events {
		if e.Type != pos.EvApproved && e.Type != pos.EvRefundFound {
			c.Events = append(c.Events, e)
			continue
		}
		a, err := f.o.Journal.Attempt(e.Attempt)
		if err != nil {
			return c, err
		}
		day, hour := f.o.DayOf(f.o.Clock.Now())
		done, err := basket.RefundCommit(f.o.Journal, a, e, day, hour)
		if err != nil {
			return c, err
		}
		c.Events, c.Baskets = append(c.Events, done.Events...), append(c.Baskets, done.Baskets...)
	}
	return c, nil
}
