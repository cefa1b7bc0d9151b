package settle

import (
	"context"
	"testing"

	"tillkeeper/app/pos"
	simhost "tillkeeper/drivers/sim/acquirer"
)

// TestAPaymentWhoseUploadIsRefusedDoesNotKeepTheBatchOpen: the host refuses a
// message of eight again and again; they go one by one, over a restart too, and
// the one that is refused alone is named, while the others are taken.
func TestAPaymentWhoseUploadIsRefusedDoesNotKeepTheBatchOpen(t *testing.T) {
	r := newRig(t)
	r.signOn()
	var sold []string
	for i := range 10 {
		sold = append(sold, r.sell(pos.Amount(100+i)))
	}
	r.unheard(4444)
	r.bank.faults(simhost.Rule{Fault: simhost.Code, MTI: "0320", Code: "12", Times: maxRefusals + 1})
	for range maxRefusals - 1 {
		_, err := r.desk.Settle(context.Background(), supervisor, nil)
		r.wantCode(err, "settlement_refused")
		r.again()
		r.signOn()
	}
	r.tap.forget()
	rep := r.settle()
	if rep.Uploaded != 9 || len(rep.Untaken) != 1 || rep.Untaken[0].ID != sold[0] || len(rep.LeftOut) != 0 {
		t.Errorf("%+v", rep)
	}
	single, end := 0, ""
	for _, f := range r.tap.frames() {
		text := f.m.Get(48)
		switch {
		case f.m.MTI != "0320":
		case !f.isUpload():
			end = text
		case text[:2] == "01":
			single++
		}
	}
	if single != pos.UploadLimit || end != "0009" {
		t.Errorf("%d payments went alone, the end says %q", single, end)
	}
	if next, left := pos.OpenBatch(r.store), r.store.Setting(pos.SetSettling); next != "000002" || left != "" {
		t.Errorf("batch %s is open, %q is left", next, left)
	}
	r.wantState(pos.Settled, sold...)
	if last, ok := r.desk.Last(); !ok || len(last.Untaken) != 1 {
		t.Errorf("remembered: %+v", last)
	}
}

// TestAHostThatCannotNowIsAskedAgain: what it cannot take just now is passed over
// never.
func TestAHostThatCannotNowIsAskedAgain(t *testing.T) {
	r := newRig(t)
	r.signOn()
	sold := r.sell(1000)
	r.unheard(4444)
	r.bank.faults(simhost.Rule{Fault: simhost.Code, MTI: "0320", Code: "96", Times: 3 * maxRefusals})
	for range 3 * maxRefusals {
		_, err := r.desk.Settle(context.Background(), supervisor, nil)
		r.wantCode(err, "settlement_refused")
	}
	if rep := r.settle(); rep.Uploaded != 1 || len(rep.Untaken) != 0 {
		t.Errorf("%+v", rep)
	}
	r.wantState(pos.Settled, sold)
}
