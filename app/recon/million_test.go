package recon

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// childOf names the folder whose two files this process reconciles, or makes
// where childMakes says how many payments: the benchmark measures processes of
// their own. Linux counts the peak of the process that starts another into the
// other's, so the one that measures has to stay small.
const (
	childOf    = "TILLKEEPER_RECON_CHILD"
	childMakes = "TILLKEEPER_RECON_MAKE"
)

func TestMain(m *testing.M) {
	dir := os.Getenv(childOf)
	if dir == "" {
		os.Exit(m.Run())
	}
	run := child
	if n, err := strconv.Atoi(os.Getenv(childMakes)); err == nil {
		run = func(dir string) error { return write(dir, n) }
	}
	if err := run(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// made lets another process write the two files.
func made(dir string, n int) error {
	var s spent
	return s.run(dir, []string{childOf + "=" + dir, childMakes + "=" + strconv.Itoa(n)}, os.Args[0])
}

// child reconciles theirs.csv with ours.csv and prints the report.
func child(dir string) error {
	ours, err := os.Open(filepath.Join(dir, "ours.csv"))
	if err != nil {
		return err
	}
	defer ours.Close() //nolint:errcheck // read only
	theirs, err := os.Open(filepath.Join(dir, "theirs.csv"))
	if err != nil {
		return err
	}
	defer theirs.Close() //nolint:errcheck // read only
	m := New(tid, mid, usual())
	for in := bufio.NewScanner(ours); in.Scan(); {
		m.AddOurs(attemptOf(in.Text()))
	}
	r, err := m.Run(theirs, func(pos.Difference) error { return nil })
	fmt.Printf("%d %d %d %d %d %d\n", r.Lines, r.Matched, r.OursOnly, r.TheirsOnly, r.AmountDiffers, r.ReversedInFile)
	return err
}

// attemptOf reads a line of ours.csv: key,id,batch,stan,rrn,state,amount,pan.
func attemptOf(line string) pos.Attempt {
	c := strings.Split(line, ",")
	fen, _ := strconv.ParseInt(c[6], 10, 64)
	return pos.Attempt{
		ID: c[1], Kind: pos.Sale, Tender: pos.Card, Batch: c[2], STAN: c[3], RRN: c[4], State: pos.State(c[5]),
		Amount: pos.Amount(fen), Approved: pos.Amount(fen), MaskedPAN: c[7], HostDate: "0314", Created: noon,
	}
}

// write makes the two files of n payments, each in an order of its own. One
// payment in a thousand is ours only, one theirs only, one has another amount,
// one was reversed. Their first column is the key that join wants.
func write(dir string, n int) error {
	dice := rand.New(rand.NewPCG(1, 2))
	var ours, theirs []string
	for i := range n {
		batch, stan := 1+i/900_000, 1+i%900_000
		key := fmt.Sprintf("%06d%06d", batch, stan)
		fen := 100 + dice.IntN(100_000)
		state, seen := "settled", pos.Amount(fen)
		switch i % 1000 {
		case 3:
			seen++
		case 4:
			state = "reversed"
		}
		if i%1000 != 1 {
			ours = append(ours, fmt.Sprintf("%s,%012d,%06d,%06d,%012d,%s,%d,622424******0113", key, i, batch, stan, i, state, fen))
		}
		if i%1000 != 2 {
			theirs = append(theirs, fmt.Sprintf("%s,2026-03-14,%02d:%02d:%02d,%s,%s,%06d,%06d,%012d,,sale,622424******0113,%s,,",
				key, i/3600%24, i/60%60, i%60, tid, mid, batch, stan, i, seen))
		}
	}
	dice.Shuffle(len(theirs), func(i, j int) { theirs[i], theirs[j] = theirs[j], theirs[i] })
	theirs = append([]string{"key," + strings.Join(header, ",")}, theirs...)
	for name, lines := range map[string][]string{"ours.csv": ours, "theirs.csv": theirs} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// spent is the time and the peak of memory of processes one after the other.
type spent struct {
	time time.Duration
	kB   int64
	out  string
}

func (s *spent) run(dir string, env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, append(os.Environ(), env...), os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	out, err := io.ReadAll(pipe)
	if err != nil {
		return err
	}
	err = cmd.Wait()
	s.time += time.Since(began)
	s.out = string(out)
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.kB = max(s.kB, usage.Maxrss)
	}
	return err
}

func reconciled(dir string) (s spent, err error) {
	return s, s.run(dir, []string{childOf + "=" + dir}, os.Args[0])
}

func joined(dir string) (s spent, err error) {
	c := []string{"LC_ALL=C"}
	for _, args := range [][]string{
		{"sort", "-t,", "-k1,1", "-o", "ours.sorted", "ours.csv"},
		{"sort", "-t,", "-k1,1", "-o", "theirs.sorted", "theirs.csv"},
		{"sh", "-c", "join -t, -a1 -a2 ours.sorted theirs.sorted >joined.csv"},
	} {
		if err := s.run(dir, c, args[0], args[1:]...); err != nil {
			return s, err
		}
	}
	return s, nil
}

// want is what child prints for write's files.
func want(n int) string {
	k := n / 1000
	return fmt.Sprintf("%d %d %d %d %d %d\n", n-k, n-4*k, k, k, k, k)
}

// TestAProcessOfItsOwn: the benchmark's child reconciles write's files right.
func TestAProcessOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	if err := made(dir, 20_000); err != nil {
		t.Fatal(err)
	}
	s, err := reconciled(dir)
	if err != nil || s.out != want(20_000) {
		t.Errorf("%v %q, want %q", err, s.out, want(20_000))
	}
}

// BenchmarkMillion reconciles 1,000,000 lines with 1,000,000 payments of ours,
// both read from disk, and sorts and joins the same two files with the tools of
// the system: go test -run '^$' -bench Million -benchtime 1x ./app/recon
func BenchmarkMillion(b *testing.B) {
	const n = 1_000_000
	dir := b.TempDir()
	if err := made(dir, n); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		mine, err := reconciled(dir)
		if err != nil || mine.out != want(n) {
			b.Fatal(err, mine.out)
		}
		tools, err := joined(dir)
		if err != nil {
			b.Fatal(err)
		}
		ratio := mine.time * 100 / tools.time
		verdict := "reached"
		if ratio > 300 || mine.time > time.Minute {
			verdict = "short"
		}
		fmt.Printf("reconcile %d lines: %d ms, %d MB; sort+join: %d ms, %d MB; ratio %d.%02d (at most 3): %s\n",
			n, mine.time.Milliseconds(), mine.kB/1024, tools.time.Milliseconds(), tools.kB/1024, ratio/100, ratio%100, verdict)
	}
}
