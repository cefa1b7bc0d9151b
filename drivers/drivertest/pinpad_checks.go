package drivertest

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"tillkeeper/app/pos"
)

func checkPadWell(b PINPadBench) error {
	for _, level := range []pos.Level{pos.CheckInternal, pos.CheckExternal, pos.CheckInteractive} {
		if c := b.Pad.Check(context.Background(), level); c.Name != "pinpad" || c.State != "ok" || c.Code != "" {
			return fmt.Errorf("%s check: %+v", level, c)
		}
	}
	if c := b.Pad.State(); c.State != "ok" || c.Name != "pinpad" {
		return fmt.Errorf("%+v", c)
	}
	return nil
}

func checkPadNoKeys(b PINPadBench) error {
	has, err := b.Pad.HasKeys(context.Background())
	if err != nil || has {
		return fmt.Errorf("keys %v, %w", has, err)
	}
	if _, err := b.Pad.MAC(context.Background(), "ecb", nil); !errors.Is(err, pos.ErrNoKeys) {
		return fmt.Errorf("a MAC: %w", err)
	}
	if _, err := b.Pad.PINBlock(context.Background(), padRequest()); !errors.Is(err, pos.ErrNoKeys) {
		return fmt.Errorf("a PIN: %w", err)
	}
	return b.signedOn()
}

func checkPadAnswers(b PINPadBench) error {
	if err := b.signedOn(); err != nil {
		return err
	}
	if has, err := b.Pad.HasKeys(context.Background()); err != nil || !has {
		return fmt.Errorf("keys %v, %w", has, err)
	}
	for _, n := range []int{0, 1, 8, 300, 1000} {
		data := make([]byte, n)
		copy(data, padText)
		want, err := b.MAC(data)
		if err != nil {
			return err
		}
		if got, err := b.Pad.MAC(context.Background(), "ecb", data); err != nil || got != want {
			return fmt.Errorf("MAC over %d bytes: %x, want %x, %w", n, got, want, err)
		}
	}
	return b.enter()
}

func checkPadKCV(b PINPadBench) error {
	if err := b.signedOn(); err != nil {
		return err
	}
	f62, err := hex.DecodeString(padF62)
	if err != nil {
		return err
	}
	f62[3] ^= 1
	if err := b.Pad.LoadKeys(context.Background(), f62, "003"); pos.WhyNot(err, "") != "kcv_mismatch" {
		return fmt.Errorf("spoiled keys: %w", errors.Join(errors.New("taken"), err))
	}
	if _, err := b.Pad.MAC(context.Background(), "ecb", nil); !errors.Is(err, pos.ErrNoKeys) {
		return fmt.Errorf("trading goes on: %w", err)
	}
	return nil
}

func checkPadAmount(b PINPadBench) error {
	if err := b.signedOn(); err != nil {
		return err
	}
	for _, amount := range []pos.Amount{1, 1250, 999_999_999_999} {
		r := padRequest()
		r.Amount = amount
		got, err := b.ask(context.Background(), r)
		if err != nil {
			return err
		}
		shown, _ := b.Asks()
		state := b.Pad.State().State
		b.Enter(padPIN)
		if a := <-got; a.err != nil {
			return a.err
		}
		if shown != int64(amount) || state != "busy" || b.Pad.State().State != "ok" {
			return fmt.Errorf("shows %d, want %d; %s, then %s", shown, amount, state, b.Pad.State().State)
		}
	}
	return nil
}

func checkPadRounds(b PINPadBench) error {
	if err := b.signedOn(); err != nil {
		return err
	}
	for range padRounds {
		if err := b.enter(); err != nil {
			return err
		}
		if err := b.resting(); err != nil {
			return err
		}
	}
	return nil
}

func checkPadCancel(b PINPadBench) error {
	if err := b.signedOn(); err != nil {
		return err
	}
	got, err := b.ask(context.Background(), padRequest())
	if err != nil {
		return err
	}
	b.Cancel()
	if err := refused(<-got, "pin_cancelled"); err != nil {
		return err
	}
	return b.enter()
}

func checkPadCashier(b PINPadBench) error {
	if err := b.signedOn(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	got, err := b.ask(ctx, padRequest())
	if err != nil {
		return err
	}
	cancel()
	if err := refused(<-got, "pin_cancelled"); err != nil {
		return err
	}
	if err := b.resting(); err != nil {
		return err
	}
	return b.enter()
}

func checkPadTimeout(b PINPadBench) error {
	if err := b.signedOn(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*readerGrace)
	defer cancel()
	got, err := b.ask(ctx, padRequest())
	if err != nil {
		return err
	}
	if err := refused(<-got, "pin_timeout"); err != nil {
		return err
	}
	if err := b.resting(); err != nil {
		return err
	}
	return b.enter()
}

func checkPadEnded(b PINPadBench) error {
	if err := b.signedOn(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r, err := b.Pad.PINBlock(ctx, padRequest())
	if err := refused(asked{r, err}, "pin_cancelled"); err != nil {
		return err
	}
	if _, ok := b.Asks(); ok {
		return errors.New("the customer was asked")
	}
	return b.enter()
}

func checkPadBypass(b PINPadBench) error {
	if err := b.signedOn(); err != nil {
		return err
	}
	r := padRequest()
	r.Bypass = true
	got, err := b.ask(context.Background(), r)
	if err != nil {
		return err
	}
	b.Bypass()
	if a := <-got; a.err != nil || !a.result.Bypassed || len(a.result.Block) != 0 {
		return fmt.Errorf("where it is allowed: passed by %v, %d bytes, %w", a.result.Bypassed, len(a.result.Block), a.err)
	}
	if got, err = b.ask(context.Background(), padRequest()); err != nil {
		return err
	}
	b.Bypass()
	if err := refused(<-got, "pin_cancelled"); err != nil {
		return fmt.Errorf("where it is not allowed: %w", err)
	}
	return b.enter()
}

func checkPadUnfit(b PINPadBench) error {
	if err := b.signedOn(); err != nil {
		return err
	}
	for _, r := range []pos.PINRequest{
		{PAN: padPAN, Format: 1},
		{PAN: padPAN, Format: 4},
		{PAN: padPAN, Keys: "none"},
		{PAN: "12"},
		{PAN: ""},
	} {
		if a, err := b.Pad.PINBlock(context.Background(), r); err == nil || a.Block != nil {
			return fmt.Errorf("%+v was taken", r)
		}
		if _, ok := b.Asks(); ok {
			return errors.New("the customer was asked")
		}
	}
	for _, keys := range []string{pos.PINDUKPTTDES, pos.PINDUKPTAES} {
		if _, err := b.Pad.PINBlock(context.Background(), pos.PINRequest{PAN: padPAN, Keys: keys}); !errors.Is(err, pos.ErrNoKeys) {
			return fmt.Errorf("%s without a device: %w", keys, err)
		}
	}
	return b.enter()
}

func checkPadUnplugged(b PINPadBench) error {
	if err := b.signedOn(); err != nil {
		return err
	}
	for range 3 {
		got, err := b.ask(context.Background(), padRequest())
		if err != nil {
			return err
		}
		b.Unplug()
		if err := refused(<-got, "unplugged"); err != nil {
			return err
		}
		if c := b.Pad.State(); c.State != "fault" || c.Code != "unplugged" {
			return fmt.Errorf("%+v", c)
		}
		if why := pos.WhyNot(macError(b), ""); why != "unplugged" && why != "offline" { // nothing answers at an address
			return fmt.Errorf("a MAC without a cable: %q", why)
		}
		if err := b.resting(); err != nil { // the pad's end of what was asked
			return err
		}
		b.Plug()
		if c := b.Pad.Check(context.Background(), pos.CheckInternal); c.State != "ok" {
			return fmt.Errorf("back again: %+v", c)
		}
		if err := b.enter(); err != nil {
			return fmt.Errorf("the payment after it: %w", err)
		}
	}
	return nil
}

func macError(b PINPadBench) error {
	_, err := b.Pad.MAC(context.Background(), "ecb", nil)
	return err
}

// watched are the conditions that a pad tells of by itself.
type watcher interface {
	Watch(changed func(pos.Condition))
}

func checkPadPulled(b PINPadBench) error {
	w, ok := b.Pad.(watcher)
	if !ok {
		return errors.New("nobody watches it")
	}
	told := make(chan pos.Condition, 64)
	w.Watch(func(c pos.Condition) { told <- c })
	if err := b.signedOn(); err != nil {
		return err
	}
	for range 2 {
		b.Unplug()
		if err := b.hears(told, "fault"); err != nil {
			return err
		}
		b.Plug()
		b.Pad.Nudge()
		if err := b.hears(told, "ok"); err != nil {
			return err
		}
	}
	return b.enter()
}

func (b PINPadBench) hears(told <-chan pos.Condition, state string) error {
	t := time.NewTimer(b.Patience)
	defer t.Stop()
	for {
		select {
		case c := <-told:
			if c.State == state {
				return nil
			}
		case <-t.C:
			return fmt.Errorf("nobody told of %s", state)
		}
	}
}

func checkPadTamper(b PINPadBench) error {
	if err := b.signedOn(); err != nil {
		return err
	}
	b.Tamper()
	if err := macError(b); !errors.Is(err, pos.ErrNoKeys) {
		return fmt.Errorf("a MAC: %w", err)
	}
	if c := b.Pad.Check(context.Background(), pos.CheckInternal); c.State != "fault" || c.Code != "no_tmk" {
		return fmt.Errorf("%+v", c)
	}
	if err := b.signedOn(); pos.WhyNot(err, "") != "no_tmk" {
		return fmt.Errorf("a sign-on: %w", err)
	}
	if c := b.Pad.State(); c.Code != "no_tmk" {
		return fmt.Errorf("%+v", c)
	}
	return nil
}

func checkPadTurns(b PINPadBench) error {
	if err := b.signedOn(); err != nil {
		return err
	}
	var all sync.WaitGroup
	errs := make(chan error, padRounds)
	for i := range padRounds {
		all.Go(func() {
			for j := range padRounds {
				data := []byte{byte(i), byte(j)}
				want, err := b.MAC(data)
				got, bad := b.Pad.MAC(context.Background(), "ecb", data)
				if err != nil || bad != nil || got != want {
					errs <- fmt.Errorf("%x, want %x: %w", got, want, errors.Join(err, bad))
					return
				}
			}
		})
	}
	all.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}
