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
		"drawn":                {Request{AllowOffline: true}, 10, []byte{0x19, 0x99}, 0x10},
		"not drawn":            {Request{AllowOffline: true}, 10, []byte{0x19, 0x9A}, 0},
		"over the limit: sure": {Request{}, 10, nil, 0x80},
	} {
		terminal := DefaultTerminal()
		terminal.RandomPercent, terminal.Random = test.percent, bytes.NewReader(test.draw)
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
