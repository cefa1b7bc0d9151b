package printer_test

import (
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/printer"
)

// TestNewestReceiptIsKnownAfterARestart: also when everything is printed and the file was written anew; a copy and what
// is no receipt do not count.
func TestNewestReceiptIsKnownAfterARestart(t *testing.T) {
	dir := t.TempDir()
	open := func() *printer.Printer { return fast(t, (&desk{}).open, func(o *printer.Opts) { o.Dir = dir }) }
	p := open()
	if got := p.Newest(); got != "" {
		t.Errorf("a new queue knows %q", got)
	}
	for i := range 40 {
		queue(t, p, 100+i)
		if i%9 == 0 {
			drain(t, p)
		}
	}
	for _, j := range []pos.PrintJob{{Number: "17", Copy: true}, {Number: "batch-000001"}, {}} {
		j.Slip = job(1).Slip
		if err := p.Print(j); err != nil {
			t.Fatal(err)
		}
	}
	drain(t, p)
	for range 2 { // the second time the file has nothing but the number
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		if p = open(); p.Newest() != "139" {
			t.Errorf("after a restart: %q, not 139", p.Newest())
		}
		if len(p.Jobs()) != 0 {
			t.Errorf("what is printed came back: %v", p.Jobs())
		}
	}
}

// TestDamagedQueueKnowsNoNewestReceipt: else receipts that are printed would come out again.
func TestDamagedQueueKnowsNoNewestReceipt(t *testing.T) {
	b := queueOf(t)
	b[len(b)/2] ^= 1
	p, _ := reopen(t, b, nowhere)
	if got := p.Newest(); got != "" {
		t.Errorf("%q", got)
	}
}
