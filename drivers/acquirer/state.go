package acquirer

import (
	"cmp"
	"context"
	"errors"
	"syscall"
	"time"

	"tillkeeper/app/pos"
)

// The states and causes of a line, as pos.Link words them.
const (
	online        = "online"
	degraded      = "degraded"
	offline       = "offline"
	causeNetwork  = "network"
	causeAcquirer = "acquirer"
	causeKeys     = "keys"
	causeRefused  = "refused"
)

// What Windows calls a refused and a reset connection (WSAECONNREFUSED, WSAECONNRESET).
const (
	wsaRefused = syscall.Errno(10061)
	wsaReset   = syscall.Errno(10054)
)

// health is one view of the line; since is the begin of its state and cause.
type health struct {
	state, cause, detail string
	since                time.Time
	misses               int
}

// Link is the state of the line; it only reads memory.
func (l *Link) Link() pos.Link {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.health
	if h.state != offline && !l.ready {
		h = health{state: offline, cause: cmp.Or(l.keys.cause, causeKeys), detail: pos.ErrNoKeys.Error(), since: l.keys.since}
		if l.keys.detail != "" {
			h.detail = l.keys.detail
		}
		if l.health.since.After(h.since) {
			h.since = l.health.since
		}
	}
	return pos.Link{State: h.state, Cause: h.cause, Since: h.since, Detail: h.detail, SignOn: l.asked && l.health.state != offline}
}

// turn sets the state of the line.
func (l *Link) turn(state, cause, detail string, misses int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := health{state: state, cause: cause, detail: detail, since: l.health.since, misses: misses}
	if state != l.health.state || cause != l.health.cause {
		h.since = l.o.Clock.Now()
		l.o.Log.Info("the line to the host", "state", state, "cause", cause, "detail", detail)
	}
	l.health = h
}

// answered notes an answer that was ours.
func (l *Link) answered() { l.turn(online, "", "", 0) }

// missed notes a request without an answer in time. After the second in a row
// the next request opens another connection.
func (l *Link) missed(ln *line) {
	l.mu.Lock()
	n := l.health.misses + 1
	was := l.health
	l.mu.Unlock()
	if n < maxMisses && was.state != offline {
		l.turn(degraded, causeAcquirer, "one request was not answered", n)
		return
	}
	l.turn(offline, causeAcquirer, "requests are not answered", n)
	l.retire(ln)
}

// ending says how a connection ended.
func (ln *line) ending() string {
	return cmp.Or(tlsDetail(ln.ended()), "the host ended the connection")
}

// lost notes a connection that ended while an answer was due.
func (l *Link) lost(ln *line) { l.turn(offline, causeAcquirer, ln.ending(), 0) }

// cut notes the end of the connection kept open, where no other takes its place
// at once: the next request may still open one.
func (l *Link) cut(ln *line) {
	l.mu.Lock()
	was := l.health
	l.mu.Unlock()
	if was.state != online {
		return
	}
	l.turn(degraded, causeAcquirer, ln.ending(), was.misses)
}

// unreachable notes a connection that could not be opened.
func (l *Link) unreachable(ctx context.Context, err error) {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return // given up by the caller: says nothing of the line
	case tlsDetail(err) != "":
		l.turn(offline, causeAcquirer, tlsDetail(err), 0)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, wsaRefused):
		l.turn(offline, causeAcquirer, "the host refuses connections", 0)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, wsaReset):
		l.turn(offline, causeAcquirer, "the host reset the connection", 0)
	default:
		l.turn(offline, causeNetwork, "no connection: "+err.Error(), 0)
	}
}

// setReady notes whether there are working keys.
func (l *Link) setReady(ready bool, detail string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked = false
	if ready != l.ready {
		l.keys.since = l.o.Clock.Now()
	}
	l.ready, l.keys.cause, l.keys.detail = ready, "", detail
}

// refused notes the host's no to a sign-on: without keys from before it is what
// keeps the terminal from trading.
func (l *Link) refused(code string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ready {
		return
	}
	if l.keys.cause != causeRefused {
		l.keys.since = l.o.Clock.Now()
	}
	l.keys.cause, l.keys.detail, l.asked = causeRefused, "the host refused the sign-on: code "+code, false
}
