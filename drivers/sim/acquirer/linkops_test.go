package acquirer

import (
	"context"
	"encoding/hex"
	"path/filepath"
	"testing"
	"time"

	"tillkeeper/app/pos"
	link "tillkeeper/drivers/acquirer"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys"
)

// linked is the till's own line to a host, signed on.
type linked struct {
	t *testing.T
	l *link.Link
}

func connected(t *testing.T) (*Host, linked) {
	t.Helper()
	h, addr := start(t, func(c *Config) { c.Random = &known{} })
	store, err := keys.OpenDemo(filepath.Join(t.TempDir(), "demo.key"), DefaultTMK)
	if err != nil {
		t.Fatal(err)
	}
	l := link.New(link.Options{
		Address: addr, Profile: h.cfg.Profile, TID: "12345678", MID: "123456789012345", Keys: store.Port(wire.MAC), Timeout: patient,
	})
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := l.SignOn(t.Context(), "000001", "000001", "001"); err != nil {
		t.Fatal(err)
	}
	return h, linked{t, l}
}

// ask exchanges one request and wants its code.
func (c linked) ask(want string, r pos.Request) pos.Reply {
	c.t.Helper()
	if r.Batch == "" {
		r.Batch = "000001"
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), 3*patient)
	defer cancel()
	a, err := c.l.Exchange(ctx, r)
	if err != nil || a.Code != want {
		c.t.Fatalf("%s %s: %v, code %q, want %q", r.Op, r.STAN, err, a.Code, want)
	}
	return a
}

// TestEveryOperationOfTheTillsOwnLine lets the till's line word each operation, and the host judge it.
func TestEveryOperationOfTheTillsOwnLine(t *testing.T) {
	h, c := connected(t)
	first := h.Balance(testPAN)
	card := pos.CardData{PAN: testPAN, Expiry: "2806", Sequence: "001", Entry: "contactless"}
	keyed := pos.CardData{PAN: testPAN, Expiry: "2806", Entry: "keyed"}
	about := func(stan string, a pos.Reply) pos.Origin {
		return pos.Origin{Batch: "000001", STAN: stan, Date: a.HostDate, RRN: a.RRN, AuthCode: a.AuthCode}
	}
	reverse := func(of pos.Request) {
		t.Helper()
		of.Original, of.Op, of.Reason = of.Op, pos.OpReversal, "98"
		c.ask("00", of)
	}
	sale := c.ask("00", pos.Request{Op: pos.OpSale, STAN: "000010", Amount: 1000, Card: card})
	if sale.Notify == nil || !*sale.Notify {
		t.Error("the notice is not known")
	}
	void := pos.Request{Op: pos.OpVoid, STAN: "000011", Amount: 1000, Card: keyed, Origin: about("000010", sale)}
	c.ask("00", void)
	reverse(void)
	c.ask("00", pos.Request{Op: pos.OpRefund, STAN: "000012", Amount: 400, Card: keyed, Origin: about("000010", sale)})
	c.ask("64", pos.Request{Op: pos.OpRefund, STAN: "000013", Amount: 601, Card: keyed, Origin: about("000010", sale)})
	hold := c.ask("00", pos.Request{Op: pos.OpPreauth, STAN: "000014", Amount: 3000, Card: card})
	done := c.ask("00", pos.Request{Op: pos.OpCompletion, STAN: "000015", Amount: 2500, Card: keyed, Origin: about("000014", hold)})
	undo := pos.Request{Op: pos.OpCompletionVoid, STAN: "000016", Amount: 2500, Card: keyed, Origin: about("000015", done)}
	c.ask("00", undo)
	free := pos.Request{Op: pos.OpPreauthVoid, STAN: "000017", Amount: 3000, Card: keyed, Origin: about("000014", hold)}
	c.ask("00", free)
	reverse(free)
	if h.Balance(testPAN) != first-600-3000 {
		t.Errorf("%d fen", first-h.Balance(testPAN))
	}
	code := pos.CardData{Entry: "code", Code: "130000000000000018"}
	scan := pos.Request{Op: pos.OpCodeSale, STAN: "000018", Amount: 700, Card: code}
	c.ask("00", scan)
	reverse(scan)
	c.ask("14", pos.Request{Op: pos.OpCodeSale, STAN: "000019", Amount: 700, Card: pos.CardData{Entry: "code", Code: "990000000000000001"}})
	chip := card
	chip.Entry, chip.F55 = "chip", []byte{0x9F, 0x36, 2, 1, 0x57}
	c.ask("00", pos.Request{Op: pos.OpOfflineUpload, STAN: "000020", Amount: 250, Card: chip, Org: "CUP"})
	c.ask("00", pos.Request{Op: pos.OpDeferred, STAN: "000021", Amount: 150, Card: card})
	asked := card
	asked.PIN = true
	block, err := hex.DecodeString(pinBlock(t, "123456", testPAN))
	if err != nil {
		t.Fatal(err)
	}
	asked.PINBlock = block
	balance := c.ask("00", pos.Request{Op: pos.OpBalance, STAN: "000022", Card: asked})
	if balance.Balance == nil || int64(*balance.Balance) != h.Balance(testPAN) {
		t.Errorf("balance %v, the issuer has %d", balance.Balance, h.Balance(testPAN))
	}
	c.settle(t, h)
}

// settle closes the batch by way of a mismatch and an upload.
func (c linked) settle(t *testing.T, h *Host) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	totals := pos.BatchTotals{Debit: 1000 + 2500 + 250 + 150, DebitCount: 4, Credit: 400 + 2500, CreditCount: 2}
	wrong := totals
	wrong.Debit--
	if s, err := c.l.Settle(ctx, "000030", "000001", "001", wrong); err != nil || s.Balanced || s.Host != totals {
		t.Fatalf("%v %+v", err, s)
	}
	items := []pos.UploadItem{{STAN: "000010", PAN: testPAN, Amount: 1000}, {STAN: "000020", PAN: testPAN, Amount: 250}, {STAN: "000021", Amount: 150}}
	for range 2 {
		if code, err := c.l.Upload(ctx, "000031", "000001", items); err != nil || code != "00" {
			t.Fatal(code, err)
		}
	}
	if code, err := c.l.UploadEnd(ctx, "000032", "000001", len(items), false); err != nil || code != "00" {
		t.Fatal(code, err)
	}
	if h.Batch("12345678", "123456789012345") != "000002" {
		t.Error("the batch is not closed")
	}
	if s, err := c.l.Settle(ctx, "000033", "000001", "001", totals); err != nil || !s.Balanced {
		t.Errorf("a closed batch: %v %+v", err, s)
	}
	if err := c.l.SignOff(ctx, "000034", "000002"); err != nil {
		t.Error(err)
	}
	entries, err := Ledger(h.cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if len(e.Differs) > 0 {
			t.Errorf("%s: %q", e.Kind, e.Differs)
		}
	}
}
