package display

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"slices"
	"time"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// The size of the panel in pixels.
const (
	Width  = 240
	Height = 240
)

// The commands of the ST7789V that are used; the pages are those of Sitronix'
// datasheet, version 1.6.
const (
	cmdSWRESET = 0x01 // page 163: all registers to their defaults, asleep
	cmdSLPOUT  = 0x11 // page 184
	cmdNORON   = 0x13 // page 187: the whole panel, no partial mode
	cmdINVON   = 0x21 // page 190: IPS glass shows the colours of the RAM with inversion on
	cmdDISPOFF = 0x28 // page 195
	cmdDISPON  = 0x29 // page 196
	cmdCASET   = 0x2a // page 198: first and last column, 16 bits each, high byte first
	cmdRASET   = 0x2b // page 200: first and last row
	cmdRAMWR   = 0x2c // page 202: pixels of the window, row by row
	cmdMADCTL  = 0x36 // page 215: 0 is top to bottom, left to right, RGB
	cmdSLPIN   = 0x10 // page 182
	cmdCOLMOD  = 0x3a // page 224
)

// rgb565 is the value of COLMOD for 16 bits a pixel.
const rgb565 = 0x55

// The times that the panel needs (pages 163, 182 and 184).
const (
	resetPulse = 10 * time.Millisecond
	afterReset = 120 * time.Millisecond // before SLPOUT
	afterWake  = 5 * time.Millisecond   // before any other command
)

// defaultSpeed is the clock where Opts has none: a write cycle takes at least
// 16 ns (page 44).
const defaultSpeed = 40 * physic.MegaHertz

// defaultChunk bounds one transfer where the port names no limit: sysfs takes
// no more.
const defaultChunk = 4096

// ErrHalted says that the panel was put to sleep with Halt.
var ErrHalted = errors.New("the display is halted")

// Opts sets an ST7789 up; nil and zero values take the defaults named.
type Opts struct {
	Speed physic.Frequency    // of the clock: 40 MHz
	Mode  spi.Mode            // 0; panels without a chip select need spi.Mode3
	Reset gpio.PinOut         // active low; nil: only the command resets
	Wait  func(time.Duration) // time.Sleep
}

// ST7789 is a 240x240 colour panel on SPI with a line for data/command. It is
// a periph display.Drawer and not for use by several goroutines at once.
type ST7789 struct {
	conn   spi.Conn
	dc     gpio.PinOut
	reset  gpio.PinOut // nil: none
	chunk  int
	wait   func(time.Duration)
	pixels []byte // of one Draw, kept for the next
	halted bool
}

// NewST7789 connects the port, wakes the panel up and fills it with white
// before it is switched on.
func NewST7789(p spi.Port, dc gpio.PinOut, o *Opts) (*ST7789, error) {
	if p == nil || dc == nil {
		return nil, errors.New("st7789: a port and a data/command pin are needed")
	}
	var opts Opts
	if o != nil {
		opts = *o
	}
	if opts.Speed == 0 {
		opts.Speed = defaultSpeed
	}
	if opts.Wait == nil {
		opts.Wait = time.Sleep
	}
	if opts.Mode != spi.Mode0 && opts.Mode != spi.Mode3 {
		return nil, fmt.Errorf("st7789: mode %v is not 0 or 3", opts.Mode)
	}
	c, err := p.Connect(opts.Speed, opts.Mode, 8)
	if err != nil {
		return nil, fmt.Errorf("st7789: %w", err)
	}
	d := &ST7789{conn: c, dc: dc, reset: opts.Reset, chunk: chunkOf(c), wait: opts.Wait}
	if err := d.Restart(); err != nil {
		return nil, err
	}
	return d, nil
}

// Restart resets the panel, as after a loss of power, and fills it with white
// before it is switched on. It takes about a quarter of a second.
func (d *ST7789) Restart() error {
	d.halted = false
	if err := d.start(); err != nil {
		return fmt.Errorf("st7789: %w", err)
	}
	return nil
}

// chunkOf gives the bytes of one transfer, whole pixels where that is possible.
func chunkOf(c spi.Conn) int {
	n := defaultChunk
	if l, ok := c.(conn.Limits); ok && l.MaxTxSize() > 0 {
		n = l.MaxTxSize()
	}
	if n > 1 {
		n &^= 1
	}
	return n
}

func (d *ST7789) start() error {
	if d.reset != nil {
		if err := d.reset.Out(gpio.Low); err != nil {
			return err
		}
		d.wait(resetPulse)
		if err := d.reset.Out(gpio.High); err != nil {
			return err
		}
		d.wait(afterReset)
	}
	for _, step := range []struct {
		cmd   byte
		data  []byte
		after time.Duration
	}{
		{cmdSWRESET, nil, afterReset},
		{cmdSLPOUT, nil, afterWake},
		{cmdCOLMOD, []byte{rgb565}, 0},
		{cmdMADCTL, []byte{0}, 0},
		{cmdINVON, nil, 0},
		{cmdNORON, nil, 0},
	} {
		if err := d.send(step.cmd, step.data); err != nil {
			return err
		}
		if step.after > 0 {
			d.wait(step.after)
		}
	}
	if err := d.Draw(d.Bounds(), image.White, image.Point{}); err != nil {
		return err
	}
	return d.send(cmdDISPON, nil)
}

// String names the panel and its connection.
func (d *ST7789) String() string { return fmt.Sprintf("ST7789{%s, %s}", d.conn, d.dc) }

// Halt switches the panel off and puts it to sleep; it draws nothing any more.
func (d *ST7789) Halt() error {
	if d.halted {
		return nil
	}
	d.halted = true
	return errors.Join(d.send(cmdDISPOFF, nil), d.send(cmdSLPIN, nil))
}

// ColorModel is RGBA; the panel keeps 5, 6 and 5 bits of it.
func (d *ST7789) ColorModel() color.Model { return color.RGBAModel }

// Bounds is the size of the panel in pixels, from 0,0.
func (d *ST7789) Bounds() image.Rectangle { return image.Rect(0, 0, Width, Height) }

// Draw sends src, from srcPts on, to the part of dst that lies on the panel.
func (d *ST7789) Draw(dst image.Rectangle, src image.Image, srcPts image.Point) error {
	if d.halted {
		return ErrHalted
	}
	r := dst.Intersect(d.Bounds())
	r = r.Intersect(src.Bounds().Add(dst.Min.Sub(srcPts)))
	if r.Empty() {
		return nil
	}
	d.pixels = appendPixels(d.pixels[:0], r, src, srcPts.Sub(dst.Min))
	if err := d.send(cmdCASET, span(r.Min.X, r.Max.X)); err != nil {
		return err
	}
	if err := d.send(cmdRASET, span(r.Min.Y, r.Max.Y)); err != nil {
		return err
	}
	return d.send(cmdRAMWR, d.pixels)
}

// appendPixels adds the pixels of r, found in src at a shift, as RGB565 with
// the high byte first. A picture in RGBA, which a Panel paints, goes fast.
func appendPixels(to []byte, r image.Rectangle, src image.Image, shift image.Point) []byte {
	to = slices.Grow(to, 2*r.Dx()*r.Dy())
	from := r.Add(shift)
	if img, ok := src.(*image.RGBA); ok {
		for y := from.Min.Y; y < from.Max.Y; y++ {
			row := img.Pix[img.PixOffset(from.Min.X, y):][:4*from.Dx()]
			for ; len(row) >= 4; row = row[4:] {
				to = append(to, row[0]&0xf8|row[1]>>5, row[1]<<3&0xe0|row[2]>>3)
			}
		}
		return to
	}
	for y := from.Min.Y; y < from.Max.Y; y++ {
		for x := from.Min.X; x < from.Max.X; x++ {
			red, green, blue, _ := src.At(x, y).RGBA()
			to = append(to, byte(red>>11)<<3|byte(green>>13), byte(green>>10)<<5|byte(blue>>11))
		}
	}
	return to
}

// span is a range of columns or rows with its last one included.
func span(from, to int) []byte {
	to--
	return []byte{byte(from >> 8), byte(from), byte(to >> 8), byte(to)}
}

// send gives a command with the line low and its data with the line high.
func (d *ST7789) send(cmd byte, data []byte) error {
	if err := d.dc.Out(gpio.Low); err != nil {
		return err
	}
	if err := d.conn.Tx([]byte{cmd}, nil); err != nil {
		return err
	}
	if len(data) == 0 {
		return nil
	}
	if err := d.dc.Out(gpio.High); err != nil {
		return err
	}
	for len(data) > 0 {
		n := min(d.chunk, len(data))
		if err := d.conn.Tx(data[:n], nil); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}
