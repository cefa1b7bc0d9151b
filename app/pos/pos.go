// Package pos holds the words of the trade and the ports between the flows and
// the world. It promises to stay free of I/O, goroutines and logging, to import
// nothing but the standard library, and never to touch a floating point number.
//
// Amounts are integers in minor units (fen), quantities integers in
// thousandths. What a payment attempt may do next is data: see Table.
package pos

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Amount is a sum of money in minor units (fen), ISO 4217 currency 156.
type Amount int64

// String renders an amount with two decimals and no sign of currency.
func (a Amount) String() string {
	sign := ""
	if a < 0 {
		sign, a = "-", -a
	}
	return fmt.Sprintf("%s%d.%02d", sign, int64(a)/100, int64(a)%100)
}

// ParseAmount reads "12.50", "12.5" or "12" (yuan) as fen.
func ParseAmount(s string) (Amount, error) {
	n, err := parseFixed(s, 2)
	return Amount(n), err
}

// Qty is a quantity in thousandths of its unit.
type Qty int64

// One is the quantity of a single piece.
const One Qty = 1000

// String renders a quantity without needless zeros: "2", "0.350" as "0.35".
func (q Qty) String() string {
	sign := ""
	if q < 0 {
		sign, q = "-", -q
	}
	if q%1000 == 0 {
		return sign + strconv.FormatInt(int64(q/1000), 10)
	}
	return strings.TrimRight(fmt.Sprintf("%s%d.%03d", sign, q/1000, q%1000), "0")
}

// ParseQty reads "1" or "0.350" as thousandths.
func ParseQty(s string) (Qty, error) {
	n, err := parseFixed(s, 3)
	return Qty(n), err
}

// maxWhole bounds the digits before the point so that what is read fits an
// int64 a million times over; what is multiplied has limits of its own (package
// basket).
const maxWhole = 9

func parseFixed(s string, decimals int) (int64, error) {
	whole, frac, _ := strings.Cut(strings.TrimSpace(s), ".")
	neg := strings.HasPrefix(whole, "-")
	whole = strings.TrimPrefix(whole, "-")
	if whole == "" || len(whole) > maxWhole || len(frac) > decimals {
		return 0, fmt.Errorf("%w: %q has to be a number with at most %d decimals", ErrNumber, s, decimals)
	}
	for len(frac) < decimals {
		frac += "0"
	}
	n, err := strconv.ParseUint(whole+frac, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%w: %q is not a number", ErrNumber, s)
	}
	if neg {
		return -int64(n), nil
	}
	return int64(n), nil
}

// ErrNumber says that a text is not an amount or a quantity.
var ErrNumber = errors.New("not a number")

// Kind is what a payment attempt does.
type Kind string

// The kinds of attempts.
const (
	Sale           Kind = "sale"
	Void           Kind = "void"
	Refund         Kind = "refund"
	Balance        Kind = "balance"
	Preauth        Kind = "preauth"
	PreauthVoid    Kind = "preauth_void"
	Completion     Kind = "completion"
	CompletionVoid Kind = "completion_void"
	ScriptResult   Kind = "script_result" // tells the host what a card made of its issuer's scripts: no money
)

// Tender is the means of payment.
type Tender string

// The tenders.
const (
	Cash Tender = "cash"
	Card Tender = "card"
	QR   Tender = "qr"
)

// Role says what an operator may do.
type Role string

// The roles, each including the ones before it.
const (
	Cashier    Role = "cashier"
	Supervisor Role = "supervisor"
	Owner      Role = "owner"
)

// Operator is a person who works at the till. Secret is the Argon2id text of
// the PIN, never the PIN.
type Operator struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Role   Role   `json:"role"`
	Secret string `json:"secret,omitempty"`
}

// Error is an error with a code that a face turns into a sentence and a remedy.
type Error struct {
	Code    string // snake_case, one entry in the texts
	Message string // one English sentence for logs and scripts
	Remedy  string // what to do
	Err     error  // the cause, or nil
}

// Error gives the sentence and its cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Message + ": " + e.Err.Error()
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error of a code, a remedy and a sentence.
func Errorf(code, remedy, format string, args ...any) *Error {
	return &Error{Code: code, Remedy: remedy, Message: fmt.Sprintf(format, args...)}
}

// Clock is the seam for time. Now is the wall clock of the shop and may jump.
type Clock interface {
	Now() time.Time
}

// ShopClock reads the clock of the machine as the shop's zone shows it.
type ShopClock struct{ Zone *time.Location }

// Now is time.Now in the shop's zone.
func (c ShopClock) Now() time.Time { return time.Now().In(c.Zone) }

// WallClock reads the clock of the machine.
type WallClock struct{}

// Now is time.Now.
func (WallClock) Now() time.Time { return time.Now() }
