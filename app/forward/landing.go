package forward

import (
	"context"
	"errors"
	"slices"
	"time"

	"tillkeeper/app/pos"
)

// landing is what some exchanges came to, before the journal has it.
type landing struct {
	items []*item
	of    [][]pos.Event // what each of them came to
	plain bool          // each was an upload, and is delivered
}

func (l landing) events() []pos.Event { return slices.Concat(l.of...) }

// land judges what some exchanges came to.
func (w *owner) land(ctx context.Context, outs []outcome) landing {
	l := landing{plain: true}
	now := w.f.o.Clock.Now()
	for _, o := range outs {
		w.landed(o)
		it, ok := w.items[o.id]
		if !ok {
			continue // ended meanwhile, by a late answer
		}
		it.flying, it.felled = false, w.fell(o.err)
		v := w.judge(it, o, now)
		if v.answered {
			w.f.heard()
			it.answered++
		}
		if v.linked {
			v.events = w.goOn(it.a, v.events, now)
		}
		it.next = now.Add(v.again)
		if v.resign {
			w.resign(ctx, it)
		}
		l.plain = l.plain && o.upload && len(v.events) == 1 && v.events[0].Type == pos.EvDelivered
		l.items, l.of = append(l.items, it), append(l.of, v.events)
	}
	return l
}

// fell says whether the line went down under an exchange that ended in err.
func (w *owner) fell(err error) bool {
	_, left := unanswered(err)
	return err != nil && left && w.f.o.Host.Link().State == "offline"
}

// settle makes durable what some exchanges came to.
func (w *owner) settle(ctx context.Context, outs []outcome) {
	w.book(ctx, w.land(ctx, outs))
}

// follow is settle; where all that landed was delivered, the uploads whose turn
// it is leave with the same commit, so that the disk is waited for once between
// two items. If the journal refuses the two together, each has its own commit.
func (w *owner) follow(ctx context.Context, outs []outcome) {
	l := w.land(ctx, outs)
	if next := w.followers(l); len(next) > 0 {
		events := slices.Concat(l.events(), leaving(next))
		_, err := w.f.o.Journal.Append(ctx, pos.Commit{Events: events})
		if err == nil {
			w.launch(ctx, next)
			w.booked(l)
			return
		}
		w.f.o.Log.Warn("the journal did not take the end of items and the leaving of the next together", "error", err)
	}
	w.book(ctx, l)
}

// followers gives the uploads that dispatch would let go next, none where
// something else may have to come first.
func (w *owner) followers(l landing) []*item {
	if !l.plain || len(l.items) == 0 || w.reversal || w.f.settling() {
		return nil
	}
	now := w.f.o.Clock.Now()
	if w.dueReversal(now) != nil {
		return nil
	}
	next := w.dueUploads(now, l.items...)
	if slices.ContainsFunc(next, func(it *item) bool { return stray(it.a) }) {
		return nil
	}
	return next
}

// book makes a landing durable. Where the table refuses it, one of the items was
// decided meanwhile by a person: each is booked by itself then, and that one is
// taken as it is now.
func (w *owner) book(ctx context.Context, l landing) {
	if events := l.events(); len(events) > 0 {
		c, err := w.f.withRefunds(events)
		if err == nil {
			_, err = w.f.o.Journal.Append(ctx, c)
		}
		switch refused := errors.Is(err, pos.ErrTransition); {
		case refused && len(l.items) > 1:
			for i := range l.items {
				w.book(ctx, landing{items: l.items[i : i+1], of: l.of[i : i+1]})
			}
			return
		case err != nil:
			w.fault(err, l.items)
			if refused {
				w.refresh(l.items[0].a.ID)
			}
			return
		}
	}
	w.booked(l)
}

// booked takes up what the journal made of a landing.
func (w *owner) booked(l landing) {
	seen := map[string]bool{}
	for _, e := range l.events() {
		switch {
		case e.Type == pos.EvDelivered: // nothing is due for it
			w.drop(e.Attempt)
		case !seen[e.Attempt]:
			seen[e.Attempt] = true
			w.refresh(e.Attempt)
		}
		if it := w.items[e.Attempt]; it != nil && e.Type == pos.EvParked {
			w.f.o.Parked(it.a)
		}
	}
	w.f.o.Changed()
}

// window is how many uploads may be in the air.
func (w *owner) window() int { return max(1, w.f.o.Host.Window()) }

// goOn ends a reversed deferred sale with the attempt that takes it on; one
// that cannot go on becomes the owner's.
func (w *owner) goOn(a pos.Attempt, events []pos.Event, now time.Time) []pos.Event {
	last := &events[len(events)-1]
	more, err := w.deferAgain(a, now)
	if err != nil {
		w.f.o.Log.Error("a deferred sale cannot go on", "attempt", a.ID, "error", err)
		last.Type, last.Code = pos.EvLateDeclined, pos.WhyNot(err, keysMissing)
		return events
	}
	last.Next = more[0].Attempt
	return append(events, more...)
}

// landed frees the place of an exchange.
func (w *owner) landed(o outcome) {
	if o.upload {
		w.flying--
	} else {
		w.reversal = false
	}
}

// judge applies the rule of the item's state to what its exchange came to.
func (w *owner) judge(it *item, o outcome, now time.Time) verdict {
	f, u := w.f, w.f.o.Host.Repeats()
	if !isReversal(it.a) && !parked(it.a) && !isAdvice(it.a) {
		return verdict{} // decided meanwhile, by a late answer or a person
	}
	if it.unread++; !o.unread {
		it.unread = 0
	} else if it.unread >= maxUnread {
		o.fatal = keysMissing
	}
	if it.a.State == pos.ResultDue {
		return judgeResult(u, it.a, o, f.o.Codes.Lookup(o.reply.Code).Class, now)
	}
	if o.fatal != "" {
		p := on(it.a, pos.EvParked)
		p.Code = o.fatal
		if it.a.State == pos.Manual {
			return verdict{again: u.Most}
		}
		return verdict{events: []pos.Event{p}}
	}
	class := f.o.Codes.Lookup(o.reply.Code).Class
	if o.err == nil && f.o.Host.Reversible(o.reply.Code) {
		class = "unknown"
	}
	switch {
	case isReversal(it.a) || it.a.State == pos.Manual:
		repeat := f.o.Host.ReversalRepeat()
		if it.forced {
			repeat = 0
		}
		return judgeReversal(u, it.a, o.reply, o.err, f.batch(), repeat, now)
	case it.a.State == pos.RefundUnknown:
		return judgeRefund(u, it.a, o.reply, o.err, class, now)
	case it.a.Deferred:
		return judgeDeferred(u, it.a, o.reply, o.err, class)
	}
	return judgeUpload(u, it.a, o.reply, o.err, class)
}

// resign signs on again and makes the item due at once, a limited number of
// times. While a payment is being made it backs off as the verdict says, unless
// that one waits for it.
func (w *owner) resign(ctx context.Context, it *item) {
	if w.f.paying.running() && !w.preparing {
		return
	}
	it.resign++
	if it.resign > maxResignings {
		it.resign = 0
		return // backed off as the verdict says
	}
	if err := w.f.SignOn(ctx); err != nil {
		w.f.o.Log.Warn("a sign-on that the host asked for failed", "error", err)
		return
	}
	it.next = w.f.o.Clock.Now()
}
