package drivers

import (
	"context"
	"io/fs"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/scanner"
)

// openDevices fills the slots. A device that is missing or broken is a
// condition; only a URL that means nothing is an error.
func (s *Set) openDevices(ctx context.Context, c Config) error {
	var err error
	if s.font, err = fs.ReadFile(c.Assets, "fonts/NotoSansSC-Regular.ttf"); err != nil {
		return err
	}
	if s.bold, err = fs.ReadFile(c.Assets, "fonts/NotoSansSC-Bold.ttf"); err != nil {
		return err
	}
	s.scans = scanner.New(scanner.Options{Log: c.Log})
	s.closers = append(s.closers, s.scans.Close)
	s.slots = map[string]*slot{}
	for name, open := range map[string]func(context.Context, string) (*unit, error){
		Reader: s.openReaders, PINPad: s.openPad, Printer: s.openPrinter, QR: s.openPanel,
		Pole: s.openPole, Scanner: s.openScanner, Scale: s.openScale,
	} {
		s.slots[name] = &slot{name: name, open: open}
	}
	s.Reader, s.pad = readerSlot{s.slots[Reader]}, padSlot{s.slots[PINPad]}
	s.PINPad, s.Printer = s.pad, printerSlot{s.slots[Printer]}
	s.Displays = []pos.Display{newDisplaySlot(s.slots[QR]), newDisplaySlot(s.slots[Pole])}
	s.Codes, s.Scale = s.scans.Codes(), scaleSlot{s.slots[Scale]}
	for _, name := range order {
		sl := s.slots[name]
		if sl == nil {
			continue // part of another
		}
		s.closers = append(s.closers, sl.shut)
		if err := valid(name, c.Devices[name]); err != nil {
			return err
		}
		if err := sl.put(ctx, c.Devices[name]); err != nil {
			return err
		}
	}
	s.watch(ctx)
	return nil
}

// always are the devices that have a condition even where none is configured.
var always = map[string]bool{Reader: true, PINPad: true, Printer: true}

// Conditions says how each device is, by what is known.
func (s *Set) Conditions() []pos.Condition {
	var out []pos.Condition
	noPrinter := false
	for _, d := range s.Devices() {
		c := d.Condition
		if d.Name == Printer {
			noPrinter = c.State == "fault"
		}
		if d.Name == Drawer && c.State == "fault" && noPrinter {
			continue // a consequence: it hangs on the printer
		}
		if d.URL != "" || always[d.Name] {
			out = append(out, c)
		}
	}
	if s.Wallet != nil {
		out = append(out, pos.Condition{Name: "wallet", State: "ok"})
	}
	return out
}

// Self looks at each device more closely than Conditions: the self-test.
func (s *Set) Self(ctx context.Context) []pos.Condition {
	out := s.Conditions()
	for i, c := range out {
		for _, name := range order {
			if conditionName(name) == c.Name && (name == Drawer || s.slots[name].address() != "") {
				out[i] = s.Check(ctx, name, pos.CheckInternal)
			}
		}
	}
	return out
}

// Devices lists the devices of the till in their order.
func (s *Set) Devices() []pos.Device {
	var out []pos.Device
	for _, name := range order {
		if name == Drawer {
			if d := s.drawer(); d != nil {
				out = append(out, pos.Device{Name: Drawer, URL: "printer:", Condition: d.State()})
			}
			continue
		}
		sl := s.slots[name]
		d := pos.Device{Name: name, URL: sl.address(), Condition: sl.condition()}
		if u := sl.now(); u != nil {
			d.Identity = u.identity()
		}
		out = append(out, d)
	}
	return out
}

// Check looks at one device, as deep as asked.
func (s *Set) Check(ctx context.Context, name string, level pos.Level) pos.Condition {
	sl := s.slots[name]
	if sl == nil {
		if d := s.drawer(); name == Drawer && d != nil {
			return d.Check(ctx, level)
		}
		return pos.Condition{Name: name, State: "off", Code: "not_configured"}
	}
	u := sl.now()
	if u == nil || u.check == nil {
		return sl.condition()
	}
	began := time.Now()
	c := why(ctx, u.scheme, u.path, u.check(ctx, level))
	c.Name, c.Took = conditionName(name), time.Since(began)
	return c
}

// Use takes another device from now on and remembers it.
func (s *Set) Use(ctx context.Context, name, url string) error {
	sl := s.slots[name]
	switch {
	case name == Customer:
		if err := valid(name, url); err != nil {
			return err
		}
	case sl == nil:
		return pos.Errorf("unknown_device", "name one of reader pinpad printer qr pole scanner scale customer", "a till has no device %q", name)
	default:
		if err := sl.put(ctx, url); err != nil {
			return err
		}
	}
	if s.c.Remember == nil {
		return nil
	}
	return s.c.Remember(name, url)
}

// drainer is a printer that can say when nothing waits any more.
type drainer interface {
	Drain(ctx context.Context) error
}

// Drain waits until the printer has nothing left to print.
func (s *Set) Drain(ctx context.Context) error {
	port, err := in[drainer](s.slots[Printer])
	if err != nil {
		return nil //nolint:nilerr // no printer, nothing waits
	}
	return port.Drain(ctx)
}

// The wait for devices that are just being opened.
const (
	settleLimit = 4 * time.Second
	settleLook  = 50 * time.Millisecond
)

// Settle waits until every device was looked at once, 4 s at most.
func (s *Set) Settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleLimit)
	defer cancel()
	for {
		busy := false
		for _, d := range s.Devices() {
			busy = busy || d.Condition.State == "busy"
		}
		if !busy {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(settleLook):
		}
	}
}
