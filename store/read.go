package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"syscall"

	"tillkeeper/app/pos"
)

// load reads into memory what is held there and compares the end of the log
// with the head.
func (s *Store) load() error {
	if err := s.loadHot(); err != nil {
		return err
	}
	return s.look(func(tx *snap) error {
		h, err := getHead(tx)
		if err != nil {
			return err
		}
		for _, name := range buckets {
			if tx.tx.Bucket([]byte(name)) == nil && (name != bDiffer || h.Layout > 0) {
				return damaged(name, nil, errBucketGone)
			}
		}
		s.head, s.counters = h, h.counters
		s.counters.STAN = s.trace.after(h.STAN)
		if err := endOfLog(tx, h); err != nil {
			return err
		}
		if err := s.loadOpen(tx); err != nil {
			return err
		}
		if h.Layout > 0 {
			if err := s.loadDifferences(tx); err != nil {
				return err
			}
		}
		err = tx.each(bLive, nil, func(k, _ []byte) error {
			b, err := readBasket(tx, string(k))
			s.live[string(k)] = b.Basket
			return err
		})
		if err != nil {
			return err
		}
		return tx.each(bSetting, nil, func(k, rest []byte) error {
			s.settings[string(k)] = string(rest)
			return nil
		})
	})
}

func (s *Store) loadOpen(tx *snap) error {
	return tx.each(bOpen, nil, func(k, rest []byte) error {
		a, err := readAttempt(tx, string(rest))
		if err != nil {
			return err
		}
		if !a.Open() || len(a.Seqs) == 0 || !bytes.Equal(k, seqKey(a.Seqs[0])) {
			return damaged(bOpen, k, nil)
		}
		s.open[a.ID] = &a.Attempt
		return nil
	})
}

// endOfLog compares the last record with the head.
func endOfLog(tx *snap, h head) error {
	last := tx.backwards(bLog, nil)()
	if h.Seq == 0 && last == nil {
		return nil
	}
	key := seqKey(h.Seq)
	rest, err := tx.get(bLog, key)
	if err != nil {
		return err
	}
	e, _, err := decodeEntry(key, rest)
	if err == nil && (e.chain != h.Chain || !bytes.Equal(last, key)) {
		return damaged(bLog, key, nil)
	}
	return err
}

// Attempt gives the fold of an attempt, or ErrNotFound. One for which something
// is due is in memory, as Open gives it; others are read.
func (s *Store) Attempt(id string) (pos.Attempt, error) {
	if a := s.due(id); a != nil {
		out := *a
		out.Seqs = slices.Clone(a.Seqs)
		return out, nil
	}
	var a folded
	err := s.view(func(tx *snap) (err error) {
		a, err = readAttempt(tx, id)
		return err
	})
	if err != nil {
		return pos.Attempt{}, err
	}
	return a.Attempt, nil
}

// due gives an attempt for which something is due, nil for others and once the
// journal is closed.
func (s *Store) due(id string) *pos.Attempt {
	select {
	case <-s.stop:
		return nil
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[id]
}

// Events gives the events of an attempt in their order, or ErrNotFound.
func (s *Store) Events(attempt string) ([]pos.Event, error) {
	var events []pos.Event
	err := s.view(func(tx *snap) error {
		a, err := readAttempt(tx, attempt)
		if err != nil {
			return err
		}
		for _, seq := range a.Seqs {
			rest, err := tx.get(bLog, seqKey(seq))
			if err != nil {
				return err
			}
			_, e, err := decodeEntry(seqKey(seq), rest)
			if err != nil {
				return err
			}
			events = append(events, e)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return events, nil
}

// OfBasket gives the attempts of a basket in their order; none is no error.
func (s *Store) OfBasket(key string) ([]pos.Attempt, error) { return s.indexed(bSale, key) }

// OfReceipt gives the attempts of a receipt number in their order.
func (s *Store) OfReceipt(receipt string) ([]pos.Attempt, error) { return s.indexed(bReceipt, receipt) }

func (s *Store) indexed(bucket, part string) ([]pos.Attempt, error) {
	var found []pos.Attempt
	prefix := pair(part, "")
	err := s.view(func(tx *snap) error {
		return tx.each(bucket, prefix, func(k, _ []byte) error {
			a, err := readAttempt(tx, string(k[len(prefix):]))
			if err != nil {
				return err
			}
			found = append(found, a.Attempt)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, bySeq)
	return found, nil
}

func bySeq(a, b pos.Attempt) int { return cmp.Compare(a.Seqs[0], b.Seqs[0]) }

// ByTrace gives the attempt of a batch (DE 60.2) and a trace number (DE 11), or
// ErrNotFound.
func (s *Store) ByTrace(batch, stan string) (pos.Attempt, error) {
	var a folded
	err := s.view(func(tx *snap) error {
		id, err := tx.get(bTrace, pair(batch, stan))
		if err != nil {
			return err
		}
		if id == nil {
			return fmt.Errorf("trace %s in batch %s: %w", stan, batch, pos.ErrNotFound)
		}
		a, err = readAttempt(tx, string(id))
		return err
	})
	if err != nil {
		return pos.Attempt{}, err
	}
	return a.Attempt, nil
}

// errStop ends a walk early.
var errStop = errors.New("seen enough")

// BatchUsed says whether an attempt carries a batch number (8583 DE 60.2)
// together with a trace number.
func (s *Store) BatchUsed(batch string) (used bool, err error) {
	prefix := pair(batch, "")
	err = s.view(func(tx *snap) error {
		err := tx.each(bTrace, prefix, func(_, _ []byte) error {
			used = true
			return errStop
		})
		if errors.Is(err, errStop) {
			return nil
		}
		return err
	})
	return used, err
}

// OfBatch gives the attempts that took a trace number (DE 11) in a batch (DE
// 60.2), once each, by trace number; none is no error.
func (s *Store) OfBatch(batch string) ([]pos.Attempt, error) {
	var found []pos.Attempt
	had := map[string]bool{}
	err := s.view(func(tx *snap) error {
		return tx.each(bTrace, pair(batch, ""), func(_, rest []byte) error {
			if had[string(rest)] {
				return nil
			}
			had[string(rest)] = true
			a, err := readAttempt(tx, string(rest))
			if err == nil {
				found = append(found, a.Attempt)
			}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Open gives the attempts for which something is due, by sequence.
func (s *Store) Open() ([]pos.Attempt, error) {
	s.mu.Lock()
	held := make([]*pos.Attempt, 0, len(s.open))
	seqs := 0
	for _, a := range s.open {
		held = append(held, a)
		seqs += len(a.Seqs)
	}
	s.mu.Unlock()
	slices.SortFunc(held, func(a, b *pos.Attempt) int { return cmp.Compare(a.Seqs[0], b.Seqs[0]) })
	all, room := make([]pos.Attempt, len(held)), make([]uint64, 0, seqs)
	for i, a := range held {
		all[i] = *a
		room = append(room, a.Seqs...)
		all[i].Seqs = room[len(room)-len(a.Seqs) : len(room) : len(room)]
	}
	return all, nil
}

// Basket gives the document of a basket, or ErrNotFound.
func (s *Store) Basket(key string) (pos.Basket, error) {
	var b paidBasket
	err := s.view(func(tx *snap) (err error) {
		b, err = readBasket(tx, key)
		return err
	})
	if err != nil {
		return pos.Basket{}, err
	}
	return b.Basket, nil
}

// Baskets gives the baskets of a state by key: open and held ones from memory,
// others by a walk.
func (s *Store) Baskets(state pos.BasketState) ([]pos.Basket, error) {
	var found []pos.Basket
	if isLive(pos.Basket{State: state}) {
		s.mu.Lock()
		for _, b := range s.live {
			if b.State == state {
				found = append(found, *b.Clone())
			}
		}
		s.mu.Unlock()
		slices.SortFunc(found, func(a, b pos.Basket) int { return cmp.Compare(a.Key, b.Key) })
		return found, nil
	}
	err := s.view(func(tx *snap) error {
		return tx.each(bBasket, nil, func(k, rest []byte) error {
			b, err := decodeBasket(k, rest)
			if err == nil && b.State == state {
				found = append(found, b.Basket)
			}
			return err
		})
	})
	return found, err
}

// Room says how much the journal may still take of MaxSize or of the disk, whichever is less. ErrFull: what is left is
// needed for reversals and settlement, refuse a sale before its card is taken.
func (s *Store) Room() (pos.Room, error) {
	full := func(left int64) error {
		return &pos.Error{
			Code: "journal_full", Remedy: "free space on the disk of the data folder; what is under way is still ended",
			Message: fmt.Sprintf("%d bytes are left for the journal", max(left, 0)), Err: pos.ErrFull,
		}
	}
	left := s.o.MaxSize - s.used.Load()
	if left < s.o.Reserve {
		return pos.Room{}, full(left)
	}
	room := s.roomOf(left, s.o.MaxSize)
	var disk syscall.Statfs_t
	if err := syscall.Statfs(s.o.Dir, &disk); err != nil {
		return room, fmt.Errorf("room on the disk: %w", err)
	}
	if left = int64(disk.Bavail) * disk.Bsize; left < s.o.Reserve {
		return pos.Room{Disk: true}, full(left)
	}
	if onDisk := s.roomOf(left, int64(disk.Blocks)*disk.Bsize); onDisk.Left < room.Left {
		onDisk.Disk = true
		return onDisk, nil
	}
	return room, nil
}

// roomOf is the room that left bytes of all are.
func (s *Store) roomOf(left, all int64) pos.Room {
	return pos.Room{Left: left - s.o.Reserve, Low: left-s.o.Reserve < min(lowRoom, all/10)}
}
