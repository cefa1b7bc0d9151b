package card

import (
	"slices"
	"strings"

	"tillkeeper/drivers/reader/emv"
)

// What can be particular about a simulated chip.
const (
	Quick              = "quick"               // contactless: the cryptogram comes with the processing options (qPBOC)
	Static             = "static"              // signed data, no key of its own (SDA)
	Combined           = "combined"            // signs its cryptograms (CDA)
	Unsigned           = "unsigned"            // cannot be authenticated at all
	Two                = "two"                 // a debit and a credit application
	Confirm            = "confirm"             // wants the cardholder's word before an application is taken
	NoDirectory        = "no_directory"        // neither PSE nor PPSE
	LongPDOL           = "long_pdol"           // asks for much, and for what a terminal does not know
	Format2            = "format2"             // contact: answers in format 2 instead of format 1
	Blocked            = "blocked"             // SELECT answers 6A81
	ApplicationBlocked = "application_blocked" // SELECT of an application answers 6283
	RefusesFirst       = "refuses_first"       // the first application answers 6985 to GET PROCESSING OPTIONS
	WrongCertificate   = "wrong_certificate"   // of the chip
	WrongSignature     = "wrong_signature"     // of data and answers
	Revoked            = "revoked"             // its issuer's certificate has the serial number RevokedSerial
	NotYetValid        = "not_yet_valid"       // effective from 2049 on
	NotHere            = "not_here"            // usage control: cash machines only
	OnDevice           = "on_device"           // quick: the holder was verified on the device
	PINTries           = "pin_tries"           // refuses because the PIN was wrong too often
	ChipToo            = "chip_too"            // a stripe that says that the card has a chip
	WantsPIN           = "wants_pin"           // asks for a PIN although its holder has none
	PINOnly            = "pin_only"            // knows no other way than the PIN, and refuses without one
	Velocity           = "velocity"            // wants the host after LowerLimit payments without it
)

// Traits lists the words of Card.Traits.
func Traits() []string {
	return []string{
		Quick, Static, Combined, Unsigned, Two, Confirm, NoDirectory, LongPDOL, Format2, Blocked, ApplicationBlocked,
		RefusesFirst, WrongCertificate, WrongSignature, Revoked, NotYetValid, NotHere, OnDevice, PINTries, ChipToo, WantsPIN,
		PINOnly, Velocity,
	}
}

// The consecutive offline limits of cards of the trait Velocity, tags 9F14 and 9F23.
const (
	LowerLimit = 2
	UpperLimit = 4
)

// RevokedSerial is the serial number of the issuer's certificate on cards of the trait Revoked.
var RevokedSerial = [3]byte{0, 0, 9}

// Revocation is the entry that revokes it.
func Revocation() emv.Revocation {
	return emv.Revocation{RID: Authority().RID, Index: AuthorityIndex, Serial: RevokedSerial}
}

// is says whether a card has a trait.
func (c Card) is(trait string) bool { return slices.Contains(strings.Fields(c.Traits), trait) }

// asks says whether a card wants its holder's PIN.
func (c Card) asks() bool { return c.PIN != "" || c.is(WantsPIN) }

// spoilt is a signature with one bit wrong where the card is to have a bad one.
func (c Card) spoilt(trait string, signature []byte) []byte {
	if !c.is(trait) {
		return signature
	}
	out := slices.Clone(signature)
	out[len(out)/2] ^= 0x10
	return out
}
