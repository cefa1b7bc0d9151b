package forward

import (
	"context"
	"fmt"
	"testing"

	"tillkeeper/app/pos"
)

// lossy is a host that takes deferred sales without an answer and acknowledges
// reversals.
type lossy struct {
	pos.Acquirer
	landing  chan struct{} // the deferred sale stays in the air until then
	reversed chan string   // STANs
}

func (h lossy) Exchange(_ context.Context, r pos.Request) (pos.Reply, error) {
	if r.Op == pos.OpReversal {
		h.reversed <- r.STAN
		return pos.Reply{Code: "00", Amount: r.Amount, Signed: true}, nil
	}
	<-h.landing
	return pos.Reply{}, fmt.Errorf("%w: lost", pos.ErrNoAnswer)
}

// TestACardRequestWaitsForTheDeferredSaleInTheAir: where the answer to it is
// lost, its reversal is tried before the card request, not behind it.
func TestACardRequestWaitsForTheDeferredSaleInTheAir(t *testing.T) {
	ctx := t.Context()
	w := newWorld(nil, "")
	w.plan.end()
	h := lossy{Acquirer: w.host, landing: make(chan struct{}), reversed: make(chan string, 8)}
	w.w.f.o.Host = h
	w.offline(pos.EvDeferred)
	w.w.dispatch(ctx)
	if w.w.flying != 1 {
		t.Fatalf("%d in the air", w.w.flying)
	}
	w.w.f.turn.Unlock() // as an owner that sleeps
	if _, ok := w.w.f.atOnce(ctx, func() {}); ok {
		t.Error("the owner was not asked although its deferred sale is in the air")
	}
	w.w.f.turn.Lock()
	close(h.landing)
	if r := w.w.prepare(ctx); r != (pos.Ready{Online: true}) {
		t.Errorf("%+v", r)
	}
	if len(h.reversed) != 1 {
		t.Errorf("%d reversals were tried before the card request", len(h.reversed))
	}
}
