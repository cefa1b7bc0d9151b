package printer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
)

// The files of a queue in its folder.
const (
	queueFile   = "printer.queue"
	queueNew    = "printer.queue.new"
	queueAside  = "printer.queue.damaged"
	queueLocked = "printer.lock"
	queueCut    = "printer.cut" // there while the printer may be within a command that was cut short
)

// maxDone bounds the printed slips that are still in the file.
const maxDone = 16

// The codes of a queue that is not as it should be. Printing goes on.
const (
	QueueMemory  = "printer_queue_memory"  // the disk does not take it: jobs are in memory alone
	QueueDamaged = "printer_queue_damaged" // the file was damaged and is set aside
)

// disk is the file of the queue. Its methods may be used by several goroutines.
type disk struct {
	dir string

	mu      sync.Mutex
	file    *os.File // nil: there is no file, everything is in memory
	lock    *os.File
	size    int64
	at      map[int]found // of the jobs in the file, without their lines
	done    int           // records in the file that are over
	last    string        // number of the newest receipt that was taken, "" where nothing is known of it
	fault   error         // why the file does not take anything
	closed  bool
	cut     bool // queueCut is there
	damaged bool // a file was set aside when the queue was opened
	said    atomic.Pointer[complaint]
}

// openDisk opens the queue of a folder and gives its jobs, oldest first. It
// never fails: a queue that cannot be read or written is in memory.
func openDisk(dir string) (*disk, []*Job) {
	d := &disk{dir: dir, at: map[int]found{}}
	if dir == "" {
		return d, nil
	}
	jobs, err := d.open()
	d.fault = err
	d.say()
	return d, jobs
}

func (d *disk) path(name string) string { return filepath.Join(d.dir, name) }

func (d *disk) open() ([]*Job, error) {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return nil, err
	}
	if d.closed {
		return nil, os.ErrClosed
	}
	lock, err := os.OpenFile(d.path(queueLocked), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(lock); err != nil {
		return nil, errors.Join(fmt.Errorf("another program has the queue: %w", err), lock.Close())
	}
	d.lock = lock
	_, err = os.Stat(d.path(queueCut))
	d.cut = err == nil
	b, err := readFile(d.path(queueFile))
	if err != nil {
		return nil, err
	}
	all, damaged := parse(b)
	jobs := d.judge(all, &damaged)
	if damaged {
		d.damaged = true
		// A rename needs no room; a file that cannot be moved stays where it is.
		if err := os.Rename(d.path(queueFile), d.path(queueAside)); err != nil {
			return jobs, err
		}
	}
	whole := int64(0)
	for _, f := range all {
		whole += f.length
		if !damaged {
			d.taken(f.job)
		}
	}
	if damaged || len(jobs) != len(all) || whole != int64(len(b)) || whole == 0 {
		return jobs, d.rewrite(jobs)
	}
	return jobs, d.take(all)
}

// judge gives the jobs that are not over. In a damaged file any job may have
// been sent, so none of it goes out by itself.
func (d *disk) judge(all []found, damaged *bool) []*Job {
	for _, f := range all {
		switch f.word {
		case wordWaits, wordSent, wordUnknown, wordDone:
		default:
			*damaged = true
		}
	}
	var jobs []*Job
	for _, f := range all {
		switch {
		case f.word == wordDone:
			continue
		case f.word == wordWaits && !*damaged:
			f.job.State = Queued
		case f.word == wordUnknown:
			f.job.State, f.job.Reason = Unknown, NotConfirmed
		default:
			f.job.State, f.job.Reason = Unknown, Interrupted
		}
		jobs = append(jobs, f.job)
	}
	slices.SortStableFunc(jobs, func(a, b *Job) int { return a.ID - b.ID })
	return slices.CompactFunc(jobs, func(a, b *Job) bool { return a.ID == b.ID })
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

func flock(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) { inner = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) })
	return errors.Join(err, inner)
}

// take opens the file as it is.
func (d *disk) take(all []found) error {
	f, err := os.OpenFile(d.path(queueFile), os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	d.file, d.size = f, 0
	for _, x := range all {
		d.at[x.job.ID] = found{at: x.at, length: x.length}
		d.size = max(d.size, x.at+x.length)
	}
	return nil
}

// word is how the file says a state.
func word(s JobState) string {
	return map[JobState]string{Queued: wordWaits, Sent: wordSent, Unknown: wordUnknown, Printed: wordDone}[s]
}

// rewrite puts the jobs that are not over into a new file and in the place of
// the old one: written, flushed, renamed, the folder flushed.
func (d *disk) rewrite(jobs []*Job) (err error) {
	f, err := os.OpenFile(d.path(queueNew), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, _ = f.Close(), os.Remove(d.path(queueNew))
		}
	}()
	at, size := map[int]found{}, int64(0)
	for _, j := range append(d.marker(), jobs...) {
		b, err := record(word(j.State), j)
		if err != nil {
			return err
		}
		if _, err := f.Write(b); err != nil {
			return err
		}
		if j.State != Printed {
			at[j.ID] = found{at: size, length: int64(len(b))}
		}
		size += int64(len(b))
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = os.Rename(d.path(queueNew), d.path(queueFile)); err != nil {
		return err
	}
	if d.file != nil {
		_ = d.file.Close()
	}
	d.file, d.at, d.size, d.done = f, at, size, 0
	return syncDir(d.dir)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// add puts a waiting job into the file, flushed. A file that fails is not
// written to again until heal has made a new one.
func (d *disk) add(j *Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.say()
	d.taken(j)
	if d.file == nil || d.fault != nil {
		return
	}
	b, err := record(wordWaits, j)
	if err == nil {
		_, err = d.file.WriteAt(b, d.size)
	}
	if err == nil {
		err = d.file.Sync()
	}
	if err != nil {
		d.fault = err
		_ = d.file.Truncate(d.size) // what was written of it is nothing
		return
	}
	d.at[j.ID] = found{at: d.size, length: int64(len(b))}
	d.size += int64(len(b))
}

// mark writes the state of a job over its word, flushed. A job that is not in
// the file is in memory alone, which is no error.
func (d *disk) mark(id int, s JobState) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.say()
	f, ok := d.at[id]
	if !ok {
		return nil
	}
	_, err := d.file.WriteAt([]byte(word(s)), f.at)
	if err == nil {
		err = d.file.Sync()
	}
	if err != nil {
		d.fault = err
		return err
	}
	if s == Printed {
		delete(d.at, id)
		d.done++
	}
	return nil
}

// tidy takes what is printed out of the file when there is enough of it.
func (d *disk) tidy(jobs func() []*Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.say()
	if d.file != nil && d.fault == nil && d.done >= maxDone {
		d.fault = d.rewrite(jobs())
	}
}

// heal tries to write a file anew that has failed; jobs gives everything that
// is not over. A folder that could not be opened before gives the jobs that are
// in it.
func (d *disk) heal(jobs func() []*Job) (more []*Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.say()
	switch {
	case d.fault == nil:
	case d.lock == nil:
		more, d.fault = d.open()
	default:
		d.fault = d.rewrite(jobs())
	}
	return more
}

// refile puts the jobs into a new file: some of them were in memory alone.
func (d *disk) refile(jobs func() []*Job) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.say()
	if d.fault == nil && d.lock != nil {
		d.fault = d.rewrite(jobs())
	}
}

// complaint is what is wrong with the queue.
type complaint struct{ code, detail string }

// say notes what is wrong with the queue; the caller has mu.
func (d *disk) say() {
	var c complaint
	switch {
	case d.fault != nil:
		c = complaint{QueueMemory, d.fault.Error()}
	case d.damaged:
		c = complaint{QueueDamaged, d.path(queueAside)}
	}
	d.said.Store(&c)
}

// condition says what is wrong with the queue, and waits for no disk: a code and
// a detail, "" for nothing.
func (d *disk) condition() (code, detail string) {
	if c := d.said.Load(); c != nil {
		return c.code, c.detail
	}
	return "", ""
}

// setCut remembers, or forgets, that the printer may be within a command. It has
// a file of its own: the job that was cut may be reprinted or dropped before the
// command is ended.
func (d *disk) setCut(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cut == on || d.lock == nil {
		return
	}
	var err error
	if on {
		var f *os.File
		if f, err = os.OpenFile(d.path(queueCut), os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
			err = f.Close()
		}
	} else {
		err = os.Remove(d.path(queueCut))
	}
	if err == nil && syncDir(d.dir) == nil {
		d.cut = on
	}
}

// isCut says what setCut has remembered.
func (d *disk) isCut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cut
}

// acknowledge says that somebody knows of the damaged file.
func (d *disk) acknowledge() {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.say()
	d.damaged = false
}

// close lets the folder go.
func (d *disk) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range []*os.File{d.file, d.lock} {
		if f != nil {
			_ = f.Close()
		}
	}
	d.file, d.lock, d.at, d.closed = nil, nil, map[int]found{}, true
}
