// Package store is the journal of the till: one bbolt file that remembers every
// event and everything that follows from them. It implements pos.Journal.
//
// It promises that an Append answers only after the whole commit is on the
// disk, that a transition which pos.Table does not permit is refused, that no
// record is handed out whose check does not hold, and that a journal which was
// rolled back, replaced or unlinked takes no further sale. It never deletes an
// event, never writes without a flush, never answers "done" on a guess: after an
// error of a commit it closes, opens again and looks.
//
// Layout. DIR/journal.lock is held by the one till of the folder. DIR/journal.db
// is the bbolt file. ANCHORDIR/journal.anchor holds two slots of 512 bytes, each
// magic(8) sequence(8) chain(32) commit(8) check(8), written in turn after each commit
// without a flush; a journal that is behind its anchor is in safe mode. DIR/journal.trace
// holds the last trace number that was handed out, see trace.go.
//
// Buckets; every value begins with a check of 8 bytes, a SHA-256 cut short over
// bucket, key and the rest of the value:
//
//	log       sequence (8, big endian)      chain(32) + JSON of pos.Event
//	attempt   attempt id                    late sum (varint) + JSON of pos.Attempt
//	open      first sequence (8)            attempt id; only while something is due
//	basket    basket key                    see encodeBasket
//	live      basket key                    nothing; only while open or held
//	receipt   receipt, 0, attempt id        nothing
//	sale      basket key, 0, attempt id     nothing
//	trace     batch, 0, STAN                attempt id
//	day       day, 0, first sequence (8)    attempt id
//	total     day                           JSON of the sums of the day
//	product   day, 0, SKU                   quantity, amount (varints), unit, 0, name
//	setting   key                           text
//	meta      "meta"                        JSON of counters, last sequence, chain, layout
//	difference  id                        JSON of pos.Difference; since layout 1
//	hot, hot4 ...  number of the commit (8)  what the last commits changed; see hot.go
//
// The chain of a record is SHA-256(chain of the record before it, body). Amounts
// are fen, quantities thousandths, days are business days as 2026-11-22.
package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"tillkeeper/app/pos"
)

// The limits of the store.
const (
	lockPatience  = time.Second           // for the lock of a folder
	mapSize       = 1 << 30               // address space reserved for the file
	readLimit     = time.Second           // a read transaction older than this is reported
	queueLimit    = 256                   // commits that wait for the writer
	batchLimit    = 512                   // commits that share a flush
	reserveSize   = 8 << 20               // kept free for reversals and settlement
	lowRoom       = 1 << 30               // less than this, and than a tenth of all, is said
	bigAlloc      = 1 << 20               // growth of a large file
	smallAlloc    = 256 << 10             // growth where MaxSize is small
	smallFile     = 256 << 20             // what counts as a small MaxSize
	behindTries   = 20                    // for a reader while a failed commit is looked up
	behindPause   = 50 * time.Millisecond // between them
	findChunk     = 1000                  // attempts looked at in one read transaction
	walkAtStart   = 64 << 20              // a file up to this is walked whole before it is opened
	stanLimit     = 999999                // the highest STAN and the most tries for a free one
	tracesAhead   = 16                    // that are looked at beyond the next one
	highestNumber = 999_999_999_999       // highest attempt and basket number
	fileName      = "journal.db"
	anchorName    = "journal.anchor"
	lockName      = "journal.lock"
	temporaryName = "journal.new"
)

// DefaultMaxSize bounds the file of a till that names no other size, in bytes: about 4 KB a sale of five lines, so that
// 500 sales a day for twenty years fit, and a read transaction that somebody forgot, for which bbolt keeps every page
// that is replaced, does not eat the disk of a machine that does more than sell.
const DefaultMaxSize = 16 << 30

// Options says where the journal lives and how large it may grow.
type Options struct {
	Dir       string       // the data folder; made if missing
	AnchorDir string       // the folder of the anchor; "" is Dir
	Clock     pos.Clock    // nil is the clock of the machine
	MaxSize   int64        // of the file in bytes; 0 is DefaultMaxSize
	Reserve   int64        // kept for reversals and settlement in bytes; 0 is 8 MiB or an eighth of MaxSize
	Logger    *slog.Logger // nil is slog.Default
}

// Store is an open journal.
type Store struct {
	o     Options
	path  string
	lock  *os.File
	queue chan *request
	stop  chan struct{}
	done  chan struct{}
	once  sync.Once
	down  chan struct{} // closed when locks of bbolt may be held for ever
	fall  sync.Once

	dbMu   sync.RWMutex // held for reading by every transaction, for writing to reopen
	db     *bolt.DB
	file   *os.File // the descriptor bbolt writes through
	anchor *anchorFile
	trace  *traceFile
	size   int64 // of the file when it was last looked at; of the writer

	hot      hotState
	lead     sync.Mutex   // held by whoever writes
	warm     *warm        // of whoever holds lead
	commitMu sync.Mutex   // held while a commit ends
	flipMu   sync.RWMutex // as commitMu; readers wait here
	stanMu   sync.Mutex   // one trace number at a time

	mu       sync.Mutex              // guards what follows
	head     head                    // as committed
	counters counters                // as handed out
	free     freeTraces              // see there
	open     map[string]*pos.Attempt // for which something is due; replaced, never changed
	live     map[string]pos.Basket
	settings map[string]string
	differs  map[string]pos.Difference // unresolved ones
	safe     error
	notes    Findings

	used   atomic.Int64 // bytes of the file that pages were given out of
	slow   atomic.Int64
	commit func(*bolt.Tx) error // the last step of a commit; tests put faults here
}

var _ pos.Journal = (*Store)(nil)

// Open opens or makes the journal of a folder. A second till on the folder gets
// pos.Error "data_in_use". A journal that cannot be trusted opens in safe mode:
// see SafeMode.
func Open(o Options) (*Store, error) {
	o = o.withDefaults()
	if err := errors.Join(os.MkdirAll(o.Dir, 0o700), os.MkdirAll(o.AnchorDir, 0o700)); err != nil {
		return nil, noFolder(err)
	}
	lock, err := lockFolder(filepath.Join(o.Dir, lockName))
	if err != nil {
		return nil, err
	}
	s := &Store{
		o: o, path: filepath.Join(o.Dir, fileName), lock: lock,
		queue: make(chan *request, queueLimit), stop: make(chan struct{}), done: make(chan struct{}), down: make(chan struct{}),
		open: map[string]*pos.Attempt{}, live: map[string]pos.Basket{}, settings: map[string]string{},
		differs: map[string]pos.Difference{},
		commit:  (*bolt.Tx).Commit, warm: newWarm(),
	}
	if err := s.start(); err != nil {
		s.shut()
		return nil, err
	}
	go s.write()
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.AnchorDir == "" {
		o.AnchorDir = o.Dir
	}
	if o.Clock == nil {
		o.Clock = pos.WallClock{}
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.MaxSize == 0 {
		o.MaxSize = DefaultMaxSize
	}
	if o.Reserve == 0 {
		o.Reserve = min(reserveSize, o.MaxSize/8)
	}
	return o
}

// start opens the files and loads what is held in memory.
func (s *Store) start() error {
	anchor, err := openAnchor(filepath.Join(s.o.AnchorDir, anchorName))
	if err != nil {
		return noFolder(err)
	}
	s.anchor = anchor
	if s.trace, err = openTrace(filepath.Join(s.o.Dir, traceName)); err != nil {
		s.o.Logger.Warn("trace numbers of messages without a payment are not remembered over a crash", "err", err)
	}
	if _, err := os.Stat(s.path); errors.Is(err, os.ErrNotExist) {
		if anchor.last.Seq > 0 {
			return &pos.Error{
				Code: "journal_missing", Remedy: "put the journal back or restore a backup",
				Message: fmt.Sprintf("the journal is gone; it had %d entries", anchor.last.Seq), Err: pos.ErrSafeMode,
			}
		}
		if err := create(s.o.Dir); err != nil {
			return fmt.Errorf("store: making the journal: %w", err)
		}
	}
	if err := s.inspect(); err != nil {
		return fmt.Errorf("store: %w: %w", pos.ErrSafeMode, err)
	}
	if err := s.openDB(); err != nil {
		return err
	}
	if s.SafeMode() == nil {
		err = s.extend()
	}
	if err = errors.Join(err, s.load()); err != nil {
		s.enterSafeMode(err)
		return nil
	}
	s.compareAnchor()
	return nil
}

// openDB opens the file with the options that durability needs.
func (s *Store) openDB() (err error) {
	defer func() {
		if err != nil && s.file != nil {
			letGo(s.file)
		}
	}()
	defer catch(&err)
	db, err := bolt.Open(s.path, 0o600, &bolt.Options{
		Timeout: lockPatience, FreelistType: bolt.FreelistMapType, InitialMmapSize: mapSize, PageSize: pageSize,
		MaxSize: int(min(s.o.MaxSize, math.MaxInt)), NoStatistics: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(name, flag&^os.O_CREATE, mode)
			s.file = f
			return f, err
		},
	})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return inUse(err)
	case err != nil:
		return &pos.Error{
			Code: "journal_damaged", Remedy: "restore a backup", Message: "the journal cannot be opened", Err: err,
		}
	}
	db.AllocSize = bigAlloc
	if s.o.MaxSize < smallFile {
		db.AllocSize = smallAlloc
	}
	s.db = db
	info, err := s.file.Stat()
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	s.size = info.Size()
	return nil
}

// SafeMode gives the reason why the journal takes no writes, or nil.
func (s *Store) SafeMode() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.safe
}

// enterSafeMode stops all writing; the first reason stays.
func (s *Store) enterSafeMode(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.safe != nil {
		return
	}
	s.safe = &pos.Error{
		Code: "safe_mode", Remedy: "take no money; call the owner: the journal has to be checked",
		Message: "the journal is in safe mode", Err: errors.Join(pos.ErrSafeMode, cause),
	}
	s.o.Logger.Error("journal in safe mode", "cause", cause)
}

// SlowReads counts the read transactions that took longer than a second.
func (s *Store) SlowReads() int64 { return s.slow.Load() }

// Notes gives what was found when the journal was opened.
func (s *Store) Notes() Findings {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append(Findings(nil), s.notes...)
}

// Head gives the last sequence and its chain hash, for the audit line of a Z
// report.
func (s *Store) Head() (seq uint64, chain [32]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head.Seq, s.head.Chain
}

// Append makes a commit durable and gives its events with Seq and Time. A
// refusal is ErrTransition, ErrFull, ErrNotCommitted or ErrSafeMode.
func (s *Store) Append(ctx context.Context, c pos.Commit) ([]pos.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := s.SafeMode(); err != nil {
		return nil, err
	}
	r := &request{ctx: ctx, commit: c, answer: make(chan struct{})}
	if s.atOnce(r) {
		return r.events, r.err
	}
	select {
	case s.queue <- r:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.done:
		return nil, errClosed
	case <-s.down:
		return nil, s.SafeMode()
	}
	return s.await(r)
}

var errClosed = &pos.Error{
	Code: "journal_closed", Remedy: "start the till again", Message: "the journal is closed", Err: pos.ErrSafeMode,
}
