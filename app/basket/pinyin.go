package basket

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// maxReadings bounds the spellings of one name whose characters can be read in
// several ways.
const maxReadings = 4

var otherReading = sync.OnceValue(func() map[rune]string {
	m := map[rune]string{}
	for _, w := range strings.Fields(otherReadings) {
		r, n := utf8.DecodeRuneInString(w)
		m[r] = w[n:]
	}
	return m
})

// Initial gives the first letter of the usual reading of a Chinese character,
// 0 if it has none.
func Initial(r rune) byte {
	if r < firstHan || r > lastHan {
		return 0
	}
	if b := initials[r-firstHan]; b != '-' {
		return b
	}
	return 0
}

// Spellings gives the ways in which a name can be typed: pinyin initials for
// Chinese characters, letters and digits as they are (lower case), everything
// else left out. The usual reading comes first; at most 4 are given.
func Spellings(name string) []string {
	out := [][]byte{nil}
	for _, r := range name {
		letters := typed(r)
		if letters == "" {
			continue
		}
		n := len(out)
		for _, b := range []byte(letters[1:]) {
			for i := 0; i < n && len(out) < maxReadings; i++ {
				out = append(out, append(append([]byte(nil), out[i]...), b))
			}
		}
		for i := range n {
			out[i] = append(out[i], letters[0])
		}
	}
	s := make([]string, len(out))
	for i, b := range out {
		s[i] = string(b)
	}
	return s
}

// typed gives the keys that may stand for a rune, "" for none.
func typed(r rune) string {
	switch {
	case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
		return string(r)
	case r >= 'A' && r <= 'Z':
		return string(r + 'a' - 'A')
	case r == 'π':
		return "p"
	}
	b := Initial(r)
	if b == 0 {
		return ""
	}
	usual := string(rune(b))
	return usual + strings.ReplaceAll(otherReading()[r], usual, "")
}

// folded gives a name as its Chinese search sees it: lower case, no blanks.
func folded(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(name), ""))
}
