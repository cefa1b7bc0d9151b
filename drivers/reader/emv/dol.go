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
	case tagAmount, tagAmountOther, tagCountry, tagCurrency, tagDate, tagKind, tagTime, tagCounter, tagTerminalType,
		tagExpiry, tagEffective, tagIssuerCountry, tagCardCurrency, tagSequence, tagEntryMode, tagIssuerID, tagCategory:
		return true
	}
	return false
}

// Fill concatenates the values a data object list asks for, cut or padded to the asked length: numbers on the left with
// zeros, a compressed number (the PAN) on the right with F, all else on the right with zeros. What is unknown is zeros.
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
			n := copy(field, v)
			for i := n; f.Tag == tagPAN && n > 0 && i < len(field); i++ {
				field[i] = 0xFF
			}
		}
		out = append(out, field...)
	}
	return out
}

// fill is Fill for the objects of this dialogue. A list that asks for the TC hash value (98) gets SHA-1 over what the
// card's TDOL asks for; without one the terminal's default TDOL is used, which is empty, and the TVR says so (Book 3, 5.2.2).
func (d *Dialogue) fill(list []Field) []byte {
	for _, f := range list {
		if f.Tag != tagCertificateHash {
			continue
		}
		tdol, err := ParseDOL(d.data[tagTDOL])
		if err != nil || len(tdol) == 0 {
			d.tvr[4] |= tvrDefaultTDOL
			tdol = nil
		}
		d.data[tagCertificateHash] = hash(Fill(tdol, d.value))
	}
	return Fill(list, d.value)
}
