package port

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3"
)

// The ways in which a device on the network cannot be reached.
var (
	// ErrUnreachable says that nothing answers at an address: switched off, or
	// the cable is out.
	ErrUnreachable = errors.New("nothing answers at the address")
	// ErrRefused says that the address answers and takes no connection there: a
	// wrong port, or a device that serves one program at a time.
	ErrRefused = errors.New("the address takes no connection")
)

// The limits of a connection to a device on the network.
const (
	dialWait = 3 * time.Second
	deadWait = 20 * time.Second // unanswered data or probes end the connection
)

// TCP is an open connection to a device on the network, of the same shape as a
// Line. A reset or an end is ErrHangup.
type TCP struct {
	conn *net.TCPConn
	addr string
	wait time.Duration
}

// DialTCP connects to "host:port". The errors are ErrUnreachable, ErrRefused or
// what the resolver says.
func DialTCP(addr string) (*TCP, error) { return DialTCPContext(context.Background(), addr) }

// DialTCPContext is DialTCP that the end of the context ends.
func DialTCPContext(ctx context.Context, addr string) (*TCP, error) {
	if host, _, err := net.SplitHostPort(addr); err != nil || host == "" { // an empty host would be this machine
		return nil, fmt.Errorf("%w: %q names no host and port", ErrUnreachable, addr)
	}
	d := net.Dialer{Timeout: dialWait, KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: deadWait / 2, Interval: deadWait / 8, Count: 4,
	}}
	c, err := d.DialContext(ctx, "tcp", addr)
	switch {
	case err == nil:
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("%s: %w (%w)", addr, ErrRefused, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH),
		errors.Is(err, syscall.EHOSTDOWN), errors.Is(err, syscall.ETIMEDOUT):
		return nil, fmt.Errorf("%s: %w (%w)", addr, ErrUnreachable, err)
	default:
		return nil, err
	}
	t := c.(*net.TCPConn)
	if raw, err := t.SyscallConn(); err == nil {
		// A device that was switched off answers no retransmission: the kernel
		// would try for a quarter of an hour.
		_ = raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(deadWait/time.Millisecond))
		})
	}
	return &TCP{conn: t, addr: addr, wait: defaultWait}, nil
}

// String gives the address.
func (t *TCP) String() string { return t.addr }

// Read reads what is there, waiting for the first byte.
func (t *TCP) Read(b []byte) (int, error) {
	n, err := t.conn.Read(b)
	return n, reset(err)
}

// Write writes all of b or fails.
func (t *TCP) Write(b []byte) (int, error) {
	n, err := t.conn.Write(b)
	return n, reset(err)
}

// Close closes the connection; a read that waits ends.
func (t *TCP) Close() error { return t.conn.Close() }

// SetDeadline bounds reads and writes.
func (t *TCP) SetDeadline(at time.Time) error { return t.conn.SetDeadline(at) }

// SetReadDeadline bounds reads.
func (t *TCP) SetReadDeadline(at time.Time) error { return t.conn.SetReadDeadline(at) }

// SetWriteDeadline bounds writes.
func (t *TCP) SetWriteDeadline(at time.Time) error { return t.conn.SetWriteDeadline(at) }

// SetWait sets how long Tx waits for its answer.
func (t *TCP) SetWait(d time.Duration) { t.wait = d }

// Tx writes w, then reads until r is full or the wait is over.
func (t *TCP) Tx(w, r []byte) error { return exchange(t, t.wait, w, r) }

// Duplex is full.
func (t *TCP) Duplex() conn.Duplex { return conn.Full }

// reset makes the ways in which a connection ends one error.
func reset(err error) error {
	for _, end := range []error{syscall.ECONNRESET, syscall.EPIPE, syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH} {
		if errors.Is(err, end) {
			return fmt.Errorf("%w (%w)", ErrHangup, err)
		}
	}
	return hangup(err)
}
