package acquirer

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"fmt"
	"strings"

	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys/dukpt"
)

// The base derivation keys of the demo, by the keys of the profile: the examples of ANSI X9.24-1 annex A and of the supplement to X9.24-3.
var demoBDK = map[string]string{
	wire.PINDUKPTTDES: DefaultTMK,
	wire.PINDUKPTAES:  "FEDCBA9876543210F1F1F1F1F1F1F1F1",
}

// loadBDK takes the base derivation key from the settings, else that of the demo.
func (h *Host) loadBDK() error {
	text := h.cfg.BDK
	if text == "" {
		text = demoBDK[h.cfg.Profile.PIN.KeysOrSession()]
	}
	key, err := hex.DecodeString(text)
	if err != nil || text != "" && len(key) != 16 && len(key) != 24 && len(key) != 32 {
		return fmt.Errorf("acquirer: the BDK has to be 16, 24 or 32 bytes of hex")
	}
	h.bdk = key
	return nil
}

// clearPIN answers the PIN of a request's block; ok is false when it is no block of the profile's format, key and card.
func (h *Host) clearPIN(t *terminal, m *wire.Message, number string) (pin string, ok bool) {
	rule := h.cfg.Profile.PIN
	block, err := hex.DecodeString(m.Get(52))
	if err != nil || len(block) != rule.BlockBytes() || len(number) < 13 {
		return "", false
	}
	c, err := h.pinCipher(t, rule, m.Get(rule.KSNField))
	if err != nil || c.BlockSize() != len(block) {
		return "", false
	}
	c.Decrypt(block, block)
	if rule.Format == 4 {
		account, err := hex.DecodeString((fmt.Sprint(len(number)-12) + number + strings.Repeat("0", 32))[:32])
		if err != nil {
			return "", false
		}
		mix(block, account)
		c.Decrypt(block, block)
		return pinField(block[:8], "4", "a")
	}
	account, err := hex.DecodeString("0000" + number[len(number)-13:len(number)-1])
	if err != nil {
		return "", false
	}
	mix(block, account)
	if rule.Format == 3 {
		return pinField(block, "3", "abcdef")
	}
	return pinField(block, "0", "f")
}

// pinCipher is the cipher of a PIN block: the terminal's PIK, or the PIN key of the transaction that the serial number names.
func (h *Host) pinCipher(t *terminal, rule wire.PINRule, serial string) (cipher.Block, error) {
	if rule.KSNBytes() == 0 {
		return desOf(t.pik)
	}
	ksn, err := hex.DecodeString(serial)
	if err != nil || len(ksn) != rule.KSNBytes() {
		return nil, fmt.Errorf("acquirer: a key serial number of %d bytes", len(ksn))
	}
	switch {
	case rule.Keys == wire.PINDUKPTTDES:
		k, err := dukpt.TDESKeys(h.bdk, ksn)
		if err != nil {
			return nil, err
		}
		return desOf(k.PIN)
	case rule.Format == 4:
		k, err := dukpt.AESKeys(h.bdk, ksn, dukpt.AES128)
		if err != nil {
			return nil, err
		}
		return aes.NewCipher(k.PIN)
	}
	k, err := dukpt.AESKeys(h.bdk, ksn, dukpt.TDEA2)
	if err != nil {
		return nil, err
	}
	return desOf(k.PIN)
}

func mix(dst, src []byte) {
	for i := range src {
		dst[i] ^= src[i]
	}
}

// pinField takes the PIN out of control nibble, length, digits and fill.
func pinField(plain []byte, control, fill string) (string, bool) {
	text := hex.EncodeToString(plain)
	n := int(plain[0] & 0xF)
	if text[:1] != control || n < 4 || n > 12 || !digits(text[2:2+n]) || strings.Trim(text[2+n:], fill) != "" {
		return "", false
	}
	return text[2 : 2+n], true
}
