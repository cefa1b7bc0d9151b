package printer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/printer"
)

// desk is a printer at the other end of a pipe. Its fields say how it behaves
// and are guarded by mu.
type desk struct {
	mu       sync.Mutex
	mute     bool          // answers nothing
	vague    bool          // never says that a job is finished
	owes     bool          // answers the fence of an older job when it is given one, and no other
	cuts     bool          // hangs up when it is given a job
	noise    []byte        // comes before each answer
	late     time.Duration // the next DLE EOT 4 is answered so late
	full     time.Duration // given a job it takes nothing for so long, once
	slow     time.Duration // given a job it takes so long for each byte from then on
	got      bytes.Buffer
	opened   int
	statuses [5]byte // what is set besides the fixed bits of each answer
}

// open is the way to the desk.
func (d *desk) open() (io.ReadWriteCloser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened++
	near, far := net.Pipe()
	go d.serve(far)
	return near, nil
}

func (d *desk) serve(far net.Conn) {
	defer func() { _ = far.Close() }()
	var tail []byte
	var each time.Duration
	buf := make([]byte, 1)
	for {
		if _, err := far.Read(buf); err != nil {
			return
		}
		tail = append(tail, buf[0])
		if buf[0] == '@' {
			each = d.rest()
		}
		time.Sleep(each)
		answer, hangUp := d.answer(tail)
		if hangUp {
			return
		}
		// A byte at a time: answers come in pieces.
		for i := range answer {
			if _, err := far.Write(answer[i : i+1]); err != nil {
				return
			}
		}
	}
}

// rest takes nothing for a while, and gives how long each byte takes then.
func (d *desk) rest() time.Duration {
	d.mu.Lock()
	wait, each := d.full, d.slow
	d.full = 0
	d.mu.Unlock()
	time.Sleep(wait)
	return each
}

func (d *desk) answer(tail []byte) (answer []byte, hangUp bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.got.WriteByte(tail[len(tail)-1])
	n := len(tail)
	switch {
	case d.cuts && tail[n-1] == '@':
		return nil, true
	case d.mute:
		return nil, false
	case d.owes && tail[n-1] == '@':
		d.owes = false
		return []byte{0}, false
	case n >= 3 && tail[n-3] == 0x10 && tail[n-2] == 0x04 && tail[n-1] <= 4:
		if tail[n-1] == 4 {
			time.Sleep(d.late)
			d.late = 0
		}
		return append(bytes.Clone(d.noise), 0x12|d.statuses[tail[n-1]]), false
	case !d.vague && n >= 11 && bytes.Equal(tail[n-11:n-4], []byte{0x1d, '(', 'H', 6, 0, 48, 48}):
		answer = append(bytes.Clone(d.noise), 0x37, 0x22)
		return append(append(answer, tail[n-4:]...), 0), false
	}
	return nil, false
}

func (d *desk) set(change func(d *desk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

// fast makes a driver that does not wait for long.
func fast(t *testing.T, open printer.Opener, change func(o *printer.Opts)) *printer.Printer {
	t.Helper()
	o := printer.Opts{Model: "TM-T82III", Poll: 2 * time.Millisecond, Answer: 5 * time.Second}
	if change != nil {
		change(&o)
	}
	p := printer.New(open, o)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func job(number int) pos.PrintJob {
	return pos.PrintJob{Number: strconv.Itoa(number), Slip: slip{{kind: "text", left: "slip " + strconv.Itoa(number)}, {kind: "cut"}}}
}

func queue(t *testing.T, p *printer.Printer, numbers ...int) {
	t.Helper()
	for _, n := range numbers {
		if err := p.Print(job(n)); err != nil {
			t.Fatal(err)
		}
	}
}

func drain(t *testing.T, p *printer.Printer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := p.Drain(ctx); err != nil {
		t.Fatal(err)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 20000 {
		if ok() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func TestJobsArePrintedInOrderAndConfirmed(t *testing.T) {
	d := &desk{noise: []byte{0x00, 0x37, 0xff}} // what is no answer is not taken for one
	var mu sync.Mutex
	var told []string
	p := fast(t, d.open, func(o *printer.Opts) {
		o.OnJob = func(j printer.Job) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, j.Number+" "+string(j.State))
		}
	})
	queue(t, p, 1, 2, 3)
	drain(t, p)
	mu.Lock()
	defer mu.Unlock()
	want := []string{"1 sent", "1 printed", "2 sent", "2 printed", "3 sent", "3 printed"}
	if len(told) != len(want) {
		t.Fatalf("told %q", told)
	}
	for i := range want {
		if told[i] != want[i] {
			t.Errorf("told %q, want %q", told, want)
		}
	}
	d.set(func(d *desk) {
		for _, text := range []string{"slip 1\n", "slip 2\n", "slip 3\n"} {
			if n := bytes.Count(d.got.Bytes(), []byte(text)); n != 1 {
				t.Errorf("%q was sent %d times", text, n)
			}
		}
	})
}

// TestHangUpInAJob: nobody knows what is on paper, so the job is unknown and
// never sent again by itself; the next one goes out over a new line.
func TestHangUpInAJob(t *testing.T) {
	d := &desk{cuts: true}
	p := fast(t, d.open, nil)
	queue(t, p, 1)
	drain(t, p)
	if j := p.Jobs()[0]; j.State != printer.Unknown || j.Reason != printer.Unplugged {
		t.Errorf("%+v", j)
	}
	d.set(func(d *desk) { d.cuts = false })
	queue(t, p, 2)
	drain(t, p)
	if j := p.Jobs(); len(j) != 2 || j[0].State != printer.Unknown || j[1].State != printer.Printed {
		t.Errorf("%+v", j)
	}
	d.set(func(d *desk) {
		if bytes.Contains(d.got.Bytes(), []byte("slip 1")) || d.opened < 2 {
			t.Errorf("opened %d times, got %q", d.opened, d.got.Bytes())
		}
	})
}

func TestNobodyConfirms(t *testing.T) {
	p := fast(t, (&desk{vague: true}).open, func(o *printer.Opts) { o.Finish = 20 * time.Millisecond })
	queue(t, p, 1)
	drain(t, p)
	if j := p.Jobs()[0]; j.State != printer.Unknown || j.Reason != "not confirmed" {
		t.Errorf("%+v", j)
	}
}

// TestFaultDuringAJobCostsNoTime: with the cover open the printer keeps what it
// was given, so the job is not given up however long that lasts.
func TestFaultDuringAJobCostsNoTime(t *testing.T) {
	d := &desk{vague: true}
	asked := 0
	p := fast(t, d.open, func(o *printer.Opts) {
		o.Finish = 20 * time.Millisecond
		o.OnJob = func(j printer.Job) {
			if j.State == printer.Sent {
				d.set(func(d *desk) { d.statuses[2] = 0x04 })
			}
		}
	})
	queue(t, p, 1)
	until(t, "cover_open", func() bool { return p.State().Code == printer.CoverOpen })
	d.set(func(d *desk) { asked = d.got.Len() })
	until(t, "a hundred questions more", func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.got.Len() > asked+100*12
	})
	if j := p.Jobs()[0]; j.State != printer.Sent {
		t.Errorf("%+v", j)
	}
	d.set(func(d *desk) { d.statuses[2] = 0 })
	drain(t, p)
}

func TestMutePrinterIsOfflineAndItsJobsWait(t *testing.T) {
	d := &desk{mute: true}
	p := fast(t, d.open, func(o *printer.Opts) { o.Answer = 5 * time.Millisecond })
	queue(t, p, 1)
	until(t, "offline", func() bool { return p.State().Code == printer.Offline })
	until(t, "the reason", func() bool { return p.Jobs()[0].Reason == printer.Offline })
	if j := p.Jobs()[0]; j.State != printer.Queued {
		t.Errorf("%+v", j)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Drain(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Drain: %v", err)
	}
	d.set(func(d *desk) {
		if bytes.Contains(d.got.Bytes(), []byte("slip 1")) {
			t.Error("a mute printer was given a slip")
		}
	})
}

func TestBlindPrinterIsAskedNothing(t *testing.T) {
	d := &desk{mute: true}
	p := fast(t, d.open, func(o *printer.Opts) { o.Blind = true })
	queue(t, p, 1)
	drain(t, p)
	if j := p.Jobs()[0]; j.State != printer.Unknown || p.State().State != "ok" {
		t.Errorf("%+v %+v", j, p.State())
	}
	d.set(func(d *desk) {
		if !bytes.Contains(d.got.Bytes(), []byte("slip 1")) || printer.RealTime(d.got.Bytes()) >= 0 {
			t.Errorf("got %q", d.got.Bytes())
		}
	})
}

func TestWhyItCannotBeOpened(t *testing.T) {
	for reason, err := range map[string]error{
		printer.BusyElsewhere: syscall.EBUSY, printer.NoPermission: syscall.EACCES, printer.Unplugged: fs.ErrNotExist,
		printer.Offline: errors.New("no route to host"),
	} {
		p := fast(t, func() (io.ReadWriteCloser, error) { return nil, &fs.PathError{Op: "open", Path: "lp0", Err: err} }, nil)
		until(t, reason, func() bool { c := p.State(); return c.Code == reason && c.Detail == "open lp0: "+err.Error() })
		var e *pos.Error
		if err := p.Kick(); !errors.As(err, &e) || e.Code != reason {
			t.Errorf("%s: the drawer: %v", reason, err)
		}
	}
}

func TestTheQueueIsBounded(t *testing.T) {
	p := fast(t, func() (io.ReadWriteCloser, error) { return nil, syscall.ENODEV }, nil)
	const room = 256
	for i := range room {
		queue(t, p, i)
	}
	var e *pos.Error
	if err := p.Print(job(room)); !errors.As(err, &e) || e.Code != "printer_queue_full" {
		t.Errorf("slip %d: %v", room, err)
	}
	if n := p.Clear(); n != room || len(p.Jobs()) != 0 {
		t.Errorf("%d cleared, %d left", n, len(p.Jobs()))
	}
	queue(t, p, 1)
	if err := p.Print(pos.PrintJob{Slip: "text"}); !errors.Is(err, printer.ErrSlip) {
		t.Errorf("no slip: %v", err)
	}
}

func TestFinishedJobsAreForgotten(t *testing.T) {
	p := fast(t, (&desk{}).open, nil)
	for i := range 40 {
		queue(t, p, i)
		drain(t, p)
	}
	queue(t, p, 40)
	drain(t, p)
	jobs := p.Jobs()
	if len(jobs) != 32 || jobs[len(jobs)-1].Number != "40" {
		t.Errorf("%d jobs are kept: %+v", len(jobs), jobs)
	}
}

func TestCloseEndsDrain(t *testing.T) {
	p := printer.New(func() (io.ReadWriteCloser, error) { return nil, syscall.ENODEV }, printer.Opts{})
	if err := p.Print(job(1)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Drain(context.Background()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

// TestLateAnswerIsNotTakenForTheNext: an answer that comes after its time is of
// the question before; that of DLE EOT 4 would say that the drawer is open.
func TestLateAnswerIsNotTakenForTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		d.statuses[4] = 0x0c // paper low
		opened := 0
		p := printer.New(d.open, printer.Opts{
			Model: "TM-T82III", Poll: 20 * time.Millisecond, Answer: 100 * time.Millisecond,
			OnDrawer: func(printer.DrawerEvent) { opened++ },
		})
		for i := range 8 {
			time.Sleep(2*time.Second + time.Duration(i)*time.Millisecond)
			d.set(func(d *desk) { d.late = 130 * time.Millisecond })
		}
		time.Sleep(5 * time.Second)
		if c := p.State(); c.Code != printer.PaperLow {
			t.Errorf("%+v", c)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if opened > 0 {
			t.Error("a drawer that is shut was taken for open")
		}
	})
}
