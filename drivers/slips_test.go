package drivers

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// stuck is a printer whose disk takes a slip only when it is let.
type stuck struct {
	pos.Printer
	let  chan struct{}
	mu   sync.Mutex
	took []string
}

func (s *stuck) Print(job pos.PrintJob) error {
	<-s.let
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = append(s.took, job.Number)
	return nil
}

func (s *stuck) Drain(context.Context) error { return nil }

func (s *stuck) slips() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.took)
}

func stuckPrinter(t *testing.T) (*stuck, *printerSlot) {
	t.Helper()
	s := &stuck{let: make(chan struct{})}
	sl := &slot{name: Printer, open: func(context.Context, string) (*unit, error) {
		return &unit{port: s, state: func() pos.Condition { return pos.Condition{State: "ok"} }}, nil
	}}
	p := newPrinterSlot(sl)
	if err := sl.put(t.Context(), "sim:"); err != nil {
		t.Fatal(err)
	}
	return s, p
}

// TestNobodyWaitsForTheDiskOfASlip: the outcome of a payment is told before its slip is flushed to the queue on disk.
func TestNobodyWaitsForTheDiskOfASlip(t *testing.T) {
	s, p := stuckPrinter(t)
	want := []string{"1", "2", "3"}
	for _, n := range want { // comes back although the disk takes nothing
		if err := p.Print(pos.PrintJob{Number: n}); err != nil {
			t.Fatal(err)
		}
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := p.Drain(short); err == nil {
		t.Error("the till may end although slips are not handed on")
	}
	if got := s.slips(); len(got) != 0 {
		t.Errorf("on disk already: %v", got)
	}
	close(s.let)
	if err := p.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.slips(); !slices.Equal(got, want) {
		t.Errorf("handed on: %v, not %v", got, want)
	}
}

func TestSlipsThatWaitToBeHandedOnAreLimited(t *testing.T) {
	s, p := stuckPrinter(t)
	for range maxKept {
		if err := p.Print(pos.PrintJob{Number: "1"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Print(pos.PrintJob{Number: "2"}); err == nil {
		t.Error("one more slip than the limit was taken")
	}
	close(s.let)
	if err := p.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.Print(pos.PrintJob{Number: "3"}); err != nil {
		t.Errorf("when there is room again: %v", err)
	}
}
