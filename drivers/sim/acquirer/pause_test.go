package acquirer

import (
	"context"
	"testing"
	"time"
)

// Both ways of waiting wait no less than they are told, and end with the line.
func TestPauses(t *testing.T) {
	for name, wait := range map[string]func(context.Context, time.Duration) bool{"kernel": pause, "go": roughly} {
		t.Run(name, func(t *testing.T) {
			const d = 20 * time.Millisecond
			began := time.Now()
			if !wait(t.Context(), d) {
				t.Error("a wait ended before its time")
			}
			if took := time.Since(began); took < d {
				t.Errorf("%s instead of %s", took, d)
			}
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan bool)
			go func() { ended <- wait(ctx, time.Hour) }()
			cancel()
			if <-ended {
				t.Error("a wait went on without a line")
			}
			if wait(ctx, d) {
				t.Error("a wait began without a line")
			}
		})
	}
	if !pause(t.Context(), 0) || !pause(t.Context(), -time.Second) {
		t.Error("no wait is a wait")
	}
}
