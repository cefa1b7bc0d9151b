package acquirer

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

// errDead means that a connection had ended before a request was written.
var errDead = errors.New("the connection had ended")

// key is what an answer is looked up by, within one terminal: the class of the
// message (its first two digits) and the STAN.
type key struct{ class, stan string }

func keyOf(m *wire.Message) key { return key{m.MTI[:2], m.Get(11)} }

// answer is a message that matched, with its header.
type answer struct {
	h wire.Header
	m *wire.Message
}

// waiter is a request whose answer is due.
type waiter struct {
	want   *wire.Message
	answer chan answer // one
}

// line is one connection. A goroutine reads it; whoever waits has an entry.
type line struct {
	l       *Link
	conn    net.Conn
	secure  bool // TLS
	trusted bool // TLS or loopback: a decline may come without a MAC
	writing sync.Mutex
	done    chan struct{}
	born    time.Time

	mu      sync.Mutex
	dead    bool
	cause   error // of its end
	spoke   bool  // an answer of ours came by it
	waiters map[key]*waiter
}

// open gives the connection kept open, or a new one.
func (l *Link) open(ctx context.Context) (ln *line, fresh bool, err error) {
	if ln := l.current(); ln != nil {
		return ln, false, nil
	}
	select {
	case l.dialing <- struct{}{}:
		defer func() { <-l.dialing }()
	case <-ctx.Done():
		return nil, false, ctx.Err()
	}
	if ln := l.current(); ln != nil {
		return ln, false, nil
	}
	limited, cancel := context.WithTimeout(ctx, l.p.Timers.Connect())
	defer cancel()
	defer context.AfterFunc(l.ctx, cancel)()
	conn, err := l.o.Dial(limited, netTCP, l.o.Address)
	if err != nil {
		if l.ctx.Err() == nil {
			l.unreachable(ctx, err)
		}
		if why := tlsWhy(err); why.detail != "" {
			return nil, false, &insecure{err, why.said}
		}
		return nil, false, &unreached{l.o.Address, err}
	}
	ln = newLine(l, conn)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		conn.Close() //nolint:errcheck // nothing was written
		return nil, false, net.ErrClosed
	}
	l.lines[ln] = true
	if !l.p.Frame.OneRequestPerConnection {
		l.line = ln
	}
	l.work.Go(ln.read)
	return ln, true, nil
}

func newLine(l *Link, conn net.Conn) *line {
	ln := &line{l: l, conn: conn, done: make(chan struct{}), born: time.Now(), waiters: map[key]*waiter{}}
	if t, ok := conn.(*net.TCPConn); ok {
		if err := t.SetNoDelay(true); err != nil {
			l.o.Log.Warn("the line delays small messages", "error", err)
		}
	}
	if _, ln.secure = conn.(interface{ ConnectionState() tls.ConnectionState }); ln.secure {
		ln.trusted = true
	}
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok && a.IP.IsLoopback() {
		ln.trusted = true
	}
	return ln
}

// current is the connection kept open, if it lives.
func (l *Link) current() *line {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.line == nil || l.p.Frame.OneRequestPerConnection {
		return nil
	}
	select {
	case <-l.line.done:
		l.line = nil
	default:
	}
	return l.line
}

// retire keeps a connection that does not answer for late answers only.
func (l *Link) retire(ln *line) {
	l.mu.Lock()
	old := l.old
	if l.line != ln || ln == nil {
		l.mu.Unlock()
		return
	}
	l.line, l.old = nil, ln
	l.mu.Unlock()
	if old != nil {
		old.fail(net.ErrClosed)
	}
}

// ended gives why a connection ended, nil while it lives.
func (ln *line) ended() error {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	return ln.cause
}

// fail ends a connection and, with it, every wait on it.
func (ln *line) fail(err error) {
	ln.mu.Lock()
	was := ln.dead
	if ln.dead = true; !was {
		ln.cause = err
	}
	sound := ln.spoke || time.Since(ln.born) >= leastLife
	ln.mu.Unlock()
	if was {
		return
	}
	close(ln.done)
	if cerr := ln.conn.Close(); cerr != nil && !errors.Is(cerr, net.ErrClosed) {
		ln.l.o.Log.Debug("closing a connection", "error", cerr)
	}
	ln.l.o.Log.Info("a connection to the host ended", "error", err)
	if ln.l.forget(ln, sound) {
		ln.l.cut(ln)
	}
}

// forget lets a connection go that ended. Where it was the one kept open, and
// sound, another takes its place; cut says that none does.
func (l *Link) forget(ln *line, sound bool) (cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.lines, ln)
	if l.line == ln {
		l.line = nil
		cut = !l.closed && !sound
		if wait := redialEvery - time.Since(l.redialled); sound && !l.closed && wait <= redialEvery { // more: one is to come
			wait = max(wait, 0)
			l.redialled = time.Now().Add(wait)
			l.work.Go(func() { l.redial(wait) })
		}
	}
	if l.old == ln {
		l.old = nil
	}
	return cut
}

// leastLife is how long a connection without an answer must have lived for its
// end to be answered with a new one. After a shorter one the line is degraded,
// and the next request dials: whoever watches the line sends one soon.
const leastLife = 100 * time.Millisecond

// redialEvery is the least time between two openings that nobody asked for.
const redialEvery = time.Second

// redial opens the line again as soon as it may after its end, so that the cashier sees an
// outage before the next card and not by it.
func (l *Link) redial(wait time.Duration) {
	select {
	case <-time.After(wait):
	case <-l.ctx.Done():
		return
	}
	if _, _, err := l.open(l.ctx); err != nil {
		l.o.Log.Info("the line to the host is down", "error", err)
	}
}

// send enters the request among the waiters and writes it. sent tells whether
// any of it may have left.
func (ln *line) send(ctx context.Context, w *waiter, frame []byte) (sent bool, err error) {
	if err := ln.enter(w); err != nil {
		return false, err
	}
	ln.writing.Lock()
	defer ln.writing.Unlock()
	if err := ctx.Err(); err != nil {
		ln.leave(w)
		return false, err
	}
	if err := ln.conn.SetWriteDeadline(time.Now().Add(ln.l.o.Timeout)); err != nil {
		ln.leave(w)
		ln.fail(err)
		return false, fmt.Errorf("%w: %w", errDead, err)
	}
	n, err := ln.conn.Write(frame)
	if err == nil {
		return true, nil
	}
	ln.leave(w)
	if ln.secure { // the host's reason may be on its way
		select {
		case <-ln.done:
		case <-time.After(alertWait):
		}
	}
	ln.fail(err)
	if n == 0 && (!ln.secure || errors.Is(err, net.ErrClosed)) {
		return false, fmt.Errorf("%w: %w", errDead, err)
	}
	return true, err
}

func (ln *line) enter(w *waiter) error {
	k := keyOf(w.want)
	ln.mu.Lock()
	defer ln.mu.Unlock()
	switch {
	case ln.dead:
		return errDead
	case ln.waiters[k] != nil:
		return fmt.Errorf("%w: STAN %s", pos.ErrLineBusy, k.stan)
	case len(ln.waiters) >= maxWaiters:
		return fmt.Errorf("%w: %d wait already", pos.ErrLineBusy, maxWaiters)
	}
	ln.waiters[k] = w
	return nil
}

func (ln *line) leave(w *waiter) {
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if k := keyOf(w.want); ln.waiters[k] == w {
		delete(ln.waiters, k)
	}
}

// read takes frames until the connection ends. A message that cannot be read is
// refused whole; where its frame was sound the next one is read.
func (ln *line) read() {
	log := ln.l.o.Log
	r := bufio.NewReader(ln.conn)
	for bad := 0; bad < maxBadFrames; {
		body, err := ln.frame(r)
		if err != nil {
			ln.fail(err)
			return
		}
		h, m, err := ln.l.p.Unpack(body)
		if err != nil {
			bad++
			log.Warn("a message from the host was refused", "bytes", len(body), "error", err)
			continue
		}
		bad = 0
		ln.route(answer{h, m})
	}
	ln.fail(fmt.Errorf("%w: %d messages in a row", wire.ErrMessage, maxBadFrames))
}

// frame waits for a frame without a limit, but once begun it must end in the
// time of one answer.
func (ln *line) frame(r *bufio.Reader) ([]byte, error) {
	if err := ln.conn.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	if _, err := r.Peek(1); err != nil {
		return nil, err
	}
	if err := ln.conn.SetReadDeadline(time.Now().Add(ln.l.o.Timeout)); err != nil {
		return nil, err
	}
	return ln.l.p.ReadFrame(r)
}

// route gives a message to whoever waits for it.
func (ln *line) route(a answer) {
	l := ln.l
	ln.mu.Lock()
	w := ln.waiters[keyOf(a.m)]
	why := ""
	if w != nil {
		if why = l.misfit(w.want, a.m); why == "" {
			delete(ln.waiters, keyOf(a.m))
			ln.spoke = true
			w.answer <- a
			ln.mu.Unlock()
			return
		}
	}
	ln.mu.Unlock()
	if w != nil {
		l.o.Log.Warn("a message that does not fit its request", "mti", a.m.MTI, "stan", a.m.Get(11), "field", why)
		return
	}
	l.unexpected(a.m)
}
