// Package wire turns messages of the till-to-acquirer dialogue into bytes and
// back: ISO 8583:1987 in the flavour that a profile file describes.
//
// Promise: what a profile says is data (frame, field kinds and lengths, MAC,
// transaction table, timers, repeat rules); nothing of an acquirer is written
// in this code. Unpack is strict: bytes left over, a bitmap that lies, a bad
// BCD nibble, padding that is not zero or a length past the end refuse the
// whole message. Decoding never panics, never loops without end and never
// reads more of a stream than one frame. Error texts name fields and
// positions, never what a field holds. The package opens no connection and
// keeps no key. A profile is checked whole when it is read: an error names the
// key. Messages are read by the library and written by this package, so that
// two codecs have to agree on every byte of what is taken.
//
// Layout on the wire:
//
//	LEN(2, big-endian, not counting itself) | TPDU(5) | header(6) |
//	MTI(2 BCD) | bitmap(8) | fields 2..64
//
// Values in a Message: n = digits, z = digits with '=', an and ans = text as
// is, b = upper-case hex. Amounts are digits of minor units (fen).
package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sort"
	"strconv"

	"github.com/moov-io/iso8583"
)

// The refusals of this package; errors.Is finds them below the detail.
var (
	// ErrFrame means that a frame is too short, too long or lies about its length.
	ErrFrame = errors.New("wire: bad frame")
	// ErrMessage means that a message does not follow its profile.
	ErrMessage = errors.New("wire: bad message")
	// ErrProfile means that a profile file is unusable.
	ErrProfile = errors.New("wire: bad profile")
	// ErrAlgorithm means that a MAC algorithm or its key length is unknown.
	ErrAlgorithm = errors.New("wire: bad MAC algorithm or key")
)

const (
	tpduBytes   = 5
	headBytes   = 6
	prefixBytes = tpduBytes + headBytes
	mtiBytes    = 2
	bitmapBytes = 8
	macField    = 64
	// LeastBody is the length in bytes of the shortest body: TPDU, header, MTI and bitmap.
	LeastBody = prefixBytes + mtiBytes + bitmapBytes
)

// Message is one message without frame: the MTI as four digits and the fields by number (8583:1987 DE 2..64).
type Message struct {
	MTI    string
	Fields map[int]string
}

// Get answers the value of a field, empty when it is absent.
func (m *Message) Get(field int) string { return m.Fields[field] }

// Has tells whether a field is present.
func (m *Message) Has(field int) bool { _, ok := m.Fields[field]; return ok }

// Clone answers a copy whose fields may be changed apart from the original.
func (m *Message) Clone() *Message {
	c := &Message{MTI: m.MTI, Fields: make(map[int]string, len(m.Fields))}
	for id, v := range m.Fields {
		c.Fields[id] = v
	}
	return c
}

// Numbers answers the numbers of the fields present, ascending.
func (m *Message) Numbers() []int {
	ids := make([]int, 0, len(m.Fields))
	for id := range m.Fields {
		ids = append(ids, id)
	}
	sort.Ints(ids)
	return ids
}

// Header is what stands before the MTI: the TPDU (60, destination, source) and the 12-digit application header.
type Header struct {
	TPDU [tpduBytes]byte
	Head [headBytes]byte
}

// Swapped answers the header of the reply: destination and source of the TPDU exchanged.
func (h Header) Swapped() Header {
	h.TPDU[1], h.TPDU[2], h.TPDU[3], h.TPDU[4] = h.TPDU[3], h.TPDU[4], h.TPDU[1], h.TPDU[2]
	return h
}

// Requirement answers the processing requirement, the sixth digit of the header (0 none, 1 parameters, 3 sign
// on again, 4 CA keys, 5 card parameters, 7 blacklist).
func (h Header) Requirement() int { return int(h.Head[2] & 0x0F) }

// WithRequirement answers the header with its processing requirement set to d, 0..9.
func (h Header) WithRequirement(d int) Header {
	if d >= 0 && d <= 9 {
		h.Head[2] = h.Head[2]&0xF0 | byte(d)
	}
	return h
}

// NewHeader answers the header of a request as the profile has it.
func (p *Profile) NewHeader() Header {
	var h Header
	copy(h.TPDU[:], p.tpdu)
	copy(h.Head[:], p.head)
	return h
}

// Pack answers TPDU, header and message, without the length of the frame.
func (p *Profile) Pack(h Header, m *Message) ([]byte, error) {
	body, err := p.packBody(m)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, prefixBytes+len(body))
	out = append(out, h.TPDU[:]...)
	out = append(out, h.Head[:]...)
	out = append(out, body...)
	if len(out) > p.Frame.MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrFrame, len(out), p.Frame.MaxBytes)
	}
	return out, nil
}

// typical is room for most messages, in bytes.
const typical = 512

// packBody writes MTI, bitmap and fields. It shares the field kinds with the
// library that reads them, and nothing else: what one writes the other has to read.
func (p *Profile) packBody(m *Message) ([]byte, error) {
	if m == nil {
		return nil, fmt.Errorf("%w: no message", ErrMessage)
	}
	out, err := mtiKind.append(make([]byte, 0, typical), m.MTI)
	if err != nil {
		return nil, fmt.Errorf("MTI: %w", err)
	}
	var bitmap [bitmapBytes]byte
	at, left := len(out), len(m.Fields)
	out = append(out, bitmap[:]...)
	for id := 2; id <= macField && left > 0; id++ {
		v, ok := m.Fields[id]
		if !ok || p.kinds[id].class == "" {
			continue
		}
		left--
		out[at+(id-1)/8] |= 0x80 >> ((id - 1) % 8)
		if out, err = p.kinds[id].append(out, v); err != nil {
			return nil, fmt.Errorf("field %d (%s): %w", id, p.FieldTypes[strconv.Itoa(id)].Name, err)
		}
	}
	if left > 0 {
		for _, id := range m.Numbers() {
			if !p.has(id) {
				return nil, fmt.Errorf("%w: field %d is not in the profile", ErrMessage, id)
			}
		}
	}
	return out, nil
}

// has tells whether a field is in the profile.
func (p *Profile) has(id int) bool { return id >= 2 && id <= macField && p.kinds[id].class != "" }

// Unpack reads a whole body (TPDU to the last field) and refuses it whole when packing it again does not give the same bytes.
func (p *Profile) Unpack(b []byte) (Header, *Message, error) {
	var h Header
	if len(b) < LeastBody {
		return h, nil, fmt.Errorf("%w: %d bytes, at least %d", ErrFrame, len(b), LeastBody)
	}
	if len(b) > p.Frame.MaxBytes {
		return h, nil, fmt.Errorf("%w: %d bytes, at most %d", ErrFrame, len(b), p.Frame.MaxBytes)
	}
	copy(h.TPDU[:], b)
	copy(h.Head[:], b[tpduBytes:])
	if !allDigits(h.Head[:]) {
		return Header{}, nil, fmt.Errorf("%w: a nibble of the header is not a digit", ErrMessage)
	}
	m, err := p.unpackBody(b[prefixBytes:])
	if err != nil {
		return Header{}, nil, err
	}
	return h, m, nil
}

func (p *Profile) unpackBody(body []byte) (*Message, error) {
	if body[mtiBytes]&0x80 != 0 {
		return nil, fmt.Errorf("%w: the bitmap announces a second one", ErrMessage)
	}
	im := iso8583.NewMessage(p.spec)
	if err := im.Unpack(body); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrMessage, err.Error())
	}
	mti, err := im.GetMTI()
	if err != nil {
		return nil, fmt.Errorf("%w: MTI", ErrMessage)
	}
	m := &Message{MTI: mti, Fields: map[int]string{}}
	for id, f := range im.GetFields() {
		if id < 2 {
			continue
		}
		v, err := f.String()
		if err != nil {
			return nil, fmt.Errorf("%w: field %d", ErrMessage, id)
		}
		m.Fields[id] = v
	}
	again, err := p.packBody(m)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, body) {
		if len(again) < len(body) && bytes.Equal(again, body[:len(again)]) {
			return nil, fmt.Errorf("%w: %d bytes left over", ErrMessage, len(body)-len(again))
		}
		return nil, fmt.Errorf("%w: packed again it differs", ErrMessage)
	}
	return m, nil
}

// ReadFrame reads the length and the body of one frame and not a byte more. io.EOF means that the stream ended between frames.
func (p *Profile) ReadFrame(r io.Reader) ([]byte, error) {
	head := make([]byte, p.Frame.LengthBytes)
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	n := 0
	for _, b := range head {
		n = n<<8 | int(b)
	}
	if n < LeastBody || n > p.Frame.MaxBytes {
		return nil, fmt.Errorf("%w: announces %d bytes, allowed %d to %d", ErrFrame, n, LeastBody, p.Frame.MaxBytes)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return body, nil
}

// Framed answers the body with its length before it.
func (p *Profile) Framed(body []byte) []byte {
	k := p.Frame.LengthBytes
	out := make([]byte, k, k+len(body))
	for i, n := k-1, len(body); i >= 0; i, n = i-1, n>>8 {
		out[i] = byte(n)
	}
	return append(out, body...)
}

// MACInput answers what the MAC covers: MTI, the bitmap with bit 64 set, and the fields up to 63. A field 64 already present is left out.
func (p *Profile) MACInput(m *Message) ([]byte, error) {
	if m == nil {
		return nil, fmt.Errorf("%w: no message", ErrMessage)
	}
	c := m.Clone()
	c.Fields[macField] = "0000000000000000"
	b, err := p.packBody(c)
	if err != nil {
		return nil, err
	}
	return b[:len(b)-bitmapBytes], nil
}

// NeedsMAC tells whether messages of this MTI carry field 64.
func (p *Profile) NeedsMAC(mti string) bool { return p.macMTIs[mti] }

// hexText is how the value of a binary field is written.
func hexText(b []byte) string {
	return string(bytes.ToUpper([]byte(hex.EncodeToString(b))))
}
