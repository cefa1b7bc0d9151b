package acquirer

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

func TestNoAnswerThenLate(t *testing.T) {
	l, h := begin(t, timeout(short))
	out := start(l, contactless("000123"))
	m := h.next()
	if r := <-out; !errors.Is(r.err, pos.ErrNoAnswer) || errors.Is(r.err, pos.ErrNotSent) {
		t.Fatalf("%+v", r)
	}
	h.send(h.answerTo(m, "00"))
	if late := <-l.Late(); late.STAN != "000123" || !late.Reply.Signed {
		t.Errorf("%+v", late)
	}
}

// TestLateAnswerWaitsForThePINPad: a pad that was asking for a PIN, or was unplugged, when a late approval came once made an
// unsigned one of it, which opens no reversal again. One with a wrong MAC, and one whose keys are gone, wait for nobody.
func TestLateAnswerWaitsForThePINPad(t *testing.T) {
	l, h := begin(t, timeout(short))
	keys := l.o.Keys.(*testKeys)
	out := start(l, contactless("000123"))
	good := h.answerTo(h.next(), "00")
	if r := <-out; !errors.Is(r.err, pos.ErrNoAnswer) {
		t.Fatalf("%+v", r)
	}
	h.sign(good)
	bad := good.Clone()
	bad.Fields[64] = strings.Repeat("30", 8)
	for _, c := range []struct {
		m      *wire.Message
		broken error
		mended bool // before its word is waited for
		signed bool
	}{
		{good, &pos.Error{Code: "unplugged"}, true, true},
		{good, context.DeadlineExceeded, true, true},
		{bad, context.DeadlineExceeded, true, false},
		{bad, nil, false, false},
		{good, pos.ErrNoKeys, false, false},
		{good, nil, false, true},
	} {
		keys.set(c.broken)
		h.send(c.m)
		if c.mended {
			time.AfterFunc(2*lateAgain, func() { keys.set(nil) })
		}
		if late := <-l.Late(); late.STAN != "000123" || late.Reply.Signed != c.signed {
			t.Errorf("broken by %v: %+v", c.broken, late)
		}
		keys.set(nil)
	}
}

// TestDegradedThenOffline: one miss degrades an online line, two end it, an answer heals it on another connection.
func TestDegradedThenOffline(t *testing.T) {
	l, h := begin(t, timeout(short))
	echo := func() chan error {
		c := make(chan error, 1)
		go func() { c <- l.Echo(context.Background(), "000130", "000001") }()
		return c
	}
	if s := l.Link(); s.State != offline || s.Since.IsZero() {
		t.Errorf("at the start %+v", s)
	}
	c := echo()
	h.send(h.answerTo(h.next(), "00"))
	if err := <-c; err != nil || l.Link().State != online {
		t.Fatalf("%v %+v", err, l.Link())
	}
	for _, want := range []string{degraded, offline} {
		c = echo()
		h.next()
		if err := <-c; !errors.Is(err, pos.ErrNoAnswer) {
			t.Fatal(err)
		}
		if s := l.Link(); s.State != want || s.Cause != causeAcquirer {
			t.Errorf("want %s: %+v", want, s)
		}
	}
	first := h.conn
	defer first.Close()
	h.conn = nil
	c = echo()
	h.send(h.answerTo(h.next(), "00")) // on another connection
	if err := <-c; err != nil || l.Link().State != online {
		t.Errorf("%v %+v", err, l.Link())
	}
}

func TestLostConnections(t *testing.T) {
	for name, end := range map[string]func(h *peer, frame []byte){
		"reset":          func(h *peer, _ []byte) { h.reset() },
		"closed":         func(h *peer, _ []byte) { h.conn.Close(); h.conn = nil },
		"half a frame":   func(h *peer, f []byte) { h.write(f[:len(f)/2]); h.conn.Close(); h.conn = nil },
		"a lying length": func(h *peer, _ []byte) { h.write([]byte{0xFF, 0xFF, 0x60}) },
		"too short":      func(h *peer, _ []byte) { h.write([]byte{0x00, 0x03, 1, 2, 3}) },
	} {
		t.Run(name, func(t *testing.T) {
			l, h := begin(t)
			out := start(l, contactless("000123"))
			a := h.answerTo(h.next(), "00")
			end(h, h.frame(a, 0))
			if r := <-out; !errors.Is(r.err, pos.ErrNoAnswer) || errors.Is(r.err, pos.ErrNotSent) {
				t.Errorf("%+v", r)
			}
			if s := l.Link(); s.State != offline || s.Cause != causeAcquirer {
				t.Errorf("%+v", s)
			}
			if h.conn != nil {
				h.conn.Close()
				h.conn = nil
			}
			out = start(l, contactless("000124")) // the next one goes out on a new connection
			h.send(h.answerTo(h.next(), "00"))
			if r := <-out; r.err != nil || l.Link().State != online {
				t.Errorf("%+v %+v", r, l.Link())
			}
		})
	}
}

// TestHalfAFrameAndSilence: the rest of a frame that never comes ends the connection.
func TestHalfAFrameAndSilence(t *testing.T) {
	l, h := begin(t, timeout(short))
	out := start(l, contactless("000123"))
	f := h.frame(h.answerTo(h.next(), "00"), 0)
	was := l.current()
	h.write(f[:len(f)-1])
	if r := <-out; !errors.Is(r.err, pos.ErrNoAnswer) {
		t.Errorf("%+v", r)
	}
	until(t, "the connection is given up", func() bool { return l.current() != was }) // another may stand there already
}

func TestMessagesThatCannotBeReadEndTheLine(t *testing.T) {
	l, h := begin(t)
	out := start(l, contactless("000123"))
	f := h.frame(h.answerTo(h.next(), "00"), 0)
	f[2+11+2] ^= 0x80 // announces a second bitmap
	for range maxBadFrames {
		h.write(f)
	}
	if r := <-out; !errors.Is(r.err, pos.ErrNoAnswer) {
		t.Errorf("%+v", r)
	}
}

func TestRefusedConnection(t *testing.T) {
	l, h := begin(t)
	h.ln.Close()
	if _, err := l.Exchange(context.Background(), contactless("000123")); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("%v", err)
	}
	if s := l.Link(); s.State != offline || s.Cause != causeAcquirer {
		t.Errorf("%+v", s)
	}
}

func TestNoNetwork(t *testing.T) {
	cause := &net.DNSError{Err: "no such host", Name: "acquirer.test", IsNotFound: true}
	l, _ := begin(t, func(o *Options) {
		o.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, cause }
	})
	if _, err := l.Exchange(context.Background(), contactless("000123")); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("%v", err)
	}
	if s := l.Link(); s.State != offline || s.Cause != causeNetwork {
		t.Errorf("%+v", s)
	}
}

// TestIdleConnectionThatDied is opened again without a word.
func TestIdleConnectionThatDied(t *testing.T) {
	l, h := begin(t)
	out := start(l, contactless("000123"))
	h.send(h.answerTo(h.next(), "00"))
	if r := <-out; r.err != nil {
		t.Fatal(r.err)
	}
	was := l.current()
	h.conn.Close()
	h.conn = nil
	until(t, "the end is noticed", func() bool { return l.current() != was })
	if s := l.Link(); s.State != online {
		t.Errorf("an idle connection that ended: %+v", s)
	}
	out = start(l, contactless("000124"))
	h.send(h.answerTo(h.next(), "00"))
	if r := <-out; r.err != nil {
		t.Error(r.err)
	}
}

// broken is a connection whose writes fail after n bytes while its reader knows nothing.
type broken struct {
	net.Conn
	n int
}

func (b broken) Write(p []byte) (int, error) {
	if b.n == 0 {
		return 0, errors.New("broken pipe")
	}
	n, err := b.Conn.Write(p[:b.n])
	if err != nil {
		return n, err
	}
	return n, errors.New("broken pipe")
}

// TestWritesThatFail: nothing written is opened again once, or not sent; one byte written is no answer.
func TestWritesThatFail(t *testing.T) {
	dials := 0
	take := func(n, times int) func(*Options) {
		return func(o *Options) {
			o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
				if dials++; err == nil && dials <= times {
					return broken{c, n}, nil
				}
				return c, err
			}
		}
	}
	l, _ := begin(t, take(0, 1<<10))
	if _, err := l.Exchange(context.Background(), contactless("000123")); !errors.Is(err, pos.ErrNotSent) || dials != 1 {
		t.Errorf("%v after %d connections", err, dials)
	}
	dials = 0
	l, _ = begin(t, take(1, 1))
	if _, err := l.Exchange(context.Background(), contactless("000123")); !errors.Is(err, pos.ErrNoAnswer) || dials != 1 {
		t.Errorf("%v after %d connections", err, dials)
	}
	dials = 0
	l, h := begin(t, take(0, 1)) // a dead connection that was kept open
	if _, _, err := l.open(context.Background()); err != nil {
		t.Fatal(err)
	}
	h.accept()
	h.conn.Close()
	h.conn = nil
	out := start(l, contactless("000123"))
	h.send(h.answerTo(h.next(), "00"))
	if r := <-out; r.err != nil || dials != 2 {
		t.Errorf("%+v after %d connections", r, dials)
	}
}

func TestOneRequestPerConnection(t *testing.T) {
	l, h := begin(t, func(o *Options) { o.Profile.Frame.OneRequestPerConnection = true })
	for _, stan := range []string{"000123", "000124"} {
		out := start(l, contactless(stan))
		h.send(h.answerTo(h.next(), "00"))
		if r := <-out; r.err != nil {
			t.Fatal(r.err)
		}
		if _, err := h.conn.Read(make([]byte, 1)); err == nil {
			t.Error("the connection stays open")
		}
		h.conn.Close()
		h.conn = nil
	}
}

func TestSignOn(t *testing.T) {
	l, h := begin(t, func(o *Options) { o.Keys.(*testKeys).loaded = false })
	if l.Ready() {
		t.Fatal("ready without keys")
	}
	if _, err := l.Exchange(context.Background(), contactless("000123")); !errors.Is(err, pos.ErrNoKeys) {
		t.Errorf("%v", err)
	}
	sign := func(answer func()) (pos.SignOnReply, error) {
		type both struct {
			r   pos.SignOnReply
			err error
		}
		c := make(chan both, 1)
		go func() {
			r, err := l.SignOn(context.Background(), "000122", "000001", "001")
			c <- both{r, err}
		}()
		h.next()
		answer()
		b := <-c
		return b.r, b.err
	}
	good := vector(t, "V2")
	refused := func() {
		_, m, err := h.p.Unpack(good[2:])
		if err != nil {
			t.Fatal(err)
		}
		m.Fields[39] = "97"
		h.send(m)
	}
	// The host's no is told as such: it once was a cable to be looked at.
	_, err := sign(refused)
	if s := l.Link(); pos.WhyNot(err, "") != "host_refused" || !strings.Contains(err.Error(), "97") ||
		s.State != offline || s.Cause != causeRefused {
		t.Errorf("%v, %+v", err, s)
	}
	r, err := sign(func() { h.write(good) })
	if err != nil || r.Batch != "000001" || r.Host.Format("0102150405") != "0301101500" || !l.Ready() || h.keys.layout != "pik16 kcv4 mak8 zero8 kcv4" {
		t.Errorf("%+v %v, ready %v, layout %q", r, err, l.Ready(), h.keys.layout)
	}
	if want := vector(t, "V1"); string(h.raw) != string(want) {
		t.Errorf("sent\n%X\nwant\n%X", h.raw, want)
	}
	if s := l.Link(); s.State != online {
		t.Errorf("%+v", s)
	}
	if _, err := sign(refused); !errors.Is(err, pos.ErrRefused) || l.Link().State != online {
		t.Errorf("with keys from before: %v, %+v", err, l.Link())
	}
	bad := append([]byte(nil), good...)
	bad[len(bad)-1] ^= 1
	if _, err := sign(func() { h.write(bad) }); !errors.Is(err, errKCV) || l.Ready() {
		t.Errorf("%v, ready %v", err, l.Ready())
	}
	if s := l.Link(); s.State != offline || s.Cause != causeKeys {
		t.Errorf("%+v", s)
	}
}

func TestClose(t *testing.T) {
	l, h := begin(t)
	out := start(l, contactless("000123"))
	h.next()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if r := <-out; !errors.Is(r.err, pos.ErrNoAnswer) {
		t.Errorf("%+v", r)
	}
	if _, err := l.Exchange(context.Background(), contactless("000124")); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("%v", err)
	}
}

func TestCancelled(t *testing.T) {
	l, h := begin(t)
	ctx, cancel := context.WithCancel(context.Background())
	c := make(chan error, 1)
	go func() {
		_, err := l.Exchange(ctx, contactless("000123"))
		c <- err
	}()
	h.next()
	cancel()
	if err := <-c; !errors.Is(err, pos.ErrNoAnswer) {
		t.Errorf("%v", err)
	}
	if _, err := l.Exchange(ctx, contactless("000124")); !errors.Is(err, pos.ErrNotSent) {
		t.Errorf("%v", err)
	}
}

func TestNumbersOfTheProfile(t *testing.T) {
	l, _ := begin(t, timeout(0))
	if l.Timeout() != 10*time.Second || l.ReversalRepeat() != time.Minute || l.Window() != 1 {
		t.Error(l.Timeout(), l.ReversalRepeat(), l.Window())
	}
	for code, want := range map[string]bool{"68": true, "96": true, "98": true, "51": false, "00": false} {
		if l.Reversible(code) != want {
			t.Errorf("%s: %v", code, !want)
		}
	}
}
