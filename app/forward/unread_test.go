package forward

import (
	"errors"
	"testing"

	"tillkeeper/app/pos"
)

// jammed is a vault whose keys cannot be read for a while.
type jammed struct {
	*memVault
	left int
}

func (v *jammed) Open(key string, aad, box []byte) ([]byte, error) {
	if v.left--; v.left >= 0 {
		return nil, errors.New("too many open files")
	}
	return v.memVault.Open(key, aad, box)
}

// TestAKeyThatCannotBeReadJustNowParksNothing: a till with no file descriptor
// left gave every reversal to a person, who had the customer's money until then.
// A key that is gone does so at once, and one that stays unreadable soon.
func TestAKeyThatCannotBeReadJustNowParksNothing(t *testing.T) {
	for _, c := range []struct {
		jams         int
		gone, parked bool
	}{{0, false, false}, {1, false, false}, {maxUnread - 1, false, false}, {maxUnread, false, true}, {0, true, true}} {
		w := newWorld(nil, "")
		w.w.f.o.Vault = &jammed{w.vault, c.jams}
		first := w.opened()
		rev := of(first, pos.EvReversing)
		rev.Reason = "98"
		w.keep(first, of(first, pos.EvSending), of(first, pos.EvUnknown), rev)
		w.w.reload()
		if c.gone {
			if err := w.vault.Destroy(pos.BatchKey(first.Batch)); err != nil {
				t.Fatal(err)
			}
		}
		for range maxUnread {
			w.deliver(t.Context())
			w.clock.t = w.clock.t.Add(usual.Most)
		}
		a, _ := w.j.Attempt(first.Attempt)
		asked, parked := w.host.sent[first.Batch+"/"+first.STAN] > 0, a.State == pos.Manual
		if asked == c.parked || parked != c.parked || (a.Code == keysMissing) != c.parked {
			t.Errorf("unreadable %d times, gone %v: %s %s, the host was asked %v", c.jams, c.gone, a.State, a.Code, asked)
		}
	}
}
