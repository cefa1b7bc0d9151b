package display_test

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	"tillkeeper/drivers/sim/display"
)

var (
	black = color.RGBA{A: 0xff}
	white = color.RGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
	red   = color.RGBA{R: 0xff, A: 0xff}
)

// wires speaks to a panel byte by byte.
type wires struct {
	t    *testing.T
	conn spi.Conn
	dc   gpio.PinOut
}

func connect(t *testing.T) (*display.Panel, wires, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "qr.png")
	p, err := display.New(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Port().Connect(physic.MegaHertz, spi.Mode0, 8)
	if err != nil {
		t.Fatal(err)
	}
	return p, wires{t, c, p.DC()}, path
}

func (w wires) send(cmd byte, data ...byte) {
	w.t.Helper()
	for _, part := range []struct {
		level gpio.Level
		bytes []byte
	}{{gpio.Low, []byte{cmd}}, {gpio.High, data}} {
		if err := w.dc.Out(part.level); err != nil {
			w.t.Fatal(err)
		}
		if err := w.conn.Tx(part.bytes, nil); err != nil {
			w.t.Fatal(err)
		}
	}
}

// wake brings the panel to where it shows its RAM in RGB565.
func (w wires) wake() {
	w.send(0x01)
	w.send(0x11)
	w.send(0x3a, 0x55)
	w.send(0x21)
	w.send(0x29)
}

func (w wires) window(x0, y0, x1, y1 byte) {
	w.send(0x2a, 0, x0, 0, x1)
	w.send(0x2b, 0, y0, 0, y1)
}

func onFile(t *testing.T, path string, x, y int) color.Color {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if img.Bounds() != image.Rect(0, 0, display.Size, display.Size) {
		t.Fatalf("a picture of %v", img.Bounds())
	}
	return color.RGBAModel.Convert(img.At(x, y))
}

func TestFileFollowsFullWindowsOnly(t *testing.T) {
	p, w, path := connect(t)
	if got := onFile(t, path, 0, 0); got != black {
		t.Fatalf("a panel without power shows %v", got)
	}
	w.wake()
	w.window(10, 20, 11, 20)
	w.send(0x2c, 0xf8, 0x00, 0xff) // a pixel and a half
	if got := onFile(t, path, 10, 20); got != black {
		t.Errorf("a window that is not full was written: %v", got)
	}
	if err := p.Drain(); err != nil {
		t.Fatal(err)
	}
	if a, b := onFile(t, path, 10, 20), onFile(t, path, 11, 20); a != red || b != black {
		t.Errorf("after Drain: %v %v", a, b)
	}
	w.send(0x2c, 0xff, 0xff, 0xf8, 0x00)
	if a, b := onFile(t, path, 10, 20), onFile(t, path, 11, 20); a != white || b != red {
		t.Errorf("after a full window: %v %v", a, b)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("files left: %v, %v", left, err)
	}
	if p.Dropped() != 0 {
		t.Errorf("%d bytes dropped", p.Dropped())
	}
}

func TestWindowWrapsToItsStart(t *testing.T) {
	p, w, _ := connect(t)
	w.wake()
	w.window(238, 239, 239, 239)
	w.send(0x2c, 0, 0, 0, 0, 0xf8, 0)
	if a, b := p.Image().At(238, 239), p.Image().At(239, 239); a != red || b != black {
		t.Errorf("%v %v", a, b)
	}
}

func TestAsleepOrOffIsBlackAndKeepsItsRAM(t *testing.T) {
	p, w, path := connect(t)
	w.wake()
	w.window(0, 0, 0, 0)
	w.send(0x2c, 0xff, 0xff)
	for _, c := range []struct {
		name string
		cmd  byte
		want color.RGBA
	}{
		{"off", 0x28, black},
		{"on", 0x29, white},
		{"asleep", 0x10, black},
		{"awake", 0x11, white},
		{"inversion off", 0x20, black},
		{"inversion on", 0x21, white},
		{"reset", 0x01, black},
	} {
		w.send(c.cmd)
		if got := p.Image().At(0, 0); got != c.want {
			t.Errorf("%s: shows %v", c.name, got)
		}
		if got := onFile(t, path, 0, 0); got != c.want {
			t.Errorf("%s: the file shows %v", c.name, got)
		}
	}
}

func TestWrongSequencesAreDropped(t *testing.T) {
	for _, c := range []struct {
		name    string
		do      func(w wires)
		dropped int
	}{
		{"data after no RAMWR", func(w wires) { w.send(0x29, 1, 2, 3, 4) }, 4},
		{"data after another command", func(w wires) { w.send(0x2c); w.send(0x13, 0xff, 0xff) }, 2},
		{"no pixel format", func(w wires) { w.send(0x3a, 0x66); w.send(0x2c, 1, 2, 3) }, 3},
		{"columns that are none", func(w wires) { w.send(0x2a, 0, 0, 1, 0) }, 4},
		{"columns backwards", func(w wires) { w.send(0x2a, 0, 9, 0, 8) }, 4},
		{"rows with too much", func(w wires) { w.send(0x2b, 0, 0, 0, 9, 7) }, 1},
		{"another orientation", func(w wires) { w.send(0x36, 0x60) }, 1},
		{"no command of the panel", func(w wires) { w.send(0xee) }, 1},
	} {
		p, w, _ := connect(t)
		w.wake()
		c.do(w)
		if got := p.Dropped(); got != c.dropped {
			t.Errorf("%s: %d bytes dropped, want %d", c.name, got, c.dropped)
		}
		img := p.Image()
		for i := range display.Size {
			if got := img.At(i, 0); got != black {
				t.Fatalf("%s: %v at %d", c.name, got, i)
			}
		}
	}
}

func TestBusFaults(t *testing.T) {
	p, err := display.New(filepath.Join(t.TempDir(), "qr.png"))
	if err != nil {
		t.Fatal(err)
	}
	port := p.Port()
	if _, err := port.Connect(physic.MegaHertz, spi.Mode1, 8); !errors.Is(err, display.ErrMode) {
		t.Errorf("mode 1: %v", err)
	}
	if _, err := port.Connect(physic.MegaHertz, spi.Mode0, 9); !errors.Is(err, display.ErrMode) {
		t.Errorf("9 bits: %v", err)
	}
	c, err := port.Connect(physic.MegaHertz, spi.Mode3, 8)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := port.Connect(physic.MegaHertz, spi.Mode3, 8); !errors.Is(err, display.ErrConnected) {
		t.Errorf("second connection: %v", err)
	}
	if err := c.Tx(make([]byte, display.MaxTx+1), nil); !errors.Is(err, display.ErrTooMuch) {
		t.Errorf("4097 bytes: %v", err)
	}
	if err := c.Tx([]byte{0}, make([]byte, 1)); !errors.Is(err, display.ErrReadBack) {
		t.Errorf("reading: %v", err)
	}
	if err := c.TxPackets([]spi.Packet{{W: []byte{0x11}}, {W: make([]byte, display.MaxTx+1)}}); !errors.Is(err, display.ErrTooMuch) {
		t.Errorf("packets: %v", err)
	}
	if err := port.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Tx([]byte{0x11}, nil); !errors.Is(err, display.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestNoPlaceForThePicture(t *testing.T) {
	if _, err := display.New(filepath.Join(t.TempDir(), "none", "qr.png")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}
