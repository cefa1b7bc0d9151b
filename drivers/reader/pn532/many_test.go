package pn532_test

import (
	"context"
	"testing"

	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/pn532"
	"tillkeeper/drivers/sim/card"
	sim "tillkeeper/drivers/sim/pn532"
)

func TestFirstCardWinsAndTheOtherFieldIsOff(t *testing.T) {
	a, b := sim.New(), sim.New()
	one, two := pn532.New(pn532.I2C(a.I2C().Open), quick), pn532.New(pn532.SPI(b.SPI(0).Open), quick)
	r := reader.Many(one, two)
	for range 3 {
		got := make(chan reader.Session, 1)
		go func() {
			s, err := r.Connect(context.Background(), drivertest.ReaderPurchase())
			if err != nil {
				t.Error(err)
			}
			got <- s
		}()
		until(t, "both search", func() bool { return a.Field() && b.Field() })
		b.Put(payment())
		s := <-got
		if s == nil {
			t.FailNow()
		}
		if a.Field() || !b.Field() {
			t.Error("the field of the one that lost is on")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		b.Remove()
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// A reader of several chips keeps to what a card reader must be.
func TestConformanceOfTwoChips(t *testing.T) {
	drivertest.Reader(t, func(_ testing.TB, deck []card.Card) drivertest.ReaderBench {
		h := newHand(deck)
		one := pn532.New(pn532.I2C(sim.New().I2C().Open), pn532.Options{Terminal: card.Terminal()})
		two := pn532.New(pn532.SPI(h.chip.SPI(0).Open), pn532.Options{Terminal: card.Terminal()})
		return drivertest.ReaderBench{
			Reader: reader.Many(one, two), Put: h.put, Remove: h.chip.Remove, Entries: []string{reader.Contactless}, Lying: true, UID: card.UID,
		}
	})
}
