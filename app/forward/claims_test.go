package forward

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tillkeeper/app/pos"
)

// amountOf is the price of the next sale.
func (w *world) amountOf() pos.Amount {
	w.n++
	return pos.Amount(1000 + w.n)
}

func (w *world) opened() pos.Event {
	now := w.now()
	day, hour := dayOf(now)
	batch := w.j.Setting(pos.SetBatch)
	return pos.Event{
		Type: pos.EvCreated, Attempt: w.j.NextAttempt(), Basket: w.j.NextBasket(), Kind: pos.Sale, Tender: pos.Card,
		Amount: w.amountOf(), Day: day, Hour: hour, STAN: w.j.NextSTAN(), Batch: batch, Sealed: boxOf("batch-" + batch),
	}
}

func (w *world) keep(events ...pos.Event) bool {
	_, err := w.j.Append(context.Background(), pos.Commit{Events: events})
	return err == nil
}

func of(first pos.Event, t pos.EventType) pos.Event {
	return pos.Event{Type: t, Attempt: first.Attempt, Basket: first.Basket}
}

// sale is a card payment as the attended flow makes it, with its commits.
func (w *world) sale(ctx context.Context) {
	first := w.opened()
	ask := pos.Request{Op: pos.OpSale, STAN: first.STAN, Batch: first.Batch, Amount: first.Amount}
	if w.bug == "send before commit" {
		_, _ = w.host.Exchange(ctx, ask)
	}
	if !w.keep(first, of(first, pos.EvSending)) {
		return
	}
	if w.plan.pick(12) == 11 {
		w.tell("power cut before the request leaves")
		w.boot()
		return
	}
	r, err := w.host.Exchange(ctx, ask)
	if w.plan.pick(12) == 11 {
		w.tell("power cut after the exchange")
		w.boot()
		return
	}
	w.end(first, r, err)
	w.w.reload()
}

func (w *world) end(first pos.Event, r pos.Reply, err error) {
	u, rev := of(first, pos.EvUnknown), of(first, pos.EvReversing)
	yes := of(first, pos.EvApproved)
	yes.Approved, yes.Code = r.Amount, r.Code
	switch reason, left := unanswered(err); {
	case err != nil && !left:
		w.keep(of(first, pos.EvDeclined))
	case err != nil:
		rev.Reason = reason
		w.keep(u, rev)
	case w.host.Reversible(r.Code):
		rev.Reason = "06"
		w.keep(u, rev)
	case codes.Success(r.Code):
		if !w.keep(yes) {
			rev.Reason = "06"
			w.keep(rev)
		}
	default:
		w.keep(of(first, pos.EvDeclined))
	}
}

// offline is a sale that nobody but the card, or the shop, said yes to.
func (w *world) offline(t pos.EventType) {
	first := w.opened()
	yes := of(first, t)
	yes.Approved, yes.Offline, yes.Waiting = first.Amount, true, boxOf(pos.DayKey(first.Day))
	w.keep(first, yes)
	w.w.reload()
}

// check holds the journal against the host.
func (w *world) check() {
	say := func(s string, a pos.Attempt) { w.bad = append(w.bad, a.ID+" "+string(a.State)+": "+s) }
	known := map[string]bool{}
	for _, a := range w.j.all() {
		if a.Tender != pos.Card {
			continue
		}
		key := a.Batch + "/" + a.STAN
		known[key] = true
		b := w.host.books[key]
		if b == nil {
			b = &booking{}
		}
		rule := pos.StateRules[a.State]
		switch {
		case !rule.Final && a.State != pos.Manual && a.State != pos.LateDeclined:
			say("undecided", a)
		case b.foreign && a.State != pos.Manual && w.maybeSent(a) < 2:
			say("took the charge of another till for its own", a)
		case b.foreign:
		case a.State == pos.Manual:
			say("is left to a person though the host answers", a)
		case a.State == pos.Cancelled && a.Offline && !w.byPerson(a):
			say("left the queue by nobody's word", a)
		case b.net() != a.Counts() && !(a.Flagged && w.host.mute[key]):
			say("the host took "+b.net().String()+", the journal counts "+a.Counts().String(), a)
		}
	}
	for key, b := range w.host.books {
		if !known[key] && !b.foreign && b.net() != 0 {
			w.bad = append(w.bad, "the host charged "+key+", of which the journal knows nothing")
		}
	}
	w.claims()
}

// byPerson says that somebody with a name ended it.
func (w *world) byPerson(a pos.Attempt) bool {
	list := w.j.events[a.ID]
	return list[len(list)-1].By != ""
}

// maybeSent counts the uploads of an item that may have reached the host.
func (w *world) maybeSent(a pos.Attempt) int {
	n := 0
	for _, e := range w.j.events[a.ID] {
		switch {
		case e.Type == pos.EvDelivering:
			n++
		case e.Type == pos.EvDeliveryTry && e.Code != "":
			n--
		}
	}
	return n
}

// claims: what the shop gave away is delivered, or the owner's to decide, once.
func (w *world) claims() {
	next := map[string]int{}
	for _, a := range w.j.all() {
		if a.Linked != "" {
			next[a.Linked]++
		}
	}
	for _, a := range w.j.all() {
		if !a.Deferred {
			continue
		}
		open := 0
		if s := a.State; s == pos.Delivered || s == pos.LateDeclined || s == pos.Manual || s == pos.Settled || s == pos.Cancelled {
			open = 1
		}
		if open+next[a.ID] != 1 {
			w.bad = append(w.bad, a.ID+" "+string(a.State)+": a deferred sale that goes on in "+string(rune('0'+open+next[a.ID]))+" ways")
		}
	}
}

// TestPlantedBugsAreCaught: the same histories notice each of these.
func TestPlantedBugsAreCaught(t *testing.T) {
	gen := rapid.SliceOfN(rapid.Byte(), 0, 90)
	for _, bug := range []string{
		"new STAN per retry", "reversal forgotten", "drop on expiry", "send before commit", "94 taken as delivered",
	} {
		t.Run(bug, func(t *testing.T) {
			for seed := range 2000 {
				fates := gen.Example(seed)
				caught := func(f []byte) bool { return len(newWorld(f, bug).run()) > 0 && len(newWorld(f, "").run()) == 0 }
				if !caught(fates) {
					continue
				}
				fates = shrink(fates, caught)
				w := newWorld(fates, bug)
				t.Logf("caught after %d histories: %s\n%s", seed+1, strings.Join(w.run(), "; "), strings.Join(w.story, "\n"))
				return
			}
			t.Error("no history notices it")
		})
	}
}

// shrink makes a history shorter and plainer while it still fails: big pieces
// first.
func shrink(fates []byte, fails func([]byte) bool) []byte {
	for again := true; again; {
		again = false
		for size := max(1, len(fates)/2); size > 0; size /= 2 {
			for i := 0; i+size <= len(fates); {
				try := append(append([]byte{}, fates[:i]...), fates[i+size:]...)
				if fails(try) {
					fates, again = try, true
					continue
				}
				try = append(append(append([]byte{}, fates[:i]...), make([]byte, size)...), fates[i+size:]...)
				if !bytes.Equal(try, fates) && fails(try) {
					fates, again = try, true
				}
				i += size
			}
		}
	}
	return fates
}
