package display_test

import (
	"errors"
	"image"
	"image/color"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/image/draw"
	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	"tillkeeper/drivers/display"
	sim "tillkeeper/drivers/sim/display"
)

// narrow is a bus with a limit of its own that notes the longest transfer.
type narrow struct {
	spi.Conn
	limit, longest, count int
}

func (n *narrow) MaxTxSize() int { return n.limit }

func (n *narrow) Tx(w, r []byte) error {
	n.longest = max(n.longest, len(w))
	n.count++
	return n.Conn.Tx(w, r)
}

type narrowPort struct {
	spi.PortCloser
	conn *narrow
}

func (p narrowPort) Connect(f physic.Frequency, m spi.Mode, bits int) (spi.Conn, error) {
	c, err := p.PortCloser.Connect(f, m, bits)
	p.conn.Conn = c
	return p.conn, err
}

var _ conn.Limits = (*narrow)(nil)

func TestTransfersKeepToTheLimit(t *testing.T) {
	for limit, longest := range map[int]int{0: 4096, 4096: 4096, 4095: 4094, 64: 64, 7: 6, 1: 1} {
		s, err := sim.New(filepath.Join(t.TempDir(), "qr.png"))
		if err != nil {
			t.Fatal(err)
		}
		bus := &narrow{limit: limit}
		d, err := display.NewST7789(narrowPort{s.Port(), bus}, s.DC(), fast())
		if err != nil {
			t.Fatal(err)
		}
		if err := display.New(d).Show(code(wechat)); err != nil {
			t.Fatal(err)
		}
		if bus.longest != longest {
			t.Errorf("limit %d: a transfer of %d bytes, want %d at most", limit, bus.longest, longest)
		}
		if got, err := decode(s.Image()); err != nil || got != wechat {
			t.Errorf("limit %d: read %q, %v", limit, got, err)
		}
	}
}

func TestDrawClipsAndShifts(t *testing.T) {
	_, s, _ := panel(t)
	s2, err := sim.New(filepath.Join(t.TempDir(), "p.png"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := display.NewST7789(s2.Port(), s2.DC(), fast())
	if err != nil {
		t.Fatal(err)
	}
	src := image.NewRGBA(image.Rect(0, 0, 20, 20))
	draw.Draw(src, image.Rect(10, 10, 20, 20), image.Black, image.Point{}, draw.Src)
	draw.Draw(src, image.Rect(0, 0, 10, 10), image.White, image.Point{}, draw.Src)
	// Only the black quarter lands on the panel, cut by its corner.
	if err := d.Draw(image.Rect(235, 235, 300, 300), src, image.Pt(10, 10)); err != nil {
		t.Fatal(err)
	}
	if got, want := dark(t, s2.Image()), image.Rect(235, 235, 240, 240); got != want {
		t.Errorf("ink in %v, want %v", got, want)
	}
	if err := d.Draw(image.Rect(-10, -10, 0, 0), src, image.Point{}); err != nil {
		t.Error(err)
	}
	if s2.Dropped() != 0 || s.Dropped() != 0 {
		t.Error("the panel dropped bytes")
	}
}

func TestColoursReachThePanel(t *testing.T) {
	s, err := sim.New(filepath.Join(t.TempDir(), "p.png"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := display.NewST7789(s.Port(), s.DC(), fast())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []color.RGBA{{R: 0xff, A: 0xff}, {G: 0xff, A: 0xff}, {B: 0xff, A: 0xff}, {R: 0x84, G: 0x82, B: 0x21, A: 0xff}} {
		if err := d.Draw(image.Rect(3, 4, 5, 6), image.NewUniform(c), image.Point{}); err != nil {
			t.Fatal(err)
		}
		if got := s.Image().At(4, 5); got != c {
			t.Errorf("%v shows as %v", c, got)
		}
	}
}

func TestHalt(t *testing.T) {
	s, err := sim.New(filepath.Join(t.TempDir(), "p.png"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := display.NewST7789(s.Port(), s.DC(), fast())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.Halt(); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Image().At(0, 0); got != (color.RGBA{A: 0xff}) {
		t.Errorf("a panel that sleeps shows %v", got)
	}
	if err := display.New(d).Show(code(wechat)); !errors.Is(err, display.ErrHalted) {
		t.Errorf("a halted panel: %v", err)
	}
}

func TestNewST7789Refuses(t *testing.T) {
	s, err := sim.New(filepath.Join(t.TempDir(), "p.png"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := display.NewST7789(nil, s.DC(), nil); err == nil {
		t.Error("no port, no error")
	}
	if _, err := display.NewST7789(s.Port(), s.DC(), &display.Opts{Mode: spi.Mode1}); err == nil {
		t.Error("mode 1, no error")
	}
	closed := s.Port()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := display.NewST7789(closed, s.DC(), fast()); !errors.Is(err, sim.ErrClosed) {
		t.Errorf("a closed port: %v", err)
	}
}

// order notes the levels of a reset pin and what was waited for.
type order struct {
	gpio.PinOut
	seen []string
}

func (o *order) Out(l gpio.Level) error {
	o.seen = append(o.seen, l.String())
	return nil
}

func TestResetAndItsTimes(t *testing.T) {
	s, err := sim.New(filepath.Join(t.TempDir(), "p.png"))
	if err != nil {
		t.Fatal(err)
	}
	o := &order{}
	wait := func(d time.Duration) { o.seen = append(o.seen, d.String()) }
	if _, err := display.NewST7789(s.Port(), s.DC(), &display.Opts{Mode: spi.Mode3, Reset: o, Wait: wait}); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(o.seen, " "), "Low 10ms High 120ms 120ms 5ms"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
