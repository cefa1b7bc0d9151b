package pinpad

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	pad "tillkeeper/drivers/pinpad"
	"tillkeeper/drivers/port"
)

// Cable is the pad's end of a line: a pseudo terminal or a port of loopback TCP. It can be pulled and put back.
type Cable struct {
	sim  *Sim
	open func() (where string, serve func(ctx context.Context) error, err error)

	mu    sync.Mutex
	pull  context.CancelFunc // nil: not plugged
	ended chan struct{}
}

// SerialCable is a serial line of this speed in baud behind a pseudo terminal. link, unless it is empty, is a symbolic link that leads to the terminal while the pad is plugged in, as a path under /dev/serial/by-id does.
func (s *Sim) SerialCable(link string, baud int) *Cable {
	return &Cable{sim: s, open: func() (string, func(context.Context) error, error) { return s.openPty(link, baud) }}
}

// NetCable is a port of TCP at addr, as 127.0.0.1:0; put back, it is at the same one.
func (s *Sim) NetCable(addr string) *Cable {
	return &Cable{sim: s, open: func() (string, func(context.Context) error, error) {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return "", nil, err
		}
		addr = l.Addr().String()
		return addr, func(ctx context.Context) error { return s.Listen(ctx, l) }, nil
	}}
}

// Plug puts the cable in and answers where a till finds the pad: a path or an address. One that is in already stays.
func (c *Cable) Plug(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pull != nil {
		return "", errors.New("sim pinpad: the cable is in")
	}
	where, serve, err := c.open()
	if err != nil {
		return "", err
	}
	ctx, pull := context.WithCancel(ctx)
	ended := make(chan struct{})
	c.pull, c.ended = pull, ended
	go func() {
		defer close(ended)
		serve(ctx) //nolint:errcheck // ends when the cable is pulled
	}()
	return where, nil
}

// Pull pulls the cable: the till's end hangs up, and what the pad asked a person for ends.
func (c *Cable) Pull() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pull == nil {
		return
	}
	c.pull()
	<-c.ended
	c.pull = nil
}

// openPty makes the pseudo terminal. The pad holds the till's end open too: as on a real line it does not notice when the till closes it.
func (s *Sim) openPty(link string, baud int) (string, func(context.Context) error, error) {
	near, path, err := port.Pty()
	if err != nil {
		return "", nil, err
	}
	far, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return "", nil, errors.Join(err, near.Close())
	}
	u := &uart{Line: near, far: far, baud: baud, link: link}
	if link != "" {
		if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", nil, errors.Join(err, u.Close())
		}
		if err := os.Symlink(path, link); err != nil {
			return "", nil, errors.Join(err, u.Close())
		}
		path = link
	}
	return path, func(ctx context.Context) error { return s.Serve(ctx, u) }, nil
}

// uart is the pad's end of a serial line that has a speed: what comes at another one is noise to it, and what it sends is noise to the other side.
type uart struct {
	*port.Line
	far  *os.File
	baud int
	link string
	once sync.Once
}

// noise is what a byte at one speed may look like at another.
const noise = 0xF8

// same tells whether the till has set the line to the pad's speed.
func (u *uart) same() bool {
	baud, err := u.Speed()
	return err == nil && baud == u.baud
}

// Read gives what the till sent at the pad's speed. A burst at another speed is answered with a NAK, as a device does that sees framing errors.
func (u *uart) Read(b []byte) (int, error) {
	for {
		n, err := u.Line.Read(b)
		if err != nil || u.same() {
			return n, err
		}
		if _, err := u.Write([]byte{pad.NAK}); err != nil {
			return 0, err
		}
	}
}

// Write sends to the till.
func (u *uart) Write(b []byte) (int, error) {
	if u.same() {
		return u.Line.Write(b)
	}
	spoiled := make([]byte, len(b))
	for i := range b {
		spoiled[i] = b[i] | noise
	}
	return u.Line.Write(spoiled)
}

// Close takes the terminal away: the till's end hangs up.
func (u *uart) Close() (err error) {
	u.once.Do(func() {
		if u.link != "" {
			if gone := os.Remove(u.link); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
				err = gone
			}
		}
		err = errors.Join(err, u.far.Close(), u.Line.Close())
	})
	return err
}

var _ io.ReadWriteCloser = (*uart)(nil)
