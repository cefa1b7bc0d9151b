package scanner_test

import (
	"errors"
	"os"
	"testing"

	sim "tillkeeper/drivers/sim/scanner"
)

func TestUnpluggedScannerScansNothing(t *testing.T) {
	s, k := &sim.Serial{}, &sim.Keyboard{}
	if err := s.Scan("1"); !errors.Is(err, sim.ErrUnplugged) {
		t.Error(err)
	}
	if err := k.Scan("1"); !errors.Is(err, sim.ErrUnplugged) {
		t.Error(err)
	}
	if _, err := s.Path(); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := k.Open(); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if err := errors.Join(s.Unplug(), k.Unplug()); err != nil {
		t.Error(err)
	}
}

func TestKeyboardHasOnlyItsKeys(t *testing.T) {
	for _, text := range []string{"€", "码", "\x1d", "\x00"} {
		if b, err := sim.Keys(text); err == nil {
			t.Errorf("%q is % x", text, b)
		}
	}
}

func TestKeysGoToTheWindowUntilTheyAreGrabbed(t *testing.T) {
	k := &sim.Keyboard{}
	if err := errors.Join(k.Plug(), k.Scan("1")); err != nil {
		t.Fatal(err)
	}
	w, err := k.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Grab(), k.Scan("2")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4096)
	n, err := w.Read(b)
	want, _ := sim.Keys("2\n")
	if err != nil || string(b[:n]) != string(want) {
		t.Fatalf("% x, %v", b[:n], err)
	}
	if err := errors.Join(w.Close(), k.Scan("3"), k.Unplug()); err != nil {
		t.Fatal(err)
	}
}
