package acquirer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	connLimit   = 256              // connections at once
	windowLimit = 64               // requests in hand of one connection
	writeLimit  = 10 * time.Second // one answer may take this long to leave, slow bytes apart
)

// ErrClosed means that the host was closed.
var ErrClosed = errors.New("acquirer: closed")

// line is the port and its connections; it can be pulled and put back.
type line struct {
	mu     sync.Mutex
	moved  *sync.Cond
	addr   string
	tls    *tls.Config
	ln     net.Listener
	conns  map[net.Conn]bool
	closed bool
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup // connections and requests in hand
}

func (l *line) init() {
	l.moved = sync.NewCond(&l.mu)
	l.conns = map[net.Conn]bool{}
	l.ctx, l.cancel = context.WithCancel(context.Background())
}

func (l *line) listen(addr string) (net.Addr, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	if l.ln != nil {
		return nil, errors.New("acquirer: listens already")
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	l.ln, l.addr = ln, ln.Addr().String()
	l.moved.Broadcast()
	return ln.Addr(), nil
}

// set pulls the line or puts it back.
func (l *line) set(up bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ErrClosed
	}
	if !up {
		l.pull()
		return nil
	}
	if l.ln != nil {
		return nil
	}
	if l.addr == "" {
		return errors.New("acquirer: Listen first")
	}
	ln, err := net.Listen("tcp", l.addr)
	if err != nil {
		return fmt.Errorf("acquirer: putting the line back: %w", err)
	}
	l.ln = ln
	l.moved.Broadcast()
	return nil
}

// pull closes the listener and every connection; the caller holds mu.
func (l *line) pull() {
	if l.ln != nil {
		l.ln.Close() //nolint:errcheck // going away
		l.ln = nil
	}
	for c := range l.conns {
		abort(c)
	}
	clear(l.conns)
}

// abort closes a connection with a reset.
func abort(c net.Conn) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if t, ok := c.(*net.TCPConn); ok {
		t.SetLinger(0) //nolint:errcheck // closed next
	}
	c.Close() //nolint:errcheck // going away
}

// shut ends everything and waits for what is in hand.
func (l *line) shut() {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		l.cancel()
		l.pull()
		l.moved.Broadcast()
	}
	l.mu.Unlock()
	l.work.Wait()
}

// accept hands each connection to serve until the line is shut.
func (l *line) accept(serve func(context.Context, net.Conn)) error {
	for {
		l.mu.Lock()
		for l.ln == nil && !l.closed {
			l.moved.Wait()
		}
		ln, closed := l.ln, l.closed
		l.mu.Unlock()
		if closed {
			return nil
		}
		c, err := ln.Accept()
		if err != nil {
			if l.gone(ln) {
				continue
			}
			return err
		}
		if l.tls != nil {
			c = tls.Server(c, l.tls)
		}
		if !l.add(c, ln) {
			abort(c)
			continue
		}
		go func() {
			defer l.work.Done()
			defer l.drop(c)
			serve(l.ctx, c)
		}()
	}
}

// gone tells whether a listener was pulled on purpose.
func (l *line) gone(ln net.Listener) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ln != ln
}

func (l *line) add(c net.Conn, ln net.Listener) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.ln != ln || len(l.conns) >= connLimit {
		return false
	}
	l.conns[c] = true
	l.work.Add(1)
	return true
}

func (l *line) drop(c net.Conn) {
	l.mu.Lock()
	delete(l.conns, c)
	l.mu.Unlock()
	c.Close() //nolint:errcheck // may be closed already
}

// begin counts one more thing in hand, false when the line is shut.
func (l *line) begin() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.work.Add(1)
	return true
}
