package printer

import (
	"bytes"
	"errors"
	"image"
	"strings"
)

// The widths of paper in columns.
const (
	Columns80 = 48
	Columns58 = 32
)

// dotsPerColumn is the width of a half-width character of font A.
const dotsPerColumn = 12

// minColumns is the narrowest paper that is printed on.
const minColumns = 16

// Slip is what a job must carry; receipt.Document has it. The kinds are text,
// centre, rule, blank, qr, barcode (CODE128), logo and cut.
type Slip interface {
	Each(line func(kind, left, right string, bold, big bool))
}

// ErrSlip says that a slip cannot be encoded.
var ErrSlip = errors.New("not a slip that can be printed")

// The commands that the driver uses.
var (
	cmdInit       = []byte{0x1b, '@'}
	cmdKanji      = []byte{0x1c, '&', 0x1c, 'S', 0, 0} // two-byte mode, no gap between characters
	cmdNoKanji    = []byte{0x1c, '.'}
	cmdCut        = []byte{0x1d, 'V', 66, 3}             // feed to the knife and a little, cut
	cmdCutOnce    = []byte{0x1b, 'd', 6, 0x1d, 'V', 1}   // the same for models without the feeding cut
	cmdTear       = []byte{0x1b, 'd', 4}                 // past the tear bar
	cmdKick       = []byte{0x1b, 'p', 0, 25, 250}        // pulse of 50 ms on pin 2
	cmdKickNow    = []byte{0x10, 0x14, 1, 0, 1}          // real time: for a printer that takes no data
	cmdCompletion = []byte{0x1d, '(', 'H', 6, 0, 48, 48} // and four characters
	cmdFence      = []byte{0x1d, 'r', 1}
	cmdASB        = []byte{0x1d, 'a', 0x0f} // drawer, online, error, paper
	cmdGoOn       = []byte{0x10, 0x05, 1}   // real time: recover from an error, go on with the line
	cmdForget     = []byte{0x10, 0x05, 2}   // real time: recover from an error, drop what is held
)

// bigSize is GS ! for double width and height.
const bigSize = 0x11

// Form is how slips look on one printer. Its font is read when it is first
// needed, so a Form is worth keeping. It may be used by several goroutines.
type Form struct {
	Model   Model
	Columns int         // 0: the model's
	Logo    image.Image // printed above every slip, nil for none; wider ones are cut off
	glyphs  *glyphs
}

// NewForm makes a form. Font is a TrueType font for characters that the printer
// has not, or nil: then '?' stands for them.
func NewForm(m Model, columns int, font []byte) *Form {
	return &Form{Model: m.sane(), Columns: columns, glyphs: &glyphs{ttf: font}}
}

// encoder keeps the modes of the printer so that a mode is sent when it changes.
type encoder struct {
	out     bytes.Buffer
	model   Model
	columns int
	dots    int
	glyphs  *glyphs
	logo    image.Image
	align   byte
	size    byte
	bold    bool
	err     error
}

// Encode makes the bytes of a slip for paper of so many columns on a printer
// that has every command. Font is a TrueType font for characters that the
// printer has not, or nil.
func Encode(s Slip, columns int, font []byte) ([]byte, error) {
	m := Full
	m.Columns, m.Dots, m.Page = columns, columns*dotsPerColumn, -1
	if columns < minColumns {
		return nil, ErrSlip
	}
	return NewForm(m, columns, font).Encode(s)
}

// Encode makes the bytes of a slip.
func (f *Form) Encode(s Slip) ([]byte, error) {
	e := &encoder{
		model: f.Model.sane(), columns: f.Columns, glyphs: f.glyphs, logo: f.Logo,
	}
	if e.columns == 0 {
		e.columns = e.model.Columns
	}
	if s == nil || e.columns < minColumns {
		return nil, ErrSlip
	}
	if e.glyphs == nil {
		e.glyphs = &glyphs{}
	}
	e.dots = min(e.model.Dots, e.columns*dotsPerColumn)
	e.out.Grow(startBytes)
	e.begin()
	placed := false
	s.Each(func(kind, _, _ string, _, _ bool) { placed = placed || kind == "logo" })
	if !placed {
		e.line("logo", "", "", false, false)
	}
	s.Each(e.line)
	if e.err != nil {
		return nil, e.err
	}
	if at := RealTime(e.out.Bytes()); at >= 0 {
		return nil, errors.Join(ErrSlip, errors.New("a real-time command by accident"))
	}
	return e.out.Bytes(), nil
}

// startBytes is what most slips need.
const startBytes = 4096

// begin resets the printer and chooses its characters.
func (e *encoder) begin() {
	e.out.Write(cmdInit)
	switch e.model.Kanji {
	case KanjiGB:
		e.out.Write(cmdKanji)
	case KanjiNone:
		e.out.Write(cmdNoKanji)
	case KanjiAlways:
	}
	if e.model.Page >= 0 {
		e.out.Write([]byte{0x1b, 't', byte(e.model.Page)})
	}
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
	case "barcode":
		e.style(1, false, false)
		e.barcode(left)
	case "logo":
		if e.logo != nil {
			e.style(1, false, false)
			e.raster(e.fit(e.logo))
		}
	case "cut":
		e.style(0, false, false)
		e.out.Write(map[Cut][]byte{CutNone: cmdTear, CutOnce: cmdCutOnce}[e.model.Cut])
		if e.model.Cut != CutNone && e.model.Cut != CutOnce {
			e.out.Write(cmdCut)
		}
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
		text, whole := e.encode(r)
		drawn, some := r, false
		if !whole {
			drawn, some = e.glyphs.fill(r, e.lacks)
		}
		if some {
			columns := e.width()
			if e.align == 1 {
				columns = Columns(r) // the printer centres the picture
			}
			e.raster(e.glyphs.draw(drawn, columns*dotsPerColumn, e.size == bigSize))
			continue
		}
		e.out.Write(text)
		e.out.WriteByte('\n')
	}
}

// encode makes text one- and two-byte codes; whole is false if '?' stands in
// each column of a character that has none.
func (e *encoder) encode(s string) (text []byte, whole bool) {
	whole = true
	text = make([]byte, 0, len(s))
	for _, r := range s {
		if r >= 0x20 && r < 0x7f {
			text = append(text, byte(r))
			continue
		}
		if e.lacks(r) {
			text, whole = append(text, "??"[:columnsOf(r)]...), false
			continue
		}
		c := twoByteCode(r)
		text = append(text, byte(c>>8), byte(c))
	}
	return text, whole
}

// lacks says whether the printer has not a character.
func (e *encoder) lacks(r rune) bool {
	return (r < 0x20 || r > 0x7e) && (e.model.Kanji == KanjiNone || !twoBytes(r))
}
