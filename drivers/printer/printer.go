package printer

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"tillkeeper/app/pos"
)

// The limits of the queue and of reopening.
const (
	maxQueue  = 256 // jobs that wait
	maxKept   = 32  // finished jobs that Jobs still shows
	maxKicks  = 4
	firstBack = 200 * time.Millisecond
	maxBack   = 5 * time.Second
	chunk     = 512 // bytes handed over at once
)

// Opener opens the way to the printer: a port, a socket, a simulator.
type Opener func() (io.ReadWriteCloser, error)

// Opts sets a printer up; zero values take the defaults named.
type Opts struct {
	Columns int           // 48
	Font    []byte        // for characters that the printer has not; nil: '?'
	Poll    time.Duration // between looks at an idle printer: 2 s
	Answer  time.Duration // for one answer: 1 s
	Finish  time.Duration // for the confirmation of a job on a printer without a fault: 30 s
	Blind   bool          // the way back does not work: nothing is asked, jobs end unknown
	OnJob   func(Job)     // told of each change, in order, from the printer's goroutine
}

// JobState says where a job stands.
type JobState string

// The states of a job: unknown means that bytes left and nothing confirmed them.
const (
	Queued  JobState = "queued"
	Sent    JobState = "sent"
	Printed JobState = "printed"
	Unknown JobState = "unknown"
)

// Job is a slip on its way.
type Job struct {
	ID     int
	Number string
	Copy   bool
	State  JobState
	Reason string // why it waits or is unknown
	bytes  []byte
}

// Printer is one receipt printer and its drawer. All its I/O is done by one
// goroutine and the reader of its link.
type Printer struct {
	open Opener
	o    Opts

	mu     sync.Mutex
	jobs   []*Job
	lastID int
	cond   pos.Condition
	status Status
	linked bool
	change chan struct{} // closed and replaced when a job changes

	wake  chan struct{}
	kicks chan struct{}
	stop  chan struct{}
	done  chan struct{}
	once  sync.Once

	link *link // of the goroutine only
	back time.Duration
}

// New starts a printer; it opens the way by itself and again when it is lost.
func New(open Opener, o Opts) *Printer {
	setDefault(&o.Columns, Columns80)
	setDefault(&o.Poll, 2*time.Second)
	setDefault(&o.Answer, time.Second)
	setDefault(&o.Finish, 30*time.Second)
	p := &Printer{
		open: open, o: o, cond: condition(Unplugged, "not opened yet"), change: make(chan struct{}),
		wake: make(chan struct{}, 1), kicks: make(chan struct{}, maxKicks),
		stop: make(chan struct{}), done: make(chan struct{}), back: firstBack,
	}
	go p.run()
	return p
}

func setDefault[T comparable](to *T, v T) {
	var zero T
	if *to == zero {
		*to = v
	}
}

// Print encodes the slip and queues it. It fails for a slip that cannot be
// encoded and for a full queue, never for a fault of the printer.
func (p *Printer) Print(job pos.PrintJob) error {
	slip, ok := job.Slip.(Slip)
	if !ok {
		return fmt.Errorf("%w: %T", ErrSlip, job.Slip)
	}
	b, err := Encode(slip, p.o.Columns, p.o.Font)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	waiting := 0
	for _, j := range p.jobs {
		if j.State == Queued {
			waiting++
		}
	}
	if waiting >= maxQueue {
		return pos.Errorf("printer_queue_full", "see to the printer, then reprint", "%d slips wait for the printer", waiting)
	}
	p.lastID++
	p.jobs = append(p.jobs, &Job{ID: p.lastID, Number: job.Number, Copy: job.Copy, State: Queued, Reason: p.cond.Code, bytes: b})
	p.trim()
	signal(p.wake)
	return nil
}

// trim forgets the oldest finished jobs over maxKept.
func (p *Printer) trim() {
	over := -maxKept
	for _, j := range p.jobs {
		if j.State == Printed || j.State == Unknown {
			over++
		}
	}
	kept := p.jobs[:0]
	for _, j := range p.jobs {
		if over > 0 && (j.State == Printed || j.State == Unknown) {
			over--
			continue
		}
		kept = append(kept, j)
	}
	p.jobs = kept
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Kick opens the drawer; it fails at once when there is no way to the printer.
func (p *Printer) Kick() error {
	p.mu.Lock()
	linked, cond := p.linked, p.cond
	p.mu.Unlock()
	if !linked {
		return pos.Errorf(cond.Code, "open the drawer with its key", "the drawer cannot be opened: the printer is not there")
	}
	signal(p.kicks)
	return nil
}

// State gives the condition of the printer.
func (p *Printer) State() pos.Condition {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cond
}

// Status gives the last answers to DLE EOT.
func (p *Printer) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Jobs gives the waiting jobs and the last finished ones, oldest first.
func (p *Printer) Jobs() []Job {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Job, 0, len(p.jobs))
	for _, j := range p.jobs {
		c := *j
		c.bytes = nil
		out = append(out, c)
	}
	return out
}

// Clear drops the jobs that were not sent yet and counts them.
func (p *Printer) Clear() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.jobs[:0]
	n := 0
	for _, j := range p.jobs {
		if j.State == Queued {
			n++
			continue
		}
		kept = append(kept, j)
	}
	p.jobs = kept
	p.changed()
	return n
}

// Drain waits until no job is queued or sent.
func (p *Printer) Drain(ctx context.Context) error {
	for {
		p.mu.Lock()
		change, left := p.change, 0
		for _, j := range p.jobs {
			if j.State == Queued || j.State == Sent {
				left++
			}
		}
		p.mu.Unlock()
		if left == 0 {
			return nil
		}
		select {
		case <-change:
		case <-p.done:
			return io.ErrClosedPipe
		case <-ctx.Done():
			return fmt.Errorf("%d slips wait for the printer: %w", left, ctx.Err())
		}
	}
}

// Close ends the printer; what is queued is not printed.
func (p *Printer) Close() error {
	p.once.Do(func() { close(p.stop) })
	<-p.done
	return nil
}

func (p *Printer) changed() {
	close(p.change)
	p.change = make(chan struct{})
}
