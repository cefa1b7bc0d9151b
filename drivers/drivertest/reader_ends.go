package drivertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tillkeeper/drivers/reader"
)

// checkLying: a card that stays in the reader pays once; a new Connect may take it where the reader says so, and none does
// while the first session has it.
func checkLying(b ReaderBench) error {
	return chips(b, func(entry string) error {
		c := readerCard(entry, "good")
		s, err := open(b, c)
		if err != nil {
			return err
		}
		if err := pay(b, s, c); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(context.Background(), b.Patience)
		defer cancel()
		if !b.Lying {
			ctx, cancel = context.WithTimeout(context.Background(), b.Grace)
			defer cancel()
		}
		s, err = b.Reader.Connect(ctx, ReaderPurchase())
		switch {
		case b.Lying && err != nil:
			return fmt.Errorf("the card that lies there: %w", err)
		case b.Lying:
			return pay(b, s, c)
		case err == nil:
			return errors.Join(errors.New("a card that lies there pays again"), s.Close())
		}
		return want("connect", err, reader.ErrCancelled)
	})
}

func checkTwo(b ReaderBench) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	first, err := waiting(ctx, b)
	if err != nil {
		return err
	}
	second, err := waiting(ctx, b)
	if err != nil {
		return err
	}
	c := readerCard(b.Entries[0], "good")
	b.Put(c)
	var r connected
	select {
	case r = <-first:
		first, second = second, nil
	case r = <-second:
	case <-time.After(b.Patience):
		return errors.New("nobody has the card")
	}
	if r.err != nil {
		return r.err
	}
	select {
	case other := <-first:
		if other.err == nil {
			return errors.Join(errors.New("two sessions with one card"), r.session.Close(), other.session.Close())
		}
		return errors.Join(fmt.Errorf("the other one does not wait: %w", other.err), r.session.Close())
	case <-time.After(b.Grace):
	}
	cancel()
	other, err := outcome(b, first)
	if err = errors.Join(err, want("the other connect", other.err, reader.ErrCancelled)); err != nil {
		return errors.Join(err, r.session.Close())
	}
	return pay(b, r.session, c)
}

func checkGivesUp(b ReaderBench) error {
	c := readerCard(b.Entries[0], "good")
	for i := range readerRounds {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		first, err := waiting(ctx, b)
		if err != nil {
			return err
		}
		second, err := waiting(context.Background(), b)
		if err != nil {
			return err
		}
		b.Put(c)
		time.Sleep(time.Duration(i) * 150 * time.Millisecond) // somewhere in what a reader takes to see a card
		cancel()
		r, err := outcome(b, first)
		switch {
		case err != nil:
			return err
		case r.err != nil && !errors.Is(r.err, reader.ErrCancelled):
			return fmt.Errorf("the one who gave up: %w", r.err)
		case r.err == nil: // it was too late
			if err := r.session.Close(); err != nil {
				return err
			}
			if !b.Lying {
				b.Put(c)
			}
		}
		if r, err = outcome(b, second); err != nil || r.err != nil {
			return fmt.Errorf("the other one: %w", errors.Join(err, r.err))
		}
		if err := pay(b, r.session, c); err != nil {
			return err
		}
		b.Remove()
	}
	return nil
}

func checkCloseWaiting(b ReaderBench) error {
	var all []chan connected
	for range 3 {
		got, err := waiting(context.Background(), b)
		if err != nil {
			return err
		}
		all = append(all, got)
	}
	if err := within(b.Patience, "Close", b.Reader.Close); err != nil {
		return err
	}
	for _, got := range all {
		r, err := outcome(b, got)
		if err = errors.Join(err, want("connect", r.err, reader.ErrCancelled)); err != nil {
			return err
		}
	}
	return nil
}

func checkCloseDialogue(b ReaderBench) error {
	i := slices.IndexFunc(b.Entries, func(e string) bool { return e != reader.Swipe })
	s, err := open(b, readerCard(b.Entries[i], "good"))
	if err != nil {
		return err
	}
	if err := within(b.Patience, "Close", b.Reader.Close); err != nil {
		return err
	}
	return within(b.Patience, "a dialogue after Close", func() error {
		if _, err := s.Read(context.Background(), ReaderPurchase()); err == nil {
			return errors.New("read after the reader's Close")
		}
		return s.Close()
	})
}

func checkClosed(b ReaderBench) error {
	for range 2 {
		if err := within(b.Patience, "Close", b.Reader.Close); err != nil {
			return err
		}
	}
	if b.Reader.State() == "" {
		return errors.New("a closed reader says that it is well")
	}
	_, err := b.Reader.Connect(context.Background(), ReaderPurchase())
	return want("connect", err, reader.ErrCancelled)
}

func checkUID(b ReaderBench) error {
	r, ok := b.Reader.(reader.UIDReader)
	if ok != (b.UID != nil) {
		return fmt.Errorf("the reader tells serial numbers: %v, the bench knows them: %v", ok, b.UID != nil)
	}
	if !ok {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.UID(ctx); !errors.Is(err, reader.ErrCancelled) {
		return want("serial number", err, reader.ErrCancelled)
	}
	ctx, cancel = context.WithTimeout(context.Background(), b.Patience)
	defer cancel()
	for _, state := range []string{"good", "second"} {
		c := readerCard(reader.Contactless, state)
		b.Put(c)
		uid, err := r.UID(ctx)
		if err != nil {
			return err
		}
		if !bytes.Equal(uid, b.UID(c)) {
			return fmt.Errorf("another serial number than that of %q", c.Name)
		}
		b.Remove()
	}
	return nil
}
