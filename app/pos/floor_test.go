package pos_test

import (
	"testing"

	"tillkeeper/app/pos"
)

// TestFloorOfACard: the longest name that fits, by the way the card came; of one that nobody knows the lowest.
func TestFloorOfACard(t *testing.T) {
	terms := pos.RiskTerms{FloorLimit: 500, Floors: []pos.Floor{
		{AID: "A000000333", Chip: 300, Tap: 100}, {AID: "A000000333010102", Chip: 900, Tap: 0},
	}}
	for _, c := range []struct {
		aid, entry string
		want       pos.Amount
	}{
		{"A000000333010101", "chip", 300},
		{"A000000333010101", "contactless", 100},
		{"A000000333010102", "chip", 900},
		{"A00000033301010203", "contactless", 0},
		{"A0000000031010", "chip", 500},
		{"", "chip", 300},
		{"", "contactless", 0},
	} {
		if got := terms.FloorOf(pos.CardRead{AID: c.aid, Entry: c.entry}); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.aid, c.entry, got, c.want)
		}
	}
	if got := terms.Highest(); got != 900 {
		t.Errorf("highest %d", got)
	}
	if got := (pos.RiskTerms{FloorLimit: 7}).FloorOf(pos.CardRead{}); got != 7 {
		t.Errorf("without applications %d", got)
	}
}
