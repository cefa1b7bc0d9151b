package gui

import (
	"fmt"
	"sync"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

// engine is a driver that keeps what it is asked to run; what came after its end would crash Fyne, or wait for ever.
type engine struct {
	fyne.Driver
	mu    sync.Mutex
	queue []func()
	quits int
	late  int // functions that came after Quit had been queued and would never have run
}

func (e *engine) DoFromGoroutine(f func(), _ bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.queue = append(e.queue, f)
}

func (e *engine) Quit() { e.quits++ }

// runs is Fyne's loop: after Quit nothing is taken from the queue any more.
func (e *engine) runs() (ran int) {
	e.mu.Lock()
	queue := e.queue
	e.queue = nil
	e.mu.Unlock()
	for _, f := range queue {
		if e.quits > 0 {
			e.late++
			continue
		}
		f()
		ran++
	}
	return ran
}

// motor is an app on such a driver.
type motor struct {
	fyne.App
	driver fyne.Driver
}

func (m motor) Driver() fyne.Driver { return m.driver }

// crowd posts from many goroutines while somebody ends the loop.
func crowd(post func(func()), end func()) {
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for n := range 500 {
				post(func() {})
				if i == 0 && n == 100 {
					end()
				}
			}
		})
	}
	all.Wait()
}

// TestNothingIsPostedAfterTheEnd has many goroutines post while the loop is told to end, twice over: its end is the last
// thing that Fyne gets. Fyne 2.7.4 crashes, or hangs, by what comes later.
func TestNothingIsPostedAfterTheEnd(t *testing.T) {
	for range 20 {
		e := &engine{}
		l := loopOf(motor{driver: e})
		l.begin()
		crowd(l.post, func() { l.end(); l.end() })
		if e.runs(); e.quits != 1 || e.late != 0 {
			t.Fatalf("%d ends, %d functions after them", e.quits, e.late)
		}
	}
}

// TestALoopWithoutAGateIsCaught plants the fault: who posts past the gate comes too late.
func TestALoopWithoutAGateIsCaught(t *testing.T) {
	e := &engine{}
	l := loopOf(motor{driver: e})
	l.begin()
	crowd(func(f func()) { e.DoFromGoroutine(f, false) }, l.end)
	if e.runs(); e.late == 0 {
		t.Fatal("nothing came after the end")
	}
}

func TestWhatIsPostedBeforeTheLoopRunsWaitsForIt(t *testing.T) {
	e := &engine{}
	l := loopOf(motor{driver: e})
	var order []int
	for i := range 3 {
		l.post(func() { order = append(order, i) })
	}
	if len(e.queue) != 0 {
		t.Fatal("it was handed on before the loop began")
	}
	l.begin()
	l.post(func() { order = append(order, 3) })
	if e.runs(); fmt.Sprint(order) != "[0 1 2 3]" {
		t.Fatalf("they ran as %v", order)
	}
}

// TestALoopThatWasToldToEndBeforeItBegan ends at once.
func TestALoopThatWasToldToEndBeforeItBegan(t *testing.T) {
	e := &engine{}
	l := loopOf(motor{driver: e})
	l.end()
	l.post(func() { t.Error("it ran after the end") })
	l.begin()
	if ran := e.runs(); ran != 1 || e.quits != 1 {
		t.Fatalf("%d functions ran, %d ends", ran, e.quits)
	}
}

// TestFyneItselfPostsNothing: its own catching of signals would be a second party that ends the loop.
func TestFyneItselfPostsNothing(t *testing.T) {
	before := test.NewTempApp(t)
	e := &engine{}
	l := loopOf(motor{before, e})
	fyne.SetCurrentApp(l)
	defer fyne.SetCurrentApp(before)
	l.begin()
	fyne.Do(func() { t.Error("it ran") })
	fyne.DoAndWait(func() { t.Error("it ran") })
	if len(e.queue) != 0 {
		t.Fatalf("%d functions were posted past the till", len(e.queue))
	}
}

// TestThisFyneHasTheQueueOfEventsThatTheLoopRuns: its name is not part of Fyne's promises.
func TestThisFyneHasTheQueueOfEventsThatTheLoopRuns(t *testing.T) {
	if _, ok := test.NewTempApp(t).Lifecycle().(events); !ok {
		t.Fatal(errLoop)
	}
}
