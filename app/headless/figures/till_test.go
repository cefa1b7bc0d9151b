package figures

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"tillkeeper/app/checkout"
	"tillkeeper/app/config"
	"tillkeeper/app/forward"
	"tillkeeper/app/opening"
	"tillkeeper/app/pos"
	"tillkeeper/app/receipt"
	"tillkeeper/app/risk"
	"tillkeeper/app/staff"
	"tillkeeper/assets"
	"tillkeeper/drivers"
	"tillkeeper/drivers/acquirer/wire"
	simhost "tillkeeper/drivers/sim/acquirer"
	"tillkeeper/store"
)

// till is the program's parts put together as main does, with a host of the
// measure's choice.
type till struct {
	journal *store.Store
	set     *drivers.Set
	forward *forward.Forwarder
	session *checkout.Session
	clocked clocked // of the session
	stop    context.CancelFunc
	ended   chan struct{}
}

// wish says what a measure wants of its till.
type wish struct {
	dir     string
	address string       // of the host
	profile string       // "" is cup
	host    pos.Acquirer // in place of the line to address
}

const pin = "135790"

var tables struct {
	people *staff.List
}

// people hashes one cashier's PIN cheaply: signing in is not what is measured.
func people() (*staff.List, error) {
	if tables.people == nil {
		csv := "id,name,role,pin\n1001,Wang,cashier," + pin + "\n"
		ops, err := staff.ReadCSV(strings.NewReader(csv), staff.Cost{Passes: 1, KiB: 64, Threads: 1})
		if err != nil {
			return nil, err
		}
		if tables.people, err = staff.NewList(ops); err != nil {
			return nil, err
		}
	}
	return tables.people, nil
}

func openTill(w wish) (t *till, err error) {
	t = &till{ended: make(chan struct{}), stop: func() {}}
	if t.journal, err = store.Open(store.Options{Dir: w.dir, Logger: quiet}); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	t.stop = stop
	if err = t.flows(ctx, w); err != nil {
		stop()
		if t.set != nil {
			err = errors.Join(err, t.set.Close())
		}
		return nil, errors.Join(err, t.journal.Close())
	}
	go func() {
		defer close(t.ended)
		t.forward.Run(ctx)
	}()
	_, err = t.session.SignIn(ctx, "1001", pin)
	return t, err
}

func (t *till) flows(ctx context.Context, w wish) error {
	c := config.Default()
	if w.profile == "" {
		w.profile = c.Host.Profile
	}
	deck, err := fs.ReadFile(assets.FS, "demo/deck.json")
	if err != nil {
		return err
	}
	t.set, err = drivers.Open(ctx, drivers.Config{
		Dir: w.dir, Assets: assets.FS, TID: c.Terminal.TID, MID: c.Terminal.MID, Address: w.address, Profile: w.profile,
		Timeout: c.Host.Timeout.Std(), ReversalRepeat: c.Host.ReversalRepeat.Std(),
		KeyStore: c.Keys.Store, TMK: c.Keys.TMK,
		Devices: c.Devices.URLs(nil), Deck: deck, Clock: pos.WallClock{}, Log: quiet,
	})
	if err != nil {
		return err
	}
	if w.host == nil {
		w.host = t.set.Host
	}
	codes, err := opening.Codes(assets.FS)
	if err != nil {
		return err
	}
	goods, err := opening.Goods(w.dir, config.Import{})
	if err != nil {
		return err
	}
	if goods.Len() == 0 {
		if goods, err = demoGoods(); err != nil {
			return err
		}
	}
	list, err := people()
	if err != nil {
		return err
	}
	t.forward = forward.New(forward.Options{
		Journal: t.journal, Host: w.host, Vault: t.set.Vault, Codes: codes, Clock: pos.WallClock{}, DayOf: dayOf, Log: quiet,
		Changed: func() {
			if t.session != nil {
				go t.session.Refresh()
			}
		},
	})
	t.session, err = checkout.New(checkout.Options{
		Journal: clockedJournal{t.journal, &t.clocked}, Host: w.host, Line: t.forward,
		Reader: clockedReader{t.set.Reader, &t.clocked}, PINPad: t.set.PINPad,
		Printer: t.set.Printer, Vault: t.set.Vault, Staff: list, Codes: codes, Goods: goods,
		Slip: receipt.Maker{Lang: "en", Now: time.Now}, Tax: pos.TaxIncluded, Limits: risk.Default(),
		Shop:    checkout.Shop{TID: c.Terminal.TID, MID: c.Terminal.MID},
		Offline: true, Clock: pos.WallClock{}, DayOf: dayOf, Timers: checkout.ScriptTimers(), Room: t.journal.Room,
		Conditions: t.set.Conditions, Log: quiet,
	})
	return err
}

func dayOf(t time.Time) (string, int) { return t.Format(time.DateOnly), t.Hour() }

func (t *till) close() error {
	t.stop()
	<-t.ended
	return errors.Join(t.set.Close(), t.journal.Close())
}

// basket puts one article into an empty basket.
func (t *till) basket(ctx context.Context) error {
	if err := t.session.Next(ctx); err != nil {
		return err
	}
	_, err := t.session.Add(ctx, "100001", pos.One)
	return err
}

// tap pays the basket with a card on the reader, from tap to approved.
func (t *till) tap(ctx context.Context, card string) (checkout.Paid, error) {
	if err := t.set.Bench.Present(card); err != nil {
		return checkout.Paid{}, err
	}
	defer t.set.Bench.Clear()
	p, err := t.session.Pay(ctx, checkout.Pay{Tender: pos.Card})
	if err == nil && p.Due > 0 {
		a := p.Attempt
		err = errors.New("the sale was not approved: " + string(a.State) + " " + a.Code)
	}
	return p, err
}

// sale is a whole card sale; it gives the time of its payment.
func (t *till) sale(ctx context.Context, card string) (time.Duration, error) {
	if err := t.basket(ctx); err != nil {
		return 0, err
	}
	return timed(func() error { _, err := t.tap(ctx, card); return err })
}

// startHost runs a simulated acquirer over TCP, with a round trip added.
func startHost(b testing.TB, dir string, roundTrip time.Duration) (address string, h *simhost.Host, err error) {
	profile, err := wire.Load(assets.FS, "cup")
	if err != nil {
		return "", nil, err
	}
	accounts, err := simhost.LoadAccounts(assets.FS, "demo/accounts.json")
	if err != nil {
		return "", nil, err
	}
	h, err = simhost.New(simhost.Config{
		Dir: dir, Profile: profile, TMK: config.Default().Keys.TMK, Accounts: accounts, Latency: roundTrip, Logger: quiet,
	})
	if err != nil {
		return "", nil, err
	}
	at, err := h.Listen("127.0.0.1:0")
	if err != nil {
		return "", nil, errors.Join(err, h.Close())
	}
	go func() {
		if err := h.Serve(context.Background()); err != nil {
			b.Errorf("the simulated acquirer: %v", err)
		}
	}()
	return at.String(), h, nil
}
