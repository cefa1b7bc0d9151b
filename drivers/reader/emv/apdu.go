package emv

import (
	"context"
	"errors"
	"fmt"

	"tillkeeper/app/pos"
)

// Limits of one command: how often a card may say "more bytes follow", and how many bytes it may send.
const (
	maxGetResponse = 8
	maxAnswer      = 4096
)

// What ends a dialogue; errors.Is finds them behind the detail.
var (
	// ErrCardRemoved: the card left the slot or the field (an answer under 2 bytes, or no answer).
	ErrCardRemoved = pos.ErrCardRemoved
	// ErrCardUnreadable: the card is there, what it says is not sense or is an error.
	ErrCardUnreadable = pos.ErrCardUnreadable
	// ErrChip wraps it: a contact chip that failed before an application was started. Such a card may be swiped where the
	// acquirer's rule of fallback allows it.
	ErrChip = fmt.Errorf("%w: the chip", pos.ErrCardUnreadable)
	// ErrNoApplication wraps pos.ErrCardUnfit: the card has no payment application that this terminal takes.
	ErrNoApplication = fmt.Errorf("%w: none on the card is known", pos.ErrCardUnfit)
	// ErrUnsupported: the request asks for what this terminal does not do.
	ErrUnsupported = errors.New("emv: not supported by this terminal")
	// ErrCancelled: the context ended before the dialogue did.
	ErrCancelled = errors.New("emv: cancelled")
)

// Transceiver is a card that is powered: one command out, its whole answer with SW1 SW2 back (ISO 7816-4 bytes). An
// answer under 2 bytes means that the card is gone.
type Transceiver interface {
	Transmit(ctx context.Context, apdu []byte) ([]byte, error)
}

// Status words the dialogue tells apart (ISO 7816-4).
const (
	swOK           = 0x9000
	swNotSatisfied = 0x6985
)

type command struct {
	cla, ins, p1, p2 byte
	data             []byte
	mute             bool // its answer is the status word alone: it has no Le (ISO 7816-4, case 3), and a card of T=1 may insist on that
}

func (c command) bytes(le byte) []byte {
	out := []byte{c.cla, c.ins, c.p1, c.p2}
	if len(c.data) > 0 {
		out = append(append(out, byte(len(c.data))), c.data...)
	}
	if c.mute {
		return out
	}
	return append(out, le)
}

// send runs one command to its end: 6Cxx is asked again with the right length, 61xx is fetched.
func (d *Dialogue) send(ctx context.Context, c command) ([]byte, uint16, error) {
	if len(c.data) > 255 { // only a card's own list gets so long
		return nil, 0, fault(ReasonData, ErrCardUnreadable, "a list that wants %d bytes", len(c.data))
	}
	body, sw, err := d.transmit(ctx, c.bytes(0))
	if err != nil {
		return nil, 0, err
	}
	if sw>>8 == 0x6C {
		if body, sw, err = d.transmit(ctx, c.bytes(byte(sw))); err != nil {
			return nil, 0, err
		}
	}
	for i := 0; sw>>8 == 0x61; i++ {
		if i == maxGetResponse || len(body) > maxAnswer {
			return nil, 0, fmt.Errorf("%w: answer without end", ErrCardUnreadable)
		}
		var more []byte
		more, sw, err = d.transmit(ctx, []byte{0x00, 0xC0, 0x00, 0x00, byte(sw)})
		if err != nil {
			return nil, 0, err
		}
		body = append(body, more...)
	}
	return body, sw, nil
}

func (d *Dialogue) transmit(ctx context.Context, apdu []byte) ([]byte, uint16, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrCancelled, err)
	}
	answer, err := d.card.Transmit(ctx, apdu)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, 0, fmt.Errorf("%w: %w", ErrCancelled, ctx.Err())
	case err != nil && (errors.Is(err, ErrCardRemoved) || errors.Is(err, ErrCardUnreadable)):
		return nil, 0, err
	case err != nil:
		return nil, 0, fmt.Errorf("%w: %w", ErrCardRemoved, err)
	case len(answer) < 2:
		return nil, 0, fmt.Errorf("%w: answer of %d bytes", ErrCardRemoved, len(answer))
	}
	n := len(answer) - 2
	return append([]byte(nil), answer[:n]...), uint16(answer[n])<<8 | uint16(answer[n+1]), nil
}

// template reads an answer that must be one object of the wanted tag.
func template(body []byte, want Tag) (Object, error) {
	objects, err := Parse(body)
	if err != nil {
		return Object{}, fmt.Errorf("%w: %w", ErrCardUnreadable, err)
	}
	if len(objects) != 1 || objects[0].Tag != want {
		return Object{}, fmt.Errorf("%w: template %s expected", ErrCardUnreadable, want)
	}
	return objects[0], nil
}
