package printer

import (
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Wide says whether a character takes two columns.
func Wide(r rune) bool {
	return r >= 0x1100 && (r <= 0x115f || (r >= 0x2e80 && r <= 0xa4cf) || (r >= 0xac00 && r <= 0xd7a3) ||
		(r >= 0xf900 && r <= 0xfaff) || (r >= 0xfe30 && r <= 0xfe6f) || (r >= 0xff00 && r <= 0xff60) ||
		(r >= 0xffe0 && r <= 0xffe6) || r >= 0x1f300) || (r > 0x7e && twoBytes(r))
}

// twoBytes says whether GB18030 has the character in two bytes: printers print
// it over two columns.
func twoBytes(r rune) bool { return twoByteCode(r) != 0 }

// twoByteCode gives the two-byte code of a character, 0 if it has none.
func twoByteCode(r rune) uint16 {
	if r < 0 || r >= 1<<16 {
		return 0
	}
	return twoByteTable()[r]
}

// twoByteTable has the two-byte codes of GB18030 by character, from the table of
// x/text; it is made when it is first needed, in some milliseconds.
var twoByteTable = sync.OnceValue(func() *[1 << 16]uint16 {
	var t [1 << 16]uint16
	dec := simplifiedchinese.GB18030.NewDecoder()
	src, dst := []byte{0, 0}, make([]byte, 8)
	for hi := 0x81; hi <= 0xfe; hi++ {
		for lo := 0x40; lo <= 0xfe; lo++ {
			src[0], src[1] = byte(hi), byte(lo)
			dec.Reset()
			n, _, err := dec.Transform(dst, src, true)
			if err != nil {
				continue
			}
			if r, size := utf8.DecodeRune(dst[:n]); size == n && r != utf8.RuneError && r < 1<<16 && t[r] == 0 { // a few have two codes
				t[r] = uint16(hi)<<8 | uint16(lo)
			}
		}
	}
	return &t
})

// Columns counts the columns that a text takes.
func Columns(s string) int {
	n := 0
	for _, r := range s {
		n += columnsOf(r)
	}
	return n
}

func columnsOf(r rune) int {
	if Wide(r) {
		return 2
	}
	return 1
}

// clean makes one line of plain characters: control characters and the spaces of
// other widths become spaces, ¥ becomes ￥, which GB18030 holds in two bytes, and
// what has no width of its own (joiners, marks of direction, forms of a
// character) goes: a name that was copied from elsewhere has such.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0x20 && r < 0x7f:
			return r
		case r == '¥':
			return '￥'
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r):
			return -1
		case unicode.IsControl(r), unicode.IsSpace(r) && r != wideSpace:
			return ' '
		}
		return r
	}, s)
}

// wideSpace is as wide as a Han character, and printers have it.
const wideSpace = '\u3000'

// Lay breaks left over as many rows as it needs and sets right at the end of
// the last one, or on a row of its own where both do not fit.
func Lay(left, right string, width int) []string {
	left, right = clean(left), clean(right)
	rows := wrap(left, width)
	if right == "" {
		return rows
	}
	tail := wrap(right, width)
	first := tail[0]
	last := rows[len(rows)-1]
	gap := width - Columns(last) - Columns(first)
	if len(tail) == 1 && (gap > 0 || (gap == 0 && last == "")) {
		rows[len(rows)-1] = last + strings.Repeat(" ", gap) + first
		return rows
	}
	for _, t := range tail {
		rows = append(rows, strings.Repeat(" ", max(0, width-Columns(t)))+t)
	}
	return rows
}

// wrap breaks a text at spaces where it can, else between characters; a row
// holds one character at least.
func wrap(s string, width int) []string {
	var rows []string
	runes := []rune(s)
	for len(runes) > 0 {
		used, end, space := 0, 0, -1
		for end < len(runes) && used+columnsOf(runes[end]) <= width {
			if runes[end] == ' ' && used > 0 {
				space = end
			}
			used += columnsOf(runes[end])
			end++
		}
		end = max(end, 1)
		if end < len(runes) && runes[end] != ' ' && space > 0 && runes[end] < 0x80 && runes[end-1] < 0x80 &&
			strings.TrimSpace(string(runes[:space])) != "" {
			end = space
		}
		rows = append(rows, string(runes[:end]))
		runes = runes[end:]
		if len(rows) > 0 && len(runes) > 0 && runes[0] == ' ' {
			runes = runes[1:]
		}
	}
	if rows == nil {
		rows = []string{""}
	}
	return rows
}
