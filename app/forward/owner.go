package forward

import (
	"context"
	"slices"
	"time"

	"tillkeeper/app/pos"
)

// outcome is what an exchange of an item came to.
type outcome struct {
	id     string
	reply  pos.Reply
	err    error
	fatal  string // a till reason why it can never be sent: keys_missing
	unread bool   // what it needs could not be read just now: nothing was sent
	upload bool
}

// owner is the goroutine that owns the queue.
type owner struct {
	f             *Forwarder
	items         map[string]*item
	line          []*item // the same in the order of the journal
	reversals     int     // of them
	results       chan outcome
	flying        int  // uploads in the air
	reversal      bool // a reversal is in the air
	preparing     bool // a payment waits for the line: it has no PIN yet
	probing       bool
	probed        chan error
	lastTry       time.Time       // of the line
	state         string          // of the line, when last looked at
	ready         bool            // keys were loaded then
	down          bool            // it was, since it was last back
	silent        bool            // and a probe has failed
	remembered    time.Time       // the host's last word that the journal has
	rememberAgain time.Time       // when the journal, which did not take it, is asked again
	resealed      string          // day of the last resealing
	lates         []pos.LateReply // that wait for the journal
	lateAgain     time.Time       // when it is asked again
}

// maxInAir bounds the exchanges that wait for the owner.
const maxInAir = 256

// Run owns the queue until the context ends.
func (f *Forwarder) Run(ctx context.Context) {
	defer close(f.done)
	w := &owner{f: f, items: map[string]*item{}, results: make(chan outcome, maxInAir), probed: make(chan error, 1)}
	w.reload()
	w.remembered, _ = time.Parse(time.RFC3339, f.o.Journal.Setting(pos.SetLastOnline)) // zero: never written
	for {
		work := w.sleep(ctx)
		if work == nil {
			return // with the turn: nobody takes it any more
		}
		work()
		w.housekeep(ctx)
		w.dispatch(ctx)
	}
}

// sleep waits until there is something to do and gives it, nil at the end. The
// turn is anybody's meanwhile.
func (w *owner) sleep(ctx context.Context) (work func()) {
	f := w.f
	wait := time.NewTimer(w.pauseUntilNext())
	defer wait.Stop()
	f.turn.Unlock()
	defer f.turn.Lock()
	select {
	case <-ctx.Done():
		return nil
	case c := <-f.calls:
		return func() { w.answer(ctx, c) }
	case <-f.wake:
		return func() {
			w.reload()
			f.o.Changed()
		}
	case o := <-w.results:
		return func() { w.follow(ctx, w.drain(o)) }
	case err := <-w.probed:
		return func() { w.probing, w.silent = false, w.silent || err != nil }
	case l := <-f.o.Host.Late():
		return func() { w.late(ctx, l) }
	case <-wait.C:
		return func() {}
	}
}

// reload takes up what the journal says is owed.
func (w *owner) reload() {
	open, err := w.f.o.Journal.Open()
	if err != nil {
		w.f.o.Log.Error("the queue cannot be read", "error", err)
		return
	}
	live := make(map[string]bool, len(open))
	for _, a := range open {
		live[a.ID] = true
		if it, ok := w.items[a.ID]; ok {
			if it.a.State == pos.Manual && a.State != pos.Manual { // a person sends it again: at once
				it.next = time.Time{}
			}
			w.put(it, a)
		} else if sendable(a) || a.State == pos.Manual || a.State == pos.LateDeclined {
			w.add(w.taken(a))
		}
	}
	for id := range w.items {
		if !live[id] {
			w.drop(id)
		}
	}
}

// taken is an item as it is taken up; one whose original may still be on its
// way keeps waiting for the repeat, over a restart too, and never longer than
// that: the clock may have been set back meanwhile.
func (w *owner) taken(a pos.Attempt) *item {
	it := &item{a: a}
	now, repeat := w.f.o.Clock.Now(), w.f.o.Host.ReversalRepeat()
	if left := untilRepeat(a, repeat, now); left > 0 {
		it.next = now.Add(min(left, repeat))
	}
	return it
}

// refresh reads one item again after a commit.
func (w *owner) refresh(id string) {
	a, err := w.f.o.Journal.Attempt(id)
	if err != nil {
		w.f.o.Log.Error("an item of the queue cannot be read", "attempt", id, "error", err)
		return
	}
	switch it := w.items[id]; {
	case !a.Open():
		w.drop(id)
	case it == nil:
		w.add(w.fresh(a))
	default:
		w.put(it, a)
	}
}

// fresh is an item that has just come up. A deferred sale that goes on as a new
// attempt backs off like any repeat: a host that stalls when the line comes back
// would use up its few attempts within a minute.
func (w *owner) fresh(a pos.Attempt) *item {
	it := &item{a: a}
	if a.Chain > 0 && a.State == pos.Deferred {
		it.next = w.f.o.Clock.Now().Add(w.f.o.Host.Repeats().Pause(a.Chain))
	}
	return it
}

// idle is the longest sleep of the owner.
const idle = time.Second

// pauseUntilNext is how long the owner may sleep.
func (w *owner) pauseUntilNext() time.Duration {
	if w.busy() || !w.up() {
		return idle / 4
	}
	d := idle
	now := w.f.o.Clock.Now()
	for _, it := range w.items {
		if it.flying || !sendable(it.a) || w.f.paying.hold(&it.a) {
			continue
		}
		if left := it.next.Sub(now); left < d {
			d = left
		}
	}
	return max(d, 10*time.Millisecond)
}

// drain takes the outcomes that are there already, so that they share a commit.
func (w *owner) drain(first outcome) []outcome {
	all := []outcome{first}
	for {
		select {
		case o := <-w.results:
			all = append(all, o)
		default:
			return all
		}
	}
}

// housekeep watches the line and the change of day.
func (w *owner) housekeep(ctx context.Context) {
	f := w.f
	state, ready := f.o.Host.Link().State, f.o.Host.Ready()
	w.down = w.down || state == "offline"
	if state != w.state || ready != w.ready {
		if state == "online" && ready && (w.down || w.silent) {
			w.retryAll()
		}
		if w.ready && !ready && f.o.Journal.Setting(pos.SetSignOn) != signedOff { // the host asked for a sign-on: it is not let wait
			w.lastTry = time.Time{}
		}
		w.state, w.ready = state, ready
		f.o.Changed()
	}
	now := f.o.Clock.Now()
	every := f.o.Probe
	if state != "online" || !f.o.Host.Ready() {
		every = f.o.Retry
	}
	if !w.probing && !w.busy() && (now.Sub(w.lastTry) >= every || now.Before(w.lastTry)) {
		w.probing, w.lastTry = true, now
		go func() { w.probed <- f.Probe(ctx) }()
	}
	w.rememberOnline(ctx)
	w.reseal(ctx, now)
}

func (w *owner) busy() bool { return w.reversal || w.flying > 0 }

// retryAll makes everything due: the line was down and is back. An echo that is
// answered after an item was not says nothing of that item: it keeps its back-off,
// and so does one that the host closed the line on, where no probe failed.
func (w *owner) retryAll() {
	for _, it := range w.items {
		felled := it.felled && !w.silent
		it.felled = false
		if !felled && !it.flying && it.a.State != pos.Manual && !w.waitsForRepeat(it.a) {
			it.next = time.Time{}
		}
	}
	w.down, w.silent = false, false
}

// waitsForRepeat says that the host answered and asked, in effect, for a pause
// that is not over.
func (w *owner) waitsForRepeat(a pos.Attempt) bool {
	return untilRepeat(a, w.f.o.Host.ReversalRepeat(), w.f.o.Clock.Now()) > 0
}

// untilRepeat is what is left of the wait after a first 12 or 25, 0 or less where
// nothing is; more than the whole of it where the clock was set back since.
func untilRepeat(a pos.Attempt, repeat time.Duration, now time.Time) time.Duration {
	if a.Unmatched.IsZero() {
		return 0
	}
	return repeat - now.Sub(a.Unmatched)
}

// ordered gives the items of one kind in the order of the journal.
func (w *owner) ordered(keep func(*item) bool) []*item {
	var out []*item
	for _, it := range w.line {
		if keep(it) {
			out = append(out, it)
		}
	}
	return out
}

func isReversal(a pos.Attempt) bool { return pos.StateRules[a.State].Due == pos.DueReverse }

// up says whether the line may carry something.
func (w *owner) up() bool { return w.state != "offline" && w.f.o.Host.Ready() }

// due says whether an item may be sent now.
func (it *item) due(now time.Time) bool { return !it.flying && !it.next.After(now) }

// dispatch sends what is due: reversals one at a time and first, then uploads
// as the window permits.
func (w *owner) dispatch(ctx context.Context) {
	w.lateOnes(ctx)
	if w.reversal || w.f.settling() {
		return
	}
	now := w.f.o.Clock.Now()
	if it := w.dueReversal(now); it != nil {
		w.fly(ctx, it) // the next one when this has been answered
		return
	}
	w.upload(ctx, w.dueUploads(now))
}

// dueReversal gives the first reversal that may leave, nil if there is none.
func (w *owner) dueReversal(now time.Time) *item {
	if w.reversals == 0 {
		return nil
	}
	up := w.up()
	first := w.first(1, func(it *item) bool { return it.owes() == pos.DueReverse && it.due(now) && (up || byWallet(it.a)) })
	if len(first) == 0 {
		return nil
	}
	return first[0]
}

// dueUploads gives the uploads that may leave, in their order, as many as the
// window permits, but for those that have just landed; while a payment is being
// made no deferred sale.
func (w *owner) dueUploads(now time.Time, landed ...*item) []*item {
	free := w.window() - w.flying
	if free <= 0 || !w.up() {
		return nil
	}
	return w.first(free, func(it *item) bool {
		return told(it.owes()) && it.due(now) && !slices.Contains(landed, it) && !w.f.paying.hold(&it.a)
	})
}

// first gives the first n items of a kind in the order in which they are sent:
// in that of the journal, what has no money behind what has. The queue may be
// long: it is looked at no further than there are n.
func (w *owner) first(n int, keep func(*item) bool) []*item {
	var out, results []*item
	for _, it := range w.line {
		switch {
		case !keep(it):
		case it.a.State == pos.ResultDue:
			results = append(results, it)
		default:
			out = append(out, it)
		}
		if len(out) == n {
			return out
		}
	}
	return append(out, results[:min(n-len(out), len(results))]...)
}

// upload journals that items are about to leave, and lets them go.
func (w *owner) upload(ctx context.Context, next []*item) {
	var events []pos.Event
	var lost []*item
	next = slices.DeleteFunc(slices.Clone(next), func(it *item) bool {
		if !stray(it.a) {
			return false
		}
		events, lost = append(events, reversing(it.a, "98", "no_answer")), append(lost, it)
		return true
	})
	events = append(events, leaving(next)...)
	if len(events) == 0 {
		return
	}
	if _, err := w.f.o.Journal.Append(ctx, pos.Commit{Events: events}); err != nil {
		w.fault(err, next)
		return
	}
	for _, it := range lost {
		w.refresh(it.a.ID)
	}
	w.launch(ctx, next)
}

// leaving says of items that they are about to leave.
func leaving(next []*item) (events []pos.Event) {
	for _, it := range next {
		t := pos.EvDelivering
		switch it.a.State {
		case pos.RefundUnknown:
			t = pos.EvRefundTry
		case pos.ResultDue:
			t = pos.EvResultTry
		}
		events = append(events, on(it.a, t))
	}
	return events
}

// launch lets items go whose leaving is in the journal.
func (w *owner) launch(ctx context.Context, next []*item) {
	for _, it := range next {
		w.refresh(it.a.ID)
		w.flying++
		it.flying = true
		go w.send(ctx, it.a)
	}
}

// faultPause is the wait after a commit that the journal did not take.
const faultPause = 5 * time.Second

func (w *owner) fault(err error, items []*item) {
	w.f.o.Log.Error("the journal did not take an event of the queue", "error", err)
	for _, it := range items {
		it.next = w.f.o.Clock.Now().Add(faultPause)
	}
}

// fly lets a reversal go; its intent has been durable since before the sale.
func (w *owner) fly(ctx context.Context, it *item) {
	it.flying, w.reversal = true, true
	go w.send(ctx, it.a)
}
