package pos

import "time"

// Event is one entry of the journal. Seq and Time of the record are set by the
// journal; order is by Seq, never by clock. Only the fields that a type of
// event speaks of are set.
type Event struct {
	Seq     uint64    `json:"seq"`
	Time    time.Time `json:"time"`
	Type    EventType `json:"type"`
	Attempt string    `json:"attempt,omitempty"`
	Basket  string    `json:"basket,omitempty"`
	By      string    `json:"by,omitempty"` // operator id

	Kind     Kind   `json:"kind,omitempty"`
	Tender   Tender `json:"tender,omitempty"`
	Amount   Amount `json:"amount,omitempty"`   // asked for
	Approved Amount `json:"approved,omitempty"` // said yes to
	Tendered Amount `json:"tendered,omitempty"` // cash handed over
	Change   Amount `json:"change,omitempty"`   // cash handed back
	Day      string `json:"day,omitempty"`      // business day, 2026-11-22
	Hour     int    `json:"hour,omitempty"`     // hour of the shop's day
	Receipt  string `json:"receipt,omitempty"`

	STAN      string     `json:"stan,omitempty"`  // DE 11
	Batch     string     `json:"batch,omitempty"` // DE 60.2
	RRN       string     `json:"rrn,omitempty"`   // DE 37
	AuthCode  string     `json:"auth_code,omitempty"`
	Code      string     `json:"code,omitempty"`   // DE 39, or a reason of the till's own
	Reason    string     `json:"reason,omitempty"` // reversal reason 98 A0 06, or why; of a try of one the host's 12 or 25 to it
	Org       string     `json:"org,omitempty"`    // DE 63.1, card organisation
	HostDate  string     `json:"host_date,omitempty"`
	MaskedPAN string     `json:"masked_pan,omitempty"` // first 6, last 4
	CardHash  string     `json:"card_hash,omitempty"`  // keyed hash of the PAN
	EntryMode string     `json:"entry_mode,omitempty"` // chip contactless swipe
	Online    bool       `json:"pin_online,omitempty"` // PIN verified online
	Signature bool       `json:"signature,omitempty"`  // the cardholder signs the slip
	Offline   bool       `json:"offline,omitempty"`
	Linked    string     `json:"linked,omitempty"`
	Original  string     `json:"original,omitempty"` // the attempt that this one undoes, refunds or completes
	Next      string     `json:"next,omitempty"`     // the attempt that goes on with this one
	How       string     `json:"how,omitempty"`      // of a resolution: send_again written_off paid_otherwise refunded as_in_file
	Taken     *time.Time `json:"taken,omitempty"`    // of a deferred sale: when the first attempt took it
	Chain     int        `json:"chain,omitempty"`    // of a deferred sale: attempts before this one
	Flag      bool       `json:"flag,omitempty"`     // to be looked for in the acquirer's file
	Wallet    string     `json:"wallet,omitempty"`
	Order     string     `json:"order,omitempty"` // the wallet's order number

	// Sealed is the Vault box of what a reversal or upload needs; Waiting the
	// one of track, chip data and PIN block of an item that waits.
	Sealed  *Box `json:"sealed,omitempty"`
	Waiting *Box `json:"waiting,omitempty"`

	Scripts []byte `json:"scripts,omitempty"` // results of the issuer's scripts, EMV 9F5B

	Line *Line  `json:"line,omitempty"` // of a basket event
	Text string `json:"text,omitempty"`
}

// Box is something encrypted under a key that is kept outside the journal.
type Box struct {
	Key  string `json:"key"` // "day-20261122", "batch-000001"
	Data []byte `json:"data"`
}

// Attempt is the fold of the events of one payment attempt.
type Attempt struct {
	ID, Basket, Receipt string
	Kind                Kind
	Tender              Tender
	State               State
	Amount, Approved    Amount
	Refunded            Amount
	Tendered, Change    Amount
	STAN, Batch         string
	RRN, AuthCode       string
	Org, HostDate       string
	Code, Reason        string // answer code; reversal reason
	MaskedPAN, CardHash string
	EntryMode           string
	PINOnline           bool
	Signature           bool // the cardholder signs the slip
	Offline, Deferred   bool // approved by the card; taken at the shop's risk
	Linked              string
	Original            string // the attempt that this one undoes, refunds or completes
	Follow              string // the last attempt that undoes, refunds or completes this one
	How                 string // of the person who resolved it
	Cashier             string
	Day                 string
	Hour                int
	Created, Updated    time.Time
	Since               time.Time // of the present state
	Taken               time.Time // of a deferred sale: when the first attempt took it
	Next                string    // the attempt that goes on with a deferred sale
	Tries               int       // sends of what is owed in the present state
	Unanswered          int       // sends of an upload that nobody answered
	Chain               int       // of a deferred sale: attempts before this one
	LateApproved        bool      // an approval came after the reversal began: only a 00 ends it
	Unmatched           time.Time // when the host first said that it has no original of the reversal (12, 25), and no doubt came since
	Flagged             bool      // to be looked for in the acquirer's file
	LastError           string
	Wallet, Order       string
	Sealed, Waiting     *Box
	Seqs                []uint64 // its events in the journal
}

// Open says whether something is still due for the attempt.
func (a *Attempt) Open() bool { return StateRules[a.State].Due != DueNothing }

// Unsent says that nothing of a deferred sale is at the host: it waits for its
// turn, or each sending of it never left or was answered with the wish for a
// sign-on.
func (a *Attempt) Unsent() bool {
	return a.Deferred && (a.State == Deferred || a.State == Delivering && a.Unanswered == 0)
}

// GoesOn says whether a deferred sale, once its reversal has ended, is owed again
// as another attempt: nobody answered it. One that the host answered in part, or
// with a code that leaves the outcome open (reason 06), is a person's; one that a
// person has ended is nobody's.
func (a *Attempt) GoesOn() bool {
	return a.Deferred && a.Reason != "06" && a.Next == "" && a.How == ""
}

// Counts gives the money that the attempt stands for in the totals.
func (a *Attempt) Counts() Amount {
	if !StateRules[a.State].Counted {
		return 0
	}
	return a.Approved
}
