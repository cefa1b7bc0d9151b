package printer

import (
	"errors"
	"image"
	"image/color"

	"github.com/skip2/go-qrcode"
)

// maxQR bounds the text of a QR code.
const maxQR = 300

// maxBarcode bounds the text of a barcode; a longer one is no use at any width.
const maxBarcode = 48

// The size of a module in dots: what is used where there is room, and the least
// that a telephone reads from thermal paper.
const (
	qrModule  = 6
	qrLeast   = 2
	barWide   = 3
	barLeast  = 2
	barDots   = 80 // height of a barcode
	quietQR   = 4  // modules of white around a QR code (ISO/IEC 18004)
	quietBars = 10 // modules of white beside a barcode (ISO/IEC 15417)
)

// plainASCII says why a text cannot be a code: the encoder sends codes as they
// are, so nothing in them may look like a command.
func plainASCII(text string, limit int) error {
	if text == "" || len(text) > limit {
		return errors.Join(ErrSlip, errors.New("a code holds at least one character and not too many"))
	}
	for _, r := range text {
		if r < 0x20 || r > 0x7e {
			return errors.Join(ErrSlip, errors.New("a code of a slip holds printable ASCII only"))
		}
	}
	return nil
}

// qr prints a QR code, model 2, correction M: by the printer where it can, else
// drawn. A text that the paper is too narrow for is printed as text.
func (e *encoder) qr(text string) {
	if e.err = plainASCII(text, maxQR); e.err != nil {
		return
	}
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		e.err = errors.Join(ErrSlip, err)
		return
	}
	code.DisableBorder = true
	bits := code.Bitmap()
	module := min(qrModule, e.dots/(len(bits)+2*quietQR))
	switch {
	case module < qrLeast:
		e.rows(Lay(text, "", e.width()))
	case e.model.QR:
		e.nativeQR(text, byte(module))
	default:
		e.raster(drawQR(bits, module))
	}
}

// nativeQR stores and prints a QR code: GS ( k 49, functions 65, 67, 69, 80, 81.
func (e *encoder) nativeQR(text string, module byte) {
	e.out.Write([]byte{0x1d, '(', 'k', 4, 0, 49, 65, 50, 0})
	e.out.Write([]byte{0x1d, '(', 'k', 3, 0, 49, 67, module})
	e.out.Write([]byte{0x1d, '(', 'k', 3, 0, 49, 69, 49})
	n := len(text) + 3
	e.out.Write([]byte{0x1d, '(', 'k', byte(n), byte(n >> 8), 49, 80, 48})
	e.out.WriteString(text)
	e.out.Write([]byte{0x1d, '(', 'k', 3, 0, 49, 81, 48})
	e.out.WriteByte('\n')
}

// drawQR makes the dots of a QR code with its quiet zone.
func drawQR(bits [][]bool, module int) *image.Gray {
	side := (len(bits) + 2*quietQR) * module
	img := whitePaper(side, side)
	for y, row := range bits {
		for x, on := range row {
			if on {
				blacken(img, (x+quietQR)*module, (y+quietQR)*module, module, module)
			}
		}
	}
	return img
}

// barcode prints a CODE128 in set B; one that the paper is too narrow for
// becomes a QR code of the same text.
func (e *encoder) barcode(text string) {
	if e.err = plainASCII(text, maxBarcode); e.err != nil {
		return
	}
	module := min(barWide, e.dots/(modules128(len(text))+2*quietBars))
	switch {
	case module < barLeast:
		e.qr(text)
	case e.model.Barcode:
		e.out.Write([]byte{0x1d, 'h', barDots, 0x1d, 'w', byte(module), 0x1d, 'H', 0})
		// "{B" chooses set B, and "{{" is a brace in it.
		data := []byte("{B")
		for i := range len(text) {
			if data = append(data, text[i]); text[i] == '{' {
				data = append(data, '{')
			}
		}
		e.out.Write([]byte{0x1d, 'k', 73, byte(len(data))})
		e.out.Write(data)
		e.out.WriteByte('\n')
	default:
		modules := Bars(text)
		img := whitePaper((len(modules)+2*quietBars)*module, barDots)
		for i, on := range modules {
			if on {
				blacken(img, (i+quietBars)*module, 0, module, barDots)
			}
		}
		e.raster(img)
	}
}

func whitePaper(wide, high int) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, wide, high))
	for i := range img.Pix {
		img.Pix[i] = 0xff
	}
	return img
}

func blacken(img *image.Gray, x, y, wide, high int) {
	for dy := range high {
		for dx := range wide {
			img.SetGray(x+dx, y+dy, color.Gray{})
		}
	}
}
