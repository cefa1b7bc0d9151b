// Package printer drives receipt printers that speak ESC/POS: an encoder from
// a slip to bytes, and a Printer that keeps a queue, sends one job at a time,
// reads the printer's status and never lets a fault of the printer become a
// fault of the sale.
//
// Widths are in columns: 48 on 80 mm paper, 32 on 58 mm; a Han character takes
// two. Text is GB18030 in its one- and two-byte codes only; a line with any
// other character is drawn as dots when a font is given, and printed with '?'
// in their place when not. The encoder never emits 10 04, 10 05 or 10 14:
// printers obey these real-time commands even inside other data.
package printer

import (
	"bytes"
	"errors"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// The widths of paper in columns.
const (
	Columns80 = 48
	Columns58 = 32
)

// dotsPerColumn is the width of a half-width character of font A.
const dotsPerColumn = 12

// Slip is what a job must carry; receipt.Document has it. The kinds are text,
// centre, rule, blank, qr and cut.
type Slip interface {
	Each(line func(kind, left, right string, bold, big bool))
}

// ErrSlip says that a slip cannot be encoded.
var ErrSlip = errors.New("not a slip that can be printed")

// The commands that the encoder uses.
var (
	cmdInit       = []byte{0x1b, '@'}
	cmdKanji      = []byte{0x1c, '&', 0x1c, 'S', 0, 0} // two-byte mode, no gap between characters
	cmdCut        = []byte{0x1d, 'V', 66, 3}           // feed to the knife and a little, cut
	cmdKick       = []byte{0x1b, 'p', 0, 25, 250}
	cmdKickNow    = []byte{0x10, 0x14, 1, 0, 1} // real time: for a printer that takes no data
	cmdCompletion = []byte{0x1d, '(', 'H', 6, 0, 48, 48}
)

// bigSize is GS ! for double width and height.
const bigSize = 0x11

// maxQR bounds the text of a QR code.
const maxQR = 300

// qrModule is the size of a module of a QR code in dots.
const qrModule = 6

// encoder keeps the modes of the printer so that a mode is sent when it changes.
type encoder struct {
	out     bytes.Buffer
	columns int
	glyphs  *glyphs
	align   byte
	size    byte
	bold    bool
	err     error
}

// Encode makes the bytes of a slip for paper of so many columns. Font is a
// TrueType font for characters that the printer has not, or nil.
func Encode(s Slip, columns int, font []byte) ([]byte, error) {
	if s == nil || columns < 16 {
		return nil, ErrSlip
	}
	e := &encoder{columns: columns, glyphs: &glyphs{ttf: font}}
	e.out.Write(cmdInit)
	e.out.Write(cmdKanji)
	s.Each(e.line)
	if e.err != nil {
		return nil, e.err
	}
	if at := RealTime(e.out.Bytes()); at >= 0 {
		return nil, errors.Join(ErrSlip, errors.New("a real-time command by accident"))
	}
	return e.out.Bytes(), nil
}

// RealTime gives the place of the first real-time command in b, -1 if none.
func RealTime(b []byte) int {
	for i := 0; i+1 < len(b); i++ {
		if b[i] == 0x10 && (b[i+1] == 0x04 || b[i+1] == 0x05 || b[i+1] == 0x14) {
			return i
		}
	}
	return -1
}

func (e *encoder) line(kind, left, right string, bold, big bool) {
	if e.err != nil {
		return
	}
	switch kind {
	case "text":
		e.style(0, bold, big)
		e.rows(Lay(left, right, e.width()))
	case "centre":
		e.style(1, bold, big)
		e.rows(Lay(left, "", e.width()))
	case "rule":
		e.style(0, false, false)
		e.rows([]string{strings.Repeat("-", e.columns)})
	case "blank":
		e.out.WriteByte('\n')
	case "qr":
		e.style(1, false, false)
		e.qr(left)
	case "cut":
		e.style(0, false, false)
		e.out.Write(cmdCut)
	default:
		e.err = errors.Join(ErrSlip, errors.New("unknown kind of line "+kind))
	}
}

func (e *encoder) width() int {
	if e.size == bigSize {
		return e.columns / 2
	}
	return e.columns
}

func (e *encoder) style(align byte, bold, big bool) {
	if e.align != align {
		e.align = align
		e.out.Write([]byte{0x1b, 'a', align})
	}
	var size byte
	if big {
		size = bigSize
	}
	if e.size != size {
		e.size = size
		e.out.Write([]byte{0x1d, '!', size})
	}
	if e.bold != bold {
		e.bold = bold
		on := byte(0)
		if bold {
			on = 1
		}
		e.out.Write([]byte{0x1b, 'E', on})
	}
}

func (e *encoder) rows(rows []string) {
	for _, r := range rows {
		text, whole := gb(r)
		if !whole && e.glyphs.has(r) {
			columns := e.width()
			if e.align == 1 {
				columns = Columns(r) // the printer centres the picture
			}
			e.raster(e.glyphs.draw(r, columns*dotsPerColumn, e.size == bigSize))
			continue
		}
		e.out.Write(text)
		e.out.WriteByte('\n')
	}
}

// gb encodes text in one- and two-byte codes; whole is false if '?' stands in
// each column of a character that has none.
func gb(s string) (text []byte, whole bool) {
	whole = true
	for _, r := range s {
		c := code(r)
		if c == nil {
			c, whole = bytes.Repeat([]byte{'?'}, columnsOf(r)), false
		}
		text = append(text, c...)
	}
	return text, whole
}

// code gives the one or two bytes of a character, nil if it has none.
func code(r rune) []byte {
	if r >= 0x20 && r < 0x7f {
		return []byte{byte(r)}
	}
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(string(r)))
	if err != nil || len(b) != 2 {
		return nil
	}
	return b
}

// qr stores and prints a QR code: model 2, correction M.
func (e *encoder) qr(text string) {
	for _, r := range text {
		if r < 0x20 || r > 0x7e {
			e.err = errors.Join(ErrSlip, errors.New("a QR code of a slip holds printable ASCII only"))
			return
		}
	}
	if text == "" || len(text) > maxQR {
		e.err = errors.Join(ErrSlip, errors.New("a QR code holds 1 to 300 characters"))
		return
	}
	e.out.Write([]byte{0x1d, '(', 'k', 4, 0, 49, 65, 50, 0})
	e.out.Write([]byte{0x1d, '(', 'k', 3, 0, 49, 67, qrModule})
	e.out.Write([]byte{0x1d, '(', 'k', 3, 0, 49, 69, 49})
	n := len(text) + 3
	e.out.Write([]byte{0x1d, '(', 'k', byte(n), byte(n >> 8), 49, 80, 48})
	e.out.WriteString(text)
	e.out.Write([]byte{0x1d, '(', 'k', 3, 0, 49, 81, 48})
	e.out.WriteByte('\n')
}
