package emv

import (
	"context"
	"encoding/hex"
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

// scripted is a contact card that answers by the name of a SELECT, and to the first record of its directory.
type scripted struct {
	names  map[string]string // name to answer, both hexadecimal
	record string
	asked  []string

	started bool
}

func (c *scripted) Transmit(_ context.Context, apdu []byte) ([]byte, error) {
	answer := "6A82"
	switch {
	case apdu[1] == 0xA4:
		name := fmt.Sprintf("%X", apdu[5:5+int(apdu[4])])
		c.asked = append(c.asked, name)
		if a, ok := c.names[name]; ok && apdu[3] == 0 {
			answer = a
		}
	case apdu[1] == 0xA8:
		c.started = true
	case apdu[1] == 0xB2 && apdu[2] == 1 && c.record != "":
		answer = c.record
	case apdu[1] == 0xB2:
		answer = "6A83"
	}
	return hex.DecodeString(answer)
}

// TestABlockedFileWithASenselessFCIIsOnlyBlocked: the dialogue ended at a blocked payment directory whose FCI made no sense, and
// at such an application, where EMV Book 1, 12.3.2 to 12.4, goes on with what else the card has.
func TestABlockedFileWithASenselessFCIIsOnlyBlocked(t *testing.T) {
	const directory, own, other = "315041592E5359532E4444463031", "A000000333010101", "A000000333010102"
	for sense, bad := range map[string]string{"cut short": "6F206283", "no template": "6F0284006283", "no FCI": "70006283", "empty": "6283"} {
		card := scripted{names: map[string]string{directory: bad, own: bad, other: "6F0F8408" + other + "A5035001319000"}}
		terminal := DefaultTerminal()
		terminal.AIDs = [][]byte{{0xA0, 0, 0, 0x03, 0x33, 1, 1, 1}, {0xA0, 0, 0, 0x03, 0x33, 1, 1, 2}}
		_, err := New(terminal, &card).First(t.Context(), Request{Amount: 1, Time: noon, TID: "12345678"})
		if want := strings.Join([]string{directory, own, other, other}, " "); strings.Join(card.asked, " ") != want {
			t.Errorf("%s: asked for %q: %v", sense, card.asked, err)
		}
	}
}

// TestAnApplicationOfAnotherNameIsNotStarted: a directory named one application, the card answered its SELECT with the FCI of
// another, and that was started.
func TestAnApplicationOfAnotherNameIsNotStarted(t *testing.T) {
	const directory, own, other = "315041592E5359532E4444463031", "A000000333010101", "A000000333010102"
	for name, starts := range map[string]bool{own: true, own + "07": true, other: false} {
		n := len(name) / 2
		card := scripted{
			names:  map[string]string{directory: "6F15840E" + directory + "A5038801019000", own: fmt.Sprintf("6F%02X84%02X%sA5035001319000", n+7, n, name)},
			record: "70126110" + "4F08" + own + "500131" + "870101" + "9000",
		}
		_, err := New(DefaultTerminal(), &card).First(t.Context(), Request{Amount: 1, Time: noon, TID: "12345678"})
		if strings.Join(card.asked, " ") != directory+" "+own || card.started != starts {
			t.Errorf("%s: asked for %q, started %v: %v", name, card.asked, card.started, err)
		}
	}
}
