package checkout

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/pos"
)

// asked is a session whose card has put its question; what it takes comes over the channel.
func asked(t *testing.T, ctx context.Context, names ...string) (*Session, <-chan int) {
	t.Helper()
	s := &Session{o: Options{Timers: DefaultTimers()}}
	taken := make(chan int, 1)
	go func() {
		i, err := (&shell{s: s}).ask(ctx, names)
		if err != nil {
			i = -1
		}
		taken <- i
	}()
	synctest.Wait()
	return s, taken
}

func code(err error) string {
	var e *pos.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// TestFirstWordOfTheCustomerCounts: a second answer, one that is not on the list and one that comes too late change nothing.
func TestFirstWordOfTheCustomerCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, taken := asked(t, t.Context(), "debit", "credit", "cash")
		for _, i := range []int{-1, 3, 1 << 40} {
			if got := code(s.Choose(t.Context(), i)); got != "bad_choice" {
				t.Errorf("%d: %q", i, got)
			}
		}
		s.mu.Lock() // both come before the card hears of one, or the card is faster than the second
		q := s.choice
		s.mu.Unlock()
		q.answer <- 2
		if err := s.Choose(t.Context(), 1); err != nil && code(err) != "nothing_to_choose" {
			t.Error(err)
		}
		if i := <-taken; i != 2 {
			t.Errorf("application %d", i)
		}
		synctest.Wait()
		if got := code(s.Choose(t.Context(), 0)); got != "nothing_to_choose" {
			t.Errorf("after the end: %q", got)
		}
	})
}

// TestNobodyChooses: without a word none is taken when the time is up, nor when the payment is given up.
func TestNobodyChooses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, taken := asked(t, t.Context(), "debit", "credit")
		if i := <-taken; i != -1 || time.Since(began) != DefaultTimers().Choose {
			t.Errorf("application %d after %v", i, time.Since(began))
		}
		ctx, cancel := context.WithCancel(t.Context())
		s, taken := asked(t, ctx, "debit", "credit")
		cancel()
		if i := <-taken; i != -1 {
			t.Errorf("application %d of a payment that was given up", i)
		}
		synctest.Wait()
		if got := code(s.Choose(t.Context(), 0)); got != "nothing_to_choose" {
			t.Errorf("after it was given up: %q", got)
		}
	})
}

// TestNextQuestionHasNoOldAnswer: what was said to one question is not the answer to the next, of the same card read again.
func TestNextQuestionHasNoOldAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, first := asked(t, t.Context(), "debit", "credit")
		if err := s.Choose(t.Context(), 1); err != nil || <-first != 1 {
			t.Fatal(err)
		}
		synctest.Wait()
		second := make(chan int, 1)
		go func() {
			i, _ := (&shell{s: s}).ask(t.Context(), []string{"debit", "credit"}) //nolint:errcheck // nobody gives it up
			second <- i
		}()
		synctest.Wait()
		select {
		case i := <-second:
			t.Errorf("application %d without a word", i)
		default:
		}
		if err := s.Choose(t.Context(), 0); err != nil || <-second != 0 {
			t.Error(err)
		}
	})
}
