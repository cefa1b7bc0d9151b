package gui

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
	"tillkeeper/app/settle"
)

// Closing closes the batch, compares the journal with the acquirer's file and tells the story of a payment.
type Closing interface {
	Settle(ctx context.Context, by pos.Operator, o *settle.Approval) (settle.Report, error)
	Running() bool
	Progress() (stage string, done, of int)
	Last() (settle.Report, bool)
	Preview() (pos.BatchTotals, []pos.Attempt, error)
	Reconcile(ctx context.Context, by pos.Operator, name string, r io.Reader) (settle.Reconciled, error)
	ReconcileDay(ctx context.Context, by pos.Operator, day string) (settle.Reconciled, error)
	Differences(all bool) ([]pos.Difference, error)
	ResolveDifference(ctx context.Context, by pos.Operator, o *settle.Approval, id, how, reason string) (pos.Difference, error)
	Story(attempt string) (settle.Story, error)
	PrintStory(attempt string, by pos.Operator) error
}

// desk does what concerns decisions, settlement, files and stories.
func (t *till) desk(a kit.Act) {
	v := &t.view
	switch a.Verb {
	case screen.VerbDecide:
		t.openItem(a.Arg)
	case screen.VerbHow:
		v.Decide.How = a.Arg
	case screen.VerbLink:
		face := t.parts.Face
		t.long(true, func(ctx context.Context, _ *checkout.Override) error {
			_, err := face.PayLink(ctx, a.Arg)
			return err
		}, nil)
	case screen.VerbFetch:
		t.fetch(a.Arg)
	case screen.VerbDiffer:
		for _, d := range v.Closing.List {
			if d.ID == a.Arg {
				v.Decide, v.Screen, v.Notice = screen.Decide{Difference: d}, screen.Differ, ""
			}
		}
	case screen.VerbWindow:
		if n, err := strconv.Atoi(a.Arg); err == nil {
			v.Claim.Days = n
			t.loadClaim()
		}
	case screen.VerbHour:
		n, err := strconv.Atoi(a.Arg)
		if err != nil {
			return
		}
		v.Claim.Hour = (v.Claim.Hour+1+n+25)%25 - 1 // 24 hours and the whole day
		t.loadClaim()
	case screen.VerbField:
		v.Claim.Field = a.Arg
		if a.Arg == "" {
			v.Claim.Field = screen.FieldAmount
		}
	case screen.VerbStory:
		t.tell(a.Arg)
	case screen.VerbSlip:
		desk, by := t.parts.Closing, t.snap.Operator
		if desk != nil {
			t.do(func(context.Context) error { return desk.PrintStory(a.Arg, by) }, nil)
		}
	}
}

// goToMoney reads what a screen of this file shows when it is opened.
func (t *till) goToMoney(name screen.Name) {
	v := &t.view
	switch name {
	case screen.Refund:
		v.Undoing.Qty, v.Undoing.Amount, v.Undoing.Reason = nil, "", ""
	case screen.Cards:
		v.CardDo.Chosen = ""
		t.loadCards()
	case screen.Settle:
		t.loadClosing()
	case screen.Reconcile:
		t.loadFiles()
	case screen.Charged:
		t.loadClaim()
	}
}

// openItem shows an item that a person decides.
func (t *till) openItem(id string) {
	var a pos.Attempt
	t.do(func(context.Context) (err error) {
		a, err = t.parts.Face.Journal().Attempt(id)
		return err
	}, func() { t.view.Decide, t.view.Screen = screen.Decide{Attempt: a}, screen.Resolve })
}

// decided records the decision that was confirmed.
func (t *till) decided() {
	v, by := &t.view, t.snap.Operator
	d := v.Decide
	reason := screen.GroundWords(d.Reason, d.Number)
	if v.Screen == screen.Differ {
		t.long(false, func(ctx context.Context, o *checkout.Override) error {
			_, err := t.parts.Closing.ResolveDifference(ctx, by, approval(o), d.Difference.ID, d.How, reason)
			return err
		}, func() { t.goTo(screen.Reconcile) })
		return
	}
	face := t.parts.Face
	t.long(false, func(ctx context.Context, o *checkout.Override) error {
		_, err := face.Resolve(ctx, checkout.Resolving{Attempt: d.Attempt.ID, How: d.How, Reason: reason, Override: o})
		return err
	}, func() { t.goTo(screen.Queue) })
}

func approval(o *checkout.Override) *settle.Approval {
	if o == nil {
		return nil
	}
	return &settle.Approval{Staff: o.Staff, PIN: o.PIN}
}

// settle closes the batch beside the sale; what it leaves out wants a supervisor.
func (t *till) settle(o *checkout.Override) {
	v := &t.view.Closing
	if t.parts.Closing == nil || v.Running {
		return
	}
	v.Running, v.Fault, v.Stage, t.view.Notice = true, "", settle.StageForward, ""
	by := t.snap.Operator
	var rep settle.Report
	t.beside(func(ctx context.Context) (err error) {
		rep, err = t.parts.Closing.Settle(ctx, by, approval(o))
		return err
	}, func(err error) {
		v.Running = false
		var e *pos.Error
		switch {
		case err == nil:
			v.Report = &rep
		case !errors.As(err, &e):
			v.Fault = "settlement_refused"
		case (e.Code == codeItemsLeft || e.Code == codeNeedsSupervisor || o != nil && e.Code != "settlement_running") && t.view.Screen == screen.Settle:
			t.granted = t.settle
			t.openSheet(t.explain(err))
		default:
			v.Fault = e.Code
		}
		t.loadClosing()
		t.draw()
	})
}

// loadClosing reads how far a settlement is, and the last one.
func (t *till) loadClosing() {
	desk := t.parts.Closing
	if desk == nil {
		return
	}
	var rep settle.Report
	var known, running bool
	var stage string
	var done, of int
	var now screen.Preview
	t.quietly(func(context.Context) (err error) {
		running = desk.Running()
		stage, done, of = desk.Progress()
		rep, known = desk.Last()
		now.Totals, now.Left, err = desk.Preview()
		return err
	}, func() {
		v := &t.view.Closing
		v.Preview = now
		v.Open, v.Done, v.Of = running, done, of
		if stage != "" {
			v.Stage = stage
		}
		if v.Report != nil && known && rep.Ended.After(v.Report.Ended) {
			v.Fault = "" // of a try before it
		}
		if known && (v.Report == nil || !v.Report.Empty || rep.Ended.After(v.Report.Ended)) {
			v.Report = &rep
		}
	})
}

// filesLimit bounds the files that are offered.
const filesLimit = 200

// loadFiles reads which files of the acquirer there are, and what is not resolved yet.
func (t *till) loadFiles() {
	desk, dir := t.parts.Closing, t.parts.FilesDir
	var names []string
	var list []pos.Difference
	t.do(func(context.Context) (err error) {
		if dir != "" {
			entries, err := os.ReadDir(dir)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
			for _, e := range entries {
				if !e.IsDir() && strings.EqualFold(filepath.Ext(e.Name()), ".csv") {
					names = append(names, e.Name())
				}
			}
			slices.Sort(names)
			slices.Reverse(names)
		}
		if desk != nil {
			list, err = desk.Differences(false)
		}
		return err
	}, func() {
		v := &t.view.Closing
		v.Files, v.List = names[:min(len(names), filesLimit)], list
		t.view.First["differences"] = 0
	})
}

// fetch compares with a file of the folder, or with yesterday's from the acquirer.
func (t *till) fetch(name string) {
	desk, by := t.parts.Closing, t.snap.Operator
	if desk == nil {
		return
	}
	yesterday := t.parts.Day(t.now().AddDate(0, 0, -1))
	t.retry, t.after, t.view.Notice = nil, nil, ""
	var out settle.Reconciled
	t.apart(func(ctx context.Context) (err error) {
		if name == "" {
			out, err = desk.ReconcileDay(ctx, by, yesterday)
			return err
		}
		f, err := os.Open(filepath.Join(t.parts.FilesDir, filepath.Base(name)))
		if err != nil {
			return &pos.Error{Code: "bad_file", Message: "the file cannot be opened", Remedy: "copy it again", Err: err}
		}
		defer f.Close() //nolint:errcheck // read only
		out, err = desk.Reconcile(ctx, by, name, f)
		var e *pos.Error
		if err != nil && !errors.As(err, &e) {
			return &pos.Error{Code: "bad_file", Message: "the file cannot be read", Remedy: "ask the acquirer for it again", Err: err}
		}
		return err
	}, func() {
		t.view.Closing.Result = &out
		t.loadFiles()
	})
}

// claimLimit bounds the payments that a search for a claim reads.
const claimLimit = 2000

// loadClaim finds the payments that a customer may mean: the failed ones first.
func (t *till) loadClaim() {
	q := t.view.Claim
	sum, err := pos.ParseAmount(q.Amount)
	if err != nil {
		sum = 0
	}
	short := q.Last4 != "" && len(q.Last4) < last4Digits
	if sum == 0 && (q.Last4 == "" || short) {
		t.view.Claim.Found = nil
		return
	}
	now := t.now()
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	ask := pos.Query{Amount: sum, From: midnight.AddDate(0, 0, -q.Days), Limit: claimLimit}
	if q.Days == 1 {
		ask.To = midnight
	}
	if !short {
		ask.Last4 = q.Last4
	}
	var found []pos.Attempt
	t.do(func(context.Context) (err error) {
		found, err = t.parts.Face.Journal().Find(ask)
		return err
	}, func() {
		found = slices.DeleteFunc(found, func(a pos.Attempt) bool {
			if a.Tender == pos.Cash || a.Kind == pos.Balance {
				return true
			}
			h := a.Created.In(now.Location()).Hour()
			return q.Hour != screen.AnyHour && (h < q.Hour-1 || h > q.Hour+1)
		})
		slices.SortStableFunc(found, func(a, b pos.Attempt) int { return cmp.Compare(paid(&a), paid(&b)) })
		t.view.Claim.Found, t.view.First["claims"] = found, 0
	})
}

// paid is 1 for a payment that stands, which is no failed sale.
func paid(a *pos.Attempt) int {
	if pos.StateRules[a.State].Counted {
		return 1
	}
	return 0
}

// tell shows the whole story of one payment.
func (t *till) tell(id string) {
	desk := t.parts.Closing
	back := screen.Charged
	if t.view.Screen == screen.Record {
		back = screen.Record
	}
	var s settle.Story
	t.do(func(context.Context) (err error) {
		if desk != nil {
			s, err = desk.Story(id)
			return err
		}
		if s.Attempt, err = t.parts.Face.Journal().Attempt(id); err == nil {
			s.Events, err = t.parts.Face.Journal().Events(id)
		}
		return err
	}, func() {
		t.view.Claim.Tale, t.view.Claim.Back, t.view.Screen = &s, back, screen.Story
		t.view.First["tale"] = 0
	})
}
