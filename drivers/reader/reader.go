// Package reader is the card reader as the till sees it: it waits for a card, runs the card dialogue of package emv over
// it, and hands back what a message needs. It knows three entries: contactless, chip and swipe.
//
// It never sees a PIN, never sends anything to a host, keeps no card data after Close, and decides nothing about money
// beyond what EMV lets a terminal decide. Amounts are int64 in fen; dates are those of the time handed in.
package reader

import (
	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader/emv"
)

// What ends a session; errors.Is finds them behind the detail.
var (
	// ErrCardRemoved: the card was taken away before the dialogue was done.
	ErrCardRemoved = pos.ErrCardRemoved
	// ErrCardUnreadable: the card or its stripe is damaged, or speaks no sense.
	ErrCardUnreadable = pos.ErrCardUnreadable
	// ErrChip wraps ErrCardUnreadable: a contact chip that failed before an application was started. Fallback counts it.
	ErrChip = emv.ErrChip
	// ErrNoApplication: the card has no payment application that this till takes; it wraps pos.ErrCardUnfit.
	ErrNoApplication = emv.ErrNoApplication
	// ErrUnsupported: the request asks for what this reader does not do.
	ErrUnsupported = emv.ErrUnsupported
	// ErrCancelled: the context ended first, or the reader was closed; the context's own error is wrapped too.
	ErrCancelled = emv.ErrCancelled
)

// The till's own types of the card, as they stand in package pos.
type (
	// Purchase is the payment a card is asked for, in fen. Offline says that the host cannot be reached and that the limits
	// hold; AllowOffline that the limits hold; ForceOnline asks for an ARQC even so. ReadOnly wants the card's data only: no
	// cryptogram is asked for, Read has no field 55 and says ARQC, and Finish repeats the host's word without the card.
	// Kind is tag 9C: 00 purchase, 03 (or 30) pre-authorization, 20 refund, 31 balance. What is no purchase always goes
	// online; a balance always wants the PIN.
	Purchase = pos.Purchase
	// Read is what the card gave. F55 and ShortF55 are the field 55 of a request and of its reversal, empty for a swipe;
	// a swipe has the cryptogram ARQC, because it always wants the host. Sequence is empty where the card has none.
	Read = pos.CardRead
	// Answer is what the host said; Unreachable says that no answer could be had, and the rest is empty then.
	Answer = pos.CardAnswer
	// Final is how the card ended the payment. Where the card approved without the host its F55 ends with tag 8A: "Y1" after
	// a TC in the first GENERATE AC, "Y3" after one in the second. Scripts is the value of DF31, five bytes a script.
	Final = pos.CardFinal
	// Session is one card in one payment: Read once, Finish at most once, Close always. It is for one goroutine.
	Session = pos.CardSession
	// Entry is how the card was read; it decides field 22.
	Entry = string
)

// The three entries.
const (
	Contactless Entry = "contactless"
	Chip        Entry = "chip"
	Swipe       Entry = "swipe"
)

// The three cryptograms (EMV Book 3, 6.5.5), in Read.Cryptogram and Final.Cryptogram.
const (
	AAC  = pos.AAC  // refused by the card
	TC   = pos.TC   // approved by the card
	ARQC = pos.ARQC // the host is wanted
)

// Reader is a card reader.
type Reader interface {
	// Connect of pos.CardReader waits for a card; the end of the context ends it with ErrCancelled.
	pos.CardReader
	// State is empty while the reader is well, else a reason of the closed list, as "unplugged".
	State() (code string)
	// Close ends the reader and whoever waits on it.
	Close() error
}
