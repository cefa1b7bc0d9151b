package acquirer

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

// TestOnePlace: with a window of one a live sale goes before the advices that wait.
func TestOnePlace(t *testing.T) {
	l, h := begin(t)
	first := start(l, advice("000201"))
	m := h.next()
	second := start(l, advice("000202"))
	until(t, "an advice waits", func() bool { return l.waiting(true) == 1 })
	live := start(l, contactless("000203"))
	until(t, "a sale waits", func() bool { return l.waiting(false) == 1 })
	for _, stan := range []string{"000201", "000203", "000202"} {
		if m.Get(11) != stan {
			t.Fatalf("STAN %s is out, not %s", m.Get(11), stan)
		}
		h.send(h.answerTo(m, "00"))
		if stan != "000202" {
			m = h.next()
		}
	}
	for _, c := range []<-chan result{first, second, live} {
		if r := <-c; r.err != nil {
			t.Error(r.err)
		}
	}
}

func (l *Link) waiting(advice bool) int {
	l.live.mu.Lock()
	defer l.live.mu.Unlock()
	if advice {
		return len(l.live.advice)
	}
	return len(l.live.live)
}

// TestWindow: advices have places of their own and answers come in any order.
func TestWindow(t *testing.T) {
	l, h := begin(t, window(3))
	if l.Window() != 3 {
		t.Fatal(l.Window())
	}
	outs := map[string]<-chan result{}
	for _, stan := range []string{"000201", "000202", "000203"} {
		outs[stan] = start(l, advice(stan))
	}
	outs["000204"] = start(l, contactless("000204"))
	var asked []*wire.Message
	for range outs {
		asked = append(asked, h.next())
	}
	for _, m := range slices.Backward(asked) {
		h.send(h.answerTo(m, "00"))
		if r := <-outs[m.Get(11)]; r.err != nil || r.reply.Code != "00" {
			t.Errorf("%s: %+v", m.Get(11), r)
		}
	}
}

func TestWaitingForAPlace(t *testing.T) {
	p := newPlaces(1)
	ctx, cancel := context.WithCancel(context.Background())
	if err := p.take(ctx, false, time.Minute); err != nil {
		t.Fatal(err)
	}
	if err := p.take(ctx, true, time.Millisecond); !errors.Is(err, pos.ErrLineBusy) {
		t.Errorf("%v", err)
	}
	cancel()
	if err := p.take(ctx, true, time.Minute); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("%v", err)
	}
	p.give()
	if err := p.take(context.Background(), true, time.Minute); err != nil {
		t.Errorf("the place was lost: %v", err)
	}
	p.live = make([]chan struct{}, maxQueued)
	if err := p.take(context.Background(), true, time.Minute); !errors.Is(err, pos.ErrLineBusy) {
		t.Errorf("%v", err)
	}
}

func TestSameSTANTwice(t *testing.T) {
	l, h := begin(t, window(2))
	out := start(l, advice("000201"))
	m := h.next()
	if _, err := l.Exchange(context.Background(), advice("000201")); !errors.Is(err, pos.ErrLineBusy) {
		t.Errorf("%v", err)
	}
	h.send(h.answerTo(m, "00"))
	if r := <-out; r.err != nil {
		t.Error(r.err)
	}
}
