package printer_test

import (
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"tillkeeper/drivers/port"
	"tillkeeper/drivers/printer"
)

// TestASlipIsReprintedOnceHoweverManyAsk: a key that was pressed twice while the first copy was written to disk gave two.
func TestASlipIsReprintedOnceHoweverManyAsk(t *testing.T) {
	for range 20 {
		p, _ := reopen(t, queueOf(t), func() (io.ReadWriteCloser, error) { return nil, port.ErrHangup })
		id := 0
		for _, j := range p.Jobs() {
			if j.State == printer.Unknown {
				id = j.ID
			}
		}
		before := len(p.Jobs())
		var all sync.WaitGroup
		var taken atomic.Int32
		for range 8 {
			all.Go(func() {
				if p.Reprint(id) == nil {
					taken.Add(1)
				}
			})
		}
		all.Wait()
		if n := len(p.Jobs()); taken.Load() != 1 || n != before {
			t.Fatalf("%d copies, %d jobs where %d were", taken.Load(), n, before)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
