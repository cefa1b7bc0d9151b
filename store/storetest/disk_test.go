package storetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// left is a test that is told to skip.
type left struct {
	testing.TB
	said []any
}

func (l *left) Skip(args ...any) { l.said = args }

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
