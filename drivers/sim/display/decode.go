package display

import "periph.io/x/conn/v3/gpio"

// reset is SWRESET: registers to their defaults; the RAM keeps its contents.
func (p *Panel) reset() {
	p.awake, p.on, p.inverted = false, false, false
	p.format = rgb666
	p.columns, p.rows = [2]int{0, Size - 1}, [2]int{0, Size - 1}
	p.cmd, p.args, p.half, p.at = 0, nil, nil, 0
}

// take decodes the bytes of one transfer and writes the picture where it
// changed as a whole or a window was filled.
func (p *Panel) take(b []byte) error {
	full := false
	for _, v := range b {
		if p.dc == gpio.Low {
			p.command(v)
		} else if p.data(v) {
			full = true
		}
	}
	if full || p.look() != p.shown {
		return p.save()
	}
	return nil
}

func (p *Panel) command(c byte) {
	p.cmd, p.args, p.half = c, nil, nil
	switch c {
	case swreset:
		p.reset()
	case slpin:
		p.awake = false
	case slpout:
		p.awake = true
	case invoff:
		p.inverted = false
	case invon:
		p.inverted = true
	case dispoff:
		p.on = false
	case dispon:
		p.on = true
	case ramwr:
		p.at = 0
	case noron, caset, raset, madctl, colmod:
	default:
		p.dropped++
	}
}

// data takes one byte of data; true says that a window is full.
func (p *Panel) data(v byte) bool {
	switch p.cmd {
	case ramwr:
		return p.pixel(v)
	case caset:
		p.span(&p.columns, v)
	case raset:
		p.span(&p.rows, v)
	case colmod:
		p.format = v
	case madctl:
		if v != 0 {
			p.dropped++ // another orientation is not modelled
		}
	default:
		p.dropped++
	}
	return false
}

// span collects the four bytes of a range; a range that is not on the panel is
// dropped.
func (p *Panel) span(to *[2]int, v byte) {
	if len(p.args) == 4 {
		p.dropped++
		return
	}
	p.args = append(p.args, v)
	if len(p.args) < 4 {
		return
	}
	first, last := int(p.args[0])<<8|int(p.args[1]), int(p.args[2])<<8|int(p.args[3])
	if first > last || last >= Size {
		p.dropped += len(p.args)
		return
	}
	*to = [2]int{first, last}
}

// pixel takes half a pixel of 16 bits; after the last one the window begins
// anew.
func (p *Panel) pixel(v byte) bool {
	if p.format != rgb565 {
		p.dropped++
		return false
	}
	p.half = append(p.half, v)
	if len(p.half) < 2 {
		return false
	}
	wide, high := p.columns[1]-p.columns[0]+1, p.rows[1]-p.rows[0]+1
	x, y := p.columns[0]+p.at%wide, p.rows[0]+p.at/wide
	p.ram[y*Size+x] = uint16(p.half[0])<<8 | uint16(p.half[1])
	p.half = p.half[:0]
	p.at++
	if p.at < wide*high {
		return false
	}
	p.at = 0
	return true
}
