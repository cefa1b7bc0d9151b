package card

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
)

// ErrNoSuchCard says that the deck has no card of that name.
var ErrNoSuchCard = errors.New("no such card in the deck")

// Reader is a card reader for a deck of simulated cards. A card is put on it with Present and taken by the next Connect.
// All methods may be called from any goroutine.
type Reader struct {
	terminal emv.Terminal
	fallback *reader.Fallback // nil: a stripe is a stripe
	now      func() time.Time

	mu      sync.Mutex
	names   []string
	cards   map[string]Card
	chips   map[string]*chip
	present string
	current *slot
	wake    chan struct{} // closed and replaced when a card is put on, or the reader closes
	closed  bool
}

var _ reader.Reader = (*Reader)(nil)

// NewReader makes a reader for a deck, on a terminal of the built-in profile that trusts the simulated scheme's key. Of
// cards with the same name the last one counts.
func NewReader(deck []Card) *Reader {
	r := &Reader{
		terminal: Terminal(), cards: map[string]Card{}, chips: map[string]*chip{}, wake: make(chan struct{}),
	}
	for _, c := range deck {
		if c.Sequence == "" {
			c.Sequence = "001"
		}
		if c.PIN != "" {
			c.PIN = "has one" // which one is no business of a reader: it is not kept
		}
		if _, known := r.cards[c.Name]; !known {
			r.names = append(r.names, c.Name)
		}
		r.cards[c.Name] = c
		if c.Entry != reader.Swipe {
			r.chips[c.Name] = newChip(c)
		}
	}
	return r
}

// Terminal is a terminal of the built-in profile that trusts the simulated scheme's key.
func Terminal() emv.Terminal {
	t := emv.DefaultTerminal()
	keys, err := emv.NewCATable(Authority())
	if err != nil {
		panic("card: the simulated scheme's key: " + err.Error())
	}
	t.Keys = keys
	return t
}

// UseTerminal puts another terminal in the place of Terminal, with keys that trust Authority where the cards are to be
// authenticated. It is called before the first Connect.
func (r *Reader) UseTerminal(t emv.Terminal) { r.terminal = t }

// UseFallback makes stripes and contact chips keep to the acquirer's rule for damaged chips; now is the clock of the shop.
// It is called before the first Connect.
func (r *Reader) UseFallback(f *reader.Fallback, now func() time.Time) { r.fallback, r.now = f, now }

// Names lists the deck's cards in its order.
func (r *Reader) Names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.names...)
}

// Present puts a card of the deck on the reader; one that still lies there unread is taken away. An unknown name is
// ErrNoSuchCard.
func (r *Reader) Present(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return fmt.Errorf("%w: the reader is closed", reader.ErrCancelled)
	}
	if _, ok := r.cards[name]; !ok {
		return fmt.Errorf("%w: %q", ErrNoSuchCard, name)
	}
	r.present = name
	close(r.wake)
	r.wake = make(chan struct{})
	return nil
}

// Remove takes the card away: the one that lies unread, and the one in a session, which then finds it removed.
func (r *Reader) Remove() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.present = ""
	r.release()
}

// release ends the running session's hold of its card. The caller holds r.mu.
func (r *Reader) release() {
	if r.current != nil {
		r.current.eject()
		r.current = nil
	}
}

// Connect waits for a card and takes it. The end of the context, or of the reader, ends the wait with ErrCancelled. A
// session that is still open loses its card: there is one place on this reader.
func (r *Reader) Connect(ctx context.Context, _ reader.Purchase) (reader.Session, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("%w: %w", reader.ErrCancelled, err)
		}
		s, wake, err := r.take()
		if s != nil || err != nil {
			return s, err
		}
		select {
		case <-ctx.Done():
		case <-wake:
		}
	}
}

func (r *Reader) take() (reader.Session, <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, nil, fmt.Errorf("%w: the reader is closed", reader.ErrCancelled)
	}
	if r.present == "" {
		return nil, r.wake, nil
	}
	c := r.cards[r.present]
	r.present = ""
	r.release()
	if c.Entry == reader.Swipe {
		if r.fallback != nil {
			return r.fallback.Swipe(stripe(c), r.now()), nil, nil
		}
		return reader.NewSwipe(stripe(c)), nil, nil
	}
	s := &slot{chip: r.chips[c.Name]}
	s.chip.power()
	r.current = s
	session := reader.NewSession(r.terminal, reader.Card{Entry: c.Entry, Wire: s, Release: s.release})
	if r.fallback != nil && c.Entry == reader.Chip {
		session = r.fallback.Watch(session, r.now)
	}
	return session, nil, nil
}

// State is empty while the reader is open, "offline" after Close.
func (r *Reader) State() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return "offline"
	}
	return ""
}

// Close ends the reader, whoever waits on it, and the hold of a card in it.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	r.release()
	close(r.wake)
	return nil
}

// stripe is what a stripe reader sends for a swiped card: track 2 with its sentinels and check character. The service
// code says whether a PIN is wanted. A damaged stripe has one character that does not check.
func stripe(c Card) []byte {
	service := "101"
	if c.asks() {
		service = "120"
	}
	if c.is(ChipToo) {
		service = "2" + service[1:]
	}
	raw := []byte(";" + c.PAN + "=" + c.Expiry + service + discretionary + "?")
	raw = append(raw, reader.CheckCharacter(raw))
	if c.State == Damaged {
		raw[5] ^= 0x01
	}
	return raw
}

// Computed is the time that the chips of the deck took for their answers so far:
// that of real cards, not of a till.
func (r *Reader) Computed() time.Duration {
	var sum time.Duration
	for _, c := range r.chips { // never changed after NewReader
		sum += time.Duration(c.spent.Load())
	}
	return sum
}
