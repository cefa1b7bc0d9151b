package pos

import "strings"

// Floor is what an application of chips has in the place of FloorLimit, fen: of
// an inserted card and of a tap.
type Floor struct {
	AID       string // upper-case hex, and longer ones that begin with it
	Chip, Tap Amount
}

// FloorOf is the floor limit of a card, by the longest name that fits; of one
// whose application nobody knows the lowest that there is.
func (t RiskTerms) FloorOf(c CardRead) Amount {
	floor, fits := t.FloorLimit, 0
	for _, f := range t.Floors {
		own := f.Chip
		if c.Entry == "contactless" {
			own = f.Tap
		}
		switch {
		case c.AID == "":
			floor = min(floor, own)
		case strings.HasPrefix(c.AID, f.AID) && len(f.AID) > fits:
			floor, fits = own, len(f.AID)
		}
	}
	return floor
}

// Highest is the highest floor limit of any card: above 0 some chip may approve
// while the host can be reached.
func (t RiskTerms) Highest() Amount {
	most := t.FloorLimit
	for _, f := range t.Floors {
		most = max(most, f.Chip, f.Tap)
	}
	return most
}
