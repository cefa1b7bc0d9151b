package drivers

import (
	"context"
	"errors"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader"
)

// dumb is a reader whose cards do not answer their reset.
type dumb struct {
	reader.Reader
	err error
}

func (d dumb) Connect(context.Context, pos.Purchase) (pos.CardSession, error) { return nil, d.err }

// chipped is the stripe of a card that has a chip.
func chipped() []byte {
	raw := []byte(";6224242900000113=28062013949031013?")
	return append(raw, reader.CheckCharacter(raw))
}

// TestAChipThatDoesNotAnswerItsResetIsADamagedOne: only a chip that answered and then failed counted, so the stripe of one
// that is dead was never taken.
func TestAChipThatDoesNotAnswerItsResetIsADamagedOne(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for cause, taken := range map[error]bool{reader.ErrChip: true, reader.ErrCardUnreadable: false, reader.ErrCardRemoved: false, reader.ErrCancelled: false} {
		s := bare(t)
		s.fallback = reader.NewFallback(fallbackRule)
		s.c.Clock = still{noon}
		r := openSoon(s.watchChips, func() reader.Reader { return dumb{err: cause} })
		for range fallbackRule.Tries {
			if _, err := r.Connect(t.Context(), pos.Purchase{}); !errors.Is(err, cause) {
				t.Fatal(err)
			}
		}
		_, err := s.fallback.Swipe(chipped(), noon).Read(t.Context(), pos.Purchase{Time: noon})
		if (err == nil) != taken {
			t.Errorf("after %v: %v", cause, err)
		}
	}
}

// still is a clock that stands.
type still struct{ at time.Time }

func (s still) Now() time.Time { return s.at }
