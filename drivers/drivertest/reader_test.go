package drivertest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/sim/card"
)

// simulated is a bench of the simulated reader.
func simulated(t testing.TB, deck []card.Card) ReaderBench {
	r := card.NewReader(deck)
	return ReaderBench{
		Reader: r, Remove: r.Remove, Entries: []string{reader.Contactless, reader.Chip, reader.Swipe},
		Put: func(c card.Card) {
			if err := r.Present(c.Name); err != nil {
				t.Error(err)
			}
		},
	}
}

func TestSimulatedReader(t *testing.T) { Reader(t, simulated) }

// bent is a reader with a fault.
type bent struct {
	reader.Reader
	connect func(ctx context.Context, p reader.Purchase) (reader.Session, error)
	close   func() error
	state   func() string
	session func(s reader.Session) reader.Session
}

func (b bent) Connect(ctx context.Context, p reader.Purchase) (reader.Session, error) {
	if b.connect != nil {
		return b.connect(ctx, p)
	}
	s, err := b.Reader.Connect(ctx, p)
	if err == nil && b.session != nil {
		s = b.session(s)
	}
	return s, err
}

func (b bent) Close() error {
	if b.close != nil {
		return b.close()
	}
	return b.Reader.Close()
}

func (b bent) State() string {
	if b.state != nil {
		return b.state()
	}
	return b.Reader.State()
}

// crooked is a session with a fault.
type crooked struct {
	reader.Session
	read   func(ctx context.Context, p reader.Purchase) (reader.Read, error)
	finish func(ctx context.Context, a reader.Answer) (reader.Final, error)
	close  func() error
}

func (c crooked) Read(ctx context.Context, p reader.Purchase) (reader.Read, error) {
	if c.read != nil {
		return c.read(ctx, p)
	}
	return c.Session.Read(ctx, p)
}

func (c crooked) Finish(ctx context.Context, a reader.Answer) (reader.Final, error) {
	if c.finish != nil {
		return c.finish(ctx, a)
	}
	return c.Session.Finish(ctx, a)
}

func (c crooked) Close() error {
	if c.close != nil {
		return c.close()
	}
	return c.Session.Close()
}

var errPlanted = errors.New("planted")

func session(f func(s reader.Session, c *crooked)) func(*card.Reader, *bent) {
	return func(_ *card.Reader, b *bent) {
		b.session = func(s reader.Session) reader.Session {
			c := crooked{Session: s}
			f(s, &c)
			return c
		}
	}
}

// planted are faults, each with the rule that must catch it.
var planted = []struct {
	caught string
	bend   func(r *card.Reader, b *bent)
}{
	{"is well when it is open", func(_ *card.Reader, b *bent) { b.state = func() string { return "offline" } }},
	{"a closed reader", func(_ *card.Reader, b *bent) { b.state = func() string { return "" } }},
	{"waits for a card", func(r *card.Reader, b *bent) {
		b.connect = func(ctx context.Context, p reader.Purchase) (reader.Session, error) { return nil, reader.ErrCancelled }
	}},
	{"takes a card that is there already", func(r *card.Reader, b *bent) { // sees changes only
		b.connect = func(ctx context.Context, p reader.Purchase) (reader.Session, error) {
			r.Remove()
			return r.Connect(ctx, p)
		}
	}},
	{"the end of the context ends the wait", func(r *card.Reader, b *bent) {
		b.connect = func(ctx context.Context, p reader.Purchase) (reader.Session, error) {
			return r.Connect(context.WithoutCancel(ctx), p)
		}
	}},
	{"a context that ended takes nothing", func(r *card.Reader, b *bent) {
		b.connect = func(ctx context.Context, p reader.Purchase) (reader.Session, error) {
			if ctx.Err() != nil {
				r.Remove() // takes it and drops it
			}
			return r.Connect(ctx, p)
		}
	}},
	{"a payment from end to end", session(func(s reader.Session, c *crooked) {
		c.finish = func(ctx context.Context, a reader.Answer) (reader.Final, error) {
			a.Unreachable = true
			return s.Finish(ctx, a)
		}
	})},
	{"the card's number only", session(func(s reader.Session, c *crooked) {
		c.read = func(ctx context.Context, p reader.Purchase) (reader.Read, error) {
			p.ReadOnly = false
			return s.Read(ctx, p)
		}
	})},
	{"payments after each other", func(r *card.Reader, b *bent) {
		n := 0
		b.connect = func(ctx context.Context, p reader.Purchase) (reader.Session, error) {
			if n++; n == readerRounds {
				return nil, errPlanted
			}
			return r.Connect(ctx, p)
		}
	}},
	{"a torn card", session(func(s reader.Session, c *crooked) {
		c.finish = func(ctx context.Context, a reader.Answer) (reader.Final, error) {
			f, err := s.Finish(ctx, a)
			if errors.Is(err, reader.ErrCardRemoved) {
				err = reader.ErrCardUnreadable
			}
			return f, err
		}
	})},
	{"a damaged card", session(func(s reader.Session, c *crooked) {
		c.read = func(ctx context.Context, p reader.Purchase) (reader.Read, error) {
			r, err := s.Read(ctx, p)
			if errors.Is(err, reader.ErrCardUnreadable) {
				err = reader.ErrCardRemoved
			}
			return r, err
		}
	})},
	{"removed before it was read", session(func(s reader.Session, c *crooked) {
		c.read = func(ctx context.Context, p reader.Purchase) (reader.Read, error) {
			r, err := s.Read(ctx, p)
			if errors.Is(err, reader.ErrCardRemoved) {
				err = errPlanted
			}
			return r, err
		}
	})},
	{"removed after it was read", session(func(s reader.Session, c *crooked) {
		c.finish = func(ctx context.Context, a reader.Answer) (reader.Final, error) {
			f, err := s.Finish(ctx, a)
			if errors.Is(err, reader.ErrCardRemoved) {
				err = nil
			}
			return f, err
		}
	})},
	{"removed at any moment", session(func(s reader.Session, c *crooked) {
		c.close = func() error { return errors.Join(s.Close(), errPlanted) }
	})},
	{"the end of the context in a dialogue", session(func(s reader.Session, c *crooked) {
		c.read = func(ctx context.Context, p reader.Purchase) (reader.Read, error) {
			return s.Read(context.WithoutCancel(ctx), p)
		}
	})},
	{"a closed session", session(func(s reader.Session, c *crooked) {
		n := 0
		c.close = func() error {
			if n++; n > 1 {
				return errPlanted
			}
			return s.Close()
		}
	})},
	{"the end of the reader ends the wait", func(r *card.Reader, b *bent) {
		b.close = func() error { return nil }
	}},
	{"the end of the reader in a dialogue", func(r *card.Reader, b *bent) {
		b.close = func() error { return nil }
	}},
}

// TestReaderSuiteBites runs the suite over readers with a planted fault each: the rule that is broken must see it.
func TestReaderSuiteBites(t *testing.T) {
	for _, p := range planted {
		t.Run(p.caught, func(t *testing.T) {
			i := -1
			for j, c := range readerChecks {
				if c.name == p.caught {
					i = j
				}
			}
			if i < 0 {
				t.Fatal("no such rule")
			}
			var real *card.Reader
			err := runReader(t, readerChecks[i], func(t testing.TB, deck []card.Card) ReaderBench {
				b := simulated(t, deck)
				real, _ = b.Reader.(*card.Reader)
				twin := bent{Reader: real}
				p.bend(real, &twin)
				b.Reader, b.Patience = twin, 300*time.Millisecond
				return b
			})
			if err == nil {
				t.Error("the fault was not seen")
			}
			if err := real.Close(); err != nil { // lets go whom the twin left waiting
				t.Error(err)
			}
		})
	}
}

// sharing gives one card to all who wait.
type sharing struct{ *card.Reader }

func (s sharing) Connect(ctx context.Context, p reader.Purchase) (reader.Session, error) {
	got, err := s.Reader.Connect(ctx, p)
	if err == nil {
		err = s.Present(readerCard(reader.Contactless, "good").Name) // it stays there
	}
	return got, err
}

// sticky sees a card that was removed.
type sticky struct{ *card.Reader }

// numbered tells every card the same serial number.
type numbered struct{ *card.Reader }

func (numbered) UID(ctx context.Context) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, reader.ErrCancelled
	}
	return card.UID(readerCard(reader.Contactless, "good")), nil
}

// greedy takes the card away with the first who gives up.
type greedy struct{ *card.Reader }

func (g greedy) Connect(ctx context.Context, p reader.Purchase) (reader.Session, error) {
	s, err := g.Reader.Connect(ctx, p)
	if err == nil && ctx.Done() == nil {
		return nil, errors.Join(errPlanted, s.Close())
	}
	return s, err
}

// leaking leaves somebody behind for every Connect.
type leaking struct {
	*card.Reader
	forever chan struct{}
}

func (l leaking) Connect(ctx context.Context, p reader.Purchase) (reader.Session, error) {
	go func() { <-l.forever }()
	return l.Reader.Connect(ctx, p)
}

// TestReaderSuiteBitesDeeper: a card for two, a goroutine that stays, and a card that is still there when it was removed.
func TestReaderSuiteBitesDeeper(t *testing.T) {
	forever := make(chan struct{})
	defer close(forever)
	for name, test := range map[string]struct {
		wrap func(r *card.Reader) reader.Reader
		says string
	}{
		"a removed card is no longer there":             {func(r *card.Reader) reader.Reader { return sticky{r} }, "without a card"},
		"serial number of a contactless card":           {func(r *card.Reader) reader.Reader { return numbered{r} }, "serial number"},
		"one who gives up leaves the card to the other": {func(r *card.Reader) reader.Reader { return greedy{r} }, "the other one"},
		"one card for two who wait":                     {func(r *card.Reader) reader.Reader { return sharing{r} }, "two sessions"},
		"a card left in the reader":                     {func(r *card.Reader) reader.Reader { return sharing{r} }, "pays again"},
		"a payment from end to end":                     {func(r *card.Reader) reader.Reader { return leaking{r, forever} }, "goroutines"},
		"a context that ended takes nothing":            {func(r *card.Reader) reader.Reader { return leaking{r, forever} }, "goroutines"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range readerChecks {
				if c.name != name {
					continue
				}
				err := runReader(t, c, func(t testing.TB, deck []card.Card) ReaderBench {
					b := simulated(t, deck)
					real, _ := b.Reader.(*card.Reader)
					b.Reader, b.Patience, b.Grace = test.wrap(real), time.Second, time.Second // time enough to see it
					if name == "serial number of a contactless card" {
						b.UID = card.UID
					}
					if _, ok := b.Reader.(sticky); ok {
						b.Remove = func() {}
					}
					t.Cleanup(func() { real.Close() })
					return b
				})
				if err == nil || !strings.Contains(err.Error(), test.says) {
					t.Errorf("%v does not say %q", err, test.says)
				}
				return
			}
			t.Fatal("no such rule")
		})
	}
}
