package pcsc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// place is one reader in the state table.
func place(name string, counter, flags uint32, atr []byte) []byte {
	out := make([]byte, stateSize)
	copy(out, name)
	binary.NativeEndian.PutUint32(out[128:], counter)
	binary.NativeEndian.PutUint32(out[132:], flags)
	binary.NativeEndian.PutUint32(out[136:], ^uint32(0))
	copy(out[140:], atr)
	binary.NativeEndian.PutUint32(out[176:], uint32(len(atr)))
	binary.NativeEndian.PutUint32(out[180:], 2)
	return out
}

func table(places ...[]byte) []byte {
	out := bytes.Join(places, nil)
	return append(out, make([]byte, statesSize-len(out))...)
}

func TestParseStates(t *testing.T) {
	atr := []byte{0x3B, 0x80, 0x80, 0x01, 0x01}
	good := table(place("A 00 00", 7, 0x34, atr), make([]byte, stateSize), place("C", 0, 2, nil))
	got, err := parseStates(good)
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	a, c := got[0], got[1]
	if a.Name != "A 00 00" || a.Counter != 7 || !a.Present || !a.Powered || a.Sharing != -1 || !bytes.Equal(a.ATR, atr) || a.Protocol != T1 {
		t.Errorf("%+v", a)
	}
	if c.Name != "C" || c.Present || c.Powered || len(c.ATR) != 0 {
		t.Errorf("%+v", c)
	}
	unknown := bytes.Clone(good)
	binary.NativeEndian.PutUint32(unknown[176:], ^uint32(0)) // not known yet
	if got, err := parseStates(unknown); err != nil || len(got[0].ATR) != 0 {
		t.Error(got, err)
	}
	long := bytes.Clone(good)
	binary.NativeEndian.PutUint32(long[176:], maxATR+1)
	endless := table(bytes.Repeat([]byte{'x'}, stateSize))
	for name, raw := range map[string][]byte{"long ATR": long, "a name without end": endless, "short": good[1:], "empty": nil} {
		if got, err := parseStates(raw); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
}

func TestSame(t *testing.T) {
	one := State{Name: "A", Counter: 1, Present: true, ATR: []byte{1}}
	for name, change := range map[string]func(s *State){
		"name": func(s *State) { s.Name = "B" }, "counter": func(s *State) { s.Counter++ }, "card": func(s *State) { s.Present = false },
		"ATR": func(s *State) { s.ATR = nil },
	} {
		other := one
		change(&other)
		if same([]State{one}, []State{other}) {
			t.Error(name)
		}
	}
	other := one
	other.Sharing, other.Powered = 3, true
	if !same([]State{one}, []State{other}) || same(nil, []State{one}) || !same(nil, nil) {
		t.Error("no change")
	}
}

// TestForT0: the four cases of a short command (ISO 7816-3, 12.1).
func TestForT0(t *testing.T) {
	for _, test := range []struct{ in, out []byte }{
		{[]byte{0, 1, 2, 3}, []byte{0, 1, 2, 3, 0}},
		{[]byte{0, 1, 2, 3, 9}, []byte{0, 1, 2, 3, 9}},
		{[]byte{0, 1, 2, 3, 2, 8, 8}, []byte{0, 1, 2, 3, 2, 8, 8}},
		{[]byte{0, 1, 2, 3, 2, 8, 8, 0}, []byte{0, 1, 2, 3, 2, 8, 8}},
	} {
		if got := forT0(slices.Clone(test.in)); !bytes.Equal(got, test.out) {
			t.Errorf("% X: % X", test.in, got)
		}
	}
}

// TestKinds: readers by the names that their makers give them, and by the ATR where the name says nothing.
func TestKinds(t *testing.T) {
	tag, contact := []byte{0x3B, 0x84, 0x80, 0x01, 1, 2, 3, 4, 0}, []byte{0x3B, 0x64, 0, 0, 1, 2, 3, 4}
	for _, test := range []struct {
		name        string
		atr         []byte
		contactless bool
		sam         bool
	}{
		{"ACS ACR122U PICC Interface 00 00", contact, true, false},
		{"ACS ACR1252 1S CL Reader [ACR1252 Dual Reader PICC] 00 00", nil, true, false},
		{"ACS ACR1252 1S CL Reader [ACR1252 Dual Reader SAM] 01 00", nil, true, true},
		{"Identiv uTrust 4701 F Dual Interface Reader [uTrust 4701 F Contact Reader] 00 00", tag, false, false},
		{"Identiv uTrust 4701 F Dual Interface Reader [uTrust 4701 F CL Reader] 01 00", tag, true, false},
		{"Gemalto PC Twin Reader 00 00", contact, false, false},
		{"Virtual PCD 00 00", tag, true, false},
		{"Virtual PCD 00 00", contact, false, false},
		{"Virtual PCD 00 00", nil, false, false},
		{"Samsung Reader 00 00", contact, false, false},
	} {
		if got := Contactless(State{Name: test.name, ATR: test.atr}); got != test.contactless {
			t.Errorf("%s: contactless %v", test.name, got)
		}
		if got := IsSAM(test.name); got != test.sam {
			t.Errorf("%s: SAM %v", test.name, got)
		}
	}
}

// TestReasons: every failure has a word of the till's closed list, and no error text has more than numbers.
func TestReasons(t *testing.T) {
	for code, want := range map[Code]string{
		RemovedCard: "card_removed", NoSmartCard: "card_removed", NotTransacted: "card_removed", UnresponsiveCard: "card_unreadable",
		SecurityViolation: "no_permission", ServiceStopped: "daemon_down", SharingViolation: "busy_elsewhere", UnknownReader: "unplugged",
		ReaderUnavailable: "unplugged", InternalError: "device_fault", Timeout: "device_fault",
	} {
		if got := Reason(failed("transmit", code)); got != want {
			t.Errorf("%08X: %s", uint32(code), got)
		}
	}
	if Reason(nil) != "" || Reason(failed("x", Success)) != "" || Reason(ErrVersion) != "device_fault" {
		t.Error("without a code")
	}
	if err := failed("transmit", RemovedCard); !errors.Is(err, pos.ErrCardRemoved) || err.Error() != "pcsc: transmit: 80100069" {
		t.Error(err)
	}
}

// counting counts what a client asks to be read into memory.
type counting struct {
	net.Conn
	most int
}

func (c *counting) Read(p []byte) (int, error) {
	c.most = max(c.most, len(p))
	return c.Conn.Read(p)
}

// FuzzAnswers has a daemon say anything at all: the client comes to an end, panics never, and wants no more memory than an
// answer may have.
func FuzzAnswers(f *testing.F) {
	version, established := []byte{4, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0}, []byte{2, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0}
	hello := append(version, established...)
	f.Add([]byte{})
	f.Add(hello)
	f.Add(append(bytes.Clone(hello), table(place("A", 1, 0x34, []byte{0x3B}))...))
	f.Add(append(append(bytes.Clone(hello), table(place("A", 1, 0x34, nil))...), make([]byte, 400)...))
	f.Add(append(bytes.Clone(hello), make([]byte, 2*statesSize+4096)...))
	f.Fuzz(func(t *testing.T, answers []byte) {
		ours, theirs := net.Pipe()
		go io.Copy(io.Discard, theirs) //nolint:errcheck // whatever is asked
		go func() {
			theirs.Write(answers) //nolint:errcheck // as far as it is read
			theirs.Close()
		}()
		watched := &counting{Conn: ours}
		c := &Client{conn: watched, turn: make(chan struct{}, 1), minor: versionMinor}
		c.turn <- struct{}{}
		defer c.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		talk(ctx, c)
		if ctx.Err() != nil {
			t.Error("no end")
		}
		if watched.most > maxAnswer {
			t.Errorf("%d bytes at once", watched.most)
		}
	})
}

// talk asks everything that there is to ask.
func talk(ctx context.Context, c *Client) {
	if c.begin(ctx) != nil {
		return
	}
	states, err := c.Readers(ctx)
	if err != nil {
		return
	}
	if _, err = c.Wait(ctx, append(states, State{})); err != nil {
		return
	}
	h, err := c.Connect(ctx, "A", Shared, AnyOf)
	if err != nil {
		return
	}
	for _, ask := range []func() error{
		func() error { return h.Status(ctx) },
		func() error { _, err := h.Transmit(ctx, []byte{0, 0, 0, 0}); return err },
		func() error { _, err := h.Control(ctx, 1, nil); return err },
		func() error { _, err := h.Features(ctx); return err },
		func() error { _, err := h.Attribute(ctx, 1); return err },
		func() error { return h.Reconnect(ctx, Shared, AnyOf, Leave) },
		func() error { return h.End(ctx, Leave) },
		func() error { return h.Disconnect(ctx, Leave) },
	} {
		if errors.Is(ask(), ErrDaemonDown) {
			return
		}
	}
}
