package pn532_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/pn532"
	"tillkeeper/drivers/sim/card"
	sim "tillkeeper/drivers/sim/pn532"
)

// quick are options that look after an idle chip often.
var quick = pn532.Options{Terminal: card.Terminal(), Poll: 5 * time.Millisecond, Check: 5 * time.Millisecond}

// onEvery runs a test on each of the three ways.
func onEvery(t *testing.T, f func(t *testing.T, c *sim.Chip, r *pn532.Reader)) {
	t.Helper()
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			c := sim.New()
			o, end := w.open(t, c)
			r := pn532.New(o, quick)
			f(t, c, r)
			if err := r.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			end()
		})
	}
}

// until waits for something that must come.
func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func payment() *sim.Card { return sim.FromDeck(card.NewChip(good())) }

func connect(r *pn532.Reader) chan error {
	got := make(chan error, 1)
	go func() {
		s, err := r.Connect(context.Background(), drivertest.ReaderPurchase())
		if err == nil {
			err = s.Close()
		}
		got <- err
	}()
	return got
}

func TestFieldIsOffWheneverNobodyWaits(t *testing.T) {
	onEvery(t, func(t *testing.T, c *sim.Chip, r *pn532.Reader) {
		checked := c.Counts().Commands
		until(t, "a look at the idle chip", func() bool { return c.Counts().Commands > checked+2 })
		if c.Field() || c.Counts().Searches > 0 {
			t.Error("on before anybody waits")
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = r.Connect(ctx, drivertest.ReaderPurchase())
		}()
		until(t, "field on while one waits", c.Field)
		cancel()
		<-done
		if c.Field() {
			t.Error("on after the wait was ended")
		}
		c.Put(payment())
		s, err := r.Connect(context.Background(), drivertest.ReaderPurchase())
		if err != nil {
			t.Fatal(err)
		}
		if !c.Field() {
			t.Error("off in a session")
		}
		if err := s.Close(); err != nil || c.Field() {
			t.Errorf("on after the session: %v", err)
		}
		if s, err = r.Connect(context.Background(), drivertest.ReaderPurchase()); err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil || c.Field() {
			t.Errorf("on after Close: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestTwoCardsAreToldAndNoneIsTaken(t *testing.T) {
	onEvery(t, func(t *testing.T, c *sim.Chip, r *pn532.Reader) {
		one := payment()
		c.Put(one)
		c.Put(sim.Member([]byte{1, 2, 3, 4}))
		_, err := r.Connect(context.Background(), drivertest.ReaderPurchase())
		var said *pos.Error
		if !errors.Is(err, pn532.ErrTwoCards) || !errors.Is(err, pos.ErrCardUnreadable) || !errors.As(err, &said) || said.Code != "two_cards" {
			t.Fatalf("got %v", err)
		}
		if r.State() != "" || c.Field() || c.Counts().Exchanges > 0 {
			t.Error("the reader is not as it was")
		}
		if _, err := r.UID(context.Background()); !errors.Is(err, pn532.ErrTwoCards) {
			t.Errorf("a number of two cards: %v", err)
		}
		c.Remove()
		c.Put(one)
		if err := pay(r, good().PAN); err != nil {
			t.Error(err)
		}
	})
}

func TestMemberCardIsANumberAndNoPayment(t *testing.T) {
	onEvery(t, func(t *testing.T, c *sim.Chip, r *pn532.Reader) {
		for _, uid := range [][]byte{{0xDE, 0xAD, 0xBE, 0xEF}, {4, 1, 2, 3, 4, 5, 6}, {4, 1, 2, 3, 4, 5, 6, 7, 8, 9}} {
			c.Put(sim.Member(uid))
			if _, err := r.Connect(context.Background(), drivertest.ReaderPurchase()); !errors.Is(err, pos.ErrCardUnfit) {
				t.Errorf("as a payment: %v", err)
			}
			if got, err := r.UID(context.Background()); err != nil || !bytes.Equal(got, uid) {
				t.Errorf("%d bytes: %v, %v", len(uid), len(got), err)
			}
			c.Remove()
		}
		c.Put(sim.Member([]byte{0x08, 1, 2, 3})) // another number each time
		if _, err := r.UID(context.Background()); !errors.Is(err, pos.ErrCardUnfit) {
			t.Errorf("a random number: %v", err)
		}
	})
}

func TestCardOfTypeBPays(t *testing.T) {
	onEvery(t, func(t *testing.T, c *sim.Chip, r *pn532.Reader) {
		b := payment()
		b.B = true
		c.Put(b)
		if err := pay(r, good().PAN); err != nil {
			t.Error(err)
		}
	})
}

// slow is a card whose answers the chip never gets to the host in time.
func TestEndOfTheContextAbortsTheCommand(t *testing.T) {
	onEvery(t, func(t *testing.T, c *sim.Chip, r *pn532.Reader) {
		c.Put(payment())
		s, err := r.Connect(context.Background(), drivertest.ReaderPurchase())
		if err != nil {
			t.Fatal(err)
		}
		c.Faulty(func(f *sim.Faults) { f.Delay = time.Hour })
		aborts := c.Counts().Aborts
		ctx, cancel := context.WithCancel(context.Background())
		got := make(chan error, 1)
		go func() {
			_, err := s.Read(ctx, drivertest.ReaderPurchase())
			got <- err
		}()
		until(t, "the card is asked", func() bool { return c.Counts().Exchanges > 0 })
		cancel()
		if err := <-got; !errors.Is(err, reader.ErrCancelled) {
			t.Errorf("got %v", err)
		}
		if c.Counts().Aborts == aborts {
			t.Error("the chip was not told")
		}
		c.Faulty(func(f *sim.Faults) { f.Delay = 0 })
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := pay(r, good().PAN); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestStatusOfTheChipIsToldApart(t *testing.T) {
	onEvery(t, func(t *testing.T, c *sim.Chip, r *pn532.Reader) {
		for status, want := range map[byte]error{
			0x01: reader.ErrCardRemoved, 0x0A: reader.ErrCardRemoved, 0x27: reader.ErrCardRemoved, 0x29: reader.ErrCardRemoved, 0x2B: reader.ErrCardRemoved,
			0x02: reader.ErrCardUnreadable, 0x05: reader.ErrCardUnreadable, 0x0B: reader.ErrCardUnreadable, 0x13: reader.ErrCardUnreadable,
		} {
			c.Remove()
			c.Put(payment())
			s, err := r.Connect(context.Background(), drivertest.ReaderPurchase())
			if err != nil {
				t.Fatal(err)
			}
			c.Faulty(func(f *sim.Faults) { f.Status = status })
			if _, err := s.Read(context.Background(), drivertest.ReaderPurchase()); !errors.Is(err, want) {
				t.Errorf("status %02X: %v, want %v", status, err, want)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestChipThatResetsInTheMiddleIsSetUpAgain(t *testing.T) {
	onEvery(t, func(t *testing.T, c *sim.Chip, r *pn532.Reader) {
		waiting := connect(r)
		until(t, "a search", func() bool { return c.Counts().Searches > 2 })
		c.Reset()
		before := c.Counts().Searches
		until(t, "searches after the reset", func() bool { return c.Counts().Searches > before+2 })
		c.Put(payment())
		if err := <-waiting; err != nil {
			t.Fatalf("the wait: %v", err)
		}
		s, err := r.Connect(context.Background(), drivertest.ReaderPurchase())
		if err != nil {
			t.Fatal(err)
		}
		c.Reset()
		if _, err := s.Read(context.Background(), drivertest.ReaderPurchase()); !errors.Is(err, reader.ErrCardRemoved) {
			t.Errorf("the session: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := pay(r, good().PAN); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestSilentChipIsOfflineAndComesBackByItself(t *testing.T) {
	onEvery(t, func(t *testing.T, c *sim.Chip, r *pn532.Reader) {
		c.Faulty(func(f *sim.Faults) { f.Mute = true })
		if w := r.Condition(); w.Name != "reader" {
			t.Errorf("condition %+v", w)
		}
		until(t, "it is missed", func() bool { return r.State() != "" })
		if got := r.State(); got != "offline" {
			t.Errorf("state %q", got)
		}
		if _, err := r.Connect(context.Background(), drivertest.ReaderPurchase()); port.Reason(err) != r.State() {
			t.Errorf("connect: %v", err)
		}
		c.Faulty(func(f *sim.Faults) { f.Mute = false })
		c.Reset()
		until(t, "it is found again", func() bool { return r.State() == "" })
		if w := r.Condition(); w.State != "ok" || w.Detail != "" {
			t.Errorf("condition %+v", w)
		}
		c.Put(payment())
		if err := pay(r, good().PAN); err != nil {
			t.Error(err)
		}
	})
}

func TestOtherChipIsAFault(t *testing.T) {
	for _, w := range ways {
		c := sim.New()
		c.Firmware(0x33)
		o, end := w.open(t, c)
		r := pn532.New(o, quick)
		var said *pos.Error
		_, err := r.Connect(context.Background(), drivertest.ReaderPurchase())
		if r.State() != "device_fault" || !errors.Is(err, pn532.ErrWrongChip) || !errors.As(err, &said) || said.Remedy == "" || !strings.Contains(err.Error(), "IC 33") {
			t.Errorf("%s: state %q, %v", w.name, r.State(), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		end()
	}
}

// No sentence of an error has a number of the card in it.
func TestErrorsCarryNothingOfACard(t *testing.T) {
	onEvery(t, func(t *testing.T, c *sim.Chip, r *pn532.Reader) {
		c.Put(sim.Member([]byte{0xDE, 0xAD, 0xBE, 0xEF}))
		_, err := r.Connect(context.Background(), drivertest.ReaderPurchase())
		c.Put(sim.Member([]byte{0xDE, 0xAD, 0xBE, 0xEE}))
		_, two := r.UID(context.Background())
		for _, e := range []error{err, two} {
			if e == nil || strings.Contains(strings.ToLower(e.Error()), "dead") || strings.Contains(e.Error(), "222") {
				t.Errorf("%v", e)
			}
		}
	})
}
