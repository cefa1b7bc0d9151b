package emv

import "fmt"

const maxDOLFields = 64 // entries of one data object list

// Field is one entry of a data object list: which object, and how many bytes of it.
type Field struct {
	Tag    Tag
	Length int
}

// ParseDOL reads a data object list: tags and one-byte lengths (EMV Book 3, 5.4).
func ParseDOL(b []byte) ([]Field, error) {
	var out []Field
	for len(b) > 0 {
		tag, rest, err := cutTag(b)
		if err != nil {
			return nil, err
		}
		if len(rest) == 0 || rest[0] >= 0x80 {
			return nil, fmt.Errorf("%w: data object list", ErrTLV)
		}
		if len(out) == maxDOLFields {
			return nil, fmt.Errorf("%w: data object list of more than %d", ErrTLV, maxDOLFields)
		}
		out = append(out, Field{Tag: tag, Length: int(rest[0])})
		b = rest[1:]
	}
	return out, nil
}

// numeric tells the n-format objects a list may ask for: cut and filled on the left (EMV Book 3, 5.4).
func numeric(t Tag) bool {
	switch t {
	case tagAmount, tagAmountOther, tagCountry, tagCurrency, tagDate, tagKind, tagTime, tagCounter, tagTerminalType:
		return true
	}
	return false
}

// Fill concatenates the values a data object list asks for, cut or padded to the asked length; what is unknown is zeros.
func Fill(list []Field, value func(Tag) []byte) []byte {
	var out []byte
	for _, f := range list {
		field := make([]byte, f.Length)
		v := value(f.Tag)
		switch {
		case f.Tag.Constructed():
		case numeric(f.Tag) && len(v) >= f.Length:
			copy(field, v[len(v)-f.Length:])
		case numeric(f.Tag):
			copy(field[f.Length-len(v):], v)
		default:
			copy(field, v)
		}
		out = append(out, field...)
	}
	return out
}
