package figures

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tillkeeper/app/pos"
	"tillkeeper/store"
	"tillkeeper/store/storetest"
)

// A child fills a folder with a journal. Whoever is measured has not just
// written a million records: its memory is that of a till that was started.
const (
	fillEnv  = "TILLKEEPER_FIGURES_FILL"
	salesEnv = "TILLKEEPER_FIGURES_SALES"
)

// large gives the folder of the journal with many records, made once a run.
func (b *bench) large() (dir string, sales int, err error) {
	dir, sales = filepath.Join(b.dir, "large"), b.records/storetest.EventsPerSale
	if _, err := os.Stat(dir); err == nil {
		return dir, sales, nil
	}
	began := time.Now()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), fillEnv+"="+dir, salesEnv+"="+strconv.Itoa(sales))
	if out, err := c.CombinedOutput(); err != nil {
		return "", 0, fmt.Errorf("filling a journal: %w: %.500s", err, out)
	}
	b.Logf("%d records written in %s", b.records, time.Since(began).Round(time.Second))
	return dir, sales, nil
}

// filler stands for a test in the process that fills a journal.
type filler struct{ testing.TB }

func (filler) Helper() {}

func (filler) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// fill is what the child does.
func fill(dir, sales string) error {
	n, err := strconv.Atoi(sales)
	if err != nil {
		return err
	}
	s, err := store.Open(store.Options{Dir: dir, Logger: quiet})
	if err != nil {
		return err
	}
	storetest.Fill(filler{}, s, n)
	return s.Close()
}

// committer commits the sales of a journal, one after the other.
type committer struct {
	s    *store.Store
	next int
}

// one makes a sale and times its last commit: two events with their indexes,
// the basket and the rollups of the day.
func (c *committer) one() (time.Duration, error) {
	sale := storetest.Sale(c.s, c.next)
	c.next++
	if _, err := c.s.Append(context.Background(), pos.Commit{Events: sale.Events[:2]}); err != nil {
		return 0, err
	}
	return timed(func() error {
		_, err := c.s.Append(context.Background(), pos.Commit{Events: sale.Events[2:], Baskets: sale.Baskets})
		return err
	})
}

// floor is a file of which a page at a time is written and flushed.
type floor struct {
	f *os.File
	n int64
}

const (
	page       = 4096
	floorPages = 256
)

func openFloor(path string) (*floor, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if _, err := f.Write(make([]byte, page*floorPages)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &floor{f: f}, f.Sync()
}

func (f *floor) one() (time.Duration, error) {
	f.n++
	return timed(func() error {
		if _, err := f.f.WriteAt(make([]byte, page), f.n%floorPages*page); err != nil {
			return err
		}
		return unix.Fdatasync(int(f.f.Fd()))
	})
}

// journalFigures measures commits and totals of a journal with many records.
func journalFigures(b *bench) error {
	dir, sales, err := b.large()
	if err != nil {
		return err
	}
	big, err := store.Open(store.Options{Dir: dir, Logger: quiet})
	if err != nil {
		return err
	}
	fresh, err := store.Open(store.Options{Dir: filepath.Join(b.dir, "fresh"), Logger: quiet})
	if err != nil {
		return err
	}
	if err := b.commits(big, fresh, sales); err != nil {
		return err
	}
	if err := errors.Join(b.totals(big, sales), fresh.Close(), big.Close()); err != nil {
		return err
	}
	return nil
}

func (b *bench) commits(big, fresh *store.Store, sales int) error {
	fl, err := openFloor(filepath.Join(b.dir, "floor"))
	if err != nil {
		return err
	}
	defer fl.f.Close()
	// The day of the new sales follows the last one, in both alike.
	ones := []func() (time.Duration, error){fl.one, (&committer{fresh, sales}).one, (&committer{big, sales}).one}
	got := make([]times, len(ones))
	for range b.rounds {
		for i, one := range ones {
			for range b.each {
				took, err := one()
				if err != nil {
					return err
				}
				got[i] = append(got[i], took)
			}
		}
	}
	ground, young, old := got[0].median(), got[1].median(), got[2].median()
	what := fmt.Sprintf("median journal commit (events, indexes, rollups) at %d records", b.records)
	seen := fmt.Sprintf("%s; floor %s, fresh file %s; %d each, in turns", ms(old), ms(ground), ms(young), len(got[0]))
	b.add(row{what: what, yardstick: "fdatasync of one page", ratio: over(old, ground), reach: 3, unit: "x", seen: seen})
	b.add(row{what: what, yardstick: "the same in a fresh file", ratio: over(old, young), reach: 1.3, unit: "x", seen: seen})
	return nil
}

// totalReads is how often the totals of a day are read for one figure.
const totalReads = 400

// totals holds the day's totals against a smaller journal and against SQLite.
func (b *bench) totals(big *store.Store, sales int) error {
	small, err := store.Open(store.Options{Dir: filepath.Join(b.dir, "few"), Logger: quiet})
	if err != nil {
		return err
	}
	few := b.few / storetest.EventsPerSale
	storetest.Fill(b, small, few)
	var large, little times
	for range totalReads {
		for _, j := range []struct {
			s    *store.Store
			day  string
			took *times
		}{{big, storetest.Day(sales / 2), &large}, {small, storetest.Day(few / 2), &little}} {
			took, err := timed(func() error {
				t, err := j.s.Totals(j.day)
				if err == nil && t.Count == 0 {
					err = fmt.Errorf("no totals for %s", j.day)
				}
				return err
			})
			if err != nil {
				return err
			}
			*j.took = append(*j.took, took)
		}
	}
	seen := fmt.Sprintf("%s at %d records, %s at %d", us(large.median()), b.records, us(little.median()), b.few)
	b.add(row{
		what: fmt.Sprintf("day's totals at %d records", b.records), yardstick: fmt.Sprintf("the same at %d", b.few),
		ratio: over(large.median(), little.median()), reach: 1.5, unit: "x", seen: seen,
	})
	if err := small.Close(); err != nil {
		return err
	}
	if _, err := exec.LookPath("sqlite3"); err != nil {
		b.out = append(b.out, "day's totals against SQLite: there is no sqlite3")
		return nil
	}
	scan, one, err := sqlite(filepath.Join(b.dir, "yard.sqlite"), sales)
	if err != nil {
		return err
	}
	b.add(row{
		what:      fmt.Sprintf("day's totals at %d records", b.records),
		yardstick: "SQLite 3 GROUP BY day, tender with a covering index, one row a sale",
		ratio:     over(large.median(), scan), reach: 0.01, unit: "x",
		seen: fmt.Sprintf("%s against %s; with WHERE day = the one day, SQLite needs %s", us(large.median()), ms(scan), us(one)),
	})
	return nil
}

const yardTable = `PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;
CREATE TABLE sale(id INTEGER PRIMARY KEY, day TEXT, tender TEXT, hour INT, cashier TEXT, amount INT);
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i+1 < %d)
INSERT INTO sale SELECT i, date('2026-01-01', '+' || (i/600) || ' days'), substr('cardqr  cash', 1+4*(i%%3), 4), 8+i%%600/60, 1001+i%%4, 350+i%%200*25 FROM n;
CREATE INDEX cover ON sale(day, tender, amount); ANALYZE;
`

// sqlite gives the median time of a GROUP BY over the whole table and the time
// of one over a single day; what starting the shell takes is taken off.
func sqlite(path string, sales int) (scan, one time.Duration, err error) {
	if err := sql(path, fmt.Sprintf(yardTable, sales)); err != nil {
		return 0, 0, err
	}
	const group = "SELECT day, tender, count(*), sum(amount) FROM sale %s GROUP BY day, tender;\n"
	const scans, ones = 5, 1000
	var none, all, single times
	day := fmt.Sprintf("WHERE day = '%s'", storetest.Day(sales/2))
	for range 3 {
		for _, m := range []struct {
			text string
			n    int
			took *times
		}{{"SELECT 1;", 1, &none}, {fmt.Sprintf(group, ""), scans, &all}, {fmt.Sprintf(group, day), ones, &single}} {
			took, err := timed(func() error { return sql(path, string(bytes.Repeat([]byte(m.text), m.n))) })
			if err != nil {
				return 0, 0, err
			}
			*m.took = append(*m.took, took)
		}
	}
	base := none.median()
	return max(1, (all.median()-base)/scans), max(1, (single.median()-base)/ones), nil
}

func sql(path, text string) error {
	c := exec.Command("sqlite3", path)
	c.Stdin = bytes.NewReader([]byte(text))
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("sqlite3: %w: %.200s", err, out)
	}
	return nil
}
