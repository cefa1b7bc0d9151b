package acquirer

import (
	"crypto/cipher"
	"crypto/des" //nolint:gosec // the terminal's keys are DES keys
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/download"
)

const (
	terminalsName = "terminals.json"
	kcvBytes      = 4
)

// terminal is what the host knows of one TID and MID; F62 is kept as it was sent, wrapped by the TMK.
type terminal struct {
	Batch    string `json:"batch"`
	SignedOn bool   `json:"signed_on"`
	Network  string `json:"network,omitempty"`
	F62      string `json:"f62,omitempty"`

	pik, mak []byte
}

func terminalKey(tid, mid string) string { return tid + "/" + mid }

// desOf is single DES for 8 bytes, two-key triple DES for 16.
func desOf(key []byte) (cipher.Block, error) {
	switch len(key) {
	case 8:
		return des.NewCipher(key) //nolint:gosec // see above
	case 16:
		return des.NewTripleDESCipher(append(append([]byte(nil), key...), key[:8]...)) //nolint:gosec // see above
	}
	return nil, fmt.Errorf("acquirer: a key of %d bytes", len(key))
}

func ecb(do func(dst, src []byte), data []byte) []byte {
	out := make([]byte, len(data))
	for i := 0; i+8 <= len(data); i += 8 {
		do(out[i:], data[i:i+8])
	}
	return out
}

// kcv is the key check value: the start of eight zero bytes encrypted.
func kcv(key []byte) ([]byte, error) {
	c, err := desOf(key)
	if err != nil {
		return nil, err
	}
	return ecb(c.Encrypt, make([]byte, 8))[:kcvBytes], nil
}

// part is one word of a key layout, as "pik16" or "zero8".
func part(word string) (string, int, error) {
	name := strings.TrimRight(word, "0123456789")
	n, err := strconv.Atoi(word[len(name):])
	if err != nil || n < 1 || n > 64 {
		return "", 0, fmt.Errorf("acquirer: key layout %q", word)
	}
	return name, n, nil
}

// newKeys makes keys by the profile's layout for a network code and answers F62, wrapped by the TMK.
func (h *Host) newKeys(layout string) ([]byte, error) {
	wrap, err := desOf(h.tmk)
	if err != nil {
		return nil, err
	}
	var out, last []byte
	for _, word := range strings.Fields(layout) {
		name, n, err := part(word)
		if err != nil {
			return nil, err
		}
		switch name {
		case "zero":
			out = append(out, make([]byte, n)...)
		case "kcv":
			check, err := kcv(last)
			if err != nil {
				return nil, err
			}
			out = append(out, check[:min(n, kcvBytes)]...)
		default:
			last = make([]byte, n)
			if _, err := io.ReadFull(h.cfg.Random, last); err != nil {
				return nil, err
			}
			out = append(out, ecb(wrap.Encrypt, last)...)
		}
	}
	return out, nil
}

// unwrap fills the working keys from F62 as it was sent.
func (h *Host) unwrap(t *terminal) error {
	raw, err := hex.DecodeString(t.F62)
	if err != nil {
		return err
	}
	wrap, err := desOf(h.tmk)
	if err != nil {
		return err
	}
	t.pik, t.mak = nil, nil
	for _, word := range strings.Fields(h.cfg.Profile.Keys.Layouts[t.Network]) {
		name, n, err := part(word)
		if err != nil {
			return err
		}
		if n > len(raw) {
			return errors.New("acquirer: stored keys are too short")
		}
		switch name {
		case "pik":
			t.pik = ecb(wrap.Decrypt, raw[:n])
		case "mak":
			t.mak = ecb(wrap.Decrypt, raw[:n])
		}
		raw = raw[n:]
	}
	return nil
}

func (h *Host) loadTerminals() error {
	h.terminals = map[string]*terminal{}
	raw, err := os.ReadFile(filepath.Join(h.cfg.Dir, terminalsName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, &h.terminals); err != nil {
		return fmt.Errorf("acquirer: %s: %w", terminalsName, err)
	}
	for name, t := range h.terminals {
		if !t.SignedOn {
			continue
		}
		if err := h.unwrap(t); err != nil {
			return fmt.Errorf("acquirer: %s: %s: %w", terminalsName, name, err)
		}
	}
	return nil
}

// saveTerminals is durable when it returns.
func (h *Host) saveTerminals() error {
	raw, err := json.MarshalIndent(h.terminals, "", " ")
	if err != nil {
		return err
	}
	return download.Keep(h.cfg.Dir, terminalsName, raw)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// mac answers F64 of a message under the terminal's MAK, as upper-case hex.
func (h *Host) mac(t *terminal, m *wire.Message) (string, error) {
	data, err := h.cfg.Profile.MACInput(m)
	if err != nil {
		return "", err
	}
	raw, err := wire.MAC(h.cfg.Profile.MAC.Algorithm, t.mak, data)
	if err != nil {
		return "", err
	}
	return strings.ToUpper(hex.EncodeToString(raw)), nil
}
