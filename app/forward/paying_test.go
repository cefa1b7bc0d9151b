package forward

import (
	"context"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// paid is a queue whose owner sleeps while a card is presented, and the end of
// that payment.
func paid(t *testing.T, w *world) (over func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w.w.f.turn.Unlock() // as an owner that sleeps
	r := w.w.f.Prepare(ctx)
	w.w.f.turn.Lock()
	if r != (pos.Ready{Online: true}) {
		t.Fatalf("%+v", r)
	}
	return cancel
}

// TestNoDeferredSaleLeavesWhileACardIsPresented: it left between Prepare and the
// request, its answer was lost, and the card request went out before its
// reversal. What the card of another customer approved goes on.
func TestNoDeferredSaleLeavesWhileACardIsPresented(t *testing.T) {
	ctx := t.Context()
	w := newWorld(nil, "")
	over := paid(t, w)
	w.offline(pos.EvDeferred)
	w.offline(pos.EvOfflineApproved)
	w.deliver(ctx)
	w.w.everything(ctx, w.w.f.commands.Add(1), false)
	if got := states(w); got != "deferred delivered " {
		t.Fatalf("while the card is presented: %s", got)
	}
	over()
	<-w.w.f.wake // the owner is told that it may go on
	w.deliver(ctx)
	if got := states(w); got != "delivered delivered " {
		t.Errorf("after the payment: %s", got)
	}
}

func states(w *world) (s string) {
	for _, a := range w.j.all() {
		s += string(a.State) + " "
	}
	return s
}

// signing is a host that names a batch with each sign-on.
type signing struct {
	*memHost
	batch string
	n     int
}

func (h *signing) SignOn(ctx context.Context, stan, batch, operator string) (pos.SignOnReply, error) {
	h.n++
	r, err := h.memHost.SignOn(ctx, stan, batch, operator)
	r.Batch = h.batch
	return r, err
}

// TestKeysStayAsTheyAreWhileAPINIsEntered: the queue signed on meanwhile, the
// PIN block was under the keys from before, and the issuer counted a wrong PIN.
func TestKeysStayAsTheyAreWhileAPINIsEntered(t *testing.T) {
	ctx := t.Context()
	w := newWorld(nil, "")
	h := &signing{memHost: w.host}
	w.w.f.o.Host = h
	over := paid(t, w)
	h.ready = false // the host asked for a sign-on
	if err := w.w.f.Probe(ctx); err != nil || h.n != 0 {
		t.Errorf("a probe signed on %d times, %v", h.n, err)
	}
	w.w.resign(ctx, &item{}) // the host answered an upload with 77
	if h.n != 0 {
		t.Errorf("the queue signed on %d times", h.n)
	}
	other, done := context.WithCancel(ctx)
	w.w.f.turn.Unlock()
	r := w.w.f.Prepare(other) // of a wallet payment that somebody else begins
	w.w.f.turn.Lock()
	done()
	if r != (pos.Ready{Reason: "not_signed_on"}) || h.n != 0 {
		t.Errorf("another payment signed on %d times: %+v", h.n, r)
	}
	if err := w.w.f.Deliver(ctx, "A001"); pos.WhyNot(err, "") != "payment_running" {
		t.Errorf("something is delivered by hand meanwhile: %v", err)
	}
	if err := w.w.f.SignOn(ctx); err != nil || h.n != 1 {
		t.Errorf("the payment itself signed on %d times, %v", h.n, err)
	}
	over()
	h.ready = false
	if err := w.w.f.Probe(ctx); err != nil || h.n != 2 {
		t.Errorf("after the payment a probe signed on %d times in all, %v", h.n, err)
	}
}

// TestAProbeThatWaitedForASignOnMakesNoSecondOne: it began when there were no
// keys, and changed those of the payment that had signed on meanwhile.
func TestAProbeThatWaitedForASignOnMakesNoSecondOne(t *testing.T) {
	w := newWorld(nil, "")
	h := &signing{memHost: w.host}
	w.w.f.o.Host = h
	h.ready = true
	if err := w.w.f.signOn(t.Context(), w.w.f.ready); err != nil || h.n != 0 {
		t.Errorf("signed on %d times, %v", h.n, err)
	}
}

// TestTheBatchOfAPaymentStaysOpen: a sign-on took the batch of the host over
// while a payment was about to become durable in ours, which nobody settled.
func TestTheBatchOfAPaymentStaysOpen(t *testing.T) {
	w := newWorld(nil, "")
	h := &signing{memHost: w.host, batch: "000042"}
	w.w.f.o.Host = h
	over := paid(t, w)
	if err := w.w.f.SignOn(t.Context()); err != nil || pos.OpenBatch(w.j) != pos.FirstBatch {
		t.Errorf("the batch is %s, %v", pos.OpenBatch(w.j), err)
	}
	over()
	if err := w.w.f.SignOn(t.Context()); err != nil || pos.OpenBatch(w.j) != "000042" {
		t.Errorf("after the payment the batch is %s, %v", pos.OpenBatch(w.j), err)
	}
}

// TestNoDaysKeyIsDestroyedUnderAPayment: the clock was set forward by a day
// while a deferred sale was being sealed, and its card data was gone.
func TestNoDaysKeyIsDestroyedUnderAPayment(t *testing.T) {
	ctx := t.Context()
	w := newWorld(nil, "")
	w.offline(pos.EvDeferred)
	over := paid(t, w)
	w.clock.t = w.clock.t.Add(36 * time.Hour)
	w.w.reseal(ctx, w.now())
	if w.w.resealed != "" || len(w.vault.gone) != 0 {
		t.Errorf("resealed for %q, %v destroyed", w.w.resealed, w.vault.gone)
	}
	over()
	w.w.reseal(ctx, w.now())
	if !w.vault.gone["day-2026-11-22"] {
		t.Errorf("after the payment %v are destroyed", w.vault.gone)
	}
}

// TestAPaymentThatHeldNothingWakesNobody: an owner that is woken after each card
// is time of the next one.
func TestAPaymentThatHeldNothingWakesNobody(t *testing.T) {
	for held, event := range map[bool]pos.EventType{false: pos.EvOfflineApproved, true: pos.EvDeferred} {
		w := newWorld(nil, "")
		ctx, over := context.WithCancel(t.Context())
		w.w.f.paying.begin(ctx)
		w.offline(event)
		w.deliver(t.Context())
		over()
		if w.w.f.paying.running() || w.w.f.paying.ended() != held {
			t.Errorf("%s: something waited %v, still running %v", event, !held, w.w.f.paying.running())
		}
	}
}

// TestAPaymentUnderAContextThatNeverEndsHoldsNothing: the queue would stand
// still for good.
func TestAPaymentUnderAContextThatNeverEndsHoldsNothing(t *testing.T) {
	w := newWorld(nil, "")
	w.w.f.turn.Unlock()
	defer w.w.f.turn.Lock()
	if r := w.w.f.Prepare(context.Background()); !r.Online || w.w.f.paying.running() {
		t.Errorf("%+v, running %v", r, w.w.f.paying.running())
	}
}
