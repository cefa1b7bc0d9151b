package gui

import (
	"context"

	"tillkeeper/app/checkout"
	"tillkeeper/app/gui/screen"
)

// follow reads what became of the payment whose outcome is on the screen: whether the reversal of an unknown one is
// confirmed by now, and whether the receipt of an approved one is printed.
func (t *till) follow() {
	if !t.follows() {
		return
	}
	o := t.snap.Outcome
	id, receipt := o.Attempt.ID, o.Attempt.Receipt
	var now screen.Followed
	t.quietly(func(context.Context) (err error) {
		if o.Kind == checkout.OutcomeUnknown {
			now.Attempt, err = t.parts.Face.Journal().Attempt(id)
		}
		if slips, ok := t.parts.Equipment.(Slips); ok && err == nil {
			for _, s := range slips.PrintJobs() {
				if s.Number == receipt && receipt != "" {
					now.Slip = s.State // the newest one
				}
			}
		}
		return err
	}, func() {
		if o := t.snap.Outcome; t.snap.Step == checkout.StepOutcome && o != nil && o.Attempt.ID == id {
			t.view.Followed = now
		}
	})
}

// follows says whether the outcome on the screen is of a kind that goes on by itself.
func (t *till) follows() bool {
	o := t.snap.Outcome
	switch {
	case t.snap.Step != checkout.StepOutcome || o == nil:
		return false
	case o.Kind == checkout.OutcomeUnknown:
		return o.Attempt.ID != "" // even of one that is reversed: an approval that comes late takes the reversal up again (ADR 005)
	}
	_, prints := t.parts.Equipment.(Slips)
	return prints && o.Kind == checkout.OutcomeApproved && o.Attempt.Receipt != "" && t.view.Followed.Slip != slipPrinted
}
