package acquirer

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
)

const (
	tid    = "12345678"
	mid    = "123456789012345"
	pan    = "6224242900000113"
	track  = "6224242900000113=28062013949031013"
	makHex = "8CA64DE9C1B123A7"
	chip   = "9F260895BBE372271DDA7C9F2701809F101307010103A00000010A010000000000ED538FE49F37047F9F349E9F36020157" +
		"950500000000009A032603019C01009F02060000000001005F2A02015682027C009F1A0201569F03060000000000009F3303E0E1C8" +
		"9F34031F00009F3501229F1E0831323334353637388408A0000003330101019F090200209F410400000123"
	short  = time.Second      // an answer time that a test waits out, and in which any machine answers
	plenty = 20 * time.Second // an answer time that no test waits out
)

var errKCV = errors.New("check value")

// testKeys holds the MAK of the known answers.
type testKeys struct {
	mu     sync.Mutex
	loaded bool
	layout string
	broken error // what MAC answers instead
}

func (k *testKeys) set(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.broken = err
}

func (k *testKeys) LoadKeys(_ context.Context, f62 []byte, layout string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.layout, k.loaded = layout, bytes.HasSuffix(f62, unhexed("0494F897"))
	if !k.loaded {
		return errKCV
	}
	return nil
}

func (k *testKeys) HasKeys(context.Context) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.loaded, nil
}

func (k *testKeys) MAC(_ context.Context, algorithm string, data []byte) ([8]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.broken != nil {
		return [8]byte{}, k.broken
	}
	if !k.loaded {
		return [8]byte{}, pos.ErrNoKeys
	}
	b, err := wire.MAC(algorithm, unhexed(makHex), data)
	return [8]byte(b), err
}

func unhexed(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// vector reads one frame of the known answers.
func vector(t testing.TB, name string) []byte {
	t.Helper()
	for line := range strings.Lines(string(readFile(t, "wire/testdata/vectors.txt"))) {
		if w := strings.Fields(line); len(w) == 2 && w[0] == name {
			return unhexed(w[1])
		}
	}
	t.Fatalf("no vector %s", name)
	return nil
}

// peer is a scripted host: it takes connections and reads requests one by one.
type peer struct {
	t    *testing.T
	p    *wire.Profile
	ln   net.Listener
	keys *testKeys
	tls  *tls.Config
	conn net.Conn
	raw  []byte // the last frame read
}

// begin makes a host and a line to it; edit changes options and profile.
func begin(t *testing.T, edit ...func(*Options)) (*Link, *peer) {
	t.Helper()
	p, err := wire.Load(nil, "../../assets/profiles/cup.json")
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &peer{t: t, p: p, ln: ln, keys: &testKeys{loaded: true}}
	o := Options{Address: ln.Addr().String(), Profile: p, TID: tid, MID: mid, Keys: h.keys, Timeout: plenty}
	for _, e := range edit {
		e(&o)
	}
	l := New(o)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		ln.Close()
		if h.conn != nil {
			h.conn.Close()
		}
	})
	return l, h
}

func timeout(d time.Duration) func(*Options) { return func(o *Options) { o.Timeout = d } }

func window(n int) func(*Options) { return func(o *Options) { o.Profile.Repeat.Window = n } }

// accept takes the next connection.
func (h *peer) accept() {
	h.t.Helper()
	if err := h.ln.(*net.TCPListener).SetDeadline(time.Now().Add(plenty)); err != nil {
		h.t.Fatal(err)
	}
	c, err := h.ln.Accept()
	if err != nil {
		h.t.Fatal(err)
	}
	if h.conn = c; h.tls != nil {
		h.conn = tls.Server(c, h.tls)
	}
}

// next reads one request, taking a connection first if there is none.
func (h *peer) next() *wire.Message {
	h.t.Helper()
	if h.conn == nil {
		h.accept()
	}
	if err := h.conn.SetReadDeadline(time.Now().Add(plenty)); err != nil {
		h.t.Fatal(err)
	}
	body, err := h.p.ReadFrame(h.conn)
	if err != nil {
		h.t.Fatal(err)
	}
	h.raw = h.p.Framed(body)
	_, m, err := h.p.Unpack(body)
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

// answerTo words a signed answer.
func (h *peer) answerTo(m *wire.Message, code string) *wire.Message {
	a := &wire.Message{MTI: wire.AnswerMTI(m.MTI), Fields: map[int]string{12: "101530", 13: "0301", 37: "030110153001", 39: code}}
	for _, id := range []int{3, 4, 11, 25, 41, 42, 49, 60} {
		if m.Has(id) {
			a.Fields[id] = m.Get(id)
		}
	}
	h.sign(a)
	return a
}

func (h *peer) sign(a *wire.Message) {
	h.t.Helper()
	if !h.p.NeedsMAC(a.MTI) {
		return
	}
	delete(a.Fields, 64)
	in, err := h.p.MACInput(a)
	if err != nil {
		h.t.Fatal(err)
	}
	mac, err := wire.MAC(h.p.MAC.Algorithm, unhexed(makHex), in)
	if err != nil {
		h.t.Fatal(err)
	}
	a.Fields[64] = upperHex(mac)
}

func (h *peer) frame(a *wire.Message, requirement int) []byte {
	h.t.Helper()
	body, err := h.p.Pack(h.p.NewHeader().Swapped().WithRequirement(requirement), a)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.p.Framed(body)
}

func (h *peer) write(b []byte) {
	h.t.Helper()
	if _, err := h.conn.Write(b); err != nil {
		h.t.Fatal(err)
	}
}

func (h *peer) send(a *wire.Message) { h.t.Helper(); h.write(h.frame(a, 0)) }

// reset ends the connection with an RST.
func (h *peer) reset() {
	h.t.Helper()
	if err := h.conn.(*net.TCPConn).SetLinger(0); err != nil {
		h.t.Fatal(err)
	}
	h.conn.Close()
	h.conn = nil
}

// contactless is the sale of the known answers without a PIN.
func contactless(stan string) pos.Request {
	return pos.Request{Op: pos.OpSale, STAN: stan, Batch: "000001", Amount: 100, Card: pos.CardData{
		PAN: pan, Expiry: "2806", Sequence: "001", Track2: track, F55: unhexed(chip), Entry: "contactless",
	}}
}

func reversal(stan string) pos.Request {
	r := contactless(stan)
	r.Op, r.Original, r.Reason = pos.OpReversal, pos.OpSale, "98"
	r.Card.Track2, r.Card.F55, r.Card.ShortF55 = "", nil, unhexed("950500000000009F1E0831323334353637389F101307010103A00000010A010000000000ED538FE49F36020157")
	return r
}

func advice(stan string) pos.Request {
	r := contactless(stan)
	r.Op, r.Advice, r.Org = pos.OpOfflineUpload, true, "CUP"
	return r
}

type result struct {
	reply pos.Reply
	err   error
}

// start lets an exchange go.
func start(l *Link, r pos.Request) <-chan result {
	out := make(chan result, 1)
	go func() {
		reply, err := l.Exchange(context.Background(), r)
		out <- result{reply, err}
	}()
	return out
}

// until waits for what another goroutine is about to do.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(plenty); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// logged makes the line write its log into a buffer.
func logged(b *lockedBuffer) func(*Options) {
	return func(o *Options) {
		o.Log = slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
