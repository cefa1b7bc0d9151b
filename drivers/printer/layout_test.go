package printer_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"tillkeeper/drivers/printer"
)

func TestColumns(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "abc 123": 7, "惠民": 4, "￥2.00": 6, "，。：": 6, "—…·": 6, "ｱ": 1, "é": 2, "ñ": 1, "한국": 4, "\U0001f35c": 2,
	} {
		if got := printer.Columns(text); got != want {
			t.Errorf("%q: %d columns, want %d", text, got, want)
		}
	}
}

func TestLay(t *testing.T) {
	for _, c := range []struct {
		left, right string
		width       int
		want        []string
	}{
		{"", "", 8, []string{""}},
		{"合计", "2.00", 10, []string{"合计  2.00"}},
		{"合计", "12.00", 10, []string{"合计 12.00"}},
		{"合计", "123.00", 10, []string{"合计", "    123.00"}}, // no gap would be left
		{"", "1234567890", 10, []string{"1234567890"}},
		{"找零", "¥5.00", 12, []string{"找零  ￥5.00"}},
		{"one two three", "", 8, []string{"one two", "three"}},
		{"one two three", "9.00", 10, []string{"one two", "three 9.00"}},
		{"abcdefghij", "", 4, []string{"abcd", "efgh", "ij"}},
		{"农夫山泉矿泉水", "", 9, []string{"农夫山泉", "矿泉水"}}, // no half of a character
		{"农夫山泉 550ml", "", 12, []string{"农夫山泉", "550ml"}},
		{"  卡号", "622424******0113", 16, []string{"  卡号", "622424******0113"}},
		{"a", "0123456789", 4, []string{"a", "0123", "4567", "  89"}},
		{"tab\there", "", 20, []string{"tab here"}},
		{"农夫\u00a0山泉\u2009550ml", "", 20, []string{"农夫 山泉 550ml"}},                         // spaces of other widths
		{"\ufeff可\u200b乐\u00ad", "1\u200e.00", 10, []string{"可乐  1.00"}},                   // what has no width
		{"\U0001f468\u200d\U0001f373 ☺\ufe0f", "", 20, []string{"\U0001f468\U0001f373 ☺"}}, // joined pictures stand apart
		{"全角\u3000空格", "", 20, []string{"全角\u3000空格"}},
		{"中文", "", 1, []string{"中", "文"}}, // ends, however narrow
	} {
		if got := printer.Lay(c.left, c.right, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q %q on %d: %q, want %q", c.left, c.right, c.width, got, c.want)
		}
	}
}

// TestLayLosesNothing: no row is too wide, and all but spaces is on paper, in
// order.
func TestLayLosesNothing(t *testing.T) {
	letters := rapid.StringOfN(rapid.RuneFrom([]rune("ab 1.é惠民店￥，ñ한")), 0, 60, -1)
	rapid.Check(t, func(t *rapid.T) {
		left, right := letters.Draw(t, "left"), letters.Draw(t, "right")
		width := rapid.IntRange(8, 48).Draw(t, "width")
		rows := printer.Lay(left, right, width)
		for _, r := range rows {
			if printer.Columns(r) > width {
				t.Fatalf("%q takes %d columns of %d", r, printer.Columns(r), width)
			}
		}
		bare := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if got, want := bare(strings.Join(rows, "")), bare(left+right); got != want {
			t.Fatalf("%q became %q", want, got)
		}
	})
}

// TestRightColumnEndsAtTheEdge on both widths of paper.
func TestRightColumnEndsAtTheEdge(t *testing.T) {
	for _, width := range []int{printer.Columns80, printer.Columns58, printer.Columns58 / 2} {
		for _, left := range []string{"", "合计", strings.Repeat("农夫山泉 ", 12), strings.Repeat("long ", 30)} {
			rows := printer.Lay(left, "￥123.00", width)
			last := rows[len(rows)-1]
			if printer.Columns(last) != width || !strings.HasSuffix(last, "￥123.00") {
				t.Errorf("%q on %d ends with %q", left, width, last)
			}
		}
	}
}

// TestTwoByteCodesAreThoseOfGB18030: the table has what the encoder makes two
// bytes of, for every character of the plane.
func TestTwoByteCodesAreThoseOfGB18030(t *testing.T) {
	enc := simplifiedchinese.GB18030.NewEncoder()
	two := 0
	for r := rune(0x80); r < 1<<16; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue
		}
		b, err := enc.Bytes([]byte(string(r)))
		want := err == nil && len(b) == 2
		got, err := printer.Encode(slip{{kind: "text", left: string(r)}}, printer.Columns80, nil)
		if err != nil {
			t.Fatal(err)
		}
		got = got[8 : len(got)-1]
		switch {
		case r == '¥', r < 0xa0, r != '\u3000' && unicode.IsSpace(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r): // made plain
		case want && !bytes.Equal(got, b), !want && !bytes.Equal(got, []byte("?")) && !bytes.Equal(got, []byte("??")):
			t.Fatalf("%q (%x): % x, want % x", r, r, got, b)
		case want:
			two++
		}
	}
	if two < 20000 {
		t.Errorf("%d characters", two)
	}
}
