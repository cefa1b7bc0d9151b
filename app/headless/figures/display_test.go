package figures

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// display is an X server without a screen whose picture lies in a file.
type display struct {
	server *exec.Cmd
	name   string // ":5"
	shot   []byte // the picture, mapped
	first  int    // offset of the first pixel
	stride int    // bytes a line
	hand   io.WriteCloser
	mouse  *exec.Cmd
}

// The header of the picture (XWD 7): big-endian words.
const (
	wordHeader = 0
	wordStride = 12
	wordColors = 19
	colorBytes = 12
	pixelBytes = 4
)

func openDisplay(dir string) (*display, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	d := &display{server: exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1366x768x24", "-nolisten", "tcp", "-noreset", "-fbdir", dir)}
	d.server.ExtraFiles = []*os.File{w}
	if err := d.server.Start(); err != nil {
		return nil, errors.Join(err, r.Close(), w.Close())
	}
	if err := w.Close(); err != nil {
		return nil, errors.Join(err, d.close())
	}
	var n int
	if _, err := fmt.Fscan(r, &n); err != nil {
		return nil, errors.Join(fmt.Errorf("Xvfb: %w", err), d.close())
	}
	d.name = fmt.Sprintf(":%d", n)
	f, err := os.Open(filepath.Join(dir, "Xvfb_screen0"))
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	if d.shot, err = unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ, unix.MAP_SHARED); err != nil {
		return nil, errors.Join(err, d.close())
	}
	word := func(n int) int { return int(binary.BigEndian.Uint32(d.shot[4*n:])) }
	d.first, d.stride = word(wordHeader)+word(wordColors)*colorBytes, word(wordStride)
	d.mouse = exec.Command("xdotool", "-")
	d.mouse.Env = d.env()
	if d.hand, err = d.mouse.StdinPipe(); err == nil {
		err = d.mouse.Start()
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *display) env() []string { return append(os.Environ(), "DISPLAY="+d.name) }

func (d *display) close() error {
	var err error
	if d.hand != nil {
		err = errors.Join(d.hand.Close(), d.mouse.Wait())
	}
	err = errors.Join(err, d.server.Process.Signal(unix.SIGTERM))
	if e := d.server.Wait(); e != nil && d.server.ProcessState.Exited() && d.server.ProcessState.ExitCode() > 1 {
		err = errors.Join(err, e)
	}
	if d.shot != nil {
		err = errors.Join(err, unix.Munmap(d.shot))
	}
	return err
}

// do writes one command of the mouse.
func (d *display) do(cmd string) error {
	_, err := io.WriteString(d.hand, cmd+"\n")
	return err
}

// point is a place on the screen in pixels.
type point struct{ x, y int }

// look copies the pixels around a point.
func (d *display) look(p point) string {
	const wide, high = 50, 24
	var s strings.Builder
	for y := p.y - high; y <= p.y+high; y += 6 {
		at := d.first + y*d.stride + (p.x-wide)*pixelBytes
		s.Write(d.shot[at : at+2*wide*pixelBytes])
	}
	return s.String()
}

// errNoChange says that nothing was painted.
var errNoChange = errors.New("nothing was painted")

// changed waits for other pixels around a point.
func (d *display) changed(p point, before string, limit time.Duration) (time.Duration, error) {
	for began := time.Now(); ; time.Sleep(100 * time.Microsecond) {
		if d.look(p) != before {
			return time.Since(began), nil
		}
		if time.Since(began) > limit {
			return 0, fmt.Errorf("%w at %v", errNoChange, p)
		}
	}
}

// still waits until the pixels around a point rest.
func (d *display) still(p point, rest time.Duration) {
	for last, since := d.look(p), time.Now(); time.Since(since) < rest; time.Sleep(5 * time.Millisecond) {
		if now := d.look(p); now != last {
			last, since = now, time.Now()
		}
	}
}

// tap touches a place and waits until something was painted there.
func (d *display) tap(p point) error {
	if err := d.do(fmt.Sprintf("mousemove %d %d", p.x, p.y)); err != nil {
		return err
	}
	d.still(p, 200*time.Millisecond)
	before := d.look(p)
	if err := d.do("mousedown 1"); err != nil {
		return err
	}
	_, err := d.changed(p, before, 10*time.Second)
	time.Sleep(30 * time.Millisecond)
	return errors.Join(err, d.do("mouseup 1"))
}

func Test_a_display_shows_what_is_painted(t *testing.T) {
	if !there("Xvfb") || !there("xdotool") {
		t.Log("there is no Xvfb or no xdotool; the window is not measured here")
		return
	}
	d, err := openDisplay(filepath.Join(t.TempDir(), "x"))
	if err != nil {
		t.Fatal(err)
	}
	p := point{600, 400}
	if _, err := d.changed(p, d.look(p), 20*time.Millisecond); !errors.Is(err, errNoChange) {
		t.Errorf("an empty screen changed: %v", err)
	}
	if d.stride != 1366*pixelBytes || d.first+768*d.stride != len(d.shot) {
		t.Errorf("a picture of %d bytes from %d, %d a line", len(d.shot), d.first, d.stride)
	}
	if err := d.close(); err != nil {
		t.Error(err)
	}
}
