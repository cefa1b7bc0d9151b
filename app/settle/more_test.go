package settle

import (
	"context"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/app/receipt"
	"tillkeeper/assets"
	"tillkeeper/drivers/printer"
	simhost "tillkeeper/drivers/sim/acquirer"
	simprinter "tillkeeper/drivers/sim/printer"
)

// TestPaperOutDoesNotStopIt: the batch is closed, and the slip comes when there
// is paper.
func TestPaperOutDoesNotStopIt(t *testing.T) {
	font, err := fs.ReadFile(assets.FS, "fonts/NotoSansSC-Regular.ttf")
	if err != nil {
		t.Fatal(err)
	}
	sim, err := simprinter.New(simprinter.Opts{Dir: t.TempDir(), Font: font})
	if err != nil {
		t.Fatal(err)
	}
	sim.SetPaper(false)
	printed := make(chan string, 16)
	paper := printer.New(sim.Open, printer.Opts{Font: font, Poll: 20 * time.Millisecond, OnJob: func(j printer.Job) {
		if j.State == printer.Printed {
			printed <- j.Number
		}
	}})
	t.Cleanup(func() {
		if err := paper.Close(); err != nil {
			t.Error(err)
		}
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	r := newRig(t)
	r.options = func(o *Options) {
		o.Slip = receipt.Maker{Lang: "en", Now: time.Now}
		o.Print = func(number string, slip any) {
			if err := paper.Print(pos.PrintJob{Number: number, Slip: slip}); err != nil {
				t.Error(err)
			}
		}
	}
	r.again()
	r.signOn()
	r.sell(1000)
	r.settle()
	r.finished("000001", "000002")
	if len(sim.Slips()) != 0 {
		t.Fatalf("printed without paper: %v", sim.Slips())
	}
	sim.SetPaper(true)
	if number := <-printed; number != "batch-000001" {
		t.Errorf("printed %s", number)
	}
}

// TestASecondCommandJoinsTheFirst: one 0500, two reports that are the same.
func TestASecondCommandJoinsTheFirst(t *testing.T) {
	r := newRig(t)
	r.signOn()
	r.sell(1000)
	r.bank.host.SetLatency(brief) // time enough to join
	sent := make(chan struct{})
	var once sync.Once
	r.desk.o.Changed = func() {
		if stage, _, _ := r.desk.Progress(); stage == StageTotals {
			once.Do(func() { close(sent) })
		}
	}
	first := make(chan Report, 1)
	go func() {
		rep, err := r.desk.Settle(context.Background(), supervisor, nil)
		if err != nil {
			t.Error(err)
		}
		first <- rep
	}()
	<-sent
	second, err := r.desk.Settle(context.Background(), cashier, nil)
	r.must(err)
	if one := <-first; one.Till != second.Till || one.Batch != second.Batch || second.Next != "000002" || second.By != supervisor.ID {
		t.Errorf("%+v and %+v", one, second)
	}
	if got := r.tap.mtis(); strings.Count(got, "0500") != 1 {
		t.Errorf("sent %s", got)
	}
	r.finished("000001", "000002")
}

// TestACommandGivenUpGoesOnLater: whoever asked went away in the middle of the
// upload; the next start ends it.
func TestACommandGivenUpGoesOnLater(t *testing.T) {
	r := newRig(t)
	r.signOn()
	sold := r.sell(1000)
	r.unheard(1)
	ctx, cancel := context.WithCancel(context.Background())
	r.desk.o.Changed = func() {
		if stage, _, _ := r.desk.Progress(); stage == StageUpload {
			cancel()
		}
	}
	_, err := r.desk.Settle(ctx, supervisor, nil)
	r.wantCode(err, "settlement_running")
	r.wantState(pos.Approved, sold)
	r.again()
	if stage, _, of := r.desk.Progress(); stage != StageUpload || of != 1 {
		t.Errorf("stage %s of %d", stage, of)
	}
	run, stop := context.WithCancel(context.Background())
	closed := make(chan struct{})
	var once sync.Once
	r.desk.o.Changed = func() {
		if r.store.Setting(pos.SetSettling) == "" {
			once.Do(func() { close(closed) })
		}
	}
	ended := make(chan struct{})
	go func() { defer close(ended); r.desk.Run(run) }()
	<-closed
	stop()
	<-ended
	r.finished("000001", "000002")
	r.wantState(pos.Settled, sold)
}

// TestARefusedCommitFreezesNothing: nothing was sent, the till goes on.
func TestARefusedCommitFreezesNothing(t *testing.T) {
	r := newRig(t)
	r.signOn()
	r.sell(1000)
	r.tap.forget()
	ctx, cancel := context.WithCancel(context.Background())
	r.desk.o.Journal = full{r.store, cancel}
	if _, err := r.desk.Settle(ctx, supervisor, nil); err == nil {
		t.Fatal("settled without a commit")
	}
	if got := r.tap.mtis(); got != "" || r.desk.Running() || r.till.held != 0 {
		t.Errorf("sent %q, running %v, held %d", got, r.desk.Running(), r.till.held)
	}
	r.desk.o.Journal = r.store
	r.settle()
	r.finished("000001", "000002")
}

// full is a journal whose next commit comes too late.
type full struct {
	pos.Journal
	cancel func()
}

func (f full) Append(ctx context.Context, c pos.Commit) ([]pos.Event, error) {
	f.cancel()
	return f.Journal.Append(ctx, c)
}

// TestTheHostRefusesTheTotals: the code is shown, the batch stays frozen and is
// tried again.
func TestTheHostRefusesTheTotals(t *testing.T) {
	r := newRig(t)
	r.signOn()
	r.sell(1000)
	r.bank.faults(simhost.Rule{Fault: simhost.Code, MTI: "0500", Code: "30", Times: 1})
	_, err := r.desk.Settle(context.Background(), supervisor, nil)
	r.wantCode(err, "settlement_refused")
	if !strings.Contains(err.Error(), "30") || !r.desk.Running() {
		t.Errorf("%v", err)
	}
	r.settle()
	r.finished("000001", "000002")
}

// TestWithoutALineNothingIsFrozen: payments go on offline, the batch waits.
func TestWithoutALineNothingIsFrozen(t *testing.T) {
	r := newRig(t)
	r.signOn()
	sold := r.sell(1000)
	r.timeout = brief
	r.again()
	r.must(r.bank.host.SetLine(false))
	_, err := r.desk.Settle(context.Background(), supervisor, nil)
	r.wantCode(err, "no_line")
	if r.desk.Running() || r.till.held != 0 {
		t.Error("something was frozen or is held")
	}
	r.must(r.bank.host.SetLine(true))
	r.settle()
	r.finished("000001", "000002")
	r.wantState(pos.Settled, sold)
}

// TestABatchAtItsLimitCloses: the till lets a batch have 9,900 payments (app/checkout); with that many every one is uploaded
// and the count of the end has room for them.
func TestABatchAtItsLimitCloses(t *testing.T) {
	const payments = 9_900
	r := newRigAt(t, t.TempDir(), newBank(t, t.TempDir()), patient)
	r.signOn()
	for left := payments; left > 0; left -= 300 {
		var events []pos.Event
		for range min(left, 300) {
			e := r.created(pos.Sale, 100, "")
			yes := of(e, pos.EvApproved)
			yes.Approved = 100
			events = append(events, e, of(e, pos.EvSending), yes)
		}
		r.keep(events...)
	}
	if rep := r.settle(); rep.Uploaded != payments || rep.Till.DebitCount != payments || rep.Next == rep.Batch {
		t.Errorf("%+v", rep)
	}
}
