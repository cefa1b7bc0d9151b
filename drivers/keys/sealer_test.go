package keys

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"tillkeeper/app/pos"
)

func sealer(t *testing.T, dir string) *Sealer {
	t.Helper()
	s, err := OpenSealer(dir, bytes.Repeat([]byte{7}, masterBytes))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "seal")
	s := sealer(t, dir)
	box, err := s.Seal("day-20261122", []byte("attempt 1"), []byte("track"))
	if err != nil || bytes.Contains(box, []byte("track")) {
		t.Fatal(err)
	}
	two, err := s.Seal("day-20261122", []byte("attempt 1"), []byte("track"))
	if err != nil || bytes.Equal(box, two) {
		t.Error("the same box twice")
	}
	if _, err := s.Seal("day-20261123", nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, x := range []*Sealer{s, sealer(t, dir)} {
		if got, err := x.Open("day-20261122", []byte("attempt 1"), box); err != nil || string(got) != "track" {
			t.Errorf("%v %q", err, got)
		}
		for name, try := range map[string]func() ([]byte, error){
			"other aad": func() ([]byte, error) { return x.Open("day-20261122", []byte("attempt 2"), box) },
			"other key": func() ([]byte, error) { return x.Open("day-20261123", []byte("attempt 1"), box) },
			"cut":       func() ([]byte, error) { return x.Open("day-20261122", []byte("attempt 1"), box[:20]) },
			"empty":     func() ([]byte, error) { return x.Open("day-20261122", []byte("attempt 1"), nil) },
		} {
			if _, err := try(); !errors.Is(err, ErrSealed) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for i := range box {
			bad := bytes.Clone(box)
			bad[i] ^= 1
			if _, err := x.Open("day-20261122", []byte("attempt 1"), bad); !errors.Is(err, ErrSealed) {
				t.Fatalf("byte %d changed: %v", i, err)
			}
		}
	}
}

func TestSealerDestroy(t *testing.T) {
	dir := t.TempDir()
	s := sealer(t, dir)
	box, err := s.Seal("batch-000001", nil, []byte("pan"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // destroying again is no fault
		if err := s.Destroy("batch-000001"); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []*Sealer{s, sealer(t, dir)} {
		if _, err := x.Open("batch-000001", nil, box); !errors.Is(err, ErrUnknownKey) {
			t.Errorf("%v", err)
		}
	}
	if _, err := s.Seal("batch-000001", nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open("batch-000001", nil, box); !errors.Is(err, ErrSealed) {
		t.Errorf("a destroyed key came back: %v", err)
	}
}

func TestSealerNamesAndFiles(t *testing.T) {
	dir := t.TempDir()
	left := filepath.Join(dir, ".day-1.key.new-1")
	if err := os.WriteFile(left, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := sealer(t, dir)
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Error("an unfinished file was not swept")
	}
	for _, bad := range []string{"", "../x", "A", "card-hash", "a/b", "-a", strings.Repeat("a", 65)} {
		if _, err := s.Seal(bad, nil, nil); !errors.Is(err, ErrKeyName) {
			t.Errorf("Seal %q: %v", bad, err)
		}
		if _, err := s.Open(bad, nil, nil); !errors.Is(err, ErrKeyName) {
			t.Errorf("Open %q: %v", bad, err)
		}
		if err := s.Destroy(bad); !errors.Is(err, ErrKeyName) {
			t.Errorf("Destroy %q: %v", bad, err)
		}
	}
	if _, err := s.Open("day-1", nil, make([]byte, 60)); !errors.Is(err, ErrUnknownKey) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(s.path("day-1")); err == nil {
		t.Error("Open made a key")
	}
	if err := os.WriteFile(s.path("day-2"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Seal("day-2", nil, nil); !errors.Is(err, ErrFile) {
		t.Errorf("a damaged key was replaced in silence: %v", err)
	}
	if _, err := OpenSealer(dir, bytes.Repeat([]byte{8}, masterBytes)); !errors.Is(err, ErrFile) {
		t.Errorf("another master key: %v", err)
	}
	if _, err := OpenSealer(dir, nil); !errors.Is(err, ErrLength) {
		t.Errorf("%v", err)
	}
}

func TestCardHash(t *testing.T) {
	dir := t.TempDir()
	s := sealer(t, dir)
	a := s.CardHash("6224242900000113")
	if len(a) != 32 || a != sealer(t, dir).CardHash("6224242900000113") || a == s.CardHash("6224242900000114") {
		t.Errorf("%q", a)
	}
	if a == sealer(t, t.TempDir()).CardHash("6224242900000113") {
		t.Error("the same hash under two keys")
	}
	var _ pos.Vault = s
}

func TestSealerTogether(t *testing.T) {
	s := sealer(t, t.TempDir())
	var g sync.WaitGroup
	boxes := make([][]byte, 8)
	for i := range boxes {
		g.Go(func() { boxes[i], _ = s.Seal("day-1", nil, []byte{byte(i)}) })
	}
	g.Wait()
	for i, b := range boxes {
		if got, err := s.Open("day-1", nil, b); err != nil || got[0] != byte(i) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestDemoSealer(t *testing.T) {
	dir := t.TempDir()
	box := func() []byte {
		s, err := open1(t, filepath.Join(dir, "demo.key"), tmkHex).Sealer(filepath.Join(dir, "seal"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.Seal("day-1", nil, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	b := box()
	s, err := open1(t, filepath.Join(dir, "demo.key"), "").Sealer(filepath.Join(dir, "seal"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Open("day-1", nil, b); err != nil || string(got) != "x" {
		t.Errorf("%v %q", err, got)
	}
}

// TestAFolderWithBracketsInItsNameHidesNoKey: it was taken for a pattern, no key was found in it, and those of days long gone
// were never destroyed.
func TestAFolderWithBracketsInItsNameHidesNoKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop [1] *")
	s, err := OpenSealer(dir, bytes.Repeat([]byte{7}, masterBytes))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Seal("day-2026-11-22", nil, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if got := s.Keys(); !slices.Equal(got, []string{"day-2026-11-22"}) {
		t.Errorf("the keys are %v", got)
	}
	left := filepath.Join(dir, ".day-2026-11-21.key.new-1")
	if err := os.WriteFile(left, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSealer(dir, bytes.Repeat([]byte{7}, masterBytes)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what an interrupted writing left is there still: %v", err)
	}
}
