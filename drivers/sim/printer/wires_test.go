package printer_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/port"
	driver "tillkeeper/drivers/printer"
	sim "tillkeeper/drivers/sim/printer"
)

// quick makes a driver that does not wait for long.
func quick(t *testing.T, open driver.Opener, o driver.Opts) *driver.Printer {
	t.Helper()
	o.Poll = 5 * time.Millisecond
	if o.Answer == 0 {
		o.Answer = 500 * time.Millisecond
	}
	d := driver.New(open, o)
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func newSim(t *testing.T, o sim.Opts) *sim.Printer {
	t.Helper()
	o.Dir = t.TempDir()
	s, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func reason(t *testing.T, d *driver.Printer, want string) {
	t.Helper()
	until(t, want, func() bool { return d.State().Code == want })
}

// ptyAt plugs a printer into a pseudo terminal and opens it at a speed.
func ptyAt(t *testing.T, s *sim.Printer, baud int) driver.Opener {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ttyUSB0")
	if err := s.Pty(path); err != nil {
		t.Fatal(err)
	}
	return func() (io.ReadWriteCloser, error) { return port.OpenLine(path, baud) }
}

func TestWrongSpeedIsNamedAndNothingIsSent(t *testing.T) {
	s := newSim(t, sim.Opts{Baud: 9600})
	d := quick(t, ptyAt(t, s, 115200), driver.Opts{Answer: 30 * time.Millisecond})
	if err := d.Print(pos.PrintJob{Number: "1", Slip: sale("1")}); err != nil {
		t.Fatal(err)
	}
	reason(t, d, driver.WrongSpeed)
	if j := d.Jobs()[0]; j.State != driver.Queued || s.Taken() != 0 {
		t.Errorf("%+v, %d bytes", j, s.Taken())
	}
}

// TestSlowLineAt9600Baud: a slip takes seconds, which is no fault.
func TestSlowLineAt9600Baud(t *testing.T) {
	s := newSim(t, sim.Opts{Baud: 9600, Rate: 960, NoProcess: true, Name: "XP-80"})
	d := quick(t, ptyAt(t, s, 9600), driver.Opts{Answer: time.Second})
	for i := range 3 {
		if err := d.Print(pos.PrintJob{Slip: sale(fmt.Sprint(1000 + i))}); err != nil {
			t.Fatal(err)
		}
	}
	drain(t, d)
	for _, j := range d.Jobs() {
		if j.State != driver.Printed {
			t.Errorf("%+v", j)
		}
	}
	if got := s.Slips(); !slices.Equal(got, []string{"1000", "1001", "1002"}) {
		t.Errorf("%q", got)
	}
}

func TestSerialPortOfAnotherProgramIsBusyElsewhere(t *testing.T) {
	s := newSim(t, sim.Opts{})
	open := ptyAt(t, s, 115200)
	other, err := open()
	if err != nil {
		t.Fatal(err)
	}
	d := quick(t, open, driver.Opts{})
	reason(t, d, driver.BusyElsewhere)
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	d.Nudge()
	until(t, "ok", func() bool { return d.State().State == "ok" })
}

// TestNetworkPrinterWithASessionOfAnotherProgram: the printer takes our
// connection and does not serve it until the other one ends.
func TestNetworkPrinterWithASessionOfAnotherProgram(t *testing.T) {
	s := newSim(t, sim.Opts{})
	addr, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	other, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Write([]byte{0x10, 4, 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(other, make([]byte, 1)); err != nil { // it is served
		t.Fatal(err)
	}
	d := quick(t, func() (io.ReadWriteCloser, error) { return port.DialTCP(addr) }, driver.Opts{})
	if err := d.Print(pos.PrintJob{Number: "5", Slip: sale("5")}); err != nil {
		t.Fatal(err)
	}
	reason(t, d, driver.BusyElsewhere)
	if j := d.Jobs()[0]; j.State != driver.Queued || j.Reason != driver.BusyElsewhere {
		t.Errorf("%+v", j)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	drain(t, d)
	if got := s.Slips(); !slices.Equal(got, []string{"5"}) {
		t.Errorf("%q", got)
	}
}

// TestNetworkPrinterThatHangsUpAtOnce is one that serves a single program and
// says so by ending the connection.
func TestNetworkPrinterThatHangsUpAtOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 1))
			_ = c.Close()
		}
	}()
	d := quick(t, func() (io.ReadWriteCloser, error) { return port.DialTCP(l.Addr().String()) }, driver.Opts{})
	reason(t, d, driver.BusyElsewhere)
}

func TestNobodyListens(t *testing.T) {
	addr, err := drivertest.Address() // nobody else's in the meantime
	if err != nil {
		t.Fatal(err)
	}
	d := quick(t, func() (io.ReadWriteCloser, error) { return port.DialTCP(addr) }, driver.Opts{})
	reason(t, d, driver.Offline)
	if s := d.State(); !strings.Contains(s.Detail, addr) {
		t.Errorf("%+v", s)
	}
}

// TestUnplugWithinPictureDoesNotSpoilTheNextSlip: on a line the printer stays in
// the command that was cut short, and the next job has to end it first.
func TestUnplugWithinPictureDoesNotSpoilTheNextSlip(t *testing.T) {
	s := newSim(t, sim.Opts{})
	path := filepath.Join(t.TempDir(), "ttyUSB0")
	if err := s.Pty(path); err != nil {
		t.Fatal(err)
	}
	// The cable to the converter: what the driver has sent stays in the printer.
	cut := &cable{left: 300}
	open := func() (io.ReadWriteCloser, error) {
		l, err := port.OpenLine(path, 115200)
		if err != nil {
			return nil, err
		}
		return &cabled{Line: l, cable: cut}, nil
	}
	d := quick(t, open, driver.Opts{Model: "TM-T82III", Font: font(t)})
	if err := d.Print(pos.PrintJob{Number: "1", Slip: slip{{"text", "ñ ñ ñ", "", false, false}, {"text", "ñ ñ", "", false, false}, {"cut", "", "", false, false}}}); err != nil {
		t.Fatal(err)
	}
	until(t, "unknown", func() bool { return d.Jobs()[0].State == driver.Unknown })
	if err := d.Print(pos.PrintJob{Number: "2", Slip: sale("2222")}); err != nil {
		t.Fatal(err)
	}
	drain(t, d)
	if got := s.Slips(); len(got) == 0 || got[len(got)-1] != "2222" {
		t.Fatalf("%q", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// cable breaks once, after so many bytes.
type cable struct{ left int }

type cabled struct {
	*port.Line
	cable *cable
}

func (c *cabled) Write(b []byte) (int, error) {
	if c.cable.left < 0 || len(b) == 3 { // mended, or a question
		return c.Line.Write(b)
	}
	if len(b) <= c.cable.left {
		c.cable.left -= len(b)
		return c.Line.Write(b)
	}
	n, _ := c.Line.Write(b[:c.cable.left])
	c.cable.left = -1
	_ = c.Line.Close()
	return n, os.ErrClosed
}

// TestEveryCharacterAsBarcode: zbarimg reads every printable character back,
// from the printer's own barcode and from a drawn one.
func TestEveryCharacterAsBarcode(t *testing.T) {
	for name, o := range map[string]struct {
		o     sim.Opts
		model string
	}{"native": {sim.Opts{}, ""}, "drawn": {sim.Opts{Name: "nobody", NoProcess: true, NoQR: true, NoBarcode: true}, ""}} {
		var s slip
		var want []string
		for c := 0x21; c <= 0x7e; c += 12 {
			text := ""
			for i := c; i < min(c+12, 0x7f); i++ {
				text += string(rune(i))
			}
			s = append(s, slip{{"barcode", text, "", false, false}, {"blank", "", "", false, false}, {"blank", "", "", false, false}}...)
			want = append(want, "CODE-128:"+text)
		}
		_, file := printed(t, o.o, o.model, nil, append(s, slip{{"cut", "", "", false, false}}...))
		t.Run(name, func(t *testing.T) { codes(t, file, want...) })
	}
}

// TestCodesThatDoNotFit: a barcode too wide for the paper becomes a QR code, a
// QR code that no paper holds is printed as text; every size in between is read.
func TestCodesThatDoNotFit(t *testing.T) {
	narrow := sim.Opts{Narrow: true, NoProcess: true, NoQR: true, NoBarcode: true, NoCut: true}
	for _, n := range []int{1, 20, 60, 100, 150, 300} {
		text := strings.Repeat("https://till.example/", 15)[:n]
		for _, o := range []struct {
			o     sim.Opts
			model string
		}{{sim.Opts{}, ""}, {narrow, "POS-5890"}} {
			_, file := printed(t, o.o, o.model, nil, slip{{"qr", text, "", false, false}, {"cut", "", "", false, false}})
			codes(t, file, "QR-Code:"+text)
		}
	}
	_, file := printed(t, narrow, "POS-5890", nil, slip{{"barcode", "123456789012345678901234567890", "", false, false}, {"cut", "", "", false, false}})
	codes(t, file, "QR-Code:123456789012345678901234567890")
}

// TestPrinterThatConfirmsNothing: it has neither GS ( H nor GS r. The slip is on
// paper, but nobody can know; it is not printed again by itself.
func TestPrinterThatConfirmsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		o     sim.Opts
		model string
	}{
		"unknown":  {sim.Opts{NoName: true, NoProcess: true, NoFence: true, NoQR: true, NoBarcode: true, NoASB: true}, ""},
		"by table": {sim.Opts{Narrow: true, NoName: true, NoProcess: true, NoFence: true, NoCut: true, NoASB: true}, "Sunmi V2"},
	} {
		s := newSim(t, c.o)
		d := quick(t, ptyAt(t, s, 115200), driver.Opts{Model: c.model, Finish: 50 * time.Millisecond, Dir: t.TempDir()})
		for i := range 2 {
			if err := d.Print(pos.PrintJob{Slip: sale(fmt.Sprint(i + 1))}); err != nil {
				t.Fatal(err)
			}
		}
		drain(t, d)
		for _, j := range d.Jobs() {
			if j.State != driver.Unknown || j.Reason != driver.NotConfirmed {
				t.Errorf("%s: %+v", name, j)
			}
		}
		if len(s.Misuse()) > 0 {
			t.Errorf("%s: %q", name, s.Misuse())
		}
	}
}
