package store

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
)

// Not every message has an event: a sign-on or an echo takes a trace number and no commit. The file of traces remembers
// the number that was handed out last, so that none is handed out twice in a batch over a kill. It is written without a
// flush; after the machine itself went down the numbers that may have been lost are passed over.
//
//	TILLTRC1 | closed 1 | number 8 | boot 36 | check
//
// closed is 1 where the journal was closed and the file flushed; boot is the kernel's name of this start of the machine.
const (
	traceName = "journal.trace"
	traceMark = "TILLTRC1"
	bootLen   = 36
	traceLen  = len(traceMark) + 1 + 8 + bootLen + checkLen

	// traceJump is how many numbers are passed over: an echo a minute for half a day without one payment.
	traceJump = 1000
)

// bootFile names this start of the machine.
const bootFile = "/proc/sys/kernel/random/boot_id"

// traceFile is the file of traces. Its methods do nothing where the file could not be opened, and after its end.
type traceFile struct {
	boot [bootLen]byte

	mu   sync.Mutex
	f    *os.File
	last int64 // handed out; 0 where nothing is known
}

// openTrace opens the file and finds the number to go on after.
func openTrace(path string) (*traceFile, error) {
	t := &traceFile{}
	name, err := os.ReadFile(bootFile)
	if err == nil {
		copy(t.boot[:], strings.TrimSpace(string(name)))
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return t, err
	}
	t.f = f
	b := make([]byte, traceLen)
	n, err := f.ReadAt(b, 0)
	switch {
	case errors.Is(err, io.EOF) && n == 0:
		return t, nil
	case err != nil && !errors.Is(err, io.EOF):
		return t, err
	}
	t.last = t.decode(b[:n])
	return t, nil
}

// decode gives the number to go on after, 0 where the file does not hold.
func (t *traceFile) decode(b []byte) int64 {
	if len(b) != traceLen || string(b[:len(traceMark)]) != traceMark {
		return 0
	}
	rest := b[len(traceMark) : traceLen-checkLen]
	if c := check(traceName, nil, rest); string(c[:]) != string(b[traceLen-checkLen:]) {
		return 0
	}
	last := int64(binary.BigEndian.Uint64(rest[1:]))
	if last < 1 || last > stanLimit {
		return 0
	}
	if rest[0] != 1 && (t.boot == [bootLen]byte{} || string(rest[9:]) != string(t.boot[:])) {
		return (last+traceJump-1)%stanLimit + 1
	}
	return last
}

// after gives the later one of the journal's number and the file's.
func (t *traceFile) after(n int64) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ahead(n, t.last) {
		return t.last
	}
	return n
}

// write remembers a number.
func (t *traceFile) write(n int64) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = n
	return t.put(0)
}

// put writes the number. The caller has mu.
func (t *traceFile) put(closed byte) error {
	if t.f == nil {
		return nil
	}
	b := append(make([]byte, 0, traceLen), traceMark...)
	b = append(b, closed)
	b = binary.BigEndian.AppendUint64(b, uint64(t.last))
	b = append(b, t.boot[:]...)
	c := check(traceName, nil, b[len(traceMark):])
	_, err := t.f.WriteAt(append(b, c[:]...), 0)
	return err
}

// close says that nothing was lost, and flushes it.
func (t *traceFile) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.f == nil {
		return nil
	}
	f := t.f
	var err error
	if t.last > 0 {
		err = errors.Join(t.put(1), f.Sync())
	}
	t.f = nil
	return errors.Join(err, f.Close())
}
