package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"
)

// A commit that touched each bucket would write a path of pages a bucket, more
// of them the larger the file. So the changes of a commit are kept as one value
// of a bucket "hot", and after hotCommits of them all are moved into their
// buckets in one go. A reader looks into the hot changes first; they are also
// held in memory, as layers, one a commit.
//
// bbolt never splits a leaf of four keys. So every four commits have a bucket of
// their own, "hot", "hot4", "hot8", ...: each writes one leaf, its pages in a
// row, and no branch above it. A file from before that has all in "hot".
const (
	bHot    = "hot"
	hotLeaf = 4
	hotSize = 16 << 10 // bytes of a commit that is moved at once
)

// hotCommits is how many commits wait to be moved; tests of small files lower
// it.
var hotCommits = 64

// place is a bucket and a key.
type place struct{ bucket, key string }

// layer is what one commit changed: by bucket and key sealed values, nil for a
// deleted key.
type layer map[string]map[string][]byte

// set keeps a sealed value, nil for a deleted key.
func (l layer) set(bucket, key string, value []byte) {
	in := l[bucket]
	if in == nil {
		in = map[string][]byte{}
		l[bucket] = in
	}
	in[key] = value
}

// hot is the state of the layers at a transaction of bbolt.
type hot struct {
	txid   int
	layers []layer // oldest first
}

// hotState is what readers begin with.
type hotState = atomic.Pointer[hot]

// snap is what one transaction sees: its file, the layers over it and, in a
// write transaction, what it changed itself.
type snap struct {
	tx     *bolt.Tx
	layers []layer
	now    layer // nil in a read transaction
}

// raw gives the sealed value of a key, nil if there is none.
func (s *snap) raw(bucket string, key []byte) []byte {
	if v, ok := s.now[bucket][string(key)]; ok {
		return v
	}
	for i := len(s.layers) - 1; i >= 0; i-- {
		if v, ok := s.layers[i][bucket][string(key)]; ok {
			return v
		}
	}
	if b := s.tx.Bucket([]byte(bucket)); b != nil {
		return b.Get(key)
	}
	return nil
}

// get reads and verifies one value; nil if there is none.
func (s *snap) get(bucket string, key []byte) ([]byte, error) {
	v := s.raw(bucket, key)
	if v == nil {
		return nil, nil
	}
	return unseal(bucket, key, v)
}

// put seals and keeps one value.
func (s *snap) put(bucket string, key, rest []byte) {
	s.now.set(bucket, string(key), sealed(bucket, key, rest))
}

// del keeps that a key is gone.
func (s *snap) del(bucket string, key []byte) { s.now.set(bucket, string(key), nil) }

// hotKeys gives the keys of a bucket that the layers know, in order.
func (s *snap) hotKeys(bucket, prefix string) []string {
	var keys []string
	for _, l := range append(s.layers[:len(s.layers):len(s.layers)], s.now) {
		for key := range l[bucket] {
			if strings.HasPrefix(key, prefix) {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// walk visits the sealed values of a bucket whose keys begin with prefix, in
// order.
func (s *snap) walk(bucket string, prefix []byte, visit func(key, value []byte) error) error {
	b := s.tx.Bucket([]byte(bucket))
	if b == nil {
		return damaged(bucket, nil, errBucketGone)
	}
	c := b.Cursor()
	k, v := c.Seek(prefix)
	keys := s.hotKeys(bucket, string(prefix))
	for {
		cold := k != nil && bytes.HasPrefix(k, prefix)
		switch {
		case len(keys) > 0 && (!cold || keys[0] <= string(k)):
			if cold && keys[0] == string(k) {
				k, v = c.Next()
			}
			key := []byte(keys[0])
			keys = keys[1:]
			if value := s.raw(bucket, key); value != nil {
				if err := visit(key, value); err != nil {
					return err
				}
			}
		case cold:
			if err := visit(k, v); err != nil {
				return err
			}
			k, v = c.Next()
		default:
			return nil
		}
	}
}

// each is walk over verified values.
func (s *snap) each(bucket string, prefix []byte, visit func(key, rest []byte) error) error {
	return s.walk(bucket, prefix, func(k, v []byte) error {
		rest, err := unseal(bucket, k, v)
		if err != nil {
			return err
		}
		return visit(k, rest)
	})
}

// backwards gives a function that steps through the keys of a bucket smaller
// than a key, from the largest on; a nil key is the end of the bucket.
func (s *snap) backwards(bucket string, from []byte) func() []byte {
	keys := s.hotKeys(bucket, "")
	c := s.tx.Bucket([]byte(bucket)).Cursor()
	var k []byte
	if from == nil {
		k, _ = c.Last()
	} else {
		i, _ := slices.BinarySearch(keys, string(from))
		keys = keys[:i]
		if at, _ := c.Seek(from); at == nil {
			k, _ = c.Last()
		} else {
			k, _ = c.Prev()
		}
	}
	return func() []byte {
		if len(keys) > 0 && (k == nil || keys[len(keys)-1] >= string(k)) {
			key := []byte(keys[len(keys)-1])
			keys = keys[:len(keys)-1]
			if bytes.Equal(key, k) {
				k, _ = c.Prev()
			}
			return key
		}
		key := k
		if k != nil {
			k, _ = c.Prev()
		}
		return key
	}
}

// store writes what the transaction changed: as one hot value, or with all the
// layers into the buckets. It gives the layers that stand over the file then.
func (s *snap) store(commit uint64) ([]layer, error) {
	body := encodeLayer(s.now)
	all := append(s.layers[:len(s.layers):len(s.layers)], s.now)
	if len(body) <= hotSize && len(all) <= hotCommits {
		b, err := s.tx.CreateBucketIfNotExists(hotBucket(len(s.layers)))
		if err != nil {
			return nil, err
		}
		b.FillPercent = 1
		key := seqKey(commit)
		return all, b.Put(key, sealed(bHot, key, body))
	}
	return nil, s.settle(all)
}

// hotBucket names the bucket of a commit that has n layers below it.
func hotBucket(n int) []byte {
	if n < hotLeaf {
		return []byte(bHot)
	}
	return strconv.AppendInt([]byte(bHot), int64(n/hotLeaf*hotLeaf), 10)
}

// hotBuckets gives the names of those that the file has.
func hotBuckets(tx *bolt.Tx) (names [][]byte) {
	c := tx.Cursor()
	for k, _ := c.Seek([]byte(bHot)); bytes.HasPrefix(k, []byte(bHot)); k, _ = c.Next() {
		names = append(names, bytes.Clone(k))
	}
	return names
}

// settle moves layers into their buckets.
func (s *snap) settle(all []layer) error {
	final := map[place][]byte{}
	for _, l := range all {
		for bucket, in := range l {
			for key, v := range in {
				final[place{bucket, key}] = v
			}
		}
	}
	places := slices.SortedFunc(maps.Keys(final), func(a, b place) int {
		if n := strings.Compare(a.bucket, b.bucket); n != 0 {
			return n
		}
		return strings.Compare(a.key, b.key)
	})
	for _, at := range places {
		b := s.tx.Bucket([]byte(at.bucket))
		if b == nil {
			return damaged(at.bucket, nil, errBucketGone)
		}
		if rising[at.bucket] {
			b.FillPercent = 1
		}
		var err error
		if v := final[at]; v == nil {
			err = b.Delete([]byte(at.key))
		} else {
			err = b.Put([]byte(at.key), v)
		}
		if err != nil {
			return err
		}
	}
	if len(s.layers) == 0 {
		return nil
	}
	for _, name := range hotBuckets(s.tx) {
		if err := s.tx.DeleteBucket(name); err != nil {
			return err
		}
	}
	_, err := s.tx.CreateBucket([]byte(bHot))
	return err
}

// encodeLayer writes entries in order: bucket number, key, length of the value
// plus one (0 is deleted), value.
func encodeLayer(l layer) []byte {
	type entry struct {
		n     byte
		key   string
		value []byte
	}
	var all []entry
	size := 0
	for bucket, in := range l {
		n := bucketNumber[bucket]
		for key, v := range in {
			all = append(all, entry{n, key, v})
			size += 1 + 2*binary.MaxVarintLen32 + len(key) + len(v)
		}
	}
	slices.SortFunc(all, func(a, b entry) int {
		if a.n != b.n {
			return int(a.n) - int(b.n)
		}
		return strings.Compare(a.key, b.key)
	})
	body := make([]byte, 0, size)
	for _, e := range all {
		body = append(body, e.n)
		body = append(binary.AppendUvarint(body, uint64(len(e.key))), e.key...)
		if e.value == nil {
			body = append(body, 0)
			continue
		}
		body = append(binary.AppendUvarint(body, uint64(len(e.value)+1)), e.value...)
	}
	return body
}

func decodeLayer(key, body []byte) (layer, error) {
	l := layer{}
	take := func() (uint64, bool) {
		n, size := binary.Uvarint(body)
		if size <= 0 {
			return 0, false
		}
		body = body[size:]
		return n, true
	}
	for len(body) > 0 {
		if int(body[0]) >= len(buckets) {
			return nil, damaged(bHot, key, nil)
		}
		bucket := buckets[body[0]]
		body = body[1:]
		n, ok := take()
		if !ok || n > uint64(len(body)) {
			return nil, damaged(bHot, key, nil)
		}
		name := string(body[:n])
		body = body[n:]
		n, ok = take()
		if !ok || n > uint64(len(body))+1 {
			return nil, damaged(bHot, key, nil)
		}
		var value []byte
		if n > 0 {
			value, body = bytes.Clone(body[:n-1]), body[n-1:]
		}
		l.set(bucket, name, value)
	}
	return l, nil
}

// readHot decodes the layers of the file.
func readHot(tx *bolt.Tx) (*hot, error) {
	if tx.Bucket([]byte(bHot)) == nil {
		return nil, damaged(bHot, nil, errBucketGone)
	}
	found := map[string]layer{} // by number of the commit
	for _, name := range hotBuckets(tx) {
		b := tx.Bucket(name)
		if b == nil {
			return nil, damaged(bHot, name, errBucketGone)
		}
		err := b.ForEach(func(k, v []byte) error {
			body, err := unseal(bHot, k, v)
			if err == nil && len(k) != seqLen {
				err = damaged(bHot, k, nil)
			}
			if err != nil {
				return err
			}
			found[string(k)], err = decodeLayer(k, body)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	h := &hot{txid: tx.ID()}
	last := ""
	for _, k := range slices.Sorted(maps.Keys(found)) {
		if last != "" && k != string(seqKey(binary.BigEndian.Uint64([]byte(last))+1)) {
			return nil, damaged(bHot, []byte(k), errors.New("the commit before it is gone"))
		}
		h.layers, last = append(h.layers, found[k]), k
	}
	return h, nil
}
