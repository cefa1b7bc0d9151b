package printer_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/drivers/printer"
)

// TestADrawerDoesNotOpenMinutesLater: a printer that took no data kept the wish for the drawer, and the drawer sprang open when
// somebody put paper in, with nobody before it.
func TestADrawerDoesNotOpenMinutesLater(t *testing.T) {
	for full, opens := range map[time.Duration]bool{3 * time.Second: true, 20 * time.Second: false} {
		synctest.Test(t, func(t *testing.T) {
			d := &desk{full: full}
			p := printer.New(d.open, printer.Opts{Model: "TM-T82III"})
			time.Sleep(2 * time.Second) // it is open and known
			queue(t, p, 1)
			time.Sleep(time.Second)
			if err := p.Kick(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			d.set(func(d *desk) {
				sent := d.got.Bytes() // in order with the data, or at once where the printer is not well
				if got := bytes.Contains(sent, []byte{0x1b, 'p', 0}) || bytes.Contains(sent, []byte{0x10, 0x14, 1}); got != opens {
					t.Errorf("after %v without a byte taken the drawer is opened: %v", full, got)
				}
			})
			if j := p.Jobs()[0]; j.State != printer.Printed {
				t.Errorf("%+v", j)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
