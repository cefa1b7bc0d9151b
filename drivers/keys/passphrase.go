package keys

import (
	"bytes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/crypto/argon2"
)

const (
	passVersion = 1
	argonTime   = 3
	argonMemory = 64 << 10 // KiB
	argonLanes  = 1
	saltBytes   = 16

	// LeastPassphrase is the fewest bytes of a passphrase under which a store is made.
	LeastPassphrase = 12
)

// passName binds the box of a passphrase store to what it is.
const passName = "tillkeeper key store 1, argon2id t=3 m=65536 p=1"

// passFile is the passphrase store on disk. Salt and Box go to JSON as base64; Sum is SHA-256 over both, so
// that damage is told from a wrong passphrase.
type passFile struct {
	Version int    `json:"version"`
	KDF     string `json:"kdf"`
	Salt    []byte `json:"salt"`
	Box     []byte `json:"box"`
	Sum     []byte `json:"sum"`
}

const passKDF = "argon2id t=3 m=65536 p=1"

func (f passFile) sum() []byte {
	h := sha256.New()
	h.Write(f.Salt)
	h.Write(f.Box)
	return h.Sum(nil)
}

// OpenPassphrase opens the store at path with its passphrase, or makes one where there is no file
// (ErrShortPassphrase: under 12 bytes). It takes a moment and 64 MiB: Argon2id. ErrPassphrase: not the one;
// ErrFile: damaged. A new store has no TMK: enter it by a Ceremony. The passphrase is not kept; the caller
// may overwrite it.
func OpenPassphrase(path string, passphrase []byte) (*Store, error) {
	raw, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makePassphrase(path, passphrase)
	}
	if err != nil {
		return nil, err
	}
	var f passFile
	err = json.Unmarshal(raw, &f)
	if err != nil || f.Version != passVersion || f.KDF != passKDF || len(f.Salt) != saltBytes || !bytes.Equal(f.Sum, f.sum()) {
		return nil, fmt.Errorf("%w: %s is not a whole passphrase store of version %d", ErrFile, path, passVersion)
	}
	aead, err := passKey(passphrase, f.Salt)
	if err != nil {
		return nil, err
	}
	plain, err := open(aead, passName, f.Salt, f.Box)
	if err != nil {
		return nil, ErrPassphrase
	}
	defer clear(plain)
	var c content
	if err := json.Unmarshal(plain, &c); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrFile, path)
	}
	return newStore(KindPassphrase, c, passKeeper(path, aead, f.Salt))
}

func makePassphrase(path string, passphrase []byte) (*Store, error) {
	s, err := newStore(KindPassphrase, newContent(), nil)
	if err != nil {
		return nil, err
	}
	if err := s.ChangePassphrase(path, passphrase); err != nil {
		return nil, err
	}
	return s, nil
}

// ChangePassphrase writes the store to path under another passphrase of at least 12 bytes
// (ErrShortPassphrase) and a new salt; the old one opens it no more. Only for a passphrase store.
func (s *Store) ChangePassphrase(path string, passphrase []byte) error {
	if s.kind != KindPassphrase {
		return fmt.Errorf("%w: a %s store has no passphrase", ErrFile, s.kind)
	}
	if len(passphrase) < LeastPassphrase {
		return ErrShortPassphrase
	}
	salt := make([]byte, saltBytes)
	rand.Read(salt) //nolint:errcheck // never fails: the program ends instead
	aead, err := passKey(passphrase, salt)
	if err != nil {
		return err
	}
	keep := passKeeper(path, aead, salt)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := keep(s.content); err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	s.keep = keep
	return nil
}

// passKey derives the key of the box.
func passKey(passphrase, salt []byte) (cipher.AEAD, error) {
	key := argon2.IDKey(passphrase, salt, argonTime, argonMemory, argonLanes, masterBytes)
	defer clear(key)
	return newGCM(key)
}

func passKeeper(path string, aead cipher.AEAD, salt []byte) func(content) error {
	return func(c content) error {
		plain, err := json.Marshal(c)
		if err != nil {
			return err
		}
		defer clear(plain)
		f := passFile{Version: passVersion, KDF: passKDF, Salt: salt, Box: seal(aead, passName, salt, plain)}
		f.Sum = f.sum()
		raw, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			return err
		}
		return replaceFile(path, append(raw, '\n'))
	}
}
