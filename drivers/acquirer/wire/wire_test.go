package wire

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

const profileFile = "../../../assets/profiles/cup.json"

func cup(t testing.TB) *Profile {
	t.Helper()
	p, err := Load(nil, profileFile)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// vectors answers the frames by name and, by name, key and text of their MAC.
func vectors(t testing.TB) (frames map[string][]byte, macs map[string][2]string) {
	t.Helper()
	f, err := os.Open("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	frames, macs = map[string][]byte{}, map[string][2]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		w := strings.Fields(s.Text())
		switch {
		case len(w) == 0 || w[0] == "#":
		case w[0] == "mac":
			macs[w[1]] = [2]string{w[2], w[3]}
		default:
			frames[w[0]] = unhex(t, w[1])
		}
	}
	if len(frames) != 12 || len(macs) != 7 {
		t.Fatalf("%d frames, %d MACs", len(frames), len(macs))
	}
	return frames, macs
}

func TestVectorsRoundTrip(t *testing.T) {
	p := cup(t)
	frames, macs := vectors(t)
	for name, frame := range frames {
		body, err := p.ReadFrame(bytes.NewReader(frame))
		if err != nil {
			t.Fatal(name, err)
		}
		h, m, err := p.Unpack(body)
		if err != nil {
			t.Fatal(name, err)
		}
		again, err := p.Pack(h, m)
		if err != nil {
			t.Fatal(name, err)
		}
		if out := p.Framed(again); !bytes.Equal(out, frame) {
			t.Errorf("%s: packed again\n%X\nwant\n%X", name, out, frame)
		}
		mac, ok := macs[name]
		if ok != m.Has(64) {
			t.Errorf("%s: MAC in the list %v, in the message %v", name, ok, m.Has(64))
		}
		if !ok {
			continue
		}
		if !p.NeedsMAC(m.MTI) {
			t.Errorf("%s: %s carries a MAC, the profile says no", name, m.MTI)
		}
		checkMAC(t, p, name, m, mac)
	}
}

func checkMAC(t *testing.T, p *Profile, name string, m *Message, mac [2]string) {
	t.Helper()
	without := m.Clone()
	delete(without.Fields, 64)
	for _, x := range []*Message{m, without} {
		in, err := p.MACInput(x)
		if err != nil {
			t.Fatal(name, err)
		}
		got, err := MAC(p.MAC.Algorithm, unhex(t, mac[0]), in)
		if err != nil {
			t.Fatal(name, err)
		}
		if string(got) != mac[1] || m.Get(64) != hexText(got) {
			t.Errorf("%s: MAC %s, want %s", name, got, mac[1])
		}
	}
}

const chip = "9F260895BBE372271DDA7C9F2701809F101307010103A00000010A010000000000ED538FE49F37047F9F349E9F36020157" +
	"950500000000009A032603019C01009F02060000000001005F2A02015682027C009F1A0201569F03060000000000009F3303E0E1C8" +
	"9F34031F00009F3501229F1E0831323334353637388408A0000003330101019F090200209F410400000123"

// written is what the messages of the list say, field by field.
func written() map[string]*Message {
	term := map[int]string{41: "12345678", 42: "123456789012345"}
	with := func(mti string, f map[int]string) *Message {
		maps.Copy(f, term)
		return &Message{MTI: mti, Fields: f}
	}
	return map[string]*Message{
		"V1": with("0800", map[int]string{11: "000122", 60: "00000001003", 63: "001"}),
		"V2": with("0810", map[int]string{
			11: "000122", 12: "101500", 13: "0301", 32: "00000001", 37: "030110150001", 39: "00", 60: "00000001003",
			62: "20C3CA6028419ED2CAAF7D5204BCF5F886A5F081EA4B127DABE2158C00000000000000000494F897",
		}),
		"V3": with("0200", map[int]string{
			2: "6224242900000113", 3: "000000", 4: "000000000100", 11: "000123", 14: "2806", 22: "072", 23: "001",
			25: "00", 35: "6224242900000113=28062013949031013", 49: "156", 55: chip, 60: "2200000100060", 64: "4533303346313432",
		}),
		"V4": with("0210", map[int]string{
			2: "6224242900000113", 3: "000000", 4: "000000000100", 11: "000123", 12: "101530", 13: "0301", 14: "2806",
			15: "0301", 25: "00", 32: "00000001", 37: "030110153001", 38: "A12345", 39: "00", 44: "01020000   00000001   ",
			49: "156", 60: "2200000100060", 63: "CUP", 64: "3135394330343043",
		}),
		"V8": with("0200", map[int]string{
			2: "6224242900000113", 3: "000000", 4: "000000000100", 11: "000124", 14: "2806", 22: "051", 23: "001",
			25: "00", 26: "12", 35: "6224242900000113=28062013949031013", 49: "156", 52: "5F1A4D2B657B4016",
			53: "2600000000000000", 55: chip, 60: "2200000100050", 64: "3837433437323946",
		}),
		"V9": with("0200", map[int]string{
			2: "6224242900000113", 3: "200000", 4: "000000000100", 11: "000125", 14: "2806", 22: "012", 25: "00",
			37: "030110153001", 38: "A12345", 49: "156", 60: "2300000100050", 61: "000001000123", 64: "3644383938443532",
		}),
		"V13": with("0320", map[int]string{11: "000129", 48: "0003", 60: "00000001202"}),
	}
}

func TestPackFromFields(t *testing.T) {
	p := cup(t)
	frames, _ := vectors(t)
	for name, m := range written() {
		_, seen, err := p.Unpack(frames[name][2:])
		if err != nil {
			t.Fatal(name, err)
		}
		h := p.NewHeader()
		if got, err := p.Pack(h, m); err != nil || !bytes.Equal(got, frames[name][2:]) {
			t.Errorf("%s: %v\n got %X\nwant %X\nread %v", name, err, got, frames[name][2:], seen.Fields)
		}
	}
}

func TestHeader(t *testing.T) {
	h := cup(t).NewHeader()
	s := h.Swapped()
	if got := hexText(s.TPDU[:]); got != "6000000003" {
		t.Errorf("swapped TPDU %s", got)
	}
	if s.Swapped() != h || h.Requirement() != 0 {
		t.Error("swapping twice changes the header, or a requirement appears")
	}
	r := h.WithRequirement(3)
	if r.Requirement() != 3 || hexText(r.Head[:]) != "603103310000" {
		t.Errorf("requirement %d in %X", r.Requirement(), r.Head)
	}
	if h.WithRequirement(10) != h {
		t.Error("a requirement of two digits was taken")
	}
}

func TestUnpackRefuses(t *testing.T) {
	p := cup(t)
	frames, _ := vectors(t)
	v1, v3, v4 := frames["V1"][2:], frames["V3"][2:], frames["V4"][2:]
	change := func(b []byte, at int, v byte) []byte {
		c := bytes.Clone(b)
		c[at] = v
		return c
	}
	bit := func(b []byte, n int) []byte {
		return change(b, 13+(n-1)/8, b[13+(n-1)/8]^0x80>>((n-1)%8))
	}
	pan := 13 + 8 // the length of field 2 in V3
	for name, b := range map[string][]byte{
		"empty":                     nil,
		"only a header":             v1[:11],
		"no whole bitmap":           v1[:20],
		"one byte short":            v3[:len(v3)-1],
		"one byte left over":        append(bytes.Clone(v3), 0),
		"a field left over":         bit(v3, 64),
		"bitmap announces a field":  bit(v3, 15),
		"bitmap hides a field":      bit(v3, 3),
		"second bitmap":             bit(v3, 1),
		"field not in the profile":  bit(v3, 5),
		"letter in the header":      change(v3, 6, 0x6A),
		"letter in the MTI":         change(v3, 11, 0x0A),
		"letter in the card number": change(v3, pan+3, 0x4F),
		"length over the most":      change(v3, pan, 0x20),
		"length not BCD":            change(v3, pan, 0x1A),
		"length past the end":       change(v4, len(v4)-13, 0x09),
		"padding of entry mode":     change(v3, pan+1+8+3+6+3+2+1, 0x21),
		"padding of card sequence":  change(v3, pan+1+8+3+6+3+2+2, 0x10),
		"D outside a track":         change(v3, pan+1+8, 0xD0),
		"separator other than D":    bytes.Replace(v3, []byte{0xD2, 0x80}, []byte{0xE2, 0x80}, 1),
		"too long for the profile":  make([]byte, 5000),
	} {
		if _, m, err := p.Unpack(b); err == nil || m != nil {
			t.Errorf("%s: taken", name)
		} else if !errors.Is(err, ErrMessage) && !errors.Is(err, ErrFrame) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "6224242") {
			t.Errorf("%s: the error tells the card number", name)
		}
	}
}

func TestPackRefuses(t *testing.T) {
	p := cup(t)
	for name, m := range map[string]*Message{
		"nil":                nil,
		"MTI of three":       {MTI: "020"},
		"letter in MTI":      {MTI: "02X0"},
		"unknown field":      {MTI: "0200", Fields: map[int]string{5: "1"}},
		"bitmap as a field":  {MTI: "0200", Fields: map[int]string{1: "1"}},
		"short amount":       {MTI: "0200", Fields: map[int]string{4: "100"}},
		"sign in the amount": {MTI: "0200", Fields: map[int]string{4: "-00000000100"}},
		"long card number":   {MTI: "0200", Fields: map[int]string{2: strings.Repeat("4", 20)}},
		"long terminal":      {MTI: "0200", Fields: map[int]string{41: "123456789"}},
		"separator in F2":    {MTI: "0200", Fields: map[int]string{2: "4=4"}},
		"half a byte":        {MTI: "0200", Fields: map[int]string{52: "123"}},
		"seven bytes":        {MTI: "0200", Fields: map[int]string{52: "12345678901234"}},
		"long chip data":     {MTI: "0200", Fields: map[int]string{55: strings.Repeat("00", 256)}},
	} {
		if _, err := p.Pack(p.NewHeader(), m); err == nil {
			t.Errorf("%s: packed", name)
		}
	}
}

func TestTextIsPaddedWhenFixed(t *testing.T) {
	p := cup(t)
	b, err := p.Pack(p.NewHeader(), &Message{MTI: "0200", Fields: map[int]string{41: "AB", 63: "X"}})
	if err != nil {
		t.Fatal(err)
	}
	_, m, err := p.Unpack(b)
	if err != nil || m.Get(41) != "AB      " || m.Get(63) != "X" {
		t.Errorf("%v: %q %q", err, m.Get(41), m.Get(63))
	}
}

func TestReadFrame(t *testing.T) {
	p := cup(t)
	frames, _ := vectors(t)
	two := append(bytes.Clone(frames["V1"]), frames["V3"]...)
	r := iotest.OneByteReader(bytes.NewReader(two))
	for _, name := range []string{"V1", "V3"} {
		if b, err := p.ReadFrame(r); err != nil || !bytes.Equal(b, frames[name][2:]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := p.ReadFrame(r); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	whole := bytes.NewReader(two)
	if _, err := p.ReadFrame(whole); err != nil || whole.Len() != len(frames["V3"]) {
		t.Errorf("%v, %d bytes left", err, whole.Len())
	}
	for name, b := range map[string][]byte{"half a length": {0}, "half a body": frames["V3"][:40], "only a length": {0, 60}} {
		if _, err := p.ReadFrame(bytes.NewReader(b)); err != io.ErrUnexpectedEOF {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, b := range map[string][]byte{"too short": {0, 20}, "zero": {0, 0}, "too long": {0xFF, 0xFF}} {
		if _, err := p.ReadFrame(bytes.NewReader(b)); !errors.Is(err, ErrFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
