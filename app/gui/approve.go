package gui

import (
	"context"
	"errors"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/kit"
	"tillkeeper/app/gui/screen"
	"tillkeeper/app/pos"
)

// codeNeedsSupervisor is the refusal that a supervisor's PIN turns into a yes.
const codeNeedsSupervisor = "needs_supervisor"

// codeItemsLeft is the refusal of a settlement that leaves something out; a supervisor may go on.
const codeItemsLeft = "items_left"

// approvable runs a command that may want a supervisor; if it does, the sheet asks for the PIN and runs it again.
func (t *till) approvable(run func(context.Context, *checkout.Override) error) {
	t.retry, t.after = run, nil
	t.do(func(ctx context.Context) error { return run(ctx, nil) }, nil)
}

// wantsApproval opens the sheet, or keeps it open with the reason, when the command that failed can be approved.
func (t *till) wantsApproval(err error) bool {
	var e *pos.Error
	if t.retry == nil || !errors.As(err, &e) {
		return false
	}
	s := &t.view.Sheet
	switch {
	case s.Open:
		s.Note = t.explain(err)
	case e.Code == codeNeedsSupervisor:
		t.openSheet("")
	default:
		return false
	}
	t.approval, s.PIN = "", 0
	t.draw()
	return true
}

// openSheet asks for a supervisor's PIN, with the reason where it needs one.
func (t *till) openSheet(note string) {
	s := &t.view.Sheet
	*s = screen.Sheet{Open: true, Note: note}
	delete(t.view.First, "approvers")
	for _, who := range t.parts.Staff {
		if who.Role == pos.Supervisor && s.Who == "" {
			s.Who = who.ID
		}
	}
}

// approve does what concerns the sheet.
func (t *till) approve(a kit.Act) {
	s := &t.view.Sheet
	switch a.Verb {
	case screen.VerbApprover:
		s.Who, s.PIN, s.Note, t.approval = a.Arg, 0, "", ""
	case screen.VerbDismiss:
		*s = screen.Sheet{}
		t.retry, t.granted, t.approval = nil, nil, ""
	case screen.VerbApprove:
		run, granted := t.retry, t.granted
		o := &checkout.Override{Staff: s.Who, PIN: t.approval}
		t.approval, s.PIN = "", 0
		if granted != nil && o.Staff != "" && o.PIN != "" {
			*s, t.granted = screen.Sheet{}, nil
			granted(o)
			return
		}
		if run == nil || o.Staff == "" || o.PIN == "" {
			return
		}
		t.apart(func(ctx context.Context) error { return run(ctx, o) }, t.after)
	}
}
