package drivers

import (
	"context"
	"sync"
	"time"

	"periph.io/x/host/v3"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/find"
	"tillkeeper/drivers/hotplug"
)

// board makes the machine's buses and pins known, once.
var board = sync.OnceValue(func() error {
	_, err := host.Init()
	return err
})

// bus opens a bus of the board by its name.
func bus[T any](name string, open func(name string) (T, error)) (T, error) {
	if err := board(); err != nil {
		var none T
		return none, err
	}
	return open(name)
}

// watch tells every device when something was plugged in or out.
func (s *Set) watch(ctx context.Context) {
	ear := hotplug.New(s.c.Log)
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-ctx.Done():
				return
			case e, ok := <-ear.Events():
				if !ok {
					return
				}
				s.plugged(e)
			}
		}
	}()
	s.closers = append(s.closers, func() error {
		stop()
		err := ear.Close()
		<-ended
		return err
	})
}

// matters are the kinds of devices that a till has.
var matters = map[string]bool{"tty": true, "usb": true, "usbmisc": true, "input": true, "hidraw": true, "spidev": true, "i2c-dev": true}

func (s *Set) plugged(e hotplug.Event) {
	if !e.Again && !matters[e.Subsystem] {
		return
	}
	for _, name := range order {
		sl := s.slots[name]
		if sl == nil {
			continue
		}
		if u := sl.now(); u != nil && u.nudge != nil {
			u.nudge()
		}
	}
}

// Find lists what is plugged in and what it could be used as.
func (s *Set) Find(ctx context.Context) []pos.Found { return find.New("/").Found(ctx) }

// whyLimit bounds the search for the cause of a fault.
const whyLimit = 2 * time.Second

// why puts the cause and the exact remedy behind a fault of what is at an
// address.
func why(ctx context.Context, scheme, path string, c pos.Condition) pos.Condition {
	if c.State != "fault" || scheme == "" || scheme == "sim" {
		return c
	}
	ctx, cancel := context.WithTimeout(ctx, whyLimit)
	defer cancel()
	said := &pos.Error{Code: c.Code, Message: c.Detail}
	if code, detail := find.New("/").Why(ctx, find.Case{Scheme: scheme, Path: path, Err: said}); code != "" {
		c.Code, c.Detail = code, detail
	}
	return c
}
