package keys

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

const (
	demoVersion = 1
	demoLimit   = 64 << 10 // bytes of a demo file
)

// demoFile is the demo key store on disk; every value is hex.
type demoFile struct {
	Version int    `json:"version"`
	Warning string `json:"warning"`
	TMK     string `json:"tmk"`
	F62     string `json:"f62,omitempty"`
	Layout  string `json:"layout,omitempty"`
	PINs    bool   `json:"pins,omitempty"` // the PIN key of F62 may be used
	Master  string `json:"master"`
}

// Demo is the demonstration key store: one plain file (0600). It says so on every screen and receipt that it is one.
type Demo struct {
	path string
	mu   sync.Mutex
	file demoFile
	tmk  []byte
	work Working
}

// OpenDemo opens or makes the store at path. tmkHex (16 bytes in hex) is the terminal master key; empty takes the stored one, another than the stored one replaces it and drops the working keys.
func OpenDemo(path, tmkHex string) (*Demo, error) {
	d := &Demo{path: path}
	if err := sweep(path); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	raw, err := readLimited(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		master := make([]byte, masterBytes)
		rand.Read(master) //nolint:errcheck // never fails: the program ends instead
		d.file = demoFile{Version: demoVersion, Warning: "demonstration keys in plain: never take real cards with them", Master: hex.EncodeToString(master)}
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	default:
		if err := json.Unmarshal(raw, &d.file); err != nil || d.file.Version != demoVersion {
			return nil, fmt.Errorf("%w: %s is not a demo key file of version %d", ErrFile, path, demoVersion)
		}
	}
	if m, err := hex.DecodeString(d.file.Master); err != nil || len(m) != masterBytes {
		return nil, fmt.Errorf("%w: %s: master key", ErrFile, path)
	}
	if tmkHex == "" {
		tmkHex = d.file.TMK
	}
	tmk, err := hex.DecodeString(tmkHex)
	if err != nil {
		return nil, fmt.Errorf("%w: the TMK is not hex", ErrLength)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.setTMK(tmk); err != nil {
		return nil, err
	}
	d.restore()
	return d, nil
}

func readLimited(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Size() > demoLimit {
		return nil, fmt.Errorf("larger than %d bytes", demoLimit)
	}
	return os.ReadFile(path)
}

// restore takes the working keys of the file into use; ones that do not fit stay unused, so that the till signs on.
func (d *Demo) restore() {
	f62, err := hex.DecodeString(d.file.F62)
	if err != nil || len(f62) == 0 {
		return
	}
	w, err := Unwrap(d.tmk, f62, d.file.Layout)
	if err != nil {
		return
	}
	if !d.file.PINs {
		w.PIK = nil
	}
	d.work = w
}

// SetTMK injects a terminal master key of 16 bytes; another than the stored one drops the working keys.
func (d *Demo) SetTMK(tmk []byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.setTMK(tmk)
}

func (d *Demo) setTMK(tmk []byte) error {
	if len(tmk) != tmkBytes {
		return fmt.Errorf("%w: the TMK has %d bytes, not %d", ErrLength, len(tmk), tmkBytes)
	}
	next := d.file
	next.TMK = fmt.Sprintf("%X", tmk)
	if next.TMK == d.file.TMK {
		d.tmk = bytes.Clone(tmk)
		return nil
	}
	next.F62, next.Layout, next.PINs = "", "", false
	if err := d.save(next); err != nil {
		return err
	}
	d.tmk, d.work = bytes.Clone(tmk), Working{}
	return nil
}

func (d *Demo) save(f demoFile) error {
	raw, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	if err := replaceFile(d.path, append(raw, '\n')); err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	d.file = f
	return nil
}

// LoadKeys takes working keys from field 62 of a sign-on answer, as a PIN pad does: checked, stored durably, then used. Keys that do not match leave no working keys: ErrKCV.
func (d *Demo) LoadKeys(_ context.Context, f62 []byte, layout string) error {
	return d.load(f62, layout, true)
}

func (d *Demo) load(f62 []byte, layout string, pins bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	w, err := Unwrap(d.tmk, f62, layout)
	next := d.file
	next.F62, next.Layout, next.PINs = fmt.Sprintf("%X", f62), layout, pins
	if err != nil {
		next.F62, next.Layout, next.PINs = "", "", false
		w = Working{}
	}
	d.work = Working{}
	if saved := d.save(next); saved != nil {
		return saved
	}
	if !pins {
		w.PIK = nil
	}
	d.work = w
	return err
}

// Working answers the working keys for the simulated pad; ErrNoKeys while there are none.
func (d *Demo) Working() (Working, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.work.MAK == nil {
		return Working{}, ErrNoKeys
	}
	return d.work, nil
}

// Sealer opens the sealing keys in folder dir, wrapped under this store's master key.
func (d *Demo) Sealer(dir string) (*Sealer, error) {
	master, err := hex.DecodeString(d.file.Master)
	if err != nil {
		return nil, fmt.Errorf("%w: master key", ErrFile)
	}
	return OpenSealer(dir, master)
}

// MACFunc computes the 8 bytes of field 64 by the name of an algorithm.
type MACFunc func(algorithm string, key, data []byte) ([]byte, error)

// Port is the store in the place of a PIN pad, for a shop without one: it computes MACs and takes no PIN.
type Port struct {
	store *Demo
	mac   MACFunc
}

// Port answers the store behind the PIN pad's port; mac is the profile's way to compute field 64.
func (d *Demo) Port(mac MACFunc) *Port { return &Port{store: d, mac: mac} }

// LoadKeys takes field 62 of a sign-on answer; of its keys only the MAK is used.
func (p *Port) LoadKeys(_ context.Context, f62 []byte, layout string) error {
	return p.store.load(f62, layout, false)
}

// HasKeys tells whether a MAK is loaded.
func (p *Port) HasKeys(context.Context) (bool, error) {
	_, err := p.store.Working()
	return err == nil, nil
}

// MAC answers field 64 over data; ErrNoKeys before a sign-on.
func (p *Port) MAC(ctx context.Context, algorithm string, data []byte) ([8]byte, error) {
	var out [8]byte
	if err := ctx.Err(); err != nil {
		return out, err
	}
	w, err := p.store.Working()
	if err != nil {
		return out, err
	}
	b, err := p.mac(algorithm, w.MAK, data)
	if err != nil {
		return out, err
	}
	if copy(out[:], b) != len(out) {
		return [8]byte{}, fmt.Errorf("%w: a MAC of %d bytes", ErrLength, len(b))
	}
	return out, nil
}

// PINBlock answers ErrNoPINPad.
func (p *Port) PINBlock(context.Context, string, int64) ([8]byte, error) {
	return [8]byte{}, ErrNoPINPad
}
