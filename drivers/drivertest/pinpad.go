package drivertest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// padPatience bounds what has to happen at a PIN pad.
const padPatience = time.Minute

// padRounds is how often what has to work again and again is done.
const padRounds = 5

// The keys and answers of the suite. The pad under test holds PadTMK; PadF62 brings PIK 2B7E..., MAK 8CA6... in the layout 003.
const (
	PadTMK   = "0123456789ABCDEFFEDCBA9876543210"
	padF62   = "20C3CA6028419ED2CAAF7D5204BCF5F886A5F081EA4B127DABE2158C00000000000000000494F897"
	padPAN   = "6224242900000113"
	padPIN   = "123456"
	padBlock = "5f1a4d2b657b4016" // of padPIN and padPAN, ISO 9564-1 format 0 under that PIK
	padText  = "0200MTI to field 63"
)

// PINPadDevice is what a till needs of a PIN pad.
type PINPadDevice interface {
	pos.PINPad
	LoadKeys(ctx context.Context, f62 []byte, layout string) error
	HasKeys(ctx context.Context) (bool, error)
	MAC(ctx context.Context, algorithm string, data []byte) ([8]byte, error)
	State() pos.Condition
	Check(ctx context.Context, level pos.Level) pos.Condition
	Nudge()
	Close() error
}

// PINPadBench is a PIN pad under test with the hands at its keypad and cable. Every check gets a fresh one with PadTMK and without working keys.
type PINPadBench struct {
	Pad      PINPadDevice
	Enter    func(pin string)                    // for the entry that waits
	Cancel   func()                              // the cancel key
	Bypass   func()                              // OK without a PIN
	Asks     func() (amount int64, waiting bool) // what the pad's display shows
	Unplug   func()                              // pulls the cable
	Plug     func()                              // puts it back
	Tamper   func()                              // every key is gone
	End      func()                              // ends what the bench itself started, after the pad's Close; may be nil
	MAC      func(data []byte) ([8]byte, error)  // the host's MAC over data under the MAK, algorithm ecb
	Patience time.Duration                       // for what has to happen; 0 is a minute
}

// padCheck is one rule; run says how it is broken.
type padCheck struct {
	name string
	run  func(b PINPadBench) error
}

var padChecks = []padCheck{
	{"is well when it is open", checkPadWell},
	{"no working keys before a sign-on", checkPadNoKeys},
	{"known answers", checkPadAnswers},
	{"keys that do not match their check values", checkPadKCV},
	{"shows the amount", checkPadAmount},
	{"entries after each other", checkPadRounds},
	{"the customer cancels", checkPadCancel},
	{"the cashier cancels", checkPadCashier},
	{"the time is over", checkPadTimeout},
	{"a context that ended asks nobody", checkPadEnded},
	{"OK without a PIN", checkPadBypass},
	{"formats and keys that do not fit", checkPadUnfit},
	{"unplugged while it asks", checkPadUnplugged},
	{"unplugged while it rests", checkPadPulled},
	{"its keys are gone", checkPadTamper},
	{"callers take turns", checkPadTurns},
}

// PINPad proves that a PIN pad keeps to the port: it shows the amount and takes the PIN by itself, answers only what is encrypted, ends an entry by each of its ways, says by name what is wrong, goes on after its cable was pulled, and nothing outlives Close.
func PINPad(t *testing.T, newBench func(t testing.TB) PINPadBench) {
	t.Helper()
	for _, c := range padChecks {
		t.Run(c.name, func(t *testing.T) {
			if err := runPad(t, c, newBench); err != nil {
				t.Error(err)
			}
		})
	}
}

// runPad runs one check on a fresh bench and looks for goroutines that stay.
func runPad(t testing.TB, c padCheck, newBench func(testing.TB) PINPadBench) error {
	before := runtime.NumGoroutine()
	b := newBench(t)
	if b.Patience == 0 {
		b.Patience = padPatience
	}
	err := within(2*b.Patience, c.name, func() error { return c.run(b) })
	closed := within(b.Patience, "Close", b.Pad.Close)
	if b.End != nil {
		b.End()
	}
	for end := time.Now().Add(b.Patience); ; time.Sleep(time.Millisecond) {
		n := runtime.NumGoroutine()
		if n <= before {
			return errors.Join(err, closed)
		}
		if time.Now().After(end) {
			return errors.Join(err, closed, fmt.Errorf("%d goroutines before, %d after Close", before, n))
		}
	}
}

// asked is what an entry came to.
type asked struct {
	result pos.PINResult
	err    error
}

// signedOn loads the working keys.
func (b PINPadBench) signedOn() error {
	f62, err := hex.DecodeString(padF62)
	if err != nil {
		return err
	}
	return b.Pad.LoadKeys(context.Background(), f62, "003")
}

func padRequest() pos.PINRequest { return pos.PINRequest{PAN: padPAN, Amount: 1250} }

// ask begins an entry and waits until the pad asks the customer.
func (b PINPadBench) ask(ctx context.Context, r pos.PINRequest) (<-chan asked, error) {
	got := make(chan asked, 1)
	go func() {
		a, err := b.Pad.PINBlock(ctx, r)
		got <- asked{a, err}
	}()
	for end := time.Now().Add(b.Patience); ; time.Sleep(time.Millisecond) {
		if _, ok := b.Asks(); ok {
			return got, nil
		}
		select {
		case a := <-got:
			return nil, fmt.Errorf("nobody was asked: %w", errors.Join(errors.New("an answer"), a.err))
		default:
		}
		if time.Now().After(end) {
			return nil, errors.New("the pad does not ask")
		}
	}
}

// enter has a whole entry give the known block.
func (b PINPadBench) enter() error {
	got, err := b.ask(context.Background(), padRequest())
	if err != nil {
		return err
	}
	b.Enter(padPIN)
	a := <-got
	if a.err != nil || hex.EncodeToString(a.result.Block) != padBlock || a.result.KSN != nil || a.result.Bypassed {
		return fmt.Errorf("block %x, want %s: %w", a.result.Block, padBlock, errors.Join(errors.New("the entry"), a.err))
	}
	return nil
}

// resting waits until the pad asks nobody.
func (b PINPadBench) resting() error {
	return b.until("the pad to ask nobody", func() bool { _, ok := b.Asks(); return !ok })
}

func (b PINPadBench) until(what string, is func() bool) error {
	for end := time.Now().Add(b.Patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("waited in vain for %s", what)
		}
	}
	return nil
}

// refused wants an error of a code, and no block.
func refused(a asked, code string) error {
	if pos.WhyNot(a.err, "") != code || a.result.Block != nil {
		return fmt.Errorf("want %s, have %w", code, errors.Join(fmt.Errorf("a block of %d bytes", len(a.result.Block)), a.err))
	}
	return nil
}
