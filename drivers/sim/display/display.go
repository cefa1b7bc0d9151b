// Package display holds simulated customer's displays: models of panels at the
// level of their bus, below the real drivers, each with the switches of a
// panel that is gone, comes back, or loses its power. OLED is an SSD1306 on
// I2C, Paper the e-paper of Waveshare on SPI; Panel is the ST7789 that stands
// on the bench.
//
// Panel is the model of an ST7789 panel of 240x240 pixels.
// It decodes commands and data by the level of the data/command pin, keeps the
// panel's RAM and writes what a customer would see as a PNG file, replaced as
// a whole so that a reader never finds half of one. A panel that is asleep or
// off shows black; data that no command asked for is dropped and counted.
// Transfers over 4096 bytes fail as they do with the kernel's driver. Only the
// orientation and the pixel format that the real driver uses are modelled.
package display

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/spi"
)

// Size is the number of pixels on each side.
const Size = 240

// MaxTx is the most bytes of one transfer.
const MaxTx = 4096

// The commands that the panel knows.
const (
	swreset = 0x01
	slpin   = 0x10
	slpout  = 0x11
	noron   = 0x13
	invoff  = 0x20
	invon   = 0x21
	dispoff = 0x28
	dispon  = 0x29
	caset   = 0x2a
	raset   = 0x2b
	ramwr   = 0x2c
	madctl  = 0x36
	colmod  = 0x3a
)

// rgb565 is the pixel format that is modelled, 18 bits the one after a reset.
const (
	rgb565 = 0x55
	rgb666 = 0x66
)

// The faults of the bus.
var (
	ErrTooMuch   = errors.New("more than 4096 bytes in one transfer")
	ErrConnected = errors.New("the port is connected already")
	ErrMode      = errors.New("the panel wants mode 0 or 3 with 8 bits")
	ErrReadBack  = errors.New("the panel has no line to read from")
	ErrClosed    = errors.New("the port is closed")
	ErrDead      = fmt.Errorf("nothing is at the other end: %w", syscall.ENODEV)
)

// Panel is the simulated panel. Its methods may be called by several
// goroutines; its bus, as a real one, by one at a time.
type Panel struct {
	path string

	mu       sync.Mutex
	dead     bool
	dc       gpio.Level
	ram      [Size * Size]uint16
	awake    bool
	on       bool
	inverted bool
	format   byte
	columns  [2]int
	rows     [2]int
	cmd      byte
	args     []byte
	at       int // pixels of the window that were written
	half     []byte
	dropped  int
	shown    look
}

// look is what changes the whole picture at once.
type look struct{ lit, inverted bool }

// New makes a panel whose picture is the PNG file at path, black from now on.
func New(path string) (*Panel, error) {
	p := &Panel{path: path}
	p.reset()
	if err := p.save(); err != nil {
		return nil, err
	}
	return p, nil
}

// Port opens the panel's SPI bus: it connects once.
func (p *Panel) Port() spi.PortCloser { return &port{p: p} }

// DC is the pin that tells data (high) from commands (low).
func (p *Panel) DC() gpio.PinOut { return pin{p} }

// Image is what the panel shows now.
func (p *Panel) Image() image.Image {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.image()
}

// Dropped counts the bytes that the panel could make nothing of.
func (p *Panel) Dropped() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dropped
}

// Drain writes the picture as it is now, also in the middle of a window.
func (p *Panel) Drain() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.save()
}

func (p *Panel) image() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, Size, Size))
	for i, v := range p.ram {
		// IPS glass shows the complement unless inversion is on.
		if !p.inverted {
			v = ^v
		}
		if !p.awake || !p.on || p.dead {
			v = 0
		}
		r, g, b := byte(v>>11), byte(v>>5)&0x3f, byte(v)&0x1f
		img.SetRGBA(i%Size, i/Size, color.RGBA{R: r<<3 | r>>2, G: g<<2 | g>>4, B: b<<3 | b>>2, A: 0xff})
	}
	return img
}

// quick makes files that are larger and done in a third of the time.
var quick = png.Encoder{CompressionLevel: png.BestSpeed}

// save replaces the file.
func (p *Panel) save() error {
	p.shown = p.look()
	f, err := os.CreateTemp(filepath.Dir(p.path), ".panel-*.png")
	if err != nil {
		return fmt.Errorf("the picture of the display: %w", err)
	}
	err = errors.Join(quick.Encode(f, p.image()), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), p.path)
	}
	if err != nil {
		if moved := (*os.LinkError)(nil); errors.As(err, &moved) {
			err = moved.Err // without the name of the file, which is another one each time
		}
		return fmt.Errorf("the picture of the display: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

func (p *Panel) look() look {
	lit := p.awake && p.on && !p.dead
	return look{lit: lit, inverted: lit && p.inverted}
}
