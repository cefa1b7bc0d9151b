package settle

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	simhost "tillkeeper/drivers/sim/acquirer"
)

// file is the acquirer's file of every day, as the host writes it.
func (b *bank) file() string {
	b.t.Helper()
	var out bytes.Buffer
	if err := simhost.WriteFile(b.dir, "", b.layout(), &out); err != nil {
		b.t.Fatal(err)
	}
	return out.String()
}

// without takes the line of a trace number out of a file.
func without(file, stan string) string {
	var out []string
	for _, l := range strings.Split(file, "\n") {
		if !strings.Contains(l, ","+stan+",") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

func newReconciling(t *testing.T) *rig {
	t.Helper()
	r := newRig(t)
	r.signOn()
	return r
}

func (r *rig) reconcile(name, file string) Reconciled {
	r.t.Helper()
	got, err := r.desk.Reconcile(context.Background(), supervisor, name, strings.NewReader(file))
	r.must(err)
	return got
}

// TestEveryClassOfDifference: matched, ours only, theirs only ("failed but
// charged"), amount differs, reversed but in the file; with our attempt.
func TestEveryClassOfDifference(t *testing.T) {
	r := newReconciling(t)
	good, missing, differs := r.sell(1000), r.sell(2000), r.sell(3000)
	charged := r.lose(400) // the host has it and the reversal is owed
	r.unheard(4444)
	undone := r.sell(600)
	file := r.bank.file()
	e, b := r.attempt(undone), r.created(pos.Sale, 700, "") // reversed here, and still in the file
	r.keep(b, of(b, pos.EvSending))
	r.owe(b)
	r.keep(of(b, pos.EvReversed))
	file = without(file, r.attempt(missing).STAN)
	file = strings.ReplaceAll(file, ","+e.STAN+",", ","+b.STAN+",") // the line of 600 now is of the reversed one
	file = strings.ReplaceAll(file, ","+e.RRN+",", ",,")
	var rows []string
	for _, l := range strings.Split(file, "\n") {
		if strings.Contains(l, ","+r.attempt(differs).STAN+",") {
			l = strings.ReplaceAll(l, ",30.00", ",31.00")
		}
		rows = append(rows, l)
	}
	got := r.reconcile("t1.csv", strings.Join(rows, "\n"))
	classes := map[string]pos.DifferenceClass{}
	for _, d := range got.Differences {
		classes[d.Attempt] = d.Class
	}
	want := map[string]pos.DifferenceClass{
		missing: pos.OursOnly, differs: pos.AmountDiffers, charged: pos.TheirsOnly, "": pos.TheirsOnly, b.Attempt: pos.ReversedInFile,
		undone: pos.OursOnly,
	}
	for id, class := range want {
		if classes[id] != class {
			t.Errorf("attempt %q is %q, want %s", id, classes[id], class)
		}
	}
	if got.Matched != 1 || len(got.Differences) != len(want) || classes[good] != "" {
		t.Errorf("%+v", got.Report)
	}
	kept, err := r.desk.Differences(false)
	r.must(err)
	for _, d := range kept {
		if d.Proposal == "" || d.File != "t1.csv" || d.Found.IsZero() {
			t.Errorf("%+v", d)
		}
	}
	if len(kept) != len(want) {
		t.Errorf("%d differences in the journal", len(kept))
	}
}

// TestTheSameFileAgainChangesNothingThatWasResolved: and a difference is
// resolved by a named person with a reason, once.
func TestTheSameFileAgainChangesNothingThatWasResolved(t *testing.T) {
	r := newReconciling(t)
	r.sell(1000)
	r.unheard(4444)
	file := r.bank.file()
	id := r.reconcile("t1.csv", file).Differences[0].ID
	ctx := context.Background()
	for _, c := range []struct {
		by          pos.Operator
		o           *Approval
		id, reason  string
		want, named string
	}{
		{cashier, nil, id, "asked them", "needs_supervisor", ""},
		{cashier, &Approval{"2001", "000000"}, id, "asked them", "wrong_pin", ""},
		{pos.Operator{}, nil, id, "asked them", "not_signed_in", ""},
		{supervisor, nil, id, "", "reason_wanted", ""},
		{supervisor, nil, "nothing", "asked them", "unknown_difference", ""},
		{cashier, &Approval{"2001", "135790"}, id, "asked them", "", "2001"},
		{supervisor, nil, id, "asked them", "already_resolved", ""},
	} {
		d, err := r.desk.ResolveDifference(ctx, c.by, c.o, c.id, "refunded", c.reason)
		if codeOf(err) != c.want || err == nil && (d.By != c.named || d.Resolved.IsZero()) {
			t.Errorf("%+v: %v %+v", c, err, d)
		}
	}
	again := r.reconcile("t1.csv", file)
	if len(again.Differences) != 1 || again.Differences[0].By != "2001" || again.Differences[0].How != "refunded" {
		t.Errorf("%+v", again.Differences)
	}
	all, err := r.desk.Differences(true)
	r.must(err)
	open, err := r.desk.Differences(false)
	r.must(err)
	if len(all) != 1 || len(open) != 0 {
		t.Errorf("%d differences, %d open", len(all), len(open))
	}
}

// TestAPaymentThatComesInALaterFile: it was missing and is not any more.
func TestAPaymentThatComesInALaterFile(t *testing.T) {
	r := newReconciling(t)
	r.sell(1000)
	late := r.sell(2000)
	file := r.bank.file()
	if got := r.reconcile("t1.csv", without(file, r.attempt(late).STAN)); got.OursOnly != 1 {
		t.Fatalf("%+v", got.Report)
	}
	got := r.reconcile("t2.csv", file)
	if got.Matched != 2 || len(got.Differences) != 0 {
		t.Errorf("%+v", got.Report)
	}
	all, err := r.desk.Differences(true)
	r.must(err)
	if len(all) != 1 || all[0].How != InLaterFile || all[0].By != supervisor.ID || !strings.Contains(all[0].Reason, "t2.csv") {
		t.Errorf("%+v", all)
	}
}

// TestABadFileKeepsNothing: a line that cannot be read ends it; somebody has to
// be signed in.
func TestABadFileKeepsNothing(t *testing.T) {
	r := newReconciling(t)
	r.sell(1000)
	r.unheard(1)
	ctx := context.Background()
	bad := r.bank.file() + "2026-11-22,rubbish\n"
	if _, err := r.desk.Reconcile(ctx, supervisor, "bad.csv", strings.NewReader(bad)); codeOf(err) != "file_line" {
		t.Errorf("%v", err)
	}
	_, err := r.desk.Reconcile(ctx, pos.Operator{}, "t1.csv", strings.NewReader(r.bank.file()))
	r.wantCode(err, "not_signed_in")
	if all, err := r.desk.Differences(true); err != nil || len(all) != 0 {
		t.Errorf("%v %v", all, err)
	}
}

// TestReconcileDayFetches: the file of a day from the acquirer.
func TestReconcileDayFetches(t *testing.T) {
	r := newReconciling(t)
	ctx := context.Background()
	_, err := r.desk.ReconcileDay(ctx, supervisor, "2026-11-21")
	r.wantCode(err, "not_configured")
	_, err = r.desk.ReconcileDay(ctx, supervisor, "yesterday")
	r.wantCode(err, "bad_day")
	r.sell(1000)
	asked := ""
	r.desk.o.Fetch = func(_ context.Context, day string) (io.ReadCloser, error) {
		asked = day
		var out bytes.Buffer
		if err := simhost.WriteFile(r.bank.dir, "", r.bank.layout(), &out); err != nil {
			return nil, err
		}
		return io.NopCloser(&out), nil
	}
	day := r.clock.Now().Format(time.DateOnly)
	got, err := r.desk.ReconcileDay(ctx, supervisor, day)
	r.must(err)
	if asked != day || got.Matched != 1 || len(got.Differences) != 0 || len(got.SHA256) != 64 {
		t.Errorf("%s %+v", asked, got)
	}
	r.desk.o.Fetch = func(context.Context, string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("date,batch,stan,amount\n")), nil
	}
	if got, err = r.desk.ReconcileDay(ctx, supervisor, day); err != nil || got.OursOnly != 1 {
		t.Errorf("an empty file of a day with a payment: %v %+v", err, got.Report)
	}
}

// TestTheStoryOfAFailedSaleThatWasCharged: found by amount and last four digits;
// the attempt, its reversal, the cash that paid instead, and the file's word.
func TestTheStoryOfAFailedSaleThatWasCharged(t *testing.T) {
	r := newReconciling(t)
	failed := r.lose(1234)
	a := r.attempt(failed)
	cash := pos.Event{
		Type: pos.EvCreated, Attempt: r.store.NextAttempt(), Basket: a.Basket, Receipt: a.Receipt, Kind: pos.Sale, Tender: pos.Cash,
		Amount: 1234, Day: a.Day, Linked: failed,
	}
	yes := of(cash, pos.EvApproved)
	yes.Approved = 1234
	r.keep(cash, yes)
	r.reconcile("t1.csv", r.bank.file())
	found, err := r.store.Find(pos.Query{Amount: 1234, Last4: "0113"})
	if err != nil || len(found) != 1 || found[0].ID != failed {
		t.Fatalf("%v %+v", err, found)
	}
	s, err := r.desk.Story(failed)
	r.must(err)
	if s.Attempt.ID != failed || len(s.Linked) != 1 || s.Linked[0].ID != cash.Attempt || len(s.Events) < 6 {
		t.Errorf("%+v", s)
	}
	for i := 1; i < len(s.Events); i++ {
		if s.Events[i].Seq <= s.Events[i-1].Seq {
			t.Error("the events are not in order")
		}
	}
	if len(s.Differences) != 1 || s.Differences[0].Class != pos.TheirsOnly || s.Differences[0].Theirs != 1234 {
		t.Errorf("%+v", s.Differences)
	}
	r.must(r.desk.PrintStory(failed, cashier))
	if got := r.slips.list(); len(got) != 1 || !strings.Contains(got[0], "linked 1") || !strings.Contains(got[0], "differences 1 by 1001") {
		t.Errorf("printed %q", got)
	}
	if _, err := r.desk.Story("000000009999"); err == nil {
		t.Error("a story of nothing")
	}
}
