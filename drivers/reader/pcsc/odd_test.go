package pcsc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/pcsc"
)

// TestNonsense: a daemon that talks nonsense at any step is a fault and no panic, no hang, no wish for memory.
func TestNonsense(t *testing.T) {
	t.Parallel()
	for _, bad := range []uint32{0x01, 0x04, 0x07, 0x09, 0x0A, 0x0B, 0x0F, 0x12, 0x13} {
		f := play(t, func(f *fake, conn net.Conn, command uint32, body []byte) []byte {
			switch {
			case command == bad:
				out := make([]byte, 4096)
				for i := range out {
					out[i] = 0xFF
				}
				if command == 0x09 || command == 0x0A || command == 0x0F {
					copy(out[len(body)-4:], numbers(0)) // success, and a length of 4 GB
				}
				return out
			case command == 0x04:
				return append(body[:140], numbers(5, 2, 0)...)
			case command == 0x07 || command == 0x0B:
				return numbers(5, 0)
			}
			return obeys(4)(f, conn, command, body)
		})
		ctx := within(t)
		err := func() error {
			c, err := pcsc.Dial(ctx, f.socket)
			if err != nil {
				return err
			}
			defer c.Close()
			h, err := c.Connect(ctx, "A", pcsc.Shared, pcsc.AnyOf)
			if err != nil {
				return err
			}
			_, e1 := h.Transmit(ctx, make([]byte, 5))
			_, e2 := h.Control(ctx, 1, nil)
			_, e3 := h.Attribute(ctx, 1)
			_, e4 := c.Readers(ctx)
			_, e5 := c.Wait(ctx, []pcsc.State{{Name: "other"}})
			return errors.Join(h.Begin(ctx), h.Status(ctx), e1, e2, e3, e4, e5)
		}()
		if err == nil {
			t.Errorf("command %02X: nonsense taken for an answer", bad)
		}
	}
}

// TestSilent: a daemon that takes the call and says nothing does not keep the till from closing, nor from giving up.
func TestSilent(t *testing.T) {
	t.Parallel()
	f := play(t, func(_ *fake, _ net.Conn, _ uint32, _ []byte) []byte { return []byte{} })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := pcsc.Dial(ctx, f.socket); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	r := pcsc.Open(pcsc.Opts{Socket: f.socket, Terminal: terminal})
	if s := r.State(); s != "daemon_down" {
		t.Errorf("state %q", s)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// TestNoPermission: a socket that the till's user may not open.
func TestNoPermission(t *testing.T) {
	f := play(t, obeys(4))
	if err := os.Chmod(f.socket, 0); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its rights
		if os.Getuid() == 0 {
			if _, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, 65534, 0, 0); errno != 0 {
				done <- errno
				return
			}
		}
		_, err := pcsc.Dial(within(t), f.socket)
		done <- err
	}()
	if err := <-done; !errors.Is(err, pcsc.ErrNoPermission) {
		t.Error(err)
	}
}

// trickle hands every byte on by itself.
func trickle(to net.Conn, from io.Reader) {
	var one [1]byte
	for {
		if _, err := from.Read(one[:]); err != nil {
			break
		}
		if _, err := to.Write(one[:]); err != nil {
			break
		}
	}
	to.Close()
}

// TestTrickle: a payment with the real daemon behind a line that hands on byte by byte.
func TestTrickle(t *testing.T) {
	t.Parallel()
	d := drivertest.StartPCSCD(t)
	socket := filepath.Join(filepath.Dir(d.Socket), "slow")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("unix", d.Socket)
			if err != nil {
				from.Close()
				continue
			}
			go trickle(to, from)
			go trickle(from, to)
		}
	}()
	insert(t, d, 0, contactless)
	r := open(t, pcsc.Opts{Socket: socket})
	s, err := r.Connect(within(t), drivertest.ReaderPurchase())
	if err != nil {
		t.Fatal(err)
	}
	pay(t, s, contactless)
	becomes(t, r, "")
}

// TestADeadChipIsToldFromADeadCardInTheField: a stripe may stand in for the one and not for the other.
func TestADeadChipIsToldFromADeadCardInTheField(t *testing.T) {
	for name, chip := range map[string]bool{"Maker Contact Reader 00 00": true, "Maker PICC Interface 00 00": false} {
		for _, code := range []pcsc.Code{pcsc.UnresponsiveCard, pcsc.UnsupportedCard} {
			f := play(t, func(f *fake, conn net.Conn, command uint32, body []byte) []byte {
				if command == 0x04 {
					return append(body[:140], numbers(0, 0, uint32(code))...)
				}
				return obeys(4)(f, conn, command, body)
			})
			f.flags = 4
			f.plug(name)
			r := open(t, pcsc.Opts{Socket: f.socket})
			if _, err := r.Connect(within(t), drivertest.ReaderPurchase()); !errors.Is(err, pos.ErrCardUnreadable) || errors.Is(err, reader.ErrChip) != chip {
				t.Errorf("%s, %08X: %v", name, uint32(code), err)
			}
		}
	}
}
