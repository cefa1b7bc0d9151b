package scale

import (
	"errors"
	"fmt"
	"strings"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// The bytes of the protocol.
const (
	soh = 0x01
	stx = 0x02
	etx = 0x03
	eot = 0x04
	enq = 0x05
	ack = 0x06
	dc1 = 0x11
	nak = 0x15
)

// frameLength is that of an answer to DC1; its data begins after STX.
const (
	frameLength = 15
	dataStart   = 2
	dataEnd     = 12
)

// reading is what a scale said once.
type reading struct {
	grams    int64 // without its sign
	stable   bool
	negative bool
	over     bool
	foreign  bool // a unit that is not of grams
}

// word is what a reading is in place of a weight, or nil.
func (r reading) word() error {
	switch {
	case r.over:
		return ErrOverload
	case r.foreign:
		return ErrUnit
	case r.negative && r.grams != 0:
		return ErrNegative
	case !r.stable:
		return ErrUnstable
	case r.grams == 0:
		return ErrEmpty
	}
	return nil
}

// parse reads a frame. ErrNoise is not one at all, ErrCheck one that is
// damaged.
func parse(f [frameLength]byte) (reading, error) {
	if f[0] != soh || f[1] != stx || f[13] != etx || f[14] != eot {
		return reading{}, fmt.Errorf("%w: no frame", ErrNoise)
	}
	check := byte(0)
	for _, b := range f[dataStart:dataEnd] {
		check ^= b
	}
	if check != f[dataEnd] {
		return reading{}, fmt.Errorf("%w: its check is %#02x, not %#02x", ErrCheck, f[dataEnd], check)
	}
	var r reading
	switch f[2] {
	case 'S':
		r.stable = true
	case 'U':
	default:
		return r, fmt.Errorf("%w: status %q", ErrCheck, f[2])
	}
	switch f[3] {
	case ' ', '+':
	case '-':
		r.negative = true
	case 'F':
		r.over = true
		return r, nil // its figures mean nothing
	default:
		return r, fmt.Errorf("%w: sign %q", ErrCheck, f[3])
	}
	scale := int64(0)
	switch strings.ToLower(strings.TrimSpace(string(f[10:12]))) {
	case "kg":
		scale = 1000
	case "g":
		scale = 1
	default:
		r.foreign = true
		return r, nil
	}
	var err error
	r.grams, err = weight(string(f[4:10]), scale)
	return r, err
}

// weight reads six characters, of which the first may be spaces, in units of
// so many grams, to the nearest gram.
func weight(text string, unit int64) (int64, error) {
	digits := strings.TrimLeft(text, " ")
	whole, part, _ := strings.Cut(digits, ".")
	if whole+part == "" {
		return 0, fmt.Errorf("%w: weight %q", ErrCheck, text)
	}
	value, den := int64(0), int64(1)
	for _, c := range whole + part {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%w: weight %q", ErrCheck, text)
		}
		value = value*10 + int64(c-'0')
	}
	for range part {
		den *= 10
	}
	return (value*unit*2 + den) / (2 * den), nil
}

// words are the codes and remedies of what a scale that works may say.
var words = []struct {
	err          error
	code, remedy string
}{
	{ErrUnstable, Unstable, "keep hands and wind off the scale and weigh again"},
	{ErrEmpty, Empty, "lay the goods on the scale"},
	{ErrNegative, Negative, "empty the scale and press its zero key"},
	{ErrOverload, Overload, "take something off the scale"},
	{ErrUnit, Unit, "set the scale to kilograms"},
}

// said makes a scale's word an error with its code.
func said(word error) error {
	for _, w := range words {
		if errors.Is(word, w.err) {
			return &pos.Error{Code: w.code, Message: "no weight", Remedy: w.remedy, Err: word}
		}
	}
	return word
}

// code is that of a scale's word, "" where it is a fault or nothing.
func code(err error) string {
	for _, w := range words {
		if errors.Is(err, w.err) {
			return w.code
		}
	}
	return ""
}

// failure gives a fault its reason: silence is offline, noise the wrong speed.
func failure(err error) error {
	reason := port.Reason(err)
	remedy := "look at its cable"
	switch {
	case errors.Is(err, ErrSilent):
		reason, remedy = port.Offline, "switch the scale on, and its protocol to the cash register's"
	case errors.Is(err, ErrNoise):
		reason, remedy = port.WrongSpeed, "set the till to the speed of the scale"
	case errors.Is(err, ErrCheck):
		reason = port.DeviceFault
	}
	return &pos.Error{Code: reason, Message: "the scale failed", Remedy: remedy, Err: err}
}
