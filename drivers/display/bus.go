package display

import (
	"errors"
	"fmt"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpioreg"
	"periph.io/x/conn/v3/i2c/i2creg"
	"periph.io/x/conn/v3/spi/spireg"
	"periph.io/x/host/v3"

	periph "periph.io/x/conn/v3/display"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
)

// wired is a Drawer on a bus that was opened for it.
type wired struct {
	periph.Drawer
	restart func() error
	bus     interface{ Close() error }
}

// Restart sets the panel up anew.
func (w wired) Restart() error { return w.restart() }

// Close closes the bus.
func (w wired) Close() error { return w.bus.Close() }

// wiredPaper is a panel on a bus that sleeps.
type wiredPaper struct {
	wired
	sleep func() error
}

// Sleep puts the panel to sleep.
func (w wiredPaper) Sleep() error { return w.sleep() }

// on gives a panel its bus, and closes the bus of one that did not come up.
func on[D interface {
	periph.Drawer
	Restarter
}](bus interface{ Close() error }, d D, err error) (periph.Drawer, error) {
	if err != nil {
		return nil, errors.Join(err, bus.Close())
	}
	w := wired{d, d.Restart, bus}
	if s, can := any(d).(Sleeper); can {
		return wiredPaper{w, s.Sleep}, nil
	}
	return w, nil
}

// OpenST7789 opens a colour panel on a bus and pins by their names in periph's
// registers: "SPI0.0", "GPIO25"; reset may be "".
func OpenST7789(bus, dc, reset string, o Opts) Opener {
	return func() (periph.Drawer, error) {
		pins, err := pinsOf(dc, reset)
		if err != nil {
			return nil, err
		}
		o.Reset = pins[1]
		p, err := open(bus, spireg.Open)
		if err != nil {
			return nil, err
		}
		d, err := NewST7789(p, pins[0], &o)
		return on(p, d, err)
	}
}

// OpenSSD1306 opens a monochrome panel on an I2C bus by its name in periph's
// register: "I2C1".
func OpenSSD1306(bus string) Opener {
	return func() (periph.Drawer, error) {
		if _, err := pinsOf(); err != nil {
			return nil, err
		}
		b, err := open(bus, i2creg.Open)
		if err != nil {
			return nil, err
		}
		d, err := NewSSD1306(b)
		return on(b, d, err)
	}
}

// OpenWaveshare opens e-paper on a bus and pins by their names in periph's
// registers; cs may be "" where the bus selects the chip.
func OpenWaveshare(model, bus, dc, cs, reset, busy string) Opener {
	return func() (periph.Drawer, error) {
		pins, err := pinsOf(dc, reset, busy, cs)
		if err != nil {
			return nil, err
		}
		p, err := open(bus, spireg.Open)
		if err != nil {
			return nil, err
		}
		d, err := NewWaveshare(model, p, pins[0], pins[3], pins[1], pins[2])
		return on(p, d, err)
	}
}

// open opens a bus by its name. An empty name is none: periph's registers take
// it for the first bus of the machine.
func open[B any](name string, from func(name string) (B, error)) (B, error) {
	if name == "" {
		var none B
		return none, missing(name, errNoName)
	}
	b, err := from(name)
	if err != nil {
		return b, missing(name, err)
	}
	return b, nil
}

var errNoName = errors.New("a bus without a name")

// pinsOf finds pins by their names; "" is nil. It has the machine's buses
// registered first, which happens once.
func pinsOf(names ...string) ([]gpio.PinIO, error) {
	if _, err := host.Init(); err != nil {
		return nil, fmt.Errorf("the machine's buses: %w", err)
	}
	out := make([]gpio.PinIO, len(names))
	for i, name := range names {
		if name == "" {
			continue
		}
		if out[i] = gpioreg.ByName(name); out[i] == nil {
			return nil, pos.Errorf("unplugged", "look at the name of the pin", "this machine has no pin %s", name)
		}
	}
	return out, nil
}

// missing is the error of a bus that does not open.
func missing(bus string, err error) error {
	if code := port.Reason(err); code != port.DeviceFault {
		return &pos.Error{Code: code, Message: "the bus " + bus + " does not open", Remedy: "look at its name and who may use it", Err: err}
	}
	return &pos.Error{Code: "unplugged", Message: "there is no bus " + bus, Remedy: "switch it on in the machine's settings, or name another one", Err: err}
}
