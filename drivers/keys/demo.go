package keys

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

const (
	demoVersion = 1
	fileLimit   = 64 << 10 // bytes of a key file
)

// demoFile is the demo key store on disk.
type demoFile struct {
	Version int    `json:"version"`
	Warning string `json:"warning"`
	content
}

// OpenDemo opens or makes the demonstration store at path: one plain file (0600), so the till says on every
// screen and receipt that it has one. tmkHex (16 bytes in hex) is the terminal master key of the
// configuration; empty, or the one that it brought before, leaves the stored one, another one replaces it and
// drops the working keys.
func OpenDemo(path, tmkHex string) (*Store, error) {
	s, err := openDemo(path)
	if err != nil {
		return nil, err
	}
	if err := s.configure(tmkHex); err != nil {
		return nil, err
	}
	return s, nil
}

func openDemo(path string) (*Store, error) {
	f := demoFile{}
	raw, err := readFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.content = newContent()
	case err != nil:
		return nil, err
	default:
		if err := json.Unmarshal(raw, &f); err != nil || f.Version != demoVersion {
			return nil, fmt.Errorf("%w: %s is not a demo key file of version %d", ErrFile, path, demoVersion)
		}
	}
	s, err := newStore(KindDemo, f.content, func(c content) error { return saveDemo(path, c) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// OpenPad opens or makes the key file of a simulated PIN pad that is a device of its own: as OpenDemo, but
// with an empty tmkHex a new one has no terminal master key, until its components are keyed in.
func OpenPad(path, tmkHex string) (*Store, error) {
	s, err := openDemo(path)
	if err != nil || tmkHex == "" {
		return s, err
	}
	return s, s.configure(tmkHex)
}

func saveDemo(path string, c content) error {
	raw, err := json.MarshalIndent(demoFile{demoVersion, "demonstration keys in plain: never take real cards with them", c}, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(path, append(raw, '\n'))
}

// configure takes the TMK of the configuration, where it is a new one.
func (s *Store) configure(tmkHex string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.content.Configured
	if before == "" {
		before = s.content.TMK // a file of an earlier version
	}
	tmk, err := hex.DecodeString(tmkHex)
	if err != nil {
		return fmt.Errorf("%w: the TMK is not hex", ErrLength)
	}
	configured := fmt.Sprintf("%X", tmk)
	switch {
	case tmkHex == "" && s.tmk != nil:
		return nil
	case configured == before && s.tmk != nil:
		tmk = s.tmk
	}
	return s.setTMK(tmk, configured)
}

// readFile reads a key file whole, after what an interrupted writing of it left was removed. fs.ErrNotExist
// is answered as it is, all else as ErrFile.
func readFile(path string) ([]byte, error) {
	if err := sweep(path); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	st, err := os.Stat(path)
	if err == nil && st.Size() > fileLimit {
		return nil, fmt.Errorf("%w: %s is larger than %d bytes", ErrFile, path, fileLimit)
	}
	var raw []byte
	if err == nil {
		raw, err = os.ReadFile(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	return raw, err
}
