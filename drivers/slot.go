package drivers

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/find"
)

// The devices of a till, as the configuration names them.
const (
	Reader   = "reader"
	PINPad   = "pinpad"
	Printer  = "printer"
	QR       = "qr"
	Pole     = "pole"
	Scanner  = "scanner"
	Scale    = "scale"
	Drawer   = "drawer"
	Customer = "customer" // the second window, which is the window's own
)

// order is that of every list of devices.
var order = []string{Reader, PINPad, Printer, Drawer, QR, Pole, Scanner, Scale}

// unit is a device that was opened: what it is to the till and how it is seen
// to. A unit keeps itself open: it opens its wire again when it was lost.
type unit struct {
	port  any // pos.CardReader, pos.Printer, ...
	state func() pos.Condition
	check func(ctx context.Context, level pos.Level) pos.Condition // nil: as state
	nudge func()                                                   // something was plugged in: try now; nil: it need not be told
	close func() error                                             // nil: nothing to close
	named func() string                                            // what the device calls itself; nil: nothing

	at []address // where it was opened, card readers at several places

	behind func(ctx context.Context) pos.Condition // its condition with the cause of a fault; nil: that of its one place

	looks atomic.Int32 // that have not come back

	mu    sync.Mutex
	seen  looked // when the machine was asked what is there
	about string // and what it said
	cause cause  // that was found behind its last fault
}

// identity is what the device calls itself, or what the machine knows of it. The
// machine is asked again only after something was plugged in or out, or where
// the condition is another one: this is work with files.
func (u *unit) identity(h *find.Host, plugs int64) string {
	if u.named != nil {
		if name := u.named(); name != "" {
			return name
		}
	}
	if len(u.at) != 1 || u.at[0].way == nil || u.at[0].way.class == "" {
		return ""
	}
	path, _ := u.at[0].way.at()
	now := looked{plugs: plugs, state: u.state().State, path: path}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seen != now {
		u.seen, u.about = now, h.Identity(path)
	}
	return u.about
}

// simulated says whether it is a simulator of the till's own.
func (u *unit) simulated() bool {
	return slices.ContainsFunc(u.at, func(a address) bool { return a.scheme == "sim" })
}

// looked is when a machine was asked, and for what: after how many events, in
// which state, at which place.
type looked struct {
	plugs       int64
	state, path string
}

// slot is the place of one device. What is in it may change while the till
// runs; whoever holds the slot's port goes on with the new one.
type slot struct {
	name   string
	open   func(ctx context.Context, url string) (*unit, error)
	filled func(u *unit) // told of the end of each change, u nil where nothing is in the slot; nil: nobody
	log    *slog.Logger  // nil: nothing is logged

	swap  sync.Mutex // one change at a time
	ended bool       // under swap: nothing is put in any more

	using sync.RWMutex // read: who must not lose the unit while it works; written: the unit is another one
	mu    sync.Mutex
	url   string
	unit  *unit // nil: not configured
	busy  bool  // it is being changed
	done  bool  // it was changed once: url is what was chosen, "" too
	wrong error // why url, as configured, names no device; nil: it does
}

// put opens what a URL names and closes what was there. A URL that is no good
// leaves the slot as it was; a device that is not there yet is no error, it is
// waited for; one that does not close well is left behind.
func (s *slot) put(ctx context.Context, url string) error {
	if err := valid(s.name, url); err != nil {
		return err
	}
	s.swap.Lock()
	defer s.swap.Unlock()
	if s.ended {
		return errEnded
	}
	before, wrong := s.address(), s.refused()
	if err := s.empty(true); err != nil && s.log != nil {
		s.log.Warn("a device that was changed did not close well", "device", s.name, "error", err)
	}
	err := s.fill(ctx, url)
	if err != nil && before != "" && before != url && wrong == nil {
		err = errors.Join(err, s.fill(ctx, before))
	}
	s.using.Lock()
	s.mu.Lock()
	u := s.unit
	if err != nil && wrong != nil {
		s.url, s.wrong = before, wrong
	}
	s.busy, s.done = false, true
	s.mu.Unlock()
	s.using.Unlock()
	if s.filled != nil {
		s.filled(u)
	}
	return err
}

// errEnded says that the till is closing.
var errEnded = errors.New("the till is being closed")

// refuse leaves the slot empty with a URL that names no device, and why.
func (s *slot) refuse(url string, why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url, s.wrong, s.done = url, why, true
	if s.log != nil {
		s.log.Warn("a device is configured that cannot be one", "device", s.name, "error", why)
	}
}

// refused gives why the URL names no device, nil where it does.
func (s *slot) refused() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong
}

// fill opens what a URL names. The caller holds swap, and the slot is empty.
func (s *slot) fill(ctx context.Context, url string) error {
	if url == "" {
		return nil
	}
	u, err := s.open(ctx, url)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.unit, s.url = u, url
	s.mu.Unlock()
	return nil
}

// shut closes what is in the slot, for good.
func (s *slot) shut() error {
	s.swap.Lock()
	defer s.swap.Unlock()
	s.ended = true
	return s.empty(false)
}

// empty takes out what is in the slot and closes it. Who works with it
// undisturbed is waited for. The caller holds swap.
func (s *slot) empty(busy bool) error {
	s.using.Lock()
	s.mu.Lock()
	u := s.unit
	s.unit, s.url, s.wrong, s.busy = nil, "", nil, busy
	s.mu.Unlock()
	s.using.Unlock()
	if u == nil || u.close == nil {
		return nil
	}
	if err := u.close(); err != nil && !errors.Is(err, os.ErrClosed) && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

func (s *slot) address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// chosen gives the URL that was put in last; known is false before the first and
// during a change.
func (s *slot) chosen() (url string, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url, s.done && !s.busy
}

func (s *slot) now() *unit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unit
}

func (s *slot) changing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busy
}

// condition is how the device is; off where none is configured, a fault where
// what is configured cannot be one.
func (s *slot) condition() pos.Condition {
	c := pos.Condition{State: "off", Code: "not_configured"}
	if u := s.now(); u != nil {
		c = u.state()
	} else if wrong := s.refused(); wrong != nil {
		c = misnamed(wrong)
	}
	c.Name = conditionName(s.name)
	return c
}

// conditionName is what a condition calls a device: a QR panel is the display.
func conditionName(device string) string {
	if device == QR {
		return "display"
	}
	return device
}

// in gives the port of what is in a slot.
func in[T any](s *slot) (T, error) {
	u := s.now()
	if u == nil {
		var none T
		if wrong := s.refused(); wrong != nil {
			return none, wrong
		}
		return none, pos.Errorf("not_configured", "name one under [devices], or on the devices page", "no %s is configured", s.name)
	}
	return u.port.(T), nil
}
