// Package pn532 drives the contactless front end NXP PN532 (user manual UM0701-02) over its three ways to a host: the high
// speed UART, I2C and SPI, through periph and package port.
//
// On the wire: 00 00 FF, length and its complement, D4 or D5, command and data, checksum, 00; from 256 bytes on the extended
// frame with FF FF before a length of two bytes; every command is acknowledged, then answered. Over SPI the lowest bit goes
// first. The package promises that every wait has an end, that what is damaged on the way is mended or told, that no card
// is sent the same APDU twice because of damage that it saw, and that the field is off whenever nobody waits for a card.
// While somebody waits it searches ten times a second, some 20 ms each, for type A and type B of ISO 14443. It puts nothing
// of a card into an error or a log: no number, no APDU. Times are time.Duration, speeds baud or hertz.
package pn532

import (
	"context"
	"errors"
	"fmt"
	"time"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/spi"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// DefaultBaud is the speed of a PN532 after its reset.
const DefaultBaud = 115200

// speeds are those that the chip can be set to (UM0701-02, 7.2.8) and a tty too: where a silent one is looked for.
var speeds = []int{115200, 9600, 57600, 38400, 19200, 230400, 460800, 921600}

// Opener opens the way to one chip, each time anew.
type Opener struct {
	open func() (bus, error)
	at   func(baud int) (bus, error) // at another speed; nil where there is none
	baud int
}

// Serial is a chip at a serial line that open opens at a speed in baud, 8 data bits, no parity, 1 stop bit. The chip is not
// told another speed: it must have that one, DefaultBaud unless it was set.
func Serial(open func(baud int) (Line, error), baud int) Opener {
	at := func(baud int) (bus, error) {
		l, err := open(baud)
		if err != nil {
			return nil, err
		}
		return newHSU(l), nil
	}
	return Opener{open: func() (bus, error) { return at(baud) }, at: at, baud: baud}
}

// SerialPort is Serial at a tty by its path: /dev/ttyUSB0, /dev/serial/by-id/..., a pty.
func SerialPort(path string, baud int) Opener {
	return Serial(func(baud int) (Line, error) {
		l, err := port.OpenLine(path, baud)
		if err != nil {
			return nil, err
		}
		return l, nil
	}, baud)
}

// I2C is a chip at address 24 (hexadecimal) of a bus that open opens, as i2creg.Open does.
func I2C(open func() (i2c.BusCloser, error)) Opener {
	return Opener{open: func() (bus, error) {
		b, err := open()
		if err != nil {
			return nil, err
		}
		return newI2C(b), nil
	}}
}

// SPI is a chip at a port that open opens, as spireg.Open does: mode 0, SPISpeed.
func SPI(open func() (spi.PortCloser, error)) Opener {
	return Opener{open: func() (bus, error) {
		p, err := open()
		if err != nil {
			return nil, err
		}
		b, err := newSPI(p)
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		return b, nil
	}}
}

// find looks at which other speed a silent chip answers; 0 where none is found.
func (o Opener) find(ctx context.Context) int {
	if o.at == nil {
		return 0
	}
	for _, baud := range speeds {
		if baud == o.baud {
			continue
		}
		if ctx.Err() != nil {
			return 0
		}
		b, err := o.at(baud)
		if err != nil {
			return 0
		}
		ok := answers(ctx, b)
		if err := b.close(); err != nil {
			return 0
		}
		if ok {
			return baud
		}
	}
	return 0
}

// answers asks once whether a PN532 listens.
func answers(ctx context.Context, b bus) bool {
	out, err := encode([]byte{cmdSAM, 0x01, 0x00, 0x00})
	if err != nil || errors.Join(b.wake(), b.flush(), b.write(out)) != nil {
		return false
	}
	f, err := b.read(ctx, time.Now().Add(ackWait), len(ackFrame))
	return err == nil && f.kind == ack
}

// otherSpeed says at which speed a chip answers that is silent at its own, in baud.
type otherSpeed struct{ configured, found int }

// Error gives the sentence.
func (o *otherSpeed) Error() string {
	return fmt.Sprintf("silent at %d baud, answers at %d", o.configured, o.found)
}

func wrongSpeed(configured, found int) *pos.Error {
	return &pos.Error{
		Code: port.WrongSpeed, Message: "the card reader speaks at another speed", Remedy: fmt.Sprintf("write baud=%d", found),
		Err: &otherSpeed{configured, found},
	}
}

// remedies say what to do about each way in which a reader cannot be used.
var remedies = map[string][2]string{
	port.Unplugged:     {"the card reader is not there", "plug it in again, or name its port"},
	port.NoPermission:  {"the card reader's port may not be opened", "add the till's user to the group of the port"},
	port.BusyElsewhere: {"another program has the card reader's port", "end that program"},
	port.WrongSpeed:    {"the port cannot have the card reader's speed", "write baud=115200"},
	port.Offline:       {"the card reader does not answer", "look at its cable, its power and its switches for the kind of port"},
	port.DeviceFault:   {"the card reader's port is not one that it can be used at", "name the port that the PN532 is at"},
}

// explain makes an error of the way to the chip one of the closed list.
func explain(err error) *pos.Error {
	var e *pos.Error
	if errors.As(err, &e) {
		return e
	}
	code := port.Reason(err)
	for _, mine := range []error{errOffline, errSilent, errDamaged, errRefused, errUnheard} {
		if errors.Is(err, mine) && !port.Gone(err) {
			code = port.Offline
		}
	}
	text, known := remedies[code]
	if !known {
		code, text = port.DeviceFault, remedies[port.DeviceFault]
	}
	return &pos.Error{Code: code, Message: text[0], Remedy: text[1], Err: err}
}
