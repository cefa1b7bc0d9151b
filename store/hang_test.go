package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"tillkeeper/app/pos"
	"tillkeeper/store"
)

// hangLimit is how long a call may take before it counts as hanging.
const hangLimit = time.Minute

// ends fails a test whose calls do not come back.
func ends(t *testing.T, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(hangLimit):
		buf := make([]byte, 1<<20)
		t.Fatalf("%s hangs\n%s", what, buf[:runtime.Stack(buf, true)])
	}
}

func TestFaultInACommitDoesNotHang(t *testing.T) {
	for name, at := range map[string]func(path string, tx *bolt.Tx) error{
		"before": func(path string, tx *bolt.Tx) error { return errors.Join(os.Truncate(path, 0), tx.Commit()) },
		"after":  func(path string, tx *bolt.Tx) error { return errors.Join(tx.Commit(), os.Truncate(path, 0)) },
		"panic":  func(path string, _ *bolt.Tx) error { panic(os.Truncate(path, 0)) },
	} {
		dir := t.TempDir()
		s := open(t, store.Options{Dir: dir})
		id := sell(t, s)
		s.SetCommit(func(tx *bolt.Tx) error { return at(filepath.Join(dir, "journal.db"), tx) })
		next := created(s, "")
		ends(t, name+": an append", func() {
			if _, err := s.Append(ctx, pos.Commit{Events: of(next, pos.EvCreated)}); !errors.Is(err, pos.ErrSafeMode) {
				t.Errorf("%s: an append: %v", name, err)
			}
			if _, err := s.Append(ctx, pos.Commit{Events: of(next, pos.EvCreated)}); !errors.Is(err, pos.ErrSafeMode) {
				t.Errorf("%s: a second append: %v", name, err)
			}
		})
		ends(t, name+": a read", func() {
			if _, err := s.Attempt(id); err == nil {
				t.Errorf("%s: an attempt was read out of an empty file", name)
			}
			s.NextSTAN()
		})
		ends(t, name+": closing", func() { s.Close() })
		ends(t, name+": opening", func() {
			if again, err := store.Open(store.Options{Dir: dir, Logger: quiet}); err == nil {
				t.Errorf("%s: an empty file was opened", name)
				again.Close()
			}
		})
	}
}

func TestFaultUnderManyDoesNotHang(t *testing.T) {
	defer store.SetHotCommits(0)()
	for round := range 20 {
		dir := t.TempDir()
		s := open(t, store.Options{Dir: dir})
		id := sell(t, s)
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				for s.SafeMode() == nil {
					s.Attempt(id)
				}
				s.Attempt(id)
			})
		}
		all.Go(func() {
			for s.SafeMode() == nil {
				s.Append(ctx, pos.Commit{Events: []pos.Event{{Type: pos.EvSignedIn, By: "1001"}}})
			}
		})
		time.Sleep(time.Duration(round) * 100 * time.Microsecond) // anywhere in what they do
		if err := os.Truncate(filepath.Join(dir, "journal.db"), 0); err != nil {
			t.Fatal(err)
		}
		ends(t, "reading and writing", all.Wait)
		ends(t, "closing", func() { s.Close() })
	}
}

func TestReaderWaitsForASlowFlush(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	id := sell(t, s)
	flushing, flushed := make(chan struct{}), make(chan struct{})
	s.SetCommit(func(tx *bolt.Tx) error {
		err := tx.Commit() // the pages are there, the layers of the till are not yet
		close(flushing)
		<-flushed
		return err
	})
	written := make(chan error, 1)
	next := created(s, "")
	go func() {
		_, err := s.Append(ctx, pos.Commit{Events: of(next, pos.EvCreated)})
		written <- err
	}()
	<-flushing
	read := make(chan error, 1)
	go func() {
		_, err := s.Attempt(id)
		read <- err
	}()
	select {
	case err := <-read:
		t.Errorf("the reader did not wait for the flush: %v", err)
	case <-time.After(300 * time.Millisecond): // only to let the reader run into it
	}
	close(flushed)
	ends(t, "the writer", func() {
		if err := <-written; err != nil {
			t.Error(err)
		}
	})
	if !t.Failed() {
		ends(t, "the reader", func() {
			if err := <-read; err != nil {
				t.Errorf("reading while the disk is slow: %v", err)
			}
		})
	}
	s.SetCommit(nil)
}
