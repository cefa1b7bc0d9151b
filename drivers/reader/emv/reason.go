package emv

import (
	"context"
	"errors"
	"fmt"

	"tillkeeper/app/pos"
)

// The reasons for which a card is not taken, as the till's own codes: the closed list of this package. An error of First or
// Second carries one as pos.Error, a refusal (AAC) has it in Result.Reason or Outcome.Reason.
const (
	ReasonRemoved       = "card_removed"          // taken away before the dialogue was done
	ReasonUnreadable    = "card_unreadable"       // no answer, or an answer that is no sense
	ReasonData          = "card_data_wrong"       // an object is missing, there twice, or of the wrong form
	ReasonUnsupported   = "card_unsupported"      // no application that this terminal takes
	ReasonCardBlocked   = "chip_blocked"          // SELECT answered 6A81
	ReasonBlocked       = "application_blocked"   // SELECT answered 6283
	ReasonRefusedStart  = "application_refused"   // GET PROCESSING OPTIONS answered 6985, and there is no other application
	ReasonUseChip       = "use_chip"              // contactless answered 6984, or a stripe of a card with a good chip
	ReasonSeePhone      = "see_phone"             // contactless answered 6986: the holder confirms on the device
	ReasonChoice        = "choice_needed"         // the application wants the customer's word and nobody can be asked
	ReasonExpired       = "card_expired"          // TVR byte 2, bit 7
	ReasonNotYetValid   = "card_not_yet_valid"    // TVR byte 2, bit 6
	ReasonNotAccepted   = "not_accepted_here"     // usage control, TVR byte 2, bit 5, or the card's own word
	ReasonListed        = "card_blocked"          // on the terminal's exception file
	ReasonHolder        = "holder_not_verified"   // TVR byte 3, bit 8
	ReasonPINTries      = "pin_tries_exceeded"    // the card's own word
	ReasonAuthenticity  = "card_not_authentic"    // offline data authentication failed or was not done
	ReasonCombined      = "cda_failed"            // the signature over the cryptogram is wrong
	ReasonOfflinePIN    = "offline_pin"           // an online PIN is wanted and there is no host
	ReasonOffline       = "offline_declined"      // the action codes refuse it without the host
	ReasonKind          = "offline_kind"          // only a purchase is ever approved without the host
	ReasonDeclined      = "card_declined"         // the card refused, without saying why
	ReasonIssuerUnknown = "issuer_not_recognised" // the card did not take the issuer's answer
	ReasonTimeout       = "card_timeout"          // the time for the card ran out
	ReasonCancelled     = "cancelled"             // the payment was given up
	ReasonRequest       = "terminal_setup"        // the till asked for what a terminal cannot do
)

// said is one reason in English: what happened, and what the cashier does.
type said struct{ message, remedy string }

var reasons = map[string]said{
	ReasonRemoved:       {"the card was taken away too early", "present it again and leave it until the tone"},
	ReasonUnreadable:    {"the card cannot be read", "clean the chip and read it once more, then another card"},
	ReasonData:          {"the card's data are incomplete or contradict each other", "another card; the holder asks the bank"},
	ReasonUnsupported:   {"the terminal does not support this card", "another card or QR"},
	ReasonCardBlocked:   {"the bank has blocked this card's chip", "another card; the holder asks the bank"},
	ReasonBlocked:       {"the bank has blocked the application on this card", "another card; the holder asks the bank"},
	ReasonRefusedStart:  {"the card does not take part in this payment", "another card, or another tender"},
	ReasonUseChip:       {"the card wants to be inserted", "insert the chip"},
	ReasonSeePhone:      {"the customer has to confirm on the phone", "the customer looks at the phone, then present it again"},
	ReasonChoice:        {"the customer has to choose the application", "ask the customer and present the card again"},
	ReasonExpired:       {"the card has expired", "another card"},
	ReasonNotYetValid:   {"the card is not valid yet", "another card; look at the till's date"},
	ReasonNotAccepted:   {"the card may not be used for this here", "another card"},
	ReasonListed:        {"the card is on the blacklist", "another tender; call a supervisor"},
	ReasonHolder:        {"the cardholder could not be verified", "another card, or another tender"},
	ReasonPINTries:      {"the PIN of this card was entered wrongly too often", "another card; the holder asks the bank"},
	ReasonAuthenticity:  {"the card could not be authenticated", "another card, or cash"},
	ReasonCombined:      {"the card's signature over its answer is wrong", "another card; call a supervisor"},
	ReasonOfflinePIN:    {"an online PIN cannot be checked without the host", "another card, or cash"},
	ReasonOffline:       {"the payment may not be approved without the host", "wait for the line, or cash"},
	ReasonKind:          {"only a sale can be approved without the host", "wait for the line"},
	ReasonDeclined:      {"the card itself refused", "another card"},
	ReasonIssuerUnknown: {"the card refused the bank's answer", "present the card again, then another card"},
	ReasonTimeout:       {"no card answered in time", "ask for the card again"},
	ReasonCancelled:     {"cancelled", "nothing was charged; choose a tender again"},
	ReasonRequest:       {"the till asked for what the terminal cannot do", "look at the terminal's settings"},
}

// Reasons lists every reason of this package with its English text and what the cashier does.
func Reasons() map[string][2]string {
	out := make(map[string][2]string, len(reasons))
	for code, s := range reasons {
		out[code] = [2]string{s.message, s.remedy}
	}
	return out
}

// fault is an error of a reason that errors.Is also finds as kind. The detail names no data of the card.
func fault(code string, kind error, format string, args ...any) error {
	return &pos.Error{
		Code: code, Message: reasons[code].message, Remedy: reasons[code].remedy,
		Err: fmt.Errorf("%w: %s", kind, fmt.Sprintf(format, args...)),
	}
}

// Coded gives an error that ends a dialogue its reason, where it has none yet.
func Coded(err error) error {
	var known *pos.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	code := ReasonUnreadable
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		code = ReasonTimeout
	case errors.Is(err, ErrCancelled):
		code = ReasonCancelled
	case errors.Is(err, ErrCardRemoved):
		code = ReasonRemoved
	case errors.Is(err, pos.ErrCardUnfit):
		code = ReasonUnsupported
	case errors.Is(err, ErrUnsupported):
		code = ReasonRequest
	}
	return &pos.Error{Code: code, Message: reasons[code].message, Remedy: reasons[code].remedy, Err: err}
}

// why names the reason of a refusal that the terminal decided on, from the bits of the TVR that led to it.
func (d *Dialogue) why(hits [5]byte) string {
	for _, w := range []struct {
		byte int
		bits byte
		code string
	}{
		{0, tvrListed, ReasonListed},
		{1, tvrNotAllowed, ReasonNotAccepted},
		{1, tvrExpired, ReasonExpired},
		{1, tvrNotEffective, ReasonNotYetValid},
		{0, tvrCombinedFailed, ReasonCombined},
		{0, tvrNotAuthenticated | tvrStaticFailed | tvrDataMissing | tvrDynamicFailed, ReasonAuthenticity},
		{2, tvrOnlinePIN, ReasonOfflinePIN},
		{2, tvrCVMFailed | tvrNoPIN, ReasonHolder},
	} {
		if hits[w.byte]&w.bits != 0 {
			return w.code
		}
	}
	return ReasonOffline
}

// whyCard names the reason that a card gives with its AAC: the low three bits of tag 9F27 (EMV Book 3, 6.5.5.4).
func whyCard(cid byte) string {
	switch cid & 0x07 {
	case 1:
		return ReasonNotAccepted
	case 2:
		return ReasonPINTries
	case 3:
		return ReasonIssuerUnknown
	}
	return ReasonDeclined
}
