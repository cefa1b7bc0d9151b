package emv

import (
	"bytes"
	"errors"
	"testing"

	"tillkeeper/app/pos"
)

// FuzzParse: no input panics, and what was understood is understood again when written anew.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		saleF55, reversalF55, "6F128407A0000000031010A5075005554E494F4E", "7080", "9F8181", "70820001", "1F1F1F", "00005A0162",
		"710F9F180400000001860600B0000000AA", "DF8129810100", "9F2681", "FF", "3F00",
	} {
		f.Add(bytesOf(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		objects, err := Parse(b)
		if err != nil {
			if !errors.Is(err, ErrTLV) {
				t.Errorf("%X: %v", b, err)
			}
			return
		}
		written := Encode(objects...)
		again, err := Parse(written)
		if err != nil || !bytes.Equal(Encode(again...), written) {
			t.Errorf("%X: %X %v", b, written, err)
		}
		parseHost(b)
	})
}

// FuzzDOL: no list panics, and a filled one is as long as it says.
func FuzzDOL(f *testing.F) {
	f.Add(bytesOf(f, "9F02069F03069F1A0295055F2A029A039C019F3704"))
	f.Add(bytesOf(f, "9F0280"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := ParseDOL(b)
		if err != nil {
			return
		}
		want := 0
		for _, e := range list {
			want += e.Length
		}
		if got := len(Fill(list, func(Tag) []byte { return b })); got != want {
			t.Errorf("%d bytes, want %d", got, want)
		}
	})
}

// FuzzFacts: no objects of a foreign kernel panic, and what is taken has a number, an expiry and a TVR.
func FuzzFacts(f *testing.F) {
	f.Add(bytesOf(f, saleF55+"57106224242900000113D280620139490310"))
	f.Add(bytesOf(f, "77085A0162"+"9F270140"))
	f.Fuzz(func(t *testing.T, b []byte) {
		first, err := ReadFacts(nil, b)
		if err != nil {
			if pos.WhyNot(err, "") == "" {
				t.Errorf("an error without a reason: %v", err)
			}
			return
		}
		if len(first.PAN) < 12 || len(first.Expiry) != 4 || len(first.TVR) != 5 || len(first.F55) > maxField55 {
			t.Errorf("%+v", first)
		}
		if again, err := ReadFacts(&first, nil); err != nil || again.PAN != first.PAN || !bytes.Equal(again.F55, first.F55) {
			t.Errorf("not the same without news: %v", err)
		}
	})
}
