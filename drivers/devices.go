package drivers

import (
	"context"
	"io/fs"
	"sync"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/scanner"
)

// openDevices fills the slots. A device that is missing or broken is a
// condition, and so is a URL that means nothing, but of the PIN pad: that is an
// error.
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
		s.slots[name] = &slot{name: name, open: open, log: c.Log}
	}
	s.Reader, s.pad = readerSlot{s.slots[Reader]}, padSlot{s.slots[PINPad]}
	s.PINPad, s.Printer = s.pad, newPrinterSlot(s.slots[Printer])
	s.Displays = []pos.Display{newDisplaySlot(s.slots[QR]), newDisplaySlot(s.slots[Pole])}
	s.Codes, s.Scale = s.scans.Codes(), scaleSlot{s.slots[Scale]}
	for _, name := range order {
		sl := s.slots[name]
		if sl == nil {
			continue // part of another
		}
		s.closers = append(s.closers, sl.shut)
		err := sl.put(ctx, c.Devices[name])
		if name != PINPad && pos.WhyNot(err, "") == "bad_config" {
			sl.refuse(c.Devices[name], err)
			continue
		}
		if err != nil {
			return err
		}
	}
	s.watch(ctx)
	return nil
}

// always are the devices that have a condition even where none is configured.
var always = map[string]bool{Reader: true, PINPad: true, Printer: true}

// Conditions says how each device is, by what is known. It asks no device and
// no file: a sale calls it.
func (s *Set) Conditions() []pos.Condition {
	out := make([]pos.Condition, 0, len(order)+1) // and the wallet
	noPrinter := false
	for _, name := range order {
		c, url := s.condition(name)
		if name == Printer {
			noPrinter = c.State == "fault"
		}
		if name == Drawer && c.State == "fault" && noPrinter {
			continue // a consequence: it hangs on the printer
		}
		if url != "" || always[name] {
			out = append(out, c)
		}
	}
	if s.Wallet != nil {
		out = append(out, pos.Condition{Name: "wallet", State: "ok"})
	}
	return out
}

// condition is that of a device and its URL, "" where none is configured.
func (s *Set) condition(name string) (c pos.Condition, url string) {
	if name == Drawer {
		if d := s.drawer(); d != nil {
			return d.State(), "printer:"
		}
		return pos.Condition{Name: Drawer, State: "off", Code: "not_configured"}, ""
	}
	sl := s.slots[name]
	return followed(sl.now(), sl.condition()), sl.address()
}

// checkLimit bounds an internal check of one device; the search for the cause of
// a fault comes after it.
const (
	checkLimit = 4 * time.Second
	checkGrace = time.Second // for a driver to notice the limit
)

// Self looks at each device more closely than Conditions: the self-test. It
// looks at all of them at once, so that several silent ones take no longer than
// one.
func (s *Set) Self(ctx context.Context) []pos.Condition {
	out := s.Conditions()
	var looking sync.WaitGroup
	for i, c := range out {
		for _, name := range order {
			if conditionName(name) == c.Name && (name == Drawer || s.slots[name].address() != "") {
				looking.Go(func() { out[i] = s.Check(ctx, name, pos.CheckInternal) })
			}
		}
	}
	looking.Wait()
	return append(out, s.owed()...)
}

// Devices lists the devices of the till in their order.
func (s *Set) Devices() []pos.Device {
	var out []pos.Device
	plugs := s.plugs.Load()
	for _, name := range order {
		c, url := s.condition(name)
		if name == Drawer {
			if url != "" {
				out = append(out, pos.Device{Name: Drawer, URL: url, Condition: c})
			}
			continue
		}
		u := s.slots[name].now()
		d := pos.Device{Name: name, URL: url, Condition: s.behind(context.Background(), u, c)}
		if u != nil {
			d.Identity = u.identity(s.machine, plugs)
		}
		out = append(out, d)
	}
	return out
}

// Check looks at one device, as deep as asked.
func (s *Set) Check(ctx context.Context, name string, level pos.Level) pos.Condition {
	began := time.Now()
	short, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	if level != pos.CheckInternal {
		short = ctx // that waits for paper, or for a hand
	}
	sl := s.slots[name]
	if sl == nil {
		if d := s.drawer(); name == Drawer && d != nil {
			return d.Check(short, level)
		}
		return pos.Condition{Name: name, State: "off", Code: "not_configured"}
	}
	u := sl.now()
	if u == nil || u.check == nil {
		return sl.condition()
	}
	c := s.ask(short, u, level)
	if name != Reader && len(u.at) == 1 { // those look for themselves: there may be several
		c = s.why(ctx, u.at[0], c)
	}
	c = followed(u, c)
	c.Name, c.Took = conditionName(name), time.Since(began)
	return c
}

// maxLooks bounds the looks at one unit that have not come back: behind so many
// there is no sense in one more.
const maxLooks = 4

// ask looks at a unit no longer than the context and a little: a driver may hang
// in the machine's own drivers. Its look goes on and ends by its own limits.
func (s *Set) ask(ctx context.Context, u *unit, level pos.Level) pos.Condition {
	if u.looks.Add(1) > maxLooks {
		u.looks.Add(-1)
		return hangs(u)
	}
	said := make(chan pos.Condition, 1)
	go func() {
		defer u.looks.Add(-1)
		said <- u.check(ctx, level)
	}()
	select {
	case c := <-said:
		return c
	case <-ctx.Done():
	}
	grace := time.NewTimer(checkGrace)
	defer grace.Stop()
	select {
	case c := <-said:
		return c
	case <-grace.C:
	}
	return hangs(u)
}

// hangs is the condition of a unit whose driver does not come back.
func hangs(u *unit) pos.Condition {
	c := u.state()
	if c.State == "ok" {
		c = pos.Condition{State: "fault", Code: port.Offline, Found: []pos.Remark{pos.Say("check_hangs")}}
	}
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
		if err := valid(name, url); err != nil {
			return err
		}
		if err := s.forget(name, url); err != nil && s.c.Log != nil {
			s.c.Log.Warn("what was plugged in is still remembered", "device", name, "error", err)
		}
		if err := sl.put(ctx, url); err != nil {
			return err
		}
	}
	if s.c.Remember == nil {
		return nil
	}
	return s.c.Remember(name, url)
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
		for _, name := range order {
			c, _ := s.condition(name)
			busy = busy || c.State == "busy"
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
