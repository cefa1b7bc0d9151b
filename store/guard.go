package store

import (
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"tillkeeper/app/pos"
)

// bbolt takes its locks without a defer: a fault of the mapped file while a
// reading Begin copies the head of the file leaves metalock and mmaplock held,
// and whoever asks for them next, a Commit and a Close too, waits for ever. So
// begin gives both back in bbolt's place. The store has fallen then: nobody goes
// near bbolt again. A fault in any other place leaves at most rwlock held, which
// the writer alone asks for. And should a later bbolt name its locks otherwise,
// Append and Close still wait no longer than lockPatience after the fall.

// begin begins a transaction. Faults have to be panics for the caller.
func (s *Store) begin(write bool) (tx *bolt.Tx, err error) {
	if s.hasFallen() {
		return nil, s.SafeMode()
	}
	defer s.fallen(&err, !write)
	return s.db.Begin(write)
}

// giveBack unlocks what a reading Begin of bbolt held when it ended in a fault.
func giveBack(db *bolt.DB) {
	in := reflect.ValueOf(db).Elem()
	meta, mapped := in.FieldByName("metalock"), in.FieldByName("mmaplock")
	if meta.IsValid() && meta.Type() == reflect.TypeFor[sync.Mutex]() {
		(*sync.Mutex)(meta.Addr().UnsafePointer()).Unlock()
	}
	if mapped.IsValid() && mapped.Type() == reflect.TypeFor[sync.RWMutex]() {
		(*sync.RWMutex)(mapped.Addr().UnsafePointer()).RUnlock()
	}
}

// rollback ends a transaction that may be over already.
func (s *Store) rollback(tx *bolt.Tx) {
	var err error
	defer s.fallen(&err, false)
	_ = tx.Rollback()
}

// fallen turns a panic inside of bbolt's locks into an error and safe mode;
// reading says that a reading Begin may hold locks.
func (s *Store) fallen(err *error, reading bool) {
	if p := recover(); p != nil {
		*err = faulted(p)
		s.enterSafeMode(*err)
		s.fall.Do(func() { close(s.down) })
		if reading {
			giveBack(s.db)
		}
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
type faultError struct{ cause *pos.Error }

func (e faultError) Error() string { return e.cause.Error() }

// Unwrap gives what a caller of the store sees.
func (e faultError) Unwrap() error { return e.cause }

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
		if err := s.SafeMode(); err != nil { // nobody opens the file again
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
		select {
		case <-r.answer:
			return r.events, r.err
		default: // it came after the writer had ended
			return nil, errClosed
		}
	case <-s.down:
	}
	if !s.within(r.answer) {
		return nil, s.SafeMode()
	}
	return r.events, r.err
}

// within waits for somebody; once the store has fallen, no longer than
// lockPatience.
func (s *Store) within(end <-chan struct{}) bool {
	select {
	case <-end:
		return true
	case <-s.down:
	}
	select {
	case <-end:
		return true
	case <-time.After(lockPatience):
		return false
	}
}

// Close ends the writer after what it holds, flushes the anchor and lets go of
// the folder.
func (s *Store) Close() error {
	var err error
	s.once.Do(func() {
		close(s.stop)
		s.within(s.done)
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
	locked := make(chan struct{})
	go func() {
		s.lead.Lock() // whoever writes ends first
		s.dbMu.Lock()
		close(locked)
	}()
	if !s.within(locked) { // a reader is caught in bbolt
		letGo(s.file)
		return errors.Join(s.anchor.close(), s.trace.close(), s.lock.Close())
	}
	defer s.lead.Unlock()
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
	if s.trace != nil {
		errs = append(errs, s.trace.close())
	}
	errs = append(errs, s.lock.Close())
	return errors.Join(errs...)
}
