package drivers

import (
	"context"
	"io"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/pinpad"
	"tillkeeper/drivers/port"
	simpad "tillkeeper/drivers/sim/pinpad"
)

// wire gives the way to a device that speaks over a stream of bytes.
func (a address) wire(baud int) (func() (io.ReadWriteCloser, error), error) {
	switch a.scheme {
	case "serial", "cas":
		speed, err := a.baud(baud)
		if err != nil {
			return nil, err
		}
		return opener(func() (*port.Line, error) { return port.OpenLine(a.path, speed) }), nil
	case "lp":
		return opener(func() (*port.Line, error) { return port.OpenLP(a.path) }), nil
	case "tcp":
		return func() (io.ReadWriteCloser, error) {
			l, err := port.DialTCP(a.path)
			if err != nil {
				return nil, err
			}
			return l, nil
		}, nil
	}
	return nil, unknown(a.device, a.scheme+":"+a.path, examples[a.device])
}

func opener(open func() (*port.Line, error)) func() (io.ReadWriteCloser, error) {
	return func() (io.ReadWriteCloser, error) {
		l, err := open()
		if err != nil {
			return nil, err
		}
		return l, nil
	}
}

func (s *Set) openPad(_ context.Context, text string) (*unit, error) {
	a, err := parse(PINPad, text)
	if err != nil {
		return nil, err
	}
	var pad *pinpad.Pad
	end := func() error { return pad.Close() }
	if a.scheme == "sim" {
		sim := simpad.New(s.Keys)
		s.Bench.put(func(h *hands) { h.pad = sim })
		pad = pinpad.New(sim.Open)
		end = func() error {
			s.Bench.put(func(h *hands) { h.pad = nil })
			return pad.Close()
		}
	} else {
		open, err := a.wire(padBaud)
		if err != nil {
			return nil, err
		}
		pad = pinpad.New(func(context.Context) (io.ReadWriteCloser, error) { return open() })
	}
	pad.Watch(func(pos.Condition) { s.changed() })
	return &unit{port: pad, state: pad.State, check: pad.Check, nudge: pad.Nudge, close: end, scheme: a.scheme, path: a.path}, nil
}

// padSlot is the port of the PIN pad: for the line and for the checkout.
type padSlot struct{ *slot }

func (p padSlot) LoadKeys(ctx context.Context, f62 []byte, layout string) error {
	pad, err := in[*pinpad.Pad](p.slot)
	if err != nil {
		return err
	}
	return pad.LoadKeys(ctx, f62, layout)
}

func (p padSlot) MAC(ctx context.Context, algorithm string, data []byte) ([8]byte, error) {
	pad, err := in[*pinpad.Pad](p.slot)
	if err != nil {
		return [8]byte{}, err
	}
	return pad.MAC(ctx, algorithm, data)
}

func (p padSlot) HasKeys(ctx context.Context) (bool, error) {
	pad, err := in[*pinpad.Pad](p.slot)
	if err != nil {
		return false, err
	}
	return pad.HasKeys(ctx)
}

func (p padSlot) PINBlock(ctx context.Context, ask pos.PINRequest) (pos.PINResult, error) {
	pad, err := in[*pinpad.Pad](p.slot)
	if err != nil {
		return pos.PINResult{}, err
	}
	return pad.PINBlock(ctx, ask)
}
