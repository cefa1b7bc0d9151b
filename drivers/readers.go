package drivers

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"

	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/i2c/i2creg"
	"periph.io/x/conn/v3/spi"
	"periph.io/x/conn/v3/spi/spireg"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
	"tillkeeper/drivers/reader/pcsc"
	"tillkeeper/drivers/reader/pn532"
	"tillkeeper/drivers/sim/card"
)

// openReaders opens every card reader of a list; the first card wins.
func (s *Set) openReaders(_ context.Context, text string) (*unit, error) {
	var all []reader.Reader
	var nudges []func()
	end := func() error {
		var errs []error
		for _, r := range all {
			errs = append(errs, r.Close())
		}
		return errors.Join(errs...)
	}
	u := &unit{}
	var at []address
	for _, one := range each(Reader, text) {
		a, err := parse(Reader, one)
		if err != nil {
			return nil, errors.Join(err, end())
		}
		r, err := s.openReader(a)
		if err != nil {
			return nil, errors.Join(err, end())
		}
		all = append(all, r)
		if n, ok := r.(interface{ Nudge() }); ok {
			nudges = append(nudges, n.Nudge)
		}
		at = append(at, a)
	}
	r := reader.Many(all...)
	u.port, u.close = pos.CardReader(r), end
	u.state = func() pos.Condition {
		if r.State() == "" {
			return pos.Condition{State: "ok"}
		}
		for _, one := range all {
			if c := conditionOf(one); c.Code == r.State() {
				return c
			}
		}
		return pos.Condition{State: "fault", Code: r.State()}
	}
	u.nudge = func() {
		for _, n := range nudges {
			n()
		}
	}
	u.check = func(ctx context.Context, level pos.Level) pos.Condition {
		if level == pos.CheckInteractive {
			return present(ctx, r)
		}
		if len(all) == 1 {
			return why(ctx, at[0].scheme, at[0].path, checked(ctx, all[0]))
		}
		c := u.state()
		if c.State != "fault" {
			return c
		}
		var causes []string
		for i, r := range all {
			one := why(ctx, at[i].scheme, at[i].path, checked(ctx, r))
			causes = append(causes, one.Detail)
		}
		c.Detail = strings.Join(causes, "; ")
		return c
	}
	return u, nil
}

// conditionOf is a reader's own word on itself, with what it knows of the cause.
func conditionOf(r reader.Reader) pos.Condition {
	if own, ok := r.(interface{ Condition() pos.Condition }); ok {
		return own.Condition()
	}
	if code := r.State(); code != "" {
		return pos.Condition{State: "fault", Code: code}
	}
	return pos.Condition{State: "ok"}
}

// checked asks a reader now, where it can be asked.
func checked(ctx context.Context, r reader.Reader) pos.Condition {
	if own, ok := r.(interface {
		Check(ctx context.Context, level pos.Level) pos.Condition
	}); ok {
		return own.Check(ctx, pos.CheckInternal)
	}
	return conditionOf(r)
}

// present waits for any card and says which way it came; nothing is asked of it.
func present(ctx context.Context, r pos.CardReader) pos.Condition {
	session, err := r.Connect(ctx, pos.Purchase{ReadOnly: true})
	if err != nil {
		return fault(err)
	}
	if err := session.Close(); err != nil {
		return fault(err)
	}
	return pos.Condition{State: "ok"}
}

func (s *Set) openReader(a address) (reader.Reader, error) {
	switch a.scheme {
	case "sim":
		return s.simReader()
	case "pcsc":
		return pcsc.Open(pcsc.Opts{Socket: a.query.Get("socket"), Name: a.query.Get("reader"), Terminal: s.terminal}), nil
	case "pn532+serial":
		speed, err := a.baud(readerBaud)
		if err != nil {
			return nil, err
		}
		return pn532.New(pn532.SerialPort(a.path, speed), pn532.Options{Terminal: s.terminal()}), nil
	case "pn532+i2c":
		return pn532.New(pn532.I2C(func() (i2c.BusCloser, error) { return bus(a.path, i2creg.Open) }), pn532.Options{Terminal: s.terminal()}), nil
	case "pn532+spi":
		return pn532.New(pn532.SPI(func() (spi.PortCloser, error) { return bus(a.path, spireg.Open) }), pn532.Options{Terminal: s.terminal()}), nil
	}
	return nil, unknown(Reader, a.scheme+":", examples[Reader])
}

func (s *Set) simReader() (reader.Reader, error) {
	text := s.c.Deck
	if len(text) == 0 {
		text = []byte("[]") // a reader to which no card comes
	}
	deck, err := card.LoadDeck(bytes.NewReader(text))
	if err != nil {
		return nil, &pos.Error{Code: "bad_deck", Message: "the deck of the simulated reader", Remedy: "correct the file that import.deck names", Err: err}
	}
	r := card.NewReader(deck)
	pins := map[string]string{}
	for _, c := range deck {
		pins[c.Name] = c.PIN
	}
	s.Bench.put(func(h *hands) { h.reader, h.pins = r, pins })
	return simReader{r, s.Bench}, nil
}

// simReader leaves the bench when it is closed.
type simReader struct {
	*card.Reader
	bench *Bench
}

func (r simReader) Close() error {
	r.bench.put(func(h *hands) { h.reader, h.pins = nil, nil })
	return r.Reader.Close()
}

// terminal is what a card is told of this till: the built-in profile. It trusts
// the simulated scheme only where keys are for demonstration, and always what
// the acquirer's file of keys says.
func (s *Set) terminal() emv.Terminal {
	t := emv.DefaultTerminal()
	t.Store = s.authorities
	return t
}

// openAuthorities loads the CA keys of this till. A file that is damaged is an
// error at the start: without its keys cards could not be told from forgeries.
func (s *Set) openAuthorities(_ context.Context, c Config) error {
	var known []emv.CAKey
	if c.KeyStore == "demo" {
		known = append(known, card.Authority())
	}
	s.authorities = &emv.KeyStore{}
	table, err := emv.NewCATable(known...)
	if err != nil {
		return err
	}
	if c.Authorities != "" {
		f, err := os.Open(c.Authorities)
		if err != nil {
			return &pos.Error{Code: "bad_config", Message: "terminal.ca", Remedy: "name the file of CA keys that the acquirer sent", Err: err}
		}
		defer f.Close()
		if table, err = emv.LoadCA(f); err == nil {
			table, err = table.With(known...)
		}
		if err != nil {
			return &pos.Error{Code: "bad_config", Message: c.Authorities, Remedy: "fetch the file of CA keys from the acquirer again", Err: err}
		}
	}
	s.authorities.Replace(table)
	return nil
}
