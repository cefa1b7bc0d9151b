package dukpt

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"strings"
	"testing"
)

const (
	bdkTDES     = "0123456789ABCDEFFEDCBA9876543210"
	initialTDES = "6AC292FAA1315B4D858AB3A3D7D5933A"
	ksnTDES     = "FFFF9876543210E00000"
	bdkAES      = "FEDCBA9876543210F1F1F1F1F1F1F1F1"
	initialAES  = "1273671EA26AC29AFA4D1084127652A1"
	idAES       = "1234567890123456"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// rows reads a table of testdata.
func rows(t testing.TB, name string, columns int) (out [][]string) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if f := strings.Fields(line); len(f) == columns && f[0] != "#" {
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		t.Fatalf("%s has no rows", name)
	}
	return out
}

func newTDES(t testing.TB) *TDES {
	t.Helper()
	initial, err := TDESInitialKey(unhex(t, bdkTDES), unhex(t, ksnTDES))
	if err != nil || !bytes.Equal(initial, unhex(t, initialTDES)) {
		t.Fatalf("initial key: %v %X", err, initial)
	}
	d, err := NewTDES(initial, unhex(t, ksnTDES))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestANSIX9241AnnexAHost derives what ANSI X9.24-1:2009 annex A.4 lists from the base key.
func TestANSIX9241AnnexAHost(t *testing.T) {
	for _, r := range rows(t, "x9.24-1-2009-annex-a.txt", 4) {
		k, err := TDESKeys(unhex(t, bdkTDES), unhex(t, r[0]))
		if err != nil {
			t.Fatal(r[0], err)
		}
		check(t, r, k)
	}
}

func check(t *testing.T, r []string, k Keys) {
	t.Helper()
	block := triple(k.PIN, unhex(t, "041274EDCBA9876F"))
	for i, b := range [][]byte{k.KSN, k.PIN, k.MAC, block} {
		if !bytes.Equal(b, unhex(t, r[i])) {
			t.Errorf("%s, column %d: %X, want %s", r[0], i, b, r[i])
		}
	}
}

// TestANSIX9241AnnexAData checks the data keys and MAC keys of both ways by what they make (annex A.4.2).
func TestANSIX9241AnnexAData(t *testing.T) {
	text := append([]byte("4012345678909D987"), make([]byte, 7)...)
	for _, r := range rows(t, "x9.24-1-2009-annex-a-data.txt", 6) {
		k, err := TDESKeys(unhex(t, bdkTDES), unhex(t, r[0]))
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range [][]byte{
			masked(k.PIN, [half]byte{7: 0xFF}), cbc(k.Data, text),
			cbc(k.DataAnswer, text), retail(k.MAC, text), retail(k.MACAnswer, text),
		} {
			if !bytes.Equal(got, unhex(t, r[i+1])) {
				t.Errorf("%s, column %d: %X, want %s", r[0], i+1, got, r[i+1])
			}
		}
	}
}

func cbc(key, in []byte) (out []byte) {
	var last [half]byte
	for i := 0; i < len(in); i += half {
		last = mixed(last, in[i:])
		copy(last[:], triple(key, last[:]))
		out = append(out, last[:]...)
	}
	return out
}

// retail is ISO 9797-1 algorithm 3: single DES but for the last block, which is triple.
func retail(key, in []byte) []byte {
	var last [half]byte
	for i := 0; i < len(in)-half; i += half {
		last = mixed(last, in[i:])
		desOnce(key[:half], &last)
	}
	last = mixed(last, in[len(in)-half:])
	return triple(key, last[:])
}

// TestANSIX9241DeviceToExhaustion runs the device of annex A through every counter it has: the ones of the
// annex match, no KSN comes twice, and it ends for good.
func TestANSIX9241DeviceToExhaustion(t *testing.T) {
	want := map[string][]string{}
	for _, r := range rows(t, "x9.24-1-2009-annex-a.txt", 4) {
		want[r[0]] = r
	}
	d := newTDES(t)
	last, n := uint32(0), 0
	if raced {
		d.counter = 0xFF800 // as if all before were used: the registers are set, which are not under test here
		n = 1<<20 - 1 - tail(0xFF800)
		for i := range d.future {
			d.future[i] = nil
			if ahead(d.counter, i, tdesMostOnes) {
				d.future[i] = walkTDES(t, d.counter>>i<<i|1<<i)
			}
		}
		for k, r := range want {
			if low := binary.BigEndian.Uint32(unhex(t, r[0])[6:]) % tdesCounters; low < d.counter {
				delete(want, k)
			}
		}
	}
	for ; d.counter != 0; n++ {
		c := d.counter
		if c <= last || bits.OnesCount32(c) > tdesMostOnes {
			t.Fatalf("counter %X after %X", c, last)
		}
		last = c
		if r := want[fmt.Sprintf("FFFF9876543210%06X", 0xE00000|c)]; r != nil {
			k, err := d.Next()
			if err != nil {
				t.Fatal(err)
			}
			check(t, r, k)
			delete(want, r[0])
			continue
		}
		d.step() // Next without the keys that nobody looks at
	}
	if len(want) != 0 {
		t.Errorf("%d counters of the annex did not come", len(want))
	}
	// ANSI X9.24-1 gives a device 2^20-1 transactions: the sum of the combinations of 21 counter bits taken 1 to 10.
	if n != 1<<20-1 {
		t.Errorf("%d transactions", n)
	}
	for range 2 {
		if _, err := d.Next(); !errors.Is(err, ErrExhausted) {
			t.Errorf("%v", err)
		}
	}
	if again, err := Restore(d.State()); err != nil {
		t.Error(err)
	} else if _, err := again.Next(); !errors.Is(err, ErrExhausted) {
		t.Errorf("restored: %v", err)
	}
}

// tail counts the counters from one on.
func tail(from uint32) (n int) {
	for c := from; c < tdesCounters; c++ {
		if bits.OnesCount32(c) <= tdesMostOnes {
			n++
		}
	}
	return n
}

// walkTDES answers the key of a counter.
func walkTDES(t *testing.T, counter uint32) []byte {
	ksn := unhex(t, ksnTDES)
	binary.BigEndian.PutUint32(ksn[6:], binary.BigEndian.Uint32(ksn[6:])|counter)
	k, err := TDESKeys(unhex(t, bdkTDES), ksn)
	if err != nil {
		t.Fatal(err)
	}
	return masked(k.PIN, [half]byte{7: 0xFF})
}

// TestForwardSecrecy looks for used keys in what the device still holds.
func TestForwardSecrecy(t *testing.T) {
	aes, err := NewAES(unhex(t, initialAES), unhex(t, idAES), AES128)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []Device{newTDES(t), aes} {
		initial := map[byte]string{KindTDES: initialTDES, KindAES: initialAES}[d.Kind()]
		var used [][]byte
		for range 40 {
			before := d.State()
			k, err := d.Next()
			if err != nil {
				t.Fatal(err)
			}
			if d.Kind() == KindTDES {
				used = append(used, masked(k.PIN, [half]byte{7: 0xFF}))
			} else {
				used = append(used, walk(unhex(t, initial), AES128, unhex(t, idAES), binary.BigEndian.Uint32(k.KSN[aesID:])))
			}
			if !bytes.Contains(before, used[len(used)-1]) {
				t.Fatal("the device did not hold the key before: the search finds nothing")
			}
			for _, u := range append(used, unhex(t, initial)) {
				if bytes.Contains(d.State(), u) {
					t.Fatalf("kind %c still holds a used key after %X", d.Kind(), k.KSN)
				}
			}
		}
	}
}

func TestRestoreGoesOn(t *testing.T) {
	a, err := NewAES(unhex(t, initialAES), unhex(t, idAES), TDEA2)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []Device{newTDES(t), a} {
		for range 100 {
			again, err := Restore(d.State())
			if err != nil || again.Kind() != d.Kind() || !bytes.Equal(again.State(), d.State()) {
				t.Fatal(err)
			}
			k1, err1 := d.Next()
			k2, err2 := again.Next()
			if err1 != nil || err2 != nil || !same(k1, k2) {
				t.Fatal(err1, err2)
			}
			d = again
		}
		good := d.State()
		for _, bad := range [][]byte{nil, {1}, good[:len(good)-1], append(bytes.Clone(good), 0), {KindAES}, {KindTDES}} {
			if _, err := Restore(bad); !errors.Is(err, ErrState) {
				t.Errorf("%d bytes: %v", len(bad), err)
			}
		}
	}
}

func TestRefuses(t *testing.T) {
	k16, id := make([]byte, 16), make([]byte, 8)
	for name, try := range map[string]func() error{
		"tdes key":      func() error { _, err := NewTDES(k16[:8], make([]byte, 10)); return err },
		"tdes ksn":      func() error { _, err := NewTDES(k16, id); return err },
		"tdes base":     func() error { _, err := TDESKeys(k16[:8], make([]byte, 10)); return err },
		"aes key":       func() error { _, err := NewAES(k16[:15], id, AES128); return err },
		"aes id":        func() error { _, err := NewAES(k16, k16, AES128); return err },
		"stronger":      func() error { _, err := NewAES(k16, id, AES256); return err },
		"unknown type":  func() error { _, err := NewAES(make([]byte, 32), id, 5); return err },
		"aes base":      func() error { _, err := AESInitialKey(k16[:3], id); return err },
		"aes base id":   func() error { _, err := AESInitialKey(k16, k16); return err },
		"aes ksn":       func() error { _, err := AESKeys(k16, id, AES128); return err },
		"host stronger": func() error { _, err := AESKeys(k16, make([]byte, 12), AES192); return err },
	} {
		if err := try(); !errors.Is(err, ErrLength) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, ksn := range map[string]string{"counter zero": ksnTDES, "eleven ones": "FFFF9876543210E007FF"} {
		if _, err := TDESKeys(unhex(t, bdkTDES), unhex(t, ksn)); !errors.Is(err, ErrState) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, ksn := range map[string]string{"counter zero": idAES + "00000000", "17 ones": idAES + "0001FFFF"} {
		if _, err := AESKeys(unhex(t, bdkAES), unhex(t, ksn), AES128); !errors.Is(err, ErrState) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestForget(t *testing.T) {
	k, err := newTDES(t).Next()
	if err != nil {
		t.Fatal(err)
	}
	k.Forget()
	for _, u := range []string{"pin", "mac", "mac-answer", "data", "data-answer"} {
		if !bytes.Equal(usage(k, u), make([]byte, 16)) {
			t.Errorf("%s is still there", u)
		}
	}
}

// TestAStateWithACounterThatIsNeverUsedIsRefused: damaged to a counter of too many ones, a state was taken,
// and the next PIN ended the pad's program.
func TestAStateWithACounterThatIsNeverUsedIsRefused(t *testing.T) {
	a, err := NewAES(unhex(t, initialAES), unhex(t, idAES), AES128)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		state   []byte
		at      int
		counter uint32
	}{{a.State(), 1 + aesID + 2, 0xFFFF3030}, {newTDES(t).State(), 1 + 2 + half, 0x1FFFF0}} {
		binary.BigEndian.PutUint32(c.state[c.at:], c.counter)
		if _, err := Restore(c.state); !errors.Is(err, ErrState) {
			t.Errorf("%08X: %v", c.counter, err)
		}
	}
}

// FuzzRestore looks for states that panic or that do not come back as they were.
func FuzzRestore(f *testing.F) {
	f.Add(newTDES(f).State())
	a, err := NewAES(unhex(f, initialAES), unhex(f, idAES), TDEA3)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(a.State())
	f.Add([]byte{KindAES, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Restore(b)
		if err != nil {
			return
		}
		for range 40 {
			if _, err := d.Next(); err != nil {
				if !errors.Is(err, ErrExhausted) {
					t.Fatal(err)
				}
				return
			}
		}
	})
}

func BenchmarkNext(b *testing.B) {
	for kind, make := range map[string]func() Device{
		"tdes": func() Device { return newTDES(b) },
		"aes": func() Device {
			d, err := NewAES(unhex(b, initialAES), unhex(b, idAES), AES128)
			if err != nil {
				b.Fatal(err)
			}
			return d
		},
	} {
		b.Run(kind, func(b *testing.B) {
			d := make()
			for b.Loop() {
				if _, err := d.Next(); err != nil {
					d = make()
				}
			}
		})
	}
}
