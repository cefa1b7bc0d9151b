// Package dukpt derives a key of its own for every transaction (derived unique
// key per transaction): with triple DES as in ANSI X9.24-1:2009 annex A, with
// AES as in ANSI X9.24-3:2017.
//
// Promise: a device never holds the base derivation key, forgets a key when it
// has been used, so that an earlier transaction cannot be computed from what it
// holds, and never uses a counter twice: when the counters are used up it
// answers ErrExhausted for good. Nothing is ever logged or put into an error
// text. The host's side (Keys from the base key and a key serial number) is
// here too, for simulators and tests.
//
// Layout: a key serial number (KSN) is 10 bytes with a counter of 21 bits
// (triple DES), or 12 bytes, initial key id 8 and counter 4 (AES), big-endian.
// A state is kind 1 | its kind's bytes, see State; lengths are in bytes.
package dukpt

import (
	"errors"
	"fmt"
)

var (
	// ErrLength means that a key, a KSN or a state has a length its kind does not take.
	ErrLength = errors.New("dukpt: length")
	// ErrExhausted means that the device has used all its counters: it needs a new initial key.
	ErrExhausted = errors.New("dukpt: no key is left, load a new initial key")
	// ErrState means that the bytes of a state are no state.
	ErrState = errors.New("dukpt: not a state")
)

// The kinds of a device, the first byte of its state.
const (
	KindTDES = 't'
	KindAES  = 'a'
)

// Keys are the keys of one transaction in clear, 16 bytes each with triple DES; with AES as long as the type
// of the working keys says. The Answer keys are the host's way.
type Keys struct {
	KSN              []byte
	PIN              []byte
	MAC, MACAnswer   []byte
	Data, DataAnswer []byte
	Type             Type // of the keys
}

// Forget overwrites the keys.
func (k *Keys) Forget() {
	for _, b := range [][]byte{k.PIN, k.MAC, k.MACAnswer, k.Data, k.DataAnswer} {
		clear(b)
	}
}

// Device is the terminal's side.
type Device interface {
	// Next answers the keys of the next counter and forgets what derived them; ErrExhausted when none is left.
	Next() (Keys, error)
	// State answers all that the device holds, keys in clear: to be kept sealed, and before the keys of Next are used.
	State() []byte
	// Kind answers KindTDES or KindAES.
	Kind() byte
}

// Restore makes a device from its State.
func Restore(state []byte) (Device, error) {
	if len(state) == 0 {
		return nil, ErrState
	}
	switch state[0] {
	case KindTDES:
		return restoreTDES(state[1:])
	case KindAES:
		return restoreAES(state[1:])
	}
	return nil, fmt.Errorf("%w: kind %d", ErrState, state[0])
}
