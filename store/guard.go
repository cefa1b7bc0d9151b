package store

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	bolt "go.etcd.io/bbolt"

	"tillkeeper/app/pos"
)

// bbolt takes its locks without a defer: a fault of the mapped file inside its
// Begin or its Rollback leaves them held, and whoever asks for them next waits
// for ever. Three things stand against that. Both heads of the file are asked
// for by a plain read before each Begin, so that a file that was cut fails
// outside of bbolt. If Begin or Rollback ends in a fault all the same, the store
// has fallen: nobody goes near bbolt again. And Append and Close wait for
// somebody who may be caught in bbolt no longer than lockPatience after that.

// begin begins a transaction. Faults have to be panics for the caller.
func (s *Store) begin(write bool) (tx *bolt.Tx, err error) {
	if s.hasFallen() {
		return nil, s.SafeMode()
	}
	var edge [2]byte // the last byte of one head, the first of the other
	if _, err := s.file.ReadAt(edge[:], pageSize-1); err != nil {
		return nil, faulted(err)
	}
	defer s.fallen(&err)
	return s.db.Begin(write)
}

// rollback ends a transaction that may be over already.
func (s *Store) rollback(tx *bolt.Tx) {
	var err error
	defer s.fallen(&err)
	_ = tx.Rollback()
}

// fallen turns a panic inside of bbolt's locks into an error and safe mode.
func (s *Store) fallen(err *error) {
	if p := recover(); p != nil {
		*err = faulted(p)
		s.enterSafeMode(*err)
		s.fall.Do(func() { close(s.down) })
	}
}

// hasFallen says whether locks of bbolt may be held for ever.
func (s *Store) hasFallen() bool {
	select {
	case <-s.down:
		return true
	default:
		return false
	}
}

// faultError is a fault of the file; see faulted.
type faultError struct{ *pos.Error }

// Unwrap gives what a caller of the store sees.
func (e faultError) Unwrap() error { return e.Error }

func faulted(cause any) error {
	return faultError{&pos.Error{
		Code: "journal_fault", Remedy: "restore a backup", Message: fmt.Sprintf("the journal file cannot be read: %v", cause),
	}}
}

// catch turns a panic, a fault of the mapped file included, into an error.
func catch(err *error) {
	if p := recover(); p != nil {
		*err = errors.Join(*err, faulted(p))
	}
}

// view runs one short read transaction. A fault of the mapped file becomes an
// error and safe mode; one that takes over a second is reported.
func (s *Store) view(read func(*snap) error) error {
	return s.look(func(tx *snap) error {
		watch := time.AfterFunc(readLimit, func() {
			s.slow.Add(1)
			s.o.Logger.Warn("a read transaction is older than its limit", "limit", readLimit)
		})
		defer watch.Stop()
		return read(tx)
	})
}

// look is view without the watch, for a walk over everything.
func (s *Store) look(read func(*snap) error) error {
	for range behindTries {
		err := s.lookOnce(read)
		if !errors.Is(err, errBehind) {
			return err
		}
		time.Sleep(behindPause) // a commit failed: let the writer open the file again
	}
	return fmt.Errorf("%d tries: %w", behindTries, errBehind)
}

func (s *Store) lookOnce(read func(*snap) error) (err error) {
	s.dbMu.RLock()
	defer s.dbMu.RUnlock()
	if s.db == nil {
		return errClosed
	}
	defer func() {
		if fault := (faultError{}); errors.As(err, &fault) {
			s.enterSafeMode(err)
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer catch(&err)
	tx, err := s.beginRead()
	if err != nil {
		return err
	}
	defer s.rollback(tx.tx)
	return read(tx)
}

var errBehind = &pos.Error{
	Code: "journal_behind_commit", Remedy: "start the till again", Message: "the layers of the journal do not follow its file",
}

// beginRead begins a read transaction with the layers that belong to it. bbolt
// shows a commit before its last flush ended; a reader that runs into one waits
// for that end, for what it reads has to be durable.
func (s *Store) beginRead() (*snap, error) {
	tx, err := s.beginMatching()
	if !errors.Is(err, errBehind) {
		return tx, err
	}
	s.flipMu.RLock()
	defer s.flipMu.RUnlock()
	return s.beginMatching()
}

func (s *Store) beginMatching() (*snap, error) {
	over := s.hot.Load()
	tx, err := s.begin(false)
	if err != nil {
		return nil, err
	}
	if over != nil && over.txid == tx.ID() {
		return &snap{tx: tx, layers: over.layers}, nil
	}
	s.rollback(tx)
	return nil, errBehind
}

// loadHot takes the layers of the file into memory.
func (s *Store) loadHot() (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer catch(&err)
	tx, err := s.begin(false)
	if err != nil {
		return err
	}
	defer s.rollback(tx)
	h, err := readHot(tx)
	if err == nil {
		s.hot.Store(h)
		s.used.Store(tx.Size())
	}
	return err
}

// await gives the answer of the writer. When the store has fallen the writer
// may be caught in bbolt.
func (s *Store) await(r *request) ([]pos.Event, error) {
	select {
	case <-r.answer:
		return r.events, r.err
	case <-s.done:
	case <-s.down:
		select {
		case <-r.answer:
		case <-s.done:
		case <-time.After(lockPatience):
			return nil, s.SafeMode()
		}
	}
	select {
	case <-r.answer:
		return r.events, r.err
	default:
		return nil, errClosed
	}
}

// Close ends the writer after what it holds, flushes the anchor and lets go of
// the folder.
func (s *Store) Close() error {
	var err error
	s.once.Do(func() {
		close(s.stop)
		select {
		case <-s.done:
		case <-s.down:
			select {
			case <-s.done:
			case <-time.After(lockPatience):
			}
		}
		err = s.shut()
	})
	return err
}

// closeDB closes bbolt; a fallen one is given up instead, for it may wait for
// ever.
func (s *Store) closeDB() (err error) {
	if s.hasFallen() {
		letGo(s.file)
		return nil
	}
	defer catch(&err)
	return s.db.Close()
}

// shut closes the files.
func (s *Store) shut() (err error) {
	for waited := time.Duration(0); !s.dbMu.TryLock(); waited += lockPause {
		if s.hasFallen() && waited >= lockPatience {
			letGo(s.file)
			return errors.Join(s.anchor.close(), s.lock.Close())
		}
		time.Sleep(lockPause)
	}
	defer s.dbMu.Unlock()
	defer catch(&err)
	var errs []error
	if s.db != nil {
		errs = append(errs, s.closeDB())
		s.db = nil
	}
	if s.anchor != nil {
		errs = append(errs, s.anchor.close())
	}
	errs = append(errs, s.lock.Close())
	return errors.Join(errs...)
}
