// Package decline turns an answer code into a reason, a remedy and the tenders
// to offer next. It promises to be a table and nothing else: no I/O of its own,
// no state, no money. A code that the table does not know is never a success.
//
// The table is tab-separated text with a header line (Columns). Two such files
// make one table: the host's answer codes (8583:1987 DE 39) and the till's own
// reasons, whose codes are snake_case words.
package decline

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Class says what an answer means for the payment.
type Class string

// The classes of answers.
const (
	Success     Class = "success"      // the money was taken
	NoRetry     Class = "no_retry"     // the same card will not do
	Retry       Class = "retry"        // a new attempt may do
	Operator    Class = "operator"     // a person has to act
	System      Class = "system"       // a fault of the system
	Unknown     Class = "unknown"      // the outcome is open; it is being reversed
	Resign      Class = "resign"       // the till signs on again by itself, then a new attempt
	UnknownCode Class = "unknown_code" // the table does not know the code; not a success
)

// UnknownEntry is the code of the entry whose texts stand for a code that the
// table does not know.
const UnknownEntry = "unknown_code"

// Columns is the header line of a table, without the tabs.
var Columns = []string{"code", "text_zh", "text_en", "class", "offer_next", "cashier_action_en", "cashier_action_zh"}

// ErrTable says that a text is not a table of answer codes.
var ErrTable = errors.New("not a table of answer codes")

const maxLine = 4096 // bytes of one line of a table

// Entry is what the till knows about one code. Offer holds tender names (card,
// qr, cash) in the order of the keys, empty if none.
type Entry struct {
	Code     string
	TextZH   string
	TextEN   string
	Class    Class
	Offer    []string
	ActionEN string
	ActionZH string
}

// Text gives the reason in a language, "en" or Chinese for everything else.
func (e Entry) Text(lang string) string {
	if strings.HasPrefix(lang, "en") {
		return e.TextEN
	}
	return e.TextZH
}

// Action gives what the cashier does, in a language as Text takes it.
func (e Entry) Action(lang string) string {
	if strings.HasPrefix(lang, "en") {
		return e.ActionEN
	}
	return e.ActionZH
}

// Success says whether the code of this entry means that the money was taken.
func (e Entry) Success() bool { return e.Class == Success }

// Table maps codes to entries. The zero Table knows no code.
type Table struct {
	byCode map[string]Entry
	codes  []string
}

// Parse reads one or more tables into one; a code may stand in it only once.
func Parse(rs ...io.Reader) (*Table, error) {
	t := &Table{byCode: map[string]Entry{}}
	for _, r := range rs {
		if err := t.read(r); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *Table) read(r io.Reader) error {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, maxLine), maxLine)
	for n := 1; s.Scan(); n++ {
		cells := strings.Split(s.Text(), "\t")
		if len(cells) != len(Columns) {
			return fmt.Errorf("%w: line %d has %d columns, want %d", ErrTable, n, len(cells), len(Columns))
		}
		if n == 1 {
			if s.Text() != strings.Join(Columns, "\t") {
				return fmt.Errorf("%w: line 1 has to be the header", ErrTable)
			}
			continue
		}
		e, err := entry(cells)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if _, twice := t.byCode[e.Code]; twice {
			return fmt.Errorf("%w: line %d: code %s stands twice", ErrTable, n, e.Code)
		}
		t.byCode[e.Code] = e
		t.codes = append(t.codes, e.Code)
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrTable, err)
	}
	return nil
}

func entry(cells []string) (Entry, error) {
	for i, c := range cells {
		if c == "" {
			return Entry{}, fmt.Errorf("%w: column %s is empty", ErrTable, Columns[i])
		}
	}
	e := Entry{Code: cells[0], TextZH: cells[1], TextEN: cells[2], Class: Class(cells[3]), ActionEN: cells[5], ActionZH: cells[6]}
	switch e.Class {
	case Success, NoRetry, Retry, Operator, System, Unknown, Resign, UnknownCode:
	default:
		return Entry{}, fmt.Errorf("%w: class %q", ErrTable, cells[3])
	}
	if cells[4] == "none" {
		return e, nil
	}
	e.Offer = strings.Split(cells[4], ",")
	for _, o := range e.Offer {
		if o != "card" && o != "qr" && o != "cash" {
			return Entry{}, fmt.Errorf("%w: tender %q", ErrTable, o)
		}
	}
	return e, nil
}

// Lookup gives the entry of a code. A code that is not in the table gives an
// entry of class UnknownCode that carries the code; the offer is a copy.
func (t *Table) Lookup(code string) Entry {
	e, ok := t.byCode[code]
	if !ok {
		e, ok = t.byCode[UnknownEntry]
		if !ok {
			e = Entry{
				TextZH: "未知应答码", TextEN: "Unknown answer code", Offer: []string{"card", "qr", "cash"},
				ActionZH: "请换一种方式", ActionEN: "Another tender",
			}
		}
		e.Code, e.Class = code, UnknownCode
	}
	e.Offer = append([]string(nil), e.Offer...)
	return e
}

// Sentence gives reason and remedy of a code in a language as Text takes it, and
// whether the table knows the code.
func (t *Table) Sentence(code, lang string) (reason, remedy string, known bool) {
	e := t.Lookup(code)
	return e.Text(lang), e.Action(lang), e.Class != UnknownCode
}

// Success says whether a code means that the money was taken: 00, 11, A2, A4,
// A5, A6, and 10 for a part of it. No other code ever does.
func (t *Table) Success(code string) bool { return t.Lookup(code).Success() }

// Codes lists the codes of the table in the order of its lines.
func (t *Table) Codes() []string { return append([]string(nil), t.codes...) }

// Say gives reason and remedy of codes in one language.
func (t *Table) Say(lang string) func(code string) (reason, remedy string) {
	return func(code string) (reason, remedy string) {
		reason, remedy, _ = t.Sentence(code, lang)
		return reason, remedy
	}
}
