package pinpad

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys"
	pad "tillkeeper/drivers/pinpad"
)

const (
	tmkHex = "0123456789ABCDEFFEDCBA9876543210"
	f62Hex = "20C3CA6028419ED2CAAF7D5204BCF5F886A5F081EA4B127DABE2158C00000000000000000494F897"
	makHex = "8CA64DE9C1B123A7"
	pan    = "6224242900000113"
)

var bg = context.Background()

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func demo(t testing.TB, dir string) *keys.Store {
	t.Helper()
	d, err := keys.OpenDemo(filepath.Join(dir, "demo.key"), tmkHex)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// loaded answers a pad that has its keys and the driver above it.
func loaded(t testing.TB) (*Sim, *pad.Pad) {
	t.Helper()
	sim := New(demo(t, t.TempDir()))
	p := pad.New(sim.Open)
	t.Cleanup(func() { p.Close() })
	if err := p.LoadKeys(bg, unhex(t, f62Hex), "003"); err != nil {
		t.Fatal(err)
	}
	return sim, p
}

func TestPINBlockKnownAnswer(t *testing.T) {
	sim, p := loaded(t)
	var _ pos.PINPad = p
	for range 2 {
		sim.Enter("0000")
		sim.Enter("123456") // the later one stands
		if got, err := p.PINBlock(bg, pos.PINRequest{PAN: pan, Amount: 100}); err != nil || hex.EncodeToString(got.Block) != "5f1a4d2b657b4016" {
			t.Errorf("%v %X", err, got.Block)
		}
	}
}

func TestMACKnownAnswers(t *testing.T) {
	_, p := loaded(t)
	for _, a := range []string{wire.MACECB, wire.MACX99} { // the host computes them by itself
		for _, n := range []int{0, 1, 8, 300, 4000} {
			data := bytes.Repeat([]byte{0x5A}, n)
			want, err := wire.MAC(a, unhex(t, makHex), data)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := p.MAC(bg, a, data); err != nil || !bytes.Equal(got[:], want) {
				t.Errorf("%s over %d: %v %X", a, n, err, got)
			}
		}
	}
	if _, err := p.MAC(bg, "md5", nil); !errors.Is(err, pad.ErrRefused) {
		t.Errorf("%v", err)
	}
	if _, err := p.MAC(bg, "ecb", make([]byte, pad.MaxData)); !errors.Is(err, pad.ErrRefused) {
		t.Errorf("%v", err)
	}
	if _, err := p.MAC(bg, strings.Repeat("e", 256), nil); !errors.Is(err, pad.ErrRefused) {
		t.Errorf("%v", err)
	}
}

func TestKeys(t *testing.T) {
	dir := t.TempDir()
	store := demo(t, dir)
	p := pad.New(New(store).Open)
	if _, err := p.MAC(bg, "ecb", nil); !errors.Is(err, pad.ErrNoKeys) {
		t.Errorf("%v", err)
	}
	if _, err := p.PINBlock(bg, pos.PINRequest{PAN: pan, Amount: 1}); !errors.Is(err, pos.ErrNoKeys) {
		t.Errorf("%v", err)
	}
	if err := p.LoadKeys(bg, unhex(t, f62Hex), "003"); err != nil {
		t.Fatal(err)
	}
	if ok, err := p.HasKeys(bg); !ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
	again := pad.New(New(demo(t, dir)).Open)
	if _, err := again.MAC(bg, "ecb", nil); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	bad := unhex(t, f62Hex)
	bad[3] ^= 1
	if err := p.LoadKeys(bg, bad, "003"); !errors.Is(err, pad.ErrKCV) {
		t.Errorf("%v", err)
	}
	if ok, err := p.HasKeys(bg); ok || err != nil {
		t.Errorf("after keys that do not match: %v %v", ok, err)
	}
	if err := p.LoadKeys(bg, bad, "009"); !errors.Is(err, pad.ErrRefused) {
		t.Errorf("%v", err)
	}
	if err := store.SetTMK(unhex(t, strings.Repeat("AB", 16))); err != nil {
		t.Fatal(err)
	}
	if err := p.LoadKeys(bg, unhex(t, f62Hex), "003"); !errors.Is(err, pad.ErrKCV) {
		t.Errorf("keys under another master key: %v", err)
	}
}

func TestPINEndings(t *testing.T) {
	sim, p := loaded(t)
	for name, act := range map[string]func(){
		"cancel key": sim.Cancel,
		"too short":  func() { sim.Enter("123") },
		"letters":    func() { sim.Enter("12a4") },
		"empty":      func() { sim.Enter("") },
		"only OK":    sim.Bypass,
	} {
		act()
		if _, err := p.PINBlock(bg, pos.PINRequest{PAN: pan, Amount: 1}); !errors.Is(err, pad.ErrCancelled) {
			t.Errorf("%s: %v", name, err)
		}
	}
	sim.Enter("123456")
	if _, err := p.PINBlock(bg, pos.PINRequest{PAN: "12", Amount: 1}); !errors.Is(err, pad.ErrRefused) {
		t.Errorf("%v", err)
	}
	sim.Clear()
	ended, stop := context.WithCancel(bg)
	stop()
	if _, err := p.PINBlock(ended, pos.PINRequest{PAN: pan, Amount: 1}); !errors.Is(err, pad.ErrCancelled) {
		t.Errorf("%v", err)
	}
	if _, err := p.MAC(ended, "ecb", nil); !errors.Is(err, context.Canceled) || errors.Is(err, pad.ErrCancelled) {
		t.Errorf("%v", err)
	}
}

func TestPINWaits(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		sim := New(demo(t, dir))
		p := pad.New(sim.Open)
		if err := p.LoadKeys(bg, unhex(t, f62Hex), "003"); err != nil {
			t.Fatal(err)
		}
		// The customer enters after a while.
		go func() {
			time.Sleep(time.Minute)
			if amount, ok := sim.Waiting(); !ok || amount != 12345 {
				t.Errorf("waiting %v for %d", ok, amount)
			}
			sim.Enter("123456")
		}()
		if got, err := p.PINBlock(bg, pos.PINRequest{PAN: pan, Amount: 12345}); err != nil || hex.EncodeToString(got.Block) != "5f1a4d2b657b4016" {
			t.Errorf("%v %X", err, got.Block)
		}
		// Nobody enters.
		ctx, stop := context.WithTimeout(bg, time.Minute)
		defer stop()
		if _, err := p.PINBlock(ctx, pos.PINRequest{PAN: pan, Amount: 1}); !errors.Is(err, pad.ErrTimeout) {
			t.Errorf("%v", err)
		}
		// The cashier ends it.
		ctx, cancel := context.WithCancel(bg)
		go func() { time.Sleep(time.Second); cancel() }()
		if _, err := p.PINBlock(ctx, pos.PINRequest{PAN: pan, Amount: 1}); !errors.Is(err, pad.ErrCancelled) {
			t.Errorf("%v", err)
		}
		if _, ok := sim.Waiting(); ok {
			t.Error("the pad still waits")
		}
		// The pad goes on, and a PIN keyed in late is not used for the past entry.
		if _, err := p.MAC(bg, "ecb", []byte("x")); err != nil {
			t.Errorf("%v", err)
		}
		sim.Patience = time.Second
		if _, err := p.PINBlock(bg, pos.PINRequest{PAN: pan, Amount: 1}); !errors.Is(err, pad.ErrTimeout) {
			t.Errorf("%v", err)
		}
		p.Close()
		synctest.Wait()
	})
}

func TestTakeTurns(t *testing.T) {
	_, p := loaded(t)
	var g sync.WaitGroup
	for i := range 8 {
		g.Go(func() {
			for j := range 20 {
				data := []byte{byte(i), byte(j)}
				want, _ := wire.MAC("ecb", unhex(t, makHex), data)
				if got, err := p.MAC(bg, "ecb", data); err != nil || !bytes.Equal(got[:], want) {
					t.Errorf("%v %X", err, got)
				}
			}
		})
	}
	g.Wait()
}

// TestNoPINOrKeyOnTheWire records both directions and looks for what must not leave the pad.
func TestNoPINOrKeyOnTheWire(t *testing.T) {
	sim := New(demo(t, t.TempDir()))
	var seen bytes.Buffer
	var mu sync.Mutex
	p := pad.New(func(ctx context.Context) (io.ReadWriteCloser, error) {
		l, err := sim.Open(ctx)
		return &tapped{l, &mu, &seen}, err
	})
	if err := p.LoadKeys(bg, unhex(t, f62Hex), "003"); err != nil {
		t.Fatal(err)
	}
	sim.Enter("135790")
	if _, err := p.PINBlock(bg, pos.PINRequest{PAN: pan, Amount: 1}); err != nil {
		t.Fatal(err)
	}
	p.Close()
	mu.Lock()
	defer mu.Unlock()
	if !bytes.Contains(seen.Bytes(), []byte(pan)) {
		t.Fatal("nothing was recorded")
	}
	for name, b := range map[string][]byte{
		"PIN": []byte("135790"), "PIN in BCD": {0x13, 0x57, 0x90}, "TMK": unhex(t, tmkHex)[:8],
		"PIK": unhex(t, "2B7E151628AED2A6"), "MAK": unhex(t, makHex),
	} {
		if bytes.Contains(seen.Bytes(), b) {
			t.Errorf("%s on the wire", name)
		}
	}
}

type tapped struct {
	io.ReadWriteCloser
	mu   *sync.Mutex
	seen *bytes.Buffer
}

func (l *tapped) Read(b []byte) (int, error) {
	n, err := l.ReadWriteCloser.Read(b)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen.Write(b[:n])
	return n, err
}

func (l *tapped) Write(b []byte) (int, error) {
	l.mu.Lock()
	l.seen.Write(b)
	l.mu.Unlock()
	return l.ReadWriteCloser.Write(b)
}

// TestListen has a till end and another come over TCP.
func TestListen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(bg)
	sim, _ := loaded(t)
	done := make(chan error, 1)
	go func() { done <- sim.Listen(ctx, l) }()
	for range 2 {
		p := pad.New(func(context.Context) (io.ReadWriteCloser, error) { return net.Dial("tcp", l.Addr().String()) })
		sim.Enter("123456")
		if got, err := p.PINBlock(bg, pos.PINRequest{PAN: pan, Amount: 1}); err != nil || hex.EncodeToString(got.Block) != "5f1a4d2b657b4016" {
			t.Errorf("%v %X", err, got.Block)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	stop()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func BenchmarkMAC(b *testing.B) {
	_, p := loaded(b)
	data := make([]byte, 240)
	for b.Loop() {
		if _, err := p.MAC(bg, "ecb", data); err != nil {
			b.Fatal(err)
		}
	}
}
