package wallet_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	sim "tillkeeper/drivers/sim/wallet"
	"tillkeeper/drivers/wallet"
)

const (
	merchant = "M100"
	maxPolls = 500
	valid    = time.Minute
)

func start(t *testing.T, dir string) (*sim.Gateway, *wallet.Client, string) {
	t.Helper()
	g, err := sim.New(sim.Config{Dir: dir, Merchant: merchant})
	if err != nil {
		t.Fatal(err)
	}
	addr, err := g.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g, till("http://"+addr.String(), g.Secret()), addr.String()
}

func till(url, secret string) *wallet.Client {
	return wallet.New(wallet.Options{URL: url, Merchant: merchant, Secret: secret})
}

// want fails unless the call gave that state.
func want(t *testing.T, state pos.WalletState) func(pos.WalletOrder, error) pos.WalletOrder {
	return func(o pos.WalletOrder, err error) pos.WalletOrder {
		t.Helper()
		if err != nil || o.State != state {
			t.Fatalf("got %q (%s), error %v; want %q", o.State, o.Reason, err, state)
		}
		return o
	}
}

func code(t *testing.T, want string) func(pos.WalletOrder, error) {
	return func(_ pos.WalletOrder, err error) {
		t.Helper()
		var e *pos.Error
		if !errors.As(err, &e) || e.Code != want {
			t.Fatalf("got %v; want the code %s", err, want)
		}
	}
}

// settle queries until the order leaves waiting and paying, and tells whether
// it was seen paying.
func settle(t *testing.T, c *wallet.Client, number string) (pos.WalletOrder, bool) {
	t.Helper()
	paying := false
	for range maxPolls {
		o, err := c.Query(t.Context(), number)
		if err != nil {
			t.Fatal(err)
		}
		switch o.State {
		case pos.WalletPaying:
			paying = true
		case pos.WalletWaiting:
		default:
			return o, paying
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("order %s did not settle", number)
	return pos.WalletOrder{}, false
}

func TestPhone(t *testing.T) {
	for _, c := range []struct {
		how, wallet string
		state       pos.WalletState
		paying      bool
	}{
		{"", "wechat", pos.WalletPaid, false},
		{"pay", "wechat", pos.WalletPaid, false},
		{"alipay", "alipay", pos.WalletPaid, false},
		{"unionpay", "unionpay", pos.WalletPaid, false},
		{"refuse", "", pos.WalletRefused, false},
		{"password", "wechat", pos.WalletPaid, true},
	} {
		t.Run("how="+c.how, func(t *testing.T) {
			g, w, _ := start(t, t.TempDir())
			if err := g.Next(c.how); err != nil {
				t.Fatal(err)
			}
			o := want(t, pos.WalletWaiting)(w.Create(t.Context(), "a-1", 1250, "Shop", valid))
			if !strings.HasPrefix(o.Code, "weixin://wxpay/bizpayurl?pr=") || len(o.Code) > 62 || o.Expires.IsZero() {
				t.Fatalf("code %q, expires %v", o.Code, o.Expires)
			}
			o, paying := settle(t, w, "a-1")
			if o.State != c.state || o.Wallet != c.wallet || paying != c.paying || (o.Trade != "") != (c.state == pos.WalletPaid) {
				t.Fatalf("%+v, seen paying %v", o, paying)
			}
		})
	}
}

func TestIgnoredIsClosed(t *testing.T) {
	g, w, _ := start(t, t.TempDir())
	if err := g.Next("ignore"); err != nil {
		t.Fatal(err)
	}
	o := want(t, pos.WalletWaiting)(w.Create(t.Context(), "a", 100, "Shop", valid))
	if again := want(t, pos.WalletWaiting)(w.Create(t.Context(), "a", 100, "Shop", valid)); again.Code != o.Code {
		t.Fatalf("a second order %q for the same number", again.Code)
	}
	_, err := w.Create(t.Context(), "a", 101, "Shop", valid)
	code(t, "qr_amount_differs")(o, err)
	want(t, pos.WalletClosed)(w.Close(t.Context(), "a"))
	want(t, pos.WalletClosed)(w.Close(t.Context(), "a"))
	want(t, pos.WalletClosed)(w.Create(t.Context(), "a", 100, "Shop", valid))
	code(t, "qr_not_paid")(w.Refund(t.Context(), "a", "r", 100))
	if err := g.Scan("a", "pay"); err == nil {
		t.Fatal("a closed order was paid")
	}
}

func TestLate(t *testing.T) {
	g, w, _ := start(t, t.TempDir())
	if err := g.Next("late"); err != nil {
		t.Fatal(err)
	}
	want(t, pos.WalletWaiting)(w.Create(t.Context(), "a", 100, "Shop", time.Nanosecond))
	want(t, pos.WalletWaiting)(w.Query(t.Context(), "a"))
	want(t, pos.WalletPaid)(w.Close(t.Context(), "a"))
	code(t, "qr_amount_differs")(w.Refund(t.Context(), "a", "r", 101))
	want(t, pos.WalletRefunded)(w.Refund(t.Context(), "a", "r", 100))
	want(t, pos.WalletRefunded)(w.Refund(t.Context(), "a", "r", 100))
	code(t, "qr_amount_differs")(w.Refund(t.Context(), "a", "r", 99))
	want(t, pos.WalletRefunded)(w.Close(t.Context(), "a"))
	if l := g.Ledger(); len(l) != 1 || l[0].Refunded != 100 || l[0].Amount != 100 {
		t.Fatalf("ledger %+v", l)
	}
}

func TestClosedBeforeItCame(t *testing.T) {
	dir := t.TempDir()
	g, w, _ := start(t, dir)
	code(t, "qr_unknown_order")(w.Query(t.Context(), "a"))
	want(t, pos.WalletClosed)(w.Close(t.Context(), "a"))
	code(t, "qr_closed")(w.Create(t.Context(), "a", 100, "Shop", valid))
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	_, w, _ = start(t, dir)
	code(t, "qr_closed")(w.Create(t.Context(), "a", 100, "Shop", valid))
}

func TestExpired(t *testing.T) {
	g, w, _ := start(t, t.TempDir())
	g.Manual(true)
	want(t, pos.WalletWaiting)(w.Create(t.Context(), "a", 100, "Shop", time.Nanosecond))
	want(t, pos.WalletClosed)(w.Query(t.Context(), "a"))
}

func TestManual(t *testing.T) {
	g, w, _ := start(t, t.TempDir())
	g.Manual(true)
	if err := g.Scan("", "pay"); err == nil {
		t.Fatal("nothing was there to scan")
	}
	for number, state := range map[string]pos.WalletState{"pay": pos.WalletPaid, "alipay": pos.WalletPaid, "refuse": pos.WalletRefused, "password": pos.WalletPaid} {
		want(t, pos.WalletWaiting)(w.Create(t.Context(), number, 100, "Shop", valid))
		if err := g.Scan("", number); err != nil {
			t.Fatal(err)
		}
		if o, _ := settle(t, w, number); o.State != state {
			t.Fatalf("%s: %+v", number, o)
		}
	}
	var e *pos.Error
	if err := g.Next("dance"); !errors.As(err, &e) || e.Code != "bad_wallet" || !strings.Contains(e.Remedy, "password") {
		t.Fatalf("Next: %v", err)
	}
	if err := g.Scan("pay", "dance"); !errors.As(err, &e) || e.Code != "bad_wallet" {
		t.Fatalf("Scan: %v", err)
	}
}

func TestRefundsInPartsAddUpToTheOrderAtMost(t *testing.T) {
	_, w, _ := start(t, t.TempDir())
	want(t, pos.WalletWaiting)(w.Create(t.Context(), "a", 100, "Shop", time.Minute))
	for n := 0; ; n++ {
		if o, err := w.Query(t.Context(), "a"); err == nil && o.State == pos.WalletPaid {
			break
		} else if n == maxPolls {
			t.Fatalf("never paid: %v %v", o, err)
		}
	}
	want(t, pos.WalletRefunded)(w.Refund(t.Context(), "a", "r1", 30))
	want(t, pos.WalletRefunded)(w.Refund(t.Context(), "a", "r1", 30))
	want(t, pos.WalletRefunded)(w.Refund(t.Context(), "a", "r2", 30))
	code(t, "qr_amount_differs")(w.Refund(t.Context(), "a", "r3", 41))
	want(t, pos.WalletRefunded)(w.Refund(t.Context(), "a", "r3", 40))
	code(t, "qr_amount_differs")(w.Refund(t.Context(), "a", "r4", 1))
}
