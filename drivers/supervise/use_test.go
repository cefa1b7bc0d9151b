package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/supervise"
)

func TestUseThatFindsTheDeviceGoneHasItReopened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s, heard := start(t, w, supervise.Options[*device]{})
		defer end(t, s)
		lost := fmt.Errorf("write: %w", syscall.ENODEV)
		w.set(syscall.ENOENT, nil)
		if err := s.With(t.Context(), func(context.Context, *device) error { return lost }); !errors.Is(err, lost) {
			t.Fatalf("got %v", err)
		}
		var said *pos.Error
		if err := s.With(t.Context(), func(context.Context, *device) error { return nil }); !errors.As(err, &said) || said.Code != port.Unplugged {
			t.Fatalf("got %v", err)
		}
		synctest.Wait()
		w.set(nil, nil)
		time.Sleep(time.Second)
		if err := s.With(t.Context(), func(context.Context, *device) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if got := heard.String(); got != "ok, fault unplugged, ok" {
			t.Fatalf("told %q", got)
		}
	})
}

func TestUseWaitsForTheFirstOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s := supervise.New(supervise.Options[*device]{Name: "scale", Open: func(ctx context.Context) (*device, error) {
			time.Sleep(3 * time.Second)
			return w.open(ctx)
		}})
		defer end(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		use := func(context.Context, *device) error { return nil }
		if err := s.With(ctx, use); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v", err)
		}
		if err := s.With(t.Context(), use); err != nil {
			t.Fatal(err)
		}
	})
}

func TestUseThatFailsOtherwiseLeavesTheDeviceOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s, heard := start(t, w, supervise.Options[*device]{})
		defer end(t, s)
		_ = s.With(t.Context(), func(context.Context, *device) error { return pos.ErrCardUnreadable })
		time.Sleep(time.Second)
		if _, _, closed := w.counts(); closed != 0 || heard.String() != "ok" {
			t.Fatalf("closed %d times, told %q", closed, heard)
		}
	})
}

func TestOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s, _ := start(t, w, supervise.Options[*device]{Poll: supervise.LeastPoll})
		defer end(t, s)
		var users sync.WaitGroup
		for range 20 {
			users.Go(func() {
				_ = s.With(t.Context(), func(context.Context, *device) error {
					w.mu.Lock()
					w.enter()
					looks := len(w.polls)
					w.mu.Unlock()
					time.Sleep(3 * time.Second)
					w.mu.Lock()
					defer w.mu.Unlock()
					w.inUse--
					if len(w.polls) != looks {
						t.Error("looked at while in use")
					}
					return nil
				})
			})
		}
		users.Wait()
		if w.most != 1 {
			t.Fatalf("%d at a time", w.most)
		}
	})
}

func TestDeviceThatCanBeWaitedUponIsNotPolled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		heard := &told{}
		s := supervise.New(supervise.Options[waiting]{Name: "scanner", Poll: -1, Changed: heard.changed, Open: func(ctx context.Context) (waiting, error) {
			d, err := w.open(ctx)
			return waiting{d}, err
		}})
		defer end(t, s)
		time.Sleep(time.Hour)
		w.mu.Lock()
		w.opening = syscall.ENOENT
		close(w.gone)
		w.mu.Unlock()
		time.Sleep(50 * time.Millisecond)
		if c := s.Condition(); c.Code != port.Unplugged {
			t.Fatalf("got %+v", c)
		}
		w.set(nil, nil)
		time.Sleep(time.Minute)
		opens, polls, closed := w.counts()
		if polls != 0 || closed != 1 || opens < 2 || heard.String() != "ok, fault unplugged, ok" {
			t.Fatalf("opened %d, looked %d, closed %d times; told %q", opens, polls, closed, heard)
		}
	})
}

func TestReplaceEndsTheUseAndTakesTheOtherDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, other := &wire{}, &wire{}
		s, heard := start(t, w, supervise.Options[*device]{})
		defer end(t, s)
		ended := make(chan error, 1)
		go func() {
			ended <- s.With(t.Context(), func(ctx context.Context, _ *device) error {
				<-ctx.Done() // a wait for a card
				return ctx.Err()
			})
		}()
		synctest.Wait()
		if err := s.Replace(t.Context(), other.open); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, supervise.ErrReplaced) {
			t.Fatalf("the use ended with %v", err)
		}
		if _, _, closed := w.counts(); closed != 1 {
			t.Fatalf("the old one was closed %d times", closed)
		}
		err := s.With(t.Context(), func(_ context.Context, d *device) error {
			if d.wire != other {
				t.Error("the old device is in use")
			}
			return nil
		})
		if err != nil || heard.String() != "ok" {
			t.Fatalf("%v, told %q", err, heard)
		}
		if err := s.Replace(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if c := s.Condition(); c.State != "off" || c.Code != port.NotConfigured {
			t.Fatalf("got %+v", c)
		}
	})
}

func TestLookTriesNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{opening: syscall.ENOENT}
		s, _ := start(t, w, supervise.Options[*device]{Most: time.Hour})
		defer end(t, s)
		time.Sleep(time.Hour)
		w.set(nil, nil)
		if c := s.Look(t.Context()); c.State != "ok" {
			t.Fatalf("got %+v", c)
		}
	})
}

func TestPanicOfAUseReachesTheCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{}
		s, heard := start(t, w, supervise.Options[*device]{})
		defer end(t, s)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("swallowed")
				}
			}()
			_ = s.With(t.Context(), func(context.Context, *device) error { panic("card number") })
		}()
		time.Sleep(time.Second)
		if _, _, closed := w.counts(); closed != 1 || heard.String() != "ok, fault device_fault, ok" {
			t.Fatalf("closed %d times, told %q", closed, heard)
		}
	})
}

func TestPanicOfADriverIsLoggedAndEndsInAShutDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		opens := 0
		s := supervise.New(supervise.Options[*device]{Name: "scale", Log: slog.New(slog.NewTextHandler(&log, nil)), Open: func(context.Context) (*device, error) {
			opens++
			panic("6225880000000000")
		}})
		time.Sleep(time.Hour)
		c := s.Condition()
		end(t, s)
		if opens != 3 || c.State != "fault" || c.Code != port.DeviceFault {
			t.Fatalf("opened %d times, %+v", opens, c)
		}
		if !strings.Contains(log.String(), "use_test.go") || strings.Contains(log.String(), "6225880000000000") {
			t.Fatalf("the log names no place, or the value: %s", log.String())
		}
	})
}

func TestCloseEndsTheUseAndNothingIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if a goroutine is left
		w := &wire{}
		s, _ := start(t, w, supervise.Options[*device]{})
		ended := make(chan error, 1)
		go func() {
			ended <- s.With(t.Context(), func(ctx context.Context, _ *device) error {
				<-ctx.Done()
				return ctx.Err()
			})
		}()
		synctest.Wait()
		end(t, s)
		if err := <-ended; !errors.Is(err, supervise.ErrClosed) {
			t.Fatalf("the use ended with %v", err)
		}
		if err := s.With(t.Context(), func(context.Context, *device) error { return nil }); !errors.Is(err, supervise.ErrClosed) {
			t.Fatalf("got %v", err)
		}
		if err := s.Replace(t.Context(), w.open); !errors.Is(err, supervise.ErrClosed) {
			t.Fatalf("got %v", err)
		}
		if _, _, closed := w.counts(); closed != 1 {
			t.Fatalf("closed %d times", closed)
		}
	})
}

func TestDriverThatHangsDoesNotHoldUpTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := make(chan struct{})
		s := supervise.New(supervise.Options[*device]{Name: "scale", Open: func(context.Context) (*device, error) {
			<-hangs
			return nil, syscall.ENOENT
		}})
		if err := s.Close(); !errors.Is(err, supervise.ErrStuck) {
			t.Fatalf("got %v", err)
		}
		close(hangs)
		synctest.Wait()
	})
}
