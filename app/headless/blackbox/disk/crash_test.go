package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/store"
)

const (
	wholeSales  = 3 // whose flushes are all taken
	journal     = "journal.db"
	anchor      = "journal.anchor"
	tracedSales = 14 // enough for the journal to move its layers once
)

// tears are where a write may break off, in bytes.
var tears = []int{64, 512, 2048}

// epoch is what was written between two flushes of the journal.
type epoch struct {
	before []byte // the file as the flush before left it
	anchor []byte // as it may be at the most at the end of the epoch
	writes []call
}

// epochs cuts a trace at the flushes.
func epochs(file, mark []byte, all []call) []epoch {
	var out []epoch
	now := epoch{before: file, anchor: mark}
	for _, c := range all {
		switch {
		case c.file == anchor && c.name == "pwrite64":
			now.anchor = applied(now.anchor, c)
		case c.file != journal:
		case c.name == "sync":
			out = append(out, now)
			next := now.before
			for _, w := range now.writes {
				next = applied(next, w)
			}
			now = epoch{before: next, anchor: now.anchor}
		default:
			now.writes = append(now.writes, c)
		}
	}
	return append(out, now)
}

// applied gives the file after a call.
func applied(file []byte, c call) []byte {
	file = slices.Clone(file)
	size := c.at + int64(len(c.data))
	if c.name == "ftruncate" && size < int64(len(file)) {
		return file[:size]
	}
	if more := size - int64(len(file)); more > 0 {
		file = append(file, make([]byte, more)...)
	}
	copy(file[c.at:], c.data)
	return file
}

func torn(c call, n int) call {
	if len(c.data) > n {
		c.data = c.data[:n]
	}
	return c
}

// states gives the files that a crash within an epoch may leave: none of the
// writes, all, one, all but one, and each of them torn, alone and among the rest.
func (e epoch) states(visit func(name string, file []byte)) {
	with := func(name string, which func(i int) (call, bool)) {
		file := e.before
		for i := range e.writes {
			if c, ok := which(i); ok {
				file = applied(file, c)
			}
		}
		visit(name, file)
	}
	with("none", func(int) (call, bool) { return call{}, false })
	with("all", func(i int) (call, bool) { return e.writes[i], true })
	for n := range e.writes {
		with(fmt.Sprint("only ", n), func(i int) (call, bool) { return e.writes[i], i == n })
		with(fmt.Sprint("all but ", n), func(i int) (call, bool) { return e.writes[i], i != n })
		for _, tear := range tears {
			if e.writes[n].name != "pwrite64" || len(e.writes[n].data) <= tear {
				continue
			}
			with(fmt.Sprintf("%d torn at %d, alone", n, tear), func(i int) (call, bool) { return torn(e.writes[i], tear), i == n })
			with(fmt.Sprintf("%d torn at %d, in all", n, tear), func(i int) (call, bool) {
				if i == n {
					return torn(e.writes[i], tear), true
				}
				return e.writes[i], true
			})
		}
	}
}

// memory gives a folder in memory, for here the disk is played.
func memory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "tillkeeper-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// verdict is what a store says of a file.
type verdict struct {
	safe bool
	head uint64
	bad  error
}

// judged opens a journal with an anchor and checks it whole.
func judged(dir string, file, mark []byte) (v verdict) {
	err := errors.Join(os.WriteFile(filepath.Join(dir, journal), file, 0o600), os.WriteFile(filepath.Join(dir, anchor), mark, 0o600))
	if err != nil {
		return verdict{bad: err}
	}
	s, err := store.Open(store.Options{Dir: dir, Logger: quiet})
	if err != nil {
		return verdict{safe: errors.Is(err, pos.ErrSafeMode), bad: err}
	}
	defer s.Close()
	if s.SafeMode() != nil {
		return verdict{safe: true}
	}
	v.head, _ = s.Head()
	for range s.Notes() { // of a torn head, while the other one holds: each is written anew in its turn
		if _, v.bad = s.Append(context.Background(), pos.Commit{Events: []pos.Event{{Type: pos.EvSignedIn}}}); v.bad != nil {
			return v
		}
	}
	found, err := s.Check(context.Background())
	for _, f := range found {
		if f.Code != "head_damaged" {
			err = errors.Join(err, errors.New(f.String()))
		}
	}
	v.bad = err
	return v
}

// enumeration counts crash states and holds each against what was acknowledged.
type enumeration struct {
	dir          string
	states, safe int
	wrong        []string
}

func (n *enumeration) judge(e epoch, acked uint64, marks ...[]byte) {
	e.states(func(name string, file []byte) {
		for i, mark := range marks {
			n.states++
			v := judged(n.dir, file, mark)
			switch {
			case v.safe:
				n.safe++
			case v.bad != nil:
				n.wrong = append(n.wrong, fmt.Sprintf("%s, anchor %d: %v", name, i, v.bad))
			case v.head < acked:
				n.wrong = append(n.wrong, fmt.Sprintf("%s, anchor %d: the journal ends at %d, %d was acknowledged", name, i, v.head, acked))
			}
		}
	})
}

// recorded sells under strace and gives the epochs, and where each sale ends.
func recorded(t *testing.T) (all []epoch, last uint64) {
	t.Helper()
	s := newShop(t, filepath.Join(t.TempDir(), "till"))
	s.openHost()
	log := filepath.Join(t.TempDir(), "trace")
	s.wrap = traced(log)
	s.ready()
	file, mark := contents(t, s.data, journal), contents(t, s.data, anchor)
	info, err := os.Stat(log)
	if err != nil {
		t.Fatal(err)
	}
	for range tracedSales {
		s.sold("card", "ok")
	}
	if code := s.end(); code != 0 {
		t.Errorf("the till ended with %d", code)
	}
	trace, err := calls(log, s.data, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	all = epochs(file, mark, trace)
	if now := contents(t, s.data, journal); !slices.Equal(all[len(all)-1].before, now) {
		t.Fatal("the replayed trace is not the journal that the till left")
	}
	v := judged(t.TempDir(), contents(t, s.data, journal), contents(t, s.data, anchor))
	if v.bad != nil || v.safe {
		t.Fatalf("the journal of the till: %+v", v)
	}
	return all, v.head
}

func contents(t testing.TB, dir, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Test_crash_states_of_a_card_sale replays what a till wrote, flush by flush, up
// to every state that a crash may leave.
func Test_crash_states_of_a_card_sale(t *testing.T) {
	t.Parallel()
	all, last := recorded(t)
	n := &enumeration{dir: memory(t)}
	heads := make([]uint64, len(all)) // what is acknowledged once an epoch has begun
	commits := 0
	for i, e := range all {
		v := judged(n.dir, e.before, all[0].anchor)
		if heads[i] = v.head; v.bad != nil || v.safe {
			t.Fatalf("between flushes %d: %+v", i, v)
		}
		if i > 0 && heads[i] < heads[i-1] {
			t.Fatalf("flush %d took the journal back from %d to %d", i, heads[i-1], heads[i])
		} else if i > 0 && heads[i] > heads[i-1] {
			commits++
		}
	}
	if heads[len(heads)-1] != last {
		t.Fatalf("the last flush left %d, the journal ends at %d", heads[len(heads)-1], last)
	}
	chosen, writes, began := choice(t, all), 0, time.Now()
	for _, i := range chosen {
		before := all[max(0, i-1)].anchor
		n.judge(all[i], heads[i], all[0].anchor, before)
		writes += len(all[i].writes)
	}
	for _, w := range n.wrong[:min(20, len(n.wrong))] {
		t.Error(w)
	}
	t.Logf("%d crash states of %d writes in %d of %d flushes (%d commits of %d sales): %d wrong, %d in safe mode; %s",
		n.states, writes, len(chosen), len(all), commits, tracedSales, len(n.wrong), n.safe, time.Since(began).Round(time.Millisecond))
	if n.safe > 0 {
		t.Errorf("%d crashes would stop the shop in safe mode", n.safe)
	}
	twin(t, all, heads, n.dir)
}

// choice takes the flushes of the first sales and the ones that move the layers;
// TILLKEEPER_ROUNDS takes them all.
func choice(t *testing.T, all []epoch) (chosen []int) {
	most := 0
	for i := range all {
		if len(all[i].writes) > len(all[most].writes) {
			most = i
		}
	}
	perSale := (len(all) + tracedSales - 1) / tracedSales
	for i := range all {
		if i < wholeSales*perSale || i >= most && i < most+2 || rounds(t, 1) > 1 {
			chosen = append(chosen, i)
		}
	}
	return chosen
}

// twin plants the bug of a till that answers before the flush: the same states
// must show it.
func twin(t *testing.T, all []epoch, heads []uint64, dir string) {
	t.Helper()
	n := &enumeration{dir: dir}
	for i := range all {
		if i+1 < len(all) && heads[i+1] > heads[i] {
			n.judge(all[i], heads[i+1], all[0].anchor)
			break
		}
	}
	if len(n.wrong) == 0 {
		t.Errorf("the planted bug was not caught by %d states", n.states)
	}
}
