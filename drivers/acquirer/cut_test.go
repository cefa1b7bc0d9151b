package acquirer

import (
	"context"
	"testing"
	"time"
)

// TestAConnectionThatHardlyLivedIsNotCalledOnline: a host that took the new connection and ended it without a word was called
// online until the next probe, 15 s. One that had answered is opened again, however short its life.
func TestAConnectionThatHardlyLivedIsNotCalledOnline(t *testing.T) {
	l, h := begin(t)
	out := start(l, contactless("000123"))
	h.send(h.answerTo(h.next(), "00"))
	if r := <-out; r.err != nil {
		t.Fatal(r.err)
	}
	h.conn.Close()
	h.accept() // nobody asked for it
	until(t, "it is kept", func() bool { return l.current() != nil })
	ln := l.current()
	ln.mu.Lock()
	ln.born = time.Now() // whatever this machine is busy with
	ln.mu.Unlock()
	h.conn.Close()
	h.conn = nil
	until(t, "the end is told", func() bool { return l.Link().State != online })
	if s := l.Link(); s.State != degraded || s.Cause != causeAcquirer {
		t.Errorf("%+v", s)
	}
	c := make(chan error, 1)
	go func() { c <- l.Echo(context.Background(), "000130", "000001") }()
	h.send(h.answerTo(h.next(), "00"))
	if err := <-c; err != nil || l.Link().State != online {
		t.Errorf("%v, %+v", err, l.Link())
	}
}
