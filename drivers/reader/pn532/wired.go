package pn532

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"syscall"
	"time"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"
)

// Addr is the chip's address on I2C, 7 bits (UM0701-02, 6.2.4).
const Addr = 0x24

// SPISpeed is the speed that SPI is used with at most; the chip allows 5 MHz.
const SPISpeed = physic.MegaHertz

const (
	pollFirst = 500 * time.Microsecond // between two looks whether an answer is ready
	pollMost  = 4 * time.Millisecond
	headRead  = 7 // bytes of a frame up to its length
	lookTries = 3 // a bus that fails so often in a row has failed
)

// The first byte of every transfer on SPI (6.2.5).
const (
	spiWrite  = 0x01
	spiStatus = 0x02
	spiRead   = 0x03
)

// wire is a bus on which the chip speaks only when asked: I2C and SPI.
type wire interface {
	send(frame []byte) error
	ready() (bool, error)
	take(b []byte) error // the bytes of the frame that is ready, and what follows it
	rouse() error
	close() error
}

// asked is a bus over a wire: it looks whether an answer is ready, then takes it.
type asked struct {
	wire wire
	in   [maxFrame]byte
	most int // bytes that one transfer may bring
}

func (a *asked) wake() error { return a.wire.rouse() }

func (a *asked) write(b []byte) error { return a.wire.send(b) }

func (a *asked) again() error { return a.wire.send(nackFrame) }

func (a *asked) flush() error { return nil }

func (a *asked) close() error { return a.wire.close() }

func (a *asked) read(ctx context.Context, end time.Time, want int) (frame, error) {
	for range 2 {
		if err := a.await(ctx, end); err != nil {
			return frame{}, err
		}
		want = min(want, a.most)
		if err := a.wire.take(a.in[:want]); err != nil {
			return frame{}, err
		}
		f, done, need, err := parse(a.in[:want])
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, errShort) || need <= headRead || done+need <= want || done+need > a.most {
			return frame{}, errDamaged
		}
		want = done + need // the head was read: now the whole of it
		if err := a.again(); err != nil {
			return frame{}, err
		}
	}
	return frame{}, errDamaged
}

// await looks until an answer is ready.
func (a *asked) await(ctx context.Context, end time.Time) error {
	failed := 0
	for pause := pollFirst; ; pause = min(2*pause, pollMost) {
		ok, err := a.wire.ready()
		switch {
		case err != nil:
			if failed++; failed == lookTries {
				return err
			}
		case ok:
			return nil
		default:
			failed = 0
		}
		if !time.Now().Before(end) {
			return errSilent
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// sleep waits, or ends with the context.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func newI2C(b i2c.BusCloser) *asked {
	return &asked{wire: &twoWire{bus: b, dev: i2c.Dev{Bus: b, Addr: Addr}}, most: limit(b, 1)}
}

// limit is how many bytes of a frame one transfer of b brings, after so many others.
func limit(b any, others int) int {
	if l, ok := b.(conn.Limits); ok {
		if n := l.MaxTxSize(); n > 0 {
			return min(maxFrame, n-others)
		}
	}
	return maxFrame
}

// twoWire is I2C: every read begins with a byte that says whether the chip is ready.
type twoWire struct {
	bus i2c.BusCloser
	dev i2c.Dev
	raw [maxFrame + 1]byte
}

func (t *twoWire) send(b []byte) error { return t.insist(b, nil) }

// insist repeats a transfer whose address nobody acknowledged: a chip that is busy or wakes may do that once.
func (t *twoWire) insist(w, r []byte) error {
	for range lookTries {
		if err := t.dev.Tx(w, r); !errors.Is(err, syscall.EREMOTEIO) && !errors.Is(err, syscall.ENXIO) {
			return err
		}
		time.Sleep(wakeTime)
	}
	return errUnheard // the bus is there: it is the chip that is missing
}

// errUnheard: nobody acknowledges the chip's address.
var errUnheard = errors.New("pn532: nobody acknowledges the address on the bus")

func (t *twoWire) ready() (bool, error) {
	if err := t.insist(nil, t.raw[:1]); err != nil {
		return false, err
	}
	return t.raw[0]&1 == 1, nil
}

func (t *twoWire) take(b []byte) error {
	raw := t.raw[:len(b)+1]
	if err := t.insist(nil, raw); err != nil {
		return err
	}
	if raw[0]&1 == 0 {
		return fmt.Errorf("%w: ready no more", errDamaged)
	}
	copy(b, raw[1:])
	return nil
}

// rouse speaks to the chip once; asleep it holds the clock or does not answer the first time (7.2.11).
func (t *twoWire) rouse() error {
	_, _ = t.ready()
	time.Sleep(wakeTime)
	return nil
}

func (t *twoWire) close() error { return t.bus.Close() }

// wakeTime is what the chip needs from the first edge to its first command (UM0701-02, 7.2.11: 1.2 ms and a margin).
const wakeTime = 2 * time.Millisecond

func newSPI(p spi.PortCloser) (*asked, error) {
	c, err := p.Connect(SPISpeed, spi.Mode0, 8)
	if err != nil {
		return nil, err
	}
	return &asked{wire: &fourWire{port: p, conn: c}, most: limit(c, 1)}, nil
}

// fourWire is SPI, mode 0. The chip sends and wants the lowest bit first; few hosts can, so the bits are turned here.
type fourWire struct {
	port spi.PortCloser
	conn spi.Conn
	w, r [maxFrame + 1]byte
}

func (f *fourWire) transfer(op byte, out, in []byte) error {
	n := 1 + max(len(out), len(in))
	if n > len(f.w) {
		return fmt.Errorf("pn532: a transfer of %d bytes is too long", n)
	}
	w, r := f.w[:n], f.r[:n]
	clear(w)
	w[0] = bits.Reverse8(op)
	for i, b := range out {
		w[1+i] = bits.Reverse8(b)
	}
	if err := f.conn.Tx(w, r); err != nil {
		return err
	}
	for i := range in {
		in[i] = bits.Reverse8(r[1+i])
	}
	return nil
}

func (f *fourWire) send(b []byte) error { return f.transfer(spiWrite, b, nil) }

func (f *fourWire) ready() (bool, error) {
	var s [1]byte
	if err := f.transfer(spiStatus, nil, s[:]); err != nil {
		return false, err
	}
	return s[0] == 1, nil // a chip that is not there reads FF
}

func (f *fourWire) take(b []byte) error { return f.transfer(spiRead, nil, b) }

// rouse holds the select line down for as long as the chip needs: a status read of 2 ms.
func (f *fourWire) rouse() error {
	var long [maxFrame]byte
	_ = f.transfer(spiStatus, nil, long[:]) // what comes is looked for afterwards
	time.Sleep(wakeTime)
	return nil
}

func (f *fourWire) close() error { return f.port.Close() }
