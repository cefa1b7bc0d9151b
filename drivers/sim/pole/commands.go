package pole

// lengths is how long a command is, by its first two bytes; ESC Q takes three
// and then text up to CR.
var lengths = map[string]int{
	"\x1b@": 2, "\x1b\x11": 2, "\x1b\x12": 2, "\x1b\x13": 2, "\x1b_": 3, "\x1bQ": 3, "\x1bs": 3, "\x1b*": 3, "\x1bl": 4,
	"\x1f\x01": 2, "\x1f\x02": 2, "\x1f\x03": 2, "\x1fC": 3, "\x1f$": 4, "\x1fX": 3,
}

// byte takes one byte of the line.
func (p *Pole) byte(c byte) {
	switch {
	case len(p.cmd) > 0:
		p.cmd = append(p.cmd, c)
		p.command()
	case p.entry && c == '\r':
		p.entry = false
	case c == 0x1b || c == 0x1f:
		p.cmd = []byte{c}
	case c == 0x0c:
		p.wipe()
	case c == '\r':
		p.col = 0
	case c == '\n':
		p.row = (p.row + 1) % 2
	case c == 0x0b:
		p.row, p.col = 0, 0
	case c < ' ' || c == 0x7f:
		p.unknown++
	default:
		p.put(c)
	}
}

// command does a command that is complete.
func (p *Pole) command() {
	if len(p.cmd) < 2 {
		return
	}
	n, known := lengths[string(p.cmd[:2])]
	known = known && (p.opts.Epson == (p.cmd[0] == 0x1f) || p.cmd[1] == '@')
	if !known {
		p.unknown++
		p.cmd = nil
		return
	}
	if len(p.cmd) < n {
		return
	}
	cmd := p.cmd
	p.cmd = nil
	switch string(cmd[:2]) {
	case "\x1b@":
		p.wipe()
	case "\x1bQ":
		p.upTo(int(cmd[2] - 'A'))
	case "\x1bs":
		p.lamp = cmd[2]
	case "\x1bl", "\x1f$":
		p.col, p.row = int(cmd[2])-1, int(cmd[3])-1
		if p.col < 0 || p.col >= p.columns || p.row < 0 || p.row > 1 {
			p.unknown++
			p.row, p.col = 0, 0
		}
	}
}

// upTo begins ESC Q A or B: the row is empty and takes text up to CR.
func (p *Pole) upTo(row int) {
	if row < 0 || row > 1 || row == 1 && p.opts.Digits {
		p.unknown++
		return
	}
	p.row, p.col, p.entry = row, 0, true
	for i := range p.cells[row] {
		p.cells[row][i] = ' '
	}
}

// wipe clears the pole.
func (p *Pole) wipe() {
	for i := range p.cells {
		for j := range p.cells[i] {
			p.cells[i][j] = ' '
		}
	}
	p.row, p.col, p.entry = 0, 0, false
}

// put shows a character at the cursor. In digits a point belongs to the one
// before it.
func (p *Pole) put(c byte) {
	if p.opts.Digits && (c < '0' || c > '9') && c != '.' && c != '-' && c != ' ' {
		p.unknown++
		return
	}
	width := p.columns
	if p.opts.Digits {
		width++ // a point has no place of its own
	}
	if p.col >= width {
		if p.entry || p.opts.Digits {
			p.spilled++
			return
		}
		p.row, p.col = (p.row+1)%2, 0 // overwrite mode goes on in the other row
	}
	p.cells[p.row][p.col] = c
	p.col++
}
