package pn532

import (
	"bytes"
	"errors"
	"fmt"
)

// Frame identifiers (UM0701-02, 6.2.1): what a frame's first byte says of its way.
const (
	toChip   = 0xD4
	fromChip = 0xD5
)

const (
	maxNormal = 255                     // bytes of TFI and data in a normal frame
	maxData   = 265                     // bytes of TFI and data in an extended frame that the chip takes or gives
	maxFrame  = 3 + 5 + maxData + 2 + 1 // preamble to postamble, and one byte that a bus may put before it
)

// The three frames without data, as they are on the wire.
var (
	ackFrame  = []byte{0x00, 0x00, 0xFF, 0x00, 0xFF, 0x00}
	nackFrame = []byte{0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00}
	startCode = []byte{0x00, 0xFF}
)

// What is wrong with bytes that were received.
var (
	// errShort: so far it may be a frame; more bytes are wanted.
	errShort = errors.New("pn532: the frame goes on")
	// errDamaged: a frame whose checksum, length or identifier is wrong.
	errDamaged = errors.New("pn532: damaged frame")
)

type kind byte

const (
	ack    kind = iota + 1 // the chip has taken the command
	nack                   // it wants it again
	answer                 // data of an answer, from the command code on
	fault                  // the error frame: it did not understand the command (6.2.1.5)
)

type frame struct {
	kind kind
	data []byte // after the frame identifier; a slice of what was parsed
}

// encode is a command in its frame: a normal one, or an extended one from 256 bytes on.
func encode(data []byte) ([]byte, error) {
	n := len(data) + 1
	if n > maxData {
		return nil, fmt.Errorf("pn532: a command of %d bytes is too long", len(data))
	}
	out := make([]byte, 0, n+11)
	out = append(out, 0x00, 0x00, 0xFF)
	if n <= maxNormal {
		out = append(out, byte(n), -byte(n))
	} else {
		hi, lo := byte(n>>8), byte(n)
		out = append(out, 0xFF, 0xFF, hi, lo, -(hi + lo))
	}
	sum := byte(toChip)
	out = append(out, toChip)
	for _, b := range data {
		sum += b
	}
	out = append(out, data...)
	return append(out, -sum, 0x00), nil
}

// parse finds the first frame in b. It gives the bytes that are done with: noise before the frame is, and so is a frame
// that is damaged. With errShort, need is how long b must become at least before another try makes sense.
func parse(b []byte) (f frame, done, need int, err error) {
	start := bytes.Index(b, startCode)
	if start < 0 {
		keep := 0 // a zero at the end may be half a start code
		if len(b) > 0 && b[len(b)-1] == 0x00 {
			keep = 1
		}
		return frame{}, len(b) - keep, keep + 1, errShort
	}
	head := start + len(startCode)
	rest := b[head:]
	if len(rest) < 2 {
		return frame{}, start, 4, errShort
	}
	n, body := int(rest[0]), 2
	switch {
	case rest[0] == 0x00 && rest[1] == 0xFF:
		return frame{kind: ack}, head + 2, 0, nil
	case rest[0] == 0xFF && rest[1] == 0x00:
		return frame{kind: nack}, head + 2, 0, nil
	case rest[0] == 0xFF && rest[1] == 0xFF:
		if len(rest) < 5 {
			return frame{}, start, 7, errShort
		}
		n, body = int(rest[2])<<8|int(rest[3]), 5
		if rest[2]+rest[3]+rest[4] != 0 {
			return frame{}, head, 0, errDamaged
		}
	case rest[0]+rest[1] != 0:
		return frame{}, head, 0, errDamaged
	}
	if n == 0 || n > maxData {
		return frame{}, head, 0, errDamaged
	}
	if len(rest) < body+n+2 {
		return frame{}, start, len(startCode) + body + n + 2, errShort
	}
	if rest[body+n+1] != 0x00 {
		return frame{}, head, 0, errDamaged
	}
	return content(rest[body:body+n+1], head+body+n+2)
}

// content checks what a frame carries: identifier, data, checksum. The postamble behind it was looked at before: a frame
// that lost a zero of its data has a checksum that is right, one place too late.
func content(b []byte, end int) (frame, int, int, error) {
	var sum byte
	for _, x := range b {
		sum += x
	}
	n := len(b) - 1
	switch {
	case sum != 0:
		return frame{}, end, 0, errDamaged
	case n == 1 && b[0] == 0x7F:
		return frame{kind: fault}, end, 0, nil
	case n < 2 || b[0] != fromChip:
		return frame{}, end, 0, errDamaged
	}
	return frame{kind: answer, data: b[1:n]}, end, 0, nil
}
