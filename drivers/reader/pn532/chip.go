package pn532

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// Commands (UM0701-02, 7).
const (
	cmdDiagnose     = 0x00 // Diagnose
	cmdFirmware     = 0x02 // GetFirmwareVersion
	cmdParameters   = 0x12 // SetParameters
	cmdSAM          = 0x14 // SAMConfiguration
	cmdRF           = 0x32 // RFConfiguration
	cmdDataExchange = 0x40 // InDataExchange
	cmdList         = 0x4A // InListPassiveTarget
)

// Limits of one command.
const (
	ackWait    = 100 * time.Millisecond // the chip acknowledges within 15 ms (6.2.1.1)
	cardAck    = time.Second            // longer, where sending again could ask a card twice
	sends      = 3                      // a command is sent at most so often
	repeats    = 3                      // an answer is asked for again at most so often
	plainWait  = 500 * time.Millisecond // for an answer that needs no card
	listWait   = time.Second            // for the answer of a bounded search
	cardWait   = 10 * time.Second       // for a card's answer: the chip ends the card's own waiting times
	abortQuiet = 20 * time.Millisecond  // after an abort, for what was on its way
	usual      = 64                     // bytes of an answer's frame, mostly
	maxNoise   = 8                      // frames that belong to no question, in one wait
)

const chipIC = 0x32 // what GetFirmwareVersion calls a PN532

// The till's errors of the way to the chip. None carries bytes of a card.
var (
	errOffline = errors.New("the card reader does not answer")
	// ErrWrongChip says that what answers is not a PN532.
	ErrWrongChip = errors.New("what answers is not a PN532")
	// errRefused: the chip calls the command a mistake; after a reset in the middle it does.
	errRefused = errors.New("the card reader refuses the command")
)

// chip speaks commands and answers over a bus. It is for one goroutine.
type chip struct {
	bus      bus
	identity string
}

// command sends one command and waits for its answer, without the command code. Damage on the way is mended: a command
// that is not acknowledged is sent again, an answer that is damaged is asked for by a NACK. The end of ctx aborts the
// command with an ACK (6.2.1.3). An exchange with a card is never sent again, not for silence either: the chip may have
// it, its ACK lost, and the card would get it twice.
func (c *chip) command(ctx context.Context, wait time.Duration, code byte, args ...byte) ([]byte, error) {
	out, err := encode(append([]byte{code}, args...))
	if err != nil {
		return nil, err
	}
	for try := range sends {
		if try > 0 {
			if err := errors.Join(c.bus.flush(), c.bus.wake()); err != nil {
				return nil, err
			}
		}
		if err := c.bus.write(out); err != nil {
			return nil, err
		}
		early, clean, err := c.acknowledged(ctx, code)
		switch {
		case errors.Is(err, errSilent) && code != cmdDataExchange:
			continue
		case err != nil:
			return nil, c.abandon(ctx, err)
		case early != nil:
			return early, nil
		}
		got, err := c.answer(ctx, code, time.Now().Add(wait))
		switch {
		case errors.Is(err, errSilent) && !clean && code != cmdDataExchange:
			continue
		case err != nil:
			return nil, c.abandon(ctx, err)
		}
		return got, nil
	}
	return nil, errOffline
}

// acknowledged waits for the ACK of a command. An answer that comes in its place says that the ACK was lost. Something
// damaged in its place was the ACK, because the chip is silent about what it does not understand; so was a NACK, which
// only a host may send and an ACK becomes when it loses a byte. Clean is false then.
func (c *chip) acknowledged(ctx context.Context, code byte) (early []byte, clean bool, err error) {
	end := time.Now().Add(ackWait)
	if code == cmdDataExchange {
		end = time.Now().Add(cardAck)
	}
	for range maxNoise {
		f, err := c.bus.read(ctx, end, len(ackFrame))
		switch {
		case errors.Is(err, errDamaged), f.kind == nack:
			return nil, false, nil
		case err != nil:
			return nil, false, err
		case f.kind == ack:
			return nil, true, nil
		case f.kind == answer && f.data[0] == code+1:
			return append([]byte{}, f.data[1:]...), false, nil
		case f.kind == fault:
			return nil, false, errRefused
		}
	}
	return nil, false, nil
}

// answer waits for the answer to a command that was acknowledged.
func (c *chip) answer(ctx context.Context, code byte, end time.Time) ([]byte, error) {
	damaged := 0
	for range maxNoise {
		f, err := c.bus.read(ctx, end, usual)
		switch {
		case errors.Is(err, errDamaged):
			if damaged++; damaged > repeats {
				return nil, err
			}
			if err := c.bus.again(); err != nil {
				return nil, err
			}
			if soon := time.Now().Add(plainWait); soon.Before(end) {
				end = soon // it has the answer and sends it at once
			}
		case err != nil:
			return nil, err
		case f.kind == answer && f.data[0] == code+1:
			return append([]byte{}, f.data[1:]...), nil
		case f.kind == fault:
			return nil, errRefused
		}
	}
	return nil, errDamaged
}

// abandon makes the chip drop a command that nobody waits for any more.
func (c *chip) abandon(ctx context.Context, cause error) error {
	if port.Gone(cause) {
		return cause
	}
	err := c.bus.write(ackFrame)
	if ctx.Err() != nil {
		time.Sleep(abortQuiet)
	}
	return errors.Join(cause, err, c.bus.flush())
}

// start wakes the chip, looks what it is, and sets it up: no SAM, ATS asked for by the chip itself, bounded searches, field
// off.
func (c *chip) start(ctx context.Context) error {
	if err := errors.Join(c.bus.wake(), c.bus.flush()); err != nil {
		return err
	}
	// Out of low battery mode leads SAMConfiguration (7.2.10): normal mode, no time-out, no IRQ.
	if _, err := c.command(ctx, plainWait, cmdSAM, 0x01, 0x00, 0x00); err != nil {
		return err
	}
	v, err := c.command(ctx, plainWait, cmdFirmware)
	if err != nil {
		return err
	}
	if len(v) < 4 || v[0] != chipIC {
		return wrongChip(v)
	}
	c.identity = fmt.Sprintf("PN532 firmware %d.%d", v[1], v[2])
	for _, set := range [][]byte{
		{cmdParameters, 0x14},            // automatic ATR_RES and RATS (7.2.9)
		{cmdRF, 0x05, 0xFF, 0x01, tries}, // how often: ATR, PSL, search for a card (7.3.1)
		{cmdRF, 0x04, 0x02},              // a disturbed exchange is tried twice more by the chip
		{cmdRF, 0x01, 0x00},              // field off
	} {
		if _, err := c.command(ctx, plainWait, set[0], set[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// tries is MxRtyPassiveActivation: one search is at most this often plus once, some 10 ms.
const tries = 0x01

func wrongChip(v []byte) error {
	detail := "its firmware answer is too short"
	if len(v) >= 4 {
		detail = fmt.Sprintf("its firmware answer says IC %02X", v[0])
	}
	return &pos.Error{
		Code: "device_fault", Message: "the device at the card reader's place: " + detail, Err: ErrWrongChip,
		Remedy: "name the port that the PN532 is at, or another kind of reader",
	}
}

// field switches the field on or off; switching it off resets every card in it.
func (c *chip) field(ctx context.Context, on bool) error {
	var v byte
	if on {
		v = 0x01
	}
	_, err := c.command(ctx, plainWait, cmdRF, 0x01, v)
	return err
}

// check asks whether the chip is still there and still set up.
func (c *chip) check(ctx context.Context) error {
	v, err := c.command(ctx, plainWait, cmdFirmware)
	if err == nil && (len(v) < 4 || v[0] != chipIC) {
		err = wrongChip(v)
	}
	return err
}
