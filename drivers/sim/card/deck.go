// Package card simulates payment cards at the level of the wire: every chip is a little card operating system that is
// spoken to in APDU bytes (ISO 7816-4, EMV 4.3), every stripe a track of ISO 7813 characters. Reader is a card reader with
// such cards; the real card dialogue of drivers/reader runs above it.
//
// The cards come from a deck, a JSON list. A chip computes real cryptograms (triple DES) and real RSA signatures under
// keys that are published in this package and worth nothing. It never checks a PIN (online PIN is the issuer's), never
// opens a file or a socket, and keeps its counters in memory only.
package card

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Limits of a deck.
const (
	maxDeckBytes = 1 << 20
	maxDeckCards = 1000
)

// ErrDeck says that a deck is not usable; its text names the card and the key.
var ErrDeck = errors.New("card deck")

// The values of Card.Offline: what the chip answers to the first GENERATE AC when a TC is asked. ApproveY3 wants the host
// first and approves in the second one when the host cannot be reached; Online refuses then.
const (
	Online    = "online"
	Approve   = "approve"
	Decline   = "decline"
	ApproveY3 = "approve_y3"
)

// The values of Card.State: Damaged cannot be read, Torn is taken away before the second GENERATE AC of an online payment.
const (
	Good    = "good"
	Damaged = "damaged"
	Torn    = "torn"
)

// Card is one card of a deck. Expiry is YYMM, Sequence 3 digits, PIN empty for a card without one, Entry "contactless",
// "chip" or "swipe". Traits are words of Traits, with blanks between them, of what is particular about its chip.
type Card struct {
	Name     string `json:"name"`
	PAN      string `json:"pan"`
	Expiry   string `json:"expiry"`
	Sequence string `json:"sequence"`
	PIN      string `json:"pin"`
	Entry    string `json:"entry"`
	Offline  string `json:"offline"`
	State    string `json:"state"`
	Traits   string `json:"traits"`
}

// LoadDeck reads a deck, the JSON list of deck.json. Needed are name, pan, expiry and entry; the others default to 001, no
// PIN, online and good. An unknown key, a wrong value and a name twice are errors that name the card and the key.
func LoadDeck(r io.Reader) ([]Card, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxDeckBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDeck, err)
	}
	if len(raw) > maxDeckBytes {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrDeck, maxDeckBytes)
	}
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("%w: not a JSON list of cards: %w", ErrDeck, err)
	}
	if len(list) > maxDeckCards {
		return nil, fmt.Errorf("%w: more than %d cards", ErrDeck, maxDeckCards)
	}
	deck := make([]Card, 0, len(list))
	seen := map[string]bool{}
	for i, keys := range list {
		c, err := parseCard(i+1, keys)
		if err != nil {
			return nil, err
		}
		if seen[c.Name] {
			return nil, fmt.Errorf("%w: card %q: key \"name\": there twice", ErrDeck, c.Name)
		}
		seen[c.Name] = true
		deck = append(deck, c)
	}
	return deck, nil
}

func parseCard(number int, keys map[string]json.RawMessage) (Card, error) {
	c := Card{Sequence: "001", Offline: Online, State: Good}
	fields := map[string]*string{
		"name": &c.Name, "pan": &c.PAN, "expiry": &c.Expiry, "sequence": &c.Sequence, "pin": &c.PIN,
		"entry": &c.Entry, "offline": &c.Offline, "state": &c.State,
		"traits": &c.Traits,
	}
	who := fmt.Sprintf("number %d", number)
	if err := json.Unmarshal(keys["name"], &c.Name); err == nil && c.Name != "" {
		who = fmt.Sprintf("%q", c.Name)
	}
	names := make([]string, 0, len(keys))
	for k := range keys {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		field, known := fields[k]
		if !known {
			return Card{}, fmt.Errorf("%w: card %s: unknown key %q", ErrDeck, who, k)
		}
		var s *string
		if err := json.Unmarshal(keys[k], &s); err != nil || s == nil {
			return Card{}, fmt.Errorf("%w: card %s: key %q: a string is wanted", ErrDeck, who, k)
		}
		*field = *s
	}
	if key, why := c.fault(); key != "" {
		return Card{}, fmt.Errorf("%w: card %s: key %q: %s", ErrDeck, who, key, why)
	}
	return c, nil
}

// fault names the first key of a card whose value is not usable, and why; the value itself stays out of the text.
func (c Card) fault() (key, why string) {
	switch {
	case c.Name == "":
		return "name", "is missing"
	case !digits(c.PAN, 12, 19):
		return "pan", "12 to 19 digits are wanted"
	case !digits(c.Expiry, 4, 4) || c.Expiry[2:] < "01" || c.Expiry[2:] > "12":
		return "expiry", "YYMM is wanted"
	case !digits(c.Sequence, 3, 3) || c.Sequence > "099":
		return "sequence", "three digits up to 099 are wanted"
	case c.PIN != "" && !digits(c.PIN, 4, 12):
		return "pin", "4 to 12 digits are wanted"
	case !slices.Contains([]string{"contactless", "chip", "swipe"}, c.Entry):
		return "entry", "contactless, chip or swipe is wanted"
	case !slices.Contains([]string{Online, Approve, Decline, ApproveY3}, c.Offline):
		return "offline", "online, approve, approve_y3 or decline is wanted"
	case !slices.Contains([]string{Good, Damaged, Torn}, c.State):
		return "state", "good, damaged or torn is wanted"
	}
	for _, word := range strings.Fields(c.Traits) {
		if !slices.Contains(Traits(), word) {
			return "traits", "words of " + strings.Join(Traits(), " ") + " are wanted"
		}
	}
	return "", ""
}

func digits(s string, from, to int) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) >= from && len(s) <= to
}
