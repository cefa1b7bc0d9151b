package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

// sized gives a number from the environment: TILL_BENCH_EVENTS sets how many
// records the large journal has.
func sized(name string, normal int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return normal
}

// commits is what a sale costs while the customer waits: a commit a step.
func commits(b *testing.B, s *store.Store, from int) {
	commitsWith(b, s, from, func(do func()) { do() })
}

func commitsWith(b *testing.B, s *store.Store, from int, around func(do func())) {
	i := from
	b.ResetTimer()
	for n := 0; n < b.N; {
		c := storetest.Sale(s, i)
		i++
		for _, part := range []pos.Commit{
			{Events: c.Events[:1]}, {Events: c.Events[1:2]}, {Events: c.Events[2:], Baskets: c.Baskets},
		} {
			around(func() {
				if _, err := s.Append(ctx, part); err != nil {
					b.Fatal(err)
				}
			})
			if n++; n == b.N {
				break
			}
		}
	}
}

// floor gives a function that makes one page durable, the least a commit can
// cost.
func floor(b *testing.B) func() {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	block := make([]byte, 4096)
	if _, err := f.Write(make([]byte, 1<<20)); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	i := int64(0)
	return func() {
		if _, err := f.WriteAt(block, i%256*4096); err != nil {
			b.Fatal(err)
		}
		if err := unix.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkFdatasyncFloor(b *testing.B) {
	flush := floor(b)
	for b.Loop() {
		flush()
	}
}

// turn is how many commits, then floors, BenchmarkCommitPerFloor makes in a row.
const turn = 50

// BenchmarkCommitPerFloor measures commits and floors by turns, so that both see
// the same noise of the machine, and reports the quotient of their medians.
func BenchmarkCommitPerFloor(b *testing.B) {
	s, n := largeJournal(b)
	var took, least []time.Duration
	flush := floor(b)
	timed := func(do func()) time.Duration {
		at := time.Now()
		do()
		return time.Since(at)
	}
	commitsWith(b, s, n, func(do func()) {
		took = append(took, timed(do))
		for len(took)%turn == 0 && len(least) < len(took) {
			least = append(least, timed(flush))
		}
	})
	if len(least) == 0 { // too short a run for one turn
		return
	}
	b.ReportMetric(float64(median(took))/float64(median(least)), "floors/commit")
	b.ReportMetric(float64(median(took).Nanoseconds()), "ns/commit")
	b.ReportMetric(float64(median(least).Nanoseconds()), "ns/floor")
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func BenchmarkCommitFresh(b *testing.B) {
	s := open(b, store.Options{Dir: b.TempDir()})
	commits(b, s, 0)
}

// million is filled once a run.
var million struct {
	s     *store.Store
	sales int
}

func largeJournal(b *testing.B) (*store.Store, int) {
	if million.s == nil {
		dir, err := os.MkdirTemp("", "tillkeeper-bench")
		if err != nil {
			b.Fatal(err)
		}
		million.sales = sized("TILL_BENCH_EVENTS", 1_000_000) / storetest.EventsPerSale
		million.s, err = store.Open(store.Options{Dir: dir, Logger: quiet})
		if err != nil {
			b.Fatal(err)
		}
		storetest.Fill(b, million.s, million.sales)
		cleanup = append(cleanup, func() { million.s.Close(); os.RemoveAll(dir) })
	}
	return million.s, million.sales
}

var cleanup []func()

func BenchmarkCommitAtMillion(b *testing.B) {
	s, n := largeJournal(b)
	commits(b, s, n)
}

func BenchmarkTotalsAt10k(b *testing.B) {
	s := open(b, store.Options{Dir: b.TempDir()})
	n := 10_000 / storetest.EventsPerSale
	storetest.Fill(b, s, n)
	totals(b, s, n)
}

func BenchmarkTotalsAt1M(b *testing.B) {
	s, n := largeJournal(b)
	totals(b, s, n)
}

func totals(b *testing.B, s *store.Store, sales int) {
	day := storetest.Day(sales / 2)
	for b.Loop() {
		if t, err := s.Totals(day); err != nil || t.Count == 0 {
			b.Fatalf("%+v, %v", t, err)
		}
	}
}

func BenchmarkAttemptAt1M(b *testing.B) {
	s, n := largeJournal(b)
	for i := 0; b.Loop(); i++ {
		id := strconv.Itoa(1_000_000_000_000 + 1 + i*7919%n)[1:]
		if _, err := s.Attempt(id); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendSixteen(b *testing.B) {
	s := open(b, store.Options{Dir: b.TempDir()})
	b.SetParallelism(16)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := s.Append(ctx, pos.Commit{Events: []pos.Event{{Type: pos.EvSignedIn, By: "1001"}}}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
