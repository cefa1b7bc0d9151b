package wallet

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"tillkeeper/app/pos"
)

// The headers of a signed request and of its answer.
const (
	HeaderMerchant  = "X-Wallet-Merchant"
	HeaderTimestamp = "X-Wallet-Timestamp" // seconds since 1970, of the sender
	HeaderNonce     = "X-Wallet-Nonce"     // once per request; the answer is bound to it
	HeaderSignature = "X-Wallet-Signature" // lower-case hex
)

// MaxBody is the longest body of a request or an answer, in bytes.
const MaxBody = 64 << 10

// SignRequest gives the signature of a request: HMAC-SHA256 over method, path,
// timestamp, nonce and body, each preceded by its length.
func SignRequest(secret, method, path, timestamp, nonce string, body []byte) string {
	return sign(secret, "request", method, path, timestamp, nonce, string(body))
}

// SignAnswer gives the signature of an answer to the request with that nonce:
// HMAC-SHA256 over status, path, nonce and body, each preceded by its length.
func SignAnswer(secret string, status int, path, nonce string, body []byte) string {
	return sign(secret, "answer", strconv.Itoa(status), path, nonce, string(body))
}

// SameSignature compares two signatures in constant time.
func SameSignature(a, b string) bool { return hmac.Equal([]byte(a), []byte(b)) }

func sign(secret string, parts ...string) string {
	m := hmac.New(sha256.New, []byte(secret))
	for _, p := range parts {
		m.Write([]byte(strconv.Itoa(len(p)) + ":" + p + "\n"))
	}
	return hex.EncodeToString(m.Sum(nil))
}

// Order is the body of a create and of a refund (its number and amount); amounts
// are in fen.
type Order struct {
	Number  string     `json:"number,omitempty"`
	Amount  pos.Amount `json:"amount"`
	Title   string     `json:"title,omitempty"`
	Seconds int64      `json:"valid_seconds,omitempty"` // of a create
	Nanos   int64      `json:"valid_nanos,omitempty"`   // what whole seconds leave of it
	Refund  string     `json:"refund,omitempty"`        // of a refund: its own number
}

// Answer is the body of every good answer.
type Answer struct {
	Number  string          `json:"number"`
	CodeURL string          `json:"code_url,omitempty"`
	State   pos.WalletState `json:"state"`
	Trade   string          `json:"trade,omitempty"`
	Reason  string          `json:"reason,omitempty"`
	Wallet  string          `json:"wallet,omitempty"`
	Expires time.Time       `json:"expires,omitzero"`
}

// Refusal is the body of every answer whose status is not 200.
type Refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
}
