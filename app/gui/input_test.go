package gui

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"tillkeeper/app/basket"
	"tillkeeper/app/gui/screen"
)

// A code that the catalogue knows, and one that nobody does.
const (
	cola    = "6921168002344"
	unknown = "ABC900000000001"
)

// stands presses the next key after a gap in which the till stood still for some of the time.
func (d *desk) stands(gap, stood time.Duration) {
	d.at = d.at.Add(gap)
	d.stood += stood
}

func (d *desk) rune(r rune) { d.run(func() { d.ui.runeAt(r, d.now()) }) }

func (d *desk) enter() { d.run(func() { d.ui.keyAt(fyne.KeyReturn, d.now()) }) }

// TestAScanStaysWholeWhereverTheTillStoodStill: a stall of the machine tore a scan in two, and its Enter took the money.
func TestAScanStaysWholeWhereverTheTillStoodStill(t *testing.T) {
	with(t, func(d *desk) {
		d.act(screen.VerbPay, "cash")
		d.types("12")
		for cut := range len(cola) {
			d.stands(time.Second, 0)
			for i, r := range cola {
				d.rune(r)
				d.stands(2*time.Millisecond, 0)
				if i == cut {
					d.stands(400*time.Millisecond, 390*time.Millisecond)
				}
			}
			d.enter()
			d.wants("scan " + cola + " 1")
			if d.ui.view.Tendered != "12" {
				t.Fatalf("torn after %d, the scan left %q as what was given", cut+1, d.ui.view.Tendered)
			}
		}
	})
}

// TestAScanStaysWholeOverThreeStalls has the till stand still as often as it may.
func TestAScanStaysWholeOverThreeStalls(t *testing.T) {
	with(t, func(d *desk) {
		d.act(screen.VerbPay, "cash")
		for i, r := range cola {
			if i == 1 || i == 2 || i == 11 {
				d.stands(300*time.Millisecond, 290*time.Millisecond)
			}
			d.stands(2*time.Millisecond, 0)
			d.rune(r)
		}
		d.enter()
		d.wants("scan " + cola + " 1")
		if d.ui.view.Tendered != "" {
			t.Fatalf("the scan left %q as what was given", d.ui.view.Tendered)
		}
	})
}

// TestWhatAFingerTypedIsNoPartOfAScan has the till stand still between the two: fingers are slow, and of a single digit
// only the catalogue knows whose it is.
func TestWhatAFingerTypedIsNoPartOfAScan(t *testing.T) {
	for _, is := range [][2]string{{"3", cola}, {"12", cola}, {"12", unknown}, {"200", unknown}} {
		with(t, func(d *desk) {
			d.act(screen.VerbPay, "cash")
			d.types(is[0])
			d.stands(time.Second, 900*time.Millisecond)
			for _, r := range is[1] {
				d.stands(2*time.Millisecond, 0)
				d.rune(r)
			}
			d.enter()
			d.wants("scan " + is[1] + " 1")
			if d.ui.view.Tendered != is[0] {
				t.Errorf("what was given was %q and is %q", is[0], d.ui.view.Tendered)
			}
		})
	}
}

// TestACodeThatNobodyKnowsStaysWhole: no part of it may stay behind as if it were typed.
func TestACodeThatNobodyKnowsStaysWhole(t *testing.T) {
	with(t, func(d *desk) {
		d.act(screen.VerbPay, "cash")
		for i, r := range unknown {
			if i == 4 {
				d.stands(300*time.Millisecond, 290*time.Millisecond)
			}
			d.stands(2*time.Millisecond, 0)
			d.rune(r)
		}
		d.enter()
		d.wants("scan " + unknown + " 1")
	})
}

// TestAnOperatorInAScanWaitsWhileTheTillStandsStill: one that acts in the middle of a scan changes the order.
func TestAnOperatorInAScanWaitsWhileTheTillStandsStill(t *testing.T) {
	with(t, func(d *desk) {
		heard := time.Duration(0)
		d.run(func() { d.ui.moment = func() moment { return moment{time.Now(), heard} } }) // it stands still
		d.types("3")
		d.stands(time.Second, 0)
		for _, r := range "12*" {
			d.stands(2*time.Millisecond, 0)
			d.rune(r)
		}
		time.Sleep(scanGap * 3 / 2)
		d.run(func() {})
		if d.ui.view.Qty != "" {
			t.Fatal("the operator did not wait")
		}
		time.Sleep(heldTries * scanGap)
		d.run(func() {})
		if d.ui.view.Qty != "312" {
			t.Fatalf("the operator of a finger made %q the quantity", d.ui.view.Qty)
		}
	})
}

// pressed is a key at the moment of its event.
type pressed struct {
	key rune // 0 is Enter
	at  time.Duration
}

// shift is what a person and a scanner do one after the other, and when the machine stands still meanwhile.
type shift struct {
	typed, code string
	keys        []pressed
	stalls      [][2]time.Duration
}

func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)))
}

// newShift types up to three digits, with the calm of a person, and scans; the machine stands still every now and then, up
// to 300 ms.
func newShift(r *rand.Rand) shift {
	var s shift
	at := time.Second
	for range r.IntN(4) {
		digit := rune("345789"[r.IntN(6)])
		s.typed += string(digit)
		s.keys = append(s.keys, pressed{digit, at})
		at += between(r, 90*time.Millisecond, 250*time.Millisecond)
	}
	at += between(r, 300*time.Millisecond, time.Second) // a hand goes to the scanner
	body := strconv.FormatInt(690000000000+r.Int64N(9999999999), 10)
	check, _ := basket.CheckDigit(body)
	s.code = body + string(check)
	for _, digit := range s.code {
		s.keys = append(s.keys, pressed{digit, at})
		at += between(r, time.Millisecond, 9*time.Millisecond)
	}
	s.keys = append(s.keys, pressed{0, at})
	for from := between(r, 0, time.Second); from < at; {
		long := between(r, 50*time.Millisecond, 300*time.Millisecond)
		s.stalls = append(s.stalls, [2]time.Duration{from, from + long})
		from += long + between(r, 200*time.Millisecond, time.Second)
	}
	return s
}

// handled says when the till comes to handle what happened, and how long it had stood still until then. Of every stall a
// short sleep counts as one all the same.
func (s *shift) handled(at time.Duration) (then, stood time.Duration) {
	then = at
	for _, stall := range s.stalls {
		if stall[0] > at {
			break
		}
		then = max(at, stall[1])
		stood += max(0, stall[1]-stall[0]-heedful)
	}
	return then, stood
}

// works has a till see a shift; it gives what was wrong with it. Careless is a till that knows no stall: it takes the time at
// which it handles a key.
func (d *desk) works(s shift, careless bool) error {
	start := d.at.Add(time.Second)
	stood := d.stood
	for _, k := range s.keys {
		at, still := s.handled(k.at)
		d.at, d.stood = start.Add(at), stood+still
		if careless {
			d.stood = stood
		}
		if k.key == 0 {
			d.enter()
		} else {
			d.rune(k.key)
		}
	}
	d.f.mu.Lock()
	calls := fmt.Sprint(d.f.calls)
	d.f.calls = nil
	d.f.mu.Unlock()
	given := d.ui.view.Tendered
	time.Sleep(time.Second)
	d.run(func() { d.ui.view.Tendered = "" })
	if calls != fmt.Sprint([]string{"scan " + s.code + " 1"}) || given != s.typed {
		return fmt.Errorf("typed %q, scanned %s, stalls %v: it asked %s, and %q is given", s.typed, s.code, s.stalls, calls, given)
	}
	return nil
}

// TestStallsNeitherTearAScanNorJoinItWithFingers works many shifts; a till that knows no stall has to be caught at it.
func TestStallsNeitherTearAScanNorJoinItWithFingers(t *testing.T) {
	for _, careless := range []bool{false, true} {
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 0))
		with(t, func(d *desk) {
			d.act(screen.VerbPay, "cash")
			torn := 0
			for range 1500 {
				err := d.works(newShift(r), careless)
				if err != nil && !careless {
					t.Fatalf("seed %d: %v", seed, err)
				}
				if err != nil {
					torn++
					d.run(func() { d.ui.view.Screen = screen.Cash })
				}
			}
			if careless && torn == 0 {
				t.Fatal("a till that knows no stall was not caught")
			}
		})
	}
}

// TestNoOperatorOfTwoIsLost: the second of two operators that came as fast as a scanner's took the place of the first.
func TestNoOperatorOfTwoIsLost(t *testing.T) {
	with(t, func(d *desk) {
		d.types("3")
		d.stands(time.Second, 0)
		for _, r := range "*/" {
			d.rune(r)
			d.stands(2*time.Millisecond, 0)
		}
		time.Sleep(heldTries * 2 * scanGap)
		d.run(func() {})
		if d.ui.view.Qty != "3" {
			t.Fatalf("the quantity is %q", d.ui.view.Qty)
		}
	})
}
