package basket

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sort"
	"strings"

	"tillkeeper/app/pos"
)

// The limits of a search.
const (
	maxQuery = 32  // bytes of a query that count
	maxHits  = 200 // articles in one answer
	maxScan  = 4000
	shortTag = 4 // last digits of a barcode that find it
	longTag  = 6
)

// searchIndex finds articles by the start of a word. Keys are spellings and
// names; every place in them where typing may start is one entry. Entries are
// sorted by the text that follows, those at the start of a name apart, so that
// they can come first.
type searchIndex struct {
	text  []byte // keys, each ended by keyEnd
	heads []place
	inner []place
}

// keyEnd sorts before everything that can be typed.
const keyEnd = 0

// place is a start in text and the article it belongs to.
type place struct {
	at, product int32
}

func newSearchIndex(all []pos.Product) searchIndex {
	x := searchIndex{
		text:  make([]byte, 0, 48*len(all)),
		heads: make([]place, 0, 4*len(all)),
		inner: make([]place, 0, 12*len(all)),
	}
	for i, p := range all {
		name := folded(p.Name)
		spelt := Spellings(p.Name)
		for _, s := range spelt {
			x.add(s, i, true)
		}
		if name != spelt[0] {
			x.add(name, i, true)
		}
		x.add(strings.ToLower(p.SKU), i, false)
		if p.Barcode == "" {
			continue
		}
		start := x.add(strings.ToLower(p.Barcode), i, false)
		for _, n := range []int{longTag, shortTag} {
			if len(p.Barcode) > n {
				x.inner = append(x.inner, place{start + int32(len(p.Barcode)-n), int32(i)})
			}
		}
	}
	x.order(x.heads)
	x.order(x.inner)
	return x
}

// add appends a key and its places, and gives where it starts. Inside a run of
// digits no typing starts: "330" finds 330ml, "30" does not.
func (x *searchIndex) add(key string, product int, inside bool) int32 {
	start := int32(len(x.text))
	x.text = append(append(x.text, key...), keyEnd)
	if key == "" {
		return start
	}
	x.heads = append(x.heads, place{start, int32(product)})
	if !inside {
		return start
	}
	var before rune
	for i, r := range key {
		digits := r >= '0' && r <= '9' && before >= '0' && before <= '9'
		if i > 0 && !digits {
			x.inner = append(x.inner, place{start + int32(i), int32(product)})
		}
		before = r
	}
	return start
}

// key gives the text from a place to the end of its key.
func (x *searchIndex) key(p place) []byte {
	rest := x.text[p.at:]
	return rest[:bytes.IndexByte(rest, keyEnd)]
}

// order sorts places by the text that follows them, then by article. The first
// eight bytes decide nearly always, so they are compared as one number.
func (x *searchIndex) order(ps []place) {
	type entry struct {
		front uint64
		place
	}
	es := make([]entry, len(ps))
	for i, p := range ps {
		var b [8]byte
		copy(b[:], x.key(p))
		es[i] = entry{binary.BigEndian.Uint64(b[:]), p}
	}
	slices.SortFunc(es, func(a, b entry) int {
		switch {
		case a.front < b.front:
			return -1
		case a.front > b.front:
			return 1
		}
		if byte(a.front) != keyEnd {
			if c := bytes.Compare(x.key(a.place), x.key(b.place)); c != 0 {
				return c
			}
		}
		if a.product != b.product {
			return int(a.product - b.product)
		}
		return int(a.at - b.at)
	})
	for i, e := range es {
		ps[i] = e.place
	}
}

// find appends the articles whose text at a place starts with the query, in
// the order of the text, until limit articles are found or maxScan places read.
func (x *searchIndex) find(ps []place, query []byte, limit int, out []int32) []int32 {
	i := sort.Search(len(ps), func(i int) bool { return bytes.Compare(x.key(ps[i]), query) >= 0 })
	for n := 0; i < len(ps) && n < maxScan && len(out) < limit; i, n = i+1, n+1 {
		if !bytes.HasPrefix(x.text[ps[i].at:], query) {
			break
		}
		if !slices.Contains(out, ps[i].product) {
			out = append(out, ps[i].product)
		}
	}
	return out
}

// Search finds articles by the start of pinyin initials, of a part of the
// name, of a SKU or barcode, or by a barcode's last 4 or 6 digits. Blanks and
// case do not count. Those that start with the query come first; at most limit
// articles are given, never more than 200.
func (c *Catalogue) Search(query string, limit int) []pos.Product {
	q := folded(query)
	if q == "" || limit <= 0 {
		return nil
	}
	if len(q) > maxQuery {
		q = strings.ToValidUTF8(q[:maxQuery], "")
	}
	limit = min(limit, maxHits)
	hits := c.words.find(c.words.heads, []byte(q), limit, make([]int32, 0, limit))
	hits = c.words.find(c.words.inner, []byte(q), limit, hits)
	out := make([]pos.Product, len(hits))
	for i, h := range hits {
		out[i] = c.all[h]
	}
	return out
}
