package pinpad

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
	pad "tillkeeper/drivers/pinpad"
)

// pipe answers the two ends of a line within this process.
func pipe() (a, b io.ReadWriteCloser) { return net.Pipe() }

// bent is a line that damages, loses or repeats what one side sends.
type bent struct {
	io.ReadWriteCloser
	mu    sync.Mutex
	write func(n int, b []byte) [][]byte // what goes out instead of the n-th write
	n     int
}

func (l *bent) Write(b []byte) (int, error) {
	l.mu.Lock()
	l.n++
	n := l.n
	l.mu.Unlock()
	for _, x := range l.write(n, bytes.Clone(b)) {
		if _, err := l.ReadWriteCloser.Write(x); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func flip(b []byte) [][]byte { b[len(b)/2] ^= 0x10; return [][]byte{b} }

// TestDamagedLine has the pad's PIN entry done once although frames get lost in both directions.
func TestDamagedLine(t *testing.T) {
	dir := t.TempDir()
	for name, bend := range map[string]func(n int, b []byte) [][]byte{
		"damaged":      func(n int, b []byte) [][]byte { return flipAt(n == 2, b) },
		"noise before": func(_ int, b []byte) [][]byte { return [][]byte{{0, 0xFF, 7}, b} },
		"twice":        func(_ int, b []byte) [][]byte { return [][]byte{b, b} },
		"byte by byte": func(_ int, b []byte) [][]byte { return split1(b) },
	} {
		for _, side := range []string{"till", "pad"} {
			synctest.Test(t, func(t *testing.T) {
				store := demo(t, dir)
				if err := store.LoadKeys(bg, unhex(t, f62Hex), "003"); err != nil {
					t.Fatal(err)
				}
				sim := New(store)
				p := pad.New(func(ctx context.Context) (io.ReadWriteCloser, error) { return bentLine(sim, side, bend) })
				sim.Enter("123456")
				got, err := p.PINBlock(bg, pos.PINRequest{PAN: pan, Amount: 1})
				if err != nil || hex.EncodeToString(got.Block) != "5f1a4d2b657b4016" {
					t.Errorf("%s, %s: %v %X", name, side, err, got.Block)
				}
				if want, _ := wire.MAC("ecb", unhex(t, makHex), []byte("a")); name != "" {
					if mac, err := p.MAC(bg, "ecb", []byte("a")); err != nil || !bytes.Equal(mac[:], want) {
						t.Errorf("%s, %s: %v %X", name, side, err, mac)
					}
				}
				p.Close()
				synctest.Wait()
			})
		}
	}
}

func flipAt(yes bool, b []byte) [][]byte {
	if yes && len(b) > 1 {
		return flip(b)
	}
	return [][]byte{b}
}

func split1(b []byte) (out [][]byte) {
	for i := range b {
		out = append(out, b[i:i+1])
	}
	return out
}

func bentLine(sim *Sim, side string, bend func(int, []byte) [][]byte) (io.ReadWriteCloser, error) {
	till, err := sim.Open(bg)
	if err != nil || side == "till" {
		return &bent{ReadWriteCloser: till, write: bend}, err
	}
	a, b := pipe()
	go sim.Serve(bg, &bent{ReadWriteCloser: b, write: bend}) //nolint:errcheck // ends with the line
	return a, till.Close()
}

func TestSilentAndGonePad(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		store := demo(t, dir)
		if err := store.LoadKeys(bg, unhex(t, f62Hex), "003"); err != nil {
			t.Fatal(err)
		}
		sim := New(store)
		mute, gone := true, false
		p := pad.New(func(ctx context.Context) (io.ReadWriteCloser, error) {
			if gone {
				return nil, errors.New("no such device")
			}
			if mute {
				a, b := pipe()
				go io.Copy(io.Discard, b) //nolint:errcheck // a pad that hears and says nothing
				return a, nil
			}
			return sim.Open(ctx)
		})
		if _, err := p.MAC(bg, "ecb", nil); !errors.Is(err, pad.ErrOffline) {
			t.Errorf("silent: %v", err)
		}
		if c := p.Condition(bg); c.State != "fault" || c.Code != "offline" {
			t.Errorf("%+v", c)
		}
		gone = true
		if _, err := p.MAC(bg, "ecb", nil); !errors.Is(err, pad.ErrUnplugged) {
			t.Errorf("gone: %v", err)
		}
		if c := p.Condition(bg); c.Code != "unplugged" {
			t.Errorf("%+v", c)
		}
		mute, gone = false, false
		if _, err := p.MAC(bg, "ecb", nil); err != nil {
			t.Errorf("back: %v", err)
		}
		if c := p.Condition(bg); c.State != "ok" || c.Code != "" {
			t.Errorf("%+v", c)
		}
		p.Close()
		synctest.Wait()
	})
}

// TestUnpluggedBetween has the line end between two commands: the next one opens it again.
func TestUnpluggedBetween(t *testing.T) {
	sim, _ := loaded(t)
	var lines []io.ReadWriteCloser
	p := pad.New(func(ctx context.Context) (io.ReadWriteCloser, error) {
		l, err := sim.Open(ctx)
		lines = append(lines, l)
		return l, err
	})
	if _, err := p.MAC(bg, "ecb", nil); err != nil {
		t.Fatal(err)
	}
	lines[0].Close()
	_, first := p.MAC(bg, "ecb", nil) // may meet the break, or have seen it before
	if first != nil && !errors.Is(first, pad.ErrUnplugged) {
		t.Errorf("%v", first)
	}
	if _, err := p.MAC(bg, "ecb", nil); err != nil {
		t.Errorf("%v", err)
	}
	if len(lines) != 2 {
		t.Errorf("%d lines", len(lines))
	}
}
