package pos

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// Commit is what becomes durable together: all of it or nothing.
type Commit struct {
	Events   []Event
	Baskets  []Basket          // working documents after the change
	Settings map[string]string // small facts: batch, last sign-on, last online
	// Differences are documents as they are after the change, by ID.
	Differences []Difference
}

// Journal is the only truth. Append returns after everything in the commit is
// durable. Every record carries a check that is verified at every read, and is
// chained to the one before it.
//
// Errors: ErrNotCommitted means that nothing of the commit was kept (looked up
// after a reopen); ErrSafeMode that the journal cannot say: take no money.
type Journal interface {
	Append(ctx context.Context, c Commit) ([]Event, error) // the events with Seq and Time
	Attempt(id string) (Attempt, error)                    // ErrNotFound
	Events(attempt string) ([]Event, error)
	OfBasket(key string) ([]Attempt, error)
	OfReceipt(receipt string) ([]Attempt, error)
	ByTrace(batch, stan string) (Attempt, error) // ErrNotFound
	BatchUsed(batch string) (bool, error)        // a card attempt carries its number
	OfBatch(batch string) ([]Attempt, error)     // those that took a trace number in it, by trace number
	Differences(all bool) ([]Difference, error)  // between journal and file, oldest first; unresolved ones unless all
	Find(q Query) ([]Attempt, error)             // newest first
	Open() ([]Attempt, error)                    // something is due, by sequence; persons' items included
	Basket(key string) (Basket, error)           // ErrNotFound
	Baskets(state BasketState) ([]Basket, error) // open and held ones
	Totals(day string) (Totals, error)           // of a business day, from rollups
	Setting(key string) string                   // "" if never set

	NextAttempt() string // 12 digits, upwards
	NextBasket() string
	NextReceipt() string // 6 digits, wraps past 999999
	NextSTAN() string    // 6 digits, 1..999999, past those live in open items and in the batch
}

// Query selects attempts; zero fields select nothing away.
type Query struct {
	FromDay, ToDay string    // business days, both included
	From, To       time.Time // of its creation; From included, To excluded
	Amount         Amount
	Last4          string
	State          State
	Text           string // in receipt, STAN, RRN, authorization code, name of an article of its basket
	Limit          int    // 0 is DefaultLimit
}

// DefaultLimit bounds a search that names no limit of its own.
const DefaultLimit = 1000

// The errors of a journal.
var (
	ErrNotFound     = errors.New("not found in the journal")
	ErrNotCommitted = errors.New("the journal did not keep it")
	ErrSafeMode     = errors.New("the journal is in safe mode")
	ErrFull         = errors.New("no room left for the journal")
)

// Room is what a journal may still take.
type Room struct {
	Left int64 // bytes for what begins anew
	Low  bool  // so little that somebody has to do something about it
	Disk bool  // the disk bounds it, not the limit of the journal's own file
}

// The figures of Condition: what a sale of five lines takes, and the unit in which room is said.
const (
	bytesOfSale = 4 << 10
	mebibyte    = 1 << 20
)

// Condition says that room is nearly used up, how much is left and what to do about it; false where there is enough.
func (r Room) Condition() (Condition, bool) {
	mend := Say("journal_limit")
	if r.Disk {
		mend = Say("free_disk")
	}
	return Condition{
		Name: "disk", State: "warn", Code: "journal_nearly_full", Mend: []Remark{mend},
		Found: []Remark{Say("room_left", strconv.FormatInt(r.Left/mebibyte, 10), strconv.FormatInt(r.Left/bytesOfSale, 10))},
	}, r.Low
}

// FirstBatch is the batch of a terminal that never signed on.
const FirstBatch = "000001"

// OpenBatch is the batch that new card payments belong to (DE 60.2).
func OpenBatch(j Journal) string {
	if b := j.Setting(SetBatch); b != "" {
		return b
	}
	return FirstBatch
}

// The settings that flows keep in the journal.
const (
	SetBatch      = "batch"       // DE 60.2 of the open batch
	SetSignOn     = "sign_on"     // RFC 3339 time of the last good one
	SetLastOnline = "last_online" // RFC 3339 time of the last answer
	SetSettling   = "settling"    // JSON of the settlement that runs, "" if none
)

// DifferenceClass names how journal and acquirer's file differ.
type DifferenceClass string

// The classes of a reconciliation.
const (
	Matched        DifferenceClass = "matched"
	OursOnly       DifferenceClass = "ours_only"
	TheirsOnly     DifferenceClass = "theirs_only" // failed here, but charged
	AmountDiffers  DifferenceClass = "amount_differs"
	ReversedInFile DifferenceClass = "reversed_in_file"
)

// Difference is one line of a reconciliation that does not match, until a named
// person resolves it.
type Difference struct {
	ID       string          `json:"id"` // file's day and a number
	File     string          `json:"file"`
	Class    DifferenceClass `json:"class"`
	Attempt  string          `json:"attempt,omitempty"` // ours, "" if there is none
	Batch    string          `json:"batch,omitempty"`
	STAN     string          `json:"stan,omitempty"`
	RRN      string          `json:"rrn,omitempty"`
	Kind     string          `json:"kind,omitempty"` // as the file or the journal names it
	PAN      string          `json:"masked_pan,omitempty"`
	Ours     Amount          `json:"ours"`
	Theirs   Amount          `json:"theirs"`
	Time     time.Time       `json:"time"`     // of the file's line, else of the attempt
	Proposal string          `json:"proposal"` // what to do: a code of the texts
	Found    time.Time       `json:"found"`
	Resolved time.Time       `json:"resolved,omitzero"`
	By       string          `json:"by,omitempty"`
	How      string          `json:"how,omitempty"`
	Reason   string          `json:"reason,omitempty"`
}

// Sums is money and count of one slice of a day.
type Sums struct {
	Gross   Amount `json:"gross"`
	Refunds Amount `json:"refunds"`
	Net     Amount `json:"net"`
	Count   int    `json:"count"`
}

// ProductSums is what was sold of one article.
type ProductSums struct {
	SKU    string `json:"sku"`
	Name   string `json:"name"`
	Unit   string `json:"unit"`
	Qty    Qty    `json:"qty"`
	Amount Amount `json:"amount"`
}

// Totals is a business day in sums. Late declined money is in neither gross
// nor net.
type Totals struct {
	Day          string          `json:"day"`
	Sums                         // of all tenders
	Tax          Amount          `json:"tax"`
	Baskets      int             `json:"baskets"` // paid in full
	ByTender     map[Tender]Sums `json:"by_tender"`
	ByHour       map[int]Sums    `json:"by_hour"`
	ByCashier    map[string]Sums `json:"by_cashier"`
	ByProduct    []ProductSums   `json:"by_product"` // most money first
	Pending      Sums            `json:"pending"`    // taken, not yet delivered
	LateDeclined Sums            `json:"late_declined"`
}
