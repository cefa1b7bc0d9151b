package store_test

import (
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

// sell appends one sale and expects it to be acknowledged.
func sell(t testing.TB, s *store.Store) string {
	t.Helper()
	e := created(s, "")
	must(t, s, pos.Commit{Events: of(e, pos.EvCreated, pos.EvSending, pos.EvApproved)})
	return e.Attempt
}

func copyFile(t testing.TB, to, from string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// wantSafe expects a journal that is read but not written.
func wantSafe(t testing.TB, s *store.Store, code string) {
	t.Helper()
	var e *pos.Error
	err := s.SafeMode()
	if !errors.Is(err, pos.ErrSafeMode) {
		t.Fatalf("safe mode: %v", err)
	}
	if _, err := s.Append(ctx, pos.Commit{Events: of(created(s, ""), pos.EvCreated)}); !errors.Is(err, pos.ErrSafeMode) {
		t.Errorf("an append in safe mode: %v", err)
	}
	for err != nil {
		if errors.As(err, &e) && e.Code == code {
			return
		}
		if u, ok := errors.Unwrap(err).(interface{ Unwrap() []error }); ok {
			err = u.Unwrap()[1]
			continue
		}
		err = errors.Unwrap(err)
	}
	t.Errorf("safe mode without %q: %v", code, s.SafeMode())
}

func TestOldCopyIsNoticed(t *testing.T) {
	dir, anchor := t.TempDir(), t.TempDir()
	o := store.Options{Dir: dir, AnchorDir: anchor}
	s := open(t, o)
	first := sell(t, s)
	s.Close()
	copyFile(t, filepath.Join(dir, "old"), filepath.Join(dir, "journal.db"))
	s = open(t, o)
	sell(t, s)
	s.Close()
	copyFile(t, filepath.Join(dir, "journal.db"), filepath.Join(dir, "old"))
	s = open(t, o)
	wantSafe(t, s, "journal_behind")
	if a, err := s.Attempt(first); err != nil || a.State != pos.Approved {
		t.Errorf("reading in safe mode: %+v, %v", a, err)
	}
}

func TestOtherHistoryIsNoticed(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	s := open(t, store.Options{Dir: dir})
	sell(t, s)
	s.Close()
	s = open(t, store.Options{Dir: other})
	sell(t, s)
	sell(t, s)
	s.Close()
	copyFile(t, filepath.Join(dir, "journal.db"), filepath.Join(other, "journal.db"))
	wantSafe(t, open(t, store.Options{Dir: dir}), "journal_replaced")
}

func TestMissingJournalAndMissingAnchor(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	sell(t, s)
	s.Close()
	if err := os.Remove(filepath.Join(dir, "journal.anchor")); err != nil {
		t.Fatal(err)
	}
	s = open(t, store.Options{Dir: dir})
	if n := s.Notes(); s.SafeMode() != nil || len(n) != 1 || n[0].Code != "anchor_missing" {
		t.Errorf("notes %v, safe mode %v", n, s.SafeMode())
	}
	s.Close()
	if err := os.Remove(filepath.Join(dir, "journal.db")); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(store.Options{Dir: dir, Logger: quiet})
	var e *pos.Error
	if !errors.As(err, &e) || e.Code != "journal_missing" || !errors.Is(err, pos.ErrSafeMode) {
		t.Errorf("err %v", err)
	}
}

func TestNewestHeadFlippedIsNoticed(t *testing.T) {
	dir := t.TempDir()
	for sales := 1; sales <= 4; sales++ {
		s := open(t, store.Options{Dir: dir})
		sell(t, s)
		s.Close()
		for page := int64(0); page < 2; page++ {
			flip(t, filepath.Join(dir, "journal.db"), page*4096+16+50, 0x10)
			noticed := seen(t, store.Options{Dir: dir})
			flip(t, filepath.Join(dir, "journal.db"), page*4096+16+50, 0x10)
			if !noticed {
				t.Errorf("%d sales: a flip in head %d went unnoticed", sales, page)
			}
		}
	}
}

func flip(t testing.TB, path string, at int64, bits byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= bits
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

// seen says whether opening or checking a journal finds something.
func seen(t testing.TB, o store.Options) bool {
	o.Logger = quiet
	s, err := store.Open(o)
	if e := (*pos.Error)(nil); errors.As(err, &e) && e.Code == "data_in_use" {
		t.Fatal("the file of the opening before is still locked")
	}
	if err != nil {
		return true
	}
	defer s.Close()
	if s.SafeMode() != nil || len(s.Notes()) > 0 {
		return true
	}
	found, err := s.Check(ctx)
	return err != nil || len(found) > 0
}

// smallJournal makes a closed journal with something in each bucket.
func smallJournal(t testing.TB, dir string, hot int) {
	defer store.SetHotCommits(hot)()
	s := open(t, store.Options{Dir: dir})
	key := s.NextBasket()
	must(t, s, pos.Commit{Baskets: []pos.Basket{{Key: s.NextBasket(), State: pos.BasketHeld}}, Settings: map[string]string{pos.SetBatch: "000001"}})
	doc := pos.Basket{Key: key, State: pos.BasketPaid, Lines: []pos.Line{{No: 1, SKU: "A", Name: "tea", Qty: 1000, Total: 1250}}, Total: 1250}
	e := created(s, key)
	must(t, s, pos.Commit{
		Events: append(of(e, pos.EvCreated, pos.EvApproved), pos.Event{Type: pos.EvBasketPaid, Basket: key}), Baskets: []pos.Basket{doc},
	})
	must(t, s, pos.Commit{Events: of(created(s, ""), pos.EvCreated, pos.EvDeferred)})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// unnoticed flips each used byte of a journal, one at a time, and counts those
// that nothing finds, up to most of them: a journal whose damage nobody checks
// can make its reader ask for any amount of memory.
func unnoticed(t *testing.T, dir string, stride, most int) (missed []int64, of int) {
	path := filepath.Join(dir, "journal.db")
	used, err := store.UsedBytes(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(used) && len(missed) < most; i += stride {
		bits := byte(1) << (i % 8)
		if i%3 == 0 {
			bits = 0xFF
		}
		flip(t, path, used[i], bits)
		if !seen(t, store.Options{Dir: dir}) {
			missed = append(missed, used[i])
		}
		flip(t, path, used[i], bits)
		of++
	}
	return missed, of
}

func TestEveryFlippedByteIsNoticed(t *testing.T) {
	for name, hot := range map[string]int{"layers": 64, "moved": 0} {
		dir := t.TempDir()
		smallJournal(t, dir, hot)
		if seen(t, store.Options{Dir: dir}) {
			t.Fatalf("%s: the whole journal is complained about", name)
		}
		missed, of := unnoticed(t, dir, 1, math.MaxInt)
		t.Logf("%s: %d bytes flipped", name, of)
		if len(missed) > 0 {
			t.Errorf("%s: %d of %d flips went unnoticed, at %v", name, len(missed), of, missed[:min(20, len(missed))])
		}
	}
}

func TestWithoutRecordChecksFlipsAreMissed(t *testing.T) {
	dir := t.TempDir()
	smallJournal(t, dir, 0)
	store.SkipChecks(true)
	defer store.SkipChecks(false)
	if missed, of := unnoticed(t, dir, 3, 1); len(missed) == 0 {
		t.Errorf("the planted bug was not caught: %d flips, none missed", of)
	}
}

func TestUnlinkedReplacedOrCutFileStopsTheTill(t *testing.T) {
	for code, do := range map[string]func(path string) error{
		"journal_unlinked": os.Remove,
		"journal_replaced": func(path string) error {
			return errors.Join(os.Rename(path, path+".was"), os.WriteFile(path, nil, 0o600))
		},
		"journal_cut": func(path string) error { return os.Truncate(path, 3*4096) },
	} {
		dir := t.TempDir()
		s := open(t, store.Options{Dir: dir})
		sell(t, s)
		next := created(s, "")
		if err := do(filepath.Join(dir, "journal.db")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Append(ctx, pos.Commit{Events: of(next, pos.EvCreated)}); !errors.Is(err, pos.ErrSafeMode) {
			t.Errorf("%s: %v", code, err)
		}
		wantSafe(t, s, code)
	}
}

func TestFaultOfTheMappingIsNoCrash(t *testing.T) {
	defer store.SetHotCommits(0)()
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	id := sell(t, s)
	if err := os.Truncate(filepath.Join(dir, "journal.db"), 0); err != nil {
		t.Fatal(err)
	}
	var e *pos.Error
	if _, err := s.Attempt(id); !errors.As(err, &e) || e.Code != "journal_fault" {
		t.Errorf("err %v", err)
	}
	wantSafe(t, s, "journal_fault")
}

func TestFailedCommitIsLookedUp(t *testing.T) {
	fault := errors.New("input/output error")
	for name, c := range map[string]struct {
		commit func(*bolt.Tx) error
		kept   bool
	}{
		"not kept":        {func(tx *bolt.Tx) error { return errors.Join(fault, tx.Rollback()) }, false},
		"kept":            {func(tx *bolt.Tx) error { return errors.Join(fault, tx.Commit()) }, true},
		"panic before":    {func(*bolt.Tx) error { panic(fault) }, false},
		"panic after":     {func(tx *bolt.Tx) error { tx.Commit(); panic(fault) }, true},
		"full":            {func(tx *bolt.Tx) error { return errors.Join(berrors.ErrMaxSizeReached, tx.Rollback()) }, false},
		"kept but for it": {func(tx *bolt.Tx) error { tx.Commit(); return io.ErrUnexpectedEOF }, true},
	} {
		s := open(t, store.Options{Dir: t.TempDir()})
		sell(t, s)
		s.SetCommit(c.commit)
		e := created(s, "")
		got, err := s.Append(ctx, pos.Commit{Events: of(e, pos.EvCreated)})
		switch {
		case c.kept && (err != nil || len(got) != 1):
			t.Errorf("%s: %v", name, err)
		case !c.kept && !errors.Is(err, pos.ErrNotCommitted):
			t.Errorf("%s: %v", name, err)
		case name == "full" && !errors.Is(err, pos.ErrFull):
			t.Errorf("%s: %v", name, err)
		}
		if _, err := s.Attempt(e.Attempt); (err == nil) != c.kept {
			t.Errorf("%s: the attempt: %v", name, err)
		}
		s.SetCommit(nil)
		sell(t, s)
		storetest.Verify(t, s)
	}
}

func TestWriteErrorOfTheFileIsNotCommitted(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	sell(t, s)
	s.SetCommit(func(tx *bolt.Tx) error { return errors.Join(s.CloseFile(), tx.Commit()) })
	e := created(s, "")
	if _, err := s.Append(ctx, pos.Commit{Events: of(e, pos.EvCreated)}); !errors.Is(err, pos.ErrNotCommitted) {
		t.Errorf("err %v", err)
	}
	s.SetCommit(nil)
	sell(t, s)
	storetest.Verify(t, s)
}

func TestReopenThatFailsIsSafeMode(t *testing.T) {
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	sell(t, s)
	s.SetCommit(func(tx *bolt.Tx) error {
		return errors.Join(tx.Rollback(), os.WriteFile(filepath.Join(dir, "journal.db"), make([]byte, 16384), 0o600), io.EOF)
	})
	if _, err := s.Append(ctx, pos.Commit{Events: of(created(s, ""), pos.EvCreated)}); !errors.Is(err, pos.ErrSafeMode) {
		t.Errorf("err %v", err)
	}
	wantSafe(t, s, "journal_damaged")
}

func TestFullJournalRefusesSalesAndKeepsRoomForReversals(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir(), MaxSize: 2 << 20, Reserve: 512 << 10})
	e := created(s, "")
	must(t, s, pos.Commit{Events: of(e, pos.EvCreated, pos.EvSending)})
	for n := 0; ; n += 50 {
		if n > 100_000 {
			t.Fatal("never full")
		}
		if err := full(s); err != nil {
			if !errors.Is(err, pos.ErrFull) {
				t.Fatal(err)
			}
			break
		}
		storetest.Fill(t, s, 50)
	}
	if _, err := s.Append(ctx, pos.Commit{Events: of(created(s, ""), pos.EvCreated)}); !errors.Is(err, pos.ErrFull) {
		t.Errorf("a sale in a full journal: %v", err)
	}
	must(t, s, pos.Commit{Events: of(e, pos.EvReversing)})
	for range 100 {
		must(t, s, pos.Commit{Events: of(e, pos.EvReversalTry)})
	}
	must(t, s, pos.Commit{Events: of(e, pos.EvReversed)})
	storetest.Verify(t, s)
}

func TestFirstRunCutShortLeavesNothingHalf(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "journal.new"), make([]byte, 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, store.Options{Dir: dir})
	sell(t, s)
	storetest.Verify(t, s)
}

func TestLongReadIsCounted(t *testing.T) {
	s := open(t, store.Options{Dir: t.TempDir()})
	err := s.View(func() error {
		for s.SlowReads() == 0 { // ends only when the watch has seen it
			time.Sleep(10 * time.Millisecond)
		}
		return nil
	})
	if err != nil || s.SlowReads() != 1 {
		t.Errorf("%d slow reads, %v", s.SlowReads(), err)
	}
}
