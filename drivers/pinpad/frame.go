package pinpad

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// The bytes that frame a message.
const (
	STX = 0x02
	ETX = 0x03
	NAK = 0x15 // sent alone by the side that got a damaged frame: send the last one again
)

// The commands; an answer carries the command with bit 7 set and begins with a status byte.
const (
	CmdInfo      = 0x01 // no data -> version, 1 when a TMK is there, 1 when working keys are there, kind of the DUKPT device or 0
	CmdComponent = 0x02 // number 1 or 2, name of the person: the pad asks its keypad for a TMK component -> its KCV 4 bytes; after the second one that of the TMK too
	CmdLoad      = 0x03 // length of the layout's text, the text, field 62 ->
	CmdMAC       = 0x04 // length of the algorithm's name, the name, data -> 8 bytes
	CmdPIN       = 0x05 // format, scheme, 1 when OK without a PIN is allowed, amount 8 bytes big-endian in minor units, card number in ASCII -> length of the block, PIN block, KSN
	CmdCancel    = 0x06 // ends the waiting command of the same sequence number, which then answers StatusCancelled
	CmdData      = 0x07 // data, encrypted under the DUKPT data key of a new transaction: CBC, zero vector, zero padded -> length of the KSN, KSN, data
	CmdBeep      = 0x08 // no data: the pad beeps and shows a test picture for a moment ->
	Answer       = 0x80
)

// waits tells whether a command waits for a person, whose time is the context's.
func waits(cmd byte) bool { return cmd == CmdPIN || cmd == CmdComponent }

// The status bytes of an answer.
const (
	StatusOK        = 0x00
	StatusNoKeys    = 0x01
	StatusKCV       = 0x02
	StatusCancelled = 0x03
	StatusTimeout   = 0x04
	StatusRefused   = 0x05 // the command or its data is not understood
	StatusBusy      = 0x06
	StatusBypassed  = 0x07 // OK was pressed without a PIN
	StatusExhausted = 0x08 // the DUKPT device has no key left
	StatusNoTMK     = 0x09
	StatusEntry     = 0x0A // a key component was refused: one byte of Entry
)

// Why a key component was refused.
const (
	EntryLength = 1 + iota // not 32 hexadecimal digits
	EntryParity            // a byte without odd parity
	EntryWeak              // a weak component or key
	EntrySame              // the second is the first one again
	EntryPerson            // both from one person
	EntryOrder             // no first component waits
)

// MaxData is the most bytes of data in one frame.
const MaxData = 8192

const frameHead = 4 // length 2, command, sequence

// ErrDamaged means that a frame's LRC or end mark is wrong; the stream goes on after it.
var ErrDamaged = errors.New("pinpad: damaged frame")

// ErrNAK means that the other side asks for the last frame again.
var ErrNAK = errors.New("pinpad: asked to send again")

// Frame is one message on the wire: command, sequence number and data.
type Frame struct {
	Cmd, Seq byte
	Data     []byte
}

// Bytes answers the frame as it goes over the wire; Data is at most MaxData bytes.
func (f Frame) Bytes() []byte {
	n := len(f.Data) + 2
	b := make([]byte, 0, n+5)
	b = append(b, STX, byte(n>>8), byte(n), f.Cmd, f.Seq)
	b = append(b, f.Data...)
	b = append(b, ETX)
	return append(b, lrc(b[1:]))
}

func lrc(b []byte) byte {
	x := byte(0)
	for _, c := range b {
		x ^= c
	}
	return x
}

// ReadFrame reads the next frame, skipping what stands before its STX. ErrDamaged and ErrNAK leave the stream usable; other errors end it.
func ReadFrame(r *bufio.Reader) (Frame, error) {
	for {
		c, err := r.ReadByte()
		if err != nil {
			return Frame{}, err
		}
		if c == NAK {
			return Frame{}, ErrNAK
		}
		if c == STX {
			break
		}
	}
	head := make([]byte, frameHead)
	if _, err := io.ReadFull(r, head); err != nil {
		return Frame{}, fmt.Errorf("pinpad: cut off: %w", err)
	}
	n := int(head[0])<<8 | int(head[1]) - 2
	if n < 0 || n > MaxData {
		return Frame{}, ErrDamaged
	}
	rest := make([]byte, n+2)
	if _, err := io.ReadFull(r, rest); err != nil {
		return Frame{}, fmt.Errorf("pinpad: cut off: %w", err)
	}
	if rest[n] != ETX || lrc(head)^lrc(rest[:n+1]) != rest[n+1] {
		return Frame{}, ErrDamaged
	}
	return Frame{Cmd: head[2], Seq: head[3], Data: rest[:n]}, nil
}
