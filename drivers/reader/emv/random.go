package emv

import (
	"fmt"
	"io"
)

// RandomSelection says how many of the payments that could be approved offline go online all the same (EMV Book 3,
// 10.6.2). Below Threshold every payment has the chance Target, from there to Floor it grows with the amount to Most.
// Target and Most are in a hundred, 0 to 99; Threshold and Floor are fen. Without a Floor above the Threshold only
// Target counts. The zero value selects none.
type RandomSelection struct {
	Target, Most     int
	Threshold, Floor int64
}

// DefaultSelection is one payment in ten, one in two just below 500.00, which is what a till takes offline at most;
// the bias begins at 100.00. EMV leaves the numbers to the acquirer.
func DefaultSelection() RandomSelection {
	return RandomSelection{Target: 10, Most: 50, Threshold: 100_00, Floor: 500_00}
}

const (
	randomMost   = 99  // EMV draws 1 to 99
	randomEven   = 198 // bytes below it divide evenly by 99
	randomRolls  = 64  // bytes drawn at most
	percentScale = 1_000_000
)

// draw rolls for one payment. A source that gives no fair number within randomRolls bytes selects it.
func (s RandomSelection) draw(source io.Reader, amount int64) (bool, error) {
	chance := s.percent(amount)
	if chance == 0 {
		return false, nil
	}
	roll := make([]byte, 1)
	for range randomRolls {
		if _, err := io.ReadFull(source, roll); err != nil {
			return false, fmt.Errorf("%w: random selection: %w", ErrUnsupported, err)
		}
		if roll[0] < randomEven {
			return int(roll[0])%randomMost+1 <= chance, nil
		}
	}
	return true, nil
}

// percent is the transaction target percent of an amount.
func (s RandomSelection) percent(amount int64) int {
	target, most := min(max(s.Target, 0), randomMost), min(max(s.Most, s.Target, 0), randomMost)
	switch {
	case amount < s.Threshold || s.Floor <= s.Threshold:
		return target
	case amount >= s.Floor:
		return most
	}
	part := (amount - s.Threshold) * percentScale / (s.Floor - s.Threshold) // below maxAmount * 10^6 < 2^63
	return target + int(int64(most-target)*part/percentScale)
}
