package pn532_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/pn532"
	"tillkeeper/drivers/sim/card"
	sim "tillkeeper/drivers/sim/pn532"
)

// patience is for what has to happen.
const patience = time.Minute

// good is a card that pays.
func good() card.Card {
	return card.Card{Name: "good", PAN: "6224242900000113", Expiry: "3506", Entry: reader.Contactless, Offline: card.Online, State: card.Good}
}

// pay runs a whole payment on a reader.
func pay(r reader.Reader, want string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := r.Connect(ctx, drivertest.ReaderPurchase())
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	got, err := s.Read(ctx, drivertest.ReaderPurchase())
	switch {
	case err != nil:
		return fmt.Errorf("read: %w", err)
	case got.PAN != want || !got.ODA || got.Cryptogram != reader.ARQC:
		return errors.New("read: it is not what the card said")
	}
	final, err := s.Finish(ctx, reader.Answer{Approved: true, Code: "00"})
	if err == nil && final.Cryptogram != reader.TC {
		err = fmt.Errorf("cryptogram %02X", final.Cryptogram)
	}
	return err
}

// trouble is a fault that a payment must come through without the card noticing; or that ends it, where an exchange with
// the card is lost, because that is never sent again.
type trouble struct {
	name  string
	fault func(f *sim.Faults)
	ends  bool
}

var troubles = []trouble{
	{"nothing", func(*sim.Faults) {}, false},
	{"a damaged answer", func(f *sim.Faults) { f.Damage = 1 }, false},
	{"damaged answers", func(f *sim.Faults) { f.Damage = 3 }, false},
	{"a lost byte", func(f *sim.Faults) { f.Lose = 1 }, false},
	{"lost bytes", func(f *sim.Faults) { f.Lose = 3 }, false},
	{"noise before every frame", func(f *sim.Faults) { f.Noise = 1000 }, false},
	{"late answers", func(f *sim.Faults) { f.Delay = 4 * time.Millisecond }, false},
	{"a damaged ACK", func(f *sim.Faults) { f.DamageAck = 1 }, false},
	{"damaged ACKs", func(f *sim.Faults) { f.DamageAck = 4 }, false},
	{"ACKs that became NACKs", func(f *sim.Faults) { f.NackAck = 4 }, false},
	{"lost ACKs", func(f *sim.Faults) { f.LoseAck = 4 }, false},
	{"transfers that nobody acknowledged", func(f *sim.Faults) { f.NoAnswer = 2 }, false},
	{"a command that was not understood", func(f *sim.Faults) { f.Drop = 1 }, true},
}

var errField = errors.New("the field is still on")

// quake runs a payment through a trouble that begins after so many exchanges with the card.
func quake(open func(c *sim.Chip) (pn532.Opener, func()), tr trouble, after int) (exchanges int, err error) {
	c := sim.New()
	c.FaultyAfter(after, tr.fault)
	c.Put(sim.FromDeck(card.NewChip(good())))
	o, end := open(c)
	defer end()
	r := pn532.New(o, pn532.Options{Terminal: card.Terminal()})
	err = pay(r, good().PAN)
	if err != nil && tr.ends { // it is opened anew, its field off
		c.Faulty(func(f *sim.Faults) { *f = sim.Faults{} })
		for end := time.Now().Add(patience); r.State() != "" && time.Now().Before(end); time.Sleep(time.Millisecond) {
		}
	}
	err = errors.Join(err, r.Close())
	if c.Field() {
		err = errors.Join(err, errField)
	}
	return c.Counts().Exchanges, err
}

// ride proves that payments come through every trouble, wherever it begins, and that the card is asked what it is asked
// without trouble, once; or that they end there.
func ride(open func(c *sim.Chip) (pn532.Opener, func())) error {
	clean, err := quake(func(c *sim.Chip) (pn532.Opener, func()) { return pn532.I2C(c.I2C().Open), func() {} }, troubles[0], 0)
	if err != nil {
		return err
	}
	for _, tr := range troubles {
		for after := range clean {
			n, err := quake(open, tr, after)
			switch {
			case tr.ends && after+1 < clean: // what is lost is the exchange after the next
				if n == after+1 && errors.Is(err, reader.ErrCardRemoved) && !errors.Is(err, errField) {
					continue
				}
				err = fmt.Errorf("%d exchanges with the card: %w", n, cmp.Or(err, errors.New("it came through")))
			case err == nil && n != clean:
				err = fmt.Errorf("%d exchanges with the card instead of %d", n, clean)
			}
			if err != nil {
				return fmt.Errorf("%s after %d exchanges: %w", tr.name, after, err)
			}
		}
	}
	return nil
}

// TestASilentExchangeIsNotSentAgain: an ACK was lost, the card took longer than the wait for it, and got its APDU twice, or
// three times; a reader that was pulled was noticed only after three such waits.
func TestASilentExchangeIsNotSentAgain(t *testing.T) {
	const before = 4 // the next ACK is lost
	slow := trouble{"a lost ACK of a slow card", func(f *sim.Faults) { f.LoseAck, f.Delay = 1, 1500*time.Millisecond }, true}
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			n, err := quake(func(c *sim.Chip) (pn532.Opener, func()) { return w.open(t, c) }, slow, before-1)
			if n != before+1 || !errors.Is(err, reader.ErrCardRemoved) || errors.Is(err, errField) {
				t.Errorf("%d exchanges instead of %d: %v", n, before+1, err)
			}
		})
	}
}

func TestPaymentsComeThroughEveryTrouble(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			if err := ride(func(c *sim.Chip) (pn532.Opener, func()) { return w.open(t, c) }); err != nil {
				t.Error(err)
			}
		})
	}
}

// bent is a serial line that makes a wrong driver of the right one.
type bent struct {
	*port.Line
	out  func(b []byte) []byte // what is written in place of b
	in   func(b []byte)        // what was read
	last []byte
}

func (l *bent) Write(b []byte) (int, error) {
	if o := l.out(b); len(o) > 0 {
		if _, err := l.Line.Write(o); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func (l *bent) Read(b []byte) (int, error) {
	n, err := l.Line.Read(b)
	l.in(b[:n])
	return n, err
}

var nack = []byte{0x00, 0x00, 0xFF, 0xFF, 0x00, 0x00}

// mend makes the checksum of every normal frame right, as a driver sees it that does not look.
func mend(b []byte) {
	for i := 0; i+5 < len(b); i++ {
		n := int(b[i+2])
		if b[i] != 0x00 || b[i+1] != 0xFF || n == 0 || n == 0xFF || b[i+2]+b[i+3] != 0 || i+4+n >= len(b) {
			continue
		}
		var sum byte
		for _, x := range b[i+4 : i+4+n] {
			sum += x
		}
		b[i+4+n] = -sum
	}
}

// Drivers with a fault, each of which the ride must not let through.
func TestRideCatchesWrongDrivers(t *testing.T) {
	same, seen := func(b []byte) []byte { return b }, func([]byte) {}
	for name, bend := range map[string]func(l *bent){
		"does not look at the checksum": func(l *bent) { l.out, l.in = same, mend },
		"never asks again": func(l *bent) {
			l.in = seen
			l.out = func(b []byte) []byte {
				if bytes.Equal(b, nack) {
					return nil
				}
				return b
			}
		},
		"sends the command again in place of a NACK": func(l *bent) {
			l.in = seen
			l.out = func(b []byte) []byte {
				if bytes.Equal(b, nack) {
					return l.last
				}
				l.last = bytes.Clone(b)
				return b
			}
		},
		"leaves the field on": func(l *bent) {
			l.in = seen
			l.out = func(b []byte) []byte {
				return bytes.ReplaceAll(b, []byte{0xD4, 0x32, 0x01, 0x00, 0xF9}, []byte{0xD4, 0x32, 0x01, 0x01, 0xF8})
			}
		},
		"trusts that the chip is awake": func(l *bent) {
			l.in = seen
			l.out = func(b []byte) []byte { return bytes.TrimPrefix(b, append([]byte{0x55, 0x55}, make([]byte, 14)...)) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := ride(func(c *sim.Chip) (pn532.Opener, func()) {
				h, err := c.Serve()
				if err != nil {
					t.Fatal(err)
				}
				open := func(baud int) (pn532.Line, error) {
					l, err := port.OpenLine(h.Path(), baud)
					if err != nil {
						return nil, err
					}
					b := &bent{Line: l}
					bend(b)
					return b, nil
				}
				return pn532.Serial(open, pn532.DefaultBaud), func() { _ = h.Close() }
			})
			if err == nil {
				t.Error("it came through")
			}
		})
	}
}
