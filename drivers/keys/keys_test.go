package keys

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

const (
	tmkHex = "0123456789ABCDEFFEDCBA9876543210"
	f62Hex = "20C3CA6028419ED2CAAF7D5204BCF5F886A5F081EA4B127DABE2158C00000000000000000494F897"
	pikHex = "2B7E151628AED2A6ABF7158809CF4F3C"
	makHex = "8CA64DE9C1B123A7"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestUnwrapKnownAnswer(t *testing.T) {
	tmk, f62 := unhex(t, tmkHex), unhex(t, f62Hex)
	for _, layout := range []string{"003", "pik16 kcv4 mak8 zero8 kcv4"} {
		w, err := Unwrap(tmk, f62, layout)
		if err != nil || !bytes.Equal(w.PIK, unhex(t, pikHex)) || !bytes.Equal(w.MAK, unhex(t, makHex)) || w.TDK != nil {
			t.Errorf("%s: %v %X", layout, err, w)
		}
	}
	got, err := Wrap(tmk, Working{PIK: unhex(t, pikHex), MAK: unhex(t, makHex)}, "003")
	if err != nil || !bytes.Equal(got, f62) {
		t.Errorf("wrapped again: %v %X", err, got)
	}
	kcv, err := KCV(unhex(t, makHex))
	if err != nil || hex.EncodeToString(kcv) != "0494f897" {
		t.Errorf("check value of the MAK: %v %X", err, kcv)
	}
}

func TestUnwrapLayouts(t *testing.T) {
	tmk := unhex(t, tmkHex)
	key := func(b byte, n int) []byte { return bytes.Repeat([]byte{b}, n) }
	for layout, w := range map[string]Working{
		"001":             {PIK: key(1, 8), MAK: key(2, 8)},
		"003":             {PIK: append(key(1, 8), key(3, 8)...), MAK: key(2, 8)},
		"004":             {PIK: append(key(1, 8), key(3, 8)...), MAK: key(2, 8), TDK: append(key(4, 8), key(5, 8)...)},
		"mak16 kcv4":      {MAK: append(key(6, 8), key(7, 8)...)},
		"mak8 kcv4 zero3": {MAK: key(6, 8)},
	} {
		f62, err := Wrap(tmk, w, layout)
		if err != nil {
			t.Fatal(layout, err)
		}
		got, err := Unwrap(tmk, f62, layout)
		if err != nil || !bytes.Equal(got.PIK, w.PIK) || !bytes.Equal(got.MAK, w.MAK) || !bytes.Equal(got.TDK, w.TDK) {
			t.Errorf("%s: %v", layout, err)
		}
		for i := range f62 {
			bad := bytes.Clone(f62)
			bad[i] ^= 0x40
			if _, err := Unwrap(tmk, bad, layout); !errors.Is(err, ErrKCV) {
				t.Errorf("%s: byte %d changed: %v", layout, i, err)
			}
		}
		for _, bad := range [][]byte{f62[:len(f62)-1], append(bytes.Clone(f62), 0), nil} {
			if _, err := Unwrap(tmk, bad, layout); !errors.Is(err, ErrLayout) {
				t.Errorf("%s with %d bytes: %v", layout, len(bad), err)
			}
		}
	}
	for _, bad := range []string{
		"", "002", "mak8", "pik8 mak8 kcv4", "mak8 kcv4 mak8 kcv4", "mak9 kcv4",
		"mak8 kcv3", "mak0 kcv4", strings.Repeat("zero1 ", 17), "pik8 kcv4",
	} {
		if _, err := Unwrap(tmk, make([]byte, 12), bad); !errors.Is(err, ErrLayout) && !errors.Is(err, ErrKCV) {
			t.Errorf("layout %q: %v", bad, err)
		}
	}
	if _, err := Wrap(tmk, Working{MAK: key(1, 16)}, "mak8 kcv4"); !errors.Is(err, ErrLength) {
		t.Error("a key longer than its layout was wrapped")
	}
}

func TestECB(t *testing.T) {
	got, err := EncryptECB(unhex(t, "0123456789ABCDEF"), []byte("Now is t"))
	if err != nil || hex.EncodeToString(got) != "3fa40e8a984d4815" {
		t.Errorf("%v %x", err, got)
	}
	if back, err := DecryptECB(unhex(t, "0123456789ABCDEF"), got); err != nil || string(back) != "Now is t" {
		t.Errorf("%v %q", err, back)
	}
	if _, err := EncryptECB(make([]byte, 24), got); !errors.Is(err, ErrLength) {
		t.Error(err)
	}
	if _, err := EncryptECB(make([]byte, 8), got[:7]); !errors.Is(err, ErrLength) {
		t.Error(err)
	}
}

// FuzzUnwrap looks for layouts and fields 62 that panic, that are taken though another length or without a
// matching check value, or that do not wrap to the same bytes again.
func FuzzUnwrap(f *testing.F) {
	for _, layout := range []string{
		"001", "003", "004", "pik16 kcv4 mak8 zero8 kcv4", "mak16 kcv4", "zero1 mak8 kcv4", "mak8 kcv4 mak8 kcv4", "kcv4", "",
	} {
		f.Add(unhex(f, f62Hex), layout)
	}
	tmk := unhex(f, tmkHex)
	f.Fuzz(func(t *testing.T, f62 []byte, layout string) {
		w, err := Unwrap(tmk, f62, layout)
		if err != nil {
			if w.PIK != nil || w.MAK != nil || w.TDK != nil {
				t.Fatalf("keys with an error: %v", err)
			}
			return
		}
		again, err := Wrap(tmk, w, layout)
		if err != nil || len(again) != len(f62) {
			t.Fatalf("%q: %v", layout, err)
		}
		if back, err := Unwrap(tmk, again, layout); err != nil || !bytes.Equal(back.MAK, w.MAK) {
			t.Fatalf("%q: %v", layout, err)
		}
	})
}
