package printer

import "bytes"

// print works off what is held while nothing stops it.
func (p *Printer) print() {
	for !p.stopped() {
		c, n := next(p.held, p.kanji)
		if n == 0 {
			return
		}
		raw := p.held[:n]
		p.held = p.held[n:]
		if p.unknown(c) {
			p.misused(raw)
			continue
		}
		if c.op == opInit && !p.inked {
			p.slip = nil // nothing is on the paper, and nothing of it is left
		}
		if p.belongs(c) {
			p.slip = append(p.slip, raw...)
		}
		p.obey(c, n)
	}
}

// belongs says whether a command is part of a slip: questions and zero bytes
// outside of commands leave no trace.
func (p *Printer) belongs(c command) bool {
	switch c.op {
	case opRealTime, opNothing, opAbout, opASB, opDone, opFence:
		return false
	}
	return true
}

// unknown says whether the model lacks a command.
func (p *Printer) unknown(c command) bool {
	switch c.op {
	case opDone:
		return p.o.NoProcess
	case opQRSize, opQRLevel, opQRStore, opQRPrint:
		return p.o.NoQR
	case opBarcode, opBarHigh, opBarWide:
		return p.o.NoBarcode
	case opASB:
		return p.o.NoASB
	case opCut:
		return p.o.NoCut
	}
	return false
}

// misused notes a command that the printer does not know; what can be seen of it
// stands on the paper.
func (p *Printer) misused(raw []byte) {
	if len(p.misuse) < maxMisuse {
		p.misuse = append(p.misuse, string(bytes.Clone(raw)))
	}
	for _, c := range raw {
		if c >= 0x20 && c < 0x7f {
			p.slip = append(p.slip, c)
		}
	}
}

func (p *Printer) obey(c command, length int) {
	switch c.op {
	case opInit:
		p.asb = false
	case opText:
		p.inked = true
	case opRaster, opQRPrint, opBarcode:
		p.inked = true
	case opFeed, opLines:
		p.advance()
	case opKanji:
		p.kanji = c.arg == 1
	case opKick:
		p.kick()
		if len(p.slip) == length { // outside a slip
			p.finishTail()
		}
	case opCut:
		p.finish()
	case opAbout:
		p.answerAbout(c.arg)
	case opASB:
		p.asb = c.arg != 0
		p.report()
	case opFence:
		p.finishTail()
		if !p.o.NoFence {
			p.reply(p.sensors())
		}
	case opDone:
		p.finishTail()
		p.reply(append(append([]byte{0x37, 0x22}, c.data...), 0)...)
	}
}

// answerAbout answers GS I.
func (p *Printer) answerAbout(n int) {
	text, ok := map[int]string{66: "SIM", 67: p.o.Name, 68: "000001"}[n]
	if ok && !p.o.NoName {
		p.reply(append(append([]byte{0x5f}, text...), 0)...)
	}
}

// advance moves the paper by a line, which may be its last.
func (p *Printer) advance() {
	if p.faults.runOut < 0 {
		return
	}
	if p.faults.runOut--; p.faults.runOut < 0 {
		p.faults.paper = false
		p.report()
	}
}
