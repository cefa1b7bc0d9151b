package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"

	"tillkeeper/app/pos"
)

const (
	lockPause  = 50 * time.Millisecond
	slotSize   = 512
	anchorMark = "TILLANC2"
	anchorLen  = len(anchorMark) + 8 + chainLen + 8 + checkLen
	formerMark = "TILLANC1" // had no number of the commit
	formerLen  = anchorLen - 8
)

func inUse(cause error) error {
	return &pos.Error{
		Code: "data_in_use", Remedy: "close the other till that uses this folder",
		Message: "another till has this folder open", Err: cause,
	}
}

// noFolder says that nothing can be written where the journal lives.
func noFolder(cause error) error {
	return &pos.Error{
		Code: "data_not_writable", Remedy: "make the disk of the data folder writable, then start the till again",
		Message: fmt.Sprintf("the data folder cannot be written: %v", cause), Err: cause,
	}
}

// lockFolder holds a folder for this process as long as the file is open.
func lockFolder(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, noFolder(err)
	}
	for waited := time.Duration(0); ; waited += lockPause {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if waited >= lockPatience {
			f.Close()
			return nil, inUse(err)
		}
		time.Sleep(lockPause)
	}
}

// letGo ends the lock of a file that bbolt gave up in a panic or an error. A
// mapping that it left behind would hold the lock beyond the closing.
func letGo(f *os.File) {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_UN); err == nil {
		f.Close()
	}
}

// create makes an empty journal whole or not at all: under a temporary name,
// flushed, renamed, the folder flushed.
func create(dir string) error {
	tmp := filepath.Join(dir, temporaryName)
	if err := os.Remove(tmp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, err := bolt.Open(tmp, 0o600, &bolt.Options{Timeout: lockPatience, FreelistType: bolt.FreelistMapType, PageSize: pageSize})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range append([]string{bHot}, buckets...) {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		first := &snap{tx: tx, now: layer{}}
		putHead(first, head{Layout: layout})
		return first.settle([]layer{first.now})
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := syncPath(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, filepath.Join(dir, fileName)); err != nil {
		return err
	}
	return syncPath(dir)
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// mark is where the journal stood after a commit.
type mark struct {
	Seq    uint64
	Chain  [chainLen]byte
	Commit uint64 // 0 if that was not noted
}

// mark gives what the anchor remembers of a head.
func (h head) mark() mark { return mark{h.Seq, h.Chain, h.Commit} }

// before says whether a journal stood there earlier than another.
func (m mark) before(o mark) bool { return m.Seq < o.Seq || m.Commit < o.Commit }

// anchorFile remembers outside the journal how far the journal was.
type anchorFile struct {
	f     *os.File
	dirty bool // written since it was opened
	last  mark
	slot  int64
	valid int // slots that hold
	bad   int // slots that were written and do not hold
}

func openAnchor(path string) (*anchorFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	a := &anchorFile{f: f}
	for slot := int64(0); slot < 2; slot++ {
		var b [slotSize]byte
		n, _ := f.ReadAt(b[:], slot*slotSize)
		m, ok := decodeMark(b[:n])
		switch {
		case !ok && b != [slotSize]byte{}:
			a.bad++
		case ok && (a.valid == 0 || !m.before(a.last)):
			a.last, a.slot = m, slot
		}
		if ok {
			a.valid++
		}
	}
	return a, nil
}

func decodeMark(b []byte) (mark, bool) {
	size := anchorLen
	if bytes.HasPrefix(b, []byte(formerMark)) {
		size = formerLen
	}
	var m mark
	if len(b) < size || size == anchorLen && !bytes.HasPrefix(b, []byte(anchorMark)) {
		return m, false
	}
	rest := b[len(anchorMark) : size-checkLen]
	c := check(anchorName, nil, rest)
	if !bytes.Equal(c[:], b[size-checkLen:size]) {
		return m, false
	}
	m.Seq = binary.BigEndian.Uint64(rest)
	n := 8 + copy(m.Chain[:], rest[8:])
	if size == anchorLen {
		m.Commit = binary.BigEndian.Uint64(rest[n:])
	}
	return m, true
}

// write puts a mark into the slot that is not the last one, without a flush.
func (a *anchorFile) write(m mark) error {
	var b [slotSize]byte
	rest := b[copy(b[:], anchorMark) : anchorLen-checkLen]
	binary.BigEndian.PutUint64(rest, m.Seq)
	n := 8 + copy(rest[8:], m.Chain[:])
	binary.BigEndian.PutUint64(rest[n:], m.Commit)
	c := check(anchorName, nil, rest)
	copy(b[anchorLen-checkLen:], c[:])
	a.slot, a.dirty = 1-a.slot, true
	a.last = m
	_, err := a.f.WriteAt(b[:], a.slot*slotSize)
	return err
}

// close flushes what was written.
func (a *anchorFile) close() error {
	if !a.dirty {
		return a.f.Close()
	}
	return errors.Join(a.f.Sync(), a.f.Close())
}

// compareAnchor judges the journal by the mark outside it.
func (s *Store) compareAnchor() {
	a, h := s.anchor, s.head
	switch {
	case a.valid == 0:
		if h.Seq > 0 || a.bad > 0 {
			s.note("anchor_missing", anchorName, fmt.Sprintf("no anchor for a journal of %d entries; written anew", h.Seq))
		}
		if err := a.write(h.mark()); err != nil {
			s.enterSafeMode(fmt.Errorf("anchor: %w", err))
		}
		return
	case h.mark().before(a.last):
		s.enterSafeMode(&pos.Error{
			Code: "journal_behind", Remedy: "this is an old copy of the journal: restore the newest one",
			Message: fmt.Sprintf("the journal ends at %d (commit %d), it was at %d (%d) before", h.Seq, h.Commit, a.last.Seq, a.last.Commit),
		})
		return
	}
	if a.bad > 0 {
		s.note("anchor_damaged", anchorName, "one slot of the anchor does not hold")
	}
	chain, err := s.chainAt(a.last.Seq)
	if err != nil || chain != a.last.Chain {
		s.enterSafeMode(errors.Join(err, &pos.Error{
			Code: "journal_replaced", Remedy: "this is another journal: put the right one back",
			Message: fmt.Sprintf("the journal has another history at %d", a.last.Seq),
		}))
	}
}

// inspect walks the file before bbolt touches it. A large file is walked as far
// as the list of its buckets only: from there on the checks of the records
// watch. Damage there is fatal, for bbolt would follow it anywhere in memory, and
// so are pages that lead astray; other damage is safe mode.
func (s *Store) inspect() error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	heads := &pages{file: f, flat: true, report: func(where, format string, args ...any) error {
		s.note("head_damaged", where, fmt.Sprintf(format, args...))
		return nil
	}}
	if err := heads.readMetas(0); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return pos.Errorf("journal_damaged", "restore a backup", "the journal has %d bytes only", info.Size())
	} else if err != nil {
		return err
	}
	if _, err := damageOf(f, heads.meta, true); err != nil {
		return err
	}
	if info.Size() > walkAtStart {
		return nil
	}
	wild, err := damageOf(f, heads.meta, false)
	if wild {
		return err
	}
	if err != nil {
		s.enterSafeMode(err)
	}
	return nil
}

// damageOf walks a file to its end and gives the first thing that is wrong. wild
// says that bbolt must not follow it; see astray.
func damageOf(f *os.File, meta metaPage, flat bool) (wild bool, first error) {
	p := &pages{file: f, flat: flat, meta: meta, report: func(where, format string, args ...any) error {
		if first == nil {
			first = pos.Errorf("journal_damaged", "restore a backup", "%s: %s", where, fmt.Sprintf(format, args...))
		}
		return nil
	}}
	if err := p.walk(); err != nil {
		return p.wild, err
	}
	return p.wild, first
}

// chainAt reads the chain hash of a record; that of 0 is zero.
func (s *Store) chainAt(seq uint64) (chain [chainLen]byte, err error) {
	if seq == 0 {
		return chain, nil
	}
	err = s.view(func(tx *snap) error {
		rest, err := tx.get(bLog, seqKey(seq))
		if err != nil {
			return err
		}
		e, _, err := decodeEntry(seqKey(seq), rest)
		chain = e.chain
		return err
	})
	return chain, err
}

// samePath says whether the path still names the file that is written to, and
// that the file was not cut short.
func (s *Store) samePath() error {
	at, err := identify(unix.AT_FDCWD, s.path)
	if err != nil {
		return &pos.Error{Code: "journal_unlinked", Remedy: "put the journal back", Message: "the journal file is gone", Err: err}
	}
	open, err := identify(int(s.file.Fd()), "")
	if err != nil {
		return fmt.Errorf("journal file: %w", err)
	}
	if at.major != open.major || at.minor != open.minor || at.inode != open.inode {
		return pos.Errorf("journal_replaced", "put the right journal back", "the journal file was replaced while in use")
	}
	if open.size < s.size {
		return pos.Errorf("journal_cut", "restore a backup", "the journal file was cut from %d to %d bytes", s.size, open.size)
	}
	if open.size > s.size {
		s.claim(open.size)
	}
	s.size = open.size
	return nil
}

// identity is which file something is, and its size.
type identity struct {
	major, minor uint32
	inode        uint64
	size         int64
}

// identify looks at a path, or at a descriptor where the path is "". It does not
// ask for times: whoever does has the kernel write the next time of change
// finely, and thus the inode with the next flush.
func identify(fd int, path string) (identity, error) {
	flags := 0
	if path == "" {
		flags = unix.AT_EMPTY_PATH
	}
	var x unix.Statx_t
	err := unix.Statx(fd, path, flags, unix.STATX_INO|unix.STATX_SIZE, &x)
	return identity{x.Dev_major, x.Dev_minor, x.Ino, int64(x.Size)}, err
}

// claim writes zeros over what the file grew by and no page uses yet, so that a
// later commit finds its blocks there: it need not wait for the file system to
// give them out, and room that was counted is room that exists. A failure costs
// speed only.
func (s *Store) claim(size int64) {
	from := s.used.Load()
	if size-from > bigAlloc {
		return
	}
	if _, err := s.file.WriteAt(make([]byte, size-from), from); err != nil {
		s.o.Logger.Warn("claiming room for the journal", "err", err)
	}
}
