package settle

import (
	"context"
	"strings"
	"testing"

	"tillkeeper/app/pos"
	simhost "tillkeeper/drivers/sim/acquirer"
)

// finished checks what every test of a closed batch wants.
func (r *rig) finished(batch, next string) {
	r.t.Helper()
	for _, w := range r.tap.story() {
		r.t.Error(w)
	}
	if got := pos.OpenBatch(r.store); got != next {
		r.t.Errorf("the open batch is %s, want %s", got, next)
	}
	if s := r.store.Setting(pos.SetSettling) + r.store.Setting(SetItems); s != "" {
		r.t.Errorf("a settlement is still open: %s", s)
	}
	if n := r.bank.closes(batch); n != 1 {
		r.t.Errorf("the host closed batch %s %d times", batch, n)
	}
}

// TestReversalsThenUploadsThenTotals: what is owed goes before the 0500.
func TestReversalsThenUploadsThenTotals(t *testing.T) {
	r := newRig(t)
	r.signOn()
	sold := r.sell(1000)
	up := r.offline(300)
	back := r.lose(200)
	r.tap.forget()
	rep := r.settle()
	if got := r.tap.mtis(); got != "0400 0200 0500" {
		t.Errorf("sent %s", got)
	}
	want := pos.BatchTotals{Debit: 1300, DebitCount: 2}
	if rep.Till != want || rep.Host != want || !rep.Balanced || rep.Uploaded != 0 || len(rep.LeftOut) != 0 || rep.Empty {
		t.Errorf("%+v", rep)
	}
	r.finished("000001", "000002")
	r.wantState(pos.Settled, sold, up)
	r.wantState(pos.Reversed, back)
}

// TestTotalsAreGross: a voided sale stays a debit and its void is a credit, a
// refund is a credit, reversed and declined ones count nowhere, a completion
// counts and its pre-authorization does not.
func TestTotalsAreGross(t *testing.T) {
	r := newRig(t)
	r.signOn()
	a, b, c := r.sell(1000), r.sell(500), r.sell(300)
	void := r.pay(pos.Void, 500, b)
	refund := r.pay(pos.Refund, 100, c)
	hold := r.pay(pos.Preauth, 800, "")
	done := r.pay(pos.Completion, 700, hold)
	e := r.created(pos.Sale, 9999, "")
	no := of(e, pos.EvDeclined)
	no.Code = "51"
	r.keep(e, of(e, pos.EvSending), no)
	r.lose(77)
	rep := r.settle()
	want := pos.BatchTotals{Debit: 2500, DebitCount: 4, Credit: 600, CreditCount: 2}
	if rep.Till != want || rep.Host != want || !rep.Balanced {
		t.Errorf("%+v", rep)
	}
	r.finished("000001", "000002")
	r.wantState(pos.Settled, a, c, void, refund, done)
	r.wantState(pos.Voided, b)
	r.wantState(pos.Approved, hold)
}

// TestApprovedAmountOfAPartCounts: code 10 counts as what was approved.
func TestApprovedAmountOfAPartCounts(t *testing.T) {
	a := pos.Attempt{Kind: pos.Sale, State: pos.Approved, Amount: 1000, Approved: 600}
	var got pos.BatchTotals
	count(&got, &a)
	if want := (pos.BatchTotals{Debit: 600, DebitCount: 1}); got != want {
		t.Errorf("%+v", got)
	}
}

// TestALost0510BringsTheSame0500: same trace number, same bytes, closed once.
func TestALost0510BringsTheSame0500(t *testing.T) {
	r := newRig(t)
	r.signOn()
	sold := r.sell(1000)
	r.again()
	r.bank.faults(simhost.Rule{Fault: simhost.DropAnswer, MTI: "0500", Times: 1})
	r.timeout = brief
	r.again()
	rep := r.settle()
	frames := r.tap.frames()
	var raw []string
	for _, f := range frames {
		if f.m.MTI == "0500" {
			raw = append(raw, f.raw)
		}
	}
	if len(raw) < 2 || raw[0] != raw[1] || !rep.Balanced {
		t.Errorf("%d messages 0500, %+v", len(raw), rep)
	}
	r.finished("000001", "000002")
	r.wantState(pos.Settled, sold)
}

// TestUnansweredGoesOnByItself: after three tries the command ends, cash goes
// on, and Run closes the batch when the line is back.
func TestUnansweredGoesOnByItself(t *testing.T) {
	r := newRig(t)
	r.signOn()
	sold := r.sell(1000)
	r.timeout = brief
	r.again()
	r.bank.faults(simhost.Rule{Fault: simhost.DropRequest, MTI: "0500"})
	r.freeze(cashier)
	if !r.desk.Running() {
		t.Error("nothing runs")
	}
	if stage, _, _ := r.desk.Progress(); stage != StageTotals {
		t.Errorf("stage %q", stage)
	}
	if got := r.tap.mtis(); !strings.HasSuffix(got, "0500 0500 0500") {
		t.Errorf("sent %s", got)
	}
	ctx, cancel := context.WithCancel(context.Background())
	closed := make(chan struct{})
	r.desk.o.Changed = func() {
		if r.store.Setting(pos.SetSettling) == "" {
			select {
			case closed <- struct{}{}:
			default:
			}
		}
	}
	ended := make(chan struct{})
	go func() { defer close(ended); r.desk.Run(ctx) }()
	r.bank.faults()
	r.desk.Wake()
	<-closed
	cancel()
	<-ended
	r.finished("000001", "000002")
	r.wantState(pos.Settled, sold)
	if last, ok := r.desk.Last(); !ok || last.Batch != "000001" || last.By != cashier.ID {
		t.Errorf("%+v", last)
	}
	if got := r.slips.list(); len(got) != 1 || !strings.HasPrefix(got[0], "batch-000001: batch 000001 next 000002") {
		t.Errorf("printed %q", got)
	}
}

// TestMismatchUploadsTheDebitsThatStand: eight a message with number and
// amount, neither voided ones nor voids nor refunds; the end says how many.
func TestMismatchUploadsTheDebitsThatStand(t *testing.T) {
	r := newRig(t)
	r.signOn()
	want := map[string]pos.Amount{}
	var sold []string
	for i := range 9 {
		id := r.sell(pos.Amount(100 + i))
		sold = append(sold, id)
		want[r.attempt(id).STAN] = pos.Amount(100 + i)
	}
	voided := r.sell(5000)
	r.pay(pos.Void, 5000, voided)
	r.pay(pos.Refund, 50, sold[0])
	r.unheard(4444)
	r.tap.forget()
	rep := r.settle()
	if rep.Balanced || rep.Uploaded != 9 || rep.Host.Debit != rep.Till.Debit+4444 {
		t.Errorf("%+v", rep)
	}
	if got := r.tap.mtis(); got != "0500 0320 0320 0320" {
		t.Errorf("sent %s", got)
	}
	for _, f := range r.tap.frames() {
		text := f.m.Get(48)
		if f.m.MTI != "0320" {
			continue
		}
		if !f.isUpload() {
			if text != "0009" || f.m.Get(60)[8:11] != "202" {
				t.Errorf("the end says %s, type %s", text, f.m.Get(60))
			}
			continue
		}
		for i := 2; i+40 <= len(text); i += 40 {
			stan, number, amount := text[i+2:i+8], strings.TrimLeft(text[i+8:i+28], "0"), text[i+28:i+40]
			if number != pan || amount != padded(want[stan]) {
				t.Errorf("payment %s: number %s amount %s, want %s", stan, number, amount, padded(want[stan]))
			}
			delete(want, stan)
		}
	}
	if len(want) != 0 {
		t.Errorf("not uploaded: %v", want)
	}
	r.finished("000001", "000002")
	r.wantState(pos.Settled, sold...)
}

func padded(a pos.Amount) string {
	s := "000000000000" + strings.ReplaceAll(a.String(), ".", "")
	return s[len(s)-12:]
}

// TestNothingThatStandsIsEndedWithoutItems: a batch of refunds that differs has
// nothing to upload; its end says none.
func TestNothingThatStandsIsEndedWithoutItems(t *testing.T) {
	r := newRig(t)
	r.signOn()
	sold := r.sell(100)
	r.pay(pos.Void, 100, sold)
	r.unheard(1)
	r.tap.forget()
	rep := r.settle()
	if got := r.tap.mtis(); got != "0500 0320" || rep.Uploaded != 0 || rep.Balanced {
		t.Errorf("sent %s, %+v", got, rep)
	}
	r.finished("000001", "000002")
}

// TestAnotherCodeStopsAndIsShown: the host refuses a message of the upload; the
// settlement stays open with the code, and goes on with a message of its own.
func TestAnotherCodeStopsAndIsShown(t *testing.T) {
	r := newRig(t)
	r.signOn()
	sold := r.sell(1000)
	r.unheard(1)
	r.bank.faults(simhost.Rule{Fault: simhost.Code, MTI: "0320", Code: "96", Times: 1})
	_, err := r.desk.Settle(context.Background(), supervisor, nil)
	r.wantCode(err, "settlement_refused")
	if !strings.Contains(err.Error(), "96") || !r.desk.Running() {
		t.Errorf("%v", err)
	}
	r.wantState(pos.Approved, sold)
	r.settle()
	stans := map[string]bool{}
	for _, f := range r.tap.frames() {
		if f.isUpload() {
			stans[f.m.Get(11)] = true
		}
	}
	if len(stans) != 2 {
		t.Errorf("the refused message went again under the same number: %v", stans)
	}
	r.wantState(pos.Settled, sold)
}

// TestDuplicateMeansTakenOnlyWhereItWasSentBefore: 94 to a repeat is a yes, to
// a first sending a collision.
func TestDuplicateMeansTakenOnlyWhereItWasSentBefore(t *testing.T) {
	r := newRig(t)
	r.signOn()
	r.sell(1000)
	w := work{Batch: "000001", STAN: "000100", Stage: StageUpload, Count: 1, Message: "000101"}
	ctx := context.Background()
	if _, err := r.desk.uploadAnswered(ctx, w, "payments 1 to 1", "94", 1); codeOf(err) != "settlement_refused" {
		t.Errorf("a collision was taken for a delivery: %v", err)
	}
	w.sent = true
	next, err := r.desk.uploadAnswered(ctx, w, "payments 1 to 1", "94", 1)
	if err != nil || next.Stage != StageEnd || next.Uploaded != 1 {
		t.Errorf("%+v, %v", next, err)
	}
}

// TestPaymentRunning: a payment that is being made is never settled over.
func TestPaymentRunning(t *testing.T) {
	r := newRig(t)
	r.signOn()
	r.sell(1000)
	r.till.busy = true
	_, err := r.desk.Settle(context.Background(), supervisor, nil)
	r.wantCode(err, "payment_running")
	r.till.busy = false
	e := r.created(pos.Sale, 100, "")
	r.keep(e, of(e, pos.EvSending))
	_, err = r.desk.Settle(context.Background(), supervisor, nil)
	r.wantCode(err, "payment_running")
	if r.desk.Running() || r.till.held != 0 {
		t.Error("something was frozen or is held")
	}
}

// TestNoFinancialMessageWhileItRuns: the queue keeps what is owed until the
// batch is closed.
func TestNoFinancialMessageWhileItRuns(t *testing.T) {
	r := newRig(t)
	r.signOn()
	r.sell(1000)
	r.timeout = brief
	r.again()
	r.bank.faults(simhost.Rule{Fault: simhost.DropRequest, MTI: "0500"})
	r.freeze(supervisor)
	e := r.created(pos.Sale, 50, "")
	r.keep(e, of(e, pos.EvSending))
	r.owe(e)
	r.forward.Wake()
	ctx, cancel := context.WithTimeout(context.Background(), notYet)
	defer cancel()
	if n, err := r.forward.Forward(ctx); n != 1 || err != nil {
		t.Errorf("left %d, %v", n, err)
	}
	if got := r.tap.mtis(); strings.Contains(got, "0400") {
		t.Errorf("sent %s", got)
	}
	r.again()
	if n, err := r.forward.Forward(ctx); n != 1 || err != nil {
		t.Errorf("after a restart: left %d, %v", n, err)
	}
	r.bank.faults()
	r.settle()
	r.finished("000001", "000002")
	after, stop := context.WithTimeout(context.Background(), brisk.forward)
	defer stop()
	r.forward.Forward(after) //nolint:errcheck // it may leave now
	if got := r.tap.mtis(); !strings.Contains(got, "0400") {
		t.Errorf("sent %s", got)
	}
}

// TestAnEmptyBatchSendsNothing: and the batch number stays.
func TestAnEmptyBatchSendsNothing(t *testing.T) {
	r := newRig(t)
	rep, err := r.desk.Settle(context.Background(), cashier, nil)
	r.must(err)
	if !rep.Empty || !rep.Balanced || rep.Batch != "000001" || rep.Next != "000001" || rep.Till != (pos.BatchTotals{}) {
		t.Errorf("%+v", rep)
	}
	if got := r.tap.mtis(); got != "" || len(r.slips.list()) != 0 || pos.OpenBatch(r.store) != "000001" {
		t.Errorf("sent %q, printed %q", got, r.slips.list())
	}
}

// TestBatchNumberWraps: 000001 follows 999999.
func TestBatchNumberWraps(t *testing.T) {
	for batch, want := range map[string]string{"000001": "000002", "000999": "001000", "999998": "999999", "999999": "000001", "": "000001"} {
		if got := nextBatch(batch); got != want {
			t.Errorf("%s follows %s, want %s", got, batch, want)
		}
	}
	r := newRig(t)
	_, err := r.store.Append(context.Background(), pos.Commit{Settings: map[string]string{pos.SetBatch: "999999"}})
	r.must(err)
	r.signOn()
	_, err = r.store.Append(context.Background(), pos.Commit{Settings: map[string]string{pos.SetBatch: "999999"}})
	r.must(err)
	r.sell(1000)
	r.settle()
	r.finished("999999", "000001")
}
