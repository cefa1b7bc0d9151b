package pn532

import (
	"time"
)

// How long a chip takes, about.
const (
	searchTime = 5 * time.Millisecond // one search that finds nothing
	selectTime = 8 * time.Millisecond // a card is found and selected
)

// Status bytes (UM0701-02, 7.1).
const (
	statusTimeout = 0x01
	statusContext = 0x27
	statusMore    = 0x40
)

// bauds are those of SetSerialBaudRate (7.2.8).
var bauds = []int{9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600, 1288000}

// command does one command. The caller holds mu.
func (c *Chip) command(code byte, args []byte) {
	if c.faults.Drop > 0 {
		c.faults.Drop--
		return
	}
	c.counts.Commands++
	c.out, c.endless, c.nextBaud = nil, nil, 0
	c.acknowledge()
	if c.power == low && code != 0x02 && code != 0x14 && code != 0x16 {
		c.refuse()
		return
	}
	do, known := commands[code]
	if !known || !do(c, code, args) {
		c.refuse()
	}
}

// commands does each command; false where the arguments are wrong.
var commands map[byte]func(c *Chip, code byte, args []byte) bool

func init() {
	commands = map[byte]func(c *Chip, code byte, args []byte) bool{
		0x00: (*Chip).diagnose, 0x02: (*Chip).version, 0x04: (*Chip).general, 0x06: (*Chip).readRegister,
		0x08: (*Chip).writeRegister, 0x10: (*Chip).setBaud, 0x12: (*Chip).setParameters, 0x14: (*Chip).sam,
		0x16: (*Chip).powerDown, 0x32: (*Chip).configure, 0x40: (*Chip).dataExchange, 0x42: (*Chip).communicate,
		0x44: (*Chip).deselect, 0x4A: (*Chip).list, 0x52: (*Chip).release, 0x54: (*Chip).selectTarget,
	}
}

// diagnose: the communication line test echoes.
func (c *Chip) diagnose(code byte, args []byte) bool {
	if len(args) == 0 || args[0] != 0x00 {
		return false
	}
	c.reply(0, code, args...)
	return true
}

func (c *Chip) version(code byte, args []byte) bool {
	c.reply(0, code, c.firmware[:]...)
	return len(args) == 0
}

func (c *Chip) general(code byte, _ []byte) bool {
	out := []byte{0x00, 0x00, 0x00}
	if c.field {
		out[1] = 0x01
	}
	for i, t := range c.targets {
		if t != nil {
			out[2]++
			out = append(out, byte(i+1), 0x00, 0x00, 0x00)
		}
	}
	c.reply(0, code, append(out, 0x00)...)
	return true
}

func (c *Chip) readRegister(code byte, args []byte) bool {
	if len(args) == 0 || len(args)%2 != 0 {
		return false
	}
	var out []byte
	for i := 0; i < len(args); i += 2 {
		out = append(out, c.registers[uint16(args[i])<<8|uint16(args[i+1])])
	}
	c.reply(0, code, out...)
	return true
}

func (c *Chip) writeRegister(code byte, args []byte) bool {
	if len(args) == 0 || len(args)%3 != 0 {
		return false
	}
	for i := 0; i < len(args); i += 3 {
		c.registers[uint16(args[i])<<8|uint16(args[i+1])] = args[i+2]
	}
	c.reply(0, code)
	return true
}

func (c *Chip) setBaud(code byte, args []byte) bool {
	if len(args) != 1 || int(args[0]) >= len(bauds) {
		return false
	}
	c.nextBaud = bauds[args[0]]
	c.reply(0, code)
	return true
}

func (c *Chip) setParameters(code byte, args []byte) bool {
	if len(args) != 1 {
		return false
	}
	c.reply(0, code)
	return true
}

func (c *Chip) sam(code byte, args []byte) bool {
	if len(args) == 0 || len(args) > 3 || args[0] == 0 || args[0] > 4 {
		return false
	}
	c.power = awake
	c.reply(0, code)
	return true
}

func (c *Chip) powerDown(code byte, args []byte) bool {
	if len(args) == 0 || len(args) > 2 {
		return false
	}
	c.fieldOff()
	c.reply(0, code, 0x00)
	c.power = asleep
	return true
}

// configure is RFConfiguration (7.3.1).
func (c *Chip) configure(code byte, args []byte) bool {
	if len(args) < 2 {
		return false
	}
	switch args[0] {
	case 0x01:
		if args[1]&0x01 == 0 {
			c.fieldOff()
		} else {
			c.field = true
		}
	case 0x05:
		if len(args) != 4 {
			return false
		}
		c.retries = args[3]
	case 0x02, 0x04, 0x0A, 0x0B, 0x0C, 0x0D:
	default:
		return false
	}
	c.reply(0, code)
	return true
}

// search is one InListPassiveTarget.
type search struct {
	code  byte
	most  int
	kind  byte
	tries time.Duration
}

func (c *Chip) list(code byte, args []byte) bool {
	if len(args) < 2 || args[0] == 0 || args[0] > 2 || args[1] > 4 {
		return false
	}
	c.counts.Searches++
	c.field = true
	c.targets = [2]*Card{}
	s := &search{code: code, most: int(args[0]), kind: args[1], tries: time.Duration(c.retries) + 1}
	if !c.found(s) {
		if c.retries == 0xFF {
			c.endless = s
			return true
		}
		c.reply(s.tries*searchTime, code, 0x00)
	}
	return true
}

// found selects what a search finds and answers it; false where nothing is there.
func (c *Chip) found(s *search) bool {
	out := []byte{0x00}
	for _, card := range c.cards {
		if card.modulation() != s.kind || int(out[0]) == s.most || !c.there(card) {
			continue
		}
		c.targets[out[0]] = card
		out[0]++
		out = append(append(out, out[0]), card.hello()...)
		if card.Select != nil {
			card.Select()
		}
	}
	if out[0] == 0 {
		return false
	}
	c.chain, c.rest = nil, nil
	c.reply(selectTime, s.code, out...)
	return true
}

func (c *Chip) target(number byte) *Card {
	if n := number & 0x3F; n >= 1 && n <= 2 {
		return c.targets[n-1]
	}
	return nil
}

// dataExchange carries an APDU to a card of ISO 14443-4 (7.3.8); to others there is nothing to say.
func (c *Chip) dataExchange(code byte, args []byte) bool {
	if len(args) == 0 {
		return false
	}
	if s := c.faults.Status; s != 0 {
		c.faults.Status = 0
		c.reply(0, code, s)
		return true
	}
	card := c.target(args[0])
	switch {
	case card == nil:
		c.reply(0, code, statusContext)
		return true
	case args[0]&statusMore != 0:
		c.chain = append(c.chain, args[1:]...)
		if len(c.chain) > maxChain {
			c.chain = nil
			c.reply(0, code, statusContext)
			return true
		}
		c.reply(0, code, 0x00)
		return true
	case len(args) == 1 && c.rest != nil: // the host wants the rest of an answer
	default:
		if c.later != nil && c.counts.Exchanges == c.laterAt {
			c.later(&c.faults)
			c.later = nil
		}
		c.counts.Exchanges++
		c.rest = c.ask(card, append(c.chain, args[1:]...))
		c.chain = nil
	}
	c.answer(code)
	return true
}

const maxChain = 1 << 16 // bytes of a command that is sent in parts

// ask is the card's answer, nil where there is none.
func (c *Chip) ask(card *Card, apdu []byte) []byte {
	if !c.there(card) || card.Transmit == nil {
		return nil
	}
	if a := card.Transmit(apdu); len(a) > 0 {
		return a
	}
	return nil
}

// answer gives the next part of a card's answer.
func (c *Chip) answer(code byte) {
	if c.rest == nil {
		c.reply(searchTime, code, statusTimeout)
		return
	}
	part, status := c.rest, byte(0x00)
	c.rest = nil
	if len(part) > chunk {
		part, c.rest, status = part[:chunk], part[chunk:], statusMore
	}
	c.reply(0, code, append([]byte{status}, part...)...)
}

// communicate is InCommunicateThru: only the frames of ISO 14443-3 and others pass, which no card here answers.
func (c *Chip) communicate(code byte, _ []byte) bool {
	c.reply(searchTime, code, statusTimeout)
	return true
}

func (c *Chip) deselect(code byte, args []byte) bool {
	if len(args) != 1 {
		return false
	}
	c.reply(0, code, 0x00)
	return true
}

func (c *Chip) release(code byte, args []byte) bool {
	if len(args) != 1 {
		return false
	}
	if args[0] == 0 {
		c.targets = [2]*Card{}
	} else if n := args[0]; n <= 2 {
		c.targets[n-1] = nil
	}
	c.reply(0, code, 0x00)
	return true
}

func (c *Chip) selectTarget(code byte, args []byte) bool {
	if len(args) != 1 {
		return false
	}
	if t := c.target(args[0]); t == nil || !c.there(t) {
		c.reply(0, code, statusContext)
		return true
	}
	c.reply(0, code, 0x00)
	return true
}
