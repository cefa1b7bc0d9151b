package scanner_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/scanner"
	sim "tillkeeper/drivers/sim/scanner"
	"tillkeeper/drivers/supervise"
)

// uhid is where a kernel lets a program be a HID device (Documentation/hid/uhid).
const uhid = "/dev/uhid"

// hidScanner is a real HID keyboard of this kernel: reports go in, and what
// hid-generic and evdev of Linux make of them comes out of /dev/input/eventN.
type hidScanner struct {
	f    *os.File
	name string
}

// bootKeyboard is the report descriptor of a boot keyboard (USB HID 1.11,
// appendix B.1) without its lamps.
var bootKeyboard = []byte{
	0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02,
	0x95, 0x01, 0x75, 0x08, 0x81, 0x01, 0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x25, 0x65, 0x05, 0x07, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00, 0xc0,
}

// The events of linux/uhid.h.
const (
	uhidDestroy = 1
	uhidCreate2 = 11
	uhidInput2  = 12
)

func (h *hidScanner) Plug() error {
	if h.f != nil {
		return nil
	}
	var err error
	if h.f, err = os.OpenFile(uhid, os.O_RDWR, 0); err != nil {
		return err
	}
	h.name = fmt.Sprintf("Tillkeeper test scanner %d", time.Now().UnixNano())
	b := binary.NativeEndian.AppendUint32(nil, uhidCreate2)
	b = append(b, h.name...)
	b = append(b, make([]byte, 4+128+64+64-len(b))...)
	b = binary.NativeEndian.AppendUint16(b, uint16(len(bootKeyboard)))
	b = binary.NativeEndian.AppendUint16(b, 3) // BUS_USB
	for _, n := range []uint32{0x0c2e, 0x0b61, 0x110, 0} {
		b = binary.NativeEndian.AppendUint32(b, n)
	}
	b = append(b, bootKeyboard...)
	_, err = h.f.Write(append(b, make([]byte, 4096-len(bootKeyboard))...))
	return err
}

// path waits for the node that the kernel makes.
func (h *hidScanner) path() (string, error) {
	all, _ := filepath.Glob("/sys/class/input/event*/device/name")
	for _, p := range all {
		b, err := os.ReadFile(p)
		if err == nil && strings.TrimSpace(string(b)) == h.name {
			return "/dev/input/" + filepath.Base(filepath.Dir(filepath.Dir(p))), nil
		}
	}
	return "", os.ErrNotExist
}

func (h *hidScanner) Unplug() error {
	if h.f == nil {
		return nil
	}
	_, err := h.f.Write(binary.NativeEndian.AppendUint32(nil, uhidDestroy))
	err = errors.Join(err, h.f.Close())
	h.f = nil
	return err
}

// usages are the keys of the HID usage tables (1.12, chapter 10) from 0x1e on,
// without and with Shift; letters begin at 0x04.
const (
	usages  = "1234567890\n\x00\x00\t -=[]\\\x00;'`,./"
	shifted = "!@#$%^&*()\x00\x00\x00\x00\x00_+{}|\x00:\"~<>?"
)

func report(c byte) []byte {
	r := make([]byte, 8)
	switch {
	case c >= 'a' && c <= 'z':
		r[2] = 4 + c - 'a'
	case c >= 'A' && c <= 'Z':
		r[0], r[2] = 2, 4+c-'A'
	case strings.IndexByte(usages, c) >= 0:
		r[2] = byte(0x1e + strings.IndexByte(usages, c))
	default:
		r[0], r[2] = 2, byte(0x1e+strings.IndexByte(shifted, c))
	}
	return r
}

// keyPause is what a scanner waits between keys: full-speed USB asks a
// keyboard once in a millisecond or more.
const keyPause = 100 * time.Microsecond

// report sends what a keyboard reports: modifiers, and the keys that are down.
func (h *hidScanner) report(r []byte) error {
	b := binary.NativeEndian.AppendUint32(nil, uhidInput2)
	_, err := h.f.Write(append(binary.NativeEndian.AppendUint16(b, uint16(len(r))), r...))
	return err
}

func (h *hidScanner) keys(text string) error {
	for i := range len(text) {
		for _, r := range [][]byte{report(text[i]), make([]byte, 8)} {
			if err := h.report(r); err != nil {
				return err
			}
		}
		time.Sleep(keyPause)
	}
	return nil
}

func (h *hidScanner) Scan(code string) error { return h.keys(code + "\n") }

// settled waits until what the scanner reports comes through: the kernel makes the node before its HID driver is done with
// the device, and throws away what is reported meanwhile, which on a slow machine was the first key of a code. Shift says
// nothing by itself.
func (h *hidScanner) settled(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	const states = 0x80604518 // EVIOCGKEY(96): which keys are down
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		var down [96]byte
		for _, r := range [][]byte{{2, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 8)} {
			if err := h.report(r); err != nil {
				return err
			}
			if r[0] == 0 {
				break
			}
			if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), states, uintptr(unsafe.Pointer(&down))); errno != 0 {
				return errno
			}
		}
		if down[keyLeftShift/8]&(1<<(keyLeftShift%8)) != 0 {
			return nil
		}
		if time.Now().After(end) {
			return errors.New("nothing that the scanner reports comes through")
		}
	}
}

const keyLeftShift = 42

func hidBench(t testing.TB) drivertest.ScannerBench {
	h := &hidScanner{}
	b := bench(t, h, scanner.Options{}, func(s *scanner.Scanner) func(context.Context) (*scanner.Reading, error) {
		return func(ctx context.Context) (*scanner.Reading, error) {
			path, err := h.path()
			if err == nil {
				err = h.settled(path)
			}
			if err != nil {
				return nil, err
			}
			return s.Opener(scanner.Evdev(path))(ctx)
		}
	})
	b.Half, b.Flood = h.keys, 8<<10
	return b
}

// tryUHID plugs a keyboard in once: a kernel may have no HID devices of programs, may let only root make one, or may make its
// node in a /dev that is not this container's.
var tryUHID = sync.OnceValue(func() error {
	h := &hidScanner{}
	if err := h.Plug(); err != nil {
		return err
	}
	defer h.Unplug()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		path, err := h.path()
		if err == nil {
			var f *os.File
			if f, err = os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0); err == nil {
				return f.Close()
			}
		}
		if time.Now().After(end) {
			return err
		}
	}
})

// haveUHID says whether this kernel lets a test be a HID device, and says it
// aloud where it does not.
func haveUHID(t *testing.T) bool {
	t.Helper()
	err := tryUHID()
	if err != nil {
		t.Logf("NOT PROVED HERE: no real evdev node can be made by way of %s (CONFIG_UHID): %v. The model of one takes its place; "+
			"drivers/drivertest/rig.sh proves it in a machine whose kernel has it.", uhid, err)
	}
	return err == nil
}

// TestRealKeyboardOfTheKernelKeepsToThePort scans through hid-generic and evdev
// of Linux where they can be had, and else through the model once more.
func TestRealKeyboardOfTheKernelKeepsToThePort(t *testing.T) {
	if !haveUHID(t) {
		drivertest.Scanner(t, func(t testing.TB) drivertest.ScannerBench { return keyboardBench(t, scanner.Options{}) })
		return
	}
	drivertest.Scanner(t, hidBench)
}

// TestGrabKeepsTheKeysFromEverybodyElse opens the node a second time.
func TestGrabKeepsTheKeysFromEverybodyElse(t *testing.T) {
	if !haveUHID(t) {
		TestSecondProgramCannotHaveTheKeys(t)
		return
	}
	h := &hidScanner{}
	if err := h.Plug(); err != nil {
		t.Fatal(err)
	}
	defer h.Unplug()
	var path string
	for end := time.Now().Add(patience); path == "" && time.Now().Before(end); time.Sleep(time.Millisecond) {
		path, _ = h.path()
	}
	s := scanner.New(scanner.Options{})
	defer s.Close()
	sup := supervise.New(supervise.Options[*scanner.Reading]{Name: "scanner", Open: s.Opener(scanner.Evdev(path)), Poll: -1})
	defer sup.Close()
	for end := time.Now().Add(patience); sup.Condition().State != "ok" && time.Now().Before(end); time.Sleep(time.Millisecond) {
	}
	other, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := h.Scan("6901028075831"); err != nil {
		t.Fatal(err)
	}
	if got := take(t, s, 1); got[0] != "6901028075831" {
		t.Fatalf("got %q", got)
	}
	if err := other.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := other.Read(make([]byte, 4096)); err == nil {
		t.Fatalf("another program read %d bytes of the scan", n)
	}
	if _, err := s.Opener(scanner.Evdev(path))(t.Context()); !errors.Is(err, syscall.EBUSY) || port.Reason(err) != port.BusyElsewhere {
		t.Fatalf("a second grab: %v", err)
	}
}

// TestGrabMidwayThroughACode opens a node of the kernel while a key is down: the rest of that code is not given.
func TestGrabMidwayThroughACode(t *testing.T) {
	if !haveUHID(t) {
		TestTheTailOfACodeIsNone(t)
		return
	}
	h := &hidScanner{}
	if err := h.Plug(); err != nil {
		t.Fatal(err)
	}
	defer h.Unplug()
	var path string
	for end := time.Now().Add(patience); path == "" && time.Now().Before(end); time.Sleep(time.Millisecond) {
		path, _ = h.path()
	}
	if err := h.settled(path); err != nil {
		t.Fatal(err)
	}
	if err := h.report(report('9')); err != nil {
		t.Fatal(err)
	}
	s := scanner.New(scanner.Options{})
	defer s.Close()
	if _, err := s.Opener(scanner.Evdev(path))(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(h.report(make([]byte, 8)), h.Scan("780201379624"), h.Scan("9780201379624")); err != nil {
		t.Fatal(err)
	}
	if got := take(t, s, 1); got[0] != "9780201379624" || s.Lost() != 1 {
		t.Errorf("got %q, %d lost", got, s.Lost())
	}
}

// TestOverrunOfTheKernelsBufferLosesWholeCodesOnly lets the kernel's buffer run
// over while nobody reads, as a till does that is stopped for a moment.
func TestOverrunOfTheKernelsBufferLosesWholeCodesOnly(t *testing.T) {
	if !haveUHID(t) {
		overrunOfTheModel(t)
		return
	}
	h := &hidScanner{}
	if err := h.Plug(); err != nil {
		t.Fatal(err)
	}
	defer h.Unplug()
	var path string
	for end := time.Now().Add(patience); path == "" && time.Now().Before(end); time.Sleep(time.Millisecond) {
		path, _ = h.path()
	}
	held := &slowNode{ready: make(chan struct{})}
	s := scanner.New(scanner.Options{})
	defer s.Close()
	if _, err := s.Opener(scanner.Keyboard(func() (scanner.KeyWire, error) {
		var err error
		held.File, err = os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
		return held, err
	}))(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if err := h.Scan(fmt.Sprintf("69%011d", i)); err != nil {
			t.Fatal(err)
		}
	}
	close(held.ready)
	if err := errors.Join(h.Scan("sentinel"), h.Scan("sentinel")); err != nil {
		t.Fatal(err)
	}
	last := -1
	for {
		code := take(t, s, 1)[0]
		if code == "sentinel" {
			break
		}
		var n int
		if _, err := fmt.Sscanf(code, "69%011d", &n); err != nil || len(code) != 13 || n <= last || n >= 20 {
			t.Fatalf("got %q after %d", code, last)
		}
		last = n
	}
	if s.Lost() == 0 {
		t.Fatal("nothing was lost: the buffer did not run over")
	}
}

// overrunOfTheModel says what the kernel says when its buffer ran over.
func overrunOfTheModel(t *testing.T) {
	k := &sim.Keyboard{}
	_ = k.Plug()
	s := scanner.New(scanner.Options{})
	defer s.Close()
	if _, err := s.Opener(scanner.Keyboard(k.Open))(t.Context()); err != nil {
		t.Fatal(err)
	}
	half, err := sim.Keys("69010")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(k.Send(half), k.Send(sim.Event(nil, 0, 3, 0)), k.Scan("75831"), k.Scan("sentinel")); err != nil {
		t.Fatal(err)
	}
	if got := take(t, s, 1); got[0] != "sentinel" || s.Lost() != 1 {
		t.Fatalf("got %q, %d lost", got, s.Lost())
	}
}

// slowNode is an evdev node that is not read until it is told.
type slowNode struct {
	*os.File
	ready chan struct{}
}

func (n *slowNode) Read(b []byte) (int, error) {
	<-n.ready
	return n.File.Read(b)
}

// Grab leaves the keys to everybody: the test has no window.
func (n *slowNode) Grab() error { return nil }
