package drivers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/find"
	"tillkeeper/drivers/port"
	simprinter "tillkeeper/drivers/sim/printer"
	simscale "tillkeeper/drivers/sim/scale"
)

// sockets is a machine that is a tree of files as the kernel's, with serial adapters whose lines are pseudo terminals. Its
// memory is one folder: a till that ends and the next one share it.
type sockets struct {
	t         *testing.T
	root, dir string
}

func newSockets(t *testing.T) sockets { return sockets{t, t.TempDir(), t.TempDir()} }

// plug puts an adapter into a USB port: its name in /dev leads to a line.
func (m sockets) plug(tty, usb, ids, serial, line string) {
	m.t.Helper()
	at := filepath.Join(m.root, "sys/devices/usb1", usb, usb+":1.0", tty)
	class := filepath.Join(m.root, "sys/class/tty", tty)
	vid, pid, _ := strings.Cut(ids, ":")
	err := errors.Join(os.MkdirAll(at, 0o755), os.MkdirAll(class, 0o755), os.MkdirAll(filepath.Join(m.root, "dev"), 0o755),
		os.Symlink(at, filepath.Join(class, "device")), os.Symlink(line, filepath.Join(m.root, "dev", tty)))
	for name, text := range map[string]string{"idVendor": vid, "idProduct": pid, "serial": serial} {
		if text != "" {
			err = errors.Join(err, os.WriteFile(filepath.Join(m.root, "sys/devices/usb1", usb, name), []byte(text), 0o644))
		}
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// pull takes an adapter out.
func (m sockets) pull(tty, usb string) {
	m.t.Helper()
	for _, path := range []string{"dev/" + tty, "sys/class/tty/" + tty, "sys/devices/usb1/" + usb} {
		if err := os.RemoveAll(filepath.Join(m.root, path)); err != nil {
			m.t.Fatal(err)
		}
	}
}

// till is a till on the machine, with its devices configured but not opened.
func (m sockets) till(devices map[string]string) *Set {
	s := bare(m.t)
	s.c.Dir, s.c.Devices, s.machine, s.seen, s.news = m.dir, devices, find.New(m.root), openMemory(m.dir), make(chan struct{}, 1)
	for name, open := range map[string]func(context.Context, string) (*unit, error){
		Printer: s.openPrinter, Scale: s.openScale, Pole: s.openPole, Reader: s.openReaders, PINPad: s.openPad, Scanner: s.openScanner, QR: s.openPanel,
	} {
		s.with(name, open)
	}
	return s
}

// start opens the devices and ends with the test.
func (m sockets) start(s *Set) {
	m.t.Helper()
	for name, sl := range s.slots {
		if err := sl.put(m.t.Context(), s.c.Devices[name]); err != nil {
			m.t.Fatal(err)
		}
		m.t.Cleanup(func() { _ = sl.shut() })
	}
}

// remember has a till work once with what is plugged in now.
func (m sockets) remember(devices map[string]string) {
	m.t.Helper()
	s := m.till(devices)
	m.start(s)
	for name := range devices {
		m.is(s, name, "ok")
	}
	s.note()
	for _, sl := range s.slots {
		if err := sl.shut(); err != nil {
			m.t.Fatal(err)
		}
	}
}

// is waits until a device is in a state.
func (m sockets) is(s *Set, name, state string) pos.Condition {
	m.t.Helper()
	for end := time.Now().Add(time.Minute); ; {
		c := s.Check(m.t.Context(), name, pos.CheckInternal)
		if c.State == state {
			return c
		}
		if time.Now().After(end) {
			m.t.Fatalf("the %s is %+v, not %s", name, c, state)
		}
	}
}

// hearer is the far end of a line that counts what it is sent.
type hearer struct {
	path string
	mu   sync.Mutex
	got  []byte
}

func newHearer(t *testing.T) *hearer {
	t.Helper()
	far, path, err := port.Pty()
	if err != nil {
		t.Fatal(err)
	}
	hold, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY, 0) // so that nobody's end is a hang-up
	if err != nil {
		t.Fatal(err)
	}
	h := &hearer{path: path}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b := make([]byte, 256)
		for {
			n, err := far.Read(b)
			h.mu.Lock()
			h.got = append(h.got, b[:n]...)
			h.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_, _ = hold.Close(), far.Close()
		<-ended
	})
	return h
}

func (h *hearer) bytes() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.got)
}

func says(c pos.Condition, code string) bool {
	return slices.ContainsFunc(c.Found, func(r pos.Remark) bool { return r.Code == code })
}

const (
	ftdi = "0403:6001"
	ch   = "1a86:7523" // which have no serial numbers
)

// TestADeviceThatMovedIsFollowed: the till named where its scale was and went on looking at the old place.
func TestADeviceThatMovedIsFollowed(t *testing.T) {
	m := newSockets(t)
	sim, err := simscale.New()
	if err != nil {
		t.Fatal(err)
	}
	defer sim.Close()
	m.plug("ttyUSB71", "1-1", ftdi, "A1", sim.Path())
	devices := map[string]string{Scale: "cas:/dev/ttyUSB71"}
	s := m.till(devices)
	m.start(s)
	if c := m.is(s, Scale, "ok"); says(c, "moved") {
		t.Errorf("%+v", c)
	}
	s.note()

	m.pull("ttyUSB71", "1-1")
	if err := sim.Unplug(); err != nil { // after it: the next pty of this machine may be called as this one was
		t.Fatal(err)
	}
	m.is(s, Scale, "fault")
	if err := sim.Plug(); err != nil {
		t.Fatal(err)
	}
	m.plug("ttyUSB72", "1-2.4", ftdi, "A1", sim.Path())
	s.nudge()
	c := m.is(s, Scale, "ok")
	want := pos.Say("moved", ftdi+" A1", "/dev/ttyUSB72", "/dev/ttyUSB71")
	if !slices.ContainsFunc(c.Found, func(r pos.Remark) bool { return r.Code == want.Code && slices.Equal(r.Args, want.Args) }) {
		t.Errorf("%+v", c)
	}
	sim.Put(350)
	if g, err := (scaleSlot{s.slots[Scale]}).Weigh(t.Context()); g != 350 || err != nil {
		t.Errorf("weighs %d, %v", g, err)
	}
	if url := s.slots[Scale].address(); url != devices[Scale] {
		t.Errorf("the configuration became %s", url)
	}
	for _, d := range s.Devices() {
		if d.Name == Scale && (d.Identity != ftdi+" A1" || !says(d.Condition, "moved")) {
			t.Errorf("%+v", d)
		}
	}
	s.note()
	if id := openMemory(m.dir).of("cas", "/dev/ttyUSB71"); id != ftdi+" A1" {
		t.Errorf("remembered is %q", id)
	}
}

// TestTwoDevicesThatHaveChangedPlacesAreBothFollowed: what the kernel called ttyUSB71 is ttyUSB72 after a restart.
func TestTwoDevicesThatHaveChangedPlacesAreBothFollowed(t *testing.T) {
	m := newSockets(t)
	scale, err := simscale.New()
	if err != nil {
		t.Fatal(err)
	}
	defer scale.Close()
	printer, url := plugged(t, simprinter.Opts{})
	paper := strings.TrimSuffix(strings.TrimPrefix(url, "serial:"), "?baud=9600")
	m.plug("ttyUSB71", "1-1", ftdi, "A1", scale.Path())
	m.plug("ttyUSB72", "1-2", ftdi, "B2", paper)
	devices := map[string]string{Scale: "cas:/dev/ttyUSB71", Printer: "serial:/dev/ttyUSB72?baud=9600"}
	m.remember(devices)
	m.pull("ttyUSB71", "1-1")
	m.pull("ttyUSB72", "1-2")
	m.plug("ttyUSB72", "1-1", ftdi, "A1", scale.Path())
	m.plug("ttyUSB71", "1-2", ftdi, "B2", paper)
	s := m.till(devices)
	m.start(s)
	m.is(s, Scale, "ok")
	m.is(s, Printer, "ok")
	scale.Put(200)
	if g, err := (scaleSlot{s.slots[Scale]}).Weigh(t.Context()); g != 200 || err != nil {
		t.Errorf("weighs %d, %v", g, err)
	}
	if err := newPrinterSlot(s.slots[Printer]).Print(slip("R1")); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); !slices.Contains(printer.Slips(), "R1"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the slip is not on paper")
		}
	}
}

// TestAStrangerIsNeverDrivenAsTheOldDevice: another device has the name of a printer that was pulled. It hears nothing; with
// nothing remembered it would, which is what the test can see.
func TestAStrangerIsNeverDrivenAsTheOldDevice(t *testing.T) {
	for _, remembered := range []bool{true, false} {
		m := newSockets(t)
		_, url := plugged(t, simprinter.Opts{})
		paper := strings.TrimSuffix(strings.TrimPrefix(url, "serial:"), "?baud=9600")
		m.plug("ttyUSB71", "1-1", ftdi, "B2", paper)
		devices := map[string]string{Printer: "serial:/dev/ttyUSB71?baud=9600"}
		m.remember(devices)
		if !remembered {
			if err := os.Remove(filepath.Join(m.dir, seenFile)); err != nil {
				t.Fatal(err)
			}
		}
		m.pull("ttyUSB71", "1-1")
		stranger := newHearer(t)
		m.plug("ttyUSB71", "1-1", ftdi, "A1", stranger.path)
		s := m.till(devices)
		m.start(s)
		c := m.is(s, Printer, "fault")
		for end := time.Now().Add(time.Minute); remembered && c.Code != port.Unplugged || !remembered && stranger.bytes() == 0; { // not looked for yet
			if time.Now().After(end) {
				t.Fatalf("remembered %v: %+v, %d bytes", remembered, c, stranger.bytes())
			}
			c = s.Check(t.Context(), Printer, pos.CheckInternal)
		}
		if heard := stranger.bytes() > 0; heard == remembered {
			t.Fatalf("remembered %v: the stranger has heard %d bytes", remembered, stranger.bytes())
		}
		if !remembered {
			continue
		}
		if text := c.Detail + c.Remedy + said(c); !strings.Contains(text, ftdi+" A1") || !strings.Contains(text, ftdi+" B2") {
			t.Errorf("%+v", c)
		}
		// A person has chosen it: from now on it is the printer.
		if err := s.Use(t.Context(), Printer, devices[Printer]); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(time.Minute); stranger.bytes() == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal("the device that was chosen is not driven")
			}
		}
	}
}

// said is what stands in a condition's remarks.
func said(c pos.Condition) string {
	var out []string
	for _, r := range append(slices.Clone(c.Found), c.Mend...) {
		out = append(append(out, r.Code), r.Args...)
	}
	return strings.Join(out, " ")
}

// TestBetweenTwoOfAKindNothingIsGuessed: adapters without serial numbers in new sockets could be each other's devices.
func TestBetweenTwoOfAKindNothingIsGuessed(t *testing.T) {
	for _, c := range []struct {
		what   string
		also   string // a second device that is configured at another adapter of the kind
		now    int    // adapters that are plugged in, in new sockets
		opened bool
	}{
		{what: "the only one of its kind", now: 1, opened: true},
		{what: "one of two that are plugged in", now: 2},
		{what: "one of two that are configured", also: "serial:/dev/ttyUSB72", now: 1},
	} {
		m := newSockets(t)
		one, two := newHearer(t), newHearer(t)
		m.plug("ttyUSB71", "1-1", ch, "", one.path)
		m.plug("ttyUSB72", "1-2", ch, "", two.path)
		devices := map[string]string{Pole: "serial:/dev/ttyUSB71"}
		memory := openMemory(m.dir)
		if err := errors.Join(memory.keep("serial", "/dev/ttyUSB71", ch+" @1-1"), memory.keep("serial", "/dev/ttyUSB72", ch+" @1-2")); err != nil {
			t.Fatal(err)
		}
		m.pull("ttyUSB71", "1-1")
		m.pull("ttyUSB72", "1-2")
		m.plug("ttyUSB74", "1-4", ch, "", one.path)
		if c.now == 2 {
			m.plug("ttyUSB75", "1-5", ch, "", two.path)
		}
		if c.also != "" {
			devices[Scanner] = c.also
		}
		s := m.till(devices)
		m.start(s)
		if c.opened {
			m.is(s, Pole, "ok")
		} else if got := m.is(s, Pole, "fault"); got.Code != port.Unplugged {
			t.Errorf("%s: %+v", c.what, got)
		}
		s.slots[Pole].now().nudge()
		s.Check(t.Context(), Pole, pos.CheckInternal)
		if heard := one.bytes()+two.bytes() > 0; heard != c.opened {
			t.Errorf("%s: %d and %d bytes were sent", c.what, one.bytes(), two.bytes())
		}
	}
}

// TestTheDoctorSeesWhereADeviceOfAnOpenTillIs: it looks without opening anything.
func TestTheDoctorSeesWhereADeviceOfAnOpenTillIs(t *testing.T) {
	m := newSockets(t)
	far := newHearer(t)
	m.plug("ttyUSB72", "1-2", ftdi, "A1", far.path)
	if err := openMemory(m.dir).keep("cas", "/dev/ttyUSB71", ftdi+" A1"); err != nil {
		t.Fatal(err)
	}
	url := "cas:/dev/ttyUSB71"
	e := eye{set: m.till(map[string]string{Scale: url})}
	if c := e.look(t.Context(), Scale, url); c.State == "fault" || !says(c, "moved") {
		t.Errorf("%+v", c)
	}
	m.pull("ttyUSB72", "1-2")
	m.plug("ttyUSB71", "1-1", ftdi, "B2", far.path)
	if c := e.look(t.Context(), Scale, url); c.Code != port.Unplugged || !says(c, "another_here") || !strings.Contains(said(c), "choose_again") {
		t.Errorf("%+v", c)
	}
	if far.bytes() != 0 {
		t.Error("the doctor drives what it looks at")
	}
}

// TestEveryDeviceWithAPlaceIsFollowed: each kind of device opens what its trail leads to.
func TestEveryDeviceWithAPlaceIsFollowed(t *testing.T) {
	for name, scheme := range map[string]string{
		Reader: "pn532+serial:", PINPad: "serial:", Printer: "serial:", Pole: "serial:", Scanner: "serial:", Scale: "cas:",
	} {
		m := newSockets(t)
		far := newHearer(t)
		m.plug("ttyUSB72", "1-2", ftdi, "A1", far.path)
		if err := openMemory(m.dir).keep(strings.TrimSuffix(scheme, ":"), "/dev/ttyUSB71", ftdi+" A1"); err != nil {
			t.Fatal(err)
		}
		s := m.till(map[string]string{name: scheme + "/dev/ttyUSB71"})
		m.start(s)
		u := s.slots[name].now()
		for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
			if path, _ := u.at[0].way.at(); path == "/dev/ttyUSB72" {
				break
			}
			if time.Now().After(end) {
				t.Fatalf("the %s is not looked for", name)
			}
		}
	}
}
