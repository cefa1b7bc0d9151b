package rules

import (
	"io"
	"net"
	"slices"
	"sync"
	"testing"

	"tillkeeper/app/headless/blackbox/child"
	"tillkeeper/assets"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/drivertest"
)

// tap is the line between the two processes, with an ear on it. It changes
// nothing.
type tap struct {
	l  net.Listener
	to string
	p  *wire.Profile
	mu sync.Mutex
	m  []frame
	at string
	on map[net.Conn]bool
}

// frame is a message as it passed.
type frame struct {
	*wire.Message
	up bool // from the till
}

// tapped is an open shop whose line is listened to.
func tapped(t *testing.T, config, plan string) (*shop, *tap) {
	t.Helper()
	t.Parallel()
	s, err := newShop(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.End)
	p, err := wire.Load(assets.FS, "cup")
	if err != nil {
		t.Fatal(err)
	}
	at, err := drivertest.Address()
	if err != nil {
		t.Fatal(err)
	}
	w := &tap{to: s.Addr, p: p, at: at, on: map[net.Conn]bool{}}
	if err := w.Up(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Down)
	s.Front, s.Line = w.at, w
	child.Put(t, s.Config, config)
	s.HostUp(t, plan)
	s.OpenUp(t)
	return s, w
}

// Up lets the till connect; the address stays the same.
func (w *tap) Up() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.l != nil {
		return nil
	}
	l, err := net.Listen("tcp", w.at)
	if err != nil {
		return err
	}
	w.l = l
	go w.serve(l)
	return nil
}

// Down refuses connections and ends those that there are, as a host does that is
// gone.
func (w *tap) Down() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.l != nil {
		w.l.Close()
		w.l = nil
	}
	for c := range w.on {
		c.Close()
	}
	clear(w.on)
}

func (w *tap) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		w.mu.Lock()
		w.on[c] = true
		w.mu.Unlock()
		go w.carry(c)
	}
}

func (w *tap) carry(c net.Conn) {
	defer func() {
		c.Close()
		w.mu.Lock()
		delete(w.on, c)
		w.mu.Unlock()
	}()
	h, err := net.Dial("tcp", w.to)
	if err != nil {
		return
	}
	defer h.Close()
	done := make(chan struct{}, 2)
	pass := func(from, to net.Conn, up bool) {
		defer func() { done <- struct{}{} }()
		var rest []byte
		b := make([]byte, 4096)
		for {
			n, err := from.Read(b)
			rest = w.hear(append(rest, b[:n]...), up)
			if n > 0 {
				if _, err := to.Write(b[:n]); err != nil {
					return
				}
			}
			if err == io.EOF || err != nil {
				return
			}
		}
	}
	go pass(c, h, true)
	go pass(h, c, false)
	<-done
}

// hear takes the whole messages out of what passed.
func (w *tap) hear(b []byte, up bool) []byte {
	for len(b) >= 2 {
		n := 2 + int(b[0])<<8 + int(b[1])
		if len(b) < n {
			break
		}
		if _, m, err := w.p.Unpack(slices.Clone(b[2:n])); err == nil {
			w.mu.Lock()
			w.m = append(w.m, frame{m, up})
			w.mu.Unlock()
		}
		b = b[n:]
	}
	return b
}

// sent gives what the till said of these kinds, in order.
func (w *tap) sent(mtis ...string) []frame {
	return slices.DeleteFunc(w.all(), func(f frame) bool { return !f.up || !slices.Contains(mtis, f.MTI) })
}

func (w *tap) all() []frame {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.m)
}

// alike says whether two messages are the same but for their MAC.
func alike(a, b frame) bool {
	if a.MTI != b.MTI {
		return false
	}
	for n := 2; n < 64; n++ {
		if a.Get(n) != b.Get(n) {
			return false
		}
	}
	return true
}
