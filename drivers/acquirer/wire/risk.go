package wire

import "time"

// RiskRule are the acquirer's parameters of what a terminal takes by itself: amounts in fen, shares in a hundred. Everything may be left out.
type RiskRule struct {
	FloorLimit    int64 `json:"floor_limit"`    // below it a chip may approve although the host can be reached; 0: every payment is sent
	TargetPercent int   `json:"target_percent"` // of these, how many are sent all the same (EMV Book 3, 10.6.2)
	MostPercent   int   `json:"most_percent"`   // how many just below the floor limit; at least target_percent
	Threshold     int64 `json:"threshold"`      // from here on the share grows with the amount

	// What may be taken without the host at most. These win over the shop's own limits; 0 leaves one to the shop.
	PerPayment  int64 `json:"per_payment,omitempty"`
	PerTerminal int64 `json:"per_terminal,omitempty"` // open sum
	Count       int   `json:"count,omitempty"`        // open payments
	PerCard     int   `json:"per_card,omitempty"`     // open ones of a card
	StopAfterMS int64 `json:"stop_after_ms,omitempty"`
}

// StopAfter is how long a terminal that hears nothing of the host goes on, 0 where the shop says.
func (r RiskRule) StopAfter() time.Duration { return time.Duration(r.StopAfterMS) * time.Millisecond }

// The largest parameters that a profile may name.
const (
	mostAlone   = 100_000_000 // fen of a limit
	mostCount   = 10_000
	mostDrawn   = 99 // EMV draws 1 to 99
	withoutHost = "offline_upload"
)

// checkRisk looks at the parameters, and that what a card approves can be sent later.
func (p *Profile) checkRisk() error {
	r := p.Risk
	for _, c := range []struct {
		key          string
		v, least, to int64
	}{
		{"risk.floor_limit", r.FloorLimit, 0, mostAlone},
		{"risk.target_percent", int64(r.TargetPercent), 0, mostDrawn},
		{"risk.most_percent", int64(r.MostPercent), int64(r.TargetPercent), mostDrawn},
		{"risk.threshold", r.Threshold, 0, mostAlone},
		{"risk.per_payment", r.PerPayment, 0, mostAlone},
		{"risk.per_terminal", r.PerTerminal, 0, mostAlone},
		{"risk.count", int64(r.Count), 0, mostCount},
		{"risk.per_card", int64(r.PerCard), 0, mostCount},
		{"risk.stop_after_ms", r.StopAfterMS, 0, longestMS},
	} {
		if c.v < c.least || c.v > c.to {
			return wrong(c.key, "is %d, allowed %d to %d", c.v, c.least, c.to)
		}
	}
	if _, ok := p.Transactions[withoutHost]; r.FloorLimit > 0 && !ok {
		return wrong("risk.floor_limit", "goes with the transaction %s", withoutHost)
	}
	return nil
}
