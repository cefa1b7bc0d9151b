package blackbox

import (
	"fmt"
	"time"
)

// The times of a round on a quick machine, and of the calm before and after them.
const (
	leastPower  = 800 * time.Millisecond // the longest time before the power goes
	leastAnswer = 150 * time.Millisecond // for an answer
	patient     = 10 * time.Second       // for an answer on a good line
)

// loopConfig is the till's: how long it waits for an answer, and when its day
// begins.
const loopConfig = `
[host]
timeout = %q
reversal_repeat = "900ms"
[shop]
day_start = %q
[offline]
per_terminal = 5000000
count = 500
[import]
catalogue = "products.csv"
staff = "staff.csv"
deck = "deck.json"
`

// waits sets how long the till waits for an answer from its next opening on. The
// day of its totals ends in half a day, not while the loop runs.
func (l *loop) waits(d time.Duration) {
	l.write("till.toml", fmt.Sprintf(loopConfig, d, l.began.Add(12*time.Hour).Format("15:04")))
}

// morning is the first opening, on a good line: a till that never heard its
// host takes no card without it. What this machine needs for a start and for a
// sale sets the times of the loop: where no answer came in time, or no round got
// as far as a sale, nothing would be tried. It gives how long the rounds wait for an answer.
func (l *loop) morning() time.Duration {
	if err := l.OpenHost(""); err != nil {
		l.t.Fatal(err)
	}
	began := time.Now()
	if err := l.Open(); err != nil {
		l.t.Fatal(err)
	}
	l.Till.Must(l.t, cmd{"cmd": "signin", "staff": "1001", "pin": "135790"})
	start := time.Since(began)
	l.Till.Must(l.t, cmd{"cmd": "wait", "for": "online", "timeout_ms": 30000})
	l.Till.Must(l.t, cmd{"cmd": "add", "sku": "A", "qty": "1"})
	began = time.Now()
	l.Till.Must(l.t, cmd{"cmd": "pay", "tender": "card", "card": "ok"})
	sale := time.Since(began)
	if err := l.CloseTill(); err != nil {
		l.t.Fatal(err)
	}
	l.CloseHost()
	l.power = max(leastPower, min(4*(start+sale), 3*leastPower), 3*(start+sale)/2) // however slow it is, a third of the rounds sell
	return min(max(leastAnswer, 2*sale), 10*leastAnswer).Round(time.Millisecond)
}
