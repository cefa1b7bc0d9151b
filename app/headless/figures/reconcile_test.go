package figures

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/store"
)

// The shop whose payments are reconciled.
const (
	reconciledDays  = 4
	paymentsABatch  = 50_000
	paymentsACommit = 1000
	oneIn           = 1000 // payments: one is ours only, one theirs only, one has another amount
	demoTID         = "12345678"
	demoMID         = "123456789012345"
)

// dayOfPayment gives the time of payment i of n, over reconciledDays.
func dayOfPayment(i, n int) time.Time {
	first := time.Date(2026, 3, 11, 9, 0, 0, 0, time.FixedZone("UTC+8", 8*60*60))
	at := first.AddDate(0, 0, i*reconciledDays/n)
	return at.Add(time.Duration(i%36_000) * time.Second)
}

// paid writes n card payments into a new journal and the acquirer's file of them.
func paid(dir, file string, n int) (err error) {
	s, err := store.Open(store.Options{Dir: dir, Logger: quiet})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "date,time,tid,mid,batch,stan,rrn,auth,kind,pan,amount,original_batch,original_stan")
	sealed := make([]byte, 120) // as large as that of a real one
	var c pos.Commit
	for i := range n {
		at, seen := dayOfPayment(i, n), pos.Amount(100+i*7919%100_000)
		e := pos.Event{
			Type: pos.EvCreated, Time: at, Kind: pos.Sale, Tender: pos.Card, By: "1001", Amount: seen,
			Batch: fmt.Sprintf("%06d", 1+i/paymentsABatch), STAN: fmt.Sprintf("%06d", 1+i%paymentsABatch), Day: at.Format(time.DateOnly), Hour: at.Hour(),
			MaskedPAN: "622424******0113", CardHash: fmt.Sprintf("%064x", i), EntryMode: "contactless",
		}
		rrn := fmt.Sprintf("%012d", i+1)
		if i%oneIn == 3 {
			seen++
		}
		if i%oneIn != 1 {
			fmt.Fprintf(w, "%s,%s,%s,%s,%s,%s,%s,,sale,%s,%s,,\n", e.Day, at.Format(time.TimeOnly), demoTID, demoMID, e.Batch, e.STAN, rrn, e.MaskedPAN, seen)
		}
		if i%oneIn != 2 {
			e.Attempt, e.Receipt = s.NextAttempt(), s.NextReceipt()
			e.Sealed = &pos.Box{Key: pos.BatchKey(e.Batch), Data: sealed}
			yes := pos.Event{
				Type: pos.EvApproved, Time: at, Attempt: e.Attempt, Approved: e.Amount, RRN: rrn, AuthCode: e.STAN, Org: "CUP", HostDate: at.Format("0102"),
			}
			c.Events = append(c.Events, e, yes)
		}
		if i == n-1 || i%paymentsACommit == paymentsACommit-1 {
			if _, err := s.Append(context.Background(), c); err != nil {
				return err
			}
			c = pos.Commit{}
		}
	}
	return w.Flush()
}

// journalReconciled times the command of the real program: a file, against the
// journal with as many payments.
func journalReconciled(b *bench) error {
	if err := need(b); err != nil {
		return err
	}
	dir, file := filepath.Join(b.dir, "paid"), filepath.Join(b.dir, "theirs.csv")
	began := time.Now()
	if err := paid(dir, file, b.attempts); err != nil {
		return err
	}
	b.Logf("%d payments written in %s", b.attempts, time.Since(began).Round(time.Second))
	p, err := launch(b.bin, "headless", "--demo", "--data", dir)
	if err != nil {
		return err
	}
	defer p.end()
	if err := p.ask(`{"cmd":"signin","staff":"9001","pin":"135790"}`); err != nil {
		return err
	}
	before := anonymous(p.cmd.Process.Pid)
	peak := watchMemory(p.cmd.Process.Pid)
	var got struct {
		Lines   int `json:"lines"`
		Matched int `json:"matched"`
		Ours    int `json:"ours_only"`
		Theirs  int `json:"theirs_only"`
		Amount  int `json:"amount_differs"`
	}
	took, err := timed(func() error { return p.tell(fmt.Sprintf(`{"cmd":"reconcile","file":%q}`, file), &got) })
	most := peak()
	if err != nil {
		return err
	}
	k := b.attempts / oneIn
	if got.Lines != b.attempts-k || got.Matched != b.attempts-3*k || got.Ours != k || got.Theirs != k || got.Amount != k {
		return fmt.Errorf("the reconciliation came to %+v", got)
	}
	b.add(row{
		what:  fmt.Sprintf("the command reconcile: %d lines against a journal of %d payments in %d days", got.Lines, b.attempts-k, reconciledDays),
		ratio: took.Seconds(), reach: 60, unit: " s",
		seen: fmt.Sprintf("peak memory of the process %d MB without the mapped journal, %d MB before the command; %d differences found and kept",
			most/1e6, before/1e6, got.Ours+got.Theirs+got.Amount),
	})
	return p.ask(`{"cmd":"quit"}`)
}

// anonymous is the memory of a process in bytes that no file is behind.
func anonymous(pid int) int64 {
	v := field(fmt.Sprintf("/proc/%d/status", pid), "RssAnon")
	kb, err := strconv.ParseInt(strings.TrimSuffix(v, " kB"), 10, 64)
	if err != nil {
		return 0
	}
	return kb << 10
}

// memoryEvery is the time between two looks at a process's memory.
const memoryEvery = 20 * time.Millisecond

// watchMemory follows a process's anonymous memory; what it gives ends the watch
// and says the most.
func watchMemory(pid int) (most func() int64) {
	var peak atomic.Int64
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for t := time.NewTicker(memoryEvery); ; {
			peak.Store(max(peak.Load(), anonymous(pid)))
			select {
			case <-t.C:
			case <-stop:
				t.Stop()
				return
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-ended
		return peak.Load()
	}
}
