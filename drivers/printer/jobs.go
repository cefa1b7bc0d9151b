package printer

import (
	"slices"

	"tillkeeper/app/pos"
)

// copyMark is printed above a slip that may be on paper already.
const copyMark = "重印 COPY"

// Jobs gives the waiting jobs and the last finished ones, oldest first.
func (p *Printer) Jobs() []Job {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Job, 0, len(p.jobs))
	for _, j := range p.jobs {
		out = append(out, j.shown())
	}
	return out
}

// Reprint queues an unknown job once more, marked COPY, and forgets the unknown
// one. The error is a *pos.Error with the code not_available for any other job,
// or of a full queue.
func (p *Printer) Reprint(id int) error {
	p.mu.Lock()
	j := p.job(id)
	if j == nil || j.State != Unknown || j.again {
		p.mu.Unlock()
		return pos.Errorf("not_available", "choose a slip that may not have been printed", "slip %d is not one that may be missing", id)
	}
	again := &Job{Number: j.Number, Copy: true, State: Queued, lines: j.lines}
	if !j.Copy {
		again.lines = append(lines{{Kind: "centre", Left: copyMark, Bold: true, Big: true}}, j.lines...)
	}
	j.again = true // whoever asks for it meanwhile comes too late
	p.mu.Unlock()
	if err := p.enter(again); err != nil {
		p.mu.Lock()
		j.again = false
		p.mu.Unlock()
		return err
	}
	p.Forget(id)
	return nil
}

// Forget drops a job that is not being sent; it says whether there was one.
func (p *Printer) Forget(id int) bool {
	p.mu.Lock()
	j := p.job(id)
	if j == nil || j.State == Sent {
		p.mu.Unlock()
		return false
	}
	p.jobs = slices.DeleteFunc(p.jobs, func(k *Job) bool { return k == j })
	p.changed()
	p.mu.Unlock()
	_ = p.disk.mark(id, Printed)
	return true
}

// job finds a job; the caller has mu.
func (p *Printer) job(id int) *Job {
	for _, j := range p.jobs {
		if j.ID == id {
			return j
		}
	}
	return nil
}

// Retry goes on after a fault that a person has mended: the printer is told to
// continue (DLE ENQ 1), the way is opened now, and a damaged queue is no longer
// spoken of.
func (p *Printer) Retry() {
	p.disk.acknowledge()
	p.order(1)
	signal(p.nudge)
}

// Clear drops the jobs that were not sent yet and counts them. A job that the
// printer holds because of a fault is dropped there (DLE ENQ 2) and unknown.
func (p *Printer) Clear() int {
	p.mu.Lock()
	var dropped []int
	held := false
	p.jobs = slices.DeleteFunc(p.jobs, func(j *Job) bool {
		held = held || j.State == Sent
		if j.State == Queued {
			dropped = append(dropped, j.ID)
			return true
		}
		return false
	})
	held = held && p.fault.State == "fault"
	p.changed()
	p.mu.Unlock()
	for _, id := range dropped {
		_ = p.disk.mark(id, Printed)
	}
	if held {
		p.order(2)
	}
	return len(dropped)
}

func (p *Printer) order(n byte) {
	select {
	case p.orders <- n:
	default:
	}
}

// next gives the oldest job that waits and may leave.
func (p *Printer) next() *Job {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, j := range p.jobs {
		if j.State == Queued && !j.stuck {
			return j
		}
	}
	return nil
}

// mark gives a job its new state, on disk first. Only a job that is about to be
// sent minds that the disk does not take it: then false, and the job waits.
func (p *Printer) mark(j *Job, s JobState, reason string) bool {
	p.mu.Lock()
	id := j.ID
	here := slices.Contains(p.jobs, j)
	p.mu.Unlock()
	if !here { // dropped by a person meanwhile
		return false
	}
	if s == Unknown && p.dirty {
		p.disk.setCut(true)
	}
	err := p.disk.mark(id, s)
	p.mu.Lock()
	if err != nil && s == Sent {
		j.stuck = true
		p.mu.Unlock()
		return false
	}
	if s == Sent && !slices.Contains(p.jobs, j) {
		p.mu.Unlock()
		return false
	}
	j.State, j.Reason = s, reason
	if s == Printed {
		j.lines = nil
	}
	told := j.shown()
	p.mu.Unlock()
	if p.o.OnJob != nil {
		p.o.OnJob(told)
	}
	p.mu.Lock()
	dropped := p.trim()
	p.changed()
	p.mu.Unlock()
	for _, id := range dropped {
		_ = p.disk.mark(id, Printed)
	}
	return true
}

// confirmed makes an unknown job printed: its process id came late.
func (p *Printer) confirmed(process string) {
	p.mu.Lock()
	var late *Job
	for _, j := range p.jobs {
		if j.State == Unknown && processID(j.ID) == process {
			late = j
		}
	}
	p.mu.Unlock()
	if late != nil {
		p.mark(late, Printed, "")
	}
}

// tend keeps the queue's file: small, and written anew after a fault.
func (p *Printer) tend() {
	p.filing.Lock()
	defer p.filing.Unlock()
	p.disk.tidy(p.unfinished)
	more := p.disk.heal(p.unfinished)
	code, _ := p.disk.condition()
	p.adopt(more)
	p.mu.Lock()
	if code != QueueMemory {
		for _, j := range p.jobs {
			j.stuck = false
		}
	}
	p.mu.Unlock()
	if more != nil {
		p.disk.refile(p.unfinished)
	}
	p.tell()
}

// unfinished gives the jobs that belong into the queue's file.
func (p *Printer) unfinished() []*Job {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []*Job
	for _, j := range p.jobs {
		if j.State != Printed {
			c := *j
			out = append(out, &c)
		}
	}
	return out
}
