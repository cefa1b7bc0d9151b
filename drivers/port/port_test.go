package port_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/uart"
	"periph.io/x/conn/v3/uart/uartreg"

	"tillkeeper/drivers/port"
)

func pair(t *testing.T) (far *port.Line, path string) {
	t.Helper()
	far, path, err := port.Pty()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	return far, path
}

func TestEveryByteCrossesUnchangedBothWays(t *testing.T) {
	far, path := pair(t)
	near, err := port.OpenLine(path, 115200)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, way := range [][2]io.ReadWriter{{near, far}, {far, near}} {
		if _, err := way[0].Write(all); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 256)
		if _, err := io.ReadFull(way[1], got); err != nil || string(got) != string(all) {
			t.Fatalf("got % x, %v", got, err)
		}
	}
}

func TestDeadlineEndsARead(t *testing.T) {
	_, path := pair(t)
	near, err := port.OpenLine(path, 9600)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	near.SetWait(10 * time.Millisecond)
	if err := near.Tx(nil, make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
}

func TestHangUpIsAnError(t *testing.T) {
	far, path := pair(t)
	near, err := port.OpenLine(path, 9600)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	if err := far.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := near.Read(make([]byte, 1)); !errors.Is(err, port.ErrHangup) || !errors.Is(err, io.EOF) {
		t.Fatalf("got %v", err)
	}
}

// TestALineIsKnownByItsPath: what the till opens is in uartreg, and two paths whose names there would be one are two ports.
func TestALineIsKnownByItsPath(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"a:b", "a-b"} {
		_, tty := pair(t)
		path := filepath.Join(dir, name)
		if err := os.Symlink(tty, path); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			l, err := port.OpenLine(path, 9600)
			if err != nil {
				t.Fatal(err)
			}
			if l.String() != path {
				t.Errorf("%s leads to %s", path, l)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if p, err := uartreg.Open(filepath.Join(dir, "a-b") + strings.Repeat("'", i)); err != nil {
			t.Error(err)
		} else if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := port.OpenLine(filepath.Join(dir, "none"), 9600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a path that is not there: %v", err)
	}
}

func TestRegisteredPortIsOpenedByName(t *testing.T) {
	far, path := pair(t)
	name := "till" + t.Name()
	if err := port.Register(name, path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := uartreg.Unregister(name); err != nil {
			t.Error(err)
		}
	})
	p, err := uartreg.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.LimitSpeed(9600 * physic.Hertz); err != nil {
		t.Fatal(err)
	}
	c, err := p.Connect(115200*physic.Hertz, uart.One, uart.NoParity, uart.NoFlow, 8)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Connect(9600*physic.Hertz, uart.One, uart.NoParity, uart.NoFlow, 8); err == nil {
		t.Fatal("connected twice")
	}
	if err := c.Tx([]byte{5}, nil); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	if _, err := far.Read(b); err != nil || b[0] != 5 {
		t.Fatalf("got %v %v", b, err)
	}
}

func TestSettingsThatNoTTYHasAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		baud   physic.Frequency
		stop   uart.Stop
		parity uart.Parity
		flow   uart.Flow
		bits   int
	}{
		"speed":  {10 * physic.Hertz, uart.One, uart.NoParity, uart.NoFlow, 8},
		"hasty":  {5_000_000 * physic.Hertz, uart.One, uart.NoParity, uart.NoFlow, 8},
		"stop":   {9600 * physic.Hertz, uart.OneHalf, uart.NoParity, uart.NoFlow, 8},
		"parity": {9600 * physic.Hertz, uart.One, uart.Mark, uart.NoFlow, 8},
		"flow":   {9600 * physic.Hertz, uart.One, uart.NoParity, uart.MakeXOnXOffFlow(17, 19), 8},
		"bits":   {9600 * physic.Hertz, uart.One, uart.NoParity, uart.NoFlow, 9},
	} {
		_, path := pair(t)
		p, err := port.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Connect(c.baud, c.stop, c.parity, c.flow, c.bits); !errors.Is(err, port.ErrSpeed) {
			t.Errorf("%s: got %v", name, err)
		}
		_ = p.Close()
	}
}

// TestOnlyACharacterDeviceIsAPrinter: a path that was mistyped in the
// configuration, a file's or a disk's, was written over with the first slip.
func TestOnlyACharacterDeviceIsAPrinter(t *testing.T) {
	file := filepath.Join(t.TempDir(), "accounts")
	if err := os.WriteFile(file, []byte("of value"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := port.OpenLP(file); !errors.Is(err, port.ErrNoPrinter) || port.Reason(err) != port.DeviceFault {
		t.Errorf("a file opened as %v, %v", l, err)
	}
	if kept, err := os.ReadFile(file); err != nil || string(kept) != "of value" {
		t.Errorf("it holds %q, %v", kept, err)
	}
	if l, err := port.OpenLP(file + "s"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("nothing opened as %v, %v", l, err)
	}
	_, path := pair(t)
	l, err := port.OpenLP(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestARelativePathIsNoPort: it would be another port whenever the till is
// started in another folder.
func TestARelativePathIsNoPort(t *testing.T) {
	_, path := pair(t)
	t.Chdir(filepath.Dir(path))
	if l, err := port.OpenLine(filepath.Base(path), 9600); !errors.Is(err, os.ErrNotExist) || port.Reason(err) != port.Unplugged {
		t.Errorf("opened %v, %v", l, err)
	}
}

// TestNoPathIsNotTheFirstPort: to uartreg an empty name is the first port that
// was registered, so a device without a path would have spoken to another one.
func TestNoPathIsNotTheFirstPort(t *testing.T) {
	far, path, err := port.Pty()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	first, err := port.OpenLine(path, 9600) // registers it
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err := port.OpenLine("", 9600); !errors.Is(err, os.ErrNotExist) || port.Reason(err) != port.Unplugged {
		t.Errorf("no path opened %v, %v", l, err)
	}
}
