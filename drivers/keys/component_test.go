package keys

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/pos"
)

// Two components whose XOR is the TMK of the reference messages.
const (
	componentA = "75CD4C3257FE6DE364F1BCD6E0194C43"
	tmkKCV     = "08D7B4FB"
)

func componentB(t testing.TB) string {
	b := unhex(t, componentA)
	xorInto(b, unhex(t, tmkHex))
	return strings.ToUpper(hex.EncodeToString(b))
}

func vacant(t *testing.T, path string) *Store {
	t.Helper()
	s, err := OpenPassphrase(path, []byte(pass))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// bare answers a store of a file at path that has no TMK yet, without the time that a passphrase takes.
func bare(t *testing.T, path string) *Store {
	t.Helper()
	s, err := newStore(KindDemo, newContent(), func(c content) error { return saveDemo(path, c) })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.save(s.content); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCeremony(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	s := vacant(t, path)
	c := s.Ceremony()
	typed := []byte(componentA[:16] + " " + strings.ToLower(componentA[16:]))
	one, err := c.First("Wang", typed)
	wantOne, _ := KCV(unhex(t, componentA))
	if err != nil || !bytes.Equal(one[:], wantOne) || !bytes.Equal(typed, make([]byte, 33)) {
		t.Fatalf("%v %X, typed %X", err, one, typed)
	}
	if s.HasTMK() || !c.Waiting() {
		t.Error("one component is a key")
	}
	two, whole, err := c.Second("Li", []byte(componentB(t)))
	wantTwo, _ := KCV(unhex(t, componentB(t)))
	if err != nil || !bytes.Equal(two[:], wantTwo) || strings.ToUpper(hex.EncodeToString(whole[:])) != tmkKCV {
		t.Fatalf("%v %X %X", err, two, whole)
	}
	if c.Waiting() || !s.HasTMK() {
		t.Error("the entry has not ended")
	}
	for _, x := range []*Store{s, vacant(t, path)} {
		if err := x.LoadKeys(context.Background(), unhex(t, f62Hex), "003"); err != nil {
			t.Errorf("keys under the entered TMK: %v", err)
		}
	}
	noSecrets(t, filepath.Dir(path), componentA, componentB(t), tmkHex, pass)
}

// noSecrets searches every file below dir for keys, raw and in hex.
func noSecrets(t *testing.T, dir string, secrets ...string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		raw, err := os.ReadFile(path)
		for _, s := range secrets {
			forms := [][]byte{[]byte(s), []byte(strings.ToLower(s))}
			if b, bad := hex.DecodeString(s); bad == nil {
				forms = append(forms, b)
			}
			for _, f := range forms {
				if bytes.Contains(raw, f) {
					t.Errorf("%s holds a secret in clear", path)
				}
			}
		}
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%d files: %v", files, err)
	}
}

func TestCeremonyRefuses(t *testing.T) {
	s := bare(t, filepath.Join(t.TempDir(), "store"))
	c := s.Ceremony()
	c.OddParity = true
	if _, _, err := c.Second("Li", []byte(componentA)); !errors.Is(err, ErrNoFirst) {
		t.Errorf("second before first: %v", err)
	}
	for name, bad := range map[string]struct {
		typed string
		want  error
	}{
		"empty": {"", ErrComponent}, "short": {componentA[:30], ErrComponent}, "long": {componentA + "00", ErrComponent},
		"letters": {"Z" + componentA[1:], ErrComponent}, "half": {componentA[:16], ErrComponent}, "zero": {strings.Repeat("01", 16), ErrWeakKey},
		"ones": {strings.Repeat("FE", 16), ErrWeakKey}, "halves alike": {componentA[:16] + componentA[:16], ErrWeakKey},
		"semi-weak left": {"01FE01FE01FE01FE" + componentA[16:], ErrWeakKey}, "weak right": {componentA[:16] + "1F1F1F1F0E0E0E0E", ErrWeakKey},
		"even byte": {"74" + componentA[2:], ErrParity},
	} {
		if _, err := c.First("Wang", []byte(bad.typed)); !errors.Is(err, bad.want) || strings.Contains(err.Error(), "75CD") {
			t.Errorf("first %s: %v", name, err)
		}
	}
	if c.Waiting() {
		t.Error("a refused component waits")
	}
	if _, err := c.First("", []byte(componentA)); !errors.Is(err, ErrSamePerson) {
		t.Errorf("nobody: %v", err)
	}
	begin := func() {
		t.Helper()
		if _, err := c.First("Wang", []byte(componentA)); err != nil {
			t.Fatal(err)
		}
	}
	begin()
	for _, who := range []string{"Wang", ""} {
		if _, _, err := c.Second(who, []byte(componentB(t))); !errors.Is(err, ErrSamePerson) || !c.Waiting() {
			t.Errorf("%q: %v", who, err)
		}
	}
	if _, _, err := c.Second("Li", []byte("12")); !errors.Is(err, ErrComponent) || !c.Waiting() {
		t.Errorf("mistyped second: %v", err)
	}
	c.OddParity = false
	other := "74" + componentA[2:] // only the parity bit of a byte differs
	for _, same := range []string{componentA, other} {
		if _, _, err := c.Second("Li", []byte(same)); !errors.Is(err, ErrSameComponent) || c.Waiting() {
			t.Errorf("the same component again: %v", err)
		}
		begin()
	}
	alike := unhex(t, componentA)
	xorInto(alike, unhex(t, "0123456789ABCDEF0123456789ABCDEF"))
	if _, _, err := c.Second("Li", []byte(hex.EncodeToString(alike))); !errors.Is(err, ErrWeakKey) || c.Waiting() {
		t.Errorf("a key of two halves alike: %v", err)
	}
	if s.HasTMK() {
		t.Error("a refused entry left a key")
	}
	var coded *pos.Error
	for _, e := range []error{
		ErrComponent, ErrParity, ErrWeakKey, ErrSameComponent, ErrSamePerson, ErrNoFirst, ErrNoTMK, ErrPassphrase, ErrShortPassphrase,
	} {
		if !errors.As(e, &coded) || coded.Code == "" || coded.Remedy == "" {
			t.Errorf("%v has no code or remedy", e)
		}
	}
}

// TestCeremonySecondNeverComes has the first component forgotten: given up, by time, and by a new first one whose own time then counts.
func TestCeremonySecondNeverComes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	s := bare(t, path)
	synctest.Test(t, func(t *testing.T) {
		c := s.Ceremony()
		first := func(typed string) []byte {
			t.Helper()
			if _, err := c.First("Wang", []byte(typed)); err != nil {
				t.Fatal(err)
			}
			return c.first
		}
		held := first(componentA)
		c.Cancel()
		if c.Waiting() || !bytes.Equal(held, make([]byte, 16)) {
			t.Error("a cancelled component is still in memory")
		}
		held = first(componentA)
		time.Sleep(ComponentWait / 2)
		again := first(componentB(t))
		if !bytes.Equal(held, make([]byte, 16)) {
			t.Error("a replaced component is still in memory")
		}
		time.Sleep(ComponentWait/2 + time.Second)
		synctest.Wait()
		if !c.Waiting() {
			t.Error("the time of the first one ended the second entry")
		}
		time.Sleep(ComponentWait)
		synctest.Wait()
		if c.Waiting() || !bytes.Equal(again, make([]byte, 16)) {
			t.Error("a component waits for ever")
		}
		if _, _, err := c.Second("Li", []byte(componentA)); !errors.Is(err, ErrNoFirst) {
			t.Errorf("%v", err)
		}
	})
	if _, err := OpenDemo(path, ""); s.HasTMK() || !errors.Is(err, ErrLength) {
		t.Errorf("half a key was kept: %v", err)
	}
	noSecrets(t, filepath.Dir(path), componentA, componentB(t))
}

// TestCeremonyReplacesTMK has the working keys of the earlier master key dropped.
func TestCeremonyReplacesTMK(t *testing.T) {
	path := filepath.Join(t.TempDir(), "demo.key")
	s := open1(t, path, tmkHex)
	if err := s.LoadKeys(context.Background(), unhex(t, f62Hex), "003"); err != nil {
		t.Fatal(err)
	}
	c := s.Ceremony()
	if _, err := c.First("Wang", []byte(componentA)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Working(); err != nil {
		t.Errorf("one component ended trading: %v", err)
	}
	if _, _, err := c.Second("Li", []byte("2B7E151628AED2A6ABF7158809CF4F3C")); err != nil {
		t.Fatal(err)
	}
	// The configuration still names the old one: it was taken before and does not come back.
	for _, x := range []*Store{s, open1(t, path, tmkHex)} {
		if _, err := x.Working(); !errors.Is(err, ErrNoKeys) {
			t.Errorf("%v", err)
		}
		if err := x.LoadKeys(context.Background(), unhex(t, f62Hex), "003"); !errors.Is(err, ErrKCV) {
			t.Errorf("keys of the earlier TMK: %v", err)
		}
	}
}

func TestWeakHalves(t *testing.T) {
	if len(weakHalves) != 16 {
		t.Errorf("%d weak and semi-weak keys", len(weakHalves))
	}
	// A weak key is its own inverse: two encryptions give the text back (NIST SP 800-67 section 3.3.2).
	own := 0
	for h := range weakHalves {
		c, err := DES([]byte(h))
		if err != nil {
			t.Fatal(err)
		}
		b := []byte("any text")
		c.Encrypt(b, b)
		c.Encrypt(b, b)
		if string(b) == "any text" {
			own++
		}
	}
	if own != 4 {
		t.Errorf("%d weak keys", own)
	}
}
