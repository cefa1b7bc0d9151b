// Package keys is where keys live: the terminal master key (TMK), the working
// keys and the DUKPT device behind the port of the PIN pad, in a plain demo
// file or in a file under a passphrase, the MAC algorithms, and the day and
// batch keys that seal what waits.
//
// Promise: a key is on disk, flushed, before its first use, and gone from disk,
// flushed, when Destroy returns. Files are made 0600 under another name and
// renamed. No key, no card number and no PIN is ever logged, put into an error
// text or handed out beyond the drivers. Working keys whose check value does
// not match are never used. A TMK comes in two components from two people, or
// not at all; a component is forgotten when the other does not come.
//
// Layout on disk: the demo file is JSON: the TMK in plain, the working keys as
// the host sent them (wrapped under the TMK, 2-key TDES ECB), the state of the
// DUKPT device and the master key of the sealing folder. The passphrase file is
// JSON: a salt of 16 bytes and a box, sealed under Argon2id (64 MiB, 3 passes)
// of the passphrase, with the same content. The sealing folder has
// one file a key, NAME.key: version 1 | nonce 12 | AES-256-GCM of the 32-byte
// key under the master key, the name as additional data. A sealed box is
// version 1 | nonce 12 | AES-256-GCM, its additional data the key's name, a
// zero byte and the caller's. Lengths are in bytes.
package keys

import (
	"bytes"
	"crypto/cipher"
	"crypto/des" //nolint:gosec // the acquirers' key scheme is defined on DES
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"tillkeeper/app/pos"
)

// The refusals of this package.
var (
	// ErrKCV means that a working key does not match its check value, or that bytes which must be zero are
	// not: refuse to trade, sign on again.
	ErrKCV error = &pos.Error{Code: "kcv_mismatch", Message: "working keys do not match their check values", Remedy: "sign on again"}
	// ErrNoKeys means that no working keys are loaded.
	ErrNoKeys = pos.ErrNoKeys
	// ErrLayout means that field 62 is not as long as its layout, or that the layout is unknown.
	ErrLayout = errors.New("keys: field 62 does not have the layout announced")
	// ErrLength means that a key has a length its algorithm does not take.
	ErrLength = errors.New("keys: key length")
	// ErrNoPINPad means that this shop has no PIN pad and takes no PIN.
	ErrNoPINPad error = &pos.Error{
		Code: "no_pinpad", Message: "there is no PIN pad",
		Remedy: "use a card that needs no PIN, or another tender",
	}
	// ErrFile means that a key file is damaged or has a foreign format.
	ErrFile = errors.New("keys: key file unusable")
	// ErrSealed means that a box was not made under this key, or was changed.
	ErrSealed = fmt.Errorf("keys: box cannot be opened: %w", pos.ErrBoxLost)
	// ErrUnknownKey means that the key of a box is not there: destroyed, or never made here.
	ErrUnknownKey = fmt.Errorf("keys: no such key: %w", pos.ErrBoxLost)
	// ErrAlgorithm means that the name of a MAC algorithm is unknown.
	ErrAlgorithm = errors.New("keys: unknown MAC algorithm")
	// ErrNoTMK means that the store holds no terminal master key yet.
	ErrNoTMK error = &pos.Error{Code: "no_tmk", Message: "there is no terminal master key", Remedy: "enter its two components"}
	// ErrPassphrase means that the passphrase does not open the key store.
	ErrPassphrase error = &pos.Error{Code: "wrong_passphrase", Message: "this is not the passphrase of the key store", Remedy: "type it again"}
	// ErrShortPassphrase means that a new passphrase is too short.
	ErrShortPassphrase error = &pos.Error{
		Code: "short_passphrase", Message: "a passphrase has at least 12 characters",
		Remedy: "choose a longer one",
	}
	// ErrKeyName means that the name of a sealing key is not one.
	ErrKeyName = errors.New("keys: bad key name")
)

const (
	blockBytes = 8
	kcvBytes   = 4
	tmkBytes   = 16
	itemLimit  = 16 // parts of a layout
)

// DES answers single DES for a key of 8 bytes and two-key triple DES for 16.
func DES(key []byte) (cipher.Block, error) {
	switch len(key) {
	case blockBytes:
		return des.NewCipher(key) //nolint:gosec // see the import
	case 2 * blockBytes:
		return des.NewTripleDESCipher(append(bytes.Clone(key), key[:blockBytes]...)) //nolint:gosec // see the import
	}
	return nil, fmt.Errorf("%w: %d bytes", ErrLength, len(key))
}

// EncryptECB encrypts whole blocks of 8 bytes one by one; so are keys wrapped.
func EncryptECB(key, plain []byte) ([]byte, error) { return ecb(key, plain, cipher.Block.Encrypt) }

// DecryptECB is the inverse of EncryptECB.
func DecryptECB(key, wrapped []byte) ([]byte, error) { return ecb(key, wrapped, cipher.Block.Decrypt) }

func ecb(key, in []byte, step func(c cipher.Block, dst, src []byte)) ([]byte, error) {
	c, err := DES(key)
	if err != nil {
		return nil, err
	}
	if len(in)%blockBytes != 0 {
		return nil, fmt.Errorf("%w: %d bytes of data", ErrLength, len(in))
	}
	out := make([]byte, len(in))
	for i := 0; i < len(in); i += blockBytes {
		step(c, out[i:i+blockBytes], in[i:i+blockBytes])
	}
	return out, nil
}

// KCV answers the check value of a key: the first 4 bytes of eight zero bytes encrypted under it.
func KCV(key []byte) ([]byte, error) {
	out, err := EncryptECB(key, make([]byte, blockBytes))
	if err != nil {
		return nil, err
	}
	return out[:kcvBytes], nil
}

// Working holds the working keys in clear: PIK for PIN blocks, MAK for the MAC, TDK for track data (where the layout has one).
type Working struct{ PIK, MAK, TDK []byte }

// layouts are the usual network codes of a sign-on (F60.3) and what field 62 of its answer then holds.
var layouts = map[string]string{
	"001": "pik8 kcv4 mak8 kcv4",
	"003": "pik16 kcv4 mak8 zero8 kcv4",
	"004": "pik16 kcv4 mak8 zero8 kcv4 tdk16 kcv4",
}

var layoutItem = regexp.MustCompile(`^(pik|mak|tdk|zero|kcv)([0-9]{1,2})$`)

type part struct {
	name string
	size int
}

// parseLayout takes a network code or a text such as "pik16 kcv4 mak8 zero8 kcv4".
func parseLayout(text string) ([]part, int, error) {
	if known, ok := layouts[text]; ok {
		text = known
	}
	words := strings.Fields(text)
	if len(words) == 0 || len(words) > itemLimit {
		return nil, 0, fmt.Errorf("%w: %d parts", ErrLayout, len(words))
	}
	var out []part
	total, checked, seen := 0, true, map[string]bool{}
	for _, w := range words {
		g := layoutItem.FindStringSubmatch(w)
		if g == nil {
			return nil, 0, fmt.Errorf("%w: %q", ErrLayout, w)
		}
		n, err := strconv.Atoi(g[2])
		if err != nil || n == 0 || g[1] == "kcv" && n != kcvBytes {
			return nil, 0, fmt.Errorf("%w: %q", ErrLayout, w)
		}
		switch g[1] {
		case "kcv":
			checked = true
		case "zero":
		default:
			if !checked || seen[g[1]] || n != blockBytes && n != 2*blockBytes {
				return nil, 0, fmt.Errorf("%w: %q", ErrLayout, w)
			}
			checked, seen[g[1]] = false, true
		}
		out = append(out, part{g[1], n})
		total += n
	}
	if !checked {
		return nil, 0, fmt.Errorf("%w: the last key has no check value", ErrLayout)
	}
	return out, total, nil
}

// Unwrap takes the working keys out of field 62, checks every check value and the bytes that must be zero
// (ErrKCV), and answers them in clear. The layout is a network code (001, 003, 004) or a text such as "pik16
// kcv4 mak8 zero8 kcv4".
func Unwrap(tmk, f62 []byte, layout string) (Working, error) {
	parts, total, err := parseLayout(layout)
	if err != nil {
		return Working{}, err
	}
	if len(f62) != total {
		return Working{}, fmt.Errorf("%w: %d bytes, announced %d", ErrLayout, len(f62), total)
	}
	var w Working
	var last []byte
	for _, p := range parts {
		raw := f62[:p.size]
		f62 = f62[p.size:]
		switch p.name {
		case "zero":
			if !bytes.Equal(raw, make([]byte, p.size)) {
				return Working{}, ErrKCV
			}
			continue
		case "kcv":
			if kcv, err := KCV(last); err != nil || !bytes.Equal(kcv, raw) {
				return Working{}, ErrKCV
			}
			continue
		}
		if last, err = DecryptECB(tmk, raw); err != nil {
			return Working{}, err
		}
		w.keep(p.name, last)
	}
	if w.MAK == nil {
		return Working{}, fmt.Errorf("%w: no MAK", ErrLayout)
	}
	return w, nil
}

func (w *Working) keep(name string, key []byte) {
	switch name {
	case "pik":
		w.PIK = key
	case "mak":
		w.MAK = key
	case "tdk":
		w.TDK = key
	}
}

// Wrap is the host's side of Unwrap: field 62 for these working keys.
func Wrap(tmk []byte, w Working, layout string) ([]byte, error) {
	parts, _, err := parseLayout(layout)
	if err != nil {
		return nil, err
	}
	plain := map[string][]byte{"pik": w.PIK, "mak": w.MAK, "tdk": w.TDK}
	var out, last []byte
	for _, p := range parts {
		switch p.name {
		case "zero":
			out = append(out, make([]byte, p.size)...)
		case "kcv":
			kcv, err := KCV(last)
			if err != nil {
				return nil, err
			}
			out = append(out, kcv...)
		default:
			if last = plain[p.name]; len(last) != p.size {
				return nil, fmt.Errorf("%w: %s has %d bytes, the layout %d", ErrLength, p.name, len(last), p.size)
			}
			wrapped, err := EncryptECB(tmk, last)
			if err != nil {
				return nil, err
			}
			out = append(out, wrapped...)
		}
	}
	return out, nil
}
