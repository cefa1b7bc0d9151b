package drivers

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"

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

// placed is a card reader and where it is.
type placed struct {
	reader.Reader
	at address
}

// openReaders opens every card reader of a list; the first card wins.
func (s *Set) openReaders(_ context.Context, text string) (*unit, error) {
	var all []placed
	var bare []reader.Reader
	end := func() error {
		var closing sync.WaitGroup
		errs := make([]error, len(all))
		for i, r := range all {
			closing.Go(func() { errs[i] = r.Close() })
		}
		closing.Wait()
		return errors.Join(errs...)
	}
	for _, one := range each(Reader, text) {
		a, err := parse(Reader, one)
		if err != nil {
			return nil, errors.Join(err, end())
		}
		a.way = s.trail(a)
		r, err := s.openReader(a)
		if err != nil {
			return nil, errors.Join(err, end())
		}
		all, bare = append(all, placed{r, a}), append(bare, r)
	}
	r := reader.Many(bare...)
	u := &unit{port: pos.CardReader(r), close: end}
	for _, one := range all {
		u.at = append(u.at, one.at)
	}
	u.state = func() pos.Condition {
		found := make([]pos.Condition, len(all))
		for i, one := range all {
			found[i] = conditionOf(one)
		}
		return together(r, all, found)
	}
	u.nudge = func() {
		for _, one := range all {
			if n, ok := one.Reader.(interface{ Nudge() }); ok {
				n.Nudge()
			}
		}
	}
	u.named = func() string { return names(all) }
	u.check = func(ctx context.Context, level pos.Level) pos.Condition {
		if level == pos.CheckInteractive {
			return present(ctx, r, s.clock())
		}
		var looking sync.WaitGroup
		found := make([]pos.Condition, len(all))
		for i, one := range all {
			looking.Go(func() { found[i] = s.why(ctx, one.at, checked(ctx, one, level)) })
		}
		looking.Wait()
		return together(r, all, found)
	}
	u.behind = func(ctx context.Context) pos.Condition {
		found := make([]pos.Condition, len(all))
		for i, one := range all {
			found[i] = s.why(ctx, one.at, conditionOf(one))
		}
		return together(r, all, found)
	}
	s.notice(u)
	return u, nil
}

// together is the condition of several readers: while one of them is well cards
// can be taken, and the others are a warning that names them.
func together(r reader.Reader, all []placed, found []pos.Condition) pos.Condition {
	if len(found) == 1 {
		return found[0]
	}
	var worst pos.Condition
	var causes, mend []pos.Remark
	faults := 0
	code := r.State() // of the worst
	for i, c := range found {
		if c.State == "busy" {
			return c
		}
		if c.State != "fault" {
			continue
		}
		if worst.Code == "" || c.Code == code && worst.Code != code {
			worst = c
		}
		faults++
		causes, mend = append(causes, remarks(c, all[i].at.scheme+":"+all[i].at.path)...), append(mend, c.Mend...)
	}
	switch faults {
	case 0:
		well := pos.Condition{State: "ok"}
		for i, c := range found {
			if len(c.Found) > 0 {
				well.Found = append(well.Found, remarks(c, all[i].at.scheme+":"+all[i].at.path)...)
			}
		}
		return well
	case len(found):
	default:
		worst.State = "warn"
	}
	worst.Detail, worst.Remedy, worst.Found, worst.Mend = "", "", causes, mend
	return worst
}

// remarks are what is known behind a condition, at a place where there are
// several: what was found, else what the driver said, else the reason alone.
func remarks(c pos.Condition, at string) []pos.Remark {
	out := slices.Clone(c.Found)
	switch {
	case len(out) > 0:
	case c.Detail != "":
		out = []pos.Remark{pos.Say("as_reported", c.Detail)}
	case c.Code != "":
		out = []pos.Remark{{Code: c.Code}}
	}
	for i := range out {
		out[i].At = at
	}
	return out
}

// conditionOf is a reader's own word on itself, with what it knows of the cause.
func conditionOf(r placed) pos.Condition {
	if own, ok := r.Reader.(interface{ Condition() pos.Condition }); ok {
		return own.Condition()
	}
	if code := r.State(); code != "" {
		c := pos.Condition{State: "fault", Code: code}
		if own, ok := r.Reader.(interface{ Fault() error }); ok && own.Fault() != nil {
			c.Detail = own.Fault().Error()
		}
		return c
	}
	return pos.Condition{State: "ok"}
}

// checked asks a reader now, where it can be asked.
func checked(ctx context.Context, r placed, level pos.Level) pos.Condition {
	if own, ok := r.Reader.(interface {
		Check(ctx context.Context, level pos.Level) pos.Condition
	}); ok {
		return own.Check(ctx, level)
	}
	return conditionOf(r)
}

// names are what the readers call themselves.
func names(all []placed) string {
	var out []string
	for _, one := range all {
		if own, ok := one.Reader.(interface{ Identity() string }); ok && own.Identity() != "" {
			out = append(out, own.Identity())
		}
		if daemon, ok := one.Reader.(interface{ Readers() []pcsc.State }); ok {
			for _, r := range daemon.Readers() {
				out = append(out, r.Name)
			}
		}
	}
	return strings.Join(out, ", ")
}

func (s *Set) openReader(a address) (reader.Reader, error) {
	o := pn532.Options{Terminal: s.terminal()}
	switch a.scheme {
	case "sim":
		return s.simReader()
	case "pcsc":
		c := pcsc.Opts{Socket: a.query.Get("socket"), Name: a.query.Get("reader"), Terminal: s.terminal}
		return openSoon(s.watchChips, func() reader.Reader { return pcsc.Open(c) }), nil
	case "pn532+serial":
		speed, err := a.baud(readerBaud)
		if err != nil {
			return nil, err
		}
		return openSoon(s.watchChips, func() reader.Reader {
			return pn532.New(pn532.Serial(func(baud int) (pn532.Line, error) { return a.line(baud) }, speed), o)
		}), nil
	case "pn532+i2c":
		return openSoon(s.watchChips, func() reader.Reader {
			return pn532.New(pn532.I2C(func() (i2c.BusCloser, error) { return bus(a.path, i2creg.Open) }), o)
		}), nil
	case "pn532+spi":
		return openSoon(s.watchChips, func() reader.Reader {
			return pn532.New(pn532.SPI(func() (spi.PortCloser, error) { return bus(a.path, spireg.Open) }), o)
		}), nil
	}
	return nil, unknown(Reader, a.scheme+":")
}

func (s *Set) simReader() (reader.Reader, error) {
	text := s.c.Deck
	if text == nil {
		text = []byte("[]") // a reader to which no card comes
	}
	deck, err := card.LoadDeck(bytes.NewReader(text))
	if err != nil {
		return nil, &pos.Error{Code: "bad_deck", Message: "the deck of the simulated reader", Remedy: "correct the file that import.deck names", Err: err}
	}
	r, t := card.NewReader(deck), card.Terminal()
	t.Applications = s.chips
	r.UseTerminal(t)
	r.UseFallback(s.fallback, s.clock)
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

// terminal is what a card is told of this till: the applications of the profile.
// It trusts the simulated scheme only where keys are for demonstration, and
// always what the acquirer's file of keys says.
func (s *Set) terminal() emv.Terminal {
	t := emv.DefaultTerminal()
	t.Store, t.Applications = s.authorities, s.chips
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
	s.trusted = table
	if c.Authorities != "" {
		f, err := os.Open(c.Authorities)
		if err != nil {
			return &pos.Error{Code: "bad_config", Message: "terminal.ca", Remedy: "name the file of CA keys that the acquirer sent", Err: err}
		}
		defer f.Close()
		if table, err = emv.LoadCA(f); err != nil {
			return &pos.Error{Code: "bad_config", Message: c.Authorities, Remedy: "fetch the file of CA keys from the acquirer again", Err: err}
		}
	}
	s.authorities.Replace(table.Over(s.trusted))
	return nil
}
