// Package vpcd is a virtual card in a virtual slot: it speaks the wire of vpcd, the reader driver of the vsmartcard
// project that pcscd loads, so that everything above it is the real thing: pcscd, its socket, and whoever talks to it.
//
// The wire is TCP, the card dials the slot. Each message is a length of two bytes, big-endian, and that many bytes. From
// the slot a message of one byte is a control: 0 power off, 1 power on, 2 reset, 4 what is the ATR; any other is a command
// APDU. The card answers an ATR request and an APDU, nothing else; length and bytes go out in one write, because the slot
// reads them in two and would otherwise wait for the second segment. A card that is gone closes the connection.
//
// It never talks to a payment reader by itself, never leaves the address it was given, and keeps nothing.
package vpcd

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"tillkeeper/drivers/sim/card"
)

// The controls of the wire.
const (
	controlOff   = 0
	controlOn    = 1
	controlReset = 2
	controlATR   = 4
)

// The limits of a card in a slot.
const (
	dialPause  = 50 * time.Millisecond // between two tries to reach the slot
	dialLimit  = 5 * time.Second
	maxMessage = 1 << 16
)

// uidCommand is GET DATA for the serial number, which a reader answers itself (PC/SC part 3, 3.2.2.1.3).
var uidCommand = [4]byte{0xFF, 0xCA, 0x00, 0x00}

// buzzerCommand is how the reader ACR122 is told to work its lamps and its buzzer, which it does itself (ACS, ACR122U
// Application Programming Interface V2.04, 6.2); P2 is for the lamps, and four bytes follow.
var buzzerCommand = [3]byte{0xFF, 0x00, 0x40}

// Card is a chip in a slot, until Remove.
type Card struct {
	beeps atomic.Int64
	chip  *card.Chip
	addr  string
	stop  context.CancelFunc
	done  chan struct{}

	mu   sync.Mutex
	conn net.Conn
}

// Insert powers a chip and puts it into the slot at addr, host:port of vpcd. It stays there until Remove, the end of the
// context, or until it takes itself away; where the slot goes away, as with a pcscd that is restarted, it is still in it
// when the slot comes back. Insert returns when the slot was reached for the first time; pcscd then takes up to a round of
// its polls (0.4 s) to see the card.
func Insert(ctx context.Context, addr string, chip *card.Chip) (*Card, error) {
	chip.Power()
	first, err := dial(ctx, addr)
	if err != nil {
		return nil, fmt.Errorf("vpcd: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	c := &Card{chip: chip, addr: addr, stop: stop, done: make(chan struct{}), conn: first}
	go c.stay(ctx, first)
	return c, nil
}

func dial(ctx context.Context, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialLimit}
	return d.DialContext(ctx, "tcp", addr)
}

// Remove takes the card out of the slot and returns when it has let go. Twice does no harm.
func (c *Card) Remove() {
	c.stop()
	c.hangUp()
	<-c.done
}

// Beeps counts how often the reader in which the card lies was made to beep.
func (c *Card) Beeps() int { return int(c.beeps.Load()) }

// Gone is closed when the card is out of the slot, taken or by itself.
func (c *Card) Gone() <-chan struct{} { return c.done }

func (c *Card) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.Close() //nolint:errcheck,gosec // its end is all that is wanted
	}
}

// hold notes the connection that hangUp ends; false when the card was taken already.
func (c *Card) hold(ctx context.Context, conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
	return ctx.Err() == nil
}

// stay keeps the card in the slot.
func (c *Card) stay(ctx context.Context, conn net.Conn) {
	defer close(c.done)
	defer c.stop()
	release := context.AfterFunc(ctx, c.hangUp)
	defer release()
	for {
		if !c.hold(ctx, conn) {
			c.hangUp()
			return
		}
		c.serve(conn)
		c.hangUp()
		if c.chip.Gone() {
			return
		}
		for conn = nil; conn == nil; {
			select {
			case <-ctx.Done():
				return
			case <-time.After(dialPause):
			}
			var err error
			if conn, err = dial(ctx, c.addr); err != nil {
				conn = nil
			}
		}
	}
}

// serve answers until the connection ends or the card goes away.
func (c *Card) serve(conn net.Conn) {
	for {
		quickAck(conn) // it lasts for a while only: ask anew
		message, err := receive(conn)
		if err != nil {
			return
		}
		answer, wanted := c.answer(message)
		if c.chip.Gone() {
			return
		}
		if !wanted {
			continue
		}
		if err := send(conn, answer); err != nil {
			return
		}
	}
}

func (c *Card) answer(message []byte) (answer []byte, wanted bool) {
	if len(message) == 1 {
		switch message[0] {
		case controlOff, controlOn, controlReset:
			c.chip.Reset()
		case controlATR:
			return c.chip.ATR(), true
		}
		return nil, false
	}
	if c.chip.Contactless() && len(message) >= 4 && [4]byte(message[:4]) == uidCommand {
		return append(c.chip.UID(), 0x90, 0x00), true
	}
	if c.chip.Contactless() && len(message) == 9 && [3]byte(message[:3]) == buzzerCommand && message[4] == 4 {
		if message[5] > 0 && message[7] > 0 && message[8]&0x01 != 0 { // so long, so often, with sound
			c.beeps.Add(1)
		}
		return []byte{0x90, message[3] & 0x03}, true
	}
	return c.chip.Answer(message), true
}

// receive reads one message.
func receive(r io.Reader) ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(head[:]))
	_, err := io.ReadFull(r, message)
	return message, err
}

// send writes one message in one write.
func send(w io.Writer, message []byte) error {
	if len(message) >= maxMessage {
		return fmt.Errorf("vpcd: a message of %d bytes", len(message))
	}
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)) //nolint:gosec // checked above
	return err
}
