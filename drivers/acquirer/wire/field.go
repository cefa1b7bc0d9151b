package wire

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"

	"github.com/moov-io/iso8583/field"
)

// kind is one field as the profile's type text gives it, e.g. "n6", "n3 left", "z..37", "b...255".
type kind struct {
	class string // n, z, an, ans, b
	dots  int    // digits of the length: 0 fixed, 2, 3
	most  int    // digits, characters or (b) bytes
	left  bool   // fixed n with an odd length: data first, then the zero nibble
}

var kindText = regexp.MustCompile(`^(n|z|an|ans|b)(\.{2,3})?([0-9]{1,3})( left)?$`)

func parseKind(text string) (kind, error) {
	g := kindText.FindStringSubmatch(text)
	if g == nil {
		return kind{}, fmt.Errorf("%w: type %q", ErrProfile, text)
	}
	most, err := strconv.Atoi(g[3])
	if err != nil || most < 1 {
		return kind{}, fmt.Errorf("%w: type %q", ErrProfile, text)
	}
	k := kind{class: g[1], dots: len(g[2]), most: most, left: g[4] != ""}
	if k.left && (k.class != "n" || k.dots != 0) || k.class == "z" && k.dots == 0 || k.dots == 2 && most > 99 {
		return kind{}, fmt.Errorf("%w: type %q", ErrProfile, text)
	}
	return k, nil
}

// spec makes the library's field of a kind; packing and unpacking are ours, since its BCD fits neither track data nor left-aligned digits.
func (k kind) spec(name string) *field.Spec {
	return &field.Spec{
		Length:      k.most,
		Description: name,
		Packer:      field.PackerFunc(func(data []byte, _ *field.Spec) ([]byte, error) { return k.append(nil, string(data)) }),
		Unpacker: unpackerFunc(func(data []byte) ([]byte, int, error) {
			return k.unpack(data)
		}),
	}
}

type unpackerFunc func(data []byte) ([]byte, int, error)

// Unpack implements field.Unpacker.
func (f unpackerFunc) Unpack(data []byte, _ *field.Spec) ([]byte, int, error) { return f(data) }

// append packs a value behind out.
func (k kind) append(out []byte, v string) ([]byte, error) {
	n := len(v)
	if k.class == "b" {
		if n%2 != 0 {
			return nil, fmt.Errorf("%w: half a byte", ErrMessage)
		}
		n /= 2
	}
	pad := 0
	if k.dots == 0 && n < k.most && (k.class == "an" || k.class == "ans") {
		pad, n = k.most-n, k.most
	}
	if n > k.most || k.dots == 0 && n != k.most {
		return nil, fmt.Errorf("%w: length %d, allowed %d", ErrMessage, n, k.most)
	}
	if k.dots > 0 {
		out = appendLength(out, k.dots, n)
	}
	switch k.class {
	case "n", "z":
		return k.appendDigits(out, v)
	case "b":
		out, err := hex.AppendDecode(out, []byte(v))
		if err != nil {
			return nil, fmt.Errorf("%w: not hex", ErrMessage)
		}
		return out, nil
	}
	out = append(out, v...)
	for range pad {
		out = append(out, ' ')
	}
	return out, nil
}

// appendDigits packs two digits a byte; '=' is nibble D in class z.
func (k kind) appendDigits(out []byte, v string) ([]byte, error) {
	high, half := byte(0), len(v)%2 == 1 && k.padFirst()
	for i := range len(v) {
		c := v[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c == '=' && k.class == "z":
			c = 0xD
		default:
			return nil, fmt.Errorf("%w: character %d is not a digit", ErrMessage, i+1)
		}
		if half {
			out = append(out, high<<4|c)
		} else {
			high = c
		}
		half = !half
	}
	if half {
		out = append(out, high<<4)
	}
	return out, nil
}

func (k kind) padFirst() bool { return k.dots == 0 && !k.left }

func (k kind) unpack(data []byte) ([]byte, int, error) {
	n, at := k.most, 0
	if k.dots > 0 {
		at = (k.dots + 1) / 2
		var err error
		if n, err = readLength(data, k.dots); err != nil {
			return nil, 0, err
		}
		if n > k.most {
			return nil, 0, fmt.Errorf("%w: length %d, at most %d", ErrMessage, n, k.most)
		}
	}
	size := n
	if k.class == "n" || k.class == "z" {
		size = (n + 1) / 2
	}
	if len(data)-at < size {
		return nil, 0, fmt.Errorf("%w: length past the end, %d of %d bytes", ErrMessage, len(data)-at, size)
	}
	raw := data[at : at+size]
	switch k.class {
	case "n", "z":
		v, err := k.digits(raw, n)
		return v, at + size, err
	case "b":
		return []byte(hexText(raw)), at + size, nil
	}
	return append([]byte(nil), raw...), at + size, nil
}

func (k kind) digits(raw []byte, n int) ([]byte, error) {
	v := make([]byte, 0, 2*len(raw))
	for i, b := range raw {
		for _, d := range [2]byte{b >> 4, b & 0x0F} {
			switch {
			case d <= 9:
				v = append(v, '0'+d)
			case d == 0xD && k.class == "z":
				v = append(v, '=')
			default:
				return nil, fmt.Errorf("%w: bad nibble in byte %d", ErrMessage, i+1)
			}
		}
	}
	if n%2 == 0 {
		return v, nil
	}
	pad, rest := v[n], v[:n]
	if k.padFirst() {
		pad, rest = v[0], v[1:]
	}
	if pad != '0' {
		return nil, fmt.Errorf("%w: padding nibble is not zero", ErrMessage)
	}
	return rest, nil
}

// appendLength writes a length as BCD: two digits in one byte, three in two.
func appendLength(out []byte, digits, n int) []byte {
	if digits == 3 {
		out = append(out, byte(n/100))
	}
	return append(out, byte(n/10%10<<4|n%10))
}

func readLength(data []byte, digits int) (int, error) {
	k := (digits + 1) / 2
	if len(data) < k {
		return 0, fmt.Errorf("%w: the length is cut off", ErrMessage)
	}
	if !allDigits(data[:k]) {
		return 0, fmt.Errorf("%w: the length is not BCD", ErrMessage)
	}
	n := 0
	for _, b := range data[:k] {
		n = n*100 + int(b>>4)*10 + int(b&0x0F)
	}
	return n, nil
}

// allDigits tells whether both nibbles of every byte are 0..9.
func allDigits(b []byte) bool {
	for _, c := range b {
		if c>>4 > 9 || c&0x0F > 9 {
			return false
		}
	}
	return true
}
