// Package emv is the card dialogue of a payment terminal at APDU level (EMV 4.3 Books 1 to 4, in the UnionPay flavour of
// JR/T 0025): selection by PSE, PPSE and the terminal's own list with the customer's choice, GET PROCESSING OPTIONS, READ
// RECORD, offline data authentication (SDA, DDA, CDA, contactless fDDA) against the scheme's keys, processing restrictions,
// cardholder verification, risk management, terminal action analysis, both GENERATE AC, issuer authentication, issuer
// scripts, and field 55 built from it. Contactless cards are taken in both forms: those that run the whole dialogue, and
// those that give their cryptogram with the processing options (qPBOC) and may leave after their last record.
//
// It is not a certified kernel (EMVCo level 2, nor a scheme's contactless approval), and it does not become one by passing
// its tests: an acquirer may insist on a certified reader. Such a reader runs the dialogue itself, and its data objects come
// in through ReadFacts and reader.NewCertified.
//
// It talks to a card only through a Transceiver, keeps nothing after the dialogue, never sees a PIN (offline PIN is not
// offered: a rule that asks for it finds no PIN pad), knows no SM2 keys, opens no device and no socket, and never panics on
// what a card or a host sends: every such byte is parsed strictly and refused whole. Every end without an approval has a
// reason of the closed list Reasons. No error text carries data of a card. Amounts are int64 in fen; dates are those of the
// time handed in. On the wire: ISO 7816-4 short APDUs, BER-TLV.
package emv

import (
	"errors"
	"fmt"
)

// Limits of the TLV parser: anything beyond is refused, never guessed.
const (
	maxTLVDepth   = 8     // templates within templates
	maxTLVObjects = 512   // objects of one input, all levels
	maxTLVInput   = 65535 // bytes of one input
	maxTagBytes   = 3
)

// ErrTLV says that bytes are not well-formed BER-TLV (EMV Book 3, annex B).
var ErrTLV = errors.New("emv: malformed BER-TLV")

// Tag is a BER-TLV tag as it is written, e.g. 0x9F26.
type Tag uint32

// Constructed says whether the tag holds other objects (bit 6 of its first byte).
func (t Tag) Constructed() bool {
	first := byte(t)
	for v := uint32(t) >> 8; v > 0; v >>= 8 {
		first = byte(v)
	}
	return first&0x20 != 0
}

// String is the tag in upper-case hexadecimal.
func (t Tag) String() string { return fmt.Sprintf("%02X", uint32(t)) }

// Object is one data object: its tag, its raw value, and the objects inside when it is constructed.
type Object struct {
	Tag      Tag
	Value    []byte
	Children []Object
}

type tlvParser struct{ objects int }

// Parse reads all objects of b. It accepts the zero bytes EMV allows between objects and refuses everything else that is
// left over, indefinite lengths and lengths past the end. Values are slices of b.
func Parse(b []byte) ([]Object, error) {
	if len(b) > maxTLVInput {
		return nil, fmt.Errorf("%w: %d bytes", ErrTLV, len(b))
	}
	return new(tlvParser).level(b, 0)
}

func (p *tlvParser) level(b []byte, depth int) ([]Object, error) {
	if depth > maxTLVDepth {
		return nil, fmt.Errorf("%w: nested deeper than %d", ErrTLV, maxTLVDepth)
	}
	var out []Object
	for len(b) > 0 {
		if b[0] == 0 { // EMV Book 3, annex B: no meaning
			b = b[1:]
			continue
		}
		if p.objects++; p.objects > maxTLVObjects {
			return nil, fmt.Errorf("%w: more than %d objects", ErrTLV, maxTLVObjects)
		}
		tag, rest, err := cutTag(b)
		if err != nil {
			return nil, err
		}
		n, rest, err := cutLength(rest)
		if err != nil {
			return nil, fmt.Errorf("%w (tag %s)", err, tag)
		}
		if n > len(rest) {
			return nil, fmt.Errorf("%w: tag %s of %d bytes, %d are there", ErrTLV, tag, n, len(rest))
		}
		o := Object{Tag: tag, Value: rest[:n:n]}
		if tag.Constructed() {
			if o.Children, err = p.level(o.Value, depth+1); err != nil {
				return nil, err
			}
		}
		out = append(out, o)
		b = rest[n:]
	}
	return out, nil
}

func cutTag(b []byte) (Tag, []byte, error) {
	if len(b) == 0 {
		return 0, nil, fmt.Errorf("%w: no tag", ErrTLV)
	}
	t := Tag(b[0])
	if b[0]&0x1F != 0x1F {
		return t, b[1:], nil
	}
	for i := 1; i < len(b) && i < maxTagBytes; i++ {
		t = t<<8 | Tag(b[i])
		if i == 1 && b[i]&0x7F == 0 {
			break // a leading zero group is no valid tag
		}
		if b[i]&0x80 == 0 {
			return t, b[i+1:], nil
		}
	}
	return 0, nil, fmt.Errorf("%w: bad tag", ErrTLV)
}

func cutLength(b []byte) (int, []byte, error) {
	if len(b) == 0 {
		return 0, nil, fmt.Errorf("%w: no length", ErrTLV)
	}
	switch c := b[0]; {
	case c < 0x80:
		return int(c), b[1:], nil
	case c == 0x81 && len(b) >= 2:
		return int(b[1]), b[2:], nil
	case c == 0x82 && len(b) >= 3:
		return int(b[1])<<8 | int(b[2]), b[3:], nil
	}
	return 0, nil, fmt.Errorf("%w: bad length", ErrTLV)
}

// Append writes one object behind dst, with the shortest length, and returns the longer slice. The value may have up to
// 65535 bytes; what is longer is cut off.
func Append(dst []byte, t Tag, value []byte) []byte {
	if len(value) > maxTLVInput {
		value = value[:maxTLVInput]
	}
	started := false
	for shift := 24; shift >= 0; shift -= 8 {
		if c := byte(t >> shift); c != 0 || started || shift == 0 {
			dst, started = append(dst, c), true
		}
	}
	switch n := len(value); {
	case n < 0x80:
		dst = append(dst, byte(n))
	case n < 0x100:
		dst = append(dst, 0x81, byte(n))
	default:
		dst = append(dst, 0x82, byte(n>>8), byte(n))
	}
	return append(dst, value...)
}

// Encode writes objects one after the other; a constructed object with children is written from these.
func Encode(objects ...Object) []byte {
	var out []byte
	for _, o := range objects {
		v := o.Value
		if len(o.Children) > 0 {
			v = Encode(o.Children...)
		}
		out = Append(out, o.Tag, v)
	}
	return out
}

// Find walks down a path of tags and returns the value of the first object there.
func Find(objects []Object, path ...Tag) ([]byte, bool) {
	o := findObject(objects, path...)
	if o == nil {
		return nil, false
	}
	return o.Value, true
}

func findObject(objects []Object, path ...Tag) *Object {
	if len(path) == 0 {
		return nil
	}
	for i := range objects {
		if objects[i].Tag != path[0] {
			continue
		}
		if len(path) == 1 {
			return &objects[i]
		}
		if o := findObject(objects[i].Children, path[1:]...); o != nil {
			return o
		}
	}
	return nil
}
