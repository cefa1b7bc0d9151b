// Package drivers opens the devices of a till: what the configuration names,
// each a URL. A simulator is a value of the configuration ("sim:") and speaks
// at the level of the wire below the real driver. The package promises that a
// device that is missing or broken is a condition with a reason, never an end
// of the till, and that nothing of a card, a key or a PIN reaches a log.
package drivers

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"tillkeeper/app/pos"
	"tillkeeper/drivers/acquirer"
	"tillkeeper/drivers/acquirer/wire"
	"tillkeeper/drivers/download"
	"tillkeeper/drivers/find"
	"tillkeeper/drivers/keys"
	"tillkeeper/drivers/reader"
	"tillkeeper/drivers/reader/emv"
	"tillkeeper/drivers/scanner"
	simhost "tillkeeper/drivers/sim/acquirer"
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
	Authorities    string          // file of CA public keys, as emv.LoadCA reads it; "" for none
	FilesURL       string          // https address of the acquirer's files, "" for none
	FilesCA        string          // PEM file of who signs its certificate, "" for the machine's list
	HostInside     bool            // start the simulated acquirer on loopback
	Latency        time.Duration
	Devices        map[string]string            // their URLs by name: reader pinpad printer qr pole scanner scale; "" or missing: none
	Remember       func(name, url string) error // keeps what Use changed; nil: nothing is kept
	English        bool                         // the language of what a panel says by itself
	Gateway        string                       // of the wallets, "" for none
	Deck           []byte                       // simulated cards
	Think          time.Duration                // what a simulated customer takes longer than a script's
	Clock          pos.Clock
	Log            *slog.Logger
	Look           bool // the devices are only looked at: slips that wait stay where they are
}

// Set is the opened devices. Its ports stay the same for the life of the till,
// whatever is plugged into their slots; a device that is not configured answers
// not_configured, a slip without a printer is dropped.
type Set struct {
	Host     *acquirer.Link
	Reader   pos.CardReader
	PINPad   pos.PINPad
	Printer  pos.Printer
	Displays []pos.Display // the QR panel and the pole
	Codes    <-chan string // of the scanner
	Scale    pos.Scale
	Wallet   pos.Wallet
	Vault    *keys.Sealer
	Keys     *keys.Store
	Files    func(ctx context.Context, day string) (io.ReadCloser, error) // the acquirer's file; nil: not fetched
	Bench    *Bench                                                       // switches of the simulated devices

	c           Config
	font, bold  []byte
	slots       map[string]*slot
	pad         padSlot
	scans       *scanner.Scanner
	chips       []emv.Application // what the acquirer sets for each application
	authorities *emv.KeyStore     // CA keys that are in force
	trusted     emv.CATable       // those that are in force whatever a file says: of the simulated scheme
	downloads   *download.Loader
	fetchFile   func(ctx context.Context, name string) (io.ReadCloser, error) // from the acquirer's service; nil: there is none
	onChange    atomic.Pointer[func()]
	plugs       atomic.Int64     // events of plugging in and out so far
	fallback    *reader.Fallback // of damaged chips; nil: a stripe is a stripe
	machine     *find.Host
	seen        *memory       // what was where; nil: nothing is remembered
	news        chan struct{} // of one: a device has changed its condition
	closers     []func() error
}

// Open opens everything that the configuration names.
func Open(ctx context.Context, c Config) (*Set, error) {
	s := &Set{Bench: &Bench{}, c: c, machine: find.New("/"), seen: openMemory(c.Dir), news: make(chan struct{}, 1), fallback: reader.NewFallback(fallbackRule)}
	s.Bench.printed = s.printed
	for _, open := range []func(context.Context, Config) error{
		s.openKeys, s.openAuthorities, s.openApplications, s.openDevices, s.openFiles, s.openDownloads, s.openHost, s.openWallet,
	} {
		if err := open(ctx, c); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// OnChange has f called, from any goroutine, when a device changes its
// condition; f must not block.
func (s *Set) OnChange(f func()) { s.onChange.Store(&f) }

func (s *Set) changed() {
	select {
	case s.news <- struct{}{}:
	default: // one is waiting
	}
	if f := s.onChange.Load(); f != nil {
		(*f)()
	}
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
	return nil
}

// profileOf reads how the host is spoken to.
func profileOf(c Config) (*wire.Profile, error) {
	p, err := wire.Load(c.Assets, c.Profile)
	if err != nil {
		return nil, &pos.Error{Code: "bad_config", Message: "host.profile: " + c.Profile, Remedy: "correct what is named, or take a built-in profile as its base", Err: err}
	}
	return p, nil
}

func (s *Set) openHost(ctx context.Context, c Config) error {
	profile, err := profileOf(c)
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
	holder := &keyHolder{padSlot: s.pad}
	holder.starting.Store(true)
	defer holder.starting.Store(false)
	s.Host = acquirer.New(acquirer.Options{
		Address: c.Address, Profile: profile, TID: c.TID, MID: c.MID, Keys: holder, Timeout: c.Timeout, TLS: secure,
		ReversalRepeat: c.ReversalRepeat, Clock: c.Clock, Log: c.Log, Asked: s.downloads.Asked,
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
	s.Bench.put(func(b *hands) { b.host = h })
	s.closers = append(s.closers, h.Close)
	return addr.String(), nil
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
		s.Bench.put(func(h *hands) { h.wallet = g })
		s.closers = append(s.closers, g.Close)
		s.Wallet = wallet.New(wallet.Options{URL: "http://" + addr.String(), Merchant: c.MID, Secret: g.Secret()})
		_ = ctx
		return nil
	}
	return pos.Errorf("bad_config", `write "sim:" or ""`, "wallet.gateway: %q is no gateway of this version", c.Gateway)
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
