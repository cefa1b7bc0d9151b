package printer

import (
	"fmt"
	"time"
)

// processID is the mark of a job in GS ( H.
func processID(id int) string { return fmt.Sprintf("%04d", id%10000) }

// maxCommand is more than the rest of any command that a crash may have cut
// short: one band of raster and its head.
func (m Model) maxCommand() int { return max(m.Band*(m.Dots+7)/8, maxQR) + 16 }

// mend ends a command that may have been cut short: zero bytes fill the rest of
// it and mean nothing outside of one. What is on paper of the old slip is cut
// off.
func mend(m Model) []byte {
	b := make([]byte, m.maxCommand())
	b = append(b, '\n')
	switch m.Cut {
	case CutNone:
		return append(b, cmdTear...)
	case CutOnce:
		return append(b, cmdCutOnce...)
	case CutFeed:
	}
	return append(b, cmdCut...)
}

// send hands a job over and waits until the printer says that it is printed.
func (p *Printer) send(j *Job) {
	p.mu.Lock()
	form := p.form
	slip, b := j.lines, j.bytes
	if j.form != form {
		b = nil
	}
	j.bytes, j.form = nil, nil
	p.mu.Unlock()
	m := form.Model
	var err error
	if b == nil {
		b, err = form.Encode(slip)
	}
	if err != nil {
		p.mark(j, Unknown, err.Error())
		return
	}
	if p.dirty {
		b = append(mend(m), b...)
	}
	if !p.o.Blind {
		b = p.close(b, j, m)
	}
	defer func() { p.pending, p.sending = "", false }()
	if !p.mark(j, Sent, "") {
		p.link.fences = 0
		return
	}
	p.mended, p.dirty, p.sending = p.dirty, true, true
	if !p.feed(j, b) {
		return
	}
	switch {
	case p.o.Blind:
		p.whole()
		p.mark(j, Unknown, "status is not read")
	case !m.Process && !m.Fence:
		p.whole()
		p.mark(j, Unknown, NotConfirmed)
	default:
		p.confirm(j)
	}
}

// close appends what makes the printer answer when the job is done.
func (p *Printer) close(b []byte, j *Job, m Model) []byte {
	if m.ASB {
		b = append(b, cmdASB...) // ESC @ may have ended it
	}
	p.got = false
	switch {
	case m.Process:
		p.pending = processID(j.ID)
		b = append(append(b, cmdCompletion...), p.pending...)
	case m.Fence:
		b = append(b, cmdFence...)
		p.link.fences++
		if p.dirty { // the printer may still owe the answer of the job that was cut
			b = append(b, cmdFence...)
			p.link.fences++
		}
	}
	return b
}

// feed writes the bytes in chunks; a printer that takes none for the time of
// Finish, and has told no fault, leaves the job unknown.
func (p *Printer) feed(j *Job, b []byte) bool {
	patience := int(p.o.Finish/p.o.Answer) + 1
	left, moved := patience, time.Now()
	for len(b) > 0 {
		n, err := p.link.write(b[:min(chunk, len(b))], p.o.Answer)
		b = b[n:]
		if n > 0 {
			p.took(moved)
			left, moved = patience, time.Now()
		}
		switch {
		case err == nil:
		case err == errFull && left > 0 && !p.stopped():
			p.stale()
			if reason := p.Status().Reason(); reason == "" || reason == PaperLow {
				left--
				p.set(Offline, err.Error())
			}
		default:
			p.mark(j, Unknown, reasonOf(err))
			p.lost(err)
			return false
		}
	}
	return true
}

// confirm waits for the answer of a job. Time counts only while the printer has
// no fault: a printer without paper keeps what it was given.
func (p *Printer) confirm(j *Job) {
	step := min(p.o.Poll, p.o.Finish)
	left := p.o.Finish
	timer := time.NewTimer(step)
	defer timer.Stop()
	for !p.finished() {
		if p.link == nil {
			p.mark(j, Unknown, Unplugged)
			return
		}
		select {
		case e := <-p.link.events:
			p.hear(e)
			continue
		case <-p.link.gone:
			p.mark(j, Unknown, Unplugged)
			p.lost(p.link.err)
			return
		case wished := <-p.kicks:
			p.kick(wished)
		case n := <-p.orders:
			if p.recover(n); n == 2 {
				if p.link != nil {
					p.link.fences = 0 // they were dropped too
				}
				p.mark(j, Unknown, Dropped)
				return
			}
		case <-p.stop:
			p.mark(j, Unknown, "closed")
			return
		case <-timer.C:
			timer.Reset(step)
			s, err := p.ask()
			if reason := s.Reason(); p.link != nil && (err != nil || reason == "" || reason == PaperLow) {
				left -= step
			}
		}
		if left <= 0 && p.link != nil && !p.finished() {
			if p.link != nil {
				p.link.fences = 0
			}
			p.whole()
			p.mark(j, Unknown, NotConfirmed)
			return
		}
	}
	if p.mended && p.pending == "" {
		p.link.late++ // listen for an answer too many before the next job
	}
	p.whole()
	p.mark(j, Printed, "")
}

// whole says that every byte of a job went out: no command is cut short.
func (p *Printer) whole() {
	p.dirty = false
	p.disk.setCut(false)
}

// finished says whether the printer has said that the job is done. After a
// fence it has only read it: it is done when nothing stops it either.
func (p *Printer) finished() bool {
	if p.pending != "" {
		return p.got
	}
	if p.link == nil || p.link.fences > 0 {
		return false
	}
	s, err := p.ask()
	reason := s.Reason()
	return err == nil && (reason == "" || reason == PaperLow)
}
