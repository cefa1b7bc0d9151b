package acquirer

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"tillkeeper/app/pos"
)

// places are the requests that may be outstanding. A live request that waits
// goes before every advice that waits; among equals the first come is served.
type places struct {
	mu     sync.Mutex
	free   int
	live   []chan struct{}
	advice []chan struct{}
}

func newPlaces(n int) *places { return &places{free: n} }

// take waits for a place; nothing was sent when it fails.
func (p *places) take(ctx context.Context, advice bool, wait time.Duration) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", pos.ErrNotSent, err)
	}
	p.mu.Lock()
	if p.free > 0 {
		p.free--
		p.mu.Unlock()
		return nil
	}
	if len(p.live)+len(p.advice) >= maxQueued {
		p.mu.Unlock()
		return fmt.Errorf("%w: %d wait already", pos.ErrLineBusy, maxQueued)
	}
	turn := make(chan struct{}, 1)
	if advice {
		p.advice = append(p.advice, turn)
	} else {
		p.live = append(p.live, turn)
	}
	p.mu.Unlock()

	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		p.leave(turn)
		return fmt.Errorf("%w: %w", pos.ErrNotSent, ctx.Err())
	case <-timer.C:
		p.leave(turn)
		return pos.ErrLineBusy
	}
}

// leave gives up waiting; a place that was given meanwhile goes on to the next.
func (p *places) leave(turn chan struct{}) {
	p.mu.Lock()
	is := func(c chan struct{}) bool { return c == turn }
	p.live, p.advice = slices.DeleteFunc(p.live, is), slices.DeleteFunc(p.advice, is)
	p.mu.Unlock()
	select {
	case <-turn:
		p.give()
	default:
	}
}

// give frees a place.
func (p *places) give() {
	p.mu.Lock()
	defer p.mu.Unlock()
	queue := &p.live
	if len(*queue) == 0 {
		queue = &p.advice
	}
	if len(*queue) == 0 {
		p.free++
		return
	}
	turn := (*queue)[0]
	*queue = (*queue)[1:]
	turn <- struct{}{}
}
