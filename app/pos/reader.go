package pos

import (
	"context"
	"errors"
	"time"
)

// Purchase is what the till tells a card about the payment (EMV 9F02, 9C, 9A).
type Purchase struct {
	Amount       int64 // fen
	Kind         byte  // tag 9C: 00 purchase
	Time         time.Time
	STAN         string // tag 9F41
	TID          string // tag 9F1E
	ForceOnline  bool   // the host can be reached: ask for an ARQC
	Offline      bool   // it cannot: ask for a TC
	AllowOffline bool   // the till's limits permit a TC
	PINLimit     int64  // contactless above it needs an online PIN, fen
	ReadOnly     bool   // only the card's number is wanted (a refund): no cryptogram, no PIN

	// Choose asks the customer which of several applications to use and gives
	// its index; nil takes the one that the card prefers.
	Choose func(ctx context.Context, names []string) (int, error)

	// PIN has the customer enter the online PIN while a contact card waits, so
	// that the card signs whether one was entered: false is OK without a PIN. Of
	// the card Entry and PAN are known. nil, and a reader that asks by itself,
	// leave it until after the reading.
	PIN func(ctx context.Context, c CardRead) (entered bool, err error)

	Risk *CardRisk // nil: as the reader has it by itself
}

// CardRisk is what a chip is held against before the host is asked (terminal
// risk management, EMV Book 3, 10.6).
type CardRisk struct {
	FloorLimit int64 // fen, of applications that have none of their own; 0: there is none
	Selection  Selection
	History    func(pan string) CardHistory // it must not keep the number; nil knows of none
}

// Selection says how many of the payments below the floor limit go online all
// the same (EMV Book 3, 10.6.2): Target in a hundred below Threshold (fen), from
// there to the floor limit more with the amount, up to Most in a hundred.
type Selection struct {
	Target, Most int
	Threshold    Amount
}

// CardHistory is what the till knows of a card.
type CardHistory struct {
	Earlier Amount // taken without the host, today or still open: it counts towards the floor limit
	Full    bool   // nothing more of it may be taken without the host
	Listed  bool   // on the exception file
}

// CardRead is what the card said up to its first cryptogram.
type CardRead struct {
	Entry         string // contactless chip swipe
	PAN, Expiry   string // expiry YYMM
	Sequence      string // 3 digits, DE 23
	Track2        string // with '='
	F55, ShortF55 []byte
	Cryptogram    byte   // 0x40 TC, 0x80 ARQC, 0x00 AAC
	NeedPIN       bool   // online PIN by CVM or limit, whether or not one was entered
	Signature     bool   // the cardholder signs the slip
	HasChip       bool   // of a stripe: the card has a chip too (service code 2xx or 6xx)
	Fallback      bool   // of a stripe: taken because the chip could not be read
	Reason        string // of an AAC: the till's reason, "" where the card gave none
	ODA           bool   // offline data authentication passed
	AID, AIDName  string // of the application; AID in upper-case hex, "" where the reader does not say
	TVR           []byte
	Expired       bool
}

// The cryptogram types of GENERATE AC (EMV Book 3 6.5.5).
const (
	AAC  byte = 0x00
	TC   byte = 0x40
	ARQC byte = 0x80
)

// CardAnswer is what the card is told of the host's decision.
type CardAnswer struct {
	Approved    bool
	F55         []byte // the host's DE 55: 91, 71, 72
	Code        string // DE 39, tag 8A
	Unreachable bool
}

// CardFinal is the card's last word.
type CardFinal struct {
	Cryptogram    byte
	Reason        string // of an AAC that card or terminal decided: the till's reason
	Scripts       []byte // issuer script results
	F55, ShortF55 []byte // as an offline upload carries them
}

// CardSession is one card in or at the reader.
type CardSession interface {
	Read(ctx context.Context, p Purchase) (CardRead, error)
	Finish(ctx context.Context, a CardAnswer) (CardFinal, error)
	Close() error
}

// CardReader waits for cards. The end of the context ends the wait.
type CardReader interface {
	Connect(ctx context.Context, p Purchase) (CardSession, error)
}

// The ways in which a card fails.
var (
	ErrCardRemoved    = errors.New("the card was removed")
	ErrCardUnreadable = errors.New("the card cannot be read")
	ErrCardUnfit      = errors.New("no application on the card that this terminal supports")
	ErrPINCancelled   = errors.New("the customer cancelled the PIN entry")
)
