package figures

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Some figures are benchmarks of the packages that they are about; they run as
// processes of their own, and what they print is read here.

// benchmark runs one benchmark of a package of this module and gives its lines.
func benchmark(pkg, name, times string, count int) ([]string, error) {
	if !there("go") {
		return nil, fmt.Errorf("%w: there is no go", errAbsent)
	}
	c := exec.Command("go", "test", "-run", "^$", "-bench", name, "-benchtime", times, "-count", strconv.Itoa(count), "tillkeeper/"+pkg)
	out, err := c.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %.500s", err, out)
	}
	return strings.Split(string(out), "\n"), nil
}

var errNoFigure = errors.New("the benchmark printed no figure")

// metric gives what lines of a benchmark say in a unit.
func metric(lines []string, unit string) (all []float64, err error) {
	for _, l := range lines {
		f := strings.Fields(l)
		if i := slices.Index(f, unit); i > 0 {
			v, err := strconv.ParseFloat(f[i-1], 64)
			if err != nil {
				return nil, err
			}
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w in %s", errNoFigure, unit)
	}
	slices.Sort(all)
	return all, nil
}

func middle(all []float64) float64 { return all[len(all)/2] }

// messageFigures holds the strict packing and unpacking of a full 0200 against
// the bare library.
func messageFigures(b *bench) error {
	rounds, often := 5, "1s"
	if !b.full {
		rounds, often = 1, "10x"
	}
	lines, err := benchmark("drivers/acquirer/wire", "Full0200/ratio", often, rounds)
	if err != nil {
		return err
	}
	ratio, err := metric(lines, "ratio")
	ours, err2 := metric(lines, "strict-ns")
	bare, err3 := metric(lines, "bare-ns")
	if err := errors.Join(err, err2, err3); err != nil {
		return err
	}
	b.add(row{
		what: "packing and unpacking a full 0200, strictly", yardstick: "bare moov-io/iso8583 on the same message, in turns",
		ratio: middle(ratio), reach: 1.4, unit: "x",
		seen: fmt.Sprintf("%s against %s, %d rounds", us(time.Duration(middle(ours))), us(time.Duration(middle(bare))), len(ratio)),
	})
	return nil
}

// million is one line of the benchmark of package recon.
type million struct{ lines, ours, oursMB, tools, toolsMB int }

func millionOf(line string) (m million, ok bool) {
	n, err := fmt.Sscanf(line, "reconcile %d lines: %d ms, %d MB; sort+join: %d ms, %d MB;", &m.lines, &m.ours, &m.oursMB, &m.tools, &m.toolsMB)
	return m, n == 5 && err == nil && m.tools > 0 && m.toolsMB > 0
}

// twoFilesFigures reconciles two files of the same payments and holds that
// against sort and join of the same two.
func twoFilesFigures(b *bench) error {
	if !b.full {
		return fmt.Errorf("%w: it has one size", errAbsent)
	}
	lines, err := benchmark("app/recon", "Million", "3x", 1)
	if err != nil {
		return err
	}
	var all []million
	for _, l := range lines {
		if m, ok := millionOf(l); ok {
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		return errNoFigure
	}
	mid := func(of func(million) int) float64 {
		var v []int
		for _, m := range all {
			v = append(v, of(m))
		}
		slices.Sort(v)
		return float64(v[len(v)/2])
	}
	ours, tools := mid(func(m million) int { return m.ours }), mid(func(m million) int { return m.tools })
	oursMB, toolsMB := mid(func(m million) int { return m.oursMB }), mid(func(m million) int { return m.toolsMB })
	what := fmt.Sprintf("reconciling %d lines against %d records, both from files: ", all[0].lines, all[0].lines)
	b.add(row{
		what: what + "time", yardstick: "sort and join of the same two files", ratio: ours / tools, reach: 3, unit: "x",
		seen: fmt.Sprintf("%.2f s against %.2f s, medians of %d", ours/1000, tools/1000, len(all)),
	})
	b.add(row{
		what: what + "peak memory", yardstick: "the largest of the same processes", ratio: oursMB / toolsMB, reach: 3, unit: "x",
		seen: fmt.Sprintf("%.0f MB against %.0f MB", oursMB, toolsMB),
	})
	return nil
}

// settlingFigures holds a settlement whose 1000 payments are all uploaded against
// the time of its messages alone.
func settlingFigures(b *bench) error {
	if !b.full {
		return fmt.Errorf("%w: it has one size", errAbsent)
	}
	lines, err := benchmark("app/settle", "SettleAThousandUploads", "1x", 3)
	if err != nil {
		return err
	}
	of, err := metric(lines, "of_ideal")
	messages, err2 := metric(lines, "messages")
	if err := errors.Join(err, err2); err != nil {
		return err
	}
	ideal := middle(messages) / 10
	b.add(row{
		what: "a settlement that uploads 1000 payments at 100ms round trip", yardstick: "messages x round trip",
		ratio: middle(of), reach: 0.95, least: true, unit: " of ideal",
		seen: fmt.Sprintf("%.2f s against %.2f s for %.0f messages, median of %d (%.3f to %.3f); the probe before it and the host's own flushes in it",
			ideal/middle(of), ideal, middle(messages), len(of), of[0], of[len(of)-1]),
	})
	return nil
}

func Test_what_a_benchmark_prints_is_read(t *testing.T) {
	lines := []string{
		"goos: linux", "BenchmarkFull0200/ratio-2  59940  19697 ns/op  11178 bare-ns  0.7576 ratio  8469 strict-ns",
		"BenchmarkFull0200/ratio-2  59940  19697 ns/op  11178 bare-ns  0.7000 ratio  8469 strict-ns", "PASS",
	}
	if got, err := metric(lines, "ratio"); err != nil || len(got) != 2 || got[0] != 0.7 || middle(got) != 0.7576 {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := metric(lines, "of_ideal"); !errors.Is(err, errNoFigure) {
		t.Error(err)
	}
	m, ok := millionOf("reconcile 1000000 lines: 2350 ms, 114 MB; sort+join: 3685 ms, 173 MB; ratio 0.63 (at most 3): reached")
	if want := (million{1_000_000, 2350, 114, 3685, 173}); !ok || m != want {
		t.Errorf("%+v", m)
	}
	if _, ok := millionOf(lines[1]); ok {
		t.Error("another line passed")
	}
}
