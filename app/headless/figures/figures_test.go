// Package figures measures the till against yardsticks taken in the same run
// and prints one table. It promises that a figure which was not measured is
// left out with its reason, never made up; that no test fails because a machine
// is slow; and that it changes nothing outside its own temporary folders but
// the file that TILLKEEPER_FIGURES_OUT names.
//
// TILLKEEPER_FIGURES=1 measures at full size, which takes minutes; without it
// each measure runs at a tiny size and is only asked for a number.
// TILLKEEPER_BIN names the built program. Ratios are plain numbers, times are
// monotonic.
package figures

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"sort"
	"strings"
	"testing"
	"time"
)

// sizes are how much of everything a run measures.
type sizes struct {
	records, few   int // in the large and in the small journal
	rounds, each   int // interleaved rounds and commits in each
	sales          int // card sales with the host at hand
	queue1, queue  int // waiting items with window 1 and 32
	short1         int // with window 1 where each takes longer: a slow disk, live sales beside it
	roundTrip      time.Duration
	live           int // live sales beside a queue
	products       int
	scans          int
	starts         int
	flush          time.Duration // added to every flush
	flushes, touch int           // sales under strace, touches
	idle           time.Duration // of the open sale screen
	attempts       int           // reconciled with as many lines
	owed           int           // open attempts at a restart
	taps, cards    int           // contactless payments on each wire, cards under pcscd
	slips, prints  int           // made into bytes, printed
	frames         int           // of a panel
}

var (
	full = sizes{
		records: 1_000_000, few: 10_000, rounds: 12, each: 25, sales: 300, queue1: 2000, queue: 2000, short1: 200, roundTrip: 100 * time.Millisecond,
		live: 25, products: 100_000, scans: 5000, starts: 7, flush: 5 * time.Millisecond, flushes: 7, touch: 40, idle: 20 * time.Second,
		attempts: 1_000_000, owed: 50, taps: 200, cards: 9, slips: 2000, prints: 100, frames: 100,
	}
	tiny = sizes{
		records: 400, few: 40, rounds: 1, each: 3, sales: 2, queue1: 3, queue: 6, short1: 3, roundTrip: 2 * time.Millisecond,
		live: 1, products: 500, scans: 50, starts: 1, flush: time.Millisecond, flushes: 1, touch: 2, idle: 200 * time.Millisecond,
		attempts: 2000, owed: 3, taps: 1, cards: 1, slips: 2, prints: 1, frames: 1,
	}
)

// row is one line of the table.
type row struct {
	what, yardstick string
	ratio, reach    float64 // in the unit that unit names
	least           bool    // reach is the least, not the most
	unit            string  // "x" is a ratio
	seen            string  // the figures themselves
}

func (r row) verdict() string {
	if r.ratio == r.reach || r.least == (r.ratio > r.reach) {
		return "reached"
	}
	return "short"
}

// bench is one run.
type bench struct {
	testing.TB
	sizes
	full bool
	dir  string
	bin  string // the program, "" if none was built
	rows []row
	out  []string // what was left out, and why
}

func (b *bench) add(r row) {
	b.rows = append(b.rows, r)
	b.Logf("%s: %.3g%s, %s (%s)", r.what, r.ratio, r.unit, r.verdict(), r.seen)
}

// errAbsent says that this machine lacks what a measure needs.
var errAbsent = errors.New("not measured here")

// quiet is for what has nothing to say to a table.
var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// measures are the parts of the table in their order.
var measures = []struct {
	name string
	run  func(b *bench) error
}{
	{"flushes of a card sale", flushesOfSale},
	{"commits and totals", journalFigures},
	{"own time of a card sale", ownTime},
	{"draining the queue", draining},
	{"a live sale beside the queue", beside},
	{"scan and search", goodsFigures},
	{"start", startFigures},
	{"restart", restartFigures},
	{"messages", messageFigures},
	{"reconciling two files", twoFilesFigures},
	{"reconciling a journal", journalReconciled},
	{"settling", settlingFigures},
	{"contactless dialogue", contactlessFigures},
	{"card to field 55", fieldFigures},
	{"receipt printing", receiptFigures},
	{"panel", panelFigures},
	{"idle devices", idleDevices},
	{"window", windowFigures},
}

func TestFigures(t *testing.T) {
	b := &bench{TB: t, sizes: tiny, bin: os.Getenv("TILLKEEPER_BIN"), dir: t.TempDir()}
	if os.Getenv("TILLKEEPER_FIGURES") != "" {
		b.sizes, b.full = full, true
	}
	only := os.Getenv("TILLKEEPER_FIGURES_ONLY")
	for _, m := range measures {
		if !strings.Contains(m.name, only) {
			continue
		}
		began := time.Now()
		err := m.run(b)
		switch {
		case errors.Is(err, errAbsent), err != nil && b.full:
			b.out = append(b.out, fmt.Sprintf("%s: %v", m.name, err))
			b.Logf("left out: %s: %v", m.name, err)
		case err != nil:
			t.Errorf("%s: %v", m.name, err)
		}
		b.Logf("%s took %s", m.name, time.Since(began).Round(time.Millisecond))
	}
	for _, r := range b.rows {
		if math.IsNaN(r.ratio) || math.IsInf(r.ratio, 0) || r.ratio < 0 {
			t.Errorf("%s came to %v", r.what, r.ratio)
		}
	}
	text := b.table()
	if name := os.Getenv("TILLKEEPER_FIGURES_OUT"); name != "" {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
	if b.full {
		fmt.Print(text)
	}
}

// table is the report: the machine, the rows, what was left out.
func (b *bench) table() string {
	var s strings.Builder
	fmt.Fprintf(&s, "# Figures\n\nEach row was measured beside its yardstick in one run of `./build.sh bench`; times are medians where nothing else\nis said. A row ends in `reached` or `short`.\n\n%s\n", machine(b.dir))
	s.WriteString("| what | yardstick in the same run | measured | seen | reach | |\n|---|---|---|---|---|---|\n")
	for _, r := range b.rows {
		fmt.Fprintf(&s, "| %s | %s | %s%s | %s | %s%s | %s |\n", r.what, r.yardstick, digits(r.ratio), r.unit, r.seen, digits(r.reach), r.unit, r.verdict())
	}
	if len(b.out) > 0 {
		s.WriteString("\nLeft out of this run:\n\n")
		for _, o := range b.out {
			fmt.Fprintf(&s, "- %s\n", o)
		}
	}
	return s.String()
}

func digits(f float64) string {
	switch {
	case f == math.Trunc(f) && f < 1e6:
		return fmt.Sprintf("%.0f", f)
	case f < 0.1:
		return fmt.Sprintf("%.4f", f)
	}
	return fmt.Sprintf("%.2f", f)
}

// times is a set of measured durations.
type times []time.Duration

// at gives the value below which a part of the set lies, 0.5 the median.
func (t times) at(part float64) time.Duration {
	if len(t) == 0 {
		return 0
	}
	s := append(times(nil), t...)
	sort.Slice(s, func(i, j int) bool { return s[i] < s[j] })
	return s[min(len(s)-1, int(part*float64(len(s))))]
}

func (t times) median() time.Duration { return t.at(0.5) }

// over is a duration in units of another.
func over(a, b time.Duration) float64 { return float64(a) / float64(b) }

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/1e6) }

func us(d time.Duration) string { return fmt.Sprintf("%.1f µs", float64(d)/1e3) }

func timed(f func() error) (time.Duration, error) {
	began := time.Now()
	err := f()
	return time.Since(began), err
}

func Test_a_table_says_reached_short_and_what_is_missing(t *testing.T) {
	b := &bench{TB: t, dir: t.TempDir(), out: []string{"window: no display"}}
	b.rows = []row{
		{what: "good", ratio: 1, reach: 1, unit: "x"},
		{what: "bad", ratio: 1.01, reach: 1, unit: "x"},
		{what: "enough", ratio: 0.96, reach: 0.95, least: true, unit: " of ideal"},
		{what: "less", ratio: 0.94, reach: 0.95, least: true, unit: " of it"},
	}
	s := b.table()
	for _, want := range []string{"| good |", "1x | reached |", "| bad |", "1.01x |  | 1x | short |", "0.95 of ideal | reached |", "0.95 of it | short |", "- window: no display"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is missing in\n%s", want, s)
		}
	}
	if m := (times{5, 1, 9}).median(); m != 5 {
		t.Errorf("the median is %d", m)
	}
}
