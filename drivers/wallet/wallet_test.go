package wallet

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tillkeeper/app/pos"
)

func TestSignatureKeepsPartsApart(t *testing.T) {
	a := SignRequest("k", "GET", "/v1/orders/1", "10", "n", nil)
	for name, b := range map[string]string{
		"secret": SignRequest("l", "GET", "/v1/orders/1", "10", "n", nil),
		"method": SignRequest("k", "POST", "/v1/orders/1", "10", "n", nil),
		"path":   SignRequest("k", "GET", "/v1/orders/2", "10", "n", nil),
		"moved":  SignRequest("k", "GET", "/v1/orders/1", "1", "0n", nil),
		"body":   SignRequest("k", "GET", "/v1/orders/1", "10", "n", []byte("x")),
		"answer": SignAnswer("k", 200, "/v1/orders/1", "n", nil),
	} {
		if SameSignature(a, b) {
			t.Errorf("another %s has the same signature", name)
		}
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name, body string
		status     int
		unsigned   bool
		code       string // of a *pos.Error; "" with state "" is ErrNoAnswer
		state      pos.WalletState
	}{
		{name: "paid", status: 200, body: `{"number":"a","state":"paid"}`, state: pos.WalletPaid},
		{name: "unsigned", status: 200, body: `{"number":"a","state":"paid"}`, unsigned: true},
		{name: "another order", status: 200, body: `{"number":"b","state":"paid"}`},
		{name: "unknown state", status: 200, body: `{"number":"a","state":"maybe"}`},
		{name: "no JSON", status: 200, body: `paid`},
		{name: "too long", status: 200, body: `{"number":"a","state":"paid"}` + strings.Repeat(" ", MaxBody)},
		{name: "refused", status: 422, body: `{"code":"qr_bad_code","message":"m"}`, code: "qr_bad_code"},
		{name: "refused without code", status: 422, body: `{}`},
		{name: "redirect", status: 302, body: `{}`},
		{name: "failed", status: 500, body: `{"code":"x"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !c.unsigned {
					w.Header().Set(HeaderSignature, SignAnswer("k", c.status, r.URL.EscapedPath(), r.Header.Get(HeaderNonce), []byte(c.body)))
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer srv.Close()
			o, err := New(Options{URL: srv.URL + "/base/", Merchant: "m", Secret: "k"}).Query(t.Context(), "a")
			var e *pos.Error
			switch {
			case c.state != "":
				if err != nil || o.State != c.state {
					t.Fatalf("%+v, %v", o, err)
				}
			case c.code != "":
				if !errors.As(err, &e) || e.Code != c.code {
					t.Fatalf("%v, want the code %s", err, c.code)
				}
			case !errors.Is(err, pos.ErrNoAnswer) || errors.Is(err, pos.ErrNotSent):
				t.Fatalf("%v, want no answer", err)
			}
		})
	}
}

func TestBadNumber(t *testing.T) {
	c := New(Options{URL: "http://127.0.0.1:1", Secret: "k"})
	for _, n := range []string{"", "..", strings.Repeat("x", maxNumber+1)} {
		var e *pos.Error
		if _, err := c.Query(t.Context(), n); !errors.As(err, &e) || e.Code != "qr_bad_number" {
			t.Errorf("%q: %v", n, err)
		}
	}
}
