package drivertest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/sim/card"
)

func checkWell(b ReaderBench) error {
	return within(b.Patience, "becoming well", func() error {
		for end := time.Now().Add(b.Patience); b.Reader.State() != ""; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				return fmt.Errorf("an open reader says %q", b.Reader.State())
			}
		}
		return nil
	})
}

func checkWaits(b ReaderBench) error {
	return each(b, func(entry string) error {
		got, err := waiting(context.Background(), b)
		if err != nil {
			return err
		}
		c := readerCard(entry, "good")
		b.Put(c)
		r, err := outcome(b, got)
		if err = errors.Join(err, r.err); err != nil {
			return err
		}
		return pay(b, r.session, c)
	})
}

func checkThere(b ReaderBench) error {
	return each(b, func(entry string) error {
		c := readerCard(entry, "good")
		s, err := open(b, c)
		if err != nil {
			return err
		}
		return pay(b, s, c)
	})
}

func checkCancel(b ReaderBench) error {
	ctx, cancel := context.WithCancel(context.Background())
	got, err := waiting(ctx, b)
	cancel()
	if err != nil {
		return err
	}
	r, err := outcome(b, got)
	return errors.Join(err, want("connect", r.err, reader.ErrCancelled), want("connect", r.err, context.Canceled))
}

func checkCancelled(b ReaderBench) error {
	c := readerCard(b.Entries[0], "good")
	b.Put(c)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s, err := b.Reader.Connect(ctx, ReaderPurchase())
	if err == nil {
		return errors.Join(errors.New("a session for nobody"), s.Close())
	}
	if err := want("connect", err, reader.ErrCancelled); err != nil {
		return err
	}
	ctx, cancel = context.WithTimeout(context.Background(), b.Patience)
	defer cancel()
	if s, err = b.Reader.Connect(ctx, ReaderPurchase()); err != nil {
		return fmt.Errorf("the card that nobody took: %w", err)
	}
	return pay(b, s, c)
}

func checkPayment(b ReaderBench) error {
	return each(b, func(entry string) error {
		c := readerCard(entry, "second")
		s, err := open(b, c)
		if err != nil {
			return err
		}
		return pay(b, s, c)
	})
}

func checkReadOnly(b ReaderBench) error {
	return each(b, func(entry string) error {
		c := readerCard(entry, "good")
		s, err := open(b, c)
		if err != nil {
			return err
		}
		p := ReaderPurchase()
		p.ReadOnly = true
		got, err := s.Read(context.Background(), p)
		if err == nil && (got.PAN != c.PAN || len(got.F55) != 0) {
			err = fmt.Errorf("its own number: %v, field 55 of %d bytes", got.PAN == c.PAN, len(got.F55))
		}
		return errors.Join(err, s.Close())
	})
}

func checkRounds(b ReaderBench) error {
	return each(b, func(entry string) error {
		for i := range readerRounds {
			c := readerCard(entry, []string{"good", "second"}[i%2])
			s, err := open(b, c)
			if err == nil {
				err = pay(b, s, c)
			}
			if err != nil {
				return fmt.Errorf("payment %d: %w", i+1, err)
			}
			b.Remove()
		}
		return nil
	})
}

// checkTorn: the card goes away before its second cryptogram, and the reader is good for the next one.
func checkTorn(b ReaderBench) error {
	return chips(b, func(entry string) error {
		s, err := open(b, readerCard(entry, card.Torn))
		if err != nil {
			return err
		}
		if _, err := s.Read(context.Background(), ReaderPurchase()); err != nil {
			return errors.Join(err, s.Close())
		}
		_, err = s.Finish(context.Background(), reader.Answer{Approved: true, Code: "00"})
		if err := errors.Join(want("finish", err, reader.ErrCardRemoved), s.Close()); err != nil {
			return err
		}
		b.Remove()
		c := readerCard(entry, "good")
		if s, err = open(b, c); err != nil {
			return err
		}
		return pay(b, s, c)
	})
}

func checkDamaged(b ReaderBench) error {
	return each(b, func(entry string) error {
		s, err := open(b, readerCard(entry, card.Damaged))
		if err != nil {
			return want("connect", err, reader.ErrCardUnreadable) // a reader may find it out that early
		}
		_, err = s.Read(context.Background(), ReaderPurchase())
		return errors.Join(want("read", err, reader.ErrCardUnreadable), s.Close())
	})
}

func checkRemovedEarly(b ReaderBench) error {
	return chips(b, func(entry string) error {
		s, err := open(b, readerCard(entry, "good"))
		if err != nil {
			return err
		}
		b.Remove()
		_, err = s.Read(context.Background(), ReaderPurchase())
		return errors.Join(want("read", err, reader.ErrCardRemoved), s.Close())
	})
}

func checkRemovedLate(b ReaderBench) error {
	return chips(b, func(entry string) error {
		s, err := open(b, readerCard(entry, "good"))
		if err != nil {
			return err
		}
		if _, err := s.Read(context.Background(), ReaderPurchase()); err != nil {
			return errors.Join(err, s.Close())
		}
		b.Remove()
		_, err = s.Finish(context.Background(), reader.Answer{Approved: true, Code: "00"})
		return errors.Join(want("finish", err, reader.ErrCardRemoved), s.Close())
	})
}

// checkRemovedRace: whenever the hand takes the card away, the dialogue ends well or says that the card was removed.
func checkRemovedRace(b ReaderBench) error {
	return chips(b, func(entry string) error {
		for i := range readerRounds {
			s, err := open(b, readerCard(entry, "good"))
			if err != nil {
				return fmt.Errorf("round %d: %w", i+1, err)
			}
			read := make(chan error, 1)
			go func() {
				_, err := s.Read(context.Background(), ReaderPurchase())
				read <- err
			}()
			time.Sleep(time.Duration(i) * time.Millisecond)
			b.Remove()
			err = within(b.Patience, "Read", func() error { return <-read })
			if err != nil && !errors.Is(err, reader.ErrCardRemoved) {
				return errors.Join(fmt.Errorf("round %d: %w", i+1, err), s.Close())
			}
			if err := within(b.Patience, "Close of the session", s.Close); err != nil {
				return fmt.Errorf("round %d: close: %w", i+1, err)
			}
		}
		return nil
	})
}

func checkRemovedGone(b ReaderBench) error {
	return each(b, func(entry string) error {
		b.Put(readerCard(entry, "good"))
		b.Remove()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		got, err := waiting(ctx, b)
		if err != nil {
			return err
		}
		c := readerCard(entry, "second")
		b.Put(c)
		r, err := outcome(b, got)
		if err = errors.Join(err, r.err); err != nil {
			return err
		}
		return pay(b, r.session, c)
	})
}

func checkDialogueCancel(b ReaderBench) error {
	return each(b, func(entry string) error {
		s, err := open(b, readerCard(entry, "good"))
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = s.Read(ctx, ReaderPurchase())
		return errors.Join(want("read", err, reader.ErrCancelled), s.Close())
	})
}

func checkClosedSession(b ReaderBench) error {
	return each(b, func(entry string) error {
		s, err := open(b, readerCard(entry, "good"))
		if err != nil {
			return err
		}
		for range 2 {
			if err := s.Close(); err != nil {
				return fmt.Errorf("close: %w", err)
			}
		}
		if _, err := s.Read(context.Background(), ReaderPurchase()); err == nil {
			return errors.New("read after Close")
		}
		if _, err := s.Finish(context.Background(), reader.Answer{}); err == nil {
			return errors.New("finished after Close")
		}
		return nil
	})
}
