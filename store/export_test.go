package store

import (
	"context"
	"encoding/binary"
	"errors"
	"os"

	bolt "go.etcd.io/bbolt"

	"tillkeeper/app/pos"
)

// SetCommit puts a fault at the end of a commit; nil takes it away.
func (s *Store) SetCommit(f func(*bolt.Tx) error) {
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	if f == nil {
		f = (*bolt.Tx).Commit
	}
	s.commit = f
}

// CloseFile takes the file away from under bbolt, so that a real write fails.
func (s *Store) CloseFile() error { return s.file.Close() }

// View opens a read transaction as readers do.
func (s *Store) View(read func() error) error { return s.view(func(*snap) error { return read() }) }

// SkipChecks plants the bug of a store that does not verify its records.
func SkipChecks(skip bool) { skipChecks = skip }

// SetHotCommits changes how many commits wait to be moved.
func SetHotCommits(n int) (back func()) {
	had := hotCommits
	hotCommits = n
	return func() { hotCommits = had }
}

// UsedBytes gives the offsets of a journal file that mean something.
func UsedBytes(path string) ([]int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var bad error
	p := &pages{file: f, report: func(where, format string, args ...any) error {
		bad = damaged(where, []byte(format), nil)
		return bad
	}}
	if err := p.readMetas(0); err != nil {
		return nil, err
	}
	if err := p.walk(); err != nil {
		return nil, err
	}
	var all []int64
	for _, s := range p.used {
		for at := s.from; at < s.to; at++ {
			all = append(all, at)
		}
	}
	return all, bad
}

// Share scales a part of a basket of which counted of paid still counts.
func Share(part, counted, paid int64) int64 {
	b := paidBasket{weighed: true, paid: pos.Amount(paid), counted: pos.Amount(counted)}
	return b.share(part)
}

// Together appends commits that share one flush.
func (s *Store) Together(all []pos.Commit) error {
	s.lead.Lock()
	defer s.lead.Unlock()
	var rs []*request
	for _, c := range all {
		rs = append(rs, &request{ctx: context.Background(), commit: c, answer: make(chan struct{})})
	}
	s.serve(rs)
	var errs []error
	for _, r := range rs {
		errs = append(errs, r.err)
	}
	return errors.Join(errs...)
}

// Forge changes what counts of a basket and nothing else.
func (s *Store) Forge(key string, counted pos.Amount) error {
	return s.rewrite(func(tx *snap) error {
		b, err := readBasket(tx, key)
		if err != nil {
			return err
		}
		b.counted = counted
		body, err := encodeBasket(&b)
		tx.put(bBasket, []byte(key), body)
		return err
	})
}

// FormerLayout rewrites head and a basket as they were before layout 1.
func (s *Store) FormerLayout(key string) error {
	return s.rewrite(func(tx *snap) error {
		b, err := readBasket(tx, key)
		if err != nil {
			return err
		}
		b.weighed = false
		body, err := encodeBasket(&b)
		if err != nil {
			return err
		}
		tx.put(bBasket, []byte(key), body)
		h, err := getHead(tx)
		if err != nil {
			return err
		}
		h.Layout = 0
		putHead(tx, h)
		return nil
	})
}

// rewrite changes the buckets past the journal.
func (s *Store) rewrite(change func(tx *snap) error) error {
	tx, err := s.begin(true)
	if err != nil {
		return err
	}
	defer s.rollback(tx)
	over := s.hot.Load()
	all := &snap{tx: tx, layers: over.layers, now: layer{}}
	if err := change(all); err != nil {
		return err
	}
	if err := all.settle(append(over.layers[:len(over.layers):len(over.layers)], all.now)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	return s.loadHot()
}

// NoSync plants the bug of a store that answers before the disk has it.
func (s *Store) NoSync() { s.db.NoSync = true }

// FormerAnchor gives a slot of the anchor as it was without commits.
func FormerAnchor(seq uint64, chain [32]byte) []byte {
	rest := append(binary.BigEndian.AppendUint64(nil, seq), chain[:]...)
	c := check(anchorName, nil, rest)
	return append(append([]byte(formerMark), rest...), c[:]...)
}

// MaxSize is the limit that bbolt has for the file.
func (s *Store) MaxSize() int64 { return int64(s.db.MaxSize) }
