package pinpad

import (
	"bytes"
	"crypto/aes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	pad "tillkeeper/drivers/pinpad"
)

// TestISO95641Format0 has clear blocks of format 0: the example of ISO 9564-1 (PIN 1234), the one of ANSI X9.24-1:2009 annex A.4 and the one of the reference messages.
func TestISO95641Format0(t *testing.T) {
	for _, c := range []struct{ pin, pan, want string }{
		{"1234", "43219876543210987", "0412AC89ABCDEF67"},
		{"1234", "4012345678909", "041274EDCBA9876F"},
		{"123456", pan, "061276146FFFFFEE"},
	} {
		if got, err := Block0(c.pin, c.pan); err != nil || !strings.EqualFold(hex.EncodeToString(got[:]), c.want) {
			t.Errorf("%v %X, want %s", err, got, c.want)
		}
	}
	for _, bad := range []string{"", "123456789012", "62242429000001x3", strings.Repeat("1", 20)} {
		if _, err := Block0("1234", bad); !errors.Is(err, ErrPAN) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, bad := range []string{"", "123", "1234567890123", "12a4"} {
		if _, err := Block0(bad, pan); !errors.Is(err, ErrPIN) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestISO95641Format3 has clear blocks of format 3 made by an independent implementation (the test data of psec, Python): the XOR with the PAN field comes off and every fill digit is one of A to F.
func TestISO95641Format3(t *testing.T) {
	key := Key{Bytes: unhex(t, tmkHex)}
	for _, c := range []struct{ pin, block string }{
		{"1234", "341261AAAAEDCBA9"},
		{"123456789", "391261032D8DCBA9"},
		{"1234567890", "3A1261032D82CBA9"},
		{"123456789012", "3C1261032D8226A9"},
	} {
		of := "5555555551234567"
		cipher, err := key.cipher(pad.Format3)
		if err != nil {
			t.Fatal(err)
		}
		sealed := make([]byte, 8)
		cipher.Encrypt(sealed, unhex(t, c.block))
		if got, err := Decipher(pad.Format3, key, sealed, of); err != nil || string(got) != c.pin {
			t.Errorf("%s: %v %q", c.block, err, got)
		}
	}
}

// TestPublishedFormat3 makes and takes the two clear blocks of format 3 that are published with their number and PIN: that
// of IBM's cryptographic architecture ("ISO Format 3" of the Linux on Systems documentation; its account number
// 111222333444555 is without the check digit, 9 here) and that of EFTlab's "Complete list of PIN-blocks" (BP-Tools).
// ISO 9564-1 itself prints none.
func TestPublishedFormat3(t *testing.T) {
	key := Key{Bytes: unhex(t, tmkHex)}
	for _, c := range []struct{ pin, pan, block string }{
		{"123456", "1112223334445559", "361216759CFA8889"},
		{"1234", "43219876543210987", "3412ACC9B98CDF43"},
	} {
		want, fill := unhex(t, c.block), make([]byte, nibbles)
		of, err := panField(c.pan)
		if err != nil {
			t.Fatal(err)
		}
		for i := 2 + len(c.pin); i < nibbles; i++ { // the fill that the source drew
			fill[i] = (want[i/2]^of[i/2])>>(4*(1-i%2))&0xF - 0xA
		}
		if got, err := field(pad.Format3, []byte(c.pin), c.pan, fill); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v %X, want %s", err, got, c.block)
		}
		cipher, err := key.cipher(pad.Format3)
		if err != nil {
			t.Fatal(err)
		}
		sealed := make([]byte, desBlock)
		cipher.Encrypt(sealed, want)
		if got, err := Decipher(pad.Format3, key, sealed, c.pan); err != nil || string(got) != c.pin {
			t.Errorf("%s: %v %q", c.block, err, got)
		}
	}
}

// TestANSIX9243Format4 has both worked examples of format 4 (ISO 9564-1) of the supplement to ANSI X9.24-3:2017: PIN 1234, PAN 4111111111111111, random 2F69ADDE2E9E7ACE, under the PIN keys of transactions 1 and 2.
func TestANSIX9243Format4(t *testing.T) {
	for key, want := range map[string]string{
		"AF8CB133A78F8DC2D1359F18527593FB": "A912150391AB65A67E52883D81CE2D15",
		"D30BDC73EC9714B000BEC66BDB7B6D09": "52A00503BD34BA1383F6A7EE9FE2547F",
	} {
		c, err := aes.NewCipher(unhex(t, key))
		if err != nil {
			t.Fatal(err)
		}
		got, err := encipher4(c, []byte("1234"), "4111111111111111", unhex(t, "2F69ADDE2E9E7ACE"))
		if err != nil || !bytes.Equal(got, unhex(t, want)) {
			t.Errorf("%v %X, want %s", err, got, want)
		}
		if pin, err := Decipher(pad.Format4, Key{unhex(t, key), true}, got, "4111111111111111"); err != nil || string(pin) != "1234" {
			t.Errorf("%v %q", err, pin)
		}
	}
	if of, err := panField4("4111111111111111"); err != nil || !bytes.Equal(of, unhex(t, "44111111111111111000000000000000")) {
		t.Errorf("%v %X", err, of)
	}
}

// TestFormatsThereAndBack has every length of PIN and card number in each format come back, and never under another card, key or format.
func TestFormatsThereAndBack(t *testing.T) {
	des, aes := unhex(t, tmkHex), unhex(t, "AF8CB133A78F8DC2D1359F18527593FB")
	all := map[pad.Format]Key{pad.Format0: {Bytes: des}, pad.Format3: {Bytes: des}, pad.Format4: {aes, true}}
	for f, key := range all {
		other := Key{bytes.Clone(key.Bytes), key.AES}
		other.Bytes[3] ^= 0x10
		for pinLen := leastPIN; pinLen <= mostPIN; pinLen++ {
			for panLen := leastPAN; panLen <= mostPAN; panLen++ {
				pin, of := "905173264890"[:pinLen], "6224242900000113579"[:panLen]
				block, err := Encipher(f, key, []byte(pin), of)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := Decipher(f, key, block, of); err != nil || string(got) != pin {
					t.Errorf("format %d, PIN of %d, PAN of %d: %v %q", f, pinLen, panLen, err, got)
				}
				first := panLen - 1 - panDigits // the first digit that formats 0 and 3 bind
				elsewhere := of[:first] + string('0'+(of[first]-'0'+1)%10) + of[first+1:]
				for name, try := range map[string]func() ([]byte, error){
					"other card": func() ([]byte, error) { return Decipher(f, key, block, elsewhere) },
					"other key":  func() ([]byte, error) { return Decipher(f, other, block, of) },
					"cut":        func() ([]byte, error) { return Decipher(f, key, block[1:], of) },
				} {
					if got, err := try(); err == nil && string(got) == pin {
						t.Errorf("format %d: %s taken", f, name)
					}
				}
			}
		}
	}
	zero, err := Encipher(pad.Format0, all[pad.Format0], []byte("1234"), pan)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decipher(pad.Format3, all[pad.Format0], zero, pan); !errors.Is(err, ErrBlock) {
		t.Errorf("format 0 taken as 3: %v", err)
	}
}

// TestFormats3And4AreNeverTwiceAlike has the same PIN and card make another block each time.
func TestFormats3And4AreNeverTwiceAlike(t *testing.T) {
	for f, key := range map[pad.Format]Key{pad.Format3: {Bytes: unhex(t, tmkHex)}, pad.Format4: {unhex(t, tmkHex), true}} {
		seen := map[string]bool{}
		for range 100 {
			b, err := Encipher(f, key, []byte("1234"), pan)
			if err != nil {
				t.Fatal(err)
			}
			seen[fmt.Sprintf("%X", b)] = true
		}
		if len(seen) < 100 {
			t.Errorf("format %d: %d different of 100", f, len(seen))
		}
	}
}

func TestFormatAndKeyMustFit(t *testing.T) {
	des := Key{Bytes: unhex(t, tmkHex)}
	for _, c := range []struct {
		f   pad.Format
		key Key
	}{{pad.Format4, des}, {pad.Format0, Key{des.Bytes, true}}, {pad.Format3, Key{des.Bytes, true}}, {1, des}, {9, des}} {
		if _, err := Encipher(c.f, c.key, []byte("1234"), pan); !errors.Is(err, ErrFormat) {
			t.Errorf("format %d, AES %v: %v", c.f, c.key.AES, err)
		}
	}
	if _, err := Encipher(pad.Format4, Key{make([]byte, 8), true}, []byte("1234"), pan); err == nil {
		t.Error("an AES key of 8 bytes")
	}
	if _, err := Encipher(pad.Format0, Key{Bytes: make([]byte, 24)}, []byte("1234"), pan); err != nil {
		t.Errorf("three-key triple DES: %v", err)
	}
}

// FuzzDecipher looks for blocks that panic or give what is no PIN.
func FuzzDecipher(f *testing.F) {
	f.Add([]byte("12345678"), pan, byte(0))
	f.Add(make([]byte, 16), pan, byte(4))
	f.Add([]byte{}, "", byte(3))
	f.Fuzz(func(t *testing.T, block []byte, of string, format byte) {
		pin, err := Decipher(pad.Format(format), Key{unhex(t, tmkHex), format == 4}, block, of)
		if err == nil && (len(pin) < leastPIN || len(pin) > mostPIN || !digits(string(pin))) {
			t.Fatalf("%q", pin)
		}
	})
}
