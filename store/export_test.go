package store

import (
	"os"

	bolt "go.etcd.io/bbolt"
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
