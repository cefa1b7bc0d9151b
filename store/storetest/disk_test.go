package storetest

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// left is a test that is told to skip.
type left struct {
	testing.TB
	said   []any
	failed bool
}

func (l *left) Skip(args ...any) { l.said = args }
func (l *left) Fatal(...any)     { l.failed = true }

func TestWhatIsLeftOutIsHeardOf(t *testing.T) {
	name := filepath.Join(t.TempDir(), "loud")
	t.Setenv(LoudEnv, name)
	for range 2 {
		l := &left{TB: t}
		if leaveOut(l, "this machine has no loop"); len(l.said) != 1 {
			t.Fatal("the test went on")
		}
	}
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], t.Name()+" WAS NOT RUN") || !strings.HasSuffix(lines[0], "no loop") {
		t.Errorf("%q", lines)
	}
}

// TestOnlyWhatIsForbiddenIsLeftOut: any other error is the test's.
func TestOnlyWhatIsForbiddenIsLeftOut(t *testing.T) {
	t.Setenv(LoudEnv, "")
	for _, err := range []error{&os.PathError{Op: "open", Path: "uevent", Err: unix.EROFS}, fmt.Errorf("fork/exec: %w", unix.EPERM), nil, io.EOF} {
		l := &left{TB: t}
		Forbidden(l, err)
		if skipped, failed := len(l.said) == 1, l.failed; skipped != (err != nil && err != io.EOF) || failed != (err == io.EOF) {
			t.Errorf("%v: left out %v, failed %v", err, skipped, failed)
		}
	}
}
