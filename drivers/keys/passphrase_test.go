package keys

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/keys/dukpt"
)

const pass = "correct horse battery"

func TestPassphraseStore(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	path := filepath.Join(dir, "key.store")
	s := vacant(t, path)
	if s.Kind() != KindPassphrase || s.HasTMK() {
		t.Errorf("%s %v", s.Kind(), s.HasTMK())
	}
	if err := s.LoadKeys(ctx, unhex(t, f62Hex), "003"); !errors.Is(err, ErrNoTMK) {
		t.Errorf("keys without a TMK: %v", err)
	}
	if err := s.SetTMK(unhex(t, tmkHex)); err != nil {
		t.Fatal(err)
	}
	if err := s.LoadKeys(ctx, unhex(t, f62Hex), "003"); err != nil {
		t.Fatal(err)
	}
	v, err := s.Sealer(filepath.Join(dir, "seal"))
	if err != nil {
		t.Fatal(err)
	}
	box, err := v.Seal("day-1", nil, []byte("track"))
	if err != nil {
		t.Fatal(err)
	}
	again := vacant(t, path)
	if w, err := again.Working(); err != nil || !bytes.Equal(w.PIK, unhex(t, pikHex)) || !bytes.Equal(w.MAK, unhex(t, makHex)) {
		t.Errorf("%v", err)
	}
	if v, err = again.Sealer(filepath.Join(dir, "seal")); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Open("day-1", nil, box); err != nil || string(got) != "track" {
		t.Errorf("%v %q", err, got)
	}
	noSecrets(t, dir, tmkHex, pikHex, makHex, pass, f62Hex, s.content.Master)
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", err, st.Mode())
	}
}

func TestPassphraseWrongAndShort(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.store")
	if _, err := OpenPassphrase(path, []byte("too short")); !errors.Is(err, ErrShortPassphrase) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a refused passphrase made a store")
	}
	vacant(t, path)
	for _, wrong := range []string{"", pass + " "} {
		_, err := OpenPassphrase(path, []byte(wrong))
		var coded *pos.Error
		if !errors.Is(err, ErrPassphrase) || !errors.As(err, &coded) || coded.Code != "wrong_passphrase" ||
			wrong != "" && strings.Contains(err.Error(), wrong) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestPassphraseChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.store")
	s := vacant(t, path)
	if err := s.SetTMK(unhex(t, tmkHex)); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ChangePassphrase(path, []byte("short")); !errors.Is(err, ErrShortPassphrase) {
		t.Errorf("%v", err)
	}
	if err := s.ChangePassphrase(path, []byte("another long one")); err != nil {
		t.Fatal(err)
	}
	if err := s.LoadKeys(context.Background(), unhex(t, f62Hex), "003"); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenPassphrase(path, []byte(pass)); !errors.Is(err, ErrPassphrase) {
		t.Errorf("the old passphrase: %v", err)
	}
	again, err := OpenPassphrase(path, []byte("another long one"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Working(); err != nil {
		t.Errorf("%v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || bytes.Equal(before, after) {
		t.Errorf("%v", err)
	}
	if err := open1(t, filepath.Join(t.TempDir(), "demo.key"), tmkHex).ChangePassphrase(path, []byte(pass)); !errors.Is(err, ErrFile) {
		t.Errorf("a demo store: %v", err)
	}
}

// TestPassphraseDamaged changes the file at many places: always ErrFile, which says damage and not a wrong passphrase.
func TestPassphraseDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.store")
	vacant(t, path)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(good)
	cut := func(field string) string { // the first byte of a base64 value becomes another
		i := strings.Index(text, `"`+field+`": "`) + len(field) + 5
		c := "A"
		if text[i] == 'A' {
			c = "B"
		}
		return text[:i] + c + text[i+1:]
	}
	for name, bad := range map[string]string{
		"empty": "", "no JSON": text[:len(text)/2], "salt": cut("salt"), "box": cut("box"), "sum": cut("sum"),
		"version": strings.Replace(text, `"version": 1`, `"version": 2`, 1), "kdf": strings.Replace(text, "t=3", "t=1", 1),
		"huge": text + strings.Repeat(" ", fileLimit), "demo": `{"version":1,"master":"00"}`,
		"salt cut": strings.Replace(text, `"salt": "`, `"salt": "`+base64.StdEncoding.EncodeToString([]byte("abc")), 1),
	} {
		if bad == text {
			t.Fatalf("%s: nothing changed", name)
		}
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenPassphrase(path, []byte(pass)); !errors.Is(err, ErrFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func newDevice(t *testing.T) *dukpt.TDES {
	t.Helper()
	d, err := dukpt.NewTDES(unhex(t, "6AC292FAA1315B4D858AB3A3D7D5933A"), unhex(t, "FFFF9876543210E00000"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDUKPTCounterSurvivesRestart has no KSN come twice over restarts, and no key handed out that could not be noted as used.
func TestDUKPTCounterSurvivesRestart(t *testing.T) {
	dir := t.TempDir()
	for kind, reopen := range map[string]func() *Store{
		KindDemo:       func() *Store { return open1(t, filepath.Join(dir, "demo.key"), tmkHex) },
		KindPassphrase: func() *Store { return vacant(t, filepath.Join(dir, "key.store")) },
	} {
		s := reopen()
		if _, err := s.NextDUKPT(); !errors.Is(err, ErrNoKeys) {
			t.Errorf("%s: no device: %v", kind, err)
		}
		if err := s.SetDUKPT(newDevice(t)); err != nil {
			t.Fatal(err)
		}
		twin := newDevice(t)
		for range 2 {
			k, err := s.NextDUKPT()
			want, _ := twin.Next()
			if err != nil || !bytes.Equal(k.KSN, want.KSN) || !bytes.Equal(k.PIN, want.PIN) {
				t.Fatalf("%s: %v %X, want %X", kind, err, k.KSN, want.KSN)
			}
			s = reopen()
		}
		healthy := s.keep
		s.keep = func(content) error { return os.ErrPermission }
		if k, err := s.NextDUKPT(); !errors.Is(err, ErrFile) || k.PIN != nil {
			t.Errorf("%s: a key whose use was not noted: %v", kind, err)
		}
		s.keep = healthy
		twin.Next() //nolint:errcheck // the counter that was lost
		k, err := s.NextDUKPT()
		want, _ := twin.Next()
		if err != nil || !bytes.Equal(k.KSN, want.KSN) {
			t.Errorf("%s: %v %X, want %X", kind, err, k.KSN, want.KSN)
		}
		if err := s.SetDUKPT(nil); err != nil {
			t.Fatal(err)
		}
		if _, err := reopen().NextDUKPT(); !errors.Is(err, ErrNoKeys) {
			t.Errorf("%s: taken away: %v", kind, err)
		}
	}
}

// TestKeyChangeAtEachSignOn has the second sign-on's keys replace the first's, and a third that does not match leave none.
func TestKeyChangeAtEachSignOn(t *testing.T) {
	ctx := context.Background()
	s := open1(t, filepath.Join(t.TempDir(), "demo.key"), tmkHex)
	p := s.Port(nil)
	var last [8]byte
	for i, layout := range []string{"001", "003", "004", "pik16 kcv4 mak16 kcv4"} {
		w := Working{PIK: bytes.Repeat([]byte{byte(2*i + 1)}, 16), MAK: bytes.Repeat([]byte{byte(16*i + 2)}, 8), TDK: bytes.Repeat([]byte{9}, 16)}
		algorithm := MACECB
		switch i {
		case 0:
			w.PIK = w.PIK[:8]
		case 3:
			w.MAK, algorithm = unhex(t, doubleHex), MACSM4
		}
		f62, err := Wrap(unhex(t, tmkHex), w, layout)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.LoadKeys(ctx, f62, layout); err != nil {
			t.Fatal(err)
		}
		want, err := MAC(algorithm, w.MAK, []byte("text"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.MAC(ctx, algorithm, []byte("text"))
		if err != nil || !bytes.Equal(got[:], want) || got == last {
			t.Errorf("%s: %v %X, want %X", layout, err, got, want)
		}
		last = got
		if now, err := s.Working(); err != nil || !bytes.Equal(now.PIK, w.PIK) || (now.TDK != nil) != (layout == "004") {
			t.Errorf("%s: %v", layout, err)
		}
	}
	bad := unhex(t, f62Hex)
	bad[39] ^= 1
	if err := s.LoadKeys(ctx, bad, "003"); !errors.Is(err, ErrKCV) {
		t.Errorf("%v", err)
	}
	if _, err := p.MAC(ctx, MACECB, nil); !errors.Is(err, ErrNoKeys) {
		t.Errorf("after keys that do not match: %v", err)
	}
}

func TestOpenByKind(t *testing.T) {
	dir := t.TempDir()
	for _, kind := range []string{KindDemo, KindPassphrase} {
		s, err := Open(kind, filepath.Join(dir, kind), tmkHex, []byte(pass))
		if err != nil || s.Kind() != kind || s.HasTMK() != (kind == KindDemo) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	var coded *pos.Error
	if _, err := Open("tpm", filepath.Join(dir, "tpm"), "", nil); !errors.As(err, &coded) || coded.Code != "bad_config" {
		t.Errorf("%v", err)
	}
}
