package display

import (
	"fmt"
	"image"
	"image/color"
	"sync"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"
)

// The size of the OLED in pixels, and its address.
const (
	OLEDWidth  = 128
	OLEDHeight = 64
	oledAddr   = 0x3c
)

// OLED is the model of an SSD1306 of 128x64 on I2C in page and horizontal
// addressing (Solomon Systech, SSD1306 rev 1.1, table 9-1). Commands that it
// does not model change nothing. Its methods may be called by several
// goroutines.
type OLED struct {
	mu         sync.Mutex
	dead       bool
	ram        [OLEDHeight / 8][OLEDWidth]byte
	on         bool
	flipped    bool // segments and rows, as periph sets a panel up
	page, col  int
	first, end int // columns
	bytes      int
	dropped    int
}

// NewOLED makes a panel that is off.
func NewOLED() *OLED { return &OLED{end: OLEDWidth - 1} }

// Bus is the panel's I2C bus; nothing else is on it.
func (o *OLED) Bus() i2c.BusCloser { return oledBus{o} }

// Kill pulls the panel out: its address is not acknowledged until Revive.
func (o *OLED) Kill() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dead = true
}

// Revive puts the panel in again; it is off until it is set up.
func (o *OLED) Revive() {
	o.PowerCut()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dead = false
}

// PowerCut has the panel forget everything.
func (o *OLED) PowerCut() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.on, o.flipped, o.page, o.col, o.first, o.end = false, false, 0, 0, 0, OLEDWidth-1
	for y := range o.ram {
		for x := range o.ram[y] {
			o.ram[y][x] = byte(x*7 + y*31)
		}
	}
}

// Bytes counts what crossed the bus.
func (o *OLED) Bytes() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes
}

// Dropped counts the bytes that the panel could make nothing of.
func (o *OLED) Dropped() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dropped
}

// Image is what the panel shows now: black where it is not lit.
func (o *OLED) Image() image.Image {
	o.mu.Lock()
	defer o.mu.Unlock()
	img := image.NewGray(image.Rect(0, 0, OLEDWidth, OLEDHeight))
	if !o.on || o.dead {
		return img
	}
	for y := range OLEDHeight {
		for x := range OLEDWidth {
			if o.ram[y/8][x]>>(y%8)&1 == 0 {
				continue
			}
			px, py := x, y
			if !o.flipped { // the glass is mounted so that it wants both remapped
				px, py = OLEDWidth-1-x, OLEDHeight-1-y
			}
			img.SetGray(px, py, color.Gray{Y: 0xff})
		}
	}
	return img
}

// arguments is how many bytes follow a command.
var arguments = map[byte]int{
	0x20: 1, 0x21: 2, 0x22: 2, 0x81: 1, 0x8d: 1, 0xa8: 1, 0xd3: 1, 0xd5: 1, 0xd9: 1, 0xda: 1, 0xdb: 1,
}

func (o *OLED) commands(b []byte) {
	for len(b) > 0 {
		c := b[0]
		n := arguments[c]
		if len(b) < 1+n {
			o.dropped += len(b)
			return
		}
		args := b[1 : 1+n]
		b = b[1+n:]
		switch {
		case c == 0xae:
			o.on = false
		case c == 0xaf:
			o.on = true
		case c == 0xa1 || c == 0xa0:
			o.flipped = c == 0xa1
		case c == 0x21:
			o.first, o.end, o.col = int(args[0])%OLEDWidth, int(args[1])%OLEDWidth, int(args[0])%OLEDWidth
		case c == 0x22:
			o.page = int(args[0]) % len(o.ram)
		case c >= 0xb0 && c <= 0xb7:
			o.page = int(c & 7)
		case c < 0x10:
			o.col = o.col&0xf0 | int(c)
		case c < 0x20:
			o.col = (o.col&0x0f | int(c&0x0f)<<4) % OLEDWidth
		}
	}
}

func (o *OLED) data(b []byte) {
	for _, v := range b {
		o.ram[o.page][o.col] = v
		if o.col++; o.col > o.end || o.col >= OLEDWidth {
			o.col = o.first
			o.page = (o.page + 1) % len(o.ram)
		}
	}
}

// oledBus is the I2C bus of an OLED.
type oledBus struct{ o *OLED }

func (oledBus) String() string { return "simulated I2C" }

// SetSpeed does nothing: a model has no clock.
func (oledBus) SetSpeed(physic.Frequency) error { return nil }

// Close does nothing: the panel stays.
func (oledBus) Close() error { return nil }

// Tx sends w to the panel: a control byte, then commands or data.
func (b oledBus) Tx(addr uint16, w, r []byte) error {
	b.o.mu.Lock()
	defer b.o.mu.Unlock()
	switch {
	case b.o.dead || addr != oledAddr:
		return fmt.Errorf("address %#x: %w", addr, ErrDead)
	case len(r) > 0:
		return ErrReadBack
	case len(w) == 0:
		return nil
	}
	b.o.bytes += len(w)
	switch w[0] {
	case 0x00:
		b.o.commands(w[1:])
	case 0x40:
		b.o.data(w[1:])
	default:
		b.o.dropped += len(w)
	}
	return nil
}
