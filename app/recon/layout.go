// Package recon compares the journal with the acquirer's file of the day
// before. It promises to be pure: it reads the file from an io.Reader and the
// journal's attempts as values, names every difference once, and changes
// nothing. It never touches a floating point number, never guesses at a line it
// cannot read, and never lets one line of the file stand for two payments.
//
// A line and an attempt belong together by terminal and merchant, batch and
// trace number; where both have a reference number it has to agree; then the
// amounts are compared. Amounts are fen as the merchant sees them: debits above
// zero, refunds and voids below.
//
// What a file looks like is data of the acquirer's profile (Layout). What our
// side has of a payment takes 64 bytes; the file is read once, line by line.
package recon

import (
	"strings"
	"time"
	"unicode/utf8"

	"tillkeeper/app/pos"
)

// The places of the cells in a row, in the order of pos.FileColumns.
const (
	atDate = iota
	atTime
	atTID
	atMID
	atBatch
	atSTAN
	atRRN
	atAuth
	atKind
	atPAN
	atAmount
	atOriginalBatch
	atOriginalSTAN
	cells
)

// needed has to be in every file.
var needed = []int{atDate, atBatch, atSTAN, atAmount}

// ignore is the kind of a line that is no payment of a customer: a fee, a sum.
// It is read, counted and left alone.
const ignore pos.Kind = "ignore"

// Layout says what a file looks like and how it is read here.
type Layout struct {
	pos.FileLayout

	// Zone is the one of the file's dates and times; nil is UTC+8.
	Zone *time.Location
	// Text makes UTF-8 of a line that holds other letters than ASCII; nil leaves
	// it, and a header or kinds in such letters are then not understood.
	Text func(line []byte) ([]byte, error)
}

// china is the zone of a file that names none.
var china = time.FixedZone("UTC+8", 8*60*60)

func (l Layout) zone() *time.Location {
	if l.Zone == nil {
		return china
	}
	return l.Zone
}

// letters makes UTF-8 of a line.
func (l Layout) letters(line []byte) ([]byte, error) {
	if l.Text == nil || ascii(line) {
		return line, nil
	}
	return l.Text(line)
}

func ascii(line []byte) bool {
	for _, c := range line {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// text makes a name or word of a cell.
func text(cell []byte) string { return strings.ToValidUTF8(string(cell), "?") }
