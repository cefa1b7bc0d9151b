package store

import (
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// stans hands out trace numbers.
func stans(t *testing.T, s *Store, n int) (last int) {
	t.Helper()
	for range n {
		var err error
		if last, err = strconv.Atoi(s.NextSTAN()); err != nil {
			t.Fatal(err)
		}
	}
	return last
}

func openQuiet(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(Options{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// killed gives the folder as kill -9 would leave it.
func killed(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "killed")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestTraceNumbersOfMessagesWithoutACommitAreNotUsedAgain: a sign-on and an echo leave no event, and the next message
// after a kill carried their numbers.
func TestTraceNumbersOfMessagesWithoutACommitAreNotUsedAgain(t *testing.T) {
	dir := t.TempDir()
	s := openQuiet(t, dir)
	last := stans(t, s, 7)
	after := killed(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"killed": after, "closed": dir} {
		s := openQuiet(t, dir)
		if got := stans(t, s, 1); got != last+1 {
			t.Errorf("%s: %d follows %d", name, got, last)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAfterAPowerCutTraceNumbersThatMayBeLostArePassedOver: the file says nothing newer than its last flush then.
func TestAfterAPowerCutTraceNumbersThatMayBeLostArePassedOver(t *testing.T) {
	dir := t.TempDir()
	s := openQuiet(t, dir)
	last := stans(t, s, 3)
	copy(s.trace.boot[:], "another start of the machine")
	last = max(last, stans(t, s, 1))
	after := killed(t, dir)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openQuiet(t, after)
	defer s.Close()
	if got := stans(t, s, 1); got != last+traceJump+1 {
		t.Errorf("%d follows %d", got, last)
	}
}

// TestTraceFileThatDoesNotHoldStopsNothing: the numbers of the journal stand.
func TestTraceFileThatDoesNotHoldStopsNothing(t *testing.T) {
	dir := t.TempDir()
	s := openQuiet(t, dir)
	stans(t, s, 3)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, traceName)
	whole, err := os.ReadFile(path)
	if err != nil || len(whole) != traceLen {
		t.Fatal(len(whole), err)
	}
	for i := range whole {
		bad := append([]byte{}, whole...)
		bad[i] ^= 0x10
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := openTrace(path)
		if err != nil || f.last != 0 {
			t.Fatalf("byte %d flipped: %d, %v", i, f.last, err)
		}
		_ = f.f.Close()
	}
	s = openQuiet(t, dir)
	defer s.Close()
	if got := stans(t, s, 1); got != 1 {
		t.Errorf("%d", got)
	}
}
