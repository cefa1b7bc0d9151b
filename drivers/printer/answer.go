package printer

import "sync/atomic"

// The kinds of what a printer says (reference, "Transmission status
// identification"): the fixed bits of its first byte tell them apart.
const (
	saysStatus  = iota // 0xx1xx10: DLE EOT
	saysASB            // 0xx1xx00 and three bytes 0xx0xxxx: automatic status
	saysFence          // 0xx0xxxx: GS r
	saysDone           // 37 22 and four characters and 00: GS ( H
	saysAbout          // 5F, text, 00: GS I 65 to 69
	saysGarbage        // anything else
)

// event is one thing that the printer said.
type event struct {
	kind   int
	status byte    // of DLE EOT, GS r
	asb    [4]byte // of automatic status
	text   string  // process id, or what GS I says
}

// maxAbout bounds the text of GS I.
const maxAbout = 80

// xon and xoff may stand anywhere on a line with software flow control.
const (
	xon  = 0x11
	xoff = 0x13
)

// answers takes what a printer says apart, a byte at a time. It keeps no more
// than one answer.
type answers struct {
	part    []byte
	garbage atomic.Int64 // bytes that are no answer
}

// take hands out what b completes.
func (a *answers) take(b []byte, out func(event)) {
	for _, c := range b {
		a.part = append(a.part, c)
		for len(a.part) > 0 && a.one(out) {
		}
	}
}

// one looks at the answer at the head of part; false means that it wants more.
func (a *answers) one(out func(event)) bool {
	p := a.part
	used := 1
	switch head := p[0]; {
	case head == 0x37:
		switch n := len(p); {
		case n > 1 && p[1] != 0x22, n == 7 && p[6] != 0:
			a.garbage.Add(1)
		case n < 7:
			return false
		default:
			used = 7
			out(event{kind: saysDone, text: string(p[2:6])})
		}
	case head == 0x5f:
		switch last := p[len(p)-1]; {
		case len(p) == 1:
			return false
		case last == 0:
			used = len(p)
			out(event{kind: saysAbout, text: string(p[1 : used-1])})
		case last < 0x20 || last > 0x7e || len(p) > maxAbout+1:
			a.garbage.Add(1)
		default:
			return false
		}
	case head&0x93 == 0x10:
		switch n := len(p); {
		case n > 1 && p[n-1]&0x90 != 0:
			a.garbage.Add(1)
		case n < 4:
			return false
		default:
			used = 4
			out(event{kind: saysASB, asb: [4]byte(p[:4])})
		}
	case ValidStatus(head):
		out(event{kind: saysStatus, status: head})
	case head&0x90 == 0:
		out(event{kind: saysFence, status: head})
	case head != xon && head != xoff:
		a.garbage.Add(1)
		out(event{kind: saysGarbage})
	}
	a.part = append(a.part[:0], p[used:]...)
	return true
}
