package scanner

import (
	"encoding/binary"
	"strconv"
)

// eventSize is the length of struct input_event: two longs, two u16 and an s32.
const eventSize = 2*strconv.IntSize/8 + 8

// The types and codes of linux/input-event-codes.h.
const (
	evSyn      = 0
	evKey      = 1
	synDropped = 3

	released = 0
	pressed  = 1

	keyTab        = 15
	keyEnter      = 28
	keyLeftCtrl   = 29
	keyLeftShift  = 42
	keyRightShift = 54
	keyLeftAlt    = 56
	keyCapsLock   = 58
	keyKPEnter    = 96
	keyRightCtrl  = 97
	keyRightAlt   = 100
)

// layout is the US keyboard: what each key gives by itself and with Shift.
// Keys that give nothing are left out.
var layout = map[uint16][2]byte{
	2: {'1', '!'}, 3: {'2', '@'}, 4: {'3', '#'}, 5: {'4', '$'}, 6: {'5', '%'}, 7: {'6', '^'}, 8: {'7', '&'}, 9: {'8', '*'},
	10: {'9', '('}, 11: {'0', ')'}, 12: {'-', '_'}, 13: {'=', '+'},
	16: {'q', 'Q'}, 17: {'w', 'W'}, 18: {'e', 'E'}, 19: {'r', 'R'}, 20: {'t', 'T'}, 21: {'y', 'Y'}, 22: {'u', 'U'}, 23: {'i', 'I'},
	24: {'o', 'O'}, 25: {'p', 'P'}, 26: {'[', '{'}, 27: {']', '}'},
	30: {'a', 'A'}, 31: {'s', 'S'}, 32: {'d', 'D'}, 33: {'f', 'F'}, 34: {'g', 'G'}, 35: {'h', 'H'}, 36: {'j', 'J'}, 37: {'k', 'K'},
	38: {'l', 'L'}, 39: {';', ':'}, 40: {'\'', '"'}, 41: {'`', '~'}, 43: {'\\', '|'},
	44: {'z', 'Z'}, 45: {'x', 'X'}, 46: {'c', 'C'}, 47: {'v', 'V'}, 48: {'b', 'B'}, 49: {'n', 'N'}, 50: {'m', 'M'},
	51: {',', '<'}, 52: {'.', '>'}, 53: {'/', '?'}, 57: {' ', ' '},
	// The number pad, with its lock on; Shift changes nothing there.
	55: {'*', '*'}, 71: {'7', '7'}, 72: {'8', '8'}, 73: {'9', '9'}, 74: {'-', '-'}, 75: {'4', '4'}, 76: {'5', '5'}, 77: {'6', '6'},
	78: {'+', '+'}, 79: {'1', '1'}, 80: {'2', '2'}, 81: {'3', '3'}, 82: {'0', '0'}, 83: {'.', '.'}, 98: {'/', '/'},
	86: {'<', '>'}, // the key beside the left Shift of ISO keyboards
}

// keyboard makes codes of key events.
type keyboard struct {
	size int
	rest []byte // of an event that was not whole yet
	held map[uint16]bool
	caps bool
	alt  int // the number that is being typed with Alt held, -1 for none
}

func newKeyboard(size int) *keyboard {
	return &keyboard{size: size, held: map[uint16]bool{}, alt: -1}
}

// feed takes bytes of struct input_event.
func (k *keyboard) feed(b []byte, to *assembly) {
	k.rest = append(k.rest, b...)
	for len(k.rest) >= k.size {
		e := k.rest[k.size-8 : k.size]
		k.event(binary.NativeEndian.Uint16(e), binary.NativeEndian.Uint16(e[2:]), int32(binary.NativeEndian.Uint32(e[4:])), to)
		k.rest = k.rest[k.size:]
	}
	k.rest = append([]byte(nil), k.rest...)
}

// event takes one event.
func (k *keyboard) event(kind, code uint16, value int32, to *assembly) {
	switch {
	case kind == evSyn && code == synDropped:
		// The kernel has thrown events away: which keys are held is not known.
		clear(k.held)
		k.caps, k.alt = false, -1
		to.spoil()
	case kind != evKey:
	case modifier(code):
		k.modify(code, value, to)
	case value == pressed:
		k.press(code, to)
	}
}

func modifier(code uint16) bool {
	switch code {
	case keyLeftCtrl, keyRightCtrl, keyLeftShift, keyRightShift, keyLeftAlt, keyRightAlt, keyCapsLock:
		return true
	}
	return false
}

func (k *keyboard) modify(code uint16, value int32, to *assembly) {
	switch {
	case code == keyCapsLock:
		k.caps = k.caps != (value == pressed)
	case value == pressed:
		k.held[code] = true
		if code == keyLeftAlt {
			k.alt = -1
		}
	case value == released:
		delete(k.held, code)
		if code == keyLeftAlt && k.alt >= 0 {
			k.typed(k.alt, to)
			k.alt = -1
		}
	}
}

// typed takes a character by its number: Alt held and digits of the number pad,
// as scanners do that are set to any country's keyboard.
func (k *keyboard) typed(number int, to *assembly) {
	switch {
	case number == '\r', number == '\n', number == '\t':
		to.end()
	case number >= ' ' && number < 0x7f, number == gs, number == rs, number == eot:
		to.add(byte(number))
	default:
		to.spoil() // no character that is the same everywhere
	}
}

// press takes a key that was pressed.
func (k *keyboard) press(code uint16, to *assembly) {
	c, ok := layout[code]
	switch {
	case code == keyEnter, code == keyKPEnter, code == keyTab:
		to.end()
	case !ok:
	case k.held[keyLeftAlt]:
		if c[0] >= '0' && c[0] <= '9' && code >= 71 {
			k.alt = min(max(k.alt, 0)*10+int(c[0]-'0'), 9999)
		}
	case k.held[keyLeftCtrl] || k.held[keyRightCtrl]:
		if c[0] >= '[' {
			k.control(c[0]&^0x60, to) // what ASCII has in that place: Ctrl ] is GS
		}
	default:
		to.add(k.character(c))
	}
}

// control takes a control character; most are in no code.
func (k *keyboard) control(b byte, to *assembly) {
	if b == '\r' || b == '\n' || b == '\t' || b == gs || b == rs || b == eot {
		k.typed(int(b), to)
	}
}

// character is what a key gives with the modifiers as they are.
func (k *keyboard) character(c [2]byte) byte {
	shift := k.held[keyLeftShift] || k.held[keyRightShift]
	if c[0] >= 'a' && c[0] <= 'z' && k.caps {
		shift = !shift
	}
	if shift {
		return c[1]
	}
	return c[0]
}
