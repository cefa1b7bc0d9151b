package printer

import (
	"fmt"
	"time"
)

// run is the goroutine of the printer.
func (p *Printer) run() {
	defer close(p.done)
	defer p.drop()
	for {
		wait := p.o.Poll
		if p.link == nil {
			wait = p.connect()
		}
		if p.link != nil && p.look() {
			if j := p.next(); j != nil {
				p.send(j)
				if p.stopped() {
					return
				}
				continue
			}
		}
		if !p.idle(wait) {
			return
		}
	}
}

func (p *Printer) stopped() bool {
	select {
	case <-p.stop:
		return true
	default:
		return false
	}
}

// connect opens the way; on failure it gives the time to wait.
func (p *Printer) connect() time.Duration {
	conn, err := p.open()
	if err != nil {
		p.set(reasonOf(err), err.Error())
		wait := p.back
		p.back = min(2*p.back, maxBack)
		return wait
	}
	p.back = firstBack
	p.link = newLink(conn)
	p.mu.Lock()
	p.linked = true
	p.mu.Unlock()
	return p.o.Poll
}

// drop gives the way up.
func (p *Printer) drop() {
	if p.link == nil {
		return
	}
	p.link.close()
	p.link = nil
	p.mu.Lock()
	p.linked = false
	p.mu.Unlock()
}

func (p *Printer) lost(err error) {
	p.drop()
	p.set(reasonOf(err), err.Error())
}

// set publishes a condition; waiting jobs carry its reason.
func (p *Printer) set(reason, detail string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cond = condition(reason, detail)
	for _, j := range p.jobs {
		if j.State == Queued {
			j.Reason = reason
		}
	}
}

// look asks for the status and says whether the printer can print.
func (p *Printer) look() bool {
	if p.o.Blind {
		p.set("", "status is not read")
		return true
	}
	status, err := p.ask(nil)
	if err != nil {
		return false
	}
	reason := status.Reason()
	return reason == "" || reason == PaperLow
}

// ask sends DLE EOT 1 to 4, one after the other, and publishes the answers. A
// printer that does not answer is offline, its link kept. Finished jobs that
// are answered meanwhile go to done.
func (p *Printer) ask(done func(id string)) (Status, error) {
	var s Status
	p.stale(done)
	for n := 1; n <= 4; n++ {
		if _, err := p.link.write([]byte{0x10, 0x04, byte(n)}, p.o.Answer); err != nil {
			return s, p.silent(err)
		}
		if err := p.answer(&s, n, done); err != nil {
			return s, p.silent(err)
		}
	}
	p.mu.Lock()
	p.status = s
	p.mu.Unlock()
	p.set(s.Reason(), "")
	return s, nil
}

// stale takes the answers that came after their time out of the way.
func (p *Printer) stale(done func(id string)) {
	for {
		select {
		case e := <-p.link.events:
			if e.done != "" && done != nil {
				done(e.done)
			}
		default:
			return
		}
	}
}

// silent publishes that nothing came back.
func (p *Printer) silent(err error) error {
	if err == errFull || err == errSilent {
		p.set(Offline, err.Error())
		return err
	}
	p.lost(err)
	return err
}

var errSilent = fmt.Errorf("the printer does not answer")

func (p *Printer) answer(s *Status, n int, done func(id string)) error {
	timer := time.NewTimer(p.o.Answer)
	defer timer.Stop()
	for {
		select {
		case e := <-p.link.events:
			if e.done != "" {
				if done != nil {
					done(e.done)
				}
				continue
			}
			s.Set(n, e.status)
			return nil
		case <-p.link.gone:
			return p.link.err
		case <-timer.C:
			return errSilent
		}
	}
}

// next gives the oldest job that waits.
func (p *Printer) next() *Job {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, j := range p.jobs {
		if j.State == Queued {
			return j
		}
	}
	return nil
}

func (p *Printer) mark(j *Job, s JobState, reason string) {
	p.mu.Lock()
	j.State, j.Reason = s, reason
	c := *j
	c.bytes = nil
	p.mu.Unlock()
	if p.o.OnJob != nil {
		p.o.OnJob(c)
	}
	p.mu.Lock()
	p.changed()
	p.mu.Unlock()
}

// send hands a job over and waits until the printer says that it is printed.
func (p *Printer) send(j *Job) {
	id := fmt.Sprintf("%04d", j.ID%10000)
	b := append(append([]byte(nil), j.bytes...), cmdCompletion...)
	b = append(b, id...)
	p.mark(j, Sent, "")
	if !p.feed(j, b) {
		return
	}
	if p.o.Blind {
		p.mark(j, Unknown, "status is not read")
		return
	}
	p.confirm(j, id)
}

// feed writes the bytes in chunks; a printer that takes none for the time of
// Finish leaves the job unknown.
func (p *Printer) feed(j *Job, b []byte) bool {
	patience := int(p.o.Finish/p.o.Answer) + 1
	for len(b) > 0 {
		n, err := p.link.write(b[:min(chunk, len(b))], p.o.Answer)
		b = b[n:]
		if n > 0 {
			patience = int(p.o.Finish/p.o.Answer) + 1
		}
		switch {
		case err == nil:
		case err == errFull && patience > 0 && !p.stopped():
			patience--
			p.set(Offline, err.Error())
		default:
			p.mark(j, Unknown, reasonOf(err))
			p.lost(err)
			return false
		}
	}
	return true
}

// confirm waits for the answer to GS ( H. Time counts only while the printer
// has no fault: a printer without paper keeps what it was given.
func (p *Printer) confirm(j *Job, id string) {
	finished := false
	done := func(got string) { finished = finished || got == id }
	step := min(p.o.Poll, p.o.Finish)
	left := p.o.Finish
	for !finished {
		timer := time.NewTimer(step)
		select {
		case e := <-p.link.events:
			if e.done != "" {
				done(e.done)
			}
		case <-p.link.gone:
			p.mark(j, Unknown, Unplugged)
			p.lost(p.link.err)
			timer.Stop()
			return
		case <-p.kicks:
			p.kick()
			if p.link == nil {
				p.mark(j, Unknown, Unplugged)
				timer.Stop()
				return
			}
		case <-p.stop:
			p.mark(j, Unknown, "closed")
			timer.Stop()
			return
		case <-timer.C:
			s, err := p.ask(done)
			if p.link == nil {
				p.mark(j, Unknown, Unplugged)
				return
			}
			if reason := s.Reason(); err != nil || reason == "" || reason == PaperLow {
				left -= step
			}
			if left <= 0 && !finished {
				p.mark(j, Unknown, "not confirmed")
				return
			}
		}
		timer.Stop()
	}
	p.mark(j, Printed, "")
}

// kick opens the drawer: in order with the data on a printer that prints, at
// once on one that does not.
func (p *Printer) kick() {
	cmd := cmdKick
	if s := p.State().State; s != "ok" && s != "warn" {
		cmd = cmdKickNow
	}
	if _, err := p.link.write(cmd, p.o.Answer); err != nil {
		_ = p.silent(err)
	}
}

// idle waits for something to do; false means the end.
func (p *Printer) idle(wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var gone chan struct{}
	if p.link != nil {
		gone = p.link.gone
	}
	select {
	case <-p.stop:
		return false
	case <-p.wake:
	case <-timer.C:
	case <-gone:
		p.lost(p.link.err)
	case <-p.kicks:
		if p.link != nil {
			p.kick()
		}
	}
	return true
}
