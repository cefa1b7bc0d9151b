package headless

import (
	"testing"

	"tillkeeper/app/checkout"
	"tillkeeper/app/pos"
)

// still is a till that owes nothing; paperless one that prints nothing, signing one whose host may ask for a sign-on.
type (
	still     struct{ checkout.Face }
	nothing   struct{ checkout.Reader }
	paperless struct{ Bench }
	signing   struct {
		Queue
		asked bool
	}
)

func (still) Journal() checkout.Reader       { return nothing{} }
func (nothing) Open() ([]pos.Attempt, error) { return nil, nil }
func (paperless) Printed() bool              { return true }
func (s signing) Link() pos.Link             { return pos.Link{SignOn: s.asked} }

// TestWaitIdleWaitsForTheSignOnThatTheHostAskedFor: it was answered 3 s before the till signed on, and a script that went on
// from there took the sign-on for one of its own.
func TestWaitIdleWaitsForTheSignOnThatTheHostAskedFor(t *testing.T) {
	for _, asked := range []bool{false, true} {
		f := &face{Options: Options{Face: still{}, Bench: paperless{}, Queue: signing{asked: asked}}}
		if ok, err := f.idle(); ok == asked || err != nil {
			t.Errorf("asked %v: idle %v, %v", asked, ok, err)
		}
	}
}
