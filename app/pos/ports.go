package pos

import (
	"context"
	"errors"
	"time"
)

// Operation names a row of the profile's transaction table (PROTOCOL of the
// acquirer, section "transactions").
type Operation string

// The operations that flows ask for.
const (
	OpSale           Operation = "sale"
	OpVoid           Operation = "void"
	OpRefund         Operation = "refund"
	OpBalance        Operation = "balance"
	OpPreauth        Operation = "preauth"
	OpPreauthVoid    Operation = "preauth_void"
	OpCompletion     Operation = "completion"
	OpCompletionVoid Operation = "completion_void"
	OpCodeSale       Operation = "code_sale" // the customer's payment code
	OpReversal       Operation = "reversal"
	OpOfflineUpload  Operation = "offline_upload"
	OpDeferred       Operation = "deferred"
	OpScriptResult   Operation = "script_result" // what a card made of its issuer's scripts
)

// CardData is what a request says of a card. It lives in memory and in sealed
// boxes only.
type CardData struct {
	PAN      string `json:"pan"`
	Expiry   string `json:"expiry,omitempty"`   // YYMM
	Sequence string `json:"sequence,omitempty"` // DE 23
	Track2   string `json:"track2,omitempty"`
	F55      []byte `json:"f55,omitempty"`
	ShortF55 []byte `json:"short_f55,omitempty"`
	PINBlock []byte `json:"pin_block,omitempty"` // DE 52: 8 bytes, 16 in format 4
	KSN      []byte `json:"ksn,omitempty"`       // of a PIN block under DUKPT: 10 bytes (triple DES) or 12 (AES)
	PIN      bool   `json:"pin,omitempty"`       // one was entered: DE 22 says so in a reversal too
	Entry    string `json:"entry,omitempty"`     // chip contactless swipe keyed code
	Fallback bool   `json:"fallback,omitempty"`  // of a swipe: the card's chip could not be read, DE 60 says so in a reversal too
	Code     string `json:"code,omitempty"`      // the customer's payment code, DE 59 A3
}

// Origin names the message that a void, refund or completion is about.
type Origin struct {
	Batch, STAN string // DE 61
	Date        string // DE 61, MMDD of the original's DE 13; refunds only
	RRN         string // DE 37
	AuthCode    string // DE 38
}

// Request is one message to the acquirer in the words of the trade; the driver
// and its profile make fields of it.
type Request struct {
	Op       Operation
	Original Operation // of a reversal: what is reversed
	STAN     string
	Batch    string
	Amount   Amount
	Card     CardData
	Reason   string // of a reversal: 98 A0 06
	Org      string // DE 63.1 where the operation carries it
	AuthCode string // of the original, where it is known
	Origin   Origin // of a void, refund or completion, and of their reversals
	Advice   bool   // may wait for a free place in the window; a live sale goes first
}

// Reply is a matched answer whose MAC was judged.
type Reply struct {
	Code     string // DE 39
	Amount   Amount // DE 4 as answered
	RRN      string
	AuthCode string
	HostTime string // DE 12
	HostDate string // DE 13, MMDD
	Org      string
	Text     string // issuer's text of DE 63
	F55      []byte
	Balance  *Amount // available, DE 54; nil where the answer has none
	Notify   *bool   // whether the issuer will send an SMS (centre's text of DE 63); nil: not said
	Signed   bool    // a good F64 was there
	SignOn   bool    // the header asks for a new sign-on
}

// BatchTotals are the sums of a settlement (DE 48): gross, so that a voided
// sale stays a debit and its void is a credit.
type BatchTotals struct {
	Debit       Amount `json:"debit"`
	DebitCount  int    `json:"debit_count"`
	Credit      Amount `json:"credit"`
	CreditCount int    `json:"credit_count"`
}

// SettlementReply is the host's word on the totals (0510).
type SettlementReply struct {
	Balanced bool // both flags are 1
	Host     BatchTotals
	Date     string // DE 15, MMDD, "" if it has none
}

// UploadItem is one payment of a batch upload (0320, DE 48).
type UploadItem struct {
	STAN, PAN string // PAN "" is sent as zeros
	Amount    Amount
}

// UploadLimit is how many items one 0320 takes.
const UploadLimit = 8

// Settler is the part of the line that closes a batch. None of its messages
// carries a MAC. Errors are those of Acquirer.Exchange.
type Settler interface {
	Settle(ctx context.Context, stan, batch, operator string, t BatchTotals) (SettlementReply, error)
	Upload(ctx context.Context, stan, batch string, items []UploadItem) (code string, err error)
	UploadEnd(ctx context.Context, stan, batch string, count int, balanced bool) (code string, err error)
	SignOff(ctx context.Context, stan, batch string) error
	FileLayout() FileLayout // of the acquirer's daily file
}

// SignOnReply is what a sign-on brings.
type SignOnReply struct {
	Batch string
	Host  time.Time // the host's clock, nearest year
}

// The ways in which an exchange ends without a reply.
var (
	ErrNotSent  = errors.New("nothing was sent: no line")         // not one byte left
	ErrUnfit    = errors.New("the profile has no words for it")   // nor ever will: with ErrNotSent
	ErrNoAnswer = errors.New("no answer in time")                 // reason 98
	ErrBadMAC   = errors.New("an answer with a bad or no MAC")    // reason A0
	ErrNoKeys   = errors.New("no working keys: sign on first")    // nothing was sent
	ErrRefused  = errors.New("the host refused the sign-on")      // with its code
	ErrLineBusy = errors.New("another request is being answered") // nothing was sent
)

// WhyNot names the till reason in an error: the code of the pos.Error in it,
// otherwise what the caller would say.
func WhyNot(err error, otherwise string) string {
	var e *Error
	if errors.As(err, &e) && e.Code != "" {
		return e.Code
	}
	return otherwise
}

// Link is the state of the line.
type Link struct {
	State  string    // online offline degraded
	Cause  string    // network acquirer keys refused (the host's no to the sign-on), "" when online
	Since  time.Time // of this state
	Detail string
	SignOn bool // the host asked for a sign-on and can be reached: it comes next
}

// Repeats are the acquirer's rules of what is sent again, as its profile has
// them.
type Repeats struct {
	First, Most    time.Duration // back-off: doubled from the first wait to the longest
	GiveUp         time.Duration // after it a reversal waits for a person
	Tries          int           // after so many too
	BeforeSale     int           // tries of each pending reversal before a new card request
	MayPass        bool          // a new sale may go on although a reversal was answered without being acknowledged
	DeferredGiveUp time.Duration // after it a deferred sale is the owner's
	DeferredTries  int           // attempts of one deferred sale
}

// DefaultRepeats hold where a profile names none: 5 s doubled to 5 min, 50 tries
// or 24 h; 3 before a sale; a deferred sale 5 attempts or 72 h.
func DefaultRepeats() Repeats {
	return Repeats{
		First: 5 * time.Second, Most: 5 * time.Minute, GiveUp: 24 * time.Hour, Tries: 50, BeforeSale: 3, MayPass: true,
		DeferredGiveUp: 72 * time.Hour, DeferredTries: 5,
	}
}

// Pause is the wait before try number n (1 upwards) of the same item.
func (r Repeats) Pause(n int) time.Duration {
	d := r.First
	for i := 1; i < n && d < r.Most; i++ {
		d *= 2
	}
	return min(d, r.Most)
}

// Terms are what the acquirer's profile says of sums and PINs.
type Terms struct {
	CompletionPercent int    // how much of a pre-authorization a completion may take
	ContactlessNoPIN  Amount // up to it a tap needs no PIN, fen; 0: a tap always needs one
	PINFormat         byte   // of PIN blocks, ISO 9564-1: 0, 3 or 4
	PINKeys           string // PINSession, PINDUKPTTDES or PINDUKPTAES
	PINBypass         bool   // the customer may press OK without a PIN: the issuer decides
	ScriptResults     bool   // what a card made of its issuer's scripts is told by a message of its own
	Risk              RiskTerms
}

// RiskTerms are the acquirer's parameters of what a till takes by itself. They
// win over the shop's; what is 0 is left to the shop.
type RiskTerms struct {
	FloorLimit  Amount    // fen: below it a chip may approve while the host can be reached; 0: it never may
	Floors      []Floor   // of applications of chips that have another one
	Selection   Selection // of those, which go online all the same
	PerPayment  Amount
	PerTerminal Amount
	Count       int
	PerCard     int
	StopAfter   time.Duration
}

// DefaultTerms hold where nobody named others: a completion takes at most what
// was authorized, taps up to 1,000.00 without a PIN, format 0 under the PIK, OK
// without a PIN for a card that has none, and every payment goes to the host.
func DefaultTerms() Terms {
	return Terms{
		CompletionPercent: 100, ContactlessNoPIN: 100_000, PINKeys: PINSession, PINBypass: true,
		Risk: RiskTerms{Selection: Selection{Target: 10, Most: 50, Threshold: 10_000}},
	}
}

// Most is the largest sum that a completion of a pre-authorization may take, fen.
func (t Terms) Most(held Amount) Amount {
	return held * Amount(t.CompletionPercent) / 100
}

// Ready is what the unattended flow says of the line before a payment.
type Ready struct {
	Online bool
	Reason string // till reason when not online
}

// Acquirer is the line to the host. At most one financial request is
// outstanding; advices have a window of their own where the profile says so.
// Exchange returns after a matched answer, or ErrNotSent, ErrNoAnswer,
// ErrBadMAC, ErrNoKeys (all comparable with errors.Is).
type Acquirer interface {
	Exchange(ctx context.Context, r Request) (Reply, error)
	SignOn(ctx context.Context, stan, batch, operator string) (SignOnReply, error)
	Echo(ctx context.Context, stan, batch string) error
	Ready() bool // working keys are loaded
	Link() Link
	Window() int                   // advices outstanding at once
	Late() <-chan LateReply        // answers that nobody waits for any more
	Reversible(code string) bool   // outcome unknown by code: 68 96 98
	Timeout() time.Duration        // for one answer
	ReversalRepeat() time.Duration // before the repeat after 12 or 25
	Repeats() Repeats
	Terms() Terms
}

// LateReply is an answer after its time, or one that fits nothing.
type LateReply struct {
	STAN  string
	Ops   []Operation // those that its MTI and F3 may answer; nil: not known
	Batch string      // "" if the message has none
	Reply Reply
	Note  string
}

// Vault seals what must not be readable later, under keys outside the journal.
type Vault interface {
	Seal(key string, aad, plain []byte) ([]byte, error)
	Open(key string, aad, box []byte) ([]byte, error)
	Destroy(key string) error
	CardHash(pan string) string
}

// The keys under which a PIN block may be encrypted (PINRequest.Keys).
const (
	PINSession   = "session"    // the PIK of the last sign-on
	PINDUKPTTDES = "dukpt-tdes" // ANSI X9.24-1, a new key each time
	PINDUKPTAES  = "dukpt-aes"  // ANSI X9.24-3
)

// PINRequest is what a PIN pad needs to ask for a PIN.
type PINRequest struct {
	PAN    string // digits
	Amount Amount // what the pad shows, fen
	Format byte   // of ISO 9564-1: 0, 3 or 4
	Keys   string // PINSession, PINDUKPTTDES or PINDUKPTAES; "" is PINSession
	Bypass bool   // the customer may press OK without a PIN
}

// PINResult is an encrypted PIN block, or that the customer passed it by.
type PINResult struct {
	Block    []byte // 8 bytes, 16 in format 4
	KSN      []byte // 10 or 12 bytes under DUKPT, else none
	Format   byte
	Bypassed bool // OK without a PIN: there is no block
}

// PINPad is the device that holds the keys and takes the PIN. Its errors are
// pos.Error with the codes pin_cancelled, pin_timeout, no_tmk, unplugged,
// offline and the like, or ErrNoKeys.
type PINPad interface {
	PINBlock(ctx context.Context, r PINRequest) (PINResult, error)
}

// Printer takes the bytes of a slip and keeps them until they are printed.
type Printer interface {
	Print(job PrintJob) error // queued; a fault of the printer is no fault of the sale
	Kick() error              // the cash drawer
}

// PrintJob is a slip on its way to the printer.
type PrintJob struct {
	Number string // of the receipt
	Copy   bool
	Slip   any // a receipt.Document
	// Make makes the slip when the printer's turn has come, off the way of whoever waits for the payment; nil: Slip is it.
	Make func() (slip any, err error)
}

// Condition is what a device or a part says of itself.
type Condition struct {
	Name   string   `json:"name"`  // journal disk clock keys batch reader pinpad printer display scanner drawer host wallet
	State  string   `json:"state"` // ok busy warn fault off
	Code   string   `json:"code,omitempty"`
	Detail string   `json:"detail,omitempty"` // a name, a figure, or the error of a driver in English, as the log has it
	Remedy string   `json:"remedy,omitempty"` // where it is more exact than the code's; English
	Found  []Remark `json:"found,omitempty"`  // what was found behind it, better than Detail
	Mend   []Remark `json:"mend,omitempty"`   // what mends it, better than Remedy
	Took   time.Duration
}

// Remark is a sentence as its code and what stands in it: who looks knows what
// it found, a face knows how that is said (app/i18n).
type Remark struct {
	At   string   `json:"at,omitempty"` // the place that it is about, where there are several: "pcsc:"
	Code string   `json:"code"`         // snake_case, one entry in the texts; "" for no remark
	Args []string `json:"args,omitempty"`
}

// Say makes a Remark of a code and the names, paths and numbers in its sentence.
func Say(code string, args ...string) Remark { return Remark{Code: code, Args: args} }

// WalletState is what the gateway says of an order.
type WalletState string

// The states of a wallet order.
const (
	WalletWaiting  WalletState = "waiting"
	WalletPaying   WalletState = "paying" // the customer is entering a password
	WalletPaid     WalletState = "paid"
	WalletRefused  WalletState = "refused"
	WalletClosed   WalletState = "closed"
	WalletRefunded WalletState = "refunded"
)

// WalletOrder is an order at the gateway.
type WalletOrder struct {
	Number  string // ours: the attempt id
	Code    string // text of the QR code
	State   WalletState
	Trade   string // the gateway's number
	Reason  string
	Wallet  string // wechat alipay unionpay
	Expires time.Time
}

// Wallet is the gateway of the QR wallets. Every call is idempotent by number.
type Wallet interface {
	Create(ctx context.Context, number string, amount Amount, title string, valid time.Duration) (WalletOrder, error)
	Query(ctx context.Context, number string) (WalletOrder, error)
	Close(ctx context.Context, number string) (WalletOrder, error) // WalletPaid if it was too late
	// Refund gives money of a paid order back, once for each refund number; several refunds add up to the order at most.
	Refund(ctx context.Context, number, refund string, amount Amount) (WalletOrder, error)
}
