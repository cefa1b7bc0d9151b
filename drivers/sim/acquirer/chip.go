package acquirer

import (
	"encoding/hex"
	"strings"

	"tillkeeper/drivers/acquirer/wire"
)

// issuerMaster is the simulated issuers' key for cryptograms, as public and as worthless as the simulated cards' own.
const issuerMaster = "404142434445464748494A4B4C4D4E4F"

// arpc answers F55 of an answer: the issuer's script, if the account has one, behind tag 91 with the response cryptogram (EMV Book 2, 8.2.1, method 1) over the card's own. Empty when the request has no cryptogram.
func (h *Host) arpc(m *wire.Message, code string) string {
	raw, err := hex.DecodeString(m.Get(55))
	if err != nil || len(raw) == 0 {
		return ""
	}
	items, err := wire.ParseTLV(raw)
	if err != nil {
		return ""
	}
	found := map[string][]byte{}
	for _, it := range items {
		found[it.Tag] = it.Value
	}
	arqc, atc := found["9F26"], found["9F36"]
	if len(arqc) != 8 || len(atc) != 2 {
		return ""
	}
	key := sessionKey(cardKey(cardNumber(m), m.Get(23)), atc)
	c, err := desOf(key)
	if err != nil {
		return ""
	}
	block := make([]byte, 8)
	copy(block, code)
	for i := range block {
		block[i] ^= arqc[i]
	}
	out := append(ecb(c.Encrypt, block), code...)
	script := strings.ToUpper(h.Account(cardNumber(m)).Script)
	text, err := wire.PackTLV([]wire.TLV{{Tag: "91", Value: out}})
	if err != nil {
		return ""
	}
	return strings.ToUpper(hex.EncodeToString(text)) + script
}

// cardKey derives a chip's key from PAN and sequence number (EMV Book 2, A1.4, option A).
func cardKey(pan, sequence string) []byte {
	s := pan + ("00" + sequence)[len(sequence):]
	if len(s) > 16 {
		s = s[len(s)-16:]
	}
	left, err := hex.DecodeString(strings.Repeat("0", 16-len(s)) + s)
	if err != nil {
		return nil
	}
	master, err := hex.DecodeString(issuerMaster)
	if err != nil {
		return nil
	}
	return pair(master, left, inverse(left))
}

// sessionKey is the chip's key of one transaction, by its counter.
func sessionKey(key, atc []byte) []byte {
	zero := make([]byte, 6)
	return pair(key, append(zero[:6:6], atc...), append(zero[:6:6], inverse(atc)...))
}

func inverse(b []byte) []byte {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = ^b[i]
	}
	return out
}

// pair encrypts two blocks into a double-length key.
func pair(key, left, right []byte) []byte {
	c, err := desOf(key)
	if err != nil {
		return nil
	}
	return append(ecb(c.Encrypt, left), ecb(c.Encrypt, right)...)
}
