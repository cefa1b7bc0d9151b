package keys

import (
	"bytes"
	"encoding/hex"
	"math/bits"
	"strings"
	"sync"
	"time"

	"tillkeeper/app/pos"
)

// ComponentWait is how long the first component waits for the second; then it is forgotten.
const ComponentWait = 10 * time.Minute

// The refusals of a key entry. After ErrSameComponent and ErrWeakKey of the whole key the entry begins anew;
// after the others the first component goes on waiting.
var (
	// ErrComponent means that what was typed is not 32 hexadecimal digits.
	ErrComponent error = &pos.Error{
		Code: "component_length", Message: "a key component has 32 hexadecimal digits",
		Remedy: "type it again from the sheet",
	}
	// ErrParity means that a byte of a component does not have odd parity: mistyped.
	ErrParity error = &pos.Error{
		Code: "component_parity", Message: "a byte of the component does not have odd parity",
		Remedy: "type it again from the sheet",
	}
	// ErrWeakKey means that the component or the key is one that DES must not use: zero, weak, semi-weak, or both halves alike.
	ErrWeakKey error = &pos.Error{Code: "component_weak", Message: "this is a weak key", Remedy: "ask the acquirer for other components"}
	// ErrSameComponent means that the second component is the first one again.
	ErrSameComponent error = &pos.Error{
		Code: "component_same", Message: "the second component is the first one again",
		Remedy: "begin again, each person with the own sheet",
	}
	// ErrSamePerson means that both components came from one person, or from nobody.
	ErrSamePerson error = &pos.Error{
		Code: "component_person", Message: "the two components are entered by two people",
		Remedy: "let the second person sign in",
	}
	// ErrNoFirst means that no first component waits: none was entered, it was given up, or its time has passed.
	ErrNoFirst error = &pos.Error{Code: "component_order", Message: "no first component waits", Remedy: "begin again with the first component"}
)

// Ceremony takes a terminal master key in two components of 16 bytes from two people and gives the store
// their XOR. What is entered is never logged, stored or handed out; only check values are.
type Ceremony struct {
	// OddParity refuses components whose bytes do not have odd parity. Set before use.
	OddParity bool

	store *Store

	mu     sync.Mutex
	person string
	first  []byte // nil: none waits
	late   *time.Timer
}

// Ceremony begins a key entry into this store; nothing changes until Second succeeds.
func (s *Store) Ceremony() *Ceremony { return &Ceremony{store: s} }

// AtPad is false: the components are typed at the till.
func (c *Ceremony) AtPad() bool { return false }

// First takes the first component as typed (32 hexadecimal digits, blanks between them) by person and answers
// its check value; an earlier first one is forgotten. typed is overwritten.
func (c *Ceremony) First(person string, typed []byte) (kcv [4]byte, err error) {
	defer clear(typed)
	c.mu.Lock()
	defer c.mu.Unlock()
	if person == "" {
		return kcv, ErrSamePerson
	}
	component, err := c.read(typed)
	if err != nil {
		return kcv, err
	}
	c.forget()
	c.person, c.first = person, component
	c.late = c.expire()
	return checkValue(component), nil
}

// Second takes the second component from another person, puts the XOR of both into the store as its TMK (the
// working keys of an earlier one are dropped: sign on) and answers the check values of the component and of
// the whole key. typed is overwritten.
func (c *Ceremony) Second(person string, typed []byte) (kcv, whole [4]byte, err error) {
	defer clear(typed)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.first == nil:
		return kcv, whole, ErrNoFirst
	case person == "" || person == c.person:
		return kcv, whole, ErrSamePerson
	}
	component, err := c.read(typed)
	if err != nil {
		return kcv, whole, err
	}
	defer clear(component)
	kcv = checkValue(component)
	tmk := bytes.Clone(c.first)
	defer clear(tmk)
	xorInto(tmk, component)
	c.forget()
	switch {
	case bytes.Equal(noParity(tmk), make([]byte, tmkBytes)):
		return [4]byte{}, whole, ErrSameComponent
	case weak(tmk):
		return [4]byte{}, whole, ErrWeakKey
	}
	if err := c.store.SetTMK(tmk); err != nil {
		return [4]byte{}, whole, err
	}
	return kcv, checkValue(tmk), nil
}

// expire forgets the component that waits now when its time has passed.
func (c *Ceremony) expire() *time.Timer {
	var t *time.Timer
	t = time.AfterFunc(ComponentWait, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.late == t {
			c.forget()
		}
	})
	return t
}

// Waiting tells whether a first component waits for the second.
func (c *Ceremony) Waiting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.first != nil
}

// Cancel forgets a waiting component.
func (c *Ceremony) Cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget()
}

func (c *Ceremony) forget() {
	if c.late != nil {
		c.late.Stop()
	}
	clear(c.first)
	c.first, c.person, c.late = nil, "", nil
}

// read turns what was typed into the bytes of a component.
func (c *Ceremony) read(typed []byte) ([]byte, error) {
	text := make([]byte, 0, 2*tmkBytes)
	defer clear(text)
	for _, b := range typed {
		if b == ' ' {
			continue
		}
		if len(text) == 2*tmkBytes {
			return nil, ErrComponent
		}
		text = append(text, b)
	}
	out := make([]byte, tmkBytes)
	if n, err := hex.Decode(out, text); err != nil || n != tmkBytes {
		clear(out)
		return nil, ErrComponent
	}
	if c.OddParity && !oddParity(out) {
		clear(out)
		return nil, ErrParity
	}
	if weak(out) {
		clear(out)
		return nil, ErrWeakKey
	}
	return out, nil
}

func checkValue(key []byte) (out [4]byte) {
	kcv, err := KCV(key)
	if err != nil {
		panic("keys: " + err.Error()) // the length is checked before
	}
	copy(out[:], kcv)
	return out
}

func oddParity(key []byte) bool {
	for _, b := range key {
		if bits.OnesCount8(b)%2 == 0 {
			return false
		}
	}
	return true
}

// noParity answers the key without its parity bits.
func noParity(key []byte) []byte {
	out := bytes.Clone(key)
	for i := range out {
		out[i] &= 0xFE
	}
	return out
}

// weakHalves are the four weak and twelve semi-weak keys of DES (NIST SP 800-67 section 3.3.2) without parity bits.
var weakHalves = func() map[string]bool {
	out := map[string]bool{}
	for h := range strings.FieldsSeq(`
		0101010101010101 FEFEFEFEFEFEFEFE E0E0E0E0F1F1F1F1 1F1F1F1F0E0E0E0E
		011F011F010E010E 1F011F010E010E01 01E001E001F101F1 E001E001F101F101
		01FE01FE01FE01FE FE01FE01FE01FE01 1FE01FE00EF10EF1 E01FE01FF10EF10E
		1FFE1FFE0EFE0EFE FE1FFE1FFE0EFE0E E0FEE0FEF1FEF1FE FEE0FEE0FEF1FEF1`) {
		b, err := hex.DecodeString(h)
		if err != nil {
			panic(err) // a constant
		}
		out[string(noParity(b))] = true
	}
	return out
}()

// weak tells whether a double-length key has a weak half or two halves alike, which makes it a single one.
func weak(key []byte) bool {
	k := noParity(key)
	left, right := string(k[:blockBytes]), string(k[blockBytes:])
	return left == right || weakHalves[left] || weakHalves[right]
}
