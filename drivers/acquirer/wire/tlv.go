package wire

import (
	"encoding/hex"
	"fmt"
	"strings"
)

const tlvLimit = 255 // items of one field 55; the field has at most 255 bytes

// TLV is one data object of field 55: its tag in upper-case hex ("9F26") and its value (EMV Book 3 annex B).
type TLV struct {
	Tag   string
	Value []byte
}

// ParseTLV splits the bytes of field 55 into data objects, one level deep; a tag or length past the end is refused.
func ParseTLV(b []byte) ([]TLV, error) {
	var out []TLV
	for len(b) > 0 {
		if len(out) == tlvLimit {
			return nil, fmt.Errorf("%w: more than %d data objects", ErrMessage, tlvLimit)
		}
		t, err := tagLength(b)
		if err != nil {
			return nil, err
		}
		n, l, err := valueLength(b[t:])
		if err != nil {
			return nil, err
		}
		if n > len(b)-t-l {
			return nil, fmt.Errorf("%w: tag %X is longer than what is left", ErrMessage, b[:t])
		}
		out = append(out, TLV{Tag: hexText(b[:t]), Value: append([]byte(nil), b[t+l:t+l+n]...)})
		b = b[t+l+n:]
	}
	return out, nil
}

// tagLength answers how many bytes the tag at the start of b takes, at most three.
func tagLength(b []byte) (int, error) {
	if b[0]&0x1F != 0x1F {
		return 1, nil
	}
	for n := 2; n <= 3 && n <= len(b); n++ {
		if b[n-1]&0x80 == 0 {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%w: a tag does not end", ErrMessage)
}

// valueLength answers the length of the value and how many bytes it is written in, at most three.
func valueLength(b []byte) (n, size int, err error) {
	switch {
	case len(b) >= 1 && b[0] < 0x80:
		return int(b[0]), 1, nil
	case len(b) >= 2 && b[0] == 0x81:
		return int(b[1]), 2, nil
	case len(b) >= 3 && b[0] == 0x82:
		return int(b[1])<<8 | int(b[2]), 3, nil
	}
	return 0, 0, fmt.Errorf("%w: a length of a data object is bad", ErrMessage)
}

// PackTLV writes data objects one after the other.
func PackTLV(items []TLV) ([]byte, error) {
	var out []byte
	for _, it := range items {
		tag, err := hex.DecodeString(it.Tag)
		if err != nil || len(tag) == 0 {
			return nil, fmt.Errorf("%w: tag %q", ErrMessage, it.Tag)
		}
		if n, err := tagLength(tag); err != nil || n != len(tag) {
			return nil, fmt.Errorf("%w: tag %q", ErrMessage, it.Tag)
		}
		out = append(out, tag...)
		switch n := len(it.Value); {
		case n < 0x80:
			out = append(out, byte(n))
		case n <= 0xFF:
			out = append(out, 0x81, byte(n))
		case n <= 0xFFFF:
			out = append(out, 0x82, byte(n>>8), byte(n))
		default:
			return nil, fmt.Errorf("%w: tag %s has %d bytes", ErrMessage, it.Tag, n)
		}
		out = append(out, it.Value...)
	}
	return out, nil
}

// ShortF55 answers the field 55 of a reversal: of the original's (hex) the data objects that the profile keeps, in the profile's order.
func (p *Profile) ShortF55(f55 string) (string, error) {
	raw, err := hex.DecodeString(f55)
	if err != nil {
		return "", fmt.Errorf("%w: field 55 is not hex", ErrMessage)
	}
	items, err := ParseTLV(raw)
	if err != nil {
		return "", err
	}
	var keep []TLV
	for _, tag := range p.Reversal.Tags {
		for _, it := range items {
			if strings.EqualFold(it.Tag, tag) {
				keep = append(keep, it)
			}
		}
	}
	short, err := PackTLV(keep)
	if err != nil {
		return "", err
	}
	return hexText(short), nil
}
