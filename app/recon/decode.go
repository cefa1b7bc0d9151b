package recon

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tillkeeper/app/pos"
)

// Limits of a file.
const (
	maxLine   = 64 << 10 // bytes of a line
	maxCells  = pos.FileCells
	maxCached = 4096 // dates and times that are kept once understood
	firstYear = 2000
	lastYear  = 2099
)

// Line is one payment of the file.
type Line struct {
	No                          int       // of the line, the header being 1
	Time                        time.Time // in the zone of the layout
	TID, MID                    string
	Batch, STAN                 string // six digits
	RRN, Auth                   string
	Kind                        pos.Kind // "" where the file has none
	Word                        string   // the file's own word for the kind
	PAN                         string   // as the file masks it
	Amount                      pos.Amount
	OriginalBatch, OriginalSTAN string
}

// Day is the date of a line, "2006-01-02".
func (l *Line) Day() string { return l.Time.Format(time.DateOnly) }

// row is a line that was understood; its cells live until the next one.
type row struct {
	no      int
	cell    [cells][]byte
	key     uint64
	day     int32
	seconds int32 // of the day
	amount  int64
	kind    pos.Kind
}

func (r *row) line(zone *time.Location) *Line {
	t := time.Unix(int64(r.day)*secondsADay, 0).UTC()
	batch, stan := r.key/traces, r.key%traces
	return &Line{
		No: r.no, Time: time.Date(t.Year(), t.Month(), t.Day(), 0, 0, int(r.seconds), 0, zone),
		TID: text(r.cell[atTID]), MID: text(r.cell[atMID]), Batch: fmt.Sprintf("%06d", batch), STAN: fmt.Sprintf("%06d", stan),
		RRN: text(r.cell[atRRN]), Auth: text(r.cell[atAuth]), Kind: r.kind, Word: text(r.cell[atKind]), PAN: text(r.cell[atPAN]),
		Amount: pos.Amount(r.amount), OriginalBatch: text(r.cell[atOriginalBatch]), OriginalSTAN: text(r.cell[atOriginalSTAN]),
	}
}

// Decode reads a file and hands out its lines in order; fees and the like,
// which the layout ignores, are left out. Errors: pos.Error "file_empty",
// "file_header", "file_line" (with the number of the line and what to do),
// "layout_bad", an error of the reader, or the one of each.
func Decode(file io.Reader, l Layout, each func(*Line) error) error {
	d, err := newDecoder(file, l)
	if err != nil {
		return err
	}
	for {
		r, err := d.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if r.kind == ignore {
			continue
		}
		if err := each(r.line(d.layout.zone())); err != nil {
			return err
		}
	}
}

// decoder reads the lines of one file.
type decoder struct {
	in      *bufio.Reader
	layout  Layout
	comma   byte
	no      int
	at      [cells]int // place of each cell in a line, -1 if the file has it not
	wide    int        // cells that a line has to have
	exact   bool       // and no more, but for empty ones
	cut     [][]byte
	quoted  []byte // room for cells that were quoted
	row     row
	dates   map[string]int32
	times   map[string]int32
	words   map[string]pos.Kind
	lastDay string // the date cell of the line before
	lastNum int32
}

func newDecoder(file io.Reader, l Layout) (*decoder, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	d := &decoder{
		in: bufio.NewReaderSize(file, maxLine), layout: l, comma: l.Separator[0],
		dates: map[string]int32{}, times: map[string]int32{}, words: l.Words(ignore),
	}
	if mark, _ := d.in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = d.in.Discard(3)
	}
	for i, c := range pos.FileColumns {
		d.at[i] = l.Place[c] - 1
		d.wide = max(d.wide, l.Place[c])
	}
	if len(l.Place) > 0 {
		return d, nil
	}
	return d, d.header()
}

// header finds the columns by their names.
func (d *decoder) header() error {
	err := d.split()
	if errors.Is(err, io.EOF) {
		return pos.Errorf("file_empty", "fetch the file again; ask the acquirer if it stays empty", "the file is empty")
	}
	if err != nil {
		return err
	}
	d.wide, d.exact = len(d.cut), true
	var names []string
	for _, c := range d.cut {
		names = append(names, text(c))
	}
	for i, c := range pos.FileColumns {
		d.at[i] = -1
		for _, want := range d.layout.Header[c] {
			for j, name := range names {
				if d.at[i] < 0 && strings.EqualFold(name, strings.TrimSpace(want)) {
					d.at[i] = j
				}
			}
		}
	}
	for _, i := range needed {
		if d.at[i] < 0 {
			return pos.Errorf("file_header", "check that this is the acquirer's file, and the columns in the profile",
				"line %d: no column named %s", d.no, strings.Join(d.layout.Header[pos.FileColumns[i]], " or "))
		}
	}
	return nil
}

// next gives the next line that is not blank. It is valid until the next call.
func (d *decoder) next() (*row, error) {
	if err := d.split(); err != nil {
		return nil, err
	}
	if err := d.width(); err != nil {
		return nil, err
	}
	d.row.no = d.no
	for i, at := range d.at {
		d.row.cell[i] = nil
		if at >= 0 && at < len(d.cut) {
			d.row.cell[i] = d.cut[at]
		}
	}
	return &d.row, d.understand()
}

// width refuses a line that was cut short, or into too many cells.
func (d *decoder) width() error {
	if len(d.cut) < d.wide {
		return d.bad("it has %d cells of %d: it was cut short", len(d.cut), d.wide)
	}
	if d.exact {
		for _, c := range d.cut[d.wide:] {
			if len(c) > 0 {
				return d.bad("it has %d cells, the header %d", len(d.cut), d.wide)
			}
		}
	}
	return nil
}

// split cuts the next line that is not blank into its cells.
func (d *decoder) split() error {
	for {
		line, err := d.in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			d.no++
			return d.bad("it is longer than %d bytes", maxLine)
		}
		if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
			return err
		}
		d.no++
		line = bytes.TrimRight(line, "\r\n")
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if line, err = d.layout.letters(line); err != nil {
			return d.bad("it is not written in %s", d.layout.Encoding)
		}
		return d.slice(line)
	}
}

func (d *decoder) slice(line []byte) error {
	d.cut, d.quoted = d.cut[:0], d.quoted[:0]
	for {
		if len(d.cut) == maxCells {
			return d.bad("it has more than %d cells", maxCells)
		}
		if len(line) > 0 && line[0] == '"' {
			rest, err := d.unquote(line[1:])
			if err != nil || rest == nil {
				return err
			}
			line = rest
			continue
		}
		end := bytes.IndexByte(line, d.comma)
		if end < 0 {
			d.cut = append(d.cut, trim(line))
			return nil
		}
		d.cut = append(d.cut, trim(line[:end]))
		line = line[end+1:]
	}
}

// unquote takes one quoted cell; the rest is nil after the last cell.
func (d *decoder) unquote(line []byte) ([]byte, error) {
	from := len(d.quoted)
	for {
		end := bytes.IndexByte(line, '"')
		if end < 0 {
			return nil, d.bad("a quotation mark is not closed")
		}
		d.quoted = append(d.quoted, line[:end]...)
		line = line[end+1:]
		if len(line) == 0 || line[0] != '"' {
			break
		}
		d.quoted = append(d.quoted, '"')
		line = line[1:]
	}
	d.cut = append(d.cut, trim(d.quoted[from:len(d.quoted):len(d.quoted)]))
	if len(line) == 0 {
		return nil, nil
	}
	if line[0] != d.comma {
		return nil, d.bad("something follows a closing quotation mark")
	}
	return line[1:], nil
}

// trim takes off what spreadsheets put around a number to keep its zeros.
func trim(cell []byte) []byte {
	for len(cell) > 0 && odd(cell[0]) {
		cell = cell[1:]
	}
	for len(cell) > 0 && odd(cell[len(cell)-1]) {
		cell = cell[:len(cell)-1]
	}
	return cell
}

func odd(b byte) bool { return b == ' ' || b == '\t' || b == '`' || b == '\'' }

func (d *decoder) bad(format string, args ...any) error {
	return pos.Errorf("file_line", "fetch the file again; if the line stays so, send its number to the acquirer; nothing was reconciled",
		"line %d: %s", d.no, fmt.Sprintf(format, args...))
}
