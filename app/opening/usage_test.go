package opening

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// takenDown has a part of a till end and gives what the log says.
func takenDown(t *testing.T, end func() error) (said string, took time.Duration) {
	t.Helper()
	var log bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		End(slog.New(slog.NewTextHandler(&log, nil)), "flows", end)
		took = time.Since(began)
		time.Sleep(2 * partLimit) // what was left behind ends
	})
	return log.String(), took
}

// TestAPartThatDoesNotEndIsNamedAndLeftBehind: its name, and where it hangs, but no value that it holds.
func TestAPartThatDoesNotEndIsNamedAndLeftBehind(t *testing.T) {
	said, took := takenDown(t, func() error { return hangs([2]uint64{0x5EC4E7, 0x5EC4E7}) })
	if took != partLimit {
		t.Errorf("it was waited for %s, want %s", took, partLimit)
	}
	for _, want := range []string{"part=flows", "app/opening.hangs", "usage_test.go:"} {
		if !strings.Contains(said, want) {
			t.Errorf("the log does not say %s:\n%s", want, said)
		}
	}
	if strings.Contains(strings.ToLower(said), "5ec4e7") {
		t.Errorf("the log has a secret:\n%s", said)
	}
}

// hangs hangs for longer than is waited, with something in its hands.
//
//go:noinline
func hangs(secret [2]uint64) error {
	time.Sleep(2 * partLimit)
	if secret[0] != secret[1] {
		return errors.New("it changed")
	}
	return nil
}

func TestAPartThatFailsIsNamed(t *testing.T) {
	said, took := takenDown(t, func() error { return errors.New("the lamp is broken") })
	if !strings.Contains(said, "part=flows") || !strings.Contains(said, "the lamp is broken") || took != 0 {
		t.Errorf("after %s the log says %s", took, said)
	}
	if said, _ := takenDown(t, func() error { return nil }); said != "" {
		t.Errorf("of a good end the log says %s", said)
	}
}
