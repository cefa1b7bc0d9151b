package emv

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// selecting is a terminal with a floor limit of 500.00 that draws as the acquirer's example has it.
func selecting() Terminal {
	t := DefaultTerminal()
	t.FloorLimit = 500_00
	t.Selection = RandomSelection{Target: 10, Most: 50, Threshold: 100_00, Floor: t.FloorLimit}
	return t
}

// risk runs terminal risk management for a payment and gives byte 4 of the TVR.
func risk(t Terminal, req Request) (byte, error) {
	d := New(t, nil)
	d.req = req
	err := d.manageRisk(context.Background())
	return d.tvr[3], err
}

// shares holds a terminal against EMV Book 3, 10.6.2: over all fair numbers of its source as many payments of an amount are
// drawn as the interpolation says, and from the floor limit on none is, because it goes online anyway.
func shares(t Terminal) (wrong []string) {
	for _, amount := range []int64{0, 1, 99_99, 100_00, 150_00, 200_00, 300_00, 400_00, 499_99, 500_00, 9_999_99} {
		drawn := 0
		for b := range byte(randomEven) {
			t.Random = bytes.NewReader([]byte{b})
			bits, err := risk(t, Request{Amount: amount, AllowOffline: true})
			switch {
			case err != nil:
				return append(wrong, err.Error())
			case bits == tvrRandomOnline:
				drawn++
			case bits != 0 && (bits != tvrFloorLimit || amount < 500_00):
				return append(wrong, fmt.Sprintf("%d fen: TVR byte 4 is %02X", amount, bits))
			}
		}
		want := 0.0
		switch {
		case amount < 100_00:
			want = 10
		case amount < 500_00:
			want = math.Floor(10 + 40*float64(amount-100_00)/float64(400_00))
		}
		if drawn != 2*int(want) { // of twice 99 numbers
			wrong = append(wrong, fmt.Sprintf("%d fen: %d of %d drawn, want %v in 99", amount, drawn, randomEven, want))
		}
	}
	return wrong
}

func TestRandomSelectionDrawsItsShare(t *testing.T) {
	for _, wrong := range shares(selecting()) {
		t.Error(wrong)
	}
}

// TestSharesCatchAPlantedBug: a selection that never draws, one that always does, one that is not biased by the amount and a
// floor limit that nobody looks at are all caught.
func TestSharesCatchAPlantedBug(t *testing.T) {
	for name, spoil := range map[string]func(t *Terminal){
		"never":    func(t *Terminal) { t.Selection = RandomSelection{} },
		"always":   func(t *Terminal) { t.Selection.Target, t.Selection.Most = 99, 99 },
		"unbiased": func(t *Terminal) { t.Selection.Most = t.Selection.Target },
		"floor":    func(t *Terminal) { t.FloorLimit = 0 },
		"one more": func(t *Terminal) { t.Selection.Target++ },
	} {
		terminal := selecting()
		spoil(&terminal)
		if len(shares(terminal)) == 0 {
			t.Errorf("%s: nothing was noticed", name)
		}
	}
}

// TestSeededSourceDrawsItsShare: over a long day, with a source like the real one, as many are drawn as are wanted.
func TestSeededSourceDrawsItsShare(t *testing.T) {
	const payments = 20_000
	terminal := selecting()
	terminal.Random = rand.NewChaCha8([32]byte{20, 26})
	for amount, percent := range map[int64]float64{50_00: 10, 300_00: 30} {
		drawn := 0.0
		for range payments {
			bits, err := risk(terminal, Request{Amount: amount, AllowOffline: true})
			if err != nil {
				t.Fatal(err)
			}
			drawn += float64(bits / tvrRandomOnline)
		}
		p := percent / randomMost
		if off := math.Abs(drawn - payments*p); off > 4*math.Sqrt(payments*p*(1-p)) {
			t.Errorf("%d fen: %v of %d drawn", amount, drawn, payments)
		}
	}
}

// TestWhoIsDrawn: with a choice, and without the host where the acquirer has a floor limit; never where the host is asked anyway.
func TestWhoIsDrawn(t *testing.T) {
	for name, c := range map[string]struct {
		floor int64
		req   Request
		want  byte
	}{
		"a choice":                  {500_00, Request{AllowOffline: true}, tvrRandomOnline},
		"alone":                     {500_00, Request{Offline: true}, tvrRandomOnline},
		"alone without a floor":     {0, Request{Offline: true}, 0},
		"forced":                    {500_00, Request{AllowOffline: true, ForceOnline: true}, 0},
		"limits that do not hold":   {500_00, Request{}, tvrFloorLimit},
		"over the floor":            {500_00, Request{AllowOffline: true, Amount: 500_00}, tvrFloorLimit},
		"alone, and over the floor": {500_00, Request{Offline: true, Amount: 500_00}, tvrFloorLimit},
	} {
		terminal := selecting()
		terminal.FloorLimit, terminal.Selection.Target, terminal.Selection.Most = c.floor, 99, 99
		terminal.Random = bytes.NewReader([]byte{0})
		if got, err := risk(terminal, c.req); err != nil || got != c.want {
			t.Errorf("%s: %02X, want %02X %v", name, got, c.want, err)
		}
	}
}
