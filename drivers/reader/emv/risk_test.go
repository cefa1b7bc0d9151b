package emv

import (
	"bytes"
	"context"
	"errors"
	"testing"
)

// answers is a card that says what it is told to, command by command.
type answers map[string]string

func (a answers) Transmit(_ context.Context, apdu []byte) ([]byte, error) {
	for prefix, answer := range a {
		if bytes.HasPrefix(apdu, []byte(prefix)) {
			return []byte(answer), nil
		}
	}
	return []byte{0x6D, 0x00}, nil
}

// TestVelocity is velocity checking by the card's counters (EMV Book 3, 10.6.3).
func TestVelocity(t *testing.T) {
	for name, test := range map[string]struct {
		now, last string
		tvr       [5]byte
	}{
		"within":        {"\x01\x02", "\x01\x00", [5]byte{}},
		"lower passed":  {"\x01\x03", "\x01\x00", [5]byte{3: 0x40}},
		"both passed":   {"\x01\x06", "\x01\x00", [5]byte{3: 0x60}},
		"never online":  {"\x00\x01", "\x00\x00", [5]byte{1: 0x08}},
		"no sense":      {"\x00\x01", "\x00\x02", [5]byte{3: 0x60}},
		"not to be had": {"\x00\x01", "", [5]byte{3: 0x60}},
	} {
		card := answers{"\x80\xCA\x9F\x36": "\x9F\x36\x02" + test.now + "\x90\x00"}
		if test.last != "" {
			card["\x80\xCA\x9F\x13"] = "\x9F\x13\x02" + test.last + "\x90\x00"
		}
		d := New(DefaultTerminal(), card)
		d.req.AllowOffline = true
		d.data[tagLowerLimit], d.data[tagUpperLimit] = []byte{2}, []byte{5}
		d.terminal.Selection = RandomSelection{}
		if err := d.manageRisk(context.Background()); err != nil || d.tvr != test.tvr {
			t.Errorf("%s: TVR %X, want %X %v", name, d.tvr, test.tvr, err)
		}
	}
	d := New(DefaultTerminal(), answers{"\x80": ""})
	d.data[tagLowerLimit], d.data[tagUpperLimit] = []byte{2}, []byte{5}
	if err := d.manageRisk(context.Background()); !errors.Is(err, ErrCardRemoved) {
		t.Errorf("a card taken away: %v", err)
	}
}

func TestFloorLimitAndRandomSelection(t *testing.T) {
	for name, test := range map[string]struct {
		req     Request
		percent int
		draw    []byte
		want    byte
	}{
		"limits do not hold":   {Request{}, 0, nil, 0x80},
		"limits hold":          {Request{AllowOffline: true}, 0, nil, 0},
		"no host":              {Request{Offline: true}, 0, nil, 0},
		"drawn":                {Request{AllowOffline: true}, 10, []byte{9}, 0x10},
		"not drawn":            {Request{AllowOffline: true}, 10, []byte{10}, 0},
		"online anyway":        {Request{AllowOffline: true, ForceOnline: true}, 99, nil, 0},
		"over the limit: sure": {Request{}, 10, nil, 0x80},
	} {
		terminal := DefaultTerminal()
		terminal.Selection, terminal.Random = RandomSelection{Target: test.percent}, bytes.NewReader(test.draw)
		d := New(terminal, nil)
		d.req = test.req
		if err := d.manageRisk(context.Background()); err != nil || d.tvr[3] != test.want {
			t.Errorf("%s: TVR %X, want %02X %v", name, d.tvr, test.want, err)
		}
	}
}

// TestRestrictions is usage control and dates (EMV Book 3, 10.4).
func TestRestrictions(t *testing.T) {
	for name, test := range map[string]struct {
		tag   Tag
		value string
		want  byte
	}{
		"nothing":             {0xDF01, "00", 0},
		"other version":       {tagCardVersion, "0030", 0x80},
		"not yet effective":   {tagEffective, "261123", 0x20},
		"effective today":     {tagEffective, "261122", 0},
		"last day":            {tagExpiry, "261122", 0},
		"day after":           {tagExpiry, "261121", 0x40},
		"of the last century": {tagExpiry, "991231", 0x40},
		"ATM only":            {tagUsageControl, "FE00", 0x10},
		"at home only":        {tagUsageControl, "2900", 0},
		"abroad only":         {tagUsageControl, "1500", 0x10},
	} {
		d := New(DefaultTerminal(), nil)
		d.req.Time = noon
		d.data[tagVersion], d.data[tagCountry], d.data[tagIssuerCountry] = []byte{0, 0x20}, []byte{1, 0x56}, []byte{1, 0x56}
		d.data[tagExpiry] = []byte{0x28, 0x06, 0x30}
		d.data[test.tag] = bytesOf(t, test.value)
		if err := d.restrict(context.Background()); err != nil || d.tvr[1] != test.want {
			t.Errorf("%s: TVR %X %v", name, d.tvr, err)
		}
	}
}

// TestRandomSelectionIsBiasedByTheAmount is the interpolation of EMV Book 3, 10.6.2.
func TestRandomSelectionIsBiasedByTheAmount(t *testing.T) {
	s := RandomSelection{Target: 10, Most: 50, Threshold: 100_00, Floor: 500_00}
	for amount, want := range map[int64]int{
		0: 10, 1: 10, 99_99: 10, 100_00: 10, 200_00: 20, 300_00: 30, 499_99: 49, 500_00: 50, maxAmount: 50,
	} {
		if got := s.percent(amount); got != want {
			t.Errorf("%d fen: %d in a hundred, want %d", amount, got, want)
		}
	}
	huge := RandomSelection{Target: 1, Most: 99, Threshold: 0, Floor: maxAmount}
	if got := huge.percent(maxAmount / 2); got < 49 || got > 50 {
		t.Errorf("half of the largest floor: %d", got)
	}
	for _, flat := range []RandomSelection{{Target: 7}, {Target: 7, Most: 3, Threshold: 5, Floor: 5}, {Target: 7, Most: 90, Threshold: 5}} {
		if got := flat.percent(1_000_000); got != 7 {
			t.Errorf("%+v: %d", flat, got)
		}
	}
	drawn := 0
	for b := range randomEven {
		if hit, err := s.draw(bytes.NewReader([]byte{255, 198, byte(b)}), 200_00); err != nil {
			t.Fatal(err)
		} else if hit {
			drawn++
		}
	}
	if drawn != 2*20 {
		t.Errorf("%d of %d drawn, want 40", drawn, randomEven)
	}
	if hit, err := s.draw(bytes.NewReader(bytes.Repeat([]byte{255}, randomRolls)), 1); err != nil || !hit {
		t.Errorf("a source without a fair number: %v %v", hit, err)
	}
	if _, err := s.draw(bytes.NewReader(nil), 1); !errors.Is(err, ErrUnsupported) {
		t.Error(err)
	}
	if hit, err := (RandomSelection{}).draw(nil, 1); hit || err != nil {
		t.Error("none were wanted")
	}
}
