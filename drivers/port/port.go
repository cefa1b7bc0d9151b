// Package port opens the ways to devices that the host library lacks: serial
// lines (real ones and pseudo terminals) as periph uart ports with their speed
// really set, deadlines, and a hang-up as an error; and printers under
// /dev/usb/lpN opened so that a read never hangs for ever.
//
// It never guesses a device: the caller names a path. Speeds are in baud as
// physic.Frequency (1 baud = 1 Hz). Linux only.
package port

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/uart"
	"periph.io/x/conn/v3/uart/uartreg"
)

// ErrHangup says that the other end of a line has gone: unplugged, or closed.
// It is an io.EOF to errors.Is.
var ErrHangup = fmt.Errorf("the line has hung up: %w", io.EOF)

// ErrSpeed says that a speed or framing is not one that a tty can have.
var ErrSpeed = errors.New("not a setting that the port can have")

// Serial is a tty that is open and not yet configured. It is a
// uart.PortCloser; Connect may be called once.
type Serial struct {
	path string

	mu    sync.Mutex
	file  *os.File
	limit physic.Frequency
	used  bool
}

// Open opens a tty or pty by its path, a link under /dev/serial/by-id too. One that another program has is syscall.EBUSY.
func Open(path string) (*Serial, error) {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := own(f); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return &Serial{path: path, file: f}, nil
}

// Register makes a tty known to periph's uartreg under a name without colons.
func Register(name, path string) error {
	return uartreg.Register(strings.ReplaceAll(name, ":", "-"), nil, -1, func() (uart.PortCloser, error) {
		return Open(path)
	})
}

// known are the ttys that this program has opened, the path of each by its name in uartreg.
var known = struct {
	sync.Mutex
	paths map[string]string
}{paths: map[string]string{}}

// registered makes a tty known to uartreg under its path, once, and gives the
// name: colons are not allowed in one, so two paths may have to be told apart.
// An empty path is no port: uartreg takes an empty name for the first one it knows,
// and a relative one is another place whenever the folder is another.
func registered(path string) (string, error) {
	if !filepath.IsAbs(path) {
		return "", &os.PathError{Op: "open", Path: "a port without a path from /: " + strconv.Quote(path), Err: os.ErrNotExist}
	}
	known.Lock()
	defer known.Unlock()
	name := strings.ReplaceAll(path, ":", "-")
	for known.paths[name] != path {
		if known.paths[name] != "" {
			name += "'"
			continue
		}
		if err := Register(name, path); err != nil {
			return "", err
		}
		known.paths[name] = path
	}
	return name, nil
}

// String gives the path.
func (s *Serial) String() string { return s.path }

// Close closes the tty.
func (s *Serial) Close() error { return s.file.Close() }

// LimitSpeed sets the highest speed that Connect will use, in baud.
func (s *Serial) LimitSpeed(f physic.Frequency) error {
	if f <= 0 {
		return ErrSpeed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit = f
	return nil
}

// Connect sets the line to raw mode at the speed and framing given. What it
// returns is a *Line.
func (s *Serial) Connect(f physic.Frequency, stop uart.Stop, parity uart.Parity, flow uart.Flow, bits int) (conn.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used {
		return nil, fmt.Errorf("%s: connected already", s.path)
	}
	if s.limit > 0 && s.limit < f {
		f = s.limit
	}
	if err := configure(s.file, int(f/physic.Hertz), stop, parity, flow, bits); err != nil {
		return nil, fmt.Errorf("%s: %w", s.path, err)
	}
	s.used = true
	return &Line{file: s.file, path: s.path, wait: defaultWait}, nil
}

// OpenLine opens a tty through uartreg at a speed in baud, 8 data bits, no
// parity, 1 stop bit.
func OpenLine(path string, baud int) (*Line, error) {
	name, err := registered(path)
	if err != nil {
		return nil, err
	}
	s, err := uartreg.Open(name)
	if err != nil {
		return nil, err
	}
	c, err := s.Connect(physic.Frequency(baud)*physic.Hertz, uart.One, uart.NoParity, uart.NoFlow, 8)
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	return c.(*Line), nil
}

// ErrNoPrinter says that what stands at a path takes no printer's bytes: a file
// or a disk, which they would overwrite.
var ErrNoPrinter = errors.New("not a character device: no printer is there")

// OpenLP opens a printer under /dev/usb/lpN. A second opener gets EBUSY, a
// printer that is gone answers ENODEV; anything but a character device is
// ErrNoPrinter.
func OpenLP(path string) (*Line, error) {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode()&os.ModeCharDevice == 0 {
		err = fmt.Errorf("%s: %w", path, ErrNoPrinter)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Line{file: f, path: path, wait: defaultWait}, nil
}

// defaultWait bounds a Tx that reads.
const defaultWait = 2 * time.Second

// Line is an open line: a stream with deadlines, and a conn.Conn whose Tx
// writes and then reads exactly what was asked for.
type Line struct {
	file *os.File
	path string
	wait time.Duration
}

// String gives the path.
func (l *Line) String() string { return l.path }

// Read reads what is there, waiting for the first byte.
func (l *Line) Read(b []byte) (int, error) {
	n, err := l.file.Read(b)
	return n, hangup(err)
}

// Write writes all of b or fails.
func (l *Line) Write(b []byte) (int, error) {
	n, err := l.file.Write(b)
	return n, hangup(err)
}

// Close closes the line; a read that waits ends.
func (l *Line) Close() error { return l.file.Close() }

// SetDeadline bounds reads and writes.
func (l *Line) SetDeadline(t time.Time) error { return l.file.SetDeadline(t) }

// SetReadDeadline bounds reads.
func (l *Line) SetReadDeadline(t time.Time) error { return l.file.SetReadDeadline(t) }

// SetWriteDeadline bounds writes.
func (l *Line) SetWriteDeadline(t time.Time) error { return l.file.SetWriteDeadline(t) }

// SetWait sets how long Tx waits for its answer.
func (l *Line) SetWait(d time.Duration) { l.wait = d }

// Tx writes w, then reads until r is full or the wait is over.
func (l *Line) Tx(w, r []byte) error { return exchange(l, l.wait, w, r) }

// exchange writes w, then reads until r is full or the wait is over.
func exchange(way interface {
	io.ReadWriter
	SetReadDeadline(t time.Time) error
}, wait time.Duration, w, r []byte,
) error {
	if len(w) > 0 {
		if _, err := way.Write(w); err != nil {
			return err
		}
	}
	if len(r) == 0 {
		return nil
	}
	if err := way.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return err
	}
	_, err := io.ReadFull(way, r)
	return errors.Join(err, way.SetReadDeadline(time.Time{}))
}

// Duplex is half: an answer follows a question.
func (l *Line) Duplex() conn.Duplex { return conn.Half }

// hangup makes the ways in which a line goes one error.
func hangup(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ENODEV) || errors.Is(err, syscall.ENXIO) {
		return fmt.Errorf("%w (%w)", ErrHangup, err)
	}
	return err
}
