// Package wallet is the till's line to a gateway of QR wallets: JSON over HTTP,
// every request and every answer signed with HMAC-SHA256 under the merchant's
// secret.
//
// It promises that a call either returns the order as the gateway signed it, or
// a *pos.Error with the gateway's code (the gateway did not do it), or
// pos.ErrNotSent (not one byte of the request left), or pos.ErrNoAnswer (the
// outcome is not known: ask again, every call is idempotent by number). It never
// repeats a request by itself, never follows a redirect, never believes an
// answer that is not signed for this very request, and never puts the secret or
// a customer's code into an error. Amounts are in fen.
package wallet

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"tillkeeper/app/pos"
)

// DefaultTimeout is how long an answer is waited for where Options says nothing.
const DefaultTimeout = 5 * time.Second

// maxNumber is the longest order number, in bytes.
const maxNumber = 64

// ErrSignature is the cause of a pos.ErrNoAnswer: an answer came whose
// signature is missing or wrong.
var ErrSignature = errors.New("the answer is not signed by the gateway: is wallet.secret right?")

// Options says which gateway, and who the merchant is.
type Options struct {
	URL      string // of the gateway, without /v1
	Merchant string
	Secret   string        // shared with the gateway
	Timeout  time.Duration // of one call; 0 is DefaultTimeout
	Clock    pos.Clock     // for the timestamp of requests; nil is the machine's
	HTTP     *http.Client  // nil is one that opens a connection for each call
}

// Client is a line to the gateway; it is safe for use by several goroutines.
type Client struct {
	o    Options
	http http.Client
}

var _ pos.Wallet = (*Client)(nil)

// New makes a client; nothing is sent before the first call.
func New(o Options) *Client {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Clock == nil {
		o.Clock = pos.WallClock{}
	}
	o.URL = strings.TrimRight(o.URL, "/")
	c := &Client{o: o}
	if o.HTTP != nil {
		c.http = *o.HTTP
	} else {
		// A connection of its own for each call: net/http then never sends a
		// request a second time, and a cut line is seen before anything is sent.
		c.http.Transport = &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// Create makes an order that the customer pays by scanning its code.
func (c *Client) Create(ctx context.Context, number string, amount pos.Amount, title string, valid time.Duration) (pos.WalletOrder, error) {
	return c.call(ctx, http.MethodPost, "/v1/orders", number, &Order{
		Number: number, Amount: amount, Title: title,
		Seconds: int64(valid / time.Second), Nanos: int64(valid % time.Second),
	})
}

// Query asks how an order is; one that the gateway does not know is an error
// with the code qr_unknown_order.
func (c *Client) Query(ctx context.Context, number string) (pos.WalletOrder, error) {
	return c.call(ctx, http.MethodGet, orderPath(number, ""), number, nil)
}

// Close makes sure that an order can no longer be paid: closed, also where the
// gateway did not know it, or paid where it was too late.
func (c *Client) Close(ctx context.Context, number string) (pos.WalletOrder, error) {
	return c.call(ctx, http.MethodPost, orderPath(number, "/close"), number, nil)
}

// Refund gives money of a paid order back, once for each refund number.
func (c *Client) Refund(ctx context.Context, number, refund string, amount pos.Amount) (pos.WalletOrder, error) {
	return c.call(ctx, http.MethodPost, orderPath(number, "/refund"), number, &Order{Refund: refund, Amount: amount})
}

func orderPath(number, verb string) string { return "/v1/orders/" + url.PathEscape(number) + verb }

// call sends one signed request and judges its answer.
func (c *Client) call(ctx context.Context, method, path, number string, order *Order) (pos.WalletOrder, error) {
	if number == "" || len(number) > maxNumber || strings.Trim(number, ".") == "" {
		return pos.WalletOrder{}, pos.Errorf("qr_bad_number", "use the attempt's id", "%q is no number of an order", number)
	}
	var body []byte
	if order != nil {
		var err error
		if body, err = json.Marshal(order); err != nil {
			return pos.WalletOrder{}, fmt.Errorf("%w: %w", pos.ErrNotSent, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	var sent atomic.Bool // a connection was there: bytes may have left
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, method, c.o.URL+path, bytes.NewReader(body))
	if err != nil {
		return pos.WalletOrder{}, fmt.Errorf("%w: %w", pos.ErrNotSent, err)
	}
	nonce, stamp := rand.Text(), strconv.FormatInt(c.o.Clock.Now().Unix(), 10)
	signed := req.URL.EscapedPath()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(HeaderMerchant, c.o.Merchant)
	req.Header.Set(HeaderTimestamp, stamp)
	req.Header.Set(HeaderNonce, nonce)
	req.Header.Set(HeaderSignature, SignRequest(c.o.Secret, method, signed, stamp, nonce, body))
	resp, err := c.http.Do(req)
	if err != nil {
		if !sent.Load() {
			return pos.WalletOrder{}, fmt.Errorf("%w: %w", pos.ErrNotSent, err)
		}
		return pos.WalletOrder{}, fmt.Errorf("%w: %w", pos.ErrNoAnswer, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	if err != nil {
		return pos.WalletOrder{}, fmt.Errorf("%w: %w", pos.ErrNoAnswer, err)
	}
	if len(data) > MaxBody {
		return pos.WalletOrder{}, fmt.Errorf("%w: the answer is longer than %d bytes", pos.ErrNoAnswer, MaxBody)
	}
	if !SameSignature(resp.Header.Get(HeaderSignature), SignAnswer(c.o.Secret, resp.StatusCode, signed, nonce, data)) {
		return pos.WalletOrder{}, fmt.Errorf("%w: %w (status %d)", pos.ErrNoAnswer, ErrSignature, resp.StatusCode)
	}
	return judge(resp.StatusCode, number, data)
}

// judge makes an order or an error of a signed answer.
func judge(status int, number string, data []byte) (pos.WalletOrder, error) {
	if status != http.StatusOK {
		var r Refusal
		if err := json.Unmarshal(data, &r); err != nil || r.Code == "" || status >= http.StatusInternalServerError {
			return pos.WalletOrder{}, fmt.Errorf("%w: the gateway answers %d %s", pos.ErrNoAnswer, status, r.Code)
		}
		return pos.WalletOrder{}, &pos.Error{Code: r.Code, Message: r.Message, Remedy: r.Remedy}
	}
	var a Answer
	if err := json.Unmarshal(data, &a); err != nil {
		return pos.WalletOrder{}, fmt.Errorf("%w: %w", pos.ErrNoAnswer, err)
	}
	if a.Number != number {
		return pos.WalletOrder{}, fmt.Errorf("%w: the answer is for order %q", pos.ErrNoAnswer, a.Number)
	}
	switch a.State {
	case pos.WalletWaiting, pos.WalletPaying, pos.WalletPaid, pos.WalletRefused, pos.WalletClosed, pos.WalletRefunded:
	default:
		return pos.WalletOrder{}, fmt.Errorf("%w: the gateway speaks of a state %q", pos.ErrNoAnswer, a.State)
	}
	return pos.WalletOrder{
		Number: a.Number, Code: a.CodeURL, State: a.State, Trade: a.Trade, Reason: a.Reason, Wallet: a.Wallet, Expires: a.Expires,
	}, nil
}
