package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"

	berrors "go.etcd.io/bbolt/errors"
	"golang.org/x/sys/unix"

	"tillkeeper/app/pos"
)

// request is one Append that waits for the writer.
type request struct {
	ctx    context.Context
	commit pos.Commit
	events []pos.Event
	err    error
	answer chan struct{}
}

// atOnce serves a request on the goroutine of its caller when nobody else is
// writing: that saves two hand-overs. False means that it has to be queued.
func (s *Store) atOnce(r *request) bool {
	if len(s.queue) > 0 || !s.lead.TryLock() {
		return false
	}
	defer s.lead.Unlock()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	select {
	case <-s.stop:
		r.err = errClosed
	default:
		s.serve([]*request{r})
	}
	return true
}

// turn waits until nobody else writes and serves all that waits.
func (s *Store) turn(r *request) {
	s.lead.Lock()
	defer s.lead.Unlock()
	s.serve(s.gather(r))
}

// write serves what was queued while somebody else wrote. It takes whatever
// waits and commits it together.
func (s *Store) write() {
	defer close(s.done)
	debug.SetPanicOnFault(true)
	for {
		select {
		case r := <-s.queue:
			s.turn(r)
		case <-s.stop:
			s.drain()
			return
		}
	}
}

// gather takes what waits besides the first request.
func (s *Store) gather(first *request) []*request {
	rs := []*request{first}
	for len(rs) < batchLimit {
		select {
		case r := <-s.queue:
			rs = append(rs, r)
		default:
			return rs
		}
	}
	return rs
}

// drain serves what was queued before the store was closed.
func (s *Store) drain() {
	for {
		select {
		case r := <-s.queue:
			s.turn(r)
		default:
			return
		}
	}
}

// serve answers every request of a batch.
func (s *Store) serve(rs []*request) {
	defer func() {
		for _, r := range rs {
			close(r.answer)
		}
	}()
	var accepted []*request
	fail := func(err error) {
		for _, r := range rs {
			if r.err == nil {
				r.err, r.events = err, nil
			}
		}
	}
	if err := s.SafeMode(); err != nil {
		fail(err)
		return
	}
	if err := s.samePath(); err != nil {
		s.enterSafeMode(err)
		fail(s.SafeMode())
		return
	}
	b, next, cause := s.prepare(rs, &accepted)
	switch {
	case cause == nil && len(accepted) == 0:
		return
	case cause == nil:
		s.took(b, next)
	default:
		if err := s.lookAfter(b, next, cause); err != nil {
			fail(err)
			return
		}
	}
	if err := s.samePath(); err != nil { // the commit went into a file nobody will find
		s.enterSafeMode(err)
		fail(s.SafeMode())
	}
}

// prepare validates, writes and commits. A nil error means that the accepted
// requests are on the disk; any other means unknown. Before the commit began,
// next is the head as it was.
func (s *Store) prepare(rs []*request, accepted *[]*request) (b *batch, next head, err error) {
	s.dbMu.RLock()
	defer s.dbMu.RUnlock()
	defer catch(&err)
	s.mu.Lock()
	next = s.head
	s.mu.Unlock()
	tx, err := s.begin(true)
	if err != nil {
		return nil, next, err
	}
	defer s.rollback(tx)
	over := s.hot.Load()
	b = newBatch(&snap{tx: tx, layers: over.layers, now: layer{}}, next, s.o.Clock.Now(), s.warm)
	var roomErr error
	if slices.ContainsFunc(rs, func(r *request) bool { return takesRoom(r.commit) }) {
		_, roomErr = s.Room()
	}
	for _, r := range rs {
		if r.err = r.ctx.Err(); r.err != nil {
			continue
		}
		if roomErr != nil && takesRoom(r.commit) {
			r.err = roomErr
			continue
		}
		if r.events, r.err = b.add(r.commit); r.err == nil {
			*accepted = append(*accepted, r)
		}
	}
	if len(*accepted) == 0 {
		return b, next, nil
	}
	s.mu.Lock()
	for _, r := range *accepted {
		s.see(r)
	}
	n := s.counters
	s.mu.Unlock()
	h, err := b.flush(n)
	if err != nil {
		return b, next, err
	}
	next = h // from here on it may be on the disk
	layers, err := b.tx.store(h.Commit)
	if err != nil {
		return b, next, err
	}
	after := &hot{txid: tx.ID(), layers: layers}
	s.commitMu.Lock()
	defer s.commitMu.Unlock()
	s.flipMu.Lock()
	defer s.flipMu.Unlock()
	if err := s.commit(tx); err != nil {
		return b, h, err
	}
	s.hot.Store(after)
	s.measure()
	return b, h, nil
}

// measure notes how much of the file is given out.
func (s *Store) measure() {
	if tx, err := s.begin(false); err == nil {
		s.used.Store(tx.Size())
		s.rollback(tx)
	}
}

// took takes over into memory what is now durable, and moves the anchor.
func (s *Store) took(b *batch, next head) {
	s.mu.Lock()
	s.head = next
	for id, c := range b.attempts {
		if a := &c.now.Attempt; a.Open() {
			s.open[id] = a
		} else {
			delete(s.open, id)
		}
	}
	for key, c := range b.baskets {
		if isLive(c.now.Basket) {
			s.live[key] = c.now.Basket
		} else {
			delete(s.live, key)
		}
	}
	maps.Copy(s.settings, b.settings)
	for id, d := range b.differs {
		s.keepDifference(id, d)
	}
	s.mu.Unlock()
	s.warm.take(b)
	if err := s.anchor.write(next.mark()); err != nil {
		s.enterSafeMode(fmt.Errorf("anchor: %w", err))
	}
}

// lookAfter settles a commit that ended in an error: the file is closed, what
// the kernel only believes to have is dropped, the file is opened again and
// read. Nil means that everything was there.
func (s *Store) lookAfter(b *batch, next head, cause error) error {
	s.o.Logger.Error("a commit failed; looking what the disk has", "cause", cause)
	if s.hasFallen() {
		s.enterSafeMode(cause)
		return s.SafeMode()
	}
	err := s.reopen()
	if err != nil {
		s.enterSafeMode(errors.Join(cause, err))
		return s.SafeMode()
	}
	s.mu.Lock()
	before := s.head
	s.mu.Unlock()
	found, err := s.readHead()
	switch {
	case err != nil:
		s.enterSafeMode(errors.Join(cause, err))
		return s.SafeMode()
	case found.Seq == next.Seq && found.Chain == next.Chain && found.Commit == next.Commit && next.Commit != before.Commit:
		if err := s.allThere(b); err != nil {
			s.enterSafeMode(errors.Join(cause, err))
			return s.SafeMode()
		}
		s.took(b, next)
		return nil
	case found.Seq == before.Seq && found.Chain == before.Chain && found.Commit == before.Commit:
		if errors.Is(cause, berrors.ErrMaxSizeReached) || errors.Is(cause, unix.ENOSPC) {
			return fmt.Errorf("%w: %w: %w", pos.ErrNotCommitted, pos.ErrFull, cause)
		}
		return fmt.Errorf("%w: %w", pos.ErrNotCommitted, cause)
	}
	s.enterSafeMode(fmt.Errorf("%w; the journal ends at %d, neither %d nor %d", cause, found.Seq, before.Seq, next.Seq))
	return s.SafeMode()
}

// reopen closes the file, has the kernel forget it and opens it again.
func (s *Store) reopen() (err error) {
	s.dbMu.Lock()
	defer s.dbMu.Unlock()
	defer catch(&err)
	if err := s.closeDB(); err != nil {
		s.o.Logger.Warn("closing the journal", "err", err)
		letGo(s.file)
	}
	f, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := s.inspect(); err != nil {
		return err
	}
	if err := s.openDB(); err != nil {
		return err
	}
	return s.loadHot()
}

// allThere verifies every log record of a batch in the file.
func (s *Store) allThere(b *batch) error {
	return s.view(func(tx *snap) error {
		for i, e := range b.entries {
			key := seqKey(b.first + uint64(i))
			rest, err := tx.get(bLog, key)
			if err != nil {
				return err
			}
			if string(rest) != string(e.rest()) {
				return damaged(bLog, key, nil)
			}
		}
		return nil
	})
}

// takesRoom says whether a commit begins something new that has to be refused
// while there is still room to end what is under way. One that ends something
// may begin what follows from it in the same breath: a reversed deferred sale
// goes on as another attempt, an approval brings results of scripts.
func takesRoom(c pos.Commit) bool {
	begins, begun := false, map[string]bool{}
	for i := range c.Events {
		switch e := &c.Events[i]; e.Type {
		case pos.EvCreated:
			begins, begun[e.Attempt] = true, true
		case pos.EvLineAdded, pos.EvLineEdited:
			begins = true
		case pos.EvFollowUp, pos.EvResolved, pos.EvVoided, pos.EvRefundedPart, pos.EvRefundedFull: // what it means for another one
		default:
			if folds(e) && !begun[e.Attempt] {
				return false
			}
		}
	}
	return begins
}
