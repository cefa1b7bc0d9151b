package pinpad

import (
	"context"
	"encoding/binary"
	"errors"

	"tillkeeper/app/pos"
)

// Format is the format of a PIN block by its number in ISO 9564-1.
type Format byte

// The formats of PIN blocks. Format 4 needs a key of AES, 0 and 3 one of triple DES.
const (
	Format0 Format = 0
	Format3 Format = 3
	Format4 Format = 4
)

// Scheme says on the wire under which key a PIN block is encrypted.
type Scheme byte

// The schemes.
const (
	Session   Scheme = 0 // the PIK of the last sign-on
	DUKPTTDES Scheme = 1 // the key of a new transaction of a DUKPT device of triple DES
	DUKPTAES  Scheme = 2 // the same of AES, whatever kind its working keys are of
)

// schemes are the keys that may be asked for, with the length in bytes of the KSN of the answer.
var schemes = map[string]struct {
	scheme Scheme
	ksn    int
}{
	"": {Session, 0}, pos.PINSession: {Session, 0}, pos.PINDUKPTTDES: {DUKPTTDES, 10}, pos.PINDUKPTAES: {DUKPTAES, 12},
}

// PINBlock has the pad show the amount, ask the customer for the PIN and answer the encrypted block, and waits until ctx ends. ErrCancelled, ErrTimeout: none was entered; ErrUnplugged: the line went while it was waited for; ErrExhausted, ErrNoKeys: no key for it; ErrRefused: format and key do not fit. A PIN that was passed by where that is allowed is no error.
func (p *Pad) PINBlock(ctx context.Context, r pos.PINRequest) (pos.PINResult, error) {
	want, known := schemes[r.Keys]
	if !known {
		return pos.PINResult{}, ErrRefused
	}
	data := []byte{r.Format, byte(want.scheme), 0}
	if r.Bypass {
		data[2] = 1
	}
	data = binary.BigEndian.AppendUint64(data, uint64(r.Amount)) //nolint:gosec // the pad reads it back as signed
	b, err := p.do(ctx, CmdPIN, append(data, r.PAN...))
	if r.Bypass && errors.Is(err, ErrBypassed) {
		return pos.PINResult{Format: r.Format, Bypassed: true}, nil
	}
	if err != nil {
		return pos.PINResult{}, err
	}
	block, ksn, err := prefixed(b)
	if err != nil || len(block) != blockBytes(Format(r.Format)) || len(ksn) != want.ksn {
		return pos.PINResult{}, ErrRefused
	}
	out := pos.PINResult{Block: block, Format: r.Format}
	if len(ksn) > 0 {
		out.KSN = ksn
	}
	return out, nil
}

// blockBytes is the length of an encrypted block: one block of its cipher.
func blockBytes(f Format) int {
	if f == Format4 {
		return 16
	}
	return 8
}
