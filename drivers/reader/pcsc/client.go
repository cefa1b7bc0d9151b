package pcsc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"time"
)

// Socket is where pcscd listens; the variable of that name in the environment moves it, as it does for libpcsclite.
const (
	Socket         = "/run/pcscd/pcscd.comm"
	SocketVariable = "PCSCLITE_CSOCK_NAME"
)

// The limits of waiting for pcscd; a wait for a change of the readers has none.
const (
	commandLimit  = 10 * time.Second
	transmitLimit = 30 * time.Second // a card may think for long (waiting time extensions)
	stopLimit     = 2 * time.Second
)

// Client is one connection to pcscd with a context of its own. Its calls run one after another; a call whose context ends
// in the middle of an exchange ends the connection, because the answer still to come would be taken for another's.
type Client struct {
	conn    net.Conn
	turn    chan struct{} // holds one token: whose turn it is
	dead    error         // why nothing can be asked any more; under turn
	minor   uint32
	context uint32
}

// SocketPath is the socket to use where none is configured.
func SocketPath() string {
	if p := os.Getenv(SocketVariable); p != "" {
		return p
	}
	return Socket
}

// Dial opens a connection to the pcscd behind a socket ("" is SocketPath) and agrees on the version. It fails with
// ErrDaemonDown, ErrNoPermission, ErrVersion, ErrProtocol, or with the context's error.
func Dial(ctx context.Context, socket string) (*Client, error) {
	if socket == "" {
		socket = SocketPath()
	}
	var d net.Dialer
	limited, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	conn, err := d.DialContext(limited, "unix", socket)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w: %w", ErrNoPermission, err)
	default:
		return nil, fmt.Errorf("%w: %w", ErrDaemonDown, err)
	}
	c := &Client{conn: conn, turn: make(chan struct{}, 1), minor: versionMinor}
	c.turn <- struct{}{}
	if err := c.begin(ctx); err != nil {
		conn.Close() //nolint:errcheck,gosec // it is given up
		return nil, err
	}
	return c, nil
}

// begin agrees on a version and opens the context.
func (c *Client) begin(ctx context.Context) error {
	r, err := c.version(ctx)
	if err != nil {
		return err
	}
	if theirs := r.at(4); r.code() == ServiceStopped && r.at(0) == versionMajor && theirs > versionMinor && theirs <= versionMinorMost {
		c.minor = theirs
		if r, err = c.version(ctx); err != nil {
			return err
		}
	}
	switch {
	case r.code() == SecurityViolation:
		return failed("version", r.code())
	case r.at(0) != versionMajor || r.code() == ServiceStopped:
		return fmt.Errorf("%w: it has %d:%d, the till %d:%d", ErrVersion, r.at(0), r.at(4), versionMajor, c.minor)
	case r.code() != Success:
		return failed("version", r.code())
	}
	r, err = c.call(ctx, commandLimit, message(cmdEstablish, uint32(2), 8), 12) // scope: system
	if err != nil {
		return err
	}
	c.context = r.at(4)
	return failed("establish", r.code())
}

// version proposes c.minor. pcscd before 2.3 hangs up on a user that polkit refuses without a word: a connection that was
// taken and ended at the first question is no permission.
func (c *Client) version(ctx context.Context) (reply, error) {
	r, err := c.call(ctx, commandLimit, message(cmdVersion, uint32(versionMajor), c.minor, 4), 12)
	if errors.Is(err, ErrDaemonDown) && c.minor == versionMinor {
		err = fmt.Errorf("%w: it hung up at the first question (polkit)", ErrNoPermission)
	}
	return r, err
}

// Close ends the connection and whoever waits on it; pcscd lets go of the cards that it held.
func (c *Client) Close() error {
	err := c.conn.Close()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// take waits for the turn.
func (c *Client) take(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-c.turn:
	}
	if c.dead != nil {
		c.turn <- struct{}{}
		return c.dead
	}
	return nil
}

// fail ends the connection for good, because of err. The caller has the turn.
func (c *Client) fail(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
		c.dead = fmt.Errorf("pcsc: the connection ended with a cancelled exchange: %w", net.ErrClosed)
	case errors.Is(err, ErrProtocol):
		c.dead = err
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("%w: no answer: %w", ErrDaemonDown, err)
		c.dead = err
	default:
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF
		}
		err = fmt.Errorf("%w: %w", ErrDaemonDown, err)
		c.dead = err
	}
	c.conn.Close() //nolint:errcheck,gosec // it is given up
	return err
}

// call sends a message and reads a body of n bytes.
func (c *Client) call(ctx context.Context, limit time.Duration, out []byte, n int) (reply, error) {
	r, _, err := c.exchange(ctx, limit, out, n, -1)
	return r, err
}

// exchange sends a message and reads a body of n bytes and, where the result is success, as many bytes as the number at
// offset announces; an offset below 0 is none.
func (c *Client) exchange(ctx context.Context, limit time.Duration, out []byte, n, offset int) (reply, []byte, error) {
	if err := c.take(ctx); err != nil {
		return nil, nil, err
	}
	defer func() { c.turn <- struct{}{} }()
	release := c.limit(ctx, limit)
	defer release()
	if _, err := c.conn.Write(out); err != nil {
		return nil, nil, c.fail(ctx, err)
	}
	r, err := readReply(c.conn, n)
	if err != nil {
		return nil, nil, c.fail(ctx, err)
	}
	if offset < 0 || r.code() != Success {
		return r, nil, nil
	}
	data, err := readBytes(c.conn, r.at(offset))
	if err != nil {
		return nil, nil, c.fail(ctx, err)
	}
	return r, data, nil
}

// limit lets the exchange end with the context or after a time; release takes that back.
func (c *Client) limit(ctx context.Context, limit time.Duration) (release func()) {
	c.conn.SetDeadline(time.Now().Add(limit)) //nolint:errcheck,gosec // a closed connection says so at the next read
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		c.conn.SetDeadline(time.Unix(1, 0)) //nolint:errcheck,gosec // as above
	})
	return func() {
		if !stop() {
			<-ended
		}
		c.conn.SetDeadline(time.Time{}) //nolint:errcheck,gosec // as above
	}
}

// Readers lists the readers, with or without a card.
func (c *Client) Readers(ctx context.Context) ([]State, error) {
	r, err := c.call(ctx, commandLimit, message(cmdReadersState), statesSize)
	if err != nil {
		return nil, err
	}
	states, err := parseStates(r)
	if err != nil {
		return nil, c.spoil(ctx, err)
	}
	return states, nil
}

// spoil ends a connection that talks nonsense.
func (c *Client) spoil(ctx context.Context, err error) error {
	<-c.turn
	defer func() { c.turn <- struct{}{} }()
	return c.fail(ctx, err)
}
