package store

import (
	"cmp"
	"encoding/json"
	"slices"

	"tillkeeper/app/pos"
)

// layout is the layout of files that this store makes: 0 had no bucket of
// differences.
const layout = 1

// extend brings a file of an older layout up to this one, durable before
// anything reads it. The head says which layout a file has: a bucket that is
// missing from a file of this layout is damage and stays missing.
func (s *Store) extend() (err error) {
	h, err := s.layoutOf()
	if err != nil || h >= layout {
		return err
	}
	s.dbMu.RLock()
	defer s.dbMu.RUnlock()
	defer catch(&err)
	tx, err := s.begin(true)
	if err != nil {
		return err
	}
	defer s.rollback(tx)
	over, err := readHot(tx)
	if err != nil {
		return err
	}
	all := &snap{tx: tx, layers: over.layers, now: layer{}}
	head, err := getHead(all)
	if err != nil {
		return err
	}
	if _, err := tx.CreateBucketIfNotExists([]byte(bDiffer)); err != nil {
		return err
	}
	head.Layout = layout
	head.Commit++
	putHead(all, head)
	if _, err := all.store(head.Commit); err != nil {
		return err
	}
	return tx.Commit()
}

func (s *Store) layoutOf() (n int, err error) {
	if err := s.loadHot(); err != nil {
		return 0, err
	}
	h, err := s.readHead()
	return h.Layout, err
}

func putDifference(tx *snap, id string, d pos.Difference) error {
	body, err := json.Marshal(&d)
	if err != nil {
		return err
	}
	tx.put(bDiffer, []byte(id), body)
	return nil
}

func decodeDifference(key, rest []byte) (pos.Difference, error) {
	var d pos.Difference
	if err := json.Unmarshal(rest, &d); err != nil {
		return d, damaged(bDiffer, key, err)
	}
	if d.ID != string(key) {
		return d, damaged(bDiffer, key, nil)
	}
	return d, nil
}

// keepDifference holds the unresolved ones in memory; of whoever holds mu.
func (s *Store) keepDifference(id string, d pos.Difference) {
	if d.Resolved.IsZero() {
		s.differs[id] = d
	} else {
		delete(s.differs, id)
	}
}

func (s *Store) loadDifferences(tx *snap) error {
	return tx.each(bDiffer, nil, func(k, rest []byte) error {
		d, err := decodeDifference(k, rest)
		if err == nil {
			s.keepDifference(d.ID, d)
		}
		return err
	})
}

// Differences gives those between the journal and the acquirer's files, oldest
// first: unresolved ones from memory, or all by a walk.
func (s *Store) Differences(all bool) ([]pos.Difference, error) {
	var found []pos.Difference
	if all {
		err := s.view(func(tx *snap) error {
			found = nil
			return tx.each(bDiffer, nil, func(k, rest []byte) error {
				d, err := decodeDifference(k, rest)
				found = append(found, d)
				return err
			})
		})
		if err != nil {
			return nil, err
		}
	} else {
		s.mu.Lock()
		for _, d := range s.differs {
			found = append(found, d)
		}
		s.mu.Unlock()
	}
	slices.SortFunc(found, func(a, b pos.Difference) int {
		return cmp.Or(a.Found.Compare(b.Found), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}
