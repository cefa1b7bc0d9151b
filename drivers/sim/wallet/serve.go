package wallet

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"tillkeeper/drivers/wallet"
)

const (
	maxSkew   = 5 * time.Minute // between a request's timestamp and our clock
	maxNonces = 4096            // remembered, the oldest forgotten first
)

// nonces remembers the last requests, so that none is taken twice.
type nonces struct {
	seen map[string]bool
	ring [maxNonces]string
	at   int
}

// fresh tells whether a nonce is new, and remembers it.
func (n *nonces) fresh(nonce string) bool {
	if nonce == "" || n.seen[nonce] {
		return false
	}
	if n.seen == nil {
		n.seen = map[string]bool{}
	}
	delete(n.seen, n.ring[n.at])
	n.ring[n.at], n.seen[nonce] = nonce, true
	n.at = (n.at + 1) % maxNonces
	return true
}

// handler is the gateway's HTTP face.
func (g *Gateway) handler() http.Handler {
	m := http.NewServeMux()
	m.Handle("POST /v1/orders", g.signed(func(_ string, in wallet.Order) (Order, error) { return g.create(in) }))
	m.Handle("GET /v1/orders/{number}", g.signed(func(number string, _ wallet.Order) (Order, error) { return g.query(number) }))
	m.Handle("POST /v1/orders/{number}/close", g.signed(func(number string, _ wallet.Order) (Order, error) { return g.closeOrder(number) }))
	m.Handle("POST /v1/orders/{number}/refund", g.signed(func(number string, in wallet.Order) (Order, error) { return g.refund(number, in) }))
	return m
}

// signed checks a request, lets do act under the lock, and signs the answer.
func (g *Gateway) signed(do func(number string, in wallet.Order) (Order, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o, err := g.judge(w, r, do)
		var refused *refusal
		switch {
		case err == nil:
			g.answer(w, r, http.StatusOK, wallet.Answer{
				Number: o.Number, CodeURL: o.Code, State: o.State, Trade: o.Trade, Reason: o.Reason, Wallet: o.Wallet, Expires: o.Expires,
			})
		case errors.As(err, &refused):
			g.answer(w, r, refused.status, refused.Refusal)
		default:
			g.answer(w, r, http.StatusInternalServerError, wallet.Refusal{Code: "gateway_failed", Message: err.Error()})
		}
	})
}

func (g *Gateway) judge(w http.ResponseWriter, r *http.Request, do func(string, wallet.Order) (Order, error)) (Order, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wallet.MaxBody))
	if err != nil {
		return Order{}, refuse(http.StatusBadRequest, "bad_request", "", "the body did not come whole: %v", err)
	}
	stamp, nonce := r.Header.Get(wallet.HeaderTimestamp), r.Header.Get(wallet.HeaderNonce)
	good := wallet.SignRequest(g.secret, r.Method, r.URL.EscapedPath(), stamp, nonce, body)
	if r.Header.Get(wallet.HeaderMerchant) != g.c.Merchant || !wallet.SameSignature(r.Header.Get(wallet.HeaderSignature), good) {
		return Order{}, refuse(http.StatusUnauthorized, "bad_signature", "check wallet.merchant and the secret", "the request is not signed by the merchant")
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || g.c.Clock.Now().Sub(time.Unix(seconds, 0)).Abs() > maxSkew {
		return Order{}, refuse(http.StatusBadRequest, "bad_timestamp", "set the till's clock", "the request is not of this time")
	}
	var in wallet.Order
	if len(body) > 0 {
		if err := json.Unmarshal(body, &in); err != nil {
			return Order{}, refuse(http.StatusBadRequest, "bad_request", "", "the body is no order: %v", err)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.nonces.fresh(nonce) {
		return Order{}, refuse(http.StatusUnauthorized, "bad_nonce", "sign every request anew", "the request came before")
	}
	return do(r.PathValue("number"), in)
}

func (g *Gateway) answer(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"code":"gateway_failed"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	if status != http.StatusUnauthorized { // a stranger must not learn a signed refusal
		w.Header().Set(wallet.HeaderSignature, wallet.SignAnswer(g.secret, status, r.URL.EscapedPath(), r.Header.Get(wallet.HeaderNonce), body))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a till that has gone asks again
}
