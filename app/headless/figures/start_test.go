package figures

import (
	"fmt"
	"path/filepath"
	"time"
)

// startFigures times the real program from its start to its first answer.
func startFigures(b *bench) error {
	if err := need(b); err != nil {
		return err
	}
	large, _, err := b.large()
	if err != nil {
		return err
	}
	empty := filepath.Join(b.dir, "empty")
	var with, without times
	for i := range b.starts + 1 {
		for _, s := range []struct {
			dir  string
			took *times
		}{{large, &with}, {empty, &without}} {
			took, err := b.start(s.dir)
			if err != nil {
				return err
			}
			if i > 0 { // the first one brings the demo shop in
				*s.took = append(*s.took, took)
			}
		}
	}
	b.add(row{
		what: fmt.Sprintf("start to the first answer with %d records", b.records), yardstick: "an empty shop",
		ratio: over(with.median(), without.median()), reach: 1.5, unit: "x",
		seen: fmt.Sprintf("%s against %s, %d starts, files in the page cache", ms(with.median()), ms(without.median()), len(with)),
	})
	return nil
}

func (b *bench) start(dir string) (time.Duration, error) {
	began := time.Now()
	p, err := launch(b.bin, "headless", "--demo", "--data", dir)
	if err != nil {
		return 0, err
	}
	defer p.end()
	if err := p.ask(`{"cmd":"status"}`); err != nil {
		return 0, err
	}
	took := time.Since(began)
	return took, p.ask(`{"cmd":"quit"}`)
}
