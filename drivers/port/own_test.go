package port_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/uart"

	"tillkeeper/drivers/port"
)

// The far end of a pseudo terminal sees what the near one was really set to.
func TestSpeedWithoutANameIsSetToo(t *testing.T) {
	far, path := pair(t)
	for _, baud := range []int{50, 12345, 128000, 250000, 1288000, 4000000} {
		near, err := port.OpenLine(path, baud)
		if err != nil {
			t.Fatalf("%d baud: %v", baud, err)
		}
		for name, l := range map[string]*port.Line{"near": near, "far": far} {
			if got, err := l.Speed(); err != nil || got != baud {
				t.Errorf("%d baud: the %s end has %d, %v", baud, name, got, err)
			}
		}
		if err := near.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFramingThatATTYHasIsTaken(t *testing.T) {
	_, path := pair(t)
	for _, c := range []struct {
		stop   uart.Stop
		parity uart.Parity
		flow   uart.Flow
		bits   int
	}{
		{uart.One, uart.NoParity, uart.NoFlow, 8},
		{uart.Two, uart.NoParity, uart.NoFlow, 8},
		{uart.One, uart.Even, uart.NoFlow, 7},
		{uart.One, uart.Odd, uart.RTSCTS, 8},
	} {
		p, err := port.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Connect(9600*physic.Hertz, c.stop, c.parity, c.flow, c.bits); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSecondOpenerOfATTYIsToldThatItIsTaken(t *testing.T) {
	_, path := pair(t)
	first, err := port.OpenLine(path, 9600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := port.OpenLine(path, 9600); !errors.Is(err, syscall.EBUSY) {
		t.Fatalf("got %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := port.OpenLine(path, 9600)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// Names under /dev/serial/by-id are links.
func TestLineIsOpenedThroughALink(t *testing.T) {
	far, path := pair(t)
	link := filepath.Join(t.TempDir(), "usb-1a86_USB_Serial-if00-port0")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	near, err := port.OpenLine(link, 9600)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	if _, err := far.Write([]byte{7}); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1)
	if err := near.Tx(nil, b); err != nil || b[0] != 7 {
		t.Fatalf("got %v, %v", b, err)
	}
}

func TestPathThatIsNoTTYIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := port.OpenLine(path, 9600); !errors.Is(err, syscall.ENOTTY) {
		t.Fatalf("got %v", err)
	}
	if _, err := port.OpenLine(path+"x", 9600); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("got %v", err)
	}
}
