package dukpt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
)

var types = map[string]Type{"aes128": AES128, "aes256": AES256, "tdea2": TDEA2, "tdea3": TDEA3}

func baseAES(t testing.TB, size string) []byte {
	if size == "256" {
		return unhex(t, bdkAES+bdkAES)
	}
	return unhex(t, bdkAES)
}

func usage(k Keys, name string) []byte {
	return map[string][]byte{"pin": k.PIN, "mac": k.MAC, "mac-answer": k.MACAnswer, "data": k.Data, "data-answer": k.DataAnswer}[name]
}

// TestANSIX9243SupplementHost derives what the supplement to ANSI X9.24-3:2017 lists from the base key.
func TestANSIX9243SupplementHost(t *testing.T) {
	for size, want := range map[string]string{"128": initialAES, "256": "CE9CE0C101D1138F97FB6CAD4DF045A7083D4EAE2D35A31789D01CCF0949550F"} {
		if got, err := AESInitialKey(baseAES(t, size), unhex(t, idAES)); err != nil || !bytes.Equal(got, unhex(t, want)) {
			t.Errorf("initial key %s: %v %X", size, err, got)
		}
	}
	if got := walk(unhex(t, initialAES), AES128, unhex(t, idAES), 1); !bytes.Equal(got, unhex(t, "4F21B565BAD9835E112B6465635EAE44")) {
		t.Errorf("derivation key of counter 1: %X", got)
	}
	for _, r := range rows(t, "x9.24-3-2017.txt", 5) {
		k, err := AESKeys(baseAES(t, r[0]), unhex(t, idAES+r[2]), types[r[1]])
		if err != nil || !bytes.Equal(usage(k, r[3]), unhex(t, r[4])) {
			t.Errorf("%v: %v %X", r, err, usage(k, r[3]))
		}
	}
}

// TestANSIX9243Device runs devices of each kind and compares with the supplement where it has the counter, with the host's side elsewhere.
func TestANSIX9243Device(t *testing.T) {
	table := rows(t, "x9.24-3-2017.txt", 5)
	for _, c := range [][2]string{{"128", "aes128"}, {"128", "tdea2"}, {"128", "tdea3"}, {"256", "aes256"}, {"256", "aes128"}} {
		bdk := baseAES(t, c[0])
		initial, err := AESInitialKey(bdk, unhex(t, idAES))
		if err != nil {
			t.Fatal(err)
		}
		d, err := NewAES(initial, unhex(t, idAES), types[c[1]])
		if err != nil {
			t.Fatal(err)
		}
		for n := uint32(1); n < 300; n++ {
			k, err := d.Next()
			if err != nil || binary.BigEndian.Uint32(k.KSN[aesID:]) != n {
				t.Fatalf("%v %d: %v %X", c, n, err, k.KSN)
			}
			if host, err := AESKeys(bdk, k.KSN, types[c[1]]); err != nil || !same(host, k) {
				t.Fatalf("%v %d: %v", c, n, err)
			}
			for _, r := range table {
				if r[0] == c[0] && r[1] == c[1] && r[2] == fmt.Sprintf("%08X", n) && !bytes.Equal(usage(k, r[3]), unhex(t, r[4])) {
					t.Errorf("%v: %X", r, usage(k, r[3]))
				}
			}
		}
	}
}

func same(a, b Keys) bool {
	for _, u := range []string{"pin", "mac", "mac-answer", "data", "data-answer"} {
		if !bytes.Equal(usage(a, u), usage(b, u)) || usage(a, u) == nil {
			return false
		}
	}
	return a.Type == b.Type && bytes.Equal(a.KSN, b.KSN)
}

// deviceAt is a device as it stands before the transaction of counter.
func deviceAt(t *testing.T, counter uint32) *AES {
	d, err := NewAES(unhex(t, initialAES), unhex(t, idAES), AES128)
	if err != nil {
		t.Fatal(err)
	}
	d.counter = counter
	for i := range d.future {
		d.future[i] = nil
		if ahead(counter, i, aesMostOnes) {
			d.future[i] = walk(unhex(t, initialAES), AES128, d.id[:], counter>>i<<i|1<<i)
		}
	}
	return d
}

// TestANSIX9243LastCounters has the device skip counters of more than 16 ones and end after FFFF0000, the last one of the supplement.
func TestANSIX9243LastCounters(t *testing.T) {
	d := deviceAt(t, 0xFFFE4000)
	for _, want := range []uint32{0xFFFE4000, 0xFFFE8000, 0xFFFF0000} {
		again, err := Restore(d.State())
		if err != nil {
			t.Fatal(err)
		}
		k, err := d.Next()
		if err != nil || binary.BigEndian.Uint32(k.KSN[aesID:]) != want {
			t.Fatalf("%v %X, want %X", err, k.KSN, want)
		}
		host, err := AESKeys(unhex(t, bdkAES), k.KSN, AES128)
		if err != nil || !same(host, k) {
			t.Errorf("%X: %v", want, err)
		}
		if k2, err := again.Next(); err != nil || !same(k, k2) {
			t.Errorf("restored before %X: %v", want, err)
		}
	}
	for _, x := range []func() (Keys, error){d.Next, func() (Keys, error) {
		again, err := Restore(d.State())
		if err != nil {
			return Keys{}, err
		}
		return again.Next()
	}} {
		if _, err := x(); !errors.Is(err, ErrExhausted) {
			t.Errorf("%v", err)
		}
	}
}
