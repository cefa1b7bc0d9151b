package pcsc_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/pcsc"
)

// fake is a socket that plays pcscd where the real one cannot be brought to it: other versions, refusals, nonsense, readers
// that come and go.
type fake struct {
	socket string
	answer func(f *fake, conn net.Conn, command uint32, body []byte) []byte // nil hangs up

	mu      sync.Mutex
	readers []string
	flags   uint32 // of every reader; 4: a card is in it
	waiting map[net.Conn]bool
}

func play(t *testing.T, answer func(f *fake, conn net.Conn, command uint32, body []byte) []byte) *fake {
	t.Helper()
	dir, err := os.MkdirTemp("", "fake")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{socket: filepath.Join(dir, "s"), answer: answer, waiting: map[net.Conn]bool{}}
	l, err := net.Listen("unix", f.socket)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		all.Wait()
		os.RemoveAll(dir)
	})
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { f.serve(conn) })
		}
	})
	return f
}

func (f *fake) serve(conn net.Conn) {
	defer conn.Close()
	for {
		var head [8]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		body := make([]byte, binary.NativeEndian.Uint32(head[:]))
		if _, err := io.ReadFull(conn, body); err != nil {
			return
		}
		out := f.answer(f, conn, binary.NativeEndian.Uint32(head[4:]), body)
		if out == nil {
			return
		}
		if _, err := conn.Write(out); err != nil {
			return
		}
	}
}

// numbers are the words of an answer.
func numbers(n ...uint32) []byte {
	out := []byte{}
	for _, v := range n {
		out = binary.NativeEndian.AppendUint32(out, v)
	}
	return out
}

// obeys is a well-behaved pcscd of version 4:minor that takes no other.
func obeys(minor uint32) func(f *fake, conn net.Conn, command uint32, body []byte) []byte {
	return func(f *fake, conn net.Conn, command uint32, body []byte) []byte {
		f.mu.Lock()
		defer f.mu.Unlock()
		switch command {
		case 0x11:
			result := uint32(pcsc.Success)
			if binary.NativeEndian.Uint32(body[4:]) != minor {
				result = uint32(pcsc.ServiceStopped)
			}
			return numbers(4, minor, result)
		case 0x01:
			return numbers(2, 77, 0)
		case 0x13:
			f.waiting[conn] = true
			return f.states()
		case 0x12:
			return f.states()
		case 0x14:
			if !f.waiting[conn] {
				return []byte{}
			}
			delete(f.waiting, conn)
			return numbers(0, 0)
		}
		return nil
	}
}

// states is the table of the readers; the caller holds f.mu.
func (f *fake) states() []byte {
	out := make([]byte, 16*184)
	for i, name := range f.readers {
		copy(out[i*184:], name)
		binary.NativeEndian.PutUint32(out[i*184+132:], f.flags)
	}
	return out
}

// plug changes the readers and tells those who wait.
func (f *fake) plug(readers ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readers = readers
	for conn := range f.waiting {
		conn.Write(numbers(0, 0)) //nolint:errcheck // who is gone is gone
	}
	clear(f.waiting)
}

// TestVersions: which daemons the till talks to, and what it says of the others.
func TestVersions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer func(f *fake, conn net.Conn, command uint32, body []byte) []byte
		err    error
		state  string
	}{
		"4:4":             {obeys(4), nil, "no_reader"},
		"4:5 and no less": {obeys(5), nil, "no_reader"},
		"4:3":             {obeys(3), pcsc.ErrVersion, "device_fault"},
		"4:9 and no less": {obeys(9), pcsc.ErrVersion, "device_fault"},
		"5:0": {func(_ *fake, _ net.Conn, _ uint32, _ []byte) []byte {
			return numbers(5, 0, uint32(pcsc.ServiceStopped))
		}, pcsc.ErrVersion, "device_fault"},
		"hangs up on this user": {func(_ *fake, _ net.Conn, _ uint32, _ []byte) []byte { return nil }, pcsc.ErrNoPermission, "no_permission"},
		"refuses this user": {func(f *fake, conn net.Conn, command uint32, body []byte) []byte {
			if command == 0x01 {
				return numbers(2, 0, uint32(pcsc.SecurityViolation))
			}
			return obeys(4)(f, conn, command, body)
		}, pcsc.ErrNoPermission, "no_permission"},
		"another service": {func(_ *fake, _ net.Conn, _ uint32, _ []byte) []byte {
			return []byte("HTTP/1.1 400 Bad Request\r\n\r\n")
		}, pcsc.ErrVersion, "device_fault"},
		"dies at the second question": {func(f *fake, conn net.Conn, command uint32, body []byte) []byte {
			if command == 0x01 {
				return nil
			}
			return obeys(4)(f, conn, command, body)
		}, pcsc.ErrDaemonDown, "daemon_down"},
	} {
		t.Run(name, func(t *testing.T) {
			f := play(t, test.answer)
			c, err := pcsc.Dial(within(t), f.socket)
			if !errors.Is(err, test.err) {
				t.Errorf("%v, want %v", err, test.err)
			}
			if err == nil {
				c.Close()
			}
			r := open(t, pcsc.Opts{Socket: f.socket})
			becomes(t, r, test.state)
			if (r.Fault() == nil) != (test.err == nil) {
				t.Error(r.Fault())
			}
		})
	}
}

// TestReadersComeAndGo, by the daemon's word alone. A part of a name finds the reader wherever it is plugged in; the very
// name finds no other.
func TestReadersComeAndGo(t *testing.T) {
	t.Parallel()
	f := play(t, obeys(4))
	all, one := open(t, pcsc.Opts{Socket: f.socket}), open(t, pcsc.Opts{Socket: f.socket, Name: "twin"})
	exact := open(t, pcsc.Opts{Socket: f.socket, Name: "PC Twin 00 00"})
	for _, step := range []struct {
		readers         []string
		all, one, exact string
	}{
		{nil, "no_reader", "unplugged", "unplugged"},
		{[]string{"A"}, "", "unplugged", "unplugged"},
		{[]string{"A", "PC Twin 01 00"}, "", "", "unplugged"},
		{[]string{"PC Twin 00 00", "PC Twin 01 00"}, "", "", ""},
		{[]string{"ACS ACR1252 1S CL Reader SAM 01 00"}, "no_reader", "unplugged", "unplugged"},
		{nil, "no_reader", "unplugged", "unplugged"},
	} {
		f.plug(step.readers...)
		becomes(t, all, step.all)
		becomes(t, one, step.one)
		becomes(t, exact, step.exact)
	}
	f.plug("PC Twin 00 00", "PC Twin 00 00 B", "PC Twin 01 00")
	becomes(t, exact, "")
	becomes(t, one, "")
	if n, m := len(one.Readers()), len(exact.Readers()); n != 3 || m != 1 {
		t.Errorf("%d readers by a part of the name, %d by the whole", n, m)
	}
}

// TestRefusedAtTheCard: polkit lets this user at the daemon and not at the card; the daemon hangs up. One that dies there is
// told apart.
func TestRefusedAtTheCard(t *testing.T) {
	t.Parallel()
	var dead atomic.Bool
	f := play(t, func(f *fake, conn net.Conn, command uint32, body []byte) []byte {
		if command == 0x04 || dead.Load() {
			return nil
		}
		return obeys(4)(f, conn, command, body)
	})
	f.flags = 4
	f.plug("A")
	r := open(t, pcsc.Opts{Socket: f.socket})
	becomes(t, r, "")
	ctx, cancel := context.WithCancel(context.Background())
	waits := make(chan error)
	go func() { _, err := r.Connect(ctx, drivertest.ReaderPurchase()); waits <- err }()
	becomes(t, r, "no_permission")
	cancel()
	if err := <-waits; !errors.Is(err, reader.ErrCancelled) {
		t.Error(err)
	}
	c := dial(t, f.socket)
	if _, err := c.Connect(within(t), "A", pcsc.Shared, pcsc.AnyOf); !errors.Is(err, pcsc.ErrNoPermission) {
		t.Errorf("refused: %v", err)
	}
	c = dial(t, f.socket)
	dead.Store(true)
	if _, err := c.Connect(within(t), "A", pcsc.Shared, pcsc.AnyOf); !errors.Is(err, pcsc.ErrDaemonDown) {
		t.Errorf("dead: %v", err)
	}
}

// TestFeatures: the list of part 10, and one that breaks off.
func TestFeatures(t *testing.T) {
	t.Parallel()
	list := []byte{0x06, 4, 0x42, 0x33, 0, 6, 0x12, 4, 0x42, 0x33, 0, 0x12}
	f := play(t, func(f *fake, conn net.Conn, command uint32, body []byte) []byte {
		f.mu.Lock()
		out := list
		f.mu.Unlock()
		switch command {
		case 0x04:
			return append(body[:140], numbers(5, 0, 0)...)
		case 0x0A:
			return append(numbers(5, 0, 0, 0, uint32(len(out)), 0), out...)
		}
		return obeys(4)(f, conn, command, body)
	})
	h, err := dial(t, f.socket).Connect(within(t), "A", pcsc.Direct, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.Features(within(t)); err != nil || len(got) != 2 || got[0x12] != 0x42330012 {
		t.Errorf("%X %v", got, err)
	}
	f.mu.Lock()
	list = list[:9]
	f.mu.Unlock()
	if _, err := h.Features(within(t)); !errors.Is(err, pcsc.ErrProtocol) {
		t.Errorf("a list that breaks off: %v", err)
	}
}
