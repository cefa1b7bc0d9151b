package acquirer

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net"
	"strings"
	"testing"
	"time"

	"tillkeeper/drivers/acquirer/wire"
)

// known makes the host hand out the keys of the vectors, each time.
type known struct{ n int }

func (k *known) Read(b []byte) (int, error) {
	raw, err := hex.DecodeString(testPIK + testMAK)
	for i := range b {
		b[i] = raw[k.n%len(raw)]
		k.n++
	}
	return len(b), err
}

func start(t testing.TB, change func(*Config)) (*Host, string) {
	t.Helper()
	cfg := Config{Dir: t.TempDir(), Profile: profile(t), Accounts: accounts(t), Random: &known{}}
	if change != nil {
		change(&cfg)
	}
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := h.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-done, h.Close()); err != nil {
			t.Error(err)
		}
	})
	return h, addr.String()
}

// till is the other end of the line.
type till struct {
	t    testing.TB
	p    *wire.Profile
	addr string
	conn net.Conn
	in   *bufio.Reader
	mak  []byte
	tid  string
	head wire.Header // of the last answer
}

func dial(t testing.TB, addr string) *till {
	t.Helper()
	mak, err := hex.DecodeString(testMAK)
	if err != nil {
		t.Fatal(err)
	}
	c := &till{t: t, p: profile(t), addr: addr, mak: mak, tid: "12345678"}
	c.redial()
	t.Cleanup(func() { c.conn.Close() }) //nolint:errcheck // end of the test
	return c
}

func (c *till) redial() {
	c.t.Helper()
	end := time.Now().Add(patient)
	for {
		conn, err := net.Dial("tcp", c.addr)
		if err == nil {
			if c.conn != nil {
				c.conn.Close() //nolint:errcheck // replaced
			}
			c.conn, c.in = conn, bufio.NewReader(conn)
			return
		}
		if time.Now().After(end) {
			c.t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// signed answers the message with its MAC.
func (c *till) signed(m *wire.Message) *wire.Message {
	c.t.Helper()
	m = m.Clone()
	delete(m.Fields, 64)
	if !c.p.NeedsMAC(m.MTI) {
		return m
	}
	data, err := c.p.MACInput(m)
	if err != nil {
		c.t.Fatal(err)
	}
	mac, err := wire.MAC(c.p.MAC.Algorithm, c.mak, data)
	if err != nil {
		c.t.Fatal(err)
	}
	m.Fields[64] = strings.ToUpper(hex.EncodeToString(mac))
	return m
}

func (c *till) put(m *wire.Message) {
	c.t.Helper()
	body, err := c.p.Pack(c.p.NewHeader(), m)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := c.conn.Write(c.p.Framed(body)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *till) send(m *wire.Message) { c.t.Helper(); c.put(c.signed(m)) }

func (c *till) get(wait time.Duration) (*wire.Message, error) {
	c.t.Helper()
	if err := c.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		c.t.Fatal(err)
	}
	body, err := c.p.ReadFrame(c.in)
	if err != nil {
		return nil, err
	}
	head, m, err := c.p.Unpack(body)
	c.head = head
	return m, err
}

func (c *till) must() *wire.Message {
	c.t.Helper()
	m, err := c.get(patient)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

func (c *till) ask(m *wire.Message) *wire.Message {
	c.t.Helper()
	c.send(m)
	a := c.must()
	if (success(a.Get(39)) || a.MTI == "0410" && a.Get(39) != "77") && c.p.NeedsMAC(a.MTI) && c.signed(a).Get(64) != a.Get(64) {
		c.t.Fatalf("%s with code %s has a bad MAC", a.MTI, a.Get(39))
	}
	return a
}

func (c *till) code(want string, m *wire.Message) *wire.Message {
	c.t.Helper()
	a := c.ask(m)
	if a.Get(39) != want || a.Get(11) != m.Get(11) {
		c.t.Fatalf("%s %s: code %s, want %s", m.MTI, m.Get(11), a.Get(39), want)
	}
	return a
}

// silence wants no answer for a while.
func (c *till) silence() {
	c.t.Helper()
	var late net.Error
	if m, err := c.get(brief); !errors.As(err, &late) || !late.Timeout() {
		c.t.Fatalf("%v, %v: silence was wanted", m, err)
	}
}

// gone wants the connection to end.
func (c *till) gone() {
	c.t.Helper()
	var late net.Error
	if _, err := c.get(patient); err == nil || errors.As(err, &late) && late.Timeout() {
		c.t.Fatal(err, "the end of the connection was wanted")
	}
}

func (c *till) signOn() *wire.Message {
	c.t.Helper()
	return c.code("00", c.msg("0800", "000001", map[int]string{60: "00000001003", 63: "001"}))
}

func (c *till) msg(mti, stan string, fields map[int]string) *wire.Message {
	m := &wire.Message{MTI: mti, Fields: map[int]string{11: stan, 41: c.tid, 42: "123456789012345"}}
	maps.Copy(m.Fields, fields)
	return m
}

func fen(n int64) string { return fmt.Sprintf("%012d", n) }

func (c *till) sale(stan, pan string, amount int64) *wire.Message {
	return c.msg("0200", stan, map[int]string{
		2: pan, 3: "000000", 4: fen(amount), 14: "2806", 22: "072", 25: "00", 49: "156", 60: "22000001000600",
	})
}

func (c *till) about(mti, stan, typ string, first, answer *wire.Message, amount int64) *wire.Message {
	proc, cond := "200000", first.Get(25)
	if typ == "20" {
		proc = "000000"
	}
	m := c.msg(mti, stan, map[int]string{
		2: first.Get(2), 3: proc, 4: fen(amount), 22: "012", 25: cond, 37: answer.Get(37), 49: "156",
		60: typ + "000001000600", 61: "000001" + first.Get(11),
	})
	if typ != "25" {
		m.Fields[38] = answer.Get(38)
	} else {
		m.Fields[63] = "CUP"
		m.Fields[61] += answer.Get(13)
	}
	return m
}

func reversal(of *wire.Message) *wire.Message {
	m := of.Clone()
	m.MTI = "0400"
	for _, id := range []int{26, 35, 36, 37, 52, 53, 55, 64} {
		delete(m.Fields, id)
	}
	m.Fields[39] = "98"
	return m
}

func charges(t testing.TB, h *Host) map[Key]int64 {
	t.Helper()
	entries, err := Ledger(h.cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return Charges(entries)
}

func key(stan string) Key { return Key{"12345678", "123456789012345", "000001", stan} }

// raw sends a vector as it is.
func (c *till) raw(frame []byte) *wire.Message {
	c.t.Helper()
	if _, err := c.conn.Write(frame); err != nil {
		c.t.Fatal(err)
	}
	return c.must()
}
