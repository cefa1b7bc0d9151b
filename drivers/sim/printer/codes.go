package printer

import (
	"fmt"
	"image"
	"image/draw"

	"github.com/skip2/go-qrcode"

	driver "tillkeeper/drivers/printer"
)

// drawQR draws the QR code that was stored.
func (p *paper) drawQR() {
	p.flush(false)
	code, err := qrcode.New(p.qr, p.level)
	if err != nil {
		p.err = fmt.Errorf("QR code of the receipt: %w", err)
		return
	}
	code.DisableBorder = true
	bits := code.Bitmap()
	side := len(bits) * p.module
	p.feed(2 * p.module)
	p.reach(p.y + side)
	left := p.left(side)
	for y, row := range bits {
		for x, on := range row {
			if on {
				p.black(left+x*p.module, p.y+y*p.module, p.module, p.module)
			}
		}
	}
	p.feed(side + 2*p.module)
}

// drawBars draws what GS k 73 is given: "{B" and the characters of set B.
func (p *paper) drawBars(data []byte) {
	p.flush(false)
	if len(data) < 3 || string(data[:2]) != "{B" {
		return // printers print nothing of what they do not understand
	}
	var text []byte
	for i := 2; i < len(data); i++ {
		if text = append(text, data[i]); data[i] == '{' {
			i++
		}
	}
	for _, c := range text {
		if c < 0x20 || c > 0x7e {
			return
		}
	}
	bars := driver.Bars(string(text))
	wide := len(bars) * p.bars.wide
	if wide > p.width {
		return // too wide: a printer leaves it out
	}
	p.reach(p.y + p.bars.high)
	left := p.left(wide)
	for x, on := range bars {
		if on {
			p.black(left+x*p.bars.wide, p.y, p.bars.wide, p.bars.high)
		}
	}
	p.feed(p.bars.high)
}

func (p *paper) black(x, y, wide, high int) {
	draw.Draw(p.img, image.Rect(x, y, x+wide, y+high), image.Black, image.Point{}, draw.Src)
}
