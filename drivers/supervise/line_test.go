package supervise_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/supervise"
)

// line is a device on a real pseudo terminal: it answers each byte.
type line struct{ *port.Line }

func (l line) Poll(context.Context) error {
	l.SetWait(time.Second)
	return l.Tx([]byte{5}, make([]byte, 1))
}

// answer is the far end of the terminal until it is closed.
func answer(far *port.Line) {
	b := make([]byte, 1)
	for {
		if _, err := far.Read(b); err != nil {
			if errors.Is(err, port.ErrHangup) && !errors.Is(err, os.ErrClosed) {
				time.Sleep(time.Millisecond) // nobody has the near end open
				continue
			}
			return
		}
		_, _ = far.Write(b)
	}
}

// TestRealLineIsLostFoundAndUsedAgain pulls the plug of a pseudo terminal and
// puts another one in its place, by a link like those of /dev/serial/by-id.
func TestRealLineIsLostFoundAndUsedAgain(t *testing.T) {
	link := filepath.Join(t.TempDir(), "usb-Scale-if00")
	plug := func() *port.Line {
		far, path, err := port.Pty()
		if err != nil {
			t.Fatal(err)
		}
		go answer(far)
		if err := os.Symlink(path, link); err != nil {
			t.Fatal(err)
		}
		return far
	}
	first := plug()
	states := make(chan string, 100)
	s := supervise.New(supervise.Options[line]{
		Name: "scale", Changed: func(c pos.Condition) { states <- c.State + " " + c.Code },
		Open: func(context.Context) (line, error) {
			l, err := port.OpenLine(link, 9600)
			return line{l}, err
		},
	})
	defer end(t, s)
	want := func(state string) {
		t.Helper()
		for {
			select {
			case got := <-states:
				if got == state {
					return
				}
			case <-time.After(time.Minute):
				t.Fatalf("it never became %q: %+v", state, s.Condition())
			}
		}
	}
	want("ok ")
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	_ = first.Close()
	if err := s.With(t.Context(), func(_ context.Context, l line) error { return l.Poll(t.Context()) }); err == nil {
		t.Fatal("a line without an end answered")
	}
	want("fault " + port.Unplugged)
	second := plug()
	defer second.Close()
	s.Nudge()
	want("ok ")
	if err := s.With(t.Context(), func(_ context.Context, l line) error { return l.Poll(t.Context()) }); err != nil {
		t.Fatal(err)
	}
}
