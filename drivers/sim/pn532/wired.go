package pn532

import (
	"errors"
	"fmt"
	"math/bits"
	"sync/atomic"
	"syscall"
	"time"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// Address is where the chip answers on I2C.
const Address = 0x24

// errNoAnswer is what a host gets on I2C where nobody acknowledges an address.
var errNoAnswer = fmt.Errorf("simulated bus: %w", syscall.EREMOTEIO)

// roused says whether the chip hears a transfer: asleep it is woken by one and hears those of a little later. The caller
// holds mu.
func (c *Chip) roused() bool {
	switch {
	case c.faults.Mute:
		return false
	case c.power == asleep:
		c.power, c.up = waking, time.Now().Add(wakeTime)
	case c.power == waking && time.Now().After(c.up):
		c.power = low
	}
	return c.power == low || c.power == awake
}

// ready says whether a frame can be taken. The caller holds mu.
func (c *Chip) ready() bool { return len(c.out) > 0 && !time.Now().Before(c.out[0].at) }

// give fills b with the frame that is ready and what follows it on the wire. The caller holds mu.
func (c *Chip) give(b []byte, fill byte) {
	n := 0
	if c.ready() {
		n = copy(b, c.out[0].data)
		c.out = c.out[1:]
	}
	for ; n < len(b); n++ {
		b[n] = fill
	}
}

// I2C is the chip on a bus of its own.
type I2C struct {
	chip *Chip
	gone atomic.Bool
}

var _ i2c.BusCloser = (*I2C)(nil)

// I2C gives the bus that the chip is on.
func (c *Chip) I2C() *I2C { return &I2C{chip: c} }

// Tx is one transaction. The first byte that is read says whether a frame is ready (6.2.4).
func (b *I2C) Tx(addr uint16, w, r []byte) error {
	c := b.chip
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case b.gone.Load():
		return syscall.ENODEV
	case addr != Address, !c.roused():
		return errNoAnswer
	case c.faults.NoAnswer > 0:
		c.faults.NoAnswer--
		return errNoAnswer
	}
	if len(w) > 0 {
		c.take(w)
	}
	if len(r) == 0 {
		return nil
	}
	clear(r)
	if !c.ready() {
		return nil
	}
	r[0] = 1
	if len(r) > 1 {
		c.give(r[1:], 0x80)
	}
	return nil
}

// SetSpeed takes what the chip can do: 400 kHz.
func (b *I2C) SetSpeed(f physic.Frequency) error {
	if f > 400*physic.KiloHertz {
		return errors.New("simulated bus: the chip is slower")
	}
	return nil
}

// Unplug takes the bus away, or brings it back.
func (b *I2C) Unplug(gone bool) { b.gone.Store(gone) }

// Open is how a driver opens the bus, any number of times.
func (b *I2C) Open() (i2c.BusCloser, error) {
	if b.gone.Load() {
		return nil, syscall.ENOENT
	}
	return b, nil
}

// Close does nothing: the bus stays.
func (b *I2C) Close() error { return nil }

// String names the bus.
func (b *I2C) String() string { return "simulated I2C" }

// SPI is the chip at a port of its own.
type SPI struct {
	chip *Chip
	gone atomic.Bool
	most int
}

var _ spi.PortCloser = (*SPI)(nil)

// SPI gives the port that the chip is at. It carries at most as many bytes in one transfer as most says; 0 is 4096.
func (c *Chip) SPI(most int) *SPI {
	if most <= 0 {
		most = 4096
	}
	return &SPI{chip: c, most: most}
}

// Unplug takes the port away, or brings it back.
func (p *SPI) Unplug(gone bool) { p.gone.Store(gone) }

// Open is how a driver opens the port, any number of times.
func (p *SPI) Open() (spi.PortCloser, error) {
	if p.gone.Load() {
		return nil, syscall.ENOENT
	}
	return p, nil
}

// Connect takes mode 0 and up to 5 MHz (6.2.5).
func (p *SPI) Connect(f physic.Frequency, mode spi.Mode, size int) (spi.Conn, error) {
	if mode&^spi.LSBFirst != spi.Mode0 || size != 8 || f <= 0 || f > 5*physic.MegaHertz {
		return nil, errors.New("simulated port: the chip wants mode 0, 8 bits and at most 5 MHz")
	}
	return &spiConn{port: p, low: mode&spi.LSBFirst != 0}, nil
}

// LimitSpeed does nothing: the model has no clock.
func (p *SPI) LimitSpeed(physic.Frequency) error { return nil }

// Close does nothing: the port stays.
func (p *SPI) Close() error { return nil }

// String names the port.
func (p *SPI) String() string { return "simulated SPI" }

type spiConn struct {
	port *SPI
	low  bool // the host turns the bits itself
}

func (s *spiConn) turn(b byte) byte {
	if s.low {
		return b
	}
	return bits.Reverse8(b)
}

// Tx is one transfer with the select line down; the first byte says what it is, the lowest bit first.
func (s *spiConn) Tx(w, r []byte) error {
	switch {
	case s.port.gone.Load():
		return syscall.ENODEV
	case len(w) == 0 || len(r) != 0 && len(r) != len(w):
		return errors.New("simulated port: both ways take the same number of bytes")
	case len(w) > s.port.most:
		return errors.New("simulated port: the transfer is too long")
	}
	c := s.port.chip
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range r {
		r[i] = 0xFF
	}
	if !c.roused() {
		return nil
	}
	switch s.turn(w[0]) {
	case 0x01:
		in := make([]byte, 0, len(w))
		for _, b := range w[1:] {
			in = append(in, s.turn(b))
		}
		c.take(in)
	case 0x02:
		if len(r) > 1 {
			r[1] = 0
			if c.ready() {
				r[1] = s.turn(0x01)
			}
		}
	case 0x03:
		if len(r) > 1 {
			c.give(r[1:], 0xFF)
			for i := range r[1:] {
				r[1+i] = s.turn(r[1+i])
			}
		}
	}
	return nil
}

func (s *spiConn) TxPackets(p []spi.Packet) error {
	for _, one := range p {
		if err := s.Tx(one.W, one.R); err != nil {
			return err
		}
	}
	return nil
}

func (s *spiConn) Duplex() conn.Duplex { return conn.Full }

func (s *spiConn) String() string { return "simulated PN532 at SPI" }

// MaxTxSize is of conn.Limits.
func (s *spiConn) MaxTxSize() int { return s.port.most }
