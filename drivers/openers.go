package drivers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/pinpad"
	"tillkeeper/drivers/port"
	simpad "tillkeeper/drivers/sim/pinpad"
)

// wire gives the way to a device that speaks over a stream of bytes. The end of
// the context ends the wait for one in the network.
func (a address) wire(baud int) (func(ctx context.Context) (io.ReadWriteCloser, error), error) {
	switch a.scheme {
	case "serial", "cas":
		speed, err := a.baud(baud)
		if err != nil {
			return nil, err
		}
		return opener(func(context.Context) (*port.Line, error) { return a.line(speed) }), nil
	case "lp":
		return opener(func(context.Context) (*port.Line, error) { return along(a.way, port.OpenLP) }), nil
	case "tcp":
		return opener(func(ctx context.Context) (*port.TCP, error) { return port.DialTCPContext(ctx, a.path) }), nil
	}
	return nil, unknown(a.device, a.scheme+":"+a.path)
}

// line opens a serial line at a speed in baud.
func (a address) line(speed int) (*port.Line, error) {
	return along(a.way, func(path string) (*port.Line, error) { return port.OpenLine(path, speed) })
}

// opener has an opening that failed give no line at all.
func opener[L io.ReadWriteCloser](open func(ctx context.Context) (L, error)) func(ctx context.Context) (io.ReadWriteCloser, error) {
	return func(ctx context.Context) (io.ReadWriteCloser, error) {
		l, err := open(ctx)
		if err != nil {
			return nil, err
		}
		return l, nil
	}
}

// gate is the way to a device as long as its unit is in its slot. Ended, it
// gives up an opening that waits and opens nothing any more: who was late with
// the old device does not take the line from the new one.
type gate struct {
	open func(ctx context.Context) (io.ReadWriteCloser, error)
	ctx  context.Context // ends with the gate
	stop context.CancelFunc

	mu   sync.Mutex
	line io.Closer // the last one that was opened
}

func newGate(open func(ctx context.Context) (io.ReadWriteCloser, error)) *gate {
	g := &gate{open: open}
	g.ctx, g.stop = context.WithCancel(context.Background())
	return g
}

// pass opens the way.
func (g *gate) pass() (io.ReadWriteCloser, error) {
	if g.ctx.Err() != nil {
		return nil, errReplaced
	}
	l, err := g.open(g.ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case err != nil:
		return nil, err
	case g.ctx.Err() != nil:
		return nil, errors.Join(errReplaced, l.Close())
	}
	g.line = l
	return l, nil
}

// errReplaced is for those who are late with a device that was taken out.
var errReplaced = fmt.Errorf("another device has taken its place: %w", os.ErrClosed)

// end shuts the gate.
func (g *gate) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stop()
}

// cut shuts the gate and ends what is being said behind it.
func (g *gate) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stop()
	if g.line != nil {
		_ = g.line.Close() // its driver closes it too
	}
}

func (s *Set) openPad(_ context.Context, text string) (*unit, error) {
	a, err := parse(PINPad, text)
	if err != nil {
		return nil, err
	}
	a.way = s.trail(a)
	var open func(ctx context.Context) (io.ReadWriteCloser, error)
	leave := func() {}
	if a.scheme == "sim" {
		sim := simpad.New(s.Keys)
		s.Bench.put(func(h *hands) { h.pad = sim })
		open, leave = sim.Open, func() { s.Bench.put(func(h *hands) { h.pad = nil }) }
	} else if open, err = a.wire(padBaud); err != nil {
		return nil, err
	}
	way := newGate(open)
	pad := pinpad.New(func(context.Context) (io.ReadWriteCloser, error) { return way.pass() })
	end := func() error {
		leave()
		way.cut() // nobody waits for the end of a PIN entry
		return pad.Close()
	}
	pad.Watch(func(pos.Condition) { s.changed() })
	check := func(ctx context.Context, level pos.Level) pos.Condition {
		if level == pos.CheckInteractive && a.scheme != "sim" { // nobody presses the keys of a simulated one
			return pressed(ctx, pad)
		}
		return pad.Check(ctx, level)
	}
	return &unit{port: pad, state: pad.State, check: check, nudge: pad.Nudge, close: end, at: []address{a}}, nil
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

// startLimit bounds the first question to a PIN pad, whether it has working keys:
// one that is well answers in a tenth of it, and a till that starts does not wait
// for one that is silent. It signs on then, as soon as there is a pad.
const startLimit = 500 * time.Millisecond

// keyHolder is the pad as the line to the host knows it.
type keyHolder struct {
	padSlot
	starting atomic.Bool
}

func (k *keyHolder) HasKeys(ctx context.Context) (bool, error) {
	if !k.starting.Load() {
		return k.padSlot.HasKeys(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return k.padSlot.HasKeys(ctx)
}
