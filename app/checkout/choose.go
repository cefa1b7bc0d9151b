package checkout

import (
	"context"
	"time"

	"tillkeeper/app/pos"
)

// choice is the question which of a card's applications to use.
type choice struct {
	names  []string
	answer chan int
}

// Choose answers the question of CardView.Choices with an index into them.
func (s *Session) Choose(_ context.Context, index int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.choice == nil:
		return pos.Errorf("nothing_to_choose", "wait until the card offers several accounts", "no card asks which account to use")
	case index < 0 || index >= len(s.choice.names):
		return pos.Errorf("bad_choice", "take one of those that are shown", "there is no choice %d", index+1)
	}
	select {
	case s.choice.answer <- index:
	default: // answered already
	}
	return nil
}

// ask shows the names of a card's applications and waits for the customer's
// word. A card may want it even for its only application, so none is taken
// without it (EMV Book 1, 12.4).
func (sh *shell) ask(ctx context.Context, names []string) (int, error) {
	s := sh.s
	q := &choice{names: names, answer: make(chan int, 1)}
	sh.asking(q)
	defer sh.asking(nil)
	limit := time.NewTimer(s.o.Timers.Choose)
	defer limit.Stop()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case i := <-q.answer:
		return i, nil
	case <-limit.C:
		return 0, pos.Errorf("choice_needed", "ask the customer, then present the card again", "nobody chose one of %d applications", len(names))
	}
}

func (sh *shell) asking(q *choice) {
	s := sh.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.choice = q
	if s.card == nil {
		return
	}
	c := *s.card
	c.Choices, c.Deadline = nil, time.Time{}
	if q != nil {
		c.Choices, c.Began = append([]string(nil), q.names...), s.o.Clock.Now()
		c.Deadline = c.Began.Add(s.o.Timers.Choose)
	}
	s.card = &c
	s.publish()
}
