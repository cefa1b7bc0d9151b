package drivers

import (
	"context"
	"sync"

	"tillkeeper/drivers/find"
	"tillkeeper/drivers/keys"
	"tillkeeper/drivers/pinpad"
)

// KeyEntry takes the terminal's master key where it will live: at the keypad of
// a PIN pad of its own, else in the till's key store, which the simulated pad
// uses too. It looks at what is configured at each component, so that a pad that
// was changed on the devices page is the one that is asked.
type KeyEntry struct {
	pad   func() *pinpad.Pad // the pad that has keys of its own; nil: none
	store *keys.Ceremony     // nil: no store was opened
	end   func()             // closes the line that was opened for this entry

	mu sync.Mutex
	of *pinpad.Pad
	at *pinpad.Ceremony
}

// place is where a component goes.
type place interface {
	AtPad() bool
	First(person string, typed []byte) (kcv [4]byte, err error)
	Second(person string, typed []byte) (kcv, whole [4]byte, err error)
	Cancel()
}

// KeyEntry is the entry of the master key of an opened till.
func (s *Set) KeyEntry() *KeyEntry {
	return &KeyEntry{store: s.Keys.Ceremony(), end: func() {}, pad: func() *pinpad.Pad {
		if u := s.slots[PINPad].now(); u != nil && !u.simulated() {
			return u.port.(*pinpad.Pad)
		}
		return nil
	}}
}

// OpenKeyEntry opens what takes the master key and nothing else: the pad that is
// configured, or the key store. Cancel closes it.
func OpenKeyEntry(ctx context.Context, c Config) (*KeyEntry, error) {
	a := address{scheme: "sim"}
	var err error
	if url := c.Devices[PINPad]; url != "" {
		if a, err = parse(PINPad, url); err != nil {
			return nil, err
		}
	}
	if a.scheme == "sim" {
		store, err := OpenKeys(c)
		if err != nil {
			return nil, err
		}
		return &KeyEntry{store: store.Ceremony(), end: func() {}, pad: func() *pinpad.Pad { return nil }}, nil
	}
	clear(c.Passphrase)
	u, err := (&Set{c: c, Bench: &Bench{}, machine: find.New("/"), seen: openMemory(c.Dir)}).openPad(ctx, c.Devices[PINPad])
	if err != nil {
		return nil, err
	}
	pad := u.port.(*pinpad.Pad)
	return &KeyEntry{pad: func() *pinpad.Pad { return pad }, end: func() { _ = u.close() }}, nil // it was given up, whatever the line says
}

// place is where the next component goes.
func (k *KeyEntry) place() place {
	p := k.pad()
	if p == nil {
		return k.store
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.of != p {
		k.of, k.at = p, p.Ceremony()
	}
	return k.at
}

// AtPad tells whether the components are keyed in at a PIN pad.
func (k *KeyEntry) AtPad() bool { return k.place().AtPad() }

// First takes the first component; see keys.Ceremony and pinpad.Ceremony.
func (k *KeyEntry) First(person string, typed []byte) (kcv [4]byte, err error) {
	return k.place().First(person, typed)
}

// Second takes the second component and has the whole key used.
func (k *KeyEntry) Second(person string, typed []byte) (kcv, whole [4]byte, err error) {
	return k.place().Second(person, typed)
}

// Cancel gives an entry up, wherever it waits.
func (k *KeyEntry) Cancel() {
	k.mu.Lock()
	at := k.at
	k.mu.Unlock()
	if at != nil {
		at.Cancel()
	}
	if k.store != nil {
		k.store.Cancel()
	}
	k.end()
}
