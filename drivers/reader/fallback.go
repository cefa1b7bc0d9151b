package reader

import (
	"context"
	"errors"
	"sync"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader/emv"
)

// FallbackRule is the acquirer's rule for a card whose chip is damaged. The zero value never lets the stripe of a chip card
// pass.
type FallbackRule struct {
	Tries  int           // so many failed readings of a chip, one after the other, let a stripe pass; 0: none ever do
	Within time.Duration // after the last of them; 0: without end
}

// Fallback keeps to a FallbackRule. A chip that a till cannot read may be swiped, a chip that answers may not, and neither
// may one that is blocked, expired, was taken away, or has no application: only ErrChip counts. It never remembers a card.
// All methods may be called from any goroutine. In the request such a stripe is entry mode 02 of field 22, and field 60
// says that the last chip reading failed: pos.CardRead.Fallback.
type Fallback struct {
	rule FallbackRule

	mu     sync.Mutex
	failed int
	last   time.Time
}

// NewFallback begins with no failed chip.
func NewFallback(rule FallbackRule) *Fallback { return &Fallback{rule: rule} }

// Chip is told how reading a chip ended: nil, or the error of Read. True means that a stripe would be taken now.
func (f *Fallback) Chip(err error, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case errors.Is(err, ErrChip):
		f.failed, f.last = min(f.failed+1, maxFailed), now
	case err == nil:
		f.failed = 0
	}
	return f.holds(now)
}

const maxFailed = 1000 // counted failures: more say nothing new

// holds says whether the rule is fulfilled. The caller holds f.mu.
func (f *Fallback) holds(now time.Time) bool {
	if f.rule.Tries <= 0 || f.failed < f.rule.Tries {
		return false
	}
	return f.rule.Within <= 0 || now.Sub(f.last).Abs() <= f.rule.Within
}

// allows says whether a stripe of a chip card may be taken; one that is taken uses the failures up.
func (f *Fallback) allows(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	ok := f.holds(now)
	if ok {
		f.failed = 0
	}
	return ok
}

// Swipe is NewSwipe under the rule: the stripe of a card that has a chip is refused with the reason use_chip, unless the
// chip could not be read just before. A card without a chip is read as ever, and so is one of which only the number is
// wanted (ReadOnly).
func (f *Fallback) Swipe(raw []byte, now time.Time) Session {
	return &swipeSession{raw: append([]byte(nil), raw...), fallback: f, now: now}
}

// Watch is a session of a contact chip whose Read the rule is told about; now is the clock of the shop.
func (f *Fallback) Watch(s Session, now func() time.Time) Session {
	return &watched{Session: s, fallback: f, now: now}
}

type watched struct {
	Session

	fallback *Fallback
	now      func() time.Time
}

func (w *watched) Read(ctx context.Context, p Purchase) (Read, error) {
	r, err := w.Session.Read(ctx, p)
	w.fallback.Chip(err, w.now())
	return r, err
}

func useChip() error {
	text := emv.Reasons()[emv.ReasonUseChip]
	return &pos.Error{Code: emv.ReasonUseChip, Message: text[0], Remedy: text[1], Err: pos.ErrCardUnfit}
}
