package keys

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm4"
)

const (
	doubleHex = "0123456789ABCDEFFEDCBA9876543210"
	nowAll    = "Now is the time for all "
	nowIt     = "Now is the time for it"
	rfcKey    = "2B7E151628AED2A6ABF7158809CF4F3C"
	rfcText   = "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E5130C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710"
)

type macCase struct{ algorithm, key, data, want string }

func newAES(t *testing.T, key string) cipher.Block {
	t.Helper()
	c, err := aes.NewCipher(unhex(t, key))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func checkMACs(t *testing.T, cases map[string]macCase) {
	t.Helper()
	for name, c := range cases {
		got, err := MAC(c.algorithm, unhex(t, c.key), []byte(c.data))
		if err != nil || !strings.EqualFold(hex.EncodeToString(got), c.want) {
			t.Errorf("%s: %v %X, want %s", name, err, got, c.want)
		}
	}
}

// TestISO97971Annex has the examples of ISO/IEC 9797-1:1999 annex A (annex B of 2011) with padding method 1:
// algorithm 1 (K 0123456789ABCDEF) and algorithm 3 (K' FEDCBA9876543210).
func TestISO97971Annex(t *testing.T) {
	checkMACs(t, map[string]macCase{
		"algorithm 1, text 1": {MACX99, "0123456789ABCDEF", nowAll, "70A30640CC76DD8B"},
		"algorithm 1, text 2": {MACX99, "0123456789ABCDEF", nowIt, "E45B3AD2B7CC0856"},
		"algorithm 3, text 1": {MACX919, doubleHex, nowAll, "A1C72E74EA3FA9B6"},
		"algorithm 3, text 2": {MACX919, doubleHex, nowIt, "2E2B1428CC78254F"},
	})
}

// TestFIPS113Appendix2 has the message of FIPS PUB 113 appendix 2: its authenticator is F1D30F68, the left half of the last block.
func TestFIPS113Appendix2(t *testing.T) {
	checkMACs(t, map[string]macCase{"binary and coded text": {MACX99, "0123456789ABCDEF", "7654321 Now is the time for ", "F1D30F6849312CA4"}})
}

// TestRFC4493Section4 has all the examples of RFC 4493 section 4, whole blocks and as field 64 takes them.
func TestRFC4493Section4(t *testing.T) {
	for _, c := range []struct {
		bytes int
		want  string
	}{
		{0, "BB1D6929E95937287FA37D129B756746"},
		{16, "070A16B46B4D4144F79BDD9DD04A287C"},
		{40, "DFA66747DE9AE63030CA32611497C827"},
		{64, "51F0BEBF7E3B9D92FC49741779363CFE"},
	} {
		block := newAES(t, rfcKey)
		if got := cmac(block, unhex(t, rfcText)[:c.bytes]); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%d bytes: %X", c.bytes, got)
		}
		if got, err := MAC(MACAES, unhex(t, rfcKey), unhex(t, rfcText)[:c.bytes]); err != nil || !bytes.Equal(got, unhex(t, c.want)[:8]) {
			t.Errorf("%d bytes: %v %X", c.bytes, err, got)
		}
	}
}

// TestANSIX924InitialSequenceMACs has the request MAC of ANSI X9.24-1:2009 annex A.4.2, KSN
// FFFF9876543210E00001: algorithm 3 under 042666B4918430A368DE9628D03984C9.
func TestANSIX924InitialSequenceMACs(t *testing.T) {
	checkMACs(t, map[string]macCase{"request": {MACX919, "042666B4918430A368DE9628D03984C9", "4012345678909D987", "9CCC78173FC4FB64"}})
}

// TestGBT32907AnnexA has both examples of GB/T 32907-2016 annex A: one block, and the same key over it a million times.
func TestGBT32907AnnexA(t *testing.T) {
	c, err := sm4.NewCipher(unhex(t, doubleHex))
	if err != nil {
		t.Fatal(err)
	}
	b := unhex(t, doubleHex)
	for n := 1; n <= 1_000_000; n++ {
		c.Encrypt(b, b)
		if n == 1 && !bytes.Equal(b, unhex(t, "681EDF34D206965E86B3E94F536E4246")) {
			t.Fatalf("example 1: %X", b)
		}
	}
	if !bytes.Equal(b, unhex(t, "595298C7C6FD271F0402F804C33D3F66")) {
		t.Errorf("example 2: %X", b)
	}
}

// TestGBT15852AnnexB has the CBC-MAC examples with SM4 of GB/T 15852.1-2020 annex B, mechanism 1. They pad by
// method 2 (a one bit, then zeros), which is written out here; a message of one whole block under MACSM4 is
// GB/T 32907 annex A again.
func TestGBT15852AnnexB(t *testing.T) {
	checkMACs(t, map[string]macCase{
		"32 bytes": {MACSM4, doubleHex, "This is the test message for mac\x80", "4B6553AF3C4E2744"},
		"25 bytes": {MACSM4, doubleHex, "This is the test message \x80", "421AD1690AA152E2"},
		"none":     {MACSM4, doubleHex, "\x80", "8C338E5A27E349BE"},
		"block":    {MACSM4, doubleHex, string(unhex(t, doubleHex)), "681EDF34D206965E"},
	})
}

// TestUnionPayECBMACOfMessages computes field 64 of the reference messages (testdata/messages.txt, MAK
// 8CA64DE9C1B123A7, re-computed by independent decoders in two other languages) over MTI to field 63.
func TestUnionPayECBMACOfMessages(t *testing.T) {
	const frameHead = 2 + 5 + 6 // length, TPDU, header
	raw, err := os.ReadFile("testdata/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	var message []byte
	seen := 0
	for line := range strings.Lines(string(raw)) {
		want, ok := strings.CutPrefix(strings.TrimSpace(line), "MAC ascii ")
		if !ok {
			if b, err := hex.DecodeString(strings.TrimSpace(line)); err == nil {
				message = b
			}
			continue
		}
		seen++
		body, f64 := message[frameHead:len(message)-8], message[len(message)-8:]
		for _, key := range [][]byte{unhex(t, makHex), unhex(t, makHex+makHex)} { // two halves alike are single DES
			if got, err := MAC(MACECB, key, body); err != nil || string(got) != want || !bytes.Equal(got, f64) {
				t.Errorf("%X...: %v %s, want %s", body[:2], err, got, want)
			}
		}
	}
	if seen != 7 {
		t.Errorf("%d messages with a MAC", seen)
	}
}

func TestMACRefuses(t *testing.T) {
	if _, err := MAC("md5", make([]byte, 16), nil); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("%v", err)
	}
	for _, a := range Algorithms() {
		for _, n := range []int{0, 7, 9, 15, 33} {
			if _, err := MAC(a, make([]byte, n), []byte("x")); !errors.Is(err, ErrLength) {
				t.Errorf("%s with %d bytes: %v", a, n, err)
			}
		}
		for _, n := range []int{0, 1, 8, 15, 16, 17, 1000} {
			if got, err := MAC(a, unhex(t, doubleHex), make([]byte, n)); err != nil || len(got) != 8 {
				t.Errorf("%s over %d bytes: %v %X", a, n, err, got)
			}
		}
	}
	if _, err := MAC(MACX919, make([]byte, 8), nil); !errors.Is(err, ErrLength) {
		t.Errorf("%v", err)
	}
}

// TestDoubleLengthMAK has a MAK of two different halves differ from its left half under every algorithm that takes both.
func TestDoubleLengthMAK(t *testing.T) {
	for _, a := range []string{MACECB, MACX99} {
		one, err1 := MAC(a, unhex(t, doubleHex)[:8], []byte("abc"))
		two, err2 := MAC(a, unhex(t, doubleHex), []byte("abc"))
		if err1 != nil || err2 != nil || bytes.Equal(one, two) {
			t.Errorf("%s: %v %v %X %X", a, err1, err2, one, two)
		}
	}
}

func BenchmarkMAC(b *testing.B) {
	data := make([]byte, 240)
	for _, a := range Algorithms() {
		b.Run(a, func(b *testing.B) {
			key := unhex(b, doubleHex)
			for b.Loop() {
				if _, err := MAC(a, key, data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
