package store_test

import (
	"errors"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

// filled is a journal without room for anything new, and what was begun in it before: two payments that were sent.
func filled(t *testing.T) (s *store.Store, one, two pos.Event) {
	s = open(t, store.Options{Dir: t.TempDir(), MaxSize: 2 << 20, Reserve: 512 << 10})
	one, two = created(s, ""), created(s, "")
	must(t, s, pos.Commit{Events: append(of(one, pos.EvCreated, pos.EvSending), of(two, pos.EvCreated, pos.EvSending)...)})
	for n := 0; s.Room() == nil; n += 50 {
		if n > 100_000 {
			t.Fatal("never full")
		}
		storetest.Fill(t, s, 50)
	}
	return s, one, two
}

// TestAFullJournalStillEndsWhatIsUnderWay: an approval with results of the issuer's scripts, and a reversal whose deferred
// sale goes on, begin an attempt of their own in the same commit. They were refused for that where little room was left:
// the approved sale was reversed, the reversal sent again and again.
func TestAFullJournalStillEndsWhatIsUnderWay(t *testing.T) {
	s, sale, deferred := filled(t)
	must(t, s, pos.Commit{Events: append(of(sale, pos.EvApproved), of(created(s, ""), pos.EvCreated, pos.EvResultDue)...)})
	must(t, s, pos.Commit{Events: of(deferred, pos.EvReversing)})
	must(t, s, pos.Commit{Events: append(of(deferred, pos.EvReversed), of(created(s, ""), pos.EvCreated, pos.EvDeferred)...)})
	for name, begin := range map[string][]pos.Event{
		"a sale":         of(created(s, ""), pos.EvCreated, pos.EvSending),
		"a cash sale":    of(created(s, ""), pos.EvCreated, pos.EvApproved),
		"a void":         append(of(created(s, ""), pos.EvCreated, pos.EvSending), of(sale, pos.EvFollowUp)...),
		"a cash refund":  append(of(created(s, ""), pos.EvCreated, pos.EvApproved), of(sale, pos.EvFollowUp, pos.EvRefundedFull)...),
		"an article":     {{Type: pos.EvLineAdded, Basket: "000000000001"}},
		"another number": {{Type: pos.EvLineEdited, Basket: "000000000001"}},
	} {
		if _, err := s.Append(ctx, pos.Commit{Events: begin}); !errors.Is(err, pos.ErrFull) {
			t.Errorf("%s in a full journal: %v", name, err)
		}
	}
	storetest.Verify(t, s)
}
