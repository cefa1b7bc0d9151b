package pn532

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The frames of GetFirmwareVersion and SAMConfiguration, by UM0701-02, 6.2.1 and 7.2.2.
func TestFramesOfTheManual(t *testing.T) {
	for want, data := range map[string][]byte{
		"0000ff02fed4022a00": {cmdFirmware}, "0000ff05fbd4140100001700": {cmdSAM, 1, 0, 0}, "0000ff04fcd44a0200e000": {cmdList, 2, 0},
	} {
		if got, err := encode(data); err != nil || hex.EncodeToString(got) != want {
			t.Errorf("%x, want %s, %v", got, want, err)
		}
	}
	for in, want := range map[string]kind{
		"0000ff00ff00": ack, "0000ffff0000": nack, "0000ff01ff7f8100": fault, "0000ff06fad50332010607e800": answer,
		"00ff00ff": ack, "a5001700ff00ff00": ack, "0000ffffff0006fad50332010607e800": answer,
	} {
		f, _, _, err := parse(unhex(t, in))
		if err != nil || f.kind != want {
			t.Errorf("%s: kind %d, %v", in, f.kind, err)
		}
		if want == answer && hex.EncodeToString(f.data) != "0332010607" {
			t.Errorf("%s: data %x", in, f.data)
		}
	}
}

func TestCommandsOf256BytesAndMoreAreExtended(t *testing.T) {
	for n, want := range map[int]string{254: "0000ffff01", 255: "0000ffffff0100ff", 264: "0000ffffff0109f6"} {
		got, err := encode(make([]byte, n))
		if err != nil || hex.EncodeToString(got)[:len(want)] != want {
			t.Errorf("%d bytes: %x..., %v", n, got[:9], err)
		}
	}
	if _, err := encode(make([]byte, maxData)); err == nil {
		t.Error("a command that the chip cannot take")
	}
}

// back is a frame as the chip sends it.
func back(t testing.TB, data []byte) []byte {
	t.Helper()
	b, err := encode(data)
	if err != nil {
		t.Fatal(err)
	}
	at := 5
	if len(data) >= maxNormal {
		at = 8
	}
	b[at] = fromChip
	b[len(b)-2]-- // D5 in place of D4
	return b
}

func TestEveryChangedByteIsNoticed(t *testing.T) {
	for _, n := range []int{1, 2, 20, 254, 255, 264} {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(i)
		}
		whole := back(t, data)
		if f, done, _, err := parse(whole); err != nil || !bytes.Equal(f.data, data) || done != len(whole) {
			t.Fatalf("%d bytes: %d done, %v", n, done, err)
		}
		for i := 1; i < len(whole); i++ { // the first is preamble only
			for bit := range 8 {
				bad := bytes.Clone(whole)
				bad[i] ^= 1 << bit
				if f, _, _, err := parse(bad); err == nil && f.kind == answer {
					t.Fatalf("%d bytes, byte %d, bit %d: taken", n, i, bit)
				}
			}
		}
	}
}

// A frame that lost a byte must never be taken: a lost zero leaves the checksum right, one place late. Behind an answer there
// is nothing, or what a bus fills with: the chip speaks again only when it was asked.
func TestFrameThatLostAZeroIsDamaged(t *testing.T) {
	whole := back(t, []byte{cmdDataExchange + 1, 0x00, 0x6F, 0x00, 0x90, 0x00})
	for i := 5; i < len(whole)-1; i++ {
		bad := append(bytes.Clone(whole[:i]), whole[i+1:]...)
		for _, next := range [][]byte{nil, {0x80}, {0xFF}, {0xFF, 0x00}} {
			if f, _, _, err := parse(append(bytes.Clone(bad), next...)); err == nil && f.kind == answer {
				t.Errorf("without byte %d and then % x: taken", i, next)
			}
		}
	}
}

func TestFramesComeOneByOneOutOfAStream(t *testing.T) {
	first, second := back(t, []byte{3, 1}), back(t, []byte{5, 2})
	stream := append([]byte{0x00, 0xFF, 0x12, 0x34, 0x00}, ackFrame...) // a false start, then an ACK
	stream = append(append(append(stream, first...), nackFrame...), second...)
	var got []kind
	for len(stream) > 1 {
		f, done, _, err := parse(stream)
		if errors.Is(err, errShort) {
			break
		}
		if err == nil {
			got = append(got, f.kind)
		}
		stream = stream[done:]
	}
	if want := []kind{ack, answer, nack, answer}; !bytes.Equal(bytesOf(got), bytesOf(want)) {
		t.Errorf("%v, want %v", got, want)
	}
}

func bytesOf(k []kind) []byte {
	var out []byte
	for _, x := range k {
		out = append(out, byte(x))
	}
	return out
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0000ff00ff00", "0000ff06fad50332010607e800", "0000ffffff0109f6d541", "00ffffff", "0000ff01ff7f8100", "00"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for steps := 0; ; steps++ {
			fr, done, need, err := parse(b)
			switch {
			case steps > len(b)+2*maxFrame:
				t.Fatal("it does not come to an end")
			case done < 0 || done > len(b):
				t.Fatalf("%d of %d bytes are done with", done, len(b))
			case errors.Is(err, errShort):
				if need <= len(b)-done && len(b)-done > 1 {
					t.Fatalf("%d bytes wanted, %d there", need, len(b)-done)
				}
				return
			case done == 0:
				t.Fatal("nothing is done with")
			case err == nil && fr.kind == answer:
				again := back(t, fr.data)
				if g, _, _, err := parse(again); err != nil || !bytes.Equal(g.data, fr.data) {
					t.Fatalf("sent again: %v", err)
				}
			}
			b = b[done:]
		}
	})
}
