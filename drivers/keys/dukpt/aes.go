package dukpt

import (
	"bytes"
	"crypto/aes"
	"encoding/binary"
	"fmt"
	"math/bits"
)

const (
	aesKSN       = 12
	aesID        = 8
	aesRegisters = 32
	aesMostOnes  = 16 // ones in a counter that is used
)

// Type is the algorithm and length of a key, by its number in X9.24-3.
type Type uint16

// The types of key.
const (
	TDEA2  Type = 0 // two-key triple DES, 16 bytes
	TDEA3  Type = 1 // three-key triple DES, 24 bytes
	AES128 Type = 2
	AES192 Type = 3
	AES256 Type = 4
)

// Size is the length of a key of this type in bytes, 0 for an unknown one.
func (t Type) Size() int {
	switch t {
	case TDEA2, AES128:
		return 16
	case TDEA3, AES192:
		return 24
	case AES256:
		return 32
	}
	return 0
}

// typeOf is the AES type of a key of this length.
func typeOf(key []byte) (Type, error) {
	for _, t := range []Type{AES128, AES192, AES256} {
		if t.Size() == len(key) {
			return t, nil
		}
	}
	return 0, fmt.Errorf("%w: an AES key of %d bytes", ErrLength, len(key))
}

// The usages in the derivation data.
const (
	usePIN        = 0x1000
	useMAC        = 0x2000
	useMACAnswer  = 0x2001
	useData       = 0x3000
	useDataAnswer = 0x3001
	useDerivation = 0x8000
	useInitial    = 0x8001
)

// AES is the device of ANSI X9.24-3: 32 registers of intermediate derivation keys. Not safe for use by several goroutines.
type AES struct {
	id      [aesID]byte
	own     Type   // of the initial key and the registers
	working Type   // of the keys it answers
	counter uint32 // the next one; zero: exhausted
	future  [aesRegisters][]byte
}

// NewAES makes a device from its initial key (16, 24 or 32 bytes), its id (8 bytes) and the type of the keys
// it is to answer, which must not be stronger than the initial key (ErrLength).
func NewAES(initial, id []byte, working Type) (*AES, error) {
	own, err := typeOf(initial)
	if err != nil || len(id) != aesID {
		return nil, fmt.Errorf("%w: initial key of %d bytes, id of %d", ErrLength, len(initial), len(id))
	}
	if !mayDerive(own, working) {
		return nil, fmt.Errorf("%w: working keys of type %d from an initial key of %d bytes", ErrLength, working, len(initial))
	}
	d := &AES{own: own, working: working, counter: 1}
	copy(d.id[:], id)
	d.fill(initial, 0, aesRegisters)
	return d, nil
}

// mayDerive tells whether working keys are known and no stronger than what they are derived from.
func mayDerive(own, working Type) bool {
	return working <= TDEA3 || working <= own && working <= AES256
}

// fill derives the keys below register from the key of counter.
func (d *AES) fill(key []byte, counter uint32, register int) {
	for i := register - 1; i >= 0; i-- {
		d.future[i] = derive(key, useDerivation, d.own, d.context(counter|1<<i))
	}
}

// context is the last 8 bytes of the derivation data of a transaction.
func (d *AES) context(counter uint32) []byte { return contextOf(d.id[:], counter) }

func contextOf(id []byte, counter uint32) []byte {
	return binary.BigEndian.AppendUint32(bytes.Clone(id[aesID/2:]), counter)
}

// derive answers a key of type t for a usage: AES under key over version 1 | block number | usage 2 | type 2
// | bits 2 | context 8, as many blocks as it needs.
func derive(key []byte, usage uint16, t Type, context []byte) []byte {
	c, err := aes.NewCipher(key)
	if err != nil {
		panic("dukpt: " + err.Error()) // lengths are checked where keys come in
	}
	data := []byte{1, 0}
	data = binary.BigEndian.AppendUint16(data, usage)
	data = binary.BigEndian.AppendUint16(data, uint16(t))
	data = binary.BigEndian.AppendUint16(data, uint16(t.Size()*8)) //nolint:gosec // at most 256
	data = append(data, context...)
	out := make([]byte, 0, 2*aes.BlockSize)
	for len(out) < t.Size() {
		data[1]++
		var block [aes.BlockSize]byte
		c.Encrypt(block[:], data)
		out = append(out, block[:]...)
	}
	return out[:t.Size()]
}

// workingKeys derives the keys of a transaction.
func workingKeys(key, id []byte, counter uint32, t Type) Keys {
	context := contextOf(id, counter)
	return Keys{
		KSN: binary.BigEndian.AppendUint32(bytes.Clone(id), counter), Type: t,
		PIN:        derive(key, usePIN, t, context),
		MAC:        derive(key, useMAC, t, context),
		MACAnswer:  derive(key, useMACAnswer, t, context),
		Data:       derive(key, useData, t, context),
		DataAnswer: derive(key, useDataAnswer, t, context),
	}
}

// Kind answers KindAES.
func (d *AES) Kind() byte { return KindAES }

// Next answers the keys of the next counter.
func (d *AES) Next() (Keys, error) {
	if d.counter == 0 {
		return Keys{}, ErrExhausted
	}
	at := bits.TrailingZeros32(d.counter)
	key := d.future[at]
	out := workingKeys(key, d.id[:], d.counter, d.working)
	step := uint32(1) << at // skips counters with more ones
	if bits.OnesCount32(d.counter) < aesMostOnes {
		d.fill(key, d.counter, at)
		step = 1
	}
	clear(key)
	d.future[at] = nil
	d.counter += step // past the last one it wraps to zero
	return out, nil
}

// State answers kind | id 8 | type of the registers 1 | type of the keys 1 | counter 4 | 32 x (1 when there, key).
func (d *AES) State() []byte {
	b := append([]byte{KindAES}, d.id[:]...)
	b = append(b, byte(d.own), byte(d.working))
	b = binary.BigEndian.AppendUint32(b, d.counter)
	for _, k := range d.future {
		b = appendRegister(b, k, d.own.Size())
	}
	return b
}

func restoreAES(b []byte) (*AES, error) {
	const head = aesID + 2 + 4
	if len(b) < head {
		return nil, ErrState
	}
	d := &AES{own: Type(b[aesID]), working: Type(b[aesID+1]), counter: binary.BigEndian.Uint32(b[aesID+2:])}
	if d.own < AES128 || d.own > AES256 || !mayDerive(d.own, d.working) || len(b) != head+aesRegisters*(1+d.own.Size()) {
		return nil, ErrState
	}
	copy(d.id[:], b)
	registers(b[head:], d.own.Size(), d.future[:])
	if !complete(d.counter, aesMostOnes, d.future[:]) {
		return nil, ErrState
	}
	return d, nil
}

// AESInitialKey answers the initial key of the device with this id (8 bytes), as long as the base key: the injector's side.
func AESInitialKey(bdk, id []byte) ([]byte, error) {
	t, err := typeOf(bdk)
	if err != nil {
		return nil, err
	}
	if len(id) != aesID {
		return nil, fmt.Errorf("%w: an id of %d bytes", ErrLength, len(id))
	}
	return derive(bdk, useInitial, t, id), nil
}

// AESKeys answers the keys of the transaction with this KSN (12 bytes) from the base derivation key: the
// host's side. A counter of zero or of more than 16 ones is ErrState.
func AESKeys(bdk, ksn []byte, working Type) (Keys, error) {
	if len(ksn) != aesKSN {
		return Keys{}, fmt.Errorf("%w: a KSN of %d bytes", ErrLength, len(ksn))
	}
	id, counter := ksn[:aesID], binary.BigEndian.Uint32(ksn[aesID:])
	key, err := AESInitialKey(bdk, id)
	if err != nil {
		return Keys{}, err
	}
	own, err := typeOf(key)
	if err != nil || !mayDerive(own, working) {
		return Keys{}, fmt.Errorf("%w: working keys of type %d", ErrLength, working)
	}
	if counter == 0 || bits.OnesCount32(counter) > aesMostOnes {
		return Keys{}, fmt.Errorf("%w: a counter that is not used", ErrState)
	}
	return workingKeys(walk(key, own, id, counter), id, counter, working), nil
}

// walk derives the intermediate key of a counter from the initial key.
func walk(key []byte, own Type, id []byte, counter uint32) []byte {
	walked := uint32(0)
	for bit := uint32(1) << (aesRegisters - 1); bit != 0; bit >>= 1 {
		if counter&bit != 0 {
			walked |= bit
			key = derive(key, useDerivation, own, contextOf(id, walked))
		}
	}
	return key
}
