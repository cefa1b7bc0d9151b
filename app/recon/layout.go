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

	"tillkeeper/app/pos"
)

// Column names what a column of the file holds.
type Column string

// The columns. Date, batch, stan and amount have to be there.
const (
	Date          Column = "date"
	Time          Column = "time"
	TID           Column = "tid"
	MID           Column = "mid"
	Batch         Column = "batch"
	STAN          Column = "stan"
	RRN           Column = "rrn"
	Auth          Column = "auth"
	Kind          Column = "kind"
	PAN           Column = "pan"
	Amount        Column = "amount"
	OriginalBatch Column = "original_batch"
	OriginalSTAN  Column = "original_stan"
)

// columns holds every column; a row keeps its cells in this order.
var columns = [...]Column{Date, Time, TID, MID, Batch, STAN, RRN, Auth, Kind, PAN, Amount, OriginalBatch, OriginalSTAN}

// The places of the cells in a row, in the order of columns.
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

// The units of an amount.
const (
	Yuan = "yuan" // "12.50": up to two decimals
	Fen  = "fen"  // "1250"
)

// The ways in which a file tells a debit from a credit.
const (
	Signed = "signed" // by the sign of the amount
	ByKind = "kind"   // by the kind of the line; every amount is 0 or more
)

// Ignore is what Kinds says of a line that is no payment of a customer: a fee,
// a sum. Its line is read, counted and left alone.
const Ignore pos.Kind = "ignore"

// Layout says what a file looks like: data of the acquirer's profile.
type Layout struct {
	Comma string `json:"comma,omitempty"` // one character between the cells; "" is a comma
	// Header names each column as the first line does; several names may be
	// given. Case and blanks around a name do not count.
	Header map[Column][]string `json:"header,omitempty"`
	// Place gives the columns of a file without a header: 1 is the first.
	Place map[Column]int `json:"place,omitempty"`
	Dates []string       `json:"dates,omitempty"` // layouts of package time; the first that fits
	Times []string       `json:"times,omitempty"`
	Unit  string         `json:"unit,omitempty"` // yuan fen
	Sign  string         `json:"sign,omitempty"` // signed kind
	// Kinds says what the file's word for a kind means. A word that is not here
	// is an error, so that nothing new is passed over in silence.
	Kinds map[string]pos.Kind `json:"kinds,omitempty"`

	// Zone is the one of the file's dates and times; nil is UTC+8.
	Zone *time.Location `json:"-"`
	// Text makes UTF-8 of a cell that is not (GBK, say); nil leaves it, and
	// header or kinds in such letters are then not understood.
	Text func([]byte) ([]byte, error) `json:"-"`
}

// china is the zone of a file that names none.
var china = time.FixedZone("UTC+8", 8*60*60)

// Default is the layout of the built-in profile: a header of the columns'
// names, ISO dates, yuan with two decimals, debits above zero.
func Default() Layout {
	l := Layout{
		Header: map[Column][]string{},
		Dates:  []string{time.DateOnly, "20060102", "2006/01/02"}, Times: []string{time.TimeOnly, "150405"},
		Unit: Yuan, Sign: Signed,
		Kinds: map[string]pos.Kind{
			"sale": pos.Sale, "code_sale": pos.Sale, "offline_sale": pos.Sale, "void": pos.Void, "refund": pos.Refund,
			"completion": pos.Completion, "completion_void": pos.CompletionVoid,
			"消费": pos.Sale, "消费撤销": pos.Void, "退货": pos.Refund, "预授权完成": pos.Completion, "预授权完成撤销": pos.CompletionVoid,
			"手续费": Ignore, "fee": Ignore,
		},
	}
	for c, chinese := range map[Column]string{
		Date: "交易日期", Time: "交易时间", TID: "终端号", MID: "商户号", Batch: "批次号", STAN: "凭证号", RRN: "参考号", Auth: "授权码",
		Kind: "交易类型", PAN: "卡号", Amount: "交易金额", OriginalBatch: "原批次号", OriginalSTAN: "原凭证号",
	} {
		l.Header[c] = []string{string(c), chinese}
	}
	return l
}

// Check says what is wrong with a layout: pos.Error "layout_bad", or nil.
func (l Layout) Check() error {
	bad := func(format string, args ...any) error {
		return pos.Errorf("layout_bad", "correct the reconciliation layout of the profile", format, args...)
	}
	switch {
	case len([]rune(l.Comma)) > 1 || len(l.Comma) > 1 || l.Comma == `"` || l.Comma == "\n" || l.Comma == "\r":
		return bad("the separator %q is not one plain character", l.Comma)
	case l.Unit != Yuan && l.Unit != Fen:
		return bad("the unit %q is neither yuan nor fen", l.Unit)
	case l.Sign != Signed && l.Sign != ByKind:
		return bad("the sign %q is neither signed nor kind", l.Sign)
	case len(l.Dates) == 0:
		return bad("no layout of a date is given")
	case len(l.Place) > 0 && len(l.Header) > 0:
		return bad("columns are given by header and by place")
	}
	want := needed
	if l.Sign == ByKind {
		want = append([]int{atKind}, needed...)
	}
	for _, i := range want {
		if len(l.Header[columns[i]]) == 0 && l.Place[columns[i]] == 0 {
			return bad("the column %s is not given", columns[i])
		}
	}
	for c, p := range l.Place {
		if p < 1 || p > maxCells {
			return bad("the place %d of column %s is not between 1 and %d", p, c, maxCells)
		}
	}
	return nil
}

func (l Layout) comma() byte {
	if l.Comma == "" {
		return ','
	}
	return l.Comma[0]
}

func (l Layout) zone() *time.Location {
	if l.Zone == nil {
		return china
	}
	return l.Zone
}

// text makes a name or word of a cell.
func (l Layout) text(cell []byte) string {
	if l.Text != nil && !plain(cell) {
		if b, err := l.Text(cell); err == nil {
			cell = b
		}
	}
	return strings.ToValidUTF8(string(cell), "?")
}
