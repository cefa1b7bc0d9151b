package drivertest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"tillkeeper/app/pos"
)

// DisplayBench is a display under test, the eyes of a customer and the hand that pulls it out. Every check gets a fresh one.
type DisplayBench struct {
	Display   pos.Display
	Condition func() pos.Condition
	Code      func() string          // what a scanner reads off it now, "" for nothing
	Reads     func(text string) bool // whether a text of ASCII is to be read now; nil: nobody can tell
	Picture   func() string          // the same for the same sight, and another for another
	Kill      func()                 // pulls it out
	Revive    func()                 // puts it in again; it has forgotten everything
	Settle    func()                 // waits until what was shown is in sight; nil: it is at once
	Codes     bool                   // it can show codes
	Quiet     []string               // states that it does not draw
	TooLong   string                 // a text whose code it cannot show; "" where Codes is false
	Reasons   []string               // codes of a display that was pulled out
}

// The codes that the checks show: two that differ, in the way of a wallet.
const (
	firstCode  = "weixin://wxpay/bizpayurl?pr=Nxl8TzVzz"
	secondCode = "weixin://wxpay/bizpayurl?pr=bQ7mZk2aa"
)

// displayRounds is how often the checks go round.
const displayRounds = 3

// Display runs the conformance suite on a display: one subtest a rule, each on a fresh bench that open makes and cleans up.
func Display(t *testing.T, open func(t *testing.T) DisplayBench) {
	for _, c := range displayChecks {
		t.Run(c.name, func(t *testing.T) {
			if err := c.check(open(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// CheckDisplay runs one rule of the suite without a test around it and gives what was found: what a planted fault is tried
// on.
func CheckDisplay(rule string, b DisplayBench) error {
	for _, c := range displayChecks {
		if c.name == rule {
			return c.check(b)
		}
	}
	panic("the suite has no rule " + rule)
}

var displayChecks = []struct {
	name  string
	check func(b DisplayBench) error
}{
	{"EveryStateIsShown", everyState},
	{"NoOldCodeStays", noOldCode},
	{"ACodeThatDoesNotFitIsRefused", refusedCode},
	{"ADeadOneSaysSoAndComesBack", deadAndBack},
	{"TheSameViewIsTheSameSight", sameSight},
	{"ManyShowAtOnce", manyAtOnce},
}

// others are a view of every state that has no code.
func others() []pos.View {
	return []pos.View{
		{State: pos.ViewIdle, Title: "Corner Shop", Note: "Welcome"},
		{State: pos.ViewSale, Title: "Total", Line: "Milk", Price: 590, Total: 18540},
		{State: pos.ViewPay, Title: "Please pay", Total: 18540, Note: "Tap your card"},
		{State: pos.ViewThanks, Title: "Thank you", Total: 1460, Note: "Change"},
		{State: pos.ViewRefused, Title: "Not paid", Total: 18540},
		{State: pos.ViewWait, Title: "Please wait", Total: 18540},
		{},
	}
}

func codeView(text string) pos.View {
	return pos.View{State: pos.ViewQR, Title: "Scan to pay", Total: 1250, QR: text}
}

func (b DisplayBench) show(v pos.View) error {
	err := b.Display.Show(v)
	if b.Settle != nil {
		b.Settle()
	}
	if err != nil {
		return fmt.Errorf("state %q: %w", v.State, err)
	}
	return nil
}

func everyState(b DisplayBench) error {
	seen := map[string]string{}
	for _, v := range others() {
		if err := b.show(v); err != nil {
			return err
		}
		if b.skips(v.State) || v.State == "" {
			continue
		}
		sight := b.Picture()
		if before, is := seen[sight]; is {
			return fmt.Errorf("%q looks as %q does", v.State, before)
		}
		seen[sight] = v.State
		if v.Total != 0 && b.Reads != nil && !b.Reads(v.Total.String()) {
			return fmt.Errorf("%q: the sum %s is not to be read whole", v.State, v.Total)
		}
	}
	if c := b.Condition(); c.State != "ok" {
		return fmt.Errorf("condition %+v", c)
	}
	return nil
}

func (b DisplayBench) skips(state string) bool {
	for _, s := range b.Quiet {
		if s == state {
			return true
		}
	}
	return false
}

func noOldCode(b DisplayBench) error {
	if !b.Codes {
		return nil
	}
	codes := []string{firstCode, secondCode}
	if err := b.show(codeView(secondCode)); err != nil {
		return err
	}
	for i, v := range others() {
		want := codes[i%len(codes)]
		if err := b.show(codeView(want)); err != nil {
			return err
		}
		if got := b.Code(); got != want {
			return fmt.Errorf("round %d: read %q, want %q", i, got, want)
		}
		if err := b.show(v); err != nil {
			return err
		}
		if got := b.Code(); got != "" {
			return fmt.Errorf("under %q the code %q can still be paid", v.State, got)
		}
	}
	return nil
}

func refusedCode(b DisplayBench) error {
	if !b.Codes {
		return nil
	}
	for _, text := range []string{b.TooLong, ""} {
		if err := b.show(codeView(firstCode)); err != nil {
			return err
		}
		err := b.show(codeView(text))
		if err == nil && b.Settle == nil {
			return fmt.Errorf("%d characters were taken", len(text))
		}
		if got := b.Code(); got != "" {
			return fmt.Errorf("after a refused code %q can still be paid", got)
		}
		_ = b.Display.Show(others()[0]) // tells what was refused, where it tells later
		if b.Settle != nil {
			b.Settle()
		}
	}
	return nil
}

func deadAndBack(b DisplayBench) error {
	idle := others()[0]
	for round := range displayRounds {
		v := others()[3]
		if err := b.show(v); err != nil {
			return err
		}
		want := b.Picture()
		if err := b.show(idle); err != nil {
			return err
		}
		b.Kill()
		var err error
		for _, v := range []pos.View{v, idle, others()[2]} {
			err = errors.Join(err, b.show(v))
		}
		if err == nil {
			return fmt.Errorf("round %d: nothing was said of a dead display", round)
		}
		c := b.Condition()
		if c.State != "fault" || !strings.Contains(" "+strings.Join(b.Reasons, " ")+" ", " "+c.Code+" ") {
			return fmt.Errorf("round %d: a dead display is %+v, want one of %v", round, c, b.Reasons)
		}
		b.Revive()
		err = b.show(v) // may tell of the time before
		if c := b.Condition(); c.State != "ok" {
			return fmt.Errorf("round %d: back again it is %+v, %w", round, c, err)
		}
		if b.Picture() != want {
			return fmt.Errorf("round %d: back again it does not show what it was told", round)
		}
	}
	return nil
}

func sameSight(b DisplayBench) error {
	list := others()
	first := map[int]string{}
	for round := range displayRounds {
		for i := range list {
			n := (i*(round+1) + round) % len(list)
			if b.skips(list[n].State) {
				continue // what it shows then depends on what was before
			}
			if err := b.show(list[n]); err != nil {
				return err
			}
			sight := b.Picture()
			if was, is := first[n]; is && was != sight {
				return fmt.Errorf("round %d: state %q looks another way than before", round, list[n].State)
			}
			first[n] = sight
		}
	}
	return nil
}

func manyAtOnce(b DisplayBench) error {
	last := others()[3]
	if err := b.show(last); err != nil {
		return err
	}
	want := b.Picture()
	var group sync.WaitGroup
	for range displayRounds {
		group.Go(func() {
			for _, v := range others() {
				_ = b.Display.Show(v)
				_ = b.Condition()
			}
		})
	}
	group.Wait()
	if err := b.show(last); err != nil {
		return err
	}
	if b.Picture() != want {
		return errors.New("after many at once it does not show the last view")
	}
	return nil
}
