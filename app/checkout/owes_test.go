package checkout

import (
	"testing"

	"tillkeeper/app/pos"
)

// TestOnlyWhatMayBeOwedWakesTheUnattendedFlow: a sale that was simply approved or refused owes nothing.
func TestOnlyWhatMayBeOwedWakesTheUnattendedFlow(t *testing.T) {
	for name, c := range map[string]struct {
		p    payment
		a    pos.Attempt
		owes bool
	}{
		"approved":             {payment{tender: pos.Card}, pos.Attempt{State: pos.Approved}, false},
		"refused":              {payment{tender: pos.Card}, pos.Attempt{State: pos.Declined}, false},
		"cash":                 {payment{tender: pos.Cash}, pos.Attempt{State: pos.Approved}, false},
		"to be reversed":       {payment{tender: pos.Card}, pos.Attempt{State: pos.Reversing}, true},
		"taken without a host": {payment{tender: pos.Card}, pos.Attempt{State: pos.OfflineApproved}, true},
		"scripts":              {payment{tender: pos.Card, scripts: []byte{0}}, pos.Attempt{State: pos.Approved}, true},
		"a void":               {payment{tender: pos.Card, kind: pos.Void}, pos.Attempt{State: pos.Approved}, true},
		"not kept":             {payment{tender: pos.Card, result: result{failed: pos.ErrSafeMode}}, pos.Attempt{State: pos.Approved}, true},
		"paid otherwise":       {payment{tender: pos.QR, settles: &pos.Attempt{}}, pos.Attempt{State: pos.Approved}, true},
		"cannot be read":       {payment{tender: pos.Card}, pos.Attempt{}, true},
	} {
		if c.p.kind == "" {
			c.p.kind = pos.Sale
		}
		if got := c.p.owes(&c.a); got != c.owes {
			t.Errorf("%s: owes is %v", name, got)
		}
	}
}
