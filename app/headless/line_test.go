package headless

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestALineThatIsTooLongEndsNothing: it is read to its end, refused, and the next command is answered.
func TestALineThatIsTooLongEndsNothing(t *testing.T) {
	long := strings.Repeat("x", maxLine+1)
	for name, c := range map[string]struct {
		in   string
		want []string // "" is a line that is too long
	}{
		"in the middle":  {"a\n" + long + "\nb\n", []string{"a", "", "b"}},
		"the very limit": {long[:maxLine-1] + "\nb\n", []string{long[:maxLine-1], "b"}},
		"at the end":     {"a\n" + long, []string{"a", ""}},
		"without an end": {"a\nb", []string{"a", "b"}},
	} {
		for _, size := range []int{16, 64 << 10} {
			r := bufio.NewReaderSize(iotest.HalfReader(strings.NewReader(c.in)), size)
			for i, want := range c.want {
				line, err := nextLine(r)
				got := strings.TrimSuffix(string(line), "\n")
				if tooLong := errors.Is(err, errLong); tooLong != (want == "") || got != want || err != nil && !tooLong {
					t.Fatalf("%s: line %d is %.20q of %d bytes, %v", name, i, got, len(got), err)
				}
			}
			if line, err := nextLine(r); !errors.Is(err, io.EOF) || len(line) > 0 {
				t.Errorf("%s: after the end %q, %v", name, line, err)
			}
		}
	}
}
