package printer_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/drivers/printer"
)

// kicked prints a slip at a desk, wishes for the drawer so long after, and says whether it was opened by the end of the slip.
func kicked(t *testing.T, d *desk, after time.Duration) (opened bool) {
	t.Helper()
	p := printer.New(d.open, printer.Opts{Model: "TM-T82III"})
	time.Sleep(2 * time.Second) // it is open and known
	queue(t, p, 1)
	time.Sleep(after)
	if j := p.Jobs()[0]; j.State != printer.Sent {
		t.Errorf("wished for too late, or too early: %+v", j)
	}
	if err := p.Kick(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	d.set(func(d *desk) {
		sent := d.got.Bytes() // in order with the data, or at once where the printer is not well
		opened = bytes.Contains(sent, []byte{0x1b, 'p', 0}) || bytes.Contains(sent, []byte{0x10, 0x14, 1})
	})
	if j := p.Jobs()[0]; j.State != printer.Printed {
		t.Errorf("%+v", j)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	return opened
}

// TestADrawerDoesNotOpenMinutesLater: a printer that took no data kept the wish for the drawer, and the drawer sprang open when
// somebody put paper in, with nobody before it.
func TestADrawerDoesNotOpenMinutesLater(t *testing.T) {
	for _, c := range []struct {
		full, after time.Duration
		opens       bool
	}{{3 * time.Second, time.Second, true}, {20 * time.Second, time.Second, false}, {20 * time.Second, 18 * time.Second, true}} {
		synctest.Test(t, func(t *testing.T) {
			if got := kicked(t, &desk{full: c.full}, c.after); got != c.opens {
				t.Errorf("%v into %v without a byte taken the drawer is opened: %v", c.after, c.full, got)
			}
		})
	}
}

// TestADrawerOpensBehindASlowSlip: a slip drawn as pictures takes 10 s and more at 9600 baud, and the wish of a cash sale
// meanwhile was dropped by its age alone, with nobody told.
func TestADrawerOpensBehindASlowSlip(t *testing.T) {
	for _, slow := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			if !kicked(t, &desk{slow: slow}, time.Second) {
				t.Errorf("a slip at %v a byte keeps the drawer shut", slow)
			}
		})
	}
}
