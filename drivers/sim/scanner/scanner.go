// Package scanner simulates barcode scanners at the level of their wire: one on
// a serial line (a pseudo terminal, a code and CR), and one that is a keyboard
// (the bytes of struct input_event as the kernel's HID driver makes them: scan
// code, key, report; Shift around what needs it; Enter at the end).
//
// The keyboard is a model of an evdev node, because not every kernel lets a
// program make a real one: one opener may grab it, a second gets EBUSY, and
// after Unplug a read answers ENODEV, as the kernel does. It never gives a
// character that a US keyboard does not have.
package scanner

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"tillkeeper/drivers/port"
	"tillkeeper/drivers/scanner"
)

// ErrUnplugged says that the scanner is not plugged in.
var ErrUnplugged = errors.New("the simulated scanner is not plugged in")

// Serial is a scanner on a pseudo terminal. The zero value is unplugged.
type Serial struct {
	mu   sync.Mutex
	far  *port.Line
	path string
}

// Plug plugs the scanner in. Each time it is another terminal.
func (s *Serial) Plug() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.far != nil {
		return nil
	}
	var err error
	s.far, s.path, err = port.Pty()
	return err
}

// Path is the terminal that the driver opens; os.ErrNotExist while it is
// unplugged.
func (s *Serial) Path() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.far == nil {
		return "", os.ErrNotExist
	}
	return s.path, nil
}

// Scan reads a code: its bytes and CR.
func (s *Serial) Scan(code string) error { return s.Send([]byte(code + "\r")) }

// Send sends bytes as they are.
func (s *Serial) Send(b []byte) error {
	s.mu.Lock()
	far := s.far
	s.mu.Unlock()
	if far == nil {
		return ErrUnplugged
	}
	_, err := far.Write(b)
	return err
}

// Unplug takes the scanner away: its line hangs up.
func (s *Serial) Unplug() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.far == nil {
		return nil
	}
	err := s.far.Close()
	s.far, s.path = nil, ""
	return err
}

// Keyboard is a scanner that is a keyboard. The zero value is unplugged.
type Keyboard struct {
	mu      sync.Mutex
	plugged bool
	opened  *node // who has grabbed it
	in      *os.File
}

// Plug plugs the scanner in.
func (k *Keyboard) Plug() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.plugged = true
	return nil
}

// Open opens the model as the driver opens /dev/input/eventN.
func (k *Keyboard) Open() (scanner.KeyWire, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.plugged {
		return nil, os.ErrNotExist
	}
	return &node{of: k}, nil
}

// node is one opener of a Keyboard.
type node struct {
	of  *Keyboard
	out *os.File // the events, once it has grabbed
}

// Grab has the events come here alone.
func (n *node) Grab() error {
	n.of.mu.Lock()
	defer n.of.mu.Unlock()
	if n.of.opened != nil {
		return syscall.EBUSY
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	n.out, n.of.in, n.of.opened = r, w, n
	return nil
}

// Read waits for events.
func (n *node) Read(b []byte) (int, error) {
	c, err := n.out.Read(b)
	if errors.Is(err, io.EOF) {
		return c, &os.PathError{Op: "read", Path: "/dev/input/event0", Err: syscall.ENODEV}
	}
	return c, err
}

// SetReadDeadline bounds Read.
func (n *node) SetReadDeadline(t time.Time) error { return n.out.SetReadDeadline(t) }

// Close lets the scanner go.
func (n *node) Close() error {
	n.of.mu.Lock()
	defer n.of.mu.Unlock()
	if n.out == nil {
		return nil
	}
	if n.of.opened == n {
		_ = n.of.in.Close()
		n.of.opened, n.of.in = nil, nil
	}
	return n.out.Close()
}

// Unplug takes the scanner away: whoever reads gets ENODEV.
func (k *Keyboard) Unplug() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.plugged = false
	if k.in == nil {
		return nil
	}
	err := k.in.Close()
	k.opened, k.in = nil, nil
	return err
}

// Scan types a code and Enter.
func (k *Keyboard) Scan(code string) error {
	b, err := Keys(code + "\n")
	if err != nil {
		return err
	}
	return k.Send(b)
}

// Send sends bytes of events as they are. Without somebody who has grabbed them
// they go to the window, which is not here.
func (k *Keyboard) Send(b []byte) error {
	k.mu.Lock()
	in, plugged := k.in, k.plugged
	k.mu.Unlock()
	switch {
	case !plugged:
		return ErrUnplugged
	case in == nil:
		return nil
	}
	_, err := in.Write(b)
	return err
}

// rows are the keys of a US keyboard, each row with the code of its first key
// (linux/input-event-codes.h) and what it gives without and with Shift.
var rows = []struct {
	first        uint16
	plain, shift string
}{
	{2, "1234567890-=", "!@#$%^&*()_+"},
	{16, "qwertyuiop[]\n", "QWERTYUIOP{}"},
	{30, "asdfghjkl;'`", "ASDFGHJKL:\"~"},
	{43, "\\zxcvbnm,./", "|ZXCVBNM<>?"},
	{57, " ", ""},
}

// The types and codes of an event.
const (
	evSyn, evKey, evMsc = 0, 1, 4
	mscScan             = 4
	leftShift           = 42
)

// Keys gives the events of typing a text; "\n" is Enter.
func Keys(text string) ([]byte, error) {
	var b []byte
	for _, c := range text {
		code, shift, ok := key(c)
		if !ok {
			return nil, fmt.Errorf("a US keyboard has no %q", c)
		}
		if shift {
			b = stroke(b, leftShift, 1)
		}
		b = stroke(stroke(b, code, 1), code, 0)
		if shift {
			b = stroke(b, leftShift, 0)
		}
	}
	return b, nil
}

func key(c rune) (code uint16, shift, ok bool) {
	for _, r := range rows {
		if i := strings.IndexRune(r.plain, c); i >= 0 {
			return r.first + uint16(i), false, true
		}
		if i := strings.IndexRune(r.shift, c); i >= 0 {
			return r.first + uint16(i), true, true
		}
	}
	return 0, false, false
}

// stroke appends what the kernel says of one key: its scan code, the key, and
// the end of the report.
func stroke(b []byte, code uint16, value int32) []byte {
	b = Event(b, evMsc, mscScan, 0x70000+int32(code))
	b = Event(b, evKey, code, value)
	return Event(b, evSyn, 0, 0)
}

// Event appends one struct input_event of this machine's size.
func Event(b []byte, kind, code uint16, value int32) []byte {
	b = append(b, make([]byte, 2*strconv.IntSize/8)...) // the time is not looked at
	b = binary.NativeEndian.AppendUint16(b, kind)
	b = binary.NativeEndian.AppendUint16(b, code)
	return binary.NativeEndian.AppendUint32(b, uint32(value))
}
