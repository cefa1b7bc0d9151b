package printer_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"tillkeeper/drivers/printer"
)

// testLine is one line of a slip.
type testLine struct {
	kind, left, right string
	bold, big         bool
}

type slip []testLine

func (s slip) Each(each func(kind, left, right string, bold, big bool)) {
	for _, l := range s {
		each(l.kind, l.left, l.right, l.bold, l.big)
	}
}

func notoSans(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("../../assets/fonts/NotoSansSC-Regular.ttf")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// unhex reads hexadecimal text; a part in quotes stands for its own bytes.
func unhex(t testing.TB, parts ...string) []byte {
	t.Helper()
	var out []byte
	for _, p := range parts {
		if strings.HasPrefix(p, "'") {
			out = append(out, p[1:]...)
			continue
		}
		b, err := hex.DecodeString(strings.ReplaceAll(p, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b...)
	}
	return out
}

// TestReceiptToTheByte holds a receipt against bytes that were written down by
// hand from the command reference; the Chinese is what iconv makes of it.
func TestReceiptToTheByte(t *testing.T) {
	got, err := printer.Encode(slip{
		{kind: "centre", left: "惠民便利店", bold: true, big: true},
		{kind: "rule"},
		{kind: "text", left: "农夫山泉 550ml", right: "2.00"},
		{kind: "text", left: "合计", right: "¥2.00", bold: true, big: true},
		{kind: "blank"},
		{kind: "qr", left: "000123"},
		{kind: "centre", left: "谢谢惠顾"},
		{kind: "cut"},
	}, printer.Columns58, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := unhex(t,
		"1b40", "1c26 1c530000", // reset; two-byte characters without gaps
		"1b6101 1d2111 1b4501", "bbddc3f1b1e3c0fbb5ea 0a", // middle, double, bold
		"1b6100 1d2100 1b4500", "'"+strings.Repeat("-", 32), "0a",
		"c5a9b7f2c9bdc8aa", "' 550ml"+strings.Repeat(" ", 32-14-4)+"2.00", "0a",
		"1d2111 1b4501", "bacfbcc6", "'"+strings.Repeat(" ", 16-4-6), "a3a4", "'2.00", "0a",
		"0a",
		"1b6101 1d2100 1b4500",
		"1d286b 0400 314132 00", "1d286b 0300 314306", "1d286b 0300 314531", // model 2, 6 dots, level M
		"1d286b 0900 315030", "'000123", "1d286b 0300 315130", "0a",
		"d0bbd0bbbbddb9cb 0a",
		"1b6100", "1d564203",
	)
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%swant\n%s", hex.Dump(got), hex.Dump(want))
	}
}

func TestCharactersTakeOneOrTwoBytes(t *testing.T) {
	for text, want := range map[string][]byte{
		"￥":              {0xa3, 0xa4},
		"¥":              {0xa3, 0xa4}, // four bytes of its own in GB18030
		"—":              {0xa1, 0xaa},
		"€":              {0xa2, 0xe3},
		"，":              {0xa3, 0xac},
		"é":              {0xa8, 0xa6},
		"ñ":              {'?'},      // four bytes in GB18030
		"한":              {'?', '?'}, // as wide as it would have been
		"\U0001f35c":     {'?', '?'},
		"a\x10\x04\x01b": []byte("a   b"), // no control character passes
		"a\x1b@\x7fb":    []byte("a @ b"),
		"\xff":           {'?'}, // no UTF-8
	} {
		got, err := printer.Encode(slip{{kind: "text", left: text}}, printer.Columns80, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body := got[len("\x1b@\x1c&\x1cS\x00\x00"):]; !bytes.Equal(body, append(bytes.Clone(want), '\n')) {
			t.Errorf("%q: % x, want % x", text, body, want)
		}
	}
}

// TestTextReadsBackTwoBytesAtATime decodes a whole line with a decoder that
// knows no four-byte codes.
func TestTextReadsBackTwoBytesAtATime(t *testing.T) {
	const text = "脱机交易 稍后上送：合计￥1,234.56 (卡号 622424******0113)"
	got, err := printer.Encode(slip{{kind: "text", left: text}}, 200, nil)
	if err != nil {
		t.Fatal(err)
	}
	back, err := simplifiedchinese.GBK.NewDecoder().Bytes(got[8:])
	if err != nil || string(back) != text+"\n" {
		t.Errorf("%q, %v", back, err)
	}
}

func TestSlipsThatCannotBePrinted(t *testing.T) {
	for name, s := range map[string]printer.Slip{
		"nothing": nil, "kind": slip{{kind: "photo"}}, "empty code": slip{{kind: "qr"}},
		"long code": slip{{kind: "qr", left: strings.Repeat("1", 301)}}, "code with a control": slip{{kind: "qr", left: "1\x10\x04"}},
		"code in Chinese": slip{{kind: "qr", left: "票"}},
	} {
		if b, err := printer.Encode(s, printer.Columns80, nil); !errors.Is(err, printer.ErrSlip) || b != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := printer.Encode(slip{}, 15, nil); !errors.Is(err, printer.ErrSlip) {
		t.Errorf("15 columns: %v", err)
	}
}

// TestOtherCharactersAreDrawn: a line with characters that the printer has not
// becomes a picture of 24 dots, over the paper at the edge, as wide as its text
// in the middle, twice that when big.
func TestOtherCharactersAreDrawn(t *testing.T) {
	font := notoSans(t)
	for _, c := range []struct {
		kind       string
		big        bool
		wide, rows int // bytes, dots
	}{
		{"text", false, 48 * 12 / 8, 24},
		{"text", true, 48 * 12 / 8, 48},
		{"centre", false, 4 * 12 / 8, 24},
		{"centre", true, 4 * 24 / 8, 48},
	} {
		got, err := printer.Encode(slip{{kind: c.kind, left: "ñino", big: c.big}}, printer.Columns80, font)
		if err != nil {
			t.Fatal(err)
		}
		head := []byte{0x1d, 'v', '0', 0, byte(c.wide), 0, byte(c.rows), 0}
		at := bytes.Index(got, head)
		if at < 0 || len(got) != at+len(head)+c.wide*c.rows {
			t.Errorf("%+v: no picture of this size in % x", c, got[:min(40, len(got))])
			continue
		}
		if dots := bytes.Trim(got[at+len(head):], "\x00"); len(dots) == 0 {
			t.Errorf("%+v: nothing is drawn", c)
		}
	}
	// A character that the font has not either is no reason to draw.
	got, err := printer.Encode(slip{{kind: "text", left: "a\ue123"}}, printer.Columns80, font)
	if err != nil || !bytes.HasSuffix(got, []byte("a?\n")) {
		t.Errorf("% x, %v", got, err)
	}
}

// FuzzNoRealTimeCommand: whatever a slip says, a printer obeys nothing in it.
func FuzzNoRealTimeCommand(f *testing.F) {
	f.Add("\x10\x04\x01", "\x10\x14", true)
	f.Add("ñ\x10", "\x05", false)
	font := notoSans(f)
	f.Fuzz(func(t *testing.T, left, right string, big bool) {
		for _, kind := range []string{"text", "centre"} {
			b, err := printer.Encode(slip{{kind: kind, left: left, right: right, big: big}, {kind: "cut"}}, printer.Columns58, font)
			if err != nil || printer.RealTime(b) >= 0 {
				t.Fatalf("%q %q: %v at %d", left, right, err, printer.RealTime(b))
			}
		}
	})
}

func TestPicturesHoldNoRealTimeCommand(t *testing.T) {
	font := notoSans(t)
	rapid.Check(t, func(t *rapid.T) {
		text := "ñ" + rapid.StringOfN(rapid.RuneFrom([]rune("ñ÷¬|/\\-_.'´ił中国人")), 1, 40, -1).Draw(t, "text")
		b, err := printer.Encode(slip{{kind: "text", left: text, big: rapid.Bool().Draw(t, "big")}}, printer.Columns80, font)
		if err != nil || printer.RealTime(b) >= 0 {
			t.Fatalf("%q: %v at %d", text, err, printer.RealTime(b))
		}
	})
}

func TestRealTime(t *testing.T) {
	for in, want := range map[string]int{
		"": -1, "\x10": -1, "\x10\x04": 0, "ab\x10\x05": 2, "\x10\x10\x14": 1, "\x04\x10": -1, "\x10\x06": -1,
	} {
		if got := printer.RealTime([]byte(in)); got != want {
			t.Errorf("% x: %d, want %d", in, got, want)
		}
	}
}
