package download_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/drivers/download"
)

// TestFailedLoadingIsTriedAgain: with growing waits, not by each answer that asks; what was loaded is not loaded again for an hour.
func TestFailedLoadingIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex // of the two
		var at []time.Duration
		broken, began := true, time.Now()
		tries := func() []time.Duration {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			return at
		}
		l := download.New(download.Options{
			Dir: t.TempDir(), Items: map[string]download.Item{"x": {File: "x.txt", Most: 10, Check: func([]byte) (func(), error) { return func() {}, nil }}},
			Fetch: func(context.Context, string) (io.ReadCloser, error) {
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Since(began))
				if broken {
					return nil, errors.New("no line")
				}
				return io.NopCloser(strings.NewReader("good")), nil
			},
		})
		defer l.Close()
		asks := func(d time.Duration) { // an answer every second
			for range d / time.Second {
				l.Asked("x")
				time.Sleep(time.Second)
			}
		}
		asks(4 * time.Minute)
		for n, want := range []time.Duration{0, 30 * time.Second, 90 * time.Second, 210 * time.Second} {
			if at := tries(); len(at) != 4 || at[n] != want {
				t.Fatalf("tried at %v", at)
			}
		}
		time.Sleep(12 * time.Hour)
		if n := len(tries()); n < 24 || n > 32 {
			t.Errorf("%d tries in half a day", n)
		}
		mu.Lock()
		broken, at = false, nil
		mu.Unlock()
		time.Sleep(31 * time.Minute)
		asks(20 * time.Minute)
		if at := tries(); len(at) != 1 || l.Condition().State != "ok" {
			t.Errorf("tried at %v, %+v", at, l.Condition())
		}
		time.Sleep(time.Hour)
		asks(time.Second)
		if at := tries(); len(at) != 2 {
			t.Errorf("asked again after an hour: %v", at)
		}
	})
}
