package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"testing"
)

// The seeds of these fuzzers are kept in testdata/fuzz, the known answers and
// spoiled forms of them among them.

// FuzzUnpack looks for a body that panics, hangs, or is taken without packing to the same bytes.
func FuzzUnpack(f *testing.F) {
	p := cup(f)
	frames, _ := vectors(f)
	for _, frame := range frames {
		f.Add(frame[2:])
		f.Add(frame[2 : len(frame)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, m, err := p.Unpack(b)
		if err != nil {
			if !errors.Is(err, ErrMessage) && !errors.Is(err, ErrFrame) {
				t.Fatal(err)
			}
			return
		}
		again, err := p.Pack(h, m)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%v\n%X\n%X", err, b, again)
		}
		if err := Decode(p, hex.EncodeToString(b), io.Discard); err != nil {
			t.Fatal(err)
		}
		if _, err := p.MACInput(m); err != nil {
			t.Fatal(err)
		}
		if f55 := m.Get(55); f55 != "" {
			if short, err := p.ShortF55(f55); err == nil && len(short) > len(f55) {
				t.Fatalf("%s became %s", f55, short)
			}
		}
	})
}

// FuzzReadFrame looks for a stream of which more or less is read than one frame, or a frame that is written differently.
func FuzzReadFrame(f *testing.F) {
	p := cup(f)
	frames, _ := vectors(f)
	for _, frame := range frames {
		f.Add(frame)
		f.Add(append(bytes.Clone(frame), frame[:7]...))
	}
	f.Add([]byte{0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		body, err := p.ReadFrame(r)
		if err != nil {
			if body != nil {
				t.Fatal("a body and an error")
			}
			return
		}
		if len(body) > p.Frame.MaxBytes || r.Len() != len(b)-len(body)-p.Frame.LengthBytes {
			t.Fatalf("%d bytes of body, %d of %d left", len(body), r.Len(), len(b))
		}
		if !bytes.Equal(p.Framed(body), b[:len(b)-r.Len()]) {
			t.Fatal("framed again it differs")
		}
	})
}

// FuzzTLV looks for chip data that panics, or is taken without being written to data that reads the same.
func FuzzTLV(f *testing.F) {
	f.Add(unhex(f, chip))
	for _, bad := range []string{"9F", "9F808001", "5A05", "5A8201", "5A83000001", "9F1F00", "5A8100", "1F8180"} {
		f.Add(unhex(f, bad))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		items, err := ParseTLV(b)
		if err != nil {
			if !errors.Is(err, ErrMessage) || items != nil {
				t.Fatal(err, items)
			}
			return
		}
		out, err := PackTLV(items)
		if err != nil || len(out) > len(b) {
			t.Fatalf("%v: %X became %X", err, b, out)
		}
		again, err := ParseTLV(out)
		if err != nil || len(again) != len(items) {
			t.Fatalf("%v: %d objects, %d before", err, len(again), len(items))
		}
		for i := range items {
			if again[i].Tag != items[i].Tag || !bytes.Equal(again[i].Value, items[i].Value) {
				t.Fatalf("%+v became %+v", items[i], again[i])
			}
		}
	})
}

// FuzzProfile looks for a profile that panics, or is taken and then cannot pack, unpack or sign its own messages.
func FuzzProfile(f *testing.F) {
	frames, _ := vectors(f)
	v3 := frames["V3"][2:]
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"name":"x","fields":{"2":{"type":"n..19","mask":"pan"}}}`))
	f.Fuzz(func(t *testing.T, raw []byte) { tryProfile(t, raw, v3) })
}

// FuzzProfileValue looks for the same in the default profile with one of its words or numbers replaced.
func FuzzProfileValue(f *testing.F) {
	raw, err := os.ReadFile(profileFile)
	if err != nil {
		f.Fatal(err)
	}
	frames, _ := vectors(f)
	v3 := frames["V3"][2:]
	places := scalars(f, raw)
	for i, value := range []string{`0`, `-1`, `""`, `"n...999"`, `null`, `[]`, `1e9`, `"x9.19"`, `true`, `"sale"`, `65`} {
		f.Add(uint16(i*len(places)/11), value)
	}
	f.Fuzz(func(t *testing.T, place uint16, value string) {
		at := places[int(place)%len(places)]
		tryProfile(t, slices.Concat(raw[:at[0]], []byte(value), raw[at[1]:]), v3)
	})
}

// scalars finds every word and number of a JSON text, keys included: where it begins and ends.
func scalars(f *testing.F, raw []byte) [][2]int {
	f.Helper()
	var out [][2]int
	d := json.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			f.Fatal(err)
		}
		if _, delim := token.(json.Delim); delim {
			continue
		}
		end := int(d.InputOffset())
		start := end
		switch v := token.(type) {
		case string:
			start -= len(v) + 2 // no escapes in this file
		default:
			for start > 0 && !bytes.ContainsRune([]byte(" ,:["), rune(raw[start-1])) {
				start--
			}
		}
		out = append(out, [2]int{start, end})
	}
}

func tryProfile(t *testing.T, raw, v3 []byte) {
	t.Helper()
	p, err := Parse(raw)
	if err != nil {
		if !errors.Is(err, ErrProfile) || p != nil {
			t.Fatal(err)
		}
		return
	}
	for op, row := range p.Transactions {
		if row.MTI == "" || len(AnswerMTI(row.MTI)) != 4 {
			t.Fatalf("%s has MTI %q", op, row.MTI)
		}
		row.F60("000001", "50")
	}
	if h, m, err := p.Unpack(v3); err == nil {
		if again, err := p.Pack(h, m); err != nil || !bytes.Equal(again, v3) {
			t.Fatalf("%v: %X", err, again)
		}
	}
	if _, err := MAC(p.MAC.Algorithm, make([]byte, 16), v3); err != nil {
		t.Fatal(err)
	}
}

// FuzzDecode looks for a text that panics the decoder or makes it show a card number.
func FuzzDecode(f *testing.F) {
	p := cup(f)
	frames, _ := vectors(f)
	for _, frame := range frames {
		f.Add(hexText(frame))
		f.Add(" " + hexText(frame[2:]) + "\n")
	}
	f.Add("0")
	f.Fuzz(func(t *testing.T, text string) {
		var out bytes.Buffer
		if err := Decode(p, text, &out); err != nil {
			if out.Len() > 0 || !errors.Is(err, ErrMessage) && !errors.Is(err, ErrFrame) {
				t.Fatal(err, out.String())
			}
		}
	})
}
