package pinpad

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"testing"
)

func TestFrameKnownBytes(t *testing.T) {
	f := Frame{Cmd: CmdMAC, Seq: 7, Data: []byte{0xAA, 0x55}}
	const want = "0200040407aa5503fb"
	if got := hex.EncodeToString(f.Bytes()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	r := bufio.NewReader(bytes.NewReader(append([]byte{0, 9, 3}, f.Bytes()...)))
	got, err := ReadFrame(r)
	if err != nil || got.Cmd != f.Cmd || got.Seq != f.Seq || !bytes.Equal(got.Data, f.Data) {
		t.Errorf("%v %+v", err, got)
	}
	if _, err := ReadFrame(r); err != io.EOF {
		t.Errorf("%v", err)
	}
}

func TestFrameLengths(t *testing.T) {
	for _, n := range []int{0, 1, 253, 254, 255, 256, MaxData} {
		f := Frame{Cmd: 1, Seq: 2, Data: bytes.Repeat([]byte{STX}, n)}
		got, err := ReadFrame(bufio.NewReader(bytes.NewReader(f.Bytes())))
		if err != nil || !bytes.Equal(got.Data, f.Data) {
			t.Errorf("%d: %v, %d bytes", n, err, len(got.Data))
		}
	}
}

func TestFrameRefuses(t *testing.T) {
	good := Frame{Cmd: CmdMAC, Seq: 7, Data: []byte("abc")}.Bytes()
	for i := 1; i < len(good); i++ {
		bad := bytes.Clone(good)
		bad[i] ^= 0x04
		if f, err := ReadFrame(bufio.NewReader(bytes.NewReader(bad))); err == nil {
			t.Errorf("byte %d changed: taken as %+v", i, f)
		}
		if _, err := ReadFrame(bufio.NewReader(bytes.NewReader(good[:i]))); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d bytes: %v", i, err)
		}
	}
	r := bufio.NewReader(bytes.NewReader(append([]byte{STX, 0, 1, NAK}, good...)))
	if _, err := ReadFrame(r); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNAK) {
		t.Errorf("%v", err)
	}
	r = bufio.NewReader(bytes.NewReader(append([]byte{NAK}, good...)))
	if _, err := ReadFrame(r); !errors.Is(err, ErrNAK) {
		t.Errorf("%v", err)
	}
	if f, err := ReadFrame(r); err != nil || string(f.Data) != "abc" {
		t.Errorf("%v %+v", err, f)
	}
}

// FuzzReadFrame looks for bytes that panic, or are taken without being a frame.
func FuzzReadFrame(f *testing.F) {
	f.Add(Frame{Cmd: 5, Seq: 1, Data: []byte("x")}.Bytes())
	f.Add([]byte{STX, 0xFF, 0xFF, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bufio.NewReader(bytes.NewReader(b))
		for range len(b) + 1 {
			fr, err := ReadFrame(r)
			if err == nil && !bytes.Contains(b, fr.Bytes()) {
				t.Fatalf("%+v is not in %X", fr, b)
			}
			if err != nil && !passing(err) {
				return
			}
		}
	})
}
