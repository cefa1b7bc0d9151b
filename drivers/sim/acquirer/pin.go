package acquirer

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
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

// The counters at the end of a key serial number: ANSI X9.24-1 (10 bytes, the last 21 bits) and X9.24-3 (12 bytes, the last 32).
const (
	ksnTDES     = 10
	counterTDES = 1<<21 - 1
	counterAES  = 1<<32 - 1
)

// serialOf takes the key serial number of a request's PIN apart: the device that made it, and how far its counter is. False where there is none.
func (h *Host) serialOf(m *wire.Message) (device string, counter uint32, ok bool) {
	rule := h.cfg.Profile.PIN
	if rule.KSNBytes() == 0 || !m.Has(52) {
		return "", 0, false
	}
	return serial(m.Get(rule.KSNField))
}

func serial(text string) (device string, counter uint32, ok bool) {
	ksn, err := hex.DecodeString(text)
	if err != nil || len(ksn) < ksnTDES {
		return "", 0, false
	}
	mask := uint32(counterAES)
	if len(ksn) == ksnTDES {
		mask = counterTDES
	}
	end := ksn[len(ksn)-4:]
	tail := binary.BigEndian.Uint32(end)
	binary.BigEndian.PutUint32(end, tail&^mask)
	return hex.EncodeToString(ksn), tail & mask, true
}

// fresh tells whether a PIN's key was never used before: the counter of its device only rises. The caller holds mu.
func (h *Host) fresh(m *wire.Message) bool {
	device, counter, ok := h.serialOf(m)
	return !ok || counter > h.serials[device]
}

// use keeps that a key was used; the caller holds mu.
func (h *Host) use(m *wire.Message) {
	if device, counter, ok := h.serialOf(m); ok {
		h.serials[device] = max(h.serials[device], counter)
	}
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

// passedBy tells whether a request without a PIN says itself that one was wanted: a chip by its TVR (byte 3, bit 4) or its CVM results (online PIN, failed), a stripe by the service code of track 2 (ISO 7813).
func passedBy(m *wire.Message) bool {
	if f22 := m.Get(22); strings.HasPrefix(f22, "02") {
		_, after, _ := strings.Cut(m.Get(35), "=")
		return len(after) >= serviceEnd && strings.Contains(serviceWants, after[serviceEnd-1:serviceEnd])
	}
	raw, err := hex.DecodeString(m.Get(55))
	if err != nil {
		return false
	}
	items, err := wire.ParseTLV(raw)
	if err != nil {
		return false
	}
	for _, it := range items {
		switch {
		case it.Tag == "95" && len(it.Value) == 5 && it.Value[2]&0x08 != 0,
			it.Tag == "9F34" && len(it.Value) == 3 && it.Value[0]&0x3F == 0x02 && it.Value[2] == 0x01:
			return true
		}
	}
	return false
}

// The service code stands behind the expiry of track 2; its last digit says when a PIN is wanted.
const (
	serviceEnd   = 4 + 3
	serviceWants = "03567"
)
