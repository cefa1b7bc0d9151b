package checkout

import (
	"context"

	"tillkeeper/app/pos"
)

// Face is what a face may ask of the attended flow. Every method is safe to
// call from any goroutine; each returns after what it says is durable. Errors
// are *pos.Error with a code.
type Face interface {
	Snapshot() *Snapshot
	Look() *Snapshot                             // of this moment: the newest may be a second old
	Subscribe(f func(*Snapshot)) (cancel func()) // f must not block

	SignIn(ctx context.Context, staff, pin string) (pos.Operator, error)
	SignOut(ctx context.Context) error
	Scan(ctx context.Context, code string, qty pos.Qty) (pos.Line, error) // qty 0 is one
	Add(ctx context.Context, sku string, qty pos.Qty) (pos.Line, error)
	Edit(ctx context.Context, e Edit) (pos.Line, error)
	Remove(ctx context.Context, line int, reason string) error
	Clear(ctx context.Context) error
	Hold(ctx context.Context, note string) (ticket string, err error)
	Recall(ctx context.Context, ticket string) error
	Held() ([]pos.Basket, error)
	Pay(ctx context.Context, p Pay) (Paid, error) // returns at the committed outcome
	Cancel()                                      // gives up the running payment where that is possible
	CheckQR()                                     // queries the wallet at once
	Choose(ctx context.Context, index int) error  // among CardView.Choices
	Next(ctx context.Context) error               // leaves the outcome
	Reprint(ctx context.Context, receipt string) error

	Standing(receipt string) (Standing, error) // what may still be undone of a receipt
	Void(ctx context.Context, u Undo) (Paid, error)
	Refund(ctx context.Context, r RefundAsk) (Paid, error)
	Balance(ctx context.Context) (Paid, error)
	Preauth(ctx context.Context, amount pos.Amount) (Paid, error)
	Complete(ctx context.Context, c Completing) (Paid, error)
	CancelAuth(ctx context.Context, u Undo) (Paid, error) // a pre-authorization or a completion
	Resolve(ctx context.Context, r Resolving) (pos.Attempt, error)
	PayLink(ctx context.Context, attempt string) (Paid, error) // a wallet payment for a late declined sale; paid, it resolves the item

	Catalogue() Catalogue
	Journal() Reader
}

// Reader is the part of the journal that a face may read.
type Reader interface {
	Attempt(id string) (pos.Attempt, error)
	Events(attempt string) ([]pos.Event, error)
	OfBasket(key string) ([]pos.Attempt, error)
	OfReceipt(receipt string) ([]pos.Attempt, error)
	Find(q pos.Query) ([]pos.Attempt, error)
	Open() ([]pos.Attempt, error)
	Totals(day string) (pos.Totals, error)
}

// Catalogue finds products.
type Catalogue interface {
	Scan(code string, mode pos.TaxMode) (pos.Line, error) // barcode, scale label or number
	ByBarcode(code string) (pos.Product, bool)
	BySKU(sku string) (pos.Product, bool)
	Search(query string, limit int) []pos.Product // pinyin initials, digits, part of a name
	Categories() []string
	InCategory(category string) []pos.Product
}

// Edit changes one line; nil leaves a value as it is.
type Edit struct {
	Line     int
	Qty      *pos.Qty
	Price    *pos.Amount
	Discount *pos.Amount
	Reason   string
	Override *Override // where the role of the one signed in does not suffice
}

// Pay asks for one payment of the open basket.
type Pay struct {
	Tender   pos.Tender
	Amount   pos.Amount // 0 is what is due
	Tendered pos.Amount // cash; 0 is exactly the amount
	Rounding pos.Amount // cash rounding (0 or less) agreed with the payment, which is of all that is due
	Code     string     // the customer's payment code, "" to show ours
	Override *Override  // a supervisor's approval
}

// Override is a supervisor's approval.
type Override struct {
	Staff, PIN string
}

// Paid is how a payment ended.
type Paid struct {
	Attempt pos.Attempt
	Receipt string // set when the basket is paid
	Change  pos.Amount
	Due     pos.Amount
	All     []pos.Attempt // of a void or refund over several tenders: every attempt, in order
	Balance *pos.Amount   // of an inquiry that was answered
	Notify  *bool         // the issuer will send an SMS; nil: not said
}

// Standing is what is left of a receipt.
type Standing struct {
	Receipt    string
	Basket     pos.Basket    // zero where the receipt has none (a pre-authorization)
	Attempts   []pos.Attempt // of the receipt, in order, follow-ups included
	Lines      []StandingLine
	Left       pos.Amount   // what may still be refunded
	CardNeeded bool         // a refund to the card reads it again: its batch is closed
	NoVoid     string       // till reason why it cannot be voided, "" if it can
	NoRefund   string       // till reason why it cannot be refunded, "" if it can
	Held       *pos.Attempt // a pre-authorization that stands, nil if none
}

// StandingLine is a line of a receipt and what of it was not refunded yet.
type StandingLine struct {
	pos.Line
	Left pos.Qty
}

// Undo asks for the void of a receipt.
type Undo struct {
	Receipt  string
	Card     bool // the card is read, to see that it is the one that paid
	Override *Override
}

// RefundAsk asks for a refund: of lines, of an amount, or (neither given) of
// everything that is left.
type RefundAsk struct {
	Receipt  string
	Lines    []RefundLine
	Amount   pos.Amount
	Reason   string
	Card     bool // the card that paid is at hand, where it has to be read again
	Override *Override
}

// RefundLine is a quantity of one line of the original receipt.
type RefundLine struct {
	Line int
	Qty  pos.Qty
}

// Completing asks for the completion of a pre-authorization; Amount 0 is all of
// it.
type Completing struct {
	Receipt string
	Amount  pos.Amount
}

// The ways in which a person ends an open item.
const (
	SendAgain     = pos.SendAgain
	WrittenOff    = pos.WrittenOff
	PaidOtherwise = pos.PaidOtherwise
	RefundedSo    = pos.RefundedSo
	AsInFile      = pos.AsInFile
)

// Resolving is a named person's decision about a manual or late declined item.
type Resolving struct {
	Attempt  string
	How      string // one of the ways above
	Reason   string // wanted, in words
	Override *Override
}
