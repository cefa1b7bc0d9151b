package printer

import "strings"

// Wide says whether a character takes two columns.
func Wide(r rune) bool {
	return r >= 0x1100 && (r <= 0x115f || (r >= 0x2e80 && r <= 0xa4cf) || (r >= 0xac00 && r <= 0xd7a3) ||
		(r >= 0xf900 && r <= 0xfaff) || (r >= 0xfe30 && r <= 0xfe6f) || (r >= 0xff00 && r <= 0xff60) ||
		(r >= 0xffe0 && r <= 0xffe6) || r >= 0x1f300) || (r > 0x7e && twoBytes(r))
}

// twoBytes says whether the printer has the character, which it then prints
// over two columns.
func twoBytes(r rune) bool {
	return len(code(r)) == 2
}

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

// clean makes one line of plain characters: control characters become spaces,
// ¥ becomes ￥, which GB18030 holds in two bytes.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '¥':
			return '￥'
		case r < 0x20 || (r >= 0x7f && r < 0xa0):
			return ' '
		}
		return r
	}, s)
}

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
