package drivertest

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/keys"
	"tillkeeper/drivers/pinpad"
	"tillkeeper/drivers/port"
	simpad "tillkeeper/drivers/sim/pinpad"
)

// padBench is the driver over a line to the simulated pad. open makes the till's end, cable is pulled and put back.
func padBench(t testing.TB, sim *simpad.Sim, open pinpad.Opener, plug, pull, end func()) PINPadBench {
	mak, err := hex.DecodeString("8CA64DE9C1B123A7")
	if err != nil {
		t.Fatal(err)
	}
	return PINPadBench{
		Pad: pinpad.New(open), Enter: sim.Enter, Cancel: sim.Cancel, Bypass: sim.Bypass, Asks: sim.Waiting, Unplug: pull, Plug: plug, End: end,
		Tamper: func() {
			if err := sim.Tamper(); err != nil {
				t.Error(err)
			}
		},
		MAC: func(data []byte) (out [8]byte, err error) {
			b, err := wire.MAC("ecb", mak, data)
			copy(out[:], b)
			return out, err
		},
	}
}

func newSim(t testing.TB) *simpad.Sim {
	t.Helper()
	store, err := keys.OpenPad(filepath.Join(t.TempDir(), "pad.key"), PadTMK)
	if err != nil {
		t.Fatal(err)
	}
	return simpad.New(store)
}

// piped is the pad inside this process.
func piped(t testing.TB) PINPadBench {
	sim := newSim(t)
	var line io.Closer
	gone := false
	return padBench(t, sim, func(ctx context.Context) (io.ReadWriteCloser, error) {
		if gone {
			return nil, errors.New("no cable")
		}
		rw, err := sim.Open(ctx)
		line = rw
		return rw, err
	}, func() { gone = false }, func() { gone = true; line.Close() }, func() {})
}

// cabled is the pad behind a cable.
func cabled(t testing.TB, sim *simpad.Sim, c *simpad.Cable, open func(where string) (io.ReadWriteCloser, error)) PINPadBench {
	where, err := c.Plug(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	plug := func() {
		if _, err := c.Plug(context.Background()); err != nil {
			t.Error(err)
		}
	}
	return padBench(t, sim, func(context.Context) (io.ReadWriteCloser, error) { return open(where) }, plug, c.Pull, c.Pull)
}

func overPty(t testing.TB) PINPadBench {
	sim := newSim(t)
	return cabled(t, sim, sim.SerialCable(filepath.Join(t.TempDir(), "pad"), 9600), func(where string) (io.ReadWriteCloser, error) {
		return port.OpenLine(where, 9600)
	})
}

func overTCP(t testing.TB) PINPadBench {
	sim := newSim(t)
	addr, err := Address() // a cable that is put back is at the same one
	if err != nil {
		t.Fatal(err)
	}
	return cabled(t, sim, sim.NetCable(addr), func(where string) (io.ReadWriteCloser, error) {
		return net.DialTimeout("tcp", where, padPatience)
	})
}

func TestPINPadInsideTheTill(t *testing.T) { PINPad(t, piped) }

func TestPINPadOnASerialLine(t *testing.T) { PINPad(t, overPty) }

func TestPINPadOverTCP(t *testing.T) { PINPad(t, overTCP) }

// badPad is a pad with a fault.
type badPad struct {
	PINPadDevice
	pin   func(ctx context.Context, r pos.PINRequest) (pos.PINResult, error)
	mac   func(ctx context.Context, algorithm string, data []byte) ([8]byte, error)
	load  func(ctx context.Context, f62 []byte, layout string) error
	check func(ctx context.Context, level pos.Level) pos.Condition
	state func() pos.Condition
	close func() error
}

func (p badPad) PINBlock(ctx context.Context, r pos.PINRequest) (pos.PINResult, error) {
	if p.pin != nil {
		return p.pin(ctx, r)
	}
	return p.PINPadDevice.PINBlock(ctx, r)
}

func (p badPad) MAC(ctx context.Context, algorithm string, data []byte) ([8]byte, error) {
	if p.mac != nil {
		return p.mac(ctx, algorithm, data)
	}
	return p.PINPadDevice.MAC(ctx, algorithm, data)
}

func (p badPad) LoadKeys(ctx context.Context, f62 []byte, layout string) error {
	if p.load != nil {
		return p.load(ctx, f62, layout)
	}
	return p.PINPadDevice.LoadKeys(ctx, f62, layout)
}

func (p badPad) Check(ctx context.Context, level pos.Level) pos.Condition {
	if p.check != nil {
		return p.check(ctx, level)
	}
	return p.PINPadDevice.Check(ctx, level)
}

func (p badPad) State() pos.Condition {
	if p.state != nil {
		return p.state()
	}
	return p.PINPadDevice.State()
}

func (p badPad) Watch(changed func(pos.Condition)) { p.PINPadDevice.(watcher).Watch(changed) }

func (p badPad) Close() error {
	if p.close != nil {
		return p.close()
	}
	return p.PINPadDevice.Close()
}

// pinBug is a fault in what an entry comes to.
func pinBug(f func(p PINPadDevice, ctx context.Context, r pos.PINRequest) (pos.PINResult, error)) func(p PINPadDevice, b *badPad) {
	return func(p PINPadDevice, b *badPad) {
		b.pin = func(ctx context.Context, r pos.PINRequest) (pos.PINResult, error) { return f(p, ctx, r) }
	}
}

// renamed answers another error where one of a code came.
func renamed(code string, to error) func(p PINPadDevice, b *badPad) {
	return pinBug(func(p PINPadDevice, ctx context.Context, r pos.PINRequest) (pos.PINResult, error) {
		got, err := p.PINBlock(ctx, r)
		if pos.WhyNot(err, "") == code {
			err = to
		}
		return got, err
	})
}

// plantedPads are faults, each with the rule that must catch it.
var plantedPads = []struct {
	caught string
	bend   func(p PINPadDevice, b *badPad)
}{
	{"is well when it is open", func(p PINPadDevice, b *badPad) {
		b.check = func(context.Context, pos.Level) pos.Condition { return pos.Condition{State: "ok"} }
	}},
	{"no working keys before a sign-on", func(p PINPadDevice, b *badPad) {
		b.mac = func(ctx context.Context, algorithm string, data []byte) ([8]byte, error) {
			m, err := p.MAC(ctx, algorithm, data)
			if errors.Is(err, pos.ErrNoKeys) {
				err = nil
			}
			return m, err
		}
	}},
	{"known answers", pinBug(func(p PINPadDevice, ctx context.Context, r pos.PINRequest) (pos.PINResult, error) {
		r.PAN = "6224242900000121"
		return p.PINBlock(ctx, r)
	})},
	{"keys that do not match their check values", func(p PINPadDevice, b *badPad) {
		b.load = func(ctx context.Context, f62 []byte, layout string) error {
			if err := p.LoadKeys(ctx, f62, layout); pos.WhyNot(err, "") != "kcv_mismatch" {
				return err
			}
			good, _ := hex.DecodeString(padF62)
			return errors.Join(p.LoadKeys(ctx, good, layout), pinpad.ErrKCV) // goes on with the keys before
		}
	}},
	{"shows the amount", pinBug(func(p PINPadDevice, ctx context.Context, r pos.PINRequest) (pos.PINResult, error) {
		r.Amount = 1250
		return p.PINBlock(ctx, r)
	})},
	{"entries after each other", pinBug(func(p PINPadDevice, ctx context.Context, r pos.PINRequest) (pos.PINResult, error) {
		got, err := p.PINBlock(ctx, r)
		if err == nil { // asks once more for nothing
			go p.PINBlock(context.Background(), r) //nolint:errcheck // planted
		}
		return got, err
	})},
	{"the customer cancels", renamed("pin_cancelled", pinpad.ErrTimeout)},
	{"the cashier cancels", pinBug(func(p PINPadDevice, ctx context.Context, r pos.PINRequest) (pos.PINResult, error) {
		got, err := p.PINBlock(context.WithoutCancel(ctx), r) // the pad goes on asking
		return got, err
	})},
	{"the time is over", renamed("pin_timeout", pinpad.ErrCancelled)},
	{"a context that ended asks nobody", pinBug(func(p PINPadDevice, ctx context.Context, r pos.PINRequest) (pos.PINResult, error) {
		if ctx.Err() != nil {
			return pos.PINResult{}, nil
		}
		return p.PINBlock(ctx, r)
	})},
	{"OK without a PIN", pinBug(func(p PINPadDevice, ctx context.Context, r pos.PINRequest) (pos.PINResult, error) {
		got, err := p.PINBlock(ctx, r)
		if got.Bypassed {
			got = pos.PINResult{Block: make([]byte, 8)}
		}
		return got, err
	})},
	{"formats and keys that do not fit", pinBug(func(p PINPadDevice, ctx context.Context, r pos.PINRequest) (pos.PINResult, error) {
		if r.Format == 4 {
			return pos.PINResult{Block: make([]byte, 16)}, nil
		}
		return p.PINBlock(ctx, r)
	})},
	{"unplugged while it asks", renamed("unplugged", pinpad.ErrCancelled)},
	{"unplugged while it rests", func(p PINPadDevice, b *badPad) {
		b.pin = func(ctx context.Context, r pos.PINRequest) (pos.PINResult, error) {
			return pos.PINResult{}, pinpad.ErrUnplugged // for ever
		}
	}},
	{"its keys are gone", func(p PINPadDevice, b *badPad) {
		b.check = func(ctx context.Context, level pos.Level) pos.Condition {
			p.Check(ctx, level)
			return pos.Condition{Name: "pinpad", State: "ok"}
		}
	}},
	{"callers take turns", func(p PINPadDevice, b *badPad) {
		var last [8]byte // an answer goes to the wrong caller
		b.mac = func(ctx context.Context, algorithm string, data []byte) ([8]byte, error) {
			if len(data) == 2 && data[1] == 3 {
				return last, nil
			}
			return p.MAC(ctx, algorithm, data)
		}
	}},
}

// TestPINPadSuiteFindsPlantedFaults: each fault is caught by the rule that is there for it.
func TestPINPadSuiteFindsPlantedFaults(t *testing.T) {
	for _, f := range plantedPads {
		t.Run(f.caught, func(t *testing.T) {
			for _, c := range padChecks {
				if c.name != f.caught {
					continue
				}
				err := runPad(t, c, func(t testing.TB) PINPadBench {
					b := piped(t)
					bad := badPad{PINPadDevice: b.Pad}
					f.bend(b.Pad, &bad)
					b.Pad, b.Patience = bad, time.Second
					return b
				})
				if err == nil {
					t.Error("not caught")
				}
				return
			}
			t.Error("no such rule")
		})
	}
}

// TestPINPadSuiteFindsWhatStays: a goroutine that outlives Close is caught.
func TestPINPadSuiteFindsWhatStays(t *testing.T) {
	stay := make(chan struct{})
	defer close(stay)
	err := runPad(t, padChecks[0], func(t testing.TB) PINPadBench {
		b := piped(t)
		inner := b.Pad
		b.Pad, b.Patience = badPad{PINPadDevice: inner, close: func() error {
			for range 20 {
				go func() { <-stay }()
			}
			return inner.Close()
		}}, 100*time.Millisecond
		return b
	})
	if err == nil {
		t.Error("not caught")
	}
}
