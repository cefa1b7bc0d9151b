package pn532_test

import (
	"sync"
	"testing"

	"tillkeeper/drivers/drivertest"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/pn532"
	"tillkeeper/drivers/sim/card"
	sim "tillkeeper/drivers/sim/pn532"
)

// way is one of the three ways to a simulated chip.
type way struct {
	name string
	open func(t testing.TB, c *sim.Chip) (o pn532.Opener, end func())
}

var ways = []way{
	{"HSU", func(t testing.TB, c *sim.Chip) (pn532.Opener, func()) {
		h, err := c.Serve()
		if err != nil {
			t.Fatal(err)
		}
		return pn532.SerialPort(h.Path(), pn532.DefaultBaud), func() {
			if err := h.Close(); err != nil {
				t.Error(err)
			}
		}
	}},
	{"I2C", func(_ testing.TB, c *sim.Chip) (pn532.Opener, func()) { return pn532.I2C(c.I2C().Open), func() {} }},
	{"SPI", func(_ testing.TB, c *sim.Chip) (pn532.Opener, func()) { return pn532.SPI(c.SPI(0).Open), func() {} }},
}

// hand is a chip with the cards of a deck.
type hand struct {
	chip  *sim.Chip
	mu    sync.Mutex
	cards map[string]*sim.Card
}

func newHand(deck []card.Card) *hand {
	h := &hand{chip: sim.New(), cards: map[string]*sim.Card{}}
	for _, c := range deck {
		if c.Entry == reader.Contactless {
			h.cards[c.Name] = sim.FromDeck(card.NewChip(c))
		}
	}
	return h
}

func (h *hand) put(c card.Card) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.chip.Remove()
	h.chip.Put(h.cards[c.Name])
}

// Over every bus the reader keeps to what a card reader must be.
func TestConformance(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			drivertest.Reader(t, func(t testing.TB, deck []card.Card) drivertest.ReaderBench {
				h := newHand(deck)
				o, end := w.open(t, h.chip)
				r := pn532.New(o, pn532.Options{Terminal: card.Terminal()})
				return drivertest.ReaderBench{
					Reader: r, Put: h.put, Remove: h.chip.Remove, End: end, Entries: []string{reader.Contactless}, Lying: true, UID: card.UID,
				}
			})
		})
	}
}
