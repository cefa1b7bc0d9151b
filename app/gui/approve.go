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

// approvable runs a command that may want a supervisor; if it does, the sheet asks for the PIN and runs it again.
func (t *till) approvable(run func(context.Context, *checkout.Override) error) {
	t.retry = run
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
		*s = screen.Sheet{Open: true}
		for _, who := range t.parts.Staff {
			if who.Role == pos.Supervisor && s.Who == "" {
				s.Who = who.ID
			}
		}
	default:
		return false
	}
	t.approval, s.PIN = "", 0
	t.draw()
	return true
}

// approve does what concerns the sheet.
func (t *till) approve(a kit.Act) {
	s := &t.view.Sheet
	switch a.Verb {
	case screen.VerbApprover:
		s.Who, s.PIN, s.Note, t.approval = a.Arg, 0, "", ""
	case screen.VerbDismiss:
		*s = screen.Sheet{}
		t.retry, t.approval = nil, ""
	case screen.VerbApprove:
		run := t.retry
		o := &checkout.Override{Staff: s.Who, PIN: t.approval}
		t.approval, s.PIN = "", 0
		if run == nil || o.Staff == "" || o.PIN == "" {
			return
		}
		t.apart(func(ctx context.Context) error { return run(ctx, o) }, nil)
	}
}
