package settle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/app/recon"
	"tillkeeper/app/staff"
)

// Reconciled is what comparing with a file came to: the counts, and what does
// not match, as it stands in the journal now.
type Reconciled struct {
	recon.Report
	File        string
	SHA256      string // of the file, hex
	Differences []pos.Difference
}

// The limits of a reconciliation.
const (
	maxFile  = 1 << 30   // bytes
	maxDiffs = 500       // of one commit
	maxOurs  = 4_000_000 // payments of one day
)

// reach is how many business days before those of the file a payment of ours may
// have been taken: uploads are overdue at 72 h and parked items come later.
const reach = 31

// Reconcile compares the journal with the acquirer's file and keeps what does
// not match. Name is the file's. The same file again changes nothing that was
// resolved. A payment that an earlier file did not have and this one has is
// resolved in the name of who brings the file (How: InLaterFile). Errors:
// pos.Error not_signed_in, file_too_big, what package recon says of a bad
// file (then nothing was kept), or the journal's.
func (d *Desk) Reconcile(ctx context.Context, by pos.Operator, name string, r io.Reader) (Reconciled, error) {
	return d.reconcile(ctx, by, name, "", r)
}

// InLaterFile is how a difference ends whose line came in a later file.
const InLaterFile = "in_later_file"

func (d *Desk) reconcile(ctx context.Context, by pos.Operator, name, day string, r io.Reader) (Reconciled, error) {
	if by.ID == "" {
		return Reconciled{}, notSignedIn()
	}
	d.files.Lock()
	defer d.files.Unlock()
	file, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return Reconciled{}, fmt.Errorf("reading %s: %w", name, err)
	}
	if len(file) > maxFile {
		return Reconciled{}, pos.Errorf("file_too_big", "import it day by day", "%s is larger than %d bytes", name, maxFile)
	}
	sum := sha256.Sum256(file)
	out := Reconciled{File: name, SHA256: hex.EncodeToString(sum[:])}
	known, err := d.known()
	if err != nil {
		return out, err
	}
	layout := d.o.Layout(d.o.Host.FileLayout())
	m := recon.New(d.o.TID, d.o.MID, layout)
	for _, f := range known {
		m.AddOpen(f)
	}
	if err := d.addOurs(ctx, m, layout, day, file); err != nil {
		return out, err
	}
	var fresh []pos.Difference
	now := d.o.Clock.Now()
	out.Report, err = m.Run(bytes.NewReader(file), func(f pos.Difference) error {
		if old, ok := known[f.ID]; ok {
			f = old
		} else {
			f.File, f.Found = name, now
			fresh = append(fresh, f)
		}
		out.Differences = append(out.Differences, f)
		return ctx.Err()
	})
	if err != nil {
		return Reconciled{}, err
	}
	for _, id := range out.Cleared {
		f := known[id]
		f.Resolved, f.By, f.How, f.Reason = now, by.ID, InLaterFile, "its line is in "+name
		fresh = append(fresh, f)
	}
	err = d.keepDifferences(ctx, fresh, d.dated(pos.Event{Type: pos.EvReconciled, By: by.ID, Text: out.says()}))
	d.o.Changed()
	return out, err
}

// says is a reconciliation in words for the journal.
func (r *Reconciled) says() string {
	return fmt.Sprintf("%s sha256 %s, %s to %s: lines %d, matched %d, ours only %d, theirs only %d, amount differs %d, reversed in file %d",
		r.File, r.SHA256, r.First, r.Last, r.Lines, r.Matched, r.OursOnly, r.TheirsOnly, r.AmountDiffers, r.ReversedInFile)
}

// keepDifferences makes differences durable, maxDiffs a commit, and with the
// last of them that the file was compared.
func (d *Desk) keepDifferences(ctx context.Context, fresh []pos.Difference, last pos.Event) error {
	for len(fresh) > maxDiffs {
		if _, err := d.o.Journal.Append(ctx, pos.Commit{Differences: fresh[:maxDiffs]}); err != nil {
			return err
		}
		fresh = fresh[maxDiffs:]
	}
	_, err := d.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{last}, Differences: fresh})
	return err
}

// ReconcileDay fetches the acquirer's file of a day ("2026-11-22") and compares.
// Errors: pos.Error bad_day, not_configured where no address is named, else as
// Reconcile.
func (d *Desk) ReconcileDay(ctx context.Context, by pos.Operator, day string) (Reconciled, error) {
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return Reconciled{}, pos.Errorf("bad_day", "write it as 2026-11-22", "%q is not a day", day)
	}
	if d.o.Fetch == nil {
		return Reconciled{}, pos.Errorf("not_configured", "import the file, or name the acquirer's address for it", "no address for the acquirer's file is configured")
	}
	if by.ID == "" {
		return Reconciled{}, notSignedIn()
	}
	r, err := d.o.Fetch(ctx, day)
	if err != nil {
		return Reconciled{}, err
	}
	defer r.Close() //nolint:errcheck // read only
	return d.reconcile(ctx, by, day+".csv", day, r)
}

// addOurs gives the matcher the payments of the day that the file is of, or of
// the days from its first to its last line, and those of the days before that
// may still stand in it.
func (d *Desk) addOurs(ctx context.Context, m *recon.Matcher, layout recon.Layout, day string, file []byte) error {
	from, to := day, day
	if day == "" {
		err := recon.Decode(bytes.NewReader(file), layout, func(l *recon.Line) error {
			if on := l.Day(); from == "" || on < from {
				from = on
			}
			to = max(to, l.Day())
			return ctx.Err()
		})
		if err != nil || from == "" {
			return err
		}
	} else if t, err := time.Parse(time.DateOnly, day); err == nil {
		m.Cover(t, t)
	}
	q := pos.Query{FromDay: daysFrom(from, -reach), ToDay: daysFrom(to, 1), Limit: maxOurs}
	return d.each(q, func(a pos.Attempt) error {
		m.AddOurs(a)
		return ctx.Err()
	})
}

func daysFrom(day string, n int) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.AddDate(0, 0, n).Format(time.DateOnly)
}

// walker is a journal that hands attempts out one by one.
type walker interface {
	Each(q pos.Query, visit func(pos.Attempt) error) error
}

// each visits the attempts that a query selects, without holding them all where
// the journal can do so, else a day at a time.
func (d *Desk) each(q pos.Query, visit func(pos.Attempt) error) error {
	if w, ok := d.o.Journal.(walker); ok {
		return w.Each(q, visit)
	}
	for day := q.FromDay; day <= q.ToDay; day = daysFrom(day, 1) {
		one := q
		one.FromDay, one.ToDay = day, day
		found, err := d.o.Journal.Find(one)
		if err != nil {
			return err
		}
		for _, a := range found {
			if err := visit(a); err != nil {
				return err
			}
		}
	}
	return nil
}

// known gives the differences that the journal has, by ID.
func (d *Desk) known() (map[string]pos.Difference, error) {
	all, err := d.o.Journal.Differences(true)
	if err != nil {
		return nil, err
	}
	out := make(map[string]pos.Difference, len(all))
	for _, f := range all {
		out[f.ID] = f
	}
	return out, nil
}

// Differences gives those between the journal and the acquirer's files, oldest
// first: unresolved ones, or all.
func (d *Desk) Differences(all bool) ([]pos.Difference, error) { return d.o.Journal.Differences(all) }

// ResolveDifference ends a difference by a named person's decision. How is one
// of the words of pos.Difference's proposals or a person's own; the reason is
// wanted in words. Errors: pos.Error not_signed_in, needs_supervisor, reason_wanted,
// already_resolved, unknown_difference, or the journal's.
func (d *Desk) ResolveDifference(ctx context.Context, by pos.Operator, o *Approval, id, how, reason string) (pos.Difference, error) {
	d.files.Lock()
	defer d.files.Unlock()
	if err := d.mayResolve(by, o); err != nil {
		return pos.Difference{}, err
	}
	if how == "" || reason == "" {
		return pos.Difference{}, pos.Errorf("reason_wanted", "say what was done and why", "a difference is resolved with a reason")
	}
	known, err := d.known()
	if err != nil {
		return pos.Difference{}, err
	}
	f, ok := known[id]
	switch {
	case !ok:
		return f, pos.Errorf("unknown_difference", "name one of the list", "there is no difference %q", id)
	case !f.Resolved.IsZero():
		return f, pos.Errorf("already_resolved", "look at who resolved it", "difference %s was resolved by %s", id, f.By)
	}
	person := by.ID
	if o != nil {
		person = o.Staff
	}
	f.Resolved, f.By, f.How, f.Reason = d.o.Clock.Now(), person, how, reason
	e := pos.Event{Type: pos.EvDifferenceResolved, By: person, How: how, Reason: reason, Batch: f.Batch, STAN: f.STAN, Text: id}
	if _, err := d.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{e}, Differences: []pos.Difference{f}}); err != nil {
		return f, err
	}
	d.o.Changed()
	return f, nil
}

// mayResolve wants somebody who may resolve, alone or with an approval.
func (d *Desk) mayResolve(by pos.Operator, o *Approval) error {
	switch {
	case by.ID == "":
		return notSignedIn()
	case o != nil:
		_, err := d.o.Staff.Approve(o.Staff, o.PIN, staff.Resolve, d.o.Clock.Now())
		return err
	case !staff.Can(by.Role, staff.Resolve):
		return pos.Errorf("needs_supervisor", "a supervisor approves with staff number and PIN", "a %s may not do this alone", by.Role)
	}
	return nil
}

func notSignedIn() error {
	return pos.Errorf("not_signed_in", "sign in with staff number and PIN", "nobody is signed in")
}
