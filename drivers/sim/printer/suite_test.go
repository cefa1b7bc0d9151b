package printer_test

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/port"
	driver "tillkeeper/drivers/printer"
	sim "tillkeeper/drivers/sim/printer"
)

// wire is how a printer hangs on the till in a test.
type wire struct {
	gone []string
	plug func(t *testing.T, s *sim.Printer) driver.Opener
}

var (
	onPty = wire{[]string{driver.Unplugged}, func(t *testing.T, s *sim.Printer) driver.Opener {
		t.Helper()
		path := filepath.Join(t.TempDir(), "usb-printer")
		if err := s.Pty(path); err != nil {
			t.Fatal(err)
		}
		return func() (io.ReadWriteCloser, error) { return port.OpenLine(path, 115200) }
	}}
	onTCP = wire{[]string{driver.Unplugged, driver.Offline, driver.BusyElsewhere}, func(t *testing.T, s *sim.Printer) driver.Opener {
		t.Helper()
		addr, err := drivertest.Address() // a printer that is switched on again is at the same one
		if err == nil {
			_, err = s.Listen(addr)
		}
		if err != nil {
			t.Fatal(err)
		}
		return func() (io.ReadWriteCloser, error) { return port.DialTCP(addr) }
	}}
)

// models are printers that differ in what they can do; the driver is told
// nothing unless named is set.
var models = map[string]struct {
	named string
	o     sim.Opts
}{
	"80 mm with everything":                {"", sim.Opts{}},
	"80 mm named in the configuration":     {"TM-T88VI", sim.Opts{NoName: true}},
	"80 mm without GS ( H":                 {"", sim.Opts{Name: "XP-80C", NoProcess: true}},
	"80 mm that imitates another":          {"", sim.Opts{Name: "TM-T20II", NoQR: true, NoProcess: true}},
	"80 mm unknown":                        {"", sim.Opts{Name: "Nobody 2000", NoProcess: true, NoQR: true, NoBarcode: true, NoASB: true}},
	"80 mm without a name":                 {"", sim.Opts{NoName: true, NoProcess: true, NoQR: true, NoBarcode: true, NoASB: true}},
	"58 mm with codes, without a knife":    {"", sim.Opts{Narrow: true, NoProcess: true, NoCut: true, NoASB: true}},
	"58 mm plain, named, without anything": {"POS-5890", sim.Opts{Narrow: true, NoName: true, NoProcess: true, NoQR: true, NoBarcode: true, NoCut: true, NoASB: true}},
}

// bench makes a bench of a printer on a wire.
func bench(named string, o sim.Opts, w wire) func(t *testing.T) drivertest.PrinterBench {
	return func(t *testing.T) drivertest.PrinterBench {
		t.Helper()
		o.Dir = t.TempDir()
		s, err := sim.New(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return drivertest.PrinterBench{
			Open: w.plug(t, s), Sim: s, Gone: w.gone, Imitates: o.NoProcess && strings.HasPrefix(o.Name, "TM-"),
			Opts: driver.Opts{Model: named, Poll: 5 * time.Millisecond, Answer: 250 * time.Millisecond, Font: font(t)},
		}
	}
}

func TestSuiteOnAPty(t *testing.T) {
	for name, m := range models {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			drivertest.Printer(t, bench(m.named, m.o, onPty))
		})
	}
}

func TestSuiteOverTCP(t *testing.T) {
	for name, m := range models {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			drivertest.Printer(t, bench(m.named, m.o, onTCP))
		})
	}
}
