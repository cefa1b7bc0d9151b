package pn532

import (
	"slices"

	"tillkeeper/drivers/sim/card"
)

// Card is a card as the field sees it. Transmit nil is a card of which only the number can be had.
type Card struct {
	UID  []byte // 4, 7 or 10 bytes; for type B the first four are its PUPI
	ATQA [2]byte
	SAK  byte
	ATS  []byte // with its length; nil for a card without ISO 14443-4
	B    bool   // ISO 14443 B

	Come     func()                   // it is put into the field; may be nil
	Select   func()                   // it is selected anew; may be nil
	Away     func() bool              // it has taken itself away; may be nil
	Transmit func(apdu []byte) []byte // no bytes: it does not answer any more
}

// Payment is a card of ISO 14443-4 type A that answers every APDU by transmit.
func Payment(uid []byte, transmit func(apdu []byte) []byte) *Card {
	return &Card{UID: uid, ATQA: atqa(uid), SAK: 0x20, ATS: ats(nil), Transmit: transmit}
}

// FromDeck is a card of a deck of simulated payment cards.
func FromDeck(c *card.Chip) *Card {
	uid := c.UID()
	return &Card{
		UID: uid, ATQA: atqa(uid), SAK: 0x20, ATS: ats(c.Historical()), Come: c.Power, Select: c.Reset, Away: c.Gone, Transmit: c.Answer,
	}
}

// ats has frames of 256 bytes, a waiting time of 38 ms and its historical bytes (ISO 14443-4, 5.2).
func ats(historical []byte) []byte {
	out := append([]byte{0x00, 0x78, 0x80, 0x70, 0x02}, historical...)
	out[0] = byte(len(out))
	return out
}

// Member is a card of which only the number is used, as a Mifare Classic is.
func Member(uid []byte) *Card { return &Card{UID: uid, ATQA: atqa(uid), SAK: 0x08} }

// atqa tells the length of the UID in its bits 7 and 8 (ISO 14443-3).
func atqa(uid []byte) [2]byte {
	switch len(uid) {
	case 7:
		return [2]byte{0x00, 0x44}
	case 10:
		return [2]byte{0x00, 0x84}
	}
	return [2]byte{0x00, 0x04}
}

// modulation is its number in InListPassiveTarget.
func (c *Card) modulation() byte {
	if c.B {
		return 0x03
	}
	return 0x00
}

// hello is what InListPassiveTarget tells of a card behind its number.
func (c *Card) hello() []byte {
	if c.B { // ATQB: 50, PUPI, application data, protocol info; then the answer to ATTRIB
		out := append([]byte{0x50}, c.UID[:4]...)
		return append(out, 0x00, 0x00, 0x00, 0x00, 0x00, 0x71, 0x85, 0x01, 0x00)
	}
	out := append([]byte{c.ATQA[0], c.ATQA[1], c.SAK, byte(len(c.UID))}, c.UID...)
	return append(out, c.ATS...)
}

// Put brings a card into the field, beside those that are there.
func (c *Chip) Put(card *Card) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if card.Come != nil {
		card.Come()
	}
	c.cards = append(c.cards, card)
	if s := c.endless; s != nil && c.found(s) {
		c.endless = nil
	}
}

// Remove takes every card away.
func (c *Chip) Remove() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cards = nil
}

func (c *Chip) there(card *Card) bool {
	return slices.Contains(c.cards, card) && (card.Away == nil || !card.Away())
}

// fieldOff takes the power from every card.
func (c *Chip) fieldOff() {
	c.field, c.endless = false, nil
	c.targets, c.chain, c.rest = [2]*Card{}, nil, nil
}
