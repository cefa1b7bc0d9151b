package drivers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/scale"
	"tillkeeper/drivers/scanner"
	simscale "tillkeeper/drivers/sim/scale"
	simscanner "tillkeeper/drivers/sim/scanner"
	"tillkeeper/drivers/supervise"
)

// openScanner has the codes of a scanner come out of the set's one stream.
func (s *Set) openScanner(_ context.Context, text string) (*unit, error) {
	a, err := parse(Scanner, text)
	if err != nil {
		return nil, err
	}
	a.way = s.trail(a)
	source, end := scanner.At(a.way.place, scanner.Evdev), func() error { return nil }
	switch a.scheme {
	case "sim":
		keys := &simscanner.Keyboard{}
		if err := keys.Plug(); err != nil {
			return nil, err
		}
		s.Bench.put(func(h *hands) { h.scanner = keys })
		source, end = scanner.Keyboard(keys.Open), func() error {
			s.Bench.put(func(h *hands) { h.scanner = nil })
			return keys.Unplug()
		}
	case "serial":
		speed, err := a.baud(smallBaud)
		if err != nil {
			return nil, err
		}
		source = scanner.At(a.way.place, func(path string) scanner.Source { return scanner.Serial(path, speed) })
	}
	sup := supervise.New(supervise.Options[*scanner.Reading]{
		Name: Scanner, Poll: -1, Log: s.c.Log, Changed: func(pos.Condition) { s.changed() }, Open: s.scans.Opener(source),
	})
	return &unit{
		port: sup, state: sup.Condition, nudge: sup.Nudge, at: []address{a},
		check: func(ctx context.Context, level pos.Level) pos.Condition {
			c := sup.Look(ctx)
			if level != pos.CheckInteractive || c.State != "ok" {
				return c
			}
			return awaitScan(ctx, s.scans, sup)
		},
		close: func() error { return errors.Join(sup.Close(), end()) },
	}, nil
}

// fault is the condition that an error of a device means.
func fault(err error) pos.Condition {
	c := pos.Condition{State: "fault", Code: port.Reason(err)}
	if err != nil {
		c.Detail = err.Error()
	}
	return c
}

func grams(n int64) string { return fmt.Sprintf("%d g", n) }

// scalePoll is the time between two looks at a scale that nobody weighs on.
const scalePoll = 10 * time.Second

// weigher is a scale that its own driver opens again: the supervisor only looks,
// and must not close it for good when its cable is out.
type weigher struct{ *scale.Scale }

func (weigher) Close() error { return nil }

func (s *Set) openScale(_ context.Context, text string) (*unit, error) {
	a, err := parse(Scale, text)
	if err != nil {
		return nil, err
	}
	end := func() error { return nil }
	if a.scheme == "sim" {
		sim, err := simscale.New()
		if err != nil {
			return nil, err
		}
		s.Bench.put(func(h *hands) { h.scale = sim })
		a.path = sim.Path()
		end = func() error {
			s.Bench.put(func(h *hands) { h.scale = nil })
			return sim.Close()
		}
	}
	speed, err := a.baud(smallBaud)
	if err != nil {
		return nil, errors.Join(err, end())
	}
	a.way = s.trail(a)
	way := newGate(opener(func(context.Context) (*port.Line, error) { return a.line(speed) }))
	d := scale.New(func() (scale.Link, error) {
		l, err := way.pass()
		if err != nil {
			return nil, err
		}
		return l.(*port.Line), nil
	}, scale.Opts{})
	look := supervise.New(supervise.Options[weigher]{
		Name: Scale, Poll: scalePoll, Log: s.c.Log, Changed: func(pos.Condition) { s.changed() },
		Open: func(ctx context.Context) (weigher, error) { return weigher{d}, d.Poll(ctx) }, // so that one that is missing is never well in between
	})
	return &unit{
		port: pos.Scale(d), state: look.Condition, nudge: look.Nudge, at: []address{a},
		check: func(ctx context.Context, level pos.Level) pos.Condition {
			if level == pos.CheckInternal {
				return look.Look(ctx)
			}
			g, err := d.Weigh(ctx)
			if err != nil {
				return fault(err)
			}
			return pos.Condition{State: "ok", Detail: grams(g)}
		},
		close: func() error {
			way.cut() // nobody waits for a weight that does not come
			return errors.Join(look.Close(), d.Close(), end())
		},
	}, nil
}
