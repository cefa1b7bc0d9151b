package acquirer_test

import (
	"context"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys"
	simhost "tillkeeper/drivers/sim/acquirer"
)

const (
	card    = "6224242900000113"
	batch   = "000001"
	wealth  = 1_000_000 // fen on each account
	patient = 20 * time.Second
)

// shop is a line to the simulated host over a real socket, with the real store of keys.
type shop struct {
	t    *testing.T
	host *simhost.Host
	line *acquirer.Link
	keys *keys.Store
	addr string
	n    int
}

// pad is a store that keeps the key of PIN blocks too, as a PIN pad does.
type pad struct {
	*keys.Port
	store *keys.Store
}

func (p pad) LoadKeys(ctx context.Context, f62 []byte, layout string) error {
	return p.store.LoadKeys(ctx, f62, layout)
}

func profile(t *testing.T, name string) *wire.Profile {
	t.Helper()
	p, err := wire.Load(os.DirFS("../../assets"), "../../assets/profiles/"+name+".json")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func open(t *testing.T, p *wire.Profile) *shop { t.Helper(); return openWith(t, p, false) }

func openWith(t *testing.T, p *wire.Profile, secure bool) *shop {
	t.Helper()
	dir := t.TempDir()
	var theirs, ours *tls.Config
	var err error
	if secure {
		if theirs, err = simhost.LineTLS(dir); err != nil {
			t.Fatal(err)
		}
		in := func(name string) string { return filepath.Join(dir, name) }
		own := acquirer.Files{CA: in(simhost.LineCA), Certificate: in(simhost.LineClient), Key: in(simhost.LineClientKey)}
		if ours, err = acquirer.MutualTLS(own); err != nil {
			t.Fatal(err)
		}
	}
	h, err := simhost.New(simhost.Config{Dir: dir, Profile: p, TLS: theirs, Accounts: map[string]simhost.Account{
		card: {Balance: wealth, State: "good", PIN: "123456", Limit: wealth, SMS: true, Asks: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	addr, err := h.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- h.Serve(ctx) }()
	store, err := keys.OpenDemo(filepath.Join(t.TempDir(), "demo.key"), simhost.DefaultTMK)
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{t: t, host: h, keys: store, addr: addr.String()}
	s.line = acquirer.New(acquirer.Options{
		Address: addr.String(), Profile: p, TID: "12345678", MID: "123456789012345",
		Keys: pad{store.Port(wire.MAC), store}, Timeout: patient, TLS: ours,
	})
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(s.line.Close(), <-served, h.Close()); err != nil {
			t.Error(err)
		}
	})
	s.signOn()
	return s
}

func (s *shop) stan() string {
	s.n++
	return fmt.Sprintf("%06d", s.n)
}

func (s *shop) signOn() {
	s.t.Helper()
	if _, err := s.line.SignOn(context.Background(), s.stan(), batch, "001"); err != nil || !s.line.Ready() {
		s.t.Fatalf("%v, ready %v", err, s.line.Ready())
	}
}

// ask wants a code.
func (s *shop) ask(r pos.Request, code string) pos.Reply {
	s.t.Helper()
	reply, err := s.line.Exchange(context.Background(), r)
	if err != nil || reply.Code != code {
		s.t.Fatalf("%s of %q: %v, code %q, want %s", r.Op, r.Original, err, reply.Code, code)
	}
	return reply
}

// left wants a balance of the account.
func (s *shop) left(want int64) {
	s.t.Helper()
	if got := s.host.Balance(card); got != want {
		s.t.Fatalf("%d fen on the account, want %d", got, want)
	}
}

func (s *shop) pay(op pos.Operation, amount pos.Amount) pos.Request {
	return pos.Request{Op: op, STAN: s.stan(), Batch: batch, Amount: amount, Card: pos.CardData{
		PAN: card, Expiry: "3012", Sequence: "001", Entry: "contactless", Track2: card + "=30122010000000000",
	}}
}

// about is a follow-up whose card was not read again.
func (s *shop) about(op pos.Operation, r pos.Request, a pos.Reply, amount pos.Amount) pos.Request {
	return pos.Request{Op: op, STAN: s.stan(), Batch: batch, Amount: amount, Org: a.Org, Card: pos.CardData{
		PAN: card, Expiry: "3012", Sequence: "001", Entry: "keyed",
	}, Origin: pos.Origin{Batch: batch, STAN: r.STAN, Date: a.HostDate, RRN: a.RRN, AuthCode: a.AuthCode}}
}

func reverse(r pos.Request) pos.Request {
	r.Original, r.Op, r.Reason = r.Op, pos.OpReversal, "98"
	r.Card.Track2, r.Card.PINBlock = "", nil
	return r
}

// TestHostVoid: a void gives the money back, its reversal takes it again.
func TestHostVoid(t *testing.T) {
	s := open(t, profile(t, "cup"))
	sale := s.pay(pos.OpSale, 700)
	a := s.ask(sale, "00")
	s.left(wealth - 700)
	if a.Notify == nil || !*a.Notify || a.AuthCode == "" {
		t.Errorf("%+v", a)
	}
	void := s.about(pos.OpVoid, sale, a, 700)
	s.ask(void, "00")
	s.left(wealth)
	s.ask(reverse(void), "00")
	s.left(wealth - 700)
	s.ask(s.about(pos.OpVoid, sale, a, 700), "00")
	s.left(wealth)
}

// TestHostRefund: in two parts, each the identical request again until it is known, never more than was paid.
func TestHostRefund(t *testing.T) {
	s := open(t, profile(t, "cup"))
	sale := s.pay(pos.OpSale, 700)
	a := s.ask(sale, "00")
	part := s.about(pos.OpRefund, sale, a, 300)
	s.ask(part, "00")
	s.ask(part, "94") // the same again
	s.left(wealth - 400)
	s.ask(s.about(pos.OpRefund, sale, a, 401), "64")
	s.ask(s.about(pos.OpRefund, sale, a, 400), "00")
	s.left(wealth)
}

// TestHostPreauthorization goes every way: held, voided, completed for less, the completion voided, and each reversed.
func TestHostPreauthorization(t *testing.T) {
	s := open(t, profile(t, "cup"))
	hold := s.pay(pos.OpPreauth, 900)
	a := s.ask(hold, "00")
	void := s.about(pos.OpPreauthVoid, hold, a, 900)
	s.ask(void, "00")
	s.ask(reverse(void), "00")
	completion := s.about(pos.OpCompletion, hold, a, 800)
	done := s.ask(completion, "00")
	s.left(wealth - 800)
	undo := s.about(pos.OpCompletionVoid, completion, done, 800)
	s.ask(undo, "00")
	s.ask(reverse(undo), "00")
	s.left(wealth - 800)
	s.ask(reverse(completion), "00")
	again := s.about(pos.OpCompletion, hold, a, 900)
	s.ask(again, "00")
	s.left(wealth - 900)
	second := s.pay(pos.OpPreauth, 500)
	s.ask(second, "00")
	s.ask(reverse(second), "00")
	s.left(wealth - 900)
}

// TestHostBalance: what may be spent, less what is held; a wrong PIN is 55.
func TestHostBalance(t *testing.T) {
	s := open(t, profile(t, "cup"))
	s.ask(s.pay(pos.OpSale, 700), "00")
	block := func(pin string) []byte {
		t.Helper()
		w, err := s.keys.Working()
		if err != nil {
			t.Fatal(err)
		}
		plain, err := hex.DecodeString("06" + pin + "FFFFFFFF")
		if err != nil {
			t.Fatal(err)
		}
		mask, err := hex.DecodeString("0000" + card[3:15])
		if err != nil {
			t.Fatal(err)
		}
		for i := range plain {
			plain[i] ^= mask[i]
		}
		out, err := keys.EncryptECB(w.PIK, plain)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	r := s.pay(pos.OpBalance, 0)
	r.Card.PINBlock = block("123456")
	if a := s.ask(r, "00"); a.Balance == nil || *a.Balance != wealth-700 || a.Amount != 0 || a.Notify == nil {
		t.Errorf("%+v", a)
	}
	r = s.pay(pos.OpBalance, 0)
	r.Card.PINBlock = block("654321")
	if a := s.ask(r, "55"); a.Balance != nil {
		t.Errorf("%+v", a)
	}
}

// TestHostCodeSale: paid by the customer's code, reversed, paid and voided without a card number.
func TestHostCodeSale(t *testing.T) {
	s := open(t, profile(t, "cup"))
	pay := func() pos.Request {
		return pos.Request{Op: pos.OpCodeSale, STAN: s.stan(), Batch: batch, Amount: 250, Card: pos.CardData{Entry: "code", Code: card}}
	}
	lost := pay()
	s.ask(lost, "00")
	s.left(wealth - 250)
	s.ask(reverse(lost), "00")
	s.left(wealth)
	kept := pay()
	a := s.ask(kept, "00")
	s.left(wealth - 250)
	void := s.about(pos.OpVoid, kept, a, 250)
	void.Card = pos.CardData{Entry: "code"}
	s.ask(void, "00")
	s.left(wealth)
}

// TestHostDeferred: the reversal of a deferred sale that nobody answered.
func TestHostDeferred(t *testing.T) {
	s := open(t, profile(t, "cup"))
	r := s.pay(pos.OpDeferred, 100)
	r.Advice = true
	s.ask(r, "00")
	s.ask(reverse(r), "00")
	s.left(wealth)
}

// TestHostSettlement: a batch that balances, one that does not and is uploaded, and the end of the terminal's day.
func TestHostSettlement(t *testing.T) {
	s := open(t, profile(t, "cup"))
	ctx := context.Background()
	sale := s.pay(pos.OpSale, 700)
	a := s.ask(sale, "00")
	s.ask(s.pay(pos.OpSale, 300), "00")
	s.ask(s.about(pos.OpRefund, sale, a, 100), "00")
	right := pos.BatchTotals{Debit: 1000, DebitCount: 2, Credit: 100, CreditCount: 1}
	wrong := right
	wrong.Debit--
	stan := s.stan()
	for range 2 { // the same 0500 again
		r, err := s.line.Settle(ctx, stan, batch, "001", wrong)
		if err != nil || r.Balanced || r.Host != right || len(r.Date) != 4 {
			t.Fatalf("%+v %v", r, err)
		}
	}
	items := []pos.UploadItem{{STAN: sale.STAN, PAN: card, Amount: 700}, {STAN: "000999", Amount: 300}}
	if code, err := s.line.Upload(ctx, s.stan(), batch, items); err != nil || code != "00" {
		t.Fatalf("%s %v", code, err)
	}
	if code, err := s.line.UploadEnd(ctx, s.stan(), batch, 2, false); err != nil || code != "00" {
		t.Fatalf("%s %v", code, err)
	}
	if next := s.host.Batch("12345678", "123456789012345"); next != "000002" {
		t.Errorf("batch %s", next)
	}
	if r, err := s.line.Settle(ctx, s.stan(), "000002", "001", pos.BatchTotals{}); err != nil || !r.Balanced {
		t.Fatalf("%+v %v", r, err)
	}
	if code, err := s.line.UploadEnd(ctx, s.stan(), "000002", 0, true); err != nil || code != "00" {
		t.Fatalf("%s %v", code, err)
	}
	if err := s.line.SignOff(ctx, s.stan(), "000003"); err != nil || s.line.Ready() {
		t.Fatalf("%v", err)
	}
}

// TestHostMACs trades under every algorithm and key length.
func TestHostMACs(t *testing.T) {
	raw := func(t *testing.T, edit ...string) *wire.Profile {
		t.Helper()
		text, err := os.ReadFile("../../assets/profiles/cup.json")
		if err != nil {
			t.Fatal(err)
		}
		p, err := wire.Parse([]byte(strings.NewReplacer(edit...).Replace(string(text))))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, p := range map[string]*wire.Profile{
		"cup-x919":              profile(t, "cup-x919"),
		"ecb, 16 bytes":         raw(t, "mak8 zero8", "mak16"),
		"x9.9":                  raw(t, `"ecb"`, `"x9.9"`),
		"x9.9, 16 bytes":        raw(t, `"ecb"`, `"x9.9"`, "mak8 zero8", "mak16"),
		"aes-cmac":              raw(t, `"ecb"`, `"aes-cmac"`, "mak8 zero8", "mak16", "mak8 kcv4", "mak16 kcv4"),
		"single-length keys":    raw(t, `"network": "003"`, `"network": "001"`),
		"with a key for tracks": raw(t, `"network": "003"`, `"network": "004"`),
		"one request a line":    raw(t, `"one_request_per_connection": false`, `"one_request_per_connection": true`),
		"licence and serial":    raw(t, `"network": "003"`, `"network": "003", "licence": "3104", "serial": "00000001"`),
		"three bytes of length": raw(t, `"length_bytes": 2`, `"length_bytes": 3`),
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, p)
			sale := s.pay(pos.OpSale, 100)
			if a := s.ask(sale, "00"); !a.Signed {
				t.Errorf("%+v", a)
			}
			s.ask(reverse(sale), "00")
			s.signOn() // other keys
			s.ask(s.pay(pos.OpSale, 100), "00")
		})
	}
}

// TestHostOverMutualTLS trades and settles over TLS 1.3 with the host's own files.
func TestHostOverMutualTLS(t *testing.T) {
	s := openWith(t, profile(t, "cup"), true)
	s.ask(s.pay(pos.OpSale, 100), "00")
	if r, err := s.line.Settle(t.Context(), s.stan(), batch, "001", pos.BatchTotals{Debit: 100, DebitCount: 1}); err != nil || !r.Balanced {
		t.Fatalf("%+v %v", r, err)
	}
	if s.line.Link().State != "online" {
		t.Errorf("%+v", s.line.Link())
	}
}

// TestHostWantsASignOn: a host that lost its keys says so in header and code; the line stops until the sign-on.
func TestHostWantsASignOn(t *testing.T) {
	s := open(t, profile(t, "cup"))
	if err := s.line.SignOff(context.Background(), s.stan(), batch); err != nil {
		t.Fatal(err)
	}
	if _, err := s.line.Exchange(context.Background(), s.pay(pos.OpSale, 100)); !errors.Is(err, pos.ErrNoKeys) {
		t.Errorf("%v", err)
	}
	s.signOn()
	s.ask(s.pay(pos.OpSale, 100), "00")
}

// TestHostLateRefund: the answer to a refund that comes after its time.
func TestHostLateRefund(t *testing.T) {
	s := open(t, profile(t, "cup"))
	sale := s.pay(pos.OpSale, 700)
	a := s.ask(sale, "00")
	if err := s.host.SetFaults(&simhost.Plan{Rules: []simhost.Rule{{Fault: simhost.AnswerTwice, MTI: "0220", Times: 1}}}); err != nil {
		t.Fatal(err)
	}
	refund := s.about(pos.OpRefund, sale, a, 700)
	s.ask(refund, "00")
	late := <-s.line.Late()
	if late.STAN != refund.STAN || late.Batch != batch || !late.Reply.Signed || late.Reply.Code != "00" {
		t.Errorf("%+v", late)
	}
	s.left(wealth)
}
