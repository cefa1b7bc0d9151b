package drivers

import (
	"context"
	"sync"
	"time"

	"tillkeeper/app/pos"
)

// maxKept is how many slips wait to be handed to the printer.
const maxKept = 256

// answerFirst is what the till gives whoever waits for the outcome of a payment before its slip is put on disk: the
// flush of a slip is in nobody's way then.
const answerFirst = 2 * time.Millisecond

// printerSlot takes slips without waiting for the disk or the printer and hands them to its queue, one after the other.
// Those that come while the printer is being changed go to the new one.
type printerSlot struct {
	*slot
	keeping sync.Mutex
	kept    []pos.PrintJob
	handing chan struct{} // closed when what was kept is handed on; nil: nothing is being handed
}

func newPrinterSlot(s *slot) *printerSlot {
	p := &printerSlot{slot: s}
	s.filled = func(u *unit) {
		if u == nil {
			p.forget() // a till without a printer
		}
		p.begin()
	}
	return p
}

// Print without a printer is no error: the slip can be printed again once there is one.
func (p *printerSlot) Print(job pos.PrintJob) error {
	if p.now() == nil && !p.changing() {
		return nil
	}
	p.keeping.Lock()
	if len(p.kept) >= maxKept {
		p.keeping.Unlock()
		return pos.Errorf("printer_queue_full", "see to the printer, then reprint", "%d slips wait for the printer", maxKept)
	}
	p.kept = append(p.kept, job)
	p.keeping.Unlock()
	p.begin()
	return nil
}

// begin hands on what is kept, if nobody does.
func (p *printerSlot) begin() {
	p.keeping.Lock()
	defer p.keeping.Unlock()
	if p.handing != nil || len(p.kept) == 0 {
		return
	}
	p.handing = make(chan struct{})
	time.AfterFunc(answerFirst, p.hand) // starts nothing while the outcome is being told
}

// hand hands on until nothing is kept, or until there is no printer: the next one begins again.
func (p *printerSlot) hand() {
	for p.one() {
	}
}

// one hands the oldest slip on and says whether to go on. The printer stays in its slot meanwhile.
func (p *printerSlot) one() bool {
	p.using.RLock()
	defer p.using.RUnlock()
	port, err := in[pos.Printer](p.slot)
	p.keeping.Lock()
	if err != nil || len(p.kept) == 0 {
		close(p.handing)
		p.handing = nil
		p.keeping.Unlock()
		return false
	}
	job := p.kept[0]
	p.keeping.Unlock()
	if job.Make != nil {
		job.Slip, err = job.Make()
	}
	if err == nil {
		err = port.Print(job)
	}
	if err != nil && p.log != nil {
		p.log.Warn("a slip was not taken by the printer", "number", job.Number, "error", err)
	}
	p.keeping.Lock()
	if len(p.kept) > 0 {
		p.kept = p.kept[1:]
	}
	p.keeping.Unlock()
	return true
}

func (p *printerSlot) forget() {
	p.keeping.Lock()
	defer p.keeping.Unlock()
	p.kept = nil
}

// handed waits until nothing is being handed on.
func (p *printerSlot) handed(ctx context.Context) error {
	p.keeping.Lock()
	handing := p.handing
	p.keeping.Unlock()
	if handing == nil {
		return nil
	}
	select {
	case <-handing:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Drain waits until no slip is kept here and the printer has nothing left to print.
func (p *printerSlot) Drain(ctx context.Context) error {
	if err := p.handed(ctx); err != nil {
		return err
	}
	port, err := in[drainer](p.slot)
	if err != nil {
		return nil //nolint:nilerr // no printer, nothing waits
	}
	return port.Drain(ctx)
}

// Drain waits until every slip that was taken is printed.
func (s *Set) Drain(ctx context.Context) error {
	p, ok := s.Printer.(drainer)
	if !ok {
		return nil
	}
	return p.Drain(ctx)
}

// printed says whether no slip waits for a printer that can print.
func (s *Set) printed() bool {
	if c, _ := s.condition(Printer); c.State == "fault" || c.State == "off" {
		return true
	}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	return s.Drain(now) == nil
}

// drainer is a printer that can say when nothing waits any more.
type drainer interface {
	Drain(ctx context.Context) error
}

func (p *printerSlot) Kick() error {
	port, err := in[pos.Printer](p.slot)
	switch {
	case err == nil:
		return port.Kick()
	case pos.WhyNot(err, "") == "not_configured":
		return nil // a till without a drawer
	}
	return err
}
