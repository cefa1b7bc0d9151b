package forward

import (
	"context"
	"errors"
	"slices"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

// answer does what a call asks for. It blocks the queue for the time of its
// exchanges, which is what is wanted: reversals go first.
func (w *owner) answer(ctx context.Context, c call) {
	w.reload()
	switch c.kind {
	case callPrepare:
		w.preparing = true
		r := w.prepare(ctx)
		w.preparing = false
		c.claim()
		c.reply <- r
	case callForward:
		c.left <- w.everything(ctx, c.command, c.waits)
	case callDeliver:
		w.deliver(ctx, c.attempt)
		c.left <- 0
	case callQuiet:
		for w.reversal || w.flying > 0 {
			select {
			case o := <-w.results:
				w.settle(ctx, w.drain(o))
			case <-ctx.Done():
				c.done <- ctx.Err()
				return
			}
		}
		c.done <- c.do()
	}
}

// deliver tries one waiting item now.
func (w *owner) deliver(ctx context.Context, attempt string) {
	it, ok := w.items[attempt]
	if !ok || !isAdvice(it.a) || w.f.settling() {
		return
	}
	w.await(ctx, it)
	if it, ok = w.items[attempt]; ok && isAdvice(it.a) {
		_ = w.now(ctx, it) // what came of it is in the journal
	}
}

// prepare tries each pending reversal of a card before a new card request, at
// most three times. When the host answers without acknowledging, the new sale
// may go on and the reversal stays.
func (w *owner) prepare(ctx context.Context) pos.Ready {
	if w.f.settling() {
		return pos.Ready{Reason: "settlement_running"}
	}
	u := w.f.o.Host.Repeats()
	tried := map[string]bool{}
	for it := w.untried(ctx, tried); it != nil; it = w.untried(ctx, tried) {
		tried[it.a.ID] = true
		for try := 0; ; try++ {
			w.await(ctx, it)
			if w.items[it.a.ID] != it || !isReversal(it.a) || u.MayPass && w.waitsForRepeat(it.a) {
				break // it ended, or its answer came, while it was in the air
			}
			if try == u.BeforeSale || w.waitsForRepeat(it.a) {
				return pos.Ready{Reason: "reversal_pending"}
			}
			err := w.now(ctx, it)
			if err == nil && u.MayPass {
				break // the host answered
			}
			if _, left := unanswered(err); err != nil && !left {
				return pos.Ready{Reason: "no_line"}
			}
		}
	}
	return pos.Ready{Online: true}
}

// untried gives the first reversal of a card that was not tried yet, nil if
// there is none. A deferred sale in the air may leave one behind: it is waited
// for. Nothing is let go meanwhile, so there is an end.
func (w *owner) untried(ctx context.Context, tried map[string]bool) *item {
	if lost := w.ordered(func(it *item) bool { return !it.flying && stray(it.a) }); len(lost) > 0 {
		w.upload(ctx, lost) // journals their reversals
	}
	for _, it := range w.ordered(func(it *item) bool { return it.flying && mayReverse(it.a) }) {
		w.await(ctx, it)
	}
	for _, it := range w.line {
		if goesFirst(it.a) && !tried[it.a.ID] {
			return it
		}
	}
	return nil
}

// await waits until an exchange of this item, or another reversal, has landed.
func (w *owner) await(ctx context.Context, it *item) {
	for it.flying && w.items[it.a.ID] == it || w.reversal {
		select {
		case o := <-w.results:
			w.settle(ctx, []outcome{o})
		case <-ctx.Done():
			return
		}
	}
}

// now does one exchange of an item and settles it, together with whatever else
// lands meanwhile. It gives the error of the item's own exchange.
func (w *owner) now(ctx context.Context, it *item) error {
	if _, still := w.items[it.a.ID]; !still || it.flying {
		return nil
	}
	switch { // it may have been decided while it was waited for
	case isAdvice(it.a):
		w.upload(ctx, []*item{it})
	case isReversal(it.a), parked(it.a):
		w.fly(ctx, it)
	}
	for id := it.a.ID; it.flying; {
		select {
		case o := <-w.results:
			w.settle(ctx, []outcome{o})
			if o.id == id {
				return o.err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// parked says whether an item is a reversal that is no longer sent by itself.
func parked(a pos.Attempt) bool { return a.State == pos.Manual && a.Reason != "" }

// everything tries each item once, backed-off and parked ones too: reversals
// first, then the queue in its order, as many at once as the window permits.
func (w *owner) everything(ctx context.Context, command uint64, waits bool) int {
	if w.f.settling() {
		n, err := w.f.count()
		if err != nil {
			w.f.o.Log.Error("the queue cannot be read", "error", err)
		}
		return n
	}
	for _, it := range w.items {
		if it.command != command {
			it.command, it.answered = command, 0
		}
	}
	for _, it := range w.ordered(func(it *item) bool { return (isReversal(it.a) || parked(it.a)) && it.answered < forcedTries }) {
		w.await(ctx, it)
		if waits && w.waitsForRepeat(it.a) && it.next.After(w.f.o.Clock.Now()) {
			continue
		}
		it.forced = !waits
		err := w.now(ctx, it)
		it.forced = false
		if err != nil && !byWallet(it.a) {
			if _, left := unanswered(err); !left {
				break // no line: the rest would fail alike
			}
		}
	}
	if w.f.o.Host.Link().State != "offline" && w.f.o.Host.Ready() {
		if !waits {
			w.refundsAgain(ctx)
		}
		w.drainUploads(ctx)
	}
	n := 0
	for _, it := range w.items {
		if sendable(it.a) || parked(it.a) {
			n++
		}
	}
	return n
}

// drainUploads sends every upload once, a window at a time; while a payment is
// being made no deferred sale.
func (w *owner) drainUploads(ctx context.Context) {
	queue := w.ordered(func(it *item) bool {
		return isAdvice(it.a) && !it.flying && it.answered < forcedTries && !w.f.paying.hold(&it.a)
	})
	for len(queue) > 0 || w.flying > 0 {
		free := min(w.window()-w.flying, len(queue))
		if free > 0 {
			w.upload(ctx, queue[:free])
			queue = queue[free:]
		}
		if w.flying == 0 {
			continue
		}
		select {
		case o := <-w.results:
			outs := w.drain(o)
			w.settle(ctx, outs)
			for _, o := range outs {
				if _, left := unanswered(o.err); o.err != nil && !left {
					queue = nil // no line: the rest would fail alike
				}
			}
		case <-ctx.Done():
			return
		}
	}
}

// late journals an answer after its time.
func (w *owner) late(ctx context.Context, l pos.LateReply) {
	batch := l.Batch
	if batch == "" {
		batch = w.f.batch()
	}
	l.Batch = batch // as it is now, should the journal be asked again later
	a, err := w.f.o.Journal.ByTrace(batch, l.STAN)
	switch {
	case err != nil && !errors.Is(err, pos.ErrNotFound):
		w.fault(err, nil)
		w.remember(l)
		return
	case err != nil:
		w.f.o.Log.Info("a message that is not ours", "stan", l.STAN, "note", l.Note)
		return
	}
	if !answers(a, l) {
		w.f.o.Log.Warn("an answer after its time that does not fit", "attempt", a.ID, "code", l.Reply.Code)
		return
	}
	if undecided(a) {
		w.remember(l)
		return
	}
	if isRefund(a) && l.Reply.Signed && w.f.o.Codes.Lookup(l.Reply.Code).Class == decline.Success && l.Reply.Code != "10" {
		w.lateRefund(ctx, a, l)
		return
	}
	class := w.f.o.Codes.Lookup(l.Reply.Code).Class
	if w.f.o.Host.Reversible(l.Reply.Code) {
		class = decline.Unknown
	}
	e, ok := judgeLate(a, l, class)
	if !ok {
		w.f.o.Log.Info("an answer after its time", "attempt", a.ID, "state", a.State, "code", l.Reply.Code)
		return
	}
	if _, err := w.f.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{e}}); err != nil {
		w.fault(err, nil)
		w.remember(l)
		return
	}
	w.refresh(a.ID)
	w.f.o.Changed()
}

// maxLate bounds the late answers that wait for the journal.
const maxLate = 64

// undecided says that what an exchange of an attempt came to is not journaled
// yet: what a late answer means for it is known when it is.
func undecided(a pos.Attempt) bool {
	return a.State == pos.Sending || mayReverse(a) && a.Unanswered > 0
}

// remember keeps a late answer that the journal did not take, or cannot yet:
// nobody sends it again. What comes over the limit, or is lost with the power,
// the acquirer's file tells.
func (w *owner) remember(l pos.LateReply) {
	if len(w.lates) < maxLate {
		w.lates = append(w.lates, l)
		w.lateAgain = w.f.o.Clock.Now().Add(faultPause)
	}
}

// lateOnes journals what the journal did not take before.
func (w *owner) lateOnes(ctx context.Context) {
	if len(w.lates) == 0 || w.f.o.Clock.Now().Before(w.lateAgain) {
		return
	}
	lates := w.lates
	w.lates = nil
	for _, l := range lates {
		w.late(ctx, l)
	}
}

// answers says whether a message is an answer to an attempt (MTI, F3, F4; F11,
// F41 and F42 brought it here).
func answers(a pos.Attempt, l pos.LateReply) bool {
	if l.Reply.Amount != a.Amount && l.Reply.Code != "10" {
		return false
	}
	return l.Ops == nil || slices.Contains(l.Ops, sentAs(a))
}

// isRefund says whether an item is a refund that the host may still have taken.
func isRefund(a pos.Attempt) bool {
	waits := a.State == pos.Manual || a.State == pos.LateDeclined
	return a.State == pos.RefundUnknown || a.Kind == pos.Refund && waits
}

// lateRefund ends a refund whose answer came after its time.
func (w *owner) lateRefund(ctx context.Context, a pos.Attempt, l pos.LateReply) {
	yes := refunded(a, l.Reply)
	if a.State != pos.RefundUnknown {
		yes.Type = pos.EvRefundFound
	}
	c, err := w.f.withRefunds([]pos.Event{yes})
	if err == nil {
		_, err = w.f.o.Journal.Append(ctx, c)
	}
	if err != nil {
		w.fault(err, nil)
		w.remember(l)
		return
	}
	w.refresh(a.ID)
	w.f.o.Changed()
}
