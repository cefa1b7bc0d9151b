package acquirer

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"tillkeeper/app/pos"
	link "tillkeeper/drivers/acquirer"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys"
)

// TestTheTillsOwnLink lets the real line speak to the host: keys, MACs and matching have to agree.
func TestTheTillsOwnLink(t *testing.T) {
	h, addr := start(t, func(c *Config) { c.Random = nil })
	store, err := keys.OpenDemo(filepath.Join(t.TempDir(), "demo.key"), DefaultTMK)
	if err != nil {
		t.Fatal(err)
	}
	l := link.New(link.Options{
		Address: addr, Profile: h.cfg.Profile, TID: "12345678", MID: "123456789012345",
		Keys: store.Port(wire.MAC), Timeout: 2 * time.Second,
	})
	defer l.Close() //nolint:errcheck // end of the test
	ctx := context.Background()
	on, err := l.SignOn(ctx, "000001", "000001", "001")
	if err != nil || on.Batch != "000001" {
		t.Fatalf("%v %+v", err, on)
	}
	if err := l.Echo(ctx, "000002", "000001"); err != nil {
		t.Fatal(err)
	}
	card := pos.CardData{PAN: testPAN, Expiry: "2806", Sequence: "001", Entry: "contactless"}
	ask := func(op pos.Operation, stan, reason string) (pos.Reply, error) {
		return l.Exchange(ctx, pos.Request{
			Op: op, Original: pos.OpSale, STAN: stan, Batch: "000001", Amount: 100, Card: card, Reason: reason, Org: "CUP",
		})
	}
	good := func(op pos.Operation, stan, reason, code string) {
		t.Helper()
		if r, err := ask(op, stan, reason); err != nil || r.Code != code {
			t.Fatalf("%s %s: %v %+v", op, stan, err, r)
		}
	}
	good(pos.OpSale, "000003", "", "00")
	good(pos.OpReversal, "000003", "98", "00")
	good(pos.OpReversal, "000004", "98", "25")
	for i, f := range []struct {
		fault Fault
		want  error
	}{{DropAnswer, pos.ErrNoAnswer}, {BadMAC, pos.ErrBadMAC}, {NoMAC, pos.ErrBadMAC}, {ForeignSTAN, pos.ErrNoAnswer}, {HalfFrame, pos.ErrNoAnswer}, {Reset, pos.ErrNoAnswer}} {
		if err := h.SetFaults(&Plan{Rules: []Rule{{Fault: f.fault, MTI: "0200", Times: 1}}}); err != nil {
			t.Fatal(err)
		}
		stan := "00001" + string(rune('0'+i))
		if r, err := ask(pos.OpSale, stan, ""); !errors.Is(err, f.want) {
			t.Fatalf("%s: %v %+v", f.fault, err, r)
		}
		good(pos.OpReversal, stan, "98", "00")
	}
	if got := h.Balance(testPAN); got != accounts(t)[testPAN].Balance {
		t.Errorf("%d fen left", got)
	}
}
