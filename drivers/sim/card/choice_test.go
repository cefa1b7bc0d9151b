package card

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
)

var errNobody = errors.New("the customer walked away")

// TestTheCustomerChooses runs cards of several applications with every kind of customer.
func TestTheCustomerChooses(t *testing.T) {
	both := "UnionPay Debit, UnionPay Credit"
	for name, test := range map[string]struct {
		entry, traits string
		choose        func(names []string) (int, error) // nil: nobody is asked
		asked         []string                          // what was shown, one entry a question
		want, code    string
	}{
		"the card's preference":           {chipEntry, Two, nil, nil, "UnionPay Debit", ""},
		"the second":                      {chipEntry, Two, take(1), []string{both}, "UnionPay Credit", ""},
		"the first":                       {chipEntry, Two, take(0), []string{both}, "UnionPay Debit", ""},
		"without a directory":             {chipEntry, Two + " " + NoDirectory, take(1), []string{both}, "UnionPay Credit", ""},
		"one is not asked for":            {chipEntry, "", take(0), nil, "UnionPay Debit", ""},
		"one that wants a word":           {chipEntry, Confirm, take(0), []string{"UnionPay Debit"}, "UnionPay Debit", ""},
		"one that wants a word, no one":   {chipEntry, Confirm, nil, nil, "", emv.ReasonChoice},
		"two that want a word, no one":    {chipEntry, Confirm + " " + Two, nil, nil, "", emv.ReasonChoice},
		"the first will not start":        {chipEntry, Two + " " + RefusesFirst, take(0), []string{both}, "UnionPay Credit", ""},
		"it will not, nobody asked":       {chipEntry, Two + " " + RefusesFirst, nil, nil, "UnionPay Credit", ""},
		"the field asks nobody":           {tapEntry, Two, take(1), nil, "UnionPay Debit", ""},
		"the field, first will not start": {tapEntry, Two + " " + RefusesFirst, nil, nil, "UnionPay Credit", ""},
		"the customer gives up":           {chipEntry, Two, func([]string) (int, error) { return 0, errNobody }, []string{both}, "", emv.ReasonCancelled},
		"a choice that is none":           {chipEntry, Two, take(7), []string{both}, "", emv.ReasonCancelled},
		"a choice below":                  {chipEntry, Two, take(-1), []string{both}, "", emv.ReasonCancelled},
	} {
		c := base(test.entry, Online)
		c.Traits = test.traits
		_, s := connect(t, c)
		p := purchase(100)
		p.ForceOnline = true
		var asked []string
		if test.choose != nil {
			p.Choose = func(_ context.Context, names []string) (int, error) {
				asked = append(asked, strings.Join(names, ", "))
				return test.choose(names)
			}
		}
		got, err := s.Read(context.Background(), p)
		if got.AIDName != test.want || pos.WhyNot(err, "") != test.code || fmt.Sprint(asked) != fmt.Sprint(test.asked) {
			t.Errorf("%s: %q %q asked %q: %v", name, got.AIDName, pos.WhyNot(err, ""), asked, err)
		}
		if name == "the customer gives up" && (!errors.Is(err, errNobody) || !errors.Is(err, reader.ErrCancelled)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func take(i int) func([]string) (int, error) {
	return func([]string) (int, error) { return i, nil }
}

// TestChoiceEndsWithTheContext: a payment that is given up while the customer thinks.
func TestChoiceEndsWithTheContext(t *testing.T) {
	c := base(chipEntry, Online)
	c.Traits = Two
	_, s := connect(t, c)
	ctx, cancel := context.WithCancel(context.Background())
	p := purchase(100)
	p.Choose = func(ctx context.Context, _ []string) (int, error) {
		cancel()
		return 0, ctx.Err()
	}
	if _, err := s.Read(ctx, p); !errors.Is(err, reader.ErrCancelled) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestLabelsOfOtherAlphabets: the preferred name counts where the terminal has its alphabet.
func TestLabelsOfOtherAlphabets(t *testing.T) {
	for name, test := range map[string]struct{ inside, want string }{
		"label only":            {"500A44454249542043415244", "DEBIT CARD"},
		"ISO 8859-1":            {"50054445424954" + "9F1101019F1204436166E9", "Café"},
		"another alphabet":      {"50054445424954" + "9F1101059F120443616665", "DEBIT"},
		"no alphabet is named":  {"50054445424954" + "9F120443616665", "DEBIT"},
		"what cannot be shown":  {"500744450042490A54", "DEBIT"},
		"no name at all":        {"870101", ""},
		"empty preferred name":  {"50054445424954" + "9F1101019F1200", "DEBIT"},
		"control bytes of 8859": {"50054445424954" + "9F1101019F12034180" + "42", "AB"},
	} {
		inside := emv.Append(unhex(test.inside), 0x9F38, pdol)
		fci := emv.Append(nil, 0x6F, append(unhex("8408A000000333010101"), emv.Append(nil, 0xA5, inside)...))
		s := bentSession(base(tapEntry, Online), false, func(command, answer []byte) []byte {
			return pick(command[1] == 0xA4 && command[4] == 8, append(fci, 0x90, 0x00), answer)
		})
		p := purchase(100)
		p.ForceOnline = true
		if got, err := s.Read(context.Background(), p); err != nil || got.AIDName != test.want {
			t.Errorf("%s: %q %v", name, got.AIDName, err)
		}
	}
}

// TestLongPDOL: a card that asks for 136 bytes, many of them unknown here, gets them all.
func TestLongPDOL(t *testing.T) {
	for _, entry := range []string{chipEntry, tapEntry} {
		c := base(entry, Online)
		c.Traits = LongPDOL
		_, s := connect(t, c)
		p := purchase(100)
		p.ForceOnline = true
		if got, err := s.Read(context.Background(), p); err != nil || !got.ODA {
			t.Errorf("%s: %+v %v", entry, got.ODA, err)
		}
	}
	if n := asked(longPDOL); n < 130 {
		t.Errorf("only %d bytes", n)
	}
}

// TestPartialNames: a terminal that knows the beginning of a name takes every application that begins so, by the directory,
// by SELECT NEXT, and from a card that names the same one again and again.
func TestPartialNames(t *testing.T) {
	for name, test := range map[string]struct {
		traits, want string
		own          [][]byte
		index        int
		endless      bool
	}{
		"directory":                {Two, "UnionPay Credit", [][]byte{debitAID[:6]}, 1, false},
		"next":                     {Two + " " + NoDirectory, "UnionPay Credit", [][]byte{debitAID[:6]}, 1, false},
		"next, by two names":       {Two + " " + NoDirectory, "UnionPay Credit", [][]byte{debitAID[:5], creditAID}, 1, false},
		"the same again and again": {NoDirectory, "UnionPay Debit", [][]byte{debitAID[:6]}, 0, true},
	} {
		c := base(chipEntry, Online)
		c.Traits = test.traits
		terminal := noDice()
		terminal.AIDs = test.own
		var wire emv.Transceiver = &slot{chip: newChip(c)}
		if test.endless {
			wire = firstAlways{wire}
		}
		asked := 0
		got, err := emv.New(terminal, wire).First(context.Background(), emv.Request{
			Amount: 1, Time: noon, TID: "12345678", ForceOnline: true,
			Choose: func(_ context.Context, names []string) (int, error) { asked = len(names); return test.index, nil },
		})
		if err != nil || got.AIDName != test.want || asked != 2*test.index {
			t.Errorf("%s: %q, %d names: %v", name, got.AIDName, asked, err)
		}
	}
}

// firstAlways is a card that takes SELECT NEXT for SELECT.
type firstAlways struct{ card emv.Transceiver }

func (f firstAlways) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	if apdu[1] == 0xA4 && apdu[3] == 0x02 {
		apdu = append([]byte(nil), apdu...)
		apdu[3] = 0
	}
	return f.card.Transmit(ctx, apdu)
}

// TestTheDirectoryCounts: its order of preference and its names are what is offered, not those behind it.
func TestTheDirectoryCounts(t *testing.T) {
	p := purchase(100)
	p.ForceOnline = true
	c := base(tapEntry, Online)
	c.Traits = Two
	got, err := bentSession(c, false, swap("870101", "870103")).Read(context.Background(), p)
	if err != nil || got.AIDName != "UnionPay Credit" {
		t.Errorf("%q %v", got.AIDName, err)
	}
	got, err = bentSession(c, false, swap("870101", "870100")).Read(context.Background(), p)
	if err != nil || got.AIDName != "UnionPay Credit" { // without a rank it comes last
		t.Errorf("%q %v", got.AIDName, err)
	}
	c.Entry = chipEntry
	var asked []string
	p.Choose = func(_ context.Context, names []string) (int, error) { asked = names; return 0, nil }
	_, err = bentSession(c, false, func(command, answer []byte) []byte {
		if command[1] != 0xB2 || command[3]>>3 != 10 {
			return answer
		}
		return []byte(strings.ReplaceAll(string(answer), "UnionPay", "BankCard"))
	}).Read(context.Background(), p)
	if err != nil || strings.Join(asked, ", ") != "BankCard Debit, BankCard Credit" {
		t.Errorf("%q %v", asked, err)
	}
}

// TestAWronglySignedRequestIsEnded: the card is told at once that there is no payment (EMV Book 2, 6.6.3).
func TestAWronglySignedRequestIsEnded(t *testing.T) {
	for _, force := range []bool{true, false} {
		c := base(chipEntry, Approve)
		c.PIN, c.Traits = "", Combined+" "+WrongSignature
		s, seen := listen(c, false)
		p := purchase(100)
		p.ForceOnline, p.AllowOffline = force, true
		got, err := s.Read(context.Background(), p)
		want := map[bool]int{true: 2, false: 1}[force]
		if err != nil || got.Cryptogram != reader.AAC || got.Reason != emv.ReasonCombined || seen[0xAE] != want {
			t.Errorf("forced %v: %02X %q after %d GENERATE AC: %v", force, got.Cryptogram, got.Reason, seen[0xAE], err)
		}
		if final, err := s.Finish(context.Background(), reader.Answer{Approved: true, Code: "00"}); err != nil || final.Cryptogram != reader.AAC || seen[0xAE] != want {
			t.Errorf("forced %v: %02X %v", force, final.Cryptogram, err)
		}
	}
}
