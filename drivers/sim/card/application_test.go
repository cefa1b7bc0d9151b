package card

import (
	"context"
	"encoding/hex"
	"fmt"
	"testing"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
)

// taped is a card whose commands are written down.
type taped struct {
	emv.Transceiver
	sent []string
}

func (c *taped) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	c.sent = append(c.sent, hex.EncodeToString(apdu))
	return c.Transceiver.Transmit(ctx, apdu)
}

// last is the last command with this beginning, "" for none.
func (c *taped) last(begins string) string {
	for i := len(c.sent) - 1; i >= 0; i-- {
		if len(c.sent[i]) >= len(begins) && c.sent[i][:len(begins)] == begins {
			return c.sent[i]
		}
	}
	return ""
}

func fen(n int64) *int64 { return &n }

// chips are the debit and the credit application as the default terminal has them.
func chips() (debit, credit emv.Application) {
	t := emv.DefaultTerminal()
	one := emv.Application{Version: t.Version, Actions: t.Actions}
	debit, credit = one, one
	debit.AID, credit.AID = debitAID, creditAID
	return debit, credit
}

// told is one payment with a card of two applications, and what its chip was told.
type told struct {
	name          string
	entry, traits string
	second        bool // the customer takes the credit application
	set           func(debit, credit *emv.Application)
	till          func(t *emv.Terminal)
	ask           func(r *emv.Request)

	code   string // of the error; "" for none
	p1     string // of GENERATE AC: 00 AAC, 40 TC, 80 ARQC; "": none was sent
	ttq    string // byte 2 of the reader's qualifiers in GET PROCESSING OPTIONS; "": none was sent
	pin    bool
	reason string
}

// tells runs a payment and names every difference. swapped gives each application what is the other's.
func (c told) tells(swapped bool) []string {
	debit, credit := chips()
	c.set(&debit, &credit)
	if swapped {
		debit.AID, credit.AID = credit.AID, debit.AID
	}
	terminal := noDice()
	terminal.Applications = []emv.Application{debit, credit}
	if c.till != nil {
		c.till(&terminal)
	}
	own := base(c.entry, Approve)
	own.PIN, own.Traits = "", Two+" "+c.traits
	wire := &taped{Transceiver: &slot{chip: newChip(own)}}
	req := emv.Request{
		Amount: 100, Time: noon, STAN: "000123", TID: "12345678", PINLimit: 100000, AllowOffline: true, Contactless: c.entry == reader.Contactless,
		Choose: func(context.Context, []string) (int, error) {
			if c.second {
				return 1, nil
			}
			return 0, nil
		},
	}
	if c.ask != nil {
		c.ask(&req)
	}
	got, err := emv.New(terminal, wire).First(context.Background(), req)
	var out []string
	check := func(what, got, want string) {
		if got != want {
			out = append(out, fmt.Sprintf("%s: %s %q, want %q", c.name, what, got, want))
		}
	}
	p1, ttq := wire.last("80ae"), wire.last("80a8")
	if p1 != "" {
		p1 = p1[4:6]
	}
	if len(ttq) >= 18 && c.entry == tapEntry {
		ttq = ttq[16:18]
	} else {
		ttq = ""
	}
	check("error", pos.WhyNot(err, ""), c.code)
	check("P1", p1, c.p1)
	check("TTQ", ttq, c.ttq)
	check("PIN", fmt.Sprint(got.NeedPIN), fmt.Sprint(c.pin))
	check("reason", got.Reason, c.reason)
	if want := map[bool][]byte{false: debitAID, true: creditAID}[c.second || c.is(RefusesFirst)]; err == nil && got.AID != fmt.Sprintf("%X", want) {
		check("AID", got.AID, fmt.Sprintf("%X", want))
	}
	return out
}

func (c told) is(trait string) bool { return Card{Traits: c.traits}.is(trait) }

// toldCases: what the acquirer sets for the credit application is in force for it and for no other.
func toldCases() []told {
	denies := func(_, credit *emv.Application) { credit.Actions.Denial[0] |= 0x80 } // not authenticated
	other := [2]byte{0, 0x30}                                                       // than the card's: byte 2, bit 8 of the TVR
	return append(tapCases(), []told{
		{name: "denied by the TAC of the other", entry: chipEntry, traits: Unsigned, set: denies, p1: "80"},
		{name: "denied by its own TAC", entry: chipEntry, traits: Unsigned, second: true, set: denies, p1: "00", reason: emv.ReasonAuthenticity},
		{name: "the TAC of one that did not start", entry: chipEntry, traits: Unsigned + " " + RefusesFirst, set: func(debit, _ *emv.Application) {
			debit.Actions.Denial[0] |= 0x80
		}, p1: "80"},
		{name: "TAC online of its own", entry: chipEntry, second: true, set: func(debit, credit *emv.Application) {
			debit.Version, credit.Version = other, other
			credit.Actions.Online[1] |= 0x80
		}, p1: "80"},
		{name: "TAC online of the other", entry: chipEntry, second: true, set: func(debit, credit *emv.Application) {
			debit.Version, credit.Version = other, other
			debit.Actions.Online[1] |= 0x80
		}, p1: "40"},
		{name: "TAC default of its own", entry: chipEntry, second: true, ask: alone, set: func(debit, credit *emv.Application) {
			debit.Version, credit.Version = other, other
			credit.Actions.Default[1] |= 0x80
		}, p1: "00", reason: emv.ReasonOffline},
		{name: "below its floor limit", entry: chipEntry, second: true, set: func(debit, credit *emv.Application) {
			debit.Floor, credit.Floor = fen(0), fen(101)
		}, p1: "40"},
		{name: "over its floor limit", entry: chipEntry, second: true, set: func(debit, credit *emv.Application) {
			debit.Floor, credit.Floor = fen(101), fen(100)
		}, p1: "80"},
		{name: "no floor limit of its own: the host", entry: chipEntry, second: true, set: func(debit, credit *emv.Application) {
			debit.Floor, credit.Floor = fen(101), fen(0)
		}, p1: "80"},
		{name: "no floor limit and no host", entry: chipEntry, second: true, ask: alone, set: func(debit, credit *emv.Application) {
			debit.Floor, credit.Floor = fen(100), fen(0)
		}, p1: "40"},
		{name: "always drawn", entry: chipEntry, second: true, till: func(t *emv.Terminal) { t.Random = zeros{} }, set: func(debit, credit *emv.Application) {
			debit.Floor, credit.Floor = fen(200), fen(200)
			credit.Selection = &emv.RandomSelection{Target: 99, Most: 99}
		}, p1: "80"},
		{name: "the other is always drawn", entry: chipEntry, second: true, till: func(t *emv.Terminal) { t.Random = zeros{} }, set: func(debit, credit *emv.Application) {
			debit.Floor, credit.Floor = fen(200), fen(200)
			debit.Selection, credit.Selection = &emv.RandomSelection{Target: 99, Most: 99}, &emv.RandomSelection{}
		}, p1: "40"},
		{name: "the limit of taps is none of chips", entry: chipEntry, second: true, set: func(debit, credit *emv.Application) {
			debit.TapLimit, credit.TapLimit, debit.Floor = fen(1), fen(1), fen(0)
		}, p1: "40"},
		{name: "another version", entry: chipEntry, second: true, set: func(_, credit *emv.Application) {
			credit.Version, credit.Actions.Denial = other, [5]byte{1: 0x80}
		}, p1: "00", reason: emv.ReasonOffline},
	}...)
}

// tapCases are those of a tap.
func tapCases() []told {
	quick := Quick + " " + RefusesFirst // the debit application does not start, the credit one does
	return []told{
		{name: "a tap below its floor", entry: tapEntry, traits: quick, set: func(debit, credit *emv.Application) {
			debit.TapFloor, credit.TapFloor = fen(0), fen(101)
		}, ttq: "00"},
		{name: "a tap over its floor", entry: tapEntry, traits: quick, set: func(debit, credit *emv.Application) {
			debit.TapFloor, credit.TapFloor, credit.Floor = fen(101), fen(100), fen(101)
		}, ttq: "80"},
		{name: "a tap above its limit without PIN", entry: tapEntry, traits: quick, set: func(debit, credit *emv.Application) {
			debit.TapNoPIN, credit.TapNoPIN = fen(100), fen(99)
		}, ttq: "40", pin: true},
		{name: "a tap up to its limit without PIN", entry: tapEntry, traits: quick, ask: func(r *emv.Request) { r.PINLimit = 0 }, set: func(debit, credit *emv.Application) {
			debit.TapNoPIN, credit.TapNoPIN = fen(0), fen(100)
		}, ttq: "00"},
		{name: "a tap at the limit of both", entry: tapEntry, traits: quick, set: func(debit, credit *emv.Application) {
			debit.TapLimit, credit.TapLimit = fen(100), fen(100)
		}, code: emv.ReasonUseChip},
		{name: "a tap at the limit of the one that would start", entry: tapEntry, traits: quick, set: func(debit, credit *emv.Application) {
			debit.TapLimit, credit.TapLimit = fen(101), fen(100)
		}, code: emv.ReasonRefusedStart, ttq: "00"},
		{name: "a tap below its limit", entry: tapEntry, traits: quick, set: func(debit, credit *emv.Application) {
			debit.TapLimit, credit.TapLimit = fen(100), fen(101)
		}, ttq: "00"},
		{name: "only read", entry: tapEntry, traits: quick, ask: func(r *emv.Request) { r.ReadOnly = true }, set: func(debit, credit *emv.Application) {
			debit.TapLimit, credit.TapLimit, debit.TapFloor, credit.TapFloor = fen(1), fen(1), fen(0), fen(200)
		}, ttq: "00"},
	}
}

func TestEachApplicationHasItsOwnParameters(t *testing.T) {
	for _, c := range toldCases() {
		for _, wrong := range c.tells(false) {
			t.Error(wrong)
		}
	}
}

// TestParametersOfTheOtherAreNoticed is the planted bug: each application is held against what is set for the other one.
func TestParametersOfTheOtherAreNoticed(t *testing.T) {
	for _, c := range toldCases() {
		if both := c.name == "a tap at the limit of both"; both != (len(c.tells(true)) == 0) {
			t.Errorf("%s: that is not noticed, or noticed where there is nothing", c.name)
		}
	}
}

// TestOnlyTheVeryName: an application that may only be taken by its whole name does not take longer ones, in a directory and
// without one.
func TestOnlyTheVeryName(t *testing.T) {
	for _, traits := range []string{"", NoDirectory} {
		for exact, want := range map[bool]string{false: "", true: emv.ReasonUnsupported} {
			debit, _ := chips()
			debit.AID, debit.Exact = debitAID[:7], exact
			terminal := noDice()
			terminal.Applications = []emv.Application{debit}
			c := base(chipEntry, Approve)
			c.PIN, c.Traits = "", traits
			_, err := emv.New(terminal, &slot{chip: newChip(c)}).First(context.Background(), emv.Request{Time: noon, TID: "12345678"})
			if got := pos.WhyNot(err, ""); got != want {
				t.Errorf("%q, exact %v: %q, want %q: %v", traits, exact, got, want, err)
			}
		}
	}
}

// TestTheAcquirersDDOL goes to a card that has no list of its own.
func TestTheAcquirersDDOL(t *testing.T) {
	debit, _ := chips()
	debit.DDOL = unhex("9F02069F3704")
	terminal := noDice()
	terminal.Applications = []emv.Application{debit}
	c := base(chipEntry, Approve)
	c.PIN = ""
	wire := &taped{Transceiver: bent{&slot{chip: newChip(c)}, func(_, answer []byte) []byte { return swap("9F49", "DF49")(nil, answer) }}}
	_, err := emv.New(terminal, wire).First(context.Background(), emv.Request{Amount: 100, Time: noon, TID: "12345678"})
	if got := wire.last("0088"); err != nil || len(got) < 22 || got[8:22] != "0a"+"000000000100" {
		t.Errorf("INTERNAL AUTHENTICATE %s %v", got, err)
	}
}
