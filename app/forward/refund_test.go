package forward

import (
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// TestRule13ARefundIsNotRepeatedForEver: whatever the host says that decides nothing, after fifty tries or a day a person
// decides. What may have been taken is flagged, and what surely was not is not.
func TestRule13ARefundIsNotRepeatedForEver(t *testing.T) {
	first := inState(pos.RefundUnknown)
	first.Kind, first.Reason, first.Tries, first.Unanswered = pos.Refund, "", 2, 2
	never := first // sent again by a person, and only ever answered, or without a line
	never.Unanswered = 1
	for name, c := range map[string]struct {
		a    pos.Attempt
		code string
		err  error
		want string // beside the parking
		flag bool
	}{
		"no answer":                    {first, "", pos.ErrNoAnswer, "", true},
		"an answer with a bad MAC":     {first, "", pos.ErrBadMAC, "", true},
		"68":                           {first, "68", nil, "", true},
		"96":                           {first, "96", nil, "", true},
		"98":                           {first, "98", nil, "", true},
		"10":                           {first, "10", nil, "", true},
		"77":                           {first, "77", nil, "refund_try ", true},
		"no line":                      {first, "", pos.ErrNotSent, "refund_try ", true},
		"77 to the only copy":          {never, "77", nil, "refund_try ", false},
		"no line for the only copy":    {never, "", pos.ErrNotSent, "refund_try ", false},
		"no answer for the only copy":  {never, "", pos.ErrNoAnswer, "", true},
		"the fiftieth answered by a 0": {first, "A0", nil, "refund_try ", true},
	} {
		judge := func(a pos.Attempt, now time.Time) verdict {
			return judgeRefund(usual, a, pos.Reply{Code: c.code, Signed: true}, c.err, codes.Lookup(c.code).Class, now)
		}
		if v := judge(c.a, noon.Add(usual.GiveUp-time.Second)); events(v) != c.want || v.again <= 0 {
			t.Errorf("%s, early: %+v", name, v)
		}
		last := c.a
		last.Tries = usual.Tries
		for why, v := range map[string]verdict{"the last try": judge(last, noon), "a day": judge(c.a, noon.Add(usual.GiveUp))} {
			if events(v) != c.want+"parked " || v.events[len(v.events)-1].Flag != c.flag {
				t.Errorf("%s, after %s: %+v", name, why, v.events)
				continue
			}
			a := c.a
			for _, e := range v.events {
				var err error
				if a, err = pos.Apply(a, e); err != nil {
					t.Fatal(err)
				}
			}
			if a.State != pos.Manual || a.Flagged != c.flag || !a.Open() || parked(a) {
				t.Errorf("%s, after %s: %s, flagged %v", name, why, a.State, a.Flagged)
			}
		}
	}
}
