package printer

import (
	"slices"
	"strings"
	"time"
)

// askWait bounds the wait for what a printer may never answer.
const askWait = 500 * time.Millisecond

// probe is the process id that proves GS ( H; no job has it.
const probe = "till"

// identify asks a printer who it is, once on each connection. Names alone are
// not trusted: compatible printers call themselves by the name of the printer
// that they imitate. So what only the real one surely has, completion by process
// id, its own codes and the automatic status, is used when GS ( H has answered. What the configuration
// says of the model is taken as it is.
func (p *Printer) identify() {
	if p.link.asked || p.o.Blind {
		return
	}
	p.link.asked = true
	name, ok := p.inquire(67)
	var rest []string
	if ok {
		for _, n := range []byte{66, 68} {
			text, _ := p.inquire(n)
			rest = append(rest, text)
		}
	}
	if p.link == nil {
		return
	}
	p.mu.Lock()
	if ok {
		p.about = strings.Join(strings.Fields(strings.Join([]string{rest[0], name, rest[1]}, " ")), " ")
	}
	p.mu.Unlock()
	if p.proven || !ok {
		p.automatic(p.Model())
		return
	}
	m, known := Find(name)
	if known && m.Process && !p.answersFor() {
		m.Process, m.QR, m.Barcode, m.ASB = false, false, false, false
	}
	if p.link == nil {
		return
	}
	p.mu.Lock()
	p.form = p.formOf(m)
	p.mu.Unlock()
	p.automatic(m)
}

// automatic switches the automatic status on.
func (p *Printer) automatic(m Model) {
	if !m.ASB {
		return
	}
	if _, err := p.link.write(cmdASB, p.o.Answer); err != nil {
		p.silent(err)
	}
}

// inquire asks GS I n and gives the text of the answer.
func (p *Printer) inquire(n byte) (text string, ok bool) {
	ok = p.question([]byte{0x1d, 'I', n}, func(e event) bool {
		text = e.text
		return e.kind == saysAbout
	})
	return strings.TrimSpace(text), ok
}

// answersFor says whether GS ( H works. ESC @ behind it drops what a printer
// that does not know it took for text.
func (p *Printer) answersFor() bool {
	return p.question(slices.Concat(cmdCompletion, []byte(probe), cmdInit), func(e event) bool {
		return e.kind == saysDone && e.text == probe
	})
}

// question sends b and waits for an answer that fits.
func (p *Printer) question(b []byte, fits func(event) bool) bool {
	if p.link == nil {
		return false
	}
	if _, err := p.link.write(b, p.o.Answer); err != nil {
		p.silent(err)
		return false
	}
	timer := time.NewTimer(min(askWait, p.o.Answer))
	defer timer.Stop()
	for {
		select {
		case e := <-p.link.events:
			if fits(e) {
				return true
			}
			p.hear(e)
		case <-p.link.gone:
			p.lost(p.link.err)
			return false
		case <-p.stop:
			return false
		case <-timer.C:
			return false
		}
	}
}
