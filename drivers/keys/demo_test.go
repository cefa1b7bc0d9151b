package keys

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tillkeeper/app/pos"
)

func open1(t *testing.T, path, tmk string) *Store {
	t.Helper()
	d, err := OpenDemo(path, tmk)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDemoKeepsWorkingKeys(t *testing.T) {
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "demo.key")
	d := open1(t, path, tmkHex)
	if _, err := d.Working(); !errors.Is(err, pos.ErrNoKeys) {
		t.Fatalf("keys before a sign-on: %v", err)
	}
	if err := d.LoadKeys(ctx, unhex(t, f62Hex), "003"); err != nil {
		t.Fatal(err)
	}
	for _, again := range []*Store{d, open1(t, path, tmkHex), open1(t, path, "")} {
		if w, err := again.Working(); err != nil || !bytes.Equal(w.MAK, unhex(t, makHex)) || !bytes.Equal(w.PIK, unhex(t, pikHex)) {
			t.Errorf("%v", err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(raw), pikHex) || strings.Contains(string(raw), makHex) {
		t.Errorf("working keys in clear in the file: %v", err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", err, st.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	bad := unhex(t, f62Hex)
	bad[0] ^= 1
	var coded *pos.Error
	if err := d.LoadKeys(ctx, bad, "003"); !errors.Is(err, ErrKCV) || !errors.As(err, &coded) || coded.Code != "kcv_mismatch" {
		t.Errorf("%v", err)
	}
	for _, again := range []*Store{d, open1(t, path, tmkHex)} {
		if _, err := again.Working(); !errors.Is(err, ErrNoKeys) {
			t.Errorf("after keys that do not match: %v", err)
		}
	}
}

func TestDemoOtherTMKDropsKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "demo.key")
	if err := open1(t, path, tmkHex).LoadKeys(context.Background(), unhex(t, f62Hex), "003"); err != nil {
		t.Fatal(err)
	}
	open1(t, path, strings.Repeat("11", 16))
	if _, err := open1(t, path, "").Working(); !errors.Is(err, ErrNoKeys) {
		t.Errorf("%v", err)
	}
}

func TestDemoRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, tmk := range map[string]string{"none": "", "short": "0123", "not hex": "zz"} {
		if _, err := OpenDemo(filepath.Join(dir, "a.key"), tmk); !errors.Is(err, ErrLength) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"empty": "", "no JSON": "{", "other version": `{"version":2}`,
		"no master": `{"version":1}`, "huge": strings.Repeat(" ", fileLimit+1),
	} {
		file := filepath.Join(dir, "b.key")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenDemo(file, tmkHex); !errors.Is(err, ErrFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenDemo(filepath.Join(dir, "absent", "c.key"), tmkHex); !errors.Is(err, ErrFile) {
		t.Errorf("%v", err)
	}
}

func TestDemoDamagedWorkingKeysAreNotUsed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "demo.key")
	if err := open1(t, path, tmkHex).LoadKeys(context.Background(), unhex(t, f62Hex), "003"); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var f demoFile
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	f.F62 = strings.Replace(f.F62, "20C3", "20C4", 1)
	if raw, err = json.Marshal(f); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open1(t, path, tmkHex).Working(); !errors.Is(err, ErrNoKeys) {
		t.Errorf("%v", err)
	}
}

func TestPortWithoutPad(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "demo.key")
	var used []byte
	p := open1(t, path, tmkHex).Port(func(_ string, key, _ []byte) ([]byte, error) {
		used = key
		return []byte("12345678"), nil
	})
	if _, err := p.MAC(ctx, "ecb", nil); !errors.Is(err, ErrNoKeys) {
		t.Errorf("%v", err)
	}
	if ok, err := p.HasKeys(ctx); ok || err != nil {
		t.Errorf("%v %v", ok, err)
	}
	if err := p.LoadKeys(ctx, unhex(t, f62Hex), "003"); err != nil {
		t.Fatal(err)
	}
	if mac, err := p.MAC(ctx, "ecb", nil); err != nil || string(mac[:]) != "12345678" || !bytes.Equal(used, unhex(t, makHex)) {
		t.Errorf("%v %q", err, mac)
	}
	if _, err := p.PINBlock(ctx, pos.PINRequest{PAN: "6224242900000113", Amount: 100}); !errors.Is(err, ErrNoPINPad) {
		t.Errorf("%v", err)
	}
	if w, err := open1(t, path, "").Working(); err != nil || w.PIK != nil || w.MAK == nil {
		t.Errorf("a PIN key without a pad: %v", err)
	}
}
