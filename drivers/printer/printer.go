package printer

import (
	"context"
	"fmt"
	"image"
	"io"
	"slices"
	"sync"
	"time"

	"tillkeeper/app/pos"
)

// The limits of the queue and of reopening.
const (
	maxQueue  = 256 // jobs that wait
	maxKept   = 32  // printed jobs that Jobs still shows, and as many unknown ones
	maxKicks  = 4
	firstBack = 200 * time.Millisecond
	maxBack   = 5 * time.Second
	chunk     = 512 // bytes handed over at once
)

// Opener opens the way to the printer: a port, a socket, a simulator.
type Opener func() (io.ReadWriteCloser, error)

// Opts sets a printer up; zero values take the defaults named.
type Opts struct {
	Dir     string        // of the queue on disk; "": the queue is in memory
	Model   string        // as in Models; "": the printer is asked
	Columns int           // the model's
	Font    []byte        // for characters that the printer has not; nil: '?'
	Logo    image.Image   // above every slip; nil: none
	Poll    time.Duration // between looks at an idle printer: 2 s
	Answer  time.Duration // for one answer: 1 s
	Finish  time.Duration // for the confirmation of a job on a printer without a fault: 30 s
	Blind   bool          // the way back does not work: nothing is asked, jobs end unknown

	DrawerLow  bool          // a low level of the drawer's sensor means open, whatever the model says
	DrawerWait time.Duration // the drawer may stay open so long: 60 s

	OnJob    func(Job)           // told of each change, in order, from the printer's goroutine
	OnState  func(pos.Condition) // told of each change of State, from the printer's goroutine
	OnDrawer func(DrawerEvent)   // told when the drawer opens, closes or stays open, from the same
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
	lines  lines
	bytes  []byte // made of the lines for form; nil: not yet
	form   *Form
	stuck  bool // its state cannot be written: it may not leave yet
	again  bool // it is being queued once more
}

// shown is the job as others see it.
func (j *Job) shown() Job {
	c := *j
	c.lines, c.bytes, c.form = nil, nil, nil
	return c
}

// over says that nothing happens to the job any more.
func (j *Job) over() bool { return j.State == Printed || j.State == Unknown }

// Printer is one receipt printer and its drawer. All its I/O is done by one
// goroutine and the reader of its link.
type Printer struct {
	open   Opener
	o      Opts
	disk   *disk
	filing sync.Mutex // held while a job enters the queue's file, and while that is written anew

	mu     sync.Mutex
	jobs   []*Job
	lastID int
	fault  pos.Condition // of the printer itself
	said   pos.Condition // what OnState was told last
	status Status
	form   *Form
	about  string // maker, model and serial number
	looks  int    // how often the printer was looked at
	begun  int    // questions for the status that were begun
	ended  int    // the latest of them that is over
	linked bool
	drawer drawer
	change chan struct{} // closed and replaced when a job or the printer changes

	wake   chan struct{}
	nudge  chan struct{}
	kicks  chan time.Time // when each was wished for
	orders chan byte      // what DLE ENQ is asked for: 1 go on, 2 forget
	stop   chan struct{}
	done   chan struct{}
	once   sync.Once

	// Of the goroutine only.
	link    *link
	back    time.Duration
	looked  time.Time // when everything was asked last
	lapsed  time.Time // wishes for the drawer from before it are dropped
	mended  bool      // the job began by ending a command
	dirty   bool      // a job may have been cut short: the printer may be within a command
	proven  bool      // the model was named by the configuration or has answered for itself
	pending string    // process id of the job that waits for it
	got     bool      // it came
	told    int       // how often the printer told its status by itself
	sending bool      // bytes of a job are out and it is not decided
}

var (
	_ pos.Printer = (*Printer)(nil)
	_ pos.Drawer  = (*Drawer)(nil)
)

// New starts a printer; it opens the way by itself and again when it is lost.
// Jobs that its folder holds are printed, those that were sent are unknown.
func New(open Opener, o Opts) *Printer {
	setDefault(&o.Poll, 2*time.Second)
	setDefault(&o.Answer, time.Second)
	setDefault(&o.Finish, 30*time.Second)
	setDefault(&o.DrawerWait, time.Minute)
	p := &Printer{
		open: open, o: o, fault: condition(Unplugged, "not opened yet"), change: make(chan struct{}),
		wake: make(chan struct{}, 1), nudge: make(chan struct{}, 1), kicks: make(chan time.Time, maxKicks), orders: make(chan byte, 1),
		stop: make(chan struct{}), done: make(chan struct{}), back: firstBack,
	}
	m, known := Find(o.Model)
	p.proven = known && o.Model != ""
	p.form = p.formOf(m)
	var kept []*Job
	p.disk, kept = openDisk(o.Dir)
	p.adopt(kept)
	go p.run()
	return p
}

func (p *Printer) formOf(m Model) *Form {
	f := NewForm(m, p.o.Columns, p.o.Font)
	f.Logo = p.o.Logo
	return f
}

// adopt takes jobs from the queue's file. A job that was being sent may have
// left half a command in the printer.
func (p *Printer) adopt(kept []*Job) {
	p.dirty = p.dirty || p.disk.isCut()
	if len(kept) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	last := kept[len(kept)-1].ID
	for _, j := range kept {
		if j.Reason == Interrupted {
			p.dirty = true
			p.disk.setCut(true)
			_ = p.disk.mark(j.ID, Unknown) // else it is so again after the next start
		}
	}
	for _, j := range p.jobs { // those of memory come after
		j.ID += last
	}
	p.jobs = append(kept, p.jobs...)
	p.lastID += last
}

func setDefault[T comparable](to *T, v T) {
	var zero T
	if *to == zero {
		*to = v
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Print queues a slip, on disk where there is a folder. It fails for a slip that
// cannot be encoded and for a full queue, never for a fault of the printer or of
// the disk.
func (p *Printer) Print(job pos.PrintJob) error {
	slip, ok := job.Slip.(Slip)
	if !ok {
		return fmt.Errorf("%w: %T", ErrSlip, job.Slip)
	}
	l, err := keep(slip)
	if err != nil {
		return err
	}
	p.mu.Lock()
	form := p.form
	p.mu.Unlock()
	b, err := form.Encode(l)
	if err != nil {
		return err
	}
	return p.enter(&Job{Number: job.Number, Copy: job.Copy, State: Queued, lines: l, bytes: b, form: form})
}

// enter puts a job into the queue.
func (p *Printer) enter(j *Job) error {
	p.filing.Lock()
	defer p.filing.Unlock()
	p.mu.Lock()
	waiting := 0
	for _, k := range p.jobs {
		if k.State == Queued {
			waiting++
		}
	}
	if waiting >= maxQueue {
		p.mu.Unlock()
		return pos.Errorf("printer_queue_full", "see to the printer, then reprint", "%d slips wait for the printer", waiting)
	}
	p.lastID++
	j.ID, j.Reason = p.lastID, p.fault.Code
	p.mu.Unlock()
	p.disk.add(j)
	p.mu.Lock()
	p.jobs = append(p.jobs, j)
	dropped := p.trim()
	p.mu.Unlock()
	for _, id := range dropped {
		_ = p.disk.mark(id, Printed) // a fault stays in the disk's condition
	}
	signal(p.wake)
	return nil
}

// trim forgets the oldest jobs over maxKept, of the printed ones and of the
// unknown ones, and gives their ids; the caller has mu.
func (p *Printer) trim() (dropped []int) {
	over := map[JobState]int{Printed: -maxKept, Unknown: -maxKept}
	for _, j := range p.jobs {
		over[j.State]++
	}
	p.jobs = slices.DeleteFunc(p.jobs, func(j *Job) bool {
		if !j.over() || over[j.State] <= 0 {
			return false
		}
		over[j.State]--
		dropped = append(dropped, j.ID)
		return true
	})
	return dropped
}

// State gives the condition of the printer: what stops it, else what is wrong
// with its queue on disk.
func (p *Printer) State() pos.Condition {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state()
}

func (p *Printer) state() pos.Condition {
	if p.fault.State == "ok" {
		if code, detail := p.disk.condition(); code != "" {
			return pos.Condition{Name: "printer", State: "warn", Code: code, Detail: detail}
		}
	}
	return p.fault
}

// Status gives the last status of the printer.
func (p *Printer) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Model gives the model that slips are made for.
func (p *Printer) Model() Model {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.form.Model
}

// Identity gives maker, model and serial number as the printer says them, ""
// where it has not.
func (p *Printer) Identity() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.about
}

// Nudge opens the way now instead of later: a cable was plugged in.
func (p *Printer) Nudge() { signal(p.nudge) }

// Drain waits until no job is queued or sent.
func (p *Printer) Drain(ctx context.Context) error {
	for {
		p.mu.Lock()
		change, left := p.change, 0
		for _, j := range p.jobs {
			if !j.over() {
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

// Close ends the printer; what is queued is printed when its folder is opened
// again, or not at all without one.
func (p *Printer) Close() error {
	p.once.Do(func() { close(p.stop) })
	<-p.done
	return nil
}

func (p *Printer) changed() {
	close(p.change)
	p.change = make(chan struct{})
}
