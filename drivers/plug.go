package drivers

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"periph.io/x/host/v3"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/find"
	"tillkeeper/drivers/hotplug"
	"tillkeeper/drivers/port"
)

// board makes the machine's buses and pins known, once.
var board = sync.OnceValue(func() error {
	_, err := host.Init()
	return err
})

// bus opens a bus of the board by its name. periph takes an empty one for the
// first bus there is, which may be another device's.
func bus[T any](name string, open func(name string) (T, error)) (T, error) {
	var none T
	if name == "" {
		return none, pos.Errorf(port.Unplugged, "name the bus", "a bus without a name")
	}
	if err := board(); err != nil {
		return none, err
	}
	b, err := open(name)
	if err != nil && (strings.HasPrefix(err.Error(), "i2creg: ") || strings.HasPrefix(err.Error(), "spireg: ")) { // the list of buses has no such name
		err = &pos.Error{Code: port.Unplugged, Message: "this board has no bus " + name, Remedy: "switch it on in the board's settings, or name another one", Err: err}
	}
	return b, err
}

// watch tells every device when something was plugged in or out.
func (s *Set) watch(ctx context.Context) {
	ear := hotplug.New(s.c.Log)
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.hear(ctx, ear.Events())
	}()
	s.closers = append(s.closers, func() error {
		stop()
		err := ear.Close()
		<-ended
		return err
	})
}

// calm is the least time between two rounds of nudges: a hub that is plugged in
// says many things at once.
const calm = 250 * time.Millisecond

// hear nudges the devices with the first event, and once more after a storm of
// them. It also remembers what is where, when a device has become well.
func (s *Set) hear(ctx context.Context, events <-chan hotplug.Event) {
	var quiet <-chan time.Time // nil: no event for a while
	more := false
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-events:
			switch {
			case !ok:
				return
			case !e.Again && !matters[e.Subsystem]:
			case quiet != nil:
				more = true
			default:
				s.nudge()
				quiet = time.After(calm)
			}
		case <-s.news:
			s.note()
		case <-quiet:
			quiet = nil
			if more {
				more = false
				s.nudge()
				quiet = time.After(calm)
			}
		}
	}
}

// matters are the kinds of devices that a till has.
var matters = map[string]bool{"tty": true, "usb": true, "usbmisc": true, "input": true, "hidraw": true, "spidev": true, "i2c-dev": true}

// nudge has every device look now.
func (s *Set) nudge() {
	s.plugs.Add(1)
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
func (s *Set) Find(ctx context.Context) []pos.Found { return s.machine.Found(ctx) }

// whyLimit bounds the search for the cause of a fault.
const whyLimit = 2 * time.Second

// why puts the cause and the exact remedy behind a fault of what is at an
// address. What a device says of itself beyond the closed list of reasons, such
// as a PIN pad without a master key, it knows best.
func (s *Set) why(ctx context.Context, a address, c pos.Condition) pos.Condition {
	if c.State != "fault" || a.scheme == "" || a.scheme == "sim" || !slices.Contains(port.Reasons, c.Code) {
		return c
	}
	ctx, cancel := context.WithTimeout(ctx, whyLimit)
	defer cancel()
	switch {
	case a.scheme == "tcp" && c.Code != port.Offline:
		return c // who else uses a device in the network cannot be seen here
	case c.Code == port.WrongSpeed && len(c.Mend) > 0:
		return c // its driver has found the right one
	}
	path := a.path
	switch {
	case a.scheme == "pcsc":
		path = a.query.Get("socket")
	case a.way != nil && c.Code != port.Unplugged: // it was opened, or could be: that is about where it is
		path, _ = a.way.at()
	}
	said := &pos.Error{Code: c.Code, Message: c.Detail}
	return s.machine.Why(ctx, find.Case{Scheme: a.scheme, Path: path, Identity: s.seen.of(a.scheme, a.path), Others: s.others(a), Err: said}).Condition(c)
}
