package keys

import (
	"context"
	"fmt"

	"tillkeeper/app/pos"
)

// MACFunc computes the 8 bytes of field 64 by the name of an algorithm; MAC is one.
type MACFunc func(algorithm string, key, data []byte) ([]byte, error)

// Port is the store in the place of a PIN pad, for a shop without one: it computes MACs and takes no PIN.
type Port struct {
	store *Store
	mac   MACFunc
}

// Port answers the store behind the PIN pad's port; mac is the way to compute field 64, nil takes MAC.
func (s *Store) Port(mac MACFunc) *Port {
	if mac == nil {
		mac = MAC
	}
	return &Port{store: s, mac: mac}
}

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
func (p *Port) PINBlock(context.Context, pos.PINRequest) (pos.PINResult, error) {
	return pos.PINResult{}, ErrNoPINPad
}
