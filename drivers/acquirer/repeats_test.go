package acquirer

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// TestWrongMACsInARowWantASignOn: the host may work with keys whose answer was lost.
func TestWrongMACsInARowWantASignOn(t *testing.T) {
	l, h := begin(t)
	for i := range maxWrongMACs {
		if !l.Ready() {
			t.Fatalf("after %d wrong ones", i)
		}
		out := start(l, contactless(fmt.Sprintf("%06d", 200+i)))
		a := h.answerTo(h.next(), "00")
		a.Fields[64] = "3030303030303030"
		h.send(a)
		if got := <-out; !errors.Is(got.err, pos.ErrBadMAC) {
			t.Fatal(got)
		}
	}
	if l.Ready() {
		t.Error("trading goes on with keys that do not fit")
	}
}

// TestRepeatsComeFromTheProfile: what is sent again, how often and how long, is the acquirer's to say.
func TestRepeatsComeFromTheProfile(t *testing.T) {
	l, _ := begin(t)
	if got := l.Repeats(); got != pos.DefaultRepeats() {
		t.Errorf("the default profile says %+v", got)
	}
	own := *l.p
	own.Timers.BackoffFirstMS, own.Timers.ReversalGiveUpMS, own.Repeat.ReversalTries, own.Repeat.SaleMayPassUnacknowledged = 1000, 3_600_000, 7, false
	l.p = &own
	want := pos.DefaultRepeats()
	want.First, want.GiveUp, want.Tries, want.MayPass = time.Second, time.Hour, 7, false
	if got := l.Repeats(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
