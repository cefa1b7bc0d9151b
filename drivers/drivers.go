// Package drivers opens the devices of a till: what the configuration names,
// each a URL. A simulator is a value of the configuration ("sim:") and speaks
// at the level of the wire below the real driver. The package promises that a
// device that is missing or broken is a condition with a reason, never an end
// of the till, and that nothing of a card, a key or a PIN reaches a log.
package drivers

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/display"
	"tillkeeper/drivers/keys"
	"tillkeeper/drivers/pinpad"
	"tillkeeper/drivers/port"
	"tillkeeper/drivers/printer"
	simhost "tillkeeper/drivers/sim/acquirer"
	"tillkeeper/drivers/sim/card"
	simdisplay "tillkeeper/drivers/sim/display"
	simpad "tillkeeper/drivers/sim/pinpad"
	simprinter "tillkeeper/drivers/sim/printer"
	simwallet "tillkeeper/drivers/sim/wallet"
	"tillkeeper/drivers/wallet"
)

// Config names the devices and what they need.
type Config struct {
	Dir            string // the till's data folder
	Assets         fs.FS
	TID, MID       string
	Address        string // of the host; ignored with HostInside
	Profile        string
	Timeout        time.Duration
	ReversalRepeat time.Duration
	KeyStore       string          // demo passphrase
	TMK            string          // of the demo's store
	Passphrase     []byte          // of the other; overwritten
	TLS            *acquirer.Files // nil: in the clear, loopback only
	FilesURL       string          // https address of the acquirer's files, "" for none
	FilesCA        string          // PEM file of who signs its certificate, "" for the machine's list
	HostInside     bool            // start the simulated acquirer on loopback
	Latency        time.Duration
	Reader         string
	PINPad         string
	Printer        string
	QR             string
	Gateway        string        // of the wallets, "" for none
	Deck           []byte        // simulated cards
	Think          time.Duration // what a simulated customer takes longer than a script's
	Clock          pos.Clock
	Log            *slog.Logger
}

// Set is the opened devices. A nil port means that the device is not
// configured.
type Set struct {
	Host    *acquirer.Link
	Reader  pos.CardReader
	PINPad  pos.PINPad
	Printer pos.Printer
	Display pos.Display
	Wallet  pos.Wallet
	Vault   *keys.Sealer
	Keys    *keys.Store
	Files   func(ctx context.Context, day string) (io.ReadCloser, error) // the acquirer's file; nil: not fetched
	Bench   *Bench                                                       // switches of the simulated devices

	pad     *pinpad.Pad
	paper   *printer.Printer
	dark    error // why the display shows nothing
	closers []func() error
}

// Open opens everything that the configuration names.
func Open(ctx context.Context, c Config) (*Set, error) {
	s := &Set{Bench: &Bench{}}
	for _, open := range []func(context.Context, Config) error{
		s.openKeys, s.openHost, s.openFiles, s.openReader, s.openPrinter, s.openDisplay, s.openWallet,
	} {
		if err := open(ctx, c); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

func unknown(key, url, allowed string) error {
	return pos.Errorf("bad_config", "write "+allowed, "devices.%s: %q is no device of this version", key, url)
}

// OpenKeys opens the key store alone: for the entry of a master key.
func OpenKeys(c Config) (*keys.Store, error) {
	return keys.Open(c.KeyStore, filepath.Join(c.Dir, c.KeyStore+".key"), c.TMK, c.Passphrase)
}

func (s *Set) openKeys(_ context.Context, c Config) error {
	var err error
	s.Keys, err = OpenKeys(c)
	clear(c.Passphrase)
	if err != nil {
		return err
	}
	if s.Vault, err = s.Keys.Sealer(filepath.Join(c.Dir, "keys")); err != nil {
		return &pos.Error{
			Code: "keys_other_store", Message: "the keys of this data folder were made under another key store", Err: err,
			Remedy: "name the store under keys.store that they were made with, or begin with an empty folder",
		}
	}
	if c.PINPad != "sim:" {
		return unknown("pinpad", c.PINPad, `"sim:"`)
	}
	s.Bench.pad = simpad.New(s.Keys)
	s.pad = pinpad.New(s.Bench.pad.Open)
	s.PINPad = s.pad
	s.closers = append(s.closers, s.pad.Close)
	return nil
}

func (s *Set) openHost(ctx context.Context, c Config) error {
	profile, err := wire.Load(c.Assets, c.Profile)
	if err != nil {
		return err
	}
	if c.HostInside {
		if c.Address, err = s.hostInside(ctx, c, profile); err != nil {
			return err
		}
	}
	var secure *tls.Config
	if c.TLS != nil && !c.HostInside {
		if secure, err = acquirer.MutualTLS(*c.TLS); err != nil {
			return err
		}
	}
	s.Host = acquirer.New(acquirer.Options{
		Address: c.Address, Profile: profile, TID: c.TID, MID: c.MID, Keys: s.pad, Timeout: c.Timeout, TLS: secure,
		ReversalRepeat: c.ReversalRepeat, Clock: c.Clock, Log: c.Log,
	})
	s.closers = append(s.closers, s.Host.Close)
	return nil
}

// hostInside starts the simulated acquirer over loopback TCP.
func (s *Set) hostInside(ctx context.Context, c Config, profile *wire.Profile) (string, error) {
	accounts, err := simhost.LoadAccounts(c.Assets, "demo/accounts.json")
	if err != nil {
		return "", err
	}
	h, err := simhost.New(simhost.Config{
		Dir: filepath.Join(c.Dir, "acquirer"), Profile: profile, TMK: c.TMK, Accounts: accounts, Latency: c.Latency, Clock: c.Clock, Logger: c.Log,
	})
	if err != nil {
		return "", err
	}
	addr, err := h.Listen("127.0.0.1:0")
	if err != nil {
		return "", errors.Join(err, h.Close())
	}
	go func() {
		if err := h.Serve(ctx); err != nil && ctx.Err() == nil {
			c.Log.Error("the simulated acquirer ended", "error", err)
		}
	}()
	s.Bench.host = h
	s.closers = append(s.closers, h.Close)
	return addr.String(), nil
}

func (s *Set) openReader(_ context.Context, c Config) error {
	switch c.Reader {
	case "":
		return nil
	case "sim:":
	default:
		return unknown("reader", c.Reader, `"sim:" or ""`)
	}
	if len(c.Deck) == 0 {
		c.Deck = []byte("[]") // a reader to which no card comes
	}
	deck, err := card.LoadDeck(bytes.NewReader(c.Deck))
	if err != nil {
		return &pos.Error{Code: "bad_deck", Message: "the deck of the simulated reader", Remedy: "correct the file that import.deck names", Err: err}
	}
	r := card.NewReader(deck)
	s.Bench.reader, s.Reader = r, r
	s.Bench.pins = map[string]string{}
	for _, c := range deck {
		s.Bench.pins[c.Name] = c.PIN
	}
	s.closers = append(s.closers, r.Close)
	return nil
}

func (s *Set) openPrinter(_ context.Context, c Config) error {
	font, err := fs.ReadFile(c.Assets, "fonts/NotoSansSC-Regular.ttf")
	if err != nil {
		return err
	}
	scheme, rest := cut(c.Printer)
	var open printer.Opener
	switch scheme {
	case "":
		s.Printer = noPrinter{}
		return nil
	case "sim":
		sim, err := simprinter.New(simprinter.Opts{Dir: c.Dir, Font: font})
		if err != nil {
			return err
		}
		s.Bench.printer = sim
		s.closers = append(s.closers, sim.Close)
		open = sim.Open
	case "serial":
		open = opener(func() (*port.Line, error) { return port.OpenLine(path(rest), baud(rest)) })
	case "lp":
		open = opener(func() (*port.Line, error) { return port.OpenLP(rest) })
	default:
		return unknown("printer", c.Printer, `"sim:", "serial:/dev/ttyUSB0?baud=115200", "lp:/dev/usb/lp0" or ""`)
	}
	s.paper = printer.New(open, printer.Opts{Font: font})
	s.Printer = s.paper
	// The driver's end goes first: a simulated printer then sees a hang-up.
	s.closers = append(s.closers, s.paper.Close)
	return nil
}

func (s *Set) openDisplay(_ context.Context, c Config) error {
	switch c.QR {
	case "":
		return nil
	case "sim:":
		panel, err := simdisplay.New(filepath.Join(c.Dir, "qr.png"))
		if err != nil { // a panel without a picture is no end of the till
			c.Log.Error("the simulated panel", "error", err)
			s.dark = err
			return nil
		}
		d, err := display.NewST7789(panel.Port(), panel.DC(), nil)
		if err != nil {
			return fmt.Errorf("the simulated panel: %w", err)
		}
		s.Display = display.New(d)
		return nil
	}
	return unknown("qr", c.QR, `"sim:" or ""`)
}

func (s *Set) openWallet(ctx context.Context, c Config) error {
	switch c.Gateway {
	case "":
		return nil
	case "sim:":
		g, err := simwallet.New(simwallet.Config{Dir: filepath.Join(c.Dir, "wallet"), Merchant: c.MID, Think: c.Think})
		if err != nil {
			return err
		}
		addr, err := g.Listen("127.0.0.1:0")
		if err != nil {
			return errors.Join(err, g.Close())
		}
		s.Bench.wallet = g
		s.closers = append(s.closers, g.Close)
		s.Wallet = wallet.New(wallet.Options{URL: "http://" + addr.String(), Merchant: c.MID, Secret: g.Secret()})
		_ = ctx
		return nil
	}
	return pos.Errorf("bad_config", `write "sim:" or ""`, "wallet.gateway: %q is no gateway of this version", c.Gateway)
}

// Conditions says how each device is.
func (s *Set) Conditions() []pos.Condition {
	out := []pos.Condition{readerCondition(s), {Name: "pinpad", State: "ok"}}
	if s.paper != nil {
		out = append(out, s.paper.State())
	} else {
		out = append(out, pos.Condition{Name: "printer", State: "off", Code: "not_configured"})
	}
	switch {
	case s.dark != nil:
		out = append(out, pos.Condition{Name: "display", State: "fault", Code: "device_fault", Detail: s.dark.Error()})
	case s.Display != nil:
		out = append(out, pos.Condition{Name: "display", State: "ok"})
	}
	if s.Wallet != nil {
		out = append(out, pos.Condition{Name: "wallet", State: "ok"})
	}
	return out
}

func readerCondition(s *Set) pos.Condition {
	c := pos.Condition{Name: "reader", State: "ok"}
	switch {
	case s.Reader == nil:
		c.State, c.Code = "off", "not_configured"
	case s.Bench.reader != nil && s.Bench.reader.State() != "":
		c.State, c.Code = "fault", s.Bench.reader.State()
	}
	return c
}

// Check looks at each device more closely than Conditions: the self-test.
func (s *Set) Check(ctx context.Context) []pos.Condition {
	out := s.Conditions()
	for i := range out {
		if out[i].Name == "pinpad" {
			out[i] = s.pad.Condition(ctx)
		}
	}
	return out
}

// Drain waits until the printer has nothing left to print.
func (s *Set) Drain(ctx context.Context) error {
	if s.paper == nil {
		return nil
	}
	return s.paper.Drain(ctx)
}

// Close closes everything, the last opened first.
func (s *Set) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		if err := s.closers[i](); err != nil && !errors.Is(err, os.ErrClosed) {
			errs = append(errs, err)
		}
	}
	s.closers = nil
	return errors.Join(errs...)
}

// noPrinter stands where no printer is configured: slips are not printed, and
// can be printed again once there is one.
type noPrinter struct{}

func (noPrinter) Print(pos.PrintJob) error { return nil }
func (noPrinter) Kick() error              { return nil }
