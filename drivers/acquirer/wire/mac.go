package wire

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // the acquirers' MAC is defined on DES
	"fmt"
)

// The names of the MAC algorithms a profile may use.
const (
	MACECB  = "ecb"      // UnionPay ECB MAC, MAK 8 or 16 bytes
	MACX99  = "x9.9"     // ISO 9797-1 algorithm 1, zero padding, MAK 8 or 16 bytes
	MACX919 = "x9.19"    // ISO 9797-1 algorithm 3, zero padding, MAK 16 bytes
	MACAES  = "aes-cmac" // NIST SP 800-38B, the first 8 bytes, MAK 16, 24 or 32 bytes
)

const macBytes = 8

// Algorithms lists the names that MAC knows.
func Algorithms() []string { return []string{MACECB, MACX99, MACX919, MACAES} }

// MAC answers the 8 bytes of field 64 over data under key.
func MAC(algorithm string, key, data []byte) ([]byte, error) {
	switch algorithm {
	case MACECB, MACX99:
		c, err := desCipher(key)
		if err != nil {
			return nil, err
		}
		if algorithm == MACECB {
			return ecbMAC(c, data), nil
		}
		return cbcMAC(c, data), nil
	case MACX919:
		return retailMAC(key, data)
	case MACAES:
		c, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("%w: %s with a key of %d bytes", ErrAlgorithm, algorithm, len(key))
		}
		return cmac(c, data)[:macBytes], nil
	}
	return nil, fmt.Errorf("%w: %q", ErrAlgorithm, algorithm)
}

// desCipher is single DES for 8 bytes and two-key triple DES for 16.
func desCipher(key []byte) (cipher.Block, error) {
	switch len(key) {
	case 8:
		return des.NewCipher(key) //nolint:gosec // see above
	case 16:
		return des.NewTripleDESCipher(append(append([]byte(nil), key...), key[:8]...)) //nolint:gosec // see above
	}
	return nil, fmt.Errorf("%w: a key of %d bytes", ErrAlgorithm, len(key))
}

// eachBlock calls f with every 8 bytes of data, the last zero padded; no data is one zero block.
func eachBlock(data []byte, f func(b []byte)) {
	var block [macBytes]byte
	for {
		n := copy(block[:], data)
		clear(block[n:])
		f(block[:])
		data = data[n:]
		if len(data) == 0 {
			return
		}
	}
}

func xorInto(dst, src []byte) {
	for i := range dst {
		dst[i] ^= src[i]
	}
}

func ecbMAC(c cipher.Block, data []byte) []byte {
	folded := make([]byte, macBytes)
	eachBlock(data, func(b []byte) { xorInto(folded, b) })
	text := []byte(hexText(folded))
	out := make([]byte, macBytes)
	c.Encrypt(out, text[:macBytes])
	xorInto(out, text[macBytes:])
	c.Encrypt(out, out)
	return []byte(hexText(out)[:macBytes])
}

func cbcMAC(c cipher.Block, data []byte) []byte {
	out := make([]byte, macBytes)
	eachBlock(data, func(b []byte) {
		xorInto(out, b)
		c.Encrypt(out, out)
	})
	return out
}

func retailMAC(key, data []byte) ([]byte, error) {
	if len(key) != 16 {
		return nil, fmt.Errorf("%w: %s with a key of %d bytes", ErrAlgorithm, MACX919, len(key))
	}
	left, err := desCipher(key[:8])
	if err != nil {
		return nil, err
	}
	right, err := desCipher(key[8:])
	if err != nil {
		return nil, err
	}
	out := cbcMAC(left, data)
	right.Decrypt(out, out)
	left.Encrypt(out, out)
	return out, nil
}

// cmac is AES-CMAC of RFC 4493.
func cmac(c cipher.Block, data []byte) []byte {
	size := c.BlockSize()
	sub := make([]byte, size)
	c.Encrypt(sub, sub)
	double(sub)
	last := make([]byte, size)
	whole := len(data) > 0 && len(data)%size == 0
	tail := len(data) - len(data)%size
	if whole {
		tail -= size
	} else {
		double(sub)
	}
	n := copy(last, data[tail:])
	if !whole {
		last[n] = 0x80
	}
	xorInto(last, sub)
	out := make([]byte, size)
	for i := 0; i < tail; i += size {
		xorInto(out, data[i:i+size])
		c.Encrypt(out, out)
	}
	xorInto(out, last)
	c.Encrypt(out, out)
	return out
}

// double multiplies by x in GF(2^128).
func double(b []byte) {
	carry := byte(0)
	for i := len(b) - 1; i >= 0; i-- {
		next := b[i] >> 7
		b[i] = b[i]<<1 | carry
		carry = next
	}
	if carry != 0 {
		b[len(b)-1] ^= 0x87
	}
}
