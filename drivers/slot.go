package drivers

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"

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

	scheme, path string // where it was opened
}

// identity is what the device calls itself, or what the machine knows of it.
func (u *unit) identity() string {
	if u.named != nil {
		if name := u.named(); name != "" {
			return name
		}
	}
	if u.scheme == "sim" || !strings.HasPrefix(u.path, "/dev/") {
		return ""
	}
	return find.New("/").Identity(u.path)
}

// slot is the place of one device. What is in it may change while the till
// runs; whoever holds the slot's port goes on with the new one.
type slot struct {
	name   string
	open   func(ctx context.Context, url string) (*unit, error)
	filled func(u *unit) // told of each new unit; nil: nobody

	swap sync.Mutex // one change at a time
	mu   sync.Mutex
	url  string
	unit *unit // nil: not configured
}

// put opens what a URL names and closes what was there. A URL that is no good
// leaves the slot as it was; a device that is not there yet is no error, it is
// waited for.
func (s *slot) put(ctx context.Context, url string) error {
	if err := valid(s.name, url); err != nil {
		return err
	}
	s.swap.Lock()
	defer s.swap.Unlock()
	before := s.address()
	if err := s.shut(); err != nil {
		return err
	}
	err := s.fill(ctx, url)
	if err != nil && before != "" && before != url {
		err = errors.Join(err, s.fill(ctx, before))
	}
	return err
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
	if s.filled != nil {
		s.filled(u)
	}
	return nil
}

// shut closes what is in the slot.
func (s *slot) shut() error {
	s.mu.Lock()
	u := s.unit
	s.unit, s.url = nil, ""
	s.mu.Unlock()
	if u == nil || u.close == nil {
		return nil
	}
	if err := u.close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

func (s *slot) address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

func (s *slot) now() *unit {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unit
}

// condition is how the device is; off where none is configured.
func (s *slot) condition() pos.Condition {
	c := pos.Condition{State: "off", Code: "not_configured"}
	if u := s.now(); u != nil {
		c = u.state()
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
		return none, pos.Errorf("not_configured", "name one under [devices], or on the devices page", "no %s is configured", s.name)
	}
	return u.port.(T), nil
}

// The ports of the slots.
type (
	readerSlot  struct{ *slot }
	printerSlot struct{ *slot }
	scaleSlot   struct{ *slot }
)

func (r readerSlot) Connect(ctx context.Context, p pos.Purchase) (pos.CardSession, error) {
	port, err := in[pos.CardReader](r.slot)
	if err != nil {
		return nil, err
	}
	return port.Connect(ctx, p)
}

// Print without a printer is no error: the slip can be printed again once
// there is one.
func (p printerSlot) Print(job pos.PrintJob) error {
	port, err := in[pos.Printer](p.slot)
	if err != nil {
		return nil //nolint:nilerr // as said
	}
	return port.Print(job)
}

func (p printerSlot) Kick() error {
	port, err := in[pos.Printer](p.slot)
	if err != nil {
		return nil //nolint:nilerr // a till without a drawer
	}
	return port.Kick()
}

// displaySlot shows the newest view on a new display too.
type displaySlot struct {
	*slot
	mu   sync.Mutex
	last pos.View
}

func newDisplaySlot(s *slot) *displaySlot {
	d := &displaySlot{slot: s}
	s.filled = func(*unit) {
		d.mu.Lock()
		v := d.last
		d.mu.Unlock()
		if v.State != "" {
			_ = d.Show(v) // its condition tells of a fault
		}
	}
	return d
}

// Show keeps the view for a display that comes later.
func (d *displaySlot) Show(v pos.View) error {
	d.mu.Lock()
	d.last = v
	d.mu.Unlock()
	port, err := in[pos.Display](d.slot)
	if err != nil {
		return nil //nolint:nilerr // nothing to show on
	}
	return port.Show(v)
}

func (s scaleSlot) Weigh(ctx context.Context) (int64, error) {
	port, err := in[pos.Scale](s.slot)
	if err != nil {
		return 0, err
	}
	return port.Weigh(ctx)
}
