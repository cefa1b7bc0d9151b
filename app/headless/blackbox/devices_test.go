package blackbox

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/headless/blackbox/child"
	simpole "tillkeeper/drivers/sim/pole"
	simprinter "tillkeeper/drivers/sim/printer"
	simscale "tillkeeper/drivers/sim/scale"
	simscanner "tillkeeper/drivers/sim/scanner"
)

// found is a line of the doctor, or of the till's self-test.
type found struct{ Device, State, Code, Detail, Remedy string }

// world is a folder that every user may look into.
func world(t *testing.T) *shop {
	t.Helper()
	dir, err := os.MkdirTemp("", "tillkeeper-devices-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := newShop(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.End)
	return s
}

func config(devices ...string) string {
	return "[window]\nlanguage = \"en\"\n[devices]\n" + strings.Join(devices, "\n") + "\n"
}

// bench are simulated devices at the far ends of real lines, of this process.
type bench struct {
	dir     string
	printer *simprinter.Printer
	scale   *simscale.Scale
	pole    *simpole.Pole
	scanner *simscanner.Serial
}

// at is the link by which the till knows a device, as under /dev/serial/by-id.
func (b *bench) at(name string) string { return filepath.Join(b.dir, name) }

func newBench(t *testing.T, o simprinter.Opts) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir(), scanner: &simscanner.Serial{}}
	o.Dir = filepath.Join(b.dir, "paper")
	var err error
	if b.printer, err = simprinter.New(o); err != nil {
		t.Fatal(err)
	}
	if b.scale, err = simscale.New(); err != nil {
		t.Fatal(err)
	}
	if b.pole, err = simpole.New(simpole.Opts{}); err != nil {
		t.Fatal(err)
	}
	if err := b.printer.Pty(b.at("printer")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(b.printer.Close(), b.scale.Close(), b.pole.Close(), b.scanner.Unplug()); err != nil {
			t.Error(err)
		}
	})
	b.plug(t)
	return b
}

// plug puts every cable in.
func (b *bench) plug(t *testing.T) {
	t.Helper()
	b.printer.SetPlugged(true)
	if err := errors.Join(b.scale.Plug(), b.pole.Plug(), b.scanner.Plug()); err != nil {
		t.Fatal(err)
	}
	at, err := b.scanner.Path()
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"scale": b.scale.Path(), "pole": b.pole.Path(), "scanner": at} {
		if err := os.Symlink(path, b.at(name)); err != nil {
			t.Fatal(err)
		}
	}
}

// pull pulls every cable out.
func (b *bench) pull(t *testing.T) {
	t.Helper()
	for _, name := range []string{"scale", "pole", "scanner"} {
		if err := os.Remove(b.at(name)); err != nil {
			t.Fatal(err)
		}
	}
	b.printer.SetPlugged(false)
	if err := errors.Join(b.scale.Unplug(), b.pole.Unplug(), b.scanner.Unplug()); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) lines() []string {
	return []string{
		`printer = "serial:` + b.at("printer") + `?baud=9600"`, `scale = "cas:` + b.at("scale") + `"`,
		`pole = "serial:` + b.at("pole") + `"`, `scanner = "serial:` + b.at("scanner") + `"`,
	}
}

var onLines = []string{"printer", "scale", "pole", "scanner"}

// looks gives what the till's self-test says of each device.
func (s *shop) looks(t *testing.T) map[string]found {
	t.Helper()
	var got struct {
		Checks []struct{ Name, State, Code, Detail, Remedy string }
	}
	if err := child.Into(s.Till.Must(t, cmd{"cmd": "selftest"}), &got); err != nil {
		t.Fatal(err)
	}
	all := map[string]found{}
	for _, c := range got.Checks {
		all[c.Name] = found{c.Name, c.State, c.Code, c.Detail, c.Remedy}
	}
	return all
}

// become waits until the self-test says of every device on a line what is named.
func (s *shop) become(t *testing.T, state, code string) {
	t.Helper()
	var last map[string]found
	defer func() {
		if t.Failed() {
			t.Logf("%+v\n%s", last, child.Tail(s.TillLog.String()))
		}
	}()
	child.Until(t, func() bool {
		last = s.looks(t)
		return !slices.ContainsFunc(onLines, func(name string) bool { return last[name].State != state || last[name].Code != code })
	})
}

func TestACablePulledInASaleIsNamedAndTheSlipIsPrintedOnce(t *testing.T) {
	b := newBench(t, simprinter.Opts{})
	s := opened(t, config(b.lines()...), "")
	s.become(t, "ok", "")
	s.Till.Must(t, cmd{"cmd": "add", "sku": "100003", "qty": "1"})
	child.Until(t, func() bool { return strings.Contains(strings.Join(b.pole.Rows(), " "), "7.50") })
	b.pull(t)
	paid := s.Pay(t, "card", "card", "ok")
	if paid.State != "approved" {
		t.Fatalf("%+v", paid)
	}
	s.become(t, "fault", "unplugged")
	if a := s.Sale(t, "cash", "tendered", 1000); a.State != "approved" {
		t.Fatalf("%+v", a)
	}
	if n := b.printer.Slips(); len(n) != 0 {
		t.Fatalf("printed without a cable: %v", n)
	}
	b.plug(t)
	s.become(t, "ok", "")
	child.Until(t, func() bool { return len(b.printer.Slips()) >= 2 })
	if err := s.CloseTill(); err != nil {
		t.Fatal(err)
	}
	slips := b.printer.Slips()
	if len(slips) != 2 || slips[0] == slips[1] {
		t.Errorf("printed %v", slips)
	}
}

// deaf takes connections and says nothing until the test lets it.
func deaf(t *testing.T, network, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// TestATillWithoutAnyOfItsDevicesSellsForCash: everything is missing, or is
// there and says nothing as long as the sale runs.
func TestATillWithoutAnyOfItsDevicesSellsForCash(t *testing.T) {
	s := world(t)
	daemon := deaf(t, "unix", filepath.Join(s.Dir, "pcscd"))
	network := deaf(t, "tcp", "127.0.0.1:0")
	child.Put(t, s.Config, config(
		`reader = "pcsc:?socket=`+daemon.Addr().String()+`, pn532+serial:/dev/ttyUSB7, pn532+i2c:I2C7, pn532+spi:SPI7.0"`, `pinpad = "tcp:`+network.Addr().String()+`"`,
		`printer = "tcp:`+network.Addr().String()+`"`, `qr = "st7789+spi:SPI7.0?dc=GPIO25"`, `pole = "serial:/dev/ttyUSB8"`,
		`scanner = "evdev:/dev/input/by-id/none"`, `scale = "cas:/dev/ttyUSB9"`, "[wallet]", `gateway = ""`))
	began := time.Now()
	if err := s.Open("--demo"); err != nil {
		t.Fatal(err)
	}
	s.Till.Must(t, cmd{"cmd": "signin", "staff": "1001", "pin": "135790"})
	up := time.Since(began)
	if a := s.Sale(t, "cash", "tendered", 1000); a.State != "approved" {
		t.Fatalf("%+v", a)
	}
	t.Logf("signed in %v, sold %v after the start", up, time.Since(began))
	all := s.looks(t)
	for name, code := range map[string]string{
		"printer": "busy_elsewhere", "pinpad": "offline", "display": "unplugged", "pole": "unplugged", "scanner": "unplugged", "scale": "unplugged",
	} {
		if f := all[name]; f.State != "fault" || f.Code != code {
			t.Errorf("%s: %+v, not %s", name, f, code)
		}
	}
	if f := all["reader"]; f.State == "ok" || f.State == "off" {
		t.Errorf("%+v", f)
	}
	if err := s.CloseTill(); err != nil {
		t.Error(err)
	}
}
