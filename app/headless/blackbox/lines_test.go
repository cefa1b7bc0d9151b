package blackbox

import (
	"context"
	"maps"
	"os/exec"
	"path/filepath"
	"time"

	"tillkeeper/app/headless/blackbox/child"
)

// standing are the states of an attempt that the acquirer's books have too.
var standing = map[string]bool{
	"approved": true, "delivered": true, "settled": true, "refunded": true, "voided": true,
}

// kinds of the ledger as the till names them.
var kinds = map[string]string{"code_sale": "sale", "offline_sale": "sale"}

// lines compares the ledger line by line with the attempts: each side has what
// the other has, of one kind, for one amount, undone or not.
func (b books) lines(say func(string, ...any)) {
	ours := map[key]attempt{}
	for _, a := range b.attempts {
		if a.STAN != "" && a.Tender != "cash" && a.Kind != "balance" {
			ours[key{a.Batch, a.STAN}] = a
		}
	}
	theirs := map[key]bool{}
	refunded := map[key]int64{}
	closed := map[string]time.Time{}
	for _, e := range b.ledger {
		if e.Kind == "settlement" {
			closed[e.Batch] = e.Time
		}
	}
	for _, e := range b.ledger {
		if !moves(e) || e.State == "reversed" {
			continue
		}
		k := key{e.Batch, e.STAN}
		theirs[k] = true
		a, ok := ours[k]
		if !ok || !standing[a.State] {
			say("line %d (%s %s, STAN %s): the acquirer has %d, the till has it %q", e.Seq, e.Kind, e.State, e.STAN, e.Amount, a.State)
			continue
		}
		b.line(e, a, closed, say)
		if e.Kind == "refund" && e.Original > 0 && int(e.Original) <= len(b.ledger) {
			o := b.ledger[e.Original-1]
			refunded[key{o.Batch, o.STAN}] += e.Amount
		}
	}
	for k, a := range ours {
		if standing[a.State] && !theirs[k] {
			say("attempt %s (%s %s, STAN %s): the acquirer has no line of it", a.ID, a.Kind, a.State, a.STAN)
		}
		if a.Kind != "refund" && a.Refunded != refunded[k] {
			say("attempt %s: %d refunded, the acquirer says %d", a.ID, a.Refunded, refunded[k])
		}
	}
}

// moves says whether a line of the ledger is about money of its own.
func moves(e entry) bool { return e.Kind != "reversal" && e.Kind != "settlement" && e.Kind != "upload" }

// line compares one line with its attempt.
func (b books) line(e entry, a attempt, closed map[string]time.Time, say func(string, ...any)) {
	kind := e.Kind
	if k := kinds[kind]; k != "" {
		kind = k
	}
	if kind != a.Kind || e.Amount != a.Approved {
		say("line %d: the acquirer has a %s over %d, attempt %s is a %s over %d", e.Seq, kind, e.Amount, a.ID, a.Kind, a.Approved)
	}
	if (e.State == "voided") != (a.State == "voided") {
		say("line %d is %s, attempt %s is %s", e.Seq, e.State, a.ID, a.State)
	}
	if full := a.Kind == "sale" && a.Refunded > 0 && a.Refunded >= a.Approved; full != (a.State == "refunded") {
		say("attempt %s is %s with %d of %d refunded", a.ID, a.State, a.Refunded, a.Approved)
	}
	at := closed[a.Batch]
	if a.Decided().Before(at) && (a.State == "approved" || a.State == "delivered") && money[a.Kind] {
		say("attempt %s is %s although batch %s is closed", a.ID, a.State, a.Batch)
	}
	if a.State == "settled" && at.IsZero() {
		say("attempt %s is settled although batch %s is open", a.ID, a.Batch)
	}
}

// money are the kinds that a settlement settles.
var money = map[string]bool{"sale": true, "refund": true, "completion": true, "void": true, "completion_void": true}

// quietDay settles what stands and holds the acquirer's file against the till:
// the totals are equal and no line differs.
func (l *loop) quietDay() {
	t := l.t
	t.Helper()
	l.Till.Must(t, cmd{"cmd": "signin", "staff": "2001", "pin": "135790"})
	var closed struct {
		Till, Host map[string]int64
		Balanced   bool
		Batch      string
		LeftOut    []struct{ Attempt, State string } `json:"left_out"`
	}
	if err := child.Into(l.Till.Must(t, cmd{"cmd": "settle"}), &closed); err != nil {
		t.Fatal(err)
	}
	t.Logf("batch %s: %v", closed.Batch, closed.Till)
	if !closed.Balanced || !maps.Equal(closed.Till, closed.Host) {
		t.Errorf("batch %s: till %v, host %v", closed.Batch, closed.Till, closed.Host)
	}
	for _, a := range closed.LeftOut {
		if a.State != "late_declined" { // that one waits for a person, and no money of it is at the host
			t.Errorf("attempt %s (%s) is left out", a.Attempt, a.State)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), child.Limit)
	defer cancel()
	raw, err := exec.CommandContext(ctx, binary, "acquirer", "file", "--data", l.Host).Output()
	if err != nil {
		t.Fatal(err)
	}
	l.write("acquirer.csv", string(raw))
	var said struct {
		Lines, Matched int
		Differences    []map[string]any
	}
	if err := child.Into(l.Till.Must(t, cmd{"cmd": "reconcile", "file": filepath.Join(l.Dir, "acquirer.csv")}), &said); err != nil {
		t.Fatal(err)
	}
	t.Logf("the acquirer's file: %d lines, %d matched", said.Lines, said.Matched)
	if said.Matched == 0 || said.Lines != said.Matched {
		t.Errorf("%d of %d lines matched", said.Matched, said.Lines)
	}
	for _, d := range said.Differences {
		t.Errorf("a difference on a day without one: %v", d)
	}
}
