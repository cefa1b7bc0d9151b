package drivers

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
	simprinter "tillkeeper/drivers/sim/printer"
)

// typing is the bit map of the keys of what types numbers: 1 to 0 and Enter.
const typing = "10000ffc\n"

// plugAs puts a device of a class of the kernel (usbmisc, input) into a USB port: its node in /dev leads to a line.
func (m sockets) plugAs(class, node, usb, ids, serial, line string) {
	m.t.Helper()
	name := filepath.Base(node)
	at := filepath.Join(m.root, "sys/devices/usb1", usb, usb+":1.0", name)
	entry, place := filepath.Join(m.root, "sys/class", class, name), filepath.Join(m.root, node)
	vid, pid, _ := strings.Cut(ids, ":")
	err := errors.Join(os.MkdirAll(filepath.Join(at, "capabilities"), 0o755), os.MkdirAll(entry, 0o755), os.MkdirAll(filepath.Dir(place), 0o755),
		os.Symlink(at, filepath.Join(entry, "device")), os.Symlink(line, place))
	for file, text := range map[string]string{
		filepath.Join(filepath.Dir(filepath.Dir(at)), "idVendor"): vid, filepath.Join(filepath.Dir(filepath.Dir(at)), "idProduct"): pid,
		filepath.Join(filepath.Dir(filepath.Dir(at)), "serial"): serial, filepath.Join(at, "capabilities/key"): typing, filepath.Join(at, "name"): name,
	} {
		err = errors.Join(err, os.WriteFile(file, []byte(text), 0o644))
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// pullAs takes one out.
func (m sockets) pullAs(class, node, usb string) {
	m.t.Helper()
	for _, path := range []string{node, "sys/class/" + class + "/" + filepath.Base(node), "sys/devices/usb1/" + usb} {
		if err := os.RemoveAll(filepath.Join(m.root, path)); err != nil {
			m.t.Fatal(err)
		}
	}
}

// TestAUSBPrinterThatMovedIsFollowed: one under usblp, to which another printer's place was given.
func TestAUSBPrinterThatMovedIsFollowed(t *testing.T) {
	const ids = "04b8:0e15"
	m := newSockets(t)
	mine, url := plugged(t, simprinter.Opts{})
	paper := strings.TrimSuffix(strings.TrimPrefix(url, "serial:"), "?baud=9600")
	raw, err := port.OpenLine(paper, 115200) // usblp changes no byte, nor may the terminal that stands for it
	if err == nil {
		err = raw.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	stranger := newHearer(t)
	m.plugAs("usbmisc", "dev/usb/lp0", "1-1", ids, "J6", paper)
	devices := map[string]string{Printer: "lp:/dev/usb/lp0"}
	m.remember(devices)
	m.pullAs("usbmisc", "dev/usb/lp0", "1-1")
	m.plugAs("usbmisc", "dev/usb/lp0", "1-1", ids, "K7", stranger.path)
	s := m.till(devices)
	m.start(s)
	if c := m.is(s, Printer, "fault"); c.Code != port.Unplugged || !says(c, "another_here") {
		t.Errorf("%+v", c)
	}
	m.plugAs("usbmisc", "dev/usb/lp1", "1-2", ids, "J6", paper)
	s.nudge()
	c := m.is(s, Printer, "ok")
	want := pos.Say("moved", ids+" J6", "/dev/usb/lp1", "/dev/usb/lp0")
	if !slices.ContainsFunc(c.Found, func(r pos.Remark) bool { return r.Code == want.Code && slices.Equal(r.Args, want.Args) }) {
		t.Errorf("%+v", c)
	}
	if err := newPrinterSlot(s.slots[Printer]).Print(slip("R1")); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); !slices.Contains(mine.Slips(), "R1"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the slip is not on paper")
		}
	}
	if n := stranger.bytes(); n != 0 {
		t.Errorf("the other printer was sent %d bytes", n)
	}
}

// TestAScannerThatMovedIsFollowedAndNoKeyboardIsTaken: what is opened is where the scanner is now; the keyboard that has its
// place is left to its user. A pseudo terminal is no input device, and the driver's refusal says which one it has opened.
func TestAScannerThatMovedIsFollowedAndNoKeyboardIsTaken(t *testing.T) {
	const ids = "0c2e:0b61"
	m := newSockets(t)
	far := newHearer(t)
	devices := map[string]string{Scanner: "evdev:/dev/input/event71"}
	if err := openMemory(m.dir).keep("evdev", "/dev/input/event71", ids+" 1703"); err != nil {
		t.Fatal(err)
	}
	m.plugAs("input", "dev/input/event71", "1-1", "046d:c31c", "KB", far.path)
	s := m.till(devices)
	m.start(s)
	if c := m.is(s, Scanner, "fault"); c.Code != port.Unplugged || !says(c, "another_here") {
		t.Errorf("a keyboard is at its place: %+v", c)
	}
	m.plugAs("input", "dev/input/event72", "1-2", ids, "1703", far.path)
	s.nudge()
	sees := func() bool {
		c := s.slots[Scanner].condition()
		return c.Code == port.DeviceFault && strings.Contains(c.Detail, "event72 is no input device")
	}
	for end := time.Now().Add(time.Minute); !sees(); s.Check(t.Context(), Scanner, pos.CheckInternal) {
		if time.Now().After(end) {
			t.Fatalf("%+v", s.slots[Scanner].condition())
		}
	}
	if path, identity := s.slots[Scanner].now().at[0].way.at(); path != "/dev/input/event72" || identity != ids+" 1703" {
		t.Errorf("opened %s as %s", path, identity)
	}
}
