package drivers

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/keys"
	simhost "tillkeeper/drivers/sim/acquirer"
	simpad "tillkeeper/drivers/sim/pinpad"
)

// Two components.
const (
	oneHalf   = "3B7E151628AED2A6ABF7158809CF4F3D"
	otherHalf = "A1B2C3D4E5F60718293A4B5C6D7E8F90"
)

// shop is what Open needs for a till with the demo's keys and the host inside.
func shop(t *testing.T) Config {
	t.Helper()
	return Config{
		Dir: t.TempDir(), Assets: os.DirFS("../assets"), TID: "12345678", MID: "123456789012345", Profile: "cup", KeyStore: "demo",
		TMK: simhost.DefaultTMK, HostInside: true, Devices: map[string]string{PINPad: "sim:"}, Clock: pos.WallClock{}, Log: slog.New(slog.DiscardHandler),
	}
}

func opened(t *testing.T, c Config) *Set {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// keylessPad is a pad without keys behind a pty, and its URL.
func keylessPad(t *testing.T) (*simpad.Sim, *keys.Store, string) {
	t.Helper()
	own, err := keys.OpenPad(filepath.Join(t.TempDir(), "pad.key"), "")
	if err != nil {
		t.Fatal(err)
	}
	sim := simpad.New(own)
	cable := sim.SerialCable("", 9600)
	path, err := cable.Plug(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cable.Pull)
	return sim, own, "serial:" + path
}

// keyIn enters both components, typed at the till or at the pad.
func keyIn(t *testing.T, k *KeyEntry, sim *simpad.Sim) {
	t.Helper()
	typed := func(component string) []byte {
		if !k.AtPad() {
			return []byte(component)
		}
		sim.Type(component)
		return nil
	}
	one, err := k.First("9001", typed(oneHalf))
	if err != nil {
		t.Fatal(err)
	}
	two, whole, err := k.Second("2001", typed(otherHalf))
	if err != nil || one == two || whole == [4]byte{} {
		t.Fatalf("%v %X %X %X", err, one, two, whole)
	}
}

// TestMasterKeyGoesWhereItLives: with a pad of its own to its keypad, also when
// it was plugged in while the till runs, else into the till's store.
func TestMasterKeyGoesWhereItLives(t *testing.T) {
	s := opened(t, shop(t))
	k := s.KeyEntry()
	if k.AtPad() {
		t.Error("the simulated pad has the till's keys")
	}
	if _, err := k.First("9001", []byte(oneHalf)); err != nil {
		t.Fatal(err)
	}
	sim, own, url := keylessPad(t)
	if err := s.Use(t.Context(), PINPad, url); err != nil {
		t.Fatal(err)
	}
	if !k.AtPad() {
		t.Fatal("it is typed at the till")
	}
	if _, _, err := k.Second("2001", nil); pos.WhyNot(err, "") != "component_order" {
		t.Errorf("a component at the till and one at the pad: %v", err)
	}
	before := s.Keys.HasTMK()
	keyIn(t, k, sim)
	if !own.HasTMK() || s.Keys.HasTMK() != before {
		t.Error("the pad has no key, or the till's store was touched")
	}
	if err := s.Use(t.Context(), PINPad, "sim:"); err != nil {
		t.Fatal(err)
	}
	keyIn(t, k, nil)
	k.Cancel()
}

// TestTheCommandKeysAtThePad: without a till, and without its passphrase.
func TestTheCommandKeysAtThePad(t *testing.T) {
	sim, own, url := keylessPad(t)
	c := shop(t)
	c.KeyStore, c.TMK, c.Passphrase = "passphrase", "", []byte("a passphrase that is cleared")
	c.Devices[PINPad] = url
	k, err := OpenKeyEntry(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if c.Passphrase[0] != 0 {
		t.Error("the passphrase is kept")
	}
	keyIn(t, k, sim)
	k.Cancel()
	if left, err := os.ReadDir(c.Dir); err != nil || len(left) > 0 || !own.HasTMK() {
		t.Errorf("%v: %v is in the folder, the pad has a key: %v", err, left, own.HasTMK())
	}
	c.Devices[PINPad] = "parallel:1"
	if _, err := OpenKeyEntry(t.Context(), c); pos.WhyNot(err, "") != "bad_config" {
		t.Errorf("%v", err)
	}
	c = shop(t)
	if k, err = OpenKeyEntry(t.Context(), c); err != nil || k.AtPad() {
		t.Fatalf("%v", err)
	}
	keyIn(t, k, nil)
	k.Cancel()
}

// TestCAKeysComeWhenTheHostAsks: over TLS from the service of the host inside,
// into the folder and in force, and they are there at the next start; a damaged
// file in the folder is fetched anew.
func TestCAKeysComeWhenTheHostAsks(t *testing.T) {
	c := shop(t)
	c.KeyStore, c.Passphrase = "passphrase", []byte("a passphrase that is cleared") // trusts nobody by itself
	s := opened(t, c)
	if s.authorities.Table().Len() != 0 {
		t.Fatal("keys are in force")
	}
	var host *simhost.Host
	s.Bench.put(func(h *hands) { host = h.host })
	if err := host.Control([]byte(`{"ask":4}`)); err != nil {
		t.Fatal(err)
	}
	if err := s.Host.Echo(t.Context(), "000001", "000001"); err != nil {
		t.Fatal(err)
	}
	loaded := func(s *Set) {
		t.Helper()
		for end := time.Now().Add(time.Minute); s.authorities.Table().Len() != 1 || len(s.owed()) > 0; time.Sleep(2 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("never: %+v", s.owed())
			}
		}
	}
	loaded(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c.Passphrase = []byte("a passphrase that is cleared")
	next := opened(t, c)
	if next.authorities.Table().Len() != 1 {
		t.Error("they are gone after a start")
	}
	if err := next.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir, authoritiesFile), []byte("9F06"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Passphrase = []byte("a passphrase that is cleared")
	loaded(opened(t, c))
}
