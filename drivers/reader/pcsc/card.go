package pcsc

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"tillkeeper/app/pos"
)

// Protocol is a card protocol, or a set of them.
type Protocol uint32

// The protocols (ISO 7816-3).
const (
	T0    Protocol = 1
	T1    Protocol = 2
	AnyOf          = T0 | T1
)

// Share says who else may use the card.
type Share uint32

// The ways to share a card; Direct is the reader itself, with or without a card.
const (
	Exclusive Share = 1
	Shared    Share = 2
	Direct    Share = 3
)

// Disposition says what becomes of the card.
type Disposition uint32

// What becomes of a card that is let go.
const (
	Leave   Disposition = 0
	Reset   Disposition = 1
	Unpower Disposition = 2
)

// The limits of getting at a card that another program uses for the moment.
const (
	busyPause = 50 * time.Millisecond
	busyLimit = time.Second
)

// Card is a handle on a card, or with Direct on a reader. It is for one goroutine.
type Card struct {
	client   *Client
	handle   uint32
	Protocol Protocol // the one in use; 0 with Direct
}

// Connect powers the card in a reader. Among the errors are pos.ErrCardRemoved (there is none), pos.ErrCardUnreadable (it
// does not answer), ErrBusy, ErrUnplugged, ErrNoPermission and ErrDaemonDown.
func (c *Client) Connect(ctx context.Context, reader string, share Share, protocols Protocol) (*Card, error) {
	if len(reader) == 0 || len(reader) >= maxReaderName {
		return nil, fmt.Errorf("%w: a name of %d bytes", ErrUnplugged, len(reader))
	}
	r, err := c.call(ctx, transmitLimit, message(cmdConnect, c.context, reader, uint32(share), uint32(protocols), 12), 152)
	if errors.Is(err, ErrDaemonDown) && c.refuses(ctx) {
		return nil, fmt.Errorf("%w: it hung up at the card (polkit)", ErrNoPermission)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
		return nil, fmt.Errorf("%w: its transaction does not end", ErrBusy) // pcscd has this call wait for it
	}
	if err != nil {
		return nil, err
	}
	if err := failed("connect", r.code()); err != nil {
		return nil, err
	}
	return &Card{client: c, handle: r.at(140), Protocol: Protocol(r.at(144)) & AnyOf}, nil
}

// refuses tells a pcscd that hung up on this user at SCARD_CONNECT from one that died: that one serves nobody.
func (c *Client) refuses(ctx context.Context) bool {
	again, err := Dial(ctx, c.conn.RemoteAddr().String())
	if err != nil {
		return false
	}
	defer again.Close() //nolint:errcheck // nothing was asked
	_, err = again.Readers(ctx)
	return err == nil
}

// Reconnect goes on with a card that was reset, or takes it in another way.
func (d *Card) Reconnect(ctx context.Context, share Share, protocols Protocol, how Disposition) error {
	r, err := d.client.call(ctx, transmitLimit, message(cmdReconnect, d.handle, uint32(share), uint32(protocols), uint32(how), 8), 24)
	if err != nil {
		return err
	}
	d.Protocol = Protocol(r.at(16)) & AnyOf
	return failed("reconnect", r.code())
}

// Disconnect lets the card go.
func (d *Card) Disconnect(ctx context.Context, how Disposition) error {
	return d.simple(ctx, "disconnect", message(cmdDisconnect, d.handle, uint32(how), 4))
}

// Begin keeps other programs from the card until End; where one has it, it is waited for, up to a second, then ErrBusy.
func (d *Card) Begin(ctx context.Context) error {
	for end := time.Now().Add(busyLimit); ; {
		err := d.simple(ctx, "begin", message(cmdBegin, d.handle, 4))
		if !errors.Is(err, ErrBusy) || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(busyPause):
		}
	}
}

// End gives the card back to the other programs.
func (d *Card) End(ctx context.Context, how Disposition) error {
	return d.simple(ctx, "end", message(cmdEnd, d.handle, uint32(how), 4))
}

// Status says whether the card is still there and was not reset.
func (d *Card) Status(ctx context.Context) error {
	return d.simple(ctx, "status", message(cmdStatus, d.handle, 4))
}

func (d *Card) simple(ctx context.Context, op string, out []byte) error {
	r, err := d.client.call(ctx, commandLimit, out, len(out)-8)
	if err != nil {
		return err
	}
	return failed(op, r.code())
}

// Transmit carries one command APDU to the card and brings its answer with SW1 SW2. The bytes are those of the protocol
// in use: under T=0 a command that carries data has no Le and GET RESPONSE is the caller's (ISO 7816-3, 12.1; Wire does
// the former, the card dialogue the latter). An answer under two bytes is a card that is gone: pos.ErrCardRemoved.
func (d *Card) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	if len(apdu) > maxCommand {
		return nil, fmt.Errorf("%w: a command of %d bytes", ErrUnsupported, len(apdu))
	}
	out := message(cmdTransmit, d.handle, uint32(d.Protocol), uint32(ioRequestBytes), uint32(len(apdu)), 8, uint32(maxAnswer), 4)
	r, data, err := d.client.exchange(ctx, transmitLimit, append(out, apdu...), 32, 24)
	if err == nil {
		err = failed("transmit", r.code())
	}
	if err == nil && len(data) < 2 {
		err = fmt.Errorf("%w: an answer of %d bytes", pos.ErrCardRemoved, len(data))
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

// Control sends a command to the reader itself: an escape, a feature of part 10. ErrUnsupported is one that it does not
// know.
func (d *Card) Control(ctx context.Context, code uint32, in []byte) ([]byte, error) {
	if len(in) > maxCommand {
		return nil, fmt.Errorf("%w: a command of %d bytes", ErrUnsupported, len(in))
	}
	out := message(cmdControl, d.handle, code, uint32(len(in)), uint32(maxAnswer), 8)
	r, data, err := d.client.exchange(ctx, transmitLimit, append(out, in...), 24, 16)
	if err != nil {
		return nil, err
	}
	if c := r.code(); c == NotTransacted || c == InvalidValue || c == Unexpected { // as drivers say that they do not know it
		return nil, fmt.Errorf("%w: control %08X: %08X", ErrUnsupported, code, uint32(c))
	}
	return data, failed("control", r.code())
}

// Attributes of a reader (PC/SC part 3, table 3.1.1).
const (
	VendorName   uint32 = 0x00010100
	SerialNumber uint32 = 0x00010103
)

// Attribute reads an attribute of the reader; ErrUnsupported is one that it does not have.
func (d *Card) Attribute(ctx context.Context, id uint32) ([]byte, error) {
	out := message(cmdGetAttribute, d.handle, id, attributeSize, uint32(attributeSize), 4)
	r, err := d.client.call(ctx, commandLimit, out, len(out)-8)
	if err != nil {
		return nil, err
	}
	if r.code() != Success {
		return nil, fmt.Errorf("%w: attribute %08X: %w", ErrUnsupported, id, failed("attribute", r.code()))
	}
	n := r.at(8 + attributeSize)
	if n > attributeSize {
		return nil, d.client.spoil(ctx, fmt.Errorf("%w: an attribute of %d bytes", ErrProtocol, n))
	}
	return r[8 : 8+n], nil
}

// Control codes (PC/SC part 10, 2.2; pcsc-lite, reader.h; libccid for the escape).
const (
	ControlFeatures uint32 = 0x42000000 + 3400
	ControlEscape   uint32 = 0x42000000 + 1
)

// Features lists what the reader can do beyond cards: feature number to control code (PC/SC part 10, 2.3).
func (d *Card) Features(ctx context.Context) (map[byte]uint32, error) {
	raw, err := d.Control(ctx, ControlFeatures, nil)
	if err != nil {
		return nil, err
	}
	features := map[byte]uint32{}
	for ; len(raw) >= 6; raw = raw[6:] {
		if raw[1] != 4 {
			break
		}
		features[raw[0]] = binary.BigEndian.Uint32(raw[2:])
	}
	if len(raw) != 0 {
		return nil, fmt.Errorf("%w: feature list", ErrProtocol)
	}
	return features, nil
}
