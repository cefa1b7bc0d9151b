package display

import (
	"fmt"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// port is the SPI bus of a panel as one opener has it.
type port struct {
	p         *Panel
	connected bool // both under the panel's lock
	closed    bool
}

func (*port) String() string { return "simulated SPI" }

// Connect gives the only connection.
func (b *port) Connect(_ physic.Frequency, mode spi.Mode, bits int) (spi.Conn, error) {
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	switch {
	case b.closed:
		return nil, ErrClosed
	case b.connected:
		return nil, ErrConnected
	case (mode != spi.Mode0 && mode != spi.Mode3) || bits != 8:
		return nil, fmt.Errorf("%w: %v with %d", ErrMode, mode, bits)
	}
	b.connected = true
	return bus{b.p, b}, nil
}

// LimitSpeed does nothing: a model has no clock.
func (*port) LimitSpeed(physic.Frequency) error { return nil }

// Close ends the bus; the picture stays.
func (b *port) Close() error {
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	b.closed = true
	return nil
}

// bus is a connection to a panel.
type bus struct {
	p    *Panel
	port *port
}

func (bus) String() string { return "simulated SPI" }

// Duplex is half: there is nothing to read.
func (bus) Duplex() conn.Duplex { return conn.Half }

// MaxTxSize is the limit of one transfer in bytes.
func (bus) MaxTxSize() int { return MaxTx }

// Tx sends w to the panel.
func (b bus) Tx(w, r []byte) error {
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	switch {
	case b.port.closed:
		return ErrClosed
	case b.p.dead:
		return ErrDead
	case len(r) > 0:
		return ErrReadBack
	case len(w) > MaxTx:
		return fmt.Errorf("%w: %d", ErrTooMuch, len(w))
	}
	return b.p.take(w)
}

// TxPackets sends the packets one after the other.
func (b bus) TxPackets(packets []spi.Packet) error {
	for _, p := range packets {
		if err := b.Tx(p.W, p.R); err != nil {
			return err
		}
	}
	return nil
}

// pin is the data/command pin of a panel.
type pin struct{ p *Panel }

func (pin) String() string { return "simulated D/C" }

// Halt does nothing.
func (pin) Halt() error { return nil }

// Name names the pin.
func (pin) Name() string { return "DC" }

// Number is -1: the pin is on no header.
func (pin) Number() int { return -1 }

// Function is that of an output.
func (pin) Function() string { return "OUT" }

// Out sets the level.
func (n pin) Out(l gpio.Level) error {
	n.p.mu.Lock()
	defer n.p.mu.Unlock()
	if n.p.dead {
		return ErrDead
	}
	n.p.dc = l
	return nil
}

// PWM is refused: nothing flickers between data and commands.
func (pin) PWM(gpio.Duty, physic.Frequency) error {
	return fmt.Errorf("the data/command pin has no PWM")
}
