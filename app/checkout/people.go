package checkout

import (
	"context"
	"errors"

	"tillkeeper/app/pos"
	"tillkeeper/app/staff"
)

// SignIn opens the till for an operator. The sign-in does not survive a
// restart.
func (s *Session) SignIn(ctx context.Context, id, pin string) (pos.Operator, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return pos.Operator{}, pos.Errorf("payment_running", "wait for its outcome", "a payment is being made")
	}
	op, err := s.o.Staff.SignIn(id, pin, s.o.Clock.Now())
	event := pos.Event{Type: pos.EvSignedIn, By: id}
	if err != nil {
		event.Type = pos.EvSignInRefused
	}
	if _, errJournal := s.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{event}}); errJournal != nil {
		return pos.Operator{}, journalFault(errJournal)
	}
	if err != nil {
		return pos.Operator{}, err
	}
	op.Secret = ""
	s.operator, s.step, s.outcome = op, StepSale, nil
	s.publish()
	return op, nil
}

// SignOut closes the till for its operator; the basket stays, and what waits
// goes on waiting and being sent.
func (s *Session) SignOut(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.signedIn(); err != nil {
		return err
	}
	if s.running != nil {
		return pos.Errorf("payment_running", "wait for its outcome", "a payment is being made")
	}
	if _, err := s.o.Journal.Append(ctx, pos.Commit{Events: []pos.Event{{Type: pos.EvSignedOut, By: s.operator.ID}}}); err != nil {
		return journalFault(err)
	}
	s.operator, s.step, s.outcome = pos.Operator{}, StepSignIn, nil
	s.publish()
	return nil
}

func (s *Session) signedIn() error {
	if s.operator.ID == "" {
		return pos.Errorf("not_signed_in", "sign in with staff number and PIN", "nobody is signed in")
	}
	return nil
}

func journalFault(err error) error {
	code, remedy := "journal_fault", "take no money; run the self-test"
	if errors.Is(err, pos.ErrFull) {
		code, remedy = "disk_full", "free space on the disk, then try again"
	}
	return &pos.Error{Code: code, Message: "the journal did not take it", Remedy: remedy, Err: err}
}

// allowed says whether the one signed in, or else the supervisor who approves,
// may do something.
func (s *Session) allowed(p staff.Permission, o *Override) error {
	if staff.Can(s.operator.Role, p) {
		return nil
	}
	if o == nil {
		return pos.Errorf("needs_supervisor", "a supervisor approves with staff number and PIN", "a %s may not do this alone", s.operator.Role)
	}
	_, err := s.o.Staff.Approve(o.Staff, o.PIN, p, s.o.Clock.Now())
	return err
}
