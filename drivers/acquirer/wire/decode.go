package wire

import (
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"unicode"
)

const decodeLimit = 256 << 10 // characters of hex text that Decode reads

// secretTags are the data objects that name the card or its holder (EMV Book 3 annex A).
var secretTags = map[string]bool{
	"56": true, "57": true, "5A": true, "5F20": true, "5F24": true, "5F25": true, "9F0B": true,
	"9F1F": true, "9F20": true, "9F6B": true, "99": true,
}

// Decode prints a message given as hex (with or without its frame length, blanks allowed) field by field,
// masked: it never writes a whole card number, a track, a PIN block or key material. The error says why a
// message is refused.
func Decode(p *Profile, hexInput string, w io.Writer) error {
	raw, err := hexBytes(hexInput)
	if err != nil {
		return err
	}
	k := p.Frame.LengthBytes
	framed := len(raw) >= k && announced(raw[:k]) == len(raw)-k
	if framed {
		raw = raw[k:]
	}
	h, m, err := p.Unpack(raw)
	if err != nil && !framed && len(raw) > k && looksFramed(p, raw) {
		return fmt.Errorf("%w: the length announces %d bytes, %d follow", ErrFrame, announced(raw[:k]), len(raw)-k)
	}
	if err != nil {
		return err
	}
	var b strings.Builder
	if framed {
		fmt.Fprintf(&b, "LEN    %d\n", len(raw))
	}
	fmt.Fprintf(&b, "TPDU   %X\nHEADER %X (processing requirement %d)\nMTI    %s\n", h.TPDU, h.Head, h.Requirement(), m.MTI)
	for _, id := range m.Numbers() {
		p.decodeField(&b, m, id)
	}
	if p.NeedsMAC(m.MTI) && !m.Has(macField) {
		b.WriteString("F64    absent, although this MTI carries a MAC\n")
	}
	_, err = io.WriteString(w, b.String())
	return err
}

func hexBytes(text string) ([]byte, error) {
	if len(text) > decodeLimit {
		return nil, fmt.Errorf("%w: more than %d characters", ErrFrame, decodeLimit)
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	raw, err := hex.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: not hex, or half a byte", ErrFrame)
	}
	return raw, nil
}

func announced(b []byte) int {
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	return n
}

// looksFramed tells whether the TPDU's first byte stands after a length rather than first.
func looksFramed(p *Profile, raw []byte) bool {
	return raw[0] != p.tpdu[0] && raw[p.Frame.LengthBytes] == p.tpdu[0]
}

func (p *Profile) decodeField(b *strings.Builder, m *Message, id int) {
	f, v := p.FieldTypes[strconv.Itoa(id)], m.Fields[id]
	fmt.Fprintf(b, "F%-5d %s: ", id, f.Name)
	switch f.Mask {
	case "pan":
		b.WriteString(MaskPAN(v))
	case "all":
		fmt.Fprintf(b, "masked, %d characters", len(v))
	case "upload":
		if m.MTI[1] == '3' && len(v) > 4 {
			fmt.Fprintf(b, "masked, %d digits, %s items", len(v), v[:2])
		} else {
			b.WriteString(v)
		}
	case "tlv":
		decodeTLV(b, v)
	default:
		if c := p.kinds[id].class; c == "an" || c == "ans" {
			v = strconv.QuoteToASCII(v)
		}
		b.WriteString(v)
	}
	b.WriteByte('\n')
}

func decodeTLV(b *strings.Builder, v string) {
	fmt.Fprintf(b, "%d bytes", len(v)/2)
	raw, err := hex.DecodeString(v)
	if err != nil {
		return
	}
	items, err := ParseTLV(raw)
	if err != nil {
		b.WriteString(", not well-formed data objects: masked")
		return
	}
	for _, it := range items {
		if secretTags[it.Tag] || constructed(it.Tag) {
			fmt.Fprintf(b, "\n         %s masked, %d bytes", it.Tag, len(it.Value))
			continue
		}
		fmt.Fprintf(b, "\n         %s %X", it.Tag, it.Value)
	}
}

// constructed tells whether a data object holds others, which could name the card (EMV Book 3 annex B1).
func constructed(tag string) bool {
	first, err := strconv.ParseUint(tag[:2], 16, 8)
	return err != nil || first&0x20 != 0
}

// MaskPAN shows the first six and the last four digits of a card number; one shorter than 13 digits is masked whole.
func MaskPAN(pan string) string {
	const head, tail, least = 6, 4, 13
	if len(pan) < least {
		return strings.Repeat("*", len(pan))
	}
	return pan[:head] + strings.Repeat("*", len(pan)-head-tail) + pan[len(pan)-tail:]
}

// Main is the decode command: one argument, the message in hex. It gives the
// exit code: 0 good, 1 refused, 2 wrong usage.
func Main(args []string, assets fs.FS, out, errs io.Writer) int {
	if len(args) != 1 {
		fmt.Fprintln(errs, "tillkeeper: wrong usage: tillkeeper decode HEX")
		return 2
	}
	p, err := Load(assets, "cup")
	if err == nil {
		err = Decode(p, args[0], out)
	}
	if err != nil {
		fmt.Fprintln(errs, "tillkeeper:", err)
		return 1
	}
	return 0
}
