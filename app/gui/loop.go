package gui

import (
	"errors"
	"fmt"
	"sync"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"github.com/go-gl/glfw/v3.3/glfw"

	"tillkeeper/app/pos"
)

// loop is Fyne's event loop with one way in and one way out.
//
// Fyne 2.7.4 by itself ends unsafely (internal/driver/glfw/loop.go, issue 6021 of fyne-io/fyne). Its queue is drained,
// marked and closed in three steps while anybody may post: who posts in between waits for ever, or writes to a closed
// channel, and the program crashes. One that posts then is Fyne's own queue of lifecycle events, and the end of the loop
// waits for it: a till that was told to end stood there, its window gone. Another is Fyne's own catching of signals,
// which ends the loop when this program is not ready. So here:
//
//   - what the till posts passes a gate, and the end of the loop is the last thing through it;
//   - what Fyne itself posts (fyne.Do: its signals, its files of settings) is dropped, for the loop stands in its app's place;
//   - lifecycle events run on their own goroutine and never pass Fyne's queue;
//   - the app has no name, so Fyne keeps no files and watches none.
type loop struct {
	fyne.App
	driver fyne.Driver
	rest   rest
	bounds *bounds

	mu    sync.Mutex
	early []func() // what was posted before the loop ran
	begun bool
	over  bool
}

// newLoop makes Fyne's app and takes its place. It belongs to the main goroutine, as run does.
func newLoop() (*loop, error) {
	if err := windowSystem(); err != nil {
		return nil, noDisplay(err)
	}
	l := loopOf(app.NewWithID(""))
	fyne.SetCurrentApp(l)
	return l, nil
}

// windowSystem opens the window system as Fyne does, which only logs an error, and crashes by it later. Of a display that
// is missing Init says nothing: the first use does, by a panic.
func windowSystem() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the window system: %v", p)
		}
	}()
	if err := glfw.Init(); err != nil {
		return err
	}
	glfw.GetTime()
	return nil
}

// noDisplay says that there is nothing to show a window on.
func noDisplay(cause error) error {
	return &pos.Error{
		Code: "no_display", Message: "no window can be opened", Err: cause,
		Remedy: "start it where a screen is, with DISPLAY set; without one there is the headless till",
	}
}

func loopOf(a fyne.App) *loop {
	return &loop{App: a, driver: a.Driver(), bounds: newBounds()}
}

// Driver is Fyne's, but for what it is asked to run.
func (l *loop) Driver() fyne.Driver { return deaf{l.driver} }

// deaf is a driver that runs nothing for anybody.
type deaf struct{ fyne.Driver }

// DoFromGoroutine drops what it gets; nobody waits for it.
func (deaf) DoFromGoroutine(func(), bool) {}

// post has a function run on the goroutine that draws, in the order of posting; after the end it is dropped. It waits
// for nothing and may be called from any goroutine.
func (l *loop) post(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.over:
	case l.begun:
		l.driver.DoFromGoroutine(l.rest.announce(f), false)
	default:
		l.early = append(l.early, f)
	}
}

// end has the loop end after what was posted, from any goroutine. Nothing is posted after it.
func (l *loop) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.begun && !l.over {
		l.quit()
	}
	l.over = true
}

// quit queues the end, and lets the loop sleep no more. The caller holds mu.
func (l *loop) quit() {
	l.rest.wake()
	l.driver.DoFromGoroutine(l.driver.Quit, false)
}

// begin opens the gate. It is not for the main goroutine: Fyne would run there at once what is only to be queued.
func (l *loop) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = true
	for _, f := range l.early {
		l.driver.DoFromGoroutine(l.rest.announce(f), false)
	}
	l.early = nil
	if l.over {
		l.quit()
	}
}

// errLoop says that this Fyne cannot be run so.
var errLoop = errors.New("the window library has another event queue than version 2.7")

// events is Fyne's queue of lifecycle events.
type events interface {
	RunEventQueue(run func(f func(), wait bool))
}

// run runs the loop until its end.
func (l *loop) run() error {
	queue, ok := l.Lifecycle().(events)
	if !ok {
		return errLoop
	}
	go queue.RunEventQueue(func(f func(), _ bool) { f() })
	go l.begin()
	l.driver.StartAnimation(l.rest.turns(func(f func()) { l.driver.DoFromGoroutine(f, false) }))
	l.driver.Run()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true // had Fyne ended it by itself
	return nil
}
