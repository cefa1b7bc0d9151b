package emv

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// several is a contact card without a directory, with applications whose names begin alike; it tells them one by one, as
// SELECT NEXT asks, each with its status word, and says how often it was asked.
type several struct {
	words []uint16
	at    int
	asked int
	deaf  bool // it takes a SELECT NEXT for a first one
}

func (c *several) Transmit(_ context.Context, apdu []byte) ([]byte, error) {
	if c.asked++; apdu[1] != 0xA4 || apdu[4] != 5 {
		return []byte{0x6A, 0x82}, nil
	}
	if apdu[3] == 0x00 || c.deaf {
		c.at = 0
	}
	if c.at == len(c.words) {
		return []byte{0x6A, 0x82}, nil
	}
	sw := c.words[c.at]
	name := append(append([]byte{}, apdu[5:10]...), 1, byte(c.at))
	c.at++
	inside := Append(nil, tagLabel, []byte{'0' + byte(c.at)})
	fci := Append(nil, tagFCI, append(Append(nil, tagDFName, name), Append(nil, tagFCIProprietary, inside)...))
	return append(fci, byte(sw>>8), byte(sw)), nil
}

// TestABlockedApplicationHidesNoOther: the terminal asked for no further application behind one that is blocked (EMV Book 1,
// 12.3.3, steps 3 to 7).
func TestABlockedApplicationHidesNoOther(t *testing.T) {
	endless := make([]uint16, 40)
	for i := range endless {
		endless[i] = swInvalidated
	}
	for name, c := range map[string]struct {
		card   several
		names  string
		reason string
	}{
		"the second of three": {several{words: []uint16{swOK, swInvalidated, swOK}}, "1 3", ""},
		"the first of three":  {several{words: []uint16{swInvalidated, swOK, swOK}}, "2 3", ""},
		"two in a row":        {several{words: []uint16{swOK, swInvalidated, swInvalidated, swOK}}, "1 4", ""},
		"all":                 {several{words: []uint16{swInvalidated, swInvalidated}}, "", ReasonBlocked},
		"without end":         {several{words: endless}, "", ReasonBlocked},
		"a card that is deaf": {several{words: []uint16{swInvalidated, swOK}, deaf: true}, "", ReasonBlocked},
	} {
		terminal := DefaultTerminal()
		terminal.AIDs = [][]byte{{0xA0, 0, 0, 0x03, 0x33}}
		gaveUp := errors.New("enough was seen")
		shown := ""
		_, err := New(terminal, &c.card).First(t.Context(), Request{
			Amount: 1, Time: noon, TID: "12345678",
			Choose: func(_ context.Context, names []string) (int, error) {
				shown = strings.Join(names, " ")
				return 0, gaveUp
			},
		})
		if shown != c.names || c.reason == "" && !errors.Is(err, gaveUp) || c.reason != "" && !strings.Contains(fmt.Sprint(err), reasons[c.reason].message) {
			t.Errorf("%s: shown %q, %v", name, shown, err)
		}
		if c.card.asked > 2+maxCandidates {
			t.Errorf("%s: asked %d times", name, c.card.asked)
		}
	}
}
