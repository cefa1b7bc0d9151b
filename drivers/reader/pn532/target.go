package pn532

import (
	"context"
	"errors"
	"fmt"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader/emv"
)

// Modulations of InListPassiveTarget (UM0701-02, 7.3.5).
const (
	typeA = 0x00 // ISO 14443 A, 106 kbit/s
	typeB = 0x03 // ISO 14443 B, 106 kbit/s
)

const (
	maxTargets = 2    // the chip holds two cards; one is wanted
	sakPayment = 0x20 // SAK bit 6: the card speaks ISO 14443-4
	maxAnswer  = 4096 // bytes of one answer, chained ones too
	maxChain   = 64   // parts of one answer
	maxUID     = 10   // bytes
	maxATS     = 254  // bytes
)

// Status bytes of an exchange (7.1), the lower six bits.
const (
	statusMask     = 0x3F
	statusMore     = 0x40 // more of the answer follows
	statusTimeout  = 0x01 // the card does not answer
	statusProtocol = 0x0B // it broke the protocol
	statusContext  = 0x27 // the chip has no such card any more
	statusReleased = 0x29 // the card was let go
	statusSwapped  = 0x2A // another one lies there
	statusGone     = 0x2B // the card has disappeared
	statusNoField  = 0x0A // the field is not there in time
)

// ErrTwoCards says that two cards are in the field. None of them is taken; it is a *pos.Error behind errors.As and
// pos.ErrCardUnreadable behind errors.Is.
var ErrTwoCards = errors.New("two cards are in the field at once")

func twoCards() error {
	return &pos.Error{
		Code: "two_cards", Message: "the card reader sees more than one card",
		Remedy: "hold one card alone to the reader and try again", Err: fmt.Errorf("%w: %w", ErrTwoCards, pos.ErrCardUnreadable),
	}
}

// target is a card that was selected.
type target struct {
	number  byte
	uid     []byte
	payment bool // it speaks ISO 14443-4 and is activated
}

// member gives the card's number. A random one (ISO 14443-3: four bytes that begin with 08; type B) names no card.
func (t target) member() ([]byte, error) {
	if len(t.uid) == 0 || len(t.uid) == 4 && t.uid[0] == 0x08 {
		return nil, fmt.Errorf("%w: it shows another number each time", pos.ErrCardUnfit)
	}
	return t.uid, nil
}

// search looks once for a card, of type A, then of type B. Nil and no error: there is none.
func (c *chip) search(ctx context.Context) (*target, error) {
	for _, brty := range []byte{typeA, typeB} {
		args := []byte{maxTargets, brty}
		if brty == typeB {
			args = append(args, 0x00) // of any application family
		}
		got, err := c.command(ctx, listWait, cmdList, args...)
		if err != nil {
			return nil, err
		}
		switch {
		case len(got) == 0:
			return nil, fmt.Errorf("%w: empty list of cards", errDamaged)
		case got[0] == 0:
			continue
		case got[0] > 1:
			return nil, twoCards()
		}
		t, err := parseTarget(brty, got[1:])
		if err != nil {
			return nil, err
		}
		return t, nil
	}
	return nil, nil
}

// parseTarget reads the data of one card (7.3.5).
func parseTarget(brty byte, b []byte) (*target, error) {
	bad := fmt.Errorf("%w: what it says of itself", pos.ErrCardUnreadable)
	if brty == typeB { // number, ATQB of 12 bytes, length of the answer to ATTRIB, the answer
		if len(b) < 14 || len(b) < 14+int(b[13]) {
			return nil, bad
		}
		return &target{number: b[0], payment: b[11]&0x01 == 1}, nil
	}
	// number, SENS_RES, SEL_RES, length of the UID, UID, ATS with its length
	if len(b) < 5 || b[4] == 0 || b[4] > maxUID || len(b) < 5+int(b[4]) {
		return nil, bad
	}
	n := 5 + int(b[4])
	t := &target{number: b[0], uid: append([]byte(nil), b[5:n]...)}
	if len(b) == n {
		if b[3]&sakPayment != 0 {
			return nil, bad // it says that it has an ATS, and gave none
		}
		return t, nil
	}
	if l := int(b[n]); l == 0 || l > maxATS || len(b) < n+l {
		return nil, bad
	}
	t.payment = b[3]&sakPayment != 0
	return t, nil
}

// exchange carries one APDU to a card and its whole answer back.
func (c *chip) exchange(ctx context.Context, number byte, apdu []byte) ([]byte, error) {
	var out []byte
	args := append([]byte{number}, apdu...)
	for range maxChain {
		got, err := c.command(ctx, cardWait, cmdDataExchange, args...)
		if err != nil {
			return nil, err
		}
		if len(got) == 0 {
			return nil, fmt.Errorf("%w: no status", errDamaged)
		}
		if err := status(got[0]); err != nil {
			return nil, err
		}
		out = append(out, got[1:]...)
		if len(out) > maxAnswer {
			break
		}
		if got[0]&statusMore == 0 {
			return out, nil
		}
		args = []byte{number} // the rest, please (7.3.8)
	}
	return nil, fmt.Errorf("%w: answer without end", pos.ErrCardUnreadable)
}

// status says what a status byte means.
func status(b byte) error {
	switch s := b & statusMask; s {
	case 0:
		return nil
	case statusTimeout, statusContext, statusReleased, statusSwapped, statusGone, statusNoField:
		return fmt.Errorf("%w: status %02X of the chip", emv.ErrCardRemoved, s)
	default:
		return fmt.Errorf("%w: status %02X of the chip", emv.ErrCardUnreadable, s)
	}
}
