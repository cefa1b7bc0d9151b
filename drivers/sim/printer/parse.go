package printer

// op is what one command of ESC/POS does.
type op int

const (
	opText op = iota // data: one character, one byte or two
	opFeed           // end of line
	opInit
	opAlign // arg
	opSize  // arg
	opBold  // arg
	opLines // arg: feed so many lines
	opCut
	opKick
	opRaster // data after its head: wide in bytes, rows
	opQRSize // arg
	opQRLevel
	opQRStore // data
	opQRPrint
	opDone  // data: process id
	opFence // arg: 1 paper, 2 drawer
	opAbout // arg: what is asked
	opASB   // arg: what is told by itself
	opBarHigh
	opBarWide
	opBarcode // data: what GS k 73 is given
	opKanji   // arg: 1 on, 0 off
	opRealTime
	opOther
	opNothing // 00 outside of a command
)

// command is one command read from the bytes.
type command struct {
	op   op
	arg  int
	data []byte
	wide int // of a raster, in bytes
	rows int
}

// lengths are the lengths of commands that carry a fixed number of parameters.
var lengths = map[string]struct {
	length int
	op     op
}{
	"\x1b@": {2, opInit}, "\x1ba": {3, opAlign}, "\x1bE": {3, opBold}, "\x1bd": {3, opLines}, "\x1bJ": {3, opOther},
	"\x1bp": {5, opKick}, "\x1b2": {2, opOther}, "\x1b3": {3, opOther}, "\x1b!": {3, opOther}, "\x1bt": {3, opOther},
	"\x1d!": {3, opSize}, "\x1dr": {3, opFence}, "\x1da": {3, opASB}, "\x1dI": {3, opAbout}, "\x1dB": {3, opOther},
	"\x1dh": {3, opBarHigh}, "\x1dw": {3, opBarWide}, "\x1dH": {3, opOther}, "\x1df": {3, opOther}, "\x1bR": {3, opOther},
	"\x1c&": {2, opKanji}, "\x1c.": {2, opKanji}, "\x1cS": {4, opOther},
	"\x10\x04": {3, opRealTime}, "\x10\x05": {3, opRealTime}, "\x10\x14": {5, opRealTime},
}

// next reads the command at the head of b and gives its length; 0 means that b
// ends within a command.
func next(b []byte, kanji bool) (command, int) {
	if len(b) == 0 {
		return command{}, 0
	}
	switch c := b[0]; {
	case c == 0x1b || c == 0x1d || c == 0x1c || c == 0x10:
		return escape(b)
	case c == '\n':
		return command{op: opFeed}, 1
	case c == 0:
		return command{op: opNothing}, 1
	case c < 0x20:
		return command{op: opOther}, 1
	case c >= 0x81 && c != 0xff && kanji:
		if len(b) < 2 {
			return command{}, 0
		}
		return command{op: opText, data: b[:2]}, 2
	}
	return command{op: opText, data: b[:1]}, 1
}

func escape(b []byte) (command, int) {
	if len(b) < 2 {
		return command{}, 0
	}
	if f, ok := lengths[string(b[:2])]; ok {
		if len(b) < f.length {
			return command{}, 0
		}
		c := command{op: f.op}
		switch {
		case f.op == opKanji && b[1] == '&':
			c.arg = 1
		case f.length > 2:
			c.arg = int(b[2])
		}
		return c, f.length
	}
	switch string(b[:2]) {
	case "\x1dV":
		return cut(b)
	case "\x1dv":
		return raster(b)
	case "\x1d(":
		return function(b)
	case "\x1dk":
		return barcode(b)
	}
	return command{op: opOther}, 2
}

func cut(b []byte) (command, int) {
	switch {
	case len(b) < 3:
		return command{}, 0
	case b[2] < 65:
		return command{op: opCut}, 3
	case len(b) < 4:
		return command{}, 0
	}
	return command{op: opCut, arg: int(b[3])}, 4
}

func raster(b []byte) (command, int) {
	if len(b) < 8 {
		return command{}, 0
	}
	wide, rows := int(b[4])|int(b[5])<<8, int(b[6])|int(b[7])<<8
	n := 8 + wide*rows
	if len(b) < n {
		return command{}, 0
	}
	return command{op: opRaster, wide: wide, rows: rows, data: b[8:n]}, n
}

// barcode reads GS k: the form that ends with 00, and the form with a length.
func barcode(b []byte) (command, int) {
	switch {
	case len(b) < 4:
		return command{}, 0
	case b[2] <= 6:
		for i, c := range b[3:] {
			if c == 0 {
				return command{op: opOther}, 4 + i
			}
		}
		return command{}, 0
	case len(b) < 4+int(b[3]):
		return command{}, 0
	}
	n := 4 + int(b[3])
	if b[2] != 73 {
		return command{op: opOther}, n
	}
	return command{op: opBarcode, data: b[4:n]}, n
}

// function reads GS ( x pL pH and its parameters.
func function(b []byte) (command, int) {
	if len(b) < 5 {
		return command{}, 0
	}
	n := 5 + int(b[3]) + int(b[4])<<8
	if len(b) < n {
		return command{}, 0
	}
	p := b[5:n]
	c := command{op: opOther}
	switch {
	case b[2] == 'H' && len(p) == 6 && p[0] == 48 && p[1] == 48:
		c = command{op: opDone, data: p[2:]}
	case b[2] == 'k' && len(p) >= 3 && p[0] == 49:
		switch p[1] {
		case 67:
			c = command{op: opQRSize, arg: int(p[2])}
		case 69:
			c = command{op: opQRLevel, arg: int(p[2])}
		case 80:
			c = command{op: opQRStore, data: p[3:]}
		case 81:
			c = command{op: opQRPrint}
		}
	}
	return c, n
}
