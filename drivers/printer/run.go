package printer

import (
	"errors"
	"time"
)

// run is the goroutine of the printer.
func (p *Printer) run() {
	defer close(p.done)
	defer p.disk.close()
	defer func() { p.disk.tidy(p.unfinished) }()
	defer p.drop()
	for {
		wait := p.o.Poll
		if p.link == nil {
			wait = p.connect()
		}
		if p.link != nil && p.look() {
			p.identify()
			if p.link != nil && p.work() {
				continue
			}
			if p.stopped() {
				return
			}
		}
		p.tend()
		if !p.idle(wait) {
			return
		}
	}
}

// work sends one job; it says whether to go on with the next one at once.
func (p *Printer) work() bool {
	j := p.next()
	if j == nil {
		return false
	}
	p.send(j)
	return !p.stopped()
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
	p.link = newLink(conn, p.o.Blind)
	p.looked = time.Time{}
	p.took(time.Time{})
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
	p.drawer.seen, p.drawer.alerted, p.drawer.opened = false, false, time.Time{}
	p.mu.Unlock()
}

// lost gives the way up and says why. A connection that is ended before the
// printer has said a word was never ours.
func (p *Printer) lost(err error) {
	reason := reasonOf(err)
	if p.link != nil && p.link.shared() && !p.link.spoke && reason == Unplugged {
		reason = BusyElsewhere
	}
	p.drop()
	p.set(reason, err.Error())
}

// set publishes a condition; waiting jobs carry its reason.
func (p *Printer) set(reason, detail string) {
	p.mu.Lock()
	p.fault = condition(reason, detail)
	p.looks++
	for _, j := range p.jobs {
		if j.State == Queued {
			j.Reason = reason
		}
	}
	p.changed()
	p.mu.Unlock()
	p.tell()
}

// tell reports the condition where it is another one.
func (p *Printer) tell() {
	p.mu.Lock()
	now := p.state()
	same := now.State == p.said.State && now.Code == p.said.Code
	p.said = now
	p.mu.Unlock()
	if !same && p.o.OnState != nil {
		p.o.OnState(now)
	}
}

// look asks for the status and says whether the printer can print. What was
// asked a moment ago is not asked again in full: a printer that cannot print is
// offline, which its first answer says.
func (p *Printer) look() bool {
	defer p.asked(p.asking())
	if p.o.Blind {
		p.set("", "status is not read")
		return true
	}
	first, told := Status{}, p.told
	if time.Since(p.looked) < p.o.Poll {
		p.stale()
		if err := p.one(&first, 1); err != nil {
			p.silent(err)
			return false
		}
		if s := p.Status(); s.Reason() == "" && !first.Offline {
			if told == p.told {
				p.publish(Status{Drawer: first.Drawer, PaperLow: s.PaperLow})
			}
			return p.canPrint()
		}
	}
	_, err := p.ask()
	return err == nil && p.canPrint()
}

// canPrint says whether nothing stops the printer by its last status.
func (p *Printer) canPrint() bool {
	reason := p.Status().Reason()
	return reason == "" || reason == PaperLow
}

// ask sends DLE EOT 1 to 4, one after the other, and publishes the answers,
// unless the printer has told a change by itself meanwhile, which is newer. A
// printer that does not answer is offline, its link kept.
func (p *Printer) ask() (Status, error) {
	defer p.asked(p.asking())
	var s Status
	p.stale()
	told := p.told
	for n := 1; n <= 4; n++ {
		if err := p.one(&s, n); err != nil {
			p.silent(err)
			return s, err
		}
	}
	p.looked = time.Now()
	if told != p.told {
		return p.Status(), nil
	}
	p.publish(s)
	return s, nil
}

// asking numbers a question for the status: Check tells by it one that began
// after it from one that was under way.
func (p *Printer) asking() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun++
	return p.begun
}

// asked notes that a question has its answer, or will never have one.
func (p *Printer) asked(question int) {
	p.mu.Lock()
	p.ended = max(p.ended, question)
	p.changed()
	p.mu.Unlock()
}

// publish takes a status as the printer's.
func (p *Printer) publish(s Status) {
	p.link.spoke, p.link.silent = true, 0
	p.mu.Lock()
	p.status = s
	e, tell := p.sense(s.Drawer, time.Now())
	p.mu.Unlock()
	p.set(s.Reason(), "")
	if tell && p.o.OnDrawer != nil {
		p.o.OnDrawer(e)
	}
}

// one asks DLE EOT n and waits for its answer.
func (p *Printer) one(s *Status, n int) error {
	garbage := p.link.answers.garbage.Load()
	if _, err := p.link.write([]byte{0x10, 0x04, byte(n)}, p.o.Answer); err != nil {
		return err
	}
	timer := time.NewTimer(p.o.Answer)
	defer timer.Stop()
	for {
		select {
		case e := <-p.link.events:
			if e.kind == saysStatus {
				s.Set(n, e.status)
				return nil
			}
			p.hear(e)
		case <-p.link.gone:
			return p.link.err
		case <-p.stop:
			return errSilent
		case <-timer.C:
			p.link.late++
			if p.link.answers.garbage.Load() > garbage {
				return errNoise
			}
			return errSilent
		}
	}
}

// quiet is how long nothing has to come until late answers are given up.
const quiet = 200 * time.Millisecond

// stale takes the answers that came after their time out of the way: the answers
// of DLE EOT do not say which question they belong to, so one that is late would
// be taken for that of the next.
func (p *Printer) stale() {
	for p.link.late > 0 {
		timer := time.NewTimer(min(quiet, p.o.Answer))
		select {
		case e := <-p.link.events:
			if p.hear(e); e.kind == saysStatus {
				p.link.late--
			}
		case <-timer.C:
			p.link.late = 0
		case <-p.link.gone:
			p.link.late = 0
		case <-p.stop:
			p.link.late = 0
		}
		timer.Stop()
	}
	for {
		select {
		case e := <-p.link.events:
			p.hear(e)
		default:
			return
		}
	}
}

// hear takes what the printer says unasked.
func (p *Printer) hear(e event) {
	switch e.kind {
	case saysASB:
		var s Status
		s.SetASB(e.asb)
		p.told++
		p.publish(s)
	case saysDone:
		if e.text == p.pending {
			p.got = true
			return
		}
		p.confirmed(e.text)
	case saysFence:
		if p.link.fences > 0 {
			p.link.fences--
		}
	}
}

// The ways in which no answer comes.
var (
	errSilent = errors.New("the printer does not answer")
	errNoise  = errors.New("what comes back is no answer: the speed of the port is not the printer's")
)

// maxSilent bounds the looks without an answer over a network: then the
// connection is made anew.
const maxSilent = 5

// silent publishes that no answer came.
func (p *Printer) silent(err error) {
	switch {
	case p.stopped():
	case errors.Is(err, errNoise):
		p.set(WrongSpeed, err.Error())
	case err != errFull && err != errSilent:
		p.lost(err)
	default:
		p.mute(err)
	}
}

// mute publishes silence: over a network, before the first word, it means that
// another program has the session.
func (p *Printer) mute(err error) {
	reason, detail := Offline, err.Error()
	if p.link.shared() {
		if !p.link.spoke {
			reason, detail = BusyElsewhere, "the printer takes the connection and answers nothing: another program holds it"
		}
		if p.link.silent++; p.link.silent >= maxSilent && !p.sending {
			p.drop()
		}
	}
	p.set(reason, detail)
}

// recover tells the printer to go on after an error (1), or to forget (2).
func (p *Printer) recover(n byte) {
	cmd := cmdGoOn
	if n == 2 {
		cmd = cmdForget
	}
	if _, err := p.link.write(cmd, p.o.Answer); err != nil {
		p.silent(err)
	}
}

// idle waits for something to do; false means the end.
func (p *Printer) idle(wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	var gone chan struct{}
	var events chan event
	if p.link != nil {
		gone, events = p.link.gone, p.link.events
	}
	select {
	case <-p.stop:
		return false
	case <-p.wake:
		if p.link == nil { // a new job is no reason to open the way sooner
			return p.idleMore(timer)
		}
	case <-p.nudge:
		p.back = firstBack
	case <-timer.C:
	case e := <-events:
		p.hear(e)
	case <-gone:
		p.lost(p.link.err)
	case wished := <-p.kicks:
		if p.link != nil {
			p.kick(wished)
		}
	case n := <-p.orders:
		if p.link != nil {
			p.recover(n)
		}
	}
	return true
}

// idleMore waits for the rest of the time to the next opening.
func (p *Printer) idleMore(timer *time.Timer) bool {
	select {
	case <-p.stop:
		return false
	case <-p.nudge:
		p.back = firstBack
	case <-timer.C:
	}
	return true
}
