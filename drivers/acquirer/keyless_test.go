package acquirer_test

import (
	"context"
	"errors"
	"testing"

	"tillkeeper/app/pos"
	simhost "tillkeeper/drivers/sim/acquirer"
)

// TestASignOnWithoutAnAnswerLeavesNoKeys: the host took a sign-on whose answer is lost, so it has other keys than the till;
// the till trades under none until it has signed on again.
func TestASignOnWithoutAnAnswerLeavesNoKeys(t *testing.T) {
	s := open(t, profile(t, "cup"))
	if err := s.host.SetFaults(&simhost.Plan{Rules: []simhost.Rule{{Fault: simhost.Reset, MTI: "0800", Times: 1}}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.line.SignOn(context.Background(), s.stan(), batch, "001"); !errors.Is(err, pos.ErrNoAnswer) || s.line.Ready() {
		t.Errorf("%v, ready %v", err, s.line.Ready())
	}
	if _, err := s.line.Exchange(context.Background(), s.pay(pos.OpSale, 100)); !errors.Is(err, pos.ErrNoKeys) {
		t.Errorf("%v", err)
	}
	s.signOn()
	s.ask(s.pay(pos.OpSale, 100), "00")
	s.left(wealth - 100)
}
