package printer

import (
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Row is one thing that stands on the paper, top to bottom.
type Row struct {
	Kind    string // text, raster, qr, barcode, cut
	Text    string // of a line, or of a code
	Bold    bool
	Size    int // as GS ! has it
	Align   int
	Wide    int // of a raster, in bytes
	High    int // of a raster, in dots
	Raster  []byte
	written bool
}

// Read says what a slip's bytes put on paper. As printers for China have it, two
// bytes are one character from the start, until FS . ends that.
func Read(b []byte) []Row {
	r := reading{kanji: true}
	for len(b) > 0 {
		c, n := next(b, r.kanji)
		if n == 0 {
			break
		}
		r.do(c)
		b = b[n:]
	}
	r.end(false)
	return r.rows
}

// reading is the state of the printer while its paper is read.
type reading struct {
	rows  []Row
	row   Row
	kanji bool
	qr    string
}

func (r *reading) do(c command) {
	switch c.op {
	case opText:
		r.row.written = true
		r.row.Text += decode(c.data)
	case opFeed:
		r.end(true)
	case opInit:
		r.row = Row{} // with what was not printed yet
	case opAlign:
		r.row.Align = c.arg % 48
	case opSize:
		r.row.Size = c.arg
	case opBold:
		r.row.Bold = c.arg&1 == 1
	case opKanji:
		r.kanji = c.arg == 1
	case opRaster:
		r.other(Row{Kind: "raster", Wide: c.wide, High: c.rows, Raster: c.data})
	case opQRStore:
		r.qr = string(c.data)
	case opQRPrint:
		r.other(Row{Kind: "qr", Text: r.qr})
	case opBarcode:
		r.other(Row{Kind: "barcode", Text: strings.ReplaceAll(strings.TrimPrefix(string(c.data), "{B"), "{{", "{")})
	case opCut:
		r.other(Row{Kind: "cut"})
	}
}

// end ends a line; feed says whether an empty one counts.
func (r *reading) end(feed bool) {
	if r.row.written || feed {
		line := r.row
		line.Kind, line.written = "text", false
		r.rows = append(r.rows, line)
	}
	r.row.Text, r.row.written = "", false
}

func (r *reading) other(row Row) {
	r.end(false)
	row.Align = r.row.Align
	r.rows = append(r.rows, row)
}

// decode gives one character of one or two bytes.
func decode(b []byte) string {
	if len(b) == 1 {
		return string(rune(b[0]))
	}
	u, err := simplifiedchinese.GB18030.NewDecoder().Bytes(b)
	if err != nil {
		return "?"
	}
	return string(u)
}

// nameOf finds what a slip is called in its own bytes: the text of its first QR
// code, else of its last line of nothing but a number, with "-copy" when it is
// marked COPY.
func nameOf(b []byte) string {
	name, number, marked := "", "", false
	for _, row := range Read(b) {
		switch {
		case row.Kind == "qr" && name == "":
			name = row.Text
		case row.Kind == "text" && row.Align == 1 && isNumber(row.Text):
			number = row.Text
		}
		marked = marked || row.Kind == "text" && strings.Contains(row.Text, "COPY")
	}
	if name == "" {
		name = number
	}
	name = strings.Map(func(r rune) rune {
		if r == '-' || (r >= '0' && r <= '9') || (r >= 'A' && r <= 'Z') || (r >= 'a' && r <= 'z') {
			return r
		}
		return -1
	}, name)
	if name != "" && marked {
		name += "-copy"
	}
	return name
}

// isNumber says whether a line can be the number of a receipt.
func isNumber(s string) bool {
	digits := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r != '-' && (r < 'A' || r > 'Z'):
			return false
		}
	}
	return digits > 0
}
