package settle

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"tillkeeper/app/pos"
	simhost "tillkeeper/drivers/sim/acquirer"
)

// shifted is the machine's clock, set forward or back by hand.
type shifted struct{ by atomic.Int64 }

func (c *shifted) Now() time.Time { return time.Now().Add(time.Duration(c.by.Load())) }

// TestASilentLineFreezesNothing: the host's last word was taken for a sign of life five seconds long. A line that went
// silent since then froze the totals, and no card was taken until it was back. A clock set back makes no old word new.
func TestASilentLineFreezesNothing(t *testing.T) {
	for name, by := range map[string]time.Duration{"two seconds later": 2 * time.Second, "the clock set back": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			clock := &shifted{}
			r := newRig(t)
			r.clock, r.timeout = clock, brief
			r.again()
			r.signOn()
			sold := r.sell(1000)
			r.signOn() // the host's last word
			clock.by.Store(int64(by))
			r.bank.faults(simhost.Rule{Fault: simhost.DropRequest})
			_, err := r.desk.Settle(context.Background(), supervisor, nil)
			r.wantCode(err, "no_line")
			if r.desk.Running() || r.till.held != 0 {
				t.Error("something was frozen or is held")
			}
			r.bank.faults()
			r.settle()
			r.finished("000001", "000002")
			r.wantState(pos.Settled, sold)
		})
	}
}
