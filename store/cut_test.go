package store_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

const (
	cuts        = 60 // power cuts a test run; TILLKEEPER_ROUNDS sets more
	freshEvery  = 10 // every so many, the first run of a folder is cut
	cutDiskMiB  = 48
	mostBetween = 12                    // commits acknowledged before a cut
	cutJitter   = 3 * time.Millisecond  // the moment after the last of them
	firstJitter = 25 * time.Millisecond // the moment within a first run
	twinCuts    = 10                    // in which the planted bug has to be seen
)

func rounds(t testing.TB, normal int) int {
	text := os.Getenv("TILLKEEPER_ROUNDS")
	if text == "" {
		return normal
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("TILLKEEPER_ROUNDS=%q is no number of rounds", text)
	}
	return n
}

// cutter is a disk, what was acknowledged on it, and the folder in use.
type cutter struct {
	disk  *storetest.Disk
	dice  *rand.Rand
	dir   string
	acked map[string]map[string]uint64 // folder to attempt to sequence
	head  map[string]uint64            // folder to the highest sequence
	count int
	env   []string
}

func newCutter(t *testing.T, env ...string) *cutter {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return &cutter{
		disk: storetest.NewDisk(t, cutDiskMiB), dice: rand.New(rand.NewPCG(seed, 1)), env: env,
		acked: map[string]map[string]uint64{}, head: map[string]uint64{},
	}
}

// round lets another process sell until the power goes.
func (c *cutter) round(t *testing.T, n int) {
	t.Helper()
	first := n%freshEvery == 0
	if first {
		c.dir = fmt.Sprintf("till-%d", n)
		c.acked[c.dir] = map[string]uint64{}
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "TILL_APPEND_TO="+filepath.Join(c.disk.Dir, c.dir)), c.env...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	guard := time.AfterFunc(childLimit, func() { cmd.Process.Kill() })
	defer guard.Stop()
	power := make(chan error, 1)
	cut := func(after time.Duration) {
		time.Sleep(after) // the moment is what is tried here
		power <- c.disk.Cut()
	}
	if first {
		go cut(time.Duration(c.dice.Int64N(int64(firstJitter))))
	}
	at := 1 + c.dice.IntN(mostBetween)
	lines, going := bufio.NewScanner(out), first
	for i := 1; lines.Scan(); i++ {
		if i == at && !first {
			going = true
			go cut(time.Duration(c.dice.Int64N(int64(cutJitter))))
		}
		var id string
		var seq uint64
		if _, err := fmt.Sscanf(lines.Text(), "ok %s %d", &id, &seq); err == nil {
			c.acked[c.dir][id], c.head[c.dir] = seq, max(seq, c.head[c.dir])
			c.count++
		} else if strings.HasPrefix(lines.Text(), "open:") && !first {
			t.Fatalf("round %d: %s", n, lines.Text())
		}
	}
	if !going {
		t.Fatalf("round %d: the other process ended before commit %d: %v", n, at, cmd.Wait())
	}
	if err := errors.Join(<-power, cmd.Wait()); err == nil {
		t.Fatalf("round %d: the other process ended well without power", n)
	}
	c.disk.Unmount(t)
	c.disk.Mount(t)
}

// lost says what of the acknowledged is not there, or is there and damaged.
func (c *cutter) lost(dir string) error {
	o := store.Options{Dir: filepath.Join(c.disk.Dir, dir), Logger: quiet}
	s, err := store.Open(o)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.SafeMode(); err != nil {
		return err
	}
	if head, _ := s.Head(); head < c.head[dir] {
		return fmt.Errorf("the journal ends at %d, %d was acknowledged", head, c.head[dir])
	}
	for id := range c.acked[dir] {
		if a, err := s.Attempt(id); err != nil || len(a.Seqs) == 0 {
			return fmt.Errorf("acknowledged %s: %w", id, err)
		}
	}
	found, err := s.Check(ctx)
	for _, f := range found {
		if f.Code != "anchor_missing" { // a folder's first anchor may not have reached the disk
			err = errors.Join(err, errors.New(f.String()))
		}
	}
	return err
}

func TestNothingAcknowledgedIsLostByPowerCuts(t *testing.T) {
	c := newCutter(t)
	n := rounds(t, cuts)
	for i := range n {
		c.round(t, i)
		if err := c.lost(c.dir); err != nil {
			t.Fatalf("cut %d: %v", i, err)
		}
	}
	for dir := range c.acked {
		if err := c.lost(dir); err != nil {
			t.Errorf("%s, at the end: %v", dir, err)
		}
	}
	if c.count < n {
		t.Errorf("only %d commits were acknowledged in %d cuts", c.count, n)
	}
	t.Logf("%d power cuts, %d in the first run of a folder, %d commits acknowledged, 0 lost", n, len(c.acked), c.count)
}

func TestPowerCutsCatchAStoreThatDoesNotFlush(t *testing.T) {
	c := newCutter(t, "TILL_NO_SYNC=1")
	for i := 1; i <= twinCuts; i++ {
		if c.dir == "" {
			c.dir = "till"
			c.acked[c.dir] = map[string]uint64{}
		}
		c.round(t, i)
		if err := c.lost(c.dir); err != nil {
			t.Logf("caught at cut %d: %v", i, err)
			return
		}
	}
	t.Errorf("the planted bug was not caught by %d cuts", twinCuts)
}

// planted makes the store of the other process forget its flushes if the
// environment asks for that bug.
func planted(s *store.Store) {
	if os.Getenv("TILL_NO_SYNC") != "" {
		s.NoSync()
	}
}
