package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"

	"github.com/emmansun/gmsm/sm4"
)

// The names by which a profile chooses how field 64 is computed. Data is padded with zero bytes to whole
// blocks, no data is one zero block; but for CMAC, which pads by its own rule.
const (
	MACECB  = "ecb"      // UnionPay ECB MAC; MAK 8 bytes, or 16 for two-key triple DES
	MACX99  = "x9.9"     // ANSI X9.9, ISO/IEC 9797-1 algorithm 1 with DES; MAK 8 bytes, or 16 for two-key triple DES
	MACX919 = "x9.19"    // ANSI X9.19, ISO/IEC 9797-1 algorithm 3; MAK 16 bytes
	MACAES  = "aes-cmac" // RFC 4493, the first 8 bytes; MAK 16, 24 or 32 bytes
	MACSM4  = "sm4"      // GB/T 15852.1 mechanism 1 (CBC-MAC) with SM4 of GB/T 32907, the first 8 bytes; MAK 16 bytes
)

const macBytes = 8

// Algorithms lists the names that MAC knows.
func Algorithms() []string { return []string{MACECB, MACX99, MACX919, MACAES, MACSM4} }

// MAC answers the 8 bytes of field 64 over data under key. ErrAlgorithm: the name is unknown; ErrLength: the key does not fit it.
func MAC(algorithm string, key, data []byte) ([]byte, error) {
	switch algorithm {
	case MACECB, MACX99:
		c, err := DES(key)
		if err != nil {
			return nil, err
		}
		if algorithm == MACX99 {
			return cbcMAC(c, data), nil
		}
		return ecbMAC(c, data), nil
	case MACX919:
		return retailMAC(key, data)
	case MACAES:
		c, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("%w: %s with %d bytes", ErrLength, algorithm, len(key))
		}
		return cmac(c, data)[:macBytes], nil
	case MACSM4:
		c, err := sm4.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("%w: %s with %d bytes", ErrLength, algorithm, len(key))
		}
		return cbcMAC(c, data)[:macBytes], nil
	}
	return nil, fmt.Errorf("%w: %q", ErrAlgorithm, algorithm)
}

func xorInto(dst, src []byte) {
	for i := range src {
		dst[i] ^= src[i]
	}
}

const hexDigits = "0123456789ABCDEF"

// ecbMAC folds the data into 8 bytes, writes them as 16 characters and encrypts the first half, then that
// with the second half; the answer is the first 8 characters of the result.
func ecbMAC(c cipher.Block, data []byte) []byte {
	var folded, out [macBytes]byte
	for len(data) > 0 {
		n := min(len(data), macBytes)
		xorInto(folded[:], data[:n])
		data = data[n:]
	}
	var text [2 * macBytes]byte
	for i, b := range folded {
		text[2*i], text[2*i+1] = hexDigits[b>>4], hexDigits[b&0xF]
	}
	c.Encrypt(out[:], text[:macBytes])
	xorInto(out[:], text[macBytes:])
	c.Encrypt(out[:], out[:])
	for i, b := range out[:macBytes/2] {
		text[2*i], text[2*i+1] = hexDigits[b>>4], hexDigits[b&0xF]
	}
	return text[:macBytes]
}

// cbcMAC is ISO/IEC 9797-1 algorithm 1 with padding method 1, a whole block.
func cbcMAC(c cipher.Block, data []byte) []byte {
	out := make([]byte, c.BlockSize())
	for {
		n := min(len(data), len(out))
		xorInto(out, data[:n])
		c.Encrypt(out, out)
		if data = data[n:]; len(data) == 0 {
			return out
		}
	}
}

func retailMAC(key, data []byte) ([]byte, error) {
	if len(key) != 2*blockBytes {
		return nil, fmt.Errorf("%w: %s with %d bytes", ErrLength, MACX919, len(key))
	}
	left, err := DES(key[:blockBytes])
	if err != nil {
		return nil, err
	}
	right, err := DES(key[blockBytes:])
	if err != nil {
		return nil, err
	}
	out := cbcMAC(left, data)
	right.Decrypt(out, out)
	left.Encrypt(out, out)
	return out, nil
}

// cmac is AES-CMAC of RFC 4493, a whole block.
func cmac(c cipher.Block, data []byte) []byte {
	size := c.BlockSize()
	mask := make([]byte, size)
	c.Encrypt(mask, mask)
	double(mask)
	rest := len(data) % size
	last := make([]byte, size)
	if rest == 0 && len(data) > 0 {
		rest = size
	} else {
		double(mask)
		last[rest] = 0x80
	}
	copy(last, data[len(data)-rest:])
	xorInto(last, mask)
	out := make([]byte, size)
	for head := data[:len(data)-rest]; len(head) > 0; head = head[size:] {
		xorInto(out, head[:size])
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
		b[i], carry = b[i]<<1|carry, b[i]>>7
	}
	b[len(b)-1] ^= 0x87 * carry
}
