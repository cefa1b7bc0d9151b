package settle

import (
	"context"
	"errors"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/app/staff"
)

// Settle closes the open batch: what is owed first, then the totals, then, if
// the host counts otherwise, every payment that stands. It joins a settlement
// that runs already. A cashier settles alone while nothing has to be left out.
//
// Errors are *pos.Error: not_signed_in, no_line (nothing was frozen), items_left (a supervisor may go on),
// payment_running, settlement_running (frozen and not answered yet: it goes on
// by itself), settlement_refused (the host said no; it is tried again), or what
// checking an approval said.
func (d *Desk) Settle(ctx context.Context, by pos.Operator, o *Approval) (Report, error) {
	who, err := d.mayLeave(by, o)
	if err != nil {
		return Report{}, err
	}
	for range maxJoins {
		r, mine := d.enter()
		if mine {
			rep, err := d.settle(ctx, by, who)
			d.leave(r, rep, err)
			d.ended(rep, err)
			return rep, err
		}
		select {
		case <-r.done:
		case <-ctx.Done():
			return Report{}, running(ctx.Err())
		}
		if who == "" || codeOf(r.err) != "items_left" {
			return r.rep, r.err
		}
	}
	return Report{}, running(nil)
}

// mayLeave gives who answers for payments that are left out, "" for nobody.
func (d *Desk) mayLeave(by pos.Operator, o *Approval) (string, error) {
	switch {
	case by.ID == "":
		return "", notSignedIn()
	case o != nil:
		p, err := d.o.Staff.Approve(o.Staff, o.PIN, staff.LeaveOut, d.o.Clock.Now())
		return p.ID, err
	case staff.Can(by.Role, staff.LeaveOut):
		return by.ID, nil
	}
	return "", nil
}

func (d *Desk) settle(ctx context.Context, by pos.Operator, who string) (Report, error) {
	if d.o.Journal.Setting(pos.SetSettling) != "" {
		return d.resume(ctx)
	}
	w, rep, err := d.begin(ctx, by, who)
	if err != nil || rep.Empty {
		return rep, err
	}
	return d.carry(ctx, w)
}

// ended prints the slip of a batch that was closed and tells the others.
func (d *Desk) ended(rep Report, err error) {
	switch {
	case err != nil:
		nudge(d.begun)
	case !rep.Empty:
		d.o.Queue.Wake()
		d.print(rep)
	}
}

func (d *Desk) print(rep Report) {
	if d.o.Slip == nil {
		return
	}
	d.o.Print("batch-"+rep.Batch, d.o.Slip.Settlement(rep))
}

// begin sends what is owed and freezes the totals.
func (d *Desk) begin(ctx context.Context, by pos.Operator, who string) (work, Report, error) {
	s, err := d.survey()
	if err != nil {
		return work{}, Report{}, err
	}
	if s.owed > 0 {
		d.show(StageForward, 0, 0)
		limited, cancel := context.WithTimeout(ctx, d.waits.forward)
		left, err := d.o.Queue.Once(limited)
		cancel()
		if err != nil || left > 0 {
			d.o.Log.Info("before settling", "left", left, "error", err)
		}
	} else if s.totals == (pos.BatchTotals{}) {
		return work{}, s.empty(by.ID, d.o.Clock.Now()), nil
	}
	if err := d.probe(ctx); err != nil {
		return work{}, Report{}, err
	}
	release, err := d.o.Till.HoldCards()
	if err != nil {
		return work{}, Report{}, err
	}
	defer release()
	var w work
	var rep Report
	err = d.o.Queue.Quiet(ctx, func() error {
		var err error
		w, rep, err = d.freeze(ctx, by.ID, who)
		return err
	})
	return w, rep, err
}

// probe wants a sign of life from the host unless it spoke just now:
// frozen totals without a line would keep the till from offline payments.
func (d *Desk) probe(ctx context.Context) error {
	line, ok := d.o.Host.(interface {
		Echo(ctx context.Context, stan, batch string) error
	})
	if !ok || d.o.Queue.Heard(fresh) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, d.waits.probe)
	defer cancel()
	if err := line.Echo(ctx, d.o.Journal.NextSTAN(), pos.OpenBatch(d.o.Journal)); err != nil {
		return &pos.Error{
			Code: "no_line", Message: "the host does not answer; nothing was settled", Remedy: "settle when the line is back; payments go on as before", Err: err,
		}
	}
	return nil
}

// fresh is how old the host's last word may be to count as a sign of life: a
// line that went silent since then would freeze the totals.
const fresh = time.Second

// freeze makes the totals durable; it runs while nothing is in the air.
func (d *Desk) freeze(ctx context.Context, by, who string) (work, Report, error) {
	s, err := d.survey()
	switch {
	case err != nil:
		return work{}, Report{}, err
	case s.live > 0:
		return work{}, Report{}, pos.Errorf("payment_running", "wait for its outcome, or cancel it", "a payment is being made")
	case s.totals == (pos.BatchTotals{}):
		return work{}, s.empty(by, d.o.Clock.Now()), nil
	case len(s.left) > 0 && who == "":
		return work{}, Report{LeftOut: s.left, Batch: s.batch}, pos.Errorf("items_left",
			"a supervisor may settle without them: they keep their batch and stay in the queue",
			"%d payments of %s in all have not reached the host", len(s.left), s.leftSum())
	}
	w := work{
		Batch: s.batch, STAN: d.o.Journal.NextSTAN(), Operator: d.o.Operator, By: by, Begun: d.o.Clock.Now(),
		Totals: s.totals, Stage: StageTotals, Count: len(s.items) / stanWidth,
	}
	if w.STAN == "" {
		return w, Report{}, noTrace(w.Batch)
	}
	for _, a := range s.left {
		w.LeftOut, w.LeftBy = append(w.LeftOut, a.ID), who
	}
	e := d.dated(pos.Event{Type: pos.EvSettling, STAN: w.STAN, Batch: w.Batch, By: by, Text: w.says()})
	return w, Report{}, d.keep(ctx, w, []pos.Event{e}, map[string]string{SetItems: s.items})
}

func noTrace(batch string) error {
	return pos.Errorf("no_trace_number", "resolve open items first", "every trace number of batch %s is in use", batch)
}

// running says that the totals are frozen and the host has not had the last
// word yet.
func running(cause error) error {
	return &pos.Error{
		Code: "settlement_running", Message: "the batch is being settled and the host has not answered yet", Err: cause,
		Remedy: "it goes on by itself when the line is back; take cash meanwhile",
	}
}

func codeOf(err error) string {
	var e *pos.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// refused says that the host answered a message of the settlement with a code.
func (d *Desk) refused(what, code string) error {
	text := code
	if d.o.Codes != nil {
		text += " (" + d.o.Codes.Lookup(code).Text("en") + ")"
	}
	return pos.Errorf("settlement_refused", "it is tried again by itself; call the acquirer with the code if it stays", "the host answered %s to %s", text, what)
}

// empty is the report of a batch in which nothing was taken.
func (s survey) empty(by string, now time.Time) Report {
	return Report{Batch: s.batch, Next: s.batch, Balanced: true, Empty: true, LeftOut: s.left, By: by, Begun: now, Ended: now}
}

// Last gives the last settlement that was closed, whoever finished it; false if
// there was none.
func (d *Desk) Last() (Report, bool) {
	w, ok := parse(d.o.Journal.Setting(SetLast))
	if !ok {
		return Report{}, false
	}
	rep, err := d.report(w)
	if err != nil {
		d.o.Log.Error("the last settlement cannot be read", "error", err)
	}
	return rep, err == nil
}
