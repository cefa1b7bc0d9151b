package settle

import (
	"context"
	"strings"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/keys"
	simhost "tillkeeper/drivers/sim/acquirer"
)

// TestCashierStopsAtWhatIsLeftAndASupervisorGoesOn: named with count and sum; it
// keeps its batch number, stays out of the totals, and ends later.
func TestCashierStopsAtWhatIsLeftAndASupervisorGoesOn(t *testing.T) {
	r := newRig(t)
	r.signOn()
	sold := r.sell(1000)
	r.bank.faults(simhost.Rule{Fault: simhost.Code, MTI: "0400", Code: "96"})
	left := r.lose(250)
	_, err := r.desk.Settle(context.Background(), cashier, nil)
	r.wantCode(err, "items_left")
	if !strings.Contains(err.Error(), "1 payments of 2.50") || r.desk.Running() {
		t.Errorf("%v", err)
	}
	_, err = r.desk.Settle(context.Background(), cashier, &Approval{"2001", "000000"})
	r.wantCode(err, "wrong_pin")
	_, err = r.desk.Settle(context.Background(), cashier, &Approval{"1001", "135790"})
	r.wantCode(err, "needs_supervisor")
	rep, err := r.desk.Settle(context.Background(), cashier, &Approval{"2001", "135790"})
	r.must(err)
	want := pos.BatchTotals{Debit: 1000, DebitCount: 1}
	if rep.Till != want || len(rep.LeftOut) != 1 || rep.LeftOut[0].ID != left {
		t.Errorf("%+v", rep)
	}
	r.finished("000001", "000002")
	r.wantState(pos.Settled, sold)
	r.wantState(pos.Reversing, left)
	if a := r.attempt(left); a.Batch != "000001" {
		t.Errorf("it moved to batch %s", a.Batch)
	}
	key := pos.BatchKey("000001")
	if !hasKey(r.vault, key) {
		t.Fatal("the key of a reversal that is owed is gone")
	}
	r.bank.faults()
	if n, err := r.forward.Forward(context.Background()); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	r.desk.Tidy(context.Background())
	r.wantState(pos.Reversed, left)
	if hasKey(r.vault, key) || r.store.Setting(SetClosed) != "[]" {
		t.Errorf("the batch is not forgotten: %s", r.store.Setting(SetClosed))
	}
}

func hasKey(v *keys.Sealer, key string) bool {
	for _, k := range v.Keys() {
		if k == key {
			return true
		}
	}
	return false
}

// TestLeftOutUploadEndsAsSettledLater: it reached the host after its batch was
// closed.
func TestLeftOutUploadEndsAsSettledLater(t *testing.T) {
	r := newRig(t)
	r.signOn()
	r.sell(1000)
	r.timeout = brief
	r.again()
	r.bank.faults(simhost.Rule{Fault: simhost.DropRequest, Type: "36"})
	up := r.offline(300)
	rep := r.settle()
	if len(rep.LeftOut) != 1 || rep.Till.Debit != 1000 {
		t.Fatalf("%+v", rep)
	}
	r.bank.faults()
	if n, err := r.forward.Forward(context.Background()); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	r.wantState(pos.Delivered, up)
	r.desk.Tidy(context.Background())
	r.wantState(pos.Settled, up)
	if a := r.attempt(up); a.Batch != "000001" {
		t.Errorf("it moved to batch %s", a.Batch)
	}
}

// TestAPreauthorizationOutlivesItsBatch: sealed anew, completed later, and the
// old key is destroyed.
func TestAPreauthorizationOutlivesItsBatch(t *testing.T) {
	r := newRig(t)
	r.signOn()
	hold := r.pay(pos.Preauth, 800, "")
	done := r.pay(pos.Preauth, 400, "")
	r.pay(pos.Completion, 300, done)
	for _, next := range []string{"000002", "000003"} {
		r.sell(1000)
		r.settle()
		a := r.attempt(hold)
		card, err := pos.OpenCard(r.vault, a.Sealed, a.ID)
		if err != nil || card.PAN != pan || a.Sealed.Key != pos.BatchKey(next) || a.State != pos.Approved {
			t.Fatalf("%+v, %v", a, err)
		}
		if a := r.attempt(done); a.Sealed.Key != pos.BatchKey("000001") {
			t.Errorf("one that was completed is sealed under %s", a.Sealed.Key)
		}
	}
	if hasKey(r.vault, pos.BatchKey("000001")) || hasKey(r.vault, pos.BatchKey("000002")) {
		t.Errorf("keys %v", r.vault.Keys())
	}
	r.pay(pos.Completion, 700, hold)
	r.settle()
	if got := r.store.Setting(SetHolds); got != "[]" {
		t.Errorf("standing: %s", got)
	}
}

// TestWhoNobodyKnowsSettlesNothing: somebody is signed in.
func TestWhoNobodyKnowsSettlesNothing(t *testing.T) {
	r := newRig(t)
	_, err := r.desk.Settle(context.Background(), pos.Operator{}, nil)
	r.wantCode(err, "not_signed_in")
}
