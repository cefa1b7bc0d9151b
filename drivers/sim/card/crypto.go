package card

import (
	"crypto/cipher"
	"crypto/des"  //nolint:gosec // EMV Book 2, annex A1 prescribes triple DES
	"crypto/sha1" //nolint:gosec // EMV Book 2, B2.1 prescribes SHA-1
	"math/big"
)

// masterKey is the simulated issuer's key for cryptograms; as public and as worthless as the RSA keys.
const masterKey = "404142434445464748494A4B4C4D4E4F"

// twoKey is triple DES with a double-length key. The keys here are always 16 bytes, so there is no error to report.
func twoKey(key []byte) cipher.Block {
	b, err := des.NewTripleDESCipher(append(append([]byte(nil), key[:16]...), key[:8]...)) //nolint:gosec // see the import
	if err != nil {
		panic("card: a key that is not 24 bytes: " + err.Error())
	}
	return b
}

// deriveKey makes the chip's key from PAN and sequence number (EMV Book 2, A1.4, option A).
func deriveKey(pan, sequence string) []byte { return deriveUnder(unhex(masterKey), pan, sequence) }

func deriveUnder(master []byte, pan, sequence string) []byte {
	s := pan + sequence[len(sequence)-2:]
	if len(s) > 16 {
		s = s[len(s)-16:]
	}
	for len(s) < 16 {
		s = "0" + s
	}
	left := packDigits(s)
	right := make([]byte, 8)
	for i, c := range left {
		right[i] = ^c
	}
	out, block := make([]byte, 16), twoKey(master)
	block.Encrypt(out[:8], left)
	block.Encrypt(out[8:], right)
	return out
}

// sessionKey is the key of one transaction, by its counter.
func sessionKey(key []byte, counter uint16) []byte {
	hi, lo := byte(counter>>8), byte(counter)
	out, block := make([]byte, 16), twoKey(key)
	block.Encrypt(out[:8], []byte{0, 0, 0, 0, 0, 0, hi, lo})
	block.Encrypt(out[8:], []byte{0, 0, 0, 0, 0, 0, ^hi, ^lo})
	return out
}

// mac is ISO 9797-1 algorithm 3 with padding method 2, eight bytes.
func mac(key, data []byte) []byte {
	padded := append(append([]byte(nil), data...), 0x80)
	for len(padded)%8 != 0 {
		padded = append(padded, 0)
	}
	left, err := des.NewCipher(key[:8]) //nolint:gosec // see the import
	if err != nil {
		panic("card: a key that is not 8 bytes: " + err.Error())
	}
	sum := make([]byte, 8)
	for i := 0; i < len(padded); i += 8 {
		for j := range sum {
			sum[j] ^= padded[i+j]
		}
		if i+8 < len(padded) {
			left.Encrypt(sum, sum)
		}
	}
	twoKey(key).Encrypt(sum, sum) // the last step of algorithm 3 is the whole of triple DES on the last block
	return sum
}

// sign makes a signature with message recovery (EMV Book 2, A2.1): 6A, body, hash over body and rest, BC. The body must
// fill the modulus but for 22 bytes.
func (p private) sign(body []byte, rest ...[]byte) []byte {
	h := sha1.New() //nolint:gosec // see the import
	h.Write(body)
	for _, r := range rest {
		h.Write(r)
	}
	m := append([]byte{0x6A}, body...)
	m = append(h.Sum(m), 0xBC)
	x := new(big.Int).SetBytes(m)
	return x.Exp(x, p.d, p.n).FillBytes(make([]byte, len(p.modulus)))
}

// certify puts a key behind a certificate's head and signs it; what has no room in the certificate is the remainder.
func (p private) certify(head []byte, key private, rest ...[]byte) (certificate, remainder []byte) {
	room := len(p.modulus) - 22 - len(head)
	part := append([]byte(nil), key.modulus...)
	if len(part) > room {
		part, remainder = part[:room], part[room:]
	}
	body := pad(append(append([]byte(nil), head...), part...), len(p.modulus)-22)
	return p.sign(body, append([][]byte{remainder, exponent}, rest...)...), remainder
}

// pad fills up with BB, as EMV's certificates and signatures are.
func pad(b []byte, length int) []byte {
	for len(b) < length {
		b = append(b, 0xBB)
	}
	return b
}

// packDigits writes digits two a byte, filled up with F on the right.
func packDigits(s string) []byte {
	if len(s)%2 == 1 {
		s += "?" // ? is 3F: its low half is the F wanted
	}
	out := make([]byte, len(s)/2)
	for i := range out {
		out[i] = s[2*i]<<4 | s[2*i+1]&0x0F
	}
	return out
}
