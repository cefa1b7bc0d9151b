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
	OpSale          Operation = "sale"
	OpReversal      Operation = "reversal"
	OpOfflineUpload Operation = "offline_upload"
	OpDeferred      Operation = "deferred"
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
	PINBlock []byte `json:"pin_block,omitempty"` // DE 52
	PIN      bool   `json:"pin,omitempty"`       // one was entered: DE 22 says so in a reversal too
	Entry    string `json:"entry,omitempty"`     // chip contactless swipe
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
	Signed   bool // a good F64 was there
	SignOn   bool // the header asks for a new sign-on
}

// SignOnReply is what a sign-on brings.
type SignOnReply struct {
	Batch string
	Host  time.Time // the host's clock, nearest year
}

// The ways in which an exchange ends without a reply.
var (
	ErrNotSent  = errors.New("nothing was sent: no line")         // not one byte left
	ErrNoAnswer = errors.New("no answer in time")                 // reason 98
	ErrBadMAC   = errors.New("an answer with a bad or no MAC")    // reason A0
	ErrNoKeys   = errors.New("no working keys: sign on first")    // nothing was sent
	ErrRefused  = errors.New("the host refused the sign-on")      // with its code
	ErrLineBusy = errors.New("another request is being answered") // nothing was sent
)

// Link is the state of the line.
type Link struct {
	State  string    // online offline degraded
	Cause  string    // network acquirer keys, "" when online
	Since  time.Time // of this state
	Detail string
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
}

// LateReply is an answer after its time, or one that fits nothing.
type LateReply struct {
	STAN  string
	Batch string // "" if the message has none
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

// PINPad is the device that holds the keys and takes the PIN.
type PINPad interface {
	PINBlock(ctx context.Context, pan string, amount int64) ([8]byte, error)
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
}

// Condition is what a device or a part says of itself.
type Condition struct {
	Name   string `json:"name"`  // journal disk clock keys reader pinpad printer display scanner drawer host wallet
	State  string `json:"state"` // ok busy warn fault off
	Code   string `json:"code,omitempty"`
	Detail string `json:"detail,omitempty"`
	Took   time.Duration
}

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
	Charge(ctx context.Context, number string, amount Amount, title, code string) (WalletOrder, error) // the customer's code
	Query(ctx context.Context, number string) (WalletOrder, error)
	Close(ctx context.Context, number string) (WalletOrder, error) // WalletPaid if it was too late
	Refund(ctx context.Context, number string, amount Amount) (WalletOrder, error)
}

// Display shows a QR code or text to the customer.
type Display interface {
	ShowQR(text string, amount Amount) error
	Clear() error
}
