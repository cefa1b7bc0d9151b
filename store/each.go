package store

import "tillkeeper/app/pos"

// Each visits the attempts that a query selects, newest first, each once; a
// limit of 0 is none. No transaction is open while visit runs, so it may take
// its time and use the store; an attempt that is created meanwhile is not
// visited. An error of visit ends the walk and is returned as it is.
func (s *Store) Each(q pos.Query, visit func(pos.Attempt) error) error {
	look := newSearch(q)
	left := q.Limit
	chunk := make([]pos.Attempt, 0, findChunk)
	var at []byte // the key that was looked at last; nil at the beginning
	for done := false; !done; {
		look.Limit = findChunk
		if q.Limit > 0 {
			look.Limit = min(left, findChunk)
		}
		err := s.view(func(tx *snap) (err error) {
			chunk = chunk[:0]
			at, done, err = look.some(tx, at, &chunk)
			return err
		})
		if err != nil {
			return err
		}
		for _, a := range chunk {
			if err := visit(a); err != nil {
				return err
			}
		}
		if left -= len(chunk); q.Limit > 0 && left <= 0 {
			return nil
		}
	}
	return nil
}
