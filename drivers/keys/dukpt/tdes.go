package dukpt

import (
	"bytes"
	"crypto/des" //nolint:gosec // ANSI X9.24-1 is defined on DES
	"encoding/binary"
	"fmt"
	"math/bits"
)

const (
	tdesKSN       = 10
	tdesKey       = 16
	tdesRegisters = 21 // bits of the counter
	tdesMostOnes  = 10 // ones in a counter that is used
	tdesCounters  = 1 << tdesRegisters
	half          = 8
)

// TDES is the device of ANSI X9.24-1: 21 registers of future keys. Not safe for use by several goroutines.
type TDES struct {
	id      [half]byte // the last 8 bytes of the KSN, counter zero
	head    [2]byte    // the first 2 bytes of the KSN
	counter uint32     // the next one; zero: exhausted
	future  [tdesRegisters][]byte
}

// NewTDES makes a device from its initial key (16 bytes) and initial KSN (10 bytes, the counter in it is not looked at).
func NewTDES(initial, ksn []byte) (*TDES, error) {
	if len(initial) != tdesKey || len(ksn) != tdesKSN {
		return nil, fmt.Errorf("%w: initial key of %d bytes, KSN of %d", ErrLength, len(initial), len(ksn))
	}
	d := &TDES{counter: 1}
	copy(d.head[:], ksn)
	copy(d.id[:], ksn[2:])
	d.id = withCounter(d.id, 0)
	d.fill(initial, 0, tdesRegisters)
	return d, nil
}

// withCounter sets the 21 bits of the counter in the last 8 bytes of a KSN.
func withCounter(id [half]byte, counter uint32) [half]byte {
	n := binary.BigEndian.Uint64(id[:])&^uint64(tdesCounters-1) | uint64(counter)
	binary.BigEndian.PutUint64(id[:], n)
	return id
}

// fill derives the future keys below register from the key of counter.
func (d *TDES) fill(key []byte, counter uint32, register int) {
	for i := register - 1; i >= 0; i-- {
		d.future[i] = forward(key, withCounter(d.id, counter|1<<i))
	}
}

// Kind answers KindTDES.
func (d *TDES) Kind() byte { return KindTDES }

// Next answers the keys of the next counter.
func (d *TDES) Next() (Keys, error) {
	if d.counter == 0 {
		return Keys{}, ErrExhausted
	}
	id := withCounter(d.id, d.counter)
	key := d.step()
	defer clear(key)
	return variants(key, append(d.head[:len(d.head):len(d.head)], id[:]...)), nil
}

// step takes the key of the counter out of its register, derives the future keys that only it can and moves the counter on.
func (d *TDES) step() []byte {
	at := bits.TrailingZeros32(d.counter)
	key := d.future[at]
	step := uint32(1) << at // skips counters with more ones
	if bits.OnesCount32(d.counter) < tdesMostOnes {
		d.fill(key, d.counter, at)
		step = 1
	}
	d.future[at] = nil
	if d.counter += step; d.counter >= tdesCounters {
		d.counter = 0
	}
	return key
}

// State answers kind | head 2 | id 8 | counter 4 | 21 x (1 when there, key 16).
func (d *TDES) State() []byte {
	b := append([]byte{KindTDES}, d.head[:]...)
	b = append(b, d.id[:]...)
	b = binary.BigEndian.AppendUint32(b, d.counter)
	for _, k := range d.future {
		b = appendRegister(b, k, tdesKey)
	}
	return b
}

func appendRegister(b, key []byte, size int) []byte {
	if key == nil {
		return append(b, make([]byte, 1+size)...)
	}
	return append(append(b, 1), key...)
}

func restoreTDES(b []byte) (*TDES, error) {
	if len(b) != 2+half+4+tdesRegisters*(1+tdesKey) {
		return nil, ErrState
	}
	d := &TDES{counter: binary.BigEndian.Uint32(b[2+half:])}
	copy(d.head[:], b)
	copy(d.id[:], b[2:])
	registers(b[2+half+4:], tdesKey, d.future[:])
	if d.counter >= tdesCounters || !complete(d.counter, tdesMostOnes, d.future[:]) {
		return nil, ErrState
	}
	return d, nil
}

// complete tells whether counter is one that is used, or zero, and the registers hold every key that the counters from it on begin with.
func complete(counter uint32, mostOnes int, future [][]byte) bool {
	if bits.OnesCount32(counter) > mostOnes {
		return false
	}
	for i := range future {
		if counter != 0 && ahead(counter, i, mostOnes) && future[i] == nil {
			return false
		}
	}
	return true
}

// ahead tells whether register i holds the key of counter with the bits below i cleared and i set: one still
// to be used, and not derived from the key of counter itself.
func ahead(counter uint32, i, mostOnes int) bool {
	c := counter>>i<<i | 1<<i
	return c >= counter && bits.OnesCount32(c) <= mostOnes && i >= bits.TrailingZeros32(counter)
}

func registers(b []byte, size int, into [][]byte) {
	for i := range into {
		if b[0] == 1 {
			into[i] = bytes.Clone(b[1 : 1+size])
		}
		b = b[1+size:]
	}
}

// desOnce encrypts one block under a single DES key.
func desOnce(key []byte, block *[half]byte) {
	c, err := des.NewCipher(key) //nolint:gosec // see the import
	if err != nil {
		panic("dukpt: " + err.Error()) // only another length than 8 can fail
	}
	c.Encrypt(block[:], block[:])
}

func mixed(a [half]byte, b []byte) [half]byte {
	for i := range a {
		a[i] ^= b[i]
	}
	return a
}

// masked answers key XOR mask, twice 8 bytes.
func masked(key []byte, mask [half]byte) []byte {
	out := bytes.Clone(key)
	for i := range out {
		out[i] ^= mask[i%half]
	}
	return out
}

var spread = [half]byte{0xC0, 0xC0, 0xC0, 0xC0}

// forward is the one-way step from a key to a future key (non-reversible key generation process).
func forward(key []byte, id [half]byte) []byte {
	out := make([]byte, 0, tdesKey)
	for _, k := range [][]byte{masked(key, spread), key} {
		r := mixed(id, k[half:])
		desOnce(k[:half], &r)
		r = mixed(r, k[half:])
		out = append(out, r[:]...)
	}
	return out
}

// variants makes the keys of a transaction from its key; data keys are encrypted under themselves.
func variants(key, ksn []byte) Keys {
	return Keys{
		KSN: ksn, Type: TDEA2,
		PIN:        masked(key, [half]byte{7: 0xFF}),
		MAC:        masked(key, [half]byte{6: 0xFF}),
		MACAnswer:  masked(key, [half]byte{4: 0xFF}),
		Data:       onItself(masked(key, [half]byte{5: 0xFF})),
		DataAnswer: onItself(masked(key, [half]byte{3: 0xFF})),
	}
}

// triple encrypts whole blocks under a key of 16 bytes.
func triple(key, in []byte) []byte {
	c, err := des.NewTripleDESCipher(append(bytes.Clone(key), key[:half]...)) //nolint:gosec // see the import
	if err != nil {
		panic("dukpt: " + err.Error()) // only another length than 24 can fail
	}
	out := make([]byte, len(in))
	for i := 0; i < len(in); i += half {
		c.Encrypt(out[i:], in[i:])
	}
	return out
}

func onItself(key []byte) []byte { return triple(key, key) }

// TDESInitialKey answers the initial key of the device with this KSN (10 bytes): the injector's side.
func TDESInitialKey(bdk, ksn []byte) ([]byte, error) {
	if len(bdk) != tdesKey || len(ksn) != tdesKSN {
		return nil, fmt.Errorf("%w: base key of %d bytes, KSN of %d", ErrLength, len(bdk), len(ksn))
	}
	id := bytes.Clone(ksn[:half])
	id[half-1] &= 0xE0
	return append(triple(bdk, id), triple(masked(bdk, spread), id)...), nil
}

// TDESKeys answers the keys of the transaction with this KSN from the base derivation key: the host's side. A
// counter of zero or of more than ten ones is ErrState.
func TDESKeys(bdk, ksn []byte) (Keys, error) {
	key, err := TDESInitialKey(bdk, ksn)
	if err != nil {
		return Keys{}, err
	}
	var id [half]byte
	copy(id[:], ksn[2:])
	counter := binary.BigEndian.Uint32(id[4:]) % tdesCounters
	if counter == 0 || bits.OnesCount32(counter) > tdesMostOnes {
		return Keys{}, fmt.Errorf("%w: a counter that is not used", ErrState)
	}
	walked := uint32(0)
	for bit := uint32(tdesCounters >> 1); bit != 0; bit >>= 1 {
		if counter&bit != 0 {
			walked |= bit
			key = forward(key, withCounter(id, walked))
		}
	}
	return variants(key, bytes.Clone(ksn)), nil
}
