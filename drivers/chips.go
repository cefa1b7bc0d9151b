package drivers

import (
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader"
)

// fallbackRule is when the stripe of a card is taken whose chip is damaged: after
// the third failure, within three minutes.
var fallbackRule = reader.FallbackRule{Tries: 3, Within: 3 * time.Minute}

// watchChips has the rule of damaged chips told how the reading of a card ends,
// and that one did not even answer its reset.
func (s *Set) watchChips(session pos.CardSession, err error) (pos.CardSession, error) {
	switch {
	case s.fallback == nil:
	case err != nil:
		s.fallback.Chip(err, s.clock())
	default:
		session = s.fallback.Watch(session, s.clock)
	}
	return session, err
}

// clock is the shop's.
func (s *Set) clock() time.Time {
	if s.c.Clock == nil {
		return time.Now()
	}
	return s.c.Clock.Now()
}
