package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
)

// The layout of a bbolt file, version 2, little endian.
const (
	pageSize    = 4096 // on every machine, so that a copy can move
	pageHead    = 16   // id(8) flags(2) count(2) overflow(4)
	elementLen  = 16   // leaf: flags pos ksize vsize; branch: pos ksize pgid(8)
	bucketHead  = 16   // root(8) sequence(8)
	metaLen     = 64
	metaMagic   = 0xED0CDAED
	metaVersion = 2
	flagBranch  = 0x01
	flagLeaf    = 0x02
	flagMeta    = 0x04
	flagFree    = 0x10
	treeDepth   = 32      // deepest page that is followed
	pageLimit   = 1 << 28 // pages of the largest file that is walked
	manyFree    = 0xFFFF  // the count is in the first id then
)

// span is a range of bytes of the file that means something.
type span struct{ from, to int64 }

// metaPage is one of the two heads of the file.
type metaPage struct {
	root, freelist, end, txid uint64
}

// pages walks a bbolt file byte by byte and finds every deviation from what
// bbolt itself writes, for bbolt reads past most of them.
type pages struct {
	file   io.ReaderAt
	meta   metaPage
	seen   []byte // by page: 1 used, 2 free
	used   []span
	flat   bool // stay out of the trees of buckets; account for nothing
	wild   bool // see astray
	report func(where, format string, args ...any) error
}

func (p *pages) page(id uint64) string { return fmt.Sprintf("page %d", id) }

// readMetas reads both heads; the one of txid is followed, the highest if txid
// is 0.
func (p *pages) readMetas(txid uint64) error {
	found := false
	for id := uint64(0); id < 2; id++ {
		b := make([]byte, pageHead+metaLen)
		if _, err := p.file.ReadAt(b, int64(id)*pageSize); err != nil {
			return err
		}
		p.used = append(p.used, span{int64(id) * pageSize, int64(id)*pageSize + int64(len(b))})
		m, err := parseMeta(id, b)
		if err != nil {
			if err := p.report(p.page(id), "%v", err); err != nil {
				return err
			}
			continue
		}
		if m.txid == txid || txid == 0 && (!found || m.txid > p.meta.txid) {
			p.meta, found = m, true
		}
	}
	if !found {
		return p.report(fileName, "no head for transaction %d", txid)
	}
	return nil
}

func parseMeta(id uint64, b []byte) (metaPage, error) {
	le := binary.LittleEndian
	head, m := b[:pageHead], b[pageHead:]
	sum := fnv.New64a()
	sum.Write(m[:metaLen-8])
	switch {
	case le.Uint64(head) != id, le.Uint16(head[8:]) != flagMeta, le.Uint16(head[10:]) != 0, le.Uint32(head[12:]) != 0:
		return metaPage{}, fmt.Errorf("the page header is wrong")
	case le.Uint64(m[56:]) != sum.Sum64():
		return metaPage{}, fmt.Errorf("the checksum is wrong")
	case le.Uint32(m) != metaMagic, le.Uint32(m[4:]) != metaVersion, le.Uint32(m[8:]) != pageSize, le.Uint64(m[24:]) != 0:
		return metaPage{}, fmt.Errorf("not a head of this journal")
	}
	return metaPage{
		root: le.Uint64(m[16:]), freelist: le.Uint64(m[32:]), end: le.Uint64(m[40:]), txid: le.Uint64(m[48:]),
	}, nil
}

// walk follows everything from the head and accounts for each page.
func (p *pages) walk() error {
	if p.meta.end == 0 {
		return nil
	}
	if p.meta.end > pageLimit {
		return p.report(fileName, "%d pages", p.meta.end)
	}
	p.seen = make([]byte, p.meta.end)
	if err := p.freelist(); err != nil {
		return err
	}
	if _, err := p.tree(p.meta.root, treeDepth); err != nil {
		return err
	}
	for id := uint64(2); id < p.meta.end && !p.flat; id++ {
		if p.seen[id] == 0 {
			if err := p.report(p.page(id), "neither used nor free"); err != nil {
				return err
			}
		}
	}
	return nil
}

// astray reports a page that leads whoever follows it anywhere, in a circle for
// one: bbolt would never come back and take all memory on its way.
func (p *pages) astray(id uint64, format string, args ...any) error {
	p.wild = true
	return p.report(p.page(id), format, args...)
}

// load reads a page with what overflows from it and marks it used.
func (p *pages) load(id uint64) ([]byte, error) {
	if id < 2 || id >= p.meta.end {
		return nil, p.astray(id, "out of the file")
	}
	var head [pageHead]byte
	if _, err := p.file.ReadAt(head[:], int64(id)*pageSize); err != nil {
		return nil, p.astray(id, "%v", err)
	}
	over := uint64(binary.LittleEndian.Uint32(head[12:]))
	if binary.LittleEndian.Uint64(head[:]) != id || id+over >= p.meta.end {
		return nil, p.astray(id, "the page header is wrong")
	}
	for n := id; n <= id+over; n++ {
		if p.seen[n] != 0 {
			return nil, p.astray(n, "used twice, or used and free")
		}
		p.seen[n] = 1
	}
	b := make([]byte, (int64(over)+1)*pageSize)
	if _, err := p.file.ReadAt(b, int64(id)*pageSize); err != nil {
		return nil, p.astray(id, "%v", err)
	}
	return b, nil
}

func (p *pages) freelist() error {
	b, err := p.load(p.meta.freelist)
	if b == nil {
		return err
	}
	le := binary.LittleEndian
	count, ids := uint64(le.Uint16(b[10:])), b[pageHead:]
	extra := uint64(0)
	if count == manyFree {
		count, ids, extra = le.Uint64(ids), ids[8:], 1
	}
	if le.Uint16(b[8:]) != flagFree || count > uint64(len(ids)/8) {
		return p.report(p.page(p.meta.freelist), "not a list of free pages")
	}
	p.mark(p.meta.freelist, 0, pageHead+8*int64(count+extra))
	last := uint64(1)
	for i := range count {
		id := le.Uint64(ids[8*i:])
		if id <= last || id >= p.meta.end || p.seen[id] != 0 {
			return p.report(p.page(p.meta.freelist), "names page %d", id)
		}
		p.seen[id], last = 2, id
	}
	return nil
}

func (p *pages) mark(id uint64, from, to int64) {
	at := int64(id) * pageSize
	p.used = append(p.used, span{at + from, at + to})
}

// tree walks a page of a bucket and gives its first key.
func (p *pages) tree(id uint64, depth int) ([]byte, error) {
	if depth == 0 {
		return nil, p.astray(id, "too deep")
	}
	b, err := p.load(id)
	if b == nil {
		return nil, err
	}
	kind := binary.LittleEndian.Uint16(b[8:])
	if kind != flagBranch && kind != flagLeaf {
		return nil, p.astray(id, "is of kind %#x", kind)
	}
	return p.elements(id, b, false, depth)
}

// elements checks that what a page holds lies where bbolt puts it: elements in
// a row, then their keys and values in a row, in the order of the keys.
func (p *pages) elements(id uint64, b []byte, inline bool, depth int) ([]byte, error) {
	le := binary.LittleEndian
	branch := le.Uint16(b[8:]) == flagBranch
	count := int(le.Uint16(b[10:]))
	at := pageHead + count*elementLen
	if at > len(b) || branch && count == 0 {
		return nil, p.astray(id, "holds %d elements", count)
	}
	var first, last []byte
	for i := range count {
		e := b[pageHead+i*elementLen:]
		var where, ksize, vsize, flags uint32
		if branch {
			where, ksize = le.Uint32(e), le.Uint32(e[4:])
		} else {
			flags, where, ksize, vsize = le.Uint32(e), le.Uint32(e[4:]), le.Uint32(e[8:]), le.Uint32(e[12:])
		}
		next := int64(at) + int64(ksize) + int64(vsize)
		if int(where) != at-pageHead-i*elementLen || next > int64(len(b)) || flags > 1 {
			p.wild = p.wild || branch
			return nil, p.report(p.page(id), "element %d is not where it belongs", i)
		}
		key, value := b[at:at+int(ksize)], b[at+int(ksize):next]
		if i == 0 {
			first = key
		} else if bytes.Compare(last, key) >= 0 {
			return nil, p.report(p.page(id), "element %d is out of order", i)
		}
		last, at = key, int(next)
		if err := p.follow(id, key, value, branch, flags == 1, le.Uint64(e[8:]), depth); err != nil {
			return nil, err
		}
	}
	if !inline {
		p.mark(id, 0, int64(at))
		if over := int64(le.Uint32(b[12:])); over != int64(at-1)/pageSize {
			return nil, p.report(p.page(id), "%d pages overflow from %d bytes", over, at)
		}
	} else if at != len(b) {
		return nil, p.report(p.page(id), "an inline bucket of %d bytes has %d", at, len(b))
	}
	return first, nil
}

// follow goes down a branch or into a bucket.
func (p *pages) follow(id uint64, key, value []byte, branch, bucket bool, child uint64, depth int) error {
	le := binary.LittleEndian
	switch {
	case branch:
		first, err := p.tree(child, depth-1)
		if err == nil && first != nil && !bytes.Equal(first, key) {
			err = p.report(p.page(id), "leads to page %d by another key than its first", child)
		}
		return err
	case !bucket:
		return nil
	case len(value) < bucketHead || le.Uint64(value[8:]) != 0:
		return p.report(p.page(id), "the header of bucket %q is wrong", key)
	case le.Uint64(value) != 0 && p.flat:
		return nil
	case le.Uint64(value) != 0:
		_, err := p.tree(le.Uint64(value), depth-1)
		if err == nil && len(value) != bucketHead {
			err = p.report(p.page(id), "the header of bucket %q is wrong", key)
		}
		return err
	}
	in := value[bucketHead:]
	if len(in) < pageHead || le.Uint64(in) != 0 || le.Uint16(in[8:]) != flagLeaf || le.Uint32(in[12:]) != 0 {
		return p.report(p.page(id), "the inline bucket %q is wrong", key)
	}
	_, err := p.elements(id, in, true, depth-1)
	return err
}
