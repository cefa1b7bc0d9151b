package wire

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestDecodeMasks(t *testing.T) {
	p := cup(t)
	frames, _ := vectors(t)
	for name, frame := range frames {
		for _, text := range []string{
			hexText(frame), strings.ToLower(hexText(frame[2:])), "\n " + hexText(frame[:9]) + " \r\n" + hexText(frame[9:]),
		} {
			var out bytes.Buffer
			if err := Decode(p, text, &out); err != nil {
				t.Fatal(name, err)
			}
			for _, secret := range []string{"6224242900000113", "2806", "5F1A4D2B657B4016", "20C3CA60", "394903"} {
				if strings.Contains(out.String(), secret) {
					t.Errorf("%s shows %s:\n%s", name, secret, out.String())
				}
			}
		}
	}
	var out bytes.Buffer
	if err := Decode(p, hexText(frames["V3"]), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"LEN    257", "MTI    0200", "622424******0113", "amount: 000000000100", "9F26 95BBE372271DDA7C", "F64", "\"12345678\"",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}

func TestDecodeMasksUploadAndChip(t *testing.T) {
	p := cup(t)
	for name, m := range map[string]*Message{
		"upload": {MTI: "0320", Fields: map[int]string{48: "01" + "00" + "000123" + "00006224242900000113" + "000000000100"}},
		"chip":   {MTI: "0200", Fields: map[int]string{55: "5A086224242900000113" + "5F24032806305713" + strings.Repeat("62", 19)}},
		"nested": {MTI: "0200", Fields: map[int]string{55: "700A5A086224242900000113"}},
		"broken": {MTI: "0200", Fields: map[int]string{55: "5A096224242900000113"}},
	} {
		b, err := p.Pack(p.NewHeader(), m)
		if err != nil {
			t.Fatal(name, err)
		}
		var out bytes.Buffer
		if err := Decode(p, hexText(b), &out); err != nil {
			t.Fatal(name, err)
		}
		said := out.String()
		if strings.Contains(said, "6224242900000113") || strings.Contains(said, "280630") || strings.Contains(said, "6262") {
			t.Errorf("%s shows the card:\n%s", name, out.String())
		}
	}
}

func TestDecodeSaysWhy(t *testing.T) {
	p := cup(t)
	frames, _ := vectors(t)
	v3 := hexText(frames["V3"])
	for name, c := range map[string]struct{ text, why string }{
		"not hex":      {"zz", "not hex"},
		"half a byte":  {v3[:7], "half a byte"},
		"cut":          {v3[:len(v3)-4], "announces 257 bytes, 255 follow"},
		"cut, no LEN":  {v3[4 : len(v3)-4], "field 64"},
		"left over":    {v3[4:] + "00", "1 bytes left over"},
		"bad nibble":   {strings.Replace(v3, "6224", "62F4", 1), "field 2 (card number)"},
		"long garbage": {strings.Repeat("00", 200<<10), "characters"},
	} {
		err := Decode(p, c.text, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMaskPAN(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "1234567890": "**********", "6224242900000113": "622424******0113", "6212345678901234567": "621234*********4567",
	} {
		if got := MaskPAN(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

func TestTLV(t *testing.T) {
	raw := unhex(t, chip)
	items, err := ParseTLV(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := PackTLV(items)
	if err != nil || !bytes.Equal(again, raw) {
		t.Errorf("%v: %X", err, again)
	}
	if items[0].Tag != "9F26" || hexText(items[0].Value) != "95BBE372271DDA7C" {
		t.Errorf("%+v", items[0])
	}
	long, err := PackTLV([]TLV{{Tag: "70", Value: make([]byte, 200)}, {Tag: "71", Value: make([]byte, 300)}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ParseTLV(long); err != nil || len(got) != 2 || len(got[1].Value) != 300 {
		t.Errorf("%v: %d objects", err, len(got))
	}
	for _, bad := range []string{"9F", "9F80", "9F808001", "5A", "5A05", "5A80", "5A81", "5A8201", "5A83000001", "5A820100"} {
		if _, err := ParseTLV(unhex(t, bad)); !errors.Is(err, ErrMessage) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, bad := range []string{"", "9F", "5A5A", "xx"} {
		if _, err := PackTLV([]TLV{{Tag: bad}}); err == nil {
			t.Errorf("tag %q was written", bad)
		}
	}
}

func TestShortF55(t *testing.T) {
	p := cup(t)
	frames, _ := vectors(t)
	_, reversal, err := p.Unpack(frames["V6"][2:])
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.ShortF55(chip); err != nil || got != reversal.Get(55) {
		t.Errorf("%v: %s, want %s", err, got, reversal.Get(55))
	}
	if _, err := p.ShortF55("5A05"); err == nil {
		t.Error("broken chip data was shortened")
	}
}

func TestLoad(t *testing.T) {
	raw, err := os.ReadFile(profileFile)
	if err != nil {
		t.Fatal(err)
	}
	byName, err := Load(fstest.MapFS{"profiles/mine.json": {Data: raw}}, "mine")
	if err != nil || byName.Transactions["refund"].MTI != "0220" || byName.Transactions["sale"].Proc != "000000" {
		t.Fatalf("%v %+v", err, byName)
	}
	file := filepath.Join(t.TempDir(), "own.json")
	if err := os.WriteFile(file, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(nil, file); err != nil {
		t.Error(err)
	}
	for name, change := range map[string][2]string{
		"unknown key":    {`"title"`, `"titel"`},
		"type":           {`"n..19"`, `"q..19"`},
		"left variable":  {`"n3 left"`, `"n..3 left"`},
		"algorithm":      {`"ecb"`, `"rot13"`},
		"MAC elsewhere":  {`"0220", `, ``},
		"header":         {`"603100310000"`, `"60310031000"`},
		"tpdu":           {`"6000030000"`, `"60"`},
		"length bytes":   {`"length_bytes": 2`, `"length_bytes": 9`},
		"largest":        {`"max_bytes": 4096`, `"max_bytes": 1000000`},
		"field number":   {`"63": `, `"65": `},
		"MAC field":      {`"MAC", "type": "b8"`, `"MAC", "type": "b16"`},
		"mask":           {`"mask": "pan"`, `"mask": "none"`},
		"no mask":        {`"mask": "tlv"`, `"mask": ""`},
		"no timer":       {`"answer_ms": 10000`, `"answer_ms": 0`},
		"dropped field":  {`"drop": [26`, `"drop": [27`},
		"repeat":         {`"repeat": "same"`, `"repeat": "often"`},
		"two length":     {`"n..11"`, `"n..111"`},
		"something more": {`"code_sale"`, `"x": {"mti": "0800"}}} {}, "code_sale"`},
	} {
		text := strings.Replace(string(raw), change[0], change[1], 1)
		if text == string(raw) {
			t.Fatalf("%s: nothing changed", name)
		}
		if _, err := Parse([]byte(text)); !errors.Is(err, ErrProfile) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load(fstest.MapFS{}, "absent"); !errors.Is(err, ErrProfile) {
		t.Error(err)
	}
}

func TestF60(t *testing.T) {
	tx := cup(t).Transactions
	for op, want := range map[string]string{
		"sale": "2200000700050", "sign_on": "00000007003", "settlement": "00000007201", "code_sale": "2200000700060",
	} {
		tail := ""
		if op == "sale" || op == "code_sale" {
			tail = "50"
		}
		if got := tx[op].F60("000007", tail); got != want {
			t.Errorf("%s: %s, want %s", op, got, want)
		}
	}
}

func TestCodes(t *testing.T) {
	c := cup(t).Codes
	if !c.IsSuccess("00") || c.IsSuccess("10") || !c.IsPartial("10") || c.IsPartial("") || !c.IsUnknown("96") ||
		!c.WantsSignOn("A0") || c.IsSuccess("") {
		t.Errorf("%+v", c)
	}
}

func TestMACKnownAnswers(t *testing.T) {
	rfc := "2b7e151628aed2a6abf7158809cf4f3c"
	text := "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
	for name, c := range map[string]struct{ algorithm, key, data, want string }{
		"RFC 4493 empty":   {MACAES, rfc, "", "BB1D6929E9593728"},
		"RFC 4493 16":      {MACAES, rfc, text[:32], "070A16B46B4D4144"},
		"RFC 4493 40":      {MACAES, rfc, text[:80], "DFA66747DE9AE630"},
		"RFC 4493 64":      {MACAES, rfc, text, "51F0BEBF7E3B9D92"},
		"FIPS 113":         {MACX99, "0123456789ABCDEF", hexText([]byte("7654321 Now is the time for ")), "F1D30F6849312CA4"},
		"9797-1 alg 1":     {MACX99, "0123456789ABCDEF", hexText([]byte("Now is the time for all ")), "70A30640CC76DD8B"},
		"9797-1 alg 3":     {MACX919, "0123456789ABCDEFFEDCBA9876543210", hexText([]byte("Now is the time for all ")), "A1C72E74EA3FA9B6"},
		"9797-1 alg 3 pad": {MACX919, "0123456789ABCDEFFEDCBA9876543210", hexText([]byte("Now is the time for it")), "2E2B1428CC78254F"},
	} {
		got, err := MAC(c.algorithm, unhex(t, c.key), unhex(t, c.data))
		if err != nil || hexText(got) != c.want {
			t.Errorf("%s: %v %s, want %s", name, err, hexText(got), c.want)
		}
	}
	for name, c := range map[string]struct {
		algorithm string
		key       int
	}{"unknown": {"md5", 16}, "ecb 7": {MACECB, 7}, "x9.9 24": {MACX99, 24}, "x9.19 8": {MACX919, 8}, "cmac 8": {MACAES, 8}} {
		if _, err := MAC(c.algorithm, make([]byte, c.key), nil); !errors.Is(err, ErrAlgorithm) {
			t.Errorf("%s: %v", name, err)
		}
	}
	one, err1 := MAC(MACECB, unhex(t, "8CA64DE9C1B123A7"), []byte("abc"))
	two, err2 := MAC(MACECB, unhex(t, "8CA64DE9C1B123A78CA64DE9C1B123A7"), []byte("abc"))
	if err1 != nil || err2 != nil || !bytes.Equal(one, two) {
		t.Errorf("a doubled key differs: %v %v %s %s", err1, err2, one, two)
	}
}
