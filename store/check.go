package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"tillkeeper/app/pos"
)

// findingLimit bounds what one check reports.
const findingLimit = 1000

// Finding is one thing that is wrong with the journal.
type Finding struct {
	Code   string // snake_case
	Where  string // bucket and key, or the file
	Detail string
}

// String gives the finding in one line.
func (f Finding) String() string { return f.Code + " " + f.Where + ": " + f.Detail }

// Findings is the result of a check; none is good.
type Findings []Finding

// Texts gives each finding as a line.
func (f Findings) Texts() (lines []string) {
	for _, one := range f {
		lines = append(lines, one.String())
	}
	return lines
}

// note keeps a finding of the start.
func (s *Store) note(code, where, detail string) {
	f := Finding{code, where, detail}
	s.notes = append(s.notes, f)
	s.o.Logger.Warn("journal", "finding", f.String())
}

// inspection walks a journal and collects what is wrong.
type inspection struct {
	ctx   context.Context
	tx    *snap
	found Findings
}

var errEnough = errors.New("enough findings")

func (i *inspection) report(code, where, format string, args ...any) error {
	i.found = append(i.found, Finding{code, where, fmt.Sprintf(format, args...)})
	if len(i.found) >= findingLimit {
		return errEnough
	}
	return nil
}

// CheckTexts is Check with its findings in words.
func (s *Store) CheckTexts(ctx context.Context) ([]string, error) {
	found, err := s.Check(ctx)
	return found.Texts(), err
}

// Check walks everything: the pages, the check of each record, the chain, each
// attempt against the fold of its events, the indexes and the rollups against
// the attempts and baskets. The error is one of the walk itself, the context's
// for one.
func (s *Store) Check(ctx context.Context) (Findings, error) {
	i := &inspection{ctx: ctx, found: s.Notes()}
	if err := s.SafeMode(); err != nil {
		i.found = append(i.found, Finding{"safe_mode", fileName, err.Error()})
	}
	p := &pages{report: func(where, format string, args ...any) error {
		return i.report("page_damaged", where, format, args...)
	}}
	s.commitMu.Lock() // both heads have to stay for a moment
	release := sync.OnceFunc(s.commitMu.Unlock)
	defer release()
	err := s.look(func(tx *snap) error {
		i.tx, p.file = tx, s.file
		before := len(i.found)
		if err := p.readMetas(uint64(tx.tx.ID())); err != nil {
			return err
		}
		release()
		if err := i.checkPages(p); err != nil || len(i.found) > before {
			return err
		}
		for _, step := range []func() error{i.checkRecords, i.checkLog, i.checkAttempts, i.checkIndexes, i.checkTotals, i.checkDifferences} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	var bad *pos.Error
	switch {
	case errors.Is(err, errEnough):
		err = nil
	case errors.As(err, &bad) && ctx.Err() == nil:
		i.found = append(i.found, Finding{bad.Code, fileName, err.Error()})
		err = nil
	}
	return i.found, err
}

// checkRecords verifies each value of each bucket.
func (i *inspection) checkRecords() error {
	for _, name := range buckets {
		b := i.tx.tx.Bucket([]byte(name))
		if b == nil {
			if err := i.report("record_damaged", name, "%v", errBucketGone); err != nil {
				return err
			}
			continue
		}
		c := b.Cursor() // what a layer hides too
		for k, v := c.First(); k != nil; k, v = c.Next() {
			if err := i.checkRecord(name, k, v); err != nil {
				return err
			}
		}
	}
	for _, l := range i.tx.layers {
		for bucket, in := range l {
			for key, v := range in {
				if v == nil {
					continue
				}
				if err := i.checkRecord(bucket, []byte(key), v); err != nil {
					return err
				}
			}
		}
	}
	return i.checkHot()
}

func (i *inspection) checkRecord(bucket string, k, v []byte) error {
	if err := i.ctx.Err(); err != nil {
		return err
	}
	if _, err := unseal(bucket, k, v); err != nil {
		return i.report("record_damaged", bucket, "%v", err)
	}
	return nil
}

// checkHot reads the layers of the file again and compares them with those in
// memory.
func (i *inspection) checkHot() error {
	onDisk, err := readHot(i.tx.tx)
	if err != nil {
		return i.report("record_damaged", bHot, "%v", err)
	}
	if !reflect.DeepEqual(onDisk.layers, i.tx.layers) {
		return i.report("layers_differ", bHot, "the file and the memory of the till do not agree")
	}
	return nil
}

// checkLog follows the chain from the first record to the head.
func (i *inspection) checkLog() error {
	h, err := getHead(i.tx)
	if err != nil {
		return i.report("record_damaged", bMeta, "%v", err)
	}
	var prev head
	err = i.each(bLog, func(k, rest []byte) error {
		e, ev, err := decodeEntry(k, rest)
		if err != nil {
			return i.report("record_damaged", bLog, "%v", err)
		}
		if ev.Seq != prev.Seq+1 || e.chain != link(prev.Chain, e.body) {
			if err := i.report("chain_broken", fmt.Sprintf("%s/%d", bLog, ev.Seq), "does not follow %d", prev.Seq); err != nil {
				return err
			}
		}
		prev.Seq, prev.Chain = ev.Seq, e.chain
		return nil
	})
	if err == nil && (prev.Seq != h.Seq || prev.Chain != h.Chain) {
		err = i.report("head_differs", bMeta, "the log ends at %d, the head says %d", prev.Seq, h.Seq)
	}
	return err
}

// each walks a bucket; damaged values were reported before and are passed over.
func (i *inspection) each(bucket string, visit func(k, rest []byte) error) error {
	return i.tx.walk(bucket, nil, func(k, v []byte) error {
		if err := i.ctx.Err(); err != nil {
			return err
		}
		if rest, err := unseal(bucket, k, v); err == nil {
			return visit(k, rest)
		}
		return nil
	})
}

// checkAttempts folds the events of each attempt anew, and sees that no event
// of an attempt is left over.
func (i *inspection) checkAttempts() error {
	folds, err := i.countFolds()
	if err != nil {
		return err
	}
	err = i.each(bAttempt, func(k, rest []byte) error {
		a, err := decodeAttempt(k, rest)
		if err != nil {
			return i.report("record_damaged", bAttempt, "%v", err)
		}
		folds -= len(a.Seqs)
		again, err := i.refold(a.Seqs)
		if err != nil {
			return i.report("fold_fails", bAttempt+"/"+a.ID, "%v", err)
		}
		if !same(a, again) {
			return i.report("fold_differs", bAttempt+"/"+a.ID, "state %s, its events say %s", a.State, again.State)
		}
		return i.checkOwnIndexes(a)
	})
	if err == nil && folds != 0 {
		err = i.report("fold_incomplete", bAttempt, "%d events belong to no attempt", folds)
	}
	return err
}

func (i *inspection) countFolds() (n int, err error) {
	err = i.each(bLog, func(k, rest []byte) error {
		if _, e, err := decodeEntry(k, rest); err == nil && folds(&e) {
			n++
		}
		return nil
	})
	return n, err
}

func (i *inspection) refold(seqs []uint64) (folded, error) {
	var a folded
	for _, seq := range seqs {
		rest, err := i.tx.get(bLog, seqKey(seq))
		if err != nil {
			return a, err
		}
		_, e, err := decodeEntry(seqKey(seq), rest)
		if err != nil {
			return a, err
		}
		if err = apply(&a, &e); err != nil {
			return a, err
		}
	}
	return a, nil
}

// same compares what two attempts become on the disk: a is kept, b is what its
// events say. An earlier store dropped what an attempt waited with where this one
// keeps it, and did not count a deferred sale that was refused after its reversal.
func same(a, b folded) bool {
	if a.Waiting == nil {
		b.Waiting = nil
	}
	if a.late == 0 && a.Deferred {
		b.late = 0
	}
	x, errX := encodeAttempt(&a)
	y, errY := encodeAttempt(&b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// checkOwnIndexes looks an attempt up in each index that has to name it.
func (i *inspection) checkOwnIndexes(a folded) error {
	want := map[string][]byte{bDay: dayKey(a.Day, a.Seqs[0])}
	if a.Receipt != "" {
		want[bReceipt] = pair(a.Receipt, a.ID)
	}
	if a.Basket != "" {
		want[bSale] = pair(a.Basket, a.ID)
	}
	if a.STAN != "" {
		want[bTrace] = pair(a.Batch, a.STAN)
	}
	for bucket, key := range want {
		if i.tx.raw(bucket, key) == nil {
			if err := i.report("index_missing", bucket, "attempt %s is not in it", a.ID); err != nil {
				return err
			}
		}
	}
	if in := i.tx.raw(bOpen, seqKey(a.Seqs[0])) != nil; in != a.Open() {
		return i.report("index_differs", bOpen, "attempt %s is %s", a.ID, a.State)
	}
	return nil
}

// checkIndexes sees that every entry of an index leads to an attempt or basket.
func (i *inspection) checkIndexes() error {
	after := func(k []byte) string { _, id, _ := bytes.Cut(k, []byte{0}); return string(id) }
	for bucket, target := range map[string]func(k, rest []byte) (string, string){
		bReceipt: func(k, _ []byte) (string, string) { return bAttempt, after(k) },
		bSale:    func(k, _ []byte) (string, string) { return bAttempt, after(k) },
		bTrace:   func(_, rest []byte) (string, string) { return bAttempt, string(rest) },
		bDay:     func(_, rest []byte) (string, string) { return bAttempt, string(rest) },
		bOpen:    func(_, rest []byte) (string, string) { return bAttempt, string(rest) },
		bLive:    func(k, _ []byte) (string, string) { return bBasket, string(k) },
	} {
		err := i.each(bucket, func(k, rest []byte) error {
			to, key := target(k, rest)
			if i.tx.raw(to, []byte(key)) == nil {
				return i.report("index_dangles", bucket, "%q leads to no %s %q", k, to, key)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// checkPages walks the pages as bytes, and only if they hold has bbolt check
// them too.
func (i *inspection) checkPages(p *pages) error {
	before := len(i.found)
	if err := p.walk(); err != nil || len(i.found) > before {
		return err
	}
	var err error
	for bad := range i.tx.tx.Check() {
		if err == nil {
			err = i.report("page_damaged", fileName, "%v", bad)
		}
	}
	return err
}
