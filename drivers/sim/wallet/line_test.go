package wallet_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"tillkeeper/app/pos"
	sim "tillkeeper/drivers/sim/wallet"
	"tillkeeper/drivers/wallet"
)

func TestLine(t *testing.T) {
	g, w, _ := start(t, t.TempDir())
	g.Manual(true)
	want(t, pos.WalletWaiting)(w.Create(t.Context(), "a", 100, "Shop", valid))
	for range 3 {
		if err := g.SetLine(false); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Query(t.Context(), "a"); !errors.Is(err, pos.ErrNotSent) || errors.Is(err, pos.ErrNoAnswer) {
			t.Fatalf("a cut line gives %v", err)
		}
		if err := g.SetLine(true); err != nil {
			t.Fatal(err)
		}
		want(t, pos.WalletWaiting)(w.Query(t.Context(), "a"))
	}
}

// proxy stands before the gateway: each connection's request is read whole and
// given to do, which may answer or not; then the connection is closed.
func proxy(t *testing.T, do func(net.Conn, *http.Request, []byte)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				if body, err := io.ReadAll(r.Body); err == nil {
					do(conn, r, body)
				}
			}
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return "http://" + l.Addr().String()
}

// pass sends a request on and gives the gateway's answer.
func pass(addr string, r *http.Request, body []byte) (*http.Response, error) {
	req, err := http.NewRequest(r.Method, "http://"+addr+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header = r.Header.Clone()
	return http.DefaultTransport.RoundTrip(req)
}

func TestAnswerLost(t *testing.T) {
	_, w, addr := start(t, t.TempDir())
	lossy := till(proxy(t, func(_ net.Conn, r *http.Request, body []byte) {
		resp, err := pass(addr, r, body)
		if err != nil {
			t.Error(err)
			return
		}
		_ = resp.Body.Close()
	}), "s")
	mute := till(proxy(t, func(net.Conn, *http.Request, []byte) {}), "s")
	for _, c := range []*wallet.Client{lossy, mute} {
		if _, err := c.Create(t.Context(), "a", 100, "Shop", valid); !errors.Is(err, pos.ErrNoAnswer) || errors.Is(err, pos.ErrNotSent) {
			t.Fatalf("a lost answer gives %v", err)
		}
	}
	code(t, "qr_unknown_order")(w.Query(t.Context(), "a")) // signed with "s": never taken
}

func TestAnswerLostIsDone(t *testing.T) {
	g, w, addr := start(t, t.TempDir())
	if err := g.Next("ignore"); err != nil {
		t.Fatal(err)
	}
	lossy := till(proxy(t, func(_ net.Conn, r *http.Request, body []byte) {
		if resp, err := pass(addr, r, body); err == nil {
			_ = resp.Body.Close()
		}
	}), g.Secret())
	if _, err := lossy.Create(t.Context(), "a", 100, "Shop", valid); !errors.Is(err, pos.ErrNoAnswer) {
		t.Fatalf("a lost answer gives %v", err)
	}
	want(t, pos.WalletWaiting)(w.Query(t.Context(), "a"))
}

func TestTimeout(t *testing.T) {
	hold := make(chan struct{})
	url := proxy(t, func(net.Conn, *http.Request, []byte) { <-hold })
	defer close(hold)
	c := wallet.New(wallet.Options{URL: url, Merchant: merchant, Secret: "s", Timeout: 500 * time.Millisecond})
	if _, err := c.Query(t.Context(), "a"); !errors.Is(err, pos.ErrNoAnswer) {
		t.Fatalf("a gateway that is silent gives %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Query(ctx, "a"); !errors.Is(err, pos.ErrNotSent) {
		t.Fatalf("a call given up before it began gives %v", err)
	}
}

func TestForgedAnswer(t *testing.T) {
	g, _, addr := start(t, t.TempDir())
	forger := till(proxy(t, func(conn net.Conn, r *http.Request, body []byte) {
		resp, err := pass(addr, r, body)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		data, _ := io.ReadAll(resp.Body)
		data = bytes.Replace(data, []byte(`"waiting"`), []byte(`"paid"`), 1)
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
		_ = resp.Write(conn)
	}), g.Secret())
	if err := g.Next("ignore"); err != nil {
		t.Fatal(err)
	}
	_, err := forger.Create(t.Context(), "a", 100, "Shop", valid)
	if !errors.Is(err, pos.ErrNoAnswer) || !errors.Is(err, wallet.ErrSignature) {
		t.Fatalf("a forged answer gives %v", err)
	}
}

func TestRequestMustBeSigned(t *testing.T) {
	g, _, addr := start(t, t.TempDir())
	body, err := json.Marshal(wallet.Order{Number: "a", Amount: 100, Seconds: 60})
	if err != nil {
		t.Fatal(err)
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	old := strconv.FormatInt(time.Now().Add(-time.Hour).Unix(), 10)
	for _, c := range []struct {
		name, merchant, stamp, nonce, secret string
		status                               int
	}{
		{"wrong secret", merchant, now, "n1", "guess", http.StatusUnauthorized},
		{"wrong merchant", "M2", now, "n1", g.Secret(), http.StatusUnauthorized},
		{"old", merchant, old, "n1", g.Secret(), http.StatusBadRequest},
		{"no nonce", merchant, now, "", g.Secret(), http.StatusUnauthorized},
		{"good", merchant, now, "n1", g.Secret(), http.StatusOK},
		{"replayed", merchant, now, "n1", g.Secret(), http.StatusUnauthorized},
	} {
		r, err := http.NewRequest(http.MethodPost, "http://"+addr+"/v1/orders", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(wallet.HeaderMerchant, c.merchant)
		r.Header.Set(wallet.HeaderTimestamp, c.stamp)
		r.Header.Set(wallet.HeaderNonce, c.nonce)
		r.Header.Set(wallet.HeaderSignature, wallet.SignRequest(c.secret, http.MethodPost, "/v1/orders", c.stamp, c.nonce, body))
		resp, err := pass(addr, r, body)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("%s: status %d, want %d", c.name, resp.StatusCode, c.status)
		}
		if n := len(g.Ledger()); n != 0 && c.status != http.StatusOK && c.name != "replayed" {
			t.Errorf("%s: an order was made", c.name)
		}
	}
	if _, err := till("http://"+addr, "guess").Query(t.Context(), "a"); !errors.Is(err, pos.ErrNoAnswer) {
		t.Errorf("a till with a wrong secret gets %v", err)
	}
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	g, w, _ := start(t, dir)
	secret := g.Secret()
	first := want(t, pos.WalletWaiting)(w.Create(t.Context(), "a/1 号", 100, "Shop", valid))
	settle(t, w, "a/1 号")
	if err := g.Next("ignore"); err != nil {
		t.Fatal(err)
	}
	want(t, pos.WalletWaiting)(w.Create(t.Context(), "b", 200, "Shop", valid))
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "orders.jsonl")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"number":"c","amo`); err != nil { // the power went
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	g, w, _ = start(t, dir)
	if g.Secret() != secret {
		t.Fatal("a new secret")
	}
	o := want(t, pos.WalletPaid)(w.Query(t.Context(), "a/1 号"))
	if o.Code != first.Code {
		t.Fatalf("%+v", o)
	}
	want(t, pos.WalletWaiting)(w.Query(t.Context(), "b"))
	code(t, "qr_unknown_order")(w.Query(t.Context(), "c"))
	want(t, pos.WalletWaiting)(w.Create(t.Context(), "c", 300, "Shop", valid))
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	g, _, _ = start(t, dir)
	if l := g.Ledger(); len(l) != 3 || l[2].Number != "c" || l[2].Seq != 3 {
		t.Fatalf("ledger %+v", l)
	}
}

func TestDamagedBook(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "orders.jsonl"), []byte("{\"number\":\"a\"}\nrubbish\n{\"number\":\"b\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sim.New(sim.Config{Dir: dir}); err == nil {
		t.Fatal("a damaged line in the middle was passed over")
	}
}
