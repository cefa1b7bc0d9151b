package card

import (
	"crypto/sha256"
	"sync"
	"time"

	"tillkeeper/drivers/reader"
)

// historical are the bytes in which a simulated chip names itself (ISO 7816-4, 8.1.1): "Till".
var historical = []byte{0x54, 0x69, 0x6C, 0x6C}

// Chip is one simulated chip for a wire of another package, as a virtual card slot or the model of a reader's chip. All
// methods may be called from any goroutine.
type Chip struct {
	card Card
	chip *chip

	mu    sync.Mutex
	torn  bool // taken away by TearAfter
	limit int  // answers until then; negative: none

	asked, released chan struct{} // of Hold; nil without
	command, octet  time.Duration // of Pace
}

// NewChip makes a chip of a card whose entry is contactless or chip. Its counters last as long as it does.
func NewChip(c Card) *Chip {
	if c.Sequence == "" {
		c.Sequence = "001"
	}
	return &Chip{card: c, chip: newChip(c), limit: -1}
}

// Name is that of the card in its deck.
func (c *Chip) Name() string { return c.card.Name }

// Contactless tells the two interfaces apart.
func (c *Chip) Contactless() bool { return c.card.Entry == reader.Contactless }

// Power resets the chip, as contacts or a field do; a card that took itself away is there again.
func (c *Chip) Power() {
	c.mu.Lock()
	c.torn, c.limit = false, -1
	c.mu.Unlock()
	c.chip.power()
}

// Reset is the reset of a chip that stays where it is: one that was taken away stays away.
func (c *Chip) Reset() {
	if !c.Gone() {
		c.chip.power()
	}
}

// TearAfter takes the card away after n more answers: what is asked then has no answer. Power puts it back.
func (c *Chip) TearAfter(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.limit = n
}

// Gone says that the card has taken itself away: torn by its kind or by TearAfter.
func (c *Chip) Gone() bool {
	c.mu.Lock()
	torn := c.torn
	c.mu.Unlock()
	c.chip.mu.Lock()
	defer c.chip.mu.Unlock()
	return torn || c.chip.gone
}

// Answer is the whole card: a command APDU in, the answer with SW1 SW2 out; no bytes when the card is gone.
func (c *Chip) Answer(apdu []byte) []byte {
	c.mu.Lock()
	if c.limit == 0 {
		c.torn = true
	}
	if c.limit > 0 {
		c.limit--
	}
	torn := c.torn
	c.mu.Unlock()
	if torn {
		return nil
	}
	answer := c.chip.answer(apdu)
	c.think(len(apdu) + len(answer))
	return answer
}

// ATR is the answer to reset: protocol T=0 of a contact chip (EMV Book 1, 8.3), and what a PC/SC reader makes of the
// historical bytes of a contactless one (PC/SC part 3, 3.1.3.2.3.1): 3B 8n 80 01, bytes, check byte.
func (c *Chip) ATR() []byte {
	n := byte(len(historical))
	if !c.Contactless() {
		return append([]byte{0x3B, 0x60 | n, 0x00, 0x00}, historical...)
	}
	atr := append([]byte{0x3B, 0x80 | n, 0x80, 0x01}, historical...)
	check := byte(0)
	for _, b := range atr[1:] {
		check ^= b
	}
	return append(atr, check)
}

// Historical are the bytes of ATR and ATS in which the chip names itself.
func (c *Chip) Historical() []byte { return append([]byte(nil), historical...) }

// UID is the serial number of the card (ISO 14443-3), 7 bytes made of its name.
func (c *Chip) UID() []byte { return UID(c.card) }

// UID is the serial number of a card of a deck (ISO 14443-3), 7 bytes made of its name.
func UID(c Card) []byte {
	sum := sha256.Sum256([]byte(c.Name))
	return append([]byte{0x04}, sum[:6]...)
}

// Hold makes the chip think: it takes the next command and does not answer until Release. The channel is closed when the
// command is there.
func (c *Chip) Hold() (asked <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked, c.released = make(chan struct{}), make(chan struct{})
	return c.asked
}

// Release ends Hold.
func (c *Chip) Release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.released != nil {
		close(c.released)
		c.released = nil
	}
}

// Pace makes the chip as slow as a real one: so long for each command, and for each byte of command and answer.
func (c *Chip) Pace(command, octet time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.command, c.octet = command, octet
}

// think is what Hold and Pace ask for.
func (c *Chip) think(octets int) {
	c.mu.Lock()
	asked, released := c.asked, c.released
	c.asked = nil
	pause := c.command + time.Duration(octets)*c.octet
	c.mu.Unlock()
	if asked != nil {
		close(asked)
	}
	if released != nil {
		<-released
	}
	if pause > 0 {
		time.Sleep(pause)
	}
}
