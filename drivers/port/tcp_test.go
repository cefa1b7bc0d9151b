package port_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/port"
)

// peer listens on loopback and hands each connection to serve.
func peer(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serve(c)
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	return l.Addr().String()
}

func TestTCPCarriesBytesAndDeadlines(t *testing.T) {
	addr := peer(t, func(c net.Conn) {
		_, _ = io.CopyN(c, c, 3)
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	})
	c, err := port.DialTCP(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := make([]byte, 3)
	if err := c.Tx([]byte{1, 2, 3}, r); err != nil || string(r) != "\x01\x02\x03" || c.String() != addr {
		t.Fatalf("% x, %v, %s", r, err, c)
	}
	c.SetWait(5 * time.Millisecond)
	if err := c.Tx(nil, r); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("nothing came: %v", err)
	}
}

func TestTCPEndsAreAHangUp(t *testing.T) {
	for name, end := range map[string]func(c *net.TCPConn){
		"closed": func(*net.TCPConn) {},
		"reset":  func(c *net.TCPConn) { _ = c.SetLinger(0) },
	} {
		addr := peer(t, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 1))
			end(c.(*net.TCPConn))
			_ = c.Close()
		})
		c, err := port.DialTCP(addr)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Tx([]byte{1}, make([]byte, 1)); !errors.Is(err, port.ErrHangup) {
			t.Errorf("%s: %v", name, err)
		}
		_ = c.Close()
	}
}

// TestNoHostIsNotThisMachine: a printer without a host was looked for on the till itself.
func TestNoHostIsNotThisMachine(t *testing.T) {
	_, listens, err := net.SplitHostPort(peer(t, func(c net.Conn) { _ = c.Close() }))
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{":" + listens, "[]:" + listens, "", listens} {
		if c, err := port.DialTCP(addr); !errors.Is(err, port.ErrUnreachable) {
			t.Errorf("%q opened %v, %v", addr, c, err)
		}
	}
}

func TestTCPRefused(t *testing.T) {
	addr, err := drivertest.Address() // nobody else's in the meantime
	if err != nil {
		t.Fatal(err)
	}
	if _, err := port.DialTCP(addr); !errors.Is(err, port.ErrRefused) || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Fatalf("got %v", err)
	}
}
