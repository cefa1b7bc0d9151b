package pinpad

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // formats 0 and 3 are defined on triple DES
	"crypto/rand"
	"errors"
	"fmt"

	"tillkeeper/drivers/keys"
	pad "tillkeeper/drivers/pinpad"
)

const (
	leastPIN  = 4
	mostPIN   = 12
	leastPAN  = 13
	mostPAN   = 19
	desBlock  = 8
	nibbles   = 16 // of a PIN field or PAN field of 8 bytes
	panDigits = 12 // of a PAN field, before the check digit
)

var (
	// ErrPAN means that a PIN block was asked for something that is not a card number.
	ErrPAN = errors.New("sim pinpad: not a card number")
	// ErrPIN means that a PIN does not have 4 to 12 digits.
	ErrPIN = errors.New("sim pinpad: not a PIN")
	// ErrBlock means that a PIN block is not one: its key, card number or format is another.
	ErrBlock = errors.New("sim pinpad: not a PIN block of this format, key and card")
	// ErrFormat means that the format is unknown, or not made for this kind of key.
	ErrFormat = errors.New("sim pinpad: PIN block format and key do not fit")
)

// Key is a PIN key: two- or three-key triple DES (8, 16 or 24 bytes) or, with AES set, AES of 16, 24 or 32 bytes.
type Key struct {
	Bytes []byte
	AES   bool
}

func (k Key) cipher(f pad.Format) (cipher.Block, error) {
	switch {
	case k.AES != (f == pad.Format4):
		return nil, ErrFormat
	case k.AES:
		return aes.NewCipher(k.Bytes)
	case len(k.Bytes) == 3*desBlock:
		return des.NewTripleDESCipher(k.Bytes) //nolint:gosec // see the import
	}
	return keys.DES(k.Bytes)
}

// Encipher answers the PIN block of ISO 9564-1 in this format under key: 8 bytes, 16 in format 4. What fills formats 3 and 4 comes from the system's random numbers.
func Encipher(f pad.Format, key Key, pin []byte, pan string) ([]byte, error) {
	c, err := key.cipher(f)
	if err != nil {
		return nil, err
	}
	var fill [nibbles]byte
	rand.Read(fill[:]) //nolint:errcheck // never fails: the program ends instead
	if f == pad.Format4 {
		return encipher4(c, pin, pan, fill[:desBlock])
	}
	block, err := field(f, pin, pan, fill[:])
	if err != nil {
		return nil, err
	}
	defer clear(block)
	out := make([]byte, desBlock)
	c.Encrypt(out, block)
	return out, nil
}

// Decipher answers the PIN of an encrypted block: the host's side.
func Decipher(f pad.Format, key Key, block []byte, pan string) ([]byte, error) {
	c, err := key.cipher(f)
	if err != nil {
		return nil, err
	}
	if len(block) != c.BlockSize() {
		return nil, ErrBlock
	}
	out := make([]byte, len(block))
	defer clear(out)
	c.Decrypt(out, block)
	if f == pad.Format4 {
		of, err := panField4(pan)
		if err != nil {
			return nil, err
		}
		xor(out, of)
		c.Decrypt(out, out)
		return pinOf(byte(f), out[:desBlock], func(n byte) bool { return n == 0xA })
	}
	of, err := panField(pan)
	if err != nil {
		return nil, err
	}
	xor(out, of)
	return pinOf(byte(f), out, func(n byte) bool { return n == 0xF && f == pad.Format0 || n >= 0xA && f == pad.Format3 })
}

// Block0 answers the clear PIN block of ISO 9564-1 format 0: the PIN field XOR the last twelve digits of the card number before its check digit.
func Block0(pin, pan string) ([8]byte, error) {
	b, err := field(pad.Format0, []byte(pin), pan, nil)
	if err != nil {
		return [8]byte{}, err
	}
	return [8]byte(b), nil
}

// field answers the clear block of format 0 or 3. fill has 16 random bytes for format 3.
func field(f pad.Format, pin []byte, pan string, fill []byte) ([]byte, error) {
	of, err := panField(pan)
	if err != nil {
		return nil, err
	}
	if f != pad.Format0 && f != pad.Format3 {
		return nil, ErrFormat
	}
	out, err := pinField(byte(f), pin, func(i int) byte {
		if f == pad.Format3 {
			return 0xA + fill[i]%6 // A to F; that a byte does not divide by six evenly matters to nobody
		}
		return 0xF
	})
	if err != nil {
		return nil, err
	}
	xor(out, of)
	return out, nil
}

// pinField answers control nibble | length | digits | fill, 8 bytes.
func pinField(control byte, pin []byte, fill func(i int) byte) ([]byte, error) {
	if len(pin) < leastPIN || len(pin) > mostPIN || !digits(string(pin)) {
		return nil, ErrPIN
	}
	out := make([]byte, nibbles/2)
	for i := range nibbles {
		n := control
		switch {
		case i == 1:
			n = byte(len(pin))
		case i > 1 && i < 2+len(pin):
			n = pin[i-2] - '0'
		case i > 1:
			n = fill(i)
		}
		out[i/2] = out[i/2]<<4 | n
	}
	return out, nil
}

// pinOf takes the PIN out of a PIN field.
func pinOf(control byte, b []byte, fills func(n byte) bool) ([]byte, error) {
	n := int(b[0] & 0xF)
	if b[0]>>4 != control || n < leastPIN || n > mostPIN {
		return nil, ErrBlock
	}
	pin := make([]byte, 0, n)
	for i := 2; i < nibbles; i++ {
		x := b[i/2] >> (4 * (1 - i%2)) & 0xF
		switch {
		case i < 2+n && x <= 9:
			pin = append(pin, '0'+x)
		case i < 2+n || !fills(x):
			return nil, ErrBlock
		}
	}
	return pin, nil
}

func checkPAN(pan string) error {
	if len(pan) < leastPAN || len(pan) > mostPAN || !digits(pan) {
		return ErrPAN
	}
	return nil
}

// panField answers 0000 | the last twelve digits before the check digit, 8 bytes.
func panField(pan string) ([]byte, error) {
	if err := checkPAN(pan); err != nil {
		return nil, err
	}
	return bcd("0000" + pan[len(pan)-1-panDigits:len(pan)-1]), nil
}

// panField4 answers the PAN field of format 4, 16 bytes: digits over twelve | the whole card number | zeros.
func panField4(pan string) ([]byte, error) {
	if err := checkPAN(pan); err != nil {
		return nil, err
	}
	text := fmt.Sprintf("%d%s", len(pan)-panDigits, pan)
	return bcd(text + string(bytes.Repeat([]byte{'0'}, 2*nibbles-len(text)))), nil
}

// encipher4 is format 4: the PIN field, filled with A and 8 random bytes, encrypted, XOR the PAN field, encrypted again.
func encipher4(c cipher.Block, pin []byte, pan string, fill []byte) ([]byte, error) {
	of, err := panField4(pan)
	if err != nil {
		return nil, err
	}
	out, err := pinField(byte(pad.Format4), pin, func(int) byte { return 0xA })
	if err != nil {
		return nil, err
	}
	out = append(out, fill...)
	c.Encrypt(out, out)
	xor(out, of)
	c.Encrypt(out, out)
	return out, nil
}

func bcd(text string) []byte {
	out := make([]byte, len(text)/2)
	for i := range out {
		out[i] = (text[2*i]-'0')<<4 | (text[2*i+1] - '0')
	}
	return out
}

func xor(dst, src []byte) {
	for i := range src {
		dst[i] ^= src[i]
	}
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
