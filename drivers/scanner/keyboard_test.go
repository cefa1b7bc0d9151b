package scanner

import (
	"bufio"
	"encoding/hex"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// collect decodes bytes of events of a size.
func collect(size int, chunks ...[]byte) (codes []string, lost int) {
	k := newKeyboard(size)
	a := &assembly{done: func(c string) { codes = append(codes, c) }, lost: func() { lost++ }}
	for _, b := range chunks {
		k.feed(b, a)
	}
	return codes, lost
}

// What other people's keyboards wrote: struct input_event as hexdump showed it,
// published as questions about the format.
const (
	// vlug discussion, 2010-05-25, "how to interpret /dev/input/event0": a USB
	// keyboard at a 32-bit machine, the key 1 pressed and released.
	capture32 = `4ba7fb4be9930500040004001e000700 4ba7fb4b139405000100020001000000 4ba7fb4b199405000000000000000000
		4ba7fb4bcd0a0700040004001e000700 4ba7fb4bf70a07000100020000000000 4ba7fb4bfc0a07000000000000000000`
	// thietkewebsitegiare.vn, "parsing scan code event data", 2024: a 64-bit
	// machine, left Ctrl pressed.
	capture64 = `0cf58f6600000000331a010000000000 01001d0001000000 0cf58f6600000000331a010000000000 0000000000000000`
	// damnsmallblog, "input", 2019: 64 bits, F1 pressed and released, which
	// gives no character.
	captureF1 = `1587fc5d0000000040ca070000000000 040004003a000700 1587fc5d0000000040ca070000000000 01003b0001000000
		1587fc5d0000000040ca070000000000 0000000000000000 1587fc5d000000003ec4080000000000 040004003a000700
		1587fc5d000000003ec4080000000000 01003b0000000000 1587fc5d000000003ec4080000000000 0000000000000000`
)

func bytesIn(t *testing.T, dump string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(dump), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// event makes one event of a size.
func event(size int, kind, code uint16, value int32) []byte {
	b := make([]byte, size)
	b[size-8], b[size-7], b[size-6], b[size-5] = byte(kind), byte(kind>>8), byte(code), byte(code>>8)
	b[size-4], b[size-3], b[size-2], b[size-1] = byte(value), byte(value>>8), byte(value>>16), byte(value>>24)
	return b
}

func TestCapturesOfRealKeyboardsAreRead(t *testing.T) {
	if codes, lost := collect(16, bytesIn(t, capture32), event(16, evKey, keyEnter, 1)); !slices.Equal(codes, []string{"1"}) || lost != 0 {
		t.Errorf("32 bits: %q, %d lost", codes, lost)
	}
	// Ctrl ] after the captured Ctrl is GS: its press was understood.
	if codes, _ := collect(24, bytesIn(t, capture64), event(24, evKey, 27, 1), event(24, evKey, keyEnter, 1)); !slices.Equal(codes, []string{"\x1d"}) {
		t.Errorf("64 bits: %q", codes)
	}
	if codes, _ := collect(24, bytesIn(t, captureF1), event(24, evKey, 2, 1), event(24, evKey, keyTab, 1)); !slices.Equal(codes, []string{"1"}) {
		t.Errorf("F1: %q", codes)
	}
}

// names are the names that X11 has for characters, as far as keys of the US
// keyboard have them and they are not the character itself.
var names = map[string]byte{
	"exclam": '!', "at": '@', "numbersign": '#', "dollar": '$', "percent": '%', "asciicircum": '^', "ampersand": '&', "asterisk": '*',
	"parenleft": '(', "parenright": ')', "minus": '-', "underscore": '_', "equal": '=', "plus": '+', "bracketleft": '[', "braceleft": '{',
	"bracketright": ']', "braceright": '}', "semicolon": ';', "colon": ':', "apostrophe": '\'', "quotedbl": '"', "grave": '`',
	"asciitilde": '~', "backslash": '\\', "bar": '|', "comma": ',', "less": '<', "period": '.', "greater": '>', "slash": '/', "question": '?',
}

func matches(t *testing.T, path, from, pattern string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatalf("install the Debian package xkb-data: %v", err)
	}
	defer f.Close()
	re, on := regexp.MustCompile(pattern), from == ""
	var out [][]string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if from != "" && strings.Contains(lines.Text(), "xkb_symbols ") {
			on = strings.Contains(lines.Text(), from)
		}
		if m := re.FindStringSubmatch(lines.Text()); on && m != nil {
			out = append(out, m)
		}
	}
	return out
}

// TestLayoutIsThatOfX11 compares the keys with the US keyboard of xkb-data,
// whose key codes are those of evdev and 8.
func TestLayoutIsThatOfX11(t *testing.T) {
	codes := map[string]uint16{}
	for _, m := range matches(t, "/usr/share/X11/xkb/keycodes/evdev", "", `^\s*<(\w+)> = (\d+);`) {
		n, _ := strconv.Atoi(m[2])
		codes[m[1]] = uint16(n - 8)
	}
	character := func(name string) byte {
		if len(name) == 1 {
			return name[0]
		}
		return names[name]
	}
	seen := map[byte]bool{' ': true}
	for _, m := range matches(t, "/usr/share/X11/xkb/symbols/us", `"basic"`, `key <(\w+)>\s*{\s*\[\s*(\w+),\s*(\w+)`) {
		plain, shift := character(m[2]), character(m[3])
		if plain == 0 {
			continue
		}
		if got := layout[codes[m[1]]]; got != [2]byte{plain, shift} {
			t.Errorf("key %s (%d) gives %q, X11 has %q", m[1], codes[m[1]], got, [2]byte{plain, shift})
		}
		seen[plain], seen[shift] = true, true
	}
	for c := byte(' '); c < 0x7f; c++ {
		if !seen[c] {
			t.Errorf("X11 has no key for %q", c)
		}
	}
}

func keys(codes ...uint16) []byte {
	var b []byte
	for _, c := range codes {
		b = append(append(b, event(24, evKey, c, 1)...), event(24, evKey, c, 0)...)
	}
	return b
}

func TestNumberPadCapsLockAndAltNumbers(t *testing.T) {
	hold := func(key uint16, inside []byte) []byte {
		return slices.Concat(event(24, evKey, key, 1), inside, event(24, evKey, key, 0))
	}
	for name, c := range map[string]struct {
		in   []byte
		want string
	}{
		"number pad":     {keys(79, 80, 81, 82, 74, 83), "1230-."},
		"caps lock":      {slices.Concat(keys(keyCapsLock), keys(30, 2), hold(keyLeftShift, keys(30, 2)), keys(keyCapsLock), keys(30)), "A1a!a"},
		"alt and number": {slices.Concat(hold(keyLeftAlt, keys(82, 77, 76)), keys(3), hold(keyLeftAlt, keys(75, 73))), "A21"},
		"control":        {hold(keyRightCtrl, keys(27, 30)), "\x1d"},
		"repeats":        {slices.Concat(event(24, evKey, 2, 1), event(24, evKey, 2, 2), event(24, evKey, 2, 2), event(24, evKey, 2, 0)), "1"},
		"both shifts":    {hold(keyLeftShift, hold(keyRightShift, keys(3))), "@"},
	} {
		if codes, lost := collect(24, c.in, keys(keyKPEnter)); !slices.Equal(codes, []string{c.want}) || lost != 0 {
			t.Errorf("%s: %q, %d lost", name, codes, lost)
		}
	}
	if codes, lost := collect(24, hold(keyLeftAlt, keys(82, 73, 73, 73)), keys(2, keyEnter), keys(3, keyEnter)); !slices.Equal(codes, []string{"2"}) || lost != 1 {
		t.Errorf("a character that no one knows: %q, %d lost", codes, lost)
	}
}

func TestCodeWithAGapIsDroppedWhole(t *testing.T) {
	gap := event(24, evSyn, synDropped, 0)
	for name, in := range map[string][]byte{
		"in the middle":     slices.Concat(keys(2, 3), gap, keys(4, keyEnter)),
		"at the beginning":  slices.Concat(gap, keys(3, 4, keyEnter)),
		"with shift held":   slices.Concat(event(24, evKey, keyLeftShift, 1), keys(2), gap, keys(3, keyEnter)),
		"twice":             slices.Concat(keys(2), gap, keys(3), gap, keys(4, keyEnter)),
		"before the end":    slices.Concat(keys(2, 3), gap, keys(keyEnter)),
		"with alt numbers":  slices.Concat(event(24, evKey, keyLeftAlt, 1), keys(75), gap, keys(3, keyEnter)),
		"with its own lock": slices.Concat(keys(keyCapsLock), gap, keys(30, keyEnter)),
	} {
		codes, lost := collect(24, in, keys(2, 3, 4, keyEnter))
		if !slices.Equal(codes, []string{"123"}) || lost != 1 {
			t.Errorf("%s: %q, %d lost", name, codes, lost)
		}
	}
}
