package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"tillkeeper/app/pos"
)

const (
	masterBytes   = 32
	sealVersion   = 1
	nonceBytes    = 12
	tagBytes      = 16
	boxOverhead   = 1 + nonceBytes + tagBytes
	cardHashBytes = 16
	cardHashKey   = "card-hash" // never seals and is never destroyed
	keySuffix     = ".key"
)

var keyName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// Sealer encrypts what must not be readable later under named keys ("day-20261122", "batch-000001") that can
// be destroyed; safe for use by several goroutines.
type Sealer struct {
	dir    string
	master cipher.AEAD
	card   []byte

	mu    sync.Mutex
	cache map[string]cipher.AEAD
}

// OpenSealer opens or makes the folder of sealing keys, each wrapped under master (32 bytes), and the key of the card hash.
func OpenSealer(dir string, master []byte) (*Sealer, error) {
	if len(master) != masterBytes {
		return nil, fmt.Errorf("%w: the master key has %d bytes", ErrLength, len(master))
	}
	aead, err := newGCM(master)
	if err != nil {
		return nil, err
	}
	if err := makeFolder(dir); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if err := sweep(filepath.Join(dir, "*"+keySuffix)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	s := &Sealer{dir: dir, master: aead, cache: map[string]cipher.AEAD{}}
	if s.card, err = s.read(cardHashKey); errors.Is(err, ErrUnknownKey) {
		s.card, err = s.create(cardHashKey)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// makeFolder makes dir (0700) and flushes the entry in its parent.
func makeFolder(dir string) error {
	if st, err := os.Stat(dir); err == nil && st.IsDir() {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(filepath.Clean(dir)))
}

func newGCM(key []byte) (cipher.AEAD, error) {
	c, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("%w: %d bytes", ErrLength, len(key))
	}
	return cipher.NewGCM(c)
}

// Seal encrypts plain under the key keyID and binds it to aad; a new key is on disk, flushed, before it is used.
func (s *Sealer) Seal(keyID string, aad, plain []byte) ([]byte, error) {
	k, err := s.key(keyID, true)
	if err != nil {
		return nil, err
	}
	return seal(k, keyID, aad, plain), nil
}

// Open decrypts a box of Seal. ErrUnknownKey: the key was destroyed; ErrSealed: another key, other aad, or changed bytes.
func (s *Sealer) Open(keyID string, aad, box []byte) ([]byte, error) {
	k, err := s.key(keyID, false)
	if err != nil {
		return nil, err
	}
	return open(k, keyID, aad, box)
}

// Destroy removes a key durably: after it no box under that key can be opened, here or after a restart. A key
// that is not there is destroyed.
func (s *Sealer) Destroy(keyID string) error {
	if err := checkName(keyID); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.cache, keyID)
	if err := removeFile(s.path(keyID)); err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	return nil
}

// CardHash answers the keyed hash (HMAC-SHA256, 16 bytes in hex) by which a card is found again without its number.
func (s *Sealer) CardHash(pan string) string {
	h := hmac.New(sha256.New, s.card)
	h.Write([]byte(pan))
	return hex.EncodeToString(h.Sum(nil)[:cardHashBytes])
}

func checkName(keyID string) error {
	if !keyName.MatchString(keyID) || keyID == cardHashKey {
		return fmt.Errorf("%w: %q", ErrKeyName, keyID)
	}
	return nil
}

func (s *Sealer) path(keyID string) string { return filepath.Join(s.dir, keyID+keySuffix) }

func (s *Sealer) key(keyID string, mayCreate bool) (cipher.AEAD, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.cache[keyID]; ok {
		return k, nil
	}
	if err := checkName(keyID); err != nil {
		return nil, err
	}
	raw, err := s.read(keyID)
	if mayCreate && errors.Is(err, ErrUnknownKey) {
		raw, err = s.create(keyID)
	}
	if err != nil {
		return nil, err
	}
	k, err := newGCM(raw)
	if err != nil {
		return nil, err
	}
	s.cache[keyID] = k
	return k, nil
}

func (s *Sealer) read(keyID string) ([]byte, error) {
	box, err := os.ReadFile(s.path(keyID))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrUnknownKey, keyID)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	raw, err := open(s.master, keyID, nil, box)
	if err != nil || len(raw) != masterBytes {
		return nil, fmt.Errorf("%w: %s: %w", ErrFile, keyID, pos.ErrBoxLost)
	}
	return raw, nil
}

func (s *Sealer) create(keyID string) ([]byte, error) {
	raw := make([]byte, masterBytes)
	rand.Read(raw) //nolint:errcheck // never fails: the program ends instead
	if err := replaceFile(s.path(keyID), seal(s.master, keyID, nil, raw)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	return raw, nil
}

func seal(k cipher.AEAD, keyID string, aad, plain []byte) []byte {
	box := make([]byte, 1+nonceBytes, boxOverhead+len(plain))
	box[0] = sealVersion
	rand.Read(box[1:]) //nolint:errcheck // never fails: the program ends instead
	return k.Seal(box, box[1:1+nonceBytes], plain, bind(keyID, aad))
}

func open(k cipher.AEAD, keyID string, aad, box []byte) ([]byte, error) {
	if len(box) < boxOverhead || box[0] != sealVersion {
		return nil, ErrSealed
	}
	plain, err := k.Open(nil, box[1:1+nonceBytes], box[1+nonceBytes:], bind(keyID, aad))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

func bind(keyID string, aad []byte) []byte {
	out := make([]byte, 0, len(keyID)+1+len(aad))
	out = append(out, keyID...)
	out = append(out, 0)
	return append(out, aad...)
}

// Keys names the keys that exist, without the one of the card hash.
func (s *Sealer) Keys() []string {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return nil // then none can be used either
	}
	var out []string
	for _, f := range files {
		if name, ok := strings.CutSuffix(f.Name(), keySuffix); ok && checkName(name) == nil {
			out = append(out, name)
		}
	}
	return out
}
