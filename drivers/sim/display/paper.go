package display

import (
	"fmt"
	"image"
	"image/color"
	"sync"
	"time"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// The size of the e-paper in pixels, standing upright, and of its RAM.
const (
	PaperWidth  = 122
	PaperHeight = 250
	paperRow    = 16 // bytes
)

// busyReads is for how many looks at its line a panel stays busy.
const busyReads = 3

// Paper is the model of a 2.13 inch e-paper with an SSD1680 or SSD1675B on
// SPI: windows, counters, the two RAMs and the refresh (Solomon Systech,
// SSD1680 rev 0.14, table 7-1). The picture changes with a refresh only and
// stays without power. In deep sleep it takes nothing, its line "busy" is high,
// and only its reset line wakes it, with every register lost. Waveforms are
// taken and not modelled. Its methods may
// be called by several goroutines.
type Paper struct {
	mu        sync.Mutex
	dead      bool
	stuck     bool
	asleep    bool
	ready     bool // set up since its last reset: without it nothing is refreshed
	sleeps    int
	control   byte // display update control 2
	dc        gpio.Level
	cmd       byte
	args      []byte
	ram, red  [PaperHeight][paperRow]byte
	glass     [PaperHeight][paperRow]byte
	x, y      [2]int // window, x in bytes
	at        image.Point
	busy      int
	refreshes int
	dropped   int
}

// NewPaper makes a panel that is white.
func NewPaper() *Paper {
	p := &Paper{}
	p.x, p.y = [2]int{0, paperRow - 1}, [2]int{0, PaperHeight - 1}
	for y := range p.glass {
		for x := range p.glass[y] {
			p.glass[y][x] = 0xff
		}
	}
	return p
}

// Port is the panel's SPI bus; Busy, DC and Reset are its lines.
func (p *Paper) Port() spi.PortCloser { return paperPort{p} }

// DC is the pin that tells data (high) from commands (low).
func (p *Paper) DC() gpio.PinOut { return paperPin{p, "DC"} }

// Reset is the pin that resets the panel when it is low.
func (p *Paper) Reset() gpio.PinOut { return paperPin{p, "RST"} }

// Busy is high while the panel refreshes.
func (p *Paper) Busy() gpio.PinIn { return paperBusy{gpio.INVALID, p} }

// Kill pulls the panel out; its picture stays.
func (p *Paper) Kill() { p.set(func() { p.dead = true }) }

// Revive puts the panel in again.
func (p *Paper) Revive() { p.set(func() { p.dead, p.stuck = false, false }) }

// Stick has the panel stay busy until Revive.
func (p *Paper) Stick() { p.set(func() { p.stuck = true }) }

func (p *Paper) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// Refreshes counts how often the picture was refreshed.
func (p *Paper) Refreshes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refreshes
}

// Sleeps counts how often the panel was sent into deep sleep.
func (p *Paper) Sleeps() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sleeps
}

// Asleep says whether the panel is in deep sleep.
func (p *Paper) Asleep() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asleep
}

// Dropped counts the bytes that the panel could make nothing of.
func (p *Paper) Dropped() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dropped
}

// Image is what the panel shows, upright: 122x250.
func (p *Paper) Image() image.Image {
	p.mu.Lock()
	defer p.mu.Unlock()
	img := image.NewGray(image.Rect(0, 0, PaperWidth, PaperHeight))
	for y := range PaperHeight {
		for x := range PaperWidth {
			if p.glass[y][x/8]&(0x80>>(x%8)) != 0 {
				img.SetGray(x, y, color.Gray{Y: 0xff})
			}
		}
	}
	return img
}

func (p *Paper) take(b []byte) {
	for _, v := range b {
		switch {
		case p.asleep || p.busy > 0 && p.stuck:
			p.dropped++
		case p.dc == gpio.Low:
			p.command(v)
		default:
			p.data(v)
		}
	}
}

func (p *Paper) command(c byte) {
	p.cmd, p.args = c, nil
	switch c {
	case 0x01: // driver output control
		p.ready = true
	case 0x12: // SWRESET
		p.forget()
		p.busy = busyReads
	case 0x20: // master activation
		p.busy = busyReads
		switch {
		case p.control&displayBit == 0:
		case !p.ready:
			p.dropped++
		default:
			p.glass = p.ram
			p.refreshes++
		}
	}
}

// forget puts the registers as they are after a reset; the RAM stays.
func (p *Paper) forget() {
	p.ready, p.control = false, 0
	p.x, p.y, p.at = [2]int{0, paperRow - 1}, [2]int{0, PaperHeight - 1}, image.Point{}
}

// display is the bit of "display update control 2" that refreshes the glass.
const displayBit = 0x04

func (p *Paper) data(v byte) {
	if p.cmd == 0x24 || p.cmd == 0x26 {
		p.pixel(v)
		return
	}
	p.args = append(p.args, v)
	n := len(p.args)
	switch {
	case p.cmd == 0x10 && n == 1 && v != 0:
		p.asleep = true
		p.sleeps++
	case p.cmd == 0x22 && n == 1:
		p.control = v
	case p.cmd == 0x44 && n == 2:
		p.x = [2]int{int(p.args[0]), int(v)}
	case p.cmd == 0x45 && n == 4:
		p.y = [2]int{int(p.args[0]) | int(p.args[1])<<8, int(p.args[2]) | int(v)<<8}
	case p.cmd == 0x4e && n == 1:
		p.at.X = int(v)
	case p.cmd == 0x4f && n == 2:
		p.at.Y = int(p.args[0]) | int(v)<<8
	}
	if p.x[1] >= paperRow || p.y[1] >= PaperHeight {
		p.dropped++
		p.x[1], p.y[1] = min(p.x[1], paperRow-1), min(p.y[1], PaperHeight-1)
	}
}

func (p *Paper) pixel(v byte) {
	if p.at.X >= paperRow || p.at.Y >= PaperHeight {
		p.dropped++
		return
	}
	if p.cmd == 0x24 {
		p.ram[p.at.Y][p.at.X] = v
	} else {
		p.red[p.at.Y][p.at.X] = v
	}
	if p.at.X++; p.at.X > p.x[1] {
		p.at.X = p.x[0]
		if p.at.Y++; p.at.Y > p.y[1] {
			p.at.Y = p.y[0]
		}
	}
}

// paperPort is the SPI bus of e-paper.
type paperPort struct{ p *Paper }

func (paperPort) String() string { return "simulated e-paper" }

// Connect gives a connection.
func (b paperPort) Connect(physic.Frequency, spi.Mode, int) (spi.Conn, error) {
	return paperConn(b), nil
}

// LimitSpeed does nothing: a model has no clock.
func (paperPort) LimitSpeed(physic.Frequency) error { return nil }

// Close does nothing: the panel stays.
func (paperPort) Close() error { return nil }

type paperConn struct{ p *Paper }

func (paperConn) String() string { return "simulated e-paper" }

// Duplex is half: there is nothing to read.
func (paperConn) Duplex() conn.Duplex { return conn.Half }

// Tx sends w to the panel.
func (c paperConn) Tx(w, r []byte) error {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	switch {
	case c.p.dead:
		return ErrDead
	case len(r) > 0:
		return ErrReadBack
	case len(w) > MaxTx:
		return fmt.Errorf("%w: %d", ErrTooMuch, len(w))
	}
	c.p.take(w)
	return nil
}

// TxPackets sends the packets one after the other.
func (c paperConn) TxPackets(packets []spi.Packet) error {
	for _, p := range packets {
		if err := c.Tx(p.W, p.R); err != nil {
			return err
		}
	}
	return nil
}

// paperPin is an output to the panel.
type paperPin struct {
	p    *Paper
	name string
}

func (n paperPin) String() string { return n.name }

// Halt does nothing.
func (paperPin) Halt() error { return nil }

// Name names the pin.
func (n paperPin) Name() string { return n.name }

// Number is -1: the pin is on no header.
func (paperPin) Number() int { return -1 }

// Function is that of an output.
func (paperPin) Function() string { return "OUT" }

// Out sets the level.
func (n paperPin) Out(l gpio.Level) error {
	n.p.mu.Lock()
	defer n.p.mu.Unlock()
	switch {
	case n.p.dead:
		return ErrDead
	case n.name == "DC":
		n.p.dc = l
	case l == gpio.Low:
		n.p.asleep, n.p.busy = false, 0
		n.p.forget()
	}
	return nil
}

// PWM is refused.
func (paperPin) PWM(gpio.Duty, physic.Frequency) error { return fmt.Errorf("the pin has no PWM") }

// paperBusy is the panel's busy line.
type paperBusy struct {
	gpio.PinIO
	p *Paper
}

// In does nothing: the line is an input.
func (paperBusy) In(gpio.Pull, gpio.Edge) error { return nil }

// Read is high while the panel is busy.
func (b paperBusy) Read() gpio.Level {
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	if b.p.stuck || b.p.asleep {
		return gpio.High
	}
	if b.p.busy > 0 {
		b.p.busy--
		return gpio.High
	}
	return gpio.Low
}

// WaitForEdge gives at once, or nearly so.
func (paperBusy) WaitForEdge(time.Duration) bool {
	time.Sleep(time.Millisecond)
	return true
}
