package keys

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/keys/dukpt"
)

// The kinds of key store, as the configuration names them.
const (
	KindDemo       = "demo"       // one plain file
	KindPassphrase = "passphrase" // one file sealed under a key derived from a passphrase
)

// content is what a store keeps; every value is hex but the layout.
type content struct {
	TMK        string `json:"tmk"`
	Configured string `json:"configured,omitempty"` // the TMK that the configuration brought last
	F62        string `json:"f62,omitempty"`
	Layout     string `json:"layout,omitempty"`
	PINs       bool   `json:"pins,omitempty"`  // the PIN key of F62 may be used
	DUKPT      string `json:"dukpt,omitempty"` // state of the device
	Master     string `json:"master"`
}

// newContent makes a store's first content: a master key and nothing else.
func newContent() content {
	master := make([]byte, masterBytes)
	rand.Read(master) //nolint:errcheck // never fails: the program ends instead
	return content{Master: hex.EncodeToString(master)}
}

// Store holds the terminal master key, the working keys, the DUKPT device and the master key of the sealing
// folder; safe for use by several goroutines. OpenDemo and OpenPassphrase make one.
type Store struct {
	kind string
	keep func(content) error // durable when it returns

	mu      sync.Mutex
	content content
	tmk     []byte // nil: none yet
	work    Working
	device  dukpt.Device // nil: none
}

// newStore takes what was kept into use. Working keys that do not fit stay unused, so that the till signs on.
func newStore(kind string, c content, keep func(content) error) (*Store, error) {
	s := &Store{kind: kind, keep: keep, content: c}
	if m, err := hex.DecodeString(c.Master); err != nil || len(m) != masterBytes {
		return nil, fmt.Errorf("%w: master key", ErrFile)
	}
	tmk, err := hex.DecodeString(c.TMK)
	if err != nil || len(tmk) != tmkBytes && len(tmk) != 0 {
		return nil, fmt.Errorf("%w: TMK", ErrFile)
	}
	if len(tmk) != 0 {
		s.tmk = tmk
	}
	if c.DUKPT != "" {
		state, err := hex.DecodeString(c.DUKPT)
		if err != nil {
			return nil, fmt.Errorf("%w: DUKPT", ErrFile)
		}
		if s.device, err = dukpt.Restore(state); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFile, err)
		}
	}
	s.restore()
	return s, nil
}

func (s *Store) restore() {
	f62, err := hex.DecodeString(s.content.F62)
	if err != nil || len(f62) == 0 || s.tmk == nil {
		return
	}
	w, err := Unwrap(s.tmk, f62, s.content.Layout)
	if err != nil {
		return
	}
	if !s.content.PINs {
		w.PIK = nil
	}
	s.work = w
}

// Kind answers KindDemo or KindPassphrase.
func (s *Store) Kind() string { return s.kind }

// HasTMK tells whether there is a terminal master key.
func (s *Store) HasTMK() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tmk != nil
}

// SetTMK injects a terminal master key of 16 bytes; another than the stored one drops the working keys.
func (s *Store) SetTMK(tmk []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.setTMK(tmk, s.content.Configured)
}

func (s *Store) setTMK(tmk []byte, configured string) error {
	if len(tmk) != tmkBytes {
		return fmt.Errorf("%w: the TMK has %d bytes, not %d", ErrLength, len(tmk), tmkBytes)
	}
	next := s.content
	next.TMK, next.Configured = fmt.Sprintf("%X", tmk), configured
	if next == s.content {
		return nil
	}
	same := next.TMK == s.content.TMK
	if !same {
		next.F62, next.Layout, next.PINs = "", "", false
	}
	if err := s.save(next); err != nil {
		return err
	}
	if !same {
		s.tmk, s.work = bytes.Clone(tmk), Working{}
	}
	return nil
}

func (s *Store) save(c content) error {
	if err := s.keep(c); err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	s.content = c
	return nil
}

// LoadKeys takes working keys from field 62 of a sign-on answer, as a PIN pad does: checked, stored durably,
// then used in place of the earlier ones. Keys that do not match leave no working keys: ErrKCV. ErrNoTMK:
// nothing to unwrap them with.
func (s *Store) LoadKeys(_ context.Context, f62 []byte, layout string) error {
	return s.load(f62, layout, true)
}

func (s *Store) load(f62 []byte, layout string, pins bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tmk == nil {
		return ErrNoTMK
	}
	w, err := Unwrap(s.tmk, f62, layout)
	next := s.content
	next.F62, next.Layout, next.PINs = fmt.Sprintf("%X", f62), layout, pins
	if err != nil {
		next.F62, next.Layout, next.PINs = "", "", false
		w = Working{}
	}
	s.work = Working{}
	if saved := s.save(next); saved != nil {
		return saved
	}
	if !pins {
		w.PIK = nil
	}
	s.work = w
	return err
}

// Working answers the working keys for the simulated pad; ErrNoKeys while there are none.
func (s *Store) Working() (Working, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.work.MAK == nil {
		return Working{}, ErrNoKeys
	}
	return s.work, nil
}

// SetDUKPT injects a DUKPT device (dukpt.NewTDES, dukpt.NewAES) in place of an earlier one; nil takes it away.
func (s *Store) SetDUKPT(d dukpt.Device) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.content
	next.DUKPT = ""
	if d != nil {
		next.DUKPT = fmt.Sprintf("%X", d.State())
	}
	if err := s.save(next); err != nil {
		return err
	}
	s.device = d
	return nil
}

// NextDUKPT answers the keys of the next transaction; that its counter is used is on disk before. ErrNoKeys:
// there is no device; dukpt.ErrExhausted: it is used up.
func (s *Store) NextDUKPT() (dukpt.Keys, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.device == nil {
		return dukpt.Keys{}, ErrNoKeys
	}
	k, err := s.device.Next()
	if err != nil {
		return k, err
	}
	next := s.content
	next.DUKPT = fmt.Sprintf("%X", s.device.State())
	if err := s.save(next); err != nil {
		k.Forget()
		return dukpt.Keys{}, err
	}
	return k, nil
}

// Erase drops the terminal master key, the working keys and the DUKPT device, as a PIN pad does that was
// opened by force; it is durable when it returns. The master key of the sealing folder stays.
func (s *Store) Erase() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := content{Master: s.content.Master, Configured: s.content.Configured}
	if err := s.save(next); err != nil {
		return err
	}
	clear(s.tmk)
	s.tmk, s.work, s.device = nil, Working{}, nil
	return nil
}

// Sealer opens the sealing keys in folder dir, wrapped under this store's master key.
func (s *Store) Sealer(dir string) (*Sealer, error) {
	s.mu.Lock()
	master, err := hex.DecodeString(s.content.Master)
	s.mu.Unlock()
	if err != nil {
		return nil, fmt.Errorf("%w: master key", ErrFile)
	}
	return OpenSealer(dir, master)
}

// DUKPTKind answers dukpt.KindTDES, dukpt.KindAES, or 0 while there is no device.
func (s *Store) DUKPTKind() byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.device == nil {
		return 0
	}
	return s.device.Kind()
}

// Open opens or makes the store of the kind that the configuration names at path: KindDemo takes tmkHex (see
// OpenDemo), KindPassphrase the passphrase (see OpenPassphrase).
func Open(kind, path, tmkHex string, passphrase []byte) (*Store, error) {
	switch kind {
	case KindDemo:
		return OpenDemo(path, tmkHex)
	case KindPassphrase:
		return OpenPassphrase(path, passphrase)
	}
	return nil, pos.Errorf("bad_config", `write "demo" or "passphrase"`, "keys.store: %q is no key store of this version", kind)
}
