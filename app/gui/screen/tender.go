package screen

import (
	"time"

	"tillkeeper/app/decline"
	"tillkeeper/app/pos"
)

var tenderIcons = map[pos.Tender]string{pos.Card: "card", pos.QR: "qr", pos.Cash: "cash"}

var tenderCaps = map[pos.Tender]string{pos.Card: "F1", pos.QR: "F2", pos.Cash: "F3"}

// mayRetry says whether the table of answer codes has it that a new attempt may do.
func (c *Ctx) mayRetry(code string) bool {
	table, ok := c.W.Codes.(*decline.Table)
	return ok && table.Lookup(code).Class == decline.Retry
}

// seconds gives the whole seconds from now until a moment, 0 once it has passed.
func seconds(now, until time.Time) int {
	if until.IsZero() || !until.After(now) {
		return 0
	}
	return int((until.Sub(now) + time.Second - 1) / time.Second)
}
