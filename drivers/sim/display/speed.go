package display

import (
	"errors"
	"image"
	"slices"
	"time"

	"periph.io/x/conn/v3"
	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/conn/v3/spi"

	driver "tillkeeper/drivers/display"
)

// Refresh draws frames times a whole frame of 240x240 with the real driver
// over a bus at 40 MHz. It gives the time of a frame, which is that of every
// bit on the bus and the driver's own (the middle one of all, so that another
// program's turn does not count), and the bus limit: what the pixels alone
// take, 16 bits for each.
func Refresh(frames int) (took, limit time.Duration, err error) {
	b := &timed{}
	d, err := driver.NewST7789(b, b, &driver.Opts{Wait: func(time.Duration) {}})
	if err != nil {
		return 0, 0, err
	}
	var pictures [2]*image.RGBA
	for i := range pictures {
		pictures[i] = image.NewRGBA(d.Bounds())
		for p := range pictures[i].Pix {
			pictures[i].Pix[p] = byte(p * (i + 3))
		}
	}
	own := make([]time.Duration, max(frames, 1))
	for i := range own {
		b.bits = 0
		start := time.Now()
		err = errors.Join(err, d.Draw(d.Bounds(), pictures[i%2], image.Point{}))
		own[i] = time.Since(start)
	}
	slices.Sort(own)
	bit := b.speed.Period()
	return time.Duration(b.bits)*bit + own[len(own)/2], Size * Size * 16 * bit, err
}

// timed is a bus that counts its bits.
type timed struct {
	gpio.PinIO
	speed physic.Frequency
	bits  int
}

func (t *timed) String() string { return "a bus with a clock" }

// Connect notes the clock.
func (t *timed) Connect(f physic.Frequency, _ spi.Mode, _ int) (spi.Conn, error) {
	t.speed = f
	return timedConn{t}, nil
}

// Out takes no time.
func (t *timed) Out(gpio.Level) error { return nil }

type timedConn struct{ t *timed }

func (timedConn) String() string { return "a bus with a clock" }

// Duplex is half.
func (timedConn) Duplex() conn.Duplex { return conn.Half }

// MaxTxSize is that of the kernel's driver.
func (timedConn) MaxTxSize() int { return MaxTx }

// Tx counts the bits of w.
func (c timedConn) Tx(w, _ []byte) error {
	c.t.bits += 8 * len(w)
	return nil
}

// TxPackets is refused: the driver sends none.
func (timedConn) TxPackets([]spi.Packet) error { return errors.New("no packets") }
