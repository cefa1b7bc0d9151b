package gui

import (
	"context"
	"slices"
	"strconv"

	"tillkeeper/app/pos"
)

// Slips are the receipts on their way to the printer. Equipment that has them is asked for them.
type Slips interface {
	PrintJobs() []pos.Printing // oldest first
	PrintAgain(id int) error   // one in doubt as a copy; one that waits is tried now
	PrintForget(id int) bool   // takes a job off the list
}

// The states of a print job that are told apart here.
const (
	slipPrinted = "printed"
	slipQueued  = "queued"
)

// printAgain prints a slip in doubt once more, or tries one that waits.
func (t *till) printAgain(arg string) {
	slips, ok := t.parts.Equipment.(Slips)
	id, err := strconv.Atoi(arg)
	if !ok || err != nil {
		return
	}
	t.beside(func(context.Context) error { return slips.PrintAgain(id) }, func(err error) {
		if err != nil {
			t.say(t.explain(err))
		}
		t.loadGear()
	})
}

// forgetSlips takes what waits off the printer's list; the receipts can be printed again.
func (t *till) forgetSlips() {
	slips, ok := t.parts.Equipment.(Slips)
	if !ok {
		return
	}
	list := slices.Clone(t.view.Gear.Slips)
	t.beside(func(context.Context) error {
		for _, s := range list {
			if s.State == slipQueued {
				slips.PrintForget(s.ID)
			}
		}
		return nil
	}, func(error) { t.loadGear() })
}
