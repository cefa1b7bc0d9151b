package drivertest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/sim/card"
)

// The limits of the reader's suite.
const (
	readerPatience = time.Minute            // for what has to happen
	readerGrace    = 100 * time.Millisecond // for what must not
	readerRounds   = 3                      // payments after each other
)

// ReaderBench is a card reader under test and the hand that puts cards to it. Every check gets a fresh one.
type ReaderBench struct {
	Reader  reader.Reader
	Put     func(c card.Card) // puts a card in or on the reader, in place of one that is there
	Remove  func()            // takes the card away; nothing where there is none
	End     func()            // ends what the bench itself started, after the reader's Close; may be nil
	Entries []string          // what this reader takes: contactless, chip, swipe
	Lying   bool              // a card that was left in the reader is taken by the next Connect
	// UID is what UID of the reader has to answer for a contactless card; nil where the reader has no such method.
	UID      func(c card.Card) []byte
	Patience time.Duration // for what has to happen; 0 is a minute
	Grace    time.Duration // for what must not; 0 is 100 ms
}

// ReaderDeck is the deck that a bench must have: of each entry a good card, a second one, a damaged and a torn one, named
// as in "chip good".
func ReaderDeck() []card.Card {
	var deck []card.Card
	for i, entry := range []string{reader.Contactless, reader.Chip, reader.Swipe} {
		for j, state := range []string{"good", "second", card.Damaged, card.Torn} {
			c := card.Card{
				Name: entry + " " + state, PAN: fmt.Sprintf("62242429000%d%d113", i, j), Expiry: "3506", Sequence: "001", Entry: entry,
				Offline: card.Online, State: state,
			}
			if state == "good" || state == "second" {
				c.State = card.Good
			}
			deck = append(deck, c)
		}
	}
	return deck
}

// readerCard finds a card of the deck by entry and state.
func readerCard(entry, state string) card.Card {
	deck := ReaderDeck()
	return deck[slices.IndexFunc(deck, func(c card.Card) bool { return c.Name == entry+" "+state })]
}

// ReaderPurchase is the payment of the suite: one yuan, online.
func ReaderPurchase() reader.Purchase {
	return reader.Purchase{
		Amount: 100, Time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), STAN: "000123", TID: "12345678", PINLimit: 100000, ForceOnline: true,
	}
}

// readerCheck is one rule; run says how it is broken.
type readerCheck struct {
	name string
	run  func(b ReaderBench) error
}

var readerChecks = []readerCheck{
	{"is well when it is open", checkWell},
	{"waits for a card", checkWaits},
	{"takes a card that is there already", checkThere},
	{"the end of the context ends the wait", checkCancel},
	{"a context that ended takes nothing", checkCancelled},
	{"a payment from end to end", checkPayment},
	{"the card's number only", checkReadOnly},
	{"payments after each other", checkRounds},
	{"a torn card", checkTorn},
	{"a damaged card", checkDamaged},
	{"removed before it was read", checkRemovedEarly},
	{"removed after it was read", checkRemovedLate},
	{"removed at any moment", checkRemovedRace},
	{"a removed card is no longer there", checkRemovedGone},
	{"the end of the context in a dialogue", checkDialogueCancel},
	{"a closed session", checkClosedSession},
	{"a card left in the reader", checkLying},
	{"one card for two who wait", checkTwo},
	{"one who gives up leaves the card to the other", checkGivesUp},
	{"the end of the reader ends the wait", checkCloseWaiting},
	{"the end of the reader in a dialogue", checkCloseDialogue},
	{"a closed reader", checkClosed},
	{"serial number of a contactless card", checkUID},
}

// Reader proves that a card reader keeps to the port: it waits and can be told not to, the first card wins, a card that
// goes away or is damaged is told by its name, and nothing outlives Close. newBench makes a reader that knows ReaderDeck.
func Reader(t *testing.T, newBench func(t testing.TB, deck []card.Card) ReaderBench) {
	t.Helper()
	for _, c := range readerChecks {
		t.Run(c.name, func(t *testing.T) {
			if err := runReader(t, c, newBench); err != nil {
				t.Error(err)
			}
		})
	}
}

// runReader runs one check on a fresh bench and looks for goroutines that stay.
func runReader(t testing.TB, c readerCheck, newBench func(testing.TB, []card.Card) ReaderBench) error {
	before := runtime.NumGoroutine()
	b := newBench(t, ReaderDeck())
	if b.Patience == 0 {
		b.Patience = readerPatience
	}
	if b.Grace == 0 {
		b.Grace = readerGrace
	}
	err := c.run(b)
	closed := within(b.Patience, "Close", func() error { return b.Reader.Close() })
	if b.End != nil {
		b.End()
	}
	for end := time.Now().Add(b.Patience); ; time.Sleep(time.Millisecond) {
		n := runtime.NumGoroutine()
		if n <= before {
			return errors.Join(err, closed)
		}
		if time.Now().After(end) {
			return errors.Join(err, closed, fmt.Errorf("%d goroutines before, %d after Close", before, n))
		}
	}
}

// within runs f, which must come to an end.
func within(patience time.Duration, what string, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("%s does not end", what)
	}
}

// connected is what a Connect came to.
type connected struct {
	session reader.Session
	err     error
}

// waiting starts a Connect and makes sure that it waits.
func waiting(ctx context.Context, b ReaderBench) (chan connected, error) {
	got := make(chan connected, 1)
	go func() {
		s, err := b.Reader.Connect(ctx, ReaderPurchase())
		got <- connected{s, err}
	}()
	select {
	case c := <-got:
		if c.err == nil {
			return nil, errors.Join(errors.New("a session without a card"), c.session.Close())
		}
		return nil, fmt.Errorf("connect did not wait: %w", c.err)
	case <-time.After(b.Grace):
		return got, nil
	}
}

// outcome of a Connect that must end now.
func outcome(b ReaderBench, got chan connected) (c connected, err error) {
	err = within(b.Patience, "Connect", func() error { c = <-got; return nil })
	return c, err
}

// open puts a card and connects to it.
func open(b ReaderBench, c card.Card) (reader.Session, error) {
	b.Put(c)
	ctx, cancel := context.WithTimeout(context.Background(), b.Patience)
	defer cancel()
	s, err := b.Reader.Connect(ctx, ReaderPurchase())
	if err != nil {
		return nil, fmt.Errorf("connect to %q: %w", c.Name, err)
	}
	return s, nil
}

// pay runs a whole payment on a session and closes it.
func pay(b ReaderBench, s reader.Session, c card.Card) error {
	return errors.Join(within(b.Patience, "the payment", func() error {
		got, err := s.Read(context.Background(), ReaderPurchase())
		if err != nil {
			return fmt.Errorf("read %q: %w", c.Name, err)
		}
		if got.PAN != c.PAN || got.Entry != c.Entry || got.Expiry != c.Expiry || got.Cryptogram != reader.ARQC {
			return fmt.Errorf("read %q: entry %q, cryptogram %02X, its own number: %v", c.Name, got.Entry, got.Cryptogram, got.PAN == c.PAN)
		}
		if c.Entry != reader.Swipe && (len(got.F55) == 0 || !got.ODA) {
			return fmt.Errorf("read %q: field 55 of %d bytes, authentic %v", c.Name, len(got.F55), got.ODA)
		}
		final, err := s.Finish(context.Background(), reader.Answer{Approved: true, Code: "00"})
		if err == nil && final.Cryptogram != reader.TC {
			err = fmt.Errorf("cryptogram %02X", final.Cryptogram)
		}
		if err != nil {
			return fmt.Errorf("finish %q: %w", c.Name, err)
		}
		return nil
	}), s.Close())
}

// each runs f for every entry that the bench has.
func each(b ReaderBench, f func(entry string) error) error {
	for _, entry := range b.Entries {
		if err := f(entry); err != nil {
			return fmt.Errorf("%s: %w", entry, err)
		}
		b.Remove()
	}
	return nil
}

// chips runs f for every entry but the stripe.
func chips(b ReaderBench, f func(entry string) error) error {
	b.Entries = slices.DeleteFunc(slices.Clone(b.Entries), func(e string) bool { return e == reader.Swipe })
	return each(b, f)
}

// want checks an error.
func want(what string, err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return fmt.Errorf("%s: %v, want %v", what, err, target) //nolint:errorlint // both are told, neither is wrapped
}
