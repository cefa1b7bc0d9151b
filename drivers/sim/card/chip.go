package card

import (
	"bytes"
	"context"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"tillkeeper/drivers/reader/emv"
)

// Status words of the simulated chip.
const (
	swOK           = 0x9000
	swWrongLength  = 0x6700
	swNotAllowed   = 0x6985
	swWrongData    = 0x6A80
	swCardBlocked  = 0x6A81
	swInvalidated  = 0x6283
	swNotFound     = 0x6A82
	swNoRecord     = 0x6A83
	swNoData       = 0x6A88
	swUnknownIns   = 0x6D00
	swUnknownClass = 0x6E00
	swBroken       = 0x6F00
	swAuthFailed   = 0x6300
)

const firstCounter = 0x0100 // application transaction counter of a card that is new in the reader

// phase is where a transaction stands in the chip.
type phase byte

const (
	idle     phase = iota // nothing selected
	selected              // the application is
	started               // GET PROCESSING OPTIONS was answered
	wanting               // the first GENERATE AC was answered with an ARQC
	ended                 // a TC or AAC was given
)

// chip is one simulated card: state of its own, spoken to in APDUs. It lives as long as the reader's deck.
type chip struct {
	mu       sync.Mutex
	spent    atomic.Int64 // nanoseconds of computing answers
	card     Card
	combined bool // signs its cryptograms (CDA)
	written  []*profile
	current  int // the application that is selected
	key      []byte

	phase     phase
	gone      bool // taken away during this session
	counter   uint16
	online    uint16 // the counter of the last payment that the host approved
	options   []byte // PDOL data
	firstData []byte // CDOL1 data
	dynamic   uint64
	denied    bool   // issuer authentication failed
	held      []byte // what GET RESPONSE fetches
}

func newChip(c Card) *chip {
	return &chip{card: c, counter: firstCounter, online: firstCounter, key: deriveKey(c.PAN, c.Sequence)}
}

// power resets the chip, as putting it on a reader does.
func (c *chip) power() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase, c.gone, c.denied, c.held, c.options, c.firstData = idle, false, false, nil, nil, nil
}

// slot is the wire to a chip while it is in the reader. Out of it, every answer has no bytes.
type slot struct {
	chip *chip
	mu   sync.Mutex
	out  bool
}

// Transmit carries one APDU to the chip and its answer back.
func (s *slot) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out {
		return nil, nil
	}
	defer func(began time.Time) { s.chip.spent.Add(int64(time.Since(began))) }(time.Now())
	return s.chip.answer(apdu), nil
}

// eject takes the chip out of the slot.
func (s *slot) eject() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = true
}

// release is eject as a session wants it.
func (s *slot) release() error {
	s.eject()
	return nil
}

// answer is the whole card: a command in, an answer with its status word out; no bytes when it was taken away.
func (c *chip) answer(apdu []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return nil
	}
	if c.card.State == Damaged {
		return twoBytes(swBroken)
	}
	if len(apdu) < 4 {
		return twoBytes(swWrongLength)
	}
	data, ok := commandData(apdu)
	if !ok {
		return twoBytes(swWrongLength)
	}
	if apdu[1] == 0x82 && len(apdu) != 5+len(data) { // EXTERNAL AUTHENTICATE has no Le (EMV Book 3, 6.5.4)
		return twoBytes(swWrongLength)
	}
	body, sw := c.execute(apdu[0], apdu[1], apdu[2], apdu[3], data)
	if c.gone {
		return nil
	}
	if c.card.Entry == "chip" && apdu[1] != 0xC0 && len(body) > 0 {
		if sw != swOK { // T=0: a warning stands alone, what it warns of may be fetched
			c.held = body
			return twoBytes(sw)
		}
		return c.holdBack(apdu, body, len(data) > 0)
	}
	return append(body, twoBytes(sw)...)
}

// holdBack answers as a contact card of protocol T=0 does: it announces the length and waits to be asked for the bytes.
func (c *chip) holdBack(apdu, body []byte, sent bool) []byte {
	if sent {
		c.held = body
		return []byte{0x61, byte(len(body))}
	}
	if want := apdu[len(apdu)-1]; int(want) != len(body)&0xFF {
		return []byte{0x6C, byte(len(body))}
	}
	return append(body, twoBytes(swOK)...)
}

// commandData takes a short APDU's data field out, by Lc; false when the lengths lie.
func commandData(apdu []byte) ([]byte, bool) {
	if len(apdu) <= 5 {
		return nil, true
	}
	n := int(apdu[4])
	if n == 0 || len(apdu) < 5+n || len(apdu) > 6+n {
		return nil, false
	}
	return apdu[5 : 5+n], true
}

func (c *chip) execute(class, ins, p1, p2 byte, data []byte) ([]byte, uint16) {
	switch {
	case class == 0x00 && ins == 0xA4 && p1 == 0x04:
		return c.selectName(data, p2 == 0x02)
	case class == 0x00 && ins == 0xB2 && p2&7 == 4:
		return c.readRecord(p2>>3, p1)
	case class == 0x00 && ins == 0xC0:
		body := c.held
		c.held = nil
		if body == nil {
			return nil, swNotAllowed
		}
		return body, swOK
	case class == 0x00 && ins == 0x88:
		return c.internalAuthenticate(data)
	case class == 0x00 && ins == 0x82:
		return c.externalAuthenticate(data)
	case class == 0x80 && ins == 0xA8:
		return c.processingOptions(data)
	case class == 0x80 && ins == 0xCA:
		return c.getData(p1, p2)
	case class == 0x80 && ins == 0xAE:
		return c.generate(p1, data)
	case class&0xFB == 0x80 || class == 0x04: // an issuer's script
		switch ins {
		case 0x16, 0x18, 0x1E, 0x24, 0xDA, 0xDC:
			return nil, swOK
		}
		return nil, swUnknownIns
	case class != 0x00:
		return nil, swUnknownClass
	}
	return nil, swUnknownIns
}

// apps are the applications of the chip, written at the first use.
func (c *chip) apps() []*profile {
	if c.written == nil {
		c.written = applications(c.card, c.combined)
	}
	return c.written
}

// files is the selected application, the first where none is.
func (c *chip) files() *profile { return c.apps()[c.current] }

func (c *chip) selectName(name []byte, next bool) ([]byte, uint16) {
	directory := bytes.Equal(name, contactless) || bytes.Equal(name, contactDir)
	switch {
	case c.card.is(Blocked):
		return nil, swCardBlocked
	case directory && c.card.is(NoDirectory):
		return nil, swNotFound
	case c.card.Entry == "contactless" && bytes.Equal(name, contactless):
		c.phase, c.current = idle, 0
		var entries []byte
		for _, p := range c.apps() {
			entries = append(entries, p.entry()...)
		}
		return fci(name, emv.Append(nil, 0xBF0C, entries)), swOK
	case c.card.Entry == "chip" && bytes.Equal(name, contactDir):
		c.phase, c.current = idle, 0
		return fci(name, emv.Append(nil, 0x88, []byte{10})), swOK
	}
	from := 0
	if next && c.phase == selected {
		from = c.current + 1
	}
	for i := from; i < len(c.apps()); i++ {
		p := c.apps()[i]
		if len(name) < 5 || !bytes.HasPrefix(p.aid, name) {
			continue
		}
		c.phase, c.current = selected, i
		inside := emv.Append(emv.Append(nil, 0x50, []byte(p.label)), 0x87, []byte{p.rank})
		if p.pdol != nil {
			inside = emv.Append(inside, 0x9F38, p.pdol)
		}
		if c.card.is(ApplicationBlocked) {
			c.phase = idle
			return fci(p.aid, inside), swInvalidated
		}
		return fci(p.aid, inside), swOK
	}
	return nil, swNotFound
}

func (c *chip) readRecord(sfi, record byte) ([]byte, uint16) {
	if c.phase == idle && sfi != 10 || c.phase == selected {
		return nil, swNotAllowed
	}
	if r, ok := c.files().records[place{sfi, record}]; ok {
		return bytes.Clone(r), swOK
	}
	return nil, swNoRecord
}

// asked is how many bytes a data object list wants.
func asked(list []byte) int {
	fields, err := emv.ParseDOL(list)
	if err != nil {
		return 0
	}
	n := 0
	for _, f := range fields {
		n += f.Length
	}
	return n
}

func (c *chip) processingOptions(data []byte) ([]byte, uint16) {
	p := c.files()
	want := asked(p.pdol)
	head := 2
	if want >= 0x80 {
		head = 3
	}
	switch {
	case c.phase != selected:
		return nil, swNotAllowed
	case len(data) != head+want || data[0] != 0x83 || int(data[head-1]) != want || head == 3 && data[1] != 0x81:
		return nil, swWrongData
	case c.counter == 0xFFFF || p.refuses:
		c.phase = idle
		return nil, swNotAllowed
	}
	c.counter++
	c.phase, c.options, c.denied = started, bytes.Clone(data[head:]), false
	switch {
	case c.card.is(Quick):
		c.phase = ended
		return c.quickOptions(p), swOK
	case c.card.Entry == "chip" && !c.card.is(Format2):
		return emv.Append(nil, 0x80, append(bytes.Clone(p.aip), p.afl...)), swOK
	}
	return emv.Append(nil, 0x77, emv.Append(emv.Append(nil, 0x82, p.aip), 0x94, p.afl)), swOK
}

func (c *chip) getData(p1, p2 byte) ([]byte, uint16) {
	switch tag := emv.Tag(p1)<<8 | emv.Tag(p2); tag {
	case 0x9F36:
		return emv.Append(nil, tag, twoBytes(c.counter)), swOK
	case 0x9F13:
		return emv.Append(nil, tag, twoBytes(c.online)), swOK
	}
	return nil, swNoData
}

// number is the next dynamic number of the chip, eight bytes that never come twice.
func (c *chip) number() []byte {
	c.dynamic++
	return binary.BigEndian.AppendUint64(nil, uint64(c.counter)<<32|c.dynamic)
}
