// Package pn532 simulates the contactless front end NXP PN532 (user manual UM0701-02) at the level of its wires: a pseudo
// terminal for the high speed UART, a periph I2C bus and a periph SPI port, with cards that are put into its field.
//
// The chip sleeps until it is woken, wants SAMConfiguration first, acknowledges each command and answers it, repeats its
// last answer on a NACK and drops what it does on an ACK; it takes and gives extended frames and is silent about what is
// damaged. Faults are switches. It keeps what it was sent in memory only, and never more of it than one frame.
package pn532

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"time"
)

// Limits of the chip.
const (
	maxPacket = 265 // bytes of identifier and data in a frame
	maxQueue  = 4   // frames that wait to be taken
	chunk     = 262 // bytes of a card's answer in one frame
)

// The states of power.
type power byte

const (
	asleep power = iota // hears nothing
	waking              // loses what it is sent
	low                 // low battery mode: wants SAMConfiguration
	awake
)

// What waking takes: bytes that are lost on the UART, time on the others (UM0701-02, 7.2.11).
const (
	wakeBytes = 10
	wakeTime  = time.Millisecond
)

// Faults are what goes wrong. Counts go down to zero as they are used up.
type Faults struct {
	Mute      bool          // hears nothing
	Drop      int           // commands that are damaged on their way to the chip
	LoseAck   int           // ACKs that do not arrive
	DamageAck int           // ACKs with a wrong byte
	NackAck   int           // ACKs that arrive as a NACK
	Damage    int           // answers with a wrong byte in their data
	Lose      int           // answers without one of their bytes
	Noise     int           // frames with other bytes before them
	Delay     time.Duration // added before every answer
	NoAnswer  int           // transfers on I2C whose address is not acknowledged
	Status    byte          // of the next exchange with a card; 0: its own
}

type outFrame struct {
	data []byte
	at   time.Time // when it is ready
}

// Chip is one PN532. All methods may be called from any goroutine.
type Chip struct {
	mu       sync.Mutex
	wake     chan struct{} // has one element when there is something new to send
	power    power
	lost     int       // bytes still to be lost while waking
	up       time.Time // when waking ends, on the buses
	in       []byte
	out      []outFrame
	last     []byte // the last answer, for a NACK
	from     int    // where its data begins
	faults   Faults
	later    func(f *Faults) // from an exchange on; nil: none
	laterAt  int
	random   *rand.Rand
	firmware [4]byte
	baud     int
	nextBaud int // after the host's ACK
	switched bool

	field     bool
	cards     []*Card
	targets   [2]*Card
	endless   *search // one that waits for a card
	retries   byte
	registers map[uint16]byte
	chain     []byte // of the host's data
	rest      []byte // of a card's answer

	counts Counts
}

// Counts are what the chip has seen so far.
type Counts struct {
	Commands  int // that were understood
	Searches  int // InListPassiveTarget
	Exchanges int // InDataExchange that reached a card
	Naks      int // NACKs of the host
	Aborts    int // ACKs of the host
	Extended  int // extended frames of the host
	Refused   int // commands that were answered by the error frame
}

// New makes a chip that sleeps, as after its reset, at 115200 baud.
func New() *Chip {
	return &Chip{
		wake: make(chan struct{}, 1), random: rand.New(rand.NewPCG(532, 1)), firmware: [4]byte{0x32, 0x01, 0x06, 0x07},
		baud: 115200, retries: 0xFF, registers: map[uint16]byte{},
	}
}

// Faulty changes the faults.
func (c *Chip) Faulty(change func(f *Faults)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.faults)
}

// FaultyAfter changes the faults when a card has been asked n more times: before its answer goes out.
func (c *Chip) FaultyAfter(n int, change func(f *Faults)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.later, c.laterAt = change, c.counts.Exchanges+n
}

// Counts tells what the chip has seen.
func (c *Chip) Counts() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// Field says whether the field is on.
func (c *Chip) Field() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.field
}

// Firmware sets the IC byte that GetFirmwareVersion gives: 32 is a PN532.
func (c *Chip) Firmware(ic byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.firmware[0] = ic
}

// Baud sets the speed that the chip has on its UART.
func (c *Chip) Baud(baud int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.baud = baud
}

// Reset pulls the chip's reset line: it sleeps, its field is off, what it was doing is forgotten.
func (c *Chip) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.power, c.in, c.out, c.last, c.retries = asleep, nil, nil, nil, 0xFF
	c.fieldOff()
}

// feed takes bytes of the host that came over the UART. The caller holds mu.
func (c *Chip) feed(b []byte) {
	if c.faults.Mute {
		return
	}
	for len(b) > 0 && c.power != low && c.power != awake {
		if c.power == asleep && b[0] == 0x55 {
			c.power, c.lost = waking, wakeBytes
		} else if c.power == waking {
			if c.lost--; c.lost == 0 {
				c.power = low
			}
		}
		b = b[1:]
	}
	c.take(b)
}

// take looks for frames in what the host sent.
func (c *Chip) take(b []byte) {
	c.in = append(c.in, b...)
	for {
		start := bytes.Index(c.in, []byte{0x00, 0xFF})
		if start < 0 {
			if n := len(c.in); n > 1 {
				c.in = append([]byte(nil), c.in[n-1])
			}
			return
		}
		c.in = c.in[start:]
		used, whole := c.one(c.in[2:])
		if !whole {
			return
		}
		if c.switched { // what came with it came at the old speed
			c.in, c.switched = nil, false
			return
		}
		c.in = append([]byte(nil), c.in[2+used:]...)
	}
}

// one reads the frame behind a start code: how many bytes it used, and whether there were enough.
func (c *Chip) one(b []byte) (used int, whole bool) {
	if len(b) < 2 {
		return 0, false
	}
	n, head := int(b[0]), 2
	switch {
	case b[0] == 0x00 && b[1] == 0xFF:
		c.abort()
		return 2, true
	case b[0] == 0xFF && b[1] == 0x00:
		c.repeat()
		return 2, true
	case b[0] == 0xFF && b[1] == 0xFF:
		if len(b) < 5 {
			return 0, false
		}
		n, head = int(b[2])<<8|int(b[3]), 5
		if b[2]+b[3]+b[4] != 0 {
			return 0, true
		}
	case b[0]+b[1] != 0:
		return 0, true
	}
	if n < 2 || n > maxPacket {
		return 0, true
	}
	if len(b) < head+n+1 {
		return 0, false
	}
	var sum byte
	for _, x := range b[head : head+n+1] {
		sum += x
	}
	if sum == 0 && b[head] == 0xD4 {
		if head == 5 {
			c.counts.Extended++
		}
		c.command(b[head+1], b[head+2:head+n])
	}
	return head + n + 1, true
}

// abort is the host's ACK.
func (c *Chip) abort() {
	c.counts.Aborts++
	c.out, c.endless = nil, nil
	if c.nextBaud != 0 {
		c.baud, c.nextBaud, c.switched = c.nextBaud, 0, true
	}
}

// repeat is the host's NACK.
func (c *Chip) repeat() {
	c.counts.Naks++
	if c.last != nil {
		c.queue(c.spoilt(c.last, c.from), 0)
	}
}

// queue puts bytes in line to be sent, after a wait.
func (c *Chip) queue(b []byte, wait time.Duration) {
	if len(c.out) == maxQueue {
		c.out = c.out[1:]
	}
	if c.faults.Noise > 0 {
		c.faults.Noise--
		b = append([]byte{0xA5, 0x00, 0x17, 0xFF, 0x42}, b...)
	}
	c.out = append(c.out, outFrame{b, time.Now().Add(wait)})
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Chip) acknowledge() {
	b := []byte{0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00}
	switch {
	case c.faults.LoseAck > 0:
		c.faults.LoseAck--
		return
	case c.faults.DamageAck > 0:
		c.faults.DamageAck--
		b[3] = 0x20
	case c.faults.NackAck > 0:
		c.faults.NackAck--
		b[3], b[4] = 0xFF, 0x00
	}
	c.queue(b, 0)
}

// reply puts an answer in line: command code and data.
func (c *Chip) reply(wait time.Duration, code byte, data ...byte) {
	n := len(data) + 2
	b := []byte{0x00, 0x00, 0xFF, byte(n), -byte(n)}
	if n > 255 {
		hi, lo := byte(n>>8), byte(n)
		b = []byte{0x00, 0x00, 0xFF, 0xFF, 0xFF, hi, lo, -(hi + lo)}
	}
	from := len(b) + 1
	b = append(append(b, 0xD5, code+1), data...)
	var sum byte
	for _, x := range b[from-1:] {
		sum += x
	}
	b = append(b, -sum, 0x00)
	c.last, c.from = b, from
	c.queue(c.spoilt(b, from), wait+c.faults.Delay)
}

// spoilt is what of a frame arrives; from is where its data begins.
func (c *Chip) spoilt(b []byte, from int) []byte {
	b = bytes.Clone(b)
	at := from + c.random.IntN(len(b)-1-from)
	switch {
	case c.faults.Damage > 0:
		c.faults.Damage--
		b[at] ^= 1 << c.random.IntN(8)
	case c.faults.Lose > 0:
		c.faults.Lose--
		b = append(b[:at], b[at+1:]...)
	}
	return b
}

// refuse is the error frame (6.2.1.5).
func (c *Chip) refuse() {
	c.counts.Refused++
	c.last, c.from = []byte{0x00, 0x00, 0xFF, 0x01, 0xFF, 0x7F, 0x81, 0x00}, 5
	c.queue(c.last, c.faults.Delay)
}
