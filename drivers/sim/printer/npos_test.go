package printer_test

import (
	"bytes"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/app/receipt"
	driver "tillkeeper/drivers/printer"
	sim "tillkeeper/drivers/sim/printer"
)

// seen is what npos says of a slip: its rows, and the same slip put together
// anew from them, every mode said before every row.
type seen struct {
	rows []sim.Row
	text bytes.Buffer // of all lines, for iconv
	anew bytes.Buffer
	row  sim.Row
	line []byte
	code []byte // of a QR code: what it is made of
}

func see(t *testing.T, b []byte) *seen {
	t.Helper()
	s := &seen{}
	s.anew.WriteString("\x1b@\x1c&\x1cS\x00\x00")
	for _, n := range split(t, b) {
		s.node(t, n)
	}
	lines := strings.Split(iconv(t, s.text.Bytes()), "\n")
	for i := range s.rows {
		if s.rows[i].Kind == "text" {
			s.rows[i].Text, lines = lines[0], lines[1:]
		}
	}
	return s
}

func (s *seen) modes() {
	bold := byte(0)
	if s.row.Bold {
		bold = 1
	}
	s.anew.Write([]byte{0x1b, 'a', byte(s.row.Align), 0x1d, '!', byte(s.row.Size), 0x1b, 'E', bold})
}

func (s *seen) add(r sim.Row, b []byte) {
	s.modes()
	s.anew.Write(b)
	r.Align = s.row.Align
	s.rows = append(s.rows, r)
}

func (s *seen) node(t *testing.T, n node) {
	t.Helper()
	b := n.bytes(t)
	switch n.Cmd {
	case "STX": // text
		for _, c := range b {
			if s.line = append(s.line, c); c != '\n' {
				continue
			}
			s.text.Write(s.line)
			s.add(sim.Row{Kind: "text", Bold: s.row.Bold, Size: s.row.Size}, s.line)
			s.line = nil
		}
	case "ESCa":
		s.row.Align = int(b[2])
	case "ESCE":
		s.row.Bold = b[2] == 1
	case "GS!":
		s.row.Size = int(b[2])
	case "GSv0":
		wide := n.Width / 8
		bits := make([]byte, wide*n.Height)
		for i := range n.Dots {
			if n.Dots[i] == '1' {
				bits[i/8] |= 0x80 >> (i % 8)
			}
		}
		head := []byte{0x1d, 'v', '0', 0, byte(wide), byte(wide >> 8), byte(n.Height), byte(n.Height >> 8)}
		s.add(sim.Row{Kind: "raster", Wide: wide, High: n.Height, Raster: bits}, append(head, bits...))
	case "GS(k":
		s.qr(b)
	case "GSk":
		s.code = append(s.code, b...)
		s.add(sim.Row{Kind: "barcode", Text: strings.ReplaceAll(strings.TrimPrefix(string(b[4:]), "{B"), "{{", "{")}, s.code)
		s.code = nil
	case "GSh", "GSw", "GSH":
		s.code = append(s.code, b...)
	case "GSV":
		s.add(sim.Row{Kind: "cut"}, b)
	case "ESCd":
		s.anew.Write(b)
	case "ESC@", "FS&", "FSS", "ESCt", "FS.":
	default:
		t.Errorf("npos sees a command that no slip should have: %s %s", n.Cmd, n.Hex)
	}
}

// qr takes GS ( k: what is stored is printed by function 81.
func (s *seen) qr(b []byte) {
	s.code = append(s.code, b...)
	switch b[6] {
	case 80:
		s.row.Text = string(b[8:])
	case 81:
		s.add(sim.Row{Kind: "qr", Text: s.row.Text}, s.code)
		s.code, s.row.Text = nil, ""
	}
}

// document is a receipt of the till with everything that a slip can hold.
func document() receipt.Document {
	shop := receipt.Shop{Name: "惠民便利店", Address: "北京市朝阳区建国路88号", Phone: "010-65881234", Terminal: "TERM0001", Merchant: "898310058121234"}
	d := receipt.Test(shop, receipt.Options{Lang: "zh", Operator: "李雷", Time: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC), Demo: true, Copy: true})
	extra := []receipt.Line{
		{Kind: receipt.Text, Left: "农夫山泉天然饮用水整箱特惠装 550ml x 24", Right: "￥48.00", Bold: true},
		{Kind: receipt.Text, Left: "合计", Right: "¥1,048.00", Bold: true, Big: true},
		{Kind: receipt.Centre, Left: "Crème brûlée ñ 한국 ½"},
		{Kind: receipt.Text, Left: "ñ œ 大", Big: true},
		{Kind: "barcode", Left: "CODE{128}~ok"},
		{Kind: receipt.Blank},
	}
	at := len(d.Lines) - 1
	d.Lines = append(d.Lines[:at:at], append(extra, d.Lines[at:]...)...)
	return d
}

// printed prints a slip and gives its bytes and its picture.
func printed(t *testing.T, o sim.Opts, model string, logo image.Image, slip any) ([]byte, string) {
	t.Helper()
	o.Dir, o.Font = t.TempDir(), font(t)
	var file string
	o.OnSlip = func(_, png string) { file = png }
	s, err := sim.New(o)
	if err != nil {
		t.Fatal(err)
	}
	d := driver.New(s.Open, driver.Opts{Model: model, Poll: 5 * time.Millisecond, Font: font(t), Logo: logo})
	if err := d.Print(pos.PrintJob{Slip: slip}); err != nil {
		t.Fatal(err)
	}
	drain(t, d)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if m := s.Misuse(); len(m) > 0 {
		t.Errorf("the printer does not know %q", m)
	}
	b, err := os.ReadFile(filepath.Join(o.Dir, "printer.bin"))
	if err != nil {
		t.Fatal(err)
	}
	return b, file
}

// onPaper are the printers whose receipts are taken apart.
var onPaper = map[string]struct {
	o     sim.Opts
	model string
	dots  int
}{
	"80 mm":                       {sim.Opts{}, "", 576},
	"58 mm with codes":            {sim.Opts{Narrow: true, NoProcess: true, NoCut: true}, "", 384},
	"58 mm, everything drawn":     {sim.Opts{Narrow: true, NoProcess: true, NoQR: true, NoBarcode: true, NoCut: true}, "POS-5890", 384},
	"80 mm without Chinese":       {sim.Opts{}, "TM-T90", 576},
	"80 mm unknown, codes drawn":  {sim.Opts{Name: "nobody", NoProcess: true, NoQR: true, NoBarcode: true}, "", 576},
	"80 mm, 42 columns, 512 dots": {sim.Opts{}, "TM-T88VI", 576},
}

// TestReceiptAsNposSeesIt: npos splits the bytes, iconv reads the text; what
// they say is what the simulator reads, and the picture drawn from what they
// say is the picture of the simulator, dot by dot; zbarimg reads its codes.
func TestReceiptAsNposSeesIt(t *testing.T) {
	for name, c := range onPaper {
		t.Run(name, func(t *testing.T) {
			doc := document()
			b, file := printed(t, c.o, c.model, logo(), doc)
			s := see(t, b)
			rows := sim.Read(b)
			for _, d := range differences(rows, s.rows) {
				t.Error(d)
			}
			complete(t, rows, doc)
			anew, err := sim.RenderOn(s.anew.Bytes(), font(t), c.dots)
			if err != nil {
				t.Fatal(err)
			}
			if n := differ(load(t, file), anew); n != 0 {
				t.Errorf("%d dots of the picture are not what npos says", n)
			}
			codes(t, file, "QR-Code:TEST", "CODE-128:CODE{128}~ok")
		})
	}
}

// differences compares what the simulator and npos see, row by row.
func differences(rows, npos []sim.Row) (found []string) {
	if len(rows) != len(npos) {
		return []string{fmt.Sprintf("%d rows, npos sees %d", len(rows), len(npos))}
	}
	for i := range rows {
		if !reflect.DeepEqual(rows[i], npos[i]) {
			found = append(found, fmt.Sprintf("row %d: %.300q, npos sees %.300q", i, fmt.Sprintf("%+v", rows[i]), fmt.Sprintf("%+v", npos[i])))
		}
	}
	return found
}

// TestNposHarnessSeesABentReceipt plants what an encoder or a preview could get
// wrong: the picture is of the good bytes, npos is given the bent ones.
func TestNposHarnessSeesABentReceipt(t *testing.T) {
	good, file := printed(t, sim.Opts{}, "", logo(), document())
	for name, bend := range map[string]func(b []byte) []byte{
		"not bold":      func(b []byte) []byte { return bytes.Replace(b, []byte("\x1bE\x01"), []byte("\x1bE\x00"), 1) },
		"not double":    func(b []byte) []byte { return bytes.Replace(b, []byte("\x1d!\x11"), []byte("\x1d!\x00"), 1) },
		"other sign":    func(b []byte) []byte { return bytes.Replace(b, []byte{0xba, 0xcf}, []byte{0xba, 0xd0}, 1) },
		"not centred":   func(b []byte) []byte { return bytes.Replace(b, []byte("\x1ba\x01"), []byte("\x1ba\x00"), 1) },
		"one dot":       func(b []byte) []byte { b[bytes.Index(b, []byte("\x1dv0"))+8+25*30] ^= 0x10; return b },
		"other QR code": func(b []byte) []byte { return bytes.Replace(b, []byte("1P0TEST"), []byte("1P0TEXT"), 1) },
	} {
		bent := bend(bytes.Clone(good))
		if bytes.Equal(bent, good) {
			t.Fatalf("%s: nothing is bent", name)
		}
		s := see(t, bent)
		anew, err := sim.RenderOn(s.anew.Bytes(), font(t), 576)
		if err != nil {
			t.Fatal(err)
		}
		if differ(load(t, file), anew) == 0 || len(differences(sim.Read(good), s.rows)) == 0 {
			t.Errorf("%s: not seen", name)
		}
	}
}

// complete fails when a line of the document whose characters all printers have
// is not on paper.
func complete(t *testing.T, rows []sim.Row, doc receipt.Document) {
	t.Helper()
	var paper, raster int
	var text strings.Builder
	for _, r := range rows {
		text.WriteString(r.Text)
		switch {
		case r.Kind == "raster":
			raster++
		case r.Kind == "text" && r.Bold && r.Size == 0x11:
			paper++
		}
	}
	bare := strings.ReplaceAll(text.String(), " ", "")
	for _, l := range doc.Lines {
		if ascii := strings.ReplaceAll(l.Left, " ", ""); l.Kind == receipt.Text && isASCII(ascii) && !strings.Contains(bare, ascii) {
			t.Errorf("%q is not on paper", l.Left)
		}
	}
	if raster < 3 { // the logo and two lines of rare characters
		t.Errorf("%d pictures", raster)
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 0x7e }) < 0
}

// logo is a picture with a frame and a cross in it.
func logo() image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, 200, 90))
	for y := range 90 {
		for x := range 200 {
			if x < 3 || y < 3 || x > 196 || y > 86 || x*90/200 == y || (199-x)*90/200 == y {
				img.Pix[img.PixOffset(x, y)+3] = 0xff
			}
		}
	}
	return img
}
