package risk

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Blacklist is the acquirer's list of cards that are never taken without the
// host. Whole numbers are kept as keyed hashes, ranges as their first digits.
type Blacklist struct {
	hashes map[string]bool
	ranges []string
}

// maxListed bounds a list.
const maxListed = 1_000_000

// ReadBlacklist reads a list: a card number a line, or the first digits of a
// range followed by *; what follows # is a remark. hash is the vault's keyed
// hash of a number.
func ReadBlacklist(r io.Reader, hash func(pan string) string) (*Blacklist, error) {
	b := &Blacklist{hashes: map[string]bool{}}
	sc := bufio.NewScanner(r)
	for no := 1; sc.Scan(); no++ {
		text, _, _ := strings.Cut(sc.Text(), "#")
		text = strings.TrimSpace(text)
		digits, isRange := strings.CutSuffix(text, "*")
		switch {
		case text == "":
			continue
		case strings.Trim(digits, "0123456789") != "" || len(digits) < 6 || len(digits) > 19:
			return nil, fmt.Errorf("line %d of the blacklist is neither a card number nor its first six or more digits and *", no)
		case len(b.hashes)+len(b.ranges) >= maxListed:
			return nil, fmt.Errorf("the blacklist has more than %d lines", maxListed)
		case isRange:
			b.ranges = append(b.ranges, digits)
		default:
			b.hashes[hash(digits)] = true
		}
	}
	return b, sc.Err()
}

// Has says whether a card is on the list.
func (b *Blacklist) Has(pan, hash string) bool {
	if b == nil {
		return false
	}
	for _, r := range b.ranges {
		if strings.HasPrefix(pan, r) {
			return true
		}
	}
	return b.hashes[hash]
}

// Len is how many lines the list has.
func (b *Blacklist) Len() int {
	if b == nil {
		return 0
	}
	return len(b.hashes) + len(b.ranges)
}
