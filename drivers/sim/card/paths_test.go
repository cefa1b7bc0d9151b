package card

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
)

// path is one way through the dialogue with what EMV Book 3, annexes C5 and C6, has in the TVR and TSI at its end.
type path struct {
	name   string
	entry  string
	pin    bool // the card's first rule is online PIN
	traits string
	deck   func(c *Card)
	till   func(t *emv.Terminal)
	ask    func(r *emv.Request)
	bend   func(command, answer []byte) []byte

	code          string // of the error; "" for none
	cryptogram    byte
	reason        string
	tvr, tsi, cvr string // after the first cryptogram; cvr is tag 9F34

	host    *emv.Host
	last    byte
	why     string
	tvr2    string
	tsi2    string
	scripts string
}

// seen is what a path came to.
type seen struct {
	code, text       string
	first            emv.Result
	cvr              string
	second           emv.Outcome
	secondCode       string
	tvr, tsi         string
	tvr2, tsi2, late string
}

func (p path) card() Card {
	c := base(p.entry, Approve)
	c.Traits = p.traits
	if !p.pin {
		c.PIN = ""
	}
	if p.deck != nil {
		p.deck(&c)
	}
	return c
}

func run(p path) seen {
	terminal := noDice()
	if p.till != nil {
		p.till(&terminal)
	}
	var wire emv.Transceiver = &slot{chip: newChip(p.card())}
	if p.bend != nil {
		wire = bent{wire.(*slot), p.bend}
	}
	d := emv.New(terminal, wire)
	req := emv.Request{
		Amount: 100, Time: noon, STAN: "000123", TID: "12345678", PINLimit: 100000, Contactless: p.entry == reader.Contactless,
		AllowOffline: true,
	}
	if p.ask != nil {
		p.ask(&req)
	}
	var out seen
	var err error
	out.first, err = d.First(context.Background(), req)
	if err != nil {
		out.code, out.text = pos.WhyNot(err, "without a code"), err.Error()
		return out
	}
	out.tvr, out.tsi = hex.EncodeToString(out.first.TVR), hex.EncodeToString(out.first.TSI)
	if objects, err := emv.Parse(out.first.F55); err == nil {
		v, _ := emv.Find(objects, 0x9F34)
		out.cvr = hex.EncodeToString(v)
	}
	if p.host != nil {
		out.second, err = d.Second(context.Background(), *p.host)
		if err != nil {
			out.secondCode = pos.WhyNot(err, "without a code")
		}
		out.tvr2, out.tsi2 = hex.EncodeToString(out.second.TVR), hex.EncodeToString(out.second.TSI)
		out.late = hex.EncodeToString(out.second.Scripts)
	}
	return out
}

// judge compares and names every difference.
func (p path) judge(got seen) []string {
	var out []string
	check := func(what, got, want string) {
		if got != want {
			out = append(out, fmt.Sprintf("%s: %s %q, want %q", p.name, what, got, want))
		}
	}
	check("error", got.code, p.code)
	if p.code != "" {
		return out
	}
	check("cryptogram", fmt.Sprintf("%02x", got.first.Cryptogram), fmt.Sprintf("%02x", p.cryptogram))
	check("reason", got.first.Reason, p.reason)
	check("TVR", got.tvr, p.tvr)
	check("TSI", got.tsi, p.tsi)
	check("CVM results", got.cvr, p.cvr)
	if p.host != nil {
		check("last error", got.secondCode, "")
		check("last cryptogram", fmt.Sprintf("%02x", got.second.Cryptogram), fmt.Sprintf("%02x", p.last))
		check("last reason", got.second.Reason, p.why)
		check("last TVR", got.tvr2, p.tvr2)
		check("last TSI", got.tsi2, p.tsi2)
		check("scripts", got.late, p.scripts)
	}
	return out
}

const (
	chipEntry = reader.Chip
	tapEntry  = reader.Contactless
)

func lost() *emv.Host { return &emv.Host{Unreachable: true} }

func yes(f55 string) *emv.Host {
	return &emv.Host{Approved: true, Code: "00", F55: unhex(strings.ReplaceAll(f55, " ", ""))}
}

func forced(r *emv.Request) { r.ForceOnline = true }
func alone(r *emv.Request)  { r.Offline = true }

const script71 = "71129F180400000001" + "8609841E000004AABBCCDD"

// zeros is a source of zeros: it draws the lowest number.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func onGPO(sw uint16) func(command, answer []byte) []byte {
	return func(command, answer []byte) []byte {
		return pick(command[1] == 0xA8, twoBytes(sw), answer)
	}
}

// TestEveryPathToTheBit runs every path with a real chip and compares TVR, TSI, CVM results, cryptograms and reasons.
func TestEveryPathToTheBit(t *testing.T) {
	for _, p := range paths() {
		for _, wrong := range p.judge(run(p)) {
			t.Error(wrong)
		}
	}
}

// TestPathsCatchAPlantedBug: a dialogue that sets one bit too many or forgets one is caught on every path.
func TestPathsCatchAPlantedBug(t *testing.T) {
	for _, p := range paths() {
		if p.code != "" {
			continue
		}
		good := run(p)
		for bit := range 40 {
			bad := good
			bad.tvr = flipped(good.first.TVR, bit)
			if len(p.judge(bad)) == 0 {
				t.Errorf("%s: TVR bit %d may be anything", p.name, bit)
			}
		}
		for bit := range 16 {
			bad := good
			bad.tsi = flipped(good.first.TSI, bit)
			if len(p.judge(bad)) == 0 {
				t.Errorf("%s: TSI bit %d may be anything", p.name, bit)
			}
		}
	}
}

func flipped(b []byte, bit int) string {
	out := append([]byte(nil), b...)
	out[bit/8] ^= 0x80 >> (bit % 8)
	return hex.EncodeToString(out)
}

// TestEveryReasonIsKnown: no path ends with a reason that the closed list has not, and no error tells of the card.
func TestEveryReasonIsKnown(t *testing.T) {
	known := emv.Reasons()
	for _, p := range paths() {
		got := run(p)
		for _, secret := range []string{p.card().PAN, p.card().PAN[4:12], discretionary, "UnionPay"} {
			if strings.Contains(got.text, secret) {
				t.Errorf("%s: the error names data of the card", p.name)
			}
		}
		for _, code := range []string{got.code, got.first.Reason, got.second.Reason, got.secondCode} {
			if _, ok := known[code]; code != "" && !ok {
				t.Errorf("%s: reason %q", p.name, code)
			}
		}
	}
}

// TestTornAtEveryCommand takes the card away before each of its answers: the error is always card_removed.
func TestTornAtEveryCommand(t *testing.T) {
	for _, entry := range []string{chipEntry, tapEntry} {
		for _, traits := range []string{"", Combined, Quick, Two, LongPDOL} {
			if entry == chipEntry && traits == Quick {
				continue
			}
			for n := 0; ; n++ {
				c := base(entry, Online)
				c.Traits = traits
				count := 0
				s := reader.NewSession(noDice(), reader.Card{Entry: entry, Wire: bent{&slot{chip: newChip(c)}, func(_, answer []byte) []byte {
					if count++; count > n {
						return nil
					}
					return answer
				}}})
				_, err := s.Read(context.Background(), purchase(100))
				if err == nil {
					if n < 3 {
						t.Errorf("%s %q: read after %d answers", entry, traits, n)
					}
					break
				}
				if !errors.Is(err, pos.ErrCardRemoved) || pos.WhyNot(err, "") != emv.ReasonRemoved || errors.Is(err, reader.ErrChip) {
					t.Fatalf("%s %q torn after %d answers: %v", entry, traits, n, err)
				}
				if n > 60 {
					t.Fatal("no end")
				}
			}
		}
	}
}

// TestTornInTheSecondHalf takes the card away at each command after the host's answer: up to the second cryptogram that is
// card_removed, behind it the approval stands and the script's result says that it failed.
func TestTornInTheSecondHalf(t *testing.T) {
	answer := reader.Answer{Approved: true, Code: "00", F55: unhex(arpc + script71 + "72129F180400000002" + "8609841E000004AABBCCDD")}
	for n, want := range []struct{ code, scripts string }{
		{emv.ReasonRemoved, ""},
		{emv.ReasonRemoved, ""},
		{emv.ReasonRemoved, ""},
		{"", "20000000011100000002"},
		{"", "20000000012000000002"},
	} {
		c := base(tapEntry, Online)
		count := -1
		s := bentSession(c, false, func(_, answer []byte) []byte {
			if count >= 0 {
				if count++; count > n {
					return nil
				}
			}
			return answer
		})
		p := purchase(100)
		p.ForceOnline = true
		if _, err := s.Read(context.Background(), p); err != nil {
			t.Fatal(err)
		}
		count = 0
		final, err := s.Finish(context.Background(), answer)
		if pos.WhyNot(err, "") != want.code || hex.EncodeToString(final.Scripts) != want.scripts || (final.Cryptogram == reader.TC) != (want.code == "") {
			t.Errorf("torn after %d answers: %+v %v", n, final, err)
		}
	}
}

// secondWrong spoils the signature over the second cryptogram only.
func secondWrong() func(command, answer []byte) []byte {
	count := 0
	return func(command, answer []byte) []byte {
		if command[1] == 0xAE {
			if count++; count == 2 {
				answer[len(answer)-30] ^= 1
			}
		}
		return answer
	}
}

// TestADamagedChipGivesWayToItsStripe plays the cashier: a stripe of a chip card is sent back to the chip, and taken when the
// chip failed.
func TestADamagedChipGivesWayToItsStripe(t *testing.T) {
	stripe, bad, good := base(reader.Swipe, Online), base(reader.Chip, Online), base(reader.Chip, Online)
	stripe.Name, bad.Name, good.Name = "stripe", "bad", "good"
	stripe.Traits, bad.State = ChipToo, Damaged
	r := NewReader([]Card{stripe, bad, good})
	defer r.Close()
	now := noon
	r.UseTerminal(noDice())
	r.UseFallback(reader.NewFallback(reader.FallbackRule{Tries: 1, Within: time.Minute}), func() time.Time { return now })
	for i, step := range []struct {
		card, code string
		fallback   bool
	}{
		{"stripe", emv.ReasonUseChip, false},
		{"good", "", false},
		{"stripe", emv.ReasonUseChip, false},
		{"bad", emv.ReasonUnreadable, false},
		{"stripe", "", true},
		{"stripe", emv.ReasonUseChip, false},
	} {
		if err := r.Present(step.card); err != nil {
			t.Fatal(err)
		}
		p := purchase(100)
		p.ForceOnline = true
		s, err := r.Connect(context.Background(), p)
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Read(context.Background(), p)
		if pos.WhyNot(err, "") != step.code || got.Fallback != step.fallback {
			t.Errorf("step %d, %s: fallback %v %v", i, step.card, got.Fallback, err)
		}
		s.Close()
		now = now.Add(time.Second)
	}
}
